/* SPDX-License-Identifier: Apache-2.0
 * docker's filters of images (images_filter.h). */
#include "cmd/images_filter.h"

static bool add_reference(struct images_filter *f, struct arena *a, struct str pattern, struct err *e) {
    struct glob *g = glob_compile(a, pattern, GLOB_PATH, e);
    if (!g) {
        e->kind = ERR_USAGE;
        return err_wrap(e, "invalid image pattern \"%.*s\"", STR_ARG(pattern));
    }
    vec_push(&f->references, g);
    return true;
}

static bool set_dangling(struct images_filter *f, struct str value, struct err *e) {
    bool yes;
    if (!str_to_bool(value, &yes))
        return err_set(e, ERR_USAGE, "--filter dangling=%.*s: true or false is expected", STR_ARG(value));
    if (f->dangling != DANGLING_ANY && (f->dangling == DANGLING_ONLY) != yes)
        return err_set(e, ERR_USAGE, "--filter dangling is given as true and as false");
    f->dangling = yes ? DANGLING_ONLY : DANGLING_NOT;
    return true;
}

static void add_label(struct images_filter *f, struct str value) {
    struct str_pair pair = {value, STR_NULL};
    if (str_cut(value, '=', &pair.key, &pair.value) && !pair.value.p)
        pair.value = S("");
    vec_push(&f->labels, pair);
}

static bool add_word(struct images_filter *f, struct arena *a, struct str word, struct err *e) {
    struct str key, value;
    if (!str_cut(word, '=', &key, &value))
        return err_set(e, ERR_USAGE, "--filter %.*s: KEY=VALUE is expected", STR_ARG(word));
    key = str_trim(key);
    value = str_trim(value);
    if (str_eq(key, S("reference")))
        return add_reference(f, a, value, e);
    if (str_eq(key, S("dangling")))
        return set_dangling(f, value, e);
    if (!str_eq(key, S("label")))
        return err_set(e, ERR_USAGE, "--filter %.*s= is not supported by this version; reference=, dangling= and label= are", STR_ARG(key));
    add_label(f, value);
    return true;
}

bool images_filter_make(struct images_filter *f, struct arena *a, const char *name, const struct opt_list *words, struct err *e) {
    *f = (struct images_filter){0};
    if (name && !add_reference(f, a, str_z(name), e))
        return false;
    for (size_t i = 0; i < words->n; i++)
        if (!add_word(f, a, str_z(words->p[i]), e))
            return false;
    return true;
}

void images_filter_fini(struct images_filter *f) {
    vec_fini(&f->references);
    vec_fini(&f->labels);
}

static bool has_label(const struct image *im, const struct str_pair *want) {
    for (size_t i = 0; i < im->config.labels.n; i++) {
        const struct str_pair *l = &im->config.labels.p[i];
        if (str_eq(l->key, want->key))
            return !want->value.p || str_eq(l->value, want->value);
    }
    return false;
}

static bool matches_one(const struct images_filter *f, struct str name, struct str repository) {
    for (size_t i = 0; i < f->references.n; i++)
        if ((name.n && glob_matches(f->references.p[i], name)) || (repository.n && glob_matches(f->references.p[i], repository)))
            return true;
    return f->references.n == 0;
}

bool images_filter_takes(const struct images_filter *f, struct str name, struct str repository, const struct image *im) {
    if (f->dangling != DANGLING_ANY && (f->dangling == DANGLING_ONLY) != (name.n == 0))
        return false;
    if (!matches_one(f, name, repository))
        return false;
    for (size_t i = 0; i < f->labels.n; i++)
        if (!has_label(im, &f->labels.p[i]))
            return false;
    return true;
}
