/* SPDX-License-Identifier: Apache-2.0
 * why/<key>: what the key of a step was made of, field by field, so that a later build can say what has changed. Written when a step was
 * done, beside its record under steps/, and swept with it; nothing but words for people depends on it. Values are in clear: what must not
 * be (proxies, what is called a secret) does not come here. */
#include "base/json.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/vec.h"
#include "store/store_private.h"

enum { FORMAT = 1, VALUE_MAX_BYTES = 1024, TEXT_MAX_BYTES = 1024 };

static int why_dir(struct store *s, struct err *e) {
    return file_openat(s->root_fd, "why", O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0, e);
}

/* --- writing --- */

static void add_text(yyjson_mut_doc *d, yyjson_mut_val *root, const char *key, struct str text) {
    json_add_str(d, root, key, str_first_chars(text, TEXT_MAX_BYTES));
}

/* What is longer is told apart by its digest. */
static struct str short_value(struct arena *a, struct str value) {
    char text[DIGEST_TEXT + 1];
    if (value.n <= VALUE_MAX_BYTES)
        return value;
    struct digest d = sha256_of(value.p, value.n);
    return arena_join3(a, str_first_chars(value, VALUE_MAX_BYTES - DIGEST_TEXT - 4), S("... "), str_z(digest_text(&d, text)));
}

static void add_field(yyjson_mut_doc *d, yyjson_mut_val *fields, const struct why_field *f, struct str value) {
    yyjson_mut_val *pair = yyjson_mut_arr_add_arr(d, fields);
    json_push_str(d, pair, str_first_chars(f->name, VALUE_MAX_BYTES));
    if (f->hidden)
        yyjson_mut_arr_add_null(d, pair);
    else
        json_push_str(d, pair, value);
}

/* The fields; those that would be too many as one. */
static void add_fields(yyjson_mut_doc *d, yyjson_mut_val *root, struct arena *a, const struct why_record *r) {
    yyjson_mut_val *fields = yyjson_mut_obj_add_arr(d, root, "fields");
    struct sha256 rest;
    size_t bytes = 0, left_out = 0;
    sha256_init(&rest);
    for (size_t i = 0; i < r->n_fields; i++) {
        const struct why_field *f = &r->fields[i];
        struct str value = short_value(a, f->value);
        bytes += f->name.n + value.n + 8;
        if (bytes <= LIMIT_WHY_TEXT_BYTES) {
            add_field(d, fields, f, value);
        } else {
            sha256_field(&rest, f->name);
            sha256_field(&rest, f->value);
            left_out++;
        }
    }
    if (left_out == 0)
        return;
    char text[DIGEST_TEXT + 1];
    struct digest all = sha256_final(&rest);
    struct why_field last = {.name = arena_printf(a, "one of %zu further fields", left_out)};
    add_field(d, fields, &last, str_z(digest_text(&all, text)));
}

static bool encode(const struct why_record *r, struct buf *out, struct err *e) {
    char base[DIGEST_TEXT + 1];
    struct arena a = ARENA_INIT;
    _cleanup_(json_mut_freep) yyjson_mut_doc *d = yyjson_mut_doc_new(NULL);
    yyjson_mut_val *root = yyjson_mut_obj(d);
    yyjson_mut_doc_set_root(d, root);
    yyjson_mut_obj_add_int(d, root, "version", FORMAT);
    add_text(d, root, "dockerfile", r->dockerfile);
    add_text(d, root, "context", r->context);
    add_text(d, root, "stage", r->stage);
    yyjson_mut_obj_add_int(d, root, "step", r->step);
    add_text(d, root, "kind", r->kind);
    add_text(d, root, "title", r->title);
    json_add_str(d, root, "base", str_z(digest_text(&r->base, base)));
    add_fields(d, root, &a, r);
    json_write(d, false, out);
    arena_fini(&a);
    return buf_ok(out) || err_set(e, ERR_FAILED, "over the limit of %zu bytes", LIMIT_WHY_BYTES);
}

bool store_why_put(struct store *s, const struct why_record *r, struct err *e) {
    char name[DIGEST_HEX + 1];
    struct buf text = BUF_INIT(LIMIT_WHY_BYTES);
    digest_hex(&r->key, name);
    _cleanup_fd_ int dir = why_dir(s, e);
    bool good = dir >= 0 && encode(r, &text, e) && file_replace(dir, name, text.p, text.n, false, e);
    buf_fini(&text);
    return good || err_wrap(e, "why/%s", name);
}

/* --- reading --- */

static bool read_field(yyjson_val *pair, struct arena *a, struct why_field *out) {
    yyjson_val *name = yyjson_arr_get(pair, 0), *value = yyjson_arr_get(pair, 1);
    if (!yyjson_is_str(name) || (!yyjson_is_str(value) && !yyjson_is_null(value)))
        return false;
    out->name = arena_str(a, str_n(yyjson_get_str(name), yyjson_get_len(name)));
    out->hidden = yyjson_is_null(value);
    if (!out->hidden)
        out->value = arena_str(a, str_n(yyjson_get_str(value), yyjson_get_len(value)));
    return true;
}

