/* SPDX-License-Identifier: Apache-2.0
 * Rules over deployment files: see deploy.h. */
#include "check/deploy.h"

#include <ctype.h>
#include <stdlib.h>

#include "base/limits.h"
#include "check/deploy_rules.h"
#include "check/judge.h"
#include "image/image.h"

/* --- The rules ----------------------------------------------------------------------------------------------------------------------- */

enum deploy_rule { STABLE_TAG, NO_TAG, VARIABLE_TAG, BAD_NAME };
const struct rule rules_deploy[] = {
    [STABLE_TAG] =
        {.id = "DeployStableTag",
         .reads = READS_OTHER,
         .severity = SEVERITY_WARNING,
         .also = "5.28",
         .why =
             "A tag without a build's number moves: containers that are started later run another image, and a rollback finds the new one.",
         .fix = "Name a unique tag (product:version.time.number), or a digest.",
         .url = ""},
    [NO_TAG] = {.id = "DeployLatest",
                .reads = READS_OTHER,
                .severity = SEVERITY_ERROR,
                .also = "5.28 DKL-DI-0006",
                .why = "\"latest\", said or not, is whatever was pushed last, of any version.",
                .fix = "Name a unique tag (product:version.time.number), or a digest.",
                .url = ""},
    [VARIABLE_TAG] = {.id = "DeployVariableImage",
                      .reads = READS_OTHER,
                      .severity = SEVERITY_INFO,
                      .also = "",
                      .why = "The file alone does not say what is deployed.",
                      .fix = "Check the file that comes out when variables are filled in.",
                      .url = ""},
    [BAD_NAME] = {.id = "DeployInvalidImage",
                  .reads = READS_OTHER,
                  .severity = SEVERITY_ERROR,
                  .also = "",
                  .why = "No registry can have an image of that name.",
                  .fix = "Correct the name.",
                  .url = ""},
    {0},
};

void deploy_report(struct deployment *d, const struct rule *r, struct fy_node *node, struct str message) {
    struct finding f = {.rule = r, .file = d->name, .message = message};
    (void)yaml_place(node, &f.pos.line, &f.pos.column);
    f.line = f.pos.line;
    f.end = (struct df_pos){f.pos.line, f.pos.column + (unsigned)yaml_text(node).n};
    if (!judge(d->policy, &f))
        return;
    finding_keep(&d->findings, &f);
}

static void report(struct deployment *d, enum deploy_rule rule, struct fy_node *node, struct str message) {
    deploy_report(d, &rules_deploy[rule], node, message);
}

struct fy_node *deploy_key(struct fy_node *mapping, const char *key) {
    void *at = NULL;
    struct fy_node_pair *pair;
    while (mapping && fy_node_is_mapping(mapping) && (pair = fy_node_mapping_iterate(mapping, &at)))
        if (str_eqz(yaml_text(fy_node_pair_key(pair)), key))
            return fy_node_pair_key(pair);
    return NULL;
}

/* --- Tags ---------------------------------------------------------------------------------------------------------------------------- */

static bool is_digit(char c) {
    return c >= '0' && c <= '9';
}
static bool is_hex(char c) {
    return is_digit(c) || (c >= 'a' && c <= 'f');
}

/* A commit: seven or more hex digits, both letters and figures; a time or a build's number: eight or more figures. */
static bool is_build(struct str word) {
    size_t digits = 0, hex = 0;
    for (size_t k = 0; k < word.n; k++) {
        digits += is_digit(word.p[k]);
        hex += is_hex(word.p[k]);
    }
    return (digits == word.n && digits >= 8) || (hex == word.n && hex >= 7 && digits > 0 && digits < hex);
}

bool deploy_tag_is_unique(struct str tag) {
    size_t numbers = 0;
    for (size_t from = 0, k = 0; k <= tag.n; k++) {
        if (k < tag.n && tag.p[k] != '.' && tag.p[k] != '-' && tag.p[k] != '_')
            continue;
        struct str word = str_n(tag.p + from, k - from);
        if (word.n > 1 && word.p[0] == 'g' && is_build(str_from(word, 1))) /* git describe */
            return true;
        if (is_build(word))
            return true;
        uint64_t n = 0;
        numbers = str_to_u64(word, 10, UINT64_MAX, &n) ? numbers + 1 : 0;
        if (numbers >= 4 && n > 0) /* a version and its update level; level 0 moves */
            return true;
        from = k + 1;
    }
    return false;
}

