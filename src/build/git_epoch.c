/* SPDX-License-Identifier: Apache-2.0
 * The time of the commit that a directory is checked out from (epoch.h). A context may come from a stranger, with a .git that he made: git
 * gets neither the system's nor the user's configuration, and of the repository's own nothing that runs a program has a say. Hooks and the
 * file system monitor are switched off; filters cannot be, so a repository that has its own is not asked; submodules are not entered. */
#include <errno.h>
#include <stdlib.h>
#include <sys/wait.h>

#include "base/limits.h"
#include "build/epoch.h"
#include "sys/proc.h"

enum { GIT_ENV_MAX = 16, GIT_ARGS_MAX = 24 };

struct git {
    struct arena *arena;
    const char *dir;
    const char *env[GIT_ENV_MAX];
};

static void make_env(struct git *g, bool alone) {
    const char *path = getenv("PATH");
    size_t n = 0;
    g->env[n++] = arena_printf(g->arena, "PATH=%s", path ? path : "/usr/local/bin:/usr/bin:/bin").p;
    g->env[n++] = "LC_ALL=C";
    g->env[n++] = "HOME=/nonexistent";
    g->env[n++] = "GIT_CONFIG_NOSYSTEM=1";
    g->env[n++] = "GIT_CONFIG_GLOBAL=/dev/null";
    g->env[n++] = "GIT_ATTR_NOSYSTEM=1";
    g->env[n++] = "GIT_OPTIONAL_LOCKS=0";    /* the index is not written back */
    g->env[n++] = "GIT_NO_LAZY_FETCH=1";     /* a partial clone is not completed */
    g->env[n++] = "GIT_ALLOW_PROTOCOL=none"; /* by older versions of git neither */
    g->env[n++] = "GIT_NO_REPLACE_OBJECTS=1";
    g->env[n++] = "GIT_TERMINAL_PROMPT=0";
    if (alone) /* git looks no higher than this */
        g->env[n++] = arena_join3(g->arena, S("GIT_CEILING_DIRECTORIES="), path_dir(str_z(g->dir)), STR_NULL).p;
    g->env[n] = NULL;
}

/* Runs git; its output. *ran false: it failed, and why is not worth telling. */
static bool run(const struct git *g, const char *const *args, struct buf *out, bool *ran, struct err *e) {
    const char *argv[GIT_ARGS_MAX] = {"git", "-C", g->dir, "-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null",
                                      "-c", "safe.directory=*"};
    int ends[2], code = 0;
    for (size_t n = 9; *args && n + 1 < GIT_ARGS_MAX; args++)
        argv[n++] = *args;
    if (pipe2(ends, O_CLOEXEC) < 0)
        return err_sys(e, errno, "make a pipe");
    _cleanup_fd_ int from = ends[0];
    _cleanup_fd_ int to = ends[1];
    _cleanup_fd_ int nowhere = file_open("/dev/null", O_WRONLY, 0, e);
    if (nowhere < 0)
        return false;
    struct proc_spec spec = {.argv = argv, .env = g->env, .in = -1, .out = to, .error = nowhere};
    pid_t pid = proc_start(&spec, e);
    fd_closep(&to);
    if (pid < 0)
        return false;
    struct err late = ERR_INIT;
    bool read = file_read_fd(from, "git's output", out, &late);
    fd_closep(&from);
    bool waited = proc_wait(pid, &code, e);
    *ran = waited && read && code == 0;
    err_clear(&late);
    return waited;
}

/* A filter's program would see files of the work tree: git runs it to compare them. */
static struct str find_filter(const struct buf *names) {
    struct str rest = buf_str(names), name;
    while (str_next(&rest, '\0', &name))
        if (str_starts(name, S("filter.")) &&
            (str_ends(name, S(".clean")) || str_ends(name, S(".smudge")) || str_ends(name, S(".process"))))
            return name;
    return STR_NULL;
}

static bool check_config(const struct git *g, struct str *why, struct err *e) {
    static const char *const args[] = {"config", "--list", "--name-only", "-z", NULL};
    struct buf names = BUF_INIT(MIB(4));
    bool ran = false, good = run(g, args, &names, &ran, e);
    struct str filter = ran ? find_filter(&names) : STR_NULL;
    if (filter.n)
        *why = arena_printf(g->arena, "the repository's own configuration sets %.*s, a program to be run", STR_ARG(str_first(filter, 200)));
    else if (!ran)
        *why = S("the configuration of its git repository cannot be read");
    buf_fini(&names);
    return good;
}

/* "1700000000 <commit>". */
static bool read_time(const struct git *g, int64_t *epoch, struct str *why, struct err *e) {
    static const char *const args[] = {"rev-list", "--max-count=1", "--timestamp", "HEAD", NULL};
    struct buf text = BUF_INIT(KIB(4));
    struct str time, commit;
    bool ran = false, good = run(g, args, &text, &ran, e);
    str_cut(buf_str(&text), ' ', &time, &commit);
    if (!ran || !str_to_i64(time, epoch) || *epoch < 0)
        *why = S("the build context's repository has no commit");
    buf_fini(&text);
    return good;
}

/* What is not committed below the directory. A file that git ignores is nobody's change. */
static bool find_change(const struct git *g, struct str *why, struct err *e) {
    static const char *const args[] = {"status", "--porcelain=v1", "-z", "--no-renames", "--untracked-files=normal",
                                       "--ignore-submodules=dirty", "--", ".", NULL};
    struct buf text = BUF_INIT(MIB(16));
    struct str first, rest;
    bool ran = false, good = run(g, args, &text, &ran, e);
    str_cut(buf_str(&text), '\0', &first, &rest);
    if (first.n > 3)
        *why = arena_printf(g->arena, "%.*s is %s", STR_ARG(str_first(str_from(first, 3), 200)),
                            str_starts(first, S("??")) ? "not in git" : "changed since the last commit");
    else if (!ran)
        *why = S("git cannot tell whether the build context is as it was committed");
    buf_fini(&text);
    return good;
}

bool git_commit_time(struct arena *a, const char *dir, bool alone, int64_t *epoch, struct str *why, struct err *e) {
    static const char *const inside[] = {"rev-parse", "--is-inside-work-tree", NULL};
    struct git g = {.arena = a, .dir = dir};
    struct buf text = BUF_INIT(KIB(4));
    bool ran = false;
    *why = STR_NULL;
    make_env(&g, alone);
    if (!proc_exists("git")) {
        *why = S("git is not installed");
        return true;
    }
    bool good = run(&g, inside, &text, &ran, e);
    if (good && !(ran && str_eqz(str_trim(buf_str(&text)), "true")))
        *why = S("the build context is not in a git work tree");
    buf_fini(&text);
    good = good && (why->n || check_config(&g, why, e));
    good = good && (why->n || read_time(&g, epoch, why, e));
    return good && (why->n || find_change(&g, why, e));
}
