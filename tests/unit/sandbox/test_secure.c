/* SPDX-License-Identifier: Apache-2.0
 * What keeps a process in its sandbox: capabilities, the filter of system calls, devices, masked paths, the network, links of /proc; and
 * several sandboxes at once. */
#include "fixture.h"

#include <pthread.h>

#include "base/mem.h"
#include "sandbox/policy.h"
#include "sandbox/userns.h"
#include "sys/files.h"

/* As /proc/self/status prints docker's default: the number every docker user has seen. */
#define DOCKER_CAPS "00000000a80425fb"

static void test_caps(struct fixture *f) {
    struct run r;
    run_init(f, &r, "cat", "/proc/self/status", NULL);
    ok(run_go(&r) && run_said(&r, "CapPrm:\t" DOCKER_CAPS) && run_said(&r, "CapEff:\t" DOCKER_CAPS) &&
           run_said(&r, "CapBnd:\t" DOCKER_CAPS),
       "root has docker's default capabilities");
    ok(run_said(&r, "CapInh:\t0000000000000000") && run_said(&r, "CapAmb:\t0000000000000000"), "none is inheritable or ambient");
    ok(run_said(&r, "Seccomp:\t2") && run_said(&r, "NoNewPrivs:\t0"), "a filter is installed, set-uid programs work");
    run_fini(&r);
    run_init(f, &r, "cat", "/proc/self/status", NULL);
    r.spec.uid = r.spec.gid = 1000;
    r.spec.no_new_privs = true;
    ok(run_go(&r) && run_said(&r, "CapPrm:\t0000000000000000") && run_said(&r, "CapEff:\t0000000000000000") &&
           run_said(&r, "CapBnd:\t" DOCKER_CAPS),
       "another user has none, within the same bound");
    ok(run_said(&r, "NoNewPrivs:\t1"), "no_new_privs if asked");
    run_fini(&r);
    run_init(f, &r, "cat", "/proc/self/status", NULL);
    r.spec.no_seccomp = true;
    ok(run_go(&r) && run_said(&r, "Seccomp:\t0"), "no filter if asked");
    run_fini(&r);
}

/* What the test itself may do at most. */
static const char *own_caps(char out[32]) {
    struct err e = ERR_INIT;
    struct buf status = BUF_INIT(1 << 16);
    ptrdiff_t at = file_read("/proc/self/status", &status, &e) ? str_find(buf_str(&status), S("CapPrm:\t")) : -1;
    snprintf(out, 32, "%.*s", 16, at < 0 ? "?" : status.p + at + strlen("CapPrm:\t"));
    buf_fini(&status);
    err_clear(&e);
    return out;
}

static void test_insecure(struct fixture *f) {
    char own[32], line[64];
    struct run r;
    own_caps(own);
    for (uid_t uid = 0; uid <= 1000; uid += 1000) {
        run_init(f, &r, "cat", "/proc/self/status", NULL);
        r.spec.insecure = true;
        r.spec.uid = r.spec.gid = uid;
        run_go(&r);
        bool all = r.ok && run_said(&r, "Seccomp:\t0");
        for (int i = 0; i < 4; i++) {
            snprintf(line, sizeof line, "Cap%s:\t%s", (const char *const[]){"Prm", "Eff", "Bnd", "Amb"}[i], own);
            all = all && run_said(&r, line);
        }
        ok(all, "insecure: user %u has all that we have (%s), and no filter", (unsigned)uid, own);
        run_fini(&r);
    }
    run_init(f, &r, "calls", NULL, NULL);
    r.spec.insecure = true;
    ok(run_go(&r) && run_said(&r, "mount=ok") && run_said(&r, "unshare=ok"), "it may mount");
    run_fini(&r);
    run_init(f, &r, "cat", "/proc/mounts", NULL);
    r.spec.insecure = true;
    ok(run_go(&r) && run_said(&r, " /proc proc ") && !strstr(r.out, " /proc/") && !strstr(r.out, " /sys sysfs ro"),
       "nothing lies over /proc, /sys is not read-only");
    run_fini(&r);
    run_init(f, &r, "device", "/disk", NULL);
    r.spec.insecure = true;
    run_go(&r);
    ok(run_said(&r, f->user ? "mknod=EPERM" : "mknod=ok open=ok"), "devices open for the host's root only");
    run_fini(&r);
    run_init(f, &r, "ls", "/dev", NULL);
    r.spec.insecure = true;
    ok(run_go(&r) && (strstr(r.out, "loop0 ") != NULL) == !f->user, "... and only it has loop devices");
    run_fini(&r);
}

