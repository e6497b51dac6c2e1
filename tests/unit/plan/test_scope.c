/* SPDX-License-Identifier: Apache-2.0
 * What instructions make of the configuration and the variables: histories are BuildKit's, word for word. */
#include "rig.h"

#define PATH_PAIR "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

/* --- Histories ------------------------------------------------------------------------------------------------------------------- */

static const struct {
    const char *what, *text, *args, *want; /* want: rig_dump_history(), or "! part of the error" */
} histories[] = {
    {"ENV", "FROM x\nENV A=b", NULL, "ENV A=b"},
    {"several, with quotes gone", "FROM x\nENV A=\"b c\" D='e f' G=h\\ i", NULL, "ENV A=b c D=e f G=h i"},
    {"the old form takes the rest of the line", "FROM x\nENV A b  c", NULL, "ENV A=b  c"},
    {"one snapshot an instruction", "FROM x\nENV abc=hello\nENV abc=bye def=$abc\nENV ghi=$abc", NULL,
     "ENV abc=hello\nENV abc=bye def=hello\nENV ghi=bye"},
    {"WSO2's mixed word", "FROM x\nARG USER_HOME=/home/u\nENV ENV=${USER_HOME}\"/.ashrc\"", NULL,
     "ARG USER_HOME=/home/u\nENV ENV=/home/u/.ashrc"},
    {"PATH of the base", "FROM x\nENV PATH=/opt/bin:$PATH", NULL, "ENV PATH=/opt/bin:/base/bin"},
    {"keys are expanded too", "FROM x\nARG K=key\nENV $K=v", NULL, "ARG K=key\nENV key=v"},
    {"LABEL", "FROM x\nLABEL a=b \"c d\"=\"e\"", NULL, "LABEL a=b c d=e"},
    {"MAINTAINER", "FROM x\nMAINTAINER a b <c@d>", NULL, "MAINTAINER a b <c@d>"},
    {"USER", "FROM x\nARG USER_ID=802\nUSER ${USER_ID}", NULL, "ARG USER_ID=802\nUSER 802"},
    {"an empty USER", "FROM x\nUSER $NOBODY", NULL, "! Dockerfile:2:6: USER $NOBODY gives an empty name, which would mean root"},
    {"WORKDIR goes on from WORKDIR", "FROM x\nWORKDIR /a\nWORKDIR b\nWORKDIR ../c", NULL, "WORKDIR /a\nWORKDIR /a/b\nWORKDIR /a/c"},
    {"and begins at the root", "FROM scratch\nWORKDIR x", NULL, "WORKDIR /x"},
    {"CMD, shell form", "FROM x\nCMD echo \"hi\" $A", NULL, "CMD [\"/bin/sh\" \"-c\" \"echo \\\"hi\\\" $A\"]"},
    {"CMD, exec form", "FROM x\nCMD [\"bal\", \"version\"]", NULL, "CMD [\"bal\" \"version\"]"},
    {"ENTRYPOINT", "FROM x\nENTRYPOINT exec ${HOME}/run.sh", NULL, "ENTRYPOINT [\"/bin/sh\" \"-c\" \"exec ${HOME}/run.sh\"]"},
    {"SHELL changes the shell form", "FROM x\nSHELL [\"/bin/bash\", \"-o\", \"pipefail\", \"-c\"]\nCMD a b", NULL,
     "SHELL [/bin/bash -o pipefail -c]\nCMD [\"/bin/bash\" \"-o\" \"pipefail\" \"-c\" \"a b\"]"},
    {"EXPOSE", "FROM x\nEXPOSE 80", NULL, "EXPOSE [80/tcp]"},
    {"in BuildKit's order", "FROM x\nEXPOSE 9443 8280/TCP 53/udp 9763", NULL, "EXPOSE [53/udp 8280/tcp 9443/tcp 9763/tcp]"},
    {"ranges", "FROM x\nEXPOSE 8000-8003/sctp", NULL, "EXPOSE [8000/sctp 8001/sctp 8002/sctp 8003/sctp]"},
    {"a variable of several words", "FROM x\nARG P=\"80 443\"\nEXPOSE $P", NULL, "ARG P=80 443\nEXPOSE [80/tcp 443/tcp]"},
    {"the host's half goes", "FROM x\nEXPOSE 127.0.0.1:8080:80 [::1]:1-2:3-4", NULL, "EXPOSE [80/tcp 3/tcp 4/tcp]"},
    {"no port", "FROM x\nEXPOSE http", NULL, "! Dockerfile:2:8: EXPOSE http: not a port or a range of ports"},
    {"too high", "FROM x\nEXPOSE 65536", NULL, "! EXPOSE 65536: not a port"},
    {"the second of two", "FROM x\nARG P='1 x'\nEXPOSE 9 \\\n  $P", NULL, "! Dockerfile:4:3: EXPOSE x: not a port"},
    {"backwards", "FROM x\nEXPOSE 9-8", NULL, "! EXPOSE 9-8: not a port"},
    {"a protocol that is none", "FROM x\nEXPOSE 80/tpc", NULL, "! the protocol is tcp, udp or sctp"},
    {"an address that is none", "FROM x\nEXPOSE 1.2.3:1:2", NULL, "! \"1.2.3\" is not an IP address"},
    {"ranges of two lengths", "FROM x\nEXPOSE 1-3:1-2", NULL, "! the two ranges differ in length"},
    {"VOLUME", "FROM x\nVOLUME /b /a", NULL, "VOLUME [/b /a]"},
    {"VOLUME in JSON", "FROM x\nARG D=/d\nVOLUME [\"$D\", \"/e f\"]", NULL, "ARG D=/d\nVOLUME [/d /e f]"},
    {"an empty VOLUME", "FROM x\nVOLUME $NOPE", NULL, "! Dockerfile:2:8: VOLUME: \"$NOPE\" gives an empty path"},
    {"the second of two", "FROM x\nVOLUME [\"/a\", \\\n \"${B\"]", NULL, "! Dockerfile:3:2: VOLUME: failed to process \"${B\""},
    {"too long a WORKDIR", "FROM x\nARG A=12345678\nARG B=$A$A$A$A$A$A$A$A\nARG C=$B$B$B$B$B$B$B$B$B\nWORKDIR  $C$C$C$C$C$C$C$C", NULL,
     "! Dockerfile:5:10: WORKDIR: a path is longer than 4095 bytes"},
    {"STOPSIGNAL", "FROM x\nSTOPSIGNAL SIGQUIT", NULL, "STOPSIGNAL SIGQUIT"},
    {"by number, real-time, without SIG", "FROM x\nSTOPSIGNAL 9\nSTOPSIGNAL RTMIN+3\nSTOPSIGNAL term", NULL,
     "STOPSIGNAL 9\nSTOPSIGNAL RTMIN+3\nSTOPSIGNAL term"},
    {"no such signal", "FROM x\nSTOPSIGNAL SIGFOO", NULL, "! Dockerfile:2:12: STOPSIGNAL SIGFOO: there is no such signal"},
    {"nor RTMIN+16", "FROM x\nSTOPSIGNAL SIGRTMIN+16", NULL, "! there is no such signal"},
    {"HEALTHCHECK", "FROM x\nHEALTHCHECK --interval=30s --timeout=1m30s --retries=5 CMD curl -f http://localhost/ || exit 1", NULL,
     "HEALTHCHECK {Test:[CMD-SHELL curl -f http://localhost/ || exit 1] Interval:30s Timeout:1m30s StartPeriod:0s StartInterval:0s "
     "Retries:5}"},
    {"in JSON", "FROM x\nHEALTHCHECK --start-period=1h --start-interval=1ms CMD [\"a\",\"b\"]", NULL,
     "HEALTHCHECK {Test:[CMD a b] Interval:0s Timeout:0s StartPeriod:1h0m0s StartInterval:1ms Retries:0}"},
    {"HEALTHCHECK NONE", "FROM x\nHEALTHCHECK none", NULL,
     "HEALTHCHECK {Test:[NONE] Interval:0s Timeout:0s StartPeriod:0s StartInterval:0s Retries:0}"},
    {"too short an interval", "FROM x\nHEALTHCHECK --interval=999us CMD a", NULL,
     "! Dockerfile:2:24: HEALTHCHECK --interval=999us is less than 1ms"},
    {"no duration", "FROM x\nHEALTHCHECK --retries=1 \\\n  --timeout=5 CMD a", NULL,
     "! Dockerfile:3:13: HEALTHCHECK --timeout=5 is not a duration"},
    {"negative retries", "FROM x\nHEALTHCHECK --retries=-1 CMD a", NULL, "! --retries=-1 is not a number"},
    {"ONBUILD has no history", "FROM x\nONBUILD RUN make\nENV A=1", NULL, "ENV A=1"},
    {"an empty name", "FROM x\nENV $NOPE=1", NULL, "! Dockerfile:2:5: ENV: \"$NOPE\" gives an empty name"},
    {"an error in an expansion", "FROM x\nENV A=1 B=${NOPE:?absent}", NULL,
     "! Dockerfile:2:9: ENV: failed to process \"${NOPE:?absent}\": NOPE: absent"},

    {"ARG", "FROM x\nARG A=1 B", NULL, "ARG A=1 B"},
    {"ARG with a build argument", "FROM x\nARG A=1 B", "A=2;B=3", "ARG A=2 B=3"},
    {"ARG sees ARGs of its line", "FROM x\nARG A=1 B=$A", NULL, "ARG A=1 B=1"},
    {"a global one must be declared again", "ARG A=1\nFROM x\nENV B=[$A]\nARG A\nENV C=[$A]", NULL, "ENV B=[]\nARG A=1\nENV C=[1]"},
    {"its default there wins", "ARG A=1\nFROM x\nARG A=2", NULL, "ARG A=2"},
    {"but not over a build argument", "ARG A=1\nFROM x\nARG A=2", "A=3", "ARG A=3"},
    {"a build argument is nothing before its ARG", "FROM x\nENV B=[$A]\nARG A=1", "A=2", "ENV B=[]\nARG A=2"},
    {"TARGETARCH must be declared", "FROM x\nENV A=[$TARGETARCH]\nARG TARGETARCH BUILDPLATFORM\nENV B=$TARGETARCH,$BUILDPLATFORM", NULL,
     "ENV A=[]\nARG TARGETARCH=amd64 BUILDPLATFORM=linux/amd64\nENV B=amd64,linux/amd64"},
    {"an undeclared proxy is no variable", "FROM x\nENV A=[$http_proxy]", "http_proxy=p", "ENV A=[]"},
    {"ENV replaces ARG", "FROM x\nARG V=arg\nENV V=env\nENV W=$V", NULL, "ARG V=arg\nENV V=env\nENV W=env"},
    {"even after a build argument", "FROM x\nARG V\nENV V=v1.0.0\nENV W=$V", "V=v2.0.1", "ARG V=v2.0.1\nENV V=v1.0.0\nENV W=v1.0.0"},
    {"or completes it", "FROM x\nARG V\nENV V=${V:-v1.0.0}\nENV W=$V", "V=v2", "ARG V=v2\nENV V=v2\nENV W=v2"},
    {"a later ARG replaces ENV, as with BuildKit", "FROM x\nENV V=env\nARG V=arg\nENV W=$V", NULL, "ENV V=env\nARG V=arg\nENV W=arg"},
    {"six lines of WSO2's default", "FROM x\nARG MOTD='\\n\\\na\\n\\\nb'", NULL, "ARG MOTD=\\na\\nb"},
};

