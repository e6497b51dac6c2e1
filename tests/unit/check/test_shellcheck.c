/* SPDX-License-Identifier: Apache-2.0
 * What ShellCheck prints, read; and its places in a script, found again in the parts that the script is made of. */
#include "check/shellcheck.h"
#include "tap.h"

static void reads(void) {
    struct arena a = ARENA_INIT;
    struct err e = ERR_INIT;
    const struct str names[] = {S("/a"), S("/b")};
    sc_comments said = {0};
    struct str text =
        S("{\"comments\":[{\"file\":\"/b\",\"line\":3,\"endLine\":3,\"column\":2,\"endColumn\":4,\"level\":\"style\",\"code\":2086,"
          "\"message\":\"m\",\"fix\":null}]}");
    ok(sc_read(&a, text, names, 2, &said, &e), "an answer");
    no_err(&e, "... has no error");
    ok(said.n == 1 && said.p[0].script == 1 && said.p[0].line == 3 && said.p[0].end_column == 4 && said.p[0].code == 2086 &&
           said.p[0].severity == SEVERITY_STYLE,
       "... and all of it is there");
    is_str(said.p[0].message, S("m"), "... the message too");
    ok(!sc_read(&a, text, names, 1, &said, &e), "about a file that it was not asked about");
    is_err(&e, "not what this release understands", "... is no answer");
    vec_fini(&said);
    arena_fini(&a);
}

static void refuses(void) {
    static const char *const bad[] = {
        "",
        "no",
        "[]",
        "{\"comments\":{}}",
        "{\"comments\":[1]}",
        "{\"comments\":[{\"file\":\"/a\",\"line\":-1,\"column\":1,\"level\":\"info\",\"code\":1}]}",
        "{\"comments\":[{\"file\":\"/a\",\"line\":1,\"column\":1,\"level\":\"info\",\"code\":100000}]}",
        "{\"comments\":[{\"file\":\"/a\",\"line\":1,\"column\":1,\"level\":\"bad\",\"code\":1}]}",
    };
    const struct str names[] = {S("/a")};
    for (size_t k = 0; k < sizeof bad / sizeof bad[0]; k++) {
        struct arena a = ARENA_INIT;
        struct err e = ERR_INIT;
        sc_comments said = {0};
        ok(!sc_read(&a, str_z(bad[k]), names, 1, &said, &e) && e.kind == ERR_UNCHECKED, "no answer: %s", bad[k]);
        err_clear(&e);
        vec_fini(&said);
        arena_fini(&a);
    }
}

static void places(void) {
    struct arena a = ARENA_INIT;
    const char first[] = "\303\244 $b", second[] = "x\n\ty\n";
    struct sc_script s = {.text = S("#\nexport\n\303\244 $b\nx\n\ty\nE\n")};
    struct sc_comment c = {.line = 3, .column = 3, .end_line = 3, .end_column = 5};
    vec_push(&s.parts, ((struct sc_part){9, str_z(first)}));
    vec_push(&s.parts, ((struct sc_part){15, str_z(second)}));
    struct str part = sc_place(&a, &s, &c);
    ok(part.p == first + 3 && part.n == 2, "columns are characters");
    c = (struct sc_comment){.line = 5, .column = 2, .end_line = 9, .end_column = 1};
    part = sc_place(&a, &s, &c);
    ok(part.p == second + 3 && part.n == 2, "another part, and no further than its end");
    c = (struct sc_comment){.line = 4, .column = 1, .end_line = 4, .end_column = 1};
    ok(sc_place(&a, &s, &c).n == 1, "a point is a byte");
    c = (struct sc_comment){.line = 1, .column = 1, .end_line = 1, .end_column = 2};
    ok(sc_place(&a, &s, &c).n == 0, "lines of our own have no place");
    c = (struct sc_comment){.line = 100, .column = 100, .end_line = 1, .end_column = 2};
    ok(sc_place(&a, &s, &c).n == 0, "nor has what is behind the end");
    vec_fini(&s.parts);
    arena_fini(&a);
}

int main(void) {
    reads();
    refuses();
    places();
    return tap_done();
}
