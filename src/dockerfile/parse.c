/* SPDX-License-Identifier: Apache-2.0
 * The parser: logical lines -> instructions. A line is keyword, flags, rest; how the rest is split depends on the keyword. Whether the
 * parts make sense together is check.c's question. */
#include "dockerfile/parse.h"

#include <assert.h>

#include "base/limits.h"
#include "dockerfile/dump.h"
#include "dockerfile/ops.h"
#include "dockerfile/text.h"
#include "dockerfile/words.h"

static void parse_fini(struct parse *p) {
    lines_fini(&p->lines);
    vec_fini(&p->warnings);
    err_clear(&p->first);
    err_clear(&p->order);
}

struct df_pos pos_of(const struct parse *p, struct str piece) {
    return lines_pos(&p->lines, (size_t)(piece.p - p->line.text.p));
}

bool count_words(struct parse *p, size_t n, struct df_pos pos, struct err *e) {
    if (n > LIMIT_DOCKERFILE_WORDS - p->words)
        return fail_at(p->name, pos, e, "more than %d words in one file", LIMIT_DOCKERFILE_WORDS);
    p->words += n;
    return true;
}

void warn_at(struct parse *p, struct df_pos pos, const char *rule, const char *fmt, ...) {
    va_list ap;
    va_start(ap, fmt);
    _cleanup_(mem_freep) char *text = mem_vprintf(fmt, ap);
    va_end(ap);
    vec_push(&p->warnings, ((struct df_warning){.pos = pos, .rule = rule, .message = arena_str(p->arena, str_z(text))}));
}

/* Moves a vector's elements into the arena. */
#define to_arena(a, vec, T) ((T *)copy_array((a), (vec)->p, (vec)->n, sizeof(T)))
static void *copy_array(struct arena *a, const void *from, size_t n, size_t size) {
    void *to = arena_alloc(a, n, size);
    if (n)
        memcpy(to, from, n * size);
    return to;
}

/* --- How the rest of a line is split ------------------------------------------------------------------------------------------- */

/* Appends one argument. For instructions with few: many go through split_fields. */
static bool add_text(struct parse *p, struct df_instruction *in, struct str text, struct err *e) {
    if (text.n == 0)
        return true;
    struct str *args = arena_array(p->arena, struct str, in->n_args + 1);
    struct df_pos *places = arena_array(p->arena, struct df_pos, in->n_args + 1);
    for (size_t i = 0; i < in->n_args; i++) {
        args[i] = in->args[i];
        places[i] = in->arg_pos[i];
    }
    args[in->n_args] = text;
    places[in->n_args++] = pos_of(p, text);
    in->args = args;
    in->arg_pos = places;
    return count_words(p, 1, in->pos, e);
}

static bool split_text(struct parse *p, struct df_instruction *in, struct err *e) {
    return add_text(p, in, in->rest, e);
}

static bool split_fields(struct parse *p, struct df_instruction *in, struct err *e) {
    struct str rest = in->rest, field;
    VEC(struct str) fields = {0};
    VEC(struct df_pos) places = {0};
    bool ok = true;
    while (ok && field_next(&rest, &field)) {
        struct df_pos place = pos_of(p, field);
        vec_push(&fields, field);
        vec_push(&places, place);
        ok = count_words(p, 1, place, e);
    }
    in->args = to_arena(p->arena, &fields, struct str);
    in->arg_pos = to_arena(p->arena, &places, struct df_pos);
    in->n_args = fields.n;
    vec_fini(&fields);
    vec_fini(&places);
    return ok;
}

static bool split_json_or_text(struct parse *p, struct df_instruction *in, struct err *e) {
    bool found;
    return json_form(p, in->rest, &found, in, e) && (found || split_text(p, in, e));
}

static bool split_json_or_fields(struct parse *p, struct df_instruction *in, struct err *e) {
    bool found;
    return json_form(p, in->rest, &found, in, e) && (found || split_fields(p, in, e));
}

/* "NONE", or "CMD" and what CMD takes. */
static bool split_health(struct parse *p, struct df_instruction *in, struct err *e) {
    struct str rest = in->rest, type;
    bool found;
    if (!field_next(&rest, &type))
        return true;
    rest = blank_trim(rest);
    return add_text(p, in, type, e) && json_form(p, rest, &found, in, e) && (found || add_text(p, in, rest, e));
}

