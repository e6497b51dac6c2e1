/* SPDX-License-Identifier: Apache-2.0
 * Replays the files of a corpus folder through a fuzz target in ordinary builds, so that every past finding stays tested. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>

#include "base/mem.h"
#include "sys/files.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int replay_one(int dir, const char *name) {
    struct err e = ERR_INIT;
    struct buf b = BUF_INIT(64 << 20);
    if (!file_readat(dir, name, &b, &e)) {
        fprintf(stderr, "%s\n", e.msg);
        err_clear(&e);
        return 1;
    }
    LLVMFuzzerTestOneInput((const uint8_t *)b.p, b.n);
    buf_fini(&b);
    return 0;
}

int main(int argc, char **argv) {
    struct err e = ERR_INIT;
    struct arena a = ARENA_INIT;
    struct dir_names names;
    _cleanup_fd_ int dir = argc == 2 ? file_open(argv[1], O_RDONLY | O_DIRECTORY, 0, &e) : -1;
    if (dir < 0 || !file_list(dir, &a, &names, &e)) {
        fprintf(stderr, "usage: replay FOLDER%s%s\n", e.msg ? ": " : "", e.msg ? e.msg : "");
        return 2;
    }
    int bad = names.n == 0; /* an empty corpus tests nothing */
    for (size_t i = 0; i < names.n; i++)
        bad += replay_one(dir, names.names[i].p);
    printf("%zu inputs replayed\n", names.n);
    arena_fini(&a);
    return bad ? 1 : 0;
}
