/* SPDX-License-Identifier: Apache-2.0
 * The engine: parses, lets the rules of each kind look at the text and behind it at what a build would make of it (check_walk.c), and
 * gathers what dockerfile/ has to say itself. */
#include "check/check.h"

#include <assert.h>
#include <stdlib.h>

#include "base/limits.h"
#include "check/text_edits.h"
#include "check/text_rules.h"
#include "plan/words.h"

/* --- For the rules ---------------------------------------------------------------------------------------------------------------- */

const char *check_quoted(struct check *c, struct str s) {
    _cleanup_(buf_fini) struct buf b = BUF_INIT(LIMIT_DOCKERFILE_BYTES);
    word_quoted(&b, str_first_chars(s, STR_SHOWN));
    buf_add_str(&b, s.n > STR_SHOWN ? S("...") : STR_NULL);
    return arena_strz(&c->scratch, buf_str(&b));
}

/* --- Phases ------------------------------------------------------------------------------------------------------------------------- */

/* Whether a rule's function over the text speaks in the place of the one over the plan. */
static bool replaced(const struct check *c, const struct rule *r) {
    return r->lint && (check_compat_is(c, COMPAT_HADOLINT) || check_compat_is(c, COMPAT_TRIVY) || c->piece);
}

void check_run_rules(struct check *c, enum rule_reads reads, const struct df_instruction *i) {
    for (size_t t = 0; rule_tables[t]; t++)
        for (const struct rule *r = rule_tables[t]; r->id; r++)
            if (r->reads == reads && r->run && check_speaks(c, r) && !replaced(c, r))
                r->run(c, r, i);
    if (c->scratch.total_bytes)
        arena_fini(&c->scratch);
}

/* The text as it is written: see lint.h. BuildKit's rules need none of it. */
static void lint(struct check *c) {
    lint_make(c->arena, c->file, &c->work, &c->lint);
    pragmas_find(c);
    for (size_t k = 0; k < c->lint.n; k++) {
        c->step = &c->lint.steps[k];
        check_run_rules(c, READS_TEXT, c->step->i);
        for (size_t j = 0; j < c->step->script.n; j++) {
            c->command = &c->step->script.commands[j];
            check_run_rules(c, READS_COMMAND, c->step->i);
        }
    }
    c->step = NULL;
    shellcheck_look(c);
    for (size_t t = 0; rule_tables[t]; t++)
        for (const struct rule *r = rule_tables[t]; r->id; r++)
            if (check_speaks(c, r) && replaced(c, r))
                r->lint(c, r, NULL);
}

static const struct df_instruction *instruction_at(const struct dockerfile *f, unsigned line) {
    size_t low = 0, high = f->n_instructions; /* the last that begins at or before the line */
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        if (f->instructions[middle].pos.line <= line)
            low = middle;
        else
            high = middle;
    }
    const struct df_instruction *i = &f->instructions[low];
    return low < f->n_instructions && i->pos.line <= line && line <= i->line_end ? i : NULL;
}

static void remarks(struct check *c) {
    for (size_t k = 0; k < c->options->n_remarks; k++) {
        const struct check_remark *m = &c->options->remarks[k];
        const struct df_instruction *i = instruction_at(c->file, m->pos.line);
        if (check_speaks(c, m->rule))
            check_add(c, m->rule, i, i, m->pos, m->message);
    }
}

static void without_empty_lines(struct check *c, const struct df_instruction *i, unsigned last) {
    for (unsigned line = i && check_step(c, i) ? i->pos.line : last; line < last; line++)
        if (str_trim(source_line(&c->source, line)).n == 0)
            fix_text(c, (struct df_pos){line, 1}, (struct df_pos){line + 1, 1}, STR_NULL);
}

/* An empty line is a line of its own, as BuildKit has it; the others are about their instruction. */
static void parser_warnings(struct check *c) {
    for (size_t k = 0; k < c->file->n_warnings; k++) {
        const struct df_warning *w = &c->file->warnings[k];
        const struct rule *r = rule_find(str_z(w->rule));
        const struct df_instruction *i = instruction_at(c->file, w->pos.line);
        assert(r && r->reads == READS_NOTHING);
        if (!check_speaks(c, r))
            continue;
        if (strcmp(r->id, "NoEmptyContinuation") == 0)
            without_empty_lines(c, i, w->pos.line);
        check_add(c, r, strcmp(r->id, "NoEmptyContinuation") == 0 ? NULL : i, i, w->pos, w->message);
    }
}

/* --- The whole ---------------------------------------------------------------------------------------------------------------------- */

