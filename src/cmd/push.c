/* SPDX-License-Identifier: Apache-2.0
 * croze push: images of the store to the registry that their name leads to. */
#include <stdio.h>
#include <unistd.h>

#include "cmd/check_gate.h"
#include "cmd/cmd.h"
#include "cmd/digest_file.h"
#include "cmd/registry_flags.h"
#include "registry/pull.h"

static bool quiet, all_tags;
static const char *digest_file;

static const struct opt options[] = {
    OPT_FLAG('a', "all-tags", &all_tags, "Push every tag that the name has in the store"),
    OPT_STR(0, "digestfile", "FILE", &digest_file, "Write the digest of what was pushed to FILE"),
    OPT_FLAG('q', "quiet", &quiet, "Print only the name of what was pushed"),
    OPT_UNSUPPORTED(0, "disable-content-trust", NULL, "docker's content trust is gone from docker, too; signatures are made by sign"),
    OPT_UNSUPPORTED(0, "format", "FORMAT", "bytes stay as they are; `build -o type=image,oci-mediatypes=false` makes docker's format"),
    OPT_UNSUPPORTED(0, "compression-format", "NAME", "bytes stay as they are; `build --compression` chooses it"),
    OPT_TABLE(check_gate_rows, "Checks"),
    OPT_TABLE(registry_rows, "Registries"),
    OPT_END,
};

static int run(struct context *c, char **args, size_t n, struct err *e);

const struct cmd cmd_push = {
    .name = "push",
    .summary = "Send images to a registry",
    .usage = "[OPTIONS] NAME[:TAG]... | IMAGE TRANSPORT:DESTINATION",
    .description =
        "What the registry has is not sent: what the tag names there now tells which layers it has, and a layer that came from another "
        "repository of the same registry is mounted from there. The tag is set when everything is there.\n\n"
        "To push to another name, give that with its transport behind the image, as podman does: `croze push IMAGE docker://NAME:TAG` "
        "(or oci:DIR, and what else `croze copy` takes). Two names without a transport are two images.",
    .flags = CMD_STORE,
    .options = options,
    .run = run,
};

struct pushing {
    struct store *store;
    struct registries *registries;
    struct push_options options;
};

static void note_alone(const struct pushing *p, struct str name) {
    progress_note(p->options.progress, "%.*s names an index, of which the store has this machine's image only: that was pushed, alone "
                  "(`croze copy` takes an index from one registry to another)", STR_ARG(name));
}

/* docker's lines, that scripts look for. */
static void say(const struct pushing *p, const struct image_name *name, const struct copy_result *r, bool alone, struct arena *a) {
    char digest[DIGEST_TEXT + 1];
    if (alone)
        note_alone(p, image_name_text(a, name));
    if (quiet)
        printf("%.*s\n", STR_ARG(whole_image_name(a, name)));
    else
        printf("%.*s: digest: %s size: %zu\n", STR_ARG(name->tag), digest_text(&r->root.digest, digest), r->root.bytes.n);
}

/* In memory of its own: what is read of the store for one image is much, and there may be thousands. */
static bool push_one(const struct pushing *p, const struct image_name *name, struct err *e) {
    struct arena a = ARENA_INIT;
    struct copy_result r;
    struct repository repository;
    bool alone;
    repository_of(&a, name, &repository);
    if (!quiet)
        printf("The push refers to repository [%.*s]\n", STR_ARG(repository_text(&a, &repository)));
    fflush(stdout);
    bool good = push_image(p->registries, p->store, name, &p->options, &a, &r, &alone, e);
    if (good)
        say(p, name, &r, alone, &a);
    good = good && digest_file_write(digest_file, &r.root.digest, e);
    arena_fini(&a);
    return good;
}

static bool push_all(const struct pushing *p, const struct image_name *name, struct err *e) {
    struct arena a = ARENA_INIT;
    struct store_refs refs = {0};
    struct str prefix = arena_join3(&a, name->name, S(":"), STR_NULL);
    bool any = false, good = store_refs_read(p->store, &a, &refs, e);
    for (size_t i = 0; good && i < refs.n; i++) {
        struct image_name one = {name->name, str_from(refs.p[i].name, prefix.n), STR_NULL};
        if (!str_starts(refs.p[i].name, prefix))
            continue;
        any = true;
        good = push_one(p, &one, e);
    }
    arena_fini(&a);
    return good && (any || err_set(e, ERR_FAILED, "no image of the store is named %.*s", STR_ARG(name->name)));
}

static bool read_name(const char *text, struct arena *a, struct image_name *out, struct err *e) {
    if (!registry_name_parse(a, str_z(text), out, e))
        return false;
    return !all_tags || (str_index(path_base(str_z(text)), ':') < 0 && !out->digest.n) ||
           err_set(e, ERR_USAGE, "%s: --all-tags takes a name without a tag", text);
}

/* All names are read before anything is sent. */
static bool push_each(const struct pushing *p, char **args, size_t n, struct arena *a, struct err *e) {
    if (digest_file && (n > 1 || all_tags))
        return err_set(e, ERR_USAGE, "--digestfile is for one image");
    struct image_name *names = arena_array(a, struct image_name, n);
    for (size_t i = 0; i < n; i++)
        if (!read_name(args[i], a, &names[i], e))
            return false;
    for (size_t i = 0; i < n; i++)
        if (!(all_tags ? push_all : push_one)(p, &names[i], e))
            return false;
    return true;
}

/* podman's IMAGE DESTINATION: where the destination says which transport it means. Two plain names are two images. */
static bool has_destination(char **args, size_t n) {
    return n == 2 && place_has_transport(str_z(args[1])) && !place_has_transport(str_z(args[0]));
}

static bool push_to(const struct pushing *p, const char *image, const char *destination, struct arena *a, struct err *e) {
    struct copy_result r;
    struct push_choice choice;
    char digest[DIGEST_TEXT + 1];
    bool alone;
    if (all_tags)
        return err_set(e, ERR_USAGE, "%s: --all-tags goes to the registry of the images' own name", destination);
    if (!push_choose(p->store, str_z(image), &p->options, a, &choice, e)) /* before there is anything at the destination */
        return false;
    _cleanup_(place_closep) struct place *to = place_open(p->registries, p->store, str_z(destination), PLACE_WRITE, p->options.progress, e);
    if (!to || !push_image_to(p->store, &choice, to, &p->options, a, &r, &alone, e))
        return false;
    if (alone)
        note_alone(p, str_z(image));
    if (quiet)
        printf("%s\n", destination);
    else
        printf("%s: digest: %s size: %zu\n", destination, digest_text(&r.root.digest, digest), r.root.bytes.n);
    return digest_file_write(digest_file, &r.root.digest, e);
}

static int run(struct context *c, char **args, size_t n, struct err *e) {
    if (n == 0) {
        err_set(e, ERR_USAGE, "push takes at least one image");
        return -1;
    }
    struct arena a = ARENA_INIT;
    bool to = has_destination(args, n);
    _cleanup_(registries_freep) struct registries *r = registries_of_flags(str_z(args[to]), e);
    bool good = false;
    if (r) {
        struct pushing p = {&c->store, r, {progress_new(quiet ? PROGRESS_QUIET : PROGRESS_AUTO, STDERR_FILENO), NULL}};
        struct check_gate gate;
        good = check_gate_open(&gate, &c->store, "pushed", p.options.progress, &p.options.gate, e) &&
               (to ? push_to(&p, args[0], args[1], &a, e) : push_each(&p, args, n, &a, e));
        check_gate_close(&gate);
        progress_free(p.options.progress);
    }
    arena_fini(&a);
    return good ? 0 : -1;
}
