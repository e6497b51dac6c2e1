/* SPDX-License-Identifier: Apache-2.0
 * --verify: see verify.h. The build apart comes first: the other one may then take its steps from the cache, so that what the cache holds
 * is verified too, and a difference is known before anything has a name. */
#include "build/verify.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/json.h"
#include "base/limits.h"
#include "sys/clock.h"
#include "sys/thread.h"

/* --- Other conditions --- */

/* Variables that programs look at, and what they are meanwhile. HOME is another text for the same directory: credentials stay. */
enum { VARIABLES = 5, LATER_S = 100 * 86400 };
struct conditions {
    const char *names[VARIABLES];
    char *values[VARIABLES];       /* what they were; NULL: not set */
    unsigned threads;
    mode_t umask;
    char *directory;               /* TMPDIR, in the store */
};

static void set_variable(struct conditions *c, size_t i, const char *name, const char *value) {
    const char *old = getenv(name);
    c->names[i] = name;
    c->values[i] = old ? mem_strdup(old) : NULL;
    if (value)
        setenv(name, value, 1);
}

static bool conditions_change(struct conditions *c, struct store *s, struct err *e) {
    const char *home = getenv("HOME");
    if (!store_workdir(s, &c->directory, e))
        return false;
    _cleanup_(mem_freep) char *same_home = home && *home ? mem_printf("%s/.", home) : NULL;
    set_variable(c, 0, "TMPDIR", c->directory);
    set_variable(c, 1, "HOME", same_home);
    set_variable(c, 2, "LANG", "tr_TR.UTF-8");
    set_variable(c, 3, "LC_ALL", "tr_TR.UTF-8");
    set_variable(c, 4, "TZ", "Pacific/Chatham");
    tzset();
    c->threads = thread_count();
    thread_set_count(c->threads == 1 ? 3 : 1);
    c->umask = umask(0); /* whatever relies on the umask to take bits away shows */
    return true;
}

static void conditions_restore(struct conditions *c, struct store *s) {
    umask(c->umask);
    thread_set_count(c->threads);
    for (size_t i = 0; i < VARIABLES; i++) {
        if (c->values[i])
            setenv(c->names[i], c->values[i], 1);
        else
            unsetenv(c->names[i]);
        free(c->values[i]);
    }
    tzset();
    store_workdir_remove(s, c->directory);
    free(c->directory);
}

/* A step that writes down the second in which it ran must not run in the same one. */
static void await_next_second(void) {
    struct timespec now = clock_now(), left = {0, 1000000000 - now.tv_nsec};
    while (nanosleep(&left, &left) < 0 && errno == EINTR)
        continue;
}

/* --- Comparing --- */

/* The instruction that made a layer, by the history. */
static struct str instruction_of(const struct image *im, size_t layer) {
    size_t n = 0;
    for (size_t i = 0; i < im->n_history; i++)
        if (!im->history[i].empty_layer && n++ == layer)
            return im->history[i].created_by;
    return STR_NULL;
}

static bool explain_layer(struct store *s, const struct image *apart, const struct image *now, size_t which, struct err *e) {
    struct buf lines = BUF_INIT(LIMIT_MESSAGE_BYTES / 2);
    struct str instruction = str_first(instruction_of(now, which), 500);
    if (verify_explain_layer(s, apart, now, which, &lines, e)) {
        bool same_files = digest_eq(&apart->layers[which].diff_id, &now->layers[which].diff_id);
        err_set(e, ERR_FAILED, "two builds differ\n  layer %zu of %zu: %.*s%s%.*s", which + 1, now->n_layers, STR_ARG(instruction),
                same_files ? "\n    the same files, but its compressed bytes differ: please report this" : "", STR_ARG(buf_str(&lines)));
    }
    buf_fini(&lines);
    return false;
}

static yyjson_doc *read_document(struct store *s, const struct digest *d, struct err *e) {
    struct buf text = BUF_INIT(LIMIT_JSON_BYTES);
    yyjson_doc *doc = store_get_blob(s, d, &text, e) ? json_parse(buf_str(&text), LIMIT_JSON_BYTES, "document", e) : NULL;
    buf_fini(&text);
    return doc;
}