static void test_calls(struct fixture *f) {
    struct run r;
    run_init(f, &r, "calls", NULL, NULL);
    ok(run_go(&r), "refused calls do not kill");
    static const char *const want[] = {
        "mount=EPERM", "umount=EPERM", "unshare=EPERM", "setns=EPERM", "clone=EPERM", "clone3=ENOSYS", "keyctl=EPERM", "bpf=EPERM",
        "io_uring_setup=EPERM", "open_by_handle_at=EPERM", "perf_event_open=EPERM",
    };
    for (size_t i = 0; i < sizeof want / sizeof *want; i++)
        ok(run_said(&r, want[i]), "%s", want[i]);
    run_fini(&r);
}

static void test_devices(struct fixture *f) {
    static const char *const places[] = {"/disk", "/dev/disk", "/dev/shm/disk", "/proc/disk"};
    for (size_t i = 0; i < 4; i++) {
        struct run r;
        run_init(f, &r, "device", places[i], NULL);
        run_go(&r);
        ok(r.ok && !strstr(r.out, "open=ok"), "a device made at %s does not open", places[i]);
        run_fini(&r);
    }
}

static void test_masks(struct fixture *f) {
    struct run r;
    run_init(f, &r, "put", "/proc/sys/kernel/domainname", "x");
    run_go(&r);
    ok(r.result.code == 1 && run_said(&r, f->user ? "Permission denied" : "Read-only file system"), "/proc/sys is read-only");
    run_fini(&r);
    run_init(f, &r, "cat", "/proc/interrupts", NULL);
    ok(run_go(&r) && r.out[0] == '\0', "/proc/interrupts is empty");
    run_fini(&r);
    run_init(f, &r, "ls", "/sys/firmware", NULL);
    run_go(&r);
    ok(strcmp(r.out, "\n") == 0 || run_said(&r, "No such file"), "/sys/firmware is empty or absent");
    run_fini(&r);
    run_init(f, &r, "cat", "/proc/self/mountinfo", NULL);
    ok(run_go(&r) && !strstr(r.out, f->dir) && !strstr(r.out, " /tmp "), "no mount of the host is left");
    run_fini(&r);
    run_init(f, &r, "put", "/sys/power/state", "x");
    run_go(&r);
    ok(r.result.code == 1, "/sys cannot be written");
    run_fini(&r);
}

static void test_network(struct fixture *f) {
    struct run r;
    run_init(f, &r, "cat", "/proc/net/dev", NULL);
    r.spec.network_none = true;
    ok(run_go(&r) && run_said(&r, "lo:"), "network none: loopback is there");
    int interfaces = 0;
    for (const char *p = r.out; (p = strchr(p, ':')); p++)
        interfaces++;
    ok(interfaces == 1, "and nothing else");
    run_fini(&r);
    run_init(f, &r, "cat", "/proc/net/if_inet6", NULL);
    r.spec.network_none = true;
    run_go(&r);
    ok(r.out[0] == '\0' || run_said(&r, " lo") || run_said(&r, "No such file"), "it is up");
    run_fini(&r);
}

