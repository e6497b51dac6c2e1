/* SPDX-License-Identifier: Apache-2.0
 *
 * The bytes of toc/<diffid>, for toc_build.c and toc.c (croze-store(5)): a header, the records sorted by path, the index of their offsets,
 * the kept files. Numbers are little-endian and not aligned. */
#ifndef CROZE_LAYER_TOC_FORMAT_H
#define CROZE_LAYER_TOC_FORMAT_H

#include "layer/toc.h"

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "tocs are read in place");

#define TOC_MAGIC "CROZETOC"
enum { TOC_VERSION = 1, TOC_LEANS = 1 };

struct toc_header {
    char magic[8];
    uint32_t version, flags;
    uint32_t count, kept;      /* entries; files whose bytes are kept */
    uint64_t records_bytes;
    struct digest diff_id;
    uint32_t crc32;            /* over the whole file with this field 0 */
    uint32_t unused;
};
_Static_assert(sizeof(struct toc_header) == 72, "no padding");

/* A record's first byte: its type, and what else it holds. */
enum { TOC_TYPE = 0x0f, TOC_HAS_DIGEST = 0x10, TOC_HAS_IDS = 0x20, TOC_HAS_XATTRS = 0x40, TOC_HAS_NS = 0x80 };
enum { TOC_FIXED_BYTES = 1 + 2 + 2 + 8 }; /* type, mode, length of the path, mtime: the path follows at once */

/* One record, looked at: the texts point into it. */
struct toc_record {
    struct entry entry;        /* without xattrs */
    const uint8_t *xattrs;     /* packed: name length (2), value length (4), name, value */
    uint32_t xattrs_bytes;
    const uint8_t *digest;     /* NULL: a record of this type has none */
    bool has_digest;           /* and it is known */
};

/* Appends the record of an entry, with room for a digest. */
void toc_record_write(const struct entry *en, struct buf *out);
/* Reads the record at p, at most `room` bytes. Its length, or 0 when it is malformed. */
size_t toc_record_read(const uint8_t *p, size_t room, struct toc_record *out);
/* Unpacks its extended attributes into the arena. */
void toc_record_xattrs(const struct toc_record *r, struct arena *a, struct entry *out);
/* The order of records: by path, and for one path the entry, its opaque mark, its whiteout. */
int toc_record_cmp(struct str path_a, enum entry_type a, struct str path_b, enum entry_type b);

/* Checks everything but the CRC and gives a reader over these bytes, which stay the caller's. For toc_open and the fuzz target. */
MUST_CHECK struct toc *toc_parse(const void *bytes, size_t n, struct err *e);

#endif
