/* SPDX-License-Identifier: Apache-2.0
 * The tables of instructions and flags of Dockerfile frontend 1.26, and suggestions by edit distance. */
#include "dockerfile/ops.h"

#include "dockerfile/dockerfile.h"

const struct op_rule op_rules[DF_OPS] = {
    [DF_ADD] = {"ADD", {{"chown", FLAG_TEXT}, {"chmod", FLAG_TEXT}, {"link", FLAG_BOOL}, {"keep-git-dir", FLAG_BOOL},
                        {"checksum", FLAG_TEXT}, {"unpack", FLAG_BOOL}, {"exclude", FLAG_LIST}}},
    [DF_ARG] = {"ARG", {{0}}},
    [DF_CMD] = {"CMD", {{0}}},
    [DF_COPY] = {"COPY", {{"chown", FLAG_TEXT}, {"from", FLAG_TEXT}, {"chmod", FLAG_TEXT}, {"link", FLAG_BOOL},
                          {"exclude", FLAG_LIST}, {"parents", FLAG_BOOL}}},
    [DF_ENTRYPOINT] = {"ENTRYPOINT", {{0}}},
    [DF_ENV] = {"ENV", {{0}}},
    [DF_EXPOSE] = {"EXPOSE", {{0}}},
    [DF_FROM] = {"FROM", {{"platform", FLAG_TEXT}}},
    [DF_HEALTHCHECK] = {"HEALTHCHECK", {{"interval", FLAG_TEXT}, {"timeout", FLAG_TEXT}, {"start-period", FLAG_TEXT},
                                        {"start-interval", FLAG_TEXT}, {"retries", FLAG_TEXT}}},
    [DF_LABEL] = {"LABEL", {{0}}},
    [DF_MAINTAINER] = {"MAINTAINER", {{0}}},
    [DF_ONBUILD] = {"ONBUILD", {{0}}},
    [DF_RUN] = {"RUN", {{"mount", FLAG_LIST}, {"network", FLAG_TEXT}, {"security", FLAG_TEXT}, {"device", FLAG_LIST}}},
    [DF_SHELL] = {"SHELL", {{0}}},
    [DF_STOPSIGNAL] = {"STOPSIGNAL", {{0}}},
    [DF_USER] = {"USER", {{0}}},
    [DF_VOLUME] = {"VOLUME", {{0}}},
    [DF_WORKDIR] = {"WORKDIR", {{0}}},
};

const char *df_op_name(enum df_op op) {
    return op_rules[op].name;
}

bool op_find(struct str keyword, enum df_op *op) {
    for (size_t i = 0; i < DF_OPS; i++)
        if (str_eq_nocase(keyword, str_z(op_rules[i].name))) {
            *op = (enum df_op)i;
            return true;
        }
    return false;
}

enum { NEAR = 2, NAME_MAX_BYTES = 24 }; /* edits that still suggest a name; longer words than this are nobody's misspelling */

static char upper(char c) {
    return c >= 'a' && c <= 'z' ? (char)(c - 32) : c;
}

static unsigned least(unsigned a, unsigned b, unsigned c) {
    unsigned m = a < b ? a : b;
    return m < c ? m : c;
}

/* Levenshtein's distance without regard to case; both at most NAME_MAX_BYTES long. */
static unsigned distance(struct str a, struct str b) {
    unsigned row[NAME_MAX_BYTES + 1];
    for (unsigned j = 0; j <= b.n; j++)
        row[j] = j;
    for (unsigned i = 1; i <= a.n; i++) {
        unsigned diagonal = row[0];
        row[0] = i;
        for (unsigned j = 1; j <= b.n; j++) {
            unsigned change = diagonal + (upper(a.p[i - 1]) != upper(b.p[j - 1]));
            diagonal = row[j];
            row[j] = least(row[j] + 1, row[j - 1] + 1, change);
        }
    }
    return row[b.n];
}

/* Keeps `name` as the best candidate if it is nearer than the one before. */
static void consider(struct str word, const char *name, unsigned *best, const char **nearest) {
    unsigned d = word.n <= NAME_MAX_BYTES ? distance(word, str_z(name)) : NEAR + 1;
    if (d < *best) {
        *best = d;
        *nearest = name;
    }
}

const char *op_suggestion(struct arena *a, struct str keyword) {
    const char *nearest = NULL;
    unsigned best = NEAR + 1;
    for (size_t i = 0; i < DF_OPS; i++)
        consider(keyword, op_rules[i].name, &best, &nearest);
    return nearest ? arena_printf(a, " (did you mean %s?)", nearest).p : "";
}

const char *flag_suggestion(struct arena *a, enum df_op op, struct str name) {
    const char *nearest = NULL;
    unsigned best = NEAR + 1;
    for (const struct flag_rule *f = op_rules[op].flags; f->name; f++)
        consider(name, f->name, &best, &nearest);
    return nearest ? arena_printf(a, " (did you mean --%s?)", nearest).p : "";
}
