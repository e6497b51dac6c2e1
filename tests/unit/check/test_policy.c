/* SPDX-License-Identifier: Apache-2.0
 * What users want of the rules: hadolint's file and options, what is ignored, severities, exit codes, pragmas; and whose word counts. */
#include "check/policy.h"
#include "rig.h"

/* "LINE RULE SEVERITY;" of each finding, but for rules that every file here would break. */
static struct str check(struct rig *g, struct str text) {
    struct buf b = BUF_INIT(1 << 20);
    rig_check(g, text);
    for (size_t k = 0; k < g->r.n_findings; k++)
        if (strcmp(g->r.findings[k].rule->id, "UserMissing") != 0)
            buf_printf(&b, "%u %s %s;", g->r.findings[k].line, g->r.findings[k].rule->id, severity_name(g->r.findings[k].severity));
    struct str out = arena_str(&g->arena, buf_str(&b));
    buf_fini(&b);
    return out;
}

static void given(struct rig *g, const char *yaml) {
    struct err e = ERR_INIT;
    g->options.policy = (struct check_policy){0};
    ok(policy_read(&g->arena, str_z(yaml), "f", &g->options.policy, &e), "it is read");
    no_err(&e, yaml);
}

static void refuses(struct rig *g, const char *yaml, const char *why) {
    struct err e = ERR_INIT;
    struct check_policy p = {0};
    ok(!policy_read(&g->arena, str_z(yaml), "f", &p, &e), "refused");
    is_err(&e, why, why);
}

static void file(void) {
    struct rig g;
    struct str text = S("FROM scratch\nUSER 1\nRUN cd /x\nRUN sudo y\n");
    rig_init(&g, COMPAT_NONE);
    is_str(check(&g, text), S("3 CdInRun warning;4 ConsecutiveRun info;4 SudoInRun error;"), "without a file");
    given(&g, "ignored: [DL3003, SudoInRun]\noverride:\n  error:\n    - DL3059\n");
    is_str(check(&g, text), S("4 ConsecutiveRun error;"), "ignored, by any name; another severity");
    given(&g, "ignored:\n  - DS-0013\n  - DKL-DI-0001\n  - DL3059\n");
    is_str(check(&g, text), S(""), "... by other tools' names");
    given(&g, "override: {style: [DL3003], info: [DL3004], warning: [DL3059]}\nfailure-threshold: info\n");
    is_str(check(&g, text), S("3 CdInRun style;4 ConsecutiveRun warning;4 SudoInRun info;"), "all severities");
    ok(check_is_failure(&g.options.policy, g.r.findings, g.r.n_findings), "above the threshold");
    given(&g, "ignored: [DL3059, DL3004]\nfailure-threshold: error\n");
    (void)check(&g, text);
    ok(g.r.n_findings && !check_is_failure(&g.options.policy, g.r.findings, g.r.n_findings), "below the threshold");
    given(&g, "failure-threshold: error\nno-fail: true\nno-color: true\n");
    (void)check(&g, text);
    ok(!check_is_failure(&g.options.policy, g.r.findings, g.r.n_findings), "no-fail");
    given(&g, "failure-threshold: none\n");
    (void)check(&g, text);
    ok(!check_is_failure(&g.options.policy, g.r.findings, g.r.n_findings), "no threshold");
    given(&g, "override: {info: [DL3057]}\nignored: [DL3003, DL3004, DL3059]\n");
    is_str(check(&g, text), S("1 HealthcheckMissing info;"), "a rule with a severity is asked for");
    given(&g, "trustedRegistries: [docker.io, '*.example.com']\n");
    is_str(check(&g, S("FROM quay.io/x:1\nUSER 1\n")), S("1 UntrustedRegistry error;"), "registries");
    given(&g, "label-schema: {a: text, b: url}\nstrict-labels: true\n");
    is_str(check(&g, S("FROM scratch\nUSER 1\nLABEL b=x c=y\n")), S("1 LabelMissing info;3 LabelUrl warning;3 LabelUnknown info;"),
           "labels");
    given(&g, "");
    given(&g, "trustedRegistries: docker.io\nformat: tty\n");
    ok(g.options.policy.registries.n == 1, "one registry need not be a list");
    is_str(g.options.policy.format, S("tty"), "the format is the command's to know");
    given(&g, "disable-ignore-pragma: true\n");
    is_str(check(&g, S("FROM scratch\nUSER 1\n# hadolint ignore=DL3003\nRUN cd /x\n")), S("4 CdInRun warning;"), "pragmas do not count");
    rig_fini(&g);
}

