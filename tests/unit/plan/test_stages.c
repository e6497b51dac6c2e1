/* SPDX-License-Identifier: Apache-2.0
 * plan_make: global ARGs, FROM, names, bases, what the target needs and what is dead. */
#include "rig.h"

struct row {
    const char *what, *text, *args, *target, *want; /* want: rig_dump_stages(), or "! part of the error" */
};

static const struct row rows[] = {
    {"one image", "FROM debian:12", NULL, NULL, "<-debian:12"},
    {"scratch", "FROM scratch", NULL, NULL, "<-scratch"},
    {"names are lower-cased", "FROM a AS Build", NULL, NULL, "build<-a"},
    {"a stage stands on a stage", "FROM a AS b\nFROM b", NULL, NULL, "b<-a; <-stage 0 needs 0"},
    {"whatever the case", "FROM a AS b\nFROM B", NULL, NULL, "b<-a; <-stage 0 needs 0"},
    {"a stage wins over an image, the nearest over the others", "FROM a AS x\nFROM b AS x\nFROM x", NULL, NULL,
     "[x<-a]; x<-b; <-stage 1 needs 1"},
    {"an index is no base", "FROM a\nFROM 0", NULL, NULL, "[<-a]; <-0"},
    {"a stage may be called as its image", "FROM alpine AS alpine", NULL, NULL, "alpine<-alpine"},
    {"a stage named later is an image yet", "FROM x\nFROM y AS x\nCOPY --from=0 /a /a", NULL, NULL, "<-x; x<-y needs 0"},
    {"a stage called scratch wins", "FROM a AS scratch\nFROM scratch", NULL, NULL, "scratch<-a; <-stage 0 needs 0"},
    {"COPY --from by name", "FROM a AS x\nFROM b\nCOPY --from=x /a /b", NULL, NULL, "x<-a; <-b needs 0"},
    {"by index", "FROM a\nFROM b\nFROM c\nCOPY --from=1 /a /b", NULL, NULL, "[<-a]; <-b; <-c needs 1"},
    {"of an image", "FROM b\nCOPY --from=nginx:1.27 /a /b", NULL, NULL, "<-b"},
    {"mounts", "FROM a AS x\nFROM b\nRUN --mount=type=bind,from=x,target=/x make", NULL, NULL, "x<-a; <-b needs 0"},
    {"each need once, in order", "FROM a AS x\nFROM b AS y\nFROM x\nCOPY --from=y /1 /\nCOPY --from=x /2 /\nCOPY --from=y /3 /", NULL, NULL,
     "x<-a; y<-b; <-stage 0 needs 0,1"},
    {"needs of needs", "FROM a AS x\nFROM b AS y\nCOPY --from=x / /\nFROM c AS dead\nFROM d\nCOPY --from=y / /", NULL, NULL,
     "x<-a; y<-b needs 0; [dead<-c]; <-d needs 1"},
    {"a target", "FROM a AS x\nFROM b AS y\nFROM c", NULL, "y", "[x<-a]; y<-b; [<-c]"},
    {"in any case", "FROM a AS x\nFROM b AS y", NULL, "X", "x<-a; [y<-b]"},
    {"by index too", "FROM a AS x\nFROM b AS y", NULL, "0", "x<-a; [y<-b]"},
    {"a target that is not there", "FROM a AS build\nFROM b", NULL, "biuld",
     "! there is no stage \"biuld\" to build as --target (did you mean build?)"},
    {"an index that is not there", "FROM a\nFROM b", NULL, "2", "! there is no stage \"2\""},

    {"a global ARG", "ARG V=12\nFROM debian:$V", NULL, NULL, "<-debian:12"},
    {"with a build argument", "ARG V=12\nFROM debian:$V", "V=13", NULL, "<-debian:13"},
    {"of two with one name the last", "ARG V\nFROM debian:$V", "V=1;V=2", NULL, "<-debian:2"},
    {"ARGs see ARGs above", "ARG A=1\nARG B=${A}2\nFROM x:$B", NULL, NULL, "<-x:12"},
    {"on one line too", "ARG A=1 B=${A}2\nFROM x:$B", NULL, NULL, "<-x:12"},
    {"a default that is replaced is not looked at", "ARG A=${B:?no}\nFROM x:$A", "A=1", NULL, "<-x:1"},
    {"defaults in place", "ARG A\nFROM ${A:-debian}", NULL, NULL, "<-debian"},
    {"quotes", "ARG A=\"de\"bian\nFROM \"$A\":'1'", NULL, NULL, "<-debian:1"},
    {"WSO2's base of two ARGs", "ARG R=registry.example.com/x\nARG V=4.5\nFROM ${R}/wso2am:${V}.0-alpine", NULL, NULL,
     "<-registry.example.com/x/wso2am:4.5.0-alpine"},
    {"predefined ones need no ARG", "FROM x:${TARGETARCH}-$TARGETOS-${TARGETSTAGE} AS last", NULL, NULL, "last<-x:amd64-linux-last"},
    {"TARGETSTAGE without a name", "FROM x:$TARGETSTAGE", NULL, NULL, "<-x:default"},
    {"TARGETSTAGE is the target", "FROM x AS a\nFROM x:$TARGETSTAGE AS b\nFROM b AS c", NULL, "b", "[a<-x]; b<-x:b; [c<-stage 1]"},
    {"a build argument wins over them", "FROM x:$TARGETARCH", "TARGETARCH=mips", NULL, "<-x:mips"},
    {"one's own platform", "FROM --platform=linux/amd64 x", NULL, NULL, "<-x"},
    {"in other words", "FROM --platform=$BUILDPLATFORM x\nFROM --platform=x86_64 y", NULL, NULL, "[<-x]; <-y"},
    {"a foreign one in a dead stage", "FROM --platform=linux/arm64 x\nFROM y", NULL, NULL, "[<-x]; <-y"},

    {"a foreign platform", "FROM --platform=linux/arm64 x", NULL, NULL,
     "! Dockerfile:1:6: FROM --platform=linux/arm64 is not supported by this version of croze: it builds for linux/amd64"},
    {"an empty platform names its ARG", "ARG P\nFROM --platform=$P x", NULL, NULL, "! ARG P is empty: give it with --build-arg P=..."},
    {"a malformed one", "FROM --platform=a/b/c/d x", NULL, NULL, "! is not a platform"},
    {"an empty base names its ARG", "ARG BASE\nFROM $BASE", NULL, NULL,
     "! Dockerfile:2:1: FROM $BASE gives an empty name; ARG BASE is empty: give it with --build-arg BASE=..."},
    {"an undeclared one", "FROM ${BASE}", NULL, NULL, "! BASE is not known here: declare ARG BASE before the first FROM"},
    {"WSO2's tag without its version", "ARG R=r\nARG V\nFROM ${R}/wso2am:${V}.0-alpine", NULL, NULL,
     "! FROM ${R}/wso2am:${V}.0-alpine gives \"r/wso2am:.0-alpine\", which is not the name of an image: a tag begins with a letter, a "
     "digit "
     "or \"_\"; ARG V is empty: give it with --build-arg V=..."},
    {"a stage's ARG is not global", "FROM a\nARG V=1\nFROM b:$V", NULL, NULL, "! V is not known here"},
    {"a malformed base", "FROM Debian:12", NULL, NULL, "! the name has upper-case letters"},
    {"${V:?message}", "ARG V\nFROM x:${V:?wanted}", NULL, NULL, "! V: wanted"},
    {"itself", "FROM x AS a\nCOPY --from=a /x /y", NULL, NULL, "! Dockerfile:2:6: COPY --from=a: \"a\" is this stage itself"},
    {"itself by index", "FROM x\nCOPY --from=0 /x /y", NULL, NULL, "! COPY --from=0: stage 0 is this stage itself"},
    {"forward", "FROM x\nCOPY --from=b /x /y\nFROM y AS b", NULL, "0", "! COPY --from=b: stage \"b\" comes after this one"},
    {"forward by index", "FROM x\nCOPY --from=1 /x /y\nFROM y", NULL, "0", "! COPY --from=1: stage 1 comes after this one"},
    {"no such index", "FROM x\nFROM z\nCOPY --from=7 /x /y", NULL, NULL, "! COPY --from=7: there is no stage 7: the file has 2"},
    {"a variable in --from", "ARG S=a\nFROM x AS a\nFROM y\nCOPY --from=$S /x /y", NULL, NULL, "! COPY --from takes no variables (\"$S\")"},
    {"in a mount's from", "FROM x\nRUN --mount=from=$S,target=/x make", NULL, NULL, "! RUN --mount from takes no variables"},
    {"from scratch", "FROM x\nCOPY --from=scratch /a /b", NULL, NULL, "! there is nothing in scratch"},
    {"neither stage nor image", "FROM x AS build\nFROM y\nCOPY --from=Buil_d- /a /b", NULL, NULL,
     "! COPY --from=Buil_d- is neither a stage nor"},
    {"faults of dead stages stay there", "FROM x\nCOPY --from=0 /a /b\nCOPY --link a b\nFROM y", NULL, NULL, "[<-x]; <-y"},

    {"triggers of a base stage are needed", "FROM a AS x\nFROM b AS base\nONBUILD COPY --from=x /a /b\nFROM base", NULL, NULL,
     "x<-a; base<-b; <-stage 1 needs 0,1"},

    {"--link", "FROM x\nCOPY --link a b", NULL, NULL, "! Dockerfile:2:6: COPY --link is not supported by this version of croze"},
    {"--link=false", "FROM x\nCOPY --link=false a b", NULL, NULL, "<-x"},
    {"--parents", "FROM x\nCOPY --parents a b", NULL, NULL, "! COPY --parents is not supported"},
    {"--exclude, and its column", "FROM x\nCOPY --chown=1 --exclude=*.o a b", NULL, NULL,
     "! Dockerfile:2:16: COPY --exclude is not supported"},
    {"ADD --checksum", "FROM x\nADD --checksum=sha256:00 a b", NULL, NULL, "! ADD --checksum is not supported"},
    {"ADD --keep-git-dir", "FROM x\nADD --keep-git-dir a b", NULL, NULL, "! ADD --keep-git-dir is not supported"},
    {"ADD --unpack", "FROM x\nADD --unpack=false a b", NULL, NULL, "! ADD --unpack is not supported"},
    {"ADD --link", "FROM x\nADD --link a b", NULL, NULL, "! ADD --link is not supported"},
    {"ADD of a URL", "FROM x\nADD https://example.com/x.jar /lib/", NULL, NULL,
     "! Dockerfile:2:1: ADD of a URL is not supported by this version of croze"},
    {"ADD of git", "FROM x\nADD https://example.com/x.git#v1 /src", NULL, NULL, "! ADD of a git repository is not supported"},
    {"by ssh", "FROM x\nADD git@example.com:a/b /src", NULL, NULL, "! ADD of a git repository is not supported"},
    {"COPY of a URL", "FROM x\nCOPY http://example.com/x /lib/", NULL, NULL, "! COPY cannot copy a URL"},
    {"RUN --security", "FROM x\nRUN --security=insecure make", NULL, NULL, "! RUN --security is not supported"},
    {"RUN --device", "FROM x\nRUN --device=a.b/c make", NULL, NULL, "! RUN --device is not supported"},
    {"a cache mount", "FROM x\nRUN --mount=target=/c,type=cache make", NULL, NULL,
     "! Dockerfile:2:5: RUN --mount=type=cache is not supported"},
    {"tmpfs", "FROM x\nRUN --mount=type=tmpfs,target=/t make", NULL, NULL, "! RUN --mount=type=tmpfs is not supported"},
    {"secret", "FROM x\nRUN --mount=type=secret,id=a make", NULL, NULL, "! RUN --mount=type=secret is not supported"},
    {"ssh", "FROM x\nRUN --mount=type=ssh make", NULL, NULL, "! RUN --mount=type=ssh is not supported"},
    {"an unknown type", "FROM x\nRUN --mount=type=bindd make", NULL, NULL, "! there is no type \"bindd\""},
    {"an unknown flag", "FROM x\nCOPY --form=a a b", NULL, NULL, "! Dockerfile:2:6: unknown flag: --form (did you mean --from?)"},
};

