/* SPDX-License-Identifier: Apache-2.0
 * fetch_git against repositories made here, over HTTP (git http-backend), a pretended ssh and files: refs of all kinds, submodules, clones,
 * what is kept, what is refused, and what a repository or a user's configuration may not do. */
#include <errno.h>

#include "fixture.h"
#include "sys/proc.h"

static struct peer peer;
static struct fetcher fetcher = {.store = &store};
static int outs;
enum { T1 = 1000000000, T2 = 1000000100, WRITTEN = 1234567890 };

/* Runs a script in the directory of the repositories; its output without the last newline. */
static struct str sh(const char *script) {
    struct err e = ERR_INIT;
    struct buf out = BUF_INIT(MIB(1));
    int code = -1;
    const char *argv[] = {"sh", "-euc", script, NULL};
    struct buf said = BUF_INIT(MIB(1));
    must(proc_listen(&(struct proc_spec){argv, NULL, in_scratch("www"), -1, -1, -1}, &out, &said, 60, &code, &e), &e);
    if (code)
        printf("Bail out! %s: %.*s\n", script, STR_ARG(buf_str(&said)));
    if (code)
        exit(1);
    struct str text = arena_str(&arena, str_trim(buf_str(&out)));
    buf_fini(&out);
    buf_fini(&said);
    return text;
}

/* tests/cli/repos.sh */
static void repos(const char *what, const char *arg) {
    sh(text(arg ? "%s %s '%s'" : "%s %s", REPOS, what, arg).p);
}

static void make_repositories(void) {
    setenv("HOME", in_scratch(""), 1);
    unsetenv("XDG_CONFIG_HOME");
    unsetenv("GIT_SSL_CAINFO");
    repos("make", NULL);
}

static struct git_request request(const char *tail) {
    char *into = in_scratch(text("store/work/out-%d", outs++).p);
    mkdir(into, 0755);
    return (struct git_request){.repository = text("%s/repo/app.git%s", peer.origin, tail), .into = into, .time_s = WRITTEN};
}

static bool fetch(struct git_request *q, struct git_result *r, struct err *e) {
    return fetch_git(&fetcher, q, &arena, r, e);
}

static struct str content(const struct git_request *q, const char *name) {
    struct err e = ERR_INIT;
    struct buf b = BUF_INIT(KIB(64));
    bool ok = file_read(text("%s/%s", q->into, name).p, &b, &e);
    struct str all = ok ? arena_str(&arena, str_trim_right(buf_str(&b))) : S("(absent)");
    err_clear(&e);
    buf_fini(&b);
    return all;
}

static unsigned mode(const struct git_request *q, const char *name) {
    struct stat st;
    return lstat(text("%s/%s", q->into, name).p, &st) == 0 ? st.st_mode : 0;
}

static int64_t mtime(const struct git_request *q, const char *name) {
    struct stat st;
    return lstat(text("%s/%s", q->into, name).p, &st) == 0 ? (int64_t)st.st_mtim.tv_sec : -1;
}

static void default_branch(void) {
    struct err e = ERR_INIT;
    struct git_result r;
    struct git_request q = request("");
    umask(077);
    must(fetch(&q, &r, &e), &e);
    umask(022);
    is_str(content(&q, "a.txt"), S("two"), "the default branch is checked out");
    is_str(r.commit, sh("git -C app rev-parse HEAD"), "its commit is told");
    ok(r.commit_time_s == T2 && !r.cached, "with its time; it was fetched");
    ok(mode(&q, "a.txt") == (S_IFREG | 0644) && mode(&q, "run.sh") == (S_IFREG | 0755) && mode(&q, "dir") == (S_IFDIR | 0755) &&
           S_ISLNK(mode(&q, "link")),
       "modes are git's whatever the umask");
    ok(mtime(&q, "a.txt") == WRITTEN && mtime(&q, "dir/below") == WRITTEN && mtime(&q, "link") == WRITTEN &&
           mtime(&q, "sub/sub.txt") == WRITTEN,
       "times are the ones asked for");
    is_str(content(&q, "sub/sub.txt"), S("sub"), "submodules come");
    is_str(content(&q, "sub/inner/deep.txt"), S("deep"), "and theirs");
    ok(mode(&q, ".git") == 0 && mode(&q, "sub/.git") == 0, "without .git");
    q = request("?mtime=commit&submodules=false");
    must(fetch(&q, &r, &e), &e);
    ok(r.cached, "a second time nothing is fetched");
    ok(mtime(&q, "a.txt") == T2, "times may be the commit's");
    ok(mode(&q, "sub") == (S_IFDIR | 0755) && mode(&q, "sub/sub.txt") == 0, "submodules may be left out");
}

