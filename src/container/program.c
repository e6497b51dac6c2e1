/* SPDX-License-Identifier: Apache-2.0
 * Whether the program that a container is to start is there, looked at before a runtime is started: then there is one message, ours, and
 * the exit codes that docker has. Takes the mounted root; says nothing where it cannot know. */
#include <errno.h>

#include "base/limits.h"
#include "container/oci.h"
#include "sys/files.h"

enum found { FOUND, FOUND_NOTHING, FOUND_NO_PROGRAM };

/* What lies at `path` in the root, through the root's own links. */
static enum found look(int root, const char *path, struct stat *st) {
    _cleanup_fd_ int fd = file_openat_inroot(root, path, O_PATH | O_CLOEXEC, 0);
    if (fd < 0 || fstat(fd, st) < 0)
        return FOUND_NOTHING;
    return S_ISREG(st->st_mode) && (st->st_mode & 0111) ? FOUND : FOUND_NO_PROGRAM;
}

static bool fail(struct err *e, int exit_code, const char *program, const char *why) {
    err_set(e, ERR_FAILED, "start %s: %s", program, why);
    e->exit_code = exit_code;
    return false;
}

static bool check_path(struct container *c, int root, const char *program, struct err *e) {
    const char *path = program[0] == '/' ? program : arena_join3(&c->arena, str_z(c->cwd), S("/"), str_z(program)).p;
    struct stat st;
    switch (look(root, path, &st)) {
    case FOUND_NOTHING:
        return fail(e, 127, program, "no such file in the image");
    case FOUND_NO_PROGRAM:
        return fail(e, 126, program, S_ISDIR(st.st_mode) ? "it is a directory" : "it is not executable (chmod +x it in the image)");
    case FOUND:
        break;
    }
    return true;
}

static struct str variable(const struct container *c, struct str name) {
    struct str key, value;
    for (size_t i = 0; i < c->env.n; i++)
        if (str_cut(c->env.p[i], '=', &key, &value) && str_eq(key, name))
            return value;
    return STR_NULL;
}

static bool check_name(struct container *c, int root, const char *program, struct err *e) {
    struct str path = variable(c, S("PATH")), rest = path, dir;
    struct stat st;
    while (str_next(&rest, ':', &dir))
        if (dir.n == 0 || dir.p[0] != '/' || look(root, arena_join3(&c->arena, dir, S("/"), str_z(program)).p, &st) == FOUND)
            return true; /* what is relative is the runtime's to judge */
    err_set(e, ERR_FAILED, "start %s: not found in the image's PATH (%s)", program, SHOWN(path));
    e->exit_code = 127;
    return false;
}

/* What is mounted over the image is not in its root yet. */
static bool is_below_mount(const char *path) {
    static const char *const mounts[] = {"/proc/", "/sys/", "/dev/"};
    for (size_t i = 0; i < sizeof mounts / sizeof *mounts; i++)
        if (str_starts(str_z(path), str_z(mounts[i])))
            return true;
    return false;
}

bool program_check(struct container *c, struct err *e) {
    const char *program = arena_strz(&c->arena, c->argv.p[0]);
    if (c->spec->n_volumes || is_below_mount(program) || !program[0])
        return true;
    _cleanup_fd_ int root = file_open(c->rootfs, O_PATH | O_DIRECTORY, 0, e);
    if (root < 0)
        return false;
    return strchr(program, '/') ? check_path(c, root, program, e) : check_name(c, root, program, e);
}