static void plans(void) {
    for (size_t k = 0; k < sizeof rows / sizeof rows[0]; k++) {
        struct rig r;
        rig_init(&r);
        rig_args(&r, rows[k].args);
        /* "V=1;V=2" must reach plan_make as it came */
        if (rows[k].args && strcmp(rows[k].args, "V=1;V=2") == 0) {
            struct str_pair *twice = arena_array(&r.arena, struct str_pair, 2);
            twice[0] = (struct str_pair){S("V"), S("1")};
            twice[1] = (struct str_pair){S("V"), S("2")};
            r.options.build_args = (struct pair_list){twice, 2, 2};
        }
        r.options.target = rows[k].target ? str_z(rows[k].target) : STR_NULL;
        bool good = rig_plan(&r, rows[k].text);
        if (rows[k].want[0] == '!') {
            ok(!good && r.err.kind == ERR_USAGE, "refused: %s", rows[k].what);
            is_err(&r.err, rows[k].want + 2, rows[k].what);
        } else {
            rig_ok(&r, rows[k].what);
            is_str(good ? rig_dump_stages(&r) : STR_NULL, str_z(rows[k].want), rows[k].what);
        }
        rig_fini(&r);
    }
}

static void unused(void) {
    struct rig r;
    rig_init(&r);
    rig_args(&r, "GLOBAL=1;LOCAL=2;DEAD=3;NOBODY=4;http_proxy=5;NO_PROXY=6;BUILDKIT_INLINE_CACHE=1;TARGETARCH=x;LATER=8;OTHER=9");
    bool good = rig_plan(&r, "ARG GLOBAL\nFROM a\nARG DEAD\nFROM b\nARG LOCAL=x OTHER2\nONBUILD ARG LATER");
    rig_ok(&r, "a plan with arguments");
    is_str(good ? rig_join(&r, &r.plan.unused_args) : STR_NULL, S("NOBODY|OTHER"), "build arguments that no ARG asked for are listed");
    rig_fini(&r);
}

