/* SPDX-License-Identifier: Apache-2.0
 * ENV and ARG as they are written: references to themselves, names that speak of secrets. */
#include "check/secret_names.h"
#include "check/rules_buildkit.h"
#include "check/text_rules.h"

/* --- Values that need one another ----------------------------------------------------------------------------------------------------- */

static bool is_name_byte(struct str s, size_t i) {
    char c = i < s.n ? s.p[i] : ' ';
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

/* Whether $name or ${name} stands in the text. */
static bool refers_to(struct str text, struct str name) {
    for (ptrdiff_t at; (at = str_index(text, '$')) >= 0;) {
        text = str_from(text, (size_t)at + 1);
        struct str word = str_from(text, str_starts(text, S("{")));
        if (str_starts(word, name) && !is_name_byte(word, name.n))
            return true;
    }
    return false;
}

/* Whether ARG or ENV has set the name above, in this stage. */
static bool set_before(struct check *c, struct str name) {
    for (const struct lint_step *s = c->step;
         s-- > &c->lint.steps[c->lint.stages[c->step->stage].first] && check_charge(c, 1 + s->i->n_pairs);)
        for (size_t k = 0; (s->i->op == DF_ARG || s->i->op == DF_ENV) && k < s->i->n_pairs; k++)
            if (str_eq(s->i->pairs[k].key, name))
                return true;
    return false;
}

static void env_self_reference(struct check *c, const struct rule *r, const struct df_instruction *i) {
    for (size_t k = 0; i->op == DF_ENV && k < i->n_pairs; k++)
        for (size_t j = 0; j < i->n_pairs && check_charge(c, 1 + i->pairs[j].value.n); j++) {
            struct str key = i->pairs[k].key;
            if (j == k || !refers_to(i->pairs[j].value, key) || set_before(c, key))
                continue;
            check_note(c, r, c->step, i->pairs[j].value, NULL, "%.*s is set by this very ENV: its value here is the one from before",
                       STR_ARG(key));
            return;
        }
}

/* --- Secrets, as hadolint and Trivy read names ------------------------------------------------------------------------------------------
 */

void lint_secrets(struct check *c, const struct rule *r, const struct df_instruction *none) {
    (void)none;
    for (size_t k = 0; k < c->lint.n; k++) {
        const struct lint_step *s = &c->lint.steps[k];
        for (size_t j = 0; (s->i->op == DF_ARG || s->i->op == DF_ENV) && j < s->i->n_pairs; j++) {
            struct str key = s->i->pairs[j].key;
            if (is_secret_for_hadolint(key))
                check_note(c, r, s, key, NULL, "%s %.*s: who has the image can read it", df_op_name(s->i->op), STR_ARG(key));
        }
    }
}

const struct rule rules_env[] = {
    {.id = "EnvSelfReference",
     .reads = READS_TEXT,
     .severity = SEVERITY_ERROR,
     .also = "DL3044",
     .why = "All values of one ENV are read before any of them is set.",
     .fix = "Write two ENV.",
     .url = "",
     .run = env_self_reference},
    {0},
};