static void check_histories(void) {
    for (size_t k = 0; k < sizeof histories / sizeof histories[0]; k++) {
        struct rig r;
        rig_init(&r);
        rig_args(&r, histories[k].args);
        pair_list_set(&r.arena, &r.base.env, S("PATH"), S("/base/bin"));
        bool good = rig_run(&r, histories[k].text);
        if (histories[k].want[0] == '!') {
            ok(!good && r.err.kind == ERR_USAGE, "refused: %s", histories[k].what);
            is_err(&r.err, histories[k].want + 2, histories[k].what);
        } else {
            rig_ok(&r, histories[k].what);
            is_str(good ? rig_dump_history(&r) : STR_NULL, str_z(histories[k].want), histories[k].what);
        }
        rig_fini(&r);
    }
}

/* --- Configurations -------------------------------------------------------------------------------------------------------------- */

/* Runs `text` and gives the target's configuration; NULL (and a failed test) on an error. */
static const struct container_config *config_of(struct rig *r, const char *text) {
    bool good = rig_run(r, text);
    rig_ok(r, text);
    return good ? &rig_scope(r)->config : &r->base;
}

static void defaults(void) {
    struct rig r;
    rig_init(&r);
    const struct container_config *c = config_of(&r, "FROM scratch\nLABEL a=b");
    is_str(rig_pairs(&r, &c->env), S(PATH_PAIR), "scratch has a PATH");
    is_str(c->workdir, S("/"), "and a directory");
    ok(!c->cmd.set && !c->entrypoint.set && !c->has_health && !c->args_escaped, "and nothing else");
    rig_fini(&r);
    rig_init(&r);
    r.base = (struct container_config){.workdir = S("srv/x")};
    c = config_of(&r, "FROM x\nENV A=1");
    is_str(rig_pairs(&r, &c->env), S(PATH_PAIR " A=1"), "a base without PATH gets it");
    is_str(c->workdir, S("/srv/x"), "a base's relative directory becomes absolute");
    rig_fini(&r);
}

