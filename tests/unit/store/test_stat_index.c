/* SPDX-License-Identifier: Apache-2.0
 * The stat index: hits, every field that makes a miss, the racy rule, threads, merging, damage. */
#include "fixture.h"

#include "store/le.h"
#include "sys/clock.h"
#include "sys/thread.h"

/* A file that was last touched long before read_at(). */
static struct stat quiet_file(uint64_t inode) {
    struct stat st = {.st_dev = 7, .st_ino = inode, .st_size = 10, .st_mode = S_IFREG | 0644};
    st.st_ctim = (struct timespec){1000, 5};
    st.st_mtim = (struct timespec){900, 7};
    return st;
}

static struct timespec read_at(void) {
    return (struct timespec){2000, 0};
}

static struct stat_index *open_index(struct store *s) {
    struct err e = ERR_INIT;
    struct stat_index *x = stat_index_open(s, s->root_fd, &e);
    must(x != NULL, &e);
    return x;
}

static char *index_path(struct store *s) {
    struct err e = ERR_INIT;
    struct arena a = ARENA_INIT;
    struct dir_names names;
    _cleanup_fd_ int dir = file_openat(s->root_fd, "stat", O_RDONLY | O_DIRECTORY, 0, &e);
    must(dir >= 0 && file_list(dir, &a, &names, &e) && names.n == 1, &e);
    char *path = mem_printf("%s/stat/%s", s->root, names.names[0].p);
    arena_fini(&a);
    return path;
}

static void remembers(struct store *s) {
    struct stat_index *x = open_index(s);
    struct digest d = sha256_of("a", 1), got;
    struct stat st = quiet_file(1);
    ok(!stat_index_get(x, &st, &got), "nothing is known at first");
    stat_index_put(x, &st, read_at(), &d);
    ok(stat_index_get(x, &st, &got) && digest_eq(&got, &d), "what was learned is known in the same run");
    stat_index_close(x);
    x = open_index(s);
    ok(stat_index_get(x, &st, &got) && digest_eq(&got, &d), "and in the next");
    struct stat changed[7];
    for (size_t i = 0; i < 7; i++)
        changed[i] = st;
    changed[0].st_dev++;
    changed[1].st_ino++;
    changed[2].st_ctim.tv_nsec++;
    changed[3].st_mtim.tv_sec--;
    changed[4].st_size++;
    changed[5].st_mode ^= 0100;
    changed[6].st_mtim.tv_nsec++;
    for (size_t i = 0; i < 7; i++)
        ok(!stat_index_get(x, &changed[i], &got), "a change of field %zu is a miss", i);
    stat_index_close(x);
}

static void mistrusts_the_racy(struct store *s) {
    struct timespec grain = {0};
    clock_getres(CLOCK_REALTIME_COARSE, &grain);
    struct stat_index *x = open_index(s);
    struct digest d = sha256_of("a", 1), got;
    struct timespec at = {2000, 500000000};
    struct stat st = quiet_file(50);
    st.st_ctim = at;
    stat_index_put(x, &st, at, &d);
    ok(!stat_index_get(x, &st, &got), "a file touched in the tick of reading is not learned");
    st.st_ctim.tv_nsec -= grain.tv_nsec;
    stat_index_put(x, &st, at, &d);
    ok(!stat_index_get(x, &st, &got), "nor in the tick before");
    st.st_ctim.tv_nsec -= 1;
    stat_index_put(x, &st, at, &d);
    ok(stat_index_get(x, &st, &got), "but before that it is");
    st = quiet_file(51);
    st.st_mtim = (struct timespec){5000, 1};
    stat_index_put(x, &st, at, &d);
    ok(!stat_index_get(x, &st, &got), "an mtime in the future is never learned, whatever the ctime");
    st = quiet_file(52);
    st.st_ctim = st.st_mtim = (struct timespec){1999, 0};
    stat_index_put(x, &st, at, &d);
    ok(!stat_index_get(x, &st, &got), "a time of whole seconds may be rounded: two seconds are left alone");
    st.st_ctim = st.st_mtim = (struct timespec){1998, 0};
    stat_index_put(x, &st, at, &d);
    ok(stat_index_get(x, &st, &got), "but no more");
    stat_index_close(x);
}

