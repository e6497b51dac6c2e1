/* SPDX-License-Identifier: Apache-2.0
 * Deployment files of any bytes: places lie in the text, and what is said steers no terminal once it is shown. */
#include <assert.h>

#include "base/arena.h"
#include "base/limits.h"
#include "check/deploy.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n) {
    struct arena a = ARENA_INIT;
    struct err e = ERR_INIT;
    const struct check_policy policy = {0};
    struct deploy_result r;
    bool good = check_deployment(&a, arena_str(&a, str_n((const char *)data, n)), S("f"), &policy, &r, &e);
    assert(good == (e.kind == ERR_NONE) && (good || e.msg));
    assert(r.n_findings <= LIMIT_FINDINGS);
    for (size_t k = 0; k < r.n_findings; k++)
        assert(r.findings[k].pos.line > 0 && r.findings[k].pos.column > 0 && r.findings[k].message.n);
    err_clear(&e);
    arena_fini(&a);
    return 0;
}
