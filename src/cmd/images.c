/* SPDX-License-Identifier: Apache-2.0
 * croze images: the images of the store, newest first. */
#include <stdio.h>

#include "base/json.h"
#include "base/limits.h"
#include "base/vec.h"
#include "cmd/cmd.h"
#include "cmd/images_filter.h"
#include "cmd/print.h"
#include "image/image.h"
#include "registry/client.h"
#include "report/progress.h"
#include "report/table.h"
#include "sys/clock.h"

static bool quiet, no_trunc, digests, all;
static const char *format = "table";
static const char *const format_words[] = {"table", "json", NULL};
static struct opt_list filters;

static const struct opt options[] = {
    OPT_FLAG('a', "all", &all, "Accepted for docker's sake: every image is always listed"),
    OPT_FLAG(0, "digests", &digests, "Show manifest digests"),
    OPT_LIST('f', "filter", "KEY=VALUE", &filters, "Only images with this: reference=PATTERN, dangling=true|false, label=KEY[=VALUE]"),
    OPT_ENUM(0, "format", format_words, &format, "table, or json (one object a line)"),
    OPT_FLAG(0, "no-trunc", &no_trunc, "Do not shorten IDs"),
    OPT_FLAG('q', "quiet", &quiet, "Print IDs only"),
    OPT_END,
};

static int run(struct context *c, char **args, size_t n, struct err *e);

const struct cmd cmd_images = {
    .name = "images",
    .summary = "List images",
    .usage = "[OPTIONS] [NAME[:TAG]]",
    .description = "NAME may have wildcards: * and ? stand for anything but \"/\" (quote them from the shell). An image without a name, "
                   "pulled by its digest or having lost its tag to a newer one, is listed with the repository that it was pulled from.\n\n"
                   "SIZE is what the image takes as it is stored and shipped: its compressed layers and documents.",
    .flags = CMD_STORE | CMD_READS,
    .options = options,
    .run = run,
};

struct row {
    struct str repository, tag;
    struct digest manifest, config;
    struct timespec created;
    uint64_t size_bytes;
};
typedef VEC(struct row) row_list;

static int newest_first(const void *a, const void *b) {
    const struct row *x = a, *y = b;
    int c = clock_cmp(y->created, x->created);
    c = c ? c : str_cmp(x->repository, y->repository);
    return c ? c : str_cmp(x->tag, y->tag);
}

/* Of an image without a name, one that was pulled by its digest or has lost its tag to another, the repository that it came from. */
static struct str came_from(struct store *s, const struct digest *manifest, struct arena *a) {
    struct str *origins;
    size_t n;
    return store_origins(s, manifest, a, &origins, &n) ? repository_familiar(origins[0]) : STR_NULL;
}

static void split_name(struct store *s, const struct store_ref *ref, struct arena *a, struct row *r) {
    ptrdiff_t colon = str_rindex(ref->name, ':');
    r->repository = ref->name.n ? str_first(ref->name, colon < 0 ? ref->name.n : (size_t)colon) : came_from(s, &ref->manifest, a);
    r->tag = colon < 0 ? S("<none>") : str_from(ref->name, (size_t)colon + 1);
}

/* *wanted false: the filter does not take it. */
static bool read_row(struct store *s, const struct store_ref *ref, const struct images_filter *f, struct arena *a, struct row *r,
                     bool *wanted, struct err *e) {
    struct image im;
    if (!image_read(s, &ref->manifest, S("linux/" CROZE_ARCH), &im, e))
        return false;
    split_name(s, ref, a, r);
    *wanted = images_filter_takes(f, ref->name, r->repository, &im);
    r->repository = r->repository.n ? r->repository : S("<none>");
    r->manifest = ref->manifest;
    r->config = im.config_digest;
    r->created = im.created;
    r->size_bytes = im.manifest_bytes + im.config_bytes;
    for (size_t i = 0; i < im.n_layers; i++)
        r->size_bytes += im.layers[i].blob_bytes;
    image_fini(&im);
    return true;
}

static struct str short_id(const struct digest *d, char out[DIGEST_TEXT + 1]) {
    digest_text(d, out);
    return no_trunc ? str_z(out) : str_n(out + 7, 12);
}

