/* SPDX-License-Identifier: Apache-2.0
 * Gathering findings, and choosing the format: see output.h. */
#include "check/output.h"

#include <stdlib.h>

#include "base/digest.h"
#include "base/utf8.h"
#include "check/source.h"

const char *const output_format_names[] = {"text",   "json",   "sarif", "checkstyle",         "junit",
                                           "gitlab", "github", "tty",   "gitlab_codeclimate", NULL};

enum output_format output_format_of(const char *name) {
    static const enum output_format elsewhere[] = {OUTPUT_TEXT, OUTPUT_GITLAB}; /* hadolint's */
    size_t k = 0;
    while (strcmp(output_format_names[k], name) != 0)
        k++;
    return k > OUTPUT_GITHUB ? elsewhere[k - OUTPUT_GITHUB - 1] : (enum output_format)k;
}

/* --- Gathering -------------------------------------------------------------------------------------------------------------------- */

/* A text whose columns are counted. Places come in order, more or less, and a line may be long: the last one is counted on from. */
struct counted {
    struct source source;
    unsigned line;
    size_t bytes, characters; /* of its beginning */
};

static struct df_pos in_characters(struct counted *c, struct df_pos pos) {
    if (pos.line == 0 || pos.column == 0)
        return pos;
    struct str line = source_line(&c->source, pos.line), before = str_first(line, pos.column - 1);
    if (c->line != pos.line || c->bytes > before.n) {
        c->line = pos.line;
        c->bytes = c->characters = 0;
    }
    c->characters += utf8_count(str_from(before, c->bytes));
    c->bytes = before.n;
    return (struct df_pos){pos.line, pos.column - (unsigned)before.n + (unsigned)c->characters};
}

static void copy_edits(struct arena *a, struct counted *c, struct finding *f) {
    struct edit *edits = arena_array(a, struct edit, f->n_edits);
    for (size_t k = 0; k < f->n_edits; k++) {
        struct df_pos pos = in_characters(c, f->edits[k].pos), end = in_characters(c, f->edits[k].end);
        edits[k] = (struct edit){pos, end, arena_str(a, f->edits[k].text)};
    }
    f->edits = edits;
}

static int by_words(const void *a, const void *b) {
    const struct finding *x = *(struct finding *const *)a, *y = *(struct finding *const *)b;
    int order = x->rule != y->rule ? strcmp(x->rule->id, y->rule->id) : str_cmp(x->path, y->path);
    order = order ? order : str_cmp(x->message, y->message);
    return order ? order : x < y ? -1 : x > y;
}

/* The same may be said at several places of a file: which of them a finding is its fingerprint tells. */
static void number_twins(struct arena *a, struct finding *findings, size_t n) {
    struct finding **order = arena_array(a, struct finding *, n);
    for (size_t k = 0; k < n; k++)
        order[k] = &findings[k];
    if (n)
        qsort(order, n, sizeof *order, by_words);
    for (size_t k = 0; k < n; k++) {
        const struct finding *f = order[k], *last = k ? order[k - 1] : NULL;
        bool twin = last && last->rule == f->rule && str_eq(last->path, f->path) && str_eq(last->message, f->message);
        order[k]->twin = twin ? last->twin + 1 : 0;
    }
}

void output_add(struct output *o, struct str name, struct str text, const struct finding *findings, size_t n, size_t n_dropped) {
    _cleanup_(arena_fini) struct arena scratch = ARENA_INIT;
    struct arena *a = &o->arena;
    struct output_part part = {arena_str(a, name), arena_array(a, struct finding, n), n, n_dropped, STR_NULL, STR_NULL};
    struct counted places = {0}, ends = {0}, edits = {0};
    source_init(&places.source, &scratch, text);
    ends.source = edits.source = places.source;
    for (size_t k = 0; k < n; k++) {
        struct finding *f = &part.findings[k];
        *f = findings[k];
        f->file = f->file.n && !str_eq(f->file, name) ? arena_str(a, f->file) : part.name; /* of an image, a Dockerfile that made it */
        f->pos = in_characters(&places, f->pos);
        f->end = in_characters(&ends, f->end);
        f->message = arena_str(a, f->message);
        f->also = f->also ? arena_strz(a, str_z(f->also)) : NULL;
        f->url = f->url ? arena_strz(a, str_z(f->url)) : NULL;
        f->layer = arena_str(a, f->layer);
        f->path = arena_str(a, f->path);
        f->step = arena_str(a, f->step);
        copy_edits(a, &edits, f);
    }
    number_twins(a, part.findings, n);
    vec_push(&o->parts, part);
}

void output_note(struct output *o, struct str note) {
    o->parts.p[o->parts.n - 1].note = arena_str(&o->arena, note);
}

void output_fail(struct output *o, struct str name, struct str error) {
    if (o->parts.n == 0 || !str_eq(o->parts.p[o->parts.n - 1].name, name))
        output_add(o, name, STR_NULL, NULL, 0, 0);
    o->parts.p[o->parts.n - 1].error = arena_str(&o->arena, error);
}

void output_fini(struct output *o) {
    vec_fini(&o->parts);
    arena_fini(&o->arena);
}

/* --- For the formats --------------------------------------------------------------------------------------------------------------- */

const char *output_level(const struct finding *f, const char *const levels[4]) {
    return levels[f->severity];
}

struct str output_fingerprint(struct arena *a, const struct finding *f) {
    char hex[DIGEST_HEX + 1];
    struct sha256 h;
    sha256_init(&h);
    sha256_field(&h, str_z(f->rule->id));
    sha256_field(&h, f->file);
    sha256_field(&h, f->path);
    sha256_field(&h, f->message);
    sha256_u64(&h, f->twin);
    struct digest d = sha256_final(&h);
    return arena_str(a, str_first(str_z(digest_hex(&d, hex)), 32));
}

struct str output_place(struct arena *a, const struct finding *f) {
    return f->path.n && !f->pos.line ? arena_join3(a, f->file, S(":"), f->path) : f->file;
}

struct str output_remainder(struct arena *a, const struct output_part *part) {
    struct str more = part->n_dropped ? arena_printf(a, "%zu more findings are not shown", part->n_dropped) : STR_NULL;
    return arena_join3(a, more, more.n && part->note.n ? S("; ") : STR_NULL, part->note);
}

void output_write(const struct output *o, enum output_format format, struct buf *out) {
    static void (*const writers[])(const struct output *, struct buf *) = {
        [OUTPUT_TEXT] = output_lines,    [OUTPUT_JSON] = output_json,
        [OUTPUT_SARIF] = output_sarif,   [OUTPUT_CHECKSTYLE] = output_checkstyle,
        [OUTPUT_JUNIT] = output_junit,   [OUTPUT_GITLAB] = output_gitlab,
        [OUTPUT_GITHUB] = output_github,
    };
    writers[format](o, out);
}
