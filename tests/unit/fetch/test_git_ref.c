/* SPDX-License-Identifier: Apache-2.0
 * Texts of repositories without a network: BuildKit's forms, and what must not become an option of git or ssh. */
#include "fetch/git_ref.h"
#include "fixture.h"

/* "remote ref subdir checksum flags"; "-" for nothing. Flags: k keep-git-dir, K not so, s no submodules, m commit times, c by commit */
static struct str summary(const struct git_ref *r) {
    return text("%.*s %.*s %.*s %.*s %s%s%s%s", STR_ARG(r->remote), STR_ARG(r->ref.n ? r->ref : S("-")),
                STR_ARG(r->subdir.n ? r->subdir : S("-")), STR_ARG(r->checksum.n ? r->checksum : S("-")),
                !r->has_keep_git_dir ? "" : r->keep_git_dir ? "k" : "K", r->skip_submodules ? "s" : "", r->commit_times ? "m" : "",
                r->fetch_by_commit ? "c" : "");
}

static void forms(void) {
    static const char *const rows[][2] = {
        {"https://example.com/foo.git", "https://example.com/foo.git - - - "},
        {"https://example.com/foo.git#deadbeef", "https://example.com/foo.git deadbeef - - "},
        {"https://example.com/foo.git#release/1.2", "https://example.com/foo.git release/1.2 - - "},
        {"git://example.com/foo", "git://example.com/foo - - - "},
        {"https://foo:bar@github.com/moby/buildkit.git", "https://github.com/moby/buildkit.git - - - "},
        {"git@github.com:moby/buildkit", "git@github.com:moby/buildkit - - - "},
        {"git@github.com:moby/buildkit.git?subdir=/subdir#v1.0.0", "git@github.com:moby/buildkit.git v1.0.0 subdir - "},
        {"ssh://git@host:22/r.git#:dir", "ssh://git@host:22/r.git - dir - "},
        {"https://github.com/foo/bar.git#baz/qux:quux/quuz", "https://github.com/foo/bar.git baz/qux quux/quuz - "},
        {"https://github.com/docker/docker.git#:myfolder", "https://github.com/docker/docker.git - myfolder - "},
        {"https://github.com/docker/docker.git?ref=v1.0.0&subdir=/subdir", "https://github.com/docker/docker.git v1.0.0 subdir - "},
        {"https://github.com/moby/buildkit.git?tag=v1.0.0", "https://github.com/moby/buildkit.git refs/tags/v1.0.0 - - "},
        {"https://github.com/moby/buildkit.git?branch=v1.0", "https://github.com/moby/buildkit.git refs/heads/v1.0 - - "},
        {"github.com/moby/buildkit?tag=v1.0.0", "https://github.com/moby/buildkit refs/tags/v1.0.0 - - "},
        {"github.com/moby/buildkit#master", "https://github.com/moby/buildkit master - - "},
        {"https://h/r.git?checksum=DEADBEEF&keep-git-dir", "https://h/r.git - - deadbeef k"},
        {"https://h/r.git?commit=deadbeef&keep-git-dir=0&submodules=false&mtime=commit", "https://h/r.git - - deadbeef Ksm"},
        {"https://h/r.git?mtime=checkout&submodules", "https://h/r.git - - - "},
        {"https://h/r.git?fetch-by-commit&checksum=0123456789abcdef0123456789abcdef01234567#x",
         "https://h/r.git x - 0123456789abcdef0123456789abcdef01234567 c"},
        {"https://h/r.git?ref=a%2Fb", "https://h/r.git a/b - - "},
        {"https://h/r.git#a%2Fb:c%20d", "https://h/r.git a/b c d - "},
        {"https://h/r.git#main:../../a/./b//..", "https://h/r.git main a - "},
    };
    struct err e = ERR_INIT;
    struct git_ref r;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        bool good = git_ref_parse(&arena, str_z(rows[i][0]), &r, &e);
        is_str(good ? summary(&r) : str_z(e.msg), str_z(rows[i][1]), rows[i][0]);
        err_clear(&e);
    }
    must(git_ref_parse(&arena, S("https://us%20er:p%40ss@h/r.git"), &r, &e), &e);
    ok(str_eqz(r.user, "us er") && str_eqz(r.password, "p@ss") && r.scheme == URL_HTTPS, "credentials of http are kept apart");
}

