/* SPDX-License-Identifier: Apache-2.0
 * The engine around the rules: the directive and what overrides it, comments above instructions, what is known of bases, wrong files,
 * places, limits. */
#include <time.h>

#include "base/limits.h"
#include "rig.h"

/* "LINE RULE;" of each finding. */
static struct str check(struct rig *g, struct str text) {
    struct buf b = BUF_INIT(1 << 20);
    rig_check(g, text);
    for (size_t k = 0; k < g->r.n_findings; k++)
        buf_printf(&b, "%u %s;", g->r.findings[k].line, g->r.findings[k].rule->id);
    struct str out = arena_str(&g->arena, buf_str(&b));
    buf_fini(&b);
    return out;
}

static struct str check_with(struct rig *g, const char *directive, struct str text) {
    pair_list_set(&g->arena, &g->options.plan.build_args, S("BUILDKIT_DOCKERFILE_CHECK"), str_z(directive));
    return check(g, text);
}

static void directive(void) {
    struct rig g;
    rig_init(&g, COMPAT_BUILDKIT);
    is_str(check(&g, S("#check=skip=all\nFROM scratch as A\n")), S(""), "skip=all");
    is_str(check(&g, S("# syntax=docker/dockerfile:1\n# check = skip=StageNameCasing, FromAsCasing\nFROM scratch as A\n")),
           S("3 FromAsCasing;"), "a blank ends the value, as with BuildKit");
    is_str(check(&g, S("# check=skip=StageNameCasing,NoSuchRule\nFROM scratch as A\n")), S("2 FromAsCasing;"),
           "a rule that does not exist is skipped without a word");
    is_str(check(&g, S("\n# check=skip=all\nFROM scratch as A\n")), S(""), "behind an empty line it is a comment, for FROM alone");
    is_str(check(&g, S("# check=error=true\nFROM scratch as A\n")), S("2 FromAsCasing;2 StageNameCasing;"), "error=true");
    ok(g.r.fails, "... fails");
    is_str(check_failure(&g.arena, &g.r), S("lint violation found for rules: FromAsCasing, StageNameCasing"), "... and says by what");
    is_str(check(&g, S("# check=skip=all;error=true\nFROM scratch as A\n")), S(""), "error=true, nothing found");
    ok(!g.r.fails && check_failure(&g.arena, &g.r).n == 0, "... does not fail");
    is_str(check(&g, S("# check=error=perhaps\nFROM scratch\n")), S(""), "a wrong value");
    is_err(&g.r.error, "Dockerfile:1:9: # check=: failed to parse check option \"error=perhaps\"", "... has its place");
    is_str(check(&g, S("# syntax=docker/dockerfile:1\n#check=skip\nFROM scratch\n")), S(""), "a wrong option");
    is_err(&g.r.error, "Dockerfile:2:8: # check=: invalid check option \"skip\"", "... has its place");
    (void)check(&g, S("# check=skip=A;\nFROM scratch\n"));
    is_err(&g.r.error, "invalid check option \"\"", "an empty option");
    is_str(check_with(&g, "", S("# check=skip=all;error=true\nFROM scratch as a\n")), S("2 FromAsCasing;"),
           "the build argument overrides all");
    ok(!g.r.fails, "... error=true too");
    is_str(check_with(&g, "skip = StageNameCasing , FromAsCasing ; error = T", S("FROM scratch as A\n")), S(""), "with blanks");
    (void)check_with(&g, "nonsense", S("FROM scratch\n"));
    is_err(&g.r.error, "--build-arg BUILDKIT_DOCKERFILE_CHECK: invalid check option", "a wrong build argument is named");
    rig_fini(&g);
}

static void comments(void) {
    struct rig g;
    rig_init(&g, COMPAT_BUILDKIT);
    is_str(check(&g, S("FROM scratch\n# check=skip=MaintainerDeprecated // for old tools\nMAINTAINER x\nMAINTAINER x\n")),
           S("4 MaintainerDeprecated;"), "for one instruction");
    is_str(check(&g, S("FROM scratch\n#   CHECK = skip=all\n\n# why\nMAINTAINER x\n")), S(""), "among other comments and empty lines");
    is_str(check(&g, S("FROM scratch\n# check=skip=all\n#\nMAINTAINER x\n")), S("4 MaintainerDeprecated;"), "a bare # ends it");
    is_str(check(&g, S("FROM scratch\n# check=nonsense\nMAINTAINER x\n")), S("3 MaintainerDeprecated;"), "one that cannot be read");
    is_str(check(&g, S("FROM scratch\n# check=skip=A\n# check=skip=all\nMAINTAINER x\n")), S("4 MaintainerDeprecated;"),
           "the first counts");
    is_str(check(&g, S("FROM scratch\n# check=experimental=all\n# odd\nARG a\n# odd\nARG b\n")), S("4 InvalidDefinitionDescription;"),
           "an experimental rule for one instruction");
    is_str(check(&g, S("FROM scratch\n# check=skip=NoEmptyContinuation\nRUN a\\\n\n b\n")), S(""), "of an empty continuation line");
    is_str(check(&g, S("FROM scratch\nCMD [\"a\"]\n# check=skip=all\nCMD [\"b\"]\n")), S(""), "above either of two");
    rig_fini(&g);
}

