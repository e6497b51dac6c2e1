/* SPDX-License-Identifier: Apache-2.0
 * plan_make: global ARGs, FROM, names, bases, what the target needs and what is dead. */
#include "rig.h"

struct row {
    const char *what, *text, *args, *target, *want; /* want: rig_dump_stages(), or "! part of the error" */
};

static const struct row plan_rows[] = {
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
     "! Dockerfile:2:6: FROM $BASE gives an empty name; ARG BASE is empty: give it with --build-arg BASE=..."},
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
    {"neither stage nor image, by a variable", "ARG S=B_-\nFROM y\nCOPY --from=$S /a /b", NULL, NULL,
     "! Dockerfile:3:6: COPY --from=B_-: that is neither a stage nor the name of an image"},
    {"from scratch", "FROM x\nCOPY --from=scratch /a /b", NULL, NULL, "! there is nothing in scratch"},
    {"neither stage nor image", "FROM x AS build\nFROM y\nCOPY --from=Buil_d- /a /b", NULL, NULL,
     "! COPY --from=Buil_d-: that is neither a stage nor"},
    {"faults of dead stages stay there", "FROM x\nCOPY --from=0 /a /b\nRUN --device=a b\nFROM y", NULL, NULL, "[<-x]; <-y"},

    {"a trigger that reads the stage that it runs in", "FROM a AS x\nONBUILD COPY --from=y /a /b\nFROM x AS y", NULL, NULL,
     "! Dockerfile:2:14: COPY --from=y: \"y\" is this stage itself; the trigger runs for the FROM of line 3"},
    {"triggers of a base stage are needed", "FROM a AS x\nFROM b AS base\nONBUILD COPY --from=x /a /b\nFROM base", NULL, NULL,
     "x<-a; base<-b; <-stage 1 needs 0,1"},

    {"what needs more than the plan is its step's",
     "FROM x\nCOPY --link --parents --exclude=a --chmod=u+x a b\nADD --unpack https://h/a /b",
     NULL, NULL, "<-x"},
    {"a mode that is none", "FROM x\nCOPY --chown=1 --chmod=z a b", NULL, NULL, "! Dockerfile:2:16: --chmod: \"z\" is neither"},
    {"COPY of a URL", "FROM x\nCOPY http://example.com/x /lib/", NULL, NULL, "! COPY cannot copy a URL"},
    {"RUN --security", "FROM x\nRUN --network=none --security=non make", NULL, NULL,
     "! Dockerfile:2:20: RUN --security=non: it is sandbox or insecure"},
    {"RUN --network", "FROM x\nRUN --network=no make", NULL, NULL, "! Dockerfile:2:5: RUN --network=no: it is default, none or host"},
    {"RUN --device", "FROM x\nRUN --device=a.b/c make", NULL, NULL, "! RUN --device is not supported"},
    {"other mounts", "FROM x\nRUN --mount=target=/c,type=cache --mount=type=secret,id=a --mount=type=ssh make", NULL, NULL, "<-x"},
    {"an option of another type", "FROM x\nRUN --mount=type=cache,target=/c,size=1 make", NULL, NULL,
     "! Dockerfile:2:5: RUN --mount: a mount of type cache has no \"size\""},
    {"a type that is not known yet takes it", "FROM x\nARG T\nRUN --mount=type=$T,target=/c,size=1 make", NULL, NULL, "<-x"},
    {"a cache's from is needed", "FROM a AS y\nFROM x\nRUN --mount=type=cache,target=/c,from=y make", NULL, NULL, "y<-a; <-x needs 0"},
    {"a tmpfs's is not", "FROM a AS y\nFROM x\nRUN --mount=type=tmpfs,target=/c,from=y make", NULL, NULL, "[y<-a]; <-x"},
    {"an unknown type", "FROM x\nRUN --mount=type=bindd make", NULL, NULL, "! there is no type \"bindd\""},
    {"an unknown flag", "FROM x\nCOPY --form=a a b", NULL, NULL, "! Dockerfile:2:6: unknown flag: --form (did you mean --from?)"},
};

