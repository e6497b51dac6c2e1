/* SPDX-License-Identifier: Apache-2.0
 * Values of secrets: where they are taken from, their limit, and that no message shows one. */
#include "build/secrets.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/limits.h"
#include "base/log.h"
#include "tap.h"

static size_t warned;

static void count(void *ctx, const char *line) {
    (void)ctx;
    warned += strstr(line, "is not set") != NULL;
}

static struct secrets *load(struct run_options *o, const char *spec, struct err *e) {
    *o = (struct run_options){.shm_bytes = 0};
    return run_secret_parse(o, str_z(spec), e) ? secrets_load(o, e) : NULL;
}

static void gives(const char *spec, const char *want) {
    struct run_options o;
    struct err e = ERR_INIT;
    struct str value = S("none");
    struct secrets *s = load(&o, spec, &e);
    no_err(&e, spec);
    ok(s && secrets_get(s, S("x"), &value), "is there");
    is_str(value, str_z(want), "its value");
    ok(!s || !secrets_get(s, S("y"), &value), "another is not");
    secrets_free(s);
    run_options_fini(&o);
}

static void fails(const char *spec, const char *part) {
    struct run_options o;
    struct err e = ERR_INIT;
    struct secrets *s = load(&o, spec, &e);
    ok(!s && !strstr(e.msg, "hush"), "%s: refused, without its value", spec);
    is_err(&e, part, part);
    secrets_free(s);
    run_options_fini(&o);
}

static void put(const char *path, const char *text, size_t n) {
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    ok(fd >= 0 && write(fd, text, n) == (ssize_t)n, "a file of %zu bytes", n);
    close(fd);
}

static void test_sizes(void) {
    static char big[LIMIT_SECRET_BYTES + 1];
    struct run_options o;
    struct err e = ERR_INIT;
    struct str value;
    memset(big, 'h', sizeof big);
    put("big", big, sizeof big - 1);
    struct secrets *s = load(&o, "id=x,src=big", &e);
    ok(s && secrets_get(s, S("x"), &value) && value.n == LIMIT_SECRET_BYTES, "500 KiB are taken");
    secrets_free(s);
    run_options_fini(&o);
    put("big", big, sizeof big);
    fails("id=x,src=big", "over the limit of 500 KiB");
    put("empty", "", 0);
    gives("id=x,src=empty", "");
}

static void test_variable(void) {
    struct secret_text t = secret_variable(S("NAME"), S("a b=c"));
    is_str(str_z(t.p), S("NAME=a b=c"), "a variable");
    secret_text_free(&t);
    ok(!t.p, "is wiped");
    secret_text_free(&t);
    t = secret_variable(S("N"), S(""));
    is_str(str_z(t.p), S("N="), "an empty one");
    secret_text_free(&t);
}

int main(void) {
    char dir[] = "/tmp/croze-secrets-XXXXXX";
    if (!mkdtemp(dir) || chdir(dir) < 0)
        return 1;
    log_set_sink(count, NULL);
    setenv("VALUE", "hush from a variable", 1);
    setenv("x", "hush by its id", 1);
    unsetenv("ABSENT");
    put("file", "hush from a file\n", 17);
    gives("id=x,src=file", "hush from a file\n");
    gives("id=x,env=VALUE", "hush from a variable");
    gives("id=x,type=env,src=VALUE", "hush from a variable");
    gives("id=x", "hush by its id");
    unsetenv("x");
    fails("id=x", "--secret id=x: open x: No such file");
    put("x", "hush from a file of its id", 26);
    gives("id=x", "hush from a file of its id");
    gives("id=x,env=ABSENT", "");
    ok(warned == 1, "a variable that is not set is said");
    fails("id=x,src=nothing", "--secret id=x: open nothing: No such file");
    fails("id=x,src=/", "read /: Is a directory");
    test_sizes();
    test_variable();
    log_set_sink(NULL, NULL);
    unlink("file"), unlink("x"), unlink("big"), unlink("empty");
    ok(chdir("/") == 0 && rmdir(dir) == 0, "nothing else was made");
    return tap_done();
}
