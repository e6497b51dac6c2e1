/* SPDX-License-Identifier: Apache-2.0
 * croze build: reads flags and the environment, calls build/, prints the image ID. The flags are many: one file a subject, see
 * build_flags.h. */
#include <stdio.h>
#include <unistd.h>

#include "base/limits.h"
#include "build/verify.h"
#include "cmd/build_flags.h"
#include "cmd/check_gate.h"
#include "cmd/cmd.h"
#include "cmd/print.h"
#include "cmd/registry_flags.h"
#include "sandbox/sandbox.h"
#include "sys/thread.h"

static const char *progress = "auto";
static bool no_cache, quiet, verify, rm, why, last_log;
static int64_t jobs;
static struct opt_list no_cache_filter, explain_ignore;
static const char *const progress_words[] = {"auto", "tty", "plain", "quiet", "none", "rawjson", NULL};

static const struct opt options[] = {
    OPT_FLAG(0, "no-cache", &no_cache, "Do every step again"),
    OPT_LIST(0, "no-cache-filter", "STAGE[,STAGE]", &no_cache_filter, "Do every step of these stages again"),
    OPT_UNSUPPORTED(0, "builder", "NAME", "croze itself is the builder"),
    OPT_UNSUPPORTED(0, "cache-from", "WHAT", "remote caches belong to a later version"),
    OPT_UNSUPPORTED(0, "cache-to", "WHAT", "remote caches belong to a later version"),
    OPT_INT('j', "jobs", "N", 0, 64, &jobs, "Threads to pack layers with (default: one a processor; environment CROZE_THREADS)"),
    OPT_FLAG(0, "rm", &rm, "Accepted for docker's sake: no containers are left behind"),
    OPT_FLAG(0, "force-rm", &rm, "Accepted for docker's sake: no containers are left behind"),
    OPT_FLAG(0, "verify", &verify, "Build twice, under different conditions, and fail if the results differ"),
    OPT_FLAG('q', "quiet", &quiet, "Print the image ID only"),
    {.kind = OPT_KIND_ENUM,
     .name = "progress",
     .arg = "WORD",
     .to = &progress,
     .choices = progress_words,
     .env = "BUILDKIT_PROGRESS",
     .help = "How to show progress: auto, tty, plain, quiet, or rawjson, BuildKit's events for programs (environment BUILDKIT_PROGRESS)"},
    OPT_FLAG(0, "why", &why, "Say of each step that is done what has changed since it was done before"),
    OPT_FLAG(0, "last-log", &last_log, "Build nothing: list the steps of the last build; --last-log 3 prints all that step 3 printed"),
    OPT_LIST(0, "explain-ignore", "PATH", &explain_ignore,
             "Build nothing: say which line of which ignore file decides whether PATH is in the context"),
    OPT_TABLE(build_input_rows, "What goes in"),
    OPT_TABLE(build_run_rows, "RUN steps"),
    OPT_TABLE(build_output_rows, "What comes out"),
    OPT_TABLE(check_gate_rows, "Checks of what came out"),
    OPT_TABLE(registry_rows, "Registries"),
    OPT_TABLE(build_check_rows, "Looking without building"),
    OPT_END,
};

static int run(struct context *c, char **args, size_t n, struct err *e);

const struct cmd cmd_build = {
    .name = "build",
    .summary = "Build an image from a Dockerfile",
    .usage = "[OPTIONS] CONTEXT",
    .description = "Carries out the Dockerfile of the directory CONTEXT, step by step, and puts the image into the store. Steps whose "
                   "inputs have not\n"
                   "changed are taken from the step cache. With SOURCE_DATE_EPOCH in the environment no time in the image is newer than "
                   "it, and equal\n"
                   "inputs give equal digests.",
    .flags = CMD_STORE | CMD_NAMESPACE,
    .options = options,
    .run = run,
};

