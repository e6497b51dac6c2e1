/* SPDX-License-Identifier: Apache-2.0
 * A chunk index file of any bytes: opened, asked for every key it may hold, added to, compacted. Twice: as it is, and with the CRC of each
 * record made right, so that records are used. */
#include "fuzz_store.h"

#include "base/codec.h"

enum { SLOT = 96, PREFIX = 0x58465250 };

static void ask(struct chunk_index *x, const uint8_t *data, size_t size) {
    struct chunk_record c;
    struct prefix_record p;
    struct digest key, sum;
    for (size_t at = SLOT; at + SLOT <= size; at += SLOT) {
        memcpy(key.b, data + at + 8, sizeof key.b);
        chunk_index_get(x, &key, &c);
        if (chunk_index_get_prefix(x, &key, &p)) {
            sha256_update(&p.tar, "more", 4);
            sum = sha256_final(&p.tar);
        }
    }
    (void)sum;
}

static void use(const uint8_t *data, size_t size) {
    struct err e = ERR_INIT;
    const struct digest key = {{7}};
    struct chunk_record c = {.length = 5}, got;
    fuzz_put("chunks.idx", data, size);
    struct chunk_index *x = chunk_index_open(&fuzz_store, &e);
    assert(x);
    ask(x, data, size);
    chunk_index_put(x, &key, &c);
    chunk_index_close(x);
    x = chunk_index_open(&fuzz_store, &e);
    assert(x && chunk_index_get(x, &key, &got) && got.length == 5);
    ask(x, data, size);
    chunk_index_close(x);
    bool compacted = chunk_index_compact(&fuzz_store, &e);
    assert(compacted);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    fuzz_store_begin();
    use(data, size);
    uint8_t *copy = mem_alloc(size);
    memcpy(copy, data, size);
    for (size_t at = SLOT; at + SLOT <= size; at += SLOT) {
        size_t n = le32_get(copy + at) == PREFIX ? 3 * SLOT : SLOT;
        if (at + n <= size)
            le32_set(copy + at + 4, crc32_update(0, copy + at + 8, n - 8));
    }
    use(copy, size);
    free(copy);
    return 0;
}
