/* SPDX-License-Identifier: Apache-2.0
 * The engine of the recommendations: each row in turn, what it says summed up to a verdict with its evidence. See cis.h. */
#include "check/cis.h"

#include "base/limits.h"
#include "check/host_rules.h"
#include "check/judge.h"

/* --- Rows ---------------------------------------------------------------------------------------------------------------------------- */

bool cis_is_row(const struct rule *r) {
    return r->reads == READS_HOST || r->reads == READS_CONTAINER || r->reads == READS_HOST_IMAGE;
}

struct str cis_number(const struct rule *r) {
    struct str number, rest;
    (void)str_cut(str_z(r->also), ' ', &number, &rest);
    return number;
}

/* "5.2" before "5.10": tables are by subject, and people look for numbers. */
static int by_number(const void *a, const void *b) {
    struct str x = cis_number(*(const struct rule *const *)a), y = cis_number(*(const struct rule *const *)b), p, q;
    for (;;) {
        uint64_t m = 0, n = 0;
        bool more_x = str_next(&x, '.', &p), more_y = str_next(&y, '.', &q);
        if (!more_x || !more_y)
            return more_x - more_y;
        if (!str_to_u64(p, 10, 1000, &m) || !str_to_u64(q, 10, 1000, &n) || m != n)
            return m < n ? -1 : 1;
    }
}

bool cis_means(struct str text, const struct rule *r) {
    struct str number = cis_number(r);
    bool above = str_starts(number, text) && (number.n == text.n || number.p[text.n] == '.');
    return text.n && (above || str_eqz(text, r->id));
}

static bool is_meant(const struct str *texts, size_t n, const struct rule *r) {
    for (size_t k = 0; k < n; k++)
        if (cis_means(texts[k], r))
            return true;
    return false;
}

static bool is_asked_for(const struct cis_options *o, const struct rule *r) {
    return cis_is_row(r) && (o->n_only == 0 || is_meant(o->only, o->n_only, r)) && !is_meant(o->skip, o->n_skip, r);
}

const char *cis_verdict_name(enum cis_verdict v) {
    static const char *const names[] = {"N/A", "PASS", "MANUAL", "FAIL"};
    return names[v];
}

size_t cis_count(const struct cis_report *r, enum cis_verdict v) {
    size_t n = 0;
    for (size_t k = 0; k < r->n_answers; k++)
        n += r->answers[k].verdict == v;
    return n;
}

/* --- Answering ----------------------------------------------------------------------------------------------------------------------- */

void host_find(struct host_check *c, const struct rule *r, struct str subject, struct str message) {
    bool is_path = str_starts(subject, S("/"));
    struct finding f = {.rule = r, .message = message};
    f.file = is_path || subject.n == 0 ? S("host") : subject;
    f.path = is_path ? subject : STR_NULL;
    if (!judge(c->options->policy, &f))
        return;
    finding_keep(&c->findings, &f);
}

static void add_item(struct host_check *c, struct host_item item) {
    if (c->items.n == LIMIT_FINDINGS && item.verdict > c->worst)
        c->items.n--;
    if (c->items.n < LIMIT_FINDINGS)
        vec_push(&c->items, item);
    if (item.verdict > c->worst)
        c->worst = item.verdict;
    c->n_said++;
}

void host_say(struct host_check *c, enum cis_verdict v, struct str subject, const char *fmt, ...) {
    va_list ap;
    va_start(ap, fmt);
    _cleanup_(mem_freep) char *text = mem_vprintf(fmt, ap);
    va_end(ap);
    struct host_item item = {v, arena_str(c->arena, subject), arena_str(c->arena, str_z(text))};
    if (v == CIS_FAIL)
        host_find(c, c->rule, item.subject, item.message);
    add_item(c, item);
}

void host_say_found(struct host_check *c, struct str subject, const struct finding *f) {
    struct str text = f->path.n ? arena_printf(c->arena, "%s: %s", SHOWN(f->path), SHOWN(f->message)) : f->message;
    add_item(c, (struct host_item){CIS_FAIL, subject, text});
    finding_keep(&c->findings, f);
}

/* --- Evidence ------------------------------------------------------------------------------------------------------------------------ */

enum { SUBJECTS_SHOWN = 5, MESSAGES_SHOWN = 6 };

static bool same_words(const struct host_item *a, const struct host_item *b) {
    return a->verdict == b->verdict && str_eq(a->message, b->message);
}

/* "web, db and 3 more: no limit": those that say what item k says. */
static void add_subjects(const struct host_check *c, size_t k, struct buf *out) {
    size_t n = 0;
    for (size_t i = k; i < c->items.n; i++) {
        const struct host_item *item = &c->items.p[i];
        if (item->subject.n == 0 || !same_words(item, &c->items.p[k]))
            continue;
        if (n++ < SUBJECTS_SHOWN)
            buf_printf(out, "%s%s", n > 1 ? ", " : "", SHOWN(item->subject));
    }
    if (n > SUBJECTS_SHOWN)
        buf_printf(out, " and %zu more", n - SUBJECTS_SHOWN);
    if (n)
        buf_add_str(out, S(": "));
}

