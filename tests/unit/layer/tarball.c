/* SPDX-License-Identifier: Apache-2.0
 * Hand-made tar archives and scratch stores for the tests of layer/: see tarball.h. */
#include "tarball.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>

#include "base/vec.h"
#include "sys/files.h"

enum { BLOCK = 512 };

/* --- Tar --- */

static void octal(char *field, size_t width, uint64_t value) {
    if (value >> (3 * (width - 1))) { /* base-256, as GNU tar */
        for (size_t i = width; i-- > 0; value >>= 8)
            field[i] = (char)(value & 0xff);
        field[0] = (char)0x80;
        return;
    }
    for (size_t i = width - 1; i-- > 0; value >>= 3)
        field[i] = (char)('0' + (value & 7));
}

static void pad(struct tarball *t) {
    static const char zeros[BLOCK];
    buf_add(&t->b, zeros, (BLOCK - t->b.n % BLOCK) % BLOCK);
}

void tar_item(struct tarball *t, struct tar_item item) {
    char h[BLOCK] = {0};
    size_t n = strlen(item.name);
    memcpy(h, item.name, n < 100 ? n : 100);
    octal(h + 100, 8, item.mode);
    octal(h + 108, 8, item.uid);
    octal(h + 116, 8, item.gid);
    octal(h + 124, 12, item.size ? item.size : item.data.n);
    octal(h + 136, 12, (uint64_t)item.mtime);
    h[156] = item.type;
    if (item.link)
        memcpy(h + 157, item.link, strlen(item.link) < 100 ? strlen(item.link) : 100);
    memcpy(h + 257, "ustar\00000", 8);
    octal(h + 329, 8, item.major);
    octal(h + 337, 8, item.minor);
    memset(h + 148, ' ', 8);
    unsigned sum = 0;
    for (size_t i = 0; i < BLOCK; i++)
        sum += (unsigned char)h[i];
    octal(h + 148, 7, sum);
    buf_add(&t->b, h, BLOCK);
    buf_add_str(&t->b, item.data);
    pad(t);
}

void tar_file(struct tarball *t, const char *name, const char *text) {
    tar_item(t, (struct tar_item){.name = name, .type = '0', .mode = 0644, .data = str_z(text)});
}

void tar_dir(struct tarball *t, const char *name) {
    tar_item(t, (struct tar_item){.name = name, .type = '5', .mode = 0755});
}

void tar_link(struct tarball *t, char type, const char *name, const char *target) {
    tar_item(t, (struct tar_item){.name = name, .type = type, .mode = 0777, .link = target});
}

void tar_mark(struct tarball *t, const char *name) {
    tar_file(t, name, "");
}

void tar_pax(struct tarball *t, const char *key, struct str value) {
    size_t fixed = strlen(key) + value.n + 3, n = fixed + 1; /* blank, '=', newline; the length counts its own digits */
    for (size_t digits = 1, power = 10; fixed + digits >= power; power *= 10, digits++)
        n = fixed + digits + 1;
    struct buf record = BUF_INIT(MIB(4));
    for (;;) {
        buf_reset(&record);
        buf_printf(&record, "%zu %s=", n, key);
        buf_add_str(&record, value);
        buf_add_char(&record, '\n');
        if (record.n == n)
            break;
        n = record.n;
    }
    tar_item(t, (struct tar_item){.name = "PaxHeaders", .type = 'x', .mode = 0644, .data = buf_str(&record)});
    buf_fini(&record);
}

void tar_gnu_long(struct tarball *t, char type, struct str text) {
    struct buf z = BUF_INIT(MIB(4));
    buf_add_str(&z, text);
    buf_add(&z, "", 1);
    tar_item(t, (struct tar_item){.name = "././@LongLink", .type = type, .data = buf_str(&z)});
    buf_fini(&z);
}

void tar_end(struct tarball *t) {
    static const char zeros[2 * BLOCK];
    buf_add(&t->b, zeros, sizeof zeros);
}

void tar_free(struct tarball *t) {
    buf_fini(&t->b);
}

ptrdiff_t bytes_read(void *ctx, void *to, size_t n, struct err *e) {
    (void)e;
    struct bytes_source *s = ctx;
    size_t k = s->rest.n < n ? s->rest.n : n;
    if (s->piece && k > s->piece)
        k = s->piece;
    if (k)
        memcpy(to, s->rest.p, k);
    s->rest = str_from(s->rest, k);
    return (ptrdiff_t)k;
}

/* --- Stores --- */

static char scratch[64];
static pid_t owner;

void must(bool done, struct err *e) {
    if (done)
        return;
    printf("Bail out! %s\n", e->msg ? e->msg : "set-up failed");
    exit(1);
}

static void remove_scratch(void) {
    struct err e = ERR_INIT;
    if (getpid() == owner && !file_remove_tree(AT_FDCWD, scratch, &e))
        printf("# %s\n", e.msg);
    err_clear(&e);
}

void layers_init(void) {
    snprintf(scratch, sizeof scratch, "/tmp/croze-layer-XXXXXX");
    if (!mkdtemp(scratch)) {
        perror("mkdtemp");
        exit(1);
    }
    owner = getpid();
    atexit(remove_scratch);
    setenv("CROZE_NO_SYNC", "1", 1);
}

const char *layers_scratch(void) {
    return scratch;
}

struct store *layers_store(const char *name, const char *flavour) {
    struct err e = ERR_INIT;
    struct store *s = mem_zalloc(1, sizeof *s);
    _cleanup_(mem_freep) char *path = mem_printf("%s/%s", scratch, name);
    must(store_open(s, path, flavour, &e), &e);
    return s;
}

