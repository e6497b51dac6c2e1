/* SPDX-License-Identifier: Apache-2.0
 * A parser of libfyaml's for each stream, and its errors in our words: see yaml.h. */
#include "base/yaml.h"

#include "base/mem.h"
#include "base/utf8.h"

static void parser_freep(struct fy_parser **p) {
    fy_parser_destroy(*p);
}
static void diag_freep(struct fy_diag **d) {
    fy_diag_destroy(*d);
}

static bool fail(struct fy_diag *diag, const char *what, struct err *e) {
    void *at = NULL;
    const struct fy_diag_error *first = fy_diag_errors_iterate(diag, &at);
    if (!first || !first->msg)
        return err_set(e, ERR_USAGE, "%s: not valid YAML", what);
    return err_set(e, ERR_USAGE, "%s:%d:%d: not valid YAML: %s", what, first->line, first->column, SHOWN(str_z(first->msg)));
}

/* The characters that a stream may hold (YAML 1.2.2 5.1). libfyaml 0.7 does not end on some that are none. */
static bool is_printable(struct str text, const char *what, struct err *e) {
    for (size_t at = 0; at < text.n;) {
        size_t before = at;
        uint32_t c = utf8_next(text, &at);
        bool control = (c < 0x20 && c != '\t' && c != '\n' && c != '\r') || (c >= 0x7f && c < 0xa0 && c != 0x85);
        if (control || c >= UTF8_BAD || c == 0xfffe || c == 0xffff)
            return err_set(e, ERR_USAGE, "%s: byte %zu is no character that YAML may hold, in UTF-8", what, before);
    }
    return true;
}

bool yaml_read(struct str text, size_t max_bytes, enum yaml_keys keys, const char *what,
               bool (*take)(void *ctx, struct fy_node *root, struct err *e), void *ctx, struct err *e) {
    if (text.n > max_bytes || text.n > INT32_MAX)
        return err_set(e, ERR_USAGE, "%s is larger than the limit of %zu bytes", what, max_bytes);
    if (!is_printable(text, what, e))
        return false;
    struct fy_diag_cfg quiet;
    fy_diag_cfg_default(&quiet);
    quiet.fp = NULL;
    _cleanup_(diag_freep) struct fy_diag *diag = fy_diag_create(&quiet);
    if (!diag)
        return err_set(e, ERR_FAILED, "%s: libfyaml gives no parser", what);
    fy_diag_set_collect_errors(diag, true);
    struct fy_parse_cfg cfg = {.flags = FYPCF_QUIET | FYPCF_DEFAULT_VERSION_1_2 | FYPCF_COLLECT_DIAG, .diag = diag};
    if (keys == YAML_KEYS_ANY)
        cfg.flags |= FYPCF_ALLOW_DUPLICATE_KEYS;
    _cleanup_(parser_freep) struct fy_parser *parser = fy_parser_create(&cfg);
    if (!parser || fy_parser_set_string(parser, text.p ? text.p : "", text.n) != 0)
        return err_set(e, ERR_FAILED, "%s: libfyaml gives no parser", what);
    struct fy_document *d;
    bool good = true;
    while (good && (d = fy_parse_load_document(parser))) {
        good = take(ctx, fy_document_root(d), e);
        fy_parse_document_destroy(parser, d);
    }
    return good && (!fy_parser_get_stream_error(parser) || fail(diag, what, e));
}

struct str yaml_text(struct fy_node *n) {
    size_t length = 0;
    const char *p = n ? fy_node_get_scalar(n, &length) : NULL;
    return p ? str_n(p, length) : STR_NULL;
}

struct fy_node *yaml_get(struct fy_node *mapping, const char *key) {
    return mapping && fy_node_is_mapping(mapping) ? fy_node_mapping_lookup_by_string(mapping, key, FY_NT) : NULL;
}

bool yaml_place(struct fy_node *scalar, unsigned *line, unsigned *column) {
    bool is = scalar && (fy_node_is_scalar(scalar) || fy_node_is_alias(scalar));
    const struct fy_mark *mark = is ? fy_token_start_mark(fy_node_get_scalar_token(scalar)) : NULL;
    *line = mark ? (unsigned)mark->line + 1 : 1;
    *column = mark ? (unsigned)mark->column + 1 : 1;
    return mark != NULL;
}
