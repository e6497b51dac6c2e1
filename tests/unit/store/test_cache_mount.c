/* SPDX-License-Identifier: Apache-2.0
 * Cache mounts: who gets which instance, what a killed process leaves, and what gc and fsck do with them. */
#include "store/cache_mount.h"

#include <signal.h>

#include "fixture.h"

static struct digest identity;

/* "taken", "busy" or "none". */
static const char *take(struct store *s, bool exclusive, struct cache_instance *out, unsigned *next) {
    struct err e = ERR_INIT;
    struct cache_found found;
    *out = (struct cache_instance)CACHE_INSTANCE_INIT;
    must(cache_instance_take(s, &identity, exclusive, out, &found, &e), &e);
    *next = found.next;
    return found.taken ? "taken" : found.busy ? "busy" : "none";
}

static bool make(struct store *s, unsigned number, bool exclusive, struct cache_instance *out) {
    struct err e = ERR_INIT;
    _cleanup_(mem_freep) char *work = NULL;
    bool made;
    *out = (struct cache_instance)CACHE_INSTANCE_INIT;
    must(store_workdir(s, &work, &e), &e);
    _cleanup_(mem_freep) char *files = mem_printf("%s/files", work);
    must(mkdir(files, 0755) == 0, &e);
    must(cache_instance_make(s, &identity, number, work, exclusive, out, &made, &e), &e);
    if (!made)
        store_workdir_remove(s, work);
    return made;
}

static bool takes(struct store *s, bool exclusive, const char *want) {
    struct cache_instance c;
    unsigned next;
    bool fine = strcmp(take(s, exclusive, &c, &next), want) == 0;
    cache_instance_release(&c);
    return fine;
}

static void who_gets_it(void) {
    struct store *s = fixture_store("who");
    struct cache_instance first, second, third;
    unsigned next;
    identity = sha256_of("who", 3);
    ok(strcmp(take(s, true, &first, &next), "none") == 0 && next == 0, "there is none yet, the first is number 0");
    ok(make(s, 0, true, &first) && str_ends(str_z(first.files), S("-0/files")) && exists(first.files), "it is made");
    ok(takes(s, true, "busy") && takes(s, false, "busy"), "while one has it to himself it is busy for all");
    ok(strcmp(take(s, true, &second, &next), "busy") == 0 && next == 1, "the next would be number 1");
    ok(!make(s, 0, true, &second) && make(s, 1, true, &second), "a number that is taken is not made again");
    cache_instance_release(&first);
    ok(takes(s, true, "taken"), "what was let go is there for the next");
    ok(strcmp(take(s, false, &first, &next), "taken") == 0 && strcmp(take(s, false, &third, &next), "taken") == 0 &&
           strcmp(first.files, third.files) == 0,
       "several may share one");
    ok(takes(s, true, "busy"), "which nobody has to himself then");
    cache_instance_release(&first);
    cache_instance_release(&second);
    cache_instance_release(&third);
    struct digest other = identity;
    identity = sha256_of("another", 7);
    ok(takes(s, false, "none"), "another identity has none of them");
    identity = other;
    fixture_close(s);
}

static void hold(struct store *s, void *ctx) {
    struct cache_instance c;
    unsigned next;
    take(s, true, &c, &next);
    must(write(*(int *)ctx, "x", 1) == 1, &(struct err)ERR_INIT);
    pause();
}

static void half_made(struct store *s, void *ctx) {
    struct err e = ERR_INIT;
    char *work = NULL;
    must(store_workdir(s, &work, &e) && write(*(int *)ctx, "x", 1) == 1, &e);
    pause();
}

static void killed(const char *name, void (*work)(struct store *, void *)) {
    int ends[2];
    char byte;
    must(pipe(ends) == 0, &(struct err)ERR_INIT);
    pid_t pid = in_child(name, work, &ends[1]);
    must(read(ends[0], &byte, 1) == 1, &(struct err)ERR_INIT);
    if (work == hold) {
        struct store *s = fixture_store(name);
        ok(takes(s, true, "busy"), "another process has it");
        fixture_close(s);
    }
    kill(pid, SIGKILL);
    wait_for(pid);
    close(ends[0]);
    close(ends[1]);
}

