/* SPDX-License-Identifier: Apache-2.0
 * The parse that goes on behind errors, and where parts of a joined line stand in the file. */
#include "base/mem.h"
#include "dockerfile/dockerfile.h"
#include "tap.h"

static struct dockerfile parse(struct arena *a, const char *text, const char *error) {
    struct err e = ERR_INIT;
    struct dockerfile f;
    bool good = dockerfile_parse_lenient(a, str_z(text), S("f"), &f, &e);
    if (error)
        is_err(&e, error, error);
    else
        no_err(&e, text);
    ok(good == (error == NULL), "... and so it returns");
    err_clear(&e);
    return f;
}

static void errors(void) {
    struct arena a = ARENA_INIT;
    struct dockerfile f = parse(&a, "RUN a\nCOPY b c\n", NULL);
    ok(f.n_instructions == 2, "a piece of a file");
    f = parse(&a, "RUN a\nFROM x\nNOPE\n", "f:3:1: unknown instruction: NOPE");
    ok(f.n_instructions == 2 && f.instructions[1].op == DF_FROM, "what is wrong is left out; it comes before what is out of order");
    f = parse(&a, "LABEL a=b\nFROM x\nRUN c\n", "f:1:1: no build stage in current context: LABEL stands before the first FROM");
    ok(f.n_instructions == 3, "out of order");
    f = parse(&a, "FROM x\nCOPY a\nWORKDIR\nUSER u\n", "f:2:1: COPY requires at least two arguments");
    ok(f.n_instructions == 2 && f.instructions[1].op == DF_USER, "the first error, and what follows both");
    f = parse(&a, "ONBUILD ONBUILD ONBUILD RUN a\nONBUILD FROM b\n", "f:1:9: Chaining ONBUILD");
    ok(f.n_instructions == 2 && f.instructions[0].trigger->op == DF_ONBUILD && !f.instructions[0].trigger->trigger, "a chain of triggers");
    ok(f.instructions[1].trigger->op == DF_FROM && f.instructions[1].trigger->n_args == 0, "... is not read");
    f = parse(&a, "", "f:1:1: file with no instructions");
    ok(f.n_instructions == 0, "nothing");
    f = parse(&a, "RUN a\nRUN <<E\nb\n", "f:2:5: unterminated heredoc");
    ok(f.n_instructions == 1, "an open here-document");
    arena_fini(&a);
}

static void place(struct arena *a, const struct df_instruction *i, const char *part, const char *want) {
    struct df_pos pos, end;
    ptrdiff_t at = str_find(i->original, str_z(part));
    bool is = at >= 0 && df_text_pos(i, str_first(str_from(i->original, (size_t)at), strlen(part)), &pos, &end);
    struct str got = is ? arena_printf(a, "%u:%u-%u:%u", pos.line, pos.column, end.line, end.column) : S("none");
    is_str(got, str_z(want), part);
}

static void places(void) {
    struct arena a = ARENA_INIT;
    struct df_pos pos, end;
    struct dockerfile f = parse(&a, "  RUN aa \\\n# why\n\n   bb\\\ncc\nONBUILD  COPY d \\\n e\nCMD [\"g\"]\n", NULL);
    const struct df_instruction *i = f.instructions;
    place(&a, &i[0], "RUN", "1:3-1:6");
    place(&a, &i[0], "aa", "1:7-1:9");
    place(&a, &i[0], "bb", "4:4-4:6");
    place(&a, &i[0], "cc", "5:1-5:3");
    place(&a, &i[0], "aa    bbcc", "1:7-5:3");
    place(&a, i[1].trigger, "e", "7:2-7:3");
    place(&a, i[1].trigger, "", "6:10-6:10");
    ok(df_text_pos(i[1].trigger, i[1].trigger->args[0], &pos, &end) && pos.line == 6 && pos.column == 15, "an argument");
    ok(!df_text_pos(&i[2], i[2].args[0], &pos, &end), "the argument of an exec form is made from the text, not part of it");
    ok(!df_text_pos(&i[0], i[2].original, &pos, &end), "the text of another instruction");
    arena_fini(&a);
}

int main(void) {
    errors();
    places();
    return tap_done();
}
