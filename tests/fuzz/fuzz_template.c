/* SPDX-License-Identifier: Apache-2.0
 * Any bytes as a template over a small image: no crash, bounded work and output, an error with a place or a result, and the same again. */
#include <assert.h>
#include <stdint.h>

#include "base/limits.h"
#include "report/template.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { TEXT_MAX = 4096 };

static const struct template_field no_fields[] = {{NULL, NULL}};
static const struct template_type text = {.kind = TEMPLATE_STRING}, number = {.kind = TEMPLATE_INT}, any = {.kind = TEMPLATE_ANY},
                                  empty = {.kind = TEMPLATE_STRUCT, .fields = no_fields}, list = {.kind = TEMPLATE_LIST, .element = &text},
                                  map = {.kind = TEMPLATE_MAP, .element = &text}, set = {.kind = TEMPLATE_MAP, .element = &empty};
static const struct template_field config_fields[] = {{"User", &text},  {"Env", &list},    {"Cmd", &list},
                                                      {"Labels", &map}, {"Volumes", &set}, {NULL, NULL}};
static const struct template_type config = {.kind = TEMPLATE_POINTER, .fields = config_fields};
static const struct template_field image_fields[] = {{"Id", &text},       {"Size", &number}, {"Config", &config},
                                                     {"Health", &config}, {"Any", &any},     {NULL, NULL}};
static const struct template_type image = {.kind = TEMPLATE_STRUCT, .fields = image_fields};

static const char json[] = "{\"Id\":\"sha256:0a\",\"Size\":3,\"Config\":{\"User\":\"u\",\"Env\":[\"A=1\",\"B=\"],"
                           "\"Labels\":{\"l\":\"v\",\"k\":\"\"}},"
                           "\"Any\":{\"n\":-1,\"f\":2.5,\"t\":true,\"null\":null,\"list\":[1,\"x\",[]],\"map\":{\"a\":{}}}}";

static bool run(struct str template, yyjson_val *root, struct buf *out) {
    struct err e = ERR_INIT;
    bool good = template_run(template, &image, root, out, &e);
    assert(good == (e.kind == ERR_NONE));
    assert(good || str_starts(str_z(e.msg), S("template: ")));
    err_clear(&e);
    return good;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct err e = ERR_INIT;
    if (size > TEXT_MAX)
        return 0;
    _cleanup_(json_doc_freep) yyjson_doc *doc = json_parse(str_z(json), sizeof json, "data", &e);
    assert(doc);
    struct str template = str_n((const char *)data, size);
    struct buf once = BUF_INIT(KIB(256)), twice = BUF_INIT(KIB(256));
    bool good = run(template, yyjson_doc_get_root(doc), &once);
    assert(run(template, yyjson_doc_get_root(doc), &twice) == good);
    assert(str_eq(buf_str(&once), buf_str(&twice)));
    buf_fini(&once);
    buf_fini(&twice);
    return 0;
}
