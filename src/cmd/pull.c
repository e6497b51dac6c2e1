/* SPDX-License-Identifier: Apache-2.0
 * croze pull: images from a registry into the store. */
#include <stdio.h>
#include <unistd.h>

#include "cmd/check_gate.h"
#include "cmd/cmd.h"
#include "cmd/failures.h"
#include "cmd/registry_flags.h"
#include "layer/read.h"
#include "registry/pull.h"
#include "report/meter.h"
#include "sandbox/sandbox.h"

static const char *platform;
static bool quiet, all_tags, unpack;

static const struct opt options[] = {
    OPT_FLAG('a', "all-tags", &all_tags, "Pull every tag of the repository"),
    OPT_STR(0, "platform", "OS/ARCH[/VARIANT]", &platform, "Pull the image of this platform (default: this machine's)"),
    OPT_FLAG('q', "quiet", &quiet, "Print only the name of what was pulled"),
    OPT_FLAG(0, "unpack", &unpack, "Unpack the layers at once, for the first run or build that needs them"),
    OPT_UNSUPPORTED(0, "disable-content-trust", NULL, "docker's content trust is gone from docker, too; signatures are checked by verify"),
    OPT_TABLE(check_gate_rows, "Checks"),
    OPT_TABLE(registry_rows, "Registries"),
    OPT_END,
};

static int run(struct context *c, char **args, size_t n, struct err *e);

const struct cmd cmd_pull = {
    .name = "pull",
    .summary = "Bring images from a registry into the store",
    .usage = "[OPTIONS] NAME[:TAG|@DIGEST]...",
    .description =
        "Every byte is checked against its digest as it comes, and an image gets its name when all of it is here and fits. What is held "
        "is not asked for again: a pull of an image that has not moved is one request. That a layer unpacks to what the configuration says "
        "(diffIDs) is checked when it is first read: at once with --unpack, else by the first run, build or check that needs it.\n\n"
        "Of an image for several platforms this machine's is brought; the name leads to the index, so that its digest is the one that "
        "others see. With --platform for another machine the name leads to that platform's image.",
    .flags = CMD_STORE,
    .options = options,
    .run = run,
};

struct pulling {
    struct context *context;
    struct registries *registries;
    struct progress *progress;
    const struct image_gate *gate;
};

static bool unpack_layers(const struct pulling *p, const struct pull_result *r, struct arena *a, struct err *e) {
    struct image im;
    struct view v;
    if (!image_read(&p->context->store, &r->digest, platform ? str_z(platform) : S("linux/" CROZE_ARCH), &im, e))
        return false;
    bool good = view_open(&v, &p->context->store, im.layers, im.n_layers, e);
    if (good) {
        struct meter *meter = meter_start("unpacking", METER_WRITTEN, -1, 0);
        good = tree_paths(&v, a, e) != NULL;
        meter_end(meter);
        view_close(&v);
    }
    image_fini(&im);
    return good;
}

/* docker's lines, that scripts look for. */
static void say(const struct image_name *name, const struct pull_result *r, struct arena *a) {
    char digest[DIGEST_TEXT + 1];
    struct str whole = whole_image_name(a, name), shown = image_name_text(a, name);
    if (name->digest.n)
        shown = arena_join3(a, name->name, S("@"), name->digest);
    if (!quiet) {
        printf("Digest: %s\n", digest_text(&r->digest, digest));
        printf("Status: %s for %.*s\n", r->changed ? "Downloaded newer image" : "Image is up to date", STR_ARG(shown));
    }
    printf("%.*s\n", STR_ARG(whole));
}

/* In memory of its own: what is read of the store for one image is much, and there may be thousands. */
static bool pull_one(const struct pulling *p, const struct image_name *name, struct err *e) {
    struct arena a = ARENA_INIT;
    struct pull_options o = {.platform = str_z(platform), .depth = unpack ? PULL_TREES : PULL_BLOBS, .progress = p->progress};
    o.gate = p->gate;
    if (o.gate && !unpack) /* its layers are looked at as they come */
        o.depth = PULL_CONTENTS;
    struct pull_result r;
    if (!quiet)
        printf("%.*s: Pulling from %.*s\n", STR_ARG(name->digest.n ? name->digest : name->tag), STR_ARG(name->name));
    fflush(stdout);
    bool good = pull_image(p->registries, &p->context->store, name, &o, &a, &r, e) && (!unpack || unpack_layers(p, &r, &a, e));
    if (good)
        say(name, &r, &a);
    else
        err_wrap(e, "pull %.*s", STR_ARG(whole_image_name(&a, name)));
    arena_fini(&a);
    return good;
}

static bool pull_all(const struct pulling *p, const struct image_name *name, struct err *e) {
    struct arena a = ARENA_INIT;
    struct repository repository;
    struct str *tags;
    size_t n = 0;
    repository_of(&a, name, &repository);
    _cleanup_(place_closep) struct place *from = place_repository(p->registries, &p->context->store, &repository, PLACE_READ);
    bool good = from->ops->tags(from, &a, &tags, &n, e) || err_wrap(e, "pull %.*s", STR_ARG(name->name));
    for (size_t i = 0; good && i < n; i++) {
        struct image_name one = {name->name, tags[i], STR_NULL};
        good = tag_is_about(tags[i]) || pull_one(p, &one, e);
    }
    arena_fini(&a);
    return good;
}

static bool read_name(const char *text, struct arena *a, struct image_name *out, struct err *e) {
    if (!registry_name_parse(a, str_z(text), out, e))
        return false;
    return !all_tags || (str_index(path_base(str_z(text)), ':') < 0 && !out->digest.n) ||
           err_set(e, ERR_USAGE, "%s: --all-tags takes a name without a tag", text);
}

/* One image that is not there is no reason to leave the others: all are tried, and what failed is told as it fails. */
static bool pull_each(const struct pulling *p, const struct image_name *names, size_t n, struct err *e) {
    struct failures failures = {0};
    bool (*pull)(const struct pulling *, const struct image_name *, struct err *) = all_tags ? pull_all : pull_one;
    if (n == 1)
        return pull(p, &names[0], e);
    for (size_t i = 0; i < n; i++) {
        struct err one = ERR_INIT;
        if (!pull(p, &names[i], &one))
            failures_tell(&failures, &one);
    }
    return failures_end(&failures, n, "pulled", e);
}

static bool read_names(char **args, size_t n, struct arena *a, struct image_name **out, struct err *e) {
    *out = arena_array(a, struct image_name, n);
    for (size_t i = 0; i < n; i++)
        if (!read_name(args[i], a, &(*out)[i], e))
            return false;
    return true;
}

static int run(struct context *c, char **args, size_t n, struct err *e) {
    struct arena a = ARENA_INIT;
    struct image_name *names;
    if (n == 0) {
        err_set(e, ERR_USAGE, "pull takes at least one image");
        return -1;
    }
    bool good = read_names(args, n, &a, &names, e);
    if (good && unpack) /* trees belong to the user map of the tier */
        good = sandbox_enter(c->argc, c->argv, e);
    _cleanup_(registries_freep) struct registries *r = good ? registries_of_flags(str_z(args[0]), e) : NULL;
    if (r) {
        struct pulling p = {c, r, progress_new(quiet ? PROGRESS_QUIET : PROGRESS_AUTO, STDERR_FILENO), NULL};
        struct check_gate gate;
        good = check_gate_open(&gate, &c->store, "pulled", p.progress, &p.gate, e) && pull_each(&p, names, n, e);
        check_gate_close(&gate);
        progress_free(p.progress);
    }
    arena_fini(&a);
    return good && r ? 0 : -1;
}
