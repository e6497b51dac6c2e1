/* SPDX-License-Identifier: Apache-2.0
 * See copying.h. */
#include "copying.h"

#include "layer/spool.h"

void copying_init(struct copying *t) {
    *t = (struct copying){.context = -1, .text = BUF_INIT(MIB(64)), .last = BUF_INIT(LIMIT_PATH_BYTES)};
    layers_init();
    umask(022);
    t->store = layers_store("store", "host-trusted");
    t->context_path = mem_printf("%s/context", layers_scratch());
    copying_clear(t);
}

static void close_views(struct copying *t) {
    if (t->onto.layers)
        view_close(&t->onto);
    if (t->from.layers)
        view_close(&t->from);
}

void copying_fini(struct copying *t) {
    close_views(t);
    fd_closep(&t->context);
    arena_fini(&t->arena);
    buf_fini(&t->text);
    buf_fini(&t->last);
    free(t->context_path);
    layers_close(t->store);
}

void copying_clear(struct copying *t) {
    struct err e = ERR_INIT;
    close_views(t);
    fd_closep(&t->context);
    must(file_remove_tree(AT_FDCWD, t->context_path, &e) && file_mkdirs(t->context_path, 0755, &e), &e);
    t->context = file_open(t->context_path, O_RDONLY | O_DIRECTORY, 0, &e);
    must(t->context >= 0, &e);
    arena_fini(&t->arena);
    t->onto = t->from = (struct view){.store = t->store};
    t->ignore = (struct ignore){0};
    t->meanwhile = NULL;
    t->part = (struct copy_part){.from = {.context_fd = t->context}};
    t->spec = (struct copy_spec){.parts = &t->part, .n_parts = 1, .onto = &t->onto, .now_s = 1000};
}

/* --- making a context --- */

static char *path_of(struct copying *t, const char *path, bool make_parents) {
    struct err e = ERR_INIT;
    char *full = mem_printf("%s/%s", t->context_path, path);
    char *slash = strrchr(full, '/');
    *slash = '\0';
    if (make_parents)
        must(file_mkdirs(full, 0755, &e), &e);
    *slash = '/';
    return full;
}

static void check(bool done, const char *what) {
    struct err e = ERR_INIT;
    must(done || err_sys(&e, errno, "%s", what), &e);
}

void put_mode(struct copying *t, const char *path, const char *text, mode_t mode) {
    struct err e = ERR_INIT;
    _cleanup_(mem_freep) char *full = path_of(t, path, true);
    _cleanup_fd_ int fd = file_open(full, O_WRONLY | O_CREAT | O_TRUNC, 0600, &e);
    must(fd >= 0 && file_write_all(fd, text, strlen(text), full, &e), &e);
    check(fchmod(fd, mode) == 0, full);
}

void put(struct copying *t, const char *path, const char *text) {
    put_mode(t, path, text, 0644);
}

void put_dir(struct copying *t, const char *path, mode_t mode) {
    struct err e = ERR_INIT;
    _cleanup_(mem_freep) char *full = path_of(t, path, true);
    must(file_mkdirs(full, 0755, &e), &e);
    check(chmod(full, mode) == 0, full);
}

void put_link(struct copying *t, const char *path, const char *target) {
    _cleanup_(mem_freep) char *full = path_of(t, path, true);
    check(symlink(target, full) == 0, full);
}

void put_ignore(struct copying *t, const char *text) {
    struct err e = ERR_INIT;
    must(ignore_parse(&t->arena, arena_str(&t->arena, str_z(text)), S(".dockerignore"), &t->ignore, &e), &e);
    t->part.from.ignore = &t->ignore;
}

void set_view(struct copying *t, struct view *v, struct tarball *tar) {
    struct err e = ERR_INIT;
    struct layer l = layers_put(t->store, tar);
    must(view_open(v, t->store, &l, 1, &e), &e);
    if (v != &t->from)
        return;
    t->part.from.view = v;
    t->part.from.context_fd = -1;
    t->part.keeps_owner = true;
}

/* --- recording --- */

