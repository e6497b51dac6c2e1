/* SPDX-License-Identifier: Apache-2.0
 * The flags of RUN steps: what docker's words mean, and what is refused by name. */
#include "build/run_options.h"

#include <sys/resource.h>

#include "build/run_hosts.h"
#include "tap.h"

typedef bool (*parser)(struct run_options *o, struct str text, struct err *e);

static void refused(parser parse, const char *text, const char *part) {
    struct run_options o = {.shm_bytes = 0};
    struct err e = ERR_INIT;
    ok(!parse(&o, str_z(text), &e) && e.kind == ERR_USAGE, "%s: refused", text);
    is_err(&e, part, part);
    run_options_fini(&o);
}

static void host(const char *text, const char *name, const char *address) {
    struct run_options o = {.shm_bytes = 0};
    struct err e = ERR_INIT;
    bool good = run_host_parse(&o, str_z(text), &e);
    no_err(&e, text);
    if (good) {
        is_str(o.hosts.p[0].name, str_z(name), "its name");
        is_str(o.hosts.p[0].address, str_z(address), "its address");
    }
    run_options_fini(&o);
}

static void test_hosts(void) {
    host("db:10.0.0.1", "db", "10.0.0.1");
    host("db=10.0.0.1", "db", "10.0.0.1");
    host("db:fd00::1", "db", "fd00::1");
    host("db=[fd00::1]", "db", "fd00::1");
    host("db:[10.0.0.1]", "db", "10.0.0.1");
    host("host.docker.internal:host-gateway", "host.docker.internal", "host-gateway");
    refused(run_host_parse, "db", "NAME:ADDRESS");
    refused(run_host_parse, "db:", "NAME:ADDRESS");
    refused(run_host_parse, ":10.0.0.1", "NAME:ADDRESS");
    refused(run_host_parse, "a b:10.0.0.1", "NAME:ADDRESS");
    refused(run_host_parse, "a\t6.6.6.6:10.0.0.1", "NAME:ADDRESS");
    refused(run_host_parse, "db:10.0.0", "neither an IP address");
    refused(run_host_parse, "db:10.0.0.1,nonsense", "\"nonsense\" is neither");
    struct run_options o = {.shm_bytes = 0};
    struct err e = ERR_INIT;
    struct arena a = ARENA_INIT;
    ok(run_host_parse(&o, S("a:10.0.0.1,[fd00::1]"), &e) && run_host_parse(&o, S("me=host-gateway"), &e) && o.hosts.n == 3,
       "several addresses of one name");
    struct str gateway = run_host_gateway(&a), text = run_hosts_text(&a, &o, S("9.9.9.9 own"));
    struct str want = arena_printf(&a, "10.0.0.1\ta\nfd00::1\ta\n%.*s\tme\n9.9.9.9 own\n127.0.0.1 buildkitsandbox\n", STR_ARG(gateway));
    is_str(text, want, "/etc/hosts: given ones first, then the host's own, then the sandbox");
    run_options_fini(&o);
    arena_fini(&a);
}

static void ulimit(const char *text, int resource, uint64_t soft, uint64_t hard) {
    struct run_options o = {.shm_bytes = 0};
    struct err e = ERR_INIT;
    bool good = run_ulimit_parse(&o, str_z(text), &e);
    no_err(&e, text);
    ok(good && o.ulimits.p[0].resource == resource && o.ulimits.p[0].soft == soft && o.ulimits.p[0].hard == hard, "its values");
    run_options_fini(&o);
}

static void test_ulimits(void) {
    ulimit("nofile=1024", RLIMIT_NOFILE, 1024, 1024);
    ulimit("nofile=1024:2048", RLIMIT_NOFILE, 1024, 2048);
    ulimit("core=-1", RLIMIT_CORE, RLIM64_INFINITY, RLIM64_INFINITY);
    ulimit("memlock=1:-1", RLIMIT_MEMLOCK, 1, RLIM64_INFINITY);
    ulimit("rttime=0", RLIMIT_RTTIME, 0, 0);
    refused(run_ulimit_parse, "nofile", "NAME=SOFT");
    refused(run_ulimit_parse, "files=3", "there is no limit \"files\"");
    refused(run_ulimit_parse, "nofile=", "a number");
    refused(run_ulimit_parse, "nofile=many", "a number");
    refused(run_ulimit_parse, "nofile=1:2:3", "a number");
    refused(run_ulimit_parse, "nofile=-2", "a number");
    refused(run_ulimit_parse, "nofile=3:2", "above the hard one");
    refused(run_ulimit_parse, "nofile=-1:2", "above the hard one");
    struct run_options o = {.shm_bytes = 0};
    struct err e = ERR_INIT;
    ok(run_ulimit_parse(&o, S("nofile=1"), &e) && run_ulimit_parse(&o, S("nofile=2"), &e) && o.ulimits.n == 1 && o.ulimits.p[0].hard == 2,
       "the last of a name counts");
    run_options_fini(&o);
}

