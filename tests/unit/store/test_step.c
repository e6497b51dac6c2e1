/* SPDX-License-Identifier: Apache-2.0
 * Step records: written, read back, marked as used, and what damage does to them. */
#include "fixture.h"

static struct step_record sample(struct store *s) {
    struct err e = ERR_INIT;
    struct step_record r = {.tar_bytes = 10240,
                            .compression = S("gzip"),
                            .encoder_id = S("lib-1/gzip-1"),
                            .created_s = 1700000000,
                            .created_ns = 5,
                            .has_layer = true,
                            .title = S("RUN echo \"hi\"\n"),
                            .took_ms = 42};
    must(store_put_blob(s, S("layer bytes"), &r.blob, &e), &e);
    r.diff_id = sha256_of("tar", 3);
    r.blob_bytes = strlen("layer bytes");
    return r;
}

static void keeps_all_fields(struct store *s) {
    struct arena a = ARENA_INIT;
    struct err e = ERR_INIT;
    struct digest key = sha256_of("key", 3), other = sha256_of("other", 5);
    struct step_record in = sample(s), out;
    bool found = true;
    ok(store_step_get(s, &key, &a, &out, &found, &e) && !found, "there is no record at first");
    ok(store_step_put(s, &key, &in, &e) && store_step_get(s, &key, &a, &out, &found, &e) && found, "a record is found again");
    ok(digest_eq(&out.blob, &in.blob) && digest_eq(&out.diff_id, &in.diff_id) && out.blob_bytes == in.blob_bytes &&
           out.tar_bytes == 10240 && out.created_s == 1700000000 && out.created_ns == 5 && out.took_ms == 42 && out.has_layer,
       "with its numbers and digests");
    is_str(out.title, in.title, "its title");
    is_str(out.encoder_id, in.encoder_id, "its encoder");
    is_str(out.compression, in.compression, "its compression");
    struct step_record time_only = {.created_s = 1};
    ok(store_step_put(s, &other, &time_only, &e) && store_step_get(s, &other, &a, &out, &found, &e) && found && !out.has_layer &&
           out.created_s == 1 && out.created_ns == 0,
       "a record may hold a time only");
    struct buf longest = BUF_INIT(MIB(1));
    for (int i = 0; i < 100000; i++)
        buf_add_str(&longest, S("\xc3\xa9"));
    in.title = buf_str(&longest);
    ok(store_step_put(s, &key, &in, &e) && store_step_get(s, &key, &a, &out, &found, &e) && found && out.title.n == 1024 &&
           str_ends(out.title, S("\xc3\xa9")),
       "a long title is cut between characters");
    buf_fini(&longest);
    arena_fini(&a);
}

static void is_used_and_leased(struct store *s) {
    struct arena a = ARENA_INIT;
    struct err e = ERR_INIT;
    struct digest key = sha256_of("used", 4);
    struct step_record in = sample(s), out;
    struct stat st;
    bool found;
    char hex[DIGEST_HEX + 1];
    must(store_step_put(s, &key, &in, &e), &e);
    _cleanup_(mem_freep) char *path = mem_printf("%s/steps/%s", s->root, digest_hex(&key, hex));
    set_age(path, 100000);
    struct store *second = fixture_store("store");
    must(store_step_get(second, &key, &a, &out, &found, &e), &e);
    ok(found && stat(path, &st) == 0 && time(NULL) - st.st_mtim.tv_sec < 1000, "reading it marks it as used");
    ok(digest_set_has(&second->lease->held, &in.blob) && digest_set_has(&second->lease->held, &in.diff_id), "and leases blob and diffID");
    fixture_close(second);
    arena_fini(&a);
}

static void survives_damage(struct store *s) {
    static const char *const bad[] = {"",
                                      "{",
                                      "[]",
                                      "{\"version\":1}",
                                      "{\"version\":2,\"created\":\"2026-01-01T00:00:00Z\"}",
                                      "{\"version\":1,\"created\":\"2026-01-01T00:00:00Z\",\"layer\":{\"diffID\":\"sha256:00\"}}"};
    struct arena a = ARENA_INIT;
    struct err e = ERR_INIT;
    struct digest key = sha256_of("bad", 3);
    struct step_record in = sample(s), out;
    bool found;
    char hex[DIGEST_HEX + 1];
    _cleanup_(mem_freep) char *path = mem_printf("%s/steps/%s", s->root, digest_hex(&key, hex));
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        put_file(path, str_z(bad[i]));
        ok(store_step_get(s, &key, &a, &out, &found, &e) && !found, "a damaged record counts as absent: %s", bad[i]);
    }
    must(store_step_put(s, &key, &in, &e), &e);
    _cleanup_(mem_freep) char *blob = mem_printf("%s/blobs/sha256/%s", s->root, digest_hex(&in.blob, hex));
    put_file(blob, S("short"));
    ok(store_step_get(s, &key, &a, &out, &found, &e) && !found, "so does one whose blob has another size");
    unlink(blob);
    ok(store_step_get(s, &key, &a, &out, &found, &e) && !found, "or is gone");
    arena_fini(&a);
}

int main(void) {
    fixture_init();
    struct store *s = fixture_store("store");
    keeps_all_fields(s);
    is_used_and_leased(s);
    survives_damage(s);
    fixture_close(s);
    return tap_done();
}
