/* SPDX-License-Identifier: Apache-2.0
 * The chunk index: records of both kinds, appending by several processes, torn tails, damage, compaction. */
#include "fixture.h"

static struct digest key_of(const char *who, int i) {
    char text[64];
    return sha256_of(text, (size_t)snprintf(text, sizeof text, "%s-%d", who, i));
}

static struct chunk_index *open_index(struct store *s) {
    struct err e = ERR_INIT;
    struct chunk_index *x = chunk_index_open(s, &e);
    must(x != NULL, &e);
    return x;
}

static struct chunk_record chunk(int i) {
    return (struct chunk_record){
        .blob = key_of("blob", i), .offset = (uint64_t)i << 33, .length = 4000, .raw_length = 70000, .crc32 = 0xdeadbeef};
}

static bool has_chunk(struct chunk_index *x, const char *who, int i) {
    struct digest key = key_of(who, i);
    struct chunk_record want = chunk(i), got;
    return chunk_index_get(x, &key, &got) && digest_eq(&got.blob, &want.blob) && got.offset == want.offset && got.length == want.length &&
           got.raw_length == want.raw_length && got.crc32 == want.crc32;
}

static void put_chunk(struct chunk_index *x, const char *who, int i) {
    struct digest key = key_of(who, i);
    struct chunk_record c = chunk(i);
    chunk_index_put(x, &key, &c);
}

static struct prefix_record prefix(int i) {
    struct prefix_record p = {.blob = key_of("blob", i), .blob_offset = (uint64_t)i * 1000};
    sha256_init(&p.tar);
    sha256_init(&p.compressed);
    for (int k = 0; k < i; k++)
        sha256_update(&p.tar, "tar bytes", 9);
    sha256_update(&p.compressed, "compressed", 10);
    return p;
}

static off_t index_size(struct store *s) {
    struct stat st;
    return fstatat(s->root_fd, "chunks.idx", &st, 0) == 0 ? st.st_size : -1;
}

static void remembers(struct store *s) {
    struct chunk_index *x = open_index(s);
    struct digest key = key_of("p", 0);
    struct prefix_record in = prefix(100), out;
    ok(!has_chunk(x, "a", 1), "nothing is known at first");
    put_chunk(x, "a", 1);
    chunk_index_put_prefix(x, &key, &in);
    put_chunk(x, "a", 2);
    ok(has_chunk(x, "a", 1) && has_chunk(x, "a", 2), "chunks are known in the same run");
    chunk_index_close(x);
    x = open_index(s);
    ok(has_chunk(x, "a", 1) && has_chunk(x, "a", 2) && !has_chunk(x, "a", 3), "and in the next");
    ok(chunk_index_get_prefix(x, &key, &out) && out.blob_offset == 100000 && digest_eq(&out.blob, &in.blob), "so are prefixes");
    sha256_update(&in.tar, "more", 4);
    sha256_update(&out.tar, "more", 4);
    struct digest a = sha256_final(&in.tar), b = sha256_final(&out.tar);
    ok(digest_eq(&a, &b), "whose hash goes on where it stood");
    ok(!chunk_index_get(x, &key, &(struct chunk_record){0}), "a prefix is no chunk");
    off_t before = index_size(s);
    put_chunk(x, "a", 1);
    chunk_index_put_prefix(x, &key, &(struct prefix_record){0});
    in = prefix(100);
    chunk_index_put_prefix(x, &key, &in);
    chunk_index_close(x);
    x = open_index(s);
    ok(chunk_index_get_prefix(x, &key, &out) && out.blob_offset == 100000, "the last record of a key counts");
    put_chunk(x, "a", 1);
    chunk_index_close(x);
    ok(index_size(s) == before + 2L * 288, "what is known already is not written again");
}

static void append_many(struct store *s, void *who) {
    for (int round = 0; round < 20; round++) {
        struct chunk_index *x = open_index(s);
        for (int i = round * 20; i < round * 20 + 20; i++)
            put_chunk(x, who, i);
        chunk_index_close(x);
    }
}