void layers_close(struct store *s) {
    store_close(s);
    free(s);
}

struct layer layers_put_packed(struct store *s, struct tarball *t, enum compression c) {
    struct err e = ERR_INIT;
    struct layer l = {0};
    tar_end(t);
    _cleanup_(encoder_freep) struct encoder *z = encoder_new(c, compression_default_level(c));
    size_t room = encoder_bound(z, t->b.n);
    _cleanup_(mem_freep) char *packed = mem_alloc(room);
    size_t n = encoder_run(z, t->b.p, t->b.n, packed, room);
    must(store_put_blob(s, str_n(packed, n), &l.blob, &e), &e);
    tar_free(t);
    *t = (struct tarball)TARBALL_INIT;
    return l;
}

struct layer layers_put(struct store *s, struct tarball *t) {
    return layers_put_packed(s, t, COMPRESSION_NONE);
}

/* --- As text --- */

static void describe(const struct entry *en, struct buf *out) {
    static const char letters[] = {[ENTRY_FILE] = 'f', [ENTRY_DIR] = 'd', [ENTRY_SYMLINK] = 'l', [ENTRY_HARDLINK] = 'h', [ENTRY_CHAR] = 'c',
                                   [ENTRY_BLOCK] = 'b', [ENTRY_FIFO] = 'p', [ENTRY_WHITEOUT] = 'w', [ENTRY_OPAQUE] = 'o'};
    buf_printf(out, "%c ", letters[en->type]);
    if (en->type != ENTRY_SYMLINK && en->type != ENTRY_WHITEOUT && en->type != ENTRY_OPAQUE)
        buf_printf(out, "%04o %u:%u ", en->mode, en->uid, en->gid);
    buf_add_str(out, en->path.n ? en->path : S("/"));
    if (en->type == ENTRY_FILE)
        buf_printf(out, "=%llu", (unsigned long long)en->size);
    if (en->type == ENTRY_SYMLINK || en->type == ENTRY_HARDLINK)
        buf_printf(out, " -> %.*s", STR_ARG(en->link));
    if (en->type == ENTRY_CHAR || en->type == ENTRY_BLOCK)
        buf_printf(out, " %u:%u", en->major, en->minor);
}

static void walk_view(const struct view *v, struct arena *a, struct str dir, struct buf *out) {
    struct err e = ERR_INIT;
    struct str *names;
    size_t n;
    must(view_list(v, dir, a, &names, &n, &e), &e);
    for (size_t i = 0; i < n; i++) {
        struct str path = dir.n ? arena_join3(a, dir, S("/"), names[i]) : names[i];
        struct view_node node;
        if (!view_lookup(v, path, a, &node)) {
            buf_printf(out, "listed but not found: %.*s\n", STR_ARG(path));
            continue;
        }
        describe(&node.entry, out);
        buf_add_char(out, '\n');
        if (node.entry.type == ENTRY_DIR)
            walk_view(v, a, path, out);
    }
}

struct str view_text(const struct view *v, struct arena *a) {
    struct buf out = BUF_INIT(MIB(16));
    walk_view(v, a, S(""), &out);
    struct str text = arena_str(a, buf_str(&out));
    buf_fini(&out);
    return text;
}

static void entry_from_stat(const struct stat *st, struct entry *en) {
    mode_t m = st->st_mode;
    en->type = S_ISREG(m) ? ENTRY_FILE : S_ISDIR(m) ? ENTRY_DIR : S_ISLNK(m) ? ENTRY_SYMLINK : S_ISCHR(m) ? ENTRY_CHAR :
               S_ISBLK(m) ? ENTRY_BLOCK : ENTRY_FIFO;
    if (S_ISCHR(m) && st->st_rdev == makedev(0, 0))
        en->type = ENTRY_WHITEOUT;
    en->mode = m & 07777;
    en->uid = st->st_uid;
    en->gid = st->st_gid;
    en->size = (uint64_t)st->st_size;
    en->major = major(st->st_rdev);
    en->minor = minor(st->st_rdev);
}

static void walk_tree(int dir, struct arena *a, struct str at, struct buf *out) {
    struct err e = ERR_INIT;
    struct dir_names names;
    must(file_list(dir, a, &names, &e), &e);
    for (size_t i = 0; i < names.n; i++) {
        struct stat st;
        struct entry en = {.path = at.n ? arena_join3(a, at, S("/"), names.names[i]) : names.names[i]};
        char target[4096], y;
        must(fstatat(dir, names.names[i].p, &st, AT_SYMLINK_NOFOLLOW) == 0, &e);
        entry_from_stat(&st, &en);
        if (en.type == ENTRY_SYMLINK)
            en.link = str_n(target, (size_t)readlinkat(dir, names.names[i].p, target, sizeof target));
        describe(&en, out);
        _cleanup_fd_ int sub = en.type == ENTRY_DIR ? openat(dir, names.names[i].p, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC) : -1;
        if (sub >= 0 && (fgetxattr(sub, "trusted.overlay.opaque", &y, 1) == 1 || fgetxattr(sub, "user.overlay.opaque", &y, 1) == 1))
            buf_add_str(out, S(" opaque"));
        buf_add_char(out, '\n');
        if (sub >= 0)
            walk_tree(sub, a, en.path, out);
    }
}

struct str tree_text(int tree, struct arena *a) {
    struct buf out = BUF_INIT(MIB(16));
    walk_tree(tree, a, S(""), &out);
    struct str text = arena_str(a, buf_str(&out));
    buf_fini(&out);
    return text;
}
