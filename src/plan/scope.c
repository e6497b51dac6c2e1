/* SPDX-License-Identifier: Apache-2.0
 * The moving state of a stage: which variables an instruction sees, and the dispatch of instructions to the step files.
 *
 * Variables are those of BuildKit's build environment: ENV and ARG write to one environment, and the later wins. Here it is kept as
 * config.env plus `args`, where ARGs stand in front until an ENV of the same name takes them away; a derived stage starts with the base's
 * ENV in front. */
#include <assert.h>

#include "base/mem.h"
#include "base/near.h"
#include "plan/flags.h"
#include "plan/steps.h"
#include "plan/vars.h"

#define DEFAULT_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

static void inherit_args(struct scope *s, const struct scope *base) {
    struct str ignored;
    str_list_copy(s->arena, &s->declared, &base->declared);
    for (size_t k = 0; k < base->args.n; k++) {
        const struct str_pair *arg = &base->args.p[k];
        if (!pair_list_get(&s->config.env, arg->key, &ignored))
            pair_list_set(s->arena, &s->args, arena_str(s->arena, arg->key), arena_str(s->arena, arg->value));
    }
    s->author = arena_str(s->arena, base->author);
    s->history_bytes = base->history_bytes;
}

void scope_init(struct scope *s, struct arena *a, const struct plan *p, const struct plan_stage *stage, const struct container_config *base,
                const struct scope *base_scope) {
    struct str ignored;
    *s = (struct scope){.arena = a, .plan = p, .stage = stage, .arena_start = a->total_bytes, .work = LIMIT_FILE_WORK};
    if (!base && base_scope)
        base = &base_scope->config;
    if (base)
        container_config_copy(a, &s->config, base);
    else
        s->config.workdir = S("/");
    if (s->config.workdir.n)
        s->config.workdir = path_resolve(a, S("/"), s->config.workdir);
    if (!pair_list_get(&s->config.env, S("PATH"), &ignored))
        pair_list_set(a, &s->config.env, S("PATH"), S(DEFAULT_PATH));
    if (base_scope)
        inherit_args(s, base_scope);
}

/* --- For the step files ---------------------------------------------------------------------------------------------------------- */

struct site scope_site(const struct scope *s, const struct df_instruction *i) {
    return (struct site){.file = s->plan->file->name, .i = i, .stage = i->number ? s->stage : NULL};
}

static void add_warning(struct scope *s, struct df_warning w) {
    if (s->n_warnings == LIMIT_SCOPE_WARNINGS)
        return;
    if ((s->n_warnings & (s->n_warnings - 1)) == 0) { /* full at every power of two */
        struct df_warning *bigger = arena_array(s->arena, struct df_warning, s->n_warnings ? s->n_warnings * 2 : 1);
        if (s->n_warnings)
            memcpy(bigger, s->warnings, s->n_warnings * sizeof *bigger);
        s->warnings = bigger;
    }
    s->warnings[s->n_warnings++] = w;
}

void scope_warn(struct scope *s, struct df_pos pos, const char *rule, const char *fmt, ...) {
    va_list ap;
    va_start(ap, fmt);
    _cleanup_(mem_freep) char *text = mem_vprintf(fmt, ap);
    va_end(ap);
    add_warning(s, (struct df_warning){.pos = pos, .rule = rule, .message = arena_str(s->arena, str_z(text))});
}

bool scope_lookup(const struct scope *s, struct str name, struct str *value) {
    return pair_list_get(&s->args, name, value) || pair_list_get(&s->config.env, name, value);
}

/* What one instruction's texts become is bounded by the stage's whole: ARG and ENV can double a text at every line. */
static bool within_limit(const struct scope *s, const struct df_instruction *i, struct df_pos pos, struct err *e) {
    struct site at = scope_site(s, i);
    return s->arena->total_bytes - s->arena_start <= LIMIT_STAGE_BYTES ||
           site_err(&at, pos, e, "the stage's instructions take more than %zu MiB when expanded", LIMIT_STAGE_BYTES >> 20);
}

