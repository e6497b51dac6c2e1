/* SPDX-License-Identifier: Apache-2.0
 * A layer's marks as bytes: marks/<diffID> (marks.h, croze-store(5)). */
#include "check/marks.h"

#include <errno.h>

#include "base/buf.h"
#include "base/codec.h"
#include "base/limits.h"
#include "check/marks_make.h"
#include "check/tokens.h"
#include "layer/tar.h"
#include "store/le.h"

enum { HEADER_BYTES = 8 + 4 + 4 + 4 + 4 + 32, RECORD_BYTES = 6 };
static const char magic[8] = {'C', 'R', 'O', 'Z', 'E', 'M', 'R', 'K'};

void marks_fini(struct marks *m) {
    vec_fini(&m->list);
    buf_fini(&m->bytes);
}

/* --- Which rules --------------------------------------------------------------------------------------------------------------------- */

size_t marking_rules(const struct rule **out) {
    size_t n = 0;
    for (size_t t = 0; rule_tables[t]; t++)
        for (const struct rule *r = rule_tables[t]; r->id; r++)
            if (r->mark && n < MARKING_RULES_MAX)
                out[n++] = r;
    return n;
}

/* Raised when a rule marks something else in the same bytes. */
enum { MARKS_VERSION = 3 };

static struct digest rules_identity(void) {
    const struct rule *rules[MARKING_RULES_MAX];
    size_t n = marking_rules(rules);
    struct sha256 s;
    sha256_init(&s);
    sha256_update(&s, (unsigned char[]){MARKS_VERSION}, 1);
    for (size_t k = 0; k < n; k++)
        sha256_update(&s, rules[k]->id, strlen(rules[k]->id) + 1);
    tokens_identify(&s);
    return sha256_final(&s);
}

/* --- Writing ------------------------------------------------------------------------------------------------------------------------- */

static void put16(struct buf *out, size_t n) {
    buf_add(out, (unsigned char[]){(unsigned char)(n & 0xff), (unsigned char)(n >> 8)}, 2);
}

size_t mark_bytes(const struct rule *r, struct str path, struct str text) {
    return RECORD_BYTES + strlen(r->id) + path.n + text.n;
}

static void put_mark(const struct mark *m, struct buf *out) {
    struct str id = str_z(m->rule->id);
    put16(out, id.n);
    put16(out, m->path.n);
    put16(out, m->text.n);
    buf_add_str(out, id);
    buf_add_str(out, m->path);
    buf_add_str(out, m->text);
}

void marks_write(const struct marks *m, struct buf *out) {
    unsigned char head[HEADER_BYTES] = {0};
    struct digest rules = rules_identity();
    memcpy(head, magic, sizeof magic);
    le32_set(head + 8, 1);
    le32_set(head + 16, (uint32_t)m->list.n);
    le32_set(head + 20, (uint32_t)(m->n_dropped < UINT32_MAX ? m->n_dropped : UINT32_MAX));
    memcpy(head + 24, rules.b, sizeof rules.b);
    buf_add(out, head, sizeof head);
    for (size_t k = 0; k < m->list.n; k++)
        put_mark(&m->list.p[k], out);
    if (buf_ok(out))
        le32_set(out->p + 12, crc32_update(0, out->p, out->n));
}

/* --- Reading ------------------------------------------------------------------------------------------------------------------------- */

static size_t get16(const char *p) {
    return (size_t)(unsigned char)p[0] | (size_t)(unsigned char)p[1] << 8;
}

static struct str take(struct str *rest, size_t n) {
    struct str s = str_first(*rest, n);
    *rest = str_from(*rest, n);
    return s;
}

static bool read_mark(struct str *rest, struct mark *m) {
    if (rest->n < RECORD_BYTES)
        return false;
    struct str head = take(rest, RECORD_BYTES);
    size_t id = get16(head.p), path = get16(head.p + 2), text = get16(head.p + 4);
    if (rest->n < id + path + text)
        return false;
    m->rule = rule_find(take(rest, id));
    m->path = take(rest, path);
    m->text = take(rest, text);
    return m->rule && m->rule->mark && m->path.n && path_is_clean(m->path);
}

static bool crc_holds(struct str bytes) {
    static const char zero[4];
    uint32_t crc = crc32_update(crc32_update(0, bytes.p, 12), zero, sizeof zero);
    return crc32_update(crc, bytes.p + 16, bytes.n - 16) == le32_get(bytes.p + 12);
}

bool marks_parse(struct str bytes, struct marks *out) {
    struct digest rules = rules_identity();
    struct mark m;
    if (bytes.n < HEADER_BYTES || memcmp(bytes.p, magic, sizeof magic) != 0 || le32_get(bytes.p + 8) != 1 ||
        memcmp(bytes.p + 24, rules.b, sizeof rules.b) != 0 || !crc_holds(bytes))
        return false;
    size_t n = le32_get(bytes.p + 16);
    out->n_dropped = le32_get(bytes.p + 20);
    struct str rest = str_from(bytes, HEADER_BYTES);
    while (out->list.n < n && read_mark(&rest, &m))
        vec_push(&out->list, m);
    return out->list.n == n && rest.n == 0;
}

static bool read_file(struct store *s, const struct digest *diff_id, struct marks *out, bool *found, struct err *e) {
    char hex[DIGEST_HEX + 1];
    digest_hex(diff_id, hex);
    out->bytes = (struct buf)BUF_INIT(LIMIT_MARKS_BYTES);
    *found = false;
    if (s->marks_fd < 0)
        return true;
    if (file_readat(s->marks_fd, hex, &out->bytes, e)) {
        *found = marks_parse(buf_str(&out->bytes), out);
        return true;
    }
    return e->sys == ENOENT;
}

bool marks_open(struct store *s, const struct digest *diff_id, struct marks *out, bool *found, struct err *e) {
    *out = (struct marks){0};
    bool good = read_file(s, diff_id, out, found, e);
    if (good)
        err_clear(e);
    if (!*found)
        marks_fini(out);
    return good || err_wrap(e, "marks/%s", digest_text(diff_id, (char[DIGEST_TEXT + 1]){0}));
}

bool marks_publish(struct store *s, const struct digest *diff_id, const struct marks *m, struct err *e) {
    char hex[DIGEST_HEX + 1];
    _cleanup_(buf_fini) struct buf out = BUF_INIT(LIMIT_MARKS_BYTES);
    _cleanup_draft_ struct file_draft draft = FILE_DRAFT_INIT;
    marks_write(m, &out);
    digest_hex(diff_id, hex);
    if (s->marks_fd < 0 || !buf_ok(&out))
        return true;
    return (file_draft_open(s->marks_fd, 0644, &draft, e) && file_write_all(draft.fd, out.p, out.n, "marks", e) &&
            file_publish(&draft, hex, FILE_REPLACE, s->sync, e)) ||
           err_wrap(e, "marks/%s", hex);
}
