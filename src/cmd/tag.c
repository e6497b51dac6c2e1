/* SPDX-License-Identifier: Apache-2.0
 * croze tag: gives an image one more name. */
#include "cmd/cmd.h"
#include "image/image.h"

static const struct opt options[] = {OPT_END};

static int run(struct context *c, char **args, size_t n, struct err *e);

const struct cmd cmd_tag = {
    .name = "tag",
    .summary = "Give an image one or more names",
    .usage = "IMAGE NAME[:TAG]...",
    .flags = CMD_STORE,
    .options = options,
    .run = run,
};

static bool tag_one(struct context *c, struct arena *a, const struct store_ref *image, const char *text, struct err *e) {
    struct image_name name;
    if (!image_name_parse(a, str_z(text), &name, e))
        return false;
    if (name.digest.n)
        return err_set(e, ERR_USAGE, "%s: a name with a digest cannot be given", text);
    return store_refs_set(&c->store, image_name_text(a, &name), image, e);
}

static int run(struct context *c, char **args, size_t n, struct err *e) {
    if (n < 2) {
        err_set(e, ERR_USAGE, "tag takes an image and at least one new name");
        return -1;
    }
    struct arena a = ARENA_INIT;
    struct store_ref image;
    bool good = image_find(&c->store, str_z(args[0]), &a, &image, e);
    for (size_t i = 1; good && i < n; i++)
        good = tag_one(c, &a, &image, args[i], e);
    arena_fini(&a);
    return good ? 0 : -1;
}
