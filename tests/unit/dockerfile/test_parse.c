/* SPDX-License-Identifier: Apache-2.0
 * The parser beyond BuildKit's trees: positions, flags, here-documents, forms that are unusual and legal, warnings, limits. */
#include "tap.h"

#include "base/limits.h"
#include "base/mem.h"
#include "dockerfile/dump.h"

static struct arena a = ARENA_INIT;

static struct dockerfile parse(const char *what, struct str text) {
    struct err e = ERR_INIT;
    struct dockerfile df = {0};
    bool done = dockerfile_parse(&a, text, S("Dockerfile"), &df, &e);
    no_err(&e, what);
    if (!done)
        df = (struct dockerfile){0};
    return df;
}

/* Compares the whole tree. */
static void tree(const char *what, struct str text, const char *want) {
    struct dockerfile df = parse(what, text);
    struct buf b = BUF_INIT(1 << 20);
    dockerfile_dump(&df, &b);
    is_str(buf_str(&b), str_z(want), what);
    buf_fini(&b);
}

static void test_directives(void) {
    struct dockerfile df = parse("directives", S("# Syntax = docker/dockerfile:1 \n#check=skip=all\n# escape=`\n# note\n"
                                                 "FROM a\nRUN b `\n c\\\n"));
    is_str(df.syntax, S("docker/dockerfile:1"), "syntax");
    is_str(df.check, S("skip=all"), "check");
    ok(df.escape == '`' && df.n_instructions == 2, "escape");
    is_str(df.instructions[1].original, S("RUN b  c\\"), "a backslash is an ordinary character then");
    df = parse("zone", S("# hello\n# escape=`\nFROM a\n"));
    ok(df.escape == '\\', "a comment ends their zone");
    df = parse("unknown key", S("# key=1\n# escape=`\nFROM a\n"));
    ok(df.escape == '\\', "so does a key that is none");
    df = parse("shebang", S("#!/usr/bin/env croze\n# syntax=x\nFROM a\n"));
    is_str(df.syntax, S("x"), "behind #!");
    df = parse("mark and CRLF", S("\xef\xbb\xbf# escape=`\r\nFROM a\r\nRUN b `\r\n  c\r\n"));
    is_str(df.instructions[1].original, S("RUN b   c"), "a byte order mark and Windows' line ends");
}

static void test_lines(void) {
    tree("comments and empty lines inside a continuation", S("FROM a\nRUN b \\\n# no\n\n   # no\n\tc\n"),
         "(from \"a\")\n(run \"b \\tc\")\n");
    tree("blanks behind the escape character", S("FROM a\nRUN b \\ \t\n c\n"), "(from \"a\")\n(run \"b  c\")\n");
    tree("an escaped escape character ends a line", S("FROM a\nENV b c\\\\\nENV d e\n"),
         "(from \"a\")\n(env \"b\" \"c\\\\\\\\\" \"\")\n(env \"d\" \"e\" \"\")\n");
    tree("a literal \\n before the continuation", S("FROM a\nARG m=\"x\\n\\\ny\\n\\\nz\"\n"),
         "(from \"a\")\n(arg \"m=\\\"x\\\\ny\\\\nz\\\"\")\n");
    tree("a continuation that nothing follows", S("FROM a\nRUN b \\"), "(from \"a\")\n(run \"b\")\n");
    tree("a curly quote that nothing closes", S("FROM a\nMAINTAINER \"x@y.z\xe2\x80\x9d\n"),
         "(from \"a\")\n(maintainer \"\\\"x@y.z”\")\n");
    tree("lower case", S("from a AS b\nonbuild run c\n"), "(from \"a\" \"AS\" \"b\")\n(onbuild (run \"c\"))\n");
}

static void test_forms(void) {
    tree("exec forms", S("FROM a\nCMD [ \"b\", \"c d\" ]\nENTRYPOINT []\nVOLUME [\"/v\"]\nSHELL [\"sh\",\"-c\"]\n"),
         "(from \"a\")\n(cmd \"b\" \"c d\")\n(entrypoint)\n(volume \"/v\")\n(shell \"sh\" \"-c\")\n");
    tree("a shell test is no exec form", S("FROM a\nRUN [ \"$b\" = c ] && d\n"), "(from \"a\")\n(run \"[ \\\"$b\\\" = c ] && d\")\n");
    tree("HEALTHCHECK", S("FROM a\nHEALTHCHECK --interval=1s cmd [\"x\"]\nHEALTHCHECK none\n"),
         "(from \"a\")\n(healthcheck [\"--interval=1s\"] \"CMD\" \"x\")\n(healthcheck \"NONE\")\n");
    tree("quotes in flags", S("FROM a\nCOPY --chown=\"b c\" --exclude='*.d' --link e f\n"),
         "(from \"a\")\n(copy [\"--chown=b c\" \"--exclude=*.d\" \"--link\"] \"e\" \"f\")\n");
    struct dockerfile df = parse("legacy", S("FROM a\nENV b  c  d=e\nENV f=\"g h\" i='j'k\nARG l m= n=o\n"));
    const struct df_instruction *in = df.instructions;
    ok(in[1].legacy_pair && in[1].n_pairs == 1, "ENV without =");
    is_str(in[1].pairs[0].value, S("c  d=e"), "takes the rest of the line");
    ok(!in[2].legacy_pair && in[2].n_pairs == 2, "ENV with =");
    is_str(in[2].pairs[1].value, S("'j'k"), "keeps its quotes");
    ok(in[3].n_pairs == 3 && !in[3].pairs[0].has_value && in[3].pairs[1].has_value && in[3].pairs[1].value.n == 0,
       "ARG tells no value from an empty one");
}