static bool json_lines(const row_list *rows, struct err *e) {
    for (size_t i = 0; i < rows->n; i++) {
        const struct row *r = &rows->p[i];
        char id[DIGEST_TEXT + 1], digest[DIGEST_TEXT + 1], created[CLOCK_TEXT];
        _cleanup_(json_mut_freep) yyjson_mut_doc *d = yyjson_mut_doc_new(NULL);
        yyjson_mut_val *o = yyjson_mut_obj(d);
        yyjson_mut_doc_set_root(d, o);
        json_add_str(d, o, "Repository", r->repository);
        json_add_str(d, o, "Tag", r->tag);
        json_add_str(d, o, "Digest", str_z(digest_text(&r->manifest, digest)));
        json_add_str(d, o, "ID", str_z(digest_text(&r->config, id)));
        json_add_str(d, o, "CreatedAt", str_z(clock_rfc3339(r->created, created)));
        yyjson_mut_obj_add_uint(d, o, "Size", r->size_bytes);
        if (!print_json(d, false, "images", e))
            return false;
    }
    return true;
}

static bool print_table(const row_list *rows, struct err *e) {
    struct table t;
    table_init(&t, digests ? 6 : 5);
    static const char *const heads[] = {"REPOSITORY", "TAG", "DIGEST", "IMAGE ID", "CREATED", "SIZE"};
    for (size_t i = 0; i < 6; i++)
        if (digests || i != 2)
            table_cell(&t, str_z(heads[i]));
    for (size_t i = 0; i < rows->n; i++) {
        const struct row *r = &rows->p[i];
        char text[DIGEST_TEXT + 1], ago[CLOCK_TEXT], size[32];
        table_cell(&t, r->repository);
        table_cell(&t, r->tag);
        if (digests)
            table_cell(&t, str_z(digest_text(&r->manifest, text)));
        table_cell(&t, short_id(&r->config, text));
        table_cell(&t, str_z(clock_ago(clock_now().tv_sec - r->created.tv_sec, ago)));
        table_cell(&t, str_z(human_size(r->size_bytes, size)));
    }
    struct buf out = BUF_INIT(LIMIT_INDEX_BYTES);
    table_write(&t, &out);
    bool good = print_text(&out, "images", e);
    buf_fini(&out);
    table_fini(&t);
    return good;
}

static void print_ids(const row_list *rows) {
    char text[DIGEST_TEXT + 1];
    for (size_t i = 0; i < rows->n; i++)
        if (i == 0 || !digest_eq(&rows->p[i].config, &rows->p[i - 1].config))
            printf("%.*s\n", STR_ARG(short_id(&rows->p[i].config, text)));
}

/* What cannot be read is in nobody's way: the others are listed, and the first such error is told behind them. */
static bool list(struct context *c, struct arena *a, const struct images_filter *f, row_list *rows, struct err *e) {
    struct store_refs refs;
    if (!store_refs_read(&c->store, a, &refs, e))
        return false;
    for (size_t i = 0; i < refs.n; i++) {
        struct row r = {0};
        struct err why = ERR_INIT;
        bool wanted;
        if (!read_row(&c->store, &refs.p[i], f, a, &r, &wanted, &why)) {
            if (e->kind == ERR_NONE && !image_is_artifact(&c->store, &refs.p[i].manifest)) {
                err_move(e, &why);
                err_wrap(e, "%.*s", STR_ARG(refs.p[i].name.n ? refs.p[i].name : S("an image without a name")));
            }
            err_clear(&why);
        } else if (wanted)
            vec_push(rows, r);
    }
    if (rows->n > 1)
        qsort(rows->p, rows->n, sizeof *rows->p, newest_first);
    return true;
}

static int run(struct context *c, char **args, size_t n, struct err *e) {
    struct arena a = ARENA_INIT;
    row_list rows = {0};
    struct images_filter f = {0};
    bool listed = n <= 1 || err_set(e, ERR_USAGE, "images takes at most one name (quote a pattern from the shell)");
    listed = listed && images_filter_make(&f, &a, n ? args[0] : NULL, &filters, e) && list(c, &a, &f, &rows, e);
    struct err unprinted = ERR_INIT;
    if (listed && quiet)
        print_ids(&rows);
    else if (listed && !(strcmp(format, "json") == 0 ? json_lines : print_table)(&rows, &unprinted)) {
        err_clear(e);
        err_move(e, &unprinted);
    }
    vec_fini(&rows);
    images_filter_fini(&f);
    arena_fini(&a);
    return e->kind == ERR_NONE ? 0 : -1;
}
