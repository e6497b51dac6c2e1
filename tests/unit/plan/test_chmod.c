/* SPDX-License-Identifier: Apache-2.0
 * --chmod: octal numbers and clauses. What each gives was asked of the library that BuildKit uses (its parser, without a umask). */
#include "base/arena.h"
#include "plan/chmod.h"
#include "tap.h"

enum { DIR_BIT = 010000 };

static const struct {
    const char *text;
    uint32_t before, after; /* DIR_BIT: a directory */
} rows[] = {
    {"0", 0777, 0},
    {"644", 07777, 0644},
    {"0644", 0, 0644},
    {"00000755", 0, 0755},
    {"7777", 0, 07777},
    {"=", 07777, 01000},
    {"+", 0421, 0421},
    {"-", 0421, 0421},
    {"a=", 07777, 01000},
    {"go=", 0777, 0700},
    {"u=rwX,go=rX", 0600, 0644},
    {"u=rwX,go=rX", 0700, 0755},
    {"u=rwX,go=rX", DIR_BIT | 0700, 0755},
    {"u=rwX,go=rX", 0001, 0755},
    {"=rw,+X", 0766, 0777},
    {"=rw,+X", 0666, 0666},
    {"a=X", 0100, 0111},
    {"a-x,a+X", 0100, 0111}, /* X looks at the mode as it was */
    {"a+x,g=X", 0600, 0701},
    {"-X", 0777, 0666},
    {"g-X", 0777, 0767},
    {"u+r", 0, 0400},
    {"g+w", 0, 0020},
    {"o+x", 0, 0001},
    {"ugo+r", 0, 0444},
    {"a+w", 0, 0222},
    {"u+s", 0, 04000},
    {"g+s", 0, 02000},
    {"ug+s", 0, 06000},
    {"o+s", 0, 0},
    {"+s", 0, 06000},
    {"u-s", 06777, 02777},
    {"u=rwx", 04000, 0700},
    {"+t", 0421, 01421},
    {"-t", 01421, 0421},
    {"o+t", 0, 0},
    {"u+t", 0, 01000},
    {"+rt", 0, 01000}, /* as BSD has it */
    {"=t", 0777, 01777},
    {"u=rt", 0777, 01477},
    {"a+rt", 0, 01444},
    {"u=g", 0742, 0442},
    {"g=u", 0750, 0770},
    {"go=u-w", 0770, 0755},
    {"u=g-w", 0762, 0462},
    {"u+go", 0021, 0321},
    {"-u", 0111, 0},
    {"u=rg", 0720, 0220},
    {"u=gr", 0720, 0420},
    {"g=uX", 0600, 0660},
    {"g=Xu", 0700, 0770},
    {"u+r-w+x", 0200, 0500},
    {"u+r,g-w,o=x", 0077, 0451},
    {"uuu+rrr", 0, 0400},
    {"o+r,g+w,a+t,g-s,u+og", DIR_BIT | 06000, 05624},
    {"u+r=w", 0700, 0200},
};

static const struct {
    const char *text, *message;
} refused[] = {
    {"", "\"\" is neither an octal number nor clauses like u=rwX,go=rX: it ends early, +, - or = belongs there"},
    {"8", "\"8\" is not an octal number from 0 to 7777"},
    {"0o755", "\"0o755\" is not an octal number from 0 to 7777"},
    {"10000", "\"10000\" is not an octal number"},
    {"99999999999999999999999", "is not an octal number"},
    {"755 ", "\"755 \" is not an octal number"},
    {"u", "\"u\" is neither an octal number nor clauses like u=rwX,go=rX: it ends early"},
    {"ugo", "it ends early"},
    {",", "\",\" is out of place, +, - or = belongs there"},
    {"q+r", "\"q\" is out of place"},
    {"u+q", "\"q\" is out of place"},
    {"u+r,", "it ends early"},
    {"u+r,,g+r", "\",\" is out of place"},
    {"+755", "\"7\" is out of place"},
    {"u=rwx go=rx", "\" \" is out of place"},
    {"ug", "it ends early"},
    {"U+r", "\"U\" is out of place"},
};

static void applied(void) {
    for (size_t k = 0; k < sizeof rows / sizeof rows[0]; k++) {
        struct arena a = ARENA_INIT;
        struct err e = ERR_INIT;
        struct chmod c;
        bool good = chmod_parse(&a, str_z(rows[k].text), &c, &e);
        no_err(&e, rows[k].text);
        uint32_t got = good ? chmod_apply(&c, rows[k].before & 07777, rows[k].before & DIR_BIT) : UINT32_MAX;
        ok(good && c.given && got == rows[k].after, "%s of %04o gives %04o (%04o)", rows[k].text, rows[k].before, rows[k].after, got);
        arena_fini(&a);
    }
}

static void refusals(void) {
    for (size_t k = 0; k < sizeof refused / sizeof refused[0]; k++) {
        struct arena a = ARENA_INIT;
        struct err e = ERR_INIT;
        struct chmod c;
        ok(!chmod_parse(&a, str_z(refused[k].text), &c, &e) && e.kind == ERR_USAGE, "refused: %s", refused[k].text);
        is_err(&e, refused[k].message, refused[k].text);
        arena_fini(&a);
    }
}

/* The longest text of the densest kind fits into what was set aside for it. */
static void bounds(void) {
    struct arena a = ARENA_INIT;
    struct err e = ERR_INIT;
    struct chmod c, none = {0};
    char text[1002];
    for (size_t k = 0; k < sizeof text; k++)
        text[k] = "+rXu"[k % 4];
    ok(chmod_parse(&a, str_n(text, 1000), &c, &e) && c.n_changes <= 3000, "a thousand bytes are a mode");
    no_err(&e, "long");
    ok(!chmod_parse(&a, str_n(text, 1001), &c, &e), "more are not");
    is_err(&e, "a mode is longer than 1000 bytes", "too long");
    ok(chmod_apply(&none, 04755, false) == 04755, "none given: nothing changes");
    arena_fini(&a);
}

int main(void) {
    applied();
    refusals();
    bounds();
    return tap_done();
}