/* "ENV key rest of line", the form without "=". */
static bool legacy_pair(struct parse *p, struct df_instruction *in, struct err *e) {
    struct str value = in->rest, key;
    field_next(&value, &key);
    while (value.n && is_gap(value.p[0]))
        value = str_from(value, 1);
    if (value.n == 0)
        return fail_at(p->name, in->pos, e, "%s must have two arguments", df_op_name(in->op));
    in->pairs = arena_new(p->arena, struct df_pair);
    *in->pairs = (struct df_pair){.key = key, .value = value, .has_value = true, .pos = pos_of(p, key)};
    in->n_pairs = 1;
    in->legacy_pair = true;
    return true;
}

static bool pair(struct parse *p, struct df_instruction *in, struct str word, struct df_pair *pair, struct err *e) {
    *pair = (struct df_pair){.pos = pos_of(p, word)};
    pair->has_value = str_cut(word, '=', &pair->key, &pair->value);
    if (!pair->has_value && in->op != DF_ARG)
        return fail_at(p->name, pair->pos, e, "Syntax error - can't find = in \"%s\". Must be of the form: name=value",
                       SHOWN(word));
    return count_words(p, 1, pair->pos, e);
}

/* ENV, LABEL: "key=value ..."; ARG: the value may be missing. */
static bool split_pairs(struct parse *p, struct df_instruction *in, struct err *e) {
    struct str rest = in->rest, word;
    char escape = p->lines.directives.escape;
    if (!word_next(&rest, escape, &word))
        return true;
    if (in->op != DF_ARG && str_index(word, '=') < 0)
        return legacy_pair(p, in, e);
    VEC(struct df_pair) pairs = {0};
    bool ok = true;
    do {
        struct df_pair one;
        ok = pair(p, in, word, &one, e);
        vec_push(&pairs, one);
    } while (ok && word_next(&rest, escape, &word));
    in->pairs = to_arena(p->arena, &pairs, struct df_pair);
    in->n_pairs = pairs.n;
    vec_fini(&pairs);
    return ok;
}

static bool parse_instruction(struct parse *p, struct str text, bool trigger, struct df_instruction *in, struct err *e);

/* Keeps the first of the errors that do not end a lenient parse, and clears *e. */
static bool forgive(struct parse *p, struct err *e) {
    if (p->lenient && p->first.kind == ERR_NONE)
        err_move(&p->first, e);
    if (p->lenient)
        err_clear(e);
    return p->lenient;
}

static bool split_trigger(struct parse *p, struct df_instruction *in, struct err *e) {
    if (in->rest.n == 0)
        return true;
    in->trigger = arena_new(p->arena, struct df_instruction);
    return parse_instruction(p, in->rest, true, in->trigger, e);
}

typedef bool (*splitter)(struct parse *p, struct df_instruction *in, struct err *e);
static const splitter splitters[DF_OPS] = {
    [DF_ADD] = split_json_or_fields,
    [DF_ARG] = split_pairs,
    [DF_CMD] = split_json_or_text,
    [DF_COPY] = split_json_or_fields,
    [DF_ENTRYPOINT] = split_json_or_text,
    [DF_ENV] = split_pairs,
    [DF_EXPOSE] = split_fields,
    [DF_FROM] = split_fields,
    [DF_HEALTHCHECK] = split_health,
    [DF_LABEL] = split_pairs,
    [DF_MAINTAINER] = split_text,
    [DF_ONBUILD] = split_trigger,
    [DF_RUN] = split_json_or_text,
    [DF_SHELL] = split_json_or_text,
    [DF_STOPSIGNAL] = split_text,
    [DF_USER] = split_text,
    [DF_VOLUME] = split_json_or_fields,
    [DF_WORKDIR] = split_text,
};

/* --- One instruction ------------------------------------------------------------------------------------------------------------ */

/* Takes the flags off the front of in->rest. */
static bool parse_flags(struct parse *p, struct df_instruction *in, struct err *e) {
    VEC(struct df_flag) flags = {0};
    struct str raw, word;
    bool ok = true;
    while (ok && flag_next(p->arena, &in->rest, p->lines.directives.escape, &raw, &word)) {
        struct df_flag flag = {.pos = pos_of(p, raw)};
        flag.has_value = str_cut(str_from(word, 2), '=', &flag.name, &flag.value);
        vec_push(&flags, flag);
        ok = count_words(p, 1, flag.pos, e);
    }
    in->rest = blank_trim(in->rest);
    in->flags = to_arena(p->arena, &flags, struct df_flag);
    in->n_flags = flags.n;
    vec_fini(&flags);
    return ok;
}