static void lists(void) {
    struct rig r;
    rig_init(&r);
    str_list_add(&r.arena, &r.base.exposed_ports, S("80/tcp"));
    const struct container_config *c = config_of(
        &r, "FROM x\nEXPOSE 9000 443\nEXPOSE 80 443/udp\nVOLUME /b /a\nVOLUME /a\nONBUILD RUN <<E\na\nE\nLABEL b=1 a=2\nLABEL b=3");
    is_str(rig_join(&r, &c->exposed_ports), S("443/tcp|443/udp|80/tcp|9000/tcp"), "ports are sorted and unique, the base's with them");
    is_str(rig_join(&r, &c->volumes), S("/a|/b"), "so are volumes");
    is_str(rig_join(&r, &c->onbuild), S("RUN <<E\na\nE"), "a trigger keeps its here-document");
    is_str(rig_pairs(&r, &c->labels), S("b=3 a=2"), "labels are replaced in place");
    rig_fini(&r);
}

static void commands(void) {
    struct rig r;
    rig_init(&r);
    str_list_add(&r.arena, &r.base.cmd, S("base"));
    const struct container_config *c = config_of(&r, "FROM x\nENTRYPOINT [\"e\"]");
    ok(c->cmd.n == 0 && !c->cmd.set && c->entrypoint.n == 1, "ENTRYPOINT takes the base's CMD away");
    ok(!c->args_escaped, "ArgsEscaped comes with CMD only");
    rig_fini(&r);
    rig_init(&r);
    c = config_of(&r, "FROM x\nCMD [\"c\"]\nENTRYPOINT [\"e\"]");
    is_str(rig_join(&r, &c->cmd), S("c"), "but not the stage's own");
    ok(c->args_escaped, "CMD writes ArgsEscaped");
    rig_fini(&r);
    rig_init(&r);
    c = config_of(&r, "FROM x AS a\nCMD [\"c\"]\nFROM a\nENTRYPOINT [\"e\"]");
    ok(c->cmd.n == 0, "a CMD of the stage below is the base's");
    rig_fini(&r);
    rig_init(&r);
    c = config_of(&r, "FROM x\nCMD []\nENTRYPOINT []");
    ok(c->cmd.set && c->cmd.n == 0 && c->entrypoint.set && c->entrypoint.n == 0, "an empty list is one");
    rig_fini(&r);
    rig_init(&r);
    c = config_of(&r, "FROM x\nHEALTHCHECK --interval=1m CMD a b");
    ok(c->has_health && c->health.interval_ns == 60000000000 && str_eqz(rig_join(&r, &c->health.test), "CMD-SHELL|a b"),
       "a health check is kept");
    rig_fini(&r);
}

