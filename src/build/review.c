/* SPDX-License-Identifier: Apache-2.0
 * Checks before a build: see review.h. */
#include "build/review.h"

#include "base/limits.h"

enum { SHOWN_MAX = 100 }; /* lines at the end of a build */

struct bases {
    struct build *build;
    struct str platform;
    bool unknown;                  /* one was asked for, and not known */
};

/* What the checks were asked, for asking them again. */
struct review_asked {
    struct str text, name;
    struct plan_options plan;
    struct bases *bases;
};

/* An image that is not in the store, or not readable, is one that is not known: the stage itself will say why. Nor is a layout's image,
 * which comes into the store only when it is built on; a directory has no configuration. Looking at an image is no use of it: it is not
 * leased, and not noted for the lock. */
static bool base_config(void *ctx, struct arena *a, const struct plan_stage *stage, struct container_config *out, struct str *platform) {
    struct bases *bases = ctx;
    _cleanup_(arena_fini) struct arena names = ARENA_INIT;
    struct store_ref found;
    struct image image;
    struct err e = ERR_INIT;
    if (stage->base_kind == BASE_NAMED)
        return bases->build->options->named[stage->base_named].kind == NAMED_DIR;
    bool known = image_find(bases->build->store, stage->base_ref, &names, &found, &e) &&
                 image_read(bases->build->store, &found.manifest, bases->platform, &image, &e);
    if (known) {
        container_config_copy(a, out, &image.config);
        if (image.architecture.n)
            *platform = image_platform(a, &image);
        image_fini(&image);
    }
    err_clear(&e);
    bases->unknown |= !known;
    return known;
}

struct check_options review_options(struct build *b, const struct plan_options *plan) {
    struct bases *bases = arena_new(&b->arena, struct bases);
    *bases = (struct bases){b, plan->platform, false};
    return (struct check_options){
        .policy.compat = COMPAT_BUILDKIT, .plan = *plan, .ignore = &b->context.ignore, .base = base_config, .base_ctx = bases};
}

bool review(struct build *b, struct str text, struct str name, const struct plan_options *plan, struct err *e) {
    struct check_options o = review_options(b, plan);
    check_dockerfile(&b->arena, text, name, &o, &b->review);
    b->asked = arena_new(&b->arena, struct review_asked);
    *b->asked = (struct review_asked){text, name, *plan, o.base_ctx};
    b->file = b->review.file;
    if (b->review.error.kind != ERR_NONE) {
        err_move(e, &b->review.error);
        return false;
    }
    if (!b->review.fails)
        return true;
    return err_set(e, ERR_FINDINGS, "%.*s: %s; it says \"error=true\" of itself, so no step was run", STR_ARG(name),
                   check_failure(&b->arena, &b->review).p);
}

/* Whether an earlier finding of this line has said the same: a line may use a variable often. --check shows all of them. */
static bool is_repeated(const struct check_result *r, size_t k) {
    for (size_t i = k; i-- > 0 && r->findings[i].line == r->findings[k].line;)
        if (r->findings[i].rule == r->findings[k].rule && str_eq(r->findings[i].message, r->findings[k].message))
            return true;
    return false;
}

/* A base that came during the build is known now: with it the checks may say more, and are asked once more. */
static void look_again(struct build *b) {
    const struct review_asked *asked = b->asked;
    if (!asked || !asked->bases->unknown || b->pulled.n == 0 || b->review.n_findings == LIMIT_FINDINGS)
        return;
    struct check_options o = review_options(b, &asked->plan);
    struct check_result again;
    check_dockerfile(&b->arena, asked->text, asked->name, &o, &again);
    if (again.error.kind == ERR_NONE)
        b->review = again;
    err_clear(&again.error);
}

void review_print(struct build *b) {
    look_again(b);
    const struct check_result *r = &b->review;
    size_t all = r->n_dropped, shown = 0;
    for (size_t k = 0; k < r->n_findings; k++)
        all += !is_repeated(r, k);
    if (all == 0)
        return;
    progress_note(b->progress, "%zu warning%s found (use --check to expand):", all, all == 1 ? "" : "s");
    for (size_t k = 0; k < r->n_findings && shown < SHOWN_MAX; k++) {
        const struct finding *f = &r->findings[k];
        if (is_repeated(r, k))
            continue;
        progress_note(b->progress, " - %s: %.*s (line %u)", f->rule->id, STR_ARG(f->message), f->line);
        shown++;
    }
    if (shown < all)
        progress_note(b->progress, " - and %zu more", all - shown);
}
