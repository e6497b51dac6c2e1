/* SPDX-License-Identifier: Apache-2.0
 * Keys that stand twice in an object (json.h). Two readers of such a document may see two things in it, which is how a signature comes to
 * cover one image and a puller gets another. */
#include "base/json.h"
#include "base/limits.h"
#include "base/vec.h"

typedef VEC(struct str) key_list;

static int by_text(const void *a, const void *b) {
    return str_cmp(*(const struct str *)a, *(const struct str *)b);
}

static bool object_is_good(yyjson_val *object, key_list *keys, const char *what, struct err *e) {
    yyjson_obj_iter it = yyjson_obj_iter_with(object);
    keys->n = 0;
    for (yyjson_val *key; (key = yyjson_obj_iter_next(&it));)
        vec_push(keys, str_n(yyjson_get_str(key), yyjson_get_len(key)));
    if (keys->n > 1)
        qsort(keys->p, keys->n, sizeof *keys->p, by_text);
    for (size_t i = 1; i < keys->n; i++)
        if (str_eq(keys->p[i], keys->p[i - 1]))
            return err_set(e, ERR_FAILED, "%s: the key \"%.*s\" stands twice in one object", what, STR_ARG(str_first(keys->p[i], 100)));
    return true;
}

/* As deep as json_parse lets a document be. */
static bool value_is_good(yyjson_val *v, key_list *keys, const char *what, struct err *e) {
    size_t i, max;
    yyjson_val *key, *one;
    if (yyjson_is_arr(v)) {
        yyjson_arr_foreach(v, i, max, one) if (!value_is_good(one, keys, what, e)) return false;
    } else if (yyjson_is_obj(v)) {
        if (!object_is_good(v, keys, what, e))
            return false;
        yyjson_obj_foreach(v, i, max, key, one) if (!value_is_good(one, keys, what, e)) return false;
    }
    return true;
}

bool json_keys_differ(yyjson_val *root, const char *what, struct err *e) {
    key_list keys = {0};
    bool good = value_is_good(root, &keys, what, e);
    vec_fini(&keys);
    return good;
}
