/* SPDX-License-Identifier: Apache-2.0
 * croze delete: tags and manifests of a registry. */
#include <errno.h>
#include <stdio.h>

#include "cmd/cmd.h"
#include "cmd/registry_flags.h"
#include "registry/delete.h"

static bool force;

static const struct opt options[] = {
    OPT_FLAG('f', "force", &force, "No error when there is no such tag or manifest"),
    OPT_TABLE(registry_rows, "Registries"),
    OPT_END,
};

static int run(struct context *c, char **args, size_t n, struct err *e);

const struct cmd cmd_delete = {
    .name = "delete",
    .summary = "Delete tags and manifests of a registry",
    .usage = "[OPTIONS] NAME:TAG|NAME@DIGEST...",
    .description =
        "A tag is taken off, whatever the registry can do: what it names stays for other tags of the repository. Where tags cannot be "
        "deleted, the tag is first moved to a manifest made for that, and this is deleted. A digest is deleted only if no tag needs it, "
        "by itself or in an index.\n\n"
        "Images of the store are removed by `croze rmi`.",
    .options = options,
    .run = run,
};

static bool read_name(const char *text, struct arena *a, struct image_name *out, struct err *e) {
    return registry_name_parse(a, str_z(text), out, e) &&
           (out->digest.n || str_index(path_base(str_z(text)), ':') >= 0 ||
            err_set(e, ERR_USAGE, "%s: say which tag or digest is to go (a whole repository is not deleted)", text));
}

static bool delete_one(struct registries *r, const char *text, struct arena *a, struct err *e) {
    struct image_name name;
    struct repository repository;
    struct digest d;
    if (!read_name(text, a, &name, e))
        return false;
    repository_of(a, &name, &repository);
    _cleanup_(place_closep) struct place *p = place_repository(r, NULL, &repository, PLACE_WRITE);
    bool by_digest = name.digest.n > 0;
    bool good = by_digest ? digest_parse(name.digest, &d, e) && delete_manifest(p, &d, e) : delete_tag(p, name.tag, e);
    if (!good && force && e->sys == ENOENT) {
        err_clear(e);
        return true;
    }
    if (good)
        printf("%s: %s\n", by_digest ? "Deleted" : "Untagged", text);
    return good || err_wrap(e, "delete %s", text);
}

static int run(struct context *c, char **args, size_t n, struct err *e) {
    (void)c;
    if (n == 0) {
        err_set(e, ERR_USAGE, "delete takes at least one NAME:TAG or NAME@DIGEST");
        return -1;
    }
    struct arena a = ARENA_INIT;
    struct image_name name;
    bool good = true;
    for (size_t i = 0; good && i < n; i++) /* all of them, before anything goes */
        good = read_name(args[i], &a, &name, e);
    _cleanup_(registries_freep) struct registries *r = good ? registries_of_flags(str_z(args[0]), e) : NULL;
    good = r != NULL;
    for (size_t i = 0; good && i < n; i++)
        good = delete_one(r, args[i], &a, e);
    arena_fini(&a);
    return good ? 0 : -1;
}
