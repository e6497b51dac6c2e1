/* SPDX-License-Identifier: Apache-2.0
 * The engine: parses, plans and walks, lets the rules of each kind look, and gathers what dockerfile/ and plan/ have to say themselves. */
#include "check/check.h"

#include <assert.h>
#include <stdlib.h>

#include "base/limits.h"
#include "check/text_edits.h"
#include "check/text_rules.h"
#include "plan/vars.h"
#include "plan/words.h"

/* --- For the rules ---------------------------------------------------------------------------------------------------------------- */

const char *check_quoted(struct check *c, struct str s) {
    _cleanup_(buf_fini) struct buf b = BUF_INIT(LIMIT_DOCKERFILE_BYTES);
    word_quoted(&b, str_first_chars(s, STR_SHOWN));
    buf_add_str(&b, s.n > STR_SHOWN ? S("...") : STR_NULL);
    return arena_strz(&c->scratch, buf_str(&b));
}

const struct df_instruction *check_place(const struct check *c) {
    return c->now->trigger ? c->now->stage->from : c->now->i;
}

/* --- Phases ------------------------------------------------------------------------------------------------------------------------- */

/* Whether a rule's function over the text speaks in the place of the one over the plan. */
static bool replaced(const struct check *c, const struct rule *r) {
    return r->lint && (check_compat_is(c, COMPAT_HADOLINT) || check_compat_is(c, COMPAT_TRIVY) || c->piece);
}

