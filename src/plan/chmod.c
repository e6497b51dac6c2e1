/* SPDX-License-Identifier: Apache-2.0
 * Modes as text: see chmod.h. The clauses are BuildKit's, which are BSD's: no umask; "X" looks at the mode as the file had it before the
 * first clause; "t" without a class touches nothing but the sticky bit, whatever stands beside it. */
#include "plan/chmod.h"

#include "base/limits.h"

enum {
    CHMOD_MAX = 07777,
    USER = 04700,
    GROUP = 02070,
    OTHER = 00007,
    EVERYBODY = USER | GROUP | OTHER, /* "a" does not mean the sticky bit */
    STICKY = 01000,
    SET_ID = 06000,
    EXECUTE = 00111,
};

struct parse {
    struct str text, rest;
    struct chmod *out;
    uint32_t who;             /* of the clause; 0: none was named */
    char operation;
    uint32_t bits, execute;   /* of the operation, not yet written down: what it names, and what X names */
    bool equal_done;          /* "=" has cleared already */
};

static char next(const struct parse *p) {
    return p->rest.n ? p->rest.p[0] : '\0';
}

static void add(struct parse *p, struct chmod_change change) {
    p->out->changes[p->out->n_changes++] = change;
}

/* Bits that the operation may touch: without a class all that it names. */
static uint32_t reach(const struct parse *p, uint32_t bits) {
    return p->who ? p->who & bits : bits;
}

/* Writes down what has been read of the operation, if anything. */
static void flush_bits(struct parse *p) {
    uint32_t who = p->who ? p->who : EVERYBODY;
    if (p->bits)
        add(p, (struct chmod_change){.who = who, .operation = p->operation, .bits = reach(p, p->bits)});
    p->bits = 0;
}

static void flush_execute(struct parse *p) {
    if (p->execute)
        add(p, (struct chmod_change){.who = p->who, .operation = '+', .bits = reach(p, p->execute), .execute_if_any = true});
    p->execute = 0;
}

/* "g=u": the bits of another class, as they stand when it is their turn. */
static void copy_class(struct parse *p, char from) {
    static const uint32_t classes[] = {0700, 0070, 0007};
    uint32_t who = 0;
    flush_bits(p);
    flush_execute(p);
    for (size_t k = 0; k < sizeof classes / sizeof classes[0]; k++)
        if (!p->who || (p->who & classes[k]))
            who |= classes[k];
    add(p, (struct chmod_change){.who = who, .operation = p->operation, .copy_from = from});
    p->equal_done = true;
}

/* s and t say nothing about others alone. */
static bool more_than_others(const struct parse *p) {
    return p->who == 0 || (p->who & ~(uint32_t)OTHER);
}

/* One letter behind the operation; false: it is none. */
static bool permission(struct parse *p, char c) {
    switch (c) {
    case 'r':
        p->bits |= 0444;
        return true;
    case 'w':
        p->bits |= 0222;
        return true;
    case 'x':
        p->bits |= EXECUTE;
        return true;
    case 'X':
        *(p->operation == '-' ? &p->bits : &p->execute) |= EXECUTE;
        return true;
    case 's':
        if (more_than_others(p))
            p->bits |= SET_ID;
        return true;
    case 't':
        if (more_than_others(p)) {
            p->who |= STICKY;
            p->bits |= STICKY;
        }
        return true;
    case 'u': case 'g': case 'o':
        copy_class(p, c);
        return true;
    default:
        return false;
    }
}

static bool misplaced(const struct parse *p, const char *wanted, struct err *e) {
    struct str there = str_first(p->rest, 1);
    return err_set(e, ERR_USAGE, "\"%s\" is neither an octal number nor clauses like u=rwX,go=rX: %s%s%s, %s", SHOWN(p->text),
                   there.n ? "\"" : "it ends early", SHOWN(there), there.n ? "\" is out of place" : "", wanted);
}

/* "+rw": behind the classes, or behind another operation of the same clause. */
static bool operation(struct parse *p, struct err *e) {
    char c = next(p);
    if (c != '+' && c != '-' && c != '=')
        return misplaced(p, "+, - or = belongs there", e);
    p->operation = c;
    p->equal_done = false;
    p->who &= ~(uint32_t)STICKY;
    p->rest = str_from(p->rest, 1);
    while (permission(p, next(p)))
        p->rest = str_from(p->rest, 1);
    if (c == '=' && p->bits == 0 && !p->equal_done) /* "g=", "g=X": takes everything away */
        add(p, (struct chmod_change){.who = p->who ? p->who : EVERYBODY, .operation = '='});
    flush_bits(p);
    flush_execute(p);
    return true;
}

static void classes(struct parse *p) {
    for (p->who = 0;; p->rest = str_from(p->rest, 1)) {
        char c = next(p);
        if (c != 'u' && c != 'g' && c != 'o' && c != 'a')
            return;
        p->who |= c == 'u' ? USER : c == 'g' ? GROUP : c == 'o' ? OTHER : EVERYBODY;
    }
}

static bool clauses(struct parse *p, struct err *e) {
    for (;;) {
        classes(p);
        do {
            if (!operation(p, e))
                return false;
        } while (p->rest.n && next(p) != ',');
        if (p->rest.n == 0)
            return true;
        p->rest = str_from(p->rest, 1);
    }
}

bool chmod_parse(struct arena *a, struct str text, struct chmod *out, struct err *e) {
    struct parse p = {.text = text, .rest = text, .out = out};
    uint64_t value = 0;
    *out = (struct chmod){.given = true};
    if (text.n > LIMIT_CHMOD_BYTES)
        return err_set(e, ERR_USAGE, "a mode is longer than %d bytes", LIMIT_CHMOD_BYTES);
    if (text.n && text.p[0] >= '0' && text.p[0] <= '9') {
        if (!str_to_u64(text, 8, CHMOD_MAX, &value))
            return err_set(e, ERR_USAGE, "\"%s\" is not an octal number from 0 to 7777", SHOWN(text));
        out->octal = (uint32_t)value;
        return true;
    }
    out->symbolic = true;
    out->changes = arena_array(a, struct chmod_change, 3 * text.n); /* a class that is copied ends two others */
    return clauses(&p, e);
}

/* --- Applying -------------------------------------------------------------------------------------------------------------------- */

/* The bits of class `from`, in all three places. */
static uint32_t spread(uint32_t mode, char from) {
    unsigned shift = from == 'u' ? 6 : from == 'g' ? 3 : 0;
    return (mode >> shift & 7) * 0111;
}

static uint32_t apply(const struct chmod_change *c, uint32_t before, uint32_t mode, bool is_dir) {
    uint32_t bits = c->copy_from ? spread(mode, c->copy_from) & c->who : c->bits;
    if (c->execute_if_any && !is_dir && !(before & EXECUTE))
        return mode;
    switch (c->operation) {
    case '+':
        return mode | bits;
    case '-':
        return mode & ~bits;
    default:
        return (mode & ~c->who) | bits;
    }
}

uint32_t chmod_apply(const struct chmod *c, uint32_t mode, bool is_dir) {
    uint32_t now = mode & CHMOD_MAX;
    if (!c->given)
        return now;
    if (!c->symbolic)
        return c->octal;
    for (size_t k = 0; k < c->n_changes; k++)
        now = apply(&c->changes[k], mode, now, is_dir);
    return now;
}
