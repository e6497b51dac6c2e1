/* SPDX-License-Identifier: Apache-2.0
 * croze load: images of an archive file -> the store. */
#include <stdio.h>
#include <unistd.h>

#include "cmd/cmd.h"
#include "image/image.h"
#include "report/meter.h"

static const char *input;
static bool quiet;

static const struct opt options[] = {
    OPT_STR('i', "input", "FILE", &input, "Read FILE instead of standard input"),
    OPT_FLAG('q', "quiet", &quiet, "Accepted for docker's sake: only names are printed anyway"),
    OPT_END,
};

static int run(struct context *c, char **args, size_t n, struct err *e);

const struct cmd cmd_load = {
    .name = "load",
    .summary = "Load images from an archive file (docker-archive or oci-archive; plain, gzip or zstd)",
    .usage = "[OPTIONS]",
    .flags = CMD_STORE,
    .options = options,
    .run = run,
};

static void loaded(void *ctx, struct str name, const struct digest *id) {
    char text[DIGEST_TEXT + 1];
    meter_pause(ctx);
    if (name.n)
        printf("Loaded image: %.*s\n", STR_ARG(name));
    else
        printf("Loaded image ID: %s\n", digest_text(id, text));
    meter_resume(ctx);
}

static int run(struct context *c, char **args, size_t n, struct err *e) {
    (void)args;
    if (n) {
        err_set(e, ERR_USAGE, "load takes no arguments; the archive is named by -i or comes on standard input");
        return -1;
    }
    if (!input && isatty(STDIN_FILENO)) {
        err_set(e, ERR_USAGE, "an archive does not come from a terminal; name it with -i FILE or redirect");
        return -1;
    }
    _cleanup_fd_ int fd = input ? file_open(input, O_RDONLY, 0, e) : dup(STDIN_FILENO);
    if (fd < 0)
        return -1;
    const char *what = input ? input : "standard input";
    _cleanup_(mem_freep) char *doing = mem_printf("loading %s", what);
    struct meter *meter = meter_reading(doing, fd);
    bool good = archive_load(&c->store, fd, what, loaded, meter, e);
    meter_end(meter);
    return good ? 0 : -1;
}
