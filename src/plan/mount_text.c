/* SPDX-License-Identifier: Apache-2.0
 * --mount=type=...,target=...: see mount_text.h. */
#include "plan/mount_text.h"

#include "plan/flags.h"
#include "plan/steps.h"
#include "plan/words.h"

/* --- Fields ---------------------------------------------------------------------------------------------------------------------- */

/* One field from *rest on; quotes and their doubling are undone, as Go's CSV has them. False: a quote is out of place. */
static bool next_field(struct arena *a, struct str *rest, struct str *field, bool *more) {
    if (rest->n == 0 || rest->p[0] != '"') {
        *more = str_cut(*rest, ',', field, rest);
        return str_index(*field, '"') < 0;
    }
    char *out = arena_alloc(a, rest->n, 1);
    size_t n = 0, k = 1;
    for (; k < rest->n; k++) {
        if (rest->p[k] == '"' && (k + 1 == rest->n || rest->p[k + 1] != '"'))
            break;
        k += rest->p[k] == '"';
        out[n++] = rest->p[k];
    }
    *field = (struct str){out, n};
    if (k >= rest->n)
        return false;
    *rest = str_from(*rest, k + 1);
    *more = rest->n > 0;
    if (*more && rest->p[0] != ',')
        return false;
    *rest = str_from(*rest, *more);
    return true;
}

/* --- Keys ------------------------------------------------------------------------------------------------------------------------ */

enum {
    BIND = 1 << MOUNT_BIND,
    CACHE = 1 << MOUNT_CACHE,
    TMPFS = 1 << MOUNT_TMPFS,
    SECRET = 1 << MOUNT_SECRET,
    SSH = 1 << MOUNT_SSH,
    ALL = BIND | CACHE | TMPFS | SECRET | SSH,
    FILES = CACHE | SECRET | SSH,
};

static const struct key_rule {
    const char *name;
    enum mount_key key;
    unsigned allowed;  /* types that take it; for others it is an error */
    unsigned used;     /* types for which it means something; BuildKit lets the rest pass, so that they are warned of */
    bool is_switch;    /* may stand without a value */
} rules[] = {
    {"type", MOUNT_TYPE, ALL, ALL, false},
    {"from", MOUNT_FROM, ALL & ~SECRET, BIND | CACHE, false},
    {"source", MOUNT_SOURCE, BIND | CACHE | SECRET, ALL, false},
    {"src", MOUNT_SOURCE, BIND | CACHE | SECRET, ALL, false},
    {"target", MOUNT_TARGET, ALL, ALL, false},
    {"dst", MOUNT_TARGET, ALL, ALL, false},
    {"destination", MOUNT_TARGET, ALL, ALL, false},
    {"ro", MOUNT_READONLY, ALL, ALL, true},
    {"readonly", MOUNT_READONLY, ALL, ALL, true},
    {"rw", MOUNT_READWRITE, ALL, BIND | CACHE | TMPFS, true},
    {"readwrite", MOUNT_READWRITE, ALL, BIND | CACHE | TMPFS, true},
    {"id", MOUNT_ID, ALL, FILES, false},
    {"sharing", MOUNT_SHARING, CACHE, ALL, false},
    {"required", MOUNT_REQUIRED, SECRET | SSH, ALL, true},
    {"size", MOUNT_SIZE, TMPFS, ALL, false},
    {"mode", MOUNT_MODE, FILES, ALL, false},
    {"uid", MOUNT_UID, FILES, ALL, false},
    {"gid", MOUNT_GID, FILES, ALL, false},
    {"env", MOUNT_ENV, ALL, SECRET, false},
};
enum { RULES = sizeof rules / sizeof rules[0] };

static const char *const kinds[] = {"bind", "cache", "tmpfs", "secret", "ssh", NULL};
static const char *const sharings[] = {"shared", "private", "locked", NULL};

struct reader {
    struct arena *a;
    const struct site *at;
    const struct df_flag *flag;
    struct scope *s;
    struct mount_text *out;
};

static const struct key_rule *find_key(struct str key) {
    for (size_t k = 0; k < RULES; k++)
        if (str_eq_nocase(key, str_z(rules[k].name)))
            return &rules[k];
    return NULL;
}

bool mount_has(const struct mount_text *m, enum mount_key key) {
    return m->given & 1u << key;
}

static bool unknown_key(const struct reader *r, struct str field, struct str key, struct err *e) {
    const char *names[RULES + 1] = {NULL};
    for (size_t k = 0; k < RULES; k++)
        names[k] = rules[k].name;
    const char *meant = key.n ? nearest_option(key, names) : NULL;
    return site_err(r->at, r->flag->pos, e, "RUN --mount: unknown key \"%s\"%s%s%s", SHOWN(meant ? key : field),
                    meant ? " (did you mean " : "", meant ? meant : "", meant ? "?)" : "");
}

/* --- Values ---------------------------------------------------------------------------------------------------------------------- */

/* The place of a word in a list, whatever its case; -1: it is not there. */
static int place_of(struct str s, const char *const *list) {
    for (int k = 0; list[k]; k++)
        if (str_eq_nocase(s, str_z(list[k])))
            return k;
    return -1;
}

static bool bad_value(const struct reader *r, struct str key, struct str value, const char *wanted, struct err *e) {
    return site_err(r->at, r->flag->pos, e, "RUN --mount: %s is %s, not \"%s\"", SHOWN(key), wanted, SHOWN(value));
}

static bool set_type(struct reader *r, struct str value, struct err *e) {
    int kind = place_of(value, kinds);
    if (kind >= 0) {
        r->out->kind = (enum mount_kind)kind;
        return true;
    }
    const char *meant = nearest_option(value, kinds);
    return site_err(r->at, r->flag->pos, e, "RUN --mount: there is no type \"%s\"%s%s%s; it is bind, cache, tmpfs, secret or ssh",
                    SHOWN(value), meant ? " (did you mean " : "", meant ? meant : "", meant ? "?)" : "");
}

