/* SPDX-License-Identifier: Apache-2.0
 * hadolint's own cases, with hadolint's word (COMPAT_HADOLINT): at least 98 in a hundred agree, and of each rule at least 80. What differs
 * on purpose stands in docs/check.md. */
#include "oracle.h"
#include "sys/proc.h"

enum { PERCENT = 98, RULE_PERCENT = 80, CASES = 500 };

/* With the program its word is heard too, and the same cases agree. */
static void with_shellcheck(void) {
    struct shellcheck program = {.program = "shellcheck"};
    struct oracle o = {.compat = COMPAT_HADOLINT, .only = "SC*", .shellcheck = &program};
    if (!proc_exists("shellcheck")) {
        printf("# *** shellcheck is not installed: what it says of its cases is NOT checked ***\n");
        tap_skip("no shellcheck");
    } else if (oracle_run(&o, "hadolint-cases.jsonl", "ShellCheck's")) {
        ok(o.all > 0 && o.good == o.all, "ShellCheck's: %zu of %zu", o.good, o.all);
        no_err(&program.err, "it was asked");
    }
    oracle_fini(&o);
}

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
    with_shellcheck();
    return tap_done();
}
