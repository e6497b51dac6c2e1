/* SPDX-License-Identifier: Apache-2.0
 * What keys were made of: written, read back, kept small, passed over when damaged, swept with the steps' own records. */
#include "fixture.h"

static struct digest key_of(const char *text) {
    return sha256_of(text, strlen(text));
}

static void put_step(struct store *s, const struct digest *key) {
    struct err e = ERR_INIT;
    struct step_record time_only = {.created_s = 1};
    must(store_step_put(s, key, &time_only, &e), &e);
}

static struct why_record sample(const char *key, struct why_field *fields, size_t n) {
    return (struct why_record){.key = key_of(key),
                               .dockerfile = S("Dockerfile"),
                               .context = S("/c"),
                               .stage = S("build"),
                               .kind = S("RUN"),
                               .title = S("RUN make"),
                               .step = 3,
                               .base = key_of("base"),
                               .fields = fields,
                               .n_fields = n};
}

static void put(struct store *s, const struct why_record *r) {
    struct err e = ERR_INIT;
    put_step(s, &r->key);
    must(store_why_put(s, r, &e), &e);
}

static size_t list(struct store *s, struct arena *a, struct why_record **out) {
    struct err e = ERR_INIT;
    size_t n = 0;
    must(store_why_list(s, S("Dockerfile"), a, out, &n, &e), &e);
    return n;
}

static void keeps_all_fields(struct store *s) {
    struct arena a = ARENA_INIT;
    struct why_record *found;
    struct why_field fields[] = {
        {S("the command"), S("make \"x\"\n"), false}, {S("environment TOKEN"), S("secret"), true}, {S("empty"), STR_NULL, false}};
    struct why_record in = sample("one", fields, 3), other = sample("two", fields, 3);
    other.dockerfile = S("other.file");
    ok(list(s, &a, &found) == 0, "none at first");
    put(s, &in);
    put(s, &other);
    if (!ok(list(s, &a, &found) == 1, "one that stood in a Dockerfile of this name"))
        return;
    const struct why_record *r = &found[0];
    ok(digest_eq(&r->key, &in.key) && digest_eq(&r->base, &in.base) && r->step == 3 && str_eq(r->context, in.context) &&
           str_eq(r->stage, in.stage) && str_eq(r->kind, in.kind) && str_eq(r->title, in.title) && r->used.tv_sec > 0,
       "with where it stood, and when it was used");
    ok(r->n_fields == 3 && str_eq(r->fields[0].name, fields[0].name) && str_eq(r->fields[0].value, fields[0].value) &&
           !r->fields[0].hidden && !r->fields[2].hidden && r->fields[2].value.n == 0,
       "its fields");
    ok(r->fields[1].hidden && r->fields[1].value.n == 0, "of one that is hidden only that it is there");
    arena_fini(&a);
}

static void is_small(struct store *s) {
    enum { MANY = 3000, LONG = 5000 };
    struct arena a = ARENA_INIT;
    struct err e = ERR_INIT;
    struct why_field *fields = arena_array(&a, struct why_field, MANY);
    char *text = arena_alloc(&a, LONG, 1);
    memset(text, 1, LONG); /* six bytes each as JSON */
    for (size_t i = 0; i < MANY; i++)
        fields[i] = (struct why_field){arena_printf(&a, "environment V%zu", i), str_n(text, LONG), false};
    struct why_record one = sample("many", fields, MANY), two = one, three = one;
    ok(store_why_normal(&one, &a, &e) && one.n_fields < MANY && str_find(one.fields[one.n_fields - 1].name, S("further fields")) > 0,
       "too many fields end in one for the rest");
    ok(one.fields[0].value.n <= 1024 && str_find(one.fields[0].value, S("... sha256:")) > 0, "a long value ends in its digest");
    struct why_field *changed = arena_array(&a, struct why_field, MANY);
    memcpy(changed, fields, MANY * sizeof *fields);
    two.fields = changed;
    changed[MANY - 1].value = S("other");
    ok(store_why_normal(&two, &a, &e) && two.n_fields == one.n_fields &&
           !str_eq(one.fields[one.n_fields - 1].value, two.fields[two.n_fields - 1].value),
       "a change in the rest is a change of that one");
    three.fields = changed;
    changed[0].value = str_n(text, LONG - 1);
    ok(store_why_normal(&three, &a, &e) && !str_eq(one.fields[0].value, three.fields[0].value),
       "one behind the cut is a change of the value");
    put(s, &two);
    struct why_record *found;
    ok(list(s, &a, &found) == 2, "what is written is read again");
    arena_fini(&a);
}

