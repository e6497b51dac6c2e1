/* SPDX-License-Identifier: Apache-2.0
 * Facts of several files side by side: see variants.h. */
#include "check/variants.h"

#include "base/limits.h"
#include "base/map.h"
#include "base/vec.h"
#include "check/secret_names.h"
#include "check/words.h"

static const struct {
    const char *name;
    bool grave; /* who runs the image meets it */
    bool named; /* keys stand behind the name */
} kinds[] = {
    [VARIANT_EXPOSE] = {"EXPOSE", true, true},
    [VARIANT_ENV] = {"ENV", true, true},
    [VARIANT_ENTRYPOINT] = {"ENTRYPOINT", true, false},
    [VARIANT_CMD] = {"CMD", false, false},
    [VARIANT_USER] = {"USER", true, false},
    [VARIANT_WORKDIR] = {"WORKDIR", false, false},
    [VARIANT_VOLUME] = {"VOLUME", false, true},
    [VARIANT_LABEL] = {"LABEL", false, true},
    [VARIANT_HEALTHCHECK] = {"HEALTHCHECK", false, false},
    [VARIANT_STOPSIGNAL] = {"STOPSIGNAL", false, false},
    [VARIANT_ARG] = {"ARG", false, true},
};

enum { DRIFT, DETAIL };
const struct rule rules_variants[] = {
    [DRIFT] = {.id = "VariantDrift",
               .reads = READS_OTHER,
               .severity = SEVERITY_WARNING,
               .also = "",
               .why = "Who takes another variant of the product expects the same ports, variables, user and program.",
               .fix = "Say the same in all variants, or say in a comment (hadolint ignore=VariantDrift) why not.",
               .url = ""},
    [DETAIL] = {.id = "VariantDetail",
                .reads = READS_OTHER,
                .severity = SEVERITY_INFO,
                .also = "",
                .why = "Variants of a product that differ without need are harder to care for.",
                .fix = "Say the same in all variants, if nothing speaks against it.",
                .url = ""},
    {0},
};

struct row {
    const struct variant_fact **facts; /* of each file, or NULL */
    const struct variant_fact *any;
};

struct table {
    struct arena *arena;
    struct variant_file *files;
    const struct variant_facts *facts;
    size_t n;
    VEC(struct row) rows;
    VEC(struct check_remark) * remarks; /* of each file */
};

/* --- Remarks ----------------------------------------------------------------------------------------------------------------------- */

/* What depends on where a distribution puts things. */
static bool is_distributions(const struct variant_fact *f) {
    return f->kind == VARIANT_ENV && (word_in("PATH JAVA_HOME LD_LIBRARY_PATH MANPATH", f->key) || str_starts(f->value, S("/usr/lib/jvm")));
}

static const char *title(struct table *t, const struct variant_fact *f) {
    return kinds[f->kind].named ? arena_printf(t->arena, "%s %s", kinds[f->kind].name, SHOWN(f->key)).p : kinds[f->kind].name;
}

static void remark(struct table *t, size_t file, const struct variant_fact *f, struct df_pos pos, struct str message) {
    bool grave = kinds[f->kind].grave && !is_distributions(f);
    vec_push(&t->remarks[file], ((struct check_remark){&rules_variants[grave ? DRIFT : DETAIL], pos, message}));
}

static void differs(struct table *t, size_t file, const struct variant_fact *f, const struct variant_fact *right, size_t other) {
    struct str name = t->files[other].name;
    if (is_secret_name(f->key))
        remark(t, file, f, f->pos, arena_printf(t->arena, "%s has another value in %s", title(t, f), SHOWN(name)));
    else
        remark(t, file, f, f->pos,
               arena_printf(t->arena, "%s is \"%s\", in %s \"%s\"", title(t, f), SHOWN(f->value), SHOWN(name), SHOWN(right->value)));
}

/* --- What is right ----------------------------------------------------------------------------------------------------------------- */

