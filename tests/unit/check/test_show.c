/* SPDX-License-Identifier: Apache-2.0
 * How findings look: BuildKit's text and JSON, and croze's own. */
#include "check/check.h"
#include "check/output.h"
#include "tap.h"

struct rig {
    struct arena arena;
    struct buf out;
    struct check_result r;
};

static struct str show(struct rig *g, struct str text, void (*how)(const struct check_result *r, struct buf *out)) {
    struct check_options o = {.policy.compat = COMPAT_BUILDKIT, .plan.platform = S("linux/amd64"), .all_stages = true};
    err_clear(&g->r.error);
    buf_reset(&g->out);
    check_dockerfile(&g->arena, text, S("dir/Dockerfile"), &o, &g->r);
    how(&g->r, &g->out);
    return buf_str(&g->out);
}

static void write_as(const struct check_result *r, enum output_format format, struct buf *out) {
    struct output o = {0};
    output_add(&o, r->file.name, r->text, r->findings, r->n_findings, r->n_dropped);
    output_write(&o, format, out);
    output_fini(&o);
}
static void as_text(const struct check_result *r, struct buf *out) {
    write_as(r, OUTPUT_TEXT, out);
}
static void as_json(const struct check_result *r, struct buf *out) {
    write_as(r, OUTPUT_JSON, out);
}

static void rig_init(struct rig *g) {
    *g = (struct rig){.out = BUF_INIT(1 << 20)};
}

static void rig_fini(struct rig *g) {
    err_clear(&g->r.error);
    buf_fini(&g->out);
    arena_fini(&g->arena);
}

static void text(void) {
    struct rig g;
    rig_init(&g);
    is_str(show(&g, S("FROM scratch\n"), check_print), S("Check complete, no warnings found.\n"), "nothing");
    is_str(show(&g, S("FROM scratch\n\nMAINTAINER \x1b[1mme\x07\n\n\n\n"), check_print),
           S("Check complete, 1 warning has been found!\n"
             "\nWARNING: MaintainerDeprecated - https://docs.docker.com/go/dockerfile/rule/maintainer-deprecated/\n"
             "Maintainer instruction is deprecated in favor of using label\n"
             "dir/Dockerfile:3\n--------------------\n"
             "   1 |     FROM scratch\n   2 |     \n   3 | >>> MAINTAINER ?[1mme?\n   4 |     \n   5 |     \n"
             "--------------------\n"),
           "one; nothing steers the terminal");
    is_str(show(&g, S("FROM scratch\nENV a \\\r\n  b"), check_print),
           S("Check complete, 1 warning has been found!\n"
             "\nWARNING: LegacyKeyValueFormat - https://docs.docker.com/go/dockerfile/rule/legacy-key-value-format/\n"
             "\"ENV key=value\" should be used instead of legacy \"ENV key value\" format\n"
             "dir/Dockerfile:2\n--------------------\n"
             "   1 |     FROM scratch\n   2 | >>> ENV a \\\n   3 | >>>   b\n--------------------\n"),
           "several lines");
    is_str(show(&g, S("FROM scratch\nNOTHING\n"), check_print),
           S("dir/Dockerfile:2\n--------------------\n"
             "   1 |     FROM scratch\n   2 | >>> NOTHING\n   3 |     \n--------------------\n"),
           "a file that cannot be read is shown where it is wrong");
    (void)show(&g, S("FROM scratch\nMAINTAINER a\nMAINTAINER b\nNOTHING\n"), check_print);
    ok(str_starts(buf_str(&g.out), S("Check complete, 2 warnings have been found!\n")), "two");
    ok(str_find(buf_str(&g.out), S("\n\ndir/Dockerfile:4\n")) > 0, "and the error behind them");
    is_str(show(&g, S("FROM scratch\nENV a \\\n  b\nMAINTAINER x\n"), as_text),
           S("dir/Dockerfile:2:1: warning: "
             "\"ENV key=value\" should be used instead of legacy \"ENV key value\" format [LegacyKeyValueFormat]\n"
             "dir/Dockerfile:4:1: warning: "
             "Maintainer instruction is deprecated in favor of using label [MaintainerDeprecated]\n"),
           "a line each");
    rig_fini(&g);
}

/* Without the line breaks and indents of pretty JSON. */
static struct str flat(struct rig *g, struct str json) {
    char *out = arena_strz(&g->arena, json);
    size_t n = 0;
    for (size_t k = 0; k < json.n; k++) {
        while (k < json.n && json.p[k] == '\n')
            for (k++; k < json.n && json.p[k] == ' ';)
                k++;
        if (k < json.n)
            out[n++] = json.p[k];
    }
    return str_n(out, n);
}

#define SOURCE(base64) "\"sources\": [{\"filename\": \"dir/Dockerfile\",\"language\": \"Dockerfile\",\"data\": \"" base64 "\"}]"
#define PLACE(first, last) "\"location\": {\"ranges\": [{\"start\": {\"line\": " first "},\"end\": {\"line\": " last "}}]}"

