/* SPDX-License-Identifier: Apache-2.0
 * Edits: what each rule's change exactly, that comments and layout stay, and that mending ends: no edit is left in any of the rules' bad
 * files (tests/data/check/rules.cases), and what is mended is no longer found. */
#include "../dockerfile/shared.h"
#include "check/fix.h"
#include "rig.h"

static const struct {
    const char *rule, *before, *after;
} rows[] = {
    {"ConsistentInstructionCasing", "FROM a\nrun b\nCOPY c d\n", "FROM a\nRUN b\nCOPY c d\n"},
    {"StageNameCasing", "FROM a AS Build\n", "FROM a AS build\n"},
    {"FromAsCasing", "FROM a as b\n", "FROM a AS b\n"},
    {"MaintainerDeprecated", "FROM a\nMAINTAINER Some One <a@b>\n", "FROM a\nLABEL org.opencontainers.image.authors=\"Some One <a@b>\"\n"},
    {"MaintainerDeprecated", "FROM a\nmaintainer \"Some One\"\n", "FROM a\nlabel org.opencontainers.image.authors=\"Some One\"\n"},
    {"MaintainerDeprecated", "FROM a\nMAINTAINER \"A\" $b\n", NULL},
    {"LegacyKeyValueFormat", "FROM a\nENV b c\nLABEL d   e \\\n  f\n", "FROM a\nENV b=c\nLABEL d=\"e \\\n  f\"\n"},
    {"LegacyKeyValueFormat", "FROM a\nENV b \"c d\" e\n", NULL},
    {"NoEmptyContinuation", "FROM a\nRUN b \\\n\n# why\n  \n  c\n", "FROM a\nRUN b \\\n# why\n  c\n"},
    {"JSONArgsRecommended", "FROM a\nCMD run --x 'y z' \\\n  q\n", NULL},
    {"JSONArgsRecommended", "FROM a\nCMD run --x 'y z' \"q\"\n", "FROM a\nCMD [\"run\",\"--x\",\"y z\",\"q\"]\n"},
    {"JSONArgsRecommended", "FROM a\nCMD run \"q\\\"\"\n", NULL},
    {"JSONArgsRecommended", "FROM a\nCMD run ~b\n", NULL},
    {"JSONArgsRecommended", "FROM a\nCMD run #b\n", NULL},
    {"JSONArgsRecommended", "FROM a\nCMD run \303\244\n", NULL},
    {"JSONArgsRecommended", "FROM a\nCMD time run\n", NULL},
    {"JSONArgsRecommended", "FROM a\nCMD /bin/echo b\n", NULL},
    {"JSONArgsRecommended", "FROM a\nCMD A=b run\n", NULL},
    {"JSONArgsRecommended", "FROM a\nCMD exec -a b run\n", NULL},
    {"JSONArgsRecommended", "FROM a\nCMD exec jobs\n", NULL},
    {"JSONArgsRecommended", "FROM a AS b\nCMD [\"x\"]\nFROM c\nENTRYPOINT run\n",
     "FROM a AS b\nCMD [\"x\"]\nFROM c\nENTRYPOINT [\"run\"]\n"},
    {"JSONArgsRecommended", "FROM a AS b\nCMD [\"x\"]\nFROM b AS d\nFROM d\nENTRYPOINT run\n", NULL},
    {"JSONArgsRecommended", "FROM a\nENTRYPOINT exec run\n", "FROM a\nENTRYPOINT [\"run\"]\n"},
    {"JSONArgsRecommended", "FROM a\nCMD run $HOME\n", NULL},
    {"JSONArgsRecommended", "FROM a\nCMD a && b\n", NULL},
    {"JSONArgsRecommended", "FROM a AS b\nENTRYPOINT run\nFROM b\nCMD [\"x\"]\n", NULL},
    {"JSONArgsRecommended", "FROM a\nCMD cd /x\n", NULL},
    {"JSONArgsRecommended", "FROM a\nCMD run *.c\n", NULL},
    {"MultipleInstructionsDisallowed", "FROM a\nCMD [\"b\"]\n# the one\nCMD [\"c\"]\n", "FROM a\n# the one\nCMD [\"c\"]\n"},
    {"MultipleInstructionsDisallowed", "FROM a AS b\nONBUILD CMD [\"b\"]\nFROM b\nCMD [\"c\"]\n", NULL},
    {"ExposeProtoCasing", "FROM a\nEXPOSE 80/TCP 90\n", "FROM a\nEXPOSE 80/tcp 90\n"},
    {"RedundantTargetPlatform", "FROM --platform=$TARGETPLATFORM  a:1\n", "FROM a:1\n"},
    {"FromPlatformFlagConstDisallowed", "FROM --platform=linux/amd64 \\\n  a:1\n", NULL},
    {"AddInsteadOfCopy", "FROM a\nADD b.sh c\nadd d.JAR e\n", "FROM a\nCOPY b.sh c\ncopy d.JAR e\n"},
    {"AddInsteadOfCopy", "FROM a\nADD b c\n", NULL},
    {"AddInsteadOfCopy", "FROM a\nADD b.sh *.conf c\n", NULL},
    {"AddInsteadOfCopy", "FROM a\nADD b.sh d/ c\n", NULL},
    {"AddInsteadOfCopy", "FROM a\nADD --unpack=true b.sh c\n", NULL},
    {"AddInsteadOfCopy", "FROM a\nADD --keep-git-dir=true b.sh c\n", NULL},
    {"CopyManyToFile", "FROM a\nCOPY b c d\nCOPY b c \"e\"\n", "FROM a\nCOPY b c d/\nCOPY b c \"e/\"\n"},
    {"AptGetYes", "FROM a\nRUN b && apt-get install \\\n  c # d\n", "FROM a\nRUN b && apt-get install -y \\\n  c # d\n"},
    {"AptGetRecommends", "FROM a\nRUN apt-get -y install b\n", NULL},
    {"AptListsLeft", "FROM a\nRUN apt-get update \\\n  && apt-get install -y b\n",
     "FROM a\nRUN apt-get update \\\n  && apt-get install -y b && rm -rf /var/lib/apt/lists/*\n"},
    {"AptListsLeft", "FROM a\nRUN (apt-get update; apt-get install -y b)\n", NULL},
    {"AptListsLeft", "FROM a\nRUN apt-get update\nRUN apt-get install -y b\n", NULL},
    {"AptListsLeft", "FROM a\nRUN apt-get update && apt-get install -y b\nRUN apt-get install -y c\n", NULL},
    {"AptListsLeft", "FROM a\nRUN apt-get update && apt-get install -y b\nRUN c\n", NULL},
    {"AptListsLeft", "FROM a AS b\nRUN apt-get update && apt-get install -y b\nFROM b AS c\nFROM c\nRUN d\n", NULL},
    {"AptListsLeft", "FROM a AS b\nUSER c\nFROM b\nRUN apt-get update && apt-get install -y b\n", NULL},
    {"AptListsLeft", "FROM a\nUSER b\nUSER 0:0\nRUN apt-get update && apt-get install -y b\n",
     "FROM a\nUSER b\nUSER 0:0\nRUN apt-get update && apt-get install -y b && rm -rf /var/lib/apt/lists/*\n"},
    {"AptListsLeft", "FROM a\nRUN apt-get update && sudo apt-get install -y b\n", NULL},
    {"AptListsLeft", "FROM a\nRUN apt-get update; apt-get install -y b; exit 0\n", NULL},
    {"AptInScript", "FROM a\nRUN apt install b\n", "FROM a\nRUN apt-get install b\n"},
    {"AptInScript", "FROM a\nRUN apt list\n", NULL},
    {"ApkCache", "FROM a\nRUN <<E\napk add b\nE\n", "FROM a\nRUN <<E\napk add --no-cache b\nE\n"},
    {"UpdateAlone", "FROM a\nRUN apt-get update\nRUN apt-get install -y b\n",
     "FROM a\nRUN apt-get update \\\n    && apt-get install -y b\n"},
    {"ApkCache", "FROM a\nRUN apk add --no-network b\n", NULL},
    {"UpdateAlone", "# escape=`\nFROM a\nRUN apt-get update\nRUN apt-get install -y b\n",
     "# escape=`\nFROM a\nRUN apt-get update `\n    && apt-get install -y b\n"},
    {"UpdateAlone", "FROM a\nSHELL [\"/bin/bash\", \"-c\"]\nRUN apt-get update\nRUN apt-get install -y b\n",
     "FROM a\nSHELL [\"/bin/bash\", \"-c\"]\nRUN apt-get update \\\n    && apt-get install -y b\n"},
    {"UpdateAlone", "FROM a\nSHELL [\"/bin/sh\", \"-lc\"]\nRUN apt-get update\nRUN apt-get install -y b\n", NULL},
    {"UpdateAlone", "FROM a\nSHELL [\"bash\", \"--login\", \"-c\"]\nRUN apt-get update\nRUN apt-get install -y b\n", NULL},
    {"UpdateAlone", "FROM a\nENV BASH_ENV=/x\nRUN apt-get update\nRUN apt-get install -y b\n", NULL},
    {"UpdateAlone", "FROM a\nRUN --network=none apt-get update\nRUN apt-get install -y b\n", NULL},
    {"UpdateAlone", "FROM a\nRUN apt-get update\n# why\nRUN apt-get install -y b\n", NULL},
    {"UpdateAlone", "FROM a\nRUN apt-get update\nRUN apt-get install -y b; c\n", NULL},
    {"YumYes", "FROM a\nRUN yum install b\n", "FROM a\nRUN yum install -y b\n"},
    {"YumClean", "FROM a\nRUN yum install -y b\n", "FROM a\nRUN yum install -y b && yum clean all\n"},
    {"DnfYes", "FROM a\nRUN dnf install b\n", "FROM a\nRUN dnf install -y b\n"},
    {"DnfClean", "FROM a\nRUN microdnf install -y b\n", "FROM a\nRUN microdnf install -y b && microdnf clean all\n"},
    {"ZypperYes", "FROM a\nRUN zypper in b\n", "FROM a\nRUN zypper in -y b\n"},
    {"ZypperClean", "FROM a\nRUN zypper in -y b\n", "FROM a\nRUN zypper in -y b && zypper clean\n"},
    {"PipCache", "FROM a\nRUN python3 -m pip install b\n", "FROM a\nRUN python3 -m pip install --no-cache-dir b\n"},
    {"YarnCache", "FROM a\nRUN yarn install\n", NULL},
    {"SudoInRun", "FROM a\nUSER root\nRUN sudo b\n", "FROM a\nUSER root\nRUN b\n"},
    {"SudoInRun", "FROM a\nUSER b\nRUN sudo c\n", NULL},
    {"SudoInRun", "FROM a\nUSER root\nRUN A=b sudo c\n", NULL},
    {"ArgsUnsorted", "FROM a\nRUN apt-get install -y c \\\n  b\n", "FROM a\nRUN apt-get install -y b \\\n  c\n"},
    {"ArgsUnsorted", "FROM a\nRUN apt-get install c \\\n -y \\\n  b\n", NULL},
    {"ArgsUnsorted", "FROM a\nRUN apt-get install -y c \\\n# why\n  b\n", NULL},
    {"MaintainerDeprecated", "FROM a\nMAINTAINER b\nLABEL org.opencontainers.image.authors=c\n", NULL},
    {"SudoInRun", "FROM a\nUSER root\nRUN [\"sudo\", \"c\"]\n", NULL},
    {"UseraddSparseLog", "FROM a\nRUN useradd -u 1234567 b\n", "FROM a\nRUN useradd -l -u 1234567 b\n"},
    {"WgetProgress", "FROM a\nRUN wget b\n", "FROM a\nRUN wget -q b\n"},
    {"ConsecutiveRun", "FROM a\nRUN b\nRUN c \\\n  d\n", NULL},
};

