/* SPDX-License-Identifier: Apache-2.0
 * Marks: what a file of them holds is read back; other rules' and damaged ones are no marks; and tokens are found by the fast search as by
 * the plain one, wherever they stand; of more than fit the same are kept. */
#include "check/marks_make.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/limits.h"
#include "base/mem.h"
#include "check/tokens.h"
#include "store/le.h"
#include "tap.h"

static struct buf written(const struct mark *list, size_t n, size_t n_dropped) {
    struct marks m = {.n_dropped = n_dropped};
    struct buf b = BUF_INIT(LIMIT_MARKS_BYTES);
    for (size_t k = 0; k < n; k++)
        vec_push(&m.list, list[k]);
    marks_write(&m, &b);
    vec_fini(&m.list);
    return b;
}

static bool parses(struct str bytes) {
    struct marks m = {0};
    bool good = marks_parse(bytes, &m);
    vec_fini(&m.list);
    return good;
}

static void round_trip(void) {
    const struct mark list[] = {{rule_find(S("ImageToken")), S("etc/a"), S("line 3 has what looks like a GitHub token")},
                                {rule_find(S("ImageInterpreterMissing")), S("usr/bin/\xff\n"), S("/bin/sh")},
                                {rule_find(S("ImagePrivateKey")), S("z"), STR_NULL}};
    struct buf b = written(list, 3, 7);
    struct marks m = {0};
    ok(marks_parse(buf_str(&b), &m) && m.list.n == 3 && m.n_dropped == 7, "three marks are read back");
    for (size_t k = 0; k < m.list.n; k++)
        ok(m.list.p[k].rule == list[k].rule && str_eq(m.list.p[k].path, list[k].path) && str_eq(m.list.p[k].text, list[k].text),
           "mark %zu", k);
    vec_fini(&m.list);
    size_t wrong = 0;
    for (size_t n = 0; n < b.n; n++)
        wrong += parses(str_first(buf_str(&b), n));
    ok(wrong == 0, "none of its beginnings is a file of marks");
    for (size_t at = 0; at < b.n; at++) {
        b.p[at] = (char)(b.p[at] ^ 0x40);
        wrong += parses(buf_str(&b));
        b.p[at] = (char)(b.p[at] ^ 0x40);
    }
    ok(wrong == 0 && parses(buf_str(&b)), "nor is it with any byte changed");
    buf_fini(&b);
}

/* Refused although the checksum holds. */
static void refuses(struct mark m, const char *what) {
    struct buf b = written(&m, 1, 0);
    ok(!parses(buf_str(&b)), "refused: %s", what);
    buf_fini(&b);
}

static void hostile(void) {
    refuses((struct mark){rule_find(S("ImageUserRoot")), S("a"), S("x")}, "a rule that marks nothing");
    refuses((struct mark){rule_find(S("ImageToken")), S("../a"), S("x")}, "a path that leaves the root");
    refuses((struct mark){rule_find(S("ImageToken")), S("/a"), S("x")}, "an absolute path");
    refuses((struct mark){rule_find(S("ImageToken")), S(""), S("x")}, "no path");
    refuses((struct mark){&(struct rule){.id = "NoSuchRule"}, S("a"), S("x")}, "a rule that there is not");
}

/* --- More than fits --- */

enum { SCRIPTS = 4000, PATH_BYTES = 4000 };

/* Scripts with long names, in one order or the other, as threads would bring them. */
static void show_scripts(void *of, bool backwards) {
    static const char text[] = "#!/bin/sh\n";
    for (size_t k = 0; k < SCRIPTS; k++) {
        char path[PATH_BYTES + 1];
        memset(path, 'a', PATH_BYTES);
        for (size_t i = 200; i < PATH_BYTES; i += 200)
            path[i] = '/';
        snprintf(path + PATH_BYTES - 8, 9, "%08zu", backwards ? SCRIPTS - 1 - k : k);
        marks_watch.file(of, &(struct watched_file){str_n(path, PATH_BYTES), 0755, sizeof text - 1, str_n(text, sizeof text - 1)});
    }
}

static void make_marks(struct store *s, const struct digest *d, bool backwards) {
    struct err e = ERR_INIT;
    void *of = marks_watch.begin(s);
    show_scripts(of, backwards);
    ok(marks_watch.commit(of, d, &e), "more marks than fit are published: %s", e.kind ? e.msg : "fine");
    marks_watch.end(of);
    err_clear(&e);
}

