/* SPDX-License-Identifier: Apache-2.0
 * Operands of a COPY -> what they name (copy_operand.h), as BuildKit does it: an operand is an absolute path in its source, which ".."
 * cannot leave; symlinks of the path and of its last name are followed inside the source; from the first component with a wildcard on,
 * each component is matched as Go's filepath.Match does, without following links. */
#include "layer/copy_operand.h"

#include <errno.h>

#include "base/limits.h"
#include "base/log.h"
#include "layer/copy_walk.h"
#include "layer/names.h"
#include "sys/files.h"

struct finder {
    const struct copy_spec *spec;
    const struct copy_part *part;
    struct source *source;
    struct arena *arena;
    struct str operand; /* cleaned, for messages */
    struct str *hidden; /* the first path that a wildcard matched and the ignore file hides */
};

typedef VEC(struct str) str_list;

static bool has_wildcard(struct str s) {
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] == '\\')
            i++;
        else if (s.p[i] == '*' || s.p[i] == '?' || s.p[i] == '[')
            return true;
    }
    return false;
}

/* --- what is not there --- */

/* Tells which line of the ignore file hides `path`; false if none does, or it is not there at all. */
static bool blame_ignore_file(const struct finder *f, struct str path, struct err *e) {
    const struct ignore *ig = f->part->from.ignore;
    ptrdiff_t which = -1;
    if (!ig || path.n == 0 || !ignore_match(ig, path, &which) || which < 0)
        return false;
    _cleanup_fd_ int fd = file_openat_nolinks(f->part->from.context_fd, arena_strz(f->arena, path), O_PATH | O_NOFOLLOW, 0);
    if (fd >= 0)
        err_append(e, " (excluded by %s:%u \"%s\")", SHOWN(ig->name), ig->patterns[which].line, SHOWN(ig->patterns[which].text));
    return fd >= 0;
}

static bool not_found(const struct finder *f, struct str path, struct err *e) {
    err_set(e, ERR_FAILED, "\"/%s\": not found", SHOWN(f->operand));
    e->sys = ENOENT;
    if (!blame_ignore_file(f, path, e) && !str_eq(path, f->operand)) /* a directory on the way, or where a wildcard's match or a link led */
        err_append(e, " (there is no /%s)", SHOWN(path));
    return false;
}

/* --- one path --- */

/* Looks at one name, without a directory that is held open. */
static enum look look_once(const struct finder *f, struct str dir, struct str name, struct source_node *node, struct err *e) {
    struct source_dir d = source_dir(f->source, dir);
    enum look said = d.source->ops->look(&d, arena_str(f->arena, name), f->arena, node, e);
    source_dir_close(&d);
    return said;
}

struct found {
    struct str path; /* where it really is */
    struct source_node node;
};

/* Follows one symlink: what is still to be resolved becomes its target and then `rest`. */
static bool follow(const struct finder *f, struct str target, struct str *at, struct str *rest, unsigned *links, struct err *e) {
    if (++*links > LIMIT_SYMLINKS)
        return err_set(e, ERR_FAILED, "\"/%s\": too many symbolic links", SHOWN(f->operand));
    if (str_starts(target, S("/")))
        *at = STR_NULL;
    *rest = rest->n ? arena_join3(f->arena, target, S("/"), *rest) : target;
    return true;
}

/* A directory that was not looked at because no name led to it: the root has no time of its own (a context's is an accident of its
 * checkout), so the copy gets the one that directories made by COPY have. */
static struct source_node unseen_dir(const struct finder *f) {
    return (struct source_node){.entry = {.type = ENTRY_DIR, .mtime_s = f->spec->now_s}};
}