static size_t mend(const struct check_result *r, struct buf *out) {
    struct arena a = ARENA_INIT;
    struct str text;
    size_t n = fix_apply(&a, r->text, r->findings, r->n_findings, &text);
    buf_add_str(out, text);
    arena_fini(&a);
    return n;
}

/* The findings of one rule alone. */
static void keep(struct check_result *r, const char *rule) {
    size_t n = 0;
    for (size_t k = 0; k < r->n_findings; k++)
        if (strcmp(r->findings[k].rule->id, rule) == 0)
            r->findings[n++] = r->findings[k];
    r->n_findings = n;
}

static void exactly(void) {
    for (size_t k = 0; k < sizeof rows / sizeof rows[0]; k++) {
        struct rig g;
        struct buf out = BUF_INIT(1 << 20);
        rig_init(&g, COMPAT_NONE);
        rig_check(&g, str_z(rows[k].before));
        keep(&g.r, rows[k].rule);
        ok(g.r.n_findings > 0, "%s speaks", rows[k].rule);
        ok((mend(&g.r, &out) > 0) == (rows[k].after != NULL), "... and mends it, or does not");
        is_str(buf_str(&out), str_z(rows[k].after ? rows[k].after : rows[k].before), "... exactly so");
        buf_fini(&out);
        rig_fini(&g);
    }
}

