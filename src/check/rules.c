/* SPDX-License-Identifier: Apache-2.0
 * The tables of rules as one list, and sets of rules. */
#include "check/rule.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>

#include "plan/config.h"

const struct rule *const rule_tables[] = {
    rules_buildkit,      rules_croze,         rules_from,         rules_user,          rules_stage,
    rules_copy,          rules_expose,        rules_env,          rules_label,         rules_apt,
    rules_rpm,           rules_language,      rules_misc,         rules_vars,          rules_download,
    rules_trust,         rules_list,          rules_lines,        rules_shellcheck,    rules_deploy,
    rules_deploy_rights, rules_exceptions,    rules_variants,     rules_secrets,       rules_rights,

    rules_image_config,  rules_image_files,   rules_image_bytes,  rules_image_users,   rules_image_program,
    rules_image_secrets, rules_image_history, rules_image_origin,

    rules_cis_host,      rules_cis_daemon,    rules_cis_network,  rules_cis_files,     rules_cis_images,
    rules_cis_history,   rules_cis_isolation, rules_cis_limits,   rules_cis_access,    rules_cis_upkeep,
    rules_cis_swarm,     NULL,
};

static const struct rule *all[RULES_MAX + 1]; /* ends with NULL */

static void list_all(void) {
    size_t n = 0;
    for (size_t t = 0; rule_tables[t]; t++)
        for (const struct rule *r = rule_tables[t]; r->id; r++) {
            assert(n < RULES_MAX);
            all[n++] = r;
        }
}

const struct rule *rule_at(size_t number) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, list_all);
    return all[number];
}

const struct rule *rule_find(struct str id) {
    const struct rule *r;
    for (size_t k = 0; (r = rule_at(k)); k++)
        if (str_eqz(id, r->id))
            break;
    return r;
}

bool rule_is_in(const struct rule *r, const struct rule *table) {
    for (const struct rule *row = table; row->id; row++)
        if (row == r)
            return true;
    return false;
}

bool rule_is_called(const struct rule *r, struct str name) {
    struct str rest = str_z(r->also), id;
    if (str_eqz(name, r->id))
        return true;
    while (name.n && str_next(&rest, ' ', &id))
        if (str_eq(name, id))
            return true;
    return false;
}

bool rule_is_called_one(const struct rule *r, const struct str_list *names) {
    for (size_t k = 0; k < names->n; k++)
        if (rule_is_called(r, names->p[k]))
            return true;
    return false;
}

const char *severity_name(enum severity s) {
    static const char *const names[] = {"style", "info", "warning", "error"};
    return names[s];
}

/* --- Sets ------------------------------------------------------------------------------------------------------------------------- */

static size_t number_of(const struct rule *r) {
    size_t k = 0;
    for (size_t t = 0; rule_tables[t]; t++)
        for (const struct rule *row = rule_tables[t]; row->id; row++, k++)
            if (row == r) {
                assert(k < RULES_MAX);
                return k;
            }
    abort();
}

void rule_set_add(struct rule_set *s, const struct rule *r) {
    size_t k = number_of(r);
    s->bits[k / 64] |= UINT64_C(1) << k % 64;
}

void rule_set_add_all(struct rule_set *s) {
    memset(s->bits, 0xff, sizeof s->bits);
}

bool rule_set_has(const struct rule_set *s, const struct rule *r) {
    size_t k = number_of(r);
    return s->bits[k / 64] >> k % 64 & 1;
}
