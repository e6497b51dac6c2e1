/* SPDX-License-Identifier: Apache-2.0
 * Exceptions: what is read and what is refused, which findings pass, which have expired. */
#include "base/buf.h"
#include "check/exceptions.h"
#include "tap.h"

struct rig {
    struct arena arena;
    struct check_policy policy;
    struct err e;
};

static bool reads(struct rig *g, const char *text) {
    g->policy = (struct check_policy){0};
    err_clear(&g->e);
    return exceptions_read(&g->arena, str_z(text), "f", S("2026-11-26"), &g->policy, &g->e);
}

static void refuses(struct rig *g, const char *text, const char *why) {
    ok(!reads(g, text), "refused: %s", why);
    is_err(&g->e, why, why);
}

/* Whether a finding of that rule, at that path of an image, passes. */
static bool passes(struct rig *g, const char *rule, const char *path) {
    struct finding f = {.rule = rule_find(str_z(rule)), .file = S("image:1"), .path = str_z(path)};
    return exceptions_allow(&g->policy, &f);
}

int main(void) {
    struct rig g = {.arena = ARENA_INIT, .e = ERR_INIT};
    ok(reads(&g, "") && g.policy.n_exceptions == 0, "nothing");
    ok(reads(&g, "- rule: ImageSetId\n  reason: r\n"), "anywhere, for good");
    ok(passes(&g, "ImageSetId", "/usr/bin/su") && passes(&g, "ImageSetId", ""), "... lets all of the rule pass");
    ok(!passes(&g, "ImageDevice", "/dev/x"), "... and of no other");
    ok(reads(&g, "- rule: CIS-DI-0008\n  path: usr/bin/su\n  reason: r\n"), "by another tool's name, for a path");
    ok(passes(&g, "ImageSetId", "/usr/bin/su") && !passes(&g, "ImageSetId", "/usr/bin/sudo"), "... that and no other");
    ok(reads(&g, "- rule: ImageSetId\n  path: ['usr/*/s*', '**/ping', opt]\n  reason: r\n"), "patterns");
    ok(passes(&g, "ImageSetId", "/usr/bin/su") && passes(&g, "ImageSetId", "/a/b/ping") && passes(&g, "ImageSetId", "/opt/x/y"),
       "... all of them");
    ok(!passes(&g, "ImageSetId", "/bin/su"), "... and nothing else");
    ok(reads(&g, "- rule: ImageSetId\n  path: 'image:1'\n  reason: r\n"), "the image's name");
    ok(passes(&g, "ImageSetId", ""), "... where there is no path");

    struct finding *expired;
    size_t n;
    ok(reads(&g, "- rule: ImageSetId\n  reason: r\n  until: 2026-11-26\n- rule: ImageDevice\n  reason: old\n  until: 2026-11-25\n"),
       "days");
    ok(passes(&g, "ImageSetId", "/x"), "the last day counts");
    ok(!passes(&g, "ImageDevice", "/x"), "the day after does not");
    exceptions_expired(&g.arena, &g.policy, S("f"), &expired, &n);
    ok(n == 1, "one has expired");
    is_str(expired[0].message, S("The exception for ImageDevice ended on 2026-11-25: old"), "... and is told of");

    refuses(&g, "rule: x\n", "f: a list of exceptions is wanted");
    refuses(&g, "- x\n", "f: exception 1: rule:, reason: and perhaps path: and until: are wanted");
    refuses(&g, "- rule: ImageSetId\n  reason: r\n- rule: ImageSetId\n", "f: exception 2: reason is missing");
    refuses(&g, "- reason: r\n", "f: exception 1: rule is missing");
    refuses(&g, "- rule: NoSuchRule\n  reason: r\n", "f: exception 1: no rule is called \"NoSuchRule\"");
    refuses(&g, "- rule: ImageSetId\n  reason: r\n  until: soon\n", "f: exception 1: until: \"soon\" is no day");
    refuses(&g, "- rule: ImageSetId\n  reason: r\n  until: 2026-13-01\n", "f: exception 1: until: \"2026-13-01\" is no day");
    refuses(&g, "- rule: ImageSetId\n  reason: r\n  paths: x\n", "f: exception 1: \"paths\" is none of rule, path, reason and until");
    refuses(&g, "- rule: ImageSetId\n  reason: r\n  path: []\n", "f: exception 1: path: a pattern, or a list of them, is wanted");
    refuses(&g, "- rule: ImageSetId\n  reason: r\n  path: ['']\n", "f: exception 1: path: a pattern is wanted");
    refuses(&g, "- rule: ImageSetId\n  reason: r\n  path: '[a'\n", "f: exception 1: path: ");
    refuses(&g, "- rule: [a]\n  reason: r\n", "f: exception 1: rule: a text is wanted");
    err_clear(&g.e);
    arena_fini(&g.arena);
    return tap_done();
}
