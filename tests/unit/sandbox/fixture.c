/* SPDX-License-Identifier: Apache-2.0
 * See fixture.h. */
#include "fixture.h"

#include <errno.h>
#include <pwd.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "base/mem.h"
#include "sys/files.h"
#include "sys/proc.h"

static void must(bool done, const char *what) {
    if (done)
        return;
    printf("Bail out! %s: %s\n", what, strerror(errno));
    exit(1);
}

static int command(const char *const *argv) {
    struct err e = ERR_INIT;
    struct proc_spec spec = {.argv = argv, .in = -1, .out = -1, .error = -1};
    int code = 127;
    pid_t pid = proc_start(&spec, &e);
    if (pid < 0 || !proc_wait(pid, &code, &e))
        printf("# %s\n", e.msg);
    err_clear(&e);
    return code;
}

static bool skip_all(const char *why, int *code) {
    printf("1..0 # SKIP %s\n", why);
    *code = 0;
    return false;
}

static void copy_program(const char *from, const char *to) {
    const char *const argv[] = {"cp", "--", from, to, NULL};
    must(command(argv) == 0 && chmod(to, 0755) == 0, "copy a program");
}

/* As root: makes a user, gives it a copy of this test, runs that as the user. */
static bool run_as_user(const char *self, int *code) {
    char name[32], dir[] = "/tmp/croze-user-XXXXXX";
    snprintf(name, sizeof name, "croze-t%d", (int)getpid());
    const char *const add[] = {"useradd", "-M", "-N", "-s", "/bin/false", name, NULL};
    const char *const del[] = {"userdel", name, NULL};
    if (command(add) != 0)
        return skip_all("useradd cannot make a user for tier T1", code);
    struct passwd *pw = getpwnam(name);
    must(pw && mkdtemp(dir) && chmod(dir, 0755) == 0, "prepare the user");
    char *test = mem_printf("%s/test", dir), *payload = mem_printf("%s/payload", dir);
    copy_program(self, test);
    copy_program(PAYLOAD, payload);
    must(chown(dir, pw->pw_uid, pw->pw_gid) == 0, "chown");
    char *uid = mem_printf("--reuid=%u", (unsigned)pw->pw_uid), *gid = mem_printf("--regid=%u", (unsigned)pw->pw_gid);
    const char *const argv[] = {"setpriv", uid, gid, "--clear-groups", test, "inside", dir, NULL};
    *code = command(argv);
    struct err e = ERR_INIT;
    if (!file_remove_tree(AT_FDCWD, dir, &e))
        printf("# %s\n", e.msg);
    err_clear(&e);
    command(del);
    free(test);
    free(payload);
    free(uid);
    free(gid);
    return false;
}

bool fixture_start(struct fixture *f, int argc, char **argv, int *code) {
    const char *how = argc > 1 ? argv[1] : "t0", *payload = PAYLOAD, *where = "/tmp";
    char own[128];
    *f = (struct fixture){.user = strcmp(how, "inside") == 0};
    if (strcmp(how, "t1") == 0)
        return geteuid() == 0 ? run_as_user(argv[0], code) : skip_all("tier T1 is tested by root, who can make a user", code);
    if (f->user) {
        struct err e = ERR_INIT;
        if (!sandbox_enter(argc, argv, &e)) {
            printf("not ok 1 - enter the user namespace\n# %s\n1..1\n", e.msg);
            err_clear(&e);
            *code = 1;
            return false;
        }
        where = argv[2];
        snprintf(own, sizeof own, "%s/payload", where);
        payload = own;
    } else if (geteuid() != 0) {
        return skip_all("tier T0 needs root", code);
    }
    snprintf(f->dir, sizeof f->dir, "%s/croze-sandbox-XXXXXX", where);
    must(mkdtemp(f->dir) != NULL && chmod(f->dir, 0755) == 0, "make a scratch directory");
    snprintf(f->base, sizeof f->base, "%s/base", f->dir);
    must(mkdir(f->base, 0755) == 0, "make the base");
    char *to = mem_printf("%s/payload", f->base);
    copy_program(payload, to);
    free(to);
    return true;
}

bool fixture_remove(struct fixture *f) {
    struct err e = ERR_INIT;
    bool done = file_remove_tree(AT_FDCWD, f->dir, &e);
    if (e.msg)
        printf("# %s\n", e.msg);
    err_clear(&e);
    for (size_t i = 0; i < f->dirs.n; i++)
        free(f->dirs.p[i]);
    vec_fini(&f->dirs);
    return done;
}

const char *fixture_dir(struct fixture *f, const char *name) {
    char *path = mem_printf("%s/%s", f->dir, name);
    struct err e = ERR_INIT;
    must(file_mkdirs(path, 0755, &e), path);
    vec_push(&f->dirs, path);
    return path;
}

void fixture_file(const char *dir, const char *path, const char *text) {
    _cleanup_(mem_freep) char *full = mem_printf("%s/%s", dir, path);
    char *slash = strrchr(full, '/');
    struct err e = ERR_INIT;
    *slash = '\0';
    must(file_mkdirs(full, 0755, &e), full);
    *slash = '/';
    _cleanup_fd_ int fd = open(full, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    must(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text), full);
}

bool fixture_has(const char *dir, const char *path) {
    _cleanup_(mem_freep) char *full = mem_printf("%s/%s", dir, path);
    struct stat st;
    return lstat(full, &st) == 0;
}

void run_init(struct fixture *f, struct run *r, const char *verb, const char *arg, const char *more) {
    static const char *const env[] = {"PATH=/bin:/", "HOME=/root", NULL};
    char name[32];
    *r = (struct run){.lowers = {f->base}, .argv = {"payload", verb, arg, more, NULL}};
    unsigned id = __atomic_fetch_add(&f->runs, 1, __ATOMIC_RELAXED);
    snprintf(name, sizeof name, "upper-%u", id);
    r->spec.upper = fixture_dir(f, name);
    snprintf(name, sizeof name, "work-%u", id);
    r->spec.work = fixture_dir(f, name);
    r->spec.lowers = r->lowers;
    r->spec.n_lowers = 1;
    r->spec.argv = r->argv;
    r->spec.env = env;
    r->spec.cwd = "/";
    r->spec.hostname = "box";
    r->spec.in = r->spec.error = -1;
    r->spec.out = memfd_create("out", MFD_CLOEXEC);
    must(r->spec.out >= 0, "memfd_create");
}

bool run_go(struct run *r) {
    r->ok = sandbox_run(&r->spec, &r->result, &r->e);
    ssize_t n = pread(r->spec.out, r->out, sizeof r->out - 1, 0);
    r->out[n > 0 ? n : 0] = '\0';
    if (!r->ok)
        printf("# run: %s\n", r->e.msg);
    return r->ok && r->result.code == 0;
}

void run_fini(struct run *r) {
    close(r->spec.out);
    sandbox_result_fini(&r->result);
    err_clear(&r->e);
}

bool run_payload(struct fixture *f, struct run *r, const char *verb, const char *arg, const char *more) {
    run_init(f, r, verb, arg, more);
    bool ok = run_go(r);
    run_fini(r);
    return ok;
}

bool run_said(const struct run *r, const char *part) {
    bool said = strstr(r->out, part) != NULL;
    if (!said)
        printf("# said: %s# wanted: %s\n", r->out, part);
    return said;
}
