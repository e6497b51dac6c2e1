/* SPDX-License-Identifier: Apache-2.0
 * croze fsck: whether the store is whole. */
#include <stdio.h>

#include "cmd/cmd.h"
#include "report/meter.h"

static bool deep, repair;

static const struct opt options[] = {
    OPT_FLAG(0, "deep", &deep, "Hash every blob again"),
    OPT_FLAG(0, "repair", &repair, "Remove what a crash left half-made, and records of what is gone"),
    OPT_END,
};

static int run(struct context *c, char **args, size_t n, struct err *e);

const struct cmd cmd_fsck = {
    .name = "fsck",
    .summary = "Check the store",
    .usage = "[OPTIONS]",
    .description = "Exit code 0: the store is sound; 10: something is damaged (each finding on a line). Layers that no run and no build "
                   "has read yet are known by their blobs' digests alone: whether they unpack to their diffIDs shows then.",
    .flags = CMD_STORE | CMD_READS | CMD_NAMESPACE,
    .options = options,
    .run = run,
};

static void say(void *ctx, const char *line) {
    meter_pause(ctx);
    puts(line);
    meter_resume(ctx);
}

/* Of all blobs together: what --deep will read. */
static uint64_t blob_bytes(struct store *s) {
    struct err ignored = ERR_INIT;
    struct arena a = ARENA_INIT;
    struct dir_names names = {0};
    uint64_t bytes = 0;
    bool good = file_list(s->blobs_fd, &a, &names, &ignored);
    for (size_t i = 0; good && i < names.n; i++) {
        struct stat st;
        if (fstatat(s->blobs_fd, names.names[i].p, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(st.st_mode))
            bytes += (uint64_t)st.st_size;
    }
    err_clear(&ignored);
    arena_fini(&a);
    return bytes;
}

static int run(struct context *c, char **args, size_t n, struct err *e) {
    (void)args;
    struct fsck_options o = {deep, repair};
    size_t bad = 0;
    if (n) {
        err_set(e, ERR_USAGE, "fsck takes no arguments");
        return -1;
    }
    struct meter *meter = meter_start("checking the store", METER_READ, -1, deep ? blob_bytes(&c->store) : 0);
    bool good = store_fsck(&c->store, &o, say, meter, &bad, e);
    meter_end(meter);
    if (!good)
        return -1;
    printf("%s\n", bad ? "the store is damaged" : "the store is sound");
    return bad ? ERR_FINDINGS : 0;
}