static void processes_append(struct store *s) {
    char left[] = "left", right[] = "right";
    pid_t a = in_child("store", append_many, left), b = in_child("store", append_many, right);
    int code_a = wait_for(a), code_b = wait_for(b);
    ok(code_a == 0 && code_b == 0, "two processes append at once");
    struct chunk_index *x = open_index(s);
    int found = 0;
    for (int i = 0; i < 400; i++)
        found += has_chunk(x, left, i) + has_chunk(x, right, i);
    ok(found == 800, "and nothing is lost (%d of 800)", found);
    chunk_index_close(x);
}

/* Whatever the cut, earlier records stay and a later append is read. */
static void torn_tails(struct store *s) {
    _cleanup_(mem_freep) char *path = mem_printf("%s/chunks.idx", s->root);
    struct digest key = key_of("torn", 0);
    struct chunk_index *x = open_index(s);
    struct prefix_record p = prefix(3), out;
    chunk_index_put_prefix(x, &key, &p);
    chunk_index_close(x);
    struct buf whole = file_bytes(path);
    int good = 0, cuts = 0;
    for (size_t cut = 1; cut < 288; cut += 41, cuts++) {
        put_file(path, str_first(buf_str(&whole), whole.n - cut));
        x = open_index(s);
        good += has_chunk(x, "left", 399) && !chunk_index_get_prefix(x, &key, &out);
        put_chunk(x, "behind", (int)cut);
        chunk_index_close(x);
        x = open_index(s);
        good += has_chunk(x, "behind", (int)cut) && has_chunk(x, "left", 399) && !chunk_index_get_prefix(x, &key, &out);
        chunk_index_close(x);
    }
    ok(good == 2 * cuts, "half a record at the end is none, and is written over (%d of %d)", good, 2 * cuts);
    put_file(path, buf_str(&whole));
    buf_fini(&whole);
}

static void damage(struct store *s) {
    size_t warnings = 0;
    _cleanup_(mem_freep) char *path = mem_printf("%s/chunks.idx", s->root);
    struct buf whole = file_bytes(path);
    damage_file(path, 96 + 50); /* inside the first record */
    struct chunk_index *x = open_index(s);
    ok(!has_chunk(x, "a", 1) && has_chunk(x, "a", 2), "a record whose CRC is wrong is not given out; the others are");
    chunk_index_close(x);
    log_set_sink(fixture_count_log, &warnings);
    put_file(path, S("this is not an index"));
    x = open_index(s);
    ok(!has_chunk(x, "a", 2) && warnings == 1, "another file is dropped with a warning");
    put_chunk(x, "a", 5);
    chunk_index_close(x);
    x = open_index(s);
    ok(has_chunk(x, "a", 5) && warnings == 1, "and replaced when something is learned");
    chunk_index_close(x);
    put_file(path, STR_NULL);
    x = open_index(s);
    put_chunk(x, "a", 6);
    chunk_index_close(x);
    x = open_index(s);
    ok(has_chunk(x, "a", 6) && warnings == 1, "an empty file is simply filled");
    chunk_index_close(x);
    log_set_sink(NULL, NULL);
    buf_fini(&whole);
}

static void compacts(struct store *s) {
    struct err e = ERR_INIT;
    struct chunk_record kept = {.length = 1}, lost = {.blob = key_of("lost", 1), .length = 1}, got;
    struct digest kept_key = key_of("kept", 0), lost_key = key_of("lost", 0);
    must(store_put_blob(s, S("a blob"), &kept.blob, &e), &e);
    struct chunk_index *x = open_index(s);
    chunk_index_put(x, &kept_key, &lost); /* an older record of the same key */
    chunk_index_put(x, &kept_key, &kept);
    chunk_index_put(x, &lost_key, &lost);
    chunk_index_close(x);
    x = open_index(s);
    must(chunk_index_compact(s, &e), &e);
    ok(chunk_index_get(x, &lost_key, &got), "who has the old file open goes on reading it");
    chunk_index_close(x);
    x = open_index(s);
    ok(chunk_index_get(x, &kept_key, &got) && !chunk_index_get(x, &lost_key, &got), "compaction drops records of blobs that are gone");
    chunk_index_close(x);
    ok(index_size(s) == 2 * 96, "and those that were replaced");
}

int main(void) {
    fixture_init();
    struct store *s = fixture_store("store");
    remembers(s);
    processes_append(s);
    torn_tails(s);
    damage(s);
    compacts(s);
    fixture_close(s);
    return tap_done();
}
