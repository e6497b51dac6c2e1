/* SPDX-License-Identifier: Apache-2.0
 * A command without what its words tell of secrets. It may have been cut or quoted in any way, so blanks part words, and a quote counts
 * only where a secret begins with it. */
#include "check/image_rules.h"

#include "base/buf.h"
#include "check/words.h"

static bool is_blank(char ch) {
    return ch == ' ' || ch == '\t' || ch == '\n' || ch == '\r';
}

static struct str next_word(struct str text) {
    size_t n = 0;
    while (n < text.n && !is_blank(text.p[n]))
        n++;
    return str_first(text, n);
}

/* "PASSWORD" of "--password", "API_TOKEN" of "'api-token:": the name in a word that stands in front of a value. */
static bool names_secret(struct str word) {
    char name[64];
    size_t n = 0;
    while (word.n && strchr("-'\"", word.p[0]))
        word = str_from(word, 1);
    while (word.n && word.p[word.n - 1] == ':')
        word = str_first(word, word.n - 1);
    for (; n < word.n && n < sizeof name; n++)
        name[n] = word.p[n] == '-' ? '_' : word.p[n];
    return is_secret_name(word.n <= sizeof name ? str_n(name, n) : word);
}

/* Behind the colon of "user:secret", or the word's end. */
static size_t behind_user(struct str word, size_t from) {
    ptrdiff_t colon = str_index(str_from(word, from), ':');
    return colon > 0 ? from + (size_t)colon + 1 : word.n;
}

/* Where a secret of a command begins in a word: behind "PASSWORD=", and "user:" of a URL's user; or the word's end. */
static size_t secret_at(struct str word, struct str last) {
    struct str name, value;
    ptrdiff_t scheme = str_find(word, S("://")), at = str_index(word, '@');
    bool follows = str_starts(last, S("--")) || str_ends(last, S(":"));
    if (word_in("Bearer Basic bearer basic", last) || (follows && str_index(last, '=') < 0 && names_secret(last)))
        return 0;
    if (word_in("-u --user", last))
        return behind_user(word, 0);
    if (scheme < 0 && (str_starts(word, S("-u")) || str_starts(word, S("--user="))))
        return behind_user(word, word.p[1] == 'u' ? 2 : strlen("--user="));
    if (scheme > 0 && at > scheme) {
        size_t secret = behind_user(word, (size_t)scheme + 3);
        if (secret <= (size_t)at)
            return secret;
    }
    return str_cut(word, '=', &name, &value) && value.n && names_secret(name) ? word.n - value.n : word.n;
}

/* How much of the text, whose beginning is a secret in that many bytes up to a blank, is the secret: what is quoted may have blanks. */
static size_t secret_end(struct str text, size_t n) {
    char quote = n ? text.p[0] : '\0';
    if (quote != '\'' && quote != '"')
        return n;
    size_t end = 1;
    while (end < text.n && text.p[end] != quote)
        end += quote == '"' && text.p[end] == '\\' && end + 1 < text.n ? 2 : 1;
    return end + 1 < n ? n : end + (end < text.n);
}

/* The word at the beginning of the text, masked; how much of the text it was. */
static size_t add_word(struct buf *out, struct str text, struct str word, struct str last) {
    size_t at = secret_at(word, last);
    buf_add_str(out, str_first(word, at));
    if (at == word.n)
        return word.n;
    size_t n = at + secret_end(str_from(text, at), word.n - at);
    ptrdiff_t host = str_find(word, S("://")) > 0 ? str_index(str_from(word, at), '@') : -1;
    buf_add_str(out, S("***"));
    buf_add_str(out, host >= 0 ? str_from(word, at + (size_t)host) : STR_NULL);
    return n;
}

struct str image_masked(struct arena *a, struct str text) {
    _cleanup_(buf_fini) struct buf out = BUF_INIT(text.n * 4 + 16);
    struct str last = STR_NULL;
    while (text.n) {
        struct str word = next_word(text);
        if (word.n) {
            text = str_from(text, add_word(&out, text, word, last));
            last = word;
            continue;
        }
        buf_add_char(&out, text.p[0]);
        text = str_from(text, 1);
    }
    return arena_str(a, buf_str(&out));
}