static void test_heredocs(void) {
    tree("here-documents of every kind",
         S("FROM a\nRUN <<EOF python3 3<<-'X y'\n$b\nEOF\n\t\tc\n\tX y\n"
           "COPY --chmod=1 <<f.txt g <<\"h\" /i/\nF\r\nf.txt\r\nH\nh\nONBUILD ADD <<j /k\nj\n"),
         "(from \"a\")\n"
         "(run \"<<EOF python3 3<<-'X y'\" (heredoc 0 expand \"EOF\" \"$b\\n\") (heredoc 3 strip \"X y\" \"c\\n\"))\n"
         "(copy [\"--chmod=1\"] \"g\" \"/i/\" (heredoc 0 expand \"f.txt\" \"F\\r\\n\") (heredoc 0 \"h\" \"H\\n\"))\n"
         "(onbuild (add \"/k\" (heredoc 0 expand \"j\" \"\")))\n");
    tree("words that look like one", S("FROM a\nRUN \"<<b\" '<<c' <<<d <e $((1<<2))\nUSER <<f\nRUN [\"<<g\"]\nRUN it's <<h\n"),
         "(from \"a\")\n(run \"\\\"<<b\\\" '<<c' <<<d <e $((1<<2))\")\n(user \"<<f\")\n(run \"<<g\")\n(run \"it's <<h\")\n");
    tree("escapes, quotes and names", S("FROM a\nRUN <<eo\\'f\nb\neo'f\nRUN <<  $E > f\nx\n$E\n"),
         "(from \"a\")\n(run \"<<eo\\\\'f\" (heredoc 0 expand \"eo'f\" \"b\\n\"))\n"
         "(run \"<<  $E > f\" (heredoc 0 expand \"$E\" \"x\\n\"))\n");
    struct dockerfile df = parse("lines", S("FROM a\nRUN <<E \\\n  x\nb\nE\n\nRUN c\n"));
    ok(df.instructions[1].pos.line == 2 && df.instructions[1].line_end == 5, "its lines belong to the instruction");
    ok(df.instructions[2].pos.line == 7, "and the next one is where it is");
}

static bool at(struct df_pos pos, unsigned line, unsigned column) {
    return pos.line == line && pos.column == column;
}

static void test_positions(void) {
    struct dockerfile df = parse("positions", S("# one\n\n# two\nFROM a\n"
                                                "  copy --from=b \\\n    --link \\\n# c\n  d e\nENV f=1 \\\n  g=2\n"));
    const struct df_instruction *in = df.instructions;
    is_str(in[0].comments, S("# one\n\n# two"), "comments stand with their instruction");
    ok(in[1].comments.n == 0 && in[1].pos.line == 5 && in[1].pos.column == 3 && in[1].line_end == 8, "keyword");
    is_str(in[1].keyword, S("copy"), "as written");
    ok(in[1].flags[0].pos.line == 5 && in[1].flags[0].pos.column == 8, "flag on the first line");
    ok(in[1].flags[1].pos.line == 6 && in[1].flags[1].pos.column == 5, "flag on the second");
    is_str(in[1].rest, S("d e"), "what is left");
    ok(in[2].pairs[1].pos.line == 10 && in[2].pairs[1].pos.column == 3, "pair on a continuation");
    ok(at(in[1].arg_pos[0], 8, 3) && at(in[1].arg_pos[1], 8, 5), "operands");
    df = parse("arguments", S("FROM a \\\n as b\nVOLUME [\"\\\"\" ,\\\n\"/c\"]\n"
                              "HEALTHCHECK --retries=1 cmd  [ \"d\", \"e\" ]\nWORKDIR  /f g\n"
                              "COPY <<h i <<-'j' /k/\nl\nh\n\t\tm\n\tj\nONBUILD COPY n \\\n  o\n"));
    in = df.instructions;
    ok(at(in[0].arg_pos[0], 1, 6) && at(in[0].arg_pos[2], 2, 5), "of FROM");
    ok(at(in[1].arg_pos[0], 3, 9) && at(in[1].arg_pos[1], 4, 1), "strings of JSON");
    ok(at(in[2].arg_pos[0], 5, 25) && at(in[2].arg_pos[1], 5, 32) && at(in[2].arg_pos[2], 5, 37), "behind a word");
    ok(at(in[3].arg_pos[0], 6, 10), "one text");
    ok(in[4].n_args == 2 && at(in[4].arg_pos[0], 7, 10) && at(in[4].arg_pos[1], 7, 19), "around here-documents");
    const struct df_heredoc *doc = in[4].heredocs;
    ok(at(doc[0].pos, 7, 6) && doc[0].line == 8 && at(doc[1].pos, 7, 12) && doc[1].line == 10, "here-documents");
    is_str(doc[1].raw, S("\t\tm\n"), "as they were written");
    ok(at(in[5].trigger->arg_pos[0], 12, 14) && at(in[5].trigger->arg_pos[1], 13, 3), "of a trigger");
}

