/* SPDX-License-Identifier: Apache-2.0
 * croze run: finds the image and its user, unpacks its layers, and hands over to container/. */
#include <stdio.h>
#include <unistd.h>

#include "base/log.h"
#include "cmd/cmd.h"
#include "cmd/registry_flags.h"
#include "container/container.h"
#include "container/stop.h"
#include "image/image.h"
#include "layer/read.h"
#include "registry/pull.h"
#include "report/meter.h"

static struct opt_list env, volumes, ports;
static const char *entrypoint, *workdir, *user, *hostname, *runtime, *network = "host", *name, *pull = "missing";
static int64_t stop_timeout = STOP_DEFAULT_S;
static bool rm, interactive, tty, read_only;
static const char *const network_words[] = {"host", "none", NULL};

static const struct opt options[] = {
    OPT_LIST('e', "env", "NAME[=VALUE]", &env, "Set a variable; without a value it is taken from the environment"),
    OPT_STR(0, "entrypoint", "PROGRAM", &entrypoint, "Run this instead of the image's entry point (\"\" for none)"),
    OPT_STR('h', "hostname", "NAME", &hostname, "Host name of the container"),
    OPT_FLAG('i', "interactive", &interactive, "Connect standard input"),
    OPT_STR(0, "name", "NAME", &name, "Host name of the container too, if --hostname is not given"),
    OPT_ENUM(0, "network", network_words, &network, "host (the default) or none"),
    OPT_LIST('p', "publish", "PORT:PORT", &ports, "Accepted if both ports are equal: the container is on the host's network"),
    OPT_STR(0, "pull", "WHEN", &pull,
            "Ask the registry for the image: missing (what is not in the store; the default), always, newer (always, but what is here will "
            "do if it does not answer) or never"),
    OPT_FLAG(0, "read-only", &read_only, "Mount the root file system read-only"),
    OPT_FLAG(0, "rm", &rm, "Remove the container when it ends (always done in this version)"),
    {.kind = OPT_KIND_STR,
     .name = "runtime",
     .arg = "PROGRAM",
     .to = &runtime,
     .env = "CROZE_RUNTIME",
     .help = "OCI runtime (default: runc or crun)"},
    OPT_INT(0, "stop-timeout", "SECONDS", -1, 86400 * 365, &stop_timeout,
            "Kill the container if it goes on for so long after a TERM or INT (default 10; -1: never)"),
    OPT_FLAG('t', "tty", &tty, "Give the container a terminal"),
    OPT_STR('u', "user", "USER[:GROUP]", &user, "Run as this user of the image, or number"),
    OPT_LIST('v', "volume", "DIR:PATH[:ro]", &volumes, "Mount a directory or file of the host at PATH"),
    OPT_STR('w', "workdir", "PATH", &workdir, "Working directory in the container"),
    OPT_UNSUPPORTED(0, "cap-add", "CAP", "it belongs to a later version"),
    OPT_UNSUPPORTED(0, "cap-drop", "CAP", "it belongs to a later version"),
    OPT_UNSUPPORTED('d', "detach", NULL, "containers run in the foreground in this version"),
    OPT_UNSUPPORTED(0, "env-file", "FILE", "it belongs to a later version"),
    OPT_UNSUPPORTED(0, "init", NULL, "it belongs to a later version"),
    OPT_UNSUPPORTED('m', "memory", "BYTES", "limits belong to a later version"),
    OPT_UNSUPPORTED(0, "cpus", "N", "limits belong to a later version"),
    OPT_UNSUPPORTED(0, "mount", "WHAT", "use -v"),
    OPT_UNSUPPORTED(0, "privileged", NULL, "containers get docker's default capabilities only"),
    OPT_UNSUPPORTED(0, "platform", "OS/ARCH", "images of this platform only"),
    OPT_UNSUPPORTED(0, "restart", "WHEN", "it belongs to a later version"),
    OPT_UNSUPPORTED(0, "security-opt", "WHAT", "it belongs to a later version"),
    OPT_UNSUPPORTED(0, "tmpfs", "PATH", "it belongs to a later version"),
    OPT_UNSUPPORTED(0, "ulimit", "WHAT", "it belongs to a later version"),
    OPT_TABLE(registry_rows, "Registries"),
    OPT_END,
};

static int run(struct context *c, char **args, size_t n, struct err *e);

const struct cmd cmd_run = {
    .name = "run",
    .summary = "Run an image in the foreground",
    .usage = "[OPTIONS] IMAGE [COMMAND] [ARGUMENT...]",
    .description = "The container is on the host's network. Signals are handed on to it. If it ignores TERM or INT, it is killed after "
                   "--stop-timeout, or at\nonce by a second Ctrl-C. The exit code is the container's; 125 if croze "
                   "failed, 126 if the\n"
                   "command cannot be executed, 127 if it was not found.",
    .flags = CMD_STORE | CMD_NAMESPACE | CMD_TRAILING_ARGS,
    .failure = 125,
    .options = options,
    .run = run,
};

static bool read_volumes(struct arena *a, struct container_spec *spec, struct err *e) {
    struct container_volume *list = arena_array(a, struct container_volume, volumes.n);
    for (size_t i = 0; i < volumes.n; i++)
        if (!container_parse_volume(a, volumes.p[i], &list[i], e))
            return false;
    for (size_t i = 0; i < ports.n; i++)
        if (!container_check_port(ports.p[i], e))
            return false;
    spec->volumes = list;
    spec->n_volumes = volumes.n;
    return true;
}

