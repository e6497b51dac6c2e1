/* SPDX-License-Identifier: Apache-2.0
 * From instructions to stages: global ARGs, FROM and its expansion, names and bases. Takes a parsed file and the user's options, gives a
 * plan whose dead stages depend.c has marked. */
#include "plan/stages.h"

#include <assert.h>

#include "plan/flags.h"
#include "plan/named.h"
#include "plan/reference.h"
#include "plan/vars.h"

static struct site site_of(const struct plan *p, const struct df_instruction *i) {
    return (struct site){.file = p->file->name, .i = i};
}

static bool globals_fit(const struct plan *p, size_t bytes, const struct site *at, struct df_pos pos, struct err *e) {
    if (p->global_args.n > LIMIT_CONFIG_ENTRIES)
        return site_err(at, pos, e, "more than %d ARGs before the first FROM", LIMIT_CONFIG_ENTRIES);
    if (bytes > LIMIT_STAGE_BYTES)
        return site_err(at, pos, e, "the ARGs before the first FROM take more than %zu MiB when expanded", LIMIT_STAGE_BYTES >> 20);
    vars_charge(p->work, p->global_args.n + p->options.build_args.n);
    return *p->work > 0 || site_err(at, pos, e, "the file sets so many ARGs so often that it would take too long");
}

/* Each pair sees those before it. A default that a build argument replaces is not even expanded. */
static bool global_arg(struct arena *a, struct plan *p, size_t arena_start, const struct df_instruction *i, struct err *e) {
    struct site at = site_of(p, i);
    for (size_t k = 0; k < i->n_pairs; k++) {
        const struct df_pair *pair = &i->pairs[k];
        struct vars vars = {.first = &p->global_args, .work = p->work};
        struct str value = STR_NULL;
        bool given = pair_list_get(&p->options.build_args, pair->key, &value);
        if (!given && pair->has_value && !df_expand(a, pair->value, p->file->escape, vars_getter(&vars), NULL, &value, e))
            return site_wrap(&at, pair->pos, e, "ARG %s", SHOWN(pair->key));
        if (given || pair->has_value)
            pair_list_set(a, &p->global_args, pair->key, value);
        if (!globals_fit(p, a->total_bytes - arena_start, &at, pair->pos, e))
            return false;
    }
    return true;
}

/* --- SOURCE_DATE_EPOCH and BUILDKIT_SYNTAX --------------------------------------------------------------------------------------- */

/* The global ARG of that name, for messages; NULL: it has none. */
static const struct df_pair *global_pair(const struct plan *p, struct str name, const struct df_instruction **in) {
    const struct df_pair *found = NULL;
    for (const struct df_instruction *i = p->file->instructions; i->op == DF_ARG; i++)
        for (size_t k = 0; k < i->n_pairs; k++)
            if (str_eq(i->pairs[k].key, name)) {
                found = &i->pairs[k];
                *in = i;
            }
    return found;
}

/* The options' epoch, else what the file's head says; an empty text is none. */
static bool find_epoch(struct plan *p, struct err *e) {
    const struct df_instruction *i = NULL;
    struct str text = STR_NULL;
    p->has_epoch = p->options.has_epoch;
    p->epoch = p->options.epoch;
    const struct df_pair *pair = global_pair(p, S("SOURCE_DATE_EPOCH"), &i);
    if (p->has_epoch || !pair || !pair_list_get(&p->global_args, pair->key, &text) || text.n == 0)
        return true;
    p->epoch_of_context = str_eqz(text, "context");
    if (p->epoch_of_context) { /* no stage is to see the word: the time comes as a build argument, if there is one */
        pair_list_remove(&p->global_args, pair->key);
        return true;
    }
    struct site at = site_of(p, i);
    p->has_epoch = str_to_i64(text, &p->epoch) && p->epoch >= 0 && p->epoch <= LIMIT_EPOCH_S;
    return p->has_epoch ||
           site_err(&at, pair->pos, e, "ARG SOURCE_DATE_EPOCH=%s is not a number of seconds from 1970 to 9999, nor \"context\"",
                    SHOWN(text));
}

/* The frontend is croze itself, whoever was asked for. */
static void warn_syntax(struct arena *a, struct plan *p) {
    struct str frontend;
    if (!pair_list_get(&p->options.build_args, S("BUILDKIT_SYNTAX"), &frontend) || frontend.n == 0 || df_is_own_syntax(frontend))
        return;
    p->warnings = arena_new(a, struct df_warning);
    p->warnings[p->n_warnings++] = (struct df_warning){
        .rule = "ForeignSyntax",
        .message = arena_printf(a, "build argument BUILDKIT_SYNTAX=%s: that frontend is not run; the file is read as a Dockerfile",
                                SHOWN(frontend)),
    };
}