static void refs(void) {
    struct str first = sh("git -C app rev-parse light"), tag = sh("git -C app rev-parse noted");
    struct {
        struct str tail;
        const char *a;
    } rows[] = {
        {S("#old"), "one"}, {S("#light"), "one"}, {S("#noted"), "one"}, {S("#refs/heads/old"), "one"}, {S("#refs/tags/light"), "one"},
        {S("?tag=noted"), "one"}, {S("?branch=main"), "two"}, {S("#heads/old"), "one"}, {S("#HEAD"), "two"},
        {text("#%.*s", STR_ARG(first)), "one"}, {text("#%.7s", first.p), "one"}, {text("?checksum=%.*s#noted", STR_ARG(tag)), "one"},
        {text("?checksum=%.*s#noted", STR_ARG(first)), "one"}, {text("?checksum=%.5s#old", first.p), "one"},
        {text("?fetch-by-commit&commit=%.*s", STR_ARG(first)), "one"},
    };
    struct err e = ERR_INIT;
    struct git_result r;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct git_request q = request(rows[i].tail.p);
        bool good = fetch(&q, &r, &e);
        is_str(good ? content(&q, "a.txt") : str_z(e.msg), str_z(rows[i].a), rows[i].tail.p);
        err_clear(&e);
    }
    struct git_request q = request("#noted");
    must(fetch(&q, &r, &e), &e);
    is_str(r.commit, first, "a tag's commit is told, and not the tag");
    q = request("#old");
    q.checksum = text("%.8s", first.p);
    ok(fetch(&q, &r, &e), "--checksum takes the beginning of a commit");
    no_err(&e, "that fits");
    q = request("#main");
    q.checksum = first;
    ok(!fetch(&q, &r, &e) && e.kind == ERR_FAILED, "another commit");
    struct str second = sh("git -C app rev-parse main");
    is_err(&e, text("the checksum %s is not that of commit %s", first.p, second.p).p, "is named beside the one that was found");
    q = request(text("#%s", first.p).p);
    q.checksum = S("deadbeef");
    ok(!fetch(&q, &r, &e), "a commit that contradicts its checksum");
    is_err(&e, "the checksum deadbeef is not that of commit", "is an error");
    q = request("#none");
    ok(!fetch(&q, &r, &e), "a ref that is not there");
    is_err(&e, "it has no branch or tag \"none\"", "is named");
    q = request("#0123456789abcdef0123456789abcdef01234567");
    ok(!fetch(&q, &r, &e), "so is a commit");
    is_err(&e, "it has no commit 0123456789abcdef0123456789abcdef01234567", "that nobody knows");
    q = (struct git_request){.repository = text("%s/repo/none.git", peer.origin), .into = q.into};
    ok(!fetch(&q, &r, &e) && e.kind == ERR_FAILED, "a repository that is not there");
    is_err(&e, "/repo/none.git: git ls-remote failed", "is an error of git");
}

static void directories(void) {
    struct err e = ERR_INIT;
    struct git_result r;
    struct git_request q = request("#main:dir");
    must(fetch(&q, &r, &e), &e);
    ok(str_eqz(content(&q, "below/in.txt"), "in") && mode(&q, "a.txt") == 0 && mode(&q, "sub") == 0, "a directory comes alone");
    q = request("?subdir=/sub/inner");
    must(fetch(&q, &r, &e), &e);
    is_str(content(&q, "deep.txt"), S("deep"), "even out of a submodule");
    static const char *const bad[] = {"#:none", "#:a.txt", "#:dirlink", "#:dirlink/below"};
    for (size_t i = 0; i < 4; i++) {
        q = request(bad[i]);
        ok(!fetch(&q, &r, &e), "no directory: %s", bad[i]);
        is_err(&e, "it has no directory", "is an error");
    }
    q = request("?keep-git-dir#:dir");
    must(fetch(&q, &r, &e), &e);
    ok(mode(&q, ".git") == 0, "no .git comes with a directory");
}