static void is_refused(void) {
    static const char *const rows[][2] = {
        {"https://example.com/foo", "no repository"},
        {"https://example.com/foo.git/", "no repository"},
        {"https://example.com/foo.git.bar", "no repository"},
        {"custom.xyz/moby/buildkit.git", "no repository"},
        {"./.git", "no repository"},
        {".git", "no repository"},
        {"ext::sh -c touch% /tmp/pwned", "no repository"},
        {"file:///srv/r.git", "no repository"},
        {"--upload-pack=touch /tmp/x", "no repository"},
        {"-u@host:path", "may begin with a \"-\""},
        {"git@-oProxyCommand=x:path", "no repository"},
        {"git@-host:path", "may begin with a \"-\""},
        {"git@host:-path", "may begin with a \"-\""},
        {"git@host:", "may begin with a \"-\" or be empty"},
        {"git@host:a b", "a blank"},
        {"ssh://-oProxyCommand=touch/r", "Bad hostname"},
        {"ssh://-host/r", "may begin with a \"-\""},
        {"ssh://-user@host/r", "may begin with a \"-\""},
        {"ssh://us%27er@host/r", "no user of ssh"},
        {"ssh://git:pw@host/r", "a password has no use"},
        {"ssh://host/-r", "may begin with a \"-\""},
        {"https://h/r.git#-upload-pack", "not the name of a branch"},
        {"https://h/r.git?ref=a:b", "not the name of a branch"},
        {"https://h/r.git?ref=%2Ba", "not the name of a branch"},
        {"https://h/r.git?ref=a+b", "means a blank"},
        {"https://h/r.git#a%00b", "control character"},
        {"https://h/r.git#a*", "not the name of a branch"},
        {"https://h/r.git#a..b", "not the name of a branch"},
        {"https://h/r.git#HEAD^", "not the name of a branch"},
        {"https://h/r.git?ref=v1#v2", "two different refs"},
        {"https://h/r.git?ref=v1&tag=v2", "two different refs"},
        {"https://h/r.git?tag=v1&branch=v1", "both ?tag and ?branch"},
        {"https://h/r.git?subdir=a#:b", "two different directories"},
        {"https://h/r.git?checksum=aaaa&commit=bbbb", "two different commits"},
        {"https://h/r.git?checksum=abc", "a commit or its beginning"},
        {"https://h/r.git?checksum=wxyz", "a commit or its beginning"},
        {"https://h/r.git?ref=a&ref=a", "given twice"},
        {"https://h/r.git?ref=", "has no value"},
        {"https://h/r.git?mtime=now", "\"checkout\" or \"commit\""},
        {"https://h/r.git?submodules=maybe", "neither true nor false"},
        {"https://h/r.git?invalid=123", "?invalid is not known"},
        {"https://h/r.git?fetch-by-commit&checksum=deadbeef", "needs a whole commit"},
    };
    struct err e = ERR_INIT;
    struct git_ref r;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        ok(!git_ref_parse(&arena, str_z(rows[i][0]), &r, &e) && e.kind == ERR_USAGE, "refused: %s", rows[i][0]);
        is_err(&e, rows[i][1], "says why");
    }
}

static void kinds_and_names(void) {
    struct err e = ERR_INIT;
    struct str name;
    ok(git_kind(S("https://h/r.git?x#y")) == GIT_REPOSITORY && git_kind(S("git@h:r")) == GIT_REPOSITORY &&
           git_kind(S("SSH://h/r")) == GIT_REPOSITORY && git_kind(S("github.com/a/b")) == GIT_SHORTHAND &&
           git_kind(S("https://h/r.git/x")) == GIT_NOT && git_kind(S("a@b")) == GIT_NOT && git_kind(S("dir/a@b:c")) == GIT_NOT &&
           git_kind(STR_NULL) == GIT_NOT,
       "kinds of texts");
    must(git_name(&arena, S("https://u:p@h/r.git?tag=v1&subdir=x"), &name, &e), &e);
    is_str(name, S("https://h/r.git#refs/tags/v1"), "the lock's name has remote and ref");
    must(git_name(&arena, S("git@h:r.git#:x"), &name, &e), &e);
    is_str(name, S("git@h:r.git"), "or the remote alone");
    ok(!git_name(&arena, S("https://u:secret@h/r.git?x=y"), &name, &e) && str_find(str_z(e.msg), S("secret")) < 0, "no password in errors");
    err_clear(&e);
    ok(git_is_commit(S("0123456789abcdef0123456789abcdef01234567")) && !git_is_commit(S("0123456789ABCDEF0123456789abcdef01234567")) &&
           !git_is_commit(S("0123")),
       "whole commits");
}

static void submodules(void) {
    static const char *const rows[][3] = {
        {"https://h/a/b.git", "https://x/c.git", "https://x/c.git"},   {"https://h/a/b.git", "../c.git", "https://h/a/c.git"},
        {"https://h/a/b.git/", "../../c.git", "https://h/c.git"},      {"https://h/a/b.git", "./c.git", "https://h/a/b.git/c.git"},
        {"git@h:a/b.git", "../c.git", "git@h:a/c.git"},                {"git@h:b.git", "../c.git", "git@h:c.git"},
        {"https://h/a/b.git", "../../../c.git", NULL},                 {"git@h:b.git", "../../c.git", NULL},
        {"https://h/a/b.git", ".././../c.git", "https://h/c.git"},
    };
    struct err e = ERR_INIT;
    struct str out = STR_NULL;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        bool good = git_submodule_remote(&arena, str_z(rows[i][0]), str_z(rows[i][1]), &out, &e);
        if (rows[i][2])
            is_str(good ? out : str_z(e.msg), str_z(rows[i][2]), "a submodule's remote");
        else
            ok(!good, "a submodule's remote does not leave its host");
        err_clear(&e);
    }
}

int main(void) {
    fixture_init();
    forms();
    is_refused();
    kinds_and_names();
    submodules();
    return tap_done();
}
