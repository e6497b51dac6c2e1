/* SPDX-License-Identifier: Apache-2.0
 * dockle's cases of lines of history: each says whether the checkpoint that it names speaks of it. And lines as builders write them, for
 * people. */
#include "../dockerfile/shared.h"
#include "base/json.h"
#include "check/image_check.h"
#include "check/image_rules.h"
#include "check/words.h"
#include "tap.h"

enum { CASES = 35 };

static struct str behind; /* a line that comes behind it */

/* Of an image that consists of a line of history, behind one that stands for its base. */
static size_t found(struct str line, struct str rule) {
    struct arena a = ARENA_INIT;
    struct err e = ERR_INIT;
    struct store none = {0};
    struct check_policy policy = {0};
    struct image im;
    struct image_check_options o = {.name = S("x"), .policy = &policy};
    struct image_check_result r;
    size_t n = 0;
    image_init(&im);
    image_add_history(&im, &(struct history){.created_by = S("CMD [\"x\"]"), .empty_layer = true});
    image_add_history(&im, &(struct history){.created_by = line, .empty_layer = true});
    if (behind.n)
        image_add_history(&im, &(struct history){.created_by = behind, .empty_layer = true});
    ok(check_image(&a, &none, &im, &o, &r, &e), "an image of history alone");
    no_err(&e, "...");
    for (size_t k = 0; k < r.n_findings; k++)
        ok(r.findings[k].message.n && str_find(r.findings[k].message, S("\0")) < 0, "its message is there when all else is given back");
    for (size_t k = 0; k < r.n_findings; k++)
        n += word_in(r.findings[k].also ? r.findings[k].also : r.findings[k].rule->also, rule);
    image_fini(&im);
    arena_fini(&a);
    return n;
}

static void steps(void) {
    struct arena a = ARENA_INIT;
    is_str(image_step(&a, S("RUN /bin/sh -c make # buildkit")), S("RUN make"), "BuildKit's");
    is_str(image_step(&a, S("RUN |1 TOKEN=abc /bin/sh -c make # buildkit")), S("RUN make"), "with a build argument");
    is_str(image_step(&a, S("|2 A=b C=d /bin/sh -c make")), S("RUN make"), "the classic builder's");
    is_str(image_step(&a, S("/bin/sh -c #(nop)  CMD [\"sh\"]")), S("CMD [\"sh\"]"), "... of what runs nothing");
    is_str(image_step(&a, S("COPY a /b # buildkit")), S("COPY a /b"), "COPY");
    is_str(image_step(&a, S("RUN |1 TOKEN=abc")), S("RUN"), "arguments and no command");
    is_str(image_step(&a, S("")), S(""), "nothing");
    is_str(image_step(&a, S("RUN /bin/sh -c DB_PASSWORD=hunter2 ./x --api-token=abc && curl -u me:pw https://u:p@h/x")),
           S("RUN DB_PASSWORD=*** ./x --api-token=*** && curl -u me:*** https://u:***@h/x"), "secrets of commands");
    is_str(image_step(&a, S("RUN mkdir -p /x && useradd -u 5 a")), S("RUN mkdir -p /x && useradd -u 5 a"), "what is none");
    is_str(image_step(&a, S("RUN PASSWORD=\"correct \\\" horse\" make && TOKEN='a b'c x")), S("RUN PASSWORD=*** make && TOKEN=***c x"),
           "quoted ones");
    is_str(image_step(&a, S("RUN x --password 'a b' --token\tc\n-u\tme:d -ume:e --user=me:f")),
           S("RUN x --password *** --token\t***\n-u\tme:*** -ume:*** --user=me:***"), "behind any blank");
    is_str(image_step(&a, S("RUN wget --header 'Authorization: Bearer abc' -H \"Private-Token: def\" https://h/x")),
           S("RUN wget --header 'Authorization: Bearer *** -H \"Private-Token: *** https://h/x"), "in headers");
    is_str(image_step(&a, S("RUN PASSWORD='a b")), S("RUN PASSWORD=***"), "a quote that nothing ends");
    is_str(image_step(&a, S("RUN x --secret-file=/z --user me")), S("RUN x --secret-file=/z --user me"), "and what is none");
    arena_fini(&a);
}

int main(void) {
    struct arena a = ARENA_INIT;
    steps();
    ok(found(S("RUN |1 API_TOKEN=x /bin/sh -c true # buildkit"), S("CIS-DI-0010")) == 1, "a build argument");
    ok(found(S("RUN /bin/sh -c sudo make # buildkit"), S("DKL-DI-0001")) == 1, "sudo");
    ok(found(S("/bin/sh -c #(nop) COPY file:12 in /x "), S("CIS-DI-0009")) == 0, "COPY is no ADD");
    ok(found(S("apt-get update\nmake"), S("CIS-DI-0007")) == 1, "a line break in a line");
    behind = S("RUN /bin/sh -c sudo true # buildkit");
    ok(found(S("COPY <<END /x # buildkit"), S("DKL-DI-0001")) == 1 && found(S("ENV a=b \\"), S("DKL-DI-0001")) == 1,
       "no line swallows the next one");
    ok(found(S("RUN /bin/sh -c cat <<END"), S("DKL-DI-0001")) == 1 && found(S("RUN /bin/sh -c true \\"), S("DKL-DI-0001")) == 1,
       "nor does a RUN");
    behind = STR_NULL;
    _cleanup_fd_ int dir = shared_dir(&a, "cases");
    if (dir < 0) {
        puts("# *** dockle's cases are not there (CROZE_SHARED): this oracle is NOT checked ***");
        tap_skip("no shared cases");
    } else {
        struct str rest = read_at(&a, dir, "dockle-cases.jsonl"), line;
        size_t n = 0;
        while (str_next(&rest, '\n', &line)) {
            struct err e = ERR_INIT;
            if (line.n == 0)
                continue;
            _cleanup_(json_doc_freep) yyjson_doc *doc = json_parse(line, 1 << 20, "case", &e);
            yyjson_val *c = yyjson_doc_get_root(doc);
            no_err(&e, "a case can be read");
            bool speaks = found(json_get_str(c, "created_by"), json_get_str(c, "rule")) > 0;
            ok(speaks == str_eqz(json_get_str(c, "expect"), "fail"), "%s %s", json_get_str(c, "rule").p, json_get_str(c, "id").p);
            n++;
        }
        ok(n >= CASES, "%zu cases", n);
    }
    arena_fini(&a);
    return tap_done();
}
