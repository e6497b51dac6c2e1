/* SPDX-License-Identifier: Apache-2.0
 * The process: scripts lie in memory, where it finds them by the descriptors of this process; nothing is written to a disk, and none of our
 * environment reaches it. */
#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/limits.h"
#include "check/shellcheck.h"
#include "sys/files.h"
#include "sys/proc.h"

/* What cannot be seen of a RUN: files that it reads (1090, 1091), and that ash is taken for dash (2187). */
static const char *const fixed[] = {"--norc", "--color=never", "--format=json1", "--severity=style", "--exclude=SC1090,SC1091,SC2187",
                                    "--"};
enum { FIXED = sizeof fixed / sizeof fixed[0] };

static bool put_script(struct arena *a, struct str text, int *fd, struct str *name, struct err *e) {
    *fd = memfd_create("script", MFD_CLOEXEC);
    if (*fd < 0)
        return err_sys(e, errno, "keep a script in memory");
    *name = arena_printf(a, "/proc/%ld/fd/%d", (long)getpid(), *fd);
    return file_write_all(*fd, text.p, text.n, "a script", e);
}

/* 0: nothing to say, 1: something. */
static bool is_answer(const char *program, int code, const struct buf *out, const struct buf *said, struct err *e) {
    struct str line, rest;
    (void)str_cut(buf_str(said), '\n', &line, &rest);
    if (!buf_ok(out))
        return err_set(e, ERR_UNCHECKED, "%s said more than %zu MiB", program, LIMIT_SHELLCHECK_SAID >> 20);
    return code == 0 || code == 1 || err_set(e, ERR_UNCHECKED, "%s ended with code %d: %s", program, code, SHOWN(line));
}

/* It runs elsewhere than we, where "./shellcheck" would be another one, or none. */
static const char *whole_path(struct arena *a, const char *program) {
    char here[LIMIT_PATH_BYTES + 1];
    if (program[0] == '/' || !strchr(program, '/') || !getcwd(here, sizeof here))
        return program;
    return arena_printf(a, "%s/%s", here, program).p;
}

/* Its runtime needs a locale to read names by, and looks for files at home. */
static bool ask(struct arena *a, const char *program, const char *const *argv, struct buf *out, struct err *e) {
    _cleanup_(buf_fini) struct buf said = BUF_INIT(KIB(64));
    const char *path = getenv("PATH");
    const char *const env[] = {arena_printf(a, "PATH=%s", path ? path : "/usr/bin:/bin").p, "LC_ALL=C.UTF-8", "HOME=/nonexistent", NULL};
    int code = 0;
    struct proc_spec spec = {.argv = argv, .env = env, .dir = "/", .in = -1, .out = -1, .error = -1};
    if (proc_listen(&spec, out, &said, LIMIT_SHELLCHECK_S, &code, e))
        return is_answer(program, code, out, &said, e);
    e->kind = ERR_UNCHECKED;
    return e->sys == ENOENT ? err_append(e, ": --shellcheck needs it") : err_wrap(e, "%s", program);
}

bool sc_ask(struct arena *a, const char *program, const struct sc_script *scripts, size_t n, sc_comments *out, struct err *e) {
    _cleanup_(buf_fini) struct buf json = BUF_INIT(LIMIT_SHELLCHECK_SAID);
    const char *argv[1 + FIXED + LIMIT_SHELLCHECK_BATCH + 1] = {whole_path(a, program)};
    struct str names[LIMIT_SHELLCHECK_BATCH];
    int fds[LIMIT_SHELLCHECK_BATCH];
    size_t opened = 0;
    bool good = true;
    for (size_t k = 0; k < FIXED; k++)
        argv[1 + k] = fixed[k];
    for (; good && opened < n; opened++) {
        good = put_script(a, scripts[opened].text, &fds[opened], &names[opened], e);
        argv[1 + FIXED + opened] = names[opened].p;
    }
    good = good && ask(a, program, argv, &json, e);
    for (size_t k = 0; k < opened; k++)
        fd_closep(&fds[k]);
    return good && (sc_read(a, buf_str(&json), names, n, out, e) || err_wrap(e, "%s", program));
}
