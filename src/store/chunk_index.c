/* SPDX-License-Identifier: Apache-2.0
 * The chunk index: which compressed pieces lie where in which blob, and the hash states behind beginnings of layers. One file of slots of
 * one size; a record fills one slot or three, and bears its own CRC, which is checked when it is used, so that opening costs one look a
 * slot. It is appended to under locks/chunks and never truncated, because others have it mapped. Half a record at the end, or in the middle
 * where a later writer went on, is no record. Format: croze-store(5). */
#include <errno.h>
#include <sys/random.h>

#include "base/codec.h"
#include "base/limits.h"
#include "base/log.h"
#include "store/le.h"
#include "store/store_private.h"

#define FILE_NAME "chunks.idx"

enum { SLOT_BYTES = 96, AT_FORMAT = 8, AT_SLOT_BYTES = 12, FORMAT = 1 };
/* A record: kind, CRC-32 of all that follows in its slots, key, and by kind: */
enum { AT_KIND = 0, AT_CRC = 4, AT_KEY = 8, AT_BLOB = 40, AT_OFFSET = 72 };
enum { AT_LENGTH = 80, AT_RAW_LENGTH = 84, AT_CHUNK_CRC = 88 };                 /* a chunk */
enum { AT_TAR = 80, AT_COMPRESSED = 184, STATE_BYTES = 104, PREFIX_SLOTS = 3 }; /* a prefix: two hash states */
enum { CHUNK = 0x4b4e4843 /* "CHNK" */, PREFIX = 0x58465250 /* "PRFX" */ };
enum { TABLE_MIN = 64 };
static const char magic[8] = {'C', 'R', 'O', 'Z', 'C', 'H', 'N', 'K'};

struct record {
    uint8_t b[PREFIX_SLOTS * SLOT_BYTES];
};

/* Where records begin in `slots`, by kind and key; 0 is free (slot 0 of the file is its header). */
struct table {
    uint32_t *at;
    size_t size, n; /* size is a power of two */
    uint64_t seed;  /* keys are hashes of what others made */
};

struct slots {
    const uint8_t *p;
    size_t n;
};

struct chunk_index {
    struct store *store;
    struct str map; /* of the file */
    struct slots old;
    struct table old_table;
    pthread_mutex_t mutex; /* guards what follows */
    struct buf fresh;      /* slots; the first one is empty, where a file has its header */
    struct table fresh_table;
};

static size_t slots_of(uint32_t kind) {
    return kind == CHUNK ? 1 : kind == PREFIX ? PREFIX_SLOTS : 0;
}

static const uint8_t *slot_at(struct slots s, size_t i) {
    return s.p + i * SLOT_BYTES;
}

/* --- The table --- */

static bool same_record(const uint8_t *a, uint32_t kind, const uint8_t *key) {
    return le32_get(a + AT_KIND) == kind && memcmp(a + AT_KEY, key, sizeof(struct digest)) == 0;
}

static uint32_t *find(const struct table *t, struct slots s, uint32_t kind, const uint8_t *key) {
    uint64_t h = (le64_get(key) ^ kind) * t->seed;
    for (size_t i = h >> 32 & (t->size - 1);; i = (i + 1) & (t->size - 1))
        if (t->at[i] == 0 || same_record(slot_at(s, t->at[i]), kind, key))
            return &t->at[i];
}

static void table_init(struct table *t, size_t size) {
    if (!t->seed && getrandom(&t->seed, sizeof t->seed, GRND_NONBLOCK) != (ssize_t)sizeof t->seed)
        t->seed = 0x9e3779b97f4a7c15u;
    t->seed |= 1; /* odd: no bit of the key is lost */
    t->size = size;
    t->at = mem_zalloc(size, sizeof *t->at);
}

/* Enters slot number `i`; a later record of a key takes the place of an earlier one. */
static void enter(struct table *t, struct slots s, size_t i) {
    const uint8_t *p = slot_at(s, i);
    if (2 * (t->n + 1) > t->size) {
        struct table bigger = {.seed = t->seed, .n = t->n};
        table_init(&bigger, t->size ? t->size * 2 : TABLE_MIN);
        for (size_t k = 0; k < t->size; k++)
            if (t->at[k])
                *find(&bigger, s, le32_get(slot_at(s, t->at[k]) + AT_KIND), slot_at(s, t->at[k]) + AT_KEY) = t->at[k];
        free(t->at);
        *t = bigger;
    }
    uint32_t *to = find(t, s, le32_get(p + AT_KIND), p + AT_KEY);
    t->n += *to == 0;
    *to = (uint32_t)i;
}