/* Where the default of "TAG:-1.0" or "TAG-1.0" begins, less one; -1: it has none, as "TAG:?say it". */
static ptrdiff_t default_at(struct str inside) {
    size_t k = 0;
    while (k < inside.n && (isalnum((unsigned char)inside.p[k]) || inside.p[k] == '_'))
        k++;
    k += k < inside.n && inside.p[k] == ':';
    return k > 0 && k < inside.n && inside.p[k] == '-' ? (ptrdiff_t)k : -1;
}

struct str deploy_with_defaults(struct arena *a, struct str text, bool *variable) {
    struct buf out = BUF_INIT(LIMIT_REFERENCE_TEXT_BYTES);
    *variable = false;
    for (size_t k = 0; k < text.n; k++) {
        struct str rest = str_from(text, k), inside = STR_NULL, tail;
        ptrdiff_t dash = -1;
        if (text.p[k] != '$') {
            buf_add_char(&out, text.p[k]);
            continue;
        }
        if (str_starts(rest, S("${")) && str_cut(str_from(rest, 2), '}', &inside, &tail))
            dash = default_at(inside);
        *variable |= dash < 0;
        buf_add_str(&out, dash < 0 ? STR_NULL : str_from(inside, (size_t)dash + 1));
        k += inside.n + 2;
    }
    struct str result = arena_str(a, buf_str(&out));
    buf_fini(&out);
    return result;
}

static void look_at_image(struct deployment *d, struct fy_node *node) {
    struct image_name name;
    struct err e = ERR_INIT;
    struct str raw = yaml_text(node);
    bool variable;
    d->out->n_images++;
    if (raw.n > LIMIT_REFERENCE_TEXT_BYTES) {
        report(d, BAD_NAME, node, arena_printf(d->arena, "Image %s: the name is too long", SHOWN(raw)));
        return;
    }
    struct str text = deploy_with_defaults(d->arena, raw, &variable);
    bool tagged = str_index(path_base(text), ':') >= 0 || str_index(text, '@') >= 0;
    if (variable || str_find(text, S("{{")) >= 0)
        report(d, VARIABLE_TAG, node, arena_printf(d->arena, "Image %s: which one it is depends on variables", SHOWN(raw)));
    else if (!image_name_parse(d->arena, text, &name, &e))
        report(d, BAD_NAME, node, arena_printf(d->arena, "Image %s: %s", SHOWN(raw), e.msg));
    else if (name.digest.n == 0 && (!tagged || str_eqz(name.tag, "latest")))
        report(d, NO_TAG, node, arena_printf(d->arena, "Image %s is \"latest\"", SHOWN(raw)));
    else if (name.digest.n == 0 && !deploy_tag_is_unique(name.tag))
        report(d, STABLE_TAG, node, arena_printf(d->arena, "Image %s has a tag that moves with each update", SHOWN(raw)));
    err_clear(&e);
}

static bool is_nothing(struct str s) {
    return s.n == 0 || str_eqz(s, "~") || str_eqz(s, "null");
}

/* --- Files --------------------------------------------------------------------------------------------------------------------------- */

/* "image:" of a service or a container: no name at all is none either. */
static void look_at_member(struct deployment *d, struct fy_node *owner) {
    struct fy_node *image = yaml_get(owner, "image"), *key = deploy_key(owner, "image");
    bool empty = key && (!image || !fy_node_is_scalar(image) || (!fy_node_is_alias(image) && is_nothing(yaml_text(image))));
    d->out->n_images += empty;
    if (empty)
        report(d, BAD_NAME, key, S("Image: there is no name"));
    else if (key && !fy_node_is_alias(image))
        look_at_image(d, image);
}

