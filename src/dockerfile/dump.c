/* SPDX-License-Identifier: Apache-2.0
 * S-expressions: see dump.h. Texts are quoted as Go's strconv.Quote does it. */
#include "dockerfile/dump.h"

#include "dockerfile/text.h"

static void quote_ascii(unsigned char c, struct buf *out) {
    static const char named[] = "\a\b\t\n\v\f\r";
    if (c == '"' || c == '\\')
        buf_printf(out, "\\%c", c);
    else if (one_of(c, named))
        buf_printf(out, "\\%c", "abtnvfr"[c - '\a']);
    else if (c < ' ' || c == 0x7f)
        buf_printf(out, "\\x%02x", c);
    else
        buf_add_char(out, (char)c);
}

static void quote(struct str s, struct buf *out) {
    buf_add_char(out, '"');
    for (size_t i = 0; i < s.n;) {
        size_t from = i;
        uint32_t rune = utf8_next(s, &i);
        if (rune < 0x80)
            quote_ascii((unsigned char)rune, out);
        else if (rune >= UTF8_BAD)
            buf_printf(out, "\\x%02x", rune - UTF8_BAD);
        else
            buf_add(out, s.p + from, i - from);
    }
    buf_add_char(out, '"');
}

static void quoted_word(struct str s, struct buf *out) {
    buf_add_char(out, ' ');
    quote(s, out);
}

static void dump_flags(const struct df_instruction *in, struct buf *out) {
    for (size_t i = 0; i < in->n_flags; i++) {
        const struct df_flag *f = &in->flags[i];
        struct buf text = BUF_INIT(f->name.n + f->value.n + 4);
        buf_add_str(&text, S("--"));
        buf_add_str(&text, f->name);
        buf_add_str(&text, f->has_value ? S("=") : S(""));
        buf_add_str(&text, f->value);
        buf_add_str(out, i ? S(" ") : S(" ["));
        quote(buf_str(&text), out);
        buf_fini(&text);
    }
    if (in->n_flags)
        buf_add_char(out, ']');
}

/* ENV, LABEL: key, value and the sign between them; ARG: the word. */
static void dump_pair(const struct df_instruction *in, const struct df_pair *pair, struct buf *out) {
    if (in->op == DF_ARG) {
        struct str word = pair->has_value ? str_n(pair->key.p, pair->key.n + 1 + pair->value.n) : pair->key;
        quoted_word(word, out); /* key and value stand side by side in the source */
        return;
    }
    quoted_word(pair->key, out);
    quoted_word(pair->value, out);
    quoted_word(in->legacy_pair ? S("") : S("="), out);
}

static void dump_heredoc(const struct df_heredoc *h, struct buf *out) {
    buf_printf(out, " (heredoc %u%s%s", h->fd, h->expand ? " expand" : "", h->strip_tabs ? " strip" : "");
    quoted_word(h->name, out);
    quoted_word(h->body, out);
    buf_add_char(out, ')');
}

static void dump_instruction(const struct df_instruction *in, struct buf *out) {
    buf_add_char(out, '(');
    for (const char *c = df_op_name(in->op); *c; c++)
        buf_add_char(out, (char)(*c + ('a' - 'A')));
    dump_flags(in, out);
    for (size_t i = 0; i < in->n_args; i++)
        quoted_word(in->args[i], out);
    for (size_t i = 0; i < in->n_pairs; i++)
        dump_pair(in, &in->pairs[i], out);
    for (size_t i = 0; i < in->n_heredocs; i++)
        dump_heredoc(&in->heredocs[i], out);
    if (in->trigger) {
        buf_add_char(out, ' ');
        dump_instruction(in->trigger, out); /* a trigger has none itself */
    }
    buf_add_char(out, ')');
}

void dockerfile_dump(const struct dockerfile *df, struct buf *out) {
    for (size_t i = 0; i < df->n_instructions; i++) {
        dump_instruction(&df->instructions[i], out);
        buf_add_char(out, '\n');
    }
}
