/* SPDX-License-Identifier: Apache-2.0
 * croze rmi: takes names off images, and images without a name off the list. Bytes are freed by gc. */
#include <errno.h>
#include <stdio.h>

#include "cmd/cmd.h"
#include "image/image.h"

static bool force;

static const struct opt options[] = {
    OPT_FLAG('f', "force", &force, "Remove every name of an image given by its ID; no error when there is no such image"),
    OPT_END,
};

static int run(struct context *c, char **args, size_t n, struct err *e);

const struct cmd cmd_rmi = {
    .name = "rmi",
    .summary = "Remove names, and images that have lost their last one",
    .usage = "[OPTIONS] IMAGE...",
    .description = "A name is taken off its image; the image goes when it was the last one. An ID removes the image if it has at most one "
                   "name. `croze gc`\n"
                   "then frees what nothing needs any more.",
    .flags = CMD_STORE,
    .options = options,
    .run = run,
};

/* By the ID that `croze images` shows; an image that cannot be read any more has its manifest's digest only. */
static void print_deleted(struct context *c, const struct digest *manifest) {
    char text[DIGEST_TEXT + 1];
    struct image im;
    struct err unreadable = ERR_INIT;
    bool read = image_read(&c->store, manifest, S("linux/" CROZE_ARCH), &im, &unreadable);
    printf("Deleted: %s\n", digest_text(read ? &im.config_digest : manifest, text));
    if (read)
        image_fini(&im);
    err_clear(&unreadable);
}

static bool remove_image(struct context *c, const struct store_ref *image, const char *text, struct err *e) {
    size_t most = force ? SIZE_MAX : 1, names;
    if (!store_refs_remove_image(&c->store, &image->manifest, most, &names, e))
        return false;
    if (names > most)
        return err_set(e, ERR_FAILED, "image %s has several names; remove them by name, or all with --force", text);
    print_deleted(c, &image->manifest);
    return true;
}

static bool remove_one(struct context *c, struct arena *a, const char *text, struct err *e) {
    struct store_ref image;
    struct image_name name;
    struct err not_a_name = ERR_INIT;
    if (!image_find(&c->store, str_z(text), a, &image, e)) {
        if (force && e->sys == ENOENT) {
            err_clear(e);
            return true;
        }
        return false;
    }
    bool by_name = image_name_parse(a, str_z(text), &name, &not_a_name) && str_eq(image_name_text(a, &name), image.name);
    err_clear(&not_a_name);
    if (!by_name)
        return remove_image(c, &image, text, e);
    bool last;
    if (!store_refs_remove(&c->store, image.name, false, &last, e))
        return false;
    printf("Untagged: %.*s\n", STR_ARG(image.name));
    if (last)
        print_deleted(c, &image.manifest);
    return true;
}

static int run(struct context *c, char **args, size_t n, struct err *e) {
    struct arena a = ARENA_INIT;
    bool good = n > 0 || err_set(e, ERR_USAGE, "rmi takes at least one image");
    for (size_t i = 0; good && i < n; i++)
        good = remove_one(c, &a, args[i], e);
    arena_fini(&a);
    return good ? 0 : -1;
}
