/* SPDX-License-Identifier: Apache-2.0
 * Whole containers through each OCI runtime of this machine, in tiers T0 and T1: exit codes, process, mounts, network, signals,
 * terminals, and that nothing stays, even after kill -9. */
#include "container/container.h"
#include "fixture.h"

#include <errno.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "base/limits.h"
#include "base/log.h"
#include "base/mem.h"
#include "sys/files.h"
#include "sys/proc.h"

struct ctest {
    struct fixture *f;
    struct container_spec spec;
    struct container_config config;
    struct str command[4];
    const char *lowers[1];
    char out[65536];
    char message[4096];  /* of container_run's error */
    int code;
};

static void ctest_init(struct fixture *f, struct ctest *t, const char *runtime, const char *verb, const char *arg) {
    char name[32];
    *t = (struct ctest){.f = f, .lowers = {f->base}, .command = {S("/payload"), str_z(verb), str_z(arg)}};
    snprintf(name, sizeof name, "work-%u", f->runs++);
    t->config.cmd = (struct str_list){t->command, arg ? 3 : 2, 3, true};
    t->spec = (struct container_spec){
        .lowers = t->lowers, .n_lowers = 1, .config = &t->config, .work = fixture_dir(f, name), .runtime = runtime,
        .stop_timeout_s = 10,
    };
}

/* In the process that is to be croze: its exit code is what a shell would see. Its message comes behind the output. */
static void be_croze(const struct container_spec *s, int out) {
    struct err e = ERR_INIT;
    int code = 70;
    if (out >= 0)
        dup2(out, 1);
    if (!container_run(s, &code, &e)) {
        code = e.exit_code;
        dprintf(1, "\nerror: %s\n", e.msg);
        err_clear(&e);
    }
    _exit(code);
}

static pid_t ctest_start(struct ctest *t, int out) {
    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0) {
        int quiet = open("/dev/null", O_WRONLY | O_CLOEXEC); /* the runtime repeats its error there */
        dup2(quiet, 2);
        be_croze(&t->spec, out);
    }
    return pid;
}

static int ctest_wait(pid_t pid) {
    struct err e = ERR_INIT;
    int code = -1;
    ok(proc_wait(pid, &code, &e), "it ended");
    err_clear(&e);
    return code;
}

static bool is_empty(const char *dir) {
    struct arena a = ARENA_INIT;
    struct dir_names names = {0};
    struct err e = ERR_INIT;
    _cleanup_fd_ int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool empty = fd >= 0 && file_list(fd, &a, &names, &e) && names.n == 0;
    err_clear(&e);
    arena_fini(&a);
    return empty;
}

static void ctest_go(struct ctest *t) {
    int out = memfd_create("out", MFD_CLOEXEC);
    t->code = ctest_wait(ctest_start(t, out));
    ssize_t n = pread(out, t->out, sizeof t->out - 1, 0);
    t->out[n > 0 ? n : 0] = '\0';
    close(out);
    ok(is_empty(t->spec.work), "and left nothing in its directory");
}

static bool ctest_said(const struct ctest *t, const char *part) {
    if (strstr(t->out, part))
        return true;
    printf("# code %d, wanted: %s\n# said: %s\n", t->code, part, t->out);
    return false;
}

static void test_process(struct fixture *f, const char *runtime) {
    static const gid_t groups[] = {44};
    struct str_pair env[] = {{S("A"), S("image")}, {S("B"), S("2")}};
    const char *more[] = {"A=given", "EMPTY=", "UNSET_HERE"};
    struct ctest t;
    ctest_init(f, &t, runtime, "exit", "7");
    ctest_go(&t);
    ok(t.code == 7, "the exit code is the process's");
    ctest_init(f, &t, runtime, "trap", NULL);
    ctest_go(&t);
    ok(t.code == 128 + SIGILL, "a signal is 128 + its number");
    ctest_init(f, &t, runtime, "ids", NULL);
    t.spec.uid = 802;
    t.spec.gid = 803;
    t.spec.groups = groups;
    t.spec.n_groups = 1;
    t.spec.hostname = "box";
    ctest_go(&t);
    ok(ctest_said(&t, "802:803") && ctest_said(&t, " 44 host=box umask=0022 pid=1 sid=1"), "user, groups, host name, umask");
    ctest_init(f, &t, runtime, "env", NULL);
    t.config.env = (struct pair_list){env, 2, 2};
    t.spec.env = more;
    t.spec.n_env = 3;
    ctest_go(&t);
    ok(ctest_said(&t, "A=given B=2 EMPTY= ") && ctest_said(&t, "PATH=/usr/local/sbin:") && ctest_said(&t, "HOME=/ ") &&
           !strstr(t.out, "UNSET_HERE"),
       "environment: the image's, then the command line's");
    ctest_init(f, &t, runtime, "pwd", NULL);
    t.config.workdir = S("/opt/made/for/it");
    ctest_go(&t);
    ok(ctest_said(&t, "/opt/made/for/it"), "a missing working directory is made");
}

