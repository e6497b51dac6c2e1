/* SPDX-License-Identifier: Apache-2.0
 * croze.lock: its text both ways, what is refused, pins and drift, writing. */
#include <sys/stat.h>

#include "base/limits.h"
#include "build/lockfile.h"
#include "sys/files.h"
#include "tap.h"

static struct arena arena;
static char scratch[] = "/tmp/croze-test-XXXXXX";

#define D1 "sha256:1111111111111111111111111111111111111111111111111111111111111111"
#define D2 "sha256:2222222222222222222222222222222222222222222222222222222222222222"
#define C1 "1111111111111111111111111111111111111111"
#define C2 "2222222222222222222222222222222222222222"

static const char *const sample = "{\n"
                                  "  \"version\": 1,\n"
                                  "  \"images\": {\n"
                                  "    \"base:1\": \"" D1 "\"\n"
                                  "  },\n"
                                  "  \"urls\": {\n"
                                  "    \"https://a/x\": {\n"
                                  "      \"digest\": \"" D2 "\",\n"
                                  "      \"size\": 10,\n"
                                  "      \"modified\": \"2020-01-02T03:04:05Z\"\n"
                                  "    },\n"
                                  "    \"https://b/y\": {\n"
                                  "      \"digest\": \"" D1 "\",\n"
                                  "      \"size\": 0\n"
                                  "    }\n"
                                  "  },\n"
                                  "  \"repositories\": {\n"
                                  "    \"https://h/r.git#main\": \"" C1 "\"\n"
                                  "  }\n"
                                  "}\n";

static struct digest digest(const char *text) {
    struct err e = ERR_INIT;
    struct digest d = {0};
    ok(digest_parse(str_z(text), &d, &e), "a digest");
    return d;
}

static void both_ways(void) {
    struct err e = ERR_INIT;
    struct locked_list list;
    struct buf out = BUF_INIT(KIB(64));
    ok(lockfile_parse(&arena, str_z(sample), "croze.lock", &list, &e), "a lock is read");
    no_err(&e, "without an error");
    ok(list.n == 4 && list.p[0].kind == LOCKED_IMAGE && list.p[1].bytes == 10 && list.p[1].has_time && list.p[1].time_s == 1577934245 &&
           !list.p[2].has_time && str_eqz(list.p[3].commit, C1),
       "with all that it says");
    struct locked swap = list.p[0];
    list.p[0] = list.p[2];
    list.p[2] = swap;
    lockfile_format(&list, &out);
    is_str(buf_str(&out), str_z(sample), "and written sorted, byte for byte");
    buf_fini(&out);
    struct locked_list none = {0};
    out = (struct buf)BUF_INIT(KIB(64));
    lockfile_format(&none, &out);
    ok(lockfile_parse(&arena, buf_str(&out), "croze.lock", &list, &e) && list.n == 0, "an empty one too");
    buf_fini(&out);
}

static void is_refused(void) {
    static const char *const rows[][2] = {
        {"", "not valid JSON"},
        {"[]", "not a lock of format 1"},
        {"{\"version\":2}", "not a lock of format 1"},
        {"{\"version\":1,\"more\":{}}", "\"more\" is not known"},
        {"{\"version\":1,\"urls\":[]}", "is no object"},
        {"{\"version\":1,\"urls\":{},\"urls\":{}}", "stands twice"},
        {"{\"version\":1,\"images\":{\"a\":\"sha256:1\"}}", "the entry of a cannot be read"},
        {"{\"version\":1,\"images\":{\"a\":\"" D1 "\",\"a\":\"" D1 "\"}}", "a stands twice"},
        {"{\"version\":1,\"images\":{\"\":\"" D1 "\"}}", "is empty"},
        {"{\"version\":1,\"images\":{\"a\\u0000b\":\"" D1 "\"}}", "is empty or no text"},
        {"{\"version\":1,\"urls\":{\"u\":\"" D1 "\"}}", "the entry of u"},
        {"{\"version\":1,\"urls\":{\"u\":{\"digest\":\"" D1 "\"}}}", "the entry of u"},
        {"{\"version\":1,\"urls\":{\"u\":{\"digest\":\"" D1 "\",\"size\":-1}}}", "the entry of u"},
        {"{\"version\":1,\"urls\":{\"u\":{\"digest\":\"" D1 "\",\"size\":1,\"x\":1}}}", "the entry of u"},
        {"{\"version\":1,\"urls\":{\"u\":{\"digest\":\"" D1 "\",\"size\":1,\"modified\":\"now\"}}}", "the entry of u"},
        {"{\"version\":1,\"repositories\":{\"r\":\"main\"}}", "the entry of r"},
        {"{\"version\":1,\"repositories\":{\"r\":\"-111111111111111111111111111111111111111\"}}", "the entry of r"},
    };
    struct err e = ERR_INIT;
    struct locked_list list;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        ok(!lockfile_parse(&arena, str_z(rows[i][0]), "croze.lock", &list, &e) && e.kind == ERR_FAILED, "no lock: %s", rows[i][0]);
        is_err(&e, rows[i][1], "says why");
    }
}

