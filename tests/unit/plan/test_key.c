/* SPDX-License-Identifier: Apache-2.0
 * Cache keys: what is in them, what is not, and that fields cannot run into each other. */
#include "base/limits.h"
#include "plan/key.h"
#include "rig.h"

static struct digest digest_of(const char *text) {
    return sha256_of(text, strlen(text));
}

static struct digest run_key(struct rig *r, const struct key_context *k) {
    const struct digest mounts[4] = {{{1}}, {{2}}, {{3}}, {{4}}};
    return key_run(k, &rig_last(r)->run, mounts);
}

/* The key of the last RUN of a Dockerfile. */
static struct digest key_of(const char *text, const char *args) {
    struct rig r;
    struct key_context k = {.platform = S("linux/amd64")};
    rig_init(&r);
    rig_args(&r, args);
    struct digest d = {{0}};
    if (rig_run(&r, text))
        d = run_key(&r, &k);
    rig_ok(&r, "a Dockerfile for a key");
    rig_fini(&r);
    return d;
}

static void chains(void) {
    struct digest zero = {{0}}, a = digest_of("a"), b = digest_of("b");
    char text[2 * DIGEST_TEXT + 2];
    struct digest one = chain_id(&zero, &a);
    ok(digest_eq(&one, &a), "the chain of one layer is its diffID");
    struct digest two = chain_id(&one, &b);
    snprintf(text, sizeof text, "%s %s", digest_text(&a, (char[DIGEST_TEXT + 1]){0}), digest_text(&b, (char[DIGEST_TEXT + 1]){0}));
    struct digest want = sha256_of(text, strlen(text));
    ok(digest_eq(&two, &want), "of two: the hash of both texts with a blank between, as the image specification says");
}

/* Two Dockerfiles (with build arguments) and whether their last RUN has one key. */
static void pairs(void) {
    static const struct {
        bool same;
        const char *what, *a, *a_args, *b, *b_args;
    } rows[] = {
        {true, "the same text", "FROM x\nRUN make", NULL, "FROM x\nRUN make", NULL},
        {true, "the name of the base is not in the key", "FROM x\nRUN make", NULL, "FROM y:1\nRUN make", NULL},
        {true, "nor is the stage's", "FROM x\nRUN make", NULL, "FROM x AS b\nRUN make", NULL},
        {true, "nor the way a value came about", "FROM x\nARG V=1\nRUN make", NULL, "FROM x\nARG V\nRUN make", "V=1"},
        {true, "an undeclared proxy does not count", "FROM x\nRUN make", "http_proxy=http://a:1", "FROM x\nRUN make", NULL},
        {true, "nor does an unused build argument", "FROM x\nRUN make", "OTHER=1", "FROM x\nRUN make", NULL},
        {true, "labels do not count", "FROM x\nLABEL a=b\nRUN make", NULL, "FROM x\nRUN make", NULL},
        {true, "nor does a bind's place, only its content", "FROM x\nRUN --mount=target=/m,source=a make", NULL,
         "FROM x\nRUN --mount=target=/m,source=b make", NULL},
        {false, "a declared proxy counts", "FROM x\nARG http_proxy\nRUN make", "http_proxy=http://a:1", "FROM x\nARG http_proxy\nRUN make",
         NULL},
        {false, "the command", "FROM x\nRUN make", NULL, "FROM x\nRUN make all", NULL},
        {false, "words do not run together", "FROM x\nRUN [\"ab\",\"c\"]", NULL, "FROM x\nRUN [\"a\",\"bc\"]", NULL},
        {false, "nor does an argument split", "FROM x\nRUN [\"a b\"]", NULL, "FROM x\nRUN [\"a\",\"b\"]", NULL},
        {false, "shell and exec form", "FROM x\nRUN make", NULL, "FROM x\nRUN [\"make\"]", NULL},
        {false, "SHELL", "FROM x\nRUN make", NULL, "FROM x\nSHELL [\"/bin/bash\",\"-c\"]\nRUN make", NULL},
        {false, "the environment", "FROM x\nENV A=1\nRUN make", NULL, "FROM x\nENV A=2\nRUN make", NULL},
        {false, "key and value do not run together", "FROM x\nENV A=BC\nRUN make", NULL, "FROM x\nENV AB=C\nRUN make", NULL},
        {false, "a declared ARG", "FROM x\nARG V=1\nRUN make", NULL, "FROM x\nARG V=1\nRUN make", "V=2"},
        {false, "the user", "FROM x\nUSER a\nRUN make", NULL, "FROM x\nRUN make", NULL},
        {false, "the directory", "FROM x\nWORKDIR /a\nRUN make", NULL, "FROM x\nWORKDIR /b\nRUN make", NULL},
        {false, "user and directory do not run together", "FROM x\nUSER a\nWORKDIR /\nRUN make", NULL, "FROM x\nUSER a/\nRUN make", NULL},
        {false, "the network", "FROM x\nRUN --network=none make", NULL, "FROM x\nRUN make", NULL},
        {false, "a mount's target", "FROM x\nRUN --mount=target=/m make", NULL, "FROM x\nRUN --mount=target=/n make", NULL},
        {false, "whether it is writable", "FROM x\nRUN --mount=target=/m make", NULL, "FROM x\nRUN --mount=target=/m,rw make", NULL},
        {false, "how many there are", "FROM x\nRUN --mount=target=/m make", NULL, "FROM x\nRUN --mount=target=/m --mount=target=/n make",
         NULL},
        {false, "a here-document", "FROM x\nRUN <<E\na\nE", NULL, "FROM x\nRUN <<E\nb\nE", NULL},
        {false, "a script of its own", "FROM x\nRUN <<E\n#!/bin/a\nE", NULL, "FROM x\nRUN <<E\n#!/bin/b\nE", NULL},
    };
    for (size_t k = 0; k < sizeof rows / sizeof rows[0]; k++) {
        struct digest a = key_of(rows[k].a, rows[k].a_args), b = key_of(rows[k].b, rows[k].b_args);
        ok(digest_eq(&a, &b) == rows[k].same, "%s: %s", rows[k].same ? "same key" : "other key", rows[k].what);
    }
}