static bool resolve_user(const struct view *v, struct arena *a, const struct image *im, struct container_spec *spec, struct err *e) {
    struct user_ids ids;
    struct str wanted = user ? str_z(user) : im->config.user;
    if (!view_user(v, wanted, USER_RUN, a, &ids, e))
        return err_wrap(e, "user %s", SHOWN(wanted));
    gid_t *groups = arena_array(a, gid_t, ids.n_groups);
    for (size_t i = 0; i < ids.n_groups; i++)
        groups[i] = ids.groups[i];
    spec->uid = ids.uid;
    spec->gid = ids.gid;
    spec->groups = groups;
    spec->n_groups = ids.n_groups;
    spec->home = ids.home.n ? arena_strz(a, ids.home) : NULL;
    return true;
}

/* Layers that were never looked at are unpacked as well, in the same pass. */
static bool open_image(struct context *c, const struct image *im, struct view *v, struct err *e) {
    struct meter *meter = meter_start("unpacking", METER_WRITTEN, -1, 0);
    bool good = view_open_with_trees(v, &c->store, im->layers, im->n_layers, e);
    meter_end(meter);
    return good;
}

static bool start(struct context *c, struct arena *a, const struct view *v, const struct image *im, struct container_spec *spec, int *code,
                  struct err *e) {
    char *work = NULL;
    struct view_node root;
    if (!resolve_user(v, a, im, spec, e))
        return false;
    struct meter *meter = meter_start("unpacking", METER_WRITTEN, -1, 0); /* the first time */
    spec->lowers = tree_paths(v, a, e);
    meter_end(meter);
    if (!spec->lowers || !store_workdir(&c->store, &work, e))
        return false;
    spec->n_lowers = v->n;
    if (v->n && view_lookup(v, S(""), a, &root))
        spec->root = &root.entry;
    spec->work = work;
    bool good = container_run(spec, code, e);
    store_workdir_remove(&c->store, work);
    free(work);
    return good;
}

struct client {
    const struct registry_options *options;
    struct registries *registries;
};

static struct registries *open_client(void *ctx, struct err *e) {
    struct client *k = ctx;
    return k->registries = registries_new(k->options, e);
}

static bool find_image(struct context *c, struct arena *a, const char *text, struct store_ref *out, struct err *e) {
    struct registry_options o;
    struct client client = {.options = &o};
    struct pull_wanted w = {.registries = open_client, .ctx = &client};
    if (!pull_when_parse(str_z(pull), &w.when))
        return err_set(e, ERR_USAGE, "--pull is always, newer, missing or never, not \"%s\"", pull);
    if (!registry_flags_read(&o, e) || !registry_creds_read(str_z(text), a, &o, e))
        return false;
    w.pull.depth = PULL_TREES;
    w.pull.progress = progress_new(PROGRESS_AUTO, STDERR_FILENO);
    bool good = image_find_or_pull(&c->store, str_z(text), &w, a, out, e);
    progress_free(w.pull.progress);
    registries_free(client.registries);
    return good;
}

/* In docker's words. It may run all the same, where binfmt_misc knows how. */
static void warn_of_platform(struct arena *a, const struct image *im) {
    if (im->architecture.n && !(str_eqz(im->architecture, CROZE_ARCH) && (!im->os.n || str_eqz(im->os, "linux"))))
        log_warn("The requested image's platform (%s) does not match the detected host platform (linux/" CROZE_ARCH
                 ") and no specific platform was requested", SHOWN(image_platform(a, im)));
}

static bool run_image(struct context *c, struct arena *a, char **args, size_t n, int *code, struct err *e) {
    struct store_ref ref;
    struct image im;
    struct view v;
    if (!find_image(c, a, args[0], &ref, e) || !store_lease(&c->store, &ref.manifest, e) ||
        !image_read(&c->store, &ref.manifest, S("linux/" CROZE_ARCH), &im, e))
        return false;
    warn_of_platform(a, &im);
    struct container_spec spec = {
        .config = &im.config,
        .entrypoint = entrypoint,
        .args = (const char *const *)args + 1,
        .n_args = n - 1,
        .env = env.p,
        .n_env = env.n,
        .workdir = workdir,
        .hostname = hostname ? hostname : name,
        .runtime = runtime,
        .read_only = read_only,
        .network_none = strcmp(network, "none") == 0,
        .interactive = interactive,
        .tty = tty,
        .stop_timeout_s = (int)stop_timeout,
    };
    bool good = read_volumes(a, &spec, e) && open_image(c, &im, &v, e);
    if (good) {
        good = start(c, a, &v, &im, &spec, code, e);
        view_close(&v);
    }
    image_fini(&im);
    return good;
}

static int run(struct context *c, char **args, size_t n, struct err *e) {
    if (n == 0) {
        err_set(e, ERR_USAGE, "run takes an image, and perhaps a command and its arguments");
        return -1;
    }
    struct arena a = ARENA_INIT;
    int code = 0;
    bool good = run_image(c, &a, args, n, &code, e);
    arena_fini(&a);
    return good ? code : -1;
}
