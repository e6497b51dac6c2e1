/* SPDX-License-Identifier: Apache-2.0
 * What the host audits: the rules that the kernel has, where it may be asked, and those that are written in /etc/audit. */
#include "base/limits.h"
#include "check/host_rules.h"

/* What a rule watches for, as -p has it. To know who changed a file takes both. */
enum { PERM_WRITE = 1, PERM_ATTRIBUTES = 2, PERM_CHANGES = PERM_WRITE | PERM_ATTRIBUTES };
enum action { WATCHES, WATCHES_SOME, EXCLUDES, EXCLUDES_SOME }; /* SOME: of a user, a program, ... */

struct watch {
    struct str path;
    struct str from; /* the file that has it */
    bool is_file;    /* that path alone, and nothing below */
    unsigned perms;
    enum action action;
};

struct watches {
    struct watch *p;
    size_t n, capacity;
};

struct host_audit {
    bool by_kernel, has_files;
    bool is_off;    /* the kernel audits nothing, whatever its rules are */
    struct str why; /* of files that could not be read; "" */
    struct watches loaded, whole, parts;
};

/* --- Paths --------------------------------------------------------------------------------------------------------------------------- */

static bool lies_in(struct str path, const char *dir) {
    size_t n = strlen(dir);
    return str_starts(path, str_z(dir)) && (path.n == n || path.p[n] == '/');
}

/* One name for what has two: /lib is /usr/lib, /var/run is /run. */
static struct str plain(struct arena *a, struct str path) {
    static const char *const of_usr[] = {"/lib", "/bin", "/sbin", NULL};
    struct str clean = arena_join3(a, S("/"), path_clean(a, path, true), STR_NULL);
    for (size_t k = 0; of_usr[k]; k++)
        if (lies_in(clean, of_usr[k]))
            return arena_join3(a, S("/usr"), clean, STR_NULL);
    return lies_in(clean, "/var/run") ? str_from(clean, strlen("/var")) : clean;
}

static bool covers(const struct watch *w, struct str path) {
    if (str_eq(w->path, path))
        return true;
    return !w->is_file && str_starts(path, w->path) && (w->path.n == 1 || path.p[w->path.n] == '/');
}

/* --- Reading rules ------------------------------------------------------------------------------------------------------------------- */

/* A line of rules, as far as it was read. */
struct line {
    struct watch watch;
    bool is_rule;   /* -w, or -a with a list that sees system calls */
    bool is_first;  /* -A: before those that are there */
    bool has_calls; /* it is about some system calls */
    bool has_perms; /* "-F perm=": auditctl may have put in the calls that are meant by it */
    bool has_more;  /* it has conditions beside path and permissions */
};

static void add(struct host_check *c, struct watches *to, const struct line *l) {
    struct watch w = l->watch;
    bool excludes = w.action == EXCLUDES, some_calls = l->has_calls && (excludes || !l->has_perms);
    if (w.path.n == 0 && excludes && !some_calls && !l->has_more)
        w.path = S("/"); /* it is about everything */
    if (l->has_more || some_calls || (excludes && w.perms != PERM_CHANGES))
        w.action = excludes ? EXCLUDES_SOME : WATCHES_SOME;
    if (w.perms == 0 && excludes) /* of reading or executing */
        return;
    if (!l->is_rule || !str_starts(w.path, S("/")) || to->n >= LIMIT_AUDIT_RULES)
        return;
    w.path = plain(c->arena, w.path);
    vec_push(to, w);
    if (l->is_first) {
        memmove(&to->p[1], to->p, (to->n - 1) * sizeof *to->p);
        to->p[0] = w;
    }
}

static void drop(struct host_check *c, struct watches *from, struct str path) {
    size_t n = 0;
    path = plain(c->arena, path);
    for (size_t k = 0; k < from->n; k++)
        if (!str_eq(from->p[k].path, path))
            from->p[n++] = from->p[k];
    from->n = n;
}

static unsigned perms_of(struct str letters) {
    return (str_index(letters, 'w') >= 0 ? PERM_WRITE : 0) | (str_index(letters, 'a') >= 0 ? PERM_ATTRIBUTES : 0);
}

/* "always,exit", "exit,never", "task,never". */
static void take_action(struct line *l, struct str word) {
    struct str one, two;
    (void)str_cut(word, ',', &one, &two);
    bool never = str_eqz(one, "never") || str_eqz(two, "never");
    bool always = str_eqz(one, "always") || str_eqz(two, "always");
    bool of_calls = str_eqz(one, "exit") || str_eqz(two, "exit");
    bool of_tasks = str_eqz(one, "task") || str_eqz(two, "task"); /* without a context a task is not audited */
    l->watch.action = never ? EXCLUDES : WATCHES;
    l->is_rule = (of_calls && (always || never)) || (of_tasks && never);
}

static void take_field(struct line *l, struct str word) {
    struct str name, value;
    bool equals = str_cut(word, '=', &name, &value);
    l->watch.is_file |= equals && str_eqz(name, "path");
    if (equals && (str_eqz(name, "path") || str_eqz(name, "dir")))
        l->watch.path = value;
    else if (equals && str_eqz(name, "perm")) {
        l->watch.perms = perms_of(value);
        l->has_perms = true;
    } else if (!str_eqz(name, "key") && !str_eqz(name, "arch"))
        l->has_more = true;
}

/* "-w PATH -p wa -k KEY", "-a always,exit -F path=PATH -F perm=wa", "-a always,exit -F dir=PATH", "-W PATH", "-D", "-e 0". Of several rules
 * about a path the first one counts. */