/* --- Opening --- */

static bool header_is_good(const uint8_t *p) {
    return memcmp(p, magic, sizeof magic) == 0 && le32_get(p + AT_FORMAT) == FORMAT && le32_get(p + AT_SLOT_BYTES) == SLOT_BYTES;
}

static bool record_is_good(struct slots s, size_t i) {
    const uint8_t *p = slot_at(s, i);
    size_t n = slots_of(le32_get(p + AT_KIND));
    return n && n <= s.n - i && crc32_update(0, p + AT_KEY, n * SLOT_BYTES - AT_KEY) == le32_get(p + AT_CRC);
}

bool chunk_index_check(struct str file, const char **why) {
    struct slots s = {(const uint8_t *)file.p, file.n / SLOT_BYTES};
    if (file.n == 0)
        return true; /* a full disk can leave this */
    if (s.n == 0 || !header_is_good(s.p))
        return *why = "not a chunk index of this format", false;
    if (file.n > 2 * LIMIT_CHUNK_INDEX_BYTES)
        return *why = "too large", false;
    return true;
}

/* Slots that look like the beginning of a record are entered without a check; a false one in the middle of a prefix fails its CRC when it
 * is asked for. */
static void build_table(struct chunk_index *x) {
    for (size_t i = 1; i < x->old.n; i++) {
        size_t n = slots_of(le32_get(slot_at(x->old, i) + AT_KIND));
        if (n && n <= x->old.n - i)
            enter(&x->old_table, x->old, i);
    }
}

static void load(struct chunk_index *x, int fd) {
    struct err ignored = ERR_INIT;
    bool mapped = file_map(fd, FILE_NAME, &x->map, &ignored) && x->map.n > 0;
    err_clear(&ignored);
    if (!mapped)
        return;
    const char *why;
    if (!chunk_index_check(x->map, &why)) {
        log_warn(FILE_NAME " is dropped: %s (layers are compressed again)", why);
        file_unmap(&x->map);
        return;
    }
    x->old = (struct slots){(const uint8_t *)x->map.p, x->map.n / SLOT_BYTES};
    build_table(x);
}

struct chunk_index *chunk_index_open(struct store *s, struct err *e) {
    _cleanup_fd_ int fd = openat(s->root_fd, FILE_NAME, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0 && errno != ENOENT) {
        err_sys(e, errno, "open %s/" FILE_NAME, s->root);
        return NULL;
    }
    struct chunk_index *x = mem_zalloc(1, sizeof *x);
    x->store = s;
    x->fresh = (struct buf)BUF_INIT(LIMIT_CHUNK_INDEX_BYTES);
    pthread_mutex_init(&x->mutex, NULL);
    if (fd >= 0)
        load(x, fd);
    return x;
}

/* --- Asking --- */

static bool look(const struct table *t, struct slots s, uint32_t kind, const struct digest *key, struct record *out) {
    uint32_t at = t->size ? *find(t, s, kind, key->b) : 0;
    if (!at || !record_is_good(s, at))
        return false;
    memcpy(out->b, slot_at(s, at), slots_of(kind) * SLOT_BYTES);
    return true;
}

static struct slots fresh_slots(const struct chunk_index *x) {
    return (struct slots){(const uint8_t *)x->fresh.p, x->fresh.n / SLOT_BYTES};
}

static bool get(struct chunk_index *x, uint32_t kind, const struct digest *key, struct record *out) {
    pthread_mutex_lock(&x->mutex);
    bool found = look(&x->fresh_table, fresh_slots(x), kind, key, out);
    pthread_mutex_unlock(&x->mutex);
    return found || look(&x->old_table, x->old, kind, key, out);
}

bool chunk_index_get(struct chunk_index *x, const struct digest *key, struct chunk_record *out) {
    struct record r;
    if (!get(x, CHUNK, key, &r))
        return false;
    memcpy(out->blob.b, r.b + AT_BLOB, sizeof out->blob.b);
    out->offset = le64_get(r.b + AT_OFFSET);
    out->length = le32_get(r.b + AT_LENGTH);
    out->raw_length = le32_get(r.b + AT_RAW_LENGTH);
    out->crc32 = le32_get(r.b + AT_CHUNK_CRC);
    return true;
}

