/* SPDX-License-Identifier: Apache-2.0
 * A file in hadolint's language, and behind a line "---" a Dockerfile under that policy, which is mended too. */
#include <assert.h>
#include <stdint.h>

#include "base/mem.h"
#include "check/fix.h"
#include "check/policy.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n) {
    struct arena a = ARENA_INIT;
    struct err e = ERR_INIT;
    struct check_options o = {.policy.compat = n ? data[0] % 4 : COMPAT_NONE, .plan.platform = S("linux/amd64"), .all_stages = true};
    struct str text = str_from(str_n((const char *)data, n), 1);
    ptrdiff_t cut = str_find(text, S("\n---\n"));
    struct str yaml = cut < 0 ? text : str_first(text, (size_t)cut + 1), file = cut < 0 ? text : str_from(text, (size_t)cut + 5);
    struct check_result r;
    if (!policy_read(&a, yaml, "f", &o.policy, &e))
        assert(e.kind == ERR_USAGE && e.msg);
    err_clear(&e);
    check_dockerfile(&a, file, S("f"), &o, &r);
    for (size_t k = 0; k < r.n_findings; k++) {
        const struct finding *f = &r.findings[k];
        for (size_t i = 0; i < f->n_edits; i++) {
            const struct edit *x = &f->edits[i];
            assert(x->pos.line < x->end.line || (x->pos.line == x->end.line && x->pos.column <= x->end.column));
            assert(i == 0 || x[-1].end.line < x->pos.line || (x[-1].end.line == x->pos.line && x[-1].end.column <= x->pos.column));
        }
    }
    (void)check_is_failure(&o.policy, r.findings, r.n_findings);
    bool good = r.error.kind == ERR_NONE;
    (void)fix_all(&a, &o, &r);
    assert(!good || r.error.kind == ERR_NONE); /* what is mended can still be built */
    err_clear(&r.error);
    arena_fini(&a);
    return 0;
}