static bool has_edits(const struct check_result *r) {
    for (size_t k = 0; k < r->n_findings; k++)
        if (r->findings[k].n_edits)
            return true;
    return false;
}

/* Mends until nothing is left to mend. */
static void ends(struct str text, struct str name) {
    struct rig g;
    rig_init(&g, COMPAT_NONE);
    rig_check(&g, text);
    bool was_good = g.r.error.kind == ERR_NONE;
    (void)fix_all(&g.arena, &g.options, &g.r);
    bool good = !was_good || (g.r.error.kind == ERR_NONE && !has_edits(&g.r));
    if (!ok(good, "%.*s: mending ends", STR_ARG(name)))
        printf("# %zu left, %s\n# %.*s\n", g.r.n_findings, g.r.error.msg ? g.r.error.msg : "", STR_ARG(g.r.text));
    rig_fini(&g);
}

static void all_cases(void) {
    struct arena a = ARENA_INIT;
    const char *source = getenv("CROZE_SOURCE");
    struct err e = ERR_INIT;
    struct buf file = BUF_INIT(1 << 20);
    ok(file_read(arena_printf(&a, "%s/tests/data/check/rules.cases", source ? source : ".").p, &file, &e), "the cases");
    struct str rest = buf_str(&file), line, name = STR_NULL;
    struct buf text = BUF_INIT(1 << 20);
    while (str_next(&rest, '\n', &line)) {
        if (str_starts(line, S("=== ")) && name.n)
            ends(buf_str(&text), name);
        if (str_starts(line, S("=== "))) {
            name = str_from(line, 4);
            buf_reset(&text);
        } else if (!str_starts(line, S("--> "))) {
            buf_add_str(&text, line);
            buf_add_char(&text, '\n');
        }
    }
    ends(buf_str(&text), name); /* the last one */
    buf_fini(&text);
    buf_fini(&file);
    err_clear(&e);
    arena_fini(&a);
}

int main(void) {
    exactly();
    all_cases();
    return tap_done();
}
