/* SPDX-License-Identifier: Apache-2.0
 * The samples of tests/data/bad/layer (its folder is the argument): refuse-* must be an error that can be shown to people, accept-* must
 * become a view and, with privilege, a tree that both tell the same. No sample may write a byte outside of its tree. */
#include <errno.h>
#include <unistd.h>

#include "sys/files.h"
#include "tarball.h"

static struct arena arena;
static struct store *store;

static bool showable(const char *msg) {
    size_t n = strlen(msg);
    for (size_t i = 0; i < n; i++)
        if ((unsigned char)msg[i] < ' ')
            return false;
    return n > 10 && n < 1000;
}

/* A tree's text less what a view hides: whiteouts and marks. */
static struct str as_seen(struct str tree) {
    struct buf out = BUF_INIT(MIB(16));
    struct str line;
    for (struct str rest = tree; str_next(&rest, '\n', &line);) {
        if (line.n == 0 || str_starts(line, S("w ")))
            continue;
        if (str_ends(line, S(" opaque")))
            line.n -= 7;
        buf_add_str(&out, line);
        buf_add_char(&out, '\n');
    }
    struct str text = arena_str(&arena, buf_str(&out));
    buf_fini(&out);
    return text;
}

static void accept(const struct view *v, const char *name) {
    struct err e = ERR_INIT;
    struct str seen = view_text(v, &arena);
    if (geteuid() != 0) {
        tap_skip("unpacking files of root needs root");
        return;
    }
    _cleanup_fd_ int fd = tree_open(v, 0, &e);
    if (ok(fd >= 0, "%s: unpacks", name))
        is_str(as_seen(tree_text(fd, &arena)), seen, "  to what the view shows");
    no_err(&e, "  without an error");
}

static void check(int dir, const char *name) {
    struct err e = ERR_INIT;
    struct buf bytes = BUF_INIT(MIB(1));
    struct layer l = {0};
    struct view v;
    must(file_readat(dir, name, &bytes, &e) && store_put_blob(store, buf_str(&bytes), &l.blob, &e), &e);
    bool opened = view_open(&v, store, &l, 1, &e), want = strncmp(name, "accept-", 7) == 0;
    ok(opened == want, "%s", name);
    if (!opened && want)
        printf("#   error: %s\n", e.msg);
    if (opened && want)
        accept(&v, name);
    if (!opened && !want)
        ok(showable(e.msg), "  %s", e.msg);
    if (opened)
        view_close(&v);
    err_clear(&e);
    buf_fini(&bytes);
}

int main(int argc, char **argv) {
    struct err e = ERR_INIT;
    struct dir_names names;
    size_t checked = 0;
    layers_init();
    store = layers_store("store", "host-trusted");
    _cleanup_fd_ int dir = file_open(argc == 2 ? argv[1] : "", O_RDONLY | O_DIRECTORY, 0, &e);
    must(dir >= 0 && file_list(dir, &arena, &names, &e), &e);
    for (size_t i = 0; i < names.n; i++)
        if (str_ends(names.names[i], S(".tar.gz"))) {
            check(dir, names.names[i].p);
            checked++;
        }
    ok(checked > 50, "%zu samples", checked);
    layers_close(store);
    arena_fini(&arena);
    return tap_done();
}
