/* SPDX-License-Identifier: Apache-2.0
 * Where credentials come from: the places in their order, the keys in a file, helpers, what is no credential. */
#include <fcntl.h>
#include <pthread.h>
#include <sys/stat.h>

#include "fixture.h"
#include "registry/credentials.h"
#include "registry/login.h"

static struct registry_options options = {.tls_verify = -1};
static struct helpers *all;

/* "user:secret from source", "token ... from source", or "nobody" */
static struct str who(const char *host, const char *path) {
    struct err e = ERR_INIT;
    struct credential c;
    struct repository r = {str_z(host), str_z(path)};
    must(credentials_find(&options, all, &r, &arena, &c, &e), &e);
    if (!c.found)
        return S("nobody");
    struct str source = str_starts(c.source, str_z(scratch)) ? str_from(c.source, strlen(scratch) + 1) : c.source;
    struct str token = c.identity_token.n ? c.identity_token : c.registry_token;
    return token.n ? text("token %.*s from %.*s", STR_ARG(token), STR_ARG(source))
                   : text("%.*s:%.*s from %.*s", STR_ARG(c.user), STR_ARG(c.secret), STR_ARG(source));
}

static void auth_file(const char *name, const char *user) {
    put_file(name, text("{\"auths\":{\"h\":{\"username\":\"%s\",\"password\":\"p\"}}}", user));
}

static void order(void) {
    is_str(who("h", "x"), S("nobody"), "nothing is nobody");
    put_file(".dockercfg", S("{\"https://h/v1/\":{\"auth\":\"b2xkOnA=\"}}"));
    is_str(who("h", "x"), S("old:p from .dockercfg"), "the oldest file is the last");
    auth_file(".docker/config.json", "docker");
    is_str(who("h", "x"), S("docker:p from .docker/config.json"), "docker's is before it");
    auth_file("cfg/config.json", "dockercfg");
    setenv("DOCKER_CONFIG", in_scratch("cfg"), 1);
    is_str(who("h", "x"), S("dockercfg:p from cfg/config.json"), "or where DOCKER_CONFIG says");
    auth_file(".config/containers/auth.json", "config");
    is_str(who("h", "x"), S("config:p from .config/containers/auth.json"), "podman's stays are before docker's");
    auth_file("xdg/containers/auth.json", "xdg");
    setenv("XDG_CONFIG_HOME", in_scratch("xdg"), 1);
    is_str(who("h", "x"), S("xdg:p from xdg/containers/auth.json"), "or where XDG_CONFIG_HOME says");
    auth_file("run/containers/auth.json", "run");
    is_str(who("h", "x"), S("run:p from run/containers/auth.json"), "podman's of this session");
    setenv("DOCKER_AUTH_CONFIG", "{\"auths\":{\"h\":{\"auth\":\"dGV4dDpw\"}}}", 1);
    is_str(who("h", "x"), S("text:p from DOCKER_AUTH_CONFIG"), "a text in the environment");
    auth_file("env.json", "env");
    setenv("REGISTRY_AUTH_FILE", in_scratch("env.json"), 1);
    is_str(who("h", "x"), S("env:p from env.json"), "a file that the environment names");
    auth_file("flag.json", "flag");
    options.authfile = in_scratch("flag.json");
    is_str(who("h", "x"), S("flag:p from flag.json"), "a file that the command line names");
    put_file("flag.json", S("{}"));
    is_str(who("h", "x"), S("env:p from env.json"), "one without the host lets the next speak");
    options.creds[0] = (struct registry_creds){S("h"), S("creds:p:q")};
    is_str(who("h", "x"), S("creds:p:q from --creds"), "and --creds before all; a password may hold colons");
    options = (struct registry_options){.authfile = in_scratch("nothing.json"), .tls_verify = -1};
    struct err e = ERR_INIT;
    struct credential c;
    ok(!credentials_find(&options, all, &(struct repository){S("h"), S("x")}, &arena, &c, &e), "a file that was named and is not there");
    is_err(&e, "nothing.json", "is an error");
    options.authfile = NULL;
    static const char *const unset[] = {"DOCKER_CONFIG", "XDG_CONFIG_HOME", "DOCKER_AUTH_CONFIG", "REGISTRY_AUTH_FILE"};
    for (size_t i = 0; i < sizeof unset / sizeof *unset; i++)
        unsetenv(unset[i]);
}