static void get_state(const uint8_t *p, struct sha256 *out) {
    for (size_t i = 0; i < 8; i++)
        out->h[i] = le32_get(p + 4 * i);
    out->bytes = le64_get(p + 32);
    memcpy(out->tail, p + 40, sizeof out->tail);
}

bool chunk_index_get_prefix(struct chunk_index *x, const struct digest *key, struct prefix_record *out) {
    struct record r;
    if (!get(x, PREFIX, key, &r))
        return false;
    memcpy(out->blob.b, r.b + AT_BLOB, sizeof out->blob.b);
    out->blob_offset = le64_get(r.b + AT_OFFSET);
    get_state(r.b + AT_TAR, &out->tar);
    get_state(r.b + AT_COMPRESSED, &out->compressed);
    return true;
}

/* --- Learning --- */

/* Seals the record and keeps it, unless the index says the same already. */
static void put(struct chunk_index *x, uint32_t kind, const struct digest *key, struct record *r) {
    size_t bytes = slots_of(kind) * SLOT_BYTES;
    struct record known;
    le32_set(r->b + AT_KIND, kind);
    memcpy(r->b + AT_KEY, key->b, sizeof key->b);
    le32_set(r->b + AT_CRC, crc32_update(0, r->b + AT_KEY, bytes - AT_KEY));
    if (get(x, kind, key, &known) && memcmp(known.b, r->b, bytes) == 0)
        return;
    pthread_mutex_lock(&x->mutex);
    if (x->fresh.n == 0)
        buf_add(&x->fresh, (char[SLOT_BYTES]){0}, SLOT_BYTES);
    size_t at = x->fresh.n;
    if (at + bytes <= x->fresh.max_bytes) {
        buf_add(&x->fresh, r->b, bytes);
        enter(&x->fresh_table, fresh_slots(x), at / SLOT_BYTES);
    }
    pthread_mutex_unlock(&x->mutex);
}

void chunk_index_put(struct chunk_index *x, const struct digest *key, const struct chunk_record *c) {
    struct record r = {0};
    memcpy(r.b + AT_BLOB, c->blob.b, sizeof c->blob.b);
    le64_set(r.b + AT_OFFSET, c->offset);
    le32_set(r.b + AT_LENGTH, c->length);
    le32_set(r.b + AT_RAW_LENGTH, c->raw_length);
    le32_set(r.b + AT_CHUNK_CRC, c->crc32);
    put(x, CHUNK, key, &r);
}

static void set_state(uint8_t *p, const struct sha256 *s) {
    for (size_t i = 0; i < 8; i++)
        le32_set(p + 4 * i, s->h[i]);
    le64_set(p + 32, s->bytes);
    memcpy(p + 40, s->tail, s->bytes % sizeof s->tail); /* the rest of the tail means nothing: equal states, equal records */
}

void chunk_index_put_prefix(struct chunk_index *x, const struct digest *key, const struct prefix_record *p) {
    struct record r = {0};
    memcpy(r.b + AT_BLOB, p->blob.b, sizeof p->blob.b);
    le64_set(r.b + AT_OFFSET, p->blob_offset);
    set_state(r.b + AT_TAR, &p->tar);
    set_state(r.b + AT_COMPRESSED, &p->compressed);
    put(x, PREFIX, key, &r);
}

/* --- Writing --- */

static void make_header(uint8_t slot[SLOT_BYTES]) {
    memset(slot, 0, SLOT_BYTES);
    memcpy(slot, magic, sizeof magic);
    le32_set(slot + AT_FORMAT, FORMAT);
    le32_set(slot + AT_SLOT_BYTES, SLOT_BYTES);
}

/* Bytes of the whole slots in a file that can be appended to; 0: it is missing, damaged or too large, and must be replaced. */
static uint64_t appendable(int fd) {
    uint8_t header[SLOT_BYTES];
    struct stat st;
    if (fd < 0 || fstat(fd, &st) < 0 || (uint64_t)st.st_size > LIMIT_CHUNK_INDEX_BYTES)
        return 0;
    if (pread(fd, header, sizeof header, 0) != (ssize_t)sizeof header || !header_is_good(header))
        return 0;
    return (uint64_t)st.st_size / SLOT_BYTES * SLOT_BYTES;
}

