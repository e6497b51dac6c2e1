/* SPDX-License-Identifier: Apache-2.0
 * Variants of a product: what one of several Dockerfiles lacks, has alone, or says otherwise, and where. */
#include "check/variants.h"
#include "base/buf.h"
#include "tap.h"

enum { FILES = 4 };
static const char *const names[FILES] = {"a", "b", "c", "d"};

/* "FILE:LINE:COLUMN RULE MESSAGE\n" of all. */
static void compares(const char *const texts[FILES], const char *want, const char *what) {
    struct arena a = ARENA_INIT;
    struct buf got = BUF_INIT(1 << 20);
    struct plan_options o = {.platform = S("linux/amd64")};
    struct variant_file files[FILES];
    size_t n = 0;
    for (; n < FILES && texts[n]; n++)
        files[n] = (struct variant_file){.name = str_z(names[n]), .text = str_z(texts[n])};
    variants_compare(&a, files, n, &o);
    for (size_t k = 0; k < n; k++)
        for (size_t j = 0; j < files[k].n_remarks; j++) {
            const struct check_remark *m = &files[k].remarks[j];
            buf_printf(&got, "%s:%u:%u %s %.*s\n", names[k], m->pos.line, m->pos.column, m->rule->id, STR_ARG(m->message));
        }
    is_str(buf_str(&got), str_z(want), what);
    buf_fini(&got);
    arena_fini(&a);
}
#define COMPARES(want, what, ...) compares((const char *const[FILES]){__VA_ARGS__}, want, what)

static void two(void) {
    COMPARES("", "two that are alike", "FROM a\nEXPOSE 80 90\nUSER 1\n", "FROM b\nUSER 1\nEXPOSE 90\nEXPOSE 80/tcp\n");
    COMPARES("b:1:1 VariantDrift EXPOSE 90/tcp is missing: a has it\nb:3:11 VariantDrift EXPOSE 91/tcp is not in a\n",
             "of two the first is right", "FROM a\nUSER 1\nEXPOSE 80 90\n", "FROM b\nUSER 1\nEXPOSE 80 91\n");
}

static void kinds(void) {
    COMPARES("b:2:5 VariantDrift ENV LANG is \"C\", in a \"en_US.UTF-8\"\n", "ENV", "FROM a\nENV LANG=en_US.UTF-8\n",
             "FROM b\nENV LANG=C\n");
    COMPARES("b:2:5 VariantDetail ENV JAVA_HOME is \"/b\", in a \"/a\"\n", "what distributions say", "FROM a\nENV JAVA_HOME=/a\n",
             "FROM b\nENV JAVA_HOME=/b\n");
    COMPARES("b:2:5 VariantDrift ENV DB_PASSWORD has another value in a\n", "no secret is told", "FROM a\nENV DB_PASSWORD=x\n",
             "FROM b\nENV DB_PASSWORD=y\n");
    COMPARES("b:2:1 VariantDrift ENTRYPOINT is \"/y\", in a \"/x\"\n", "ENTRYPOINT", "FROM a\nENTRYPOINT [\"/x\"]\n",
             "FROM b\nENTRYPOINT [\"/y\"]\n");
    COMPARES("b:2:1 VariantDetail CMD is \"/bin/sh -c /x\", in a \"/x\"\n", "CMD, and its form", "FROM a\nCMD [\"/x\"]\n",
             "FROM b\nCMD /x\n");
    COMPARES("b:3:1 VariantDrift USER is \"803\", in a \"802\"\nb:2:5 VariantDetail ARG ID is \"803\", in a \"802\"\n", "USER by ARG",
             "FROM a\nUSER ${ID:-802}\nARG ID=802\n", "FROM b\nARG ID=803\nUSER ${ID}\n");
    COMPARES("b:1:1 VariantDetail WORKDIR is missing: a has it\n", "WORKDIR", "FROM a\nWORKDIR /x\n", "FROM b\n");
    COMPARES("b:2:8 VariantDetail VOLUME /y is not in a\n", "VOLUME", "FROM a\n", "FROM b\nVOLUME /y\n");
    COMPARES("b:2:7 VariantDetail LABEL l is not in a\n", "keys of LABEL, not their values", "FROM a\nLABEL k=1\n",
             "FROM b\nLABEL l=1 k=2\n");
    COMPARES("b:1:1 VariantDetail HEALTHCHECK is missing: a has it\nb:1:1 VariantDetail STOPSIGNAL is missing: a has it\n",
             "HEALTHCHECK, STOPSIGNAL", "FROM a\nHEALTHCHECK CMD x\nSTOPSIGNAL 9\n", "FROM b\n");
}

static void several(void) {
    COMPARES("a:2:1 VariantDrift USER is \"1\", in b \"2\"\n", "most are right", "FROM a\nUSER 1\n", "FROM b\nUSER 2\n",
             "FROM c\nUSER 2\n");
    COMPARES("c:2:8 VariantDrift EXPOSE 80/tcp is not in a\n", "one that has more", "FROM a\n", "FROM b\n", "FROM c\nEXPOSE 80\n");
    COMPARES("c:1:1 VariantDrift USER is missing: a has it\nd:1:1 VariantDrift USER is missing: a has it\n", "as many as not: the first is",
             "FROM a\nUSER 1\n", "FROM b\nUSER 1\n", "FROM c\n", "FROM d\n");
}

static void stages(void) {
    COMPARES("", "what a stage below says", "FROM a AS x\nUSER 1\nFROM x\n", "FROM b\nUSER 1\n");
    COMPARES("", "other stages do not count", "FROM a AS x\nUSER 2\nFROM a\nUSER 1\n", "FROM b\nUSER 1\n");
    COMPARES("b:3:1 VariantDrift USER is missing: a has it\n", "the last FROM stands for what is missing", "FROM a\nUSER 1\n",
             "FROM b AS x\n\nFROM c\n");
}

/* What could not be gone through lacks nothing. */
static void broken(void) {
    COMPARES("", "a file with an error", "FROM a\nUSER 1\n", "FROM b\nNONSENSE\nUSER 1\n");
    COMPARES("", "one that ends at an unknown variable", "FROM a\nUSER 1\nWORKDIR /x\n", "FROM b\nUSER $NOPE\nWORKDIR /x\n");
    COMPARES("", "an empty one", "FROM a\nUSER 1\n", "");
}

int main(void) {
    two();
    kinds();
    several();
    stages();
    broken();
    return tap_done();
}
