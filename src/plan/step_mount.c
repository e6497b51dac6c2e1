/* SPDX-License-Identifier: Apache-2.0
 * RUN --mount=type=bind,from=stage,source=path,target=path,rw. The other types belong to later issues and fail by name. */
#include "plan/source.h"
#include "plan/steps.h"
#include "plan/vars.h"

static const char *const mount_keys[] = {"type",        "from", "source",   "src", "target",    "dst",
                                         "destination", "ro",   "readonly", "rw",  "readwrite", NULL};
/* Keys of the types that are not carried out: they are known, so that a misspelling is not blamed. */
static const char *const other_keys[] = {"id", "sharing", "required", "size", "mode", "uid", "gid", "env", NULL};

struct mount_parse {
    struct scope *s;
    const struct site *at;
    const struct df_flag *flag;
    struct str from, other_key;
    struct step_mount *out;
};

static bool is_one_of(struct str s, const char *const *list) {
    for (; *list; list++)
        if (str_eq_nocase(s, str_z(*list)))
            return true;
    return false;
}

/* The words that Go's strconv.ParseBool takes. */
static bool parse_bool(struct str s, bool *out) {
    static const char *const yes[] = {"1", "t", "T", "true", "True", "TRUE", NULL};
    static const char *const no[] = {"0", "f", "F", "false", "False", "FALSE", NULL};
    for (size_t k = 0; yes[k]; k++)
        if (str_eqz(s, yes[k]) || str_eqz(s, no[k])) {
            *out = str_eqz(s, yes[k]);
            return true;
        }
    return false;
}

static bool unknown_key(struct mount_parse *m, struct str field, struct str key, struct err *e) {
    const char *meant = nearest_option(key, mount_keys);
    return site_err(m->at, m->flag->pos, e, "RUN --mount: unknown key \"%.*s\"%s%s%s", STR_ARG(meant ? key : field),
                    meant ? " (did you mean " : "", meant ? meant : "", meant ? "?)" : "");
}

static bool set_writable(struct mount_parse *m, struct str key, bool has_value, struct str value, struct err *e) {
    bool on = true;
    if (has_value && !parse_bool(value, &on))
        return site_err(m->at, m->flag->pos, e, "RUN --mount: %.*s is true or false, not \"%.*s\"", STR_ARG(key), STR_ARG(value));
    bool writes = str_starts_nocase(key, S("rw")) || str_starts_nocase(key, S("readw"));
    m->out->writable = writes ? on : !on;
    return true;
}

static bool set_field(struct mount_parse *m, struct str field, struct err *e) {
    struct str key, value;
    bool has_value = str_cut(field, '=', &key, &value);
    bool is_switch = is_one_of(key, mount_keys + 7); /* ro readonly rw readwrite stand alone */
    if (is_one_of(key, other_keys)) {
        m->other_key = key;
        return true;
    }
    if (!is_one_of(key, mount_keys))
        return unknown_key(m, field, key, e);
    if (!has_value && !is_switch)
        return site_err(m->at, m->flag->pos, e, "RUN --mount: \"%.*s\" must be a key=value pair", STR_ARG(field));
    if (str_eq_nocase(key, S("from"))) {
        m->from = value;
        return true;
    }
    if (has_value && !scope_expand(m->s, m->at->i, m->flag->pos, value, &value, e))
        return false;
    if (is_switch)
        return set_writable(m, key, has_value, value, e);
    if (str_eq_nocase(key, S("type")))
        return mount_type_check(m->at, m->flag, value, e);
    if (str_eq_nocase(key, S("source")) || str_eq_nocase(key, S("src")))
        m->out->source = value;
    else
        m->out->target = value;
    return true;
}

static bool one_mount(struct mount_parse *m, struct err *e) {
    struct str_list fields = {0};
    m->out->kind = MOUNT_BIND;
    if (!mount_fields(m->s->arena, m->at, m->flag, &fields, e))
        return false;
    for (size_t k = 0; k < fields.n; k++)
        if (!set_field(m, fields.p[k], e))
            return false;
    if (m->other_key.n)
        return site_err(m->at, m->flag->pos, e, "RUN --mount: a mount of type bind has no \"%.*s\"", STR_ARG(m->other_key));
    if (!scope_path(m->s, m->at->i, m->out->target, &m->out->target, e))
        return false;
    if (str_eqz(m->out->target, "/"))
        return site_err(m->at, m->flag->pos, e, "RUN --mount: the root itself cannot be the target");
    m->out->source = path_resolve(m->s->arena, S("/"), m->out->source);
    return source_resolve(m->s->plan, m->s->stage->index, m->at, m->flag->pos, "RUN --mount from", m->from, &m->out->from, e);
}

bool step_run_mounts(struct scope *s, const struct df_instruction *i, struct step_run *out, struct err *e) {
    struct site at = scope_site(s, i);
    out->mounts = arena_array(s->arena, struct step_mount, i->n_flags);
    for (size_t k = 0; k < i->n_flags; k++) {
        struct mount_parse m = {.s = s, .at = &at, .flag = &i->flags[k], .out = &out->mounts[out->n_mounts]};
        if (!str_eqz(i->flags[k].name, "mount"))
            continue;
        if (!one_mount(&m, e))
            return false;
        out->n_mounts++;
    }
    return true;
}