static bool set_sharing(struct reader *r, struct str key, struct str value, struct err *e) {
    int sharing = place_of(value, sharings);
    if (sharing < 0)
        return bad_value(r, key, value, "shared, private or locked", e);
    r->out->sharing = (enum cache_sharing)sharing;
    return true;
}

static bool set_switch(struct reader *r, const struct key_rule *rule, struct str key, bool has_value, struct str value, struct err *e) {
    bool on = true;
    if (has_value && !str_to_bool(value, &on))
        return bad_value(r, key, value, "true or false", e);
    if (rule->key == MOUNT_REQUIRED)
        r->out->required = on;
    else
        r->out->readonly = (rule->key == MOUNT_READONLY) == on;
    return true;
}

static bool set_number(struct reader *r, struct str key, struct str value, unsigned base, uint64_t max, uint32_t *out, struct err *e) {
    uint64_t n;
    if (!str_to_u64(value, base, max, &n))
        return bad_value(r, key, value, base == 8 ? "an octal number from 0 to 7777" : "a number that a user or group may have", e);
    *out = (uint32_t)n;
    return true;
}

static bool set_env(struct reader *r, struct str key, struct str value, struct err *e) {
    r->out->env = value;
    return (value.n && str_index(value, '=') < 0) || bad_value(r, key, value, "the name of a variable", e);
}

static bool set_value(struct reader *r, const struct key_rule *rule, struct str key, bool has_value, struct str value, struct err *e) {
    struct mount_text *m = r->out;
    switch (rule->key) {
    case MOUNT_TYPE:
        return set_type(r, value, e);
    case MOUNT_FROM:
        m->from = value;
        return true;
    case MOUNT_SOURCE:
        m->source = value;
        return true;
    case MOUNT_TARGET:
        m->target = value;
        return true;
    case MOUNT_ID:
        m->id = value;
        return true;
    case MOUNT_READONLY: case MOUNT_READWRITE: case MOUNT_REQUIRED:
        return set_switch(r, rule, key, has_value, value, e);
    case MOUNT_SHARING:
        return set_sharing(r, key, value, e);
    case MOUNT_SIZE:
        return size_parse(value, &m->size_bytes) || bad_value(r, key, value, "a size like 64m or 1.5g", e);
    case MOUNT_MODE:
        return set_number(r, key, value, 8, 07777, &m->mode, e);
    case MOUNT_UID:
        return set_number(r, key, value, 10, LIMIT_ID, &m->uid, e);
    case MOUNT_GID:
        return set_number(r, key, value, 10, LIMIT_ID, &m->gid, e);
    case MOUNT_ENV:
        return set_env(r, key, value, e);
    case MOUNT_KEYS:
        break;
    }
    return true;
}

/* Whether expansion would leave it as it is. */
static bool is_plain(struct str s) {
    for (size_t k = 0; k < s.n; k++)
        if (s.p[k] == '$' || s.p[k] == '"' || s.p[k] == '\'' || s.p[k] == '\\' || s.p[k] == '`')
            return false;
    return true;
}

static bool read_field(struct reader *r, struct str field, struct err *e) {
    struct str key, value;
    bool has_value = str_cut(field, '=', &key, &value);
    const struct key_rule *rule = find_key(key);
    if (!rule)
        return unknown_key(r, field, key, e);
    if (!has_value && !rule->is_switch)
        return site_err(r->at, r->flag->pos, e, "RUN --mount: \"%s\" must be a key=value pair", SHOWN(field));
    r->out->given |= 1u << rule->key;
    r->out->open &= ~(1u << rule->key);
    if (rule->key == MOUNT_FROM)
        return set_value(r, rule, key, has_value, value, e);
    if (r->s && !scope_expand(r->s, r->at->i, r->flag->pos, value, &value, e))
        return false;
    if (r->s || is_plain(value))
        return set_value(r, rule, key, has_value, value, e);
    r->out->open |= 1u << rule->key;
    return true;
}

/* --- The whole ------------------------------------------------------------------------------------------------------------------- */

/* Whether the type takes what was given; a type that is not known yet takes everything. */
static bool check_keys(const struct reader *r, struct err *e) {
    const struct mount_text *m = r->out;
    unsigned kind = 1u << m->kind;
    if (m->open & 1u << MOUNT_TYPE)
        return true;
    for (size_t k = 0; k < RULES; k++) {
        if (!mount_has(m, rules[k].key))
            continue;
        if (!(rules[k].allowed & kind))
            return site_err(r->at, r->flag->pos, e, "RUN --mount: a mount of type %s has no \"%s\"", kinds[m->kind], rules[k].name);
        bool alias = k && rules[k - 1].key == rules[k].key;
        if (!(rules[k].used & kind) && r->s && !alias)
            scope_warn(r->s, r->flag->pos, "IgnoredOption", "RUN --mount: \"%s\" means nothing to a mount of type %s", rules[k].name,
                       kinds[m->kind]);
    }
    return true;
}

bool mount_read(struct arena *a, const struct site *at, const struct df_flag *mount, struct scope *s, struct mount_text *out,
                struct err *e) {
    struct reader r = {a, at, mount, s, out};
    struct str rest = mount->value;
    bool more = true;
    *out = (struct mount_text){.kind = MOUNT_BIND};
    while (more) {
        struct str field;
        if (!next_field(a, &rest, &field, &more))
            return site_err(at, mount->pos, e, "--mount=%s: a quote is out of place", SHOWN(mount->value));
        if (!read_field(&r, field, e))
            return false;
    }
    return check_keys(&r, e);
}