/* What comes from outside the step. */
static void contexts(void) {
    struct digest content = digest_of("content");
    const struct key_context base = {.platform = S("linux/amd64")};
    struct key_context rows[] = {base, base, base, base, base};
    rows[0].chain = digest_of("below");
    rows[1].platform = S("linux/arm64");
    rows[2].has_epoch = true;
    rows[3].has_epoch = true;
    rows[3].epoch = 1;
    rows[4].modes_git = true;
    struct digest seen[8] = {key_copy(&base, &content)};
    size_t n = 1;
    for (size_t k = 0; k < sizeof rows / sizeof rows[0]; k++)
        seen[n++] = key_copy(&rows[k], &content);
    seen[n++] = key_workdir(&base, S("/a"), 0, 0);
    seen[n++] = key_workdir(&base, S("/a"), 0, 1);
    bool distinct = true;
    for (size_t a = 0; a < n; a++)
        for (size_t b = a + 1; b < n; b++)
            distinct &= !digest_eq(&seen[a], &seen[b]);
    ok(distinct, "chain, platform, epoch, modes, instruction and owner each make another key");
    struct key_context same = {.platform = S("linux/amd64"), .epoch = 7};
    struct digest again = key_copy(&same, &content);
    ok(digest_eq(&again, &seen[0]), "an epoch that is not set does not count");
}

/* Stores in use hold records under these: another value does every step of every user again. */
static void golden(void) {
    static const struct {
        const char *what, *text, *key;
    } rows[] = {
        {"a plain RUN", "FROM x\nRUN make", "d29d52aaf7b1891bd7c5b8c9138d8175cefde2146309a3f2ea9e92ccddba948c"},
        {"one with all that the first format knew",
         "FROM x\nENV A=1\nUSER u:g\nWORKDIR /w\nRUN --network=none --mount=target=/m,rw a b",
         "135f0d9da298038cfa88c20be4c5c14f3899d00c4cbdec7c8d74f6d22742cc5c"},
        {"a script of its own", "FROM x\nRUN <<E\n#!/bin/a\nE", "177d2740a55a6969c968f07cc35e74e957c089f42f29fca47978b5f7010ba3c1"},
    };
    char hex[DIGEST_HEX + 1];
    for (size_t k = 0; k < sizeof rows / sizeof rows[0]; k++) {
        struct digest key = key_of(rows[k].text, NULL);
        is_str(str_z(digest_hex(&key, hex)), str_z(rows[k].key), rows[k].what);
    }
    struct digest content = digest_of("content");
    const struct key_context base = {.platform = S("linux/amd64"), .chain = content};
    struct digest copy = key_copy(&base, &content), dir = key_workdir(&base, S("/a"), 1, 2);
    is_str(str_z(digest_hex(&copy, hex)), S("e2396a32b5cc515ca353ca035e62597fc8ea7af7a1f1073ae7b36e0d13a5f902"), "a COPY");
    is_str(str_z(digest_hex(&dir, hex)), S("b6c2ef590eda3cb1b67751bdc17436fe8d9b8b0122a6b908690acc149bd17138"), "a WORKDIR");
}

/* The key of a RUN with one mount. */
static struct digest mount_key(const struct step_mount *m) {
    struct step_mount mount = *m;
    struct step_run run = {.mounts = &mount, .n_mounts = 1};
    struct key_context k = {.platform = S("linux/amd64")};
    struct digest none = {{0}};
    return key_run(&k, &run, &none);
}

static void mounts_differ(const struct step_mount *a, const struct step_mount *b, bool same, const char *what) {
    struct digest x = mount_key(a), y = mount_key(b);
    ok(digest_eq(&x, &y) == same, "%s key: %s", same ? "same" : "other", what);
}