static bool read_filter(struct arena *a, struct build_options *o, struct err *e) {
    struct str_list names = {0};
    if (no_cache && no_cache_filter.n)
        return err_set(e, ERR_USAGE, "--no-cache and --no-cache-filter do not go together: --no-cache does the steps of all stages again");
    for (size_t i = 0; i < no_cache_filter.n; i++) {
        struct str rest = str_z(no_cache_filter.p[i]), name;
        while (str_next(&rest, ',', &name)) {
            if (str_trim(name).n == 0)
                return err_set(e, ERR_USAGE, "--no-cache-filter \"%s\" names no stage", no_cache_filter.p[i]);
            str_list_add(a, &names, str_trim(name));
        }
    }
    o->no_cache_stages = names.p;
    o->n_no_cache_stages = names.n;
    return true;
}

/* --creds are for where the image goes, not for where its bases come from. */
static bool read_registry(struct arena *a, struct build_options *o, struct err *e) {
    struct registry_options *registry = arena_new(a, struct registry_options);
    o->registry = registry;
    return registry_flags_read(registry, e) && registry_creds_read(o->n_tags ? o->tags[0] : STR_NULL, a, registry, e);
}

static bool read_options(struct arena *a, const char *context, struct build_options *o, struct err *e) {
    *o = (struct build_options){.context = context, .no_cache = no_cache, .quiet = quiet, .why = why};
    thread_set_count((unsigned)jobs);
    return read_filter(a, o, e) && build_inputs_read(a, o, e) && build_run_read(a, o, e) && build_output_read(a, o, quiet, e) &&
           read_registry(a, o, e) && build_check_read(o, e);
}

static bool report(struct progress *p, const struct build_options *o, const struct build_result *r, struct err *e) {
    char id[DIGEST_TEXT + 1], manifest[DIGEST_TEXT + 1];
    digest_text(&r->config, id);
    if (!quiet && r->has_image)
        progress_note(p, "image %s, manifest %s", id, digest_text(&r->manifest, manifest));
    if (!quiet)
        build_output_tell(o, p);
    if (!build_output_files(o, r, e))
        return false;
    if (quiet && r->has_image)
        puts(id);
    return true;
}

static bool explain(struct store *s, struct build_options *o, struct arena *a, struct progress *p, struct err *e) {
    struct build_result r;
    struct buf out = BUF_INIT(LIMIT_JSON_BYTES);
    struct str *paths = arena_array(a, struct str, explain_ignore.n);
    for (size_t i = 0; i < explain_ignore.n; i++)
        paths[i] = str_z(explain_ignore.p[i]);
    struct build_explain x = {paths, explain_ignore.n, &out};
    o->explain = &x;
    bool good = build_run(s, o, p, &r, e) && print_text(&out, "--explain-ignore", e);
    buf_fini(&out);
    return good;
}

static bool build(struct store *s, const struct build_options *o, struct progress *p, struct err *e) {
    struct build_result r;
    return (verify && !o->call ? build_verify : build_run)(s, o, p, &r, e) && (o->call || report(p, o, &r, e));
}

static int run(struct context *c, char **args, size_t n, struct err *e) {
    if (last_log)
        return build_log_print(&c->store, args, n, e) ? 0 : -1;
    if (n != 1) {
        err_set(e, ERR_USAGE, "build takes one argument, the context directory (\".\" for here)");
        return -1;
    }
    struct arena a = ARENA_INIT;
    struct build_options o;
    enum progress_mode mode = PROGRESS_QUIET;
    bool good = read_options(&a, args[0], &o, e) && (quiet || progress_mode_parse(str_z(progress), &mode));
    if (good) {
        struct progress *p = progress_new(mode, STDERR_FILENO);
        struct check_gate gate;
        good = check_gate_open(&gate, &c->store, "named", p, &o.gate, e) &&
               (explain_ignore.n ? explain(&c->store, &o, &a, p, e) : build(&c->store, &o, p, e));
        check_gate_close(&gate);
        progress_free(p);
    }
    run_options_fini(&o.run);
    arena_fini(&a);
    return good ? build_check_code() : -1;
}