static bool may_have_heredocs(const struct df_instruction *in) {
    return (in->op == DF_RUN || in->op == DF_COPY || in->op == DF_ADD) && !in->json;
}

/* What a trigger may not be: BuildKit's words. */
static bool check_trigger(struct parse *p, const struct df_instruction *in, struct err *e) {
    if (in->op == DF_ONBUILD)
        return fail_at(p->name, in->pos, e, "Chaining ONBUILD via `ONBUILD ONBUILD` isn't allowed");
    if (in->op == DF_FROM || in->op == DF_MAINTAINER)
        return fail_at(p->name, in->pos, e, "%s isn't allowed as an ONBUILD trigger", df_op_name(in->op));
    return true;
}

static bool parse_instruction(struct parse *p, struct str text, bool trigger, struct df_instruction *in, struct err *e) {
    *in = (struct df_instruction){.original = blank_trim(text), .line_end = p->line.line_end};
    in->rest = in->original;
    in->pos = pos_of(p, in->original);
    if (!field_next(&in->rest, &in->keyword))
        return fail_at(p->name, in->pos, e, "a continued line with nothing in it");
    if (!op_find(in->keyword, &in->op))
        return fail_at(p->name, in->pos, e, "unknown instruction: %s%s", SHOWN(in->keyword),
                       op_suggestion(p->arena, in->keyword));
    in->line = p->kept;
    if (trigger && !check_trigger(p, in, e))
        return forgive(p, e); /* what stands in it was not looked at */
    if (!parse_flags(p, in, e) || !splitters[in->op](p, in, e) || (may_have_heredocs(in) && !heredocs_read(p, in, e)))
        return false;
    in->line_end = p->lines.line;
    return p->syntax_only || instruction_check(p, in, e);
}

static const struct df_line *keep_line(struct parse *p, struct str text) {
    struct df_line *line = arena_new(p->arena, struct df_line);
    *line = (struct df_line){text, to_arena(p->arena, &p->lines.pieces, struct line_piece), p->lines.pieces.n};
    return line;
}

/* Parses the logical line in p->line. */
static bool parse_line(struct parse *p, bool trigger, struct df_instruction *in, struct err *e) {
    struct str text = p->line.text;
    ptrdiff_t nul = str_index(text, '\0');
    if (nul >= 0)
        return fail_at(p->name, pos_of(p, str_from(text, (size_t)nul)), e, "a NUL byte: this is no text, or not in UTF-8");
    if (p->line.empty_continuation)
        warn_at(p, (struct df_pos){p->line.line_end, 1}, "NoEmptyContinuation", "Empty continuation line");
    p->kept = keep_line(p, text);
    if (!parse_instruction(p, text, trigger, in, e))
        return false;
    in->comments = p->line.comments;
    return true;
}

/* --- A file --------------------------------------------------------------------------------------------------------------------- */

typedef VEC(struct df_instruction) instructions;

/* Before the first FROM only ARG has a meaning. */
static bool check_order(const struct parse *p, const struct df_instruction *in, size_t *stages, struct err *e) {
    *stages += in->op == DF_FROM;
    if (*stages > LIMIT_DOCKERFILE_STAGES)
        return fail_at(p->name, in->pos, e, "more than %d stages", LIMIT_DOCKERFILE_STAGES);
    if (*stages == 0 && in->op != DF_ARG && !p->syntax_only)
        return fail_at(p->name, in->pos, e, "no build stage in current context: %s stands before the first FROM", df_op_name(in->op));
    return true;
}

/* Only if a FROM comes is it an error that something stands before it. */
static bool forgive_order(struct parse *p, struct err *e) {
    if (p->lenient && p->order.kind == ERR_NONE)
        err_move(&p->order, e);
    if (p->lenient)
        err_clear(e);
    return p->lenient;
}