/* So many warnings of a stage look for what was meant, each among all variables. No file fails for that: half of its work is kept. */
enum { UNSET_MAX = 16, MEANT_MAX = 100 };
#define MEANT_WORK_MIN (LIMIT_FILE_WORK / 2)

static struct str nearest_variable(struct scope *s, struct str name) {
    struct near n = {name};
    vars_charge(&s->work, VARS_NEAR_COST * (s->args.n + s->config.env.n));
    for (size_t k = 0; k < s->args.n; k++)
        near_try(&n, s->args.p[k].key);
    for (size_t k = 0; k < s->config.env.n; k++)
        near_try(&n, s->config.env.p[k].key);
    return n.name;
}

/* In BuildKit's words, which people search for. */
static void warn_unset(struct scope *s, struct df_pos pos, const struct df_unset *unset) {
    for (size_t k = 0; k < unset->n; k++) {
        struct df_warning w = {.pos = pos, .rule = "UndefinedVar", .subject = unset->names[k]};
        if (str_list_has(&s->declared, w.subject) || s->n_warnings == LIMIT_SCOPE_WARNINGS)
            continue;
        if (s->n_warnings < MEANT_MAX && s->work > MEANT_WORK_MIN)
            w.meant = nearest_variable(s, w.subject);
        w.message = arena_printf(s->arena, "Usage of undefined variable '$%s'", SHOWN(w.subject));
        if (w.meant.n)
            w.message = arena_printf(s->arena, "%.*s (did you mean $%s?)", STR_ARG(w.message), SHOWN(w.meant));
        add_warning(s, w);
    }
}

bool scope_expand(struct scope *s, const struct df_instruction *i, struct df_pos pos, struct str text, struct str *out, struct err *e) {
    struct vars vars = {.first = &s->args, .second = &s->config.env, .work = &s->work};
    struct str names[UNSET_MAX];
    struct df_unset unset = {names, 0, UNSET_MAX};
    struct site at = scope_site(s, i);
    bool good = df_expand(s->arena, text, s->plan->file->escape, vars_getter(&vars), &unset, out, e);
    warn_unset(s, pos, &unset); /* ${x:?} fails because of one */
    if (!good)
        return site_wrap(&at, pos, e, "%s", df_op_name(i->op));
    return within_limit(s, i, pos, e);
}

bool scope_expand_words(struct scope *s, const struct df_instruction *i, struct df_pos pos, struct str text, struct str **out, size_t *n,
                        struct err *e) {
    struct vars vars = {.first = &s->args, .second = &s->config.env, .work = &s->work};
    struct str names[UNSET_MAX];
    struct df_unset unset = {names, 0, UNSET_MAX};
    struct site at = scope_site(s, i);
    if (!df_expand_words(s->arena, text, s->plan->file->escape, vars_getter(&vars), &unset, out, n, e))
        return site_wrap(&at, pos, e, "%s", df_op_name(i->op));
    warn_unset(s, pos, &unset);
    return within_limit(s, i, pos, e);
}

bool scope_expand_body(struct scope *s, const struct df_instruction *i, const struct df_heredoc *doc, struct str *out, struct err *e) {
    struct vars vars = {.first = &s->args, .second = &s->config.env, .work = &s->work};
    struct str names[UNSET_MAX];
    struct df_unset unset = {names, 0, UNSET_MAX};
    struct site at = scope_site(s, i);
    size_t fault = 0;
    if (!df_expand_text(s->arena, doc->body, vars_getter(&vars), &unset, out, &fault, e))
        return site_wrap(&at, df_heredoc_pos(doc, fault), e, "%s, here-document", df_op_name(i->op));
    warn_unset(s, doc->pos, &unset);
    return within_limit(s, i, doc->pos, e);
}

bool scope_spend(struct scope *s, const struct df_instruction *i, struct df_pos pos, size_t entries, struct err *e) {
    struct site at = scope_site(s, i);
    vars_charge(&s->work, entries);
    return s->work > 0 || site_err(&at, pos, e, "the file sets so many variables and labels so often that it would take too long");
}

