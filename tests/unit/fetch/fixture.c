/* SPDX-License-Identifier: Apache-2.0
 * Servers and stores for the tests of fetch/: see fixture.h. */
#include "fixture.h"

#include <errno.h>
#include <signal.h>

#include "sys/proc.h"

char scratch[64];
struct arena arena;
struct store store;

static void clean_up(void) {
    struct err e = ERR_INIT;
    store_close(&store);
    if (!file_remove_tree(AT_FDCWD, scratch, &e))
        printf("# %s\n", e.msg);
    err_clear(&e);
    arena_fini(&arena);
}

void must(bool done, struct err *e) {
    if (done)
        return;
    printf("Bail out! %s\n", e->msg ? e->msg : "set-up failed");
    exit(1);
}

void fixture_init(void) {
    static const char *const unset[] = {"http_proxy", "https_proxy", "HTTPS_PROXY", "ALL_PROXY", "all_proxy", "no_proxy", "NO_PROXY",
                                        "SSL_CERT_FILE", "SSL_CERT_DIR", "CURL_CA_BUNDLE"};
    struct err e = ERR_INIT;
    snprintf(scratch, sizeof scratch, "/tmp/croze-test-XXXXXX");
    must(mkdtemp(scratch) != NULL, &e);
    signal(SIGPIPE, SIG_IGN);
    for (size_t i = 0; i < sizeof unset / sizeof *unset; i++)
        unsetenv(unset[i]);
    setenv("CROZE_NO_SYNC", "1", 1);
    setenv("CROZE_FETCH_TRIES", "1", 1);
    must(store_open(&store, in_scratch("store"), "host-trusted", &e), &e);
    must(mkdir(in_scratch("www"), 0755) == 0, &e);
    atexit(clean_up);
}

char *in_scratch(const char *name) {
    return arena_strz(&arena, text("%s/%s", scratch, name));
}

struct str text(const char *fmt, ...) {
    va_list ap;
    va_start(ap, fmt);
    _cleanup_(mem_freep) char *z = mem_vprintf(fmt, ap);
    va_end(ap);
    return arena_str(&arena, str_z(z));
}

void put_file(const char *name, struct str bytes) {
    struct err e = ERR_INIT;
    char *path = arena_strz(&arena, text("%s/www/%s", scratch, name));
    _cleanup_fd_ int fd = file_open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644, &e);
    must(fd >= 0 && file_write_all(fd, bytes.p, bytes.n, path, &e), &e);
}

void set_time(const char *name, int64_t seconds) {
    struct timespec times[2] = {{seconds, 0}, {seconds, 0}};
    if (utimensat(AT_FDCWD, text("%s/www/%s", scratch, name).p, times, 0) < 0)
        perror(name);
}

static bool read_port(const char *file, int *port) {
    struct err e = ERR_INIT;
    struct buf b = BUF_INIT(64);
    uint64_t v = 0;
    bool ok = file_read(file, &b, &e) && str_to_u64(buf_str(&b), 10, 65535, &v);
    *port = (int)v;
    err_clear(&e);
    buf_fini(&b);
    return ok;
}

bool peer_start(struct peer *p, const char *name, const char *pem) {
    struct err e = ERR_INIT;
    char *port_file = arena_strz(&arena, text("%s/%s.port", scratch, name));
    int ends[2];
    p->log = arena_strz(&arena, text("%s/%s.log", scratch, name));
    if (!proc_exists("python3"))
        return false;
    must(pipe2(ends, O_CLOEXEC) == 0, &e);
    const char *argv[] = {"python3", PEER, in_scratch("www"), port_file, p->log, pem, NULL};
    p->pid = proc_start(&(struct proc_spec){argv, NULL, NULL, ends[0], -1, -1}, &e);
    must(p->pid > 0, &e);
    close(ends[0]);
    p->in = ends[1];
    for (int tries = 0; tries < 1000 && !read_port(port_file, &p->port); tries++)
        nanosleep(&(struct timespec){0, 10000000}, NULL); /* until it listens */
    must(p->port > 0, &e);
    p->origin = arena_strz(&arena, text("%s://127.0.0.1:%d", pem ? "https" : "http", p->port));
    return true;
}

void peer_stop(struct peer *p) {
    struct err e = ERR_INIT;
    int code;
    close(p->in);
    must(proc_wait(p->pid, &code, &e), &e);
}

static struct str log_of(const struct peer *p) {
    struct err e = ERR_INIT;
    struct buf b = BUF_INIT(MIB(1));
    struct str all = STR_NULL;
    if (file_read(p->log, &b, &e))
        all = arena_str(&arena, buf_str(&b));
    err_clear(&e);
    buf_fini(&b);
    return all;
}

bool peer_saw(const struct peer *p, const char *what) {
    return str_find(log_of(p), str_z(what)) >= 0;
}

size_t peer_requests(const struct peer *p) {
    struct str all = log_of(p), line;
    size_t n = 0;
    while (str_next(&all, '\n', &line))
        n += line.n > 0;
    return n;
}

int run(const char *const *argv) {
    struct err e = ERR_INIT;
    int code = -1;
    _cleanup_fd_ int log = file_open(in_scratch("run.log"), O_WRONLY | O_CREAT | O_APPEND, 0644, &e);
    pid_t pid = proc_start(&(struct proc_spec){argv, NULL, NULL, -1, log, log}, &e);
    must(pid > 0 && proc_wait(pid, &code, &e), &e);
    return code;
}
