/* SPDX-License-Identifier: Apache-2.0
 * RUN: command lines, environment, here-documents, mounts, network; and WORKDIR, whose directory is a step of its own. */
#include "base/limits.h"
#include "rig.h"

#define PATH_PAIR "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

/* Takes the Dockerfile through and gives its last step; a failed test and an empty step on an error. */
static const struct step *last_of(struct rig *r, const char *text) {
    static const struct step none;
    bool good = rig_run(r, text);
    rig_ok(r, text);
    return good ? rig_last(r) : &none;
}

static void command_lines(void) {
    static const struct {
        const char *text, *argv, *script, *created_by;
    } rows[] = {
        {"RUN make all", "/bin/sh|-c|make all", "", "RUN /bin/sh -c make all # buildkit"},
        {"RUN [\"make\", \"a b\"]", "make|a b", "", "RUN make a b # buildkit"},
        {"RUN echo $A ${B} '$C'", "/bin/sh|-c|echo $A ${B} '$C'", "", "RUN /bin/sh -c echo $A ${B} '$C' # buildkit"},
        {"SHELL [\"/bin/bash\", \"-c\"]\nRUN a", "/bin/bash|-c|a", "", "RUN /bin/bash -c a # buildkit"},
        {"ARG A=1 B\nENV C=3\nRUN a", "/bin/sh|-c|a", "", "RUN |2 A=1 B= /bin/sh -c a # buildkit"},
        {"ARG A=1\nENV A=2\nRUN a", "/bin/sh|-c|a", "", "RUN |1 A=2 /bin/sh -c a # buildkit"},
        {"ARG A=1\nARG A=3\nRUN a", "/bin/sh|-c|a", "", "RUN |1 A=3 /bin/sh -c a # buildkit"},
        {"RUN <<EOF\na $B\nc\nEOF", "/bin/sh|-c|a $B\nc\n", "", "RUN /bin/sh -c a $B\nc\n # buildkit"},
        {"RUN <<-'E F'\n\ta\n\tE F", "/bin/sh|-c|a\n", "", NULL},
        {"RUN 3<< EOF\na\nEOF", "/bin/sh|-c|a\n", "", NULL},
        {"RUN <<EOF cat\na\nEOF", "/bin/sh|-c|<<EOF cat\na\nEOF", "", NULL},
        {"RUN cat <<A - <<B\n1\nA\n2\nB", "/bin/sh|-c|cat <<A - <<B\n1\nA\n2\nB", "", NULL},
        {"RUN <<EOF\n#!/usr/bin/python3\nprint(1)\nEOF", "/bin/sh|-c|/dev/pipes/EOF", "#!/usr/bin/python3\nprint(1)\n",
         "RUN /bin/sh -c /dev/pipes/EOF # buildkit"},
        {"RUN cat <<EOF\n#!/bin/x\nEOF", "/bin/sh|-c|cat <<EOF\n#!/bin/x\nEOF", "", NULL},
    };
    for (size_t k = 0; k < sizeof rows / sizeof rows[0]; k++) {
        struct rig r;
        rig_init(&r);
        const struct step *s = last_of(&r, arena_printf(&r.arena, "FROM x\n%s", rows[k].text).p);
        is_str(rig_join(&r, &s->run.argv), str_z(rows[k].argv), "its command line");
        is_str(s->run.heredoc_script, str_z(rows[k].script), "its script");
        if (rows[k].created_by)
            is_str(s->created_by, str_z(rows[k].created_by), "its history");
        rig_fini(&r);
    }
}

