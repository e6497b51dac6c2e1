/* SPDX-License-Identifier: Apache-2.0
 * Downloads and mirrors: published and found, records of URLs read back, kept and swept by gc, checked by fsck, locked against each
 * other. */
#include <errno.h>
#include <sys/file.h>

#include "fixture.h"

static const struct gc_options now = {.keep_steps_s = 7 * 86400, .grace_s = 0};
enum { OLD_S = 8 * 86400 };

static struct digest publish(struct store *s, struct str bytes) {
    struct err e = ERR_INIT;
    struct digest d = sha256_of(bytes.p, bytes.n);
    _cleanup_draft_ struct file_draft draft = FILE_DRAFT_INIT;
    must(store_download_draft(s, &draft, &e) && file_write_all(draft.fd, bytes.p, bytes.n, "draft", &e) &&
             store_publish_download(s, &draft, &d, &e),
         &e);
    return d;
}

static bool held(struct store *s, const struct digest *d, uint64_t *size) {
    struct err e = ERR_INIT;
    bool found;
    must(store_has_download(s, d, size, &found, &e), &e);
    return found;
}

static char *path_of(struct store *s, const char *dir, const struct digest *d) {
    char hex[DIGEST_HEX + 1];
    return mem_printf("%s/%s/%s", s->root, dir, digest_hex(d, hex));
}

static struct download_record sample(struct store *s) {
    return (struct download_record){.url = S("https://host/dir/a.jar"),
                                    .effective_url = S("https://cdn/a.jar"),
                                    .etag = S("W/\"x\""),
                                    .last_modified = S("Tue, 01 Jan 2030 00:00:00 GMT"),
                                    .name = S("a.jar"),
                                    .digest = publish(s, S("jar bytes")),
                                    .bytes = 9};
}

static void keeps_bytes_and_records(void) {
    struct store *s = fixture_store("records");
    struct arena a = ARENA_INIT;
    struct err e = ERR_INIT;
    struct digest key = sha256_of("url", 3), none = sha256_of("none", 4);
    struct download_record in = sample(s), out;
    uint64_t size = 0;
    bool found = true;
    ok(!held(s, &none, &size), "what was never fetched is not held");
    ok(held(s, &in.digest, &size) && size == 9, "a download is held with its size");
    ok(store_download_get(s, &key, &a, &out, &found, &e) && !found, "there is no record at first");
    ok(store_download_put(s, &key, &in, &e) && store_download_get(s, &key, &a, &out, &found, &e) && found, "a record is found again");
    is_str(out.url, in.url, "its URL");
    is_str(out.effective_url, in.effective_url, "where redirects led");
    is_str(out.etag, in.etag, "its ETag");
    is_str(out.last_modified, in.last_modified, "its time");
    is_str(out.name, in.name, "its file name");
    ok(digest_eq(&out.digest, &in.digest) && out.bytes == 9, "digest and size");
    _cleanup_(mem_freep) char *bytes = path_of(s, "downloads/sha256", &in.digest), *record = path_of(s, "downloads/urls", &key);
    put_file(bytes, S("jar"));
    ok(store_download_get(s, &key, &a, &out, &found, &e) && !found, "bytes of another length are not those of the record");
    (void)publish(s, S("jar bytes"));
    ok(store_download_get(s, &key, &a, &out, &found, &e) && found, "publishing again replaces them");
    put_file(record, S("{\"version\":1,\"digest\":\"sha256:zz\"}"));
    ok(store_download_get(s, &key, &a, &out, &found, &e) && !found, "a damaged record is none");
    no_err(&e, "and no error");
    fixture_close(s);
    arena_fini(&a);
}