static void shm(const char *text, uint64_t bytes) {
    struct run_options o = {.shm_bytes = 0};
    struct err e = ERR_INIT;
    bool good = run_shm_parse(&o, str_z(text), &e);
    no_err(&e, text);
    ok(good && o.shm_bytes == bytes, "its bytes");
}

static void test_shm(void) {
    shm("4096", 4096);
    shm("128m", (uint64_t)128 << 20);
    shm("128MB", (uint64_t)128 << 20);
    shm("1 GiB", (uint64_t)1 << 30);
    shm("2k", 2048);
    shm("7b", 7);
    refused(run_shm_parse, "", "number of bytes");
    refused(run_shm_parse, "m", "number of bytes");
    refused(run_shm_parse, "-1", "number of bytes");
    refused(run_shm_parse, "64mm", "number of bytes");
    refused(run_shm_parse, "9999999p", "number of bytes");
    refused(run_shm_parse, "0", "needs some bytes");
}

static void secret(const char *text, const char *id, const char *path, const char *env) {
    struct run_options o = {.shm_bytes = 0};
    struct err e = ERR_INIT;
    bool good = run_secret_parse(&o, str_z(text), &e);
    no_err(&e, text);
    if (good) {
        is_str(o.secrets.p[0].id, str_z(id), "its id");
        is_str(o.secrets.p[0].path, str_z(path), "its file");
        is_str(o.secrets.p[0].env, str_z(env), "its variable");
    }
    run_options_fini(&o);
}

static void test_secrets(void) {
    secret("id=a,src=/x/y", "a", "/x/y", "");
    secret("id=a,source=b", "a", "b", "");
    secret("type=file,id=a,src=b=c", "a", "b=c", "");
    secret("ID=a,Src=b", "a", "b", "");
    secret("id=a,env=B", "a", "", "B");
    secret("id=a,type=env", "a", "", "");
    secret("type=env,id=a,src=B", "a", "", "B");
    secret("id=a", "a", "", "");
    secret("id=a,\"src=b,c\"\"d\"", "a", "b,c\"d", "");
    refused(run_secret_parse, "", "it has no id");
    refused(run_secret_parse, "src=b", "it has no id");
    refused(run_secret_parse, "a", "id=ID with");
    refused(run_secret_parse, "id=a,type=vault", "id=ID with");
    refused(run_secret_parse, "id=a,colour=red", "id=ID with");
    refused(run_secret_parse, "id=a,\"src=b", "id=ID with");
    refused(run_secret_parse, "id=a,\"src=b\"c", "id=ID with");
    refused(run_secret_parse, "id=a,src=b,env=C", "not both");
    struct run_options o = {.shm_bytes = 0};
    struct err e = ERR_INIT;
    ok(run_secret_parse(&o, S("id=a,src=1"), &e) && run_secret_parse(&o, S("id=b,src=2"), &e) &&
           run_secret_parse(&o, S("id=a,src=3"), &e) && o.secrets.n == 2 && str_eqz(o.secrets.p[0].path, "3"),
       "the last of an id counts");
    run_options_fini(&o);
}

static void agent(const char *text, const char *id, size_t n, const char *last) {
    struct run_options o = {.shm_bytes = 0};
    struct err e = ERR_INIT;
    bool good = run_agent_parse(&o, str_z(text), &e);
    no_err(&e, text);
    ok(good && str_eqz(o.agents.p[0].id, id) && o.agents.p[0].n_paths == n && (n == 0 || strcmp(o.agents.p[0].paths[n - 1], last) == 0),
       "its id and paths");
    run_options_fini(&o);
}

static void test_agents(void) {
    agent("default", "default", 0, "");
    agent("", "default", 0, "");
    agent("git=/tmp/sock", "git", 1, "/tmp/sock");
    agent("git=a,b,c=d", "git", 3, "c=d");
    agent("=a", "default", 1, "a");
    refused(run_agent_parse, "git=a,,b", "ID=SOCKET or");
    struct run_options o = {.shm_bytes = 0};
    struct err e = ERR_INIT;
    ok(run_agent_parse(&o, S("a=1"), &e) && run_agent_parse(&o, S("a=2,3"), &e) && o.agents.n == 1 && o.agents.p[0].n_paths == 2,
       "the last of an id counts");
    run_options_fini(&o);
}

static void test_allow(void) {
    struct run_options o = {.shm_bytes = 0};
    struct err e = ERR_INIT;
    ok(run_allow_parse(&o, S("network.host"), &e) && !o.allow_insecure, "the host's network is allowed anyway");
    ok(run_allow_parse(&o, S("security.insecure"), &e) && o.allow_insecure, "insecure steps");
    refused(run_allow_parse, "device=/dev/fuse", "devices cannot be given");
    refused(run_allow_parse, "everything", "it is security.insecure or");
}

int main(void) {
    test_allow();
    test_secrets();
    test_agents();
    test_hosts();
    test_ulimits();
    test_shm();
    return tap_done();
}