/* --- Bases ------------------------------------------------------------------------------------------------------------------------- */

static bool known_base(void *ctx, struct arena *a, const struct plan_stage *stage, struct container_config *out, struct str *platform) {
    const struct container_config *config = ctx;
    container_config_copy(a, out, config);
    *platform = str_starts(stage->base_ref, S("arm")) ? stage->base_ref.n > 3 ? S("linux/arm64/v8") : S("linux/arm/v7") : S("linux/amd64");
    return !str_eqz(stage->base_ref, "other") && !str_eqz(stage->base_ref, "x");
}

static void platforms_of_bases(void) {
    struct rig g;
    struct container_config base = {0};
    rig_init(&g, COMPAT_BUILDKIT);
    g.options.base = known_base;
    g.options.base_ctx = &base;
    is_str(check(&g, S("FROM known AS a\nFROM other\nFROM arm64 AS b\nFROM b\n")), S("3 InvalidBaseImagePlatform;"), "another platform");
    is_str(g.r.findings[0].message,
           S("Base image arm64 was pulled with platform \"linux/arm64\", expected \"linux/amd64\" for current build"),
           "... in BuildKit's words");
    is_str(check(&g, S("ARG X=arm\nFROM $X\n")), S("2 InvalidBaseImagePlatform;"), "by an argument");
    is_str(check(&g, S("# check=skip=InvalidBaseImagePlatform\nFROM arm64\n")), S(""), "it can be skipped");
    g.options.plan.platform = S("linux/arm64");
    is_str(check(&g, S("FROM arm64\nFROM arm\n")), S("2 InvalidBaseImagePlatform;"), "variants are not compared");
    rig_fini(&g);
}

static void unknown_bases(void) {
    struct rig g;
    rig_init(&g, COMPAT_BUILDKIT);
    is_str(check(&g, S("FROM x\nENV A=$JAVA_HOME B=$GOPATH C=$CPATH\n")), S(""), "what the base may set");
    is_str(check(&g, S("FROM x AS a\nFROM a\nENV A=$JAVA_HOME\n")), S(""), "... through another stage");
    is_str(check(&g, S("FROM scratch\nENV A=$JAVA_HOME\n")), S("2 UndefinedVar;"), "scratch sets nothing");
    is_str(check(&g, S("FROM x\nENV A=$PAHT\n")), S("2 UndefinedVar;"), "two letters swapped");
    is_str(check(&g, S("FROM x\nENV CATALINA_HOME=/x A=$CATALINA_HOM B=$CATALINA_HOMES\n"
                       "ENV C=$CATALINA_HOM D=$XATALINA_HOME E=$CATALINA_BASE\n")),
           S("3 UndefinedVar;3 UndefinedVar;"), "one letter of a long name");
    is_str(check(&g, S("FROM x\nCOPY $f /\nARG f=1\n")), S("2 UndefinedVar;"), "defined too late");
    is_str(check(&g, S("ARG f=1\nFROM x\nCOPY $f /\n")), S("3 UndefinedVar;"), "defined before FROM only");
    is_str(check(&g, S("FROM x AS a\nENV f=1\nFROM x\nCOPY $f /\n")), S(""), "defined in another stage");
    rig_fini(&g);
}

