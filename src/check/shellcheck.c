/* SPDX-License-Identifier: Apache-2.0
 * Scripts for ShellCheck, and its comments as findings: see shellcheck.h. */
#include "check/shellcheck.h"

#include "base/limits.h"
#include "base/map.h"
#include "check/judge.h"
#include "check/text_rules.h"

/* --- Scripts ----------------------------------------------------------------------------------------------------------------------- */

/* The shell as ShellCheck calls it; NULL: it does not know it. */
static const char *dialect(const struct lint_step *s) {
    if (s->shell == SHELL_FOREIGN || str_eqz(s->shell_name, "zsh"))
        return NULL;
    if (word_in("dash ash", s->shell_name))
        return "dash";
    return str_eqz(s->shell_name, "bash") ? "bash" : str_eqz(s->shell_name, "ksh") ? "ksh" : "sh";
}

static bool is_name(struct str s) {
    for (size_t k = 0; k < s.n; k++) {
        char c = s.p[k];
        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (k && c >= '0' && c <= '9')))
            return false;
    }
    return s.n > 0;
}

struct names {
    struct check *check;
    struct map seen;
    struct buf *out;
};

static void add_name(struct names *n, struct str name) {
    static char there;
    if (!is_name(name) || map_get(&n->seen, name))
        return;
    (void)map_put(&n->seen, name, &there);
    buf_add_char(n->out, ' ');
    buf_add_str(n->out, name);
}

static void add_pairs(struct names *n, const struct df_instruction *i) {
    for (size_t k = 0; (i->op == DF_ENV || i->op == DF_ARG) && k < i->n_pairs; k++)
        add_name(n, i->pairs[k].key);
}

/* What the builder, and ENV and ARG above the step, set: see shell_vars.c. */
static void add_names(struct names *n, const struct lint_step *s) {
    const struct lint *l = &n->check->lint;
    size_t end = (size_t)(s - l->steps);
    struct str rest = str_z(shell_proxies), name;
    while (str_next(&rest, ' ', &name))
        add_name(n, name);
    for (ptrdiff_t stage = (ptrdiff_t)s->stage; l->n_stages && stage != NO_STAGE; stage = l->stages[stage].base) {
        for (size_t k = l->stages[stage].first; k < end && k < l->stages[stage].end; k++)
            if (shell_var_reaches(s, &l->steps[k], (size_t)stage) && check_charge(n->check, 1 + l->steps[k].i->n_pairs))
                add_pairs(n, l->steps[k].i);
        end = l->n;
    }
    for (size_t k = 0; k < s->i->n_flags; k++)
        add_name(n, lint_mount(s->i, k, "env"));
}

static void begin(struct check *c, const struct lint_step *s, struct buf *out) {
    struct names n = {c, MAP_INIT, out};
    buf_printf(out, "# shellcheck shell=%s\n%sexport", dialect(s), s->errexit ? "set -e; " : "");
    add_names(&n, s);
    buf_add_char(out, '\n');
    map_fini(&n.seen);
}

static void add_part(struct sc_script *script, struct buf *out, struct str text) {
    vec_push(&script->parts, ((struct sc_part){out->n, text}));
    buf_add_str(out, text);
}

/* Whether a here-document was read as a script of its own. */
static bool is_script(const struct lint_step *s, const struct df_heredoc *h) {
    for (size_t k = 0; k < s->script.n; k++)
        if (s->script.commands[k].text.p >= h->raw.p && s->script.commands[k].text.p < h->raw.p + h->raw.n)
            return true;
    return false;
}

/* A RUN's line with the documents that its commands read, or the one document that is the script. */
static bool write_script(struct check *c, const struct lint_step *s, const struct df_heredoc *own, struct sc_script *script) {
    _cleanup_(buf_fini) struct buf out = BUF_INIT(LIMIT_SHELLCHECK_BYTES);
    script->step = s;
    begin(c, s, &out);
    if (own)
        add_part(script, &out, own->raw);
    for (size_t k = 0; !own && k < s->i->n_args; k++)
        add_part(script, &out, s->i->args[k]);
    buf_add_char(&out, '\n');
    for (size_t k = 0; !own && k < s->i->n_heredocs; k++) {
        add_part(script, &out, s->i->heredocs[k].raw);
        buf_add_str(&out, s->i->heredocs[k].name);
        buf_add_char(&out, '\n');
    }
    script->text = buf_ok(&out) ? arena_str(&c->scratch, buf_str(&out)) : STR_NULL;
    return buf_ok(&out);
}

/* --- Findings ---------------------------------------------------------------------------------------------------------------------- */

/* Whether a rule of ours has said the same of that line. */
static bool is_known(struct check *c, const char *id, unsigned line) {
    for (size_t k = 0; k < c->findings.n && check_charge(c, 1); k++)
        if (c->findings.p[k].pos.line == line && !rule_is_in(c->findings.p[k].rule, rules_shellcheck) &&
            word_in(c->findings.p[k].also ? c->findings.p[k].also : c->findings.p[k].rule->also, str_z(id)))
            return true;
    return false;
}

