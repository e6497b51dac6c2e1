/* SPDX-License-Identifier: Apache-2.0
 * Findings that are kept: of more than anyone reads the worst are, wherever they come; all others are counted. */
#include "base/limits.h"
#include "check/finding.h"
#include "tap.h"

static void keep(struct finding_list *l, enum severity s, size_t n) {
    for (size_t k = 0; k < n; k++)
        if (finding_has_room(l, s))
            finding_keep(l, &(struct finding){.severity = s});
}

static size_t kept(const struct finding_list *l, enum severity s) {
    size_t n = 0;
    for (size_t k = 0; k < l->n; k++)
        n += l->p[k].severity == s;
    return n;
}

int main(void) {
    struct finding_list l = {0};
    keep(&l, SEVERITY_ERROR, 1);
    keep(&l, SEVERITY_WARNING, LIMIT_FINDINGS);
    ok(l.n == LIMIT_FINDINGS && l.n_dropped == 1, "one warning more than there is room for");
    keep(&l, SEVERITY_ERROR, 3);
    keep(&l, SEVERITY_STYLE, 5);
    keep(&l, SEVERITY_ERROR, 4);
    ok(l.n == LIMIT_FINDINGS && kept(&l, SEVERITY_ERROR) == 8 && kept(&l, SEVERITY_STYLE) == 0, "a crowd hides no error");
    ok(l.n_dropped == 1 + 3 + 5 + 4, "all that are not kept are counted");
    keep(&l, SEVERITY_ERROR, 2 * LIMIT_FINDINGS);
    ok(kept(&l, SEVERITY_ERROR) == LIMIT_FINDINGS && l.n_dropped == 13 + 2 * LIMIT_FINDINGS, "until all are errors");
    vec_fini(&l);
    return tap_done();
}