/* Resolves every symlink on the way. A path that is not there is an error. */
static bool find(const struct finder *f, struct str path, struct found *out, struct err *e) {
    struct str at = STR_NULL, rest = path, part;
    unsigned links = 0;
    *out = (struct found){.node = unseen_dir(f)};
    while (str_next(&rest, '/', &part)) {
        if (part.n == 0 || str_eq(part, S(".")))
            continue;
        if (str_eq(part, S(".."))) {
            at = path_dir(at);
            out->node = unseen_dir(f);
            continue;
        }
        struct str next = source_join(f->arena, at, part);
        if (out->node.entry.type != ENTRY_DIR || part.n > LIMIT_NAME_BYTES)
            return not_found(f, next, e);
        enum look said = look_once(f, at, part, &out->node, e);
        if (said == LOOK_FAILED)
            return false;
        if (said == LOOK_ABSENT || said == LOOK_EXCLUDED)
            return not_found(f, next, e);
        if (said == LOOK_SOCKET)
            out->node.entry.type = ENTRY_FIFO; /* not a directory; the walk will leave it out with a warning */
        if (out->node.entry.type != ENTRY_SYMLINK) {
            at = next;
            continue;
        }
        if (!follow(f, out->node.entry.link, &at, &rest, &links, e))
            return false;
        out->node = unseen_dir(f); /* `at` is one: the link lies in it */
    }
    out->path = at;
    return true;
}

/* What is copied of a directory: all, or what `only` and --exclude leave. */
static const struct pick *pick_of(const struct finder *f, struct str root, const struct ignore *only) {
    const struct ignore *exclude = f->spec->excludes && f->spec->excludes->n ? f->spec->excludes : NULL;
    if (!only && !exclude)
        return NULL;
    struct pick *pick = arena_new(f->arena, struct pick);
    *pick = (struct pick){only, exclude, root};
    return pick;
}

/* Adds what lies at `path`, whose name a file will have. --exclude is for what is below a directory, and for files that a wildcard
 * found. */
static bool add(const struct finder *f, struct str path, bool by_wildcard, match_list *out, struct err *e) {
    struct found found;
    if (!find(f, path, &found, e))
        return false;
    struct match m = {.part = f->part, .place = source_dir(f->source, found.path), .entry = found.node.entry};
    m.is_dir = m.entry.type == ENTRY_DIR;
    m.place.pick = m.is_dir ? pick_of(f, found.path, NULL) : NULL;
    if (!m.is_dir && by_wildcard && f->spec->excludes && ignore_match(f->spec->excludes, path_base(path), NULL))
        return true;
    m.place.operand = (unsigned)out->n;
    if (m.is_dir && found.node.hidden) {
        bool any;
        if (!walk_probe(f->spec, &m.place, &any, e))
            return false;
        if (!any)
            return not_found(f, found.path, e);
    }
    if (!m.is_dir) {
        m.place.path = path_dir(found.path);
        m.place.only = arena_str(f->arena, path_base(found.path));
        m.place.as = arena_str(f->arena, path_base(path));
    }
    vec_push(out, m);
    return true;
}

/* --- wildcards --- */

static void note_hidden(const struct finder *f, struct str path) {
    if (f->hidden->n == 0)
        *f->hidden = arena_str(f->arena, path);
}

/* A wildcard that matches nothing copies nothing, without a word. But who hid all that it matches may not know. */
static void warn_of_hidden(const struct finder *f) {
    const struct ignore *ig = f->part->from.ignore;
    ptrdiff_t which = -1;
    if (!ig || f->spec->quiet || f->hidden->n == 0 || !ignore_match(ig, *f->hidden, &which) || which < 0)
        return;
    log_warn("\"/%s\" copies nothing: all that it matches, such as %s, is excluded by %s:%u \"%s\"", SHOWN(f->operand), SHOWN(*f->hidden),
             SHOWN(ig->name), ig->patterns[which].line, SHOWN(ig->patterns[which].text));
}