/* Whether it is in what is shown already. */
static bool is_shown(const struct host_check *c, const size_t *shown, size_t n, const struct host_item *item) {
    for (size_t k = 0; k < n; k++)
        if (same_words(&c->items.p[shown[k]], item))
            return true;
    return false;
}

static struct str evidence(struct host_check *c, enum cis_verdict v) {
    struct buf out = BUF_INIT(LIMIT_MESSAGE_BYTES);
    size_t shown[MESSAGES_SHOWN], n = 0, more = 0;
    for (size_t k = 0; k < c->items.n; k++) {
        if (c->items.p[k].verdict != v || is_shown(c, shown, n, &c->items.p[k]))
            continue;
        if (n == MESSAGES_SHOWN) {
            more++;
            continue;
        }
        buf_add_str(&out, n ? S("; ") : STR_NULL);
        add_subjects(c, k, &out);
        buf_add_shown(&out, c->items.p[k].message);
        shown[n++] = k;
    }
    if (more)
        buf_printf(&out, "; and %zu more", more);
    struct str text = arena_str(c->arena, buf_str(&out));
    buf_fini(&out);
    return text;
}

/* --- The whole ----------------------------------------------------------------------------------------------------------------------- */

/* What is not worth a word of any of them is good. */
static void all_are_good(struct host_check *c, size_t n_silent, size_t n, const char *what) {
    if (c->worst < CIS_MANUAL && n_silent)
        host_say(c, CIS_PASS, STR_NULL, "%zu of %zu %s", n_silent, n, what);
}

static void each_container(struct host_check *c) {
    size_t n = 0, n_silent = 0;
    if (!host_has_containers(c))
        return;
    for (size_t k = 0; k < c->n_containers; k++) {
        const struct host_container *x = &c->containers[k];
        size_t before = c->n_said;
        if (!x->runs)
            continue;
        if (x->unread.n)
            host_say(c, CIS_MANUAL, x->name, "could not be read: %.*s", STR_ARG(x->unread));
        else if (x->runtime && c->rule->object)
            host_say(c, CIS_MANUAL, x->name, "%s no bundle of %s tells", c->rule->object, x->runtime);
        else
            c->rule->container(c, x);
        n_silent += c->n_said == before;
        n++;
    }
    all_are_good(c, n_silent, n, "running containers");
}

static void each_image(struct host_check *c) {
    size_t n_silent = 0;
    if (!host_has_images(c))
        return;
    for (size_t k = 0; k < c->n_images; k++) {
        const struct host_image *x = &c->images[k];
        size_t before = c->n_said;
        if (x->unread.n)
            host_say(c, CIS_MANUAL, x->name, "could not be read: %.*s", STR_ARG(x->unread));
        else
            c->rule->host_image(c, x);
        n_silent += c->n_said == before;
    }
    all_are_good(c, n_silent, c->n_images, "images");
}

/* Whether a recommendation of that section, or that one, is asked for. */
static bool needs(const struct cis_options *o, const char *number) {
    const struct rule *r;
    for (size_t k = 0; (r = rule_at(k)); k++)
        if (is_asked_for(o, r) && cis_means(str_z(number), r))
            return true;
    return false;
}

static struct cis_answer answer(struct host_check *c, const struct rule *r) {
    c->rule = r;
    c->items.n = c->n_said = 0;
    c->worst = CIS_NA;
    if (r->reads == READS_CONTAINER)
        each_container(c);
    else if (r->reads == READS_HOST_IMAGE)
        each_image(c);
    else
        r->host(c);
    return (struct cis_answer){r, c->worst, evidence(c, c->worst)};
}

void cis_check(struct arena *a, const struct host_source *source, const struct cis_options *o, struct cis_report *report) {
    struct host_check c = {.arena = a, .source = source, .options = o, .report = report};
    const struct rule *r;
    VEC(const struct rule *) rows = {0};
    *report = (struct cis_report){0};
    host_facts_begin(&c, needs(o, "4.1") || needs(o, "5") || needs(o, "6"), needs(o, "4") || needs(o, "6.1"));
    for (size_t k = 0; (r = rule_at(k)); k++)
        if (is_asked_for(o, r))
            vec_push(&rows, r);
    if (rows.n)
        qsort(rows.p, rows.n, sizeof *rows.p, by_number);
    report->answers = arena_array(a, struct cis_answer, rows.n);
    for (size_t k = 0; k < rows.n; k++)
        report->answers[report->n_answers++] = answer(&c, rows.p[k]);
    report->n_findings = c.findings.n;
    report->n_dropped = c.findings.n_dropped;
    report->findings = arena_array(a, struct finding, c.findings.n);
    if (c.findings.n)
        memcpy(report->findings, c.findings.p, c.findings.n * sizeof *c.findings.p);
    host_facts_end(&c);
    vec_fini(&rows);
    vec_fini(&c.findings);
    vec_fini(&c.items);
}
