/* SPDX-License-Identifier: Apache-2.0
 * croze history: how an image came to be, newest step first. */
#include "base/json.h"
#include "base/limits.h"
#include "cmd/cmd.h"
#include "cmd/print.h"
#include "image/image.h"
#include "report/progress.h"
#include "report/table.h"
#include "sys/clock.h"

static bool no_trunc;
static const char *format = "table";
static const char *const format_words[] = {"table", "json", NULL};

static const struct opt options[] = {
    OPT_ENUM(0, "format", format_words, &format, "table, or json (one object a line)"),
    OPT_FLAG(0, "no-trunc", &no_trunc, "Do not shorten instructions"),
    OPT_END,
};

static int run(struct context *c, char **args, size_t n, struct err *e);

const struct cmd cmd_history = {
    .name = "history",
    .summary = "Show the steps an image was made of",
    .usage = "[OPTIONS] IMAGE",
    .description = "SIZE is the layer's compressed size, as it is stored and shipped.",
    .flags = CMD_STORE | CMD_READS,
    .options = options,
    .run = run,
};

enum { CREATED_BY_COLUMNS = 60 };

static struct str shortened(struct str s, struct arena *a) {
    if (no_trunc || s.n <= CREATED_BY_COLUMNS)
        return s;
    return arena_join3(a, str_first(s, CREATED_BY_COLUMNS - 3), S("..."), S(""));
}

static bool json_line(const struct history *h, const struct layer *l, struct err *e) {
    char created[CLOCK_TEXT], digest[DIGEST_TEXT + 1];
    _cleanup_(json_mut_freep) yyjson_mut_doc *d = yyjson_mut_doc_new(NULL);
    yyjson_mut_val *o = yyjson_mut_obj(d);
    yyjson_mut_doc_set_root(d, o);
    json_add_str(d, o, "CreatedAt", h->has_created ? str_z(clock_rfc3339(h->created, created)) : STR_NULL);
    json_add_str(d, o, "CreatedBy", h->created_by);
    json_add_str(d, o, "Comment", h->comment);
    yyjson_mut_obj_add_uint(d, o, "Size", l ? l->blob_bytes : 0);
    if (l) {
        json_add_str(d, o, "Layer", str_z(digest_text(&l->blob, digest)));
        json_add_str(d, o, "DiffID", str_z(digest_text(&l->diff_id, digest)));
    }
    return print_json(d, false, "history", e);
}

static void table_row(struct table *t, struct arena *a, const struct history *h, const struct layer *l) {
    char ago[CLOCK_TEXT], size[32], hex[DIGEST_HEX + 1];
    table_cell(t, l ? str_n(digest_hex(&l->diff_id, hex), 12) : S("-"));
    table_cell(t, h->has_created ? str_z(clock_ago(clock_now().tv_sec - h->created.tv_sec, ago)) : S("-"));
    table_cell(t, shortened(h->created_by, a));
    table_cell(t, str_z(human_size(l ? l->blob_bytes : 0, size)));
}

static bool print(const struct image *im, struct arena *a, struct err *e) {
    struct table t;
    bool json = strcmp(format, "json") == 0, good = true;
    size_t layer = im->n_layers;
    table_init(&t, 4);
    table_cell(&t, S("LAYER"));
    table_cell(&t, S("CREATED"));
    table_cell(&t, S("CREATED BY"));
    table_cell(&t, S("SIZE"));
    for (size_t i = im->n_history; good && i-- > 0;) {
        const struct history *h = &im->history[i];
        const struct layer *l = !h->empty_layer && layer > 0 ? &im->layers[--layer] : NULL;
        if (json)
            good = json_line(h, l, e);
        else
            table_row(&t, a, h, l);
    }
    if (!json) {
        struct buf out = BUF_INIT(LIMIT_INDEX_BYTES);
        table_write(&t, &out);
        good = print_text(&out, "history", e);
        buf_fini(&out);
    }
    table_fini(&t);
    return good;
}

static int run(struct context *c, char **args, size_t n, struct err *e) {
    if (n != 1) {
        err_set(e, ERR_USAGE, "history takes one image");
        return -1;
    }
    struct arena a = ARENA_INIT;
    struct store_ref ref;
    struct image im;
    bool good = image_find(&c->store, str_z(args[0]), &a, &ref, e) && image_read(&c->store, &ref.manifest, S("linux/" CROZE_ARCH), &im, e);
    if (good) {
        good = print(&im, &a, e);
        image_fini(&im);
    }
    arena_fini(&a);
    return good ? 0 : -1;
}
