/* SPDX-License-Identifier: Apache-2.0
 * Instructions in a row, their stages, and what is in force at each: see lint.h. */
#include "check/lint.h"

#include "base/limits.h"
#include "base/map.h"
#include "base/vec.h"
#include "check/config.h"
#include "check/expanded.h"
#include "check/lint_script.h"
#include "check/pragma.h"
#include "check/words.h"

/* --- Flags ------------------------------------------------------------------------------------------------------------------------ */

struct str lint_flag(const struct df_instruction *i, const char *name) {
    for (size_t k = 0; k < i->n_flags; k++)
        if (str_eqz(i->flags[k].name, name))
            return i->flags[k].value;
    return STR_NULL;
}

struct str lint_mount(const struct df_instruction *i, size_t flag, const char *key) {
    struct str rest = i->flags[flag].value, part, name, value;
    while (str_eqz(i->flags[flag].name, "mount") && str_next(&rest, ',', &part))
        if (str_cut(part, '=', &name, &value) && str_eqz(name, key))
            return lint_unquoted(value);
    return STR_NULL;
}

/* Whether directory lies at or below `mounted`. */
static bool covers(struct str mounted, struct str directory) {
    while (mounted.n > 1 && mounted.p[mounted.n - 1] == '/')
        mounted.n--;
    return mounted.n && str_starts(directory, mounted) && (directory.n == mounted.n || directory.p[mounted.n] == '/');
}

bool lint_is_mounted(const struct df_instruction *run, const char *directory) {
    for (size_t k = 0; k < run->n_flags; k++) {
        struct str type = lint_mount(run, k, "type"), target = lint_mount(run, k, "target");
        if (target.n == 0)
            target = lint_mount(run, k, "dst");
        if (target.n == 0)
            target = lint_mount(run, k, "destination");
        if ((str_eqz(type, "cache") || str_eqz(type, "tmpfs")) && covers(target, str_z(directory)))
            return true;
    }
    return false;
}

struct str lint_unquoted(struct str s) {
    if (s.n >= 2 && (s.p[0] == '"' || s.p[0] == '\'') && s.p[s.n - 1] == s.p[0])
        return str_n(s.p + 1, s.n - 2);
    return s;
}

/* --- Stages ----------------------------------------------------------------------------------------------------------------------- */

/* Names know no case, and of stages with one name the last is meant; ten thousand of them are found at once. */
struct names {
    struct arena *arena;
    struct map map;
};

/* The stage before this one that a name or number means. What stands before the first FROM has no number. */
static ptrdiff_t find_stage(const struct lint *l, const struct names *names, size_t before, struct str name) {
    uint64_t number, first = l->n_stages && !l->stages[0].from;
    struct lint_stage *named = name.n ? map_get(&names->map, check_lower(names->arena, name)) : NULL;
    if (named && (size_t)(named - l->stages) < before)
        return named - l->stages;
    if (str_to_u64(name, 10, UINT32_MAX, &number) && number + first < before)
        return (ptrdiff_t)(number + first);
    return NO_STAGE;
}

static void mark_used(struct lint *l, ptrdiff_t stage) {
    if (stage != NO_STAGE)
        l->stages[stage].used = true;
}

static void begin_stage(struct lint *l, struct names *names, const struct df_instruction *from, size_t step) {
    struct lint_stage *s = &l->stages[l->n_stages];
    *s = (struct lint_stage){.from = from, .base = NO_STAGE, .first = from ? step : 0, .end = step};
    if (from && from->n_args) {
        s->image = lint_unquoted(from->args[0]);
        s->name = from->n_args == 3 ? from->args[2] : STR_NULL;
        struct lint_stage *base = map_get(&names->map, check_lower(names->arena, s->image));
        s->base = base ? base - l->stages : NO_STAGE;
        s->depth = base ? base->depth + 1 : 0;
        if (s->name.n)
            (void)map_put(&names->map, check_lower(names->arena, s->name), s);
    }
    mark_used(l, s->base);
    l->n_stages++;
}

/* A stage stands behind the one it stands on. */
static void find_runs(struct lint *l) {
    for (size_t k = 0; k < l->n; k++)
        if (l->steps[k].i->op == DF_RUN && l->n_stages)
            l->stages[l->steps[k].stage].last_run = k;
    for (size_t k = l->n_stages; k-- > 0;)
        if (l->stages[k].base != NO_STAGE && (l->stages[k].last_run || l->stages[k].run_above))
            l->stages[l->stages[k].base].run_above = true;
}

bool lint_run_follows(const struct lint *l, const struct lint_step *s) {
    return l->stages[s->stage].run_above || l->stages[s->stage].last_run > (size_t)(s - l->steps);
}

