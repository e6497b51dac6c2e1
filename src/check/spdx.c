/* SPDX-License-Identifier: Apache-2.0
 * License expressions: operands and operators in turn, parentheses counted. See licenses.h. */
#include "check/licenses.h"
#include "check/words.h"

static bool is_idstring(struct str s) {
    for (size_t k = 0; k < s.n; k++) {
        char c = s.p[k];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        if (!letter && !(c >= '0' && c <= '9') && c != '-' && c != '.')
            return false;
    }
    return s.n > 0;
}

/* "MIT", "GPL-2.0+", "LicenseRef-own", "DocumentRef-x:LicenseRef-y" */
static bool is_license(struct str word) {
    struct str document, reference;
    if (word_starts_in("DocumentRef-", word) && str_cut(word, ':', &document, &reference) && is_idstring(document))
        word = reference;
    if (str_starts(word, S("LicenseRef-")))
        return is_idstring(str_from(word, strlen("LicenseRef-")));
    if (str_ends(word, S("+")))
        word.n--;
    return word_in_nocase(spdx_licenses, word);
}

/* The next of "(", ")" and words. */
static bool next_token(struct str *rest, struct str *token) {
    *rest = str_trim_left(*rest);
    size_t n = 0;
    while (n < rest->n && rest->p[n] != ' ' && rest->p[n] != '\t' && rest->p[n] != '(' && rest->p[n] != ')')
        n++;
    n += n == 0 && rest->n;
    *token = str_first(*rest, n);
    *rest = str_from(*rest, n);
    return n > 0;
}

bool spdx_is_expression(struct str text) {
    struct str token;
    size_t open = 0;
    bool operand = true, exception = false; /* what is due: a license, the name of an exception */
    while (next_token(&text, &token)) {
        if (exception) {
            if (!word_in_nocase(spdx_exceptions, token) && !str_starts(token, S("AdditionRef-")))
                return false;
            exception = false;
        } else if (operand && str_eqz(token, "(")) {
            open++;
        } else if (operand) {
            if (!is_license(token))
                return false;
            operand = false;
        } else if (str_eqz(token, ")") && open) {
            open--;
        } else if (word_in_nocase("WITH", token)) {
            exception = true;
        } else if (word_in_nocase("AND OR", token)) {
            operand = true;
        } else {
            return false;
        }
    }
    return !operand && !exception && open == 0;
}
