/* SPDX-License-Identifier: Apache-2.0
 * Words in lists, flags and operands of commands: see words.h. */
#include "check/words.h"

/* --- Lists ------------------------------------------------------------------------------------------------------------------------ */

bool word_in(const char *list, struct str word) {
    struct str rest = str_z(list), one;
    while (word.n && str_next(&rest, ' ', &one))
        if (str_eq(one, word))
            return true;
    return false;
}

bool word_in_nocase(const char *list, struct str word) {
    struct str rest = str_z(list), one;
    while (word.n && str_next(&rest, ' ', &one))
        if (str_eq_nocase(one, word))
            return true;
    return false;
}

bool word_ends_in(const char *suffixes, struct str word) {
    struct str rest = str_z(suffixes), one;
    while (str_next(&rest, ' ', &one))
        if (str_ends(word, one))
            return true;
    return false;
}

bool word_ends_in_nocase(const char *suffixes, struct str word) {
    struct str rest = str_z(suffixes), one;
    while (str_next(&rest, ' ', &one))
        if (word.n >= one.n && str_eq_nocase(str_from(word, word.n - one.n), one))
            return true;
    return false;
}

bool word_starts_in(const char *prefixes, struct str word) {
    struct str rest = str_z(prefixes), one;
    while (str_next(&rest, ' ', &one))
        if (str_starts(word, one))
            return true;
    return false;
}

bool word_has(struct str word, const char *part) {
    return str_find(word, str_z(part)) >= 0;
}

bool word_is_root(struct str user) {
    struct str name, group;
    uint64_t id;
    (void)str_cut(user, ':', &name, &group);
    return str_eqz(name, "root") || (str_to_u64(name, 10, UINT32_MAX, &id) && id == 0);
}

bool word_is_url(struct str word) {
    struct str scheme, rest;
    if (!str_cut(word, ':', &scheme, &rest) || scheme.n == 0 || !str_starts(rest, S("//")) || rest.n < 3)
        return false;
    for (size_t k = 0; k < word.n; k++)
        if ((unsigned char)word.p[k] <= ' ' || strchr("<>\"{}|\\^`", word.p[k]))
            return false;
    return true;
}

bool word_is_download(struct str word) {
    return word_starts_in("http:// https:// ftp://", word);
}

/* --- Commands --------------------------------------------------------------------------------------------------------------------- */

bool command_is(const struct shell_command *c, const char *programs) {
    return c->n_words && word_in(programs, path_base(c->words[0].text));
}

bool command_has(const struct shell_command *c, const char *arguments) {
    for (size_t k = 1; k < c->n_words; k++)
        if (word_in(arguments, c->words[k].text))
            return true;
    return false;
}

/* --name or --name=value: the name. */
static struct str long_flag(struct str word) {
    struct str name, value;
    if (!str_starts(word, S("--")))
        return STR_NULL;
    (void)str_cut(str_from(word, 2), '=', &name, &value);
    return name;
}

static bool is_short(struct str word) {
    return word.n > 1 && word.p[0] == '-' && word.p[1] != '-';
}

/* How many of the flags are in one word. */
static size_t flags_in(struct str word, const char *flags) {
    size_t n = 0;
    if (!is_short(word))
        return word_in(flags, long_flag(word));
    for (size_t k = 1; k < word.n; k++)
        n += word_in(flags, str_n(word.p + k, 1));
    return n;
}

size_t command_flags(const struct shell_command *c, const char *flags) {
    size_t n = 0;
    for (size_t k = 1; k < c->n_words && !str_eqz(c->words[k].text, "--"); k++)
        n += flags_in(c->words[k].text, flags);
    return n;
}

bool command_flag(const struct shell_command *c, const char *flags) {
    return command_flags(c, flags) > 0;
}

struct str command_value(const struct shell_command *c, const char *flags) {
    for (size_t k = 1; k < c->n_words && !str_eqz(c->words[k].text, "--"); k++) {
        struct str word = c->words[k].text, name, value;
        struct str next = k + 1 < c->n_words ? c->words[k + 1].text : STR_NULL;
        if (word_in(flags, long_flag(word)))
            return str_cut(word, '=', &name, &value) ? value : next;
        for (size_t i = 1; is_short(word) && i < word.n; i++)
            if (word_in(flags, str_n(word.p + i, 1)))
                return i + 1 < word.n ? str_from(word, i + 1) : next;
    }
    return STR_NULL;
}

const struct shell_word *operand_next(struct operands *o) {
    const struct shell_command *c = o->command;
    if (o->at == 0)
        o->at = 1;
    while (o->at < c->n_words) {
        const struct shell_word *w = &c->words[o->at++];
        bool dashes = str_eqz(w->text, "--");
        if (dashes && o->until_dashes)
            o->at = c->n_words;
        else if (dashes && !o->plain)
            o->plain = true;
        else if (o->plain || w->text.n < 2 || w->text.p[0] != '-')
            return w;
        else if (flags_in(w->text, o->valued) && str_index(w->text, '=') < 0)
            o->at++;
    }
    return NULL;
}