static void gc_sweeps_what_is_old(void) {
    struct store *s = fixture_store("gc");
    struct err e = ERR_INIT;
    struct gc_result r;
    struct digest key = sha256_of("url", 3);
    struct download_record in = sample(s);
    must(store_download_put(s, &key, &in, &e), &e);
    fixture_close(s);
    s = fixture_store("gc"); /* another process: its lease is empty */
    _cleanup_(mem_freep) char *bytes = path_of(s, "downloads/sha256", &in.digest), *record = path_of(s, "downloads/urls", &key);
    must(store_gc(s, &now, &r, &e), &e);
    ok(exists(bytes) && exists(record), "gc keeps what was used lately");
    set_age(bytes, OLD_S);
    set_age(record, OLD_S);
    must(store_gc(s, &(struct gc_options){.dry_run = true, .keep_steps_s = 7 * 86400}, &r, &e), &e);
    ok(exists(bytes) && exists(record) && r.other == 2 && r.bytes > 0, "a dry run counts what is old");
    must(store_lease(s, &in.digest, &e), &e);
    must(store_gc(s, &now, &r, &e), &e);
    ok(exists(bytes) && !exists(record), "a lease keeps old bytes; the old record goes");
    fixture_close(s);
    s = fixture_store("gc");
    must(store_gc(s, &now, &r, &e), &e);
    ok(!exists(bytes), "without a lease they go");
    fixture_close(s);
}

static void mirrors_are_locked(void) {
    struct store *s = fixture_store("mirrors");
    struct err e = ERR_INIT;
    struct gc_result r;
    struct digest key = sha256_of("url", 3);
    struct store_mirror m;
    bool got = true;
    must(store_mirror_open(s, &key, &m, &e), &e);
    _cleanup_(mem_freep) char *path = mem_strdup(m.path);
    _cleanup_(mem_freep) char *inside = mem_printf("%s/HEAD", path);
    put_file(inside, S("ref"));
    _cleanup_fd_ int other = file_open(path, O_RDONLY | O_DIRECTORY, 0, &e);
    ok(file_lock(other, true, false, &got, path, &e) && !got, "an open mirror is locked");
    set_age(path, OLD_S);
    must(store_gc(s, &now, &r, &e), &e);
    ok(exists(inside), "gc leaves a locked mirror");
    store_mirror_close(&m);
    set_age(path, OLD_S);
    must(store_gc(s, &now, &r, &e), &e);
    ok(!exists(path) && r.other == 1, "and removes an old one");
    ok(store_mirror_open(s, &key, &m, &e) && exists(path) && !exists(inside), "which is made anew, empty");
    store_mirror_close(&m);
    must(store_gc(s, &now, &r, &e), &e);
    ok(exists(path), "a young one stays");
    fixture_close(s);
}

static void note_line(void *ctx, const char *line) {
    buf_printf(ctx, "%s\n", line);
}

static bool says(struct store *s, bool deep, bool repair, const char *part) {
    struct err e = ERR_INIT;
    struct buf said = BUF_INIT(MIB(1));
    size_t bad = 1;
    must(store_fsck(s, &(struct fsck_options){deep, repair}, note_line, &said, &bad, &e), &e);
    bool fine = bad == 0 && (part ? str_find(buf_str(&said), str_z(part)) >= 0 : said.n == 0);
    if (!fine)
        printf("# %zu bad, said: %.*s\n", bad, STR_ARG(buf_str(&said)));
    buf_fini(&said);
    return fine;
}

static void fsck_knows_them(void) {
    struct store *s = fixture_store("fsck");
    struct err e = ERR_INIT;
    struct digest key = sha256_of("url", 3);
    struct download_record in = sample(s);
    struct digest empty = publish(s, STR_NULL);
    uint64_t size;
    must(store_download_put(s, &key, &in, &e), &e);
    ok(says(s, true, false, NULL), "nothing is said of sound downloads, an empty one too");
    _cleanup_(mem_freep) char *bytes = path_of(s, "downloads/sha256", &in.digest), *record = path_of(s, "downloads/urls", &key);
    _cleanup_(mem_freep) char *alien = mem_printf("%s/gits/alien", s->root);
    put_file(bytes, S("jar bytez"));
    ok(says(s, false, false, NULL) && says(s, true, false, "do not hash to its name"), "rotten bytes are found by hashing");
    ok(says(s, true, true, "removed") && !exists(bytes), "and removed by --repair");
    put_file(record, S("{"));
    put_file(alien, S("x"));
    ok(says(s, false, true, "not a record of a URL") && !exists(record), "so is a damaged record");
    ok(!exists(alien) && held(s, &empty, &size) && says(s, true, false, NULL), "and what is no mirror; the rest is sound");
    fixture_close(s);
}

int main(void) {
    fixture_init();
    keeps_bytes_and_records();
    gc_sweeps_what_is_old();
    mirrors_are_locked();
    fsck_knows_them();
    return tap_done();
}
