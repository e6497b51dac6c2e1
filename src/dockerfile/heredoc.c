/* SPDX-License-Identifier: Apache-2.0
 * Here-documents: finds "<<WORD" among the words of RUN, COPY and ADD and takes the bodies off the lines behind the instruction. The escape
 * character in such a word is always "\", whatever the file's directive says (BuildKit's rule). */
#include "dockerfile/parse.h"

#include "base/limits.h"
#include "dockerfile/lex.h"
#include "dockerfile/text.h"

static struct lex_mode mode_for(struct str text) {
    /* an escape may be written twice, so the result can be twice as long as the text */
    return (struct lex_mode){.escape = '\\', .keep_unset = true, .max_bytes = 2 * text.n + 1};
}

static size_t count_quotes(struct str s) {
    size_t n = 0;
    for (size_t i = 0; i < s.n; i++)
        n += s.p[i] == '\'' || s.p[i] == '"';
    return n;
}

/* Splits "[digits]<<[-][blanks]WORD"; false if the text is something else. */
static bool split(struct str text, struct df_heredoc *h, struct str *word) {
    size_t digits = 0;
    while (digits < text.n && text.p[digits] >= '0' && text.p[digits] <= '9')
        digits++;
    uint64_t fd = 0;
    if (digits && !str_to_u64(str_first(text, digits), 10, UINT32_MAX, &fd))
        fd = UINT32_MAX;
    struct str rest = str_from(text, digits);
    if (!str_starts(rest, S("<<")))
        return false;
    rest = str_from(rest, 2);
    *h = (struct df_heredoc){.fd = (unsigned)fd, .strip_tabs = str_starts(rest, S("-"))};
    rest = str_from(rest, h->strip_tabs);
    while (rest.n && rest.p[0] != '\v' && (is_gap(rest.p[0]) || rest.p[0] == '\n'))
        rest = str_from(rest, 1);
    *word = rest;
    return rest.n > 0 && str_index(rest, '<') < 0;
}

/* Lexes the word of a here-document to exactly one word. */
static bool one_word(struct arena *a, struct str text, bool keep_quotes, struct str *word) {
    lex_words words = {0};
    struct lex_mode mode = mode_for(text);
    mode.keep_quotes = keep_quotes;
    struct err ignored = ERR_INIT; /* what cannot be lexed is no here-document: the shell will say what it thinks of it */
    bool one = lex_run(a, text, mode, (struct df_vars){0}, NULL, NULL, &words, &ignored) && words.n == 1;
    if (one)
        *word = words.p[0];
    vec_fini(&words);
    err_clear(&ignored);
    return one;
}

bool heredoc_parse(struct arena *a, struct str text, struct df_heredoc *h) {
    struct str word, quoted;
    if (!split(text, h, &word) || !one_word(a, word, false, &h->name) || !one_word(a, word, true, &quoted))
        return false;
    h->expand = count_quotes(h->name) == count_quotes(quoted);
    return true;
}

static struct str strip_tabs(struct arena *a, struct str body) {
    char *to = arena_alloc(a, body.n + 1, 1);
    size_t n = 0;
    bool line_start = true;
    for (size_t i = 0; i < body.n; i++) {
        if (line_start && body.p[i] == '\t')
            continue;
        to[n++] = body.p[i];
        line_start = body.p[i] == '\n';
    }
    return str_n(to, n);
}

/* Tabs that "<<-" took away stand in no body, but in the file. */
struct df_pos df_heredoc_pos(const struct df_heredoc *h, size_t at) {
    struct str before = str_first(h->body, at), raw = h->raw, line = STR_NULL, passed, left;
    unsigned number = h->line;
    for (; str_next(&raw, '\n', &line) && str_cut(before, '\n', &passed, &left); before = left)
        number++;
    size_t tabs = 0;
    while (h->strip_tabs && tabs < line.n && line.p[tabs] == '\t')
        tabs++;
    return (struct df_pos){number, (unsigned)(tabs + before.n) + 1};
}

/* Reads lines up to the one that is the here-document's word. */
static bool read_body(struct parse *p, struct df_heredoc *h, struct err *e) {
    struct str body = str_n(p->lines.source.p + p->lines.at, 0), raw;
    h->line = p->lines.line + 1;
    while (lines_raw(&p->lines, &raw)) {
        struct str line = trim_newline(raw);
        while (h->strip_tabs && line.n && line.p[0] == '\t')
            line = str_from(line, 1);
        if (str_eq(line, h->name)) {
            h->raw = body;
            h->body = h->strip_tabs ? strip_tabs(p->arena, body) : body;
            return true;
        }
        body.n += raw.n;
    }
    return fail_at(p->name, h->pos, e, "unterminated heredoc: no line \"%s\" behind it", SHOWN(h->name));
}

/* Where a word of the lexer stands, which moves *rest behind it. An escape character in double quotes is written twice in such a word, so
 * that it may not be found: then nothing is looked for any more, and the instruction is the place. */
static struct df_pos word_pos(const struct parse *p, const struct df_instruction *in, struct str word, struct str *rest) {
    ptrdiff_t at = str_find(*rest, word);
    struct df_pos pos = at < 0 ? in->pos : pos_of(p, str_from(*rest, (size_t)at));
    *rest = at < 0 ? STR_NULL : str_from(*rest, (size_t)at + word.n);
    return pos;
}

bool heredocs_read(struct parse *p, struct df_instruction *in, struct err *e) {
    if (str_find(in->original, S("<<")) < 0)
        return true;
    lex_words words = {0};
    struct lex_mode mode = mode_for(in->original);
    mode.keep_quotes = mode.keep_escapes = mode.heredocs_only = true;
    struct err ignored = ERR_INIT; /* a shell text that this lexer does not understand has no here-documents for it */
    bool ok = true;
    if (lex_run(p->arena, in->original, mode, (struct df_vars){0}, NULL, NULL, &words, &ignored) && words.n) {
        struct df_heredoc *docs = arena_array(p->arena, struct df_heredoc, words.n);
        struct str rest = in->original;
        for (size_t i = 0; i < words.n && ok; i++) {
            struct df_heredoc *h = &docs[in->n_heredocs];
            struct df_pos pos = word_pos(p, in, words.p[i], &rest);
            if (heredoc_parse(p->arena, words.p[i], h)) {
                h->pos = pos;
                ok = count_words(p, 1, pos, e) && read_body(p, h, e);
                in->n_heredocs++;
            }
        }
        in->heredocs = docs;
    }
    vec_fini(&words);
    err_clear(&ignored);
    return ok;
}
