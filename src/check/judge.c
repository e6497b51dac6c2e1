/* SPDX-License-Identifier: Apache-2.0
 * Findings by the policy: see judge.h. */
#include "check/judge.h"

#include "base/limits.h"
#include "check/exceptions.h"
#include "check/words.h"

static const char *also(const struct finding *f) {
    return f->also ? f->also : f->rule->also;
}

bool finding_is_listed(const struct finding *f, const struct str_list *names) {
    for (size_t k = 0; k < names->n; k++)
        if (str_eqz(names->p[k], f->rule->id) || word_in(also(f), names->p[k]))
            return true;
    return false;
}

/* Whether one of the ids is of this tool: "DL". */
static bool has_id_of(const char *ids, const char *tool) {
    struct str rest = str_z(ids), id;
    while (str_next(&rest, ' ', &id))
        if (str_starts(id, str_z(tool)))
            return true;
    return false;
}

bool compat_has(enum check_compat compat, const char *ids) {
    switch (compat) {
    case COMPAT_HADOLINT:
        return has_id_of(ids, "DL") || has_id_of(ids, "SC");
    case COMPAT_TRIVY:
        return has_id_of(ids, "DS-");
    default:
        return true;
    }
}

/* What hadolint takes for errors of those that BuildKit only warns of. */
static bool is_error_there(const struct finding *f) {
    struct str rest = str_z(also(f)), id;
    while (str_next(&rest, ' ', &id))
        if (word_in("DL3000 DL3012 DL3024 DL4000 DL4004", id))
            return true;
    return false;
}

static enum severity severity_of(const struct check_policy *p, const struct finding *f) {
    if (finding_is_listed(f, &p->errors))
        return SEVERITY_ERROR;
    if (finding_is_listed(f, &p->warnings))
        return SEVERITY_WARNING;
    if (finding_is_listed(f, &p->infos))
        return SEVERITY_INFO;
    if (finding_is_listed(f, &p->styles))
        return SEVERITY_STYLE;
    return p->compat == COMPAT_HADOLINT && is_error_there(f) ? SEVERITY_ERROR : f->rule->severity;
}

bool judge(const struct check_policy *p, struct finding *f) {
    f->severity = severity_of(p, f);
    return compat_has(p->compat, also(f)) && !finding_is_listed(f, &p->ignored) && !exceptions_allow(p, f);
}

/* The first one that is less bad, or the list's end. */
static size_t less_bad(struct finding_list *l, enum severity s) {
    while (l->passed[s] < l->n && l->p[l->passed[s]].severity >= s)
        l->passed[s]++;
    return l->passed[s];
}

bool finding_has_room(struct finding_list *l, enum severity s) {
    bool room = l->n < LIMIT_FINDINGS || less_bad(l, s) < l->n;
    l->n_dropped += !room;
    return room;
}

void finding_keep(struct finding_list *l, const struct finding *f) {
    if (l->n < LIMIT_FINDINGS) {
        vec_push(l, *f);
        return;
    }
    size_t k = less_bad(l, f->severity);
    l->n_dropped++;
    if (k < l->n)
        l->p[k] = *f;
}

bool check_is_failure(const struct check_policy *p, const struct finding *findings, size_t n) {
    for (size_t k = 0; !p->no_fail && k < n; k++)
        if (findings[k].severity >= p->threshold)
            return true;
    return false;
}
