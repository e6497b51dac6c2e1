/* SPDX-License-Identifier: Apache-2.0
 * The splitter of shell texts: what is a command, what its words are, how commands are joined, what ends the list; and that hostile texts
 * cost no more than their length. */
#include "base/buf.h"
#include "base/limits.h"
#include "base/mem.h"
#include "check/shell.h"
#include "tap.h"

static const char joints[] = {[SHELL_EDGE] = '-', [SHELL_SEQUENCE] = ';', [SHELL_AND] = '&', [SHELL_OR] = 'o', [SHELL_PIPE] = '|',
                              [SHELL_BACKGROUND] = 'b'};

/* "[&1]A=b word|word >file" for each command: what is in front, its depth, "$" for each substitution around it. */
static struct str show(struct arena *a, const struct shell *s) {
    struct buf b = BUF_INIT(1 << 20);
    for (size_t k = 0; k < s->n; k++) {
        const struct shell_command *c = &s->commands[k];
        buf_printf(&b, "%s[%c%u", k ? " " : "", joints[c->before], c->depth);
        for (unsigned n = 0; n < c->nested; n++)
            buf_add_char(&b, '$');
        buf_add_char(&b, ']');
        for (size_t i = 0; i < c->n_assigns; i++)
            buf_printf(&b, "%.*s ", STR_ARG(c->assigns[i].text));
        for (size_t i = 0; i < c->n_words; i++)
            buf_printf(&b, "%s%.*s", i ? "|" : "", STR_ARG(c->words[i].text));
        for (size_t i = 0; i < c->n_redirects; i++) {
            const struct shell_redirect *r = &c->redirects[i];
            buf_printf(&b, " %.*s%.*s%.*s", STR_ARG(r->fd), STR_ARG(r->op), STR_ARG(r->target.text));
            if (r->body)
                buf_printf(&b, "(%.*s)", STR_ARG(*r->body));
        }
    }
    if (s->broken)
        buf_printf(&b, " !%zu", s->broken_at);
    struct str text = arena_str(a, buf_str(&b));
    buf_fini(&b);
    return text;
}

