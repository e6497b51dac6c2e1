/* SPDX-License-Identifier: Apache-2.0
 * hadolint's comments, and trivy's: see pragma.h. */
#include "check/pragma.h"

#include "base/limits.h"
#include "check/policy.h"
#include "check/text_rules.h"

/* Takes a word and the blanks behind it off the text. */
static bool take_word(struct str *text, const char *word) {
    size_t n = strlen(word);
    if (!str_starts(*text, str_z(word)))
        return false;
    struct str rest = str_from(*text, n);
    if (rest.n && rest.p[0] != ' ' && rest.p[0] != '\t' && rest.p[0] != '=')
        return false;
    *text = str_trim_left(rest);
    return true;
}

/* "trivy:ignore:AVD-DS-0002", one rule each; with conditions behind the name (":exp:2027-01-01") it is none here. */
static bool trivy_read(struct str comment, struct str *names) {
    struct str head = S("trivy:ignore:"), rest;
    if (!str_starts(comment, head))
        return false;
    (void)str_cut(str_from(comment, head.n), ' ', names, &rest);
    return str_index(*names, ',') < 0; /* elsewhere a comma stands between names */
}

bool pragma_read(struct str comment, enum pragma_scope scope, struct str *names) {
    static const char *const words[] = {[PRAGMA_STAGE] = "stage", [PRAGMA_GLOBAL] = "global"};
    if (scope == PRAGMA_HERE && trivy_read(comment, names))
        return true;
    if (!take_word(&comment, "hadolint") || (scope != PRAGMA_HERE && !take_word(&comment, words[scope])) ||
        !take_word(&comment, "ignore") || !str_starts(comment, S("=")))
        return false;
    *names = str_trim(str_from(comment, 1));
    return true;
}

bool pragma_shell(struct str comment, struct str *name) {
    if (!take_word(&comment, "hadolint") || !take_word(&comment, "shell") || !str_starts(comment, S("=")))
        return false;
    *name = str_trim(str_from(comment, 1));
    return name->n > 0;
}

/* As with hadolint, a list with a name in it that no rule has is no pragma: better a finding too many. */
static void add_names(struct check *c, struct str names, struct str_list *list) {
    enum { NAME_LOOKS = 32 }; /* each is compared with those of all rules */
    struct str name, rest = names;
    for (size_t n = 0; n < LIMIT_RULE_NAMES && str_next(&rest, ',', &name); n++)
        if (!check_charge(c, NAME_LOOKS) || !policy_knows_rule(policy_rule_name(c->arena, str_trim(name))))
            return;
    while (list->n < LIMIT_RULE_NAMES && str_next(&names, ',', &name))
        if (str_trim(name).n)
            str_list_add(c->arena, list, policy_rule_name(c->arena, str_trim(name)));
}

struct str_list pragma_ignored(struct check *c, struct str comments, enum pragma_scope scope) {
    struct str comment, names;
    struct str_list list = {0};
    if (str_find(comments, S("hadolint")) < 0 && str_find(comments, S("trivy:")) < 0)
        return list;
    while (comment_next(&comments, &comment))
        if (pragma_read(comment, scope, &names))
            add_names(c, names, &list);
    return list;
}

/* A global one may stand in the middle of an instruction, where no instruction has it. */
void pragmas_find(struct check *c) {
    struct str rest = c->source.text, line, names;
    bool any = str_find(rest, S("hadolint")) >= 0;
    while (any && str_next(&rest, '\n', &line)) {
        line = str_trim(line);
        if (str_starts(line, S("#")) && pragma_read(str_trim_left(str_from(line, 1)), PRAGMA_GLOBAL, &names))
            add_names(c, names, &c->global);
    }
    c->stage_ignored = arena_array(c->arena, struct str_list, c->lint.n_stages + 1);
    for (size_t k = 0; any && k < c->lint.n_stages; k++)
        if (c->lint.stages[k].from)
            c->stage_ignored[k] = pragma_ignored(c, c->lint.stages[k].from->comments, PRAGMA_STAGE);
}