static void known_bases(void) {
    struct rig g;
    struct container_config base = {0};
    rig_init(&g, COMPAT_BUILDKIT);
    g.options.base = known_base;
    g.options.base_ctx = &base;
    pair_list_set(&g.arena, &base.env, S("JAVA_HOME"), S("/java"));
    is_str(check(&g, S("FROM known\nENV A=$JAVA_HOME B=$OTHER\n")), S("2 UndefinedVar;"), "the image's variables are asked");
    str_list_add(&g.arena, &base.shell, S("/bin/bash"));
    is_str(check(&g, S("FROM known\nCMD run\nFROM other\nCMD run\n")), S("4 JSONArgsRecommended;"), "the image's shell is asked");
    str_list_add(&g.arena, &base.onbuild, S("ENV pass word"));
    is_str(check(&g, S("\nFROM known\n")), S("2 LegacyKeyValueFormat;"), "a trigger of the base stands at FROM");
    is_str(check(&g, S("\n# check=skip=LegacyKeyValueFormat\nFROM known\n")), S(""), "... and FROM's comment speaks for it");
    str_list_add(&g.arena, &base.onbuild, S("COPY --from=a /x /y"));
    g.options.all_stages = false;
    is_str(check(&g, S("FROM scratch AS a\nMAINTAINER x\nENV k v\n# check=skip=all\nFROM known\n")),
           S("2 MaintainerDeprecated;3 LegacyKeyValueFormat;"), "a stage that only a trigger needs");
    g.options.all_stages = true;
    is_str(check(&g, S("FROM scratch AS a\nFROM known\nFROM scratch\n")), S("2 LegacyKeyValueFormat;"), "triggers in a dead stage");
    str_list_add(&g.arena, &base.onbuild, S("NONSENSE"));
    (void)check(&g, S("FROM scratch AS a\nFROM known\n"));
    is_err(&g.r.error, "Dockerfile:2:6: FROM known: ONBUILD trigger 3 \"NONSENSE\":1:1: unknown", "an error of a known base's trigger");
    rig_fini(&g);
}

/* What an unknown base may prove wrong is no error; the stage is left, and what stands on it. */
static void doubts(void) {
    static const struct {
        const char *text, *doubt;
    } rows[] = {
        {"FROM x\nUSER $NOPE\nENV a b\n", "Dockerfile:2:6: USER $NOPE gives an empty name"},
        {"FROM x\nARG A=${NOPE:?no}\nENV a b\n", "NOPE: no"},
        {"FROM x\nENV A=$NOPE\nUSER $A\nENV a b\n", "USER $A gives an empty name"},
        {"FROM x AS a\nENV A=$NOPE\nFROM a\nUSER $A\nENV a b\n", "Dockerfile:4:6: USER $A gives an empty name"},
        {"FROM x AS a\nUSER $A\nFROM a AS b\nENV a b\nFROM b\nENV a b\n", "Dockerfile:2:6: USER $A gives an empty name"},
    };
    struct rig g;
    rig_init(&g, COMPAT_BUILDKIT);
    for (size_t k = 0; k < sizeof rows / sizeof rows[0]; k++) {
        is_str(check(&g, str_z(rows[k].text)), S(""), "nothing is found behind a doubt");
        no_err(&g.r.error, "... which is no error");
        ok(str_find(g.r.doubt, str_z(rows[k].doubt)) >= 0, "... but told: %s", rows[k].doubt);
    }
    is_str(check(&g, S("FROM x AS a\nUSER $A\nFROM scratch\nENV a b\n")), S("4 LegacyKeyValueFormat;"), "other stages are looked at");
    (void)check(&g, S("FROM x\nUSER \"\"\n"));
    ok(g.r.doubt.n == 0, "what no variable could help");
    is_err(&g.r.error, "gives an empty name", "... is an error, whatever the base");
    (void)check(&g, S("FROM scratch\nARG A=${NOPE:?no}\n"));
    is_err(&g.r.error, "NOPE: no", "and so is it all on scratch");
    rig_fini(&g);
}

static void stages(void) {
    struct rig g;
    static const struct str text = {"FROM scratch AS a\nENV k v\nFROM scratch AS b\nENV k v\nFROM scratch\n", 65};
    rig_init(&g, COMPAT_BUILDKIT);
    is_str(check(&g, text), S("2 LegacyKeyValueFormat;4 LegacyKeyValueFormat;"), "all stages");
    g.options.all_stages = false;
    is_str(check(&g, text), S(""), "the last stage, which needs none of them");
    g.options.plan.target = S("b");
    is_str(check(&g, text), S("4 LegacyKeyValueFormat;"), "--target");
    rig_fini(&g);
}

/* --- Errors, places, limits -------------------------------------------------------------------------------------------------------- */

