/* SPDX-License-Identifier: Apache-2.0
 * Instructions that only write down something in the configuration: ENV LABEL ARG USER VOLUME STOPSIGNAL ONBUILD MAINTAINER; and WORKDIR,
 * which makes a directory besides. All pairs of one instruction are expanded with the variables as they stood before it, but for ARG's. */
#include <assert.h>

#include "base/mem.h"
#include "plan/steps.h"
#include "plan/words.h"

/* Expands the pairs into `out`, for ENV and LABEL, and writes "KEYWORD k=v k=v". */
static bool expand_pairs(struct scope *s, const struct df_instruction *i, struct str_pair *out, struct str *created_by, struct err *e) {
    struct site at = scope_site(s, i);
    for (size_t k = 0; k < i->n_pairs; k++) {
        const struct df_pair *pair = &i->pairs[k];
        if (!scope_expand(s, i, pair->pos, pair->key, &out[k].key, e) || !scope_expand(s, i, pair->pos, pair->value, &out[k].value, e))
            return false;
        if (out[k].key.n == 0) /* a variable's doing: the parser refuses "=x" */
            return site_err(&at, pair->pos, e, "%s: \"%s\" gives an empty name", df_op_name(i->op), SHOWN(pair->key));
    }
    _cleanup_(buf_fini) struct buf text = BUF_INIT(LIMIT_STAGE_BYTES);
    buf_add_str(&text, str_z(df_op_name(i->op)));
    for (size_t k = 0; k < i->n_pairs; k++) {
        buf_add_char(&text, ' ');
        buf_add_str(&text, out[k].key);
        buf_add_char(&text, '=');
        buf_add_str(&text, out[k].value);
    }
    *created_by = arena_str(s->arena, buf_str(&text));
    return true;
}

bool step_env(struct scope *s, const struct df_instruction *i, struct step *out, struct err *e) {
    struct str_pair *pairs = arena_array(s->arena, struct str_pair, i->n_pairs);
    if (!expand_pairs(s, i, pairs, &out->created_by, e))
        return false;
    for (size_t k = 0; k < i->n_pairs; k++) {
        pair_list_set(s->arena, &s->config.env, pairs[k].key, pairs[k].value);
        pair_list_remove(&s->args, pairs[k].key);
        if (!scope_count(s, i, i->pairs[k].pos, s->config.env.n, "environment variables", e) ||
            !scope_spend(s, i, i->pairs[k].pos, s->config.env.n + s->args.n, e))
            return false;
    }
    return true;
}

bool step_label(struct scope *s, const struct df_instruction *i, struct step *out, struct err *e) {
    struct str_pair *pairs = arena_array(s->arena, struct str_pair, i->n_pairs);
    if (!expand_pairs(s, i, pairs, &out->created_by, e))
        return false;
    for (size_t k = 0; k < i->n_pairs; k++) {
        pair_list_set(s->arena, &s->config.labels, pairs[k].key, pairs[k].value);
        struct df_pos pos = i->pairs[k].pos;
        if (!scope_count(s, i, pos, s->config.labels.n, "labels", e) || !scope_spend(s, i, pos, s->config.labels.n, e))
            return false;
    }
    return true;
}

/* --- ARG ------------------------------------------------------------------------------------------------------------------------- */

/* WSO2's files ship defaults like <MI_DIST_URL>, to be filled in: legal, and sure to fail later. */
static bool is_placeholder(struct str v) {
    if (v.n < 3 || v.p[0] != '<' || v.p[v.n - 1] != '>')
        return false;
    for (size_t k = 1; k + 1 < v.n; k++)
        if (v.p[k] == '<' || v.p[k] == '>' || v.p[k] == '\n')
            return false;
    return true;
}

