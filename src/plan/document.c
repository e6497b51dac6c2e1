/* SPDX-License-Identifier: Apache-2.0
 * How large the image's configuration becomes as a document: image/ writes none beyond LIMIT_JSON_BYTES, and only here is it known which
 * instruction went too far. Counted is what certainly will be there; what the base image brings besides its configuration is not known. */
#include "base/json.h"
#include "plan/steps.h"

enum {
    HISTORY_LINE_BYTES = 86,     /* {"created":"...","created_by":,"comment":"croze","empty_layer":true}, and its comma */
    MEASURE_EACH_BYTES = 64 << 10, /* of new text: a configuration may have 200,000 entries */
};

static size_t list_bytes(const struct str_list *l) {
    size_t bytes = 0;
    for (size_t k = 0; k < l->n; k++)
        bytes += json_str_bytes(l->p[k]) + 1;
    return bytes;
}

static size_t pairs_bytes(const struct pair_list *l) {
    size_t bytes = 0;
    for (size_t k = 0; k < l->n; k++)
        bytes += json_str_bytes(l->p[k].key) + json_str_bytes(l->p[k].value);
    return bytes;
}

static size_t config_bytes(const struct container_config *c) {
    return pairs_bytes(&c->env) + pairs_bytes(&c->labels) + list_bytes(&c->entrypoint) + list_bytes(&c->cmd) + list_bytes(&c->shell) +
           list_bytes(&c->onbuild) + list_bytes(&c->exposed_ports) + list_bytes(&c->volumes) + list_bytes(&c->health.test) +
           json_str_bytes(c->user) + json_str_bytes(c->workdir) + json_str_bytes(c->stop_signal);
}

bool document_grow(struct scope *s, const struct df_instruction *i, const struct step *step, struct err *e) {
    size_t line = step->created_by.n ? json_str_bytes(step->created_by) + HISTORY_LINE_BYTES : 0;
    s->history_bytes += line;
    s->unmeasured_bytes += line + i->original.n;
    if (s->unmeasured_bytes < MEASURE_EACH_BYTES)
        return true;
    s->unmeasured_bytes = 0;
    struct site at = scope_site(s, i);
    size_t author = s->author.n ? json_str_bytes(s->author) : 0;
    return s->history_bytes + config_bytes(&s->config) + author <= LIMIT_JSON_BYTES ||
           site_err(&at, i->pos, e, "%s: with this the image's configuration and history take more than %zu MiB", df_op_name(i->op),
                    LIMIT_JSON_BYTES >> 20);
}
