/* SPDX-License-Identifier: Apache-2.0
 * WORKDIR: a directory that is there afterwards. What is missing of its path is made, mode 0755, owned by the USER in force (BuildKit's
 * rule); where all of it exists, no layer is made. */
#include "build/stage.h"
#include "layer/writer.h"

/* Every component of `path` (resolved, relative): the missing ones as new directories, the existing ones as they are, since a layer names
 * its parents. */
static bool write_dirs(struct stage *s, const struct view *v, struct str path, const struct user_ids *owner, struct layer *out,
                       struct err *e) {
    struct layer_options options;
    stage_layer_options(s, &options);
    struct layer_writer *w = layer_writer_new(s->build->store, &options, e);
    bool good = w != NULL;
    for (size_t end = 0; good && end < path.n;) {
        ptrdiff_t slash = str_index(str_from(path, end + (end > 0)), '/');
        end = slash < 0 ? path.n : end + (end > 0) + (size_t)slash;
        struct str part = str_first(path, end);
        struct view_node node;
        struct entry made = {
            .path = part, .type = ENTRY_DIR, .mode = 0755, .uid = owner->uid, .gid = owner->gid, .mtime_s = s->build->now.tv_sec};
        struct content none = {.kind = CONTENT_NONE};
        bool exists = view_lookup(v, part, &s->arena, &node);
        good = layer_writer_add(w, exists ? &node.entry : &made, &none, e);
    }
    good = good && layer_writer_finish(w, out, e);
    layer_writer_free(w);
    return good;
}

static bool make_missing(struct stage *s, const struct view *v, const struct step *step, struct progress_step *p, struct err *e) {
    struct str path;
    bool exists, found = false;
    struct user_ids owner = {0};
    if (!view_resolve(v, step->workdir, VIEW_FOLLOW_LAST, &s->arena, &path, &exists, e))
        return false;
    if (exists) {
        struct view_node node;
        if (view_lookup(v, path, &s->arena, &node) && node.entry.type != ENTRY_DIR)
            return err_set(e, ERR_FAILED, "/%.*s exists and is not a directory", STR_ARG(path));
        stage_add_history(s, step, true, NULL);
        progress_end(p, PROGRESS_CACHED, STR_NULL);
        return true;
    }
    if (step->user.n && !view_user(v, step->user, USER_CHOWN, &s->arena, &owner, e))
        return false;
    struct key_context context = stage_key_context(s);
    struct digest key = key_workdir(&context, path, owner.uid, owner.gid);
    if (!step_from_cache(s, step, &key, p, &found, e) || found)
        return found;
    struct layer l;
    pthread_mutex_lock(&s->build->packing);
    bool good = write_dirs(s, v, path, &owner, &l, e);
    pthread_mutex_unlock(&s->build->packing);
    return good && step_finish(s, step, &key, &l, p, e);
}

bool step_workdir_do(struct stage *s, const struct step *step, struct progress_step *p, struct err *e) {
    struct view v;
    if (!stage_view(s, &v, e))
        return false;
    bool good = make_missing(s, &v, step, p, e);
    view_close(&v);
    return good;
}