/* A real file on this file system: what is written again at once must not be taken for the old one. */
static void catches_a_quick_rewrite(struct store *s) {
    _cleanup_(mem_freep) char *path = in_scratch("quick");
    size_t stale = 0;
    for (int i = 0; i < 300; i++) {
        struct stat_index *x = open_index(s);
        struct digest first = sha256_of("1", 1), got;
        struct stat st;
        put_file(path, S("1"));
        struct timespec at = clock_now_coarse();
        must(stat(path, &st) == 0, &(struct err)ERR_INIT);
        stat_index_put(x, &st, at, &first);
        put_file(path, S("2"));
        must(stat(path, &st) == 0, &(struct err)ERR_INIT);
        stale += stat_index_get(x, &st, &got);
        stat_index_close(x);
    }
    ok(stale == 0, "300 quick rewrites of the same size are all seen (%zu missed)", stale);
}

static void drops_what_nobody_asks_for(struct store *s) {
    struct digest d = sha256_of("a", 1), got;
    struct stat old = quiet_file(1000);
    struct stat_index *x = open_index(s);
    stat_index_put(x, &old, read_at(), &d);
    stat_index_close(x);
    for (uint64_t run = 0; run < 8; run++) {
        struct stat st = quiet_file(2000 + run);
        x = open_index(s);
        stat_index_put(x, &st, read_at(), &d);
        stat_index_close(x);
    }
    _cleanup_(mem_freep) char *path = index_path(s);
    struct buf before = file_bytes(path);
    x = open_index(s);
    ok(stat_index_get(x, &old, &got), "a record outlives eight runs that do not ask for it");
    stat_index_close(x);
    struct buf after = file_bytes(path);
    ok(str_eq(buf_str(&before), buf_str(&after)), "a run that learns nothing does not rewrite the file");
    x = open_index(s);
    struct stat st = quiet_file(3000);
    stat_index_put(x, &st, read_at(), &d);
    stat_index_close(x);
    x = open_index(s);
    ok(!stat_index_get(x, &old, &got), "but not nine");
    ok(stat_index_get(x, &st, &got), "while what is younger stays");
    stat_index_close(x);
    buf_fini(&before);
    buf_fini(&after);
}

/* --- Threads --- */

enum { JOBS = 64, FILES_EACH = 500 };
struct job {
    struct stat_index *x;
    uint64_t first;
    size_t wrong;
};

static void learn_many(void *arg, unsigned worker) {
    struct job *j = arg;
    (void)worker;
    for (uint64_t i = 0; i < FILES_EACH; i++) {
        struct stat st = quiet_file(10000 + j->first + i);
        uint64_t number = j->first + i;
        struct digest d = sha256_of(&number, sizeof number), got;
        stat_index_put(j->x, &st, read_at(), &d);
        j->wrong += !stat_index_get(j->x, &st, &got) || !digest_eq(&got, &d);
    }
}

static void serves_threads(struct store *s) {
    struct job jobs[JOBS];
    struct stat_index *x = open_index(s);
    struct pool *pool = pool_new(8, 8);
    for (size_t i = 0; i < JOBS; i++) {
        jobs[i] = (struct job){x, i / 2 * FILES_EACH, 0}; /* two jobs learn the same files */
        pool_run(pool, learn_many, &jobs[i]);
    }
    pool_free(pool);
    stat_index_close(x);
    size_t wrong = 0, found = 0;
    for (size_t i = 0; i < JOBS; i++)
        wrong += jobs[i].wrong;
    ok(wrong == 0, "eight threads put and get at once");
    x = open_index(s);
    for (uint64_t i = 0; i < JOBS / 2 * FILES_EACH; i++) {
        struct stat st = quiet_file(10000 + i);
        struct digest d = sha256_of(&i, sizeof i), got;
        found += stat_index_get(x, &st, &got) && digest_eq(&got, &d);
    }
    ok(found == JOBS / 2 * FILES_EACH, "and all of it is in the file (%zu)", found);
    stat_index_close(x);
}