static void errors(void) {
    struct rig g;
    unsigned line = 0;
    rig_init(&g, COMPAT_BUILDKIT);
    is_str(check(&g, S("FROM scratch AS B\nMAINTAINER m\nBADCMD\nCMD x\n")), S("1 StageNameCasing;2 MaintainerDeprecated;"),
           "what was found before a wrong line");
    ok(check_error_line(&g.r, &line) && line == 3, "its line");
    is_err(&g.r.error, "Dockerfile:3:1: unknown instruction: BADCMD", "its message");
    is_str(check(&g, S("FROM --platform=$NOPE scratch\nENV a b\n")), S("1 UndefinedArgInFrom;"), "a wrong FROM");
    is_err(&g.r.error, "Dockerfile:1:6: FROM --platform=$NOPE gives nothing", "its message");
    is_str(check(&g, S("FROM scratch\nENV a b\nUSER $NOPE\nENV c d\n")), S("2 LegacyKeyValueFormat;3 UndefinedVar;"),
           "an instruction that cannot be carried out, and why");
    is_err(&g.r.error, "USER $NOPE gives an empty name", "its message");
    (void)check(&g, S(""));
    is_err(&g.r.error, "no instructions", "an empty file");
    (void)check(&g, S("FROM a\0b\n"));
    is_err(&g.r.error, "NUL", "a NUL byte");
    (void)check(&g, S("\xff\xfe"));
    is_err(&g.r.error, "UTF-16", "UTF-16");
    char *big = arena_alloc(&g.arena, LIMIT_DOCKERFILE_BYTES + 1, 1);
    memset(big, '\n', LIMIT_DOCKERFILE_BYTES + 1);
    (void)check(&g, str_n(big, LIMIT_DOCKERFILE_BYTES + 1));
    is_err(&g.r.error, "Dockerfile:1:1: more than 16777216 bytes", "too large a file");
    rig_fini(&g);
}

static void places(void) {
    struct rig g;
    rig_init(&g, COMPAT_BUILDKIT);
    (void)check(&g, S("FROM scratch\n  ENV x=1 \\\r\n    API_KEY=$y\r\n"));
    const struct finding *f = g.r.findings;
    ok(g.r.n_findings == 2 && f[0].pos.line == 3 && f[1].pos.line == 3, "two findings on the third line");
    ok(f[0].pos.column == 5 && f[0].line == 2 && f[0].end.line == 3, "the pair's place, the instruction's lines");
    ok(f[0].end.column == 15, "the end of the last line, without its ending");
    is_str(f[0].file, S("Dockerfile"), "the file");
    rig_fini(&g);
}

static struct str repeat(struct rig *g, const char *head, const char *line, size_t n) {
    struct buf b = BUF_INIT(LIMIT_DOCKERFILE_BYTES);
    buf_add_str(&b, str_z(head));
    for (size_t k = 0; k < n; k++)
        buf_add_str(&b, str_z(line));
    struct str text = arena_str(&g->arena, buf_str(&b));
    buf_fini(&b);
    return text;
}

static void limits(void) {
    struct rig g;
    rig_init(&g, COMPAT_BUILDKIT);
    (void)check(&g, repeat(&g, "FROM scratch\n", "env a b\n", 30000));
    ok(g.r.n_findings == LIMIT_FINDINGS && g.r.n_dropped == 30000 + 1 - LIMIT_FINDINGS, "more findings than anyone reads are counted");
    (void)check(&g, repeat(&g, "", "FROM scratch AS Aa\n", LIMIT_DOCKERFILE_STAGES));
    ok(g.r.n_findings > 0 && g.r.error.kind == ERR_NONE, "as many stages as there may be");
    rig_fini(&g);
}

/* A file of 30 KB, the longest of WSO2's, takes two milliseconds at most with BuildKit's rules, a few with all; the test allows a
 * slow machine and sanitizers ten times that. */
static void speed(enum check_compat compat, double limit_ms) {
    struct rig g;
    struct timespec begin, end;
    rig_init(&g, compat);
    struct str text = repeat(&g, "FROM x\nARG A=1\n",
                             "RUN apt-get update && apt-get install -y $A && rm -rf /x\nENV A=$A B=${A:-x}\nCOPY a b /c/\n", 300);
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &begin);
    for (size_t k = 0; k < 10; k++)
        (void)check(&g, text);
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &end);
    double ms = ((double)(end.tv_sec - begin.tv_sec) * 1e3 + (double)(end.tv_nsec - begin.tv_nsec) / 1e6) / 10;
    ok(ms < limit_ms, "%zu bytes in %.2f ms", text.n, ms);
    rig_fini(&g);
}

int main(void) {
    directive();
    comments();
    unknown_bases();
    known_bases();
    platforms_of_bases();
    doubts();
    stages();
    errors();
    places();
    limits();
    speed(COMPAT_BUILDKIT, 20);
    speed(COMPAT_NONE, 200);
    return tap_done();
}