static void plans(const struct row *rows, size_t n) {
    for (size_t k = 0; k < n; k++) {
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

/* --- Variables in COPY --from and in a mount's from= ----------------------------------------------------------------------------- */

#define STAGES "FROM a AS one\nFROM b AS two\n"
#define NEEDS_ONE "one<-a; [two<-b]; <-x needs 0"
#define NEEDS_TWO "[one<-a]; two<-b; <-x needs 1"

static const struct row constant_rows[] = {
    {"a global ARG", "ARG S=one\n" STAGES "FROM x\nCOPY --from=$S /x /y", NULL, NULL, NEEDS_ONE},
    {"with a build argument", "ARG S=one\n" STAGES "FROM x\nCOPY --from=$S /x /y", "S=two", NULL, NEEDS_TWO},
    {"the stage's ARG", STAGES "FROM x\nARG S=one\nCOPY --from=$S /x /y", NULL, NULL, NEEDS_ONE},
    {"by build argument", STAGES "FROM x\nARG S=one\nCOPY --from=$S /x /y", "S=two", NULL, NEEDS_TWO},
    {"the stage's wins over the global one", "ARG S=two\n" STAGES "FROM x\nARG S=one\nCOPY --from=${S} /x /y", NULL, NULL, NEEDS_ONE},
    {"taken over from the global one", "ARG S=two\n" STAGES "FROM x\nARG S\nCOPY --from=$S /x /y", NULL, NULL, NEEDS_TWO},
    {"the latest above counts", STAGES "FROM x\nARG S=one\nCOPY --from=$S /x /y\nARG S=two", NULL, NULL, NEEDS_ONE},
    {"a default of constants", STAGES "FROM x\nARG N=wo\nARG S=t${N}\nCOPY --from=$S /x /y", NULL, NULL, NEEDS_TWO},
    {"a default in place", STAGES "FROM x\nARG S\nCOPY --from=${S:-two} /x /y", NULL, NULL, NEEDS_TWO},
    {"an index", STAGES "FROM x\nARG S=1\nCOPY --from=$S /x /y", NULL, NULL, NEEDS_TWO},
    {"an image", "ARG V=1\nFROM x\nCOPY --from=nginx:$V /x /y", NULL, NULL, "<-x"},
    {"predefined ones", "FROM a AS amd64\nFROM b AS arm64\nFROM x\nCOPY --from=$TARGETARCH /x /y", NULL, NULL,
     "amd64<-a; [arm64<-b]; <-x needs 0"},
    {"an ARG over an ENV", STAGES "FROM x\nENV S=two\nARG S=one\nCOPY --from=$S /x /y", NULL, NULL, NEEDS_ONE},
    {"of the stage below", "FROM a AS one\nFROM b AS two\nARG S=one\nFROM two\nCOPY --from=$S /x /y", NULL, NULL,
     "one<-a; two<-b; <-stage 1 needs 0,1"},
    {"of one below that", "FROM a AS one\nFROM b AS two\nENV S=1\nARG S=one\nFROM two AS c\nFROM c\nCOPY --from=$S / /", NULL, NULL,
     "one<-a; two<-b; c<-stage 1 needs 1; <-stage 2 needs 0,2"},
    {"of a trigger of the base stage", "FROM a AS one\nFROM b AS two\nONBUILD ARG S=one\nFROM two\nCOPY --from=$S /x /y", NULL, NULL,
     "one<-a; two<-b; <-stage 1 needs 0,1"},
    {"in a trigger of the base stage", "FROM a AS one\nFROM b AS two\nARG S=one\nONBUILD COPY --from=$S /x /y\nFROM two", NULL, NULL,
     "one<-a; two<-b; <-stage 1 needs 0,1"},
    {"in a mount", STAGES "FROM x\nARG S=one\nRUN --mount=from=$S,target=/m make", NULL, NULL, NEEDS_ONE},
    {"dead stages keep theirs", "FROM a\nCOPY --from=$S /x /y\nFROM b", NULL, NULL, "[<-a]; <-b"},

    {"ENV of the stage", STAGES "FROM x\nENV S=one\nCOPY --from=$S /x /y", NULL, NULL,
     "! Dockerfile:5:6: COPY --from=$S: S comes from ENV and is not known before the build runs: use an ARG that does not depend on ENV"},
    {"an ENV over an ARG", STAGES "FROM x\nARG S=one\nENV S=two\nCOPY --from=$S /x /y", NULL, NULL, "! S comes from ENV"},
    {"an ARG that depends on an ENV", STAGES "FROM x\nENV E=o\nARG S=${E}ne\nCOPY --from=$S /x /y", NULL, NULL, "! S comes from ENV"},
    {"unless it is given", STAGES "FROM x\nENV E=o\nARG S=${E}ne\nCOPY --from=$S /x /y", "S=two", NULL, NEEDS_TWO},
    {"an ENV of the stage below", "FROM a AS one\nFROM b AS two\nENV S=one\nFROM two\nCOPY --from=$S /x /y", NULL, NULL,
     "! S comes from ENV"},
    {"nobody's", STAGES "FROM x\nCOPY --from=$S /x /y", NULL, NULL,
     "! Dockerfile:4:6: COPY --from=$S: no ARG declares S, and ENV is not known before the build runs: declare ARG S above it"},
    {"another stage's", "FROM a AS one\nARG S=one\nFROM x\nCOPY --from=$S /x /y", NULL, NULL, "! no ARG declares S"},
    {"an empty one", STAGES "FROM x\nARG S\nCOPY --from=$S /x /y", NULL, NULL, "! Dockerfile:5:6: COPY --from=$S gives an empty name"},
    {"its own message", STAGES "FROM x\nARG S\nCOPY --from=${S:?wanted} /x /y", NULL, NULL, "! S: wanted"},
    {"in a mount, nobody's", "FROM x\nRUN --mount=from=$S,target=/x make", NULL, NULL,
     "! Dockerfile:2:5: RUN --mount from=$S: no ARG declares S"},
    {"an ARG that cannot be expanded", STAGES "FROM x\nARG T=${x\nARG S=$T\nCOPY --from=$S /x /y", NULL, NULL,
     "! Dockerfile:4:5: ARG: failed to process \"${x\""},
    {"nor of the stage below", STAGES "FROM x AS three\nARG S=${x\nFROM three\nCOPY --from=$S /x /y", NULL, NULL,
     "! Dockerfile:4:5: ARG: failed"},
    {"of a dead stage", STAGES "FROM x\nARG T=${x\nFROM x\nARG S=one\nCOPY --from=$S /x /y", NULL, NULL,
     "one<-a; [two<-b]; [<-x]; <-x needs 0"},
    {"a forward reference", "FROM x\nARG S=1\nCOPY --from=$S /x /y\nFROM y", NULL, "0", "! COPY --from=1: stage 1 comes after this one"},
};

/* --- Named contexts -------------------------------------------------------------------------------------------------------------- */

struct named_row {
    const char *what, *named, *text, *target, *want; /* of plan_make */
};
static const struct named_row named_rows[] = {
    {"a directory for an image", "alpine=dir:d", "FROM alpine", NULL, "<-named 0"},
    {"in other words", "alpine=dir:d", "FROM docker.io/library/alpine:latest", NULL, "<-named 0"},
    {"and the other way round", "index.docker.io/library/alpine=dir:d", "FROM alpine:latest", NULL, "<-named 0"},
    {"another tag is another image", "alpine=dir:d", "FROM alpine:3.18", NULL, "<-alpine:3.18"},
    {"with its tag", "alpine:3.18=dir:d", "FROM alpine:3.18", NULL, "<-named 0"},
    {"of docker.io only", "alpine=dir:d", "FROM ghcr.io/alpine", NULL, "<-ghcr.io/alpine"},
    {"an image for an image", "alpine=image:debian:12", "FROM alpine", NULL, "<-debian:12"},
    {"scratch for an image", "alpine=image:scratch", "FROM alpine", NULL, "<-scratch"},
    {"a layout for an image", "x=dir:a;alpine=oci:d", "FROM alpine", NULL, "<-named 1"},
    {"a stage for an image", "alpine=stage:base", "FROM x AS base\nFROM alpine", NULL, "base<-x; <-stage 0 needs 0"},
    {"by its index", "alpine=stage:0", "FROM x AS base\nFROM alpine", NULL, "base<-x; <-stage 0 needs 0"},
    {"the last of two", "a=dir:1;a=image:b", "FROM a", NULL, "<-b"},
    {"after its variables", "alpine=dir:d", "ARG B=alpine\nFROM $B", NULL, "<-named 0"},
    {"for a stage, whole", "base=image:y", "FROM x AS base\nRUN --device=a b\nFROM base", NULL, "[base<-y]; <-y"},
    {"in any case", "base=image:y", "FROM x AS Base\nFROM BASE", NULL, "[base<-y]; <-y"},
    {"for the target", "base=image:y", "FROM x AS base\nCOPY --from=q /a /b", "base", "base<-y"},
    {"whose own base does not matter", "base=image:y", "FROM $NOPE AS base", NULL, "base<-y"},
    {"its directory as a base", "base=dir:y", "FROM x AS base\nFROM base", NULL, "[base<-named 0]; <-named 0"},
    {"scratch stays scratch", "alpine=dir:d", "FROM scratch", NULL, "<-scratch"},
    {"COPY --from of an image", "nginx=dir:d", "FROM x\nCOPY --from=nginx /a /b", NULL, "<-x"},
    {"COPY --from of a stage needs it no more", "one=dir:d", "FROM a AS one\nFROM x\nCOPY --from=one /a /b", NULL, "[one<-named 0]; <-x"},
    {"nor by index", "one=dir:d", "FROM a AS one\nFROM x\nCOPY --from=0 /a /b", NULL, "[one<-named 0]; <-x"},
    {"nor by a variable", "one=dir:d", "FROM a AS one\nFROM x\nARG S=one\nCOPY --from=$S /a /b", NULL, "[one<-named 0]; <-x"},
    {"a mount's neither", "one=dir:d", "FROM a AS one\nFROM x\nRUN --mount=from=one,target=/m a", NULL, "[one<-named 0]; <-x"},
    {"COPY --from of what is a stage", "web=stage:one", "FROM a AS one\nFROM x\nCOPY --from=web /a /b", NULL, "one<-a; <-x needs 0"},
    {"a name that a later stage has", "later=image:i", "FROM x AS one\nCOPY --from=later /a /b\nFROM y AS later", "one",
     "one<-x; [later<-i]"},
    {"a stage in place of one above it", "one=stage:two", "FROM a AS one\nFROM b AS two\nFROM x\nCOPY --from=one /a /b", NULL,
     "[one<-named 0]; two<-b; <-x needs 1"},
    {"from one to the next", "a=stage:one;one=stage:two", "FROM x AS two\nFROM y AS one\nFROM a", NULL,
     "two<-x; [one<-stage 0]; <-stage 0 needs 0"},

    {"a stage that is not there", "a=stage:nope", "FROM x\nFROM a", NULL,
     "! Dockerfile:2:6: FROM a: --build-context a=target:nope: there is no stage \"nope\""},
    {"a stage that comes later", "a=stage:z", "FROM a\nFROM x AS z", "0", "! --build-context a=target:z: stage \"z\" comes after this one"},
    {"a stage that is this one", "a=stage:z", "FROM x AS z\nCOPY --from=a /a /b", NULL,
     "! Dockerfile:2:6: COPY --from=a: --build-context a=target:z: \"z\" is this stage itself"},
    {"itself", "a=stage:a", "FROM x AS a\nFROM a", NULL, "! Dockerfile:2:6: FROM a: --build-context a leads in a circle"},
    {"a circle", "a=stage:b;b=stage:a", "FROM x AS a\nFROM x AS b\nFROM y\nCOPY --from=a / /", NULL,
     "! Dockerfile:4:6: COPY --from=a: --build-context a leads in a circle"},
    {"itself, as the target", "a=stage:a", "FROM x AS a", NULL,
     "! Dockerfile:1:6: FROM a: --build-context a=target:a: \"a\" is this stage"},
    {"a name that cannot be", "A b=dir:d", "FROM x", NULL, "! --build-context A b: that is no name of a stage or an image"},
    {"scratch", "scratch=dir:d", "FROM x", NULL, "! --build-context scratch: nothing can stand in for \"scratch\""},
    {"the context", "context=dir:d", "FROM x", NULL, "! nothing can stand in for \"context\""},
    {"an image that cannot be", "a=image:B:c:d", "FROM x", NULL, "! --build-context a: \"B:c:d\" is not the name of an image"},
    {"COPY --from of scratch", "a=image:scratch", "FROM x\nCOPY --from=a /a /b", NULL, "! there is nothing in scratch"},
};

static void named_plans(void) {
    for (size_t k = 0; k < sizeof named_rows / sizeof named_rows[0]; k++) {
        const struct named_row *row = &named_rows[k];
        struct rig r;
        rig_init(&r);
        rig_named(&r, row->named);
        r.options.target = row->target ? str_z(row->target) : STR_NULL;
        bool good = rig_plan(&r, row->text);
        if (row->want[0] == '!') {
            ok(!good && r.err.kind == ERR_USAGE, "refused: %s", row->what);
            is_err(&r.err, row->want + 2, row->what);
        } else {
            rig_ok(&r, row->what);
            is_str(good ? rig_dump_stages(&r) : STR_NULL, str_z(row->want), row->what);
        }
        rig_fini(&r);
    }
}

/* --- SOURCE_DATE_EPOCH, BUILDKIT_SYNTAX ------------------------------------------------------------------------------------------ */

static void epochs(void) {
    static const struct {
        const char *what, *text, *args, *want; /* "-": none */
        bool option;
    } rows[] = {
        {"none", "FROM x", NULL, "-", false},
        {"a global default", "ARG SOURCE_DATE_EPOCH=1700000000\nFROM x", NULL, "1700000000", false},
        {"made of another", "ARG A=17\nARG SOURCE_DATE_EPOCH=${A}00\nFROM x", NULL, "1700", false},
        {"without one", "ARG SOURCE_DATE_EPOCH\nFROM x", NULL, "-", false},
        {"an empty one", "ARG SOURCE_DATE_EPOCH=\nFROM x", NULL, "-", false},
        {"a stage's is none", "FROM x\nARG SOURCE_DATE_EPOCH=5", NULL, "-", false},
        {"the options' wins", "ARG SOURCE_DATE_EPOCH=5\nFROM x", NULL, "7", true},
        {"no number", "ARG A=1 SOURCE_DATE_EPOCH=soon\nFROM x", NULL,
         "! Dockerfile:1:9: ARG SOURCE_DATE_EPOCH=soon is not a number of seconds from 1970 to 9999, nor \"context\"", false},
        {"the last second", "ARG SOURCE_DATE_EPOCH=253402300799\nFROM x", NULL, "253402300799", false},
        {"the one behind it", "ARG SOURCE_DATE_EPOCH=253402300800\nFROM x", NULL, "! is not a number of seconds", false},
        {"the context's", "ARG A=con SOURCE_DATE_EPOCH=${A}text\nFROM x", NULL, "context", false},
        {"a negative one", "ARG SOURCE_DATE_EPOCH=-1\nFROM x", NULL, "! is not a number of seconds", false},
    };
    for (size_t k = 0; k < sizeof rows / sizeof rows[0]; k++) {
        struct rig r;
        rig_init(&r);
        rig_args(&r, rows[k].args);
        r.options.has_epoch = rows[k].option;
        r.options.epoch = 7;
        bool good = rig_plan(&r, rows[k].text);
        if (rows[k].want[0] == '!') {
            ok(!good, "refused: %s", rows[k].what);
            is_err(&r.err, rows[k].want + 2, rows[k].what);
        } else {
            rig_ok(&r, rows[k].what);
            struct str got = r.plan.has_epoch ? arena_printf(&r.arena, "%lld", (long long)r.plan.epoch) :
                             r.plan.epoch_of_context ? S("context") : S("-");
            is_str(good ? got : STR_NULL, str_z(rows[k].want), rows[k].what);
        }
        rig_fini(&r);
    }
}

static void foreign_frontends(void) {
    static const struct {
        const char *value;
        bool warned;
    } rows[] = {{"docker/dockerfile:1", false},           {"docker.io/docker/dockerfile:1.7-labs", false},
                {"docker/dockerfile-upstream", false},    {"docker/dockerfile:1 --debug", false},
                {"ghcr.io/x/docker/dockerfile:1", true}, {"earthly/dockerfile", true}};
    for (size_t k = 0; k < sizeof rows / sizeof rows[0]; k++) {
        struct rig r;
        rig_init(&r);
        rig_args(&r, arena_printf(&r.arena, "BUILDKIT_SYNTAX=%s", rows[k].value).p);
        bool good = rig_plan(&r, arena_printf(&r.arena, "# check=error=true\n# syntax = %s\nFROM x", rows[k].value).p);
        rig_ok(&r, rows[k].value);
        ok(good && r.plan.n_warnings == rows[k].warned && r.file.n_warnings == rows[k].warned, "warned of as it should: %s", rows[k].value);
        if (good && rows[k].warned)
            ok(strcmp(r.file.warnings[0].rule, "ForeignSyntax") == 0 && r.file.warnings[0].pos.line == 2, "by line");
        is_str(r.file.check, S("error=true"), "check= stays as it is");
        rig_fini(&r);
    }
}

/* --- The rest -------------------------------------------------------------------------------------------------------------------- */

static void unused(void) {
    struct rig r;
    rig_init(&r);
    rig_args(&r, "GLOBAL=1;LOCAL=2;DEAD=3;NOBODY=4;http_proxy=5;NO_PROXY=6;BUILDKIT_CACHE_MOUNT_NS=1;"
                 "BUILDKIT_SYNTAX=;BUILDKIT_CACHE_MOUNT_SN=1;TARGETARCH=x;LATER=8;OTHER=9");
    bool good = rig_plan(&r, "ARG GLOBAL\nFROM a\nARG DEAD\nFROM b\nARG LOCAL=x OTHER2\nONBUILD ARG LATER");
    rig_ok(&r, "a plan with arguments");
    is_str(good ? rig_join(&r, &r.plan.unused_args) : STR_NULL, S("NOBODY|BUILDKIT_CACHE_MOUNT_SN|OTHER"),
           "build arguments that no ARG asked for are listed");
    rig_fini(&r);
}

/* Triggers of an image come late: what they read comes alive, and what that reads. */
static void late_triggers(void) {
    struct rig r;
    rig_init(&r);
    str_list_add(&r.arena, &r.base.onbuild, S("COPY --from=mid /a /b"));
    bool good = rig_plan(&r, "FROM a AS low\nFROM b AS mid\nCOPY --from=low / /\nFROM c AS other\nFROM d");
    is_str(rig_dump_stages(&r), S("[low<-a]; [mid<-b]; [other<-c]; <-d"), "before the base is known");
    struct df_instruction *trigger;
    const struct plan_stage *last = &r.plan.stages[3];
    good = good && plan_parse_triggers(&r.arena, &r.plan, last, &r.base.onbuild, &trigger, &r.err) &&
           plan_add_triggers(&r.arena, &r.plan, 3, trigger, 1, &r.err);
    rig_ok(&r, "triggers are taken in");
    ok(good, "and said so");
    is_str(rig_dump_stages(&r), S("low<-a; mid<-b needs 0; [other<-c]; <-d needs 1"), "after it is");
    struct err e = ERR_INIT;
    struct str_list more = {0};
    str_list_add(&r.arena, &more, S("RUN a"));
    str_list_add(&r.arena, &more, S("COPY \\\n  --from=3 /a /b"));
    ok(plan_parse_triggers(&r.arena, &r.plan, last, &more, &trigger, &e), "other triggers");
    ok(!plan_add_triggers(&r.arena, &r.plan, 3, trigger, 2, &e), "a trigger cannot read its own stage");
    is_err(&e, "Dockerfile:5:6: FROM d: ONBUILD trigger 2 \"COPY   --from=3 /a /b\":2:3: COPY --from=3: stage 3 is this stage itself",
           "the message points at FROM, names the base and the trigger, and points into that");
    str_list_add(&r.arena, &more, S("RUNN a"));
    ok(!plan_parse_triggers(&r.arena, &r.plan, last, &more, &trigger, &e), "one that is no instruction");
    is_err(&e, "Dockerfile:5:6: FROM d: ONBUILD trigger 3 \"RUNN a\":1:1: unknown instruction: RUNN", "is told in the same way");
    rig_fini(&r);
}

int main(void) {
    plans(plan_rows, sizeof plan_rows / sizeof plan_rows[0]);
    plans(constant_rows, sizeof constant_rows / sizeof constant_rows[0]);
    named_plans();
    epochs();
    foreign_frontends();
    unused();
    late_triggers();
    return tap_done();
}
