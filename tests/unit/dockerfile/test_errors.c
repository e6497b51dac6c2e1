/* SPDX-License-Identifier: Apache-2.0
 * Every way in which a Dockerfile can be wrong for the parser: the message names the place and says it in BuildKit's words. */
#include "tap.h"

#include "base/mem.h"
#include "dockerfile/dockerfile.h"

static const struct {
    struct str text;
    const char *message;
} cases[] = {
    {S(""), "D:1:1: file with no instructions"},
    {S("# only\n\n# comments\n"), "D:3:1: file with no instructions"},
    {S("ARG a\n"), "D:1:1: no build stage in current context: there is no FROM"},
    {S("ARG a\nRUN b\n"), "D:2:1: no build stage in current context: RUN stands before the first FROM"},
    {S("FORM a\n"), "D:1:1: unknown instruction: FORM (did you mean FROM?)"},
    {S("FROM a\n  wrkdir /\n"), "D:2:3: unknown instruction: wrkdir (did you mean WORKDIR?)"},
    {S("FROM a\napt-get update\n"), "D:2:1: unknown instruction: apt-get"},
    {S("FROM a\n\\\n\n"), "D:2:1: a continued line with nothing in it"},
    {S("FROM\xc2\xa0" "a\n"), "D:1:1: unknown instruction: FROM\xc2\xa0" "a (it holds U+00A0, which is no space)"},
    {S("FROM a\n\xef\xbb\xbfRUN b\n"), "D:2:1: unknown instruction: \xef\xbb\xbfRUN (it holds U+FEFF, which is no space)"},
    {S("FROM a\rRUN b\r"), "D:1:1: FROM requires either one or three arguments; the file's lines end with CR alone: save it with LF"},
    {S("FROM a\nRUN b\0c\n"), "D:2:6: a NUL byte"},
    {S("\xff\xfe" "F\0R\0"), "D:1:1: the file is in UTF-16; save it in UTF-8"},
    {S("# escape=x\nFROM a\n"), "D:1:1: invalid escape token 'x' does not match ` or \\"},
    {S("# escape=`\n # escape=`\nFROM a\n"), "D:2:2: only one escape parser directive can be used"},
    {S("FROM\n"), "D:1:1: FROM requires either one or three arguments"},
    {S("FROM a b\n"), "FROM requires either one or three arguments"},
    {S("FROM a on b\n"), "FROM requires either one or three arguments"},
    {S("FROM a AS 1b\n"), "D:1:11: invalid name for build stage: \"1b\", name can't start with a number or contain symbols"},
    {S("FROM --plattform=x a\n"), "D:1:6: unknown flag: --plattform (did you mean --platform?)"},
    {S("FROM a\nCOPY b\n"), "D:2:1: COPY requires at least two arguments, but only one was provided. Destination could not be determined"},
    {S("FROM a\nADD\n"), "D:2:1: ADD requires at least two arguments"},
    {S("FROM a\nCOPY b <<c\nc\n"), "D:2:8: COPY cannot accept a heredoc as a destination"},
    {S("FROM a\nCOPY \\\n  --form=b c d\n"), "D:3:3: unknown flag: --form (did you mean --from?)"},
    {S("FROM a\nCOPY --from=b --from=c d e\n"), "D:2:15: duplicate flag specified: --from"},
    {S("FROM a\nCOPY --from d e\n"), "D:2:6: missing a value on flag: --from"},
    {S("FROM a\nCOPY --link= d e\n"), "D:2:6: missing a value on flag: --link"},
    {S("FROM a\nCOPY --link=$x d e\n"), "D:2:6: expecting boolean value for flag --link, not: $x"},
    {S("FROM a\nCOPY [\"b\", 1]\n"), "D:2:12: when using JSON array syntax, arrays must be comprised of strings only"},
    {S("FROM a\nCMD [\"b\", [\"c\"]]\n"), "D:2:11: when using JSON array syntax"},
    {S("FROM a\nCMD [\"b\\u0000\"]\n"), "D:2:6: CMD: argument 1 holds a NUL character"},
    {S("FROM a\nCMD [ \"\\\"],\" \\\n , \"b\\u0000\"]\n"), "D:3:4: CMD: argument 2 holds a NUL character"},
    {S("FROM a\nRUN\n"), "D:2:1: RUN requires at least one argument"},
    {S("FROM a\nRUN <<EOF\nb\n"), "D:2:5: unterminated heredoc: no line \"EOF\" behind it"},
    {S("FROM a\nRUN \\\n <<b <<c\nx\nb\n"), "D:3:6: unterminated heredoc: no line \"c\" behind it"},
    {S("FROM a\nCOPY <<-'b' /c\n\tx\n b\n"), "D:2:6: unterminated heredoc: no line \"b\" behind it"},
    {S("FROM a\nRUN x \"<<b\" 3<<b\nb \n"), "D:2:13: unterminated heredoc: no line \"b\" behind it"},
    {S("FROM a\nRUN x \"\\a<<b\" <<b\n"), "D:2:1: unterminated heredoc: no line \"b\" behind it"},
    {S("FROM a\nONBUILD RUN <<b\n"), "D:2:13: unterminated heredoc: no line \"b\" behind it"},
    {S("FROM a\nENV\n"), "D:2:1: ENV requires at least one argument"},
    {S("FROM a\nENV b\n"), "D:2:1: ENV must have two arguments"},
    {S("FROM a\nENV b=c \\\n d\n"), "D:3:2: Syntax error - can't find = in \"d\". Must be of the form: name=value"},
    {S("FROM a\nLABEL =b\n"), "D:2:7: LABEL names can not be blank"},
    {S("FROM a\nARG\n"), "D:2:1: ARG requires at least one argument"},
    {S("FROM a\nARG b =c\n"), "D:2:7: ARG names can not be blank"},
    {S("FROM a\nEXPOSE\n"), "D:2:1: EXPOSE requires at least one argument"},
    {S("FROM a\nUSER\n"), "D:2:1: USER requires exactly one argument"},
    {S("FROM a\nWORKDIR\n"), "D:2:1: WORKDIR requires exactly one argument"},
    {S("FROM a\nUSER --b c\n"), "D:2:6: unknown flag: --b"},
    {S("FROM a\nUSER --\033[2J\xc2\x9b" "2J c\n"), "D:2:6: unknown flag: --?[2J?2J"},
    {S("FROM a\nVOLUME []\n"), "D:2:1: VOLUME requires at least one argument"},
    {S("FROM a\nVOLUME [\" \"]\n"), "D:2:9: VOLUME specified can not be an empty string"},
    {S("FROM a\nSHELL bash -c\n"), "D:2:7: SHELL requires the arguments to be in JSON form"},
    {S("FROM a\nSHELL []\n"), "D:2:1: SHELL requires at least one argument"},
    {S("FROM a\nHEALTHCHECK\n"), "D:2:1: HEALTHCHECK requires at least one argument"},
    {S("FROM a\nHEALTHCHECK NONE b\n"), "D:2:18: HEALTHCHECK NONE takes no arguments"},
    {S("FROM a\nHEALTHCHECK CMD\n"), "D:2:1: Missing command after HEALTHCHECK CMD"},
    {S("FROM a\nHEALTHCHECK curl b\n"), "D:2:13: Unknown type \"curl\" in HEALTHCHECK (try CMD)"},
    {S("FROM a\nONBUILD\n"), "D:2:1: ONBUILD requires at least one argument"},
    {S("FROM a\nONBUILD ONBUILD RUN b\n"), "D:2:9: Chaining ONBUILD via `ONBUILD ONBUILD` isn't allowed"},
    {S("FROM a\nonbuild from b\n"), "D:2:9: FROM isn't allowed as an ONBUILD trigger"},
    {S("FROM a\nONBUILD MAINTAINER b\n"), "D:2:9: MAINTAINER isn't allowed as an ONBUILD trigger"},
};

int main(void) {
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct arena a = ARENA_INIT;
        struct err e = ERR_INIT;
        struct dockerfile df;
        ok(!dockerfile_parse(&a, cases[i].text, S("D"), &df, &e) && e.kind == ERR_USAGE, "case %zu is refused", i);
        is_err(&e, cases[i].message, cases[i].message);
        arena_fini(&a);
    }
    return tap_done();
}