/* Triggers of an image come late: what they read comes alive, and what that reads. */
static void late_triggers(void) {
    struct rig r;
    rig_init(&r);
    str_list_add(&r.arena, &r.base.onbuild, S("COPY --from=mid /a /b"));
    bool good = rig_plan(&r, "FROM a AS low\nFROM b AS mid\nCOPY --from=low / /\nFROM c AS other\nFROM d");
    is_str(rig_dump_stages(&r), S("[low<-a]; [mid<-b]; [other<-c]; <-d"), "before the base is known");
    struct df_instruction *trigger = arena_array(&r.arena, struct df_instruction, 1);
    good = good && dockerfile_parse_one(&r.arena, r.base.onbuild.p[0], S("ONBUILD"), '\\', trigger, &r.err) &&
           plan_add_triggers(&r.arena, &r.plan, 3, trigger, 1, &r.err);
    rig_ok(&r, "triggers are taken in");
    ok(good, "and said so");
    is_str(rig_dump_stages(&r), S("low<-a; mid<-b needs 0; [other<-c]; <-d needs 1"), "after it is");
    struct err e = ERR_INIT;
    ok(dockerfile_parse_one(&r.arena, S("COPY --from=3 /a /b"), S("ONBUILD"), '\\', trigger, &e), "another trigger");
    ok(!plan_add_triggers(&r.arena, &r.plan, 3, trigger, 1, &e), "a trigger cannot read its own stage");
    is_err(&e, "Dockerfile:5:1: ONBUILD trigger of the base, \"COPY --from=3 /a /b\": COPY --from=3: stage 3 is this stage itself",
           "the message points at FROM and shows the trigger");
    rig_fini(&r);
}

int main(void) {
    plans();
    unused();
    late_triggers();
    return tap_done();
}
