/* SPDX-License-Identifier: Apache-2.0
 * Why a step is done again: see why.h. Of the records of earlier steps the nearest is taken: the same instruction of the same context if
 * there is one, else what stood in its place, else the same instruction of another context (a fresh clone); of several the one that
 * differs least, and of these the one that was used last. The first field that differs is the answer; what lies below comes last, since
 * an earlier step has answered for it. */
#include "build/why.h"

#include "base/limits.h"
#include "base/log.h"
#include "build/logged.h"
#include "build/stage.h"
#include "build/why_files.h"
#include "sys/clock.h"

enum { SHOWN_BYTES = 60, TITLE_BYTES = 100 };

void why_records_fini(struct why_records *r) {
    arena_fini(&r->arena);
}

/* --- the step at hand as a record --- */

static struct str kind_of(const struct step *step) {
    return str_z(df_op_name(step->from->op));
}

static struct why_record record_of(struct stage *s, const struct step *step, const struct digest *key, struct arena *a) {
    const struct key_fields *f = &s->why.fields;
    struct why_record r = {
        .key = *key,
        .dockerfile = s->build->file.name,
        .context = logged_context(s->build, a),
        .stage = s->plan->name.n ? s->plan->name : arena_printf(a, "stage-%zu", s->plan->index),
        .kind = kind_of(step),
        .title = step->title,
        .step = (int64_t)s->step,
        .base = s->why.base,
        .fields = arena_array(a, struct why_field, f->n),
        .n_fields = f->n,
    };
    for (size_t i = 0; i < f->n; i++) {
        struct str name = str_z(f->p[i].what);
        if (f->p[i].name.n)
            name = arena_join3(a, name, S(" "), f->p[i].name);
        r.fields[i] = (struct why_field){name, f->p[i].value, f->p[i].hidden};
    }
    return r;
}

/* --- the nearest earlier one --- */

static const struct why_field *field_of(const struct why_record *r, struct str name) {
    for (size_t i = 0; i < r->n_fields; i++)
        if (str_eq(r->fields[i].name, name))
            return &r->fields[i];
    return NULL;
}

static bool is_layers(const struct why_field *f) {
    return str_eq(f->name, S(KEY_FIELD_LAYERS));
}

static bool differs(const struct why_field *now, const struct why_field *then) {
    return !then || (!now->hidden && !then->hidden && !str_eq(now->value, then->value));
}

/* Another epoch makes another digest of the same files, whose times are hashed with it: that says nothing of them. */
static bool follows(const struct why_record *now, const struct why_record *then, const struct why_field *f) {
    const struct why_field *is = field_of(now, S(KEY_FIELD_EPOCH)), *was = field_of(then, S(KEY_FIELD_EPOCH));
    bool same_epoch = is && was ? !differs(is, was) : !is && !was;
    return !same_epoch && str_starts(f->name, S(KEY_FIELD_MOUNT));
}

/* Calls `each` for every field that differs, the layers below last; `now` or `then` is NULL where there is none. */
static size_t differences(const struct why_record *now, const struct why_record *then,
                          void (*each)(void *ctx, const struct why_field *now, const struct why_field *then), void *ctx) {
    size_t n = 0;
    for (int layers = 0; layers < 2; layers++) {
        for (size_t i = 0; i < now->n_fields; i++) {
            const struct why_field *f = &now->fields[i], *was = field_of(then, f->name);
            if (is_layers(f) != layers || !differs(f, was) || follows(now, then, f))
                continue;
            each(ctx, f, was);
            n++;
        }
        for (size_t i = 0; i < then->n_fields; i++) {
            const struct why_field *was = &then->fields[i];
            if (is_layers(was) != layers || field_of(now, was->name))
                continue;
            each(ctx, NULL, was);
            n++;
        }
    }
    return n;
}

static void count_own(void *ctx, const struct why_field *now, const struct why_field *then) {
    *(size_t *)ctx += !is_layers(now ? now : then);
}

/* How near a record stands: 0 is not at all. */
static int nearness(const struct why_record *now, const struct why_record *then) {
    if (!str_eq(now->kind, then->kind) || !str_eq(now->stage, then->stage))
        return 0;
    bool same_context = str_eq(now->context, then->context), same_text = str_eq(now->title, then->title);
    if (same_context)
        return same_text ? 3 : now->step == then->step ? 2 : 0;
    return same_text ? 1 : 0;
}

