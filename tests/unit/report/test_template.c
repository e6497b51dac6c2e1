/* SPDX-License-Identifier: Apache-2.0 */
#include "report/template.h"

#include "tap.h"

static yyjson_val *data;

static void gives(const char *text, const char *want) {
    struct err e = ERR_INIT;
    struct buf out = BUF_INIT(1 << 20);
    bool good = template_run(str_z(text), data, &out, &e);
    no_err(&e, text);
    if (good)
        is_str(buf_str(&out), str_z(want), text);
    buf_fini(&out);
}

static void refuses(const char *text, const char *part) {
    struct err e = ERR_INIT;
    struct buf out = BUF_INIT(1 << 20);
    ok(!template_run(str_z(text), data, &out, &e), "refused: %s", text);
    is_err(&e, part, "with a message");
    buf_fini(&out);
}

int main(void) {
    struct err e = ERR_INIT;
    _cleanup_(json_doc_freep) yyjson_doc *doc = json_parse(
        S("{\"Id\":\"x\",\"N\":3,\"T\":true,\"L\":[\"a\",\"b\"],\"E\":[],\"M\":{\"k.1\":\"v\",\"z\":null},\"C\":{\"User\":\"u\"}}"), 1000,
        "doc", &e);
    data = yyjson_doc_get_root(doc);
    gives("plain", "plain");
    gives("{{.Id}}-{{ .C.User }}", "x-u");
    gives("{{json .L}} {{json .C}}", "[\"a\",\"b\"] {\"User\":\"u\"}");
    gives("{{len .L}}{{len .Id}}", "21");
    gives("{{index .L 1}}{{index .M \"k.1\"}}", "bv");
    gives("{{join .L \", \"}}", "a, b");
    gives("{{range .L}}<{{.}}>{{end}}", "<a><b>");
    gives("{{range .L}}{{$.Id}}{{println .}}{{end}}", "xa\nxb\n");
    gives("{{range .E}}x{{else}}none{{end}}", "none");
    gives("{{if .E}}yes{{else}}no{{end}}{{if .T}}yes{{end}}", "noyes");
    gives("{{if .E}}{{range .Nothing}}{{end}}{{end}}ok", "ok");
    gives("a  {{- .Id -}}  b", "axb");
    gives("{{.L}} {{.C}} {{.N}} {{.T}} {{index .M \"z\"}}", "[a b] map[User:u] 3 true <nil>");
    gives("{{/* comment */}}x", "x");
    refuses("{{.Nothing}}", "Nothing");
    refuses("{{.Id.Deeper}}", "Deeper");
    refuses("{{printf .Id}}", "printf");
    refuses("{{.Id", "}}");
    refuses("{{end}}", "without a block");
    refuses("{{range .L}}x", "{{end}}");
    refuses("{{}}", "empty");
    struct buf deep = BUF_INIT(1 << 20);
    for (int i = 0; i < 100; i++)
        buf_add_str(&deep, S("{{if .T}}"));
    refuses(deep.p, "deeper");
    buf_fini(&deep);
    return tap_done();
}
