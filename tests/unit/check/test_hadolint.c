/* SPDX-License-Identifier: Apache-2.0
 * hadolint's own cases, with hadolint's word (COMPAT_HADOLINT): at least 98 in a hundred agree, and of each rule at least 80. What differs
 * on purpose stands in docs/check.md. */
#include "oracle.h"

enum { PERCENT = 98, RULE_PERCENT = 80, CASES = 500 };

int main(void) {
    struct oracle o = {.compat = COMPAT_HADOLINT};
    if (oracle_run(&o, "hadolint-cases.jsonl", "hadolint's")) {
        ok(o.all >= CASES, "%zu cases", o.all);
        ok(o.good * 100 >= o.all * PERCENT, "%zu of %zu agree", o.good, o.all);
        for (size_t k = 0; k < o.rules.n; k++) {
            const struct oracle_rule *r = &o.rules.p[k];
            ok(r->good * 100 >= r->all * RULE_PERCENT, "%.*s: %zu of %zu", STR_ARG(r->id), r->good, r->all);
        }
    }
    oracle_fini(&o);
    return tap_done();
}
