/* SPDX-License-Identifier: Apache-2.0
 * A watch sees each file of a layer once, with its first bytes, however the layer comes into the store: from memory, from files, from
 * streams, as a blob that is read; with the same bytes written before; and nothing of it is committed unless the layer is whole. */
#include <pthread.h>

#include "layer/read.h"
#include "layer/watch.h"
#include "pack.h"

enum { LARGE = 3 * WATCH_HEAD_BYTES + 12345 };

/* --- The watch: a line a file, sorted when it is looked at --- */

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static VEC(char *) lines;
static unsigned begun, committed, ended;
static struct digest last;

static void *begin(struct store *s) {
    begun++;
    return s; /* anything but NULL */
}

static char *line_of(struct str path, uint32_t mode, uint64_t size, struct str head) {
    char hex[DIGEST_HEX + 1];
    struct digest d = sha256_of(head.p, head.n);
    return mem_printf("%.*s %04o %llu %zu %s", STR_ARG(path), mode, (unsigned long long)size, head.n, digest_hex(&d, hex));
}

static void file(void *of, const struct watched_file *f) {
    (void)of;
    char *line = line_of(f->path, f->mode, f->size, f->head);
    pthread_mutex_lock(&lock);
    vec_push(&lines, line);
    pthread_mutex_unlock(&lock);
}

static bool commit(void *of, const struct digest *diff_id, struct err *e) {
    (void)of;
    (void)e;
    committed++;
    last = *diff_id;
    return true;
}

static void end(void *of) {
    (void)of;
    ended++;
}

static const struct layer_watch watch = {begin, file, commit, end};

static void reset(void) {
    for (size_t k = 0; k < lines.n; k++)
        free(lines.p[k]);
    lines.n = 0;
    begun = committed = ended = 0;
    last = (struct digest){0};
}