bool heredoc_names_file(const struct site *at, const struct df_heredoc *doc, struct err *e) {
    struct str name = doc->name;
    if (str_index(name, '/') < 0 && str_index(name, '\0') < 0 && !str_eqz(name, ".") && !str_eqz(name, "..") && name.n <= LIMIT_NAME_BYTES)
        return true;
    return site_err(at, doc->pos, e, "the here-document's word \"%s\" cannot name a file", SHOWN(name));
}

bool scope_path(struct scope *s, const struct df_instruction *i, struct df_pos pos, struct str text, struct str *out, struct err *e) {
    struct site at = scope_site(s, i);
    *out = path_resolve(s->arena, s->config.workdir, text);
    if (out->n > LIMIT_PATH_BYTES)
        return site_err(&at, pos, e, "%s: a path is longer than %d bytes", df_op_name(i->op), LIMIT_PATH_BYTES);
    return true;
}

bool scope_count(const struct scope *s, const struct df_instruction *i, struct df_pos pos, size_t n, const char *what, struct err *e) {
    struct site at = scope_site(s, i);
    return n <= LIMIT_CONFIG_ENTRIES || site_err(&at, pos, e, "more than %d %s in one image", LIMIT_CONFIG_ENTRIES, what);
}

void shell_argv(struct scope *s, struct str text, struct str_list *argv) {
    static const struct str usual[] = {{"/bin/sh", 7}, {"-c", 2}};
    bool own = s->config.shell.n > 0;
    for (size_t k = 0; k < (own ? s->config.shell.n : 2); k++)
        str_list_add(s->arena, argv, own ? s->config.shell.p[k] : usual[k]);
    str_list_add(s->arena, argv, text);
}

/* --- Dispatch -------------------------------------------------------------------------------------------------------------------- */

typedef bool (*step_fn)(struct scope *s, const struct df_instruction *i, struct step *out, struct err *e);

static const step_fn step_of[] = {
    [DF_ADD] = step_add,
    [DF_ARG] = step_arg,
    [DF_CMD] = step_cmd,
    [DF_COPY] = step_copy,
    [DF_ENTRYPOINT] = step_entrypoint,
    [DF_ENV] = step_env,
    [DF_EXPOSE] = step_expose,
    [DF_FROM] = NULL,
    [DF_HEALTHCHECK] = step_healthcheck,
    [DF_LABEL] = step_label,
    [DF_MAINTAINER] = step_maintainer,
    [DF_ONBUILD] = step_onbuild,
    [DF_RUN] = step_run,
    [DF_SHELL] = step_shell,
    [DF_STOPSIGNAL] = step_stopsignal,
    [DF_USER] = step_user,
    [DF_VOLUME] = step_volume,
    [DF_WORKDIR] = step_workdir,
};

/* "RUN make" for "run make". */
static struct str title(struct arena *a, const struct df_instruction *i) {
    struct str original = str_trim(i->original);
    return arena_join3(a, str_z(df_op_name(i->op)), str_from(original, i->keyword.n), STR_NULL);
}

bool scope_step(struct scope *s, const struct df_instruction *i, struct step *out, struct err *e) {
    struct site at = scope_site(s, i);
    *out = (struct step){.kind = STEP_CONFIG, .from = i, .pos = i->pos};
    assert((size_t)i->op < sizeof step_of / sizeof step_of[0]);
    if (!step_of[i->op] || (at.stage && (i->op == DF_ONBUILD || i->op == DF_MAINTAINER)))
        return site_err(&at, i->pos, e, "%s cannot be an ONBUILD trigger", df_op_name(i->op));
    if (!flags_check(&at, e))
        return false;
    if (str_index(i->original, '\0') >= 0)
        return site_err(&at, i->pos, e, "%s: a NUL byte cannot be in an image's configuration, a path or a command", df_op_name(i->op));
    out->title = title(s->arena, i);
    return step_of[i->op](s, i, out, e) && within_limit(s, i, i->pos, e) && document_grow(s, i, out, e);
}