static bool parse_all(struct parse *p, instructions *all, struct err *e) {
    size_t stages = 0;
    int got;
    while ((got = lines_next(&p->lines, &p->line, e)) > 0) {
        struct df_instruction in;
        if (!parse_line(p, false, &in, e)) {
            if (!forgive(p, e))
                return false;
            continue;
        }
        bool in_order = check_order(p, &in, &stages, e);
        if (!in_order && (stages > LIMIT_DOCKERFILE_STAGES || !forgive_order(p, e)))
            return false;
        if (all->n == LIMIT_DOCKERFILE_INSTRUCTIONS)
            return fail_at(p->name, in.pos, e, "more than %d instructions", LIMIT_DOCKERFILE_INSTRUCTIONS);
        vec_push(all, in);
    }
    struct df_pos end = {p->lines.line ? p->lines.line : 1, 1};
    if (got == 0 && all->n == 0)
        return fail_at(p->name, end, e, "file with no instructions");
    if (stages > 0 && p->order.kind != ERR_NONE && p->first.kind == ERR_NONE)
        err_move(&p->first, &p->order);
    if (got == 0 && stages == 0 && !p->syntax_only && !p->lenient)
        return fail_at(p->name, end, e, "no build stage in current context: there is no FROM");
    return got == 0;
}

enum how { STRICT, SYNTAX_ONLY, LENIENT };

static bool parse_file(struct arena *a, struct str text, struct str name, enum how how, struct dockerfile *out, struct err *e) {
    _cleanup_(parse_fini) struct parse p = {
        .arena = a, .name = arena_str(a, name), .syntax_only = how == SYNTAX_ONLY, .lenient = how == LENIENT};
    *out = (struct dockerfile){.name = p.name, .escape = '\\'};
    if (!whole_check(text, name, e))
        return false;
    instructions all = {0};
    lines_init(&p.lines, a, p.name, text);
    bool ok = parse_all(&p, &all, e) || whole_hint(text, e);
    const struct directives *d = &p.lines.directives;
    if (d->syntax.n && !df_is_own_syntax(d->syntax))
        warn_at(&p, (struct df_pos){d->syntax_line, 1}, "ForeignSyntax",
                "# syntax=%s: that frontend is not run; the file is read as a Dockerfile", SHOWN(d->syntax));
    *out = (struct dockerfile){.name = p.name, .escape = d->escape, .syntax = d->syntax, .check = d->check};
    out->instructions = to_arena(a, &all, struct df_instruction);
    out->n_instructions = all.n;
    out->warnings = to_arena(a, &p.warnings, struct df_warning);
    out->n_warnings = p.warnings.n;
    vec_fini(&all);
    if (p.first.kind == ERR_NONE)
        return ok;
    err_clear(e);
    err_move(e, &p.first);
    return false;
}

bool dockerfile_parse(struct arena *a, struct str text, struct str name, struct dockerfile *out, struct err *e) {
    return parse_file(a, text, name, STRICT, out, e);
}

bool dockerfile_parse_syntax(struct arena *a, struct str text, struct str name, struct dockerfile *out, struct err *e) {
    return parse_file(a, text, name, SYNTAX_ONLY, out, e);
}

bool dockerfile_parse_lenient(struct arena *a, struct str text, struct str name, struct dockerfile *out, struct err *e) {
    return parse_file(a, text, name, LENIENT, out, e);
}

bool df_text_pos(const struct df_instruction *i, struct str part, struct df_pos *pos, struct df_pos *end) {
    uintptr_t from = (uintptr_t)i->line->text.p, at = (uintptr_t)part.p; /* parts of other texts are compared too */
    if (at < from || at - from > i->line->text.n || part.n > i->line->text.n - (at - from))
        return false;
    *pos = pieces_pos(i->line->pieces, i->line->n, at - from);
    *end = *pos;
    if (part.n) {
        *end = pieces_pos(i->line->pieces, i->line->n, at - from + part.n - 1);
        end->column++;
    }
    return true;
}

bool dockerfile_parse_one(struct arena *a, struct str text, struct str name, char escape, struct df_instruction *out, struct err *e) {
    if (!whole_check(text, name, e))
        return false;
    _cleanup_(parse_fini) struct parse p = {.arena = a, .name = arena_str(a, name)};
    lines_init(&p.lines, a, p.name, text);
    p.lines.directives = (struct directives){.done = true, .escape = escape};
    int got = lines_next(&p.lines, &p.line, e);
    if (got == 0)
        return fail_at(p.name, (struct df_pos){1, 1}, e, "no instruction");
    if (got < 0 || !parse_line(&p, true, out, e))
        return false;
    struct logical_line more;
    got = lines_next(&p.lines, &more, e);
    if (got > 0)
        return fail_at(p.name, lines_pos(&p.lines, 0), e, "onbuild trigger should be a single expression");
    return got == 0;
}
