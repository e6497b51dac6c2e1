/* SPDX-License-Identifier: Apache-2.0
 * What the plan reads and nothing here carries out yet, one row each: it fails by name. Who implements a thing takes its row away. */
#include "build/stage.h"

/* --- What a step has ------------------------------------------------------------------------------------------------------------- */

static bool has_mount(const struct step *s, enum mount_kind kind) {
    for (size_t k = 0; k < s->run.n_mounts; k++)
        if (s->run.mounts[k].kind == kind)
            return true;
    return false;
}

static bool linked(const struct step *s) { return s->copy.link; }
static bool parents(const struct step *s) { return s->copy.parents; }
static bool excludes(const struct step *s) { return s->copy.n_excludes > 0; }
static bool symbolic(const struct step *s) { return s->copy.chmod.symbolic; }
static bool unpack(const struct step *s) { return s->copy.unpack == UNPACK_YES; }
static bool cache(const struct step *s) { return has_mount(s, MOUNT_CACHE); }
static bool tmpfs(const struct step *s) { return has_mount(s, MOUNT_TMPFS); }
static bool secret(const struct step *s) { return has_mount(s, MOUNT_SECRET); }
static bool ssh(const struct step *s) { return has_mount(s, MOUNT_SSH); }
static bool insecure(const struct step *s) { return s->run.insecure; }

/* `flag` tells the place; `field` is what it must say ("type=cache" among others), NULL: anything but "false". */
static const struct missing {
    const char *what;
    bool (*in)(const struct step *s);
    const char *flag, *field;
} rows[] = {
    {" --link", linked, "link", NULL},
    {" --parents", parents, "parents", NULL},
    {" --exclude", excludes, "exclude", NULL},
    {" --chmod with letters (other than octal digits)", symbolic, NULL, NULL},
    {" --unpack", unpack, "unpack", NULL},
    {" --mount=type=cache", cache, "mount", "type=cache"},
    {" --mount=type=tmpfs", tmpfs, "mount", "type=tmpfs"},
    {" --mount=type=secret", secret, "mount", "type=secret"},
    {" --mount=type=ssh", ssh, "mount", "type=ssh"},
    {" --security=insecure", insecure, "security", "insecure"},
};
enum { ROWS = sizeof rows / sizeof rows[0] };

static bool says(const struct df_flag *f, const char *field) {
    struct str rest = f->value, piece;
    if (!field)
        return !str_eq_nocase(f->value, S("false"));
    while (str_next(&rest, ',', &piece))
        if (str_eq_nocase(piece, str_z(field)))
            return true;
    return false;
}

static const struct df_flag *find_flag(const struct missing *m, const struct df_instruction *i) {
    for (size_t k = 0; m->flag && k < i->n_flags; k++)
        if (str_eqz(i->flags[k].name, m->flag) && says(&i->flags[k], m->field))
            return &i->flags[k];
    return NULL;
}

static bool refuse(const struct build *b, const struct missing *m, const struct df_instruction *i, struct err *e) {
    const struct df_flag *flag = find_flag(m, i);
    struct df_pos at = flag ? flag->pos : i->pos;
    return err_set(e, ERR_USAGE, "%.*s:%u:%u: %s%s is not supported by this version of croze", STR_ARG(b->file.name), at.line, at.column,
                   df_op_name(i->op), m->what);
}

bool step_is_supported(const struct build *b, const struct step *s, struct err *e) {
    for (size_t k = 0; k < ROWS; k++)
        if (rows[k].in(s))
            return refuse(b, &rows[k], s->from, e);
    return true;
}

static bool looks_supported(const struct build *b, const struct df_instruction *i, struct err *e) {
    for (size_t k = 0; k < ROWS; k++)
        if (find_flag(&rows[k], i))
            return refuse(b, &rows[k], i, e);
    return true;
}

bool plan_is_supported(const struct build *b, struct err *e) {
    for (size_t k = 0; k < b->plan.n_stages; k++) {
        const struct plan_stage *s = &b->plan.stages[k];
        for (size_t i = 0; s->needed && i < s->n_body; i++)
            if (!looks_supported(b, &s->body[i], e))
                return false;
    }
    return true;
}
