/* SPDX-License-Identifier: Apache-2.0
 * RUN: looked up by its key, else carried out in a sandbox on an overlay whose upper directory is the layer. The upper directory is packed
 * and then kept as the unpacked tree of the new layer, so the next RUN need not unpack it. A failing step keeps its files. */
#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "build/error_shell.h"
#include "build/mounts.h"
#include "build/run_hosts.h"
#include "build/run_log.h"
#include "layer/diff.h"
#include "layer/read.h"
#include "layer/writer.h"
#include "sandbox/sandbox.h"
#include "sys/files.h"

/* A RUN under way. */
struct run_job {
    struct stage *stage;
    const struct step *step;
    struct view view;            /* the root that it starts from */
    struct run_mounts mounts;
    struct user_ids user;
    char *workdir, *upper;       /* in the store; upper is workdir/upper */
    bool keeps;                  /* the step has failed, and the work directory is one of kept/ */
    struct sandbox_result result;
};

/* The instruction's --network, else the build's. */
static bool has_no_network(const struct run_job *j) {
    const struct step_run *run = &j->step->run;
    return run->network_none || (j->stage->build->options->network_none && !run->network_host);
}

/* The upper directory shows through as the root itself, so it takes the root's attributes. */
static bool make_upper(struct run_job *j, struct err *e) {
    struct view_node root;
    if (!store_workdir(j->stage->build->store, &j->workdir, e))
        return false;
    j->upper = mem_printf("%s/upper", j->workdir);
    if (mkdir(j->upper, 0755) < 0)
        return err_sys(e, errno, "make %s", j->upper);
    if (!view_lookup(&j->view, S(""), &j->stage->arena, &root) || j->view.n == 0)
        return true;
    struct timespec times[2] = {{0, UTIME_OMIT}, {root.entry.mtime_s, root.entry.mtime_ns}};
    if (chown(j->upper, root.entry.uid, root.entry.gid) < 0 || chmod(j->upper, root.entry.mode) < 0 ||
        utimensat(AT_FDCWD, j->upper, times, 0) < 0)
        return err_sys(e, errno, "set the attributes of %s", j->upper);
    return true;
}

static bool is_set(const struct run_job *j, struct str name) {
    struct str value;
    return pair_list_get(&j->step->run.env, name, &value) || run_mounts_sets(&j->mounts, name);
}

/* The environment as "K=v" strings. Secrets win over ENV; HOME comes from passwd where nothing set it. */
static const char *const *make_env(struct run_job *j) {
    const struct step_run *run = &j->step->run;
    struct arena *a = &j->stage->arena;
    const char **env = arena_array(a, const char *, run->env.n + run->n_mounts + 2);
    size_t n = run_mounts_env(&j->mounts, env);
    for (size_t i = 0; i < run->env.n; i++)
        if (!run_mounts_sets(&j->mounts, run->env.p[i].key))
            env[n++] = arena_join3(a, run->env.p[i].key, S("="), run->env.p[i].value).p;
    if (!is_set(j, S("HOME")))
        env[n++] = arena_join3(a, S("HOME="), j->user.home.n ? j->user.home : S("/"), S("")).p;
    return env;
}

static const char *const *make_argv(struct run_job *j) {
    const struct str_list *list = &j->step->run.argv;
    const char **argv = arena_array(&j->stage->arena, const char *, list->n + 1);
    for (size_t i = 0; i < list->n; i++)
        argv[i] = arena_strz(&j->stage->arena, list->p[i]);
    return argv;
}

/* All but its standard files. */
static bool make_spec(struct run_job *j, struct sandbox_spec *out, struct err *e) {
    const struct step_run *run = &j->step->run;
    const struct run_options *settings = &j->stage->build->options->run;
    *out = (struct sandbox_spec){
        .lowers = tree_paths(&j->view, &j->stage->arena, e), .n_lowers = j->view.n, .upper = j->upper, .work = j->workdir,
        .argv = make_argv(j), .env = make_env(j), .cwd = arena_strz(&j->stage->arena, run->workdir.n ? run->workdir : S("/")),
        .uid = j->user.uid, .gid = j->user.gid, .groups = j->user.groups, .n_groups = j->user.n_groups,
        .network_none = has_no_network(j), .insecure = run->insecure,
        .hostname = arena_strz(&j->stage->arena, run_hostname(settings)),
        .mounts = j->mounts.list, .n_mounts = j->mounts.n,
        .shm_bytes = settings->shm_bytes, .rlimits = settings->ulimits.p, .n_rlimits = settings->ulimits.n,
    };
    return out->lowers != NULL;
}