static bool read_record(yyjson_val *root, struct arena *a, struct why_record *out) {
    struct str base = json_get_str(root, "base");
    yyjson_val *fields = json_get_array(root, "fields"), *pair;
    size_t i, max;
    if (json_get_int(root, "version", 0) != FORMAT || !fields || !str_starts(base, S("sha256:")) ||
        !digest_parse_hex(str_from(base, 7), &out->base))
        return false;
    out->dockerfile = arena_str(a, json_get_str(root, "dockerfile"));
    out->context = arena_str(a, json_get_str(root, "context"));
    out->stage = arena_str(a, json_get_str(root, "stage"));
    out->step = json_get_int(root, "step", 0);
    out->kind = arena_str(a, json_get_str(root, "kind"));
    out->title = arena_str(a, json_get_str(root, "title"));
    out->fields = arena_array(a, struct why_field, yyjson_arr_size(fields));
    yyjson_arr_foreach(fields, i, max, pair) {
        if (!read_field(pair, a, &out->fields[out->n_fields++]))
            return false;
    }
    return true;
}

/* *wanted false: it stood in another Dockerfile than `dockerfile` (NULL: in any). */
static bool parse(struct str json, const char *name, const struct str *dockerfile, struct arena *a, struct why_record *out, bool *wanted,
                  struct err *e) {
    _cleanup_(json_doc_freep) yyjson_doc *doc = json_parse(json, LIMIT_WHY_BYTES, name, e);
    *out = (struct why_record){0};
    if (!doc)
        return false;
    yyjson_val *root = yyjson_doc_get_root(doc);
    *wanted = !dockerfile || str_eq(json_get_str(root, "dockerfile"), *dockerfile);
    if (!*wanted)
        return true;
    return (name_is_digest(str_z(name), &out->key) && read_record(root, a, out)) ||
           err_set(e, ERR_FAILED, "%s: not a record of format %d", name, FORMAT);
}

bool why_parse(struct str json, const char *name, struct arena *a, struct why_record *out, struct err *e) {
    bool wanted;
    return parse(json, name, NULL, a, out, &wanted, e);
}

bool store_why_normal(struct why_record *r, struct arena *a, struct err *e) {
    char name[DIGEST_HEX + 1];
    struct buf text = BUF_INIT(LIMIT_WHY_BYTES);
    struct why_record again;
    bool good = encode(r, &text, e) && why_parse(buf_str(&text), digest_hex(&r->key, name), a, &again, e);
    buf_fini(&text);
    if (good)
        *r = again;
    return good;
}

/* Reads one record into `out` if its step is still there and it is one of this Dockerfile. */
static bool take(struct store *s, int dir, const char *name, struct str dockerfile, struct arena *a, struct why_record *out) {
    struct stat st;
    struct err why = ERR_INIT;
    struct buf text = BUF_INIT(LIMIT_WHY_BYTES);
    bool wanted = false;
    bool good = fstatat(s->steps_fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && file_readat(dir, name, &text, &why) &&
                parse(buf_str(&text), name, &dockerfile, a, out, &wanted, &why);
    if (why.kind != ERR_NONE)
        log_debug("why/%s", why.msg);
    err_clear(&why);
    buf_fini(&text);
    if (good)
        out->used = st.st_mtim;
    return good && wanted;
}

bool store_why_list(struct store *s, struct str dockerfile, struct arena *a, struct why_record **out, size_t *n, struct err *e) {
    struct dir_names names;
    _cleanup_fd_ int dir = why_dir(s, e);
    if (dir < 0 || !file_list(dir, a, &names, e))
        return false;
    VEC(struct why_record) all = {0};
    for (size_t i = 0; i < names.n && i < LIMIT_WHY_RECORDS; i++) {
        struct digest key;
        struct why_record r;
        if (name_is_digest(names.names[i], &key) && take(s, dir, names.names[i].p, dockerfile, a, &r))
            vec_push(&all, r);
    }
    *out = arena_array(a, struct why_record, all.n);
    for (size_t i = 0; i < all.n; i++)
        (*out)[i] = all.p[i];
    *n = all.n;
    vec_fini(&all);
    return true;
}

bool why_orphans(struct store *s, void (*found)(void *ctx, int dir_fd, const char *name), void *ctx, struct err *e) {
    struct arena a = ARENA_INIT;
    struct dir_names names;
    _cleanup_fd_ int dir = why_dir(s, e);
    bool good = dir >= 0 && file_list(dir, &a, &names, e);
    struct digest key;
    for (size_t i = 0; good && i < names.n; i++)
        if (name_is_digest(names.names[i], &key) && faccessat(s->steps_fd, names.names[i].p, F_OK, AT_SYMLINK_NOFOLLOW) < 0)
            found(ctx, dir, names.names[i].p);
    arena_fini(&a);
    return good;
}
