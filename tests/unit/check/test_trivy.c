/* SPDX-License-Identifier: Apache-2.0
 * Trivy's cases of its checks of Dockerfiles, with Trivy's word (COMPAT_TRIVY): all agree. */
#include "oracle.h"

enum { CASES = 45 };

int main(void) {
    struct oracle o = {.compat = COMPAT_TRIVY};
    if (oracle_run(&o, "trivy-cases.jsonl", "Trivy's")) {
        ok(o.all >= CASES, "%zu cases", o.all);
        for (size_t k = 0; k < o.rules.n; k++) {
            const struct oracle_rule *r = &o.rules.p[k];
            ok(r->good == r->all, "%.*s: %zu of %zu", STR_ARG(r->id), r->good, r->all);
        }
    }
    oracle_fini(&o);
    return tap_done();
}