/* Adds to `out` the names in directory `dir` that the pattern matches; `more` follows, so only directories count. */
static bool match_in(const struct finder *f, struct str dir, struct str pattern, bool more, str_list *out, struct err *e) {
    struct source_dir d = source_dir(f->source, dir);
    struct arena names_arena = ARENA_INIT;
    struct str *names;
    size_t n = 0;
    bool good = d.source->ops->list(&d, &names_arena, &names, &n, e);
    for (size_t i = 0; good && i < n; i++) {
        bool matched;
        struct source_node node;
        good = pattern_match(pattern, names[i], &matched, e);
        if (!good || !matched)
            continue;
        enum look said = d.source->ops->look(&d, names[i], &names_arena, &node, e);
        good = said != LOOK_FAILED;
        if (said == LOOK_SOCKET || (said == LOOK_THERE && (!more || node.entry.type == ENTRY_DIR)))
            vec_push(out, source_join(f->arena, dir, names[i]));
        else if (said == LOOK_EXCLUDED)
            note_hidden(f, source_join(&names_arena, dir, names[i]));
    }
    source_dir_close(&d);
    arena_fini(&names_arena);
    return good;
}

/* One level: each of `dirs` gives way to what the pattern matches in it. */
static bool match_level(const struct finder *f, str_list *dirs, struct str pattern, bool more, struct err *e) {
    str_list next = {0};
    bool good = true;
    for (size_t i = 0; good && i < dirs->n; i++)
        good = match_in(f, dirs->p[i], pattern, more, &next, e);
    vec_fini(dirs);
    *dirs = next;
    return good;
}

/* Splits "a/b/c*d/e" into "a/b" and "c*d/e". */
static void split(struct str path, struct str *literal, struct str *pattern) {
    struct str rest = path, part;
    *literal = path;
    *pattern = STR_NULL;
    while (rest.n && str_next(&rest, '/', &part)) {
        if (!has_wildcard(part))
            continue;
        size_t at = (size_t)(part.p - path.p);
        *literal = str_first(path, at ? at - 1 : 0);
        *pattern = str_from(path, at);
        return;
    }
}

/* An excluded directory is a match only for what is included again in it. */
static bool is_empty_hidden(const struct finder *f, struct str path, bool *yes, struct err *e) {
    struct source_node node;
    *yes = false;
    enum look said = look_once(f, path_dir(path), path_base(path), &node, e);
    if (said != LOOK_THERE || !node.hidden)
        return said != LOOK_FAILED;
    struct source_dir d = source_dir(f->source, path);
    bool any;
    if (!walk_probe(f->spec, &d, &any, e))
        return false;
    *yes = !any;
    return true;
}

static bool add_matches(const struct finder *f, str_list *found, match_list *out, struct err *e) {
    for (size_t i = 0; i < found->n; i++) {
        bool skip;
        if (!is_empty_hidden(f, found->p[i], &skip, e) || (!skip && !add(f, found->p[i], true, out, e)))
            return false;
        if (skip)
            note_hidden(f, found->p[i]);
    }
    return true;
}

/* All that the pattern matches below the literal beginning, which must be there. */
static bool expand(const struct finder *f, struct str literal, struct str pattern, str_list *found, struct err *e) {
    struct found base;
    struct str part;
    if (!find(f, literal, &base, e))
        return false;
    if (base.node.entry.type == ENTRY_DIR)
        vec_push(found, base.path);
    while (pattern.n && str_next(&pattern, '/', &part))
        if (!match_level(f, found, part, pattern.n > 0, e))
            return err_wrap(e, "\"/%s\"", SHOWN(f->operand));
    return true;
}

static bool add_operand(const struct finder *f, match_list *out, struct err *e) {
    struct str literal, pattern;
    split(f->operand, &literal, &pattern);
    if (pattern.n == 0)
        return add(f, literal, false, out, e);
    str_list found = {0};
    size_t before = out->n;
    bool good = expand(f, literal, pattern, &found, e) && add_matches(f, &found, out, e);
    if (good && out->n == before)
        warn_of_hidden(f);
    vec_fini(&found);
    return good;
}

