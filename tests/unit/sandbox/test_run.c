/* SPDX-License-Identifier: Apache-2.0
 * The process in a sandbox: exit codes and signals, identity, environment, standard files, errors that name what is wrong; and its speed.
 * */
#include "fixture.h"

#include <errno.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/statvfs.h>
#include <sys/wait.h>

#include "base/log.h"
#include "sys/files.h"

static void test_codes(struct fixture *f) {
    struct run r;
    run_init(f, &r, "exit", "7", NULL);
    run_go(&r);
    ok(r.ok && r.result.code == 7 && r.result.signal == 0, "the exit code is the process's own");
    ok(r.result.wall_us > 0 && r.result.wall_us >= r.result.cpu_us / 2, "times are measured");
    run_fini(&r);
    run_init(f, &r, "trap", NULL, NULL);
    run_go(&r);
    ok(r.ok && r.result.code == 128 + SIGILL && r.result.signal == SIGILL, "a signal is told as 128 + its number");
    run_fini(&r);
}

static void test_identity(struct fixture *f) {
    const gid_t groups[] = {20, 44};
    struct run r;
    run_init(f, &r, "ids", NULL, NULL);
    ok(run_go(&r) && run_said(&r, "0:0 host=box umask=0022 pid=1 sid=1"),
       "root: no groups, host name, umask, first process of its namespace and session");
    run_fini(&r);
    run_init(f, &r, "ids", NULL, NULL);
    r.spec.uid = 802;
    r.spec.gid = 803;
    r.spec.groups = groups;
    r.spec.n_groups = 2;
    ok(run_go(&r) && run_said(&r, "802:803 20 44 "), "another user with supplementary groups");
    run_fini(&r);
    run_init(f, &r, "mode", "file", NULL);
    fixture_file(r.spec.upper, "file", "");
    ok(run_go(&r) && run_said(&r, "100644 0:0"), "a file of ours is root's inside");
    run_fini(&r);
}

static void test_surroundings(struct fixture *f) {
    static const char *const env[] = {"A=1", "PATH=/", NULL};
    struct run r;
    run_init(f, &r, "env", NULL, NULL);
    r.spec.env = env;
    ok(run_go(&r) && strcmp(r.out, "A=1 PATH=/ \n") == 0, "the environment is exactly what was given");
    run_fini(&r);
    run_init(f, &r, "ls", ".", NULL);
    fixture_file(r.spec.upper, "opt/app/here", "");
    r.spec.cwd = "/opt/app";
    ok(run_go(&r) && strcmp(r.out, "here \n") == 0, "the working directory");
    run_fini(&r);
    int leaked = open("/", O_RDONLY | O_DIRECTORY); /* without O_CLOEXEC, as a careless library would */
    run_init(f, &r, "ls", "/proc/self/fd", NULL);
    ok(run_go(&r) && strcmp(r.out, "0 1 2 3 \n") == 0, "no descriptor of ours is open inside (3 is the listing's own)");
    run_fini(&r);
    close(leaked);
    run_init(f, &r, "cat", "/dev/stdin", NULL);
    ok(run_go(&r) && r.out[0] == '\0', "standard input is /dev/null");
    run_fini(&r);
}

static void test_signals_default(struct fixture *f) {
    struct run r;
    signal(SIGPIPE, SIG_IGN); /* main() does so */
    run_init(f, &r, "cat", "/proc/self/status", NULL);
    ok(run_go(&r) && run_said(&r, "SigIgn:\t0000000000000000") && run_said(&r, "SigBlk:\t0000000000000000"),
       "no signal is ignored or blocked inside");
    run_fini(&r);
}

static void test_errors(struct fixture *f) {
    struct run r;
    run_init(f, &r, "true", NULL, NULL);
    r.argv[0] = "no-such-program";
    ok(!run_go(&r) && r.e.sys == ENOENT, "a missing program is ENOENT");
    is_err(&r.e, "run no-such-program: No such file", "and is named");
    run_fini(&r);
    run_init(f, &r, "true", NULL, NULL);
    fixture_file(r.spec.upper, "bin/plain", "text");
    r.argv[0] = "plain";
    ok(!run_go(&r) && r.e.sys == EACCES, "a file that may not be executed is EACCES");
    is_err(&r.e, "run plain: Permission denied", "and is named");
    run_fini(&r);
    run_init(f, &r, "true", NULL, NULL);
    fixture_file(r.spec.upper, "script", "#!/no/such/shell\n");
    char *script = (char[128]){0};
    snprintf(script, 128, "%s/script", r.spec.upper);
    chmod(script, 0755);
    r.argv[0] = "/script";
    run_go(&r);
    is_err(&r.e, "interpreter or loader", "a script without its shell is told from a missing program");
    run_fini(&r);
    run_init(f, &r, "true", NULL, NULL);
    r.spec.cwd = "/not/here";
    run_go(&r);
    is_err(&r.e, "working directory /not/here: No such file", "a missing working directory is named");
    run_fini(&r);
    run_init(f, &r, "true", NULL, NULL);
    r.spec.lowers = (const char *const[]){"/no/such/lower"};
    run_go(&r);
    is_err(&r.e, "/no/such/lower: No such file", "a missing lower directory is named");
    run_fini(&r);
    run_init(f, &r, "true", NULL, NULL);
    r.spec.mounts = (struct sandbox_mount[]){{.kind = SANDBOX_BIND, .source = "/no/such/source", .target = "/x"}};
    r.spec.n_mounts = 1;
    run_go(&r);
    is_err(&r.e, "bind /no/such/source to /x", "a missing mount source is named");
    run_fini(&r);
}