/* On the command line and in the file; the comment's word is hadolint's, exactly. */
static void names(void) {
    struct rig g;
    struct str text = S("FROM scratch\nUSER 1\nRUN cd /x\nRUN ls\n");
    rig_init(&g, COMPAT_NONE);
    given(&g, "ignored: [dl3003, consecutiverun, sc2086, dkl-di-0001]\n");
    is_str(check(&g, text), S(""), "rules by names in another case");
    given(&g, "override: {error: [cdinrun]}\n");
    is_str(check(&g, text), S("3 CdInRun error;4 ConsecutiveRun info;"), "... and their severities");
    given(&g, "ignored: [AVD-DS-0013, DL3059]\n");
    is_str(check(&g, text), S(""), "as trivy called them");
    given(&g, "ignored: [ds013, DL3059]\n");
    is_str(check(&g, text), S(""), "... before that");
    refuses(&g, "ignored: [dlx]\n", "f: ignored: no rule is called \"dlx\"");
    rig_fini(&g);
}

static void wrong_files(void) {
    struct rig g;
    rig_init(&g, COMPAT_NONE);
    refuses(&g, "ignored: [CdInRum]\n", "f: ignored: no rule is called \"CdInRum\" (did you mean CdInRun?)");
    refuses(&g, "ignored: DL3003\n", "f: ignored: a list of rules is wanted");
    refuses(&g, "override: {fatal: [DL3003]}\n", "f: override: no severity is called \"fatal\"");
    refuses(&g, "override: [DL3003]\n", "f: override: error:, warning:, info: and style:");
    refuses(&g, "override: {error: [x]}\n", "f: override: error: no rule is called \"x\"");
    refuses(&g, "label-schema: {a: number}\n", "f: label-schema: label \"a\": no kind \"number\"");
    refuses(&g, "label-schema: []\n", "f: label-schema: labels and their kinds are wanted");
    refuses(&g, "format: [json]\n", "f: format: not understood");
    refuses(&g, "trustedRegistries: {}\n", "f: trustedRegistries: a list of registries is wanted");
    refuses(&g, "strict-labels: yes\n", "f: strict-labels: true or false is wanted");
    refuses(&g, "failure-threshold: bad\n", "f: failure-threshold: no severity is called \"bad\"");
    refuses(&g, "ingored: []\n", "f: ingored: not understood; there are ignored, override");
    refuses(&g, "- a\n", "f: keys and values are wanted");
    refuses(&g, "a: [\n", "not valid YAML");
    rig_fini(&g);
}

static void pragmas(void) {
    struct rig g;
    rig_init(&g, COMPAT_NONE);
    is_str(check(&g, S("FROM scratch\nUSER 1\n# hadolint ignore=DL3003 , DL3004\nRUN cd /x; sudo y\nCOPY a /\nRUN cd /x\n")),
           S("6 CdInRun warning;"), "of the instruction below");
    is_str(
        check(&g, S("FROM scratch\nUSER 1\n#trivy:ignore:AVD-DS-0013\n# trivy:ignore:DS-0010\nRUN cd /x; sudo y\nCOPY a /\nRUN cd /x\n")),
        S("7 CdInRun warning;"), "trivy's");
    is_str(check(&g, S("FROM scratch\nUSER 1\n# trivy:ignore:DS-0013:exp:2020-01-01\nRUN cd /x\n")), S("4 CdInRun warning;"),
           "... with a condition");
    is_str(check(&g, S("FROM scratch\nUSER 1\nRUN cd /x\n# hadolint global ignore = CdInRun\n")), S(""),
           "of the whole file, even behind it");
    is_str(check(&g, S("FROM scratch AS a\nRUN cd /x\n# hadolint stage ignore=DL3003\nFROM scratch\nUSER 1\nRUN cd /x\n")),
           S("2 CdInRun warning;"), "of a stage");
    is_str(check(&g, S("FROM scratch\nUSER 1\n# hadolint ignore=crazy,DL3003\nRUN cd /x\n")), S("4 CdInRun warning;"),
           "a list with a name that no rule has");
    is_str(
        check(
            &g,
            S("# hadolint global ignore=DL4003\nFROM scratch\nUSER 1\nCMD [\"a\"]\nENTRYPOINT [\"a\"]\nENTRYPOINT [\"b\"]\nCMD [\"c\"]\n")),
        S("5 MultipleInstructionsDisallowed warning;"), "one of the ids of a rule");
    g.options.policy.compat = COMPAT_HADOLINT;
    is_str(check(&g, S("FROM scratch\nUSER 1\n# hadolint ignore=DL4004\nCMD [\"a\"]\nCMD [\"b\"]\n")),
           S("4 MultipleInstructionsDisallowed warning;"), "another id of the same rule");
    is_str(check(&g, S("FROM scratch\nUSER 1\nENTRYPOINT [\"a\"]\nENTRYPOINT [\"b\"]\n")), S("3 MultipleInstructionsDisallowed error;"),
           "an error for hadolint");
    is_str(check(&g, S("FROM scratch\nUSER 1\n# hadolint ignore=DL4003\nCMD [\"a\"]\nCMD [\"b\"]\n")), S(""), "its own");
    g.options.policy.compat = COMPAT_NONE;
    struct buf b = BUF_INIT(16 << 20);
    buf_add_str(&b, S("FROM scratch\nUSER 1\n"));
    for (size_t k = 0; k < 300000; k++)
        buf_add_str(&b, S("# hadolint ignore=DL3003\n"));
    buf_add_str(&b, S("RUN cd /x\n"));
    is_str(check(&g, buf_str(&b)), S("300003 CdInRun warning;"), "more names than a file may have silence nothing");
    buf_fini(&b);
    rig_fini(&g);
}

