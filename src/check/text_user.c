/* SPDX-License-Identifier: Apache-2.0
 * Who runs what is in the image: USER as it is written. */
#include "check/text_rules.h"

/* The last USER of a stage; NULL: it has none. */
static const struct lint_step *own_user(const struct lint *l, size_t stage) {
    for (size_t k = l->stages[stage].end; k-- > l->stages[stage].first;)
        if (l->steps[k].at->op == DF_USER && l->steps[k].at->n_args)
            return &l->steps[k];
    return NULL;
}

/* The same of the last stage, or of one that it stands on. */
static const struct lint_step *last_user(const struct lint *l) {
    const struct lint_step *found = NULL;
    for (ptrdiff_t k = (ptrdiff_t)l->n_stages - 1; k >= 0 && !found; k = l->stages[k].base)
        found = own_user(l, (size_t)k);
    return found;
}

static void judge_root(struct check *c, const struct rule *r, const struct lint_step *s) {
    if (s && word_is_root(lint_unquoted(s->at->args[0])))
        check_note(c, r, s, s->at->args[0], NULL, "the last USER is %.*s", STR_ARG(s->at->args[0]));
}

/* hadolint speaks of every stage that ends as root, for what is taken from it may be run. */
static void root_user(struct check *c, const struct rule *r, const struct df_instruction *none) {
    bool every = check_compat_is(c, COMPAT_HADOLINT);
    (void)none;
    if (!every)
        judge_root(c, r, last_user(&c->lint));
    for (size_t k = 0; every && k < c->lint.n_stages; k++)
        judge_root(c, r, own_user(&c->lint, k));
}

/* The stage at the bottom of the last one; NULL: the file was not read so far. */
static const struct plan_stage *bottom(const struct check *c) {
    const struct plan_stage *s = c->plan && c->plan->n_stages ? &c->plan->stages[c->plan->n_stages - 1] : NULL;
    while (s && s->base_kind == BASE_STAGE)
        s = &c->plan->stages[s->base_stage];
    return s;
}

/* Whether the image that all stands on is known, and its user. */
static bool inherited_user(struct check *c, const struct plan_stage *s, struct str *user) {
    struct container_config config = {0};
    struct str platform = STR_NULL;
    if (!s || s->base_kind == BASE_SCRATCH || !c->options->base ||
        !c->options->base(c->options->base_ctx, &c->scratch, s, &config, &platform))
        return false;
    *user = config.user;
    return true;
}

static void user_missing(struct check *c, const struct rule *r, const struct df_instruction *none) {
    const struct lint *l = &c->lint;
    const struct plan_stage *s = bottom(c);
    struct str user = STR_NULL;
    (void)none;
    if (c->piece || l->n_stages == 0 || last_user(l))
        return;
    const struct lint_step *from = &l->steps[l->stages[l->n_stages - 1].first];
    if (!inherited_user(c, s, &user))
        check_note(c, r, from, STR_NULL, NULL, "no USER: unless the base image has one, all of it runs as root");
    else if (user.n == 0)
        check_note(c, r, from, STR_NULL, NULL, "no USER, and %s has none: all of it runs as root", SHOWN(s->base_ref));
    else if (word_is_root(lint_unquoted(user)))
        check_note(c, r, from, STR_NULL, NULL, "no USER, and that of %s is %s: all of it runs as root", SHOWN(s->base_ref), SHOWN(user));
}

static bool is_numeric(struct str user) {
    struct str name, group;
    uint64_t id;
    (void)str_cut(lint_unquoted(user), ':', &name, &group);
    return str_index(user, '$') >= 0 || str_to_u64(name, 10, UINT32_MAX, &id);
}

/* Windows' users have no numbers. */
static bool is_of_windows(struct str user) {
    return str_eq_nocase(user, S("ContainerUser")) || str_eq_nocase(user, S("ContainerAdministrator"));
}

static void not_numeric(struct check *c, const struct rule *r, const struct df_instruction *none) {
    const struct lint *l = &c->lint;
    (void)none;
    const struct lint_step *s = l->n_stages ? own_user(l, l->n_stages - 1) : NULL;
    struct str user = s ? s->at->args[0] : STR_NULL;
    if (!s || (is_of_windows(lint_unquoted(user)) && !check_compat_is(c, COMPAT_HADOLINT)))
        return;
    if (!is_numeric(user) && (check_compat_is(c, COMPAT_HADOLINT) || !word_is_root(lint_unquoted(user))))
        check_note(c, r, s, user, NULL, "USER %.*s is a name", STR_ARG(user));
}

const struct rule rules_user[] = {
    {.id = "RootUser",
     .reads = READS_FILE,
     .severity = SEVERITY_WARNING,
     .also = "DL3002 DS-0002 CIS-DI-0001 4.1",
     .why = "Who breaks out of a program that runs as root is root, in the container at least.",
     .fix = "End the stage with USER and a user of its own.",
     .url = "",
     .run = root_user},
    {.id = "UserMissing",
     .reads = READS_FILE,
     .severity = SEVERITY_WARNING,
     .also = "DS-0002 CIS-DI-0001 4.1",
     .why = "Without USER everything in the container runs as root.",
     .fix = "Make a user, and name it with USER.",
     .url = "",
     .run = user_missing},
    {.id = "UserNotNumeric",
     .reads = READS_FILE,
     .severity = SEVERITY_INFO,
     .also = "DL3066",
     .why = "Kubernetes' runAsNonRoot cannot tell from a name that it is not root.",
     .fix = "Write the user's number: USER 10001.",
     .url = "",
     .run = not_numeric},
    {0},
};