static void survives_damage(struct store *s) {
    static const char *const bad[] = {
        "",
        "{",
        "[]",
        "{\"version\":1,\"dockerfile\":\"Dockerfile\"}",
        "{\"version\":2,\"dockerfile\":\"Dockerfile\",\"base\":\"sha256:0\",\"fields\":[]}",
        "{\"version\":1,\"dockerfile\":\"Dockerfile\",\"base\":\"sha256:0000000000000000000000000000000000000000000000000000000000000000\","
        "\"fields\":[[1,2]]}",
        "{\"version\":1,\"dockerfile\":\"Dockerfile\",\"base\":\"sha256:0000000000000000000000000000000000000000000000000000000000000000\","
        "\"fields\":[[]]}",
    };
    struct arena a = ARENA_INIT;
    struct why_record *found;
    struct digest key = key_of("damaged");
    char hex[DIGEST_HEX + 1];
    _cleanup_(mem_freep) char *path = mem_printf("%s/why/%s", s->root, digest_hex(&key, hex));
    size_t before = list(s, &a, &found);
    put_step(s, &key);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        put_file(path, str_z(bad[i]));
        ok(list(s, &a, &found) == before, "passed over: %s", bad[i]);
    }
    arena_fini(&a);
}

static void goes_with_its_step(struct store *s) {
    struct arena a = ARENA_INIT;
    struct err e = ERR_INIT;
    struct why_record *found;
    struct why_record one = sample("lonely", NULL, 0);
    char hex[DIGEST_HEX + 1];
    put(s, &one);
    size_t before = list(s, &a, &found);
    _cleanup_(mem_freep) char *step = mem_printf("%s/steps/%s", s->root, digest_hex(&one.key, hex));
    _cleanup_(mem_freep) char *why = mem_printf("%s/why/%s", s->root, hex);
    unlink(step);
    ok(list(s, &a, &found) == before - 1, "one whose step is gone does not count");
    struct gc_options o = GC_OPTIONS_INIT;
    struct gc_result r;
    ok(store_gc(s, &o, &r, &e) && !exists(why), "and gc removes it");
    no_err(&e, "without an error");
    arena_fini(&a);
}

static void looks(struct store *s) {
    struct arena a = ARENA_INIT;
    struct err e = ERR_INIT;
    struct digest key = key_of("look");
    struct step_record r = {.has_layer = true, .compression = S("gzip"), .encoder_id = S("x"), .created_s = 1}, out;
    ok(store_step_look(s, &key, &a, &out) == STEP_ABSENT, "no record");
    must(store_put_blob(s, S("bytes"), &r.blob, &e), &e);
    r.blob_bytes = 5;
    must(store_step_put(s, &key, &r, &e), &e);
    ok(store_step_look(s, &key, &a, &out) == STEP_USABLE && str_eq(out.encoder_id, S("x")), "a record with its blob");
    r.blob_bytes = 6;
    must(store_step_put(s, &key, &r, &e), &e);
    ok(store_step_look(s, &key, &a, &out) == STEP_BLOB_GONE && out.blob_bytes == 6, "one whose blob is another");
    arena_fini(&a);
}

int main(void) {
    fixture_init();
    struct store *s = fixture_store("store");
    keeps_all_fields(s);
    is_small(s);
    survives_damage(s);
    goes_with_its_step(s);
    looks(s);
    fixture_close(s);
    return tap_done();
}
