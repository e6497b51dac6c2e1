/* SPDX-License-Identifier: Apache-2.0
 * A Dockerfile through the parser, plan_make and every needed stage's scope, with a base image that has triggers and with
 * named contexts; then every RUN's key. */
#include <assert.h>
#include <stddef.h>

#include "plan/key.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

struct run {
    struct arena arena;
    struct plan plan;
    struct scope *scopes;
    struct container_config base;
    struct err err;
};

static bool step(struct run *r, size_t stage, const struct df_instruction *i) {
    struct step s;
    struct key_fields fields = {.arena = &r->arena};
    struct key_context k = {.platform = S("linux/amd64"), .fields = &fields};
    if (!scope_step(&r->scopes[stage], i, &s, &r->err))
        return false;
    assert(s.kind != STEP_COPY || (s.copy.dest.n && s.copy.dest.p[0] == '/' && s.copy.n_operands > 0));
    if (s.kind == STEP_COPY)
        assert(chmod_apply(&s.copy.chmod, 0644, false) <= 07777);
    assert(s.kind != STEP_WORKDIR || s.workdir.p[0] == '/');
    if (s.kind == STEP_RUN) {
        struct digest *mounts = arena_array(&r->arena, struct digest, s.run.n_mounts);
        for (size_t m = 0; m < s.run.n_mounts; m++) {
            const struct step_mount *mount = &s.run.mounts[m];
            assert(mount->target.n ? mount->target.p[0] == '/' : mount->kind == MOUNT_SECRET && mount->env.n);
        }
        (void)key_run(&k, &s.run, mounts);
        assert(s.run.argv.n > 0 && s.run.workdir.p[0] == '/');
    }
    return true;
}

static bool triggers(struct run *r, size_t stage) {
    struct str_list list = r->scopes[stage].config.onbuild;
    struct df_instruction *parsed;
    r->scopes[stage].config.onbuild = (struct str_list){0};
    if (!plan_parse_triggers(&r->arena, &r->plan, &r->plan.stages[stage], &list, &parsed, &r->err))
        return false;
    if (!plan_add_triggers(&r->arena, &r->plan, stage, parsed, list.n, &r->err))
        return false;
    for (size_t k = 0; k < list.n; k++)
        if (!step(r, stage, &parsed[k]))
            return false;
    return true;
}

static void stages(struct run *r) {
    r->scopes = arena_array(&r->arena, struct scope, r->plan.n_stages);
    for (size_t k = 0; k <= r->plan.target && r->err.kind == ERR_NONE; k++) {
        const struct plan_stage *s = &r->plan.stages[k];
        for (size_t d = 0; d < s->n_needs; d++)
            assert(s->needs[d] < k && r->plan.stages[s->needs[d]].needed);
        if (!s->needed)
            continue;
        scope_init(&r->scopes[k], &r->arena, &r->plan, s, s->base_kind == BASE_IMAGE ? &r->base : NULL,
                   s->base_kind == BASE_STAGE ? &r->scopes[s->base_stage] : NULL);
        if (!triggers(r, k))
            return;
        for (size_t i = 0; i < s->n_body; i++)
            if (!step(r, k, &s->body[i]))
                return;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n) {
    struct run r = {.arena = ARENA_INIT};
    struct dockerfile file;
    static const struct named_context named[] = {
        {{"alpine", 6}, NAMED_DIR, {"d", 1}},
        {{"n", 1}, NAMED_STAGE, {"s", 1}},
        {{"i", 1}, NAMED_IMAGE, {"debian:12", 9}},
        {{"o", 1}, NAMED_OCI_LAYOUT, {"d", 1}},
    };
    struct plan_options options = {.platform = S("linux/amd64"), .has_epoch = n & 1, .epoch = 1};
    options.named = named;
    options.n_named = n & 2 ? sizeof named / sizeof named[0] : 0;
    pair_list_set(&r.arena, &options.build_args, S("A"), S("a b"));
    pair_list_set(&r.arena, &options.build_args, S("http_proxy"), S("http://proxy"));
    pair_list_set(&r.arena, &r.base.env, S("PATH"), S("/bin"));
    str_list_add(&r.arena, &r.base.onbuild, S("COPY $A /$A"));
    if (dockerfile_parse(&r.arena, str_n((const char *)data, n), S("f"), &file, &r.err) &&
        plan_make(&r.arena, &file, &options, &r.plan, &r.err))
        stages(&r);
    assert(r.err.kind == ERR_NONE || r.err.msg);
    err_clear(&r.err);
    arena_fini(&r.arena);
    return 0;
}