static void json_buildkit(void) {
    struct rig g;
    rig_init(&g);
    struct str got = show(&g, S("# check=error=true\nFROM scratch\nENV a \\\n b"), check_json_buildkit);
    is_str(flat(&g, got),
           S("{\"warnings\": [{\"ruleName\": \"LegacyKeyValueFormat\","
             "\"description\": \"\\\"ENV key value\\\" takes the rest of the line for one value, which is easily misread.\","
             "\"url\": \"https://docs.docker.com/go/dockerfile/rule/legacy-key-value-format/\","
             "\"detail\": \"\\\"ENV key=value\\\" should be used instead of legacy \\\"ENV key value\\\" format\"," PLACE(
                 "3",
                 "4") "}]," SOURCE("IyBjaGVjaz1lcnJvcj10cnVlCkZST00gc2NyYXRjaApFTlYgYSBcCiBi") ","
                                                                                               "\"buildError\": {\"message\": \"lint "
                                                                                               "violation found for rules: "
                                                                                               "LegacyKeyValueFormat\",\"location\": {}}}"),
           "BuildKit's, with error=true");
    got = show(&g, S("FROM scratch\nXY"), check_json_buildkit);
    is_str(
        flat(&g, got),
        S("{\"warnings\": []," SOURCE(
            "RlJPTSBzY3JhdGNoClhZ") ","
                                    "\"buildError\": {\"message\": \"dir/Dockerfile:2:1: unknown instruction: XY\"," PLACE("2", "2") "}}"),
        "BuildKit's, of a wrong file");
    got = show(&g, S("FROM scratch\n#12"), check_json_buildkit);
    is_str(flat(&g, got), S("{\"warnings\": []," SOURCE("RlJPTSBzY3JhdGNoCiMxMg==") "}"), "nothing found; base64 that ends in two signs");
    rig_fini(&g);
}

static void json_lines(void) {
    struct rig g;
    rig_init(&g);
    is_str(show(&g, S("FROM scratch AS B\nARG x to\\\nken token\n"), as_json),
           S("{\"id\":\"StageNameCasing\",\"also\":[],\"severity\":\"warning\",\"file\":\"dir/Dockerfile\",\"line\":1,\"column\":1,"
             "\"endLine\":1,\"endColumn\":18,\"message\":\"Stage name 'B' should be lowercase\","
             "\"why\":\"Names of stages know no case; lower case keeps them apart from instructions.\","
             "\"fix\":\"Write the name in lower case.\",\"url\":\"https://docs.docker.com/go/dockerfile/rule/stage-name-casing/\"}\n"
             "{\"id\":\"SecretsUsedInArgOrEnv\",\"also\":[\"DL3064\",\"DS-0031\",\"CIS-DI-0010\",\"4.10\"],\"severity\":\"warning\","
             "\"file\":\"dir/Dockerfile\",\"line\":2,\"column\":7,\"endLine\":3,\"endColumn\":10,"
             "\"message\":\"Do not use ARG or ENV instructions for sensitive data (ARG \\\"token\\\")\","
             "\"why\":\"Build arguments and environment variables can be read in the image's configuration and history by all who have "
             "the image.\",\"fix\":\"Use RUN --mount=type=secret,id=... and build with --secret.\","
             "\"url\":\"https://docs.docker.com/go/dockerfile/rule/secrets-used-in-arg-or-env/\"}\n"
             "{\"id\":\"SecretsUsedInArgOrEnv\",\"also\":[\"DL3064\",\"DS-0031\",\"CIS-DI-0010\",\"4.10\"],\"severity\":\"warning\","
             "\"file\":\"dir/Dockerfile\",\"line\":3,\"column\":5,\"endLine\":3,\"endColumn\":10,"
             "\"message\":\"Do not use ARG or ENV instructions for sensitive data (ARG \\\"token\\\")\","
             "\"why\":\"Build arguments and environment variables can be read in the image's configuration and history by all who have "
             "the image.\",\"fix\":\"Use RUN --mount=type=secret,id=... and build with --secret.\","
             "\"url\":\"https://docs.docker.com/go/dockerfile/rule/secrets-used-in-arg-or-env/\"}\n"),
           "croze's own");
    rig_fini(&g);
}

static void table(void) {
    struct rig g;
    const struct str_list none = {0};
    rig_init(&g);
    rules_print(&none, &g.out);
    ok(str_starts(buf_str(&g.out), S("RULE")) && str_find(buf_str(&g.out), S("\nJSONArgsRecommended")) > 0, "the rules as a table");
    buf_reset(&g.out);
    struct str_list two = {0};
    str_list_add(&g.arena, &two, S("DL3008"));
    str_list_add(&g.arena, &two, S("SudoInRun"));
    rules_print(&two, &g.out);
    ok(str_starts(buf_str(&g.out), S("AptGetPin (warning)\n  Tomorrow")) && str_find(buf_str(&g.out), S("elsewhere: DL3008 4.11\n")) > 0 &&
           str_find(buf_str(&g.out), S("\n\nSudoInRun (error)\n")) > 0,
       "two that are named");
    buf_reset(&g.out);
    rules_json_lines(&two, &g.out);
    ok(str_starts(buf_str(&g.out), S("{\"id\":\"AptGetPin\"")) && str_find(buf_str(&g.out), S("}\n{\"id\":\"SudoInRun\"")) > 0,
       "... as JSON");
    buf_reset(&g.out);
    rules_json_lines(&none, &g.out);
    ok(str_starts(buf_str(&g.out), S("{\"id\":\"ConsistentInstructionCasing\",\"also\":[],\"severity\":\"warning\",\"experiment")),
       "and as JSON");
    rig_fini(&g);
}

int main(void) {
    text();
    json_buildkit();
    json_lines();
    table();
    return tap_done();
}