static void test_command(struct fixture *f, const char *runtime) {
    const char *args[] = {"exit", "3"};
    struct str entry[] = {S("/payload"), S("exit")}, five[] = {S("5")};
    struct ctest t;
    ctest_init(f, &t, runtime, "exit", "1");
    t.config.entrypoint = (struct str_list){entry, 2, 2, true};
    t.config.cmd = (struct str_list){five, 1, 1, true};
    ctest_go(&t);
    ok(t.code == 5, "entry point and command");
    ctest_init(f, &t, runtime, "exit", "1");
    t.spec.entrypoint = "/payload";
    t.spec.args = args;
    t.spec.n_args = 2;
    ctest_go(&t);
    ok(t.code == 3, "--entrypoint and arguments");
    ctest_init(f, &t, runtime, "exit", "1");
    t.spec.entrypoint = "";
    ctest_go(&t);
    ok(t.code == 125 && ctest_said(&t, "no command"), "--entrypoint \"\" alone names no command");
}

static void test_failures(struct fixture *f, const char *runtime) {
    struct ctest t;
    ctest_init(f, &t, runtime, "true", NULL);
    t.command[0] = S("no-such-program");
    ctest_go(&t);
    ok(t.code == 127 && ctest_said(&t, "no-such-program"), "127: not found, and named");
    fixture_file(f->base, "etc/plain", "text");
    ctest_init(f, &t, runtime, "true", NULL);
    t.command[0] = S("/etc/plain");
    ctest_go(&t);
    ok(t.code == 126 && ctest_said(&t, "/etc/plain"), "126: not executable");
    ctest_init(f, &t, runtime, "true", NULL);
    t.spec.volumes = &(struct container_volume){"/no/such/source", "/x", false};
    t.spec.n_volumes = 1;
    ctest_go(&t);
    ok(t.code == 125 && ctest_said(&t, "volume /no/such/source:/x: No such file"), "125: a missing volume is named");
    ctest_init(f, &t, "no-such-runtime", "true", NULL);
    ctest_go(&t);
    ok(t.code == 125 && ctest_said(&t, "OCI runtime no-such-runtime is not installed"), "125: so is a missing runtime");
}

static void test_mounts(struct fixture *f, const char *runtime) {
    const char *host = fixture_dir(f, "volume");
    fixture_file(host, "file", "from the host");
    struct container_volume volume = {host, "/srv/made/volume", false};
    struct ctest t;
    ctest_init(f, &t, runtime, "put", "/srv/made/volume/new");
    t.spec.volumes = &volume;
    t.spec.n_volumes = 1;
    ctest_go(&t);
    ok(t.code == 0 && fixture_has(host, "new"), "a volume at a missing place");
    volume.read_only = true;
    ctest_init(f, &t, runtime, "put", "/srv/made/volume/file");
    t.spec.volumes = &volume;
    t.spec.n_volumes = 1;
    ctest_go(&t);
    ok(ctest_said(&t, "Read-only file system"), "a read-only volume");
    ctest_init(f, &t, runtime, "put", "/new");
    t.spec.read_only = true;
    ctest_go(&t);
    ok(ctest_said(&t, "Read-only file system"), "a read-only root");
    ctest_init(f, &t, runtime, "cat", "/etc/hosts");
    t.spec.hostname = "box";
    ctest_go(&t);
    ok(ctest_said(&t, "127.0.1.1\tbox\n") && !fixture_has(f->base, "etc/hosts"), "its own name resolves");
    ctest_init(f, &t, runtime, "device", "/disk");
    ctest_go(&t);
    ok(!strstr(t.out, "open=ok"), "a device made inside does not open");
    ctest_init(f, &t, runtime, "device", "/dev/disk");
    ctest_go(&t);
    ok(f->user || strstr(runtime, "runc") || !strstr(t.out, "open=ok"), "nor in /dev");
}

static void test_isolation(struct fixture *f, const char *runtime) {
    struct ctest t;
    ctest_init(f, &t, runtime, "calls", NULL);
    ctest_go(&t);
    ok(ctest_said(&t, "mount=EPERM") && ctest_said(&t, "unshare=EPERM") && ctest_said(&t, "clone=EPERM") && ctest_said(&t, "clone3=ENOSYS"),
       "the filter of system calls is the sandbox's");
    ctest_init(f, &t, runtime, "cat", "/proc/net/dev");
    t.spec.network_none = true;
    ctest_go(&t);
    ok(ctest_said(&t, "lo:") && !strstr(t.out, "eth"), "network none");
    ctest_init(f, &t, runtime, "cat", "/proc/self/status");
    ctest_go(&t);
    ok(ctest_said(&t, strstr(runtime, "crun") ? "CapEff:\t00000000a00425fb" : "CapEff:\t00000000a80425fb") && ctest_said(&t, "Seccomp:\t2"),
       "docker's capabilities, less CAP_MKNOD where no device cgroup is used");
}