static void keys(void) {
    put_file("run/containers/auth.json",
             S("{\"auths\":{\"h:1/a/b\":{\"auth\":\"YWI6cA==\"},\"h:1/a\":{\"auth\":\"YTpw\"},\"h:1\":{\"auth\":\"aDpw\"},"
               "\"h:1/a/bc\":{\"auth\":\"eDpw\"},\"https://index.docker.io/v1/\":{\"auth\":\"aHViOnA=\"},"
               "\"https://h3/v2/\":{\"identitytoken\":\"it\"},\"empty\":{},\"h4\":{\"registrytoken\":\"rt\"}}}"));
    is_str(who("h:1", "a/b/c"), S("ab:p from run/containers/auth.json"), "the longest key that fits counts");
    is_str(who("h:1", "a/b"), S("ab:p from run/containers/auth.json"), "also for the whole name");
    is_str(who("h:1", "a/x"), S("a:p from run/containers/auth.json"), "else a shorter one");
    is_str(who("h:1", "ab"), S("h:p from run/containers/auth.json"), "a key ends where a part of the name does");
    is_str(who("docker.io", "library/alpine"), S("hub:p from run/containers/auth.json"), "Docker Hub has a key of its own");
    is_str(who("h3", "x"), S("token it from run/containers/auth.json"), "an identity token");
    is_str(who("h4", "x"), S("token rt from run/containers/auth.json"), "a registry's token");
    is_str(who("empty", "x"), S("nobody"), "an empty entry is none");
    is_str(who("h", "x"), S("config:p from .config/containers/auth.json"), "another port is another host");
}

static void bad(void) {
    static const char *const rows[][2] = {
        {"{\"auths\":{\"h\":{\"auth\":\"!!!\"}}}", "is not base 64"},
        {"{\"auths\":{\"h\":{\"auth\":\"bm9jb2xvbg==\"}}}", "is not base 64"},
        {"{\"auths\":{\"h\":{\"username\":\"a:b\",\"password\":\"p\"}}}", "the user name for h has a colon"},
        {"{\"auths\":", "not valid JSON"},
    };
    struct err e = ERR_INIT;
    struct repository r = {S("h"), S("x")};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct credential c = {.source = S(""), .problem = S("")};
        ok(!auth_file_find(&arena, str_z(rows[i][0]), "auth.json", false, all, &r, &c, &e), "no credential: %zu", i);
        is_err(&e, rows[i][1], "it says why");
    }
}

static void one_helper(void) {
    put_file("bin/docker-credential-test", S("#!/bin/sh\nread -r host\ncase $host in\n"
                                             "h) echo '{\"ServerURL\":\"h\",\"Username\":\"helped\",\"Secret\":\"s\"}' ;;\n"
                                             "t) echo '{\"Username\":\"<token>\",\"Secret\":\"it\"}' ;;\n"
                                             "colon) echo '{\"Username\":\"a:b\",\"Secret\":\"s\"}' ;;\n"
                                             "none) echo credentials not found in native keychain; exit 1 ;;\n"
                                             "*) echo \"it broke: $host\"; exit 3 ;;\nesac\n"));
    must(chmod(in_scratch("bin/docker-credential-test"), 0755) == 0, &(struct err)ERR_INIT);
    setenv("PATH", text("%s/bin:%s", scratch, getenv("PATH")).p, 1);
    put_file("run/containers/auth.json", S("{\"credHelpers\":{\"h\":\"test\",\"t\":\"test\"},\"credsStore\":\"missing\",\"auths\":{"
                                           "\"h\":{\"auth\":\"aDpw\"},\"other\":{\"auth\":\"bzpw\"}}}"));
    is_str(who("h", "x"), S("helped:s from docker-credential-test"), "a helper for the host comes first");
    is_str(who("t", "x"), S("token it from docker-credential-test"), "the user <token> means an identity token");
    is_str(who("other", "x"), S("o:p from run/containers/auth.json"), "a helper that is not there lets the file speak");
    put_file("run/containers/auth.json", S("{\"credsStore\":\"test\",\"auths\":{\"none\":{\"auth\":\"bjpw\"}}}"));
    is_str(who("none", "x"), S("n:p from run/containers/auth.json"), "one that has nothing, too");
    struct err e = ERR_INIT;
    struct credential c;
    must(credentials_find(&options, all, &(struct repository){S("docker.io"), S("x")}, &arena, &c, &e), &e);
    ok(!c.found && str_find(c.problem, S("it broke: https://index.docker.io/v1/")) >= 0, "what it said when it broke is kept for words");
    put_file("run/containers/auth.json", S("{\"credsStore\":\"test\"}"));
    must(credentials_find(&options, all, &(struct repository){S("colon"), S("x")}, &arena, &c, &e), &e);
    ok(!c.found && str_find(c.problem, S("has a colon")) >= 0, "a user name with a colon is none, whoever gives it");
    put_file("run/containers/auth.json", S("{\"credsStore\":\"../../bin/sh\"}"));
    must(credentials_find(&options, all, &(struct repository){S("k"), S("x")}, &arena, &c, &e), &e);
    ok(str_find(c.problem, S("no name of a credential helper")) >= 0, "a path is no helper");
}

