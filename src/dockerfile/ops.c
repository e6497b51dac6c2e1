/* SPDX-License-Identifier: Apache-2.0
 * The tables of instructions and flags of Dockerfile frontend 1.26, and suggestions by edit distance. */
#include "dockerfile/ops.h"

#include "base/near.h"
#include "base/utf8.h"
#include "dockerfile/dockerfile.h"
#include "dockerfile/text.h"

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

/* What nobody sees: blanks that end no keyword, as they come from web pages, and a byte order mark. 0: there is none. */
static uint32_t unseen(struct str s) {
    for (size_t i = 0; i < s.n;) {
        bool blank = blank_at(s, i) > 0;
        uint32_t rune = utf8_next(s, &i);
        if (blank || rune == 0xfeff || (rune >= 0x200b && rune <= 0x200f))
            return rune;
    }
    return 0;
}

const char *op_suggestion(struct arena *a, struct str keyword) {
    uint32_t rune = unseen(keyword);
    if (rune)
        return arena_printf(a, " (it holds U+%04X, which is no space)", rune).p;
    struct near n = {keyword, .fold_case = true};
    for (size_t i = 0; i < DF_OPS; i++)
        near_try(&n, str_z(op_rules[i].name));
    return n.name.n ? arena_printf(a, " (did you mean %.*s?)", STR_ARG(n.name)).p : "";
}

const char *flag_suggestion(struct arena *a, enum df_op op, struct str name) {
    struct near n = {name, .fold_case = true};
    for (const struct flag_rule *f = op_rules[op].flags; f->name; f++)
        near_try(&n, str_z(f->name));
    return n.name.n ? arena_printf(a, " (did you mean --%.*s?)", STR_ARG(n.name)).p : "";
}