static void report(struct check *c, struct sc_script *script, const struct sc_comment *said) {
    enum { BYTES_A_LOOK = 64 };
    struct df_pos pos, end;
    if (!check_charge(c, 1 + script->text.n / BYTES_A_LOOK)) {
        c->findings.n_dropped++;
        return;
    }
    struct str part = sc_place(&c->scratch, script, said);
    const char *id = arena_printf(c->arena, "SC%u", said->code).p;
    if (part.n == 0 && said->line <= 2) /* of the lines that we wrote */
        return;
    if (check_where(c, script->step, part, &pos, &end) && is_known(c, id, pos.line))
        return;
    c->url = arena_printf(c->arena, "https://www.shellcheck.net/wiki/%s", id).p;
    check_note(c, &rules_shellcheck[said->severity], script->step, part, id, "%s: %.*s", id, STR_ARG(said->message));
}

/* --- Asking ------------------------------------------------------------------------------------------------------------------------ */

struct batch {
    struct sc_script scripts[LIMIT_SHELLCHECK_BATCH];
    size_t n, asked;
};

static bool ask(struct check *c, struct batch *b) {
    struct shellcheck *o = c->options->shellcheck;
    sc_comments said = {0};
    bool good = b->n == 0 || sc_ask(&c->scratch, o->program, b->scripts, b->n, &said, &o->err);
    for (size_t k = 0; good && k < said.n; k++)
        report(c, &b->scripts[said.p[k].script], &said.p[k]);
    for (size_t k = 0; k < b->n; k++)
        vec_fini(&b->scripts[k].parts);
    b->n = 0;
    vec_fini(&said);
    arena_fini(&c->scratch);
    return good;
}

static bool add_script(struct check *c, struct batch *b, const struct lint_step *s, const struct df_heredoc *own) {
    struct err *e = &c->options->shellcheck->err;
    struct sc_script *script = &b->scripts[b->n++];
    unsigned line = s->at->pos.line;
    *script = (struct sc_script){0};
    if (++b->asked > LIMIT_SHELLCHECK_SCRIPTS)
        return err_set(e, ERR_UNCHECKED, "%.*s:%u: more than %d scripts for ShellCheck", STR_ARG(c->file->name), line,
                       LIMIT_SHELLCHECK_SCRIPTS);
    if (!write_script(c, s, own, script))
        return err_set(e, ERR_UNCHECKED, "%.*s:%u: a script of more than %zu KiB for ShellCheck", STR_ARG(c->file->name), line,
                       LIMIT_SHELLCHECK_BYTES >> 10);
    return b->n < LIMIT_SHELLCHECK_BATCH || ask(c, b);
}

static bool add_step(struct check *c, struct batch *b, const struct lint_step *s) {
    bool scripts = false, good = true;
    if (s->i->op != DF_RUN || s->i->json || s->i->n_args == 0 || !dialect(s))
        return true;
    for (size_t k = 0; good && k < s->i->n_heredocs; k++)
        if (is_script(s, &s->i->heredocs[k])) {
            scripts = true;
            good = add_script(c, b, s, &s->i->heredocs[k]);
        }
    /* "RUN <<EOF" of a document that is no shell's starts nothing */
    bool starts = s->script.n && s->script.commands[0].n_words + s->script.commands[0].n_assigns;
    return good && (scripts || (s->i->n_heredocs && !starts) || add_script(c, b, s, NULL));
}

void shellcheck_look(struct check *c) {
    struct batch b = {.n = 0};
    bool good = true;
    if (!c->options->shellcheck || !compat_has(c->options->policy.compat, "SC1000"))
        return;
    for (size_t k = 0; good && k < c->lint.n; k++)
        good = add_step(c, &b, &c->lint.steps[k]);
    if (good)
        (void)ask(c, &b);
    for (size_t k = 0; k < b.n; k++)
        vec_fini(&b.scripts[k].parts);
}

#define ROW(name, severe)                                                                                                                  \
    {                                                                                                                                      \
        .id = name, .reads = READS_OTHER, .severity = severe, .also = "", .why = "ShellCheck knows where shells do other than is meant.",  \
        .fix = "Its code, SC and a number, is explained at https://www.shellcheck.net/wiki/.", .url = "https://www.shellcheck.net/wiki/"   \
    }
const struct rule rules_shellcheck[] = {
    [SEVERITY_STYLE] = ROW("ShellCheckStyle", SEVERITY_STYLE),
    [SEVERITY_INFO] = ROW("ShellCheckInfo", SEVERITY_INFO),
    [SEVERITY_WARNING] = ROW("ShellCheckWarning", SEVERITY_WARNING),
    [SEVERITY_ERROR] = ROW("ShellCheckError", SEVERITY_ERROR),
    {0},
};
