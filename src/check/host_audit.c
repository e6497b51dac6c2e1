/* SPDX-License-Identifier: Apache-2.0
 * What the host audits: the rules that the kernel has, where it may be asked, and those that are written in /etc/audit. */
#include "base/limits.h"
#include "check/host_rules.h"

struct watch {
    struct str path;
    struct str from; /* the file that has it */
    bool is_file;    /* that path alone, and nothing below */
};

struct watches {
    struct watch *p;
    size_t n, capacity;
};

struct host_audit {
    bool by_kernel, has_files;
    struct str why; /* of files that could not be read; "" */
    struct watches loaded, whole, parts;
};

/* --- Paths --------------------------------------------------------------------------------------------------------------------------- */

/* One name for what has two: /lib is /usr/lib, /var/run is /run. */
static struct str plain(struct arena *a, struct str path) {
    static const char *const twice[] = {"/usr/lib", "/usr/bin", "/usr/sbin", "/var/run", NULL};
    struct str clean = arena_join3(a, S("/"), path_clean(a, path, true), STR_NULL);
    for (size_t k = 0; twice[k]; k++) {
        struct str dir = str_z(twice[k]);
        if (str_starts(clean, dir) && (clean.n == dir.n || clean.p[dir.n] == '/'))
            return str_from(clean, 4);
    }
    return clean;
}

static bool covers(const struct watch *w, struct str path) {
    if (str_eq(w->path, path))
        return true;
    return !w->is_file && str_starts(path, w->path) && (w->path.n == 1 || path.p[w->path.n] == '/');
}

/* --- Reading rules ------------------------------------------------------------------------------------------------------------------- */

static void add(struct host_check *c, struct watches *to, struct str path, bool is_file, struct str from) {
    struct watch w = {plain(c->arena, path), from, is_file};
    if (path.n && path.p[0] == '/' && to->n < LIMIT_AUDIT_RULES)
        vec_push(to, w);
}

static void drop(struct host_check *c, struct watches *from, struct str path) {
    size_t n = 0;
    path = plain(c->arena, path);
    for (size_t k = 0; k < from->n; k++)
        if (!str_eq(from->p[k].path, path))
            from->p[n++] = from->p[k];
    from->n = n;
}

/* "-w PATH -p wa -k KEY", "-a always,exit -F path=PATH -F perm=wa", "-a always,exit -F dir=PATH", "-W PATH", "-D". A rule that is "never"
 * watches nothing. */
static void take_line(struct host_check *c, struct watches *to, struct str line, struct str from) {
    struct str word, verb = STR_NULL;
    bool never = str_find(line, S("never")) >= 0 && (str_starts(line, S("-a")) || str_starts(line, S("-A")));
    if (str_starts(line, S("#")) || never)
        return;
    while (str_next(&line, ' ', &word)) {
        if (str_eqz(verb, "-w"))
            add(c, to, word, false, from);
        else if (str_eqz(verb, "-W"))
            drop(c, to, word);
        else if (str_eqz(verb, "-F") && str_starts(word, S("path=")))
            add(c, to, str_from(word, 5), true, from);
        else if (str_eqz(verb, "-F") && str_starts(word, S("dir=")))
            add(c, to, str_from(word, 4), false, from);
        else if (str_eqz(word, "-D"))
            to->n = 0;
        verb = word.n ? word : verb;
    }
}

static void take_text(struct host_check *c, struct watches *to, struct str text, struct str from) {
    struct str line;
    while (str_next(&text, '\n', &line))
        take_line(c, to, str_trim(line), from);
}

static void take_file(struct host_check *c, struct host_audit *x, struct watches *to, struct str path) {
    struct str text;
    const char *why = "";
    enum host_read got = c->source->read(c->source->ctx, path.p, LIMIT_HOST_FILE_BYTES, c->arena, &text, &why);
    x->has_files |= got == HOST_READ;
    if (got == HOST_READ)
        take_text(c, to, text, path);
    else if (got == HOST_DENIED)
        x->why = arena_printf(c->arena, "%.*s: %s", STR_ARG(path), why);
}

/* augenrules makes audit.rules of rules.d when audit starts: who wrote rules there may not have started it since, so both are looked at,
 * each on its own. */
static void take_files(struct host_check *c, struct host_audit *x) {
    static const char *const dir = "/etc/audit/rules.d";
    struct host_names names = {0};
    const char *why = "";
    take_file(c, x, &x->whole, S("/etc/audit/audit.rules"));
    if (c->source->list(c->source->ctx, dir, c->arena, &names, &why) == HOST_DENIED)
        x->why = arena_printf(c->arena, "%s: %s", dir, why);
    for (size_t k = 0; k < names.n && k < LIMIT_HOST_NAMES; k++)
        if (str_ends(names.p[k], S(".rules")))
            take_file(c, x, &x->parts, arena_printf(c->arena, "%s/%.*s", dir, STR_ARG(names.p[k])));
}

static struct host_audit *host_audit(struct host_check *c) {
    struct str text = STR_NULL;
    if (c->audit)
        return c->audit;
    struct host_audit *x = c->audit = arena_new(c->arena, struct host_audit);
    x->by_kernel = c->source->audit(c->source->ctx, c->arena, &text);
    if (x->by_kernel)
        take_text(c, &x->loaded, text, S("the kernel"));
    take_files(c, x);
    return x;
}

void host_audit_end(struct host_check *c) {
    if (!c->audit)
        return;
    vec_fini(&c->audit->loaded);
    vec_fini(&c->audit->whole);
    vec_fini(&c->audit->parts);
}

/* --- Answering ----------------------------------------------------------------------------------------------------------------------- */

static const struct watch *find(const struct watches *list, struct str path) {
    for (size_t k = 0; k < list->n; k++)
        if (covers(&list->p[k], path))
            return &list->p[k];
    return NULL;
}

void host_say_audited(struct host_check *c, struct str path) {
    const struct host_audit *x = host_audit(c);
    struct str name = plain(c->arena, path);
    const struct watch *loaded = find(&x->loaded, name), *written = find(&x->whole, name);
    written = written ? written : find(&x->parts, name);
    if (loaded)
        host_say(c, CIS_PASS, path, "the kernel audits %s", SHOWN(loaded->path));
    else if (x->by_kernel && written)
        host_say(c, CIS_FAIL, path, "%.*s has a rule for it, which is not loaded", STR_ARG(written->from));
    else if (x->by_kernel)
        host_say(c, CIS_FAIL, path, "not audited");
    else if (written)
        host_say(c, CIS_MANUAL, path, "%.*s has a rule for it; whether it is loaded the kernel did not say", STR_ARG(written->from));
    else if (x->why.n)
        host_say(c, CIS_MANUAL, path, "whether it is audited is not known: %.*s", STR_ARG(x->why));
    else
        host_say(c, CIS_FAIL, path, x->has_files ? "no rule of /etc/audit is about it" : "there are no audit rules");
}
