/* SPDX-License-Identifier: Apache-2.0
 * croze save: images -> one archive file that docker, podman and skopeo load. */
#include <stdio.h>
#include <unistd.h>

#include "cmd/cmd.h"
#include "image/image.h"
#include "report/meter.h"

static const char *output, *format = "docker-archive";
static const char *const format_words[] = {"docker-archive", "oci-archive", NULL};

static const struct opt options[] = {
    OPT_ENUM(0, "format", format_words, &format, "docker-archive or oci-archive"),
    OPT_STR('o', "output", "FILE", &output, "Write to FILE instead of standard output"),
    OPT_END,
};

static int run(struct context *c, char **args, size_t n, struct err *e);

const struct cmd cmd_save = {
    .name = "save",
    .summary = "Write images to an archive file",
    .usage = "[OPTIONS] IMAGE...",
    .flags = CMD_STORE | CMD_READS,
    .options = options,
    .run = run,
};

struct saving {
    struct context *context;
    char **args;
    size_t n;
};

static bool save_to(void *ctx, int fd, struct err *e) {
    const struct saving *s = ctx;
    struct arena a = ARENA_INIT;
    struct str *names = arena_array(&a, struct str, s->n);
    for (size_t i = 0; i < s->n; i++)
        names[i] = str_z(s->args[i]);
    enum archive_format kind = strcmp(format, "oci-archive") == 0 ? ARCHIVE_OCI : ARCHIVE_DOCKER;
    struct meter *meter = meter_start("saving", METER_WRITTEN, -1, 0);
    bool good = archive_save(&s->context->store, names, s->n, kind, fd, e);
    meter_end(meter);
    arena_fini(&a);
    return good;
}

static int run(struct context *c, char **args, size_t n, struct err *e) {
    if (n == 0) {
        err_set(e, ERR_USAGE, "save takes at least one image");
        return -1;
    }
    struct saving s = {c, args, n};
    if (output)
        return file_write_by(output, save_to, &s, e) || err_wrap(e, "save to %s", output) ? 0 : -1;
    if (isatty(STDOUT_FILENO)) {
        err_set(e, ERR_USAGE, "an archive does not belong on a terminal; use -o FILE or redirect");
        return -1;
    }
    return save_to(&s, STDOUT_FILENO, e) ? 0 : -1;
}
