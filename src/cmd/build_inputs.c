/* SPDX-License-Identifier: Apache-2.0
 * croze build's flags for what goes in: the Dockerfile, build arguments, contexts. */
#include "cmd/build_flags.h"
#include "sys/clock.h"

static struct opt_list build_args;
static const char *dockerfile, *target, *platform, *modes = "context";
static bool pull;
static const char *const modes_words[] = {"context", "git", NULL};

const struct opt build_input_rows[] = {
    OPT_STR('f', "file", "PATH", &dockerfile,
            "The Dockerfile (default: CONTEXT/Dockerfile, else CONTEXT/Containerfile); - is standard input"),
    OPT_LIST(0, "build-arg", "NAME[=VALUE]", &build_args, "Set an ARG; without a value it is taken from the environment"),
    OPT_STR(0, "target", "STAGE", &target, "Build this stage (name or number) instead of the last one"),
    OPT_ENUM(0, "modes", modes_words, &modes, "File modes of the context: context (as they are) or git (normalised as git keeps them)"),
    OPT_STR(0, "platform", "OS/ARCH", &platform, "Must be this machine's platform"),
    OPT_FLAG(0, "pull", &pull, "Accepted when every base is in the store; registries are not reached by this version"),
    OPT_UNSUPPORTED(0, "build-context", "NAME=PATH", "named contexts belong to a later version"),
    OPT_END,
};

bool build_pairs_read(struct arena *a, const struct opt_list *list, bool from_environment, const char *flag, struct pair_list *out,
                      struct err *e) {
    for (size_t i = 0; i < list->n; i++) {
        struct str key, value;
        bool given = str_cut(str_z(list->p[i]), '=', &key, &value);
        if (key.n == 0)
            return err_set(e, ERR_USAGE, "--%s \"%s\" has no name", flag, list->p[i]);
        if (!given && from_environment) {
            const char *found = getenv(arena_strz(a, key));
            if (!found)
                continue;
            value = str_z(found);
        }
        pair_list_set(a, out, key, value);
    }
    return true;
}

static bool read_epoch(const struct pair_list *args, struct build_options *o, struct err *e) {
    struct str text;
    if (!pair_list_get(args, S("SOURCE_DATE_EPOCH"), &text))
        text = str_z(getenv("SOURCE_DATE_EPOCH"));
    if (text.n == 0)
        return true;
    o->has_epoch = true;
    return clock_parse_epoch(text, &o->epoch) ||
           err_set(e, ERR_USAGE, "SOURCE_DATE_EPOCH=%.*s is not a number of seconds since 1970", STR_ARG(text));
}

bool build_inputs_read(struct arena *a, struct build_options *o, struct err *e) {
    o->dockerfile = dockerfile;
    o->target = str_z(target);
    o->modes_git = strcmp(modes, "git") == 0;
    if (platform && strcmp(platform, "linux/" CROZE_ARCH) != 0)
        return err_set(e, ERR_USAGE, "--platform %s: this version builds for its own platform only, linux/%s", platform, CROZE_ARCH);
    return build_pairs_read(a, &build_args, true, "build-arg", &o->build_args, e) && read_epoch(&o->build_args, o, e);
}