static void environments(void) {
    static const struct {
        const char *what, *text, *args, *env, *key_env; /* key_env NULL: the same */
    } rows[] = {
        {"ENV and ARG are exported", "FROM x\nENV A=1\nARG B=2 C\nRUN a", NULL, PATH_PAIR " A=1 B=2", NULL},
        {"a later ENV wins in its place", "FROM x\nENV A=1\nARG A=2\nENV A=3\nRUN a", NULL, PATH_PAIR " A=3", NULL},
        {"a later ARG wins, for this build", "FROM x\nENV A=1\nARG A=2\nRUN a", NULL, PATH_PAIR " A=2", NULL},
        {"undeclared proxies, both cases", "FROM x\nRUN a", "HTTP_PROXY=p;no_proxy=n",
         PATH_PAIR " HTTP_PROXY=p http_proxy=p NO_PROXY=n no_proxy=n", PATH_PAIR},
        {"a declared one counts", "FROM x\nARG HTTP_PROXY\nRUN a", "HTTP_PROXY=p", PATH_PAIR " HTTP_PROXY=p http_proxy=p",
         PATH_PAIR " HTTP_PROXY=p"},
        {"an empty one is none", "FROM x\nRUN a", "https_proxy=", PATH_PAIR, NULL},
        {"a build argument alone is nothing", "FROM x\nRUN a", "A=1", PATH_PAIR, NULL},
        {"predefined ones when declared", "FROM x\nARG TARGETARCH TARGETVARIANT\nRUN a", NULL,
         PATH_PAIR " TARGETARCH=amd64 TARGETVARIANT=", NULL},
        {"a placeholder is passed on", "FROM x\nARG URL=<URL>\nRUN a", NULL, PATH_PAIR " URL=<URL>", NULL},
    };
    for (size_t k = 0; k < sizeof rows / sizeof rows[0]; k++) {
        struct rig r;
        rig_init(&r);
        rig_args(&r, rows[k].args);
        const struct step *s = last_of(&r, rows[k].text);
        is_str(rig_pairs(&r, &s->run.env), str_z(rows[k].env), rows[k].what);
        is_str(rig_pairs(&r, &s->run.key_env), str_z(rows[k].key_env ? rows[k].key_env : rows[k].env), "what of it counts");
        rig_fini(&r);
    }
}

/* ARG changes what RUN sees, never the image. */
static void arg_stays_out(void) {
    struct rig r;
    struct str value = STR_NULL;
    rig_init(&r);
    (void)last_of(&r, "FROM x\nENV A=1\nARG A=2 B=3\nRUN a");
    const struct container_config *c = &rig_scope(&r)->config;
    ok(pair_list_get(&c->env, S("A"), &value) && str_eqz(value, "1"), "ENV keeps its value in the image");
    ok(!pair_list_get(&c->env, S("B"), &value), "ARG is not in it");
    rig_fini(&r);
}

static void places(void) {
    struct rig r;
    rig_init(&r);
    r.base.workdir = STR_NULL;
    const struct step *s = last_of(&r, "FROM x\nUSER u:g\nRUN --network=none a");
    ok(s->kind == STEP_RUN && str_eqz(s->run.user, "u:g") && str_eqz(s->run.workdir, "/"), "user and directory are known");
    ok(s->run.network_none && !s->run.network_host, "so is the network");
    rig_fini(&r);
    rig_init(&r);
    s = last_of(&r, "FROM x\nRUN --network=host a");
    ok(s->run.network_host && !s->run.network_none, "the host's network");
    rig_fini(&r);
    rig_init(&r);
    s = last_of(&r, "FROM x\nRUN --network=default a");
    ok(!s->run.network_host && !s->run.network_none, "the default");
    rig_fini(&r);
    rig_init(&r);
    s = last_of(&r, "FROM x\nUSER u\nARG D=sub\nWORKDIR /a/$D");
    ok(s->kind == STEP_WORKDIR && str_eqz(s->workdir, "/a/sub") && str_eqz(s->user, "u"), "WORKDIR makes a directory for the user");
    rig_fini(&r);
    rig_init(&r);
    s = last_of(&r, "FROM x\nWORKDIR /");
    ok(s->kind == STEP_CONFIG && str_eqz(s->created_by, "WORKDIR /"), "but not the root");
    rig_fini(&r);
}

/* "cache id from:source -> target rw ..." for every mount. */
static void dump_mount(struct buf *b, const struct step_mount *m) {
    static const char *const kinds[] = {"", "cache ", "tmpfs ", "secret ", "ssh "};
    static const char *const sharings[] = {"", " private", " locked"};
    buf_printf(b, "%s%.*s", kinds[m->kind], STR_ARG(m->id));
    if (m->kind == MOUNT_CACHE)
        buf_add_str(b, str_z(sharings[m->sharing]));
    buf_add_str(b, m->id.n ? S(" ") : STR_NULL);
    if (m->kind == MOUNT_BIND || m->has_from) {
        if (m->from.kind == SOURCE_STAGE)
            buf_printf(b, "%zu", m->from.stage);
        else if (m->from.kind == SOURCE_NAMED)
            buf_printf(b, "named %zu", m->from.named);
        else
            buf_add_str(b, m->from.kind == SOURCE_IMAGE ? m->from.image : S("context"));
        buf_printf(b, ":%.*s ", STR_ARG(m->source));
    }
    buf_printf(b, "-> %.*s%s", STR_ARG(m->target), m->writable ? " rw" : "");
    if (m->size_bytes)
        buf_printf(b, " size=%llu", (unsigned long long)m->size_bytes);
    if (m->kind == MOUNT_CACHE || m->kind == MOUNT_SECRET || m->kind == MOUNT_SSH)
        buf_printf(b, " %04o %u:%u", m->mode, m->uid, m->gid);
    if (m->env.n)
        buf_printf(b, " $%.*s", STR_ARG(m->env));
    buf_add_str(b, m->required ? S(" required") : STR_NULL);
}

