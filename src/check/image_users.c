/* SPDX-License-Identifier: Apache-2.0
 * Rules over an image's users: passwd(5), group(5), shadow(5), and files that belong to nobody there. Lines may be of any shape. */
#include "check/image_rules.h"

#include <stdlib.h>

#include "base/limits.h"

/* The fields of a line; those that are missing are empty. */
static size_t split(struct str line, struct str *fields, size_t n) {
    struct str field;
    size_t k = 0;
    for (size_t i = 0; i < n; i++)
        fields[i] = S("");
    while (k < n && str_next(&line, ':', &field))
        fields[k++] = field;
    return k;
}

/* An empty second field of shadow (or of passwd, if it says that there is no shadow) lets everyone in. */
static void empty_password(struct marker *m, const struct rule *r, const struct watched_file *f) {
    bool table = str_eqz(f->path, "etc/shadow") || str_eqz(f->path, "etc/master.passwd") || str_eqz(f->path, "etc/passwd");
    struct str rest = f->head, line, of[2];
    if (f->head.n < f->size) /* the last line that is there may name another user */
        rest = str_first(f->head, (size_t)(str_rindex(f->head, '\n') + 1));
    while (table && str_next(&rest, '\n', &line)) {
        bool has_colon = split(line, of, 2) >= 2 || str_ends(line, S(":"));
        if (has_colon && of[0].n && of[0].p[0] != '#' && of[0].p[0] != '+' && of[1].n == 0)
            marker_note(m, r, f, "user %s has an empty password", SHOWN(of[0]));
    }
}

static void report_shown(struct image_check *c, const struct rule *r, const struct image_entry *en) {
    if (image_shows(c, en))
        image_report_at(c, r, en->layer, en->entry->path, 0, "%.*s", STR_ARG(en->mark));
}

/* --- Twins ------------------------------------------------------------------------------------------------------------------------- */

struct named_id {
    uint32_t id;
    struct str name;
};

static int by_id(const void *a, const void *b) {
    const struct named_id *x = a, *y = b;
    return x->id != y->id ? (x->id < y->id ? -1 : 1) : str_cmp(x->name, y->name);
}

/* The names and numbers of a table, by number. */
static size_t read_ids(struct arena *a, struct str text, struct named_id **out) {
    struct str rest = text, line, f[3];
    size_t n = 0, lines = 1;
    uint64_t id;
    for (size_t k = 0; k < text.n; k++)
        lines += text.p[k] == '\n';
    *out = arena_array(a, struct named_id, lines);
    while (str_next(&rest, '\n', &line))
        if (split(line, f, 3) == 3 && f[0].n && f[0].p[0] != '#' && str_to_u64(f[2], 10, UINT32_MAX, &id))
            (*out)[n++] = (struct named_id){(uint32_t)id, f[0]};
    if (n)
        qsort(*out, n, sizeof **out, by_id);
    return n;
}

/* The table that a container sees, and the layer that it is in; links are not followed. */
static bool read_table(struct image_check *c, struct str path, struct arena *a, struct str *text, size_t *layer) {
    struct view_node node;
    struct err e = ERR_INIT;
    bool found = false;
    bool good = view_lookup(&c->view, path, a, &node) && node.entry.type == ENTRY_FILE && node.layer >= c->options->base_layers &&
                view_read(&c->view, path, a, text, &found, &e) && found;
    err_clear(&e);
    *layer = good ? node.layer : 0;
    return good;
}

static void twins(struct image_check *c, const struct rule *r, struct str path, const char *what) {
    _cleanup_(arena_fini) struct arena a = ARENA_INIT;
    struct named_id *ids;
    struct str text;
    size_t layer;
    if (!read_table(c, path, &a, &text, &layer))
        return;
    size_t n = read_ids(&a, text, &ids);
    for (size_t k = 1; k < n; k++)
        if (ids[k].id == ids[k - 1].id && !str_eq(ids[k].name, ids[k - 1].name))
            image_report_at(c, r, layer, path, 0, "%s %s and %s are one: %u", what, SHOWN(ids[k - 1].name), SHOWN(ids[k].name), ids[k].id);
}

static void double_user(struct image_check *c, const struct rule *r, const struct image_entry *en) {
    (void)en;
    twins(c, r, S("etc/passwd"), "users");
}

