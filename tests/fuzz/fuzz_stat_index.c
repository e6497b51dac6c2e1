/* SPDX-License-Identifier: Apache-2.0
 * A stat index file of any bytes: opened, asked for each record it may hold, added to, written back. Twice: as it is, and with its checksum
 * made right, so that what lies behind the checksum is reached too. */
#include "fuzz_store.h"

#include "base/codec.h"

enum { HEADER = 32, RECORD = 88 };

static struct stat stat_of(const uint8_t *r) {
    struct stat st = {.st_dev = le64_get(r), .st_ino = le64_get(r + 8), .st_size = (off_t)le64_get(r + 32), .st_mode = le32_get(r + 48)};
    st.st_ctim = (struct timespec){(time_t)le64_get(r + 16), le32_get(r + 40)};
    st.st_mtim = (struct timespec){(time_t)le64_get(r + 24), le32_get(r + 44)};
    return st;
}

static void use(const char *name, const uint8_t *data, size_t size) {
    struct err e = ERR_INIT;
    struct digest d;
    const struct digest learned = {{1}};
    const struct stat fresh = {.st_ino = 4242};
    fuzz_put(name, data, size);
    for (int run = 0; run < 2; run++) {
        struct stat_index *x = stat_index_open(&fuzz_store, fuzz_store.root_fd, &e);
        assert(x);
        for (size_t at = HEADER; at + RECORD <= size; at += RECORD) {
            struct stat st = stat_of(data + at);
            stat_index_get(x, &st, &d);
        }
        if (run == 0)
            stat_index_put(x, &fresh, (struct timespec){1000, 0}, &learned);
        assert(stat_index_get(x, &fresh, &d) && digest_eq(&d, &learned));
        stat_index_close(x);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct stat st;
    char path[64];
    fuzz_store_begin();
    if (fstat(fuzz_store.root_fd, &st) < 0)
        abort();
    snprintf(path, sizeof path, "stat/%llx-%llx", (unsigned long long)st.st_dev, (unsigned long long)st.st_ino);
    use(path, data, size);
    if (size < HEADER)
        return 0;
    uint8_t *copy = mem_alloc(size);
    memcpy(copy, data, size);
    le32_set(copy + 24, crc32_update(0, copy + HEADER, size - HEADER));
    use(path, copy, size);
    free(copy);
    return 0;
}