static struct str dump_mounts(struct rig *r, const struct step_run *run) {
    struct buf b = BUF_INIT(1 << 20);
    for (size_t k = 0; k < run->n_mounts; k++) {
        buf_add_str(&b, k ? S("; ") : STR_NULL);
        dump_mount(&b, &run->mounts[k]);
    }
    struct str text = arena_str(&r->arena, buf_str(&b));
    buf_fini(&b);
    return text;
}

static void mounts(void) {
    static const struct {
        const char *flags, *want;
    } rows[] = {
        {"--mount=type=bind,target=/m", "context:/ -> /m"},
        {"--mount=target=/m,source=a/b", "context:/a/b -> /m"},
        {"--mount=dst=/m,src=../../a", "context:/a -> /m"},
        {"--mount=destination=m", "context:/ -> /work/m"},
        {"--mount=type=bind", "context:/ -> /work"},
        {"--mount=target=/m,from=first", "0:/ -> /m"},
        {"--mount=target=/m,from=0", "0:/ -> /m"},
        {"--mount=target=/m,from=nginx", "nginx:/ -> /m"},
        {"--mount=target=/m,from=$ST", "0:/ -> /m"},
        {"--mount=target=/m,rw", "context:/ -> /m rw"},
        {"--mount=target=/m,readwrite=true", "context:/ -> /m rw"},
        {"--mount=target=/m,rw=0", "context:/ -> /m"},
        {"--mount=target=/m,ro", "context:/ -> /m"},
        {"--mount=target=/m,readonly=false", "context:/ -> /m rw"},
        {"--mount=TARGET=/m,Type=BIND", "context:/ -> /m"},
        {"--mount=target=$T,source=${T}2", "context:/t2 -> /t"},
        {"--mount=type=$KIND,target=/m", "context:/ -> /m"},
        {"--mount=target=/a --mount=target=/b,rw", "context:/ -> /a; context:/ -> /b rw"},

        {"--mount=type=cache,target=/root/.m2", "cache /root/.m2 -> /root/.m2 rw 0755 0:0"},
        {"--mount=type=cache,target=/a/../b/", "cache /b -> /b rw 0755 0:0"},
        {"--mount=type=cache,target=node_modules/", "cache node_modules -> /work/node_modules rw 0755 0:0"},
        {"--mount=type=cache,target=../x/./y", "cache ../x/y -> /x/y rw 0755 0:0"},
        {"--mount=type=cache,id=,target=a/../../x/../../y", "cache ../../y -> /y rw 0755 0:0"},
        {"--mount=type=cache", "cache . -> /work rw 0755 0:0"},
        {"--mount=type=cache,id=m,target=/m,sharing=locked,mode=1777,uid=1000,gid=100", "cache m locked -> /m rw 1777 1000:100"},
        {"--mount=type=cache,target=/m,sharing=PRIVATE,ro", "cache /m private -> /m 0755 0:0"},
        {"--mount=type=cache,target=/m,sharing=shared,rw=false", "cache /m -> /m 0755 0:0"},
        {"--mount=type=cache,target=/m,from=first,source=a", "cache /m 0:/a -> /m rw 0755 0:0"},
        {"--mount=target=/m,type=$TYPE,uid=${N}", "cache /m -> /m rw 0755 10:0"},
        {"--mount=type=tmpfs,target=/t", "tmpfs -> /t rw"},
        {"--mount=type=tmpfs,target=t,size=64m", "tmpfs -> /work/t rw size=67108864"},
        {"--mount=size=1.5GiB,type=tmpfs,target=/t,ro", "tmpfs -> /t size=1610612736"},
        {"--mount=type=secret,id=npm", "secret npm -> /run/secrets/npm 0400 0:0"},
        {"--mount=type=secret,id=a/b", "secret a/b -> /run/secrets/b 0400 0:0"},
        {"--mount=type=secret,source=npm,required", "secret npm -> /run/secrets/npm 0400 0:0 required"},
        {"--mount=type=secret,target=/root/.npmrc", "secret .npmrc -> /root/.npmrc 0400 0:0"},
        {"--mount=type=secret,id=a,target=b,mode=0440,uid=1,gid=2", "secret a -> /work/b 0440 1:2"},
        {"--mount=type=secret,id=tok,env=TOKEN", "secret tok ->  0400 0:0 $TOKEN"},
        {"--mount=required=true,type=secret,id=tok,env=TOKEN,target=/t", "secret tok -> /t 0400 0:0 $TOKEN required"},
        {"--mount=type=ssh", "ssh default -> /run/buildkit/ssh_agent.0 0600 0:0"},
        {"--mount=type=ssh,target=/a --mount=type=cache,target=/c --mount=type=ssh,id=k,required=1,mode=666,uid=5",
         "ssh default -> /a 0600 0:0; cache /c -> /c rw 0755 0:0; ssh k -> /run/buildkit/ssh_agent.1 0666 5:0 required"},

        {"--mount=type=bind,target=/", "! Dockerfile:6:5: RUN --mount: the root itself cannot be the target"},
        {"--mount=target=/a/..", "! the root itself cannot be the target"},
        {"--mount=type=cache,target=/", "! the root itself cannot be the target"},
        {"--mount=target=/m,sorce=a", "! RUN --mount: unknown key \"sorce\" (did you mean source?)"},
        {"--mount=target=/m,zzzzzz=a", "! RUN --mount: unknown key \"zzzzzz=a\""},
        {"--mount=target=/m,source", "! \"source\" must be a key=value pair"},
        {"--mount=target=/m,", "! unknown key \"\""},
        {"--mount=", "! Dockerfile:6:5: RUN --mount: unknown key \"\""},
        {"--mount=target=/m,rw=maybe", "! rw is true or false, not \"maybe\""},
        {"--mount=target=/m,uid=1", "! a mount of type bind has no \"uid\""},
        {"--mount=target=/m,sharing=locked", "! a mount of type bind has no \"sharing\""},
        {"--mount=target=/m,size=1", "! a mount of type bind has no \"size\""},
        {"--mount=target=/m,required", "! a mount of type bind has no \"required\""},
        {"--mount=type=cache,target=/m,required", "! a mount of type cache has no \"required\""},
        {"--mount=type=cache,target=/m,size=1g", "! a mount of type cache has no \"size\""},
        {"--mount=type=cache,target=/m,sharing=alone", "! sharing is shared, private or locked, not \"alone\""},
        {"--mount=type=cache,target=/m,mode=888", "! mode is an octal number from 0 to 7777, not \"888\""},
        {"--mount=type=cache,target=/m,mode=10000", "! mode is an octal number from 0 to 7777"},
        {"--mount=type=cache,target=/m,uid=root", "! uid is a number that a user or group may have, not \"root\""},
        {"--mount=type=cache,target=/m,gid=4294967295", "! gid is a number that a user or group may have"},
        {"--mount=type=cache,target=/m,source=a", "! \"source\" of a cache is a path in its \"from\", which is not there"},
        {"--mount=type=tmpfs,target=/m,mode=700", "! a mount of type tmpfs has no \"mode\""},
        {"--mount=type=tmpfs,target=/m,source=a", "! a mount of type tmpfs has no \"source\""},
        {"--mount=type=tmpfs,target=/m,size=1x", "! size is a size like 64m or 1.5g, not \"1x\""},
        {"--mount=type=secret", "! a secret needs an \"id\""},
        {"--mount=type=secret,id=a,source=b", "! but not both"},
        {"--mount=type=secret,id=a,from=first", "! a mount of type secret has no \"from\""},
        {"--mount=type=secret,id=a,sharing=locked", "! a mount of type secret has no \"sharing\""},
        {"--mount=type=secret,id=a,env=A=B", "! env is the name of a variable, not \"A=B\""},
        {"--mount=type=ssh,source=a", "! a mount of type ssh has no \"source\""},
        {"--mount=type=$T", "! Dockerfile:6:5: RUN --mount: there is no type \"/t\""},
        {"--mount=type=cahce,target=/m", "! there is no type \"cahce\" (did you mean cache?)"},
        {"--mount=target=/m,from=$HOME_ENV", "! Dockerfile:6:5: RUN --mount from=$HOME_ENV: no ARG declares HOME_ENV"},
        {"--mount=target=/m,from=$TYPE", "! RUN --mount from=$TYPE: TYPE comes from ENV and is not known before the build runs"},
        {"--network=nonne", "! Dockerfile:6:5: RUN --network=nonne: it is default, none or host"},
        {"--security=unsafe", "! Dockerfile:6:5: RUN --security=unsafe: it is sandbox or insecure"},
        {"--device=a.b/c=d", "! Dockerfile:6:5: RUN --device is not supported by this version of croze"},
    };
    for (size_t k = 0; k < sizeof rows / sizeof rows[0]; k++) {
        struct rig r;
        rig_init(&r);
        const char *text = arena_printf(&r.arena,
                                        "FROM y AS first\nFROM x\nWORKDIR /work\nARG T=/t KIND=bind N=10 ST=first\nENV TYPE=cache\n"
                                        "RUN %s make",
                                        rows[k].flags)
                               .p;
        bool good = rig_run(&r, text);
        if (rows[k].want[0] == '!') {
            ok(!good && r.err.kind == ERR_USAGE, "refused: %s", rows[k].flags);
            is_err(&r.err, rows[k].want + 2, rows[k].flags);
        } else {
            rig_ok(&r, rows[k].flags);
            is_str(good ? dump_mounts(&r, &rig_last(&r)->run) : STR_NULL, str_z(rows[k].want), rows[k].flags);
            ok(good && rig_scope(&r)->n_warnings == 0, "no warning");
        }
        rig_fini(&r);
    }
}