static void test_limits(struct fixture *f) {
    struct sandbox_rlimit limits[] = {{RLIMIT_NOFILE, 17, 19, "nofile"}, {RLIMIT_CORE, 0, 0, "core"}};
    struct run r;
    run_init(f, &r, "cat", "/proc/self/limits", NULL);
    r.spec.rlimits = limits;
    r.spec.n_rlimits = 2;
    ok(run_go(&r) && run_said(&r, "Max open files            17                   19 ") && run_said(&r, "Max core file size        0 "),
       "limits of resources");
    run_fini(&r);
    run_init(f, &r, "cat", "/proc/mounts", NULL);
    ok(run_go(&r) && run_said(&r, "/dev/shm tmpfs rw,nosuid,nodev,noexec,relatime,size=65536k"), "/dev/shm has 64 MiB");
    run_fini(&r);
    run_init(f, &r, "cat", "/proc/mounts", NULL);
    r.spec.shm_bytes = 3 << 20;
    ok(run_go(&r) && run_said(&r, "/dev/shm tmpfs rw,nosuid,nodev,noexec,relatime,size=3072k"), "... or what was asked for");
    run_fini(&r);
    limits[0] = (struct sandbox_rlimit){RLIMIT_NOFILE, 1 << 30, RLIM64_INFINITY, "nofile"}; /* above fs.nr_open, so for root too */
    run_init(f, &r, "true", NULL, NULL);
    r.spec.rlimits = limits;
    r.spec.n_rlimits = 1;
    run_go(&r);
    is_err(&r.e, "set the limit nofile to 1073741824 (at most unlimited): ", "a limit that may not be set is named");
    run_fini(&r);
}

/* When the parent is killed, the process goes too: it holds a pipe open that must come to its end. */
static void test_parent_death(struct fixture *f, const char *verb, const char *what) {
    int ends[2];
    char said[16] = "";
    struct run r;
    run_init(f, &r, verb, NULL, NULL);
    ok(pipe2(ends, O_CLOEXEC) == 0, "a pipe");
    pid_t parent = fork();
    if (parent == 0) {
        setpgid(0, 0);
        close(r.spec.out);
        r.spec.out = ends[1];
        close(ends[0]);
        run_go(&r);
        _exit(0);
    }
    close(ends[1]);
    ok(read(ends[0], said, sizeof said) == 8, "the process runs");
    kill(-parent, SIGKILL);
    waitpid(parent, NULL, 0);
    ok(read(ends[0], said, sizeof said) == 0, "%s", what);
    close(ends[0]);
    run_fini(&r);
}

static void test_speed(struct fixture *f) {
    enum { RUNS = 20 };
    unsigned done = 0;
    uint64_t began = log_now_ns();
    for (int i = 0; i < RUNS; i++) {
        struct run r;
        done += run_payload(f, &r, "true", NULL, NULL);
    }
    double ms = (double)(log_now_ns() - began) / 1e6 / RUNS;
    ok(done == RUNS, "%d runs in a row", RUNS);
    printf("# %.2f ms a run\n", ms);
}

int main(int argc, char **argv) {
    struct fixture f;
    int code;
    const char *why;
    if (!fixture_start(&f, argc, argv, &code))
        return code;
    enum tier tier = sandbox_tier(&why);
    ok(tier == (f.user ? TIER_T1 : TIER_T0), "the tier is found: %s (%s)", tier_name(tier), why);
    ok(f.user == (strcmp(sandbox_flavour(), "host-trusted") != 0), "the flavour: %s", sandbox_flavour());
    struct statvfs own;
    ok(statvfs("/proc/self/exe", &own) == 0 && (!f.user || (own.f_flag & ST_RDONLY)), "as a user, our own file lies on a read-only mount");
    test_codes(&f);
    test_identity(&f);
    test_surroundings(&f);
    test_signals_default(&f);
    test_errors(&f);
    test_limits(&f);
    test_parent_death(&f, "pause", "it ends with its parent's process group");
    test_parent_death(&f, "pause-as-other", "... also when it has changed its user, for which the kernel forgets PDEATHSIG");
    test_speed(&f);
    return fixture_end(&f);
}