static void clones(void) {
    struct err e = ERR_INIT;
    struct git_result r;
    struct str sums[2];
    for (int i = 0; i < 2; i++) {
        struct git_request q = request("?keep-git-dir=1#noted");
        must(fetch(&q, &r, &e), &e);
        sums[i] = sh(text("cd %s; find . -type f | sort | xargs sha256sum; find . | sort | xargs stat -c '%%n %%a %%Y'", q.into).p);
        is_str(sh(text("cd %s; git status --porcelain; git describe; git log --oneline | wc -l; git remote get-url origin", q.into).p),
               text("noted\n1\n%s/repo/app.git", peer.origin), "a clone of one commit, clean, with its tag and origin");
    }
    is_str(sums[0], sums[1], "two are the same, byte for byte");
    struct git_request q = request("#main");
    q.has_keep_git_dir = q.keep_git_dir = true;
    must(fetch(&q, &r, &e), &e);
    struct str look = text("cd %s; git status --porcelain --ignore-submodules=all; git -C sub log --format=%%s; git branch --list main",
                           q.into);
    is_str(sh(look.p), S("sub\n  main"), "--keep-git-dir keeps the branch, and .git of submodules");
    q = request("?keep-git-dir=0");
    q.has_keep_git_dir = q.keep_git_dir = true;
    ok(!fetch(&q, &r, &e), "the flag and the text may not disagree");
    is_err(&e, "contradict", "and an error says so");
}

static void what_moves(void) {
    struct err e = ERR_INIT;
    struct git_result r;
    struct str before = sh("git -C app rev-parse main");
    sh("cd app; git checkout -q main; echo three >a.txt; git commit -qam three");
    sh("cd app; git push -qf ../app.git main; git push -q ../app.git main:one/two");
    struct git_request q = request("#main");
    must(fetch(&q, &r, &e), &e);
    ok(str_eqz(content(&q, "a.txt"), "three") && !r.cached, "a branch that moved is fetched");
    q = request("#main");
    q.want_commit = before;
    must(fetch(&q, &r, &e), &e);
    ok(str_eqz(content(&q, "a.txt"), "two") && r.cached, "a commit of the lock is not asked for");
    q = request("#one/two");
    must(fetch(&q, &r, &e), &e);
    sh("cd app; git push -q ../app.git :one/two; git push -q ../app.git main:one");
    q = request("#one");
    must(fetch(&q, &r, &e), &e);
    ok(str_eqz(content(&q, "a.txt"), "three"), "a branch may take the place of a directory of branches");
    struct str mirrors = sh("ls -d ../store/gits/*");
    sh("for d in $(find ../store/gits -type d -path '*/refs/croze*'); do : >$d/x.lock; done");
    sh("ls -d ../store/gits/*/refs/croze/x.lock >../locked");
    q = request("#old");
    must(fetch(&q, &r, &e), &e);
    is_str(sh("for l in $(cat ../locked); do d=${l%/x.lock}; [ -e $l ] || find $d -name x.lock | wc -l; done"), S("0"),
           "locks of a fetch that was killed are removed from its mirror, wherever they lie");
    struct str one;
    while (str_next(&mirrors, '\n', &one))
        sh(text("echo >%.*s/shallow.lock; : >%.*s/HEAD", STR_ARG(one), STR_ARG(one)).p);
    q = request("#old");
    must(fetch(&q, &r, &e), &e);
    ok(str_eqz(content(&q, "a.txt"), "one"), "a damaged mirror is made anew");
}

static void by_other_ways(void) {
    struct err e = ERR_INIT;
    struct git_result r;
    struct url_map m[2];
    struct git_request q = request("");
    q.repository = S("git@example.com:app.git#old");
    setenv("GIT_SSH_COMMAND", text("sh -c 'echo \"$@\" >>%s/ssh.log; cd %s/www; eval \"$2\"' ssh", scratch, scratch).p, 1);
    must(fetch(&q, &r, &e), &e);
    is_str(content(&q, "a.txt"), S("one"), "by ssh, with the user's command");
    is_str(sh("grep -m1 -o 'git@example.com git-up' ../ssh.log"), S("git@example.com git-up"), "to the host that was named");
    unsetenv("GIT_SSH_COMMAND");
    must(url_map_parse(text("https://dead.example/=%s/repo/", peer.origin), &m[0], &e) &&
             url_map_parse(text("https://local.example/=file://%s/www/", scratch), &m[1], &e),
         &e);
    fetcher.maps = m;
    fetcher.n_maps = 2;
    q = request("");
    q.repository = S("https://dead.example/app.git#light");
    must(fetch(&q, &r, &e), &e);
    ok(str_eqz(content(&q, "a.txt"), "one"), "by --url-map");
    q = request("");
    q.repository = S("https://local.example/app.git?keep-git-dir");
    must(fetch(&q, &r, &e), &e);
    ok(str_eqz(content(&q, "a.txt"), "three") && str_eqz(content(&q, "sub/inner/deep.txt"), "deep"), "from a directory, submodules too");
    is_str(sh(text("git -C %s remote get-url origin", q.into).p), S("https://local.example/app.git"), "nothing tells where it came from");
    q = request("");
    q.repository = S("https://local.example/../www/app.git");
    ok(!fetch(&q, &r, &e) || str_eqz(content(&q, "a.txt"), "three"), "a path does not leave the directory");
    err_clear(&e);
    q.repository = S("https://local.example/%2e%2e/%2e%2e/etc.git");
    ok(!fetch(&q, &r, &e), "nor an encoded one");
    err_clear(&e);
    fetcher.n_maps = 0;
}