/* --- --parents --- */

/* Splits "x/./y/z" into "x", the pivot, and "y/z"; without "/./" the pivot is the root. */
static void split_pivot(const struct finder *f, struct str operand, struct str *pivot, struct str *below) {
    *pivot = STR_NULL;
    *below = operand;
    for (size_t i = 0; i + 2 < operand.n; i++) {
        if (memcmp(operand.p + i, "/./", 3) != 0)
            continue;
        *pivot = str_first(operand, i);
        *below = str_from(operand, i + 3);
        break;
    }
    *pivot = path_clean(f->arena, *pivot, true);
    *below = path_clean(f->arena, *below, true);
}

/* A path without wildcards must be there. Links below the pivot are not followed. */
static bool require(const struct finder *f, struct str pivot, struct str below, struct err *e) {
    struct str at = pivot, part;
    while (below.n && str_next(&below, '/', &part)) {
        struct source_node node;
        struct str next = source_join(f->arena, at, part);
        enum look said = part.n > LIMIT_NAME_BYTES ? LOOK_ABSENT : look_once(f, at, part, &node, e);
        if (said == LOOK_FAILED)
            return false;
        if (said == LOOK_ABSENT || said == LOOK_EXCLUDED)
            return not_found(f, next, e);
        if (below.n && said == LOOK_THERE && node.entry.type == ENTRY_SYMLINK)
            return not_found(f, f->operand, e) || err_append(e, " (/%s is a symbolic link, which --parents does not follow)", SHOWN(next));
        if (below.n && (said != LOOK_THERE || node.entry.type != ENTRY_DIR))
            return not_found(f, source_join(f->arena, next, below), e);
        at = next;
    }
    return true;
}

/* One directory of which something is copied, with all directories on the way to that. There is nothing below a file that a wildcard
 * found. */
static bool add_pivot(const struct finder *f, struct str path, const struct ignore *only, match_list *out, struct err *e) {
    struct found found;
    if (!find(f, path, &found, e))
        return false;
    if (found.node.entry.type != ENTRY_DIR)
        return true;
    struct match m = {.part = f->part, .is_dir = true, .place = source_dir(f->source, found.path), .entry = found.node.entry};
    m.place.pick = pick_of(f, found.path, only);
    m.place.operand = (unsigned)out->n;
    vec_push(out, m);
    return true;
}

static bool add_parents(const struct finder *f, struct str operand, match_list *out, struct err *e) {
    struct str pivot, below, literal, pattern;
    struct ignore *only = NULL;
    split_pivot(f, operand, &pivot, &below);
    split(pivot, &literal, &pattern);
    if (below.n) {
        only = arena_new(f->arena, struct ignore);
        if (!ignore_all_but(f->arena, below, only, e))
            return err_wrap(e, "\"/%s\"", SHOWN(f->operand));
    }
    str_list found = {0};
    bool good = expand(f, literal, pattern, &found, e);
    if (good && pattern.n == 0 && found.n == 0)
        good = not_found(f, source_join(f->arena, literal, below), e); /* the pivot is a file */
    for (size_t i = 0; good && i < found.n; i++)
        good = add_pivot(f, found.p[i], only, out, e);
    if (good && pattern.n == 0 && !has_wildcard(below))
        good = require(f, found.p[0], below, e);
    vec_fini(&found);
    return good;
}

bool operands_find(const struct copy_spec *c, const struct copy_part *p, struct source *s, struct arena *a, match_list *out,
                   struct err *e) {
    for (size_t i = 0; i < p->n_operands; i++) {
        struct str hidden = STR_NULL;
        struct finder f = {c, p, s, a, path_clean(a, p->operands[i], true), &hidden};
        if (p->parents ? add_parents(&f, p->operands[i], out, e) : add_operand(&f, out, e))
            continue;
        if (c->fault)
            *c->fault = p->operands[i];
        return false;
    }
    return true;
}
