/* SPDX-License-Identifier: Apache-2.0
 * YAML into values: kinds, styles, what is refused and where. */
#include "base/limits.h"
#include "base/yaml.h"
#include "tap.h"

static void reads(struct str text, const char *want) {
    struct err e = ERR_INIT;
    struct buf out = BUF_INIT(1 << 20);
    _cleanup_(json_doc_freep) yyjson_doc *doc = yaml_parse(text, "f", &e);
    no_err(&e, want);
    if (doc) {
        char *json = yyjson_write(doc, 0, NULL);
        is_str(str_z(json), str_z(want), "... as JSON");
        free(json);
    }
    buf_fini(&out);
    err_clear(&e);
}

static void refuses(struct str text, const char *why) {
    struct err e = ERR_INIT;
    _cleanup_(json_doc_freep) yyjson_doc *doc = yaml_parse(text, "f", &e);
    ok(!doc, "refused");
    is_err(&e, why, why);
}

int main(void) {
    reads(S(""), "null");
    reads(S("# nothing\n"), "null");
    reads(S("---\na: b\n"), "{\"a\":\"b\"}");
    reads(S("a:\n  - b\n  - 'true'\n  - true\n  - false\n  - null\n  - ~\n  - \"\"\n  - 1.5\n"),
          "{\"a\":[\"b\",\"true\",true,false,null,null,\"\",\"1.5\"]}");
    reads(S("a: {b: [c, d], e: }\nf: |\n  g\n  h\n"), "{\"a\":{\"b\":[\"c\",\"d\"],\"e\":null},\"f\":\"g\\nh\\n\"}");
    reads(S("a: []\nb: {}\n"), "{\"a\":[],\"b\":{}}");
    refuses(S("a: [b\n"), "f:");
    refuses(S("a: b\n c: d\n"), "not valid YAML");
    refuses(S("a: &x b\nc: *x\n"), "f:1:7: anchors and aliases are not read");
    refuses(S("[a]: b\n"), "a key that is no text");
    refuses(S("a: b\na: c\n"), "f:2:1: not valid YAML");
    refuses(S("a\0b"), "no character that YAML may hold");
    char deep[2 * LIMIT_YAML_DEPTH + 3], *big = mem_zalloc(1, LIMIT_YAML_BYTES + 1);
    memset(deep, '[', LIMIT_YAML_DEPTH + 1);
    memset(deep + LIMIT_YAML_DEPTH + 1, ']', LIMIT_YAML_DEPTH + 1);
    refuses(str_n(deep, 2 * LIMIT_YAML_DEPTH + 2), "nested too deep");
    reads(str_n(deep + 31, 4), "[[]]");
    memset(big, '\n', LIMIT_YAML_BYTES + 1);
    refuses(str_n(big, LIMIT_YAML_BYTES + 1), "larger than the limit");
    free(big);
    return tap_done();
}