/* BuildKit lets pass what means nothing. */
static void idle_options(void) {
    static const char *const rows[] = {
        "target=/m,id=a",           "target=/m,env=A",         "type=tmpfs,target=/m,from=first", "type=ssh,from=first",
        "type=secret,id=a,rw=true", "type=tmpfs,target=/m,id=a",
    };
    for (size_t k = 0; k < sizeof rows / sizeof rows[0]; k++) {
        struct rig r;
        rig_init(&r);
        bool good = rig_run(&r, arena_printf(&r.arena, "FROM y AS first\nFROM x\nRUN --mount=%s make", rows[k]).p);
        rig_ok(&r, rows[k]);
        ok(good && rig_scope(&r)->n_warnings == 1 && strcmp(rig_scope(&r)->warnings[0].rule, "IgnoredOption") == 0,
           "is warned of: %s", rows[k]);
        rig_fini(&r);
    }
}

/* The agent's socket is where ssh looks for it, unless the file says otherwise. */
static void agents(void) {
    struct rig r;
    rig_init(&r);
    const struct step *s = last_of(&r, "FROM scratch\nRUN --mount=type=ssh --mount=type=ssh,target=/b --security=insecure a");
    is_str(rig_pairs(&r, &s->run.env), S(PATH_PAIR " SSH_AUTH_SOCK=/run/buildkit/ssh_agent.0"), "the first agent's socket is in RUN's ENV");
    is_str(rig_pairs(&r, &s->run.key_env), S(PATH_PAIR), "it follows from the mount, which counts");
    ok(s->run.insecure, "--security=insecure is read");
    rig_fini(&r);
    rig_init(&r);
    s = last_of(&r, "FROM scratch\nENV SSH_AUTH_SOCK=/a\nRUN --mount=type=ssh --security=sandbox a");
    is_str(rig_pairs(&r, &s->run.env), S(PATH_PAIR " SSH_AUTH_SOCK=/a"), "an ENV stays");
    ok(!s->run.insecure, "--security=sandbox is the default");
    rig_fini(&r);
}