static void compares(const char *path) {
    struct err e = ERR_INIT;
    struct locked found;
    bool pinned;
    struct lockfile *l = lockfile_new(LOCKFILE_CHECK, path);
    ok(lockfile_pin(l, LOCKED_URL, S("https://a/x"), &found, &pinned, &e) && pinned && found.time_s == 1577934245, "--locked pins a URL");
    ok(!lockfile_pin(l, LOCKED_URL, S("https://a/none"), &found, &pinned, &e), "a URL that is not in it");
    is_err(&e, "https://a/none is not in", "is an error");
    ok(lockfile_note(l, &(struct locked){.kind = LOCKED_IMAGE, .name = S("base:1"), .digest = digest(D1)}, &e), "an image as it was");
    ok(!lockfile_note(l, &(struct locked){.kind = LOCKED_IMAGE, .name = S("base:1"), .digest = digest(D2)}, &e), "another one");
    is_err(&e, "base:1 is " D2 "; the lock has " D1, "is drift, with both digests");
    ok(!lockfile_note(l, &(struct locked){.kind = LOCKED_REPOSITORY, .name = S("https://h/r.git#main"), .commit = S(C2)}, &e), "a commit");
    is_err(&e, "https://h/r.git#main is " C2 "; the lock has " C1, "likewise");
    lockfile_free(l);
}

static void writes(const char *path) {
    struct err e = ERR_INIT;
    struct buf text = BUF_INIT(KIB(64));
    struct locked found;
    const char *where;
    bool pinned;
    struct stat before, after;
    struct lockfile *l = lockfile_new(LOCKFILE_WRITE, path);
    ok(lockfile_pin(l, LOCKED_URL, S("https://a/x"), &found, &pinned, &e) && !pinned, "--lock pins nothing that is in the file");
    struct locked url = {.kind = LOCKED_URL, .name = S("https://a/x"), .digest = digest(D2), .bytes = 10, .has_time = true};
    url.time_s = 1577934245;
    ok(lockfile_note(l, &url, &e) && lockfile_note(l, &url, &e), "the same may be noted twice");
    ok(lockfile_pin(l, LOCKED_URL, S("https://a/x"), &found, &pinned, &e) && pinned, "and is pinned from then on");
    url.digest = digest(D1);
    ok(!lockfile_note(l, &url, &e), "in one build a name means one thing");
    is_err(&e, "earlier in this build it was " D2, "and the error says what it was");
    ok(lockfile_write(l, &where, &e) && str_eqz(str_z(where), path), "the file is replaced");
    ok(file_read(path, &text, &e) && str_find(buf_str(&text), S("base:1")) < 0 && str_find(buf_str(&text), S("https://a/x")) >= 0,
       "by what was noted: what is stale is gone");
    ok(stat(path, &before) == 0 && lockfile_write(l, &where, &e) && stat(path, &after) == 0 && before.st_ino == after.st_ino,
       "a file that says it already is left alone");
    lockfile_free(l);
    buf_fini(&text);
}

static void places(void) {
    struct err e = ERR_INIT;
    struct locked found;
    const char *where;
    bool pinned;
    struct lockfile *l = lockfile_new(LOCKFILE_NONE, NULL);
    ok(lockfile_pin(l, LOCKED_URL, S("https://a/x"), &found, &pinned, &e) && !pinned, "without flags nothing is needed");
    lockfile_free(l);
    l = lockfile_new(LOCKFILE_WRITE, NULL);
    ok(!lockfile_write(l, &where, &e) && e.kind == ERR_USAGE, "without a place --lock fails");
    is_err(&e, "need a FILE", "and says what it needs");
    lockfile_free(l);
    l = lockfile_new(LOCKFILE_CHECK, "/nonexistent/croze.lock");
    ok(!lockfile_pin(l, LOCKED_URL, S("https://a/x"), &found, &pinned, &e), "--locked needs the file");
    is_err(&e, "build --lock makes it", "and says what makes it");
    lockfile_free(l);
    l = lockfile_new(LOCKFILE_CHECK, "/dev/null");
    ok(!lockfile_pin(l, LOCKED_URL, S("https://a/x"), &found, &pinned, &e), "a device is no lock");
    is_err(&e, "not a regular file", "and is not read");
    lockfile_free(l);
}

int main(void) {
    struct err e = ERR_INIT;
    if (!mkdtemp(scratch))
        return 1;
    struct str path = arena_printf(&arena, "%s/croze.lock", scratch);
    _cleanup_fd_ int dir = file_open(scratch, O_RDONLY | O_DIRECTORY, 0, &e);
    both_ways();
    is_refused();
    ok(file_replace(dir, "croze.lock", sample, strlen(sample), false, &e), "a file");
    compares(path.p);
    writes(path.p);
    places();
    ok(file_remove_tree(AT_FDCWD, scratch, &e), "cleaned up");
    arena_fini(&arena);
    return tap_done();
}
