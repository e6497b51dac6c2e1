/* SPDX-License-Identifier: Apache-2.0
 * What the sandbox tests run inside: one static program, the only file of a test root. argv[1] says what to do; results go to stdout. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/utsname.h>
#include <string.h>
#include <unistd.h>

extern char **environ;

static int cat(const char *path) {
    char piece[4096];
    ssize_t n;
    int fd = open(path, O_RDONLY);
    if (fd < 0)
        return printf("%s: %s\n", path, strerror(errno)), 1;
    while ((n = read(fd, piece, sizeof piece)) > 0)
        fwrite(piece, 1, (size_t)n, stdout);
    if (n < 0)
        printf("%s: %s\n", path, strerror(errno));
    return n < 0;
}

static int put(const char *path, const char *text) {
    int fd = open(path, O_WRONLY | O_CREAT, 0666);
    int failed = fd < 0 || write(fd, text, strlen(text)) < 0;
    printf("%s\n", failed ? strerror(errno) : "ok");
    return failed;
}

static int ids(void) {
    gid_t groups[64];
    int n = getgroups(64, groups);
    printf("%u:%u", (unsigned)getuid(), (unsigned)getgid());
    for (int i = 0; i < n; i++)
        printf(" %u", (unsigned)groups[i]);
    struct utsname u;
    uname(&u);
    mode_t mask = umask(0);
    printf(" host=%s umask=%04o pid=%d sid=%d\n", u.nodename, (unsigned)mask, (int)getpid(), (int)getsid(0));
    return 0;
}

static int list(const char *path) {
    DIR *d = opendir(path);
    struct dirent *entry;
    if (!d)
        return printf("%s: %s\n", path, strerror(errno)), 1;
    while ((entry = readdir(d)))
        if (entry->d_name[0] != '.')
            printf("%s ", entry->d_name);
    puts("");
    return 0;
}

static void tried(const char *name, long r) {
    printf("%s=%s ", name, r >= 0 ? "ok" : strerrorname_np(errno));
}

/* The calls that the filter is there for. */
static int calls(void) {
    tried("mount", mount("none", "/tmp", "tmpfs", 0, NULL));
    tried("umount", umount("/proc"));
    tried("unshare", unshare(CLONE_NEWUSER));
    tried("setns", setns(0, 0));
    tried("clone", syscall(SYS_clone, (unsigned long)(CLONE_NEWUSER | SIGCHLD), 0, 0, 0, 0));
    tried("clone3", syscall(SYS_clone3, NULL, 0));
    tried("keyctl", syscall(SYS_keyctl, 0, 0, 0, 0, 0));
    tried("bpf", syscall(SYS_bpf, 0, NULL, 0));
    tried("io_uring_setup", syscall(SYS_io_uring_setup, 1, NULL));
    tried("open_by_handle_at", syscall(SYS_open_by_handle_at, 0, NULL, 0));
    tried("perf_event_open", syscall(SYS_perf_event_open, NULL, 0, -1, -1, 0UL));
    puts("");
    return 0;
}

/* uid 0 may make a device, as in docker, but it must not open. */
static int device(const char *where) {
    int made = mknod(where, S_IFCHR | 0666, makedev(1, 3));
    tried("mknod", made);
    tried("open", open(where, O_RDWR));
    puts("");
    return 0;
}

static int show_mode(const char *path) {
    struct stat st;
    if (lstat(path, &st) < 0)
        return printf("%s\n", strerror(errno)), 1;
    printf("%o %u:%u %ld\n", (unsigned)st.st_mode, (unsigned)st.st_uid, (unsigned)st.st_gid, (long)st.st_mtime);
    return 0;
}

static void caught(int signal) {
    printf("got %d\n", signal);
    fflush(stdout);
    _exit(signal);
}

/* Says that it waits, then exits with the number of the signal it gets. */
static __attribute__((noreturn)) void await(void) {
    static const int all[] = {SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        signal(all[i], caught);
    printf("waiting\n");
    fflush(stdout);
    for (;;)
        pause();
}

static int with_argument(const char *verb, const char *arg, const char *more) {
    if (strcmp(verb, "exit") == 0)
        return arg[0] - '0';
    if (strcmp(verb, "cat") == 0)
        return cat(arg);
    if (strcmp(verb, "put") == 0)
        return put(arg, more ? more : "text");
    if (strcmp(verb, "ls") == 0)
        return list(arg);
    if (strcmp(verb, "device") == 0)
        return device(arg);
    if (strcmp(verb, "mode") == 0)
        return show_mode(arg);
    if (strcmp(verb, "rm") == 0)
        return printf("%s\n", remove(arg) < 0 ? strerror(errno) : "ok"), 0;
    if (strcmp(verb, "chmod") == 0)
        return printf("%s\n", chmod(arg, 0600) < 0 ? strerror(errno) : "ok"), 0;
    return 99;
}

int main(int argc, char **argv) {
    const char *verb = argc > 1 ? argv[1] : "true";
    if (strcmp(verb, "true") == 0)
        return 0;
    if (strcmp(verb, "ids") == 0)
        return ids();
    if (strcmp(verb, "calls") == 0)
        return calls();
    if (strcmp(verb, "await") == 0)
        await();
    if (strcmp(verb, "tty") == 0)
        return printf("tty=%d\n", isatty(0) && isatty(1)), fflush(stdout), getchar() == EOF;
    if (strcmp(verb, "pwd") == 0)
        return printf("%s\n", getcwd((char[4096]){0}, 4096)), 0;
    if (strcmp(verb, "trap") == 0)
        __builtin_trap();
    if (strcmp(verb, "pause") == 0)
        return printf("pausing\n"), fflush(stdout), pause();
    if (strcmp(verb, "pause-as-other") == 0)
        return setuid(7) < 0 ? 97 : (printf("pausing\n"), fflush(stdout), pause());
    if (strcmp(verb, "env") == 0) {
        for (char **e = environ; *e; e++)
            printf("%s ", *e);
        return puts(""), 0;
    }
    return argc > 2 ? with_argument(verb, argv[2], argc > 3 ? argv[3] : NULL) : 98;
}
