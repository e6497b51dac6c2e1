/* SPDX-License-Identifier: Apache-2.0
 * Labels: their keys, and what the user's schema says of them (check_policy). */
#include "check/licenses.h"
#include "check/text_rules.h"

/* --- Keys --------------------------------------------------------------------------------------------------------------------------- */

static bool is_lower_or_digit(char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

/* Lower-case letters, digits, single "." and "-" between; docker's guidelines for labels. */
static const char *key_fault(struct str key) {
    if (word_starts_in("com.docker. io.docker. org.dockerproject.", key))
        return "is in a name space that docker keeps for itself";
    if (key.n == 0 || key.p[0] < 'a' || key.p[0] > 'z')
        return "does not begin with a lower-case letter";
    if (!is_lower_or_digit(key.p[key.n - 1]))
        return "does not end with a lower-case letter or digit";
    for (size_t k = 1; k < key.n; k++) {
        bool joint = key.p[k] == '.' || key.p[k] == '-';
        if (!joint && !is_lower_or_digit(key.p[k]))
            return "holds something else than lower-case letters, digits, . and -";
        if (joint && key.p[k - 1] == key.p[k])
            return "has two . or - in a row";
    }
    return NULL;
}

static void label_key(struct check *c, const struct rule *r, const struct df_instruction *i) {
    for (size_t k = 0; i->op == DF_LABEL && k < i->n_pairs; k++) {
        struct str key = lint_unquoted(i->pairs[k].key);
        const char *fault = str_index(key, '$') == 0 ? NULL : key_fault(key);
        if (fault)
            check_note(c, r, c->step, key, NULL, "label %.*s %s", STR_ARG(key), fault);
    }
}

/* --- Values ------------------------------------------------------------------------------------------------------------------------- */

static bool digits(struct str *s, size_t n) {
    for (size_t k = 0; k < n; k++)
        if (k >= s->n || s->p[k] < '0' || s->p[k] > '9')
            return false;
    *s = str_from(*s, n);
    return true;
}

static bool one_of(struct str *s, const char *set) {
    if (s->n == 0 || !strchr(set, s->p[0]))
        return false;
    *s = str_from(*s, 1);
    return true;
}

/* 2026-01-31T12:00:00Z, with a fraction and an offset (RFC 3339, section 5.6). */
static bool is_time(struct str s) {
    if (!digits(&s, 4) || !one_of(&s, "-") || !digits(&s, 2) || !one_of(&s, "-") || !digits(&s, 2) || !one_of(&s, "Tt ") ||
        !digits(&s, 2) || !one_of(&s, ":") || !digits(&s, 2) || !one_of(&s, ":") || !digits(&s, 2))
        return false;
    if (one_of(&s, ".")) {
        if (!digits(&s, 1))
            return false;
        while (digits(&s, 1))
            ;
    }
    if (one_of(&s, "Zz"))
        return s.n == 0;
    return one_of(&s, "+-") && digits(&s, 2) && one_of(&s, ":") && digits(&s, 2) && s.n == 0;
}

static bool is_git_hash(struct str s) {
    enum { SHORTEST = 7, SHA1 = 40, SHA256 = 64 };
    for (size_t k = 0; k < s.n; k++)
        if (!strchr("0123456789abcdef", s.p[k]))
            return false;
    return s.n >= SHORTEST && (s.n <= SHA1 || s.n == SHA256);
}

/* Dot-separated identifiers of letters, digits and "-"; `numbers`: a number has no leading zero. */
static bool identifiers(struct str list, bool numbers) {
    struct str one;
    bool more = true;
    while (more) {
        more = str_cut(list, '.', &one, &list);
        bool number = true;
        for (size_t k = 0; k < one.n; k++) {
            char c = one.p[k];
            number &= c >= '0' && c <= '9';
            if (!is_lower_or_digit((char)(c | 0x20)) && c != '-')
                return false;
        }
        if (one.n == 0 || (numbers && number && one.n > 1 && one.p[0] == '0'))
            return false;
    }
    return true;
}

/* 1.2.3-rc.1+build.5 (semver.org, 2.0.0) */
static bool is_version(struct str s) {
    struct str core, pre, build, part;
    bool has_build = str_cut(s, '+', &s, &build), has_pre = str_cut(s, '-', &core, &pre);
    size_t parts = 0;
    while (str_next(&core, '.', &part)) {
        uint64_t n;
        if (!str_to_u64(part, 10, UINT64_MAX, &n) || (part.n > 1 && part.p[0] == '0'))
            return false;
        parts++;
    }
    return parts == 3 && (!has_pre || identifiers(pre, true)) && (!has_build || identifiers(build, false));
}

static bool is_email(struct str s) {
    struct str local, domain;
    if (!str_cut(s, '@', &local, &domain) || local.n == 0 || domain.n == 0 || str_index(domain, '@') >= 0)
        return false;
    for (size_t k = 0; k < s.n; k++)
        if ((unsigned char)s.p[k] <= ' ' || strchr("<>()[],;:\\\"", s.p[k]))
            return false;
    ptrdiff_t dot = str_rindex(domain, '.');
    return dot > 0 && (size_t)dot + 1 < domain.n;
}

static const struct label_rule *schema_of(const struct check *c, struct str key) {
    const struct check_policy *p = &c->options->policy;
    for (size_t k = 0; k < p->n_labels; k++)
        if (str_eq(p->labels[k].key, key))
            return &p->labels[k];
    return NULL;
}

/* Goes through the labels of the instruction that the schema has with this kind. */
static void judge(struct check *c, const struct rule *r, const struct df_instruction *i, enum label_kind kind, bool (*is)(struct str s),
                  const char *what) {
    for (size_t k = 0; i->op == DF_LABEL && k < i->n_pairs; k++) {
        const struct label_rule *rule = schema_of(c, lint_unquoted(i->pairs[k].key));
        struct str value = lint_unquoted(i->pairs[k].value);
        if (rule && rule->kind == kind && value.n && str_index(value, '$') < 0 && !is(value))
            check_note(c, r, c->step, value, NULL, "label %.*s is %s", STR_ARG(rule->key), what);
    }
}

#define LABEL_RULE(name, kind, is, what)                                                                                                   \
    static void name(struct check *c, const struct rule *r, const struct df_instruction *i) {                                              \
        judge(c, r, i, kind, is, what);                                                                                                    \
    }
LABEL_RULE(label_url, LABEL_URL, word_is_url, "no URL")
LABEL_RULE(label_time, LABEL_TIME, is_time, "no time by RFC 3339")
LABEL_RULE(label_license, LABEL_LICENSE, spdx_is_expression, "no SPDX license expression")
LABEL_RULE(label_git_hash, LABEL_GIT_HASH, is_git_hash, "no git commit")
LABEL_RULE(label_version, LABEL_VERSION, is_version, "no semantic version")
LABEL_RULE(label_email, LABEL_EMAIL, is_email, "no mail address")

static void label_empty(struct check *c, const struct rule *r, const struct df_instruction *i) {
    for (size_t k = 0; i->op == DF_LABEL && k < i->n_pairs; k++) {
        struct str key = lint_unquoted(i->pairs[k].key);
        if (schema_of(c, key) && lint_unquoted(i->pairs[k].value).n == 0)
            check_note(c, r, c->step, i->pairs[k].key, NULL, "label %.*s is empty", STR_ARG(key));
    }
}

static void label_unknown(struct check *c, const struct rule *r, const struct df_instruction *i) {
    for (size_t k = 0; i->op == DF_LABEL && c->options->policy.strict_labels && k < i->n_pairs; k++) {
        struct str key = lint_unquoted(i->pairs[k].key);
        if (!schema_of(c, key))
            check_note(c, r, c->step, key, NULL, "label %.*s is none of those that are allowed", STR_ARG(key));
    }
}

/* --- What is missing ---------------------------------------------------------------------------------------------------------------- */

static bool has_label(const struct lint *l, size_t stage, struct str key) {
    for (size_t k = l->stages[stage].first; k < l->stages[stage].end; k++)
        for (size_t j = 0; l->steps[k].i->op == DF_LABEL && j < l->steps[k].i->n_pairs; j++)
            if (str_eq(lint_unquoted(l->steps[k].i->pairs[j].key), key))
                return true;
    return false;
}

/* A stage has the labels of the one it stands on; of one that only others use nobody sees them. */
static void label_missing(struct check *c, const struct rule *r, const struct df_instruction *none) {
    const struct lint *l = &c->lint;
    (void)none;
    for (size_t n = 0; n < c->options->policy.n_labels; n++) {
        struct str key = c->options->policy.labels[n].key;
        bool *has = arena_array(c->arena, bool, l->n_stages + 1);
        for (size_t k = 0; k < l->n_stages; k++) {
            ptrdiff_t base = l->stages[k].base;
            has[k] = has_label(l, k, key) || (base != NO_STAGE && has[base]);
            if (l->stages[k].from && !has[k] && !l->stages[k].used)
                check_note(c, r, &l->steps[l->stages[k].first], STR_NULL, NULL, "label %.*s is missing", STR_ARG(key));
        }
    }
}

const struct rule rules_label[] = {
    {.id = "LabelKey",
     .reads = READS_TEXT,
     .severity = SEVERITY_STYLE,
     .also = "DL3048",
     .why = "Tools agree on labels by such keys alone.",
     .fix = "Write lower-case letters, digits, . and -, beginning with a domain of your own.",
     .url = "",
     .run = label_key},
    {.id = "LabelMissing",
     .reads = READS_FILE,
     .severity = SEVERITY_INFO,
     .also = "DL3049",
     .why = "Your schema asks for this label.",
     .fix = "Add it.",
     .url = "",
     .run = label_missing},
    {.id = "LabelUnknown",
     .reads = READS_TEXT,
     .severity = SEVERITY_INFO,
     .also = "DL3050",
     .why = "Your schema does not know this label.",
     .fix = "Remove it, or add it to the schema.",
     .url = "",
     .run = label_unknown},
    {.id = "LabelEmpty",
     .reads = READS_TEXT,
     .severity = SEVERITY_WARNING,
     .also = "DL3051",
     .why = "An empty label tells nothing.",
     .fix = "Give it a value.",
     .url = "",
     .run = label_empty},
    {.id = "LabelUrl",
     .reads = READS_TEXT,
     .severity = SEVERITY_WARNING,
     .also = "DL3052",
     .why = "Your schema says that the label is a URL.",
     .fix = "Write a whole URL.",
     .url = "",
     .run = label_url},
    {.id = "LabelTime",
     .reads = READS_TEXT,
     .severity = SEVERITY_WARNING,
     .also = "DL3053",
     .why = "Your schema says that the label is a time.",
     .fix = "Write 2026-01-31T12:00:00Z.",
     .url = "",
     .run = label_time},
    {.id = "LabelLicense",
     .reads = READS_TEXT,
     .severity = SEVERITY_WARNING,
     .also = "DL3054",
     .why = "Your schema says that the label is a license.",
     .fix = "Write an SPDX identifier, as Apache-2.0.",
     .url = "",
     .run = label_license},
    {.id = "LabelGitHash",
     .reads = READS_TEXT,
     .severity = SEVERITY_WARNING,
     .also = "DL3055",
     .why = "Your schema says that the label is a commit.",
     .fix = "Write what git rev-parse prints.",
     .url = "",
     .run = label_git_hash},
    {.id = "LabelVersion",
     .reads = READS_TEXT,
     .severity = SEVERITY_WARNING,
     .also = "DL3056",
     .why = "Your schema says that the label is a version.",
     .fix = "Write 1.2.3.",
     .url = "",
     .run = label_version},
    {.id = "LabelEmail",
     .reads = READS_TEXT,
     .severity = SEVERITY_WARNING,
     .also = "DL3058",
     .why = "Your schema says that the label is a mail address.",
     .fix = "Write name@example.com.",
     .url = "",
     .run = label_email},
    {0},
};