static const struct why_record *nearest(const struct why_records *all, const struct why_record *now) {
    const struct why_record *best = NULL;
    int best_nearness = 0;
    size_t best_own = 0;
    for (size_t i = 0; i < all->n; i++) {
        const struct why_record *r = &all->p[i];
        int near = nearness(now, r);
        if (near == 0 || near < best_nearness)
            continue;
        size_t own = 0;
        differences(now, r, count_own, &own);
        bool nearer = near > best_nearness || own < best_own || (own == best_own && clock_cmp(r->used, best->used) > 0);
        if (!nearer)
            continue;
        best = r;
        best_nearness = near;
        best_own = own;
    }
    return best;
}

/* --- words --- */

/* A value in quotes; of a long one the part about its byte number `at`. */
static void add_value(struct buf *out, struct str value, size_t at) {
    size_t from = value.n <= SHOWN_BYTES || at < SHOWN_BYTES / 3 ? 0 : at - SHOWN_BYTES / 3;
    from = str_first_chars(value, from).n;
    struct str piece = str_first_chars(str_from(value, from), SHOWN_BYTES);
    buf_printf(out, "\"%s", from ? "..." : "");
    buf_add_shown(out, piece);
    buf_printf(out, "%s\"", from + piece.n < value.n ? "..." : "");
}

static bool is_digest(struct str value) {
    return value.n == DIGEST_TEXT && str_starts(value, S("sha256:"));
}

/* Whether byte `at` is in the digest that a long value ends in (store/why.c). */
static bool in_digest(struct str value, size_t at) {
    size_t tail = DIGEST_TEXT + 4;
    return value.n > tail && at >= value.n - tail && str_starts(str_from(value, value.n - tail), S("... sha256:"));
}

/* "environment FOO changed: "1" -> "2"" */
static void add_difference(struct buf *out, const struct why_field *now, const struct why_field *then) {
    const struct why_field *any = now ? now : then;
    buf_add_shown(out, any->name);
    buf_printf(out, !then ? " is new" : !now ? " is gone" : " changed");
    if (any->hidden || is_digest(any->value))
        return;
    struct str old = then ? then->value : STR_NULL, new = now ? now->value : STR_NULL;
    size_t at = 0;
    while (at < old.n && at < new.n &&old.p[at] == new.p[at])
        at++;
    if (in_digest(old, at) || in_digest(new, at))
        return;
    buf_printf(out, ": ");
    if (then)
        add_value(out, old, at);
    if (then && now)
        buf_printf(out, " -> ");
    if (now)
        add_value(out, new, at);
}

static void add_layers(struct buf *out, struct stage *s, const struct why_record *then) {
    buf_printf(out, "the layers below changed");
    const struct plan_stage *p = s->plan;
    bool other_base = !digest_eq(&s->why.base, &then->base);
    if (s->why.done_step)
        buf_printf(out, " (see step %zu/%zu)", s->why.done_step, s->steps);
    else if (other_base && p->base_kind == BASE_STAGE)
        buf_printf(out, " (see the stage that this one stands on)");
    else if (other_base)
        buf_printf(out, " (the base image is another)");
    else
        buf_printf(out, " (earlier steps gave others from the cache)");
}

struct first {
    const struct why_field *now, *then;
};

static void keep_first(void *ctx, const struct why_field *now, const struct why_field *then) {
    struct first *f = ctx;
    if (!f->now && !f->then)
        *f = (struct first){now, then};
}

static void add_unknown(struct buf *out, const struct why_record *now) {
    size_t n = 0;
    buf_printf(out, "a value that is not recorded changed, or the order of values");
    for (size_t i = 0; i < now->n_fields; i++)
        if (now->fields[i].hidden) {
            buf_printf(out, "%s", n++ ? ", " : " (");
            buf_add_shown(out, now->fields[i].name);
        }
    buf_printf(out, "%s", n ? ")" : "");
}

