/* SPDX-License-Identifier: Apache-2.0
 * COPY's sources that are not trees (copy_source.h): here-documents, and one file from elsewhere. Both are looked up by the names that the
 * copy gives them; nothing lists them. */
#include <errno.h>

#include "base/mem.h"
#include "layer/copy_source.h"
#include "layer/names.h"
#include "sys/files.h"

/* --- here-documents --- */

enum { TEXT_MODE = 0644 };

struct texts {
    struct source base;
    const struct copy_text *texts;
    size_t n;
    int64_t now_s;
};

static enum look texts_look(struct source_dir *d, struct str name, struct arena *a, struct source_node *out, struct err *e) {
    (void)a, (void)e;
    struct texts *t = (struct texts *)d->source;
    for (size_t i = t->n; i-- > 0;) { /* of two with one name the later wins */
        if (!str_eq(t->texts[i].name, name))
            continue;
        *out = (struct source_node){.private = &t->texts[i].body};
        out->entry = (struct entry){.type = ENTRY_FILE, .mode = TEXT_MODE, .mtime_s = t->now_s, .size = t->texts[i].body.n};
        return LOOK_THERE;
    }
    return LOOK_ABSENT;
}

static bool texts_content(struct source_dir *d, struct str name, const struct source_node *node, bool digest, struct content *out,
                          struct err *e) {
    (void)d, (void)name, (void)e;
    *out = (struct content){.kind = CONTENT_BYTES, .bytes = *(const struct str *)node->private, .has_digest = digest};
    if (digest)
        out->digest = sha256_of(out->bytes.p, out->bytes.n);
    return true;
}

static void simple_free(struct source *s) {
    free(s);
}

struct source *source_texts(const struct copy_text *texts, size_t n, int64_t now_s) {
    static const struct source_ops ops = {.look = texts_look, .content = texts_content, .free = simple_free};
    struct texts *t = mem_zalloc(1, sizeof *t);
    *t = (struct texts){.base = {.ops = &ops}, .texts = texts, .n = n, .now_s = now_s};
    return &t->base;
}

/* --- one file from elsewhere --- */

struct single {
    struct source base;
    const struct copy_file *file;
};

static bool is_other(const struct copy_file *f, struct err *e) {
    return err_set(e, ERR_FAILED, "%s, which holds %s, is not what was put there: it changed, or the disk is damaged", SHOWN(f->path),
                   SHOWN(f->name));
}

static enum look file_look(struct source_dir *d, struct str name, struct arena *a, struct source_node *out, struct err *e) {
    const struct copy_file *f = ((struct single *)d->source)->file;
    if (!str_eq(f->name, name))
        return LOOK_ABSENT;
    *out = (struct source_node){.has_digest = true, .digest = f->digest};
    out->entry = (struct entry){.type = ENTRY_FILE, .mode = f->mode, .mtime_s = f->mtime_s, .size = f->size};
    _cleanup_fd_ int fd = file_openat_nolinks(f->dir_fd, arena_strz(a, f->path), O_PATH | O_NOFOLLOW, 0);
    if (fd < 0 || fstat(fd, &out->seen) < 0) {
        err_sys(e, errno, "open %s, which holds %s", SHOWN(f->path), SHOWN(name));
        return LOOK_FAILED;
    }
    if (S_ISREG(out->seen.st_mode) && (uint64_t)out->seen.st_size == f->size)
        return LOOK_THERE;
    (void)is_other(f, e);
    return LOOK_FAILED;
}

static bool file_content(struct source_dir *d, struct str name, const struct source_node *node, bool digest, struct content *out,
                         struct err *e) {
    const struct copy_file *f = ((struct single *)d->source)->file;
    (void)name, (void)digest, (void)e;
    *out = (struct content){.kind = CONTENT_FILE, .dir_fd = f->dir_fd, .path = f->path, .seen = node->seen, .has_digest = true};
    out->digest = f->digest;
    return true;
}

bool source_file_check(const struct copy_file *f, struct err *e) {
    _cleanup_(mem_freep) char *path = mem_strndup(f->path.p, f->path.n);
    _cleanup_fd_ int fd = file_openat_nolinks(f->dir_fd, path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY, 0);
    struct digest d;
    if (fd < 0)
        return err_sys(e, errno, "open %s, which holds %s", SHOWN(f->path), SHOWN(f->name));
    return file_digest(fd, path, &d, NULL, e) && (digest_eq(&d, &f->digest) || is_other(f, e));
}

struct source *source_file(const struct copy_file *file) {
    static const struct source_ops ops = {.look = file_look, .content = file_content, .free = simple_free};
    struct single *s = mem_zalloc(1, sizeof *s);
    *s = (struct single){.base = {.ops = &ops}, .file = file};
    return &s->base;
}
