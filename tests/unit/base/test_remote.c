/* SPDX-License-Identifier: Apache-2.0
 * What a text that may name something elsewhere is taken for. */
#include "base/remote.h"
#include "tap.h"

static const struct {
    const char *text;
    enum remote_kind kind;
} cases[] = {
    {"", REMOTE_NOT}, {"a/b", REMOTE_NOT}, {"/abs.git", REMOTE_NOT}, {"github.com/owner/name", REMOTE_NOT}, {"ftp://h/x", REMOTE_NOT},
    {"http:/h/x", REMOTE_NOT}, {"c:/x", REMOTE_NOT},
    {"a@b", REMOTE_NOT}, {"@h:x", REMOTE_NOT}, {"a@:x", REMOTE_NOT}, {"a.b@h:x", REMOTE_NOT}, {"a@h_h:x", REMOTE_NOT},
    {"http://h/x", REMOTE_URL}, {"HTTPS://h/x?a=.git", REMOTE_URL}, {"https://h/x.git/y", REMOTE_URL}, {"https://h/x#r.git", REMOTE_URL},
    {"https://h/x.git", REMOTE_GIT}, {"https://h/x.git#main:sub", REMOTE_GIT}, {"https://h/x.git?ref=v1#a", REMOTE_GIT},
    {"git@h:x", REMOTE_GIT}, {"git_1@host.test:a/b.git#v1", REMOTE_GIT}, {"ssh://h/x", REMOTE_GIT}, {"Git://h/x", REMOTE_GIT},
};

int main(void) {
    struct str login, path;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        ok(remote_kind_of(str_z(cases[i].text)) == cases[i].kind, "\"%s\"", cases[i].text);
    ok(remote_cut_scp(S("git@h:a:b"), &login, &path), "user@host:path");
    is_str(login, S("git@h"), "... who and where");
    is_str(path, S("a:b"), "... and what");
    return tap_done();
}