/* --- FROM ------------------------------------------------------------------------------------------------------------------------ */

static bool declared_globally(const struct plan *p, struct str name) {
    for (const struct df_instruction *i = p->file->instructions; i->op == DF_ARG; i++)
        for (size_t k = 0; k < i->n_pairs; k++)
            if (str_eq(i->pairs[k].key, name))
                return true;
    return false;
}

/* Names the variables that gave nothing: they are the likely reason. Returns false. */
static bool blame_empty(const struct plan *p, const struct vars *vars, struct err *e) {
    for (size_t k = 0; k < vars->n_empty; k++) {
        struct str name = vars->empty[k];
        if (declared_globally(p, name) || is_predefined(name))
            (void)err_append(e, "; ARG %s is empty: give it with --build-arg %s=...", SHOWN(name), SHOWN(name));
        else
            (void)err_append(e, "; %s is not known here: declare ARG %s before the first FROM", SHOWN(name), SHOWN(name));
    }
    return false;
}

/* "" without AS. Names know no case. */
static struct str stage_name(struct arena *a, const struct df_instruction *from) {
    if (from->n_args != 3)
        return STR_NULL;
    char *name = arena_strz(a, from->args[2]);
    for (size_t k = 0; k < from->args[2].n; k++)
        if (name[k] >= 'A' && name[k] <= 'Z')
            name[k] = (char)(name[k] + ('a' - 'A'));
    return str_n(name, from->args[2].n);
}

/* The base is what a named context stands for. */
static bool take_named(struct plan *p, struct plan_stage *s, size_t which, struct err *e) {
    struct source_ref from;
    if (!named_resolve(p, s->index, which, &from, e))
        return false;
    s->base_kind = from.kind == SOURCE_STAGE ? BASE_STAGE : from.kind == SOURCE_IMAGE ? BASE_IMAGE : BASE_NAMED;
    s->base_stage = from.stage;
    s->base_named = from.named;
    s->base_ref = from.kind == SOURCE_IMAGE ? from.image : s->base_ref;
    if (s->base_kind == BASE_IMAGE && str_eqz(s->base_ref, "scratch"))
        s->base_kind = BASE_SCRATCH;
    return true;
}

/* Whether a named context bears the stage's name. Who names the stage reads what the context stands for, so that the stage itself is of use
 * as the target only; what is wrong with it then is said when it is found to be needed. */
static bool replace_stage(struct plan *p, struct plan_stage *s) {
    struct err ignored = ERR_INIT;
    size_t which;
    if (!named_find(p, s->name, &which))
        return false;
    s->n_body = 0;
    s->base_ref = s->name;
    if (!take_named(p, s, which, &ignored)) {
        s->base_kind = BASE_NAMED;
        s->base_named = which;
    }
    err_clear(&ignored);
    return true;
}

static bool find_base(struct plan *p, struct plan_stage *s, const struct site *at, const struct vars *vars, struct err *e) {
    struct str ref = s->base_ref;
    if (ref.n == 0) {
        (void)site_err(at, s->from->arg_pos[0], e, "FROM %s gives an empty name", SHOWN(s->from->args[0]));
        return blame_empty(p, vars, e);
    }
    size_t which;
    if (named_find(p, ref, &which))
        return take_named(p, s, which, e) || site_wrap(at, s->from->arg_pos[0], e, "FROM %s", SHOWN(s->from->args[0]));
    for (size_t k = s->index; k-- > 0;)
        if (str_eq_nocase(p->stages[k].name, ref)) {
            s->base_kind = BASE_STAGE;
            s->base_stage = k;
            return true;
        }
    if (str_eqz(ref, "scratch")) {
        s->base_kind = BASE_SCRATCH;
        return true;
    }
    s->base_kind = BASE_IMAGE;
    const char *fault = reference_fault(ref);
    if (!fault)
        return true;
    (void)site_err(at, s->from->arg_pos[0], e, "FROM %s gives \"%s\", which is not the name of an image: %s", SHOWN(s->from->args[0]),
                   SHOWN(ref), fault);
    return blame_empty(p, vars, e);
}