static void run_rules(struct check *c, enum rule_reads reads, const struct df_instruction *i) {
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
        run_rules(c, READS_TEXT, c->step->i);
        for (size_t j = 0; j < c->step->script.n; j++) {
            c->command = &c->step->script.commands[j];
            run_rules(c, READS_COMMAND, c->step->i);
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

/* --- Variables that an unknown base might set --- */

static bool defines(const struct df_instruction *i, struct str name) {
    for (size_t k = 0; (i->op == DF_ARG || i->op == DF_ENV) && k < i->n_pairs; k++)
        if (str_eq(i->pairs[k].key, name))
            return true;
    return false;
}

/* Two neighbours swapped, or one letter of a long name. */
static bool is_slip(struct str a, struct str b) {
    enum { LONG_NAME = 8 };
    size_t k = 0;
    while (k < a.n && k < b.n && a.p[k] == b.p[k])
        k++;
    if (a.n == b.n && k + 1 < a.n && a.p[k] == b.p[k + 1] && a.p[k + 1] == b.p[k])
        return str_eq(str_from(a, k + 2), str_from(b, k + 2));
    struct str a_tail = str_from(a, k + (a.n >= b.n)), b_tail = str_from(b, k + (b.n >= a.n));
    return a.n >= LONG_NAME && b.n >= LONG_NAME && str_eq(a_tail, b_tail);
}

/* Without the base's configuration only the file itself can show that a variable is missing: it is a slip of the pen, or it is defined too
 * late, or as an ARG before the first FROM, which does not reach into a stage. */
static bool surely_undefined(const struct check *c, const struct df_warning *w) {
    const struct plan_stage *s = c->now->stage;
    if (c->now->base_known || is_slip(w->subject, w->meant))
        return true;
    for (size_t k = 0; k < s->n_body; k++)
        if (defines(&s->body[k], w->subject))
            return true;
    for (size_t k = 0; k < c->file->n_instructions && c->file->instructions[k].op == DF_ARG; k++)
        if (defines(&c->file->instructions[k], w->subject))
            return true;
    return false;
}

/* "80/TCP" as "80/tcp". */
static void with_small_protocol(struct check *c, const struct df_instruction *i, struct df_pos pos) {
    const struct lint_step *s = check_step(c, i);
    for (size_t k = 0; s && k < i->n_args; k++)
        if (i->arg_pos[k].line == pos.line && i->arg_pos[k].column == pos.column && str_index(i->args[k], '$') < 0)
            fix_replace(c, s, i->args[k], check_lower(&c->scratch, i->args[k]));
}

static void see_step(void *ctx, const struct walk_step *now) {
    struct check *c = ctx;
    c->now = now;
    const struct df_instruction *where = check_place(c);
    for (size_t k = 0; k < now->n_warnings; k++) {
        const struct df_warning *w = &now->warnings[k];
        const struct rule *r = rule_find(str_z(w->rule));
        assert(r && r->reads == READS_NOTHING);
        if (!check_speaks(c, r) || (w->subject.n && !surely_undefined(c, w)))
            continue;
        if (strcmp(r->id, "ExposeProtoCasing") == 0 && !now->trigger)
            with_small_protocol(c, now->i, w->pos);
        check_add(c, r, where, now->i, now->trigger ? where->pos : w->pos, arena_str(c->arena, w->message));
    }
    if (now->step)
        run_rules(c, READS_STEP, now->i);
    c->now = NULL;
}

/* As BuildKit: system and architecture are compared, variants are not. */
static void see_base(void *ctx, const struct plan_stage *s, struct str platform) {
    struct check *c = ctx;
    struct str is, wanted = s->platform.n ? s->platform : c->plan->options.platform, os[2], arch[2], rest;
    struct err no_platform = ERR_INIT;
    bool is_one = platform_normalize(&c->scratch, platform, S("linux/amd64"), &is, &no_platform);
    err_clear(&no_platform);
    is = is_one ? is : platform;
    (void)str_cut(is, '/', &os[0], &arch[0]);
    (void)str_cut(wanted, '/', &os[1], &arch[1]);
    for (size_t i = 0; i < 2; i++)
        (void)str_cut(arch[i], '/', &arch[i], &rest);
    if (!str_eq(os[0], os[1]) || !str_eq(arch[0], arch[1]))
        check_report(c, rule_find(S("InvalidBaseImagePlatform")), s->from, s->from, s->from->pos,
                     "Base image %s was pulled with platform %s, expected %s for current build", SHOWN(s->base_ref), check_quoted(c, is),
                     check_quoted(c, wanted));
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

/* Plans without build arguments too: what FROM is by its defaults alone. */
static bool plan(struct check *c, struct plan *p, struct plan *bare, struct err *e) {
    struct plan_options defaults = c->options->plan;
    struct err ignored = ERR_INIT;
    bool good = plan_make(c->arena, c->file, &c->options->plan, p, e);
    *bare = *p;
    defaults.build_args = (struct pair_list){0};
    if (c->options->plan.build_args.n)
        (void)!plan_make(c->arena, c->file, &defaults, bare, &ignored);
    err_clear(&ignored);
    c->plan = p;
    c->bare = bare;
    for (size_t k = 0; k < p->n_stages; k++)
        run_rules(c, READS_FROM, p->stages[k].from);
    return good;
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
        run_rules(c, READS_INSTRUCTION, &c->file->instructions[k]);
}

static bool walk(struct check *c, struct check_result *r) {
    struct plan *p = arena_new(c->arena, struct plan),
                *bare = arena_new(c->arena, struct plan); /* rules of READS_FILE look at them later */
    if (!plan(c, p, bare, &r->error))
        return false;
    struct walk walk = {
        .options = c->options, .plan = p, .see = see_step, .see_base = see_base, .ctx = c, .goes_on = !check_compat_is(c, COMPAT_BUILDKIT)};
    c->notes = arena_array(c->arena, struct stage_notes, p->n_stages);
    bool good = walk_stages(&walk, &r->error);
    if (walk.doubt.kind != ERR_NONE)
        r->doubt = arena_str(c->arena, str_z(walk.doubt.msg));
    err_clear(&walk.doubt);
    arena_fini(&walk.arena);
    return good;
}

/* What is planned begins with ARG and FROM. */
static bool begins_well(const struct dockerfile *f) {
    size_t k = 0;
    while (k < f->n_instructions && f->instructions[k].op == DF_ARG)
        k++;
    return k < f->n_instructions && f->instructions[k].op == DF_FROM;
}

/* Of a file that has lines that are no instructions the others are looked at; its error is told already, and their own may come of it. */
static void walk_what_is_left(struct check *c) {
    struct check_result ignored = {0};
    if (begins_well(c->file))
        (void)walk(c, &ignored);
    err_clear(&ignored.error);
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
    bool good = parsed && (c->piece || walk(c, r));
    if (!parsed && !strict)
        walk_what_is_left(c);
    if (parsed || !strict)
        run_rules(c, READS_FILE, NULL);
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
    r->n_dropped = c.n_dropped;
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