/* The file whose value most have; of several the first. */
static size_t most_common(const struct table *t, const struct row *r) {
    size_t best = 0, best_count = 0;
    for (size_t k = 0; k < t->n; k++) {
        size_t count = 0;
        for (size_t j = 0; r->facts[k] && j < t->n; j++)
            count += r->facts[j] && str_eq(r->facts[j]->value, r->facts[k]->value);
        if (count > best_count) {
            best = k;
            best_count = count;
        }
    }
    return best;
}

/* Whether it should be there: most have it, or as many as not and the first has it. *first: a file that is right. */
static bool is_wanted(const struct table *t, const struct row *r, size_t *first) {
    size_t have = 0, lack = 0, having = t->n, lacking = t->n;
    for (size_t k = t->n; k-- > 0;) {
        have += r->facts[k] != NULL;
        having = r->facts[k] ? k : having;
        lack += !r->facts[k] && t->facts[k].whole;
        lacking = !r->facts[k] && t->facts[k].whole ? k : lacking;
    }
    bool wanted = have > lack || (have == lack && having < lacking);
    *first = wanted ? having : lacking;
    return wanted;
}

static void judge_row(struct table *t, const struct row *r) {
    size_t first, right = most_common(t, r);
    bool wanted = is_wanted(t, r, &first);
    for (size_t k = 0; k < t->n; k++) {
        const struct variant_fact *f = r->facts[k];
        if (!wanted && f)
            remark(t, k, f, f->pos, arena_printf(t->arena, "%s is not in %s", title(t, f), SHOWN(t->files[first].name)));
        else if (wanted && !f && t->facts[k].whole)
            remark(t, k, r->facts[right], t->facts[k].from,
                   arena_printf(t->arena, "%s is missing: %s has it", title(t, r->any), SHOWN(t->files[right].name)));
        else if (wanted && f && !str_eq(f->value, r->facts[right]->value))
            differs(t, k, f, r->facts[right], right);
    }
}

/* --- The table --------------------------------------------------------------------------------------------------------------------- */

static void fill(struct table *t) {
    struct map known = MAP_INIT;
    for (size_t k = 0; k < t->n; k++)
        for (size_t j = 0; j < t->facts[k].n; j++) {
            const struct variant_fact *f = &t->facts[k].p[j];
            struct str name = arena_printf(t->arena, "%d %.*s", (int)f->kind, STR_ARG(f->key));
            size_t number = (size_t)(uintptr_t)map_get(&known, name);
            if (number == 0) {
                vec_push(&t->rows, ((struct row){arena_array(t->arena, const struct variant_fact *, t->n), f}));
                number = t->rows.n;
                (void)map_put(&known, name, (void *)(uintptr_t)number);
            }
            t->rows.p[number - 1].facts[k] = f;
        }
    map_fini(&known);
}

void variants_compare(struct arena *a, struct variant_file *files, size_t n, const struct plan_options *o) {
    struct variant_facts *facts = arena_array(a, struct variant_facts, n);
    struct table t = {.arena = a, .files = files, .facts = facts, .n = n};
    t.remarks = (void *)arena_alloc(a, n, sizeof *t.remarks);
    for (size_t k = 0; k < n; k++)
        variant_facts_read(a, &files[k], o, &facts[k]);
    fill(&t);
    for (size_t k = 0; k < t.rows.n; k++)
        judge_row(&t, &t.rows.p[k]);
    for (size_t k = 0; k < n; k++) {
        files[k].n_remarks = t.remarks[k].n;
        files[k].remarks = arena_array(a, struct check_remark, t.remarks[k].n);
        if (t.remarks[k].n)
            memcpy(files[k].remarks, t.remarks[k].p, t.remarks[k].n * sizeof *files[k].remarks);
        vec_fini(&t.remarks[k]);
    }
    vec_fini(&t.rows);
}