/* The parser may already have taken outer quotes off a flag, so CSV's own are tried on a flag made by hand. */
static void quoted_fields(void) {
    static const struct {
        const char *value, *want;
    } rows[] = {
        {"\"target=/a,b\"", "context:/ -> /a,b"},        {"\"target=/a\"\"b,c\"\"\",rw", "context:/ -> /ab,c rw"},
        {"target=/a\"b", "! a quote is out of place"},   {"\"target=/a", "! a quote is out of place"},
        {"\"target=/a\"x", "! a quote is out of place"},
    };
    for (size_t k = 0; k < sizeof rows / sizeof rows[0]; k++) {
        struct rig r;
        struct step step;
        rig_init(&r);
        bool good = rig_run(&r, "FROM x\nRUN --mount=target=/m make");
        rig_ok(&r, "a mount");
        r.plan.stages[0].body[0].flags[0].value = str_z(rows[k].value);
        good = good && scope_step(rig_scope(&r), &r.plan.stages[0].body[0], &step, &r.err);
        if (rows[k].want[0] == '!') {
            is_err(&r.err, rows[k].want + 2, rows[k].value);
        } else {
            rig_ok(&r, rows[k].value);
            is_str(good ? dump_mounts(&r, &step.run) : STR_NULL, str_z(rows[k].want), rows[k].value);
        }
        rig_fini(&r);
    }
}

