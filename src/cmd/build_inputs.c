/* SPDX-License-Identifier: Apache-2.0
 * croze build's flags for what goes in: the Dockerfile, build arguments, contexts. */
#include "cmd/build_flags.h"
#include "cmd/registry_flags.h"
#include "plan/vars.h"
#include "sys/clock.h"

static struct opt_list build_args, contexts, url_maps;
static const char *dockerfile, *target, *platform, *modes, *lock, *locked, *pull;
static bool reproducible;
static const char *const modes_words[] = {"context", "git", NULL};

const struct opt build_input_rows[] = {
    OPT_STR('f', "file", "PATH", &dockerfile,
            "The Dockerfile (default: of CONTEXT, Dockerfile, else dockerfile, else Containerfile); - is standard input"),
    OPT_LIST(0, "build-arg", "NAME[=VALUE]", &build_args, "Set an ARG; without a value it is taken from the environment"),
    OPT_STR(0, "target", "STAGE", &target, "Build this stage (name or number) instead of the last one"),
    OPT_ENUM(0, "modes", modes_words, &modes,
             "File modes of the context: context (as they are) or git (normalised as git keeps them; with --reproducible the default)"),
    OPT_FLAG(0, "reproducible", &reproducible,
             "SOURCE_DATE_EPOCH is the time of the context's newest commit; its work tree must be clean"),
    OPT_STR(0, "platform", "OS/ARCH", &platform, "Must be this machine's platform"),
    OPT_OPTIONAL("pull", "WHEN", &pull,
                 "Ask registries for base images: always (--pull alone), newer (always, but what is here will do where one does not "
                 "answer), missing (what is not in the store; the default) or never"),
    OPT_LIST(0, "build-context", "NAME=WHAT", &contexts,
             "What FROM, COPY --from and mounts mean by NAME: a directory, an archive's or repository's URL, docker-image://REFERENCE, "
             "oci-layout://PATH[:TAG][@DIGEST], target:STAGE"),
    OPT_LIST(0, "url-map", "FROM=TO", &url_maps,
             "Fetch URLs and repositories that begin with FROM from TO instead; TO may be file:///DIR/ (environment CROZE_URL_MAP: "
             "several, with blanks between)"),
    OPT_OPTIONAL("lock", "FILE", &lock,
                 "Write down what images, URLs and repositories were (default: croze.lock beside the Dockerfile)"),
    OPT_OPTIONAL("locked", "FILE", &locked, "Fail if any of them is something else than FILE has, or is not in it"),
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
    if (reproducible)
        o->epoch_rule = EPOCH_COMMIT;
    if (text.n == 0)
        return true;
    if (str_eqz(text, "context")) {
        o->epoch_rule = reproducible ? EPOCH_COMMIT : EPOCH_CONTEXT;
        return true;
    }
    o->has_epoch = true;
    return clock_parse_epoch(text, &o->epoch) ||
           err_set(e, ERR_USAGE, "SOURCE_DATE_EPOCH=%.*s is not a number of seconds since 1970, nor \"context\"", STR_ARG(text));
}

static struct named_context named_context(struct str name, struct str value) {
    static const struct {
        const char *scheme;
        enum named_kind kind;
    } schemes[] = {{"docker-image://", NAMED_IMAGE}, {"oci-layout://", NAMED_OCI_LAYOUT}, {"target:", NAMED_STAGE}};
    for (size_t i = 0; i < sizeof schemes / sizeof *schemes; i++)
        if (str_starts(value, str_z(schemes[i].scheme)))
            return (struct named_context){name, schemes[i].kind, str_from(value, strlen(schemes[i].scheme))};
    return (struct named_context){name, NAMED_DIR, value};
}

/* The last of equal names counts. */
static bool read_contexts(struct arena *a, struct build_options *o, struct err *e) {
    struct pair_list given = {0};
    if (!build_pairs_read(a, &contexts, false, "build-context", &given, e))
        return false;
    struct named_context *named = arena_array(a, struct named_context, given.n);
    for (size_t i = 0; i < given.n; i++) {
        named[i] = named_context(given.p[i].key, given.p[i].value);
        if (named[i].value.n == 0)
            return err_set(e, ERR_USAGE, "--build-context %.*s=%.*s names nothing", STR_ARG(named[i].name), STR_ARG(given.p[i].value));
        if (str_eqz(named[i].value, "-"))
            return err_set(e, ERR_USAGE, "--build-context %.*s=-: only the build context itself can come from standard input",
                           STR_ARG(given.p[i].key));
    }
    o->named = named;
    o->n_named = given.n;
    return true;
}

static bool add_map(struct arena *a, struct str text, struct build_options *o, struct err *e) {
    struct url_map *maps = arena_array(a, struct url_map, o->n_url_maps + 1);
    if (o->n_url_maps)
        memcpy(maps, o->url_maps, o->n_url_maps * sizeof *maps);
    o->url_maps = maps;
    return url_map_parse(text, &maps[o->n_url_maps++], e);
}

/* Those of the environment first: of equal ones the last counts. */
static bool read_maps(struct arena *a, struct build_options *o, struct err *e) {
    struct str rest = str_trim(str_z(getenv("CROZE_URL_MAP")));
    while (rest.n) {
        size_t n = 0;
        while (n < rest.n && !strchr(" \t\r\n", rest.p[n]))
            n++;
        if (!add_map(a, str_first(rest, n), o, e))
            return err_wrap(e, "environment variable CROZE_URL_MAP");
        rest = str_trim(str_from(rest, n));
    }
    for (size_t i = 0; i < url_maps.n; i++)
        if (!add_map(a, str_z(url_maps.p[i]), o, e))
            return false;
    return true;
}

static bool read_lock(struct build_options *o, struct err *e) {
    if (lock && locked)
        return err_set(e, ERR_USAGE, "--lock writes and --locked compares: give one of them");
    const char *path = lock ? lock : locked;
    o->lock = lock ? LOCKFILE_WRITE : locked ? LOCKFILE_CHECK : LOCKFILE_NONE;
    o->lock_path = path && *path ? path : NULL;
    return true;
}

static bool read_platform(struct arena *a, struct err *e) {
    struct str own = S("linux/" CROZE_ARCH), asked = own;
    if (platform && !platform_normalize(a, str_z(platform), own, &asked, e))
        return err_wrap(e, "--platform");
    return str_eq(asked, own) || err_set(e, ERR_USAGE, "--platform %s: this version builds for its own platform only, %.*s", platform,
                                      STR_ARG(own));
}

static bool read_pull(struct build_options *o, struct err *e) {
    return !pull || pull_when_parse(str_z(pull), &o->pull) ||
           err_set(e, ERR_USAGE, "--pull is always, newer, missing or never, not \"%s\"", pull);
}

bool build_inputs_read(struct arena *a, struct build_options *o, struct err *e) {
    o->dockerfile = dockerfile;
    o->target = str_z(target);
    o->modes_git = modes ? strcmp(modes, "git") == 0 : reproducible;
    return read_platform(a, e) && build_pairs_read(a, &build_args, true, "build-arg", &o->build_args, e) && read_contexts(a, o, e) &&
           read_maps(a, o, e) && read_lock(o, e) && read_pull(o, e) && read_epoch(&o->build_args, o, e);
}
