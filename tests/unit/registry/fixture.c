/* SPDX-License-Identifier: Apache-2.0
 * See fixture.h. */
#include "fixture.h"

#include <signal.h>
#include <sys/prctl.h>

#include "net/http.h"
#include "sys/proc.h"

extern char **environ;

char scratch[64];
struct arena arena;

static void clean_up(void) {
    struct err e = ERR_INIT;
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
    static const char *const unset[] = {
        "http_proxy",    "https_proxy",        "HTTPS_PROXY",     "ALL_PROXY",     "all_proxy",       "no_proxy",
        "NO_PROXY",      "SSL_CERT_FILE",      "SSL_CERT_DIR",    "CURL_CA_BUNDLE", "DOCKER_CONFIG",  "XDG_CONFIG_HOME",
        "CROZE_REGISTRY_RATE", "REGISTRY_AUTH_FILE", "DOCKER_AUTH_CONFIG", "CONTAINERS_REGISTRIES_CONF",
    };
    struct err e = ERR_INIT;
    snprintf(scratch, sizeof scratch, "/tmp/croze-test-XXXXXX");
    must(mkdtemp(scratch) != NULL, &e);
    signal(SIGPIPE, SIG_IGN);
    for (size_t i = 0; i < sizeof unset / sizeof *unset; i++)
        unsetenv(unset[i]);
    setenv("HOME", scratch, 1);
    setenv("XDG_RUNTIME_DIR", text("%s/run", scratch).p, 1);
    setenv("CROZE_FETCH_TRIES", "1", 1);
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
    char *path = in_scratch(name);
    must(file_mkdirs(arena_strz(&arena, path_dir(str_z(path))), 0755, &e), &e);
    _cleanup_fd_ int fd = file_open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644, &e);
    must(fd >= 0 && file_write_all(fd, bytes.p, bytes.n, path, &e), &e);
}

/* --- docker-registry --- */

struct str daemon_log(const struct daemon *d) {
    struct err e = ERR_INIT;
    struct buf b = BUF_INIT(MIB(4));
    struct str all = file_read(d->log, &b, &e) ? arena_str(&arena, buf_str(&b)) : STR_NULL;
    err_clear(&e);
    buf_fini(&b);
    return all;
}

static bool read_port(struct daemon *d) {
    struct str log = daemon_log(d), port;
    ptrdiff_t at = str_find(log, S("listening on 127.0.0.1:"));
    uint64_t n = 0;
    if (at < 0)
        return false;
    port = str_from(log, (size_t)at + 23);
    size_t digits = 0;
    while (digits < port.n && port.p[digits] >= '0' && port.p[digits] <= '9')
        digits++;
    (void)str_to_u64(str_first(port, digits), 10, 65535, &n);
    d->port = (int)n;
    return n > 0;
}

bool daemon_start(struct daemon *d, const char *name, const char *const *env) {
    struct err e = ERR_INIT;
    const char *all[200];
    size_t n = 0;
    if (!proc_exists("docker-registry"))
        return false;
    for (char **v = environ; *v && n < 150; v++)
        all[n++] = *v;
    all[n++] = "REGISTRY_LOG_ACCESSLOG_DISABLED=false";
    for (; env && *env; env++)
        all[n++] = *env;
    all[n] = NULL;
    char *config = arena_strz(&arena, text("%s/%s.yml", scratch, name));
    put_file(text("%s.yml", name).p, text("version: 0.1\nlog: {level: info}\nhttp: {addr: '127.0.0.1:0'}\n"
                                          "storage: {filesystem: {rootdirectory: %s/%s}, delete: {enabled: true}}\n",
                                          scratch, name));
    d->log = arena_strz(&arena, text("%s/%s.log", scratch, name));
    _cleanup_fd_ int log = file_open(d->log, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND, 0644, &e);
    const char *argv[] = {"docker-registry", "serve", config, NULL};
    d->pid = proc_start(&(struct proc_spec){argv, all, NULL, -1, log, log}, &e);
    must(log >= 0 && d->pid > 0, &e);
    for (int tries = 0; tries < 1000 && !read_port(d); tries++)
        nanosleep(&(struct timespec){0, 10000000}, NULL); /* until it listens */
    if (d->port == 0)
        printf("# %.*s\n", STR_ARG(daemon_log(d)));
    must(d->port > 0, &e);
    return true;
}