/* --- Scopes of stages ------------------------------------------------------------------------------------------------------------ */

static void inheritance(void) {
    static const struct {
        const char *what, *text, *want;
    } rows[] = {
        {"a derived stage has the ARGs of its base stage", "FROM x AS a\nARG V=1\nFROM a\nENV W=$V", "ENV W=1"},
        {"an unrelated one has not", "FROM x AS a\nARG V=1\nFROM x\nENV W=[$V]", "ENV W=[]"},
        {"ENV of the base stage", "FROM x AS a\nENV V=1\nFROM a\nENV W=$V", "ENV W=1"},
        {"which stands before its ARGs in the derived stage", "FROM x AS a\nENV V=env\nARG V=arg\nFROM a\nENV W=$V", "ENV W=env"},
        {"inherited ARGs are in RUN's history", "FROM x AS a\nARG V=1\nFROM a\nRUN make", "RUN |1 V=1 /bin/sh -c make # buildkit"},
        {"WORKDIR and USER are inherited", "FROM x AS a\nWORKDIR /w\nUSER u\nFROM a\nWORKDIR v", "WORKDIR /w/v"},
        {"SHELL is", "FROM x AS a\nSHELL [\"s\"]\nFROM a\nRUN b", "RUN s b # buildkit"},
        {"triggers of a base stage run first", "FROM x AS a\nONBUILD ENV V=1\nFROM a\nENV W=$V", "ENV V=1\nENV W=1"},
        {"and are not handed on", "FROM x AS a\nONBUILD ENV V=1\nFROM a AS b\nFROM b\nENV W=$V", "ENV W=1"},
    };
    for (size_t k = 0; k < sizeof rows / sizeof rows[0]; k++) {
        struct rig r;
        rig_init(&r);
        bool good = rig_run(&r, rows[k].text);
        rig_ok(&r, rows[k].what);
        is_str(good ? rig_dump_history(&r) : STR_NULL, str_z(rows[k].want), rows[k].what);
        rig_fini(&r);
    }
}

