/* SPDX-License-Identifier: Apache-2.0
 * YAML into the values of json.h: see yaml.h. A level of the tree under way is kept on a stack, not in calls. */
#include "base/yaml.h"

#include "base/limits.h"

struct level {
    struct fy_node *node;
    void *iterator;
    yyjson_mut_val *to; /* the array or object that is being filled */
};
struct reading {
    const char *what;
    yyjson_mut_doc *doc;
    struct level levels[LIMIT_YAML_DEPTH];
    size_t n;
};

static bool refuse(const struct reading *r, struct fy_node *node, struct err *e, const char *why) {
    unsigned line, column;
    if (!yaml_place(node, &line, &column))
        return err_set(e, ERR_USAGE, "%s: %s", r->what, why);
    return err_set(e, ERR_USAGE, "%s:%u:%u: %s", r->what, line, column, why);
}

static yyjson_mut_val *scalar(struct reading *r, struct fy_node *node) {
    struct str text = yaml_text(node);
    bool plain = fy_node_get_style(node) == FYNS_PLAIN;
    if (plain && (text.n == 0 || str_eqz(text, "null") || str_eqz(text, "~")))
        return yyjson_mut_null(r->doc);
    if (plain && (str_eqz(text, "true") || str_eqz(text, "false")))
        return yyjson_mut_bool(r->doc, text.n == 4);
    return json_text(r->doc, text);
}

/* The value of a node; of an array or object an empty one, to be filled next. NULL: an error. */
static yyjson_mut_val *begin(struct reading *r, struct fy_node *node, struct err *e) {
    if (!node)
        return yyjson_mut_null(r->doc);
    if (fy_node_is_alias(node) || fy_node_get_anchor(node)) {
        refuse(r, node, e, "anchors and aliases are not read");
        return NULL;
    }
    if (fy_node_is_scalar(node))
        return scalar(r, node);
    if (r->n == LIMIT_YAML_DEPTH) {
        refuse(r, node, e, "nested too deep");
        return NULL;
    }
    yyjson_mut_val *to = fy_node_is_mapping(node) ? yyjson_mut_obj(r->doc) : yyjson_mut_arr(r->doc);
    r->levels[r->n++] = (struct level){node, NULL, to};
    return to;
}

static bool next_pair(struct reading *r, struct level *l, struct err *e) {
    struct fy_node_pair *pair = fy_node_mapping_iterate(l->node, &l->iterator);
    if (!pair) {
        r->n--;
        return true;
    }
    struct fy_node *name = fy_node_pair_key(pair);
    if (!name || !fy_node_is_scalar(name))
        return refuse(r, l->node, e, "a key that is no text");
    yyjson_mut_val *key = json_text(r->doc, yaml_text(name)), *to = l->to, *value = begin(r, fy_node_pair_value(pair), e);
    return value && yyjson_mut_obj_add(to, key, value);
}

static bool next_item(struct reading *r, struct level *l, struct err *e) {
    struct fy_node *item = fy_node_sequence_iterate(l->node, &l->iterator);
    if (!item) {
        r->n--;
        return true;
    }
    yyjson_mut_val *to = l->to, *value = begin(r, item, e);
    return value && yyjson_mut_arr_append(to, value);
}

static bool convert(struct reading *r, struct fy_node *root, struct err *e) {
    yyjson_mut_val *value = begin(r, root, e);
    if (!value)
        return false;
    yyjson_mut_doc_set_root(r->doc, value);
    while (r->n) {
        struct level *l = &r->levels[r->n - 1];
        if (!(fy_node_is_mapping(l->node) ? next_pair(r, l, e) : next_item(r, l, e)))
            return false;
    }
    return true;
}

/* Each document of the stream; there may be one. */
static bool take(void *ctx, struct fy_node *root, struct err *e) {
    struct reading *r = ctx;
    if (yyjson_mut_doc_get_root(r->doc))
        return refuse(r, root, e, "a second document");
    return convert(r, root, e);
}

yyjson_doc *yaml_parse(struct str text, const char *what, struct err *e) {
    _cleanup_(json_mut_freep) yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
    struct reading r = {.what = what, .doc = doc};
    if (!yaml_read(text, LIMIT_YAML_BYTES, YAML_KEYS_ONCE, what, take, &r, e))
        return NULL;
    if (!yyjson_mut_doc_get_root(doc))
        yyjson_mut_doc_set_root(doc, yyjson_mut_null(doc));
    return yyjson_mut_doc_imut_copy(doc, NULL);
}