/* Reads one line of at most n bytes. */
static void read_line(int fd, char *line, size_t n) {
    size_t at = 0;
    while (at + 1 < n && read(fd, line + at, 1) == 1 && line[at] != '\n')
        at++;
    line[at] = '\0';
}

static void test_signals(struct fixture *f, const char *runtime) {
    static const int sent[] = {SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2};
    for (size_t i = 0; i < sizeof sent / sizeof *sent; i++) {
        struct ctest t;
        int ends[2];
        char line[64];
        ctest_init(f, &t, runtime, "await", NULL);
        ok(pipe2(ends, O_CLOEXEC) == 0, "a pipe");
        pid_t pid = ctest_start(&t, ends[1]);
        close(ends[1]);
        read_line(ends[0], line, sizeof line);
        kill(pid, sent[i]);
        ok(ctest_wait(pid) == sent[i] && is_empty(t.spec.work), "%s (%s) sent to us reaches the process; then all is removed",
           strsignal(sent[i]), line);
        close(ends[0]);
    }
}

/* The pipe ends when the last process that has it does. */
static void test_kill(struct fixture *f, const char *runtime) {
    struct ctest t;
    int ends[2];
    char line[64];
    ctest_init(f, &t, runtime, "await", NULL);
    ok(pipe2(ends, O_CLOEXEC) == 0, "a pipe");
    pid_t pid = ctest_start(&t, ends[1]);
    close(ends[1]);
    read_line(ends[0], line, sizeof line);
    ok(strcmp(line, "waiting") == 0, "the container runs");
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    struct pollfd end = {ends[0], POLLIN, 0};
    ok(poll(&end, 1, 10000) == 1 && read(ends[0], line, 1) == 0, "kill -9 of croze ends it");
    close(ends[0]);
    _cleanup_(mem_freep) char *rootfs = mem_printf("%s/rootfs", t.spec.work);
    const char *const unmount[] = {"umount", "-l", rootfs, NULL}; /* croze's own mount namespace would have gone with it */
    struct buf out = BUF_INIT(KIB(1));
    struct err e = ERR_INIT;
    int code;
    ok(proc_output(unmount, &out, &code, &e) && code == 0, "its root's mount, in this namespace, is unmounted");
    err_clear(&e);
    buf_fini(&out);
}

static void test_tty(struct fixture *f, const char *runtime) {
    struct ctest t;
    char line[256];
    int terminal;
    ctest_init(f, &t, runtime, "tty", NULL);
    t.spec.tty = true;
    fflush(stdout);
    pid_t pid = forkpty(&terminal, NULL, NULL, NULL);
    if (pid == 0)
        be_croze(&t.spec, -1);
    read_line(terminal, line, sizeof line); /* crun may lose what a process says just before it ends */
    ok(write(terminal, "\n", 1) == 1, "what is typed reaches it");
    ok(ctest_wait(pid) == 0 && strncmp(line, "tty=1", 5) == 0, "a terminal of its own");
    if (strncmp(line, "tty=1", 5) != 0) {
        read_line(terminal, line, sizeof line);
        printf("# %s\n", line);
    }
    close(terminal);
    ctest_init(f, &t, runtime, "tty", NULL);
    t.spec.tty = true;
    int null = open("/dev/null", O_RDONLY | O_CLOEXEC), saved = dup(0);
    dup2(null, 0);
    ctest_go(&t);
    ok(t.code == 125 && ctest_said(&t, "-t: standard input is not a terminal"), "-t without one is an error");
    dup2(saved, 0);
    close(saved);
    close(null);
}

static void test_speed(struct fixture *f, const char *runtime) {
    enum { RUNS = 5 };
    struct ctest t;
    uint64_t began = log_now_ns();
    for (int i = 0; i < RUNS; i++) {
        ctest_init(f, &t, runtime, "true", NULL);
        ctest_go(&t);
    }
    printf("# %s: %.1f ms a container\n", runtime, (double)(log_now_ns() - began) / 1e6 / RUNS);
}

int main(int argc, char **argv) {
    static const char *const runtimes[] = {"runc", "crun"};
    struct fixture f;
    int code;
    if (!fixture_start(&f, argc, argv, &code))
        return code;
    for (size_t i = 0; i < 2; i++) {
        const char *runtime = runtimes[i];
        if (!proc_exists(runtime)) {
            tap_skip(i ? "crun is not installed" : "runc is not installed");
            continue;
        }
        printf("# %s\n", runtime);
        test_process(&f, runtime);
        test_command(&f, runtime);
        test_failures(&f, runtime);
        test_mounts(&f, runtime);
        test_isolation(&f, runtime);
        test_signals(&f, runtime);
        test_kill(&f, runtime);
        test_tty(&f, runtime);
        test_speed(&f, runtime);
    }
    return fixture_end(&f);
}