/* One of compose's services; what is built here is not fetched by its name. */
static void look_at_service(struct deployment *d, struct fy_node *service) {
    if (!service || !fy_node_is_mapping(service))
        return;
    if (!yaml_get(service, "build"))
        look_at_member(d, service);
    deploy_service_rights(d, service);
}

/* Services, and the extensions (x-...) from which they take what they have in common by aliases, which are not followed. */
static void look_at_compose(struct deployment *d, struct fy_node *root, struct fy_node *services) {
    void *at = NULL;
    struct fy_node_pair *pair;
    while (fy_node_is_mapping(root) && (pair = fy_node_mapping_iterate(root, &at)))
        if (str_starts(yaml_text(fy_node_pair_key(pair)), S("x-")))
            look_at_service(d, fy_node_pair_value(pair));
    at = NULL;
    while (fy_node_is_mapping(services) && (pair = fy_node_mapping_iterate(services, &at)))
        look_at_service(d, fy_node_pair_value(pair));
}

static bool holds_containers(struct str key) {
    return str_eqz(key, "containers") || str_eqz(key, "initContainers") || str_eqz(key, "ephemeralContainers");
}

static void look_at_containers(struct deployment *d, struct fy_node *list) {
    void *at = NULL;
    struct fy_node *container;
    while (fy_node_is_sequence(list) && (container = fy_node_sequence_iterate(list, &at)))
        look_at_member(d, container);
}

/* Kubernetes' objects have containers at many depths: in pods, in templates of them, in lists of objects. */
static void look_below(struct deployment *d, struct fy_node *root) {
    VEC(struct fy_node *) todo = {0};
    vec_push(&todo, root);
    while (todo.n) {
        struct fy_node *n = todo.p[--todo.n], *item;
        struct fy_node_pair *pair;
        void *at = NULL;
        size_t first = todo.n;
        bool pod = false;
        while (fy_node_is_sequence(n) && (item = fy_node_sequence_iterate(n, &at)))
            vec_push(&todo, item);
        while (fy_node_is_mapping(n) && (pair = fy_node_mapping_iterate(n, &at))) {
            struct fy_node *value = fy_node_pair_value(pair);
            bool containers = value && holds_containers(yaml_text(fy_node_pair_key(pair)));
            pod |= containers;
            if (containers)
                look_at_containers(d, value);
            else if (value)
                vec_push(&todo, value);
        }
        if (pod)
            deploy_pod_rights(d, n);
        for (size_t i = first, j = todo.n; i + 1 < j; i++) { /* in the order of the file */
            struct fy_node *last = todo.p[--j];
            todo.p[j] = todo.p[i];
            todo.p[i] = last;
        }
    }
    vec_fini(&todo);
}

static bool look_at_document(void *ctx, struct fy_node *root, struct err *e) {
    struct fy_node *services = yaml_get(root, "services");
    (void)e;
    if (services)
        look_at_compose(ctx, root, services);
    else if (yaml_get(root, "kind"))
        look_below(ctx, root);
    return true;
}

static int by_place(const void *a, const void *b) {
    const struct finding *x = a, *y = b;
    if (x->pos.line != y->pos.line)
        return x->pos.line < y->pos.line ? -1 : 1;
    if (x->pos.column != y->pos.column)
        return x->pos.column < y->pos.column ? -1 : 1;
    return strcmp(x->rule->id, y->rule->id);
}

bool check_deployment(struct arena *a, struct str text, struct str name, const struct check_policy *policy, struct deploy_result *out,
                      struct err *e) {
    struct deployment d = {.arena = a, .name = name, .policy = policy, .out = out};
    *out = (struct deploy_result){0};
    bool good = yaml_read(text, LIMIT_DEPLOYMENT_BYTES, YAML_KEYS_ANY, arena_strz(a, name), look_at_document, &d, e);
    out->n_findings = d.findings.n;
    out->n_dropped = d.findings.n_dropped;
    out->findings = arena_array(a, struct finding, d.findings.n);
    if (d.findings.n) {
        memcpy(out->findings, d.findings.p, d.findings.n * sizeof *d.findings.p);
        qsort(out->findings, d.findings.n, sizeof *out->findings, by_place);
    }
    vec_fini(&d.findings);
    return good;
}