static bool find_config(struct check *c, struct err *e) {
    struct str text = STR_NULL;
    if (pair_list_get(&c->options->plan.build_args, S("BUILDKIT_DOCKERFILE_CHECK"), &text))
        return check_config_parse(text, &c->config, e) || err_wrap(e, "--build-arg BUILDKIT_DOCKERFILE_CHECK");
    struct str rest;
    (void)str_cut(c->file->check, ' ', &text, &rest);
    if (check_config_parse(text, &c->config, e))
        return true;
    size_t at = (size_t)(c->file->check.p - c->source.text.p), line = 1;
    while (line < c->source.n && c->source.starts[line] <= at)
        line++;
    return err_wrap(e, "%.*s:%zu:%zu: # check=", STR_ARG(c->file->name), line, at - c->source.starts[line - 1] + 1);
}

static bool has_from(const struct dockerfile *f) {
    for (size_t k = 0; k < f->n_instructions; k++)
        if (f->instructions[k].op == DF_FROM)
            return true;
    return false;
}

/* What needs no plan. */
static void read_text(struct check *c) {
    bool buildkit = check_compat_is(c, COMPAT_BUILDKIT);
    c->piece = !has_from(c->file);
    if (!buildkit)
        lint(c);
    parser_warnings(c);
    for (size_t k = 0; k < c->file->n_instructions; k++)
        check_run_rules(c, READS_INSTRUCTION, &c->file->instructions[k]);
}

static bool run(struct check *c, struct str text, struct str name, struct check_result *r) {
    struct err *e = &r->error, config_error = ERR_INIT;
    bool strict = check_compat_is(c, COMPAT_BUILDKIT);
    bool parsed =
        strict ? dockerfile_parse(c->arena, text, name, &r->file, e) : dockerfile_parse_lenient(c->arena, text, name, &r->file, e);
    c->file = &r->file;
    if (!find_config(c, &config_error)) {
        err_clear(e);
        err_move(e, &config_error);
        return false;
    }
    read_text(c);
    bool good = parsed && (c->piece || check_walk(c, r));
    if (!parsed && !strict)
        check_walk_what_is_left(c);
    if (parsed || !strict)
        check_run_rules(c, READS_FILE, NULL);
    remarks(c);
    return good;
}

/* By the instruction's line; of one line as they were found, which is their order in memory: as BuildKit has them. */
static int by_line(const void *a, const void *b) {
    const struct finding *x = *(const struct finding *const *)a, *y = *(const struct finding *const *)b;
    if (x->line != y->line)
        return x->line < y->line ? -1 : 1;
    return x < y ? -1 : x > y;
}

static int by_place(const void *a, const void *b) {
    const struct finding *x = *(const struct finding *const *)a, *y = *(const struct finding *const *)b;
    if (x->pos.line != y->pos.line)
        return x->pos.line < y->pos.line ? -1 : 1;
    if (x->pos.column != y->pos.column)
        return x->pos.column < y->pos.column ? -1 : 1;
    return x < y ? -1 : x > y;
}

static void sort(struct check *c, struct check_result *r) {
    size_t n = c->findings.n;
    const struct finding **order = arena_array(c->arena, const struct finding *, n);
    r->findings = arena_array(c->arena, struct finding, n);
    r->n_findings = n;
    for (size_t k = 0; k < n; k++)
        order[k] = &c->findings.p[k];
    if (n)
        qsort(order, n, sizeof *order, check_compat_is(c, COMPAT_BUILDKIT) ? by_line : by_place);
    for (size_t k = 0; k < n; k++)
        r->findings[k] = *order[k];
}

void check_dockerfile(struct arena *a, struct str text, struct str name, const struct check_options *o, struct check_result *r) {
    struct check c = {.arena = a, .options = o, .work = LIMIT_FILE_WORK};
    *r = (struct check_result){.text = text};
    source_init(&c.source, a, str_first(text, LIMIT_DOCKERFILE_BYTES));
    (void)run(&c, text, name, r);
    sort(&c, r);
    r->n_dropped = c.findings.n_dropped;
    r->fails = c.config.error && r->n_findings > 0;
    vec_fini(&c.findings);
    vec_fini(&c.edits);
    arena_fini(&c.scratch);
}

struct str check_failure(struct arena *a, const struct check_result *r) {
    _cleanup_(buf_fini) struct buf b = BUF_INIT(LIMIT_MESSAGE_BYTES);
    const struct rule *rule;
    for (size_t t = 0; r->fails && (rule = rule_at(t)); t++)
        for (size_t k = 0; k < r->n_findings; k++)
            if (r->findings[k].rule == rule) {
                buf_printf(&b, "%s%s", b.n ? ", " : "lint violation found for rules: ", rule->id);
                break;
            }
    return arena_str(a, buf_str(&b));
}

bool check_error_line(const struct check_result *r, unsigned *line) {
    struct str rest = str_z(r->error.msg), number;
    uint64_t n;
    if (!str_starts(rest, r->file.name) || !str_starts(str_from(rest, r->file.name.n), S(":")))
        return false;
    (void)str_cut(str_from(rest, r->file.name.n + 1), ':', &number, &rest);
    if (!str_to_u64(number, 10, UINT32_MAX, &n) || n == 0)
        return false;
    *line = (unsigned)n;
    return true;
}
