/* SPDX-License-Identifier: Apache-2.0
 * The reader of marks: whatever the bytes are (behind a head and a checksum that match), it refuses them or gives marks of rules that mark,
 * at clean paths; and what it gives is written as it was. */
#include <stdint.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/codec.h"
#include "base/limits.h"
#include "check/marks_make.h"
#include "layer/tar.h"
#include "store/le.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { HEAD_BYTES = 56, CRC_AT = 12, COUNT_AT = 16 };

/* A true head, the count and the records of the input. */
static void put(const uint8_t *data, size_t size, struct buf *out) {
    struct marks none = {0};
    marks_write(&none, out);
    if (size < 8)
        return;
    memcpy(out->p + COUNT_AT, data, 8);
    buf_add(out, data + 8, size - 8);
    memset(out->p + CRC_AT, 0, 4);
    le32_set(out->p + CRC_AT, crc32_update(0, out->p, out->n));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct buf in = BUF_INIT(LIMIT_MARKS_BYTES), again = BUF_INIT(LIMIT_MARKS_BYTES);
    struct marks m = {0};
    put(data, size, &in);
    bool good = marks_parse(buf_str(&in), &m);
    for (size_t k = 0; k < m.list.n; k++)
        if (!m.list.p[k].rule->mark || !path_is_clean(m.list.p[k].path))
            abort();
    if (good) {
        marks_write(&m, &again);
        if (!str_eq(buf_str(&in), buf_str(&again)))
            abort();
    }
    vec_fini(&m.list);
    buf_fini(&in);
    buf_fini(&again);
    return 0;
}
