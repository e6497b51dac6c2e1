/* SPDX-License-Identifier: Apache-2.0
 * Findings as text. What came from the file is shown without its control characters. */
#include "base/limits.h"
#include "base/mem.h"
#include "check/check.h"
#include "check/source.h"
#include "report/table.h"

static void one(const struct finding *f, const struct source *source, struct buf *out) {
    buf_printf(out, "\n%s: %s", f->severity == SEVERITY_ERROR ? "ERROR" : "WARNING", f->rule->id);
    if (f->rule->url[0])
        buf_printf(out, " - %s", f->rule->url);
    buf_add_char(out, '\n');
    buf_add_shown(out, f->message);
    buf_add_char(out, '\n');
    source_excerpt(source, f->file, f->line, f->end.line, out);
}

struct str check_doubt(struct arena *a, const struct check_result *r) {
    static const char why[] = "; its base image is not known and may set what is missing: the rest of the stage was not looked at";
    return r->doubt.n ? arena_join3(a, r->doubt, str_z(why), STR_NULL) : STR_NULL;
}

void check_print(const struct check_result *r, struct buf *out) {
    _cleanup_(arena_fini) struct arena a = ARENA_INIT;
    struct source source;
    source_init(&source, &a, r->text);
    if (r->n_findings == 1)
        buf_add_str(out, S("Check complete, 1 warning has been found!\n"));
    else if (r->n_findings)
        buf_printf(out, "Check complete, %zu warnings have been found!\n", r->n_findings + r->n_dropped);
    else if (r->error.kind == ERR_NONE)
        buf_add_str(out, S("Check complete, no warnings found.\n"));
    for (size_t k = 0; k < r->n_findings; k++)
        one(&r->findings[k], &source, out);
    if (r->n_dropped)
        buf_printf(out, "\n... and %zu more\n", r->n_dropped);
    unsigned line;
    if (r->error.kind != ERR_NONE && check_error_line(r, &line)) {
        if (r->n_findings)
            buf_add_char(out, '\n');
        source_excerpt(&source, r->file.name, line, line, out);
    }
    struct str doubt = check_doubt(&a, r);
    buf_add_shown(out, doubt);
    buf_add_str(out, doubt.n ? S("\n") : STR_NULL);
}

/* All that there is to say of a rule. */
static void explain(const struct rule *r, struct buf *out) {
    buf_printf(out, "%s%s (%s)\n", out->n ? "\n" : "", r->id, r->experimental ? "experimental" : severity_name(r->severity));
    buf_printf(out, "  %s\n  %s\n", r->why, r->fix);
    if (r->also[0])
        buf_printf(out, "  elsewhere: %s\n", r->also);
    if (r->url[0])
        buf_printf(out, "  %s\n", r->url);
}

void rules_print(const struct str_list *names, struct buf *out) {
    const struct rule *r;
    for (size_t k = 0; names->n && (r = rule_at(k)); k++)
        if (rule_is_called_one(r, names))
            explain(r, out);
    if (names->n)
        return;
    static const char *const heading[] = {"RULE", "SEVERITY", "WHY", "ALSO"};
    struct table t;
    table_init(&t, 4);
    for (size_t k = 0; k < 4; k++)
        table_cell(&t, str_z(heading[k]));
    for (size_t k = 0; (r = rule_at(k)); k++) {
        table_cell(&t, str_z(r->id));
        table_cell(&t, r->experimental ? S("experimental") : str_z(severity_name(r->severity)));
        table_cell(&t, str_z(r->why));
        table_cell(&t, str_z(r->also[0] ? r->also : "-"));
    }
    table_write(&t, out);
    table_fini(&t);
}