/* A million records would be 88 MB: they are kept in a work file, found there, put anew in the place of an older one, and merged as they
 * are written. */
static void learns_much(struct store *s) {
    enum { MANY = 300000 };
    struct digest got;
    size_t before = peak_bytes(), wrong = 0;
    for (int run = 0; run < 2; run++) {
        struct stat_index *x = open_index(s);
        for (uint64_t i = 0; i < MANY; i++) {
            struct stat st = quiet_file(1000000 + i * 7919 % MANY);
            st.st_size += run;
            struct digest d = sha256_of(&st.st_ino, sizeof st.st_ino);
            stat_index_put(x, &st, read_at(), &d);
            if (i % 3 == 0)
                stat_index_put(x, &st, read_at(), &d);
        }
        for (uint64_t i = 0; i < MANY; i++) {
            struct stat st = quiet_file(1000000 + i);
            st.st_size += run;
            struct digest d = sha256_of(&st.st_ino, sizeof st.st_ino);
            wrong += !stat_index_get(x, &st, &got) || !digest_eq(&got, &d);
            st.st_ino += MANY;
            wrong += stat_index_get(x, &st, &got);
        }
        stat_index_close(x);
    }
    size_t grown = peak_bytes() - before;
    ok(wrong == 0, "%d files are found while they are learned, the second time as they are now (%zu are not)", MANY, wrong);
    ok(before == 0 || grown < MIB(20) + (size_t)MANY * 60, "in %zu bytes of memory", grown);
    struct stat_index *x = open_index(s);
    size_t found = 0;
    for (uint64_t i = 0; i < MANY; i++) {
        struct stat st = quiet_file(1000000 + i);
        st.st_size++;
        found += stat_index_get(x, &st, &got);
    }
    ok(found == MANY, "and all of them are in the file (%zu)", found);
    stat_index_close(x);
}

static void drops_damage(struct store *s) {
    static const struct {
        long offset;
        const char *what;
    } places[] = {{0, "magic"},     {8, "format"},        {12, "record size"}, {16, "count"},
                  {24, "checksum"}, {32, "first record"}, {-1, "last record"}};
    size_t warnings = 0;
    _cleanup_(mem_freep) char *path = index_path(s);
    struct buf good = file_bytes(path);
    struct stat st = quiet_file(10000);
    struct digest got;
    log_set_sink(fixture_count_log, &warnings);
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        put_file(path, buf_str(&good));
        damage_file(path, places[i].offset);
        struct stat_index *x = open_index(s);
        ok(!stat_index_get(x, &st, &got) && warnings == i + 1, "damage to the %s drops the index with a warning", places[i].what);
        stat_index_close(x);
    }
    put_file(path, str_first(buf_str(&good), good.n / 2));
    struct stat_index *x = open_index(s);
    ok(!stat_index_get(x, &st, &got), "so does half a file");
    stat_index_put(x, &st, read_at(), &(struct digest){{1}});
    stat_index_close(x);
    x = open_index(s);
    ok(stat_index_get(x, &st, &got), "and what is learned then makes a new one");
    stat_index_close(x);
    log_set_sink(NULL, NULL);
    buf_fini(&good);
}

int main(void) {
    fixture_init();
    struct store *s = fixture_store("store");
    remembers(s);
    mistrusts_the_racy(s);
    catches_a_quick_rewrite(s);
    drops_what_nobody_asks_for(s);
    serves_threads(s);
    drops_damage(s);
    learns_much(s);
    fixture_close(s);
    return tap_done();
}
