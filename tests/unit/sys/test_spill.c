/* SPDX-License-Identifier: Apache-2.0
 * Spilled bytes: what was added comes back, from memory, from the file and from both; changes hold on both sides; a file that cannot be
 * made or written is an error. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/limits.h"
#include "base/mem.h"
#include "sys/files.h"
#include "sys/spill.h"
#include "tap.h"

enum { TOTAL = MIB(9) + 12345 };

static unsigned char byte_at(size_t i) {
    return (unsigned char)(i * 2654435761u >> 13);
}

/* All bytes, in pieces of changing length. */
static void fill(struct spill *s) {
    struct err e = ERR_INIT;
    static unsigned char piece[100000];
    size_t at = 0, n = 1;
    while (at < TOTAL) {
        size_t k = n < TOTAL - at ? n : TOTAL - at;
        for (size_t i = 0; i < k; i++)
            piece[i] = byte_at(at + i);
        if (!spill_add(s, piece, k, &e))
            break;
        at += k;
        n = (n * 7 + 3) % sizeof piece;
    }
    no_err(&e, "bytes are added");
    ok(spill_bytes(s) == TOTAL, "and counted");
}

static size_t wrong_bytes(struct spill *s, size_t at, size_t n) {
    struct err e = ERR_INIT;
    _cleanup_(mem_freep) unsigned char *got = mem_alloc(n);
    if (!spill_read(s, at, got, n, &e)) {
        err_clear(&e);
        return n;
    }
    size_t wrong = 0;
    for (size_t i = 0; i < n; i++)
        wrong += got[i] != byte_at(at + i);
    return wrong;
}

static void reads(struct spill *s) {
    ok(wrong_bytes(s, 0, TOTAL) == 0, "all of it comes back");
    size_t wrong = 0, at = 12345;
    for (int i = 0; i < 3000; i++) {
        at = (at * 1103515245u + 12345) % (TOTAL - 10000);
        wrong += wrong_bytes(s, at, 1 + at % 9999);
    }
    ok(wrong == 0, "and any part of it, in any order");
    ok(wrong_bytes(s, TOTAL, 0) == 0, "nothing at the end is no error");
}

/* In the file, in memory, and across; each was read before, so that a stale cache would show. */
static void changes(struct spill *s) {
    struct err e = ERR_INIT;
    size_t wrong = 0;
    static const char text[] = "changed here";
    char got[sizeof text];
    for (size_t at = 4090; at < TOTAL - sizeof text; at += 4093 * 5) {
        wrong += !spill_read(s, at, got, sizeof got, &e);
        wrong += !spill_change(s, at, text, sizeof text, &e) || !spill_read(s, at, got, sizeof got, &e) ||
                 memcmp(got, text, sizeof got) != 0;
        wrong += wrong_bytes(s, at - 20, 20) + wrong_bytes(s, at + sizeof text, 20);
    }
    no_err(&e, "bytes are changed");
    ok(wrong == 0, "they read as they are now, and their neighbours as before");
    size_t start = TOTAL - MIB(2);
    _cleanup_(mem_freep) char *all = mem_zalloc(1, MIB(2)), *back = mem_alloc(MIB(2));
    ok(spill_change(s, start, all, MIB(2), &e) && spill_read(s, start, back, MIB(2), &e) && memcmp(all, back, MIB(2)) == 0,
       "a change of the file's end and memory's beginning at once");
}

static void failures(int dir) {
    struct err e = ERR_INIT;
    _cleanup_(mem_freep) char *much = mem_zalloc(1, MIB(3));
    struct spill *s = spill_new(-1);
    ok(spill_add(s, much, MIB(2), &e), "a directory that is not there does not matter while all fits into memory");
    ok(!spill_add(s, much, 1, &e), "and then it does");
    is_err(&e, "", "with a message");
    spill_free(s);
    struct rlimit before, small;
    getrlimit(RLIMIT_FSIZE, &before);
    signal(SIGXFSZ, SIG_IGN);
    small = before;
    small.rlim_cur = MIB(1) + 1000;
    setrlimit(RLIMIT_FSIZE, &small);
    s = spill_new(dir);
    ok(spill_add(s, much, MIB(3), &e) && !spill_add(s, much, 1, &e), "a file that cannot grow");
    is_err(&e, "a work file of the store", "is named");
    setrlimit(RLIMIT_FSIZE, &before);
    spill_free(s);
    spill_free(NULL);
}

int main(void) {
    struct err e = ERR_INIT;
    char dir[] = "/tmp/croze-spill-XXXXXX";
    if (!mkdtemp(dir))
        return 1;
    _cleanup_fd_ int fd = file_open(dir, O_RDONLY | O_DIRECTORY, 0, &e);
    struct spill *s = spill_new(fd);
    fill(s);
    reads(s);
    changes(s);
    spill_free(s);
    failures(fd);
    struct arena a = ARENA_INIT;
    struct dir_names left;
    ok(file_list(fd, &a, &left, &e) && left.n == 0, "no file is left");
    arena_fini(&a);
    rmdir(dir);
    return tap_done();
}