/* A layer has one set of marks, whichever threads were faster. */
static void too_many(void) {
    char dir[] = "/tmp/croze-marks.XXXXXX";
    struct err e = ERR_INIT;
    struct digest one = sha256_of("1", 1), two = sha256_of("2", 1);
    struct marks a = {0}, b = {0};
    bool found_a = false, found_b = false;
    char hex[DIGEST_HEX + 1];
    ok(mkdtemp(dir) != NULL, "a directory");
    struct store s = {.marks_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
    make_marks(&s, &one, false);
    make_marks(&s, &two, true);
    ok(marks_open(&s, &one, &a, &found_a, &e) && found_a && marks_open(&s, &two, &b, &found_b, &e) && found_b, "both are read back");
    ok(a.n_dropped > 0 && a.n_dropped + a.list.n == SCRIPTS, "%zu of %d are kept", a.list.n, SCRIPTS);
    ok(str_eq(buf_str(&a.bytes), buf_str(&b.bytes)), "the same ones, in whatever order they were made");
    marks_fini(&a);
    marks_fini(&b);
    (void)unlinkat(s.marks_fd, digest_hex(&one, hex), 0);
    (void)unlinkat(s.marks_fd, digest_hex(&two, hex), 0);
    close(s.marks_fd);
    ok(rmdir(dir) == 0, "nothing else was left");
}

/* --- Tokens --- */

struct found {
    const char *what;
    size_t at, n;
};

static void note(void *ctx, const char *what, size_t at) {
    struct found *f = ctx;
    if (f->n++ == 0)
        *f = (struct found){what, at, 1};
}

static struct found search(struct str text) {
    struct found f = {0};
    tokens_find(text, note, &f);
    return f;
}

static void tokens(void) {
    static const char *const some[] = {
        "AKIAIOSFODNN7QWERTYU", "ghp_abcdefghijklmnopqrstuvwxyz0123456789", "glpat-abcdefghijklmnopqrst", "dckr_pat_abcdefghijklmnopqrst",
        "xoxb-123456789012-abcdefghijkl", "hvs.abcdefghijklmnopqrstuvwx", "SG.abcdefghijklmnopqrstuvwx",
        "AGE-SECRET-KEY-1QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7LQPZRY9X8GF2TVDW0S3JN54KHCE",
    };
    for (size_t k = 0; k < sizeof some / sizeof *some; k++)
        for (size_t pad = 0; pad < 3; pad++) {
            _cleanup_(mem_freep) char *text = mem_printf("%.*s%s\n", (int)pad, "= \"", some[k]);
            struct found f = search(str_z(text));
            ok(f.n == 1 && f.at == pad && token_in(str_z(text)) == f.what, "found behind %zu bytes: %s", pad, some[k]);
        }
    ok(search(S("xAKIAIOSFODNN7QWERTYU")).n == 0 && search(S("AKIAIOSFODNN7EXAMPLE")).n == 0, "no token inside a word, nor an example");
    ok(search(S("AKI")).n == 0 && search(S("A")).n == 0 && search(STR_NULL).n == 0, "nothing in nothing");
    struct found two = search(S("AKIAIOSFODNN7QWERTYU AKIAIOSFODNN7QWERTYU ghp_abcdefghijklmnopqrstuvwxyz0123456789"));
    ok(two.n == 2 && two.at == 0, "the first of each kind is told");
}

/* Whatever the bytes are, the fast search and the plain one agree. */
static void alike(void) {
    static const char *const pieces[] = {"AKIA", "ghp_", "github_pat_", "npm_", "AIza", "xox", "b-", "sk_live_", "abcdefghij", "0123456789",
                                         "QWERTYUIOP", "\n", " ", "_", "-", "AccountKey=", "=="};
    uint64_t state = 88172645463325252u;
    size_t different = 0, found = 0;
    for (unsigned round = 0; round < 3000; round++) {
        struct buf b = BUF_INIT(4096);
        for (unsigned k = 0; k < 16; k++) {
            state ^= state << 13, state ^= state >> 7, state ^= state << 17;
            buf_add_str(&b, str_z(pieces[state % (sizeof pieces / sizeof *pieces)]));
        }
        bool fast = search(buf_str(&b)).n > 0;
        different += fast != (token_in(buf_str(&b)) != NULL);
        found += fast;
        buf_fini(&b);
    }
    ok(different == 0 && found > 100, "random texts: %zu of 3000 have tokens, and both searches agree", found);
}

int main(void) {
    round_trip();
    hostile();
    too_many();
    tokens();
    alike();
    return tap_done();
}