static bool bytes_of(const struct content *c, struct buf *out, struct err *e) {
    struct digest d;
    if (c->kind == CONTENT_BYTES)
        buf_add_str(out, c->bytes);
    if (c->kind == CONTENT_STREAM)
        return spool_hash(c, &d, out, e);
    if (c->kind != CONTENT_FILE)
        return true;
    _cleanup_(mem_freep) char *path = mem_strndup(c->path.p, c->path.n);
    _cleanup_fd_ int fd = file_openat_nolinks(c->dir_fd, path, O_RDONLY, 0);
    return fd >= 0 ? file_read_fd(fd, path, out, e) : err_sys(e, errno, "%s", path);
}

static bool record_bytes(struct copying *t, const struct entry *en, const struct content *c, struct err *e) {
    struct buf bytes = BUF_INIT(MIB(64));
    bool good = bytes_of(c, &bytes, e);
    struct digest d = sha256_of(bytes.p, bytes.n);
    if (good && (bytes.n != en->size || (c->kind != CONTENT_NONE && (!c->has_digest || !digest_eq(&d, &c->digest)))))
        good = err_set(e, ERR_BUG, "%.*s: size or digest is not that of the bytes", STR_ARG(en->path));
    buf_add_char(&t->text, '=');
    buf_add_str(&t->text, str_first(buf_str(&bytes), 40));
    buf_fini(&bytes);
    return good;
}

static bool in_order(struct copying *t, const struct entry *en) {
    bool good = en->path.n && (t->entries == 0 || path_cmp(buf_str(&t->last), en->path) < 0);
    buf_reset(&t->last);
    buf_add_str(&t->last, en->path);
    return good;
}

static bool record(void *ctx, const struct entry *en, const struct content *c, struct err *e) {
    static const char letters[] = {[ENTRY_FILE] = 'f', [ENTRY_DIR] = 'd', [ENTRY_SYMLINK] = 'l', [ENTRY_HARDLINK] = 'h', [ENTRY_CHAR] = 'c',
                                   [ENTRY_BLOCK] = 'b', [ENTRY_FIFO] = 'p'};
    struct copying *t = ctx;
    if (t->meanwhile)
        t->meanwhile(t, en->path);
    if (!in_order(t, en))
        return err_set(e, ERR_BUG, "%.*s is out of order", STR_ARG(en->path));
    t->entries++;
    t->mtime_of_last = en->mtime_s;
    buf_printf(&t->text, "%c ", letters[en->type]);
    if (en->type != ENTRY_SYMLINK && en->type != ENTRY_HARDLINK)
        buf_printf(&t->text, "%04o %u:%u ", en->mode, en->uid, en->gid);
    buf_add_str(&t->text, en->path);
    if (en->type == ENTRY_FILE && !record_bytes(t, en, c, e))
        return false;
    if (en->type == ENTRY_SYMLINK || en->type == ENTRY_HARDLINK)
        buf_printf(&t->text, " -> %.*s", STR_ARG(en->link));
    if (en->type == ENTRY_CHAR || en->type == ENTRY_BLOCK)
        buf_printf(&t->text, " %u:%u", en->major, en->minor);
    for (size_t i = 0; i < en->n_xattrs; i++)
        buf_printf(&t->text, " [%.*s=%.*s]", STR_ARG(en->xattrs[i].name), STR_ARG(en->xattrs[i].value));
    buf_add_char(&t->text, '\n');
    return true;
}

struct str copied(struct copying *t, struct err *e, const char *const *words) {
    size_t n = 0;
    while (words[n])
        n++;
    struct str dest = str_z(words[--n]);
    t->part.operands = arena_array(&t->arena, struct str, n);
    t->part.n_operands = n;
    for (size_t i = 0; i < n; i++)
        t->part.operands[i] = str_z(words[i]);
    t->spec.dest = dest;
    t->spec.dest_is_dir = str_ends(dest, S("/")) || n > 1;
    buf_reset(&t->text);
    buf_add(&t->text, "", 0);
    t->entries = 0;
    return copy_entries(&t->spec, true, (struct entry_sink){record, t}, e) ? buf_str(&t->text) : S("");
}

struct digest hashed(struct copying *t, struct err *e) {
    struct content_hash h;
    content_hash_init(&h);
    must(copy_entries(&t->spec, true, content_hash_sink(&h), e), e);
    return content_hash_final(&h);
}
