/* SPDX-License-Identifier: Apache-2.0
 * Findings as XML (1.0): checkstyle's report, and JUnit's, where what was looked at is a suite and each finding a failure. */
#include "base/utf8.h"
#include "check/output.h"

/* What XML cannot hold at all, escaped or not (section 2.2), and control characters that it only discourages, are shown as
 * U+FFFD. */
static bool is_allowed(uint32_t rune) {
    return rune == '\t' || rune == '\n' || rune == '\r' || (rune >= 0x20 && rune < 0x7f) || (rune >= 0xa0 && rune < 0xd800) ||
           (rune >= 0xe000 && rune < 0xfffe) || (rune >= 0x10000 && rune < UTF8_BAD);
}

static void add_text(struct buf *out, struct str s) {
    for (size_t at = 0; at < s.n;) {
        uint32_t rune = utf8_next(s, &at);
        if (!is_allowed(rune))
            utf8_add(out, 0xfffd);
        else if (rune < 0x20 || strchr("&<>\"'", rune < 0x80 ? (int)rune : 'x'))
            buf_printf(out, "&#%u;", rune);
        else
            utf8_add(out, rune);
    }
}

static void add_attribute(struct buf *out, const char *name, struct str value) {
    buf_printf(out, " %s=\"", name);
    add_text(out, value);
    buf_add_char(out, '"');
}

static const char heading[] = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";

/* --- checkstyle --------------------------------------------------------------------------------------------------------------------- */

static void checkstyle_error(struct arena *a, const struct finding *f, struct buf *out) {
    static const char *const levels[] = {"info", "info", "warning", "error"};
    struct str message = f->path.n ? arena_join3(a, f->path, S(": "), f->message) : f->message;
    buf_printf(out, "    <error line=\"%u\" column=\"%u\" severity=\"%s\"", f->pos.line, f->pos.column, output_level(f, levels));
    add_attribute(out, "message", message);
    buf_printf(out, " source=\"croze.%s\"/>\n", f->rule->id);
}

static void checkstyle_file(struct str name, struct buf *out) {
    buf_add_str(out, S("  <file"));
    add_attribute(out, "name", name);
    buf_add_str(out, S(">\n"));
}

/* What the findings leave unsaid. */
static void checkstyle_about(const char *severity, const char *what, struct str text, struct buf *out) {
    if (text.n == 0)
        return;
    buf_printf(out, "    <error line=\"0\" column=\"0\" severity=\"%s\"", severity);
    add_attribute(out, "message", text);
    buf_printf(out, " source=\"croze.%s\"/>\n", what);
}

/* What was found in an image may stand in a Dockerfile. */
static void checkstyle_part(struct arena *a, const struct output_part *part, struct buf *out) {
    struct str file = part->name;
    checkstyle_file(file, out);
    for (size_t k = 0; k < part->n_findings; k++) {
        const struct finding *f = &part->findings[k];
        if (!str_eq(f->file, file)) {
            buf_add_str(out, S("  </file>\n"));
            checkstyle_file(f->file, out);
        }
        file = f->file;
        checkstyle_error(a, f, out);
    }
    checkstyle_about("info", "note", output_remainder(a, part), out);
    checkstyle_about("error", "error", part->error, out);
    buf_add_str(out, S("  </file>\n"));
}

void output_checkstyle(const struct output *o, struct buf *out) {
    _cleanup_(arena_fini) struct arena a = ARENA_INIT;
    buf_printf(out, "%s<checkstyle version=\"4.3\">\n", heading);
    for (size_t p = 0; p < o->parts.n; p++)
        checkstyle_part(&a, &o->parts.p[p], out);
    buf_add_str(out, S("</checkstyle>\n"));
}

/* --- JUnit -------------------------------------------------------------------------------------------------------------------------- */

static void junit_case(struct arena *a, const struct finding *f, struct buf *out) {
    struct str place = output_place(a, f);
    if (f->pos.line)
        place = arena_printf(a, "%.*s:%u:%u", STR_ARG(place), f->pos.line, f->pos.column);
    buf_add_str(out, S("    <testcase"));
    add_attribute(out, "name", place);
    buf_printf(out, " classname=\"%s\">\n      <failure type=\"%s\"", f->rule->id, severity_name(f->severity));
    add_attribute(out, "message", f->message);
    buf_add_char(out, '>');
    add_text(out, str_z(f->rule->fix));
    buf_add_str(out, S("</failure>\n    </testcase>\n"));
}

static void junit_error(const struct output_part *part, struct buf *out) {
    buf_add_str(out, S("    <testcase"));
    add_attribute(out, "name", part->name);
    buf_add_str(out, S(" classname=\"croze\">\n      <error"));
    add_attribute(out, "message", part->error);
    buf_add_str(out, S("/>\n    </testcase>\n"));
}

static void junit_suite(struct arena *a, const struct output_part *part, struct buf *out) {
    size_t errors = part->error.n > 0, tests = part->n_findings + errors;
    buf_add_str(out, S("  <testsuite"));
    add_attribute(out, "name", part->name);
    buf_printf(out, " tests=\"%zu\" failures=\"%zu\" errors=\"%zu\">\n", tests ? tests : 1, part->n_findings, errors);
    if (tests == 0)
        buf_add_str(out, S("    <testcase name=\"no findings\" classname=\"croze\"/>\n"));
    for (size_t k = 0; k < part->n_findings; k++)
        junit_case(a, &part->findings[k], out);
    if (errors)
        junit_error(part, out);
    struct str rest = output_remainder(a, part);
    if (rest.n) {
        buf_add_str(out, S("    <system-out>"));
        add_text(out, rest);
        buf_add_str(out, S("</system-out>\n"));
    }
    buf_add_str(out, S("  </testsuite>\n"));
}

void output_junit(const struct output *o, struct buf *out) {
    _cleanup_(arena_fini) struct arena a = ARENA_INIT;
    buf_printf(out, "%s<testsuites>\n", heading);
    for (size_t p = 0; p < o->parts.n; p++)
        junit_suite(&a, &o->parts.p[p], out);
    buf_add_str(out, S("</testsuites>\n"));
}
