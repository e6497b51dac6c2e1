/* SPDX-License-Identifier: Apache-2.0
 * Blobs: drafts, publishing, first writer wins, re-hashing on reading. */
#include "fixture.h"

static char *blob_path(struct store *s, const struct digest *d) {
    char hex[DIGEST_HEX + 1];
    return mem_printf("%s/blobs/sha256/%s", s->root, digest_hex(d, hex));
}

static void puts_and_gets(struct store *s) {
    struct err e = ERR_INIT;
    struct digest d, other = sha256_of("x", 1);
    uint64_t size = 0;
    struct buf b = BUF_INIT(100), small = BUF_INIT(2);
    ok(store_put_blob(s, S("hello"), &d, &e) && store_has_blob(s, &d, &size) && size == 5, "a blob is there with its size");
    ok(store_get_blob(s, &d, &b, &e), "and is read back");
    is_str(buf_str(&b), S("hello"), "with its bytes");
    ok(store_put_blob(s, S("hello"), &d, &e), "putting it again is fine");
    ok(!store_get_blob(s, &d, &small, &e), "a buffer's limit holds");
    is_err(&e, "limit", "and is named");
    ok(!store_has_blob(s, &other, NULL), "another is not there");
    ok(store_open_blob(s, &other, NULL, &e) == -1 && e.sys == ENOENT, "opening it says ENOENT");
    is_err(&e, "not in the store", "in words too");
    struct digest empty;
    ok(store_put_blob(s, STR_NULL, &empty, &e) && store_has_blob(s, &empty, &size) && size == 0, "an empty blob is a blob");
    buf_fini(&b);
    buf_fini(&small);
}

static void refuses_rot(struct store *s) {
    struct err e = ERR_INIT;
    struct digest d;
    struct buf b = BUF_INIT(100);
    must(store_put_blob(s, S("will rot"), &d, &e), &e);
    _cleanup_(mem_freep) char *path = blob_path(s, &d);
    damage_file(path, 2);
    ok(!store_get_blob(s, &d, &b, &e), "a blob that has rotted is refused");
    is_err(&e, "is damaged", "and the error says what is wrong");
    put_file(path, S("cut"));
    must(store_put_blob(s, S("will rot"), &d, &e), &e);
    buf_reset(&b);
    ok(store_get_blob(s, &d, &b, &e), "one that was cut short is replaced when its bytes come again");
    err_clear(&e);
    _cleanup_(mem_freep) char *link = NULL;
    struct digest aim = sha256_of("aim", 3);
    link = blob_path(s, &aim);
    must(symlink("/etc/passwd", link) == 0, &e);
    ok(!store_has_blob(s, &aim, NULL) && store_open_blob(s, &aim, NULL, &e) == -1, "a symlink is no blob");
    err_clear(&e);
    buf_fini(&b);
}

static void publishes_drafts(struct store *s) {
    struct err e = ERR_INIT;
    struct digest d = sha256_of("drafted", 7);
    _cleanup_draft_ struct file_draft draft = FILE_DRAFT_INIT, second = FILE_DRAFT_INIT;
    must(store_draft(s, &draft, &e) && store_draft(s, &second, &e), &e);
    must(file_write_all(draft.fd, "drafted", 7, "draft", &e) && file_write_all(second.fd, "drafted", 7, "draft", &e), &e);
    ok(!store_has_blob(s, &d, NULL), "a draft has no name");
    ok(store_publish_blob(s, &draft, &d, &e) && store_has_blob(s, &d, NULL), "publishing gives it one");
    ok(store_publish_blob(s, &second, &d, &e), "the second writer of the same bytes succeeds too");
    struct arena a = ARENA_INIT;
    struct dir_names names;
    must(file_list(s->blobs_fd, &a, &names, &e), &e);
    size_t temporary = 0;
    for (size_t i = 0; i < names.n; i++)
        temporary += names.names[i].p[0] == '.';
    ok(temporary == 0, "and no temporary name is left");
    arena_fini(&a);
}

static void takes_turns(struct store *s) {
    struct err e = ERR_INIT;
    struct digest d = sha256_of("arrives", 7), other = sha256_of("other", 5);
    _cleanup_fd_ int first = store_arrival_try(s, &d, &e), beside = store_arrival_try(s, &other, &e);
    ok(first >= 0 && beside >= 0, "two blobs are brought at once");
    ok(store_arrival_try(s, &d, &e) == -1 && e.kind == ERR_NONE, "one of them by one at a time");
    fd_closep(&first);
    _cleanup_fd_ int next = store_arrival_try(s, &d, &e);
    ok(next >= 0, "then by the next");
}

int main(void) {
    fixture_init();
    size_t warnings = 0;
    log_set_sink(fixture_count_log, &warnings);
    struct store *s = fixture_store("store");
    puts_and_gets(s);
    refuses_rot(s);
    ok(warnings == 1, "which is worth one warning");
    publishes_drafts(s);
    takes_turns(s);
    fixture_close(s);
    return tap_done();
}
