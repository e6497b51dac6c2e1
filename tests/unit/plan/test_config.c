/* SPDX-License-Identifier: Apache-2.0
 * Lists of the configuration: order, uniqueness, replacement in place, deep copies. */
#include "plan/config.h"
#include "tap.h"

static void sorted_lists(struct arena *a) {
    struct str_list l = {0};
    const char *const words[] = {"443/tcp", "80/tcp", "443/tcp", "8080/tcp", "22/tcp", "80/udp", "80/tcp"};
    for (size_t k = 0; k < sizeof words / sizeof words[0]; k++)
        str_list_add_sorted(a, &l, str_z(words[k]));
    ok(l.n == 5, "equal texts are kept once");
    bool ordered = true;
    for (size_t k = 1; k < l.n; k++)
        ordered &= str_cmp(l.p[k - 1], l.p[k]) < 0;
    ok(ordered, "texts are in order");
    ok(str_list_has(&l, S("80/udp")) && !str_list_has(&l, S("81/udp")), "a list knows what it has");
}

static void many(struct arena *a) {
    struct str_list l = {0};
    for (int k = 0; k < 1000; k++)
        str_list_add(a, &l, arena_printf(a, "%d", k));
    ok(l.n == 1000 && str_eqz(l.p[0], "0") && str_eqz(l.p[999], "999"), "a list grows and keeps what it had");
}

static void pairs(struct arena *a) {
    struct pair_list l = {0};
    struct str value = STR_NULL;
    pair_list_set(a, &l, S("PATH"), S("/bin"));
    pair_list_set(a, &l, S("A"), S("1"));
    pair_list_set(a, &l, S("PATH"), S("/usr/bin"));
    ok(l.n == 2 && str_eqz(l.p[0].key, "PATH") && str_eqz(l.p[0].value, "/usr/bin"), "a value is replaced in place");
    ok(pair_list_get(&l, S("A"), &value) && str_eqz(value, "1"), "a value is found");
    ok(!pair_list_get(&l, S("PAT"), &value), "a prefix is not a key");
    pair_list_remove(&l, S("PATH"));
    ok(l.n == 1 && str_eqz(l.p[0].key, "A"), "a removed key is gone, the rest stays");
    pair_list_remove(&l, S("none"));
    ok(l.n == 1, "removing what is not there does nothing");
}

static void copies(void) {
    struct arena first = ARENA_INIT, second = ARENA_INIT;
    struct container_config from = {.user = S("u"), .has_health = true, .args_escaped = true}, to;
    pair_list_set(&first, &from.env, arena_str(&first, S("A")), arena_str(&first, S("1")));
    str_list_add(&first, &from.cmd, arena_str(&first, S("run")));
    str_list_add(&first, &from.health.test, arena_str(&first, S("NONE")));
    from.entrypoint.set = true;
    from.health.retries = 3;
    container_config_copy(&second, &to, &from);
    memset((char *)from.cmd.p[0].p, 'x', 3);
    arena_fini(&first);
    is_str(to.cmd.p[0], S("run"), "a copied text lives on its own");
    is_str(to.env.p[0].value, S("1"), "so does an environment");
    ok(to.entrypoint.set && to.entrypoint.n == 0, "an empty list stays told from none");
    ok(to.has_health && to.health.retries == 3 && str_eqz(to.health.test.p[0], "NONE") && to.args_escaped, "the rest is copied");
    str_list_add(&second, &to.cmd, S("more"));
    ok(to.cmd.n == 2, "a copy can grow");
    arena_fini(&second);
}

int main(void) {
    struct arena a = ARENA_INIT;
    sorted_lists(&a);
    many(&a);
    pairs(&a);
    copies();
    arena_fini(&a);
    return tap_done();
}