/* Names the first member that differs. */
static bool explain_document(struct store *s, const char *what, const struct digest *apart, const struct digest *now, struct err *e) {
    _cleanup_(json_doc_freep) yyjson_doc *a = read_document(s, apart, e);
    _cleanup_(json_doc_freep) yyjson_doc *b = a ? read_document(s, now, e) : NULL;
    if (!b)
        return false;
    yyjson_obj_iter it = yyjson_obj_iter_with(yyjson_doc_get_root(b));
    for (yyjson_val *key; (key = yyjson_obj_iter_next(&it));) {
        yyjson_val *other = yyjson_obj_get(yyjson_doc_get_root(a), yyjson_get_str(key));
        if (!other || !yyjson_equals(other, yyjson_obj_iter_get_val(key)))
            return err_set(e, ERR_FAILED, "two builds differ\n  all layers are equal; in the image's %s \"%s\" differs", what,
                           yyjson_get_str(key));
    }
    return err_set(e, ERR_FAILED, "two builds differ\n  all layers are equal; the image's %s differs", what);
}

static bool compare(struct store *s, const struct image *apart, const struct image *now, struct err *e) {
    for (size_t i = 0; i < apart->n_layers && i < now->n_layers; i++)
        if (!digest_eq(&apart->layers[i].blob, &now->layers[i].blob))
            return explain_layer(s, apart, now, i, e);
    if (apart->n_layers != now->n_layers)
        return err_set(e, ERR_FAILED, "two builds differ\n  one has %zu layers, the other %zu", apart->n_layers, now->n_layers);
    if (!digest_eq(&apart->config_digest, &now->config_digest))
        return explain_document(s, "configuration", &apart->config_digest, &now->config_digest, e);
    return explain_document(s, "manifest", &apart->manifest, &now->manifest, e);
}

bool verify_same(struct store *s, const struct digest *apart, const struct image *now, struct err *e) {
    struct image im;
    if (digest_eq(apart, &now->manifest))
        return true;
    if (!image_read(s, apart, S("linux/" CROZE_ARCH), &im, e))
        return false;
    bool same = compare(s, &im, now, e);
    image_fini(&im);
    return same || err_wrap(e, "--verify");
}

/* --- Building twice --- */

static bool check_inputs(const struct build_options *o, struct err *e) {
    bool from_stdin = str_eqz(str_z(o->context), "-") || str_eqz(str_z(o->dockerfile), "-");
    return !from_stdin || err_set(e, ERR_USAGE, "--verify builds twice, and standard input can be read once; give a file and a directory");
}

static bool build_apart(struct store *s, const struct build_options *o, struct progress *p, struct build_result *r, struct err *e) {
    struct conditions c;
    struct build_options apart = *o;
    apart.outputs = NULL;
    apart.n_outputs = 0;
    apart.apart = true;
    apart.no_cache = true;
    apart.gate = NULL; /* the other build's image is the same */
    if (apart.lock == LOCKFILE_WRITE) /* the build as it is writes it */
        apart.lock = LOCKFILE_NONE;
    apart.later_s = LATER_S;
    if (!conditions_change(&c, s, e))
        return false;
    if (!o->quiet)
        progress_note(p, "--verify: first apart: nothing from the cache, %u thread%s, umask 0, another TMPDIR, HOME, locale and time",
                      thread_count(), thread_count() == 1 ? "" : "s");
    bool good = build_run(s, &apart, p, r, e);
    conditions_restore(&c, s);
    return good;
}

bool build_verify(struct store *s, const struct build_options *given, struct progress *p, struct build_result *r, struct err *e) {
    struct build_options o = *given;
    struct build_result apart;
    char text[DIGEST_TEXT + 1];
    if (!check_inputs(&o, e))
        return false;
    if (!o.has_epoch && o.epoch_rule == EPOCH_NONE)
        o.epoch_rule = EPOCH_LAST_RESORT;
    if (!build_apart(s, &o, p, &apart, e))
        return false;
    await_next_second();
    if (!o.quiet)
        progress_note(p, "--verify: now as it is");
    o.must_equal = &apart.manifest;
    if (!build_run(s, &o, p, r, e))
        return false;
    if (!o.quiet)
        progress_note(p, "--verify: both builds gave manifest %s", digest_text(&apart.manifest, text));
    return true;
}
