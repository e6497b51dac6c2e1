/* SPDX-License-Identifier: Apache-2.0 */
#include "base/json.h"

#include "base/mem.h"
#include "tap.h"

static void refused(const char *text, size_t n, const char *part, const char *what) {
    struct err e = ERR_INIT;
    _cleanup_(json_doc_freep) yyjson_doc *d = json_parse(str_n(text, n), 1 << 20, "doc", &e);
    ok(!d, "%s", what);
    is_err(&e, part, "with a message");
}

static void base64(void) {
    static const struct {
        struct str bytes, text;
    } cases[] = {{S(""), S("")}, {S("f"), S("Zg==")}, {S("fo"), S("Zm8=")}, {S("foo"), S("Zm9v")}, {S("\xff\0\xfe"), S("/wD+")}};
    enum { MANY = 3 * 40000 };
    struct arena a = ARENA_INIT;
    _cleanup_(json_mut_freep) yyjson_mut_doc *d = yyjson_mut_doc_new(NULL);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        is_str(str_z(yyjson_mut_get_str(json_base64(d, cases[i].bytes))), cases[i].text, "base64");
    char *many = arena_alloc(&a, MANY, 1);
    struct str text = str_z(yyjson_mut_get_str(json_base64(d, str_n(many, MANY))));
    bool same = text.n == MANY / 3 * 4;
    for (size_t i = 0; i < text.n; i++)
        same = same && text.p[i] == 'A';
    ok(same, "many bytes in base64");
    arena_fini(&a);
}

static void sizes(void) {
    static const struct str texts[] = {{"", 0}, {"plain", 5}, {"\"\\/", 3}, {"\b\f\n\r\t\v\x01\x7f", 8}, {"\xc3\xa9\xff\xed\xa0\x80", 6}};
    for (size_t k = 0; k < sizeof texts / sizeof texts[0]; k++) {
        _cleanup_(json_mut_freep) yyjson_mut_doc *d = yyjson_mut_doc_new(NULL);
        struct buf out = BUF_INIT(1000);
        yyjson_mut_doc_set_root(d, json_text(d, texts[k]));
        json_write(d, false, &out);
        ok(out.n == json_str_bytes(texts[k]), "text %zu takes %zu bytes", k, out.n);
        buf_fini(&out);
    }
}

int main(void) {
    base64();
    struct err e = ERR_INIT;
    _cleanup_(json_doc_freep) yyjson_doc *d =
        json_parse(S("{\"s\":\"x\",\"n\":-5,\"b\":true,\"z\":\"a\\u0000b\",\"big\":18446744073709551615}"), 1000, "doc", &e);
    ok(d != NULL, "parses");
    yyjson_val *root = yyjson_doc_get_root(d);
    is_str(json_get_str(root, "s"), S("x"), "text");
    ok(json_get_int(root, "n", 0) == -5 && json_get_int(root, "none", 7) == 7, "number and default");
    ok(json_get_int(root, "big", -1) == -1, "a number past int64 counts as absent");
    ok(json_get_str(root, "z").n == 0, "a text with NUL counts as absent");
    ok(json_get_str(root, "n").n == 0 && !json_get_array(root, "s"), "other types count as absent");

    refused("{", 1, "not valid JSON", "half an object");
    refused("{\"a\":1,}", 8, "not valid JSON", "a trailing comma");
    char deep[200];
    memset(deep, '[', sizeof deep);
    refused(deep, sizeof deep, "deeper", "200 levels");
    struct err few = ERR_INIT;
    yyjson_doc *little = json_parse_few(S("{\"a\":[1,2,\"[,,,:\"]}"), 100, 6, "test", &few);
    ok(little != NULL, "as many values as may be; what stands in texts is none");
    yyjson_doc_free(little);
    ok(!json_parse_few(S("{\"a\":[1,2,3,4]}"), 100, 6, "test", &few), "more are refused");
    is_err(&few, "values of JSON are over the limit of 6", "  by name");
    refused("[1]", 3 << 20, "limit", "too many bytes");

    _cleanup_(json_mut_freep) yyjson_mut_doc *m = yyjson_mut_doc_new(NULL);
    yyjson_mut_val *o = yyjson_mut_obj(m);
    yyjson_mut_doc_set_root(m, o);
    json_add_str(m, o, "b", S("q\"\\"));
    json_add_str(m, o, "a", S("\xff\xc0\x80" "\xed\xa0\x80" "ok"));
    json_add_str_opt(m, o, "none", STR_NULL);
    struct buf out = BUF_INIT(1000);
    json_write(m, false, &out);
    ok(str_starts(buf_str(&out), S("{\"b\":\"q\\\"")), "keys keep their order, texts are escaped");
    _cleanup_(json_doc_freep) yyjson_doc *again = json_parse(buf_str(&out), 1000, "own output", &e);
    no_err(&e, "bytes that are not UTF-8 do not make invalid JSON");
    ok(str_ends(json_get_str(yyjson_doc_get_root(again), "a"), S("ok")), "what is valid stays");
    buf_fini(&out);
    sizes();
    return tap_done();
}
