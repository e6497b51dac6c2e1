/* SPDX-License-Identifier: Apache-2.0
 * Leases and work directories: who is alive, what the dead leave, what is kept. */
#include "fixture.h"

#include <signal.h>

#include "sys/thread.h"

static void count_lease(void *n, const struct digest *d) {
    (void)d;
    ++*(size_t *)n;
}

static size_t leases(struct store *s) {
    struct err e = ERR_INIT;
    size_t n = 0;
    must(lease_each(s, count_lease, &n, &e), &e);
    return n;
}

static void lease_and_die(struct store *s, void *ctx) {
    struct err e = ERR_INIT;
    char *path = NULL;
    struct digest d = sha256_of("of the dead", 11);
    must(store_lease(s, &d, &e) && store_workdir(s, &path, &e), &e);
    _cleanup_(mem_freep) char *deep = mem_printf("%s/upper", path), *file = mem_printf("%s/upper/file", path);
    must(mkdir(deep, 0) == 0 && chmod(deep, 0700) == 0, &e);
    put_file(file, S("x"));
    chmod(deep, 0);
    put_file(ctx, str_z(path));
    raise(SIGKILL);
}

static void the_living_and_the_dead(void) {
    struct err e = ERR_INIT;
    struct store *s = fixture_store("store");
    struct digest d = sha256_of("a", 1), same = d;
    ok(store_lease(s, &d, &e) && store_lease(s, &same, &e) && leases(s) == 1, "a digest is leased once");
    struct store *other = fixture_store("store");
    ok(store_lease(other, &d, &e) && leases(s) == 2 && leases(other) == 2, "each lease is seen by everybody");
    ok(!store_is_ours_alone(s), "and so is its owner");
    fixture_close(other);
    ok(leases(s) == 1 && store_is_ours_alone(s), "a closed store leases nothing");
    _cleanup_(mem_freep) char *note = in_scratch("note");
    ok(wait_for(in_child("store", lease_and_die, note)) == 128 + SIGKILL, "a process is killed while it holds a lease");
    struct buf path = file_bytes(note);
    ok(leases(s) == 1 && exists(path.p), "its lease counts no more; its work directory still lies there");
    fixture_close(fixture_store("store"));
    ok(!exists(path.p), "until the next command sweeps it");
    struct arena a = ARENA_INIT;
    struct dir_names names;
    _cleanup_fd_ int dir = openat(s->root_fd, "leases", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    ok(file_list(dir, &a, &names, &e) && names.n == 1, "and its lease");
    arena_fini(&a);
    buf_fini(&path);
    fixture_close(s);
}

static void work_directories(void) {
    struct err e = ERR_INIT;
    struct store *s = fixture_store("store");
    char *one = NULL, *two = NULL, *kept, *again;
    struct stat st;
    must(store_workdir(s, &one, &e) && store_workdir(s, &two, &e), &e);
    ok(strcmp(one, two) != 0 && stat(one, &st) == 0 && (st.st_mode & 07777) == 0700, "work directories are private and different");
    fixture_close(fixture_store("store"));
    ok(exists(one) && exists(two), "another command leaves them alone");
    _cleanup_(mem_freep) char *file = mem_printf("%s/evidence", one);
    put_file(file, S("x"));
    ok(store_workdir_keep(s, one, &kept, &e) && !exists(one), "one is kept");
    _cleanup_(mem_freep) char *evidence = mem_printf("%s/evidence", kept);
    ok(exists(evidence), "with what is in it");
    must(mkdir(one, 0700) == 0, &e);
    ok(store_workdir_keep(s, one, &again, &e) && strcmp(again, kept) != 0 && exists(kept), "another of that name does not take its place");
    store_workdir_remove(s, two);
    ok(!exists(two), "the other one is removed");
    fixture_close(s);
    fixture_close(fixture_store("store"));
    ok(exists(evidence), "what is kept outlives its process");
    free(one);
    free(two);
    free(kept);
    free(again);
}

/* --- Threads --- */

enum { JOBS = 32, EACH = 100 };
struct job {
    struct store *s;
    int first;
    int failed;
};

static void lease_many(void *arg, unsigned worker) {
    struct job *j = arg;
    struct err e = ERR_INIT;
    (void)worker;
    for (int i = j->first; i < j->first + EACH; i++) {
        struct digest d = sha256_of(&i, sizeof i);
        j->failed += !store_lease(j->s, &d, &e);
        err_clear(&e);
    }
}

static void serves_threads(void) {
    struct store *s = fixture_store("store");
    struct job jobs[JOBS];
    int failed = 0;
    struct pool *pool = pool_new(8, 8);
    for (int i = 0; i < JOBS; i++) {
        jobs[i] = (struct job){s, i / 2 * EACH, 0}; /* two jobs lease the same digests */
        pool_run(pool, lease_many, &jobs[i]);
    }
    pool_free(pool);
    for (int i = 0; i < JOBS; i++)
        failed += jobs[i].failed;
    size_t n = leases(s);
    ok(failed == 0 && n == JOBS / 2 * EACH, "eight threads lease at once, and each digest is written once (%zu)", n);
    fixture_close(s);
}

/* A full lease file or a cut line must not hide other lines. */
static void reads_around_a_cut_line(void) {
    struct store *s = fixture_store("store");
    struct err e = ERR_INIT;
    struct digest d = sha256_of("b", 1);
    must(write(s->lease->fd, "sha256:12\n", 10) == 10, &e);
    ok(store_lease(s, &d, &e) && leases(s) == 1, "a line that is no digest is passed over");
    fixture_close(s);
}

int main(void) {
    fixture_init();
    the_living_and_the_dead();
    work_directories();
    reads_around_a_cut_line();
    serves_threads();
    return tap_done();
}
