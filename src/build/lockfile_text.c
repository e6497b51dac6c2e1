/* SPDX-License-Identifier: Apache-2.0
 * The text of croze.lock: JSON of three objects, keys sorted. Reading is strict: what this version does not know it must not ignore. */
#include "base/json.h"
#include "base/limits.h"
#include "build/lockfile.h"
#include "fetch/fetch.h"
#include "sys/clock.h"

enum { FORMAT = 1 };

static const char *const sections[] = {[LOCKED_IMAGE] = "images", [LOCKED_URL] = "urls", [LOCKED_REPOSITORY] = "repositories"};
enum { SECTIONS = sizeof sections / sizeof *sections };

/* --- Reading --- */

static bool is_clean(yyjson_val *v) {
    return yyjson_is_str(v) && !memchr(yyjson_get_str(v), '\0', yyjson_get_len(v));
}

static struct str text_of(yyjson_val *v) {
    return is_clean(v) ? str_n(yyjson_get_str(v), yyjson_get_len(v)) : STR_NULL;
}

static bool read_url(yyjson_val *v, struct locked *out) {
    size_t at, n;
    yyjson_val *key, *value;
    struct timespec time;
    int64_t bytes = json_get_int(v, "size", -1);
    struct str digest = json_get_str(v, "digest"), modified = json_get_str(v, "modified");
    yyjson_obj_foreach(v, at, n, key, value)
        if (!yyjson_equals_str(key, "digest") && !yyjson_equals_str(key, "size") && !yyjson_equals_str(key, "modified"))
            return false;
    out->has_time = yyjson_obj_get(v, "modified") != NULL;
    if (out->has_time && (!clock_parse_rfc3339(modified, &time) || time.tv_nsec != 0))
        return false;
    out->time_s = out->has_time ? time.tv_sec : 0;
    out->bytes = (uint64_t)bytes;
    return bytes >= 0 && str_starts(digest, S("sha256:")) && digest_parse_hex(str_from(digest, 7), &out->digest);
}

static bool read_value(struct arena *a, enum locked_kind kind, yyjson_val *v, struct locked *out) {
    struct str text = text_of(v);
    switch (kind) {
    case LOCKED_IMAGE:
        return str_starts(text, S("sha256:")) && digest_parse_hex(str_from(text, 7), &out->digest);
    case LOCKED_URL:
        return yyjson_is_obj(v) && read_url(v, out);
    case LOCKED_REPOSITORY:
        out->commit = arena_str(a, text);
        return git_is_commit(text);
    }
    return false;
}

static bool read_section(struct arena *a, enum locked_kind kind, yyjson_val *section, struct locked_list *out, struct err *e) {
    size_t at, n;
    yyjson_val *key, *value;
    if (!section)
        return true;
    yyjson_obj_foreach(section, at, n, key, value) {
        struct locked *l = &out->p[out->n];
        *l = (struct locked){.kind = kind, .name = arena_str(a, text_of(key))};
        if (l->name.n == 0)
            return err_set(e, ERR_FAILED, "a name in \"%s\" is empty or no text", sections[kind]);
        if (!read_value(a, kind, value, l))
            return err_set(e, ERR_FAILED, "\"%s\": the entry of %.*s cannot be read", sections[kind], STR_ARG(str_first(l->name, 200)));
        out->n++;
    }
    return true;
}

/* The number of entries; or false: something else stands beside the three sections. */
static bool count_entries(yyjson_val *root, size_t *count, struct err *e) {
    size_t at, n;
    yyjson_val *key, *value;
    bool seen[SECTIONS] = {0};
    *count = 0;
    yyjson_obj_foreach(root, at, n, key, value) {
        bool known = yyjson_equals_str(key, "version");
        for (size_t i = 0; i < SECTIONS; i++)
            if (yyjson_equals_str(key, sections[i])) {
                known = yyjson_is_obj(value) && !seen[i];
                seen[i] = true;
                *count += yyjson_obj_size(value);
            }
        if (!known)
            return err_set(e, ERR_FAILED, "\"%.*s\" is not known, stands twice, or is no object",
                           STR_ARG(str_first(text_of(key), 100)));
    }
    return true;
}

static int by_kind_and_name(const void *a, const void *b) {
    const struct locked *x = a, *y = b;
    return x->kind != y->kind ? (x->kind < y->kind ? -1 : 1) : str_cmp(x->name, y->name);
}

static bool check_unique(const struct locked_list *list, struct err *e) {
    for (size_t i = 1; i < list->n; i++)
        if (by_kind_and_name(&list->p[i - 1], &list->p[i]) == 0)
            return err_set(e, ERR_FAILED, "%.*s stands twice in \"%s\"", STR_ARG(str_first(list->p[i].name, 200)),
                           sections[list->p[i].kind]);
    return true;
}

static void sort(struct locked_list *list) {
    if (list->n > 1)
        qsort(list->p, list->n, sizeof *list->p, by_kind_and_name);
}

bool lockfile_parse(struct arena *a, struct str text, const char *what, struct locked_list *out, struct err *e) {
    _cleanup_(json_doc_freep) yyjson_doc *doc = json_parse(text, LIMIT_LOCK_BYTES, what, e);
    yyjson_val *root = yyjson_doc_get_root(doc);
    size_t n;
    *out = (struct locked_list){0};
    if (!doc)
        return false;
    if (json_get_int(root, "version", 0) != FORMAT)
        return err_set(e, ERR_FAILED, "%s: not a lock of format %d; build --lock makes a new one", what, FORMAT);
    bool good = count_entries(root, &n, e);
    if (good)
        out->p = arena_array(a, struct locked, n);
    for (size_t i = 0; good && i < SECTIONS; i++)
        good = read_section(a, (enum locked_kind)i, yyjson_obj_get(root, sections[i]), out, e);
    sort(out);
    return (good && check_unique(out, e)) || err_wrap(e, "%s", what);
}

/* --- Writing --- */

static void add_entry(yyjson_mut_doc *d, yyjson_mut_val *section, const struct locked *l) {
    char digest[DIGEST_TEXT + 1], time[CLOCK_TEXT];
    digest_text(&l->digest, digest);
    switch (l->kind) {
    case LOCKED_IMAGE:
        json_add_str_key(d, section, l->name, str_z(digest));
        return;
    case LOCKED_REPOSITORY:
        json_add_str_key(d, section, l->name, l->commit);
        return;
    case LOCKED_URL:
        break;
    }
    yyjson_mut_val *url = yyjson_mut_obj(d);
    json_add_str(d, url, "digest", str_z(digest));
    yyjson_mut_obj_add_uint(d, url, "size", l->bytes);
    if (l->has_time)
        json_add_str(d, url, "modified", str_z(clock_rfc3339((struct timespec){l->time_s, 0}, time)));
    yyjson_mut_obj_add(section, json_text(d, l->name), url);
}

void lockfile_format(struct locked_list *list, struct buf *out) {
    _cleanup_(json_mut_freep) yyjson_mut_doc *d = yyjson_mut_doc_new(NULL);
    yyjson_mut_val *root = yyjson_mut_obj(d);
    yyjson_mut_doc_set_root(d, root);
    yyjson_mut_obj_add_int(d, root, "version", FORMAT);
    sort(list);
    for (size_t kind = 0, i = 0; kind < SECTIONS; kind++) {
        yyjson_mut_val *section = yyjson_mut_obj_add_obj(d, root, sections[kind]);
        for (; i < list->n && list->p[i].kind == kind; i++)
            add_entry(d, section, &list->p[i]);
    }
    json_write(d, true, out);
    buf_add_char(out, '\n');
}
