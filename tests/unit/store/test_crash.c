/* SPDX-License-Identifier: Apache-2.0
 * kill -9 at random moments, and a full disk: the store stays sound, and the next command works. */
#include "fixture.h"

#include <sched.h>
#include <signal.h>
#include <sys/mount.h>

static void say_line(void *ctx, const char *line) {
    (void)ctx;
    printf("# %s\n", line);
}

static size_t count_bad(struct store *s, bool repair) {
    struct err e = ERR_INIT;
    struct fsck_options o = {.deep = true, .repair = repair};
    size_t bad;
    must(store_fsck(s, &o, say_line, NULL, &bad, &e), &e);
    return bad;
}

/* --- kill -9 --- */

/* One of everything that writes. */
static void write_something(struct store *s, unsigned n, struct err *e) {
    _cleanup_(mem_freep) char *text = mem_printf("layer %u %*s", n, (int)(n % 5000), "x"), *name = mem_printf("app:%u", n % 7);
    struct fixture_image im = fixture_image(s, text);
    must(store_refs_set(s, str_z(name), &im.ref, e), e);
    struct step_record r = {.blob = im.layer, .diff_id = im.diff_id, .blob_bytes = strlen(text), .created_s = 1, .has_layer = true};
    must(store_step_put(s, &im.layer, &r, e), e);
    struct chunk_index *chunks = chunk_index_open(s, e);
    must(chunks != NULL, e);
    chunk_index_put(chunks, &im.layer, &(struct chunk_record){.blob = im.layer, .length = 1});
    chunk_index_close(chunks);
    struct stat_index *stats = stat_index_open(s, s->root_fd, e);
    must(stats != NULL, e);
    struct stat st = {.st_ino = n};
    stat_index_put(stats, &st, (struct timespec){1000, 0}, &im.layer);
    stat_index_close(stats);
    char *work;
    must(store_workdir(s, &work, e), e);
    free(work);
    struct gc_result g;
    if (n % 5 == 0)
        must(store_gc(s, &(struct gc_options){.keep_steps_s = 1000}, &g, e), e);
}

static void write_for_ever(struct store *s, void *ctx) {
    struct err e = ERR_INIT;
    for (unsigned n = (unsigned)getpid() * 1000;; n++) {
        write_something(s, n, &e);
        if (write(*(int *)ctx, "x", 1) != 1)
            _exit(1);
    }
}

/* Kills a writer some way into the round that follows its `rounds`-th. */
static void kill_after(unsigned rounds) {
    int ends[2];
    char byte;
    struct err e = ERR_INIT;
    must(pipe2(ends, O_CLOEXEC) == 0, &e);
    pid_t pid = in_child("killed", write_for_ever, &ends[1]);
    close(ends[1]);
    for (unsigned i = 0; i < rounds; i++)
        must(read(ends[0], &byte, 1) == 1, &e);
    for (unsigned spin = (unsigned)random() % 2000; spin > 0; spin--) /* somewhere inside the round */
        sched_yield();
    kill(pid, SIGKILL);
    must(wait_for(pid) == 128 + SIGKILL, &e);
    close(ends[0]);
}

static void survives_kills(void) {
    const int kills = getenv("CROZE_SOAK") ? 200 : 20;
    size_t bad = 0, broken = 0;
    unsigned seed = (unsigned)time(NULL);
    printf("# seed %u\n", seed);
    srandom(seed);
    struct err e = ERR_INIT;
    fixture_close(fixture_store("killed"));
    for (int i = 0; i < kills; i++) {
        kill_after((unsigned)random() % 8);
        struct store *s = fixture_store("killed");
        bad += count_bad(s, i % 2);
        struct arena a = ARENA_INIT;
        struct dir_names names;
        broken += !file_list(s->work_fd, &a, &names, &e) || names.n > 0;
        arena_fini(&a);
        fixture_close(s);
    }
    ok(bad == 0, "%d kills do no damage", kills);
    ok(broken == 0, "and the next command finds and removes their work directories");
    struct store *s = fixture_store("killed");
    write_something(s, 0, &e);
    ok(count_bad(s, true) == 0 && count_bad(s, false) == 0, "the store goes on working");
    fixture_close(s);
}

/* --- A full disk --- */

/* A tmpfs of 1 MiB at `path`, in a mount namespace of our own. */
static bool small_disk(const char *path) {
    return mkdir(path, 0755) == 0 && unshare(CLONE_NEWNS) == 0 && mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
           mount("tmpfs", path, "tmpfs", 0, "size=1m") == 0;
}

static void fill(const char *path) {
    struct err e = ERR_INIT;
    _cleanup_fd_ int fd = file_open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600, &e);
    must(fd >= 0, &e);
    static const char zeros[4096];
    while (write(fd, zeros, sizeof zeros) > 0)
        continue;
}

static void survives_a_full_disk(void) {
    _cleanup_(mem_freep) char *disk = in_scratch("disk"), *filler = in_scratch("disk/kept-for-later");
    struct err e = ERR_INIT;
    if (geteuid() != 0 || !small_disk(disk)) {
        tap_skip("a full disk needs root and a tmpfs of its own to be mounted");
        return;
    }
    struct store *s = fixture_store("disk/store");
    struct fixture_image im = fixture_image(s, "before"), second = fixture_image(s, "second");
    size_t warnings = 0;
    must(store_refs_set(s, S("before:1"), &im.ref, &e), &e);
    fill(filler);
    struct digest d;
    char big[20000] = "x";
    ok(!store_put_blob(s, str_n(big, sizeof big), &d, &e) && !store_has_blob(s, &d, NULL), "a blob does not fit on a full disk");
    is_err(&e, "No space left", "and the error says so");
    ok(!store_refs_set(s, S("second:1"), &second.ref, &e), "nor does a new index.json");
    err_clear(&e);
    ok(!store_step_put(s, &d, &(struct step_record){.created_s = 1}, &e), "nor a step record");
    err_clear(&e);
    log_set_sink(fixture_count_log, &warnings);
    struct chunk_index *x = chunk_index_open(s, &e);
    chunk_index_put(x, &d, &(struct chunk_record){.length = 1});
    chunk_index_close(x);
    log_set_sink(NULL, NULL);
    ok(warnings == 1, "an index that cannot be written is worth a warning");
    ok(count_bad(s, false) == 0, "the store is sound");
    unlink(filler);
    ok(store_put_blob(s, str_n(big, sizeof big), &d, &e) && store_refs_set(s, S("second:1"), &second.ref, &e) && count_bad(s, true) == 0,
       "and works again when there is room");
    fixture_close(s);
    umount2(disk, MNT_DETACH);
}

int main(void) {
    fixture_init();
    survives_kills();
    survives_a_full_disk();
    return tap_done();
}