/* Runs the process; its output goes to the progress display line by line. */
static bool run_process(struct run_job *j, struct progress_step *p, struct err *e) {
    struct run_log log;
    struct sandbox_spec spec;
    if (!make_spec(j, &spec, e) || !run_log_open(&log, j->stage->build->progress, p, e))
        return false;
    spec.in = -1;
    spec.out = log.out;
    spec.error = log.error;
    spec.cancel_fd = &j->stage->build->failed_fd;
    bool good = sandbox_run(&spec, &j->result, e) && !j->result.canceled;
    run_log_close(&log);
    return good;
}

static bool wants_shell(const struct run_job *j) {
    const struct build_options *o = j->stage->build->options;
    return o->run.shell_on_error && !o->apart;
}

/* The job of the first RUN that fails outlives its step, with all that it mounted. */
static bool hand_over(struct run_job *j) {
    struct build *b = j->stage->build;
    struct step *step = arena_new(&j->stage->arena, struct step);
    struct run_job *kept = mem_zalloc(1, sizeof *kept);
    *step = *j->step;
    j->step = j->mounts.step = step;
    *kept = *j;
    pthread_mutex_lock(&b->lock);
    bool first = !b->failed_run;
    if (first)
        b->failed_run = kept;
    pthread_mutex_unlock(&b->lock);
    if (!first)
        free(kept);
    return first;
}

/* The image's SHELL without its options, which are made for one command: bash of "bash -eo pipefail -c", busybox sh of "busybox sh -c". */
static const char *const *shell_argv_of(struct run_job *j) {
    const struct str_list *shell = &j->stage->scope.config.shell;
    const char **argv = arena_array(&j->stage->arena, const char *, shell->n + 2);
    size_t n = 0;
    while (n < shell->n && !str_starts(shell->p[n], S("-"))) {
        argv[n] = arena_strz(&j->stage->arena, shell->p[n]);
        n++;
    }
    if (n == 0)
        argv[0] = "/bin/sh";
    return argv;
}

bool failed_run_shell(struct run_job *j, const struct shell_io *io, struct err *e) {
    struct sandbox_spec spec;
    struct sandbox_result result;
    if (!make_spec(j, &spec, e))
        return false;
    spec.argv = shell_argv_of(j);
    spec.in = io->in;
    spec.out = io->out;
    spec.error = io->error;
    spec.terminal = io->terminal;
    bool good = sandbox_run(&spec, &result, e);
    sandbox_result_fini(&result);
    return good;
}

static void job_fini(struct run_job *j) {
    struct store *s = j->stage->build->store;
    run_mounts_close(&j->mounts);
    if (j->workdir && !j->keeps)
        store_workdir_remove(s, j->workdir);
    free(j->workdir);
    free(j->upper);
    sandbox_result_fini(&j->result);
    view_close(&j->view);
}

void failed_run_free(struct run_job *j) {
    if (j)
        job_fini(j);
    free(j);
}

/* The failed step's files stay, and the message says where. What the command was stands before it (stage.c). */
static bool explain_failure(struct run_job *j, struct err *e) {
    struct err ignored = ERR_INIT;
    char *kept = NULL;
    bool good = store_workdir_keep(j->stage->build->store, j->workdir, &kept, &ignored);
    err_set(e, ERR_FAILED, "exit code %d", j->result.code);
    if (j->result.signal)
        err_append(e, " (killed by signal %d, %s)", j->result.signal, strsignal(j->result.signal));
    if (good) {
        err_append(e, "\n  its files are kept: ls -l %s/upper   (croze gc --all removes them)", kept);
        free(j->workdir);
        free(j->upper);
        j->workdir = kept;
        j->upper = mem_printf("%s/upper", kept);
        j->keeps = true;
    }
    err_clear(&ignored);
    return false;
}

static struct str *stub_list(struct run_job *j) {
    struct str *list = arena_array(&j->stage->arena, struct str, j->result.n_stubs);
    for (size_t i = 0; i < j->result.n_stubs; i++)
        list[i] = str_z(j->result.stubs[i]);
    return list;
}

/* What is left of a mount point goes from the upper directory as it went from the layer: the tree must be what unpacking the layer gives.
 * A directory that something was put into stays, as does its parent's time. */