static bool append(int fd, uint64_t at, const char *p, size_t n, struct err *e) {
    if (lseek(fd, (off_t)at, SEEK_SET) < 0)
        return err_sys(e, errno, "seek in " FILE_NAME);
    return file_write_all(fd, p, n, FILE_NAME, e);
}

typedef bool (*keep_record)(void *ctx, const uint8_t *record, size_t slot);

static bool is_current(const struct chunk_index *x, size_t i) {
    const uint8_t *p = slot_at(x->old, i);
    return record_is_good(x->old, i) && *find(&x->old_table, x->old, le32_get(p + AT_KIND), p + AT_KEY) == i;
}

/* A new file of those old records that are sound, current and wanted, and of all new ones. */
static bool rewrite(struct chunk_index *x, keep_record keep, void *ctx, struct err *e) {
    struct buf out = BUF_INIT((x->old.n + 1) * SLOT_BYTES + x->fresh.n);
    uint8_t header[SLOT_BYTES];
    make_header(header);
    buf_add(&out, header, sizeof header);
    for (size_t i = 1; i < x->old.n; i++)
        if (is_current(x, i) && keep(ctx, slot_at(x->old, i), i))
            buf_add(&out, slot_at(x->old, i), slots_of(le32_get(slot_at(x->old, i) + AT_KIND)) * SLOT_BYTES);
    if (x->fresh.n)
        buf_add(&out, x->fresh.p + SLOT_BYTES, x->fresh.n - SLOT_BYTES);
    bool ok = file_replace(x->store->root_fd, FILE_NAME, out.p, out.n, false, e);
    buf_fini(&out);
    return ok;
}

static bool is_in_newer_half(void *ctx, const uint8_t *record, size_t slot) {
    (void)record;
    return slot > *(const size_t *)ctx;
}

static bool write_fresh(struct chunk_index *x, struct err *e) {
    _cleanup_fd_ int lock = store_lock(x->store, LOCK_CHUNKS, true, true, e);
    if (lock < 0)
        return false;
    _cleanup_fd_ int fd = openat(x->store->root_fd, FILE_NAME, O_RDWR | O_NOFOLLOW | O_CLOEXEC);
    uint64_t at = appendable(fd);
    if (at)
        return append(fd, at, x->fresh.p + SLOT_BYTES, x->fresh.n - SLOT_BYTES, e);
    size_t middle = x->old.n / 2;
    return rewrite(x, is_in_newer_half, &middle, e);
}

static void index_free(struct chunk_index *x) {
    file_unmap(&x->map);
    pthread_mutex_destroy(&x->mutex);
    buf_fini(&x->fresh);
    free(x->old_table.at);
    free(x->fresh_table.at);
    free(x);
}

void chunk_index_close(struct chunk_index *x) {
    struct err why = ERR_INIT;
    if (!x)
        return;
    if (x->fresh.n && !write_fresh(x, &why))
        log_warn(FILE_NAME " is not updated: %s (the next build compresses more than it must)", why.msg);
    err_clear(&why);
    index_free(x);
}

/* Records of one blob mostly follow each other: the last answer is kept. */
struct blob_question {
    struct store *store;
    struct digest last;
    bool exists;
};

static bool blob_exists(void *ctx, const uint8_t *record, size_t slot) {
    struct blob_question *q = ctx;
    struct digest blob;
    (void)slot;
    memcpy(blob.b, record + AT_BLOB, sizeof blob.b);
    if (!digest_eq(&blob, &q->last)) {
        q->last = blob;
        q->exists = store_has_blob(q->store, &blob, NULL);
    }
    return q->exists;
}

bool chunk_index_compact(struct store *s, struct err *e) {
    _cleanup_fd_ int lock = store_lock(s, LOCK_CHUNKS, true, true, e);
    struct chunk_index *x = lock < 0 ? NULL : chunk_index_open(s, e);
    if (!x)
        return false;
    struct blob_question q = {.store = s};
    bool ok = x->old.n == 0 || rewrite(x, blob_exists, &q, e);
    index_free(x);
    return ok;
}