static int by_text(const void *a, const void *b) {
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Whether exactly the files of the list were seen, with their first bytes. */
static bool saw_all(const struct items *t, const struct str *texts) {
    size_t n = 0;
    bool good = true;
    qsort(lines.p, lines.n, sizeof *lines.p, by_text);
    VEC(char *) want = {0};
    for (size_t k = 0; k < t->all.n; k++)
        if (t->all.p[k].entry.type == ENTRY_FILE && texts[k].n)
            vec_push(&want, line_of(t->all.p[k].entry.path, t->all.p[k].entry.mode, texts[k].n, str_first(texts[k], WATCH_HEAD_BYTES)));
    qsort(want.p, want.n, sizeof *want.p, by_text);
    for (; n < want.n && n < lines.n && good; n++) {
        good = strcmp(want.p[n], lines.p[n]) == 0;
        if (!good)
            printf("# got  %s\n# want %s\n", lines.p[n], want.p[n]);
    }
    good = good && want.n == lines.n;
    for (size_t k = 0; k < want.n; k++)
        free(want.p[k]);
    vec_fini(&want);
    return good;
}

/* --- Layers --- */

struct left {
    struct str rest;
};

static ptrdiff_t pull(void *ctx, void *to, size_t n, struct err *e) {
    (void)e;
    struct left *l = ctx;
    struct str piece = str_first(l->rest, n < 5000 ? n : 5000); /* heads come in many pieces */
    memcpy(to, piece.p, piece.n);
    l->rest = str_from(l->rest, piece.n);
    return (ptrdiff_t)piece.n;
}

enum { FILES = 2000, ENTRIES = FILES + 6 };

/* One of each kind, and enough small ones for several chunks and threads. */
static void make(struct items *t, int dir, struct str *texts, struct left *stream) {
    size_t n = 0;
    items_add(t, "a-dir", ENTRY_DIR);
    texts[n++] = STR_NULL;
    texts[n] = items_text(t, 1, LARGE);
    items_bytes(t, "b-memory", texts[n++]);
    texts[n] = items_text(t, 2, LARGE);
    items_file(t, dir, "c-file", texts[n++])->entry.mode = 0755;
    texts[n] = items_text(t, 3, LARGE);
    stream->rest = texts[n];
    items_bytes(t, "d-stream", texts[n++])->content = (struct content){.kind = CONTENT_STREAM, .pull = pull, .pull_ctx = stream};
    items_bytes(t, "e-empty", STR_NULL);
    texts[n++] = STR_NULL;
    texts[n] = S("root:x:0:0::/:/bin/sh\n");
    items_bytes(t, "etc/passwd", texts[n++]);
    for (size_t k = 0; k < FILES; k++) {
        char name[32];
        snprintf(name, sizeof name, "f%04zu", k);
        texts[n] = items_text(t, 10 + k, 300 + k);
        items_file(t, dir, name, texts[n++]);
    }
}

static void pack(struct store *s, struct items *t, const struct str *texts, const struct layer_options *o, struct layer *l,
                 const char *what) {
    struct err e = ERR_INIT;
    reset();
    must(items_pack(t, s, o, l, &e), &e);
    ok(saw_all(t, texts), "%s: each file was seen once, with its first bytes", what);
    ok(begun == 1 && committed == 1 && ended == 1 && digest_eq(&last, &l->diff_id), "%s: committed once, under the diffID", what);
}

static void both_ways(int dir) {
    struct store *s = fixture_store("store"), *other = fixture_store("other");
    struct items t = ITEMS_INIT;
    static struct str texts[ENTRIES];
    struct left stream;
    struct layer first, l;
    struct err e = ERR_INIT;
    s->watch = other->watch = &watch;
    make(&t, dir, texts, &stream);
    pack(s, &t, texts, &(struct layer_options){.compression = COMPRESSION_GZIP, .level = 1}, &first, "written");
    stream.rest = texts[3];
    pack(s, &t, texts, &(struct layer_options){.compression = COMPRESSION_GZIP, .level = 1}, &l, "written again, of which all is known");
    ok(digest_eq(&l.blob, &first.blob), "... which is the same layer");
    stream.rest = texts[3];
    pack(s, &t, texts, &(struct layer_options){.compression = COMPRESSION_NONE}, &l, "uncompressed");

    reset();
    must(layer_make_toc(s, &first, &e), &e);
    ok(saw_all(&t, texts), "read: the same");
    ok(begun == 1 && committed == 1 && ended == 1 && digest_eq(&last, &first.diff_id), "... committed once");
    reset();
    stream.rest = texts[3];
    must(items_pack(&t, other, &(struct layer_options){.hash_only = true}, &l, &e), &e);
    ok(begun == 0 && lines.n == 0, "what makes no layer is not looked at");
    items_fini(&t);
    fixture_close(s);
    fixture_close(other);
}

static void broken(int dir) {
    struct store *s = fixture_store("broken");
    struct items t = ITEMS_INIT;
    struct layer l = {0};
    struct err e = ERR_INIT;
    s->watch = &watch;
    items_file(&t, dir, "x", items_text(&t, 1, 1000));
    must(file_replace(dir, "x", "y", 1, false, &e), &e);
    reset();
    bool packed = items_pack(&t, s, &(struct layer_options){.compression = COMPRESSION_GZIP, .level = 1}, &l, &e);
    ok(!packed && begun == 1 && committed == 0 && ended == 1, "a layer that is not written is not committed");
    err_clear(&e);
    struct digest blob;
    must(store_put_blob(s, S("no gzip, no tar; but a blob of the right digest"), &blob, &e), &e);
    reset();
    l = (struct layer){.blob = blob};
    ok(!layer_make_toc(s, &l, &e) && begun == 1 && committed == 0 && ended == 1, "nor is one that cannot be read");
    err_clear(&e);
    items_fini(&t);
    fixture_close(s);
}

int main(void) {
    struct err e = ERR_INIT;
    fixture_init();
    _cleanup_(mem_freep) char *path = in_scratch("source");
    must(file_mkdirs(path, 0755, &e), &e);
    _cleanup_fd_ int dir = file_open(path, O_RDONLY | O_DIRECTORY, 0, &e);
    both_ways(dir);
    broken(dir);
    reset();
    vec_fini(&lines);
    return tap_done();
}
