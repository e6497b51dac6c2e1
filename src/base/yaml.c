/* SPDX-License-Identifier: Apache-2.0
 * YAML into values: see yaml.h. A level of the tree under way is kept on a stack, not in calls. */
#include "base/yaml.h"

#include <libfyaml.h>

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

static void diag_freep(struct fy_diag **d) {
    fy_diag_destroy(*d); /* NULL is allowed */
}
static void document_freep(struct fy_document **d) {
    fy_document_destroy(*d);
}

static bool refuse(const struct reading *r, struct fy_node *node, struct err *e, const char *why) {
    struct fy_token *token = fy_node_is_scalar(node) || fy_node_is_alias(node) ? fy_node_get_scalar_token(node) : NULL;
    const struct fy_mark *mark = token ? fy_token_start_mark(token) : NULL;
    if (!mark)
        return err_set(e, ERR_USAGE, "%s: %s", r->what, why);
    return err_set(e, ERR_USAGE, "%s:%d:%d: %s", r->what, mark->line + 1, mark->column + 1, why);
}

static struct str text_of(struct fy_node *node) {
    size_t n = 0;
    const char *p = fy_node_get_scalar(node, &n);
    return str_n(p, p ? n : 0);
}

static yyjson_mut_val *scalar(struct reading *r, struct fy_node *node) {
    struct str text = text_of(node);
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
    yyjson_mut_val *key = json_text(r->doc, text_of(name)), *to = l->to, *value = begin(r, fy_node_pair_value(pair), e);
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

/* False: there is none, so that a text without a document is empty, or a comment. */
static bool syntax_error(struct fy_diag *diag, const char *what, struct err *e) {
    void *iterator = NULL;
    const struct fy_diag_error *first = fy_diag_errors_iterate(diag, &iterator);
    if (first)
        err_set(e, ERR_USAGE, "%s:%d:%d: not valid YAML: %s", what, first->line, first->column, SHOWN(str_z(first->msg)));
    return first != NULL;
}

yyjson_doc *yaml_parse(struct str text, const char *what, struct err *e) {
    struct fy_diag_cfg quiet;
    fy_diag_cfg_default(&quiet);
    quiet.fp = NULL;
    _cleanup_(diag_freep) struct fy_diag *diag = fy_diag_create(&quiet);
    struct fy_parse_cfg cfg = {.flags = FYPCF_QUIET, .diag = diag};
    if (text.n > LIMIT_YAML_BYTES || str_index(text, '\0') >= 0) {
        err_set(e, ERR_USAGE, "%s: %s", what, text.n > LIMIT_YAML_BYTES ? "too large for a YAML file" : "a NUL byte: this is no text");
        return NULL;
    }
    fy_diag_set_collect_errors(diag, true);
    _cleanup_(document_freep) struct fy_document *document = fy_document_build_from_string(&cfg, text.n ? text.p : "", text.n);
    if (!document && syntax_error(diag, what, e))
        return NULL;
    _cleanup_(json_mut_freep) yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
    struct reading r = {.what = what, .doc = doc};
    return convert(&r, document ? fy_document_root(document) : NULL, e) ? yyjson_mut_doc_imut_copy(doc, NULL) : NULL;
}