static void remove_stub(int upper, const char *path) {
    struct stat above, st;
    _cleanup_(mem_freep) char *dir = mem_strndup(path, path_dir(str_z(path)).n);
    const char *name = path_base(str_z(path)).p;
    _cleanup_fd_ int fd = file_openat_nolinks(upper, *dir ? dir : ".", O_RDONLY | O_DIRECTORY, 0);
    if (fd < 0 || fstat(fd, &above) < 0 || fstatat(fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
        return;
    bool empty_file = S_ISREG(st.st_mode) && st.st_size == 0;
    if ((empty_file || S_ISDIR(st.st_mode)) && unlinkat(fd, name, empty_file ? 0 : AT_REMOVEDIR) == 0)
        (void)!futimens(fd, (const struct timespec[2]){above.st_atim, above.st_mtim});
}

/* The upper directory -> a layer; then it becomes that layer's tree. */
static bool pack(struct run_job *j, struct layer *out, struct err *e) {
    struct layer_options options;
    stage_layer_options(j->stage, &options);
    _cleanup_fd_ int upper = file_open(j->upper, O_RDONLY | O_DIRECTORY, 0, e);
    if (upper < 0)
        return false;
    struct diff_spec diff = {.upper_fd = upper,
                             .has_epoch = options.has_epoch,
                             .epoch = options.epoch,
                             .lower = &j->view,
                             .ignore_paths = stub_list(j),
                             .n_ignore = j->result.n_stubs};
    struct layer_writer *w = layer_writer_new(j->stage->build->store, &options, e);
    bool good = w && diff_entries(&diff, layer_writer_sink(w), e) && layer_writer_finish(w, out, e);
    layer_writer_free(w);
    for (size_t i = j->result.n_stubs; i-- > 0;)
        remove_stub(upper, j->result.stubs[i]);
    return good && tree_adopt(j->stage->build->store, &out->diff_id, j->upper, e);
}

/* A bind mount is the context itself, not a copy: a file that was changed while the command ran may have been read either way, and what
 * came of it belongs to no key. */
static bool still_keyed(struct run_job *j, const struct digest **key, struct err *e) {
    bool changed;
    if (!run_mounts_changed(&j->mounts, &changed, e))
        return false;
    if (changed)
        log_warn("%.*s: the context changed while this step read it; its layer is used, and not kept for the next build",
                 STR_ARG(stage_step_title(j->stage, j->step)));
    *key = changed ? NULL : *key;
    return true;
}

static bool execute(struct run_job *j, const struct digest *key, struct progress_step *p, struct err *e) {
    struct layer l;
    if (!make_upper(j, e) || !run_process(j, p, e))
        return false;
    progress_exit_code(p, j->result.code);
    if (j->result.code != 0)
        return explain_failure(j, e);
    run_mounts_release(&j->mounts);
    pthread_mutex_lock(&j->stage->build->packing);
    bool good = pack(j, &l, e);
    pthread_mutex_unlock(&j->stage->build->packing);
    return good && still_keyed(j, &key, e) && step_finish(j->stage, j->step, key, &l, p, e);
}

/* Settings of the command line that a command can see join the key; with none of them it is the instruction's alone. Hosts count by their
 * names, as with BuildKit: an address may be another one each time. */
static struct str settings(struct arena *a, const struct run_options *o) {
    struct str text = STR_NULL;
    for (size_t i = 0; i < o->hosts.n; i++)
        text = arena_join3(a, text, S(" --add-host="), o->hosts.p[i].name);
    for (size_t i = 0; i < o->ulimits.n; i++) {
        const struct sandbox_rlimit *u = &o->ulimits.p[i];
        struct str one = arena_printf(a, " --ulimit=%s=%llu:%llu", u->name, (unsigned long long)u->soft, (unsigned long long)u->hard);
        text = arena_join3(a, text, one, STR_NULL);
    }
    if (o->hostname.n)
        text = arena_join3(a, text, S(" --hostname="), o->hostname);
    if (o->shm_bytes)
        text = arena_join3(a, text, arena_printf(a, " --shm-size=%llu", (unsigned long long)o->shm_bytes), STR_NULL);
    return str_trim_left(text);
}

bool run_is_allowed(const struct build_options *o, struct err *e) {
    return o->run.allow_insecure ||
           err_set(e, ERR_USAGE, "--security=insecure takes the sandbox's protection away: give --allow security.insecure to allow it");
}

static bool run(struct run_job *j, struct progress_step *p, struct err *e) {
    const struct step_run *run = &j->step->run;
    struct stage *s = j->stage;
    bool found = false;
    if (run->insecure && !run_is_allowed(s->build->options, e))
        return false;
    if (!run_mounts_open(&j->mounts, s, j->step, e))
        return false;
    struct key_context context = stage_key_context(s);
    context.extra = settings(&s->arena, &s->build->options->run);
    struct step_run keyed = *run;
    keyed.network_none = has_no_network(j); /* what a command downloads, or not, is in its layer */
    struct digest key = key_run(&context, &keyed, j->mounts.digests);
    if (!step_from_cache(s, j->step, &key, p, &found, e) || found)
        return found;
    if (!view_user(&j->view, run->user, USER_RUN, &s->arena, &j->user, e))
        return err_wrap(e, "USER %s", SHOWN(run->user));
    return run_mounts_prepare(&j->mounts, p, e) && execute(j, &key, p, e);
}

bool step_run_do(struct stage *s, const struct step *step, struct progress_step *p, struct err *e) {
    struct run_job j = {.stage = s, .step = step};
    if (!stage_view(s, &j.view, e))
        return false;
    bool good = run(&j, p, e);
    bool shell = j.keeps && wants_shell(&j) && hand_over(&j);
    if (!shell)
        job_fini(&j);
    return good;
}
