/* SPDX-License-Identifier: Apache-2.0
 * What ShellCheck prints: {"comments": [{"file", "line", "endLine", "column", "endColumn", "level", "code", "message"}, ...]}. */
#include "base/json.h"
#include "base/limits.h"
#include "base/utf8.h"
#include "check/shellcheck.h"

enum { VALUES_MAX = 500000, NUMBER_MAX = 1 << 30, CODE_MAX = 99999 };

static size_t number(yyjson_val *o, const char *key) {
    int64_t n = json_get_int(o, key, 0);
    return n > 0 && n < NUMBER_MAX ? (size_t)n : 0;
}

static bool severity_of(struct str level, enum severity *out) {
    for (enum severity s = SEVERITY_STYLE; s <= SEVERITY_ERROR; s++)
        if (str_eqz(level, severity_name(s))) {
            *out = s;
            return true;
        }
    return false;
}

static bool read_comment(struct arena *a, yyjson_val *v, const struct str *names, size_t n, sc_comments *out, struct err *e) {
    struct sc_comment c = {.line = number(v, "line"),
                           .column = number(v, "column"),
                           .end_line = number(v, "endLine"),
                           .end_column = number(v, "endColumn"),
                           .code = (unsigned)number(v, "code"),
                           .message = arena_str(a, json_get_str(v, "message"))};
    struct str name = json_get_str(v, "file");
    while (c.script < n && !str_eq(names[c.script], name))
        c.script++;
    if (c.script == n || !c.line || !c.column || !c.code || c.code > CODE_MAX || !severity_of(json_get_str(v, "level"), &c.severity))
        return err_set(e, ERR_UNCHECKED, "its answer is not what this release understands (--format=json1)");
    vec_push(out, c);
    return true;
}

bool sc_read(struct arena *a, struct str json, const struct str *names, size_t n, sc_comments *out, struct err *e) {
    _cleanup_(json_doc_freep) yyjson_doc *doc = json_parse_few(json, LIMIT_SHELLCHECK_SAID, VALUES_MAX, "its answer", e);
    yyjson_val *list = doc ? json_get_array(yyjson_doc_get_root(doc), "comments") : NULL, *v;
    size_t i, all;
    if (!list) {
        if (doc)
            err_set(e, ERR_UNCHECKED, "its answer has no comments");
        e->kind = ERR_UNCHECKED;
        return false;
    }
    yyjson_arr_foreach(list, i, all, v) if (!read_comment(a, v, names, n, out, e)) return false;
    return true;
}

/* --- Places ------------------------------------------------------------------------------------------------------------------------ */

/* The byte of the script at which a place lies. */
static size_t byte_of(const struct source *s, size_t line, size_t column) {
    if (line == 0 || line > s->n)
        return s->text.n;
    return s->starts[line - 1] + utf8_first(source_line(s, (unsigned)line), column ? column - 1 : 0).n;
}

struct str sc_place(struct arena *a, struct sc_script *s, const struct sc_comment *c) {
    if (!s->source.starts)
        source_init(&s->source, a, s->text);
    size_t from = byte_of(&s->source, c->line, c->column), to = byte_of(&s->source, c->end_line, c->end_column);
    for (size_t k = 0; k < s->parts.n; k++) {
        const struct sc_part *p = &s->parts.p[k];
        if (from < p->at || from >= p->at + p->text.n)
            continue;
        size_t end = to < p->at + p->text.n ? to : p->at + p->text.n;
        return str_n(p->text.p + (from - p->at), end > from ? end - from : 1);
    }
    return STR_NULL;
}