/* A build argument, else the default, else the global value, else none. */
static bool arg_value(struct scope *s, const struct df_instruction *i, const struct df_pair *pair, bool *has, struct str *value,
                      struct err *e) {
    *has = pair_list_get(&s->plan->options.build_args, pair->key, value);
    if (*has)
        return true;
    *has = pair->has_value || pair_list_get(&s->plan->global_args, pair->key, value);
    return !pair->has_value || scope_expand(s, i, pair->pos, pair->value, value, e);
}

static void declare(struct scope *s, const struct df_pair *pair, const struct str *value) {
    if (!str_list_has(&s->declared, pair->key))
        str_list_add(s->arena, &s->declared, pair->key);
    if (!value)
        return;
    pair_list_set(s->arena, &s->args, pair->key, *value);
    if (is_placeholder(*value))
        scope_warn(s, pair->pos, "PlaceholderArg", "ARG %s is still the placeholder %s: give it with --build-arg %s=...",
                   SHOWN(pair->key), SHOWN(*value), SHOWN(pair->key));
}

/* Each ARG of a line sees those before it. */
bool step_arg(struct scope *s, const struct df_instruction *i, struct step *out, struct err *e) {
    _cleanup_(buf_fini) struct buf text = BUF_INIT(LIMIT_STAGE_BYTES);
    buf_add_str(&text, S("ARG"));
    for (size_t k = 0; k < i->n_pairs; k++) {
        const struct df_pair *pair = &i->pairs[k];
        struct str value = STR_NULL;
        bool has_value;
        if (!arg_value(s, i, pair, &has_value, &value, e))
            return false;
        declare(s, pair, has_value ? &value : NULL);
        size_t searched = s->declared.n + s->args.n + s->plan->global_args.n + s->plan->options.build_args.n;
        if (!scope_count(s, i, pair->pos, s->declared.n, "ARGs", e) || !scope_spend(s, i, pair->pos, searched, e))
            return false;
        buf_printf(&text, " %.*s%s", STR_ARG(pair->key), has_value ? "=" : "");
        buf_add_str(&text, value);
    }
    out->created_by = arena_str(s->arena, buf_str(&text));
    return true;
}

/* --- One text -------------------------------------------------------------------------------------------------------------------- */

static bool one_text(struct scope *s, const struct df_instruction *i, struct str *value, struct step *out, struct err *e) {
    assert(i->n_args == 1);
    if (!scope_expand(s, i, i->arg_pos[0], i->args[0], value, e))
        return false;
    out->created_by = arena_join3(s->arena, str_z(df_op_name(i->op)), S(" "), *value);
    return true;
}

/* An empty name would silently mean root. */
bool step_user(struct scope *s, const struct df_instruction *i, struct step *out, struct err *e) {
    struct site at = scope_site(s, i);
    struct str user;
    if (!one_text(s, i, &user, out, e))
        return false;
    if (user.n == 0)
        return site_err(&at, i->arg_pos[0], e, "USER %s gives an empty name, which would mean root", SHOWN(i->args[0]));
    s->config.user = user;
    return true;
}

bool step_maintainer(struct scope *s, const struct df_instruction *i, struct step *out, struct err *e) {
    (void)e;
    assert(i->n_args == 1);
    s->author = i->args[0];
    out->created_by = arena_join3(s->arena, S("MAINTAINER "), s->author, STR_NULL);
    return true;
}

static const char *const signals[] = {"ABRT", "ALRM", "BUS",  "CHLD", "CLD",  "CONT", "FPE",    "HUP",    "ILL",  "INT",  "IO",   "IOT",
                                      "KILL", "PIPE", "POLL", "PROF", "PWR",  "QUIT", "SEGV",   "STKFLT", "STOP", "SYS",  "TERM", "TRAP",
                                      "TSTP", "TTIN", "TTOU", "URG",  "USR1", "USR2", "VTALRM", "WINCH",  "XCPU", "XFSZ", NULL};
enum { SIGNAL_MAX = 64, RT_SIGNALS = 15 };

