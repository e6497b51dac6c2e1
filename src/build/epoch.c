/* SPDX-License-Identifier: Apache-2.0
 * Epochs that come from the build context: see epoch.h. */
#include "build/epoch.h"

#include "layer/copy.h"

void epoch_apply(struct build *b, int64_t epoch) {
    struct build_options *o = arena_new(&b->arena, struct build_options);
    *o = *b->options;
    o->has_epoch = true;
    o->epoch = epoch;
    b->options = o;
}

static void apply_and_say(struct build *b, int64_t epoch, const char *what) {
    epoch_apply(b, epoch);
    if (!b->options->quiet)
        progress_note(b->progress, "SOURCE_DATE_EPOCH=%lld: %s", (long long)epoch, what);
}

/* --- Commits --- */

static bool find_commit(struct build *b, int64_t *epoch, struct str *why, struct err *e) {
    return git_commit_time(&b->arena, b->context.path, !b->context.is_host_dir, epoch, why, e);
}

static bool from_commit(struct build *b, struct err *e) {
    int64_t epoch;
    struct str why = STR_NULL;
    if (!find_commit(b, &epoch, &why, e))
        return false;
    if (why.n)
        return err_set(e, ERR_FAILED,
                       "--reproducible takes the time of the newest commit, but %.*s; commit or clean up, or set SOURCE_DATE_EPOCH",
                       STR_ARG(why));
    apply_and_say(b, epoch, "the context's newest commit");
    return true;
}

/* --- Files --- */

struct newest {
    bool any;
    int64_t mtime_s;
};

/* Directories do not count: their time tells of names that came and went, temporary ones too. */
static bool see(void *ctx, const struct entry *en, const struct content *c, struct err *e) {
    struct newest *n = ctx;
    (void)c, (void)e;
    if (en->type == ENTRY_DIR)
        return true;
    n->mtime_s = !n->any || en->mtime_s > n->mtime_s ? en->mtime_s : n->mtime_s;
    n->any = true;
    return true;
}

/* Over what `COPY . /` would copy. */
static bool newest_file(struct build *b, struct newest *out, struct err *e) {
    struct view nothing;
    struct str all = S(".");
    struct copy_part part = {.from = {.context_fd = b->context.fd, .ignore = b->context.ignore.n ? &b->context.ignore : NULL},
                             .operands = &all, .n_operands = 1, .unpack = UNPACK_NO};
    struct copy_spec spec = {.parts = &part, .n_parts = 1, .dest = S("/"), .dest_is_dir = true, .quiet = true, .onto = &nothing};
    if (!view_open(&nothing, b->store, NULL, 0, e))
        return false;
    bool good = copy_entries(&spec, false, (struct entry_sink){see, out}, e);
    view_close(&nothing);
    return good;
}

static bool from_files(struct build *b, bool *found, struct err *e) {
    struct newest n = {.any = false};
    if (!newest_file(b, &n, e))
        return err_wrap(e, "find the newest file of the build context");
    *found = n.any;
    if (n.any)
        apply_and_say(b, n.mtime_s < 0 ? 0 : n.mtime_s, "the context's newest file");
    return true;
}

bool epoch_from_context(struct build *b, bool *found, struct err *e) {
    int64_t epoch;
    struct str why = STR_NULL;
    *found = true;
    if (!find_commit(b, &epoch, &why, e))
        return false;
    if (why.n)
        return from_files(b, found, e);
    apply_and_say(b, epoch, "the context's newest commit");
    return true;
}

bool epoch_missing(struct err *e) {
    return err_set(e, ERR_FAILED, "the build context has no files whose time could be the epoch; set SOURCE_DATE_EPOCH");
}

bool epoch_begin(struct build *b, struct err *e) {
    bool found;
    if (b->options->has_epoch)
        return true;
    switch (b->options->epoch_rule) {
    case EPOCH_COMMIT:
        return from_commit(b, e);
    case EPOCH_CONTEXT:
        return epoch_from_context(b, &found, e) && (found || epoch_missing(e));
    case EPOCH_NONE:
    case EPOCH_LAST_RESORT:
        break;
    }
    return true;
}