static const struct {
    const char *text, *want;
} rows[] = {
    {"", ""},
    {" \t\n# nothing\n", ""},
    {"a b  c", "[-0]a|b|c"},
    {"a&&b||c;d|e&f", "[-0]a [&0]b [o0]c [;0]d [|0]e [b0]f"},
    {"a &&\n b\nc", "[-0]a [&0]b [;0]c"},
    {"a \\\n b", "[-0]a|b"},
    {"a\\\nb", "[-0]ab"},
    {"a |& b", "[-0]a [|0]b"},
    {"echo a#b # c; d\ne", "[-0]echo|a#b [;0]e"},
    /* quotes */
    {"'a b' \"c d\" e\\ f", "[-0]a b|c d|e f"},
    {"a'b'\"c\"d", "[-0]abcd"},
    {"\"a\\\"b\\c\\\\\" '\\'", "[-0]a\"b\\c\\|\\"},
    {"$'a\\'b' c", "[-0]a\\'b|c"},
    {"echo \"apt-get update\" 'x; y'", "[-0]echo|apt-get update|x; y"},
    {"'' \"\"", "[-0]|"},
    {"a\\", "[-0]a\\"},
    {"echo 'open", " !5"},
    {"ok && echo \"open", "[-0]ok !11"},
    /* expansions */
    {"a $x ${y:-z w} $1 $@ $", "[-0]a|$x|${y:-z w}|$1|$@|$"},
    {"a $(b c) d", "[-0]a|$(b c)|d [-0$]b|c"},
    {"a \"$(b \"c d\" | e)\" f", "[-0]a|$(b \"c d\" | e)|f [-0$]b|c d [|0$]e"},
    {"a `b \\`c\\`` d", "[-0]a|`b \\`c\\``|d [-0$]b|`c`"},
    {"a $(b $(c) `d`)", "[-0]a|$(b $(c) `d`) [-0$]b|$(c)|`d` [-0$$]c [-0$$]d"},
    {"a $((1 + 2)) $((1 + $(b)))", "[-0]a|$((1 + 2))|$((1 + $(b))) [-0$]b"},
    {"a ${x:-$(b)} ${y:-`c`}", "[-0]a|${x:-$(b)}|${y:-`c`} [-0$]b [-0$]c"},
    {"a $( (b) )", "[-0]a|$( (b) ) [-1$]b"},
    {"a $(echo ')' \")\" # )\n b) c", "[-0]a|$(echo ')' \")\" # )\n b)|c [-0$]echo|)|) [;0$]b"},
    {"a <(b) >(c)", "[-0]a|<(b)|>(c) [-0$]b [-0$]c"},
    {"x=(a b) y", "[-0]x=(a b) y"},
    {"a $(b", " !3"},
    {"a ${b", " !3"},
    {"a `b", " !2"},
    /* assignments */
    {"A=b C='d e' f G=h", "[-0]A=b C=d e f|G=h"},
    {"A=$(b)", "[-0]A=$(b)  [-0$]b"},
    {"A+=b 1A=c", "[-0]A+=b 1A=c"},
    /* redirections */
    {"a >b 2>&1 <c >>d", "[-0]a >b 2>&1 <c >>d"},
    {"a 2 >b", "[-0]a|2 >b"},
    {">a", "[-0] >a"},
    {"a &>b; c &>>d", "[-0]a &>b [;0]c &>>d"},
    {"a <<<b", "[-0]a <<<b"},
    {"a >", " !2"},
    /* here-documents */
    {"cat <<E >f\nx $(y)\nE\nz", "[-0]cat <<E(x $(y)\n) >f [-0$]y [;0]z"},
    {"cat <<'E'\n$(y)\nE\nz", "[-0]cat <<E($(y)\n) [;0]z"},
    {"cat <<-E\n\tx\n\tE\nz", "[-0]cat <<-E(\tx\n) [;0]z"},
    {"a <<A && b <<B\n1\nA\n2\nB\nc", "[-0]a <<A(1\n) [&0]b <<B(2\n) [;0]c"},
    {"cat <<E\nno end", "[-0]cat <<E(no end)"},
    {"cat <<E", "[-0]cat <<E()"},
    /* blocks */
    {"(a; b) && c", "[-1]a [;1]b [&0]c"},
    {"{ a; b; } | c", "[-1]a [;1]b [|0]c"},
    {"if a; then b; elif c; then d; else e; fi; f", "[-1]a [;1]b [;1]c [;1]d [;1]e [;0]f"},
    {"while a; do b; done <x", "[-1]a [;1]b [;0] <x"},
    {"for i in a b; do c $i; done", "[;1]c|$i"},
    {"for i in $(a)\ndo b\ndone", "[-0$]a [;1]b"},
    {"for i do a; done", "[;1]a"},
    {"for ((i=0;i<3;i++)); do a; done", "[;1]a"},
    {"case $x in a|b) c ;; (d) e;f;; *) esac; g", "[;1]c [;1]e [;1]f [;0]g"},
    {"case x\nin\n# why\na) b\nesac", "[;1]b"},
    {"f() { a; }; f", "[-1]a [;0]f"},
    {"function f { a; }; f", "[-1]a [;0]f"},
    {"! a && time b", "[-0]a [&0]b"},
    {"[[ a && ( b || c ) ]] && d", "[-0][[|a|&|&|(|b|||||c|)|]] [&0]d"},
    {"((i++)); a", "[;0]a"},
    {"echo if then fi", "[-0]echo|if|then|fi"},
    {"a )", "[-0]a !2"},
    {"a; fi", "[-0]a !5"},
    {"a b (c)", " !4"},
    {"a ;; b", "[-0]a !3"},
    {"set -eux; apt-get update && apt-get install -y x", "[-0]set|-eux [;0]apt-get|update [&0]apt-get|install|-y|x"},
};

static void texts(void) {
    for (size_t k = 0; k < sizeof rows / sizeof rows[0]; k++) {
        struct arena a = ARENA_INIT;
        struct shell s;
        uint64_t work = LIMIT_FILE_WORK;
        shell_split(&a, str_z(rows[k].text), &work, &s);
        is_str(show(&a, &s), str_z(rows[k].want), arena_printf(&a, "row %zu", k).p);
        arena_fini(&a);
    }
}