/* A number, or a name with or without SIG, or one of the real-time signals as RTMIN+n and RTMAX-n. */
static bool is_signal(struct str s) {
    uint64_t n;
    if (str_to_u64(s, 10, SIGNAL_MAX, &n))
        return n > 0;
    if (str_starts_nocase(s, S("SIG")))
        s = str_from(s, 3);
    for (size_t k = 0; signals[k]; k++)
        if (str_eq_nocase(s, str_z(signals[k])))
            return true;
    bool from_low = str_starts_nocase(s, S("RTMIN")), from_high = str_starts_nocase(s, S("RTMAX"));
    if (s.n == 5)
        return from_low || from_high;
    return s.n > 6 && ((from_low && s.p[5] == '+') || (from_high && s.p[5] == '-')) &&
           str_to_u64(str_from(s, 6), 10, (uint64_t)(RT_SIGNALS - from_high), &n) && n > 0;
}

bool step_stopsignal(struct scope *s, const struct df_instruction *i, struct step *out, struct err *e) {
    struct site at = scope_site(s, i);
    struct str name;
    if (!one_text(s, i, &name, out, e))
        return false;
    if (!is_signal(name))
        return site_err(&at, i->arg_pos[0], e, "STOPSIGNAL %s: there is no such signal", SHOWN(name));
    s->config.stop_signal = name;
    return true;
}

bool step_volume(struct scope *s, const struct df_instruction *i, struct step *out, struct err *e) {
    struct site at = scope_site(s, i);
    struct str *paths = arena_array(s->arena, struct str, i->n_args);
    for (size_t k = 0; k < i->n_args; k++) {
        if (!scope_expand(s, i, i->arg_pos[k], i->args[k], &paths[k], e))
            return false;
        if (paths[k].n == 0)
            return site_err(&at, i->arg_pos[k], e, "VOLUME: \"%s\" gives an empty path", SHOWN(i->args[k]));
        str_list_add_sorted(s->arena, &s->config.volumes, paths[k]);
        if (!scope_count(s, i, i->arg_pos[k], s->config.volumes.n, "volumes", e))
            return false;
    }
    _cleanup_(buf_fini) struct buf text = BUF_INIT(LIMIT_STAGE_BYTES);
    buf_add_str(&text, S("VOLUME "));
    words_bracketed(&text, paths, i->n_args);
    out->created_by = arena_str(s->arena, buf_str(&text));
    return true;
}

/* Kept as text, here-documents and all; BuildKit gives it no line in the history. */
bool step_onbuild(struct scope *s, const struct df_instruction *i, struct step *out, struct err *e) {
    const struct df_instruction *t = i->trigger;
    (void)out;
    assert(t);
    _cleanup_(buf_fini) struct buf text = BUF_INIT(LIMIT_STAGE_BYTES);
    buf_add_str(&text, str_trim(t->original));
    for (size_t k = 0; k < t->n_heredocs; k++) {
        buf_add_char(&text, '\n');
        buf_add_str(&text, t->heredocs[k].body);
        buf_add_str(&text, t->heredocs[k].name);
    }
    str_list_add(s->arena, &s->config.onbuild, arena_str(s->arena, buf_str(&text)));
    return scope_count(s, i, i->pos, s->config.onbuild.n, "ONBUILD triggers", e);
}

/* "/" is there already, so that WORKDIR / makes no layer. */
bool step_workdir(struct scope *s, const struct df_instruction *i, struct step *out, struct err *e) {
    struct str path;
    if (!one_text(s, i, &path, out, e) || !scope_path(s, i, i->arg_pos[0], path, &out->workdir, e))
        return false;
    s->config.workdir = out->workdir;
    out->user = s->config.user;
    out->kind = str_eqz(out->workdir, "/") ? STEP_CONFIG : STEP_WORKDIR;
    out->created_by = arena_join3(s->arena, S("WORKDIR "), out->workdir, STR_NULL);
    return true;
}
