/* SPDX-License-Identifier: Apache-2.0
 * croze import: a root file system archive -> an image of one layer. */
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "cmd/cmd.h"
#include "image/image.h"
#include "layer/read.h"
#include "report/meter.h"
#include "sys/clock.h"

static const char *message = "imported", *compression = "gzip";
static const char *const compression_words[] = {"gzip", "zstd", "none", "uncompressed", NULL};

static const struct opt options[] = {
    OPT_ENUM(0, "compression", compression_words, &compression, "Compression of the layer: gzip, zstd, none"),
    OPT_STR('m', "message", "TEXT", &message, "Comment in the image's history"),
    OPT_UNSUPPORTED('c', "change", "INSTRUCTION", "use a Dockerfile with FROM the imported image"),
    OPT_END,
};

static int run(struct context *c, char **args, size_t n, struct err *e);

const struct cmd cmd_import = {
    .name = "import",
    .summary = "Make an image from a root file system archive (tar; plain, gzip or zstd)",
    .usage = "[OPTIONS] FILE|- [NAME[:TAG]]",
    .description = "Times newer than SOURCE_DATE_EPOCH, if that is set, become it.",
    .flags = CMD_STORE | CMD_NAMESPACE,
    .options = options,
    .run = run,
};

static ptrdiff_t read_input(void *ctx, void *to, size_t n, struct err *e) {
    ssize_t got;
    do
        got = read(*(int *)ctx, to, n);
    while (got < 0 && errno == EINTR);
    if (got < 0)
        err_sys(e, errno, "read");
    return got;
}

static bool read_options(struct layer_options *o, struct err *e) {
    *o = (struct layer_options){0};
    if (!compression_parse(str_z(compression), &o->compression))
        return err_set(e, ERR_BUG, "compression %s", compression);
    o->level = compression_default_level(o->compression);
    struct str epoch = str_z(getenv("SOURCE_DATE_EPOCH"));
    o->has_epoch = epoch.n > 0;
    return !o->has_epoch || clock_parse_epoch(epoch, &o->epoch) ||
           err_set(e, ERR_USAGE, "SOURCE_DATE_EPOCH=%.*s is not a number of seconds since 1970", STR_ARG(epoch));
}

/* The image around the layer: no configuration but PATH, one line of history. */
static bool make_image(struct context *c, const struct layer *l, const struct layer_options *o, struct str name, struct err *e) {
    struct image im;
    image_init(&im);
    im.os = S("linux");
    im.architecture = S(CROZE_ARCH);
    im.created = o->has_epoch ? (struct timespec){o->epoch, 0} : clock_now();
    im.has_created = true;
    image_add_layer(&im, l);
    struct history h = {.created = im.created, .has_created = true, .comment = str_z(message)};
    image_add_history(&im, &h);
    bool good = image_write(&c->store, &im, e);
    struct store_ref ref = {STR_NULL, im.manifest, im.manifest_bytes, im.manifest_media_type};
    good = good && store_refs_set(&c->store, name, &ref, e);
    char id[DIGEST_TEXT + 1];
    if (good)
        puts(digest_text(&im.config_digest, id));
    image_fini(&im);
    return good;
}

static bool import(struct context *c, struct arena *a, const char *file, const char *name, struct err *e) {
    struct image_name parsed;
    struct layer_options o;
    struct layer l;
    struct str full = STR_NULL;
    bool from_stdin = strcmp(file, "-") == 0;
    if (from_stdin && isatty(STDIN_FILENO))
        return err_set(e, ERR_USAGE, "an archive does not come from a terminal; name a file or redirect");
    if (name) {
        if (!image_name_parse(a, str_z(name), &parsed, e))
            return false;
        full = image_name_text(a, &parsed);
    }
    if (!read_options(&o, e))
        return false;
    _cleanup_fd_ int fd = from_stdin ? dup(STDIN_FILENO) : file_open(file, O_RDONLY, 0, e);
    const char *what = from_stdin ? "standard input" : file;
    if (fd < 0)
        return false;
    _cleanup_(mem_freep) char *doing = mem_printf("importing %s", what);
    struct meter *meter = meter_reading(doing, fd);
    bool good = layer_import(&c->store, read_input, &fd, what, &o, &l, e);
    meter_end(meter);
    return good && make_image(c, &l, &o, full, e);
}

static int run(struct context *c, char **args, size_t n, struct err *e) {
    if (n < 1 || n > 2) {
        err_set(e, ERR_USAGE, "import takes an archive (or \"-\") and at most one name");
        return -1;
    }
    struct arena a = ARENA_INIT;
    bool good = import(c, &a, args[0], n == 2 ? args[1] : NULL, e);
    arena_fini(&a);
    return good ? 0 : -1;
}
