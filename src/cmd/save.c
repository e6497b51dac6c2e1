/* SPDX-License-Identifier: Apache-2.0
 * croze save: images -> one archive file that docker, podman and skopeo load. */
#include <stdio.h>
#include <unistd.h>

#include "cmd/cmd.h"
#include "image/image.h"

static const char *output, *format = "docker-archive";
static const char *const format_words[] = {"docker-archive", "oci-archive", NULL};

static const struct opt options[] = {
    OPT_ENUM(0, "format", format_words, &format, "docker-archive or oci-archive"),
    OPT_STR('o', "output", "FILE", &output, "Write to FILE instead of standard output"),
    OPT_END,
};

static int run(struct context *c, char **args, size_t n, struct err *e);

const struct cmd cmd_save = {
    .name = "save",
    .summary = "Write images to an archive file",
    .usage = "[OPTIONS] IMAGE...",
    .flags = CMD_STORE | CMD_READS,
    .options = options,
    .run = run,
};

static bool save_to(struct context *c, char **args, size_t n, int fd, struct err *e) {
    struct arena a = ARENA_INIT;
    struct str *names = arena_array(&a, struct str, n);
    for (size_t i = 0; i < n; i++)
        names[i] = str_z(args[i]);
    enum archive_format kind = strcmp(format, "oci-archive") == 0 ? ARCHIVE_OCI : ARCHIVE_DOCKER;
    bool good = archive_save(&c->store, names, n, kind, fd, e);
    arena_fini(&a);
    return good;
}

/* A regular file appears when it is whole; a device or a pipe is written as it is. */
static bool save_to_file(struct context *c, char **args, size_t n, struct err *e) {
    struct stat st;
    if (stat(output, &st) == 0 && !S_ISREG(st.st_mode)) {
        _cleanup_fd_ int fd = file_open(output, O_WRONLY, 0, e);
        return fd >= 0 && save_to(c, args, n, fd, e);
    }
    struct str dir = path_dir(str_z(output));
    _cleanup_(mem_freep) char *dir_z = mem_strndup(dir.n ? dir.p : output[0] == '/' ? "/" : ".", dir.n ? dir.n : 1);
    _cleanup_fd_ int dir_fd = file_open(dir_z, O_RDONLY | O_DIRECTORY, 0, e);
    _cleanup_draft_ struct file_draft draft = FILE_DRAFT_INIT;
    return dir_fd >= 0 && file_draft_open(dir_fd, 0644, &draft, e) && save_to(c, args, n, draft.fd, e) &&
           file_publish(&draft, path_base(str_z(output)).p, FILE_REPLACE, false, e);
}

static int run(struct context *c, char **args, size_t n, struct err *e) {
    if (n == 0) {
        err_set(e, ERR_USAGE, "save takes at least one image");
        return -1;
    }
    if (output)
        return save_to_file(c, args, n, e) || err_wrap(e, "save to %s", output) ? 0 : -1;
    if (isatty(STDOUT_FILENO)) {
        err_set(e, ERR_USAGE, "an archive does not belong on a terminal; use -o FILE or redirect");
        return -1;
    }
    return save_to(c, args, n, STDOUT_FILENO, e) ? 0 : -1;
}