/* Sources that triggers of an image name: stages, by variables too, and named contexts. */
static void late_sources(void) {
    static const struct {
        const char *trigger, *second, *text, *want; /* the plan afterwards, or the error */
    } rows[] = {
        {"COPY --from=one /a /b", NULL, "FROM a AS one\nFROM x AS last", "one<-a; last<-x needs 0"},
        {"COPY --from=ctx /a /b", NULL, "FROM a AS one\nFROM x AS last", "[one<-a]; last<-x"},
        {"ARG S=one", "COPY --from=$S /a /b", "FROM a AS one\nFROM x AS last", "one<-a; last<-x needs 0"},
        {"ARG S=one", "RUN --mount=from=$S,target=/m a", "FROM a AS one\nFROM x AS last", "one<-a; last<-x needs 0"},
        {"ARG S=one", NULL, "FROM a AS one\nFROM x AS last\nARG S\nCOPY --from=${S:-two} /a /b", "one<-a; last<-x needs 0"},
        {"ADD --link --chmod=u+x https://h/a /b", NULL, "FROM x AS last", "last<-x"},
        {"SHELL [\"/bin/bash\", \"-c\"]", "RUN a", "FROM x AS last", "last<-x"},
        {"HEALTHCHECK --interval=5s CMD a", "RUN <<E\na\nE", "FROM x AS last", "last<-x"},
        {"ENV S=one", "COPY --from=$S /a /b", "FROM a AS one\nFROM x AS last", "! S comes from ENV"},
        {"ARG S=one", NULL, "FROM a AS one\nFROM x AS last\nFROM last\nARG S\nCOPY --from=${S:-two} /a /b",
         "! Dockerfile:5:6: COPY --from=${S:-two}: that the base image makes \"one\" of it could not be foreseen; name the stage"},
        {"MAINTAINER x", NULL, "FROM x", "! MAINTAINER isn't allowed as an ONBUILD trigger"},
        {"FROM x", NULL, "FROM x", "! FROM isn't allowed as an ONBUILD trigger"},
        {"ONBUILD RUN x", NULL, "FROM x", "! Chaining ONBUILD via `ONBUILD ONBUILD` isn't allowed"},
    };
    for (size_t k = 0; k < sizeof rows / sizeof rows[0]; k++) {
        struct rig r;
        rig_init(&r);
        rig_named(&r, "ctx=dir:d");
        str_list_add(&r.arena, &r.base.onbuild, str_z(rows[k].trigger));
        if (rows[k].second)
            str_list_add(&r.arena, &r.base.onbuild, str_z(rows[k].second));
        bool refused = rows[k].want[0] == '!';
        bool good = rig_run(&r, rows[k].text);
        if (refused && !good)
            is_err(&r.err, rows[k].want + 2, rig_name(&r, rows[k].trigger));
        else
            rig_ok(&r, rows[k].trigger);
        ok(good == !refused, "as it should be: %s", rig_name(&r, rows[k].trigger));
        if (!refused)
            is_str(good ? rig_dump_stages(&r) : STR_NULL, str_z(rows[k].want), rig_name(&r, rows[k].trigger));
        rig_fini(&r);
    }
}