/* False: it can be told only when the step's files are known. */
static bool add_comparison(struct buf *out, struct stage *s, const struct why_record *now, const struct why_record *then) {
    struct first first = {0};
    size_t n = differences(now, then, keep_first, &first);
    const struct why_field *any = first.now ? first.now : first.then;
    struct step_record record;
    if (n == 0) {
        add_unknown(out, now);
        return true;
    }
    if (!str_eq(now->title, then->title) && !str_eq(now->kind, S("RUN"))) {
        const struct why_field was = {S("the instruction"), then->title, false}, is = {S("the instruction"), now->title, false};
        add_difference(out, &is, &was);
        return true;
    }
    if (str_eq(any->name, S(KEY_FIELD_FILES)) && store_step_look(s->build->store, &then->key, &s->arena, &record) != STEP_ABSENT &&
        record.has_layer) {
        s->why.compare = true;
        s->why.earlier = record.diff_id;
        return false;
    }
    if (is_layers(any))
        add_layers(out, s, then);
    else
        add_difference(out, first.now, first.then);
    if (n > 1)
        buf_printf(out, " (and %zu more)", n - 1);
    if (!str_eq(now->context, then->context)) {
        buf_printf(out, "; compared with the build of ");
        buf_add_shown(out, then->context);
    }
    return true;
}

/* --- the build's side --- */

static void say(struct stage *s, const struct step *step, const struct buf *text) {
    struct str title = stage_step_title(s, step);
    progress_note(s->build->progress, "why: %.*s%s: %.*s", STR_ARG(str_first_chars(title, TITLE_BYTES)), title.n > TITLE_BYTES ? "..." : "",
                  STR_ARG(buf_str(text)));
}

/* Reads the records the first time; they are looked for under the name as a record gives it. */
static const struct why_records *records(struct build *b, struct str dockerfile) {
    struct err e = ERR_INIT;
    pthread_mutex_lock(&b->why_lock);
    if (!b->why.read && !store_why_list(b->store, dockerfile, &b->why.arena, &b->why.p, &b->why.n, &e))
        log_warn("--why: %s", e.msg);
    b->why.read = true;
    pthread_mutex_unlock(&b->why_lock);
    err_clear(&e);
    return &b->why;
}

/* Without a record under the very key. */
static bool add_why_unknown(struct buf *out, struct stage *s, const struct step *step, const struct digest *key) {
    struct err e = ERR_INIT;
    struct arena a = ARENA_INIT;
    struct why_record now = record_of(s, step, key, &a);
    bool told = true;
    if (store_why_normal(&now, &a, &e)) {
        const struct why_record *then = nearest(records(s->build, now.dockerfile), &now);
        if (then)
            told = add_comparison(out, s, &now, then);
        else
            buf_printf(out, "never built here");
    } else {
        buf_printf(out, "%s", e.msg);
    }
    err_clear(&e);
    arena_fini(&a);
    return told;
}

void why_missed(struct stage *s, const struct step *step, const struct digest *key) {
    const struct build_options *o = s->build->options;
    struct step_record r;
    bool told = true;
    s->why.compare = false;
    if (!o->why)
        return;
    struct buf text = BUF_INIT(LIMIT_MESSAGE_BYTES);
    enum step_state state = store_step_look(s->build->store, key, &s->arena, &r);
    if (stage_skips_cache(s))
        buf_printf(&text, o->no_cache ? "--no-cache" : "--no-cache-filter");
    else if (state == STEP_BLOB_GONE)
        buf_printf(&text, "its layer is not in the store any more");
    else if (state == STEP_USABLE)
        buf_printf(&text, "its record names no encoder that croze has (\"%.*s\")", STR_ARG(r.encoder_id));
    else
        told = add_why_unknown(&text, s, step, key);
    if (told)
        say(s, step, &text);
    buf_fini(&text);
}

void why_cached(struct stage *s) {
    s->why.done_step = 0;
}

static void say_files(struct stage *s, const struct step *step, const struct layer *l) {
    struct buf text = BUF_INIT(LIMIT_MESSAGE_BYTES);
    why_files(s->build->store, &s->why.earlier, &l->diff_id, s->build->options->has_epoch, &text);
    say(s, step, &text);
    buf_fini(&text);
    s->why.compare = false;
}

void why_done(struct stage *s, const struct step *step, const struct digest *key, const struct layer *l) {
    struct err e = ERR_INIT;
    struct arena a = ARENA_INIT;
    struct why_record now = record_of(s, step, key, &a);
    if (s->why.compare)
        say_files(s, step, l);
    if (!store_why_put(s->build->store, &now, &e))
        log_debug("%s; a later --why will not know this step", e.msg);
    err_clear(&e);
    arena_fini(&a);
    if (!s->why.done_step)
        s->why.done_step = s->step;
}