static void mounts(void) {
    const struct step_mount cache = {.kind = MOUNT_CACHE, .id = S("i"), .target = S("/t"), .writable = true, .mode = 0755};
    const struct step_mount tmpfs = {.kind = MOUNT_TMPFS, .target = S("/t")};
    const struct step_mount secret = {.kind = MOUNT_SECRET, .id = S("i"), .target = S("/t"), .mode = 0400};
    const struct step_mount ssh = {.kind = MOUNT_SSH, .id = S("i"), .target = S("/t"), .mode = 0600};
    struct step_mount m;
#define ROW(of, same, what, ...) (m = of, __VA_ARGS__, mounts_differ(&of, &m, same, what))
    ROW(cache, false, "a cache's id", m.id = S("j"));
    ROW(cache, false, "... and target", m.target = S("/u"));
    ROW(cache, false, "... and whether it is read-only", m.writable = false);
    ROW(cache, true, "how a cache is shared", m.sharing = CACHE_LOCKED);
    ROW(cache, true, "... how it was made", m.mode = 0700, m.uid = 1, m.gid = 1);
    ROW(cache, true, "... what it began with", m.has_from = true, m.from.kind = SOURCE_IMAGE, m.from.image = S("x"), m.source = S("/s"));
    ROW(tmpfs, false, "a tmpfs's target", m.target = S("/u"));
    ROW(tmpfs, false, "... and size", m.size_bytes = 4096);
    ROW(secret, false, "a secret's id", m.id = S("j"));
    ROW(secret, false, "... and target", m.target = S("/u"));
    ROW(secret, false, "... and variable", m.env = S("E"));
    ROW(secret, false, "... and mode", m.mode = 0444);
    ROW(secret, false, "... and owner", m.uid = 1);
    ROW(secret, false, "... and group", m.gid = 1);
    ROW(secret, true, "whether it must be given", m.required = true);
    ROW(ssh, false, "an agent's id", m.id = S("j"));
    ROW(ssh, false, "... and target", m.target = S("/u"));
    ROW(ssh, false, "... and mode", m.mode = 0666);
    ROW(ssh, true, "whether it must be there", m.required = true);
    ROW(ssh, false, "a secret is no agent", m = secret, m.mode = 0600);
    ROW(secret, false, "id and variable do not run together", m.id = S(""), m.env = S("i"));
#undef ROW
}

static void options(void) {
    struct step_run run = {.argv = {0}}, insecure = {.insecure = true};
    struct key_context k = {.platform = S("linux/amd64")}, hosts = k, more = k;
    hosts.extra = S("add-host a=1.2.3.4");
    more.extra = S("add-host a=1.2.3.5");
    struct digest keys[] = {key_run(&k, &run, NULL), key_run(&k, &insecure, NULL), key_run(&hosts, &run, NULL), key_run(&more, &run, NULL),
                            key_run(&hosts, &insecure, NULL)};
    bool distinct = true;
    for (size_t a = 0; a < sizeof keys / sizeof *keys; a++)
        for (size_t b = a + 1; b < sizeof keys / sizeof *keys; b++)
            distinct &= !digest_eq(&keys[a], &keys[b]);
    ok(distinct, "other key: --security=insecure, and what the build's options let a command see");
    struct digest content = digest_of("content"), one = key_copy(&k, &content), two = key_copy(&hosts, &content);
    ok(digest_eq(&one, &two), "same key: a COPY sees none of them");
}

/* Chains are of contents: a step that gives what it gave before leads back to what was built on it. */
static void rejoin(void) {
    struct digest zero = {{0}}, below = digest_of("base"), made = digest_of("made by this and by that RUN");
    struct key_context first = {.platform = S("linux/amd64")}, second = first;
    struct digest bottom = chain_id(&zero, &below);
    first.chain = chain_id(&bottom, &made);
    second.chain = chain_id(&bottom, &made);
    struct digest content = digest_of("c"), a = key_copy(&first, &content), b = key_copy(&second, &content);
    ok(digest_eq(&a, &b), "equal layers below give equal keys above");
}

static void epochs(void) {
    struct rig r;
    struct str value = STR_NULL;
    rig_init(&r);
    r.options.has_epoch = true;
    r.options.epoch = 1700000000;
    (void)rig_run(&r, "FROM x\nRUN make");
    rig_ok(&r, "a build with an epoch");
    ok(pair_list_get(&rig_last(&r)->run.env, S("SOURCE_DATE_EPOCH"), &value) && str_eqz(value, "1700000000"), "RUN sees the epoch");
    ok(!pair_list_get(&rig_last(&r)->run.key_env, S("SOURCE_DATE_EPOCH"), &value), "which joins the key by itself");
    rig_fini(&r);
}

int main(void) {
    chains();
    pairs();
    golden();
    mounts();
    options();
    contexts();
    rejoin();
    epochs();
    return tap_done();
}