/* A base image's ENV is seen by a default in place, as by any other word; a stage that nobody could foresee is refused. */
static void late_environment(void) {
    struct rig r;
    const char *text = "FROM a AS one\nFROM b AS two\nFROM x\nARG S\nCOPY --from=${S:-two} /a /b";
    rig_init(&r);
    bool good = rig_run(&r, text);
    rig_ok(&r, "a default in place");
    ok(good && rig_last(&r)->copy.source.kind == SOURCE_STAGE && rig_last(&r)->copy.source.stage == 1, "is taken");
    rig_fini(&r);
    rig_init(&r);
    pair_list_set(&r.arena, &r.base.env, S("S"), S("one"));
    ok(!rig_run(&r, text), "an ENV of the image that names another stage is refused");
    is_err(&r.err, "could not be foreseen", "and said");
    rig_fini(&r);
}

static void image_triggers(void) {
    struct rig r;
    rig_init(&r);
    str_list_add(&r.arena, &r.base.onbuild, S("ARG V=1"));
    str_list_add(&r.arena, &r.base.onbuild, S("COPY . /app/$V"));
    bool good = rig_run(&r, "FROM x\nENV W=$V");
    rig_ok(&r, "a base with triggers");
    is_str(good ? rig_dump_history(&r) : STR_NULL, S("ARG V=1\nCOPY . /app/1 # buildkit\nENV W=1"), "triggers of an image run first");
    ok(good && rig_scope(&r)->config.onbuild.n == 0, "and are gone");
    rig_fini(&r);
    late_sources();
    rig_init(&r);
    str_list_add(&r.arena, &r.base.onbuild, S("USER $NOPE"));
    ok(!rig_run(&r, "# comment\nFROM x"), "a trigger may fail");
    is_err(&r.err, "Dockerfile:2:6: FROM x: ONBUILD trigger 1 \"USER $NOPE\":1:6: USER $NOPE gives an empty name",
           "and its message says whose it is");
    rig_fini(&r);
}

static void warnings(void) {
    static const struct {
        const char *text, *rule, *message; /* NULL: none */
    } rows[] = {
        {"FROM x\nENV A=$NOPE", "UndefinedVar", "Usage of undefined variable '$NOPE'"},
        {"FROM x\nARG NOPE\nENV A=$NOPE", NULL, NULL},
        {"FROM x\nENV NOPE=1 A=${NOPE:-x}", "UndefinedVar", "Usage of undefined variable '$NOPE'"},
        {"FROM x\nENV A=$PAHT", "UndefinedVar", "variable '$PAHT' (did you mean $PATH?)"},
        {"FROM x\nCOPY <<E /\n$NOPE\nE", "UndefinedVar", "Usage of undefined variable '$NOPE'"},
        {"FROM x\nCOPY <<\"E\" /\n$NOPE\nE", NULL, NULL},
        {"FROM x\nARG MI_URL=<MI_DIST_URL>", "PlaceholderArg",
         "ARG MI_URL is still the placeholder <MI_DIST_URL>: give it with --build-arg MI_URL="},
        {"ARG U=<URL>\nFROM x\nARG U", "PlaceholderArg", "<URL>"},
        {"FROM x\nARG A=a<b>", NULL, NULL},
        {"FROM x\nEXPOSE 80:80", "ExposeInvalidFormat", "host-port mapping, found '80:80'"},
        {"FROM x\nEXPOSE 80/UDP", "ExposeProtoCasing", "should be lowercase"},
        {"FROM x\nEXPOSE 80/udp", NULL, NULL},
    };
    for (size_t k = 0; k < sizeof rows / sizeof rows[0]; k++) {
        struct rig r;
        rig_init(&r);
        bool good = rig_run(&r, rows[k].text);
        rig_ok(&r, rows[k].text);
        const struct scope *s = good ? rig_scope(&r) : NULL;
        if (!rows[k].rule)
            ok(s && s->n_warnings == 0, "no warning");
        else
            ok(s && s->n_warnings == 1 && strcmp(s->warnings[0].rule, rows[k].rule) == 0 &&
                   str_find(s->warnings[0].message, str_z(rows[k].message)) >= 0,
               "a warning: %s", rows[k].rule);
        rig_fini(&r);
    }
}

/* --- Limits ---------------------------------------------------------------------------------------------------------------------- */