static void after_a_kill(void) {
    struct store *s = fixture_store("kill");
    struct cache_instance c;
    struct err e = ERR_INIT;
    struct dir_names names;
    struct arena a = ARENA_INIT;
    identity = sha256_of("kill", 4);
    ok(make(s, 0, false, &c), "a cache");
    cache_instance_release(&c);
    fixture_close(s);
    killed("kill", hold);
    killed("kill", half_made);
    s = fixture_store("kill");
    ok(takes(s, true, "taken"), "a killed process holds nothing");
    must(file_list(s->work_fd, &a, &names, &e), &e);
    ok(names.n == 0, "and what it had half made is gone");
    arena_fini(&a);
    fixture_close(s);
}

static struct gc_result gc(struct store *s, struct gc_options o) {
    struct err e = ERR_INIT;
    struct gc_result r;
    must(store_gc(s, &o, &r, &e), &e);
    return r;
}

static void collected(void) {
    struct store *s = fixture_store("gc");
    struct cache_instance used, old;
    const struct gc_options plain = GC_OPTIONS_INIT;
    struct gc_options all = plain, caches = plain;
    all.all = caches.caches = true;
    identity = sha256_of("used", 4);
    ok(make(s, 0, false, &used), "a cache that is used");
    identity = sha256_of("old", 3);
    ok(make(s, 0, false, &old), "another");
    _cleanup_(mem_freep) char *files = mem_strdup(old.files), *file = mem_printf("%s/file", old.files);
    put_file(file, S("bytes"));
    cache_instance_release(&old);
    struct gc_result r = gc(s, plain);
    ok(r.caches == 0 && r.kept_caches == 2 && r.kept_cache_bytes > 0, "gc leaves caches alone, and counts them");
    r = gc(s, all);
    ok(r.caches == 0 && exists(files), "--all leaves those that were used lately");
    _cleanup_(mem_freep) char *instance = mem_strndup(files, strlen(files) - strlen("/files"));
    _cleanup_(mem_freep) char *busy = mem_strndup(used.files, strlen(used.files) - strlen("/files"));
    set_age(instance, 8 * 86400);
    set_age(busy, 8 * 86400);
    caches.dry_run = true;
    r = gc(s, caches);
    ok(r.caches == 1 && exists(files), "a dry run removes nothing");
    r = gc(s, all);
    ok(r.caches == 1 && r.bytes > 0 && r.kept_caches == 1 && !exists(files) && exists(used.files), "... and takes what was not for a week");
    caches.dry_run = false;
    r = gc(s, caches);
    ok(r.caches == 0 && exists(used.files), "what a build uses stays");
    cache_instance_release(&used);
    r = gc(s, caches);
    ok(r.caches == 1 && r.kept_caches == 0 && !exists(busy), "--cache-mounts takes all others");
    fixture_close(s);
}

static void note_line(void *ctx, const char *line) {
    buf_printf(ctx, "%s\n", line);
}

static void checked(void) {
    struct store *s = fixture_store("fsck");
    struct cache_instance c;
    struct err e = ERR_INIT;
    struct buf said = BUF_INIT(MIB(1));
    size_t bad;
    identity = sha256_of("fsck", 4);
    ok(make(s, 0, true, &c), "a sound cache");
    _cleanup_(mem_freep) char *flavour = mem_printf("%s/mounts/host-trusted", s->root), *foreign = mem_printf("%s/foreign", flavour),
                              *torn = mem_strdup(c.files);
    must(mkdir(foreign, 0755) == 0, &e);
    must(store_fsck(s, &(struct fsck_options){.repair = true}, note_line, &said, &bad, &e), &e);
    is_str(buf_str(&said), S("leftover: mounts/host-trusted/foreign: not a cache mount (removed)\n"), "only what is none is found");
    ok(bad == 0 && !exists(foreign) && exists(c.files), "and removed");
    cache_instance_release(&c);
    must(rmdir(torn) == 0, &e);
    ok(takes(s, true, "none"), "one without its files is never taken");
    buf_reset(&said);
    must(store_fsck(s, &(struct fsck_options){.repair = true}, note_line, &said, &bad, &e), &e);
    ok(bad == 0 && str_find(buf_str(&said), S("-0: not a cache mount (removed)")) >= 0, "and removed too");
    buf_fini(&said);
    fixture_close(s);
}

int main(void) {
    fixture_init();
    who_gets_it();
    after_a_kill();
    collected();
    checked();
    return tap_done();
}
