/* SPDX-License-Identifier: Apache-2.0
 * Texts that name something elsewhere: see remote.h. */
#include "base/remote.h"

static bool is_word(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-';
}

static bool is_user(struct str s) {
    for (size_t i = 0; i < s.n; i++)
        if (!is_word(s.p[i]) && s.p[i] != '_')
            return false;
    return s.n > 0;
}

static bool is_host(struct str s) {
    for (size_t i = 0; i < s.n; i++)
        if (!is_word(s.p[i]) && s.p[i] != '.')
            return false;
    return s.n > 0;
}

bool remote_cut_scp(struct str s, struct str *login, struct str *path) {
    struct str user, host;
    if (str_find(s, S("://")) >= 0) /* git would take it for a URL of an unknown protocol */
        return false;
    return str_cut(s, ':', login, path) && str_cut(*login, '@', &user, &host) && is_user(user) && is_host(host);
}

enum remote_kind remote_kind_of(struct str text) {
    struct str login, path, ignored;
    if (remote_cut_scp(text, &login, &path) || str_starts_nocase(text, S("git://")) || str_starts_nocase(text, S("ssh://")))
        return REMOTE_GIT;
    if (!str_starts_nocase(text, S("http://")) && !str_starts_nocase(text, S("https://")))
        return REMOTE_NOT;
    (void)str_cut(text, '#', &path, &ignored);
    (void)str_cut(path, '?', &path, &ignored);
    return str_ends(path, S(".git")) ? REMOTE_GIT : REMOTE_URL;
}