/* A file in WSO2's manner, from its base's ENV to its entry point. */
static void wso2(void) {
    struct rig r;
    rig_init(&r);
    pair_list_set(&r.arena, &r.base.env, S("PATH"), S("/opt/java/openjdk/bin:/usr/bin"));
    const char *text = "FROM ubuntu:24.04\n"
                       "ENV LANG='en_US.UTF-8' LANGUAGE='en_US:en'\n"
                       "ENV JAVA_HOME=/opt/java/openjdk PATH=\"/opt/java/openjdk/bin:$PATH\"\n"
                       "ARG USER=wso2carbon\nARG USER_ID=10001\nARG USER_HOME=/home/${USER}\n"
                       "ARG SERVER_VERSION=4.5.0\nARG SERVER=wso2am-${SERVER_VERSION}\nARG SERVER_URL=<SERVER_URL>\n"
                       "RUN groupadd --system -g 802 wso2 && useradd -u ${USER_ID} ${USER}\n"
                       "COPY --chown=wso2carbon:wso2 docker-entrypoint.sh ${USER_HOME}/\n"
                       "USER ${USER_ID}\nWORKDIR ${USER_HOME}\n"
                       "ENV WORKING_DIRECTORY=${USER_HOME} WSO2_SERVER_HOME=${USER_HOME}/${SERVER}\n"
                       "EXPOSE 9763 9443\nENTRYPOINT [\"/home/wso2carbon/docker-entrypoint.sh\"]";
    bool good = rig_run(&r, text);
    rig_ok(&r, "a file in WSO2's manner");
    if (good) {
        const struct container_config *c = &rig_scope(&r)->config;
        struct str value = STR_NULL;
        is_str(r.steps[8].created_by,
               S("RUN |6 USER=wso2carbon USER_ID=10001 USER_HOME=/home/wso2carbon SERVER_VERSION=4.5.0 SERVER=wso2am-4.5.0 "
                 "SERVER_URL=<SERVER_URL> "
                 "/bin/sh -c groupadd --system -g 802 wso2 && useradd -u ${USER_ID} ${USER} # buildkit"),
               "RUN's history names the ARGs");
        is_str(r.steps[9].copy.dest, S("/home/wso2carbon/"), "COPY goes home");
        is_str(c->user, S("10001"), "the user is a number");
        ok(pair_list_get(&c->env, S("WSO2_SERVER_HOME"), &value) && str_eqz(value, "/home/wso2carbon/wso2am-4.5.0"), "ENV of ARGs");
        ok(rig_scope(&r)->n_warnings == 1, "the placeholder is warned of");
    }
    rig_fini(&r);
}

static void many_mounts(void) {
    struct rig r;
    struct buf b = BUF_INIT(1 << 20);
    rig_init(&r);
    buf_add_str(&b, S("FROM x\nRUN"));
    for (int k = 0; k <= LIMIT_RUN_MOUNTS; k++)
        buf_add_str(&b, S(" \\\n --mount=target=/m"));
    buf_add_str(&b, S(" make"));
    ok(!rig_run(&r, b.p), "more mounts than a RUN may have");
    is_err(&r.err, "Dockerfile:1003:2: RUN has more than 1000 mounts", "are refused");
    buf_fini(&b);
    rig_fini(&r);
}

int main(void) {
    command_lines();
    environments();
    arg_stays_out();
    places();
    mounts();
    idle_options();
    agents();
    quoted_fields();
    many_mounts();
    wso2();
    return tap_done();
}