static void credentials(void) {
    struct err e = ERR_INIT;
    struct git_result r;
    struct git_request q = request("");
    q.repository = text("http://user:secret@127.0.0.1:%d/authrepo/app.git?keep-git-dir", peer.port);
    must(fetch(&q, &r, &e), &e);
    is_str(content(&q, "sub/sub.txt"), S("sub"), "credentials of the URL are used, for submodules of the same host too");
    is_str(sh(text("grep -rc secret %s/.git/config || :", q.into).p), S("0"), "and are not kept");
    q = request("");
    q.repository = text("http://user:wrong@127.0.0.1:%d/authrepo/app.git", peer.port);
    ok(!fetch(&q, &r, &e) && str_find(str_z(e.msg), S("wrong")) < 0, "wrong ones are refused, and not shown");
    err_clear(&e);
    q = request("");
    q.repository = text("%s/authrepo/app.git#old", peer.origin);
    sh(text("git config --global credential.%s.helper '!f() { echo username=user; echo password=secret; }; f'", peer.origin).p);
    must(fetch(&q, &r, &e), &e);
    is_str(content(&q, "a.txt"), S("one"), "the user's credential helper is asked");
}

static void nothing_runs(void) {
    struct err e = ERR_INIT;
    struct git_result r;
    repos("evil", text("touch %s/trapped", scratch).p);
    sh("rm -f ../trapped");
    struct git_request q = request("");
    q.repository = text("%s/repo/evil.git", peer.origin);
    must(fetch(&q, &r, &e), &e);
    ok(access(in_scratch("trapped"), F_OK) < 0, "no hook, filter or monitor of the user's configuration runs");
    is_str(content(&q, "lines.txt"), S("a\nb"), "and line ends are the repository's");
    static const char *const urls[] = {"file:///etc", "/etc", "ext::sh -c touch% trapped", "-uevil", "../../../../x.git"};
    for (size_t i = 0; i < sizeof urls / sizeof *urls; i++) {
        repos("bad", urls[i]);
        q = request("");
        q.repository = text("%s/repo/bad.git", peer.origin);
        ok(!fetch(&q, &r, &e) && e.kind == ERR_FAILED, "a submodule of %s is refused", urls[i]);
        is_err(&e, "submodule mod (", "and named");
    }
    q = request("");
    q.repository = text("%s/repo/bad.git?submodules=0", peer.origin);
    ok(fetch(&q, &r, &e), "without submodules it comes");
    no_err(&e, "as it is");
    repos("bad", "");
    q = request("");
    q.repository = text("%s/repo/bad.git", peer.origin);
    ok(!fetch(&q, &r, &e), "a submodule without an address");
    is_err(&e, ".gitmodules does not say where the submodule mod", "is an error");
}

static void without_network_or_git(void) {
    struct err e = ERR_INIT;
    struct git_result r;
    struct str commit = sh("git -C app rev-parse main");
    struct git_request q = request("#main");
    must(fetch(&q, &r, &e), &e);
    peer_stop(&peer);
    q = request("#main");
    q.want_commit = commit;
    bool good = fetch(&q, &r, &e);
    is_str(good ? content(&q, "sub/inner/deep.txt") : str_z(e.msg), S("deep"), "a held commit needs no network, nor do submodules");
    err_clear(&e);
    q = request("#main");
    ok(!fetch(&q, &r, &e), "a branch does");
    err_clear(&e);
    setenv("PATH", "/nonexistent", 1);
    ok(!fetch(&q, &r, &e), "without git nothing comes");
    is_err(&e, "git is not installed", "and it is named");
}

int main(void) {
    fixture_init();
    if (!proc_exists("git") || !peer_start(&peer, "peer", NULL)) {
        tap_skip("git, or python3, which plays a server, is not installed");
        return tap_done();
    }
    make_repositories();
    default_branch();
    refs();
    directories();
    clones();
    what_moves();
    by_other_ways();
    credentials();
    nothing_runs();
    without_network_or_git();
    return tap_done();
}