void daemon_stop(struct daemon *d) {
    struct err e = ERR_INIT;
    int code;
    kill(d->pid, SIGTERM);
    must(proc_wait(d->pid, &code, &e), &e);
}

/* --- tests/peer --- */

static const char *python(void) {
    return access("/usr/bin/python3", X_OK) == 0 ? "/usr/bin/python3" : "python3";
}

static bool read_ports(struct peer *p, const char *file) {
    struct err e = ERR_INIT;
    struct buf b = BUF_INIT(KIB(4));
    struct str rest, line, name, value;
    bool all = file_read(file, &b, &e) && b.n && b.p[b.n - 1] == '\n';
    err_clear(&e);
    rest = buf_str(&b);
    while (all && str_next(&rest, '\n', &line)) {
        uint64_t port = 0;
        (void)str_cut(line, '=', &name, &value);
        (void)str_to_u64(value, 10, 65535, &port);
        int *to = str_eqz(name, "main") ? &p->port : str_eqz(name, "control") ? &p->control : str_eqz(name, "cdn") ? &p->cdn : &p->token;
        *to = (int)port;
    }
    buf_fini(&b);
    return all && p->port && p->control;
}

bool peer_start(struct peer *p, const char *name, const char *const *options) {
    struct err e = ERR_INIT;
    char *ports = in_scratch(text("%s.ports", name).p);
    const char *argv[40] = {python(), "-B", PEER "/registry.py", "--ports", ports};
    int ends[2];
    size_t n = 5;
    *p = (struct peer){0};
    if (access(PEER "/registry.py", R_OK) != 0 || !proc_exists("python3"))
        return false;
    while (options && *options && n < 39)
        argv[n++] = *options++;
    _cleanup_fd_ int log = file_open(in_scratch(text("%s.out", name).p), O_WRONLY | O_CREAT | O_TRUNC, 0644, &e);
    must(log >= 0 && pipe2(ends, O_CLOEXEC) == 0, &e);
    p->pid = proc_start(&(struct proc_spec){argv, NULL, NULL, ends[0], log, log}, &e);
    must(p->pid > 0, &e);
    close(ends[0]);
    p->in = ends[1];
    for (int tries = 0; tries < 2000 && !read_ports(p, ports); tries++)
        nanosleep(&(struct timespec){0, 10000000}, NULL); /* until it listens */
    must(p->port > 0, &e);
    return true;
}

void peer_stop(struct peer *p) {
    struct err e = ERR_INIT;
    int code;
    close(p->in);
    must(proc_wait(p->pid, &code, &e), &e);
}

struct str peer_ctl(const struct peer *p, ...) {
    struct err e = ERR_INIT;
    struct buf out = BUF_INIT(MIB(4));
    const char *argv[40] = {python(), "-B", PEER "/ctl.py", text("%d", p->control).p};
    size_t n = 4;
    int code = 0;
    va_list ap;
    va_start(ap, p);
    while (n < 39 && (argv[n] = va_arg(ap, const char *)))
        n++;
    va_end(ap);
    must(proc_output(argv, &out, &code, &e) && code == 0, &e);
    struct str said = arena_str(&arena, str_trim(buf_str(&out)));
    buf_fini(&out);
    return said;
}

void peer_control(const struct peer *p, const char *method, const char *path, struct str body) {
    struct err e = ERR_INIT;
    struct net_answer n;
    struct net_request q = {.method = method, .url = text("http://127.0.0.1:%d%s", p->control, path), .direct = true, .max_kept = KIB(4)};
    q.body = body.n ? NET_BYTES : NET_NO_BODY;
    q.bytes = body;
    must(net_http(&q, &arena, &n, &e), &e);
    if (n.status >= 300)
        printf("# %s %s %.*s: %ld %.*s\n", method, path, STR_ARG(body), n.status, STR_ARG(n.body));
    must(n.status < 300, &e);
}
