/* SPDX-License-Identifier: Apache-2.0
 * The files of an image as a container sees them (origin_work.h): each once, whatever names it has, with the layer that holds its bytes;
 * and those among them that are databases of package managers. */
#include "base/limits.h"
#include "check/origin_work.h"

/* From a name that a container sees to the entry that holds its bytes, for a hard link perhaps in a lower layer. */
static bool find_bytes(const struct view *v, size_t *layer, size_t *number, struct entry *en) {
    struct view_node node;
    if (en->type == ENTRY_HARDLINK) {
        if (!view_lookup(v, en->path, NULL, &node) || node.entry.type != ENTRY_FILE)
            return false;
        *layer = node.bytes_layer;
        *number = node.bytes_index;
        toc_entry(v->tocs[*layer], *number, NULL, en);
    }
    return en->type == ENTRY_FILE;
}

static struct origin_file *file_new(struct origin_work *w, size_t layer, size_t number, const struct entry *en) {
    struct origin_file *f = arena_new(&w->own, struct origin_file);
    *f = (struct origin_file){.path = en->path, .layer = layer, .bytes = en->size, .is_executable = en->mode & 0111};
    (void)toc_digest(w->view.tocs[layer], number, &f->digest);
    if (!w->inodes[layer])
        w->inodes[layer] = mem_zalloc(toc_count(w->view.tocs[layer]) + 1, sizeof **w->inodes);
    w->inodes[layer][number] = f;
    vec_push(&w->files, f);
    return f;
}

struct origin_file *origin_file_of(const struct origin_work *w, size_t layer, size_t number) {
    return w->inodes[layer] ? w->inodes[layer][number] : NULL;
}

static bool add_database(struct origin_work *w, enum package_list kind, struct origin_file *f, struct err *e) {
    if (w->databases.n == LIMIT_PACKAGE_LISTS)
        return err_set(e, ERR_FAILED, "the image has more than %d lists of packages", LIMIT_PACKAGE_LISTS);
    vec_push(&w->databases, ((struct origin_database){.kind = kind, .file = f, .bytes = BUF_INIT(LIMIT_PACKAGE_LIST_BYTES)}));
    return true;
}

/* A name that a container sees. */
static bool add_name(struct origin_work *w, size_t layer, size_t number, struct entry en, struct err *e) {
    struct str name = en.path;
    enum package_list kind = package_list_of(name);
    if (!find_bytes(&w->view, &layer, &number, &en) || en.size == 0)
        return true;
    struct origin_file *f = w->inodes[layer] ? w->inodes[layer][number] : NULL;
    if (!f && w->files.n == LIMIT_ORIGIN_FILES)
        return err_set(e, ERR_FAILED, "the image has more than %u files", LIMIT_ORIGIN_FILES);
    bool is_new = !f;
    f = f ? f : file_new(w, layer, number, &en);
    f->path = is_new ? name : f->path;
    (void)map_put(&w->by_path, name, f);
    return kind == LIST_NONE || add_database(w, kind, f, e);
}

static bool is_seen(const struct origin_work *w, size_t layer, const struct entry *en) {
    struct view_node node;
    bool is_file = en->type == ENTRY_FILE || en->type == ENTRY_HARDLINK;
    if (!is_file || w->view.n == 1)
        return is_file;
    return view_lookup(&w->view, en->path, NULL, &node) && node.layer == layer && node.entry.type == ENTRY_FILE;
}

bool origin_find_files(struct origin_work *w, struct err *e) {
    w->inodes = mem_zalloc(w->view.n + 1, sizeof *w->inodes);
    for (size_t layer = 0; layer < w->view.n; layer++)
        for (size_t i = 0; i < toc_count(w->view.tocs[layer]); i++) {
            struct entry en;
            toc_entry(w->view.tocs[layer], i, NULL, &en);
            if (is_seen(w, layer, &en) && !add_name(w, layer, i, en, e))
                return false;
        }
    for (size_t k = 0; k < w->databases.n; k++) /* their places no longer change */
        w->databases.p[k].file->database = &w->databases.p[k];
    return true;
}

void origin_forget_files(struct origin_work *w) {
    for (size_t k = 0; w->inodes && k < w->view.n; k++)
        free(w->inodes[k]);
    free(w->inodes);
    for (size_t k = 0; k < w->databases.n; k++)
        buf_fini(&w->databases.p[k].bytes);
    vec_fini(&w->databases);
    vec_fini(&w->files);
    map_fini(&w->by_path);
}