static void take_line(struct host_check *c, struct host_audit *x, struct watches *to, struct str text, struct str from) {
    struct line l = {.watch = {.from = from, .perms = PERM_CHANGES}};
    struct str word, verb = STR_NULL;
    while (!str_starts(text, S("#")) && str_next(&text, ' ', &word)) {
        if (str_eqz(verb, "-w")) {
            l.watch.path = word;
            l.is_rule = true;
        } else if (str_eqz(verb, "-p"))
            l.watch.perms = perms_of(word);
        else if (str_eqz(verb, "-a") || str_eqz(verb, "-A")) {
            l.is_first = str_eqz(verb, "-A");
            take_action(&l, word);
        } else if (str_eqz(verb, "-F"))
            take_field(&l, word);
        else if (str_eqz(verb, "-S"))
            l.has_calls = !str_eqz(word, "all");
        else if (str_eqz(verb, "-W"))
            drop(c, to, word);
        else if (str_eqz(verb, "-e"))
            x->is_off = str_eqz(word, "0");
        else if (str_eqz(word, "-D"))
            to->n = 0;
        verb = word.n ? word : verb;
    }
    add(c, to, &l);
}

static void take_text(struct host_check *c, struct host_audit *x, struct watches *to, struct str text, struct str from) {
    struct str line;
    while (str_next(&text, '\n', &line))
        take_line(c, x, to, str_trim(line), from);
}

static void take_file(struct host_check *c, struct host_audit *x, struct watches *to, struct str path) {
    struct str text;
    const char *why = "";
    enum host_read got = c->source->read(c->source->ctx, path.p, LIMIT_HOST_FILE_BYTES, c->arena, &text, &why);
    x->has_files |= got == HOST_READ;
    if (got == HOST_READ)
        take_text(c, x, to, text, path);
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
    if (names.n > LIMIT_HOST_NAMES)
        x->why = arena_printf(c->arena, "%s has more than %d files", dir, LIMIT_HOST_NAMES);
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
    take_files(c, x);
    if (x->by_kernel) { /* what it does counts, whatever it was told to */
        x->is_off = false;
        take_text(c, x, &x->loaded, text, S("the kernel"));
    }
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

struct found {
    const struct watch *watch;             /* one of those that watch it for changes, together; or NULL */
    const struct watch *partly, *excluded; /* one that watches for less; one that excludes some of it */
    const struct watch *some;              /* one that watches some of it */
};

static struct found find(const struct watches *list, struct str path) {
    struct found f = {0};
    unsigned perms = 0;
    for (size_t k = 0; k < list->n && !f.watch; k++) {
        const struct watch *w = &list->p[k];
        if (!covers(w, path))
            continue;
        if (w->action == EXCLUDES)
            break;
        if (w->action == EXCLUDES_SOME || w->action == WATCHES_SOME) {
            *(w->action == WATCHES_SOME ? &f.some : &f.excluded) = w;
            continue;
        }
        f.partly = w;
        perms |= w->perms;
        if (perms == PERM_CHANGES)
            f.watch = w;
    }
    return f;
}

/* No rule watches it for all changes. */
static void say_unwatched(struct host_check *c, const struct host_audit *x, struct str path, const struct watch *partly) {
    if (partly)
        host_say(c, CIS_FAIL, path, "%.*s has a rule for it, which does not watch for writing and for attributes", STR_ARG(partly->from));
    else if (x->by_kernel)
        host_say(c, CIS_FAIL, path, "not audited");
    else if (x->why.n)
        host_say(c, CIS_MANUAL, path, "whether it is audited is not known: %.*s", STR_ARG(x->why));
    else
        host_say(c, CIS_FAIL, path, x->has_files ? "no rule of /etc/audit is about it" : "there are no audit rules");
}

void host_say_audited(struct host_check *c, struct str path) {
    const struct host_audit *x = host_audit(c);
    struct str name = plain(c->arena, path);
    struct found loaded = find(&x->loaded, name), written = find(&x->whole, name);
    struct found part = written.watch ? written : find(&x->parts, name);
    if (part.watch || part.partly || part.some)
        written = part;
    if (x->is_off)
        host_say(c, CIS_FAIL, path, "%s", x->by_kernel ? "the kernel's audit is off" : "/etc/audit turns the audit off");
    else if (loaded.watch && loaded.excluded)
        host_say(c, CIS_MANUAL, path, "the kernel audits %s, but a rule before that excludes some", SHOWN(loaded.watch->path));
    else if (loaded.watch)
        host_say(c, CIS_PASS, path, "the kernel audits %s", SHOWN(loaded.watch->path));
    else if (loaded.some)
        host_say(c, CIS_MANUAL, path, "the kernel audits some of what is done to %s", SHOWN(loaded.some->path));
    else if (x->by_kernel && written.watch)
        host_say(c, CIS_FAIL, path, "%.*s has a rule for it, which is not loaded", STR_ARG(written.watch->from));
    else if (written.watch)
        host_say(c, CIS_MANUAL, path, "%.*s has a rule for it; whether it is loaded the kernel did not say", STR_ARG(written.watch->from));
    else if (written.some && !x->by_kernel)
        host_say(c, CIS_MANUAL, path, "%.*s has a rule for some of what is done to it", STR_ARG(written.some->from));
    else
        say_unwatched(c, x, path, loaded.partly ? loaded.partly : written.partly);
}
