/* SPDX-License-Identifier: Apache-2.0
 * Names of stages and images in COPY --from and RUN --mount: see source.h. */
#include "plan/source.h"

#include "plan/flags.h"
#include "plan/reference.h"

static bool is_digits(struct str s) {
    for (size_t k = 0; k < s.n; k++)
        if (s.p[k] < '0' || s.p[k] > '9')
            return false;
    return s.n > 0;
}

static bool by_index(const struct plan *p, size_t from, struct str name, size_t *stage, struct err *e) {
    uint64_t index;
    if (!str_to_u64(name, 10, SIZE_MAX, &index) || index >= p->n_stages)
        return err_set(e, ERR_USAGE, "there is no stage %.*s: the file has %zu", STR_ARG(name), p->n_stages);
    if (index >= from)
        return err_set(e, ERR_USAGE, index == from ? "stage %.*s is this stage itself" : "stage %.*s comes after this one", STR_ARG(name));
    *stage = (size_t)index;
    return true;
}

/* Stage names begin with a letter, so a number is always an index. Of equal names the nearest above counts. */
bool plan_find_stage(const struct plan *p, size_t from, struct str name, bool *found, size_t *stage, struct err *e) {
    *found = true;
    if (is_digits(name))
        return by_index(p, from, name, stage, e);
    for (size_t k = from; k-- > 0;)
        if (name.n && str_eq_nocase(p->stages[k].name, name)) {
            *stage = k;
            return true;
        }
    for (size_t k = from; k < p->n_stages; k++)
        if (name.n && str_eq_nocase(p->stages[k].name, name))
            return err_set(e, ERR_USAGE, k == from ? "\"%.*s\" is this stage itself" : "stage \"%.*s\" comes after this one",
                           STR_ARG(name));
    *found = false;
    return true;
}

bool source_resolve(const struct plan *p, size_t stage, const struct site *at, struct df_pos pos, const char *what, struct str name,
                    struct source_ref *out, struct err *e) {
    bool found;
    *out = (struct source_ref){.kind = SOURCE_CONTEXT};
    if (name.n == 0)
        return true;
    if (str_index(name, '$') >= 0)
        return site_err(at, pos, e, "%s takes no variables (\"%.*s\"): write FROM %.*s AS name above, and name it", what, STR_ARG(name),
                        STR_ARG(name));
    if (!plan_find_stage(p, stage, name, &found, &out->stage, e))
        return site_wrap(at, pos, e, "%s=%.*s", what, STR_ARG(name));
    out->kind = found ? SOURCE_STAGE : SOURCE_IMAGE;
    out->image = found ? STR_NULL : name;
    if (!found && str_eqz(name, "scratch"))
        return site_err(at, pos, e, "%s=scratch: there is nothing in scratch", what);
    const char *fault = found ? NULL : reference_fault(name);
    return !fault || site_err(at, pos, e, "%s=%.*s is neither a stage nor the name of an image: %s", what, STR_ARG(name), fault);
}

/* One field from *rest on; quotes and their doubling are undone. False: a quote is out of place. */
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

bool mount_fields(struct arena *a, const struct site *at, const struct df_flag *mount, struct str_list *out, struct err *e) {
    struct str rest = mount->value;
    bool more = true;
    while (more) {
        struct str field;
        if (!next_field(a, &rest, &field, &more))
            return site_err(at, mount->pos, e, "--mount=%.*s: a quote is out of place", STR_ARG(mount->value));
        str_list_add(a, out, field);
    }
    return true;
}

bool mount_peek(struct arena *a, const struct site *at, const struct df_flag *mount, struct str *from, struct str *type, struct err *e) {
    struct str_list fields = {0};
    *from = *type = STR_NULL;
    if (!mount_fields(a, at, mount, &fields, e))
        return false;
    for (size_t k = 0; k < fields.n; k++) {
        struct str key, value;
        if (str_cut(fields.p[k], '=', &key, &value) && str_eq_nocase(key, S("from")))
            *from = value;
        else if (str_eq_nocase(key, S("type")))
            *type = value;
    }
    return true;
}

bool mount_type_check(const struct site *at, const struct df_flag *mount, struct str type, struct err *e) {
    static const char *const others[] = {"cache", "tmpfs", "secret", "ssh"};
    char what[64];
    if (str_eq_nocase(type, S("bind")))
        return true;
    for (size_t k = 0; k < sizeof others / sizeof others[0]; k++)
        if (str_eq_nocase(type, str_z(others[k]))) {
            snprintf(what, sizeof what, "RUN --mount=type=%s", others[k]);
            return not_supported(at, mount->pos, e, what);
        }
    return site_err(at, mount->pos, e, "RUN --mount: there is no type \"%.*s\"; it is bind, cache, tmpfs, secret or ssh", STR_ARG(type));
}
