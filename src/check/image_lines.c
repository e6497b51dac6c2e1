/* SPDX-License-Identifier: Apache-2.0
 * A Dockerfile's instructions beside an image's history: see image_lines.h. Words are not compared, since build arguments stand among them:
 * what kinds of instructions follow each other is enough to tell another file. */
#include "check/image_lines.h"

#include "base/vec.h"
#include "check/image_rules.h"
#include "check/walk.h"

struct made_line {
    size_t stage;
    struct str word; /* the instruction's */
    unsigned line, line_end;
};

struct gathering {
    struct arena *arena;
    VEC(struct made_line) lines;
};

static struct str first_word(struct str line) {
    struct str word, rest;
    (void)str_cut(line, ' ', &word, &rest);
    return word;
}

static void gather(void *ctx, const struct walk_step *w) {
    struct gathering *g = ctx;
    const struct df_instruction *i = w->trigger ? w->stage->from : w->i;
    if (!w->step || w->step->created_by.n == 0)
        return;
    struct str word = arena_str(g->arena, first_word(image_step(g->arena, w->step->created_by)));
    vec_push(&g->lines, ((struct made_line){w->stage->index, word, i->pos.line, i->line_end}));
}

/* The lines of the stage are the last ones that are left; *left: of the history. */
static bool match_stage(const struct gathering *g, size_t stage, struct image *im, size_t *left, struct err *e) {
    for (size_t k = g->lines.n; k-- > 0;) {
        const struct made_line *m = &g->lines.p[k];
        if (m->stage != stage)
            continue;
        struct history *h = *left ? &im->history[*left - 1] : NULL;
        struct str word = h ? first_word(image_step(g->arena, h->created_by)) : STR_NULL;
        if (!h || !str_eq(word, m->word))
            return err_set(e, ERR_FAILED, "line %u, %.*s, is not what made the image: there its history has %s", m->line, STR_ARG(m->word),
                           h ? SHOWN(word) : "no line");
        h->line = m->line;
        h->line_end = m->line_end;
        --*left;
    }
    return true;
}

/* What --squash made of the layers is a line behind all others (build/squash.c). */
static bool is_squash(const struct history *h) {
    return str_starts(h->created_by, S("# ")) && str_ends(h->created_by, S(" layers squashed"));
}

static bool match(const struct gathering *g, const struct plan *p, struct image *im, struct err *e) {
    size_t left = im->n_history, stage = p->target;
    left -= left && is_squash(&im->history[left - 1]);
    while (match_stage(g, stage, im, &left, e)) {
        if (p->stages[stage].base_kind == BASE_SCRATCH && left > 0)
            return err_set(e, ERR_FAILED, "it begins with nothing, and the image's history with %s, which it has not",
                           SHOWN(image_step(g->arena, im->history[0].created_by)));
        if (p->stages[stage].base_kind != BASE_STAGE)
            return true;
        stage = p->stages[stage].base_stage;
    }
    return false;
}

bool image_lines_find(struct str text, struct str name, const struct check_options *o, struct image *im, struct err *e) {
    _cleanup_(arena_fini) struct arena a = ARENA_INIT;
    struct gathering g = {.arena = &a};
    struct dockerfile file;
    struct plan plan;
    struct walk w = {.options = o, .plan = &plan, .see = gather, .ctx = &g, .arena = ARENA_INIT, .doubt = ERR_INIT};
    bool good = dockerfile_parse(&a, text, name, &file, e) && plan_make(&a, &file, &o->plan, &plan, e) && walk_stages(&w, e);
    if (good && w.doubt.kind != ERR_NONE)
        err_move(e, &w.doubt);
    good = good && e->kind == ERR_NONE && (match(&g, &plan, im, e) || err_wrap(e, "%.*s", STR_ARG(name)));
    vec_fini(&g.lines);
    arena_fini(&w.arena);
    err_clear(&w.doubt);
    return good;
}