/* --- Many that ask --- */

enum { THREADS = 8 };

static void *ask_slow(void *failed) {
    struct arena a = ARENA_INIT;
    struct err e = ERR_INIT;
    struct credential c = {0};
    if (!helpers_get(all, &a, S("slow"), S("one"), &c, &e) || !str_eqz(c.secret, "late"))
        *(bool *)failed = true;
    err_clear(&e);
    arena_fini(&a);
    return NULL;
}

/* The helper says that it was called, and answers for "one" when the gate opens. */
static void helpers_at_once(void) {
    struct err e = ERR_INIT;
    struct credential c = {0};
    pthread_t threads[THREADS];
    bool failed[THREADS] = {0}, any = false;
    struct buf calls = BUF_INIT(KIB(4));
    put_file("bin/docker-credential-slow",
             text("#!/bin/sh\nread -r host\necho $host >>%s/calls\n[ $host != one ] || timeout 60 cat %s/gate >/dev/null\n"
                  "[ $host != bad ] || { echo it broke; exit 3; }\necho '{\"Username\":\"u\",\"Secret\":\"late\"}'\n", scratch, scratch));
    must(chmod(in_scratch("bin/docker-credential-slow"), 0755) == 0 && mkfifo(in_scratch("gate"), 0600) == 0, &e);
    for (int i = 0; i < THREADS; i++)
        pthread_create(&threads[i], NULL, ask_slow, &failed[i]);
    _cleanup_fd_ int gate = open(in_scratch("gate"), O_WRONLY | O_CLOEXEC); /* waits until the helper is at it */
    must(gate >= 0, &e);
    must(helpers_get(all, &arena, S("slow"), S("other"), &c, &e), &e);
    is_str(c.secret, S("late"), "another server's credentials come while a helper waits");
    must(file_write_all(gate, "open", 4, "the gate", &e), &e);
    fd_closep(&gate);
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
        any = any || failed[i];
    }
    ok(!any, "many that ask for the same get it");
    for (int i = 0; i < 2; i++) {
        ok(!helpers_get(all, &arena, S("slow"), S("bad"), &c, &e), "one that fails fails for all");
        is_err(&e, "it broke", "with what it said");
    }
    must(file_read(in_scratch("calls"), &calls, &e), &e);
    is_str(buf_str(&calls), S("one\nother\nbad\n"), "each was asked once");
    buf_fini(&calls);
}

static void login_keys(void) {
    static const char *const rows[][3] = {
        {"", "docker.io", ""},  {"https://h:5000/v2/", "h:5000", ""}, {"index.docker.io", "docker.io", ""}, {"h/team", "h", "team"},
        {"localhost", "localhost", ""},
    };
    struct err e = ERR_INIT;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct repository r;
        must(login_key(&arena, str_z(rows[i][0]), &r, &e), &e);
        ok(str_eqz(r.host, rows[i][1]) && str_eqz(r.path, rows[i][2]), "login %s", rows[i][0]);
    }
    static const char *const wrong[] = {"a b", "http://", "h:port", "-h", "h/../x", "h/UPPER"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct repository r;
        ok(!login_key(&arena, str_z(wrong[i]), &r, &e) || str_eqz(r.host, "docker.io"), "no registry: %s", wrong[i]);
        err_clear(&e);
    }
}

int main(void) {
    fixture_init();
    all = helpers_new();
    order();
    keys();
    bad();
    one_helper();
    helpers_at_once();
    helpers_free(all);
    login_keys();
    return tap_done();
}
