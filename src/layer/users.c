/* SPDX-License-Identifier: Apache-2.0
 * USER and --chown: a spec like "name:group" looked up in the image's own /etc/passwd and /etc/group (passwd(5), group(5)). Their lines
 * are read leniently, as images carry odd ones: a malformed line is as if it were not there. Names are never looked up on the host. */
#include "base/limits.h"
#include "base/vec.h"
#include "layer/names.h"
#include "layer/view.h"

struct user_line {
    struct str name, home;
    uint32_t uid, gid;
};
struct group_line {
    struct str name, members;
    uint32_t gid;
};

static bool to_id(struct str s, uint32_t *id) {
    uint64_t n;
    if (!str_to_u64(s, 10, LIMIT_ID, &n))
        return false;
    *id = (uint32_t)n;
    return true;
}

static bool all_digits(struct str s) {
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] < '0' || s.p[i] > '9')
            return false;
    return s.n > 0;
}

/* The fields of a line; at least `want` of them, else false. Those behind are left out, missing ones are empty. */
static bool split(struct str line, struct str *fields, size_t n, size_t want) {
    struct str field;
    size_t k = 0;
    for (size_t i = 0; i < n; i++)
        fields[i] = S("");
    while (k < n && str_next(&line, ':', &field))
        fields[k++] = field;
    return k >= want && fields[0].n > 0 && fields[0].p[0] != '#';
}

static bool next_user(struct str *passwd, struct user_line *u) {
    struct str line, f[7]; /* name:password:uid:gid:gecos:home:shell */
    while (str_next(passwd, '\n', &line))
        if (split(str_trim(line), f, 7, 4) && to_id(f[2], &u->uid) && to_id(f[3], &u->gid)) {
            u->name = f[0];
            u->home = f[5];
            return true;
        }
    return false;
}

static bool next_group(struct str *group, struct group_line *g) {
    struct str line, f[4]; /* name:password:gid:members */
    while (str_next(group, '\n', &line))
        if (split(str_trim(line), f, 4, 3) && to_id(f[2], &g->gid)) {
            g->name = f[0];
            g->members = f[3];
            return true;
        }
    return false;
}

static bool has_member(struct str members, struct str name) {
    struct str one;
    while (str_next(&members, ',', &one))
        if (str_eq(str_trim(one), name))
            return true;
    return false;
}

static bool read_table(const struct view *v, struct str path, struct arena *a, struct str *text, bool *found, struct err *e) {
    *text = S("");
    return view_read(v, path, a, text, found, e);
}

/* Where a name was looked for in vain. */
static bool unknown(const char *what, struct str name, const char *file, bool there, struct err *e) {
    if (there)
        return err_set(e, ERR_FAILED, "%s \"%s\" is not in the image's /etc/%s", what, SHOWN(name), file);
    return err_set(e, ERR_FAILED, "%s \"%s\" cannot be looked up: the image has no /etc/%s; use a number", what, SHOWN(name), file);
}

static bool find_user(const struct view *v, struct str spec, struct arena *a, struct user_ids *out, bool *listed, struct err *e) {
    struct str passwd;
    bool there, number = all_digits(spec);
    struct user_line u = {0};
    if (number && !to_id(spec, &out->uid))
        return err_set(e, ERR_FAILED, "user number %s is larger than %u", SHOWN(spec), LIMIT_ID);
    if (!read_table(v, S("etc/passwd"), a, &passwd, &there, e))
        return false;
    *listed = false;
    while (!*listed && next_user(&passwd, &u))
        *listed = number ? u.uid == out->uid : str_eq(u.name, spec);
    if (!*listed)
        return number || unknown("user", spec, "passwd", there, e);
    out->uid = u.uid;
    out->gid = u.gid;
    out->name = arena_str(a, u.name);
    if (u.home.n > 0)
        out->home = arena_str(a, u.home);
    return true;
}

static bool find_group(const struct view *v, struct str spec, struct arena *a, uint32_t *gid, struct err *e) {
    struct str group;
    bool there;
    struct group_line g = {0};
    if (all_digits(spec))
        return to_id(spec, gid) || err_set(e, ERR_FAILED, "group number %s is larger than %u", SHOWN(spec), LIMIT_ID);
    if (!read_table(v, S("etc/group"), a, &group, &there, e))
        return false;
    while (next_group(&group, &g))
        if (str_eq(g.name, spec)) {
            *gid = g.gid;
            return true;
        }
    return unknown("group", spec, "group", there, e);
}

static bool holds(const uint32_t *p, size_t n, uint32_t gid) {
    for (size_t i = 0; i < n; i++)
        if (p[i] == gid)
            return true;
    return false;
}

/* The user's own group, as docker has it: what a file denies to it stays denied in a set-group-id program, which has another gid. Then
 * the groups that list the user, unless a group was named; each once, in the file's order. */
static bool find_groups(const struct view *v, bool listed, struct arena *a, struct user_ids *out, struct err *e) {
    struct str group = S("");
    bool there;
    struct group_line g = {0};
    VEC(uint32_t) gids = {0};
    if (listed && !read_table(v, S("etc/group"), a, &group, &there, e))
        return false;
    vec_push(&gids, out->gid);
    while (gids.n <= LIMIT_GROUPS && next_group(&group, &g))
        if (has_member(g.members, out->name) && !holds(gids.p, gids.n, g.gid))
            vec_push(&gids, g.gid);
    out->n_groups = gids.n;
    out->groups = arena_array(a, uint32_t, gids.n);
    memcpy(out->groups, gids.p, gids.n * sizeof *gids.p);
    vec_fini(&gids);
    return out->n_groups <= LIMIT_GROUPS ||
           err_set(e, ERR_FAILED, "user \"%s\" is in more than %d groups of the image's /etc/group", SHOWN(out->name), LIMIT_GROUPS);
}

bool view_user(const struct view *v, struct str spec, enum user_purpose purpose, struct arena *a, struct user_ids *out, struct err *e) {
    struct str user, group;
    bool listed;
    *out = (struct user_ids){.home = S("/"), .name = S("")};
    str_cut(spec, ':', &user, &group);
    bool bare_number = all_digits(user) && group.n == 0;
    if (!find_user(v, user.n ? user : S("0"), a, out, &listed, e))
        return false;
    if (group.n > 0 && !find_group(v, group, a, &out->gid, e))
        return false;
    if (purpose == USER_CHOWN && bare_number)
        out->gid = out->uid; /* as docker: --chown=1000 means 1000:1000 whatever passwd says */
    return purpose == USER_CHOWN || find_groups(v, listed && group.n == 0, a, out, e);
}