static void test_warnings(void) {
    struct dockerfile df = parse("warnings", S("FROM a\nRUN b \\\n\n c\nCMD ['d', \"e\"]\n"
                                               "CMD [\xe2\x80\x9c" "f\xe2\x80\x9d]\nRUN [ -f g ]\nSTOPSIGNAL --h 9\n"));
    ok(df.n_warnings == 4, "four of them");
    ok(strcmp(df.warnings[0].rule, "NoEmptyContinuation") == 0 && df.warnings[0].pos.line == 4, "an empty line in a continuation");
    struct df_pos quotes = df.warnings[1].pos;
    ok(strcmp(df.warnings[1].rule, "InvalidExecForm") == 0 && quotes.line == 5 && quotes.column == 5, "single quotes");
    ok(strcmp(df.warnings[2].rule, "InvalidExecForm") == 0 && df.warnings[2].pos.line == 6, "curly quotes");
    ok(strcmp(df.warnings[3].rule, "IgnoredFlag") == 0 && df.warnings[3].pos.column == 12, "a flag that BuildKit passes over");
    ok(!df.instructions[2].json && df.instructions[2].n_args == 1, "they are text for the shell");
}

static void test_one(void) {
    struct err e = ERR_INIT;
    struct df_instruction in;
    bool done = dockerfile_parse_one(&a, S("COPY <<E /x\ny\nE"), S("base"), '\\', &in, &e);
    ok(done && in.n_heredocs == 1, "a trigger with its here-document");
    ok(dockerfile_parse_one(&a, S("RUN a `\n b"), S("base"), '`', &in, &e), "a trigger with the other escape character");
    is_str(in.args[0], S("a  b"), "is one line");
    ok(!dockerfile_parse_one(&a, S("RUN a\nRUN b"), S("base"), '\\', &in, &e), "two instructions");
    is_err(&e, "base:2:1: onbuild trigger should be a single expression", "are refused");
    ok(!dockerfile_parse_one(&a, S("FROM a"), S("base"), '\\', &in, &e), "FROM");
    is_err(&e, "base:1:1: FROM isn't allowed as an ONBUILD trigger", "is refused");
    ok(!dockerfile_parse_one(&a, S("\n"), S("base"), '\\', &in, &e), "nothing");
    is_err(&e, "no instruction", "is refused");
}

/* `part` n times behind "FROM a\n". */
static struct str file_of(const char *head, const char *part, size_t n) {
    struct buf b = BUF_INIT(32 << 20);
    buf_printf(&b, "FROM a\n%s", head);
    for (size_t i = 0; i < n; i++)
        buf_add_str(&b, str_z(part));
    struct str s = arena_str(&a, buf_str(&b));
    buf_fini(&b);
    return s;
}

static void refused(struct str text, const char *message) {
    struct err e = ERR_INIT;
    struct dockerfile df;
    ok(!dockerfile_parse(&a, text, S("Dockerfile"), &df, &e) && e.kind == ERR_USAGE, "refused");
    is_err(&e, message, message);
}

static void test_limits(void) {
    struct dockerfile df = parse("a line of 10 MB", file_of("RUN ", "echo hello; \\\n", 10000000 / 14));
    ok(df.n_instructions == 2 && df.instructions[1].rest.n > 8000000, "is whole");
    df = parse("10,000 stages", file_of("", "FROM b\n", LIMIT_DOCKERFILE_STAGES - 1));
    ok(df.n_instructions == LIMIT_DOCKERFILE_STAGES, "are allowed");
    refused(file_of("", "FROM b\n", LIMIT_DOCKERFILE_STAGES), "Dockerfile:10001:1: more than 10000 stages");
    refused(file_of("", "RUN b\n", LIMIT_DOCKERFILE_INSTRUCTIONS), "Dockerfile:100001:1: more than 100000 instructions");
    refused(file_of("EXPOSE ", "1 ", LIMIT_DOCKERFILE_WORDS + 1), "Dockerfile:2:2000006: more than 1000000 words in one file");
    refused(file_of("", "################", (1 << 20) + 1), "Dockerfile:1:1: more than 16777216 bytes, the limit for a Dockerfile");
    parse("an unclosed ${ a hundred thousand levels deep", file_of("RUN <<E ", "${a:-", 100000));
}

int main(void) {
    test_directives();
    test_lines();
    test_forms();
    test_heredocs();
    test_positions();
    test_warnings();
    test_one();
    test_limits();
    arena_fini(&a);
    return tap_done();
}