static void double_group(struct image_check *c, const struct rule *r, const struct image_entry *en) {
    (void)en;
    twins(c, r, S("etc/group"), "groups");
}

/* --- Nobody's files ------------------------------------------------------------------------------------------------------------------ */

static bool knows(const struct named_id *ids, size_t n, uint32_t id) {
    struct named_id key = {id, STR_NULL};
    size_t low = 0, high = n;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (by_id(&ids[middle], &key) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low < n && ids[low].id == id;
}

/* Files of one layer whose owner nobody knows, by owner. */
enum { UNKNOWN_MAX = 16 };
struct unknown {
    uint32_t id;
    size_t files;
    struct str first; /* path */
};

static void count_unknown(struct unknown *unknown, size_t *n, const struct entry *en) {
    size_t k = 0;
    while (k < *n && unknown[k].id != en->uid)
        k++;
    if (k == UNKNOWN_MAX)
        return;
    if (k == *n)
        unknown[(*n)++] = (struct unknown){en->uid, 0, en->path};
    unknown[k].files++;
}

static void orphans_of_layer(struct image_check *c, const struct rule *r, size_t layer, const struct named_id *ids, size_t n) {
    struct unknown unknown[UNKNOWN_MAX];
    size_t n_unknown = 0;
    for (size_t i = 0; i < toc_count(c->view.tocs[layer]); i++) {
        struct entry at;
        toc_entry(c->view.tocs[layer], i, NULL, &at);
        bool is_mark = at.type == ENTRY_WHITEOUT || at.type == ENTRY_OPAQUE;
        if (!is_mark && !knows(ids, n, at.uid) && image_shows(c, &(struct image_entry){.entry = &at, .layer = layer}))
            count_unknown(unknown, &n_unknown, &at);
    }
    for (size_t k = 0; k < n_unknown; k++)
        image_report_at(c, r, layer, unknown[k].first, 0, "%zu file%s from here on belong%s to user %u, whom passwd does not know",
                        unknown[k].files, unknown[k].files == 1 ? "" : "s", unknown[k].files == 1 ? "s" : "", unknown[k].id);
}

/* One finding a layer and unknown user, with the first path: there may be thousands of files. */
static void orphans(struct image_check *c, const struct rule *r, const struct image_entry *en) {
    _cleanup_(arena_fini) struct arena a = ARENA_INIT;
    struct str passwd;
    struct named_id *ids;
    struct err e = ERR_INIT;
    bool found;
    (void)en;
    if (!view_read(&c->view, S("etc/passwd"), &a, &passwd, &found, &e) || !found) {
        err_clear(&e);
        return;
    }
    size_t n = read_ids(&a, passwd, &ids);
    for (size_t layer = c->options->base_layers; layer < c->view.n; layer++)
        orphans_of_layer(c, r, layer, ids, n);
}

/* --- The rows ------------------------------------------------------------------------------------------------------------------------ */

const struct rule rules_image_users[] = {
    {.id = "ImageEmptyPassword",
     .reads = READS_CONTENT,
     .severity = SEVERITY_ERROR,
     .also = "DKL-LI-0001",
     .why = "Everyone in the container can become this user.",
     .fix = "Lock the account: passwd -l USER.",
     .url = "",
     .mark = empty_password,
     .image = report_shown},
    {.id = "ImageDoubleUser",
     .reads = READS_IMAGE,
     .severity = SEVERITY_WARNING,
     .also = "DKL-LI-0002",
     .why = "Two names of one number are one user: what is given to one the other has.",
     .fix = "Give each a number of its own.",
     .url = "",
     .image = double_user},
    {.id = "ImageDoubleGroup",
     .reads = READS_IMAGE,
     .severity = SEVERITY_WARNING,
     .also = "DKL-LI-0002",
     .why = "Two names of one number are one group.",
     .fix = "Give each a number of its own.",
     .url = "",
     .image = double_group},
    {.id = "ImageUnknownOwner",
     .reads = READS_IMAGE,
     .severity = SEVERITY_INFO,
     .also = "",
     .why = "Whoever gets that number later, in the image or on a volume, owns the files.",
     .fix = "Make the user, or COPY --chown to one that exists.",
     .url = "",
     .image = orphans},
    {0},
};
