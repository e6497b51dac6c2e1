/* SPDX-License-Identifier: Apache-2.0
 * The agents of a build: see agents.h. An agent of our own listens in a directory of the store's work space; the path may be longer than a
 * socket's address takes, so it is started there and told a bare name. */
#include "build/agents.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include "base/limits.h"
#include "sandbox/guard.h"
#include "sys/proc.h"

#define AGENT_SOCKET "agent"
enum { START_MS = 10000 };

struct agent {
    const struct run_agent *from;
    int dir_fd;              /* where its socket is; -1: one with keys that was not started yet */
    const char *name;
    char *workdir;           /* of one that we started */
    pid_t pid;
    int pidfd;
    struct guard guard;
};

struct agents {
    struct store *store;
    pthread_mutex_t lock;    /* an agent is started once */
    VEC(struct agent) list;
};

/* --- what --ssh says --- */

static bool look(const struct run_agent *from, const char *path, bool *is_socket, struct err *e) {
    struct stat st;
    if (stat(path, &st) < 0) {
        err_sys(e, errno, "--ssh %.*s: %s", STR_ARG(from->id), path);
        e->kind = ERR_USAGE;
        return false;
    }
    *is_socket = S_ISSOCK(st.st_mode);
    return *is_socket || S_ISREG(st.st_mode) ||
           err_set(e, ERR_USAGE, "--ssh %.*s: %s is neither an agent's socket nor a key", STR_ARG(from->id), path);
}

static bool open_socket(struct agent *agent, const char *path, struct err *e) {
    struct str dir = path_dir(str_z(path));
    const char *slash = strrchr(path, '/');
    _cleanup_(mem_freep) char *above = slash ? mem_strndup(path, dir.n ? dir.n : 1) : mem_strdup(".");
    agent->name = slash ? slash + 1 : path;
    agent->dir_fd = file_open(above, O_PATH | O_DIRECTORY, 0, e);
    return agent->dir_fd >= 0 || err_wrap(e, "--ssh %.*s", STR_ARG(agent->from->id));
}

static bool open_agent(struct agent *agent, struct err *e) {
    const struct run_agent *from = agent->from;
    bool is_socket = false;
    size_t sockets = 0;
    if (from->n_paths == 0) {
        const char *own = getenv("SSH_AUTH_SOCK");
        if (!own || !*own)
            return err_set(e, ERR_USAGE, "--ssh %.*s: no agent runs (SSH_AUTH_SOCK is not set); start one, or name a socket or keys",
                           STR_ARG(from->id));
        return look(from, own, &is_socket, e) && open_socket(agent, own, e);
    }
    for (size_t i = 0; i < from->n_paths; i++) {
        if (!look(from, from->paths[i], &is_socket, e))
            return false;
        sockets += is_socket;
    }
    if (sockets && from->n_paths > 1)
        return err_set(e, ERR_USAGE, "--ssh %.*s: one socket, or keys, but not both", STR_ARG(from->id));
    return sockets == 0 || open_socket(agent, from->paths[0], e);
}

struct agents *agents_open(const struct run_options *o, struct store *s, struct err *e) {
    struct agents *a = mem_zalloc(1, sizeof *a);
    a->store = s;
    pthread_mutex_init(&a->lock, NULL);
    for (size_t i = 0; i < o->agents.n; i++) {
        struct agent agent = {.from = &o->agents.p[i], .dir_fd = -1, .pid = -1, .pidfd = -1, .guard = GUARD_INIT};
        bool good = open_agent(&agent, e);
        vec_push(&a->list, agent);
        if (!good) {
            agents_free(a);
            return NULL;
        }
    }
    return a;
}

/* --- an agent of our own --- */

/* It says where it listens when it does. What it complains of, then or later, goes to a file in memory. */
static bool await_agent(int from, int complaints, struct err *e) {
    struct pollfd said = {.fd = from, .events = POLLIN};
    char text[256] = "";
    int r;
    while ((r = poll(&said, 1, START_MS)) < 0 && errno == EINTR)
        continue;
    if (r == 1 && read(from, text, sizeof text) > 0)
        return true;
    ssize_t n = pread(complaints, text, sizeof text - 1, 0);
    struct str why = str_trim(str_n(text, n > 0 ? (size_t)n : 0));
    return err_set(e, ERR_FAILED, "ssh-agent did not start%s%.*s", why.n ? ": " : "", STR_ARG(why));
}