bool lint_related(const struct lint *l, size_t a, size_t b) {
    ptrdiff_t high = (ptrdiff_t)(a > b ? a : b), low = (ptrdiff_t)(a > b ? b : a);
    while (high > low)
        high = l->stages[high].base;
    return high == low;
}

static void ship(struct lint *l) {
    for (ptrdiff_t k = (ptrdiff_t)l->n_stages - 1; k >= 0; k = l->stages[k].base)
        l->stages[k].ships = true;
}

/* --- The whole -------------------------------------------------------------------------------------------------------------------- */

/* What is in force, which a stage takes from the one it stands on. */
struct in_force {
    struct shell_start shell;
    bool workdir, profile, other_user;
};

/* "# hadolint shell=bash": which shell the image has, where its SHELL is not to be seen. Its options are not known. */
static void take_shell_said(struct in_force *now, struct str comments) {
    struct str comment, name;
    bool any = str_find(comments, S("hadolint")) >= 0;
    while (any && comment_next(&comments, &comment))
        if (pragma_shell(comment, &name))
            now->shell = shell_start(&name, 1);
}

/* A file that shells read before the text. */
static bool sets_profile(const struct df_instruction *i) {
    for (size_t k = 0; (i->op == DF_ENV || i->op == DF_ARG) && k < i->n_pairs; k++)
        if (str_eqz(i->pairs[k].key, "BASH_ENV"))
            return true;
    return false;
}

static void look(struct names *names, struct lint *l, struct lint_step *s, struct in_force *now, uint64_t *work) {
    s->from = NO_STAGE;
    if (s->i->op != DF_FROM)
        take_shell_said(now, s->at->comments);
    if (s->i->op == DF_SHELL && s->i->json && s->i->n_args)
        now->shell = shell_start(s->i->args, s->i->n_args);
    if (s->i->op == DF_USER && s->i->n_args)
        now->other_user = !word_is_root(lint_unquoted(s->i->args[0]));
    now->profile |= sets_profile(s->i);
    s->shell = now->shell.kind;
    s->shell_name = now->shell.name;
    s->pipefail = now->shell.pipefail;
    s->errexit = now->shell.errexit;
    s->plain_shell = !now->shell.odd && !now->profile;
    s->other_user = now->other_user;
    s->workdir = now->workdir;
    now->workdir |= s->i->op == DF_WORKDIR;
    if (s->i->op == DF_RUN && s->i->n_args && (s->i->json || s->shell != SHELL_FOREIGN))
        lint_read_script(names->arena, s, work);
    if (s->i->op == DF_COPY)
        s->from = find_stage(l, names, s->stage, lint_flag(s->i, "from"));
    mark_used(l, s->from);
    for (size_t k = 0; s->i->op == DF_RUN && k < s->i->n_flags; k++)
        mark_used(l, find_stage(l, names, s->stage, lint_mount(s->i, k, "from")));
}

void lint_make(struct arena *a, const struct dockerfile *file, uint64_t *work, struct lint *out) {
    struct names names = {a, MAP_INIT};
    size_t n = file->n_instructions;
    *out = (struct lint){.file = file, .n = n};
    out->steps = arena_array(a, struct lint_step, n);
    out->stages = arena_array(a, struct lint_stage, n + 1);
    struct in_force now = {0}, *behind = arena_array(a, struct in_force, n + 1); /* of each stage */
    for (size_t k = 0; k < n; k++) {
        const struct df_instruction *at = &file->instructions[k];
        bool global = at->op == DF_ARG && out->n_stages == 0; /* ARG before the first FROM is of no stage, but of the first here */
        if (at->op == DF_FROM || (out->n_stages == 0 && !global)) {
            begin_stage(out, &names, at->op == DF_FROM ? at : NULL, k);
            ptrdiff_t base = out->stages[out->n_stages - 1].base;
            now = base == NO_STAGE ? (struct in_force){0} : behind[base];
        }
        size_t stage = out->n_stages ? out->n_stages - 1 : 0;
        out->steps[k] = (struct lint_step){.at = at, .i = at->trigger ? at->trigger : at, .stage = stage};
        look(&names, out, &out->steps[k], &now, work);
        behind[stage] = now;
        out->stages[stage].end = k + 1;
    }
    find_runs(out);
    ship(out);
    map_fini(&names.map);
}

size_t lint_stage_of(const struct lint *l, const struct df_instruction *at) {
    uintptr_t first = (uintptr_t)l->file->instructions, place = (uintptr_t)at; /* one of a base's trigger is not among them */
    size_t k = (place - first) / sizeof *at;
    return place >= first && k < l->n ? l->steps[k].stage : 0;
}