static void compat(void) {
    struct rig g;
    struct str text = S("FROM scratch AS B\nUSER 1\nEXPOSE 22\nRUN cd /x\nSHELL [\"/bin/bash\", \"-c\"]\nCMD x\n");
    rig_init(&g, COMPAT_NONE);
    is_str(check(&g, text), S("1 StageNameCasing warning;3 ExposeSsh warning;4 CdInRun warning;"), "croze's own word");
    g.options.policy.compat = COMPAT_HADOLINT;
    is_str(check(&g, text), S("4 CdInRun warning;6 JSONArgsRecommended warning;"), "hadolint's");
    g.options.policy.compat = COMPAT_TRIVY;
    is_str(check(&g, text), S("1 HealthcheckMissing info;3 ExposeSsh warning;4 CdInRun warning;"), "Trivy's");
    g.options.policy.compat = COMPAT_BUILDKIT;
    is_str(check(&g, text), S("1 StageNameCasing warning;"), "BuildKit's");
    rig_fini(&g);
}

/* What is wrong further up does not hide the rest; a piece of a file is read as one. */
static void pieces(void) {
    struct rig g;
    rig_init(&g, COMPAT_NONE);
    is_str(check(&g, S("FROM scratch\nUSER 1\nNONSENSE\nRUN cd /x\n")), S("4 CdInRun warning;"), "behind an error");
    is_err(&g.r.error, "Dockerfile:3:1: unknown instruction: NONSENSE", "... which is told");
    is_str(check(&g, S("FROM scratch\nUSER 1\nEXPOSE 99999\nENV k v\nUSER $NOPE\nENV k v\n")),
           S("3 ExposePortRange error;4 LegacyKeyValueFormat warning;5 UndefinedVar warning;6 LegacyKeyValueFormat warning;"),
           "behind instructions that cannot be carried out");
    is_err(&g.r.error, "Dockerfile:3:8: ", "... of which the first is told");
    is_str(check(&g, S("FROM scratch\nUSER 1\nNONSENSE\nENV k v\n")), S("4 LegacyKeyValueFormat warning;"), "expanded rules, too");
    is_err(&g.r.error, "Dockerfile:3:1: unknown instruction", "... with that error");
    (void)check(&g, S("COPY a b\nFROM scratch\nNONSENSE\n"));
    is_err(&g.r.error, "Dockerfile:3:1", "a file that does not begin well");
    is_str(check(&g, S("RUN cd /x\nCMD a\nCMD b\n")),
           S("1 CdInRun warning;2 MultipleInstructionsDisallowed warning;2 JSONArgsRecommended warning;3 JSONArgsRecommended warning;"),
           "a piece");
    no_err(&g.r.error, "... is no error");
    rig_fini(&g);
}

int main(void) {
    file();
    names();
    wrong_files();
    pragmas();
    compat();
    pieces();
    return tap_done();
}
