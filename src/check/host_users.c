/* SPDX-License-Identifier: Apache-2.0
 * Users and groups of the host, by its own passwd(5) and group(5), and who else may know some: nsswitch.conf(5). */
#include "base/limits.h"
#include "check/host_rules.h"
#include "check/words.h"

enum { FIELDS = 7 };

/* The next line with as many fields; those behind are empty where it has no more. */
static bool next_line(struct str *rest, size_t least, struct str field[FIELDS]) {
    struct str line;
    while (str_next(rest, '\n', &line)) {
        size_t n = 0;
        for (size_t k = 0; k < FIELDS; k++)
            field[k] = STR_NULL;
        while (n < FIELDS && str_next(&line, ':', &field[n]))
            n++;
        if (n >= least)
            return true;
    }
    return false;
}

static bool read_table(struct host_check *c, const char *path, struct str *text, struct str *why) {
    const char *reason = "";
    bool read = c->source->read(c->source->ctx, path, LIMIT_HOST_FILE_BYTES, c->arena, text, &reason) == HOST_READ;
    *why = read ? STR_NULL : arena_printf(c->arena, "%s: %s", path, reason);
    if (!read)
        *text = STR_NULL;
    return read;
}

static bool is_number(struct str text, uint32_t number) {
    uint64_t value;
    return str_to_u64(text, 10, UINT32_MAX, &value) && value == number;
}

bool host_group(struct host_check *c, const char *name, gid_t *gid, struct str *members, struct str *why) {
    struct str text, field[FIELDS];
    uint64_t number;
    if (read_table(c, "/etc/group", &text, why))
        *why = arena_printf(c->arena, "there is no group %s", name);
    while (next_line(&text, 3, field)) {
        if (!str_eqz(field[0], name) || !str_to_u64(field[2], 10, UINT32_MAX, &number))
            continue;
        *gid = (gid_t)number;
        *members = field[3];
        return true;
    }
    return false;
}

struct str host_primary_members(struct host_check *c, gid_t gid, struct str *why) {
    struct str text, field[FIELDS], members = STR_NULL;
    (void)read_table(c, "/etc/passwd", &text, why);
    while (next_line(&text, 4, field))
        if (is_number(field[3], gid) && members.n < LIMIT_MESSAGE_BYTES)
            members = members.n ? arena_join3(c->arena, members, S(","), field[0]) : field[0];
    return members;
}

struct str host_home(struct host_check *c, uid_t uid) {
    struct str text, field[FIELDS], why;
    (void)read_table(c, "/etc/passwd", &text, &why);
    while (next_line(&text, 6, field))
        if (is_number(field[2], uid))
            return field[5];
    return STR_NULL;
}

/* --- Who else knows users ------------------------------------------------------------------------------------------------------------ */

static bool next_word(struct str *rest, struct str *word) {
    size_t n = 0;
    *rest = str_trim_left(*rest);
    while (n < rest->n && !strchr(" \t\r", rest->p[n]))
        n++;
    *word = str_first(*rest, n);
    *rest = str_from(*rest, n);
    return n > 0;
}

/* "files sss [NOTFOUND=return]": what reads the tables above, or knows none of a group that people are put in, is none other. */
static struct str others_of(struct host_check *c, struct str sources) {
    static const char *const own[] = {"files", "compat", "systemd", NULL};
    struct str word, all = STR_NULL;
    bool bracket = false;
    while (next_word(&sources, &word)) {
        bracket |= str_starts(word, S("["));
        bool is_other = !bracket;
        for (size_t k = 0; own[k]; k++)
            is_other = is_other && !str_eqz(word, own[k]);
        if (is_other && all.n < LIMIT_MESSAGE_BYTES)
            all = all.n ? arena_join3(c->arena, all, S(", "), word) : word;
        bracket &= !str_ends(word, S("]"));
    }
    return all;
}

struct str host_other_users(struct host_check *c) {
    struct str text, line, name, sources, why, all = STR_NULL;
    const char *reason = "";
    enum host_read got = c->source->read(c->source->ctx, "/etc/nsswitch.conf", LIMIT_HOST_FILE_BYTES, c->arena, &text, &reason);
    if (got == HOST_DENIED)
        return arena_printf(c->arena, "/etc/nsswitch.conf: %s", reason);
    while (got == HOST_READ && str_next(&text, '\n', &line)) {
        (void)str_cut(line, '#', &line, &why);
        if (!str_cut(line, ':', &name, &sources) || !word_in("passwd group initgroups", str_trim(name)))
            continue;
        struct str others = others_of(c, sources);
        if (others.n)
            all = arena_printf(c->arena, "users and groups are known to %.*s too", STR_ARG(others));
    }
    return all;
}
