/* SPDX-License-Identifier: Apache-2.0
 * Gathering findings, and choosing the format: see output.h. */
#include "check/output.h"

#include "base/digest.h"
#include "base/utf8.h"
#include "check/source.h"

const char *const output_format_names[] = {"text", "json", "sarif", "checkstyle", "junit", "gitlab", "github", NULL};

enum output_format output_format_of(const char *name) {
    size_t k = 0;
    while (strcmp(output_format_names[k], name) != 0)
        k++;
    return (enum output_format)k;
}

/* --- Gathering -------------------------------------------------------------------------------------------------------------------- */

static struct df_pos in_characters(const struct source *s, struct df_pos pos) {
    if (pos.line == 0 || pos.column == 0)
        return pos;
    struct str before = str_first(source_line(s, pos.line), pos.column - 1);
    return (struct df_pos){pos.line, pos.column - (unsigned)before.n + (unsigned)utf8_count(before)};
}

static void copy_edits(struct arena *a, const struct source *s, struct finding *f) {
    struct edit *edits = arena_array(a, struct edit, f->n_edits);
    for (size_t k = 0; k < f->n_edits; k++)
        edits[k] = (struct edit){in_characters(s, f->edits[k].pos), in_characters(s, f->edits[k].end), arena_str(a, f->edits[k].text)};
    f->edits = edits;
}

void output_add(struct output *o, struct str name, struct str text, const struct finding *findings, size_t n, size_t n_dropped) {
    _cleanup_(arena_fini) struct arena scratch = ARENA_INIT;
    struct arena *a = &o->arena;
    struct output_part part = {arena_str(a, name), arena_array(a, struct finding, n), n, n_dropped, STR_NULL};
    struct source source;
    source_init(&source, &scratch, text);
    for (size_t k = 0; k < n; k++) {
        struct finding *f = &part.findings[k];
        *f = findings[k];
        f->file = part.name;
        f->pos = in_characters(&source, f->pos);
        f->end = in_characters(&source, f->end);
        f->message = arena_str(a, f->message);
        f->layer = arena_str(a, f->layer);
        f->path = arena_str(a, f->path);
        f->step = arena_str(a, f->step);
        copy_edits(a, &source, f);
    }
    vec_push(&o->parts, part);
}

void output_note(struct output *o, struct str note) {
    o->parts.p[o->parts.n - 1].note = arena_str(&o->arena, note);
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
    struct digest d = sha256_final(&h);
    return arena_str(a, str_first(str_z(digest_hex(&d, hex)), 32));
}

struct str output_place(struct arena *a, const struct finding *f) {
    return f->path.n ? arena_join3(a, f->file, S(":"), f->path) : f->file;
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