static void flags(void) {
    struct arena a = ARENA_INIT;
    struct shell s;
    uint64_t work = LIMIT_FILE_WORK;
    struct str text = S("cmd 'a' $b \"$c\" '$d' *.x \\$e \"`f`\"; last");
    static const char *const want = "q. .e qe q. ..g q. qe ";
    struct buf b = BUF_INIT(1000);
    shell_split(&a, text, &work, &s);
    for (size_t k = 1; k < s.commands[0].n_words; k++) {
        const struct shell_word *w = &s.commands[0].words[k];
        buf_printf(&b, "%c%c%s ", w->quoted ? 'q' : '.', w->expands ? 'e' : '.', w->globs ? "g" : "");
    }
    is_str(buf_str(&b), str_z(want), "quoted, expands, globs");
    is_str(s.commands[0].text, S("cmd 'a' $b \"$c\" '$d' *.x \\$e \"`f`\""), "a command's text");
    ok(s.commands[0].words[1].raw.p == text.p + 4, "words point into the text");
    ok(s.commands[0].behind == SHELL_SEQUENCE && s.commands[s.n - 1].behind == SHELL_EDGE, "what is behind");
    buf_fini(&b);
    arena_fini(&a);
}

static struct str repeated(struct arena *a, const char *piece, size_t n) {
    size_t length = strlen(piece);
    char *p = arena_alloc(a, n, length + 1);
    for (size_t k = 0; k < n; k++)
        memcpy(p + k * length, piece, length);
    return str_n(p, n * length);
}

static void limits(void) {
    static const struct {
        const char *piece;
        const char *why;
    } hostile[] = {
        {"( ", "blocks nested too deep"},
        {"{ ", "blocks nested too deep"},
        {"if ", "blocks nested too deep"},
        {"a=${x:-", "quotes and parentheses nested too deep"},
        {"$(", "quotes and parentheses nested too deep"},
        {"$((", "quotes and parentheses nested too deep"},
        {"a;", "too much text"},
        {"a ", NULL},
        {"<<E ", NULL},
        {"`", "too much text"},
        {"'", NULL},
        {"\\\n", NULL},
    };
    for (size_t k = 0; k < sizeof hostile / sizeof hostile[0]; k++) {
        struct arena a = ARENA_INIT;
        struct shell s;
        uint64_t work = LIMIT_FILE_WORK;
        shell_split(&a, repeated(&a, hostile[k].piece, 300000), &work, &s);
        is_str(str_z(s.broken), str_z(hostile[k].why), arena_printf(&a, "many \"%s\"", hostile[k].piece).p);
        arena_fini(&a);
    }
    struct arena a = ARENA_INIT;
    struct shell s;
    uint64_t work = LIMIT_FILE_WORK;
    struct str deep = S("$(a $(a $(a $(a $(a $(a $(a $(a $(a $(a $(a $(a $(a $(a $(a $(a $(a ))))))))))))))))) b");
    shell_split(&a, deep, &work, &s);
    is_str(str_z(s.broken), S("substitutions too deep"), "substitutions in substitutions");
    struct str sums = arena_join3(&a, S("<<E\necho $((\n"), repeated(&a, " #$((\n", 100000), S("))\nE\n"));
    work = LIMIT_FILE_WORK;
    shell_split(&a, sums, &work, &s);
    is_str(str_z(s.broken), S("something is not closed"), "arithmetic in arithmetic, behind comments");
    work = LIMIT_FILE_WORK;
    shell_split(&a, arena_join3(&a, S("<<E\n"), repeated(&a, "$(", 60), repeated(&a, " #", 500000)), &work, &s);
    is_str(str_z(s.broken), S("something is not closed"), "what is not closed in a here-document");
    work = LIMIT_FILE_WORK;
    shell_split(&a, S("a $((1 + $(b `c`))) $(( $((2)) + $(d) ))"), &work, &s);
    ok(!s.broken && s.n == 4 && s.commands[1].nested == 1 && s.commands[2].nested == 2 && s.commands[3].nested == 1,
       "commands in arithmetic are as deep as substitutions are");
    work = 3000;
    shell_split(&a, S("a"), &work, &s);
    is_str(str_z(s.broken), S("too much text"), "commands and words have their price");
    work = 5;
    shell_split(&a, S("a b c d"), &work, &s);
    is_str(str_z(s.broken), S("too much text"), "no work is left");
    arena_fini(&a);
}

int main(void) {
    texts();
    flags();
    limits();
    return tap_done();
}
