/* SPDX-License-Identifier: Apache-2.0
 * A host's engine: the socket where docker's own client looks for dockerd, or podman's, which speaks the same API. It is connected to by
 * the descriptor that was looked at, so that a long or changing path is no matter. */
#include "check/host_engine.h"

#include <errno.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "base/limits.h"
#include "net/http.h"
#include "net/settings.h"
#include "sys/files.h"
#include "sys/thread.h"

/* --- Finding it ---------------------------------------------------------------------------------------------------------------------- */

/* Who listens: the kernel tells of whoever called listen(2), which is systemd where that made the socket. */
static bool connect_to(struct host_root *h, pid_t *peer) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    struct ucred who = {0};
    socklen_t n = sizeof who;
    snprintf(h->socket, sizeof h->socket, "/proc/self/fd/%d", h->engine);
    memcpy(address.sun_path, h->socket, strlen(h->socket) + 1);
    _cleanup_fd_ int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0); /* a full queue refuses instead of waiting */
    if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof address) < 0)
        return false;
    *peer = getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &n) == 0 ? who.pid : 0;
    return true;
}

/* Whether this is the engine. Of sockets that refuse us the first is remembered: it says why there is none to ask. */
static bool try_socket(struct host_root *h, struct host_source *s, struct str path) {
    struct stat st;
    char *z = arena_strz(&h->arena, path);
    h->engine = file_openat_inroot(h->fd, z, O_PATH | O_CLOEXEC, 0);
    int errnum = h->engine < 0 || fstat(h->engine, &st) < 0 ? errno : S_ISSOCK(st.st_mode) ? 0 : ENOENT;
    if (!errnum && connect_to(h, &s->peer)) {
        s->socket = str_z(z);
        s->no_engine = STR_NULL;
        s->engine_denied = false;
        return true;
    }
    errnum = errnum ? errnum : errno;
    fd_closep(&h->engine);
    bool is_there = errnum != ENOENT && errnum != ENOTDIR;
    if (is_there && !s->engine_denied) {
        s->engine_denied = errnum == EACCES || errnum == EPERM;
        s->no_engine = arena_printf(&h->arena, "%s: %s", z, strerrordesc_np(errnum));
    }
    return false;
}

static bool try_host_variable(struct host_root *h, struct host_source *s, const char *host) {
    if (str_starts(str_z(host), S("unix://"))) {
        bool found = try_socket(h, s, str_z(host + strlen("unix://")));
        if (!found && s->no_engine.n == 0)
            s->no_engine = arena_printf(&h->arena, "DOCKER_HOST=%s: there is no socket", host);
        return found;
    }
    s->no_engine = arena_printf(&h->arena, "DOCKER_HOST=%s is no Unix socket, and so not on this host", host);
    return false;
}

void host_engine_find(struct host_root *h, struct host_source *s) {
    static const char *const fixed[] = {"/var/run/docker.sock", "/run/podman/podman.sock", NULL};
    static const char *const own[] = {"docker.sock", "podman/podman.sock", NULL};
    const char *host = h->is_ours ? getenv("DOCKER_HOST") : NULL, *runtime = h->is_ours ? getenv("XDG_RUNTIME_DIR") : NULL;
    if (host && *host) {
        (void)try_host_variable(h, s, host);
        return;
    }
    for (size_t k = 0; fixed[k]; k++)
        if (try_socket(h, s, str_z(fixed[k])) ||
            (runtime && *runtime && try_socket(h, s, arena_printf(&h->arena, "%s/%s", runtime, own[k]))))
            return;
    if (s->no_engine.n == 0)
        s->no_engine = S("no engine listens where docker's and podman's do");
}

/* --- Asking it ----------------------------------------------------------------------------------------------------------------------- */

static void fail(struct host_question *q, struct str why) {
    q->body = STR_NULL;
    q->failure = arena_printf(&q->arena, "GET %.*s: %.*s", STR_ARG(q->path), STR_ARG(why));
}

static void ask_one(struct host_root *h, struct host_question *q) {
    struct err e = ERR_INIT;
    struct net_answer answer;
    struct net_request ask = {.method = "GET", .socket = h->socket, .direct = true, .max_kept = LIMIT_HOST_ANSWER_BYTES};
    ask.total_s = net_timeout_s() < LIMIT_HOST_ANSWER_S ? net_timeout_s() : LIMIT_HOST_ANSWER_S;
    ask.url = arena_join3(&q->arena, S("http://docker"), q->path, STR_NULL);
    if (!net_http(&ask, &q->arena, &answer, &e)) {
        fail(q, str_z(e.msg));
        if (answer.failure == NET_STALLED)
            atomic_store(&h->stalled, true);
        err_clear(&e);
        return;
    }
    q->body = answer.body;
    if (answer.status >= 300 || answer.status < 200)
        fail(q, arena_printf(&q->arena, "status %ld", answer.status));
    else if (answer.cut || atomic_fetch_add(&h->bytes, answer.body.n) > LIMIT_HOST_BYTES)
        fail(q, S("the answer is too large"));
}

struct ask_job {
    struct host_root *host;
    struct host_question *question;
};

static void run_job(void *arg, unsigned worker) {
    struct ask_job *job = arg;
    (void)worker;
    if (atomic_load(&job->host->stalled))
        fail(job->question, S("not asked: the engine took too long before"));
    else
        ask_one(job->host, job->question);
}

void host_engine_ask(void *ctx, struct host_question *questions, size_t n) {
    struct host_root *h = ctx;
    _cleanup_(mem_freep) struct ask_job *jobs = mem_zalloc(n ? n : 1, sizeof *jobs);
    for (size_t k = 0; k < n; k++)
        jobs[k] = (struct ask_job){h, &questions[k]};
    if (n == 1) {
        run_job(&jobs[0], 0);
        return;
    }
    struct pool *pool = pool_new(n < LIMIT_HOST_ASKED_AT_ONCE ? (unsigned)n : LIMIT_HOST_ASKED_AT_ONCE, LIMIT_HOST_ASKED_AT_ONCE);
    for (size_t k = 0; k < n; k++)
        pool_run(pool, run_job, &jobs[k]);
    pool_free(pool);
}
