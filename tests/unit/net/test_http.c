/* SPDX-License-Identifier: Apache-2.0
 * The network's thread: requests of many threads at once, bodies that are kept, taken, cut and stopped, ours from memory and from a file,
 * connections that are kept, and what failures are called. */
#include <pthread.h>
#include <signal.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "base/limits.h"
#include "net/http.h"
#include "sys/files.h"
#include "sys/proc.h"
#include "tap.h"

static char scratch[] = "/tmp/croze-test-XXXXXX";
static struct arena arena;
static struct str origin;

static char *in_scratch(const char *name) {
    return arena_strz(&arena, arena_printf(&arena, "%s/%s", scratch, name));
}

static void put_file(const char *name, struct str bytes) {
    struct err e = ERR_INIT;
    _cleanup_fd_ int fd = file_open(in_scratch(name), O_WRONLY | O_CREAT | O_TRUNC, 0644, &e);
    ok(fd >= 0 && file_write_all(fd, bytes.p, bytes.n, name, &e), "a file to serve");
}

static bool read_port(uint64_t *port) {
    struct err e = ERR_INIT;
    struct buf b = BUF_INIT(64);
    bool good = file_read(in_scratch("port"), &b, &e) && str_to_u64(buf_str(&b), 10, 65535, port);
    err_clear(&e);
    buf_fini(&b);
    return good;
}

/* The pid; *in ends it when it is closed. */
static pid_t start(int *in) {
    struct err e = ERR_INIT;
    int ends[2];
    uint64_t port = 0;
    const char *argv[] = {"python3", PEER, in_scratch("www"), in_scratch("port"), in_scratch("log"), NULL};
    if (!proc_exists("python3") || pipe2(ends, O_CLOEXEC) < 0)
        return -1;
    pid_t pid = proc_start(&(struct proc_spec){argv, NULL, NULL, ends[0], -1, -1}, &e);
    close(ends[0]);
    *in = ends[1];
    for (int tries = 0; tries < 1000 && !read_port(&port); tries++)
        nanosleep(&(struct timespec){0, 10000000}, NULL); /* until it listens */
    origin = arena_printf(&arena, "http://127.0.0.1:%d", (int)port);
    err_clear(&e);
    return port ? pid : -1;
}

static struct net_request request(const char *path) {
    struct str url = arena_printf(&arena, "%.*s%s", STR_ARG(origin), path);
    return (struct net_request){.method = "GET", .url = url, .direct = true, .max_kept = 100};
}

static void bodies(void) {
    struct err e = ERR_INIT;
    struct net_answer a;
    struct net_request q = request("/files/ten");
    ok(net_http(&q, &arena, &a, &e) && a.status == 200, "an answer comes");
    is_str(a.body, S("0123456789"), "with its body");
    ok(a.has_length && a.length == 10 && !a.cut, "and its length");
    ok(net_header(&a, "etag").n && net_header(&a, "X-Nothing").n == 0, "headers are found by name, in any case");
    q.max_kept = 4;
    ok(net_http(&q, &arena, &a, &e) && a.cut, "a body that is longer than is kept");
    is_str(a.body, S("0123"), "is cut");
    q.method = "HEAD";
    ok(net_http(&q, &arena, &a, &e) && a.length == 10 && a.body.n == 0, "HEAD has no body");
    q = request("/status/404");
    ok(net_http(&q, &arena, &a, &e) && a.status == 404, "whatever the answer says, it is one");
    q = request("/to//files/ten");
    ok(net_http(&q, &arena, &a, &e) && a.status / 100 == 3 && a.redirect.n, "a redirect is returned, and not followed");
}

static enum net_take stop(void *ctx, const struct net_answer *a, struct err *e) {
    if (ctx)
        err_set(e, ERR_FAILED, "no %ld", a->status);
    return NET_STOP;
}

static void stops(void) {
    struct err e = ERR_INIT;
    struct net_answer a;
    struct net_request q = request("/endless");
    q.begin = stop;
    ok(net_http(&q, &arena, &a, &e) && a.status == 200 && a.body.n == 0, "who has seen enough stops");
    q.ctx = &q;
    ok(!net_http(&q, &arena, &a, &e) && a.failure == NET_STOPPED, "or fails");
    is_err(&e, "no 200", "with an error of its own");
    q = request("/endless");
    ok(net_http(&q, &arena, &a, &e) && a.cut, "of an endless body only so much is read");
    q = request("/headers");
    ok(!net_http(&q, &arena, &a, &e), "so of headers");
    is_err(&e, "KiB of headers", "which is an error");
    q = (struct net_request){.method = "GET", .url = S("http://127.0.0.1:1/")};
    ok(!net_http(&q, &arena, &a, &e) && a.failure == NET_NO_CONNECTION && a.transient, "nobody is there");
    err_clear(&e);
    q = (struct net_request){.method = "GET", .url = arena_printf(&arena, "https%.*s/", (int)origin.n - 4, origin.p + 4), .direct = true};
    ok(!net_http(&q, &arena, &a, &e) && a.failure == NET_NO_TLS && !a.transient, "somebody is there who does not speak TLS");
    err_clear(&e);
}

static void *get_many(void *bad) {
    struct arena own = ARENA_INIT;
    for (int i = 0; i < 20; i++) {
        struct err e = ERR_INIT;
        struct net_answer a;
        struct net_request q = {.method = "GET", .direct = true, .max_kept = 100};
        q.url = arena_printf(&own, "%.*s/files/ten", STR_ARG(origin));
        if (!net_http(&q, &own, &a, &e) || !str_eqz(a.body, "0123456789"))
            *(bool *)bad = true;
        err_clear(&e);
    }
    arena_fini(&own);
    return NULL;
}

static void at_once(void) {
    enum { THREADS = 16 };
    pthread_t threads[THREADS];
    bool bad[THREADS] = {0}, any = false;
    for (int i = 0; i < THREADS; i++)
        pthread_create(&threads[i], NULL, get_many, &bad[i]);
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
        any = any || bad[i];
    }
    ok(!any, "sixteen threads get what is theirs");
}

int main(void) {
    int in = -1, code;
    struct err e = ERR_INIT;
    signal(SIGPIPE, SIG_IGN);
    if (!mkdtemp(scratch) || mkdir(in_scratch("www"), 0755) < 0) {
        puts("Bail out! no scratch directory");
        return 1;
    }
    put_file("www/ten", S("0123456789"));
    pid_t pid = start(&in);
    if (pid > 0) {
        bodies();
        stops();
        at_once();
        close(in);
        ok(proc_wait(pid, &code, &e), "the server ends");
    } else {
        tap_skip("python3 is not here");
    }
    ok(file_remove_tree(AT_FDCWD, scratch, &e), "the scratch directory goes");
    err_clear(&e);
    arena_fini(&arena);
    return tap_done();
}
