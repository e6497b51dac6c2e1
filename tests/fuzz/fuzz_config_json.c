/* SPDX-License-Identifier: Apache-2.0
 * An image's configuration as anyone may have written it: read, written again, and read from that, which must give the same bytes. */
#include <assert.h>
#include <stdint.h>

#include "base/limits.h"
#include "image/config_json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool read_config(struct str text, struct image *im) {
    struct err e = ERR_INIT;
    struct digest *diff_ids = NULL;
    size_t n = 0;
    image_init(im);
    bool good = config_json_read(text, "input", im, &diff_ids, &n, &e);
    assert(good == (e.kind == ERR_NONE));
    for (size_t i = 0; good && i < n; i++) {
        struct layer l = {.diff_id = diff_ids[i]};
        image_add_layer(im, &l);
    }
    err_clear(&e);
    return good;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct image first, second;
    struct buf once = BUF_INIT(LIMIT_INDEX_BYTES), twice = BUF_INIT(LIMIT_INDEX_BYTES);
    if (read_config(str_n((const char *)data, size), &first)) {
        config_json_write(&first, &once);
        bool again = read_config(buf_str(&once), &second);
        assert(again);
        config_json_write(&second, &twice);
        assert(str_eq(buf_str(&once), buf_str(&twice)));
        image_fini(&second);
    }
    image_fini(&first);
    buf_fini(&once);
    buf_fini(&twice);
    return 0;
}
