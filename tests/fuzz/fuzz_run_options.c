/* SPDX-License-Identifier: Apache-2.0
 * Any line as the value of a flag for RUN steps; its first byte says of which. What is taken must be what the rest of build/ relies on. */
#include <assert.h>
#include <stdint.h>

#include "build/run_options.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_hosts(const struct run_options *o) {
    for (size_t i = 0; i < o->hosts.n; i++) {
        assert(o->hosts.p[i].name.n > 0 && o->hosts.p[i].address.n > 0);
        for (size_t k = 0; k < o->hosts.p[i].name.n; k++)
            assert(o->hosts.p[i].name.p[k] > ' ' || o->hosts.p[i].name.p[k] < 0); /* no second line of /etc/hosts */
        for (size_t k = 0; k < o->hosts.p[i].address.n; k++)
            assert(o->hosts.p[i].address.p[k] > ' ');
    }
}

static void check(const struct run_options *o) {
    check_hosts(o);
    for (size_t i = 0; i < o->ulimits.n; i++)
        assert(o->ulimits.p[i].name && o->ulimits.p[i].soft <= o->ulimits.p[i].hard);
    for (size_t i = 0; i < o->secrets.n; i++)
        assert(o->secrets.p[i].id.n > 0 && !(o->secrets.p[i].path.n && o->secrets.p[i].env.n));
    for (size_t i = 0; i < o->agents.n; i++) {
        assert(o->agents.p[i].id.n > 0);
        for (size_t k = 0; k < o->agents.p[i].n_paths; k++)
            assert(o->agents.p[i].paths[k][0]);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static bool (*const parsers[])(struct run_options *o, struct str text, struct err *e) = {
        run_host_parse, run_ulimit_parse, run_shm_parse, run_secret_parse, run_agent_parse, run_allow_parse};
    struct run_options o = {.shm_bytes = 0};
    struct err e = ERR_INIT;
    struct str rest = str_n((const char *)data, size), line;
    while (str_next(&rest, '\n', &line)) {
        if (line.n == 0)
            continue;
        size_t which = (unsigned char)line.p[0] % (sizeof parsers / sizeof *parsers);
        bool good = parsers[which](&o, str_from(line, 1), &e);
        assert(good == (e.kind == ERR_NONE) && (good || e.kind == ERR_USAGE));
        err_clear(&e);
        check(&o);
    }
    run_options_fini(&o);
    return 0;
}