/* CVE-2019-5736: a program, or a script's interpreter, that is this program's own file on the host. */
static void test_proc_links(struct fixture *f) {
    struct run r;
    run_init(f, &r, "true", NULL, NULL);
    fixture_file(r.spec.upper, "bin/x", "");
    _cleanup_(mem_freep) char *sh = mem_printf("%s/bin/sh", r.spec.upper);
    ok(symlink("/proc/self/exe", sh) == 0, "/bin/sh -> /proc/self/exe");
    r.argv[0] = "sh";
    run_go(&r);
    is_err(&r.e, "run sh: it leads through a link of /proc", "is refused");
    run_fini(&r);
    run_init(f, &r, "true", NULL, NULL);
    fixture_file(r.spec.upper, "bin/script", "#!  /proc/self/exe version\n");
    _cleanup_(mem_freep) char *script = mem_printf("%s/bin/script", r.spec.upper);
    ok(chmod(script, 0111) == 0, "a script of mode 0111 with #!/proc/self/exe");
    r.argv[0] = "script";
    r.spec.uid = 1000;
    run_go(&r);
    is_err(&r.e, "it leads through a link of /proc", "is refused");
    run_fini(&r);
    run_init(f, &r, "true", NULL, NULL);
    fixture_file(r.spec.upper, "etc/x", "");
    _cleanup_(mem_freep) char *cwd = mem_printf("%s/etc/cwd", r.spec.upper);
    ok(symlink("/proc/self/fd/3", cwd) == 0, "a working directory -> /proc/self/fd/3");
    r.spec.cwd = "/etc/cwd";
    run_go(&r);
    is_err(&r.e, "working directory /etc/cwd", "is refused");
    run_fini(&r);
}

struct worker {
    struct fixture *f;
    pthread_mutex_t *lock;
    unsigned done;
};

static void *work(void *arg) {
    struct worker *w = arg;
    for (int i = 0; i < 10; i++) {
        struct run *r = mem_zalloc(1, sizeof *r);
        pthread_mutex_lock(w->lock); /* the fixture's list of directories */
        run_init(w->f, r, "ids", NULL, NULL);
        pthread_mutex_unlock(w->lock);
        w->done += sandbox_run(&r->spec, &r->result, &r->e) && r->result.code == 0;
        run_fini(r);
        free(r);
    }
    return NULL;
}

static void test_threads(struct fixture *f) {
    enum { THREADS = 4 };
    pthread_t threads[THREADS];
    pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    struct worker workers[THREADS];
    unsigned done = 0;
    for (int i = 0; i < THREADS; i++) {
        workers[i] = (struct worker){f, &lock, 0};
        pthread_create(&threads[i], NULL, work, &workers[i]);
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
        done += workers[i].done;
    }
    ok(done == 10 * THREADS, "%u of %d sandboxes in parallel threads", done, 10 * THREADS);
}

static void test_subids(void) {
    id_ranges r = {0};
    subid_parse(S("other:1:1\nme:100000:65536\n# me:1:2\nme:x:1\nme:5\nme:1:0\n1000:200000:10\nme:4294967290:10\n"), S("me"), 1000, &r);
    ok(r.n == 2, "a user's ranges, by name and by number; broken lines are passed over");
    ok(r.n == 2 && r.p[0].inside == 1 && r.p[0].outside == 100000 && r.p[0].count == 65536, "the first begins at 1");
    ok(r.n == 2 && r.p[1].inside == 65537 && r.p[1].outside == 200000 && r.p[1].count == 10, "the next where it ends");
    vec_fini(&r);
}

int main(int argc, char **argv) {
    struct fixture f;
    int code;
    if (!fixture_start(&f, argc, argv, &code))
        return code;
    test_caps(&f);
    test_insecure(&f);
    test_calls(&f);
    test_devices(&f);
    test_masks(&f);
    test_network(&f);
    test_proc_links(&f);
    test_threads(&f);
    test_subids();
    return fixture_end(&f);
}
