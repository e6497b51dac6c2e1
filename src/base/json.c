/* SPDX-License-Identifier: Apache-2.0
 * The thin, strict and bounded face of yyjson: see json.h. */
#include "base/json.h"

#include <assert.h>

#include "base/base64.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/utf8.h"

/* yyjson parses without recursion, but our own readers walk by hand: depth is bounded before anything is built. So is the number of values:
 * each but the first stands behind one of , : [ { (in *values). */
static bool too_deep(struct str text, size_t *values) {
    size_t depth = 0;
    bool in_string = false;
    *values = 1;
    for (size_t i = 0; i < text.n; i++) {
        char c = text.p[i];
        if (in_string) {
            if (c == '\\')
                i++;
            else if (c == '"')
                in_string = false;
        } else if (c == '"') {
            in_string = true;
        } else if (c == ',' || c == ':') {
            ++*values;
        } else if (c == '{' || c == '[') {
            ++*values;
            if (++depth > LIMIT_JSON_DEPTH)
                return true;
        } else if ((c == '}' || c == ']') && depth > 0) {
            depth--;
        }
    }
    return false;
}

yyjson_doc *json_parse(struct str text, size_t max_bytes, const char *what, struct err *e) {
    return json_parse_few(text, max_bytes, SIZE_MAX, what, e);
}

yyjson_doc *json_parse_few(struct str text, size_t max_bytes, size_t max_values, const char *what, struct err *e) {
    size_t values;
    if (text.n > max_bytes) {
        err_set(e, ERR_FAILED, "%s: %zu bytes of JSON are over the limit of %zu", what, text.n, max_bytes);
        return NULL;
    }
    if (too_deep(text, &values)) {
        err_set(e, ERR_FAILED, "%s: JSON nested deeper than %d levels", what, LIMIT_JSON_DEPTH);
        return NULL;
    }
    if (values > max_values) {
        err_set(e, ERR_FAILED, "%s: about %zu values of JSON are over the limit of %zu", what, values, max_values);
        return NULL;
    }
    yyjson_read_err bad = {0};
    /* without YYJSON_READ_INSITU the input is only read; the cast serves the interface */
    yyjson_doc *doc = yyjson_read_opts((char *)text.p, text.n, YYJSON_READ_NOFLAG, NULL, &bad);
    if (!doc)
        err_set(e, ERR_FAILED, "%s: not valid JSON at byte %zu: %s", what, bad.pos, bad.msg);
    return doc;
}

struct str json_get_str(yyjson_val *object, const char *key) {
    yyjson_val *v = yyjson_obj_get(object, key);
    struct str s = str_n(yyjson_get_str(v), yyjson_get_len(v));
    return !yyjson_is_str(v) || str_index(s, '\0') >= 0 ? STR_NULL : s;
}

int64_t json_get_int(yyjson_val *object, const char *key, int64_t fallback) {
    yyjson_val *v = yyjson_obj_get(object, key);
    if (yyjson_is_uint(v) && yyjson_get_uint(v) > INT64_MAX)
        return fallback;
    return yyjson_is_int(v) ? yyjson_get_sint(v) : fallback;
}

bool json_get_bool(yyjson_val *object, const char *key, bool fallback) {
    yyjson_val *v = yyjson_obj_get(object, key);
    return yyjson_is_bool(v) ? yyjson_get_bool(v) : fallback;
}

yyjson_val *json_get_object(yyjson_val *object, const char *key) {
    yyjson_val *v = yyjson_obj_get(object, key);
    return yyjson_is_obj(v) ? v : NULL;
}

yyjson_val *json_get_array(yyjson_val *object, const char *key) {
    yyjson_val *v = yyjson_obj_get(object, key);
    return yyjson_is_arr(v) ? v : NULL;
}

yyjson_mut_val *json_text(yyjson_mut_doc *d, struct str text) {
    struct buf clean = BUF_INIT(text.n * 3 + 1);
    for (size_t i = 0; i < text.n;) {
        size_t len = utf8_length(str_from(text, i));
        if (len)
            buf_add(&clean, text.p + i, len);
        else
            utf8_add(&clean, UTF8_BAD);
        i += len ? len : 1;
    }
    yyjson_mut_val *v = yyjson_mut_strncpy(d, clean.p ? clean.p : "", clean.n);
    buf_fini(&clean);
    assert(v);
    return v;
}

yyjson_mut_val *json_base64(yyjson_mut_doc *d, struct str bytes) {
    _cleanup_(arena_fini) struct arena a = ARENA_INIT;
    return json_text(d, base64_encode(&a, bytes));
}

size_t json_str_bytes(struct str text) {
    size_t bytes = 2;
    for (size_t i = 0; i < text.n;) {
        unsigned char c = (unsigned char)text.p[i];
        size_t len = utf8_length(str_from(text, i));
        bool named = c == '"' || c == '\\' || (c >= '\b' && c <= '\r' && c != '\v');
        bytes += len == 0 ? 3 : named ? 2 : c < ' ' ? 6 : len;
        i += len ? len : 1;
    }
    return bytes;
}

void json_add_str(yyjson_mut_doc *d, yyjson_mut_val *object, const char *key, struct str value) {
    yyjson_mut_obj_add_val(d, object, key, json_text(d, value));
}

void json_add_str_opt(yyjson_mut_doc *d, yyjson_mut_val *object, const char *key, struct str value) {
    if (value.n)
        json_add_str(d, object, key, value);
}

void json_push_str(yyjson_mut_doc *d, yyjson_mut_val *array, struct str value) {
    yyjson_mut_arr_append(array, json_text(d, value));
}

void json_add_str_key(yyjson_mut_doc *d, yyjson_mut_val *object, struct str key, struct str value) {
    yyjson_mut_obj_add(object, json_text(d, key), json_text(d, value));
}

void json_write(yyjson_mut_doc *d, bool pretty, struct buf *out) {
    size_t n = 0;
    yyjson_write_flag flags = pretty ? YYJSON_WRITE_PRETTY_TWO_SPACES : YYJSON_WRITE_NOFLAG;
    char *text = yyjson_mut_write_opts(d, flags, NULL, &n, NULL);
    assert(text); /* the tree was built here and by text that json_text made valid */
    buf_add(out, text, n);
    free(text);
}