/* `head`, then `line` with a running number, `n` times, and `tail`. */
static void refuses_many(const char *head, const char *line, int n, const char *tail, const char *message) {
    struct rig r;
    struct buf b = BUF_INIT(32 << 20);
    rig_init(&r);
    buf_add_str(&b, str_z(head));
    for (int k = 0; k < n; k++)
        buf_printf(&b, "%s%d=x\n", line, k);
    buf_add_str(&b, str_z(tail));
    ok(!rig_run(&r, b.p), "%d times \"%s\" is refused", n, line);
    is_err(&r.err, message, message);
    buf_fini(&b);
    rig_fini(&r);
}

/* `op` that sets a thousand names in turn, `n` times in all. */
static void refuses_circles(const char *op, int n, const char *tail, const char *message) {
    struct rig r;
    struct buf b = BUF_INIT(32 << 20);
    rig_init(&r);
    buf_printf(&b, "%s%s", *tail ? "" : "FROM x\n", op);
    for (int k = 0; k < n; k++)
        buf_printf(&b, " A%d=x", k % 1000);
    buf_add_str(&b, str_z(tail));
    ok(!rig_run(&r, b.p), "%s of %d pairs is refused", op, n);
    is_err(&r.err, message, message);
    buf_fini(&b);
    rig_fini(&r);
}

static void limits(void) {
    refuses_many("", "ARG A", 2100, "FROM x\n", "more than 2048 ARGs before the first FROM");
    refuses_many("FROM x\n", "ENV A", 2100, "", "more than 2048 environment variables");
    refuses_many("FROM x\n", "LABEL A", 2100, "", "more than 2048 labels");
    refuses_many("FROM x\n", "ARG A", 2100, "", "more than 2048 ARGs");
    refuses_many("FROM x\nENV A=0123456789abcdef\nENV B=$A$A$A$A$A$A$A$A$A$A$A$A$A$A$A$A\nENV C=$B$B$B$B$B$B$B$B$B$B$B$B$B$B$B$B\n"
                 "ENV D=$C$C$C$C$C$C$C$C$C$C$C$C$C$C$C\n",
                 "RUN --mount=type=cache,target=/c,id=$D$D$D$D$D$D$D$D$D$D$D$D$D$D$D #", 400, "", "take more than 256 MiB when expanded");
    refuses_many("FROM x\nARG A=0123456789abcdef\nARG B=$A$A$A$A$A$A$A$A$A$A$A$A$A$A$A$A\nARG C=$B$B$B$B$B$B$B$B$B$B$B$B$B$B$B$B\n"
                 "ARG D=$C$C$C$C$C$C$C$C$C$C$C$C$C$C$C\n",
                 "LABEL none=${NO:+$D$D$D$D$D$D$D$D$D$D$D$D$D$D$D} #", 400, "", "substitutions of the whole file copy and match too much");
    refuses_many("FROM x\n", "CMD 012345678901234567890123456789012345678901234567890123456789", 80000, "",
                 "CMD: with this the image's configuration and history take more than 8 MiB");
    refuses_many("FROM scratch AS a\nARG A=0123456789abcdef\nARG B=$A$A$A$A$A$A$A$A$A$A$A$A$A$A$A$A\n"
                 "ARG C=$B$B$B$B$B$B$B$B$B$B$B$B$B$B$B$B\nARG D=$C$C$C$C$C$C$C$C$C$C$C$C$C$C$C$C$C$C$C$C$C$C$C$C$C$C$C$C$C$C$C$C\n"
                 "LABEL a=$D$D$D$D b=$D$D$D$D c=$D$D$D$D d=$D$D$D$D e=$D$D$D$D f=$D$D$D$D g=$D$D$D$D\nFROM a\n", "LABEL h=$D #", 8, "",
                 "LABEL: with this the image's configuration and history take more than 8 MiB");
    refuses_circles("ENV", 300000, "", "the file sets so many variables and labels so often");
    refuses_circles("LABEL", 300000, "", "the file sets so many variables and labels so often");
    refuses_circles("ARG", 300000, "", "the file sets so many variables and labels so often");
    refuses_circles("ARG", 300000, "\nFROM x\n", "the file sets so many ARGs so often");
    refuses_many("FROM x\n", "WORKDIR 0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789",
                 60, "", "a path is longer than 4095 bytes");
}

int main(void) {
    check_histories();
    defaults();
    lists();
    commands();
    inheritance();
    image_triggers();
    late_environment();
    warnings();
    limits();
    return tap_done();
}