static bool stage_platform(struct arena *a, struct plan *p, struct plan_stage *s, const struct site *at, struct err *e) {
    const struct df_flag *flag = flag_find(s->from, "platform");
    struct vars vars = {.first = &p->global_args, .work = p->work};
    struct str text;
    if (!flag || flag->value.n == 0)
        return true;
    if (!df_expand(a, flag->value, p->file->escape, vars_getter(&vars), NULL, &text, e))
        return site_wrap(at, flag->pos, e, "FROM --platform");
    if (text.n == 0) {
        (void)site_err(at, flag->pos, e, "FROM --platform=%s gives nothing", SHOWN(flag->value));
        return blame_empty(p, &vars, e);
    }
    if (!platform_normalize(a, text, p->options.platform, &s->platform, e))
        return site_wrap(at, flag->pos, e, "FROM --platform=%s", SHOWN(flag->value));
    return true;
}

static bool begin_stage(struct arena *a, struct plan *p, struct plan_stage *s, struct err *e) {
    struct site at = site_of(p, s->from);
    struct vars vars = {.first = &p->global_args, .work = p->work};
    if (replace_stage(p, s))
        return true;
    if (!df_expand(a, s->from->args[0], p->file->escape, vars_getter(&vars), NULL, &s->base_ref, e))
        return site_wrap(&at, s->from->arg_pos[0], e, "FROM %s", SHOWN(s->from->args[0]));
    return find_base(p, s, &at, &vars, e) && stage_platform(a, p, s, &at, e);
}

/* --- The whole ------------------------------------------------------------------------------------------------------------------- */

/* Cuts the file at its FROMs and gives the number of instructions before the first, which are ARGs: the parser has seen to both. */
static size_t cut_stages(struct arena *a, struct plan *p) {
    const struct dockerfile *f = p->file;
    size_t n = 0, n_globals = 0;
    for (size_t k = 0; k < f->n_instructions; k++)
        n += f->instructions[k].op == DF_FROM;
    assert(n > 0);
    p->stages = arena_array(a, struct plan_stage, n);
    for (size_t k = 0; k < f->n_instructions; k++) {
        struct df_instruction *i = &f->instructions[k];
        if (i->op == DF_FROM) {
            assert(i->n_args == 1 || i->n_args == 3);
            p->stages[p->n_stages] = (struct plan_stage){.index = p->n_stages, .name = stage_name(a, i), .from = i, .body = i + 1};
            p->n_stages++;
        } else if (p->n_stages) {
            p->stages[p->n_stages - 1].n_body++;
        } else {
            assert(i->op == DF_ARG);
            n_globals++;
        }
    }
    return n_globals;
}

/* Of build arguments with one name the last counts. An epoch given as a word ("context") is known as a number by now. */
static void copy_options(struct arena *a, struct plan *p, const struct plan_options *options) {
    p->options = *options;
    p->options.build_args = (struct pair_list){0};
    for (size_t k = 0; k < options->build_args.n; k++)
        pair_list_set(a, &p->options.build_args, options->build_args.p[k].key, options->build_args.p[k].value);
    struct str epoch;
    if (options->has_epoch && pair_list_get(&p->options.build_args, S("SOURCE_DATE_EPOCH"), &epoch))
        pair_list_set(a, &p->options.build_args, S("SOURCE_DATE_EPOCH"), arena_printf(a, "%lld", (long long)options->epoch));
}

bool plan_make(struct arena *a, const struct dockerfile *file, const struct plan_options *options, struct plan *out, struct err *e) {
    size_t arena_start = a->total_bytes;
    assert(options->platform.n);
    *out = (struct plan){.file = file, .work = arena_new(a, uint64_t)};
    *out->work = LIMIT_FILE_WORK;
    copy_options(a, out, options);
    if (!platform_normalize(a, options->platform, S("linux/amd64"), &out->options.platform, e))
        return false;
    size_t n_globals = cut_stages(a, out);
    predefined_args(a, out, &out->global_args);
    for (size_t k = 0; k < n_globals; k++)
        if (!global_arg(a, out, arena_start, &file->instructions[k], e))
            return false;
    if (!find_epoch(out, e) || !named_check(out, e))
        return false;
    warn_syntax(a, out);
    for (size_t k = 0; k < out->n_stages; k++)
        if (!begin_stage(a, out, &out->stages[k], e))
            return false;
    if (!target_find(out, e) || !needs_close(a, out, e))
        return false;
    unused_args_find(a, out);
    return true;
}
