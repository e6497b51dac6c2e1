/* SPDX-License-Identifier: Apache-2.0
 * Templates: a table of what Go's own text/template printed (tests/data/report/template.tsv), what is refused by name, and limits. */
#include "report/template.h"

#include "base/limits.h"
#include "sys/files.h"
#include "tap.h"

/* The types that the table's Go program had. */
static const struct template_field no_fields[] = {{NULL, NULL}};
static const struct template_type text = {.kind = TEMPLATE_STRING}, number = {.kind = TEMPLATE_INT}, flag = {.kind = TEMPLATE_BOOL},
                                  any = {.kind = TEMPLATE_ANY}, empty = {.kind = TEMPLATE_STRUCT, .fields = no_fields},
                                  list = {.kind = TEMPLATE_LIST, .element = &text}, map = {.kind = TEMPLATE_MAP, .element = &text},
                                  set = {.kind = TEMPLATE_MAP, .element = &empty};
static const struct template_field health_fields[] = {{"Test", &list}, {"Interval", &number}, {NULL, NULL}};
static const struct template_type health = {.kind = TEMPLATE_POINTER, .fields = health_fields};
static const struct template_field config_fields[] = {
    {"User", &text},   {"Env", &list},         {"Cmd", &list},           {"Entrypoint", &list}, {"Labels", &map}, {"Volumes", &set},
    {"ExposedPorts", &set}, {"Healthcheck", &health}, {"WorkingDir", &text}, {"Tty", &flag},       {NULL, NULL}};
static const struct template_type config = {.kind = TEMPLATE_POINTER, .fields = config_fields};
static const struct template_field image_fields[] = {{"Id", &text},     {"RepoTags", &list}, {"RepoDigests", &list}, {"Size", &number},
                                                     {"On", &flag},     {"Config", &config}, {"Any", &any},          {NULL, NULL}};
static const struct template_type image = {.kind = TEMPLATE_STRUCT, .fields = image_fields};

static yyjson_val *data;

static bool run(struct str template, struct buf *out, struct err *e) {
    buf_reset(out);
    return template_run(template, &image, data, out, e);
}

static struct str unescape(struct arena *a, struct str s) {
    struct str out = arena_str(a, s);
    char *to = (char *)out.p;
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i], next = i + 1 < s.n ? s.p[i + 1] : '\0';
        bool escaped = c == '\\' && next && strchr("ntr\\", next);
        *to++ = !escaped ? c : next == 'n' ? '\n' : next == 't' ? '\t' : next == 'r' ? '\r' : '\\';
        i += escaped;
    }
    out.n = (size_t)(to - out.p);
    return out;
}

static void row(struct str line) {
    struct arena a = ARENA_INIT;
    struct str shown, want;
    struct err e = ERR_INIT;
    struct buf out = BUF_INIT(MIB(1));
    str_cut(line, '\t', &shown, &want);
    char *name = arena_strz(&a, shown);
    bool good = run(unescape(&a, shown), &out, &e);
    if (str_eq(want, S("!")))
        ok(!good && e.kind == ERR_USAGE && str_starts(str_z(e.msg), S("template: ")), "refused: %s", name);
    else if (good)
        is_str(buf_str(&out), unescape(&a, want), name);
    else
        no_err(&e, name);
    err_clear(&e);
    buf_fini(&out);
    arena_fini(&a);
}

static void table(struct str lines) {
    struct str line;
    size_t rows = 0;
    while (str_next(&lines, '\n', &line))
        if (line.n && !str_starts(line, S("# "))) {
            row(line);
            rows++;
        }
    ok(rows > 250, "%zu rows of the table", rows);
}

static void refuses(const char *template, const char *part) {
    struct err e = ERR_INIT;
    struct buf out = BUF_INIT(MIB(1));
    ok(!run(str_z(template), &out, &e), "refused (%s)", part);
    is_err(&e, part, "with a message");
    buf_fini(&out);
}

/* What Go has and we have not, each by its name; where a mistake is. */
static void names_what_is_wrong(void) {
    refuses("{{define \"x\"}}{{end}}", "1:3: {{define}} is not supported");
    refuses("{{template \"x\"}}", "{{template}} is not supported");
    refuses("{{block \"x\" .}}{{end}}", "{{block}} is not supported");
    refuses("{{html .Id}}", "function \"html\" is not supported");
    refuses("a\nbc{{.Nothing}}", "2:5: there is no field \"Nothing\" in a struct");
    refuses("{{.Config.Env.x}}", "no field \"x\" in a list");
    refuses("{{printf \"%U\" 65}}", "printf: %U is not supported");
    refuses("{{printf \"%d\" .Id}}", "printf: %d of a string is not supported");
    refuses("{{printf \"%s %s\" .Id}}", "no argument is left for %s");
    refuses("{{printf \"x\" 1 2}}", "2 arguments more");
    refuses("{{upper \"é\"}}", "beyond ASCII");
    refuses("{{1i}}", "1i: not a number");
    refuses("{{.Id | .Size}}", "no function");
    refuses("{{range .RepoTags}}x", "{{end}}");
    refuses("{{if .On}}{{.Id}", "1:16: \"}\" is not expected here");
}

static void limits(void) {
    struct buf deep = BUF_INIT(MIB(1));
    for (int i = 0; i < 100; i++)
        buf_add_str(&deep, S("{{if .On}}"));
    refuses(deep.p, "deeper");
    buf_reset(&deep);
    buf_add_str(&deep, S("{{"));
    for (int i = 0; i < 100; i++)
        buf_add_char(&deep, '(');
    refuses(deep.p, "deeper");
    buf_reset(&deep);
    buf_add_str(&deep, S("{{if .On}}a"));
    for (int i = 0; i < 100; i++)
        buf_add_str(&deep, S("{{else if .On}}b"));
    refuses(deep.p, "deeper");
    buf_fini(&deep);
    refuses("{{range 100000}}{{range 100000}}{{end}}{{end}}", "steps");
    refuses("{{range 2000000}}{{.}}{{end}}", "output is larger");
    refuses("{{$x := \"0123456789\"}}{{range 40}}{{$x = print $x $x}}{{end}}", "values of more than");
    refuses("{{printf \"%99999999d\" 1}}", "width");
    refuses("{{pad \"x\" 99999999 0}}", "pad");
}

int main(int argc, char **argv) {
    struct err e = ERR_INIT;
    struct buf rows = BUF_INIT(MIB(1)), json = BUF_INIT(MIB(1));
    _cleanup_fd_ int dir = argc == 2 ? file_open(argv[1], O_RDONLY | O_DIRECTORY, 0, &e) : -1;
    bool read = dir >= 0 && file_readat(dir, "template.tsv", &rows, &e) && file_readat(dir, "template.json", &json, &e);
    _cleanup_(json_doc_freep) yyjson_doc *doc = read ? json_parse(buf_str(&json), MIB(1), "template.json", &e) : NULL;
    if (!ok(doc != NULL, "the table and its data")) {
        printf("# %s\n", e.msg ? e.msg : "usage: test_report_template tests/data/report");
        return tap_done();
    }
    data = yyjson_doc_get_root(doc);
    table(buf_str(&rows));
    names_what_is_wrong();
    limits();
    buf_fini(&rows);
    buf_fini(&json);
    return tap_done();
}