static bool start_process(struct agent *agent, struct err *e) {
    static const char *const argv[] = {"ssh-agent", "-D", "-a", AGENT_SOCKET, NULL};
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) < 0)
        return err_sys(e, errno, "make a pipe");
    _cleanup_fd_ int from = ends[0];
    _cleanup_fd_ int to = ends[1];
    _cleanup_fd_ int complaints = memfd_create("ssh-agent", MFD_CLOEXEC);
    struct proc_spec spec = {.argv = argv, .dir = agent->workdir, .in = -1, .out = to, .error = complaints};
    agent->pid = proc_start(&spec, e);
    fd_closep(&to);
    if (agent->pid < 0)
        return err_append(e, " (package openssh-client)");
    agent->pidfd = (int)syscall(SYS_pidfd_open, agent->pid, 0);
    if (agent->pidfd < 0)
        return err_sys(e, errno, "watch ssh-agent");
    return guard_start(&agent->guard, agent->pidfd, e) && await_agent(from, complaints, e);
}

/* ssh-add's own variables, but for the agent that it speaks to. A passphrase is asked for at the terminal. */
static const char *const *add_env(struct arena *a) {
    size_t n = 0, to = 0;
    while (environ[n])
        n++;
    const char **env = arena_array(a, const char *, n + 2);
    for (size_t i = 0; i < n; i++)
        if (!str_starts(str_z(environ[i]), S("SSH_AUTH_SOCK=")))
            env[to++] = environ[i];
    env[to] = "SSH_AUTH_SOCK=" AGENT_SOCKET;
    return env;
}

/* Through standard input: ssh-add is not to judge who may read the file, which may be a mounted one. */
static bool add_key(struct agent *agent, const char *path, struct arena *a, struct err *e) {
    static const char *const argv[] = {"ssh-add", "-q", "-", NULL};
    _cleanup_(buf_fini) struct buf said = BUF_INIT(KIB(16));
    int ends[2], code = 0;
    _cleanup_fd_ int key = file_open(path, O_RDONLY | O_NOCTTY, 0, e);
    if (key < 0)
        return false;
    if (pipe2(ends, O_CLOEXEC) < 0)
        return err_sys(e, errno, "make a pipe");
    _cleanup_fd_ int from = ends[0];
    _cleanup_fd_ int to = ends[1];
    struct proc_spec spec = {.argv = argv, .env = add_env(a), .dir = agent->workdir, .in = key, .out = to, .error = to};
    pid_t pid = proc_start(&spec, e);
    fd_closep(&to);
    if (pid < 0)
        return false;
    struct err late = ERR_INIT;
    bool read = file_read_fd(from, "ssh-add", &said, &late), waited = proc_wait(pid, &code, e);
    err_clear(&late);
    struct str first = buf_str(&said), rest;
    str_cut(str_trim(first), '\n', &first, &rest);
    return waited && ((read && code == 0) || err_set(e, ERR_FAILED, "ssh-add does not take the key %s: %.*s", path, STR_ARG(first)));
}

static bool start_agent(struct agents *a, struct agent *agent, struct err *e) {
    struct arena arena = ARENA_INIT;
    bool good = store_workdir(a->store, &agent->workdir, e) && start_process(agent, e);
    for (size_t i = 0; good && i < agent->from->n_paths; i++)
        good = add_key(agent, agent->from->paths[i], &arena, e);
    if (good) {
        agent->name = AGENT_SOCKET;
        agent->dir_fd = file_open(agent->workdir, O_PATH | O_DIRECTORY, 0, e);
        good = agent->dir_fd >= 0;
    }
    arena_fini(&arena);
    return good || err_wrap(e, "--ssh %.*s", STR_ARG(agent->from->id));
}

static void end_agent(struct agents *a, struct agent *agent) {
    struct err ignored = ERR_INIT;
    int code;
    if (agent->pid > 0) {
        kill(agent->pid, SIGKILL);
        (void)!proc_wait(agent->pid, &code, &ignored);
    }
    guard_stop(&agent->guard);
    fd_closep(&agent->pidfd);
    fd_closep(&agent->dir_fd);
    if (agent->workdir)
        store_workdir_remove(a->store, agent->workdir);
    mem_freep(&agent->workdir);
    agent->pid = -1;
    err_clear(&ignored);
}

bool agents_get(struct agents *a, struct str id, bool *found, struct socket_place *out, struct err *e) {
    *found = false;
    for (size_t i = 0; i < a->list.n; i++) {
        struct agent *agent = &a->list.p[i];
        if (!str_eq(agent->from->id, id))
            continue;
        pthread_mutex_lock(&a->lock);
        bool good = agent->dir_fd >= 0 || start_agent(a, agent, e);
        if (!good)
            end_agent(a, agent);
        pthread_mutex_unlock(&a->lock);
        *found = true;
        *out = (struct socket_place){agent->dir_fd, agent->name};
        return good;
    }
    return true;
}

void agents_free(struct agents *a) {
    if (!a)
        return;
    for (size_t i = 0; i < a->list.n; i++)
        end_agent(a, &a->list.p[i]);
    vec_fini(&a->list);
    pthread_mutex_destroy(&a->lock);
    free(a);
}
