/* SPDX-License-Identifier: Apache-2.0
 * Lists of entries for tests: see pack.h. */
#include "pack.h"

void items_fini(struct items *t) {
    vec_fini(&t->all);
    arena_fini(&t->arena);
}

static struct item *add(struct items *t, const char *path, enum entry_type type) {
    struct item it = {.entry = {.path = arena_str(&t->arena, str_z(path)), .type = type, .mode = type == ENTRY_DIR ? 0755 : 0644,
                                .mtime_s = 1600000000 + (int64_t)t->all.n}};
    if (type == ENTRY_WHITEOUT)
        it.entry.mode = 0, it.entry.mtime_s = 0;
    vec_push(&t->all, it);
    return &t->all.p[t->all.n - 1];
}

struct entry *items_add(struct items *t, const char *path, enum entry_type type) {
    return &add(t, path, type)->entry;
}

struct item *items_bytes(struct items *t, const char *path, struct str bytes) {
    struct item *it = add(t, path, ENTRY_FILE);
    it->entry.size = bytes.n;
    it->content = (struct content){.kind = bytes.n ? CONTENT_BYTES : CONTENT_NONE, .bytes = bytes};
    it->digest = sha256_of(bytes.p, bytes.n);
    return it;
}

void items_relist(struct item *it) {
    if (fstatat(it->content.dir_fd, it->entry.path.p, &it->content.seen, AT_SYMLINK_NOFOLLOW) < 0)
        perror(it->entry.path.p);
    it->entry.size = (uint64_t)it->content.seen.st_size;
}

struct item *items_file(struct items *t, int dir, const char *path, struct str bytes) {
    struct err e = ERR_INIT;
    struct item *it = items_bytes(t, path, bytes);
    must(file_replace(dir, path, bytes.p, bytes.n, false, &e), &e);
    it->content = (struct content){.kind = CONTENT_FILE, .dir_fd = dir, .path = it->entry.path};
    items_relist(it);
    return it;
}

struct str items_text(struct items *t, uint64_t seed, size_t n) {
    static const char words[] = "the cooper cuts a groove into the staves and the head of the cask sits in it; 0123456789abcdef";
    char *p = arena_alloc(&t->arena, n + 1, 1);
    for (size_t i = 0; i < n; i++) {
        seed = seed * 6364136223846793005u + 1442695040888963407u;
        p[i] = words[(seed >> 33) % (sizeof words - 1) & ~(seed >> 60)];
    }
    return str_n(p, n);
}

void items_know(struct items *t) {
    for (size_t i = 0; i < t->all.n; i++) {
        t->all.p[i].content.has_digest = true;
        t->all.p[i].content.digest = t->all.p[i].digest;
    }
}

void items_lines(const struct items *t, struct buf *out) {
    for (size_t i = 0; i < t->all.n; i++)
        oracle_line(&t->all.p[i].entry, &t->all.p[i].digest, out);
}

bool items_pack(struct items *t, struct store *s, const struct layer_options *o, struct layer *out, struct err *e) {
    struct layer_writer *w = layer_writer_new(s, o, e);
    bool ok = w != NULL;
    for (size_t i = 0; ok && i < t->all.n; i++)
        ok = layer_writer_add(w, &t->all.p[i].entry, &t->all.p[i].content, e);
    ok = ok && layer_writer_finish(w, out, e);
    layer_writer_free(w);
    return ok;
}
