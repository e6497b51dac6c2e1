/* SPDX-License-Identifier: Apache-2.0
 * Packs a directory as one layer into a store and prints what it took: pack_dir STORE DIR [LEVEL [hash]]. Digests of files are looked up
 * in the stat index, as COPY does; the first run is a cold build, the second knows all, and with one file touched in between it shows
 * what a changed file costs.
 *   CROZE_THREADS=1 pack_dir /tmp/s /usr/share/doc */
#include <stdio.h>
#include <sys/resource.h>

#include "base/log.h"
#include "layer/diff.h"
#include "layer/writer.h"
#include "sys/clock.h"

struct known {
    struct stat_index *stats;
    struct entry_sink next;
};

/* Puts the digest that the stat index has into each file's content. */
static bool add_digest(void *ctx, const struct entry *en, const struct content *c, struct err *e) {
    struct known *k = ctx;
    struct content with = *c;
    if (c->kind == CONTENT_FILE && !c->has_digest)
        with.has_digest = stat_index_get(k->stats, &c->seen, &with.digest);
    return k->next.add(k->next.ctx, en, &with, e);
}

static double seconds(struct timeval t) {
    return (double)t.tv_sec + (double)t.tv_usec / 1e6;
}

static void print(const struct layer *l, uint64_t start_ns) {
    struct rusage u;
    char diff_id[DIGEST_TEXT + 1], blob[DIGEST_TEXT + 1];
    getrusage(RUSAGE_SELF, &u);
    printf("%s tar %.1f MB, %s blob %.1f MB, %.3f s, user %.3f s, system %.3f s, %.1f MiB\n", digest_text(&l->diff_id, diff_id),
           (double)l->tar_bytes / 1e6, digest_text(&l->blob, blob), (double)l->blob_bytes / 1e6, (double)(log_now_ns() - start_ns) / 1e9,
           seconds(u.ru_utime), seconds(u.ru_stime), (double)u.ru_maxrss / 1024);
}

static bool pack(struct store *s, const char *path, const struct layer_options *options, struct layer *out, struct err *e) {
    struct view nothing = {0};
    _cleanup_fd_ int dir = file_open(path, O_RDONLY | O_DIRECTORY, 0, e);
    struct layer_options o = *options;
    o.stats = dir < 0 ? NULL : stat_index_open(s, dir, e);
    struct layer_writer *w = o.stats ? layer_writer_new(s, &o, e) : NULL;
    struct known k = {o.stats, w ? layer_writer_sink(w) : (struct entry_sink){0}};
    struct diff_spec d = {.upper_fd = dir, .lower = &nothing};
    bool ok = w && diff_entries(&d, (struct entry_sink){add_digest, &k}, e) && layer_writer_finish(w, out, e);
    layer_writer_free(w);
    if (o.stats)
        stat_index_close(o.stats);
    return ok;
}

int main(int argc, char **argv) {
    struct err e = ERR_INIT;
    struct store s;
    struct layer l;
    uint64_t level = 1, start_ns = log_now_ns();
    if (argc < 3 || (argc > 3 && !str_to_u64(str_z(argv[3]), 10, 12, &level)))
        return 2;
    struct layer_options o = {.compression = COMPRESSION_GZIP, .level = (int)level, .hash_only = argc > 4};
    log_set_debug(true);
    bool ok = store_open(&s, argv[1], "host-trusted", &e);
    ok = ok && pack(&s, argv[2], &o, &l, &e);
    if (ok)
        print(&l, start_ns);
    else
        fprintf(stderr, "%s\n", e.msg);
    return ok ? 0 : 1;
}
