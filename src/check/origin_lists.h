/* SPDX-License-Identifier: Apache-2.0
 *
 * Readers of package managers' databases: bytes in, one listed file after the other out. Pure and bounded (base/limits.h); what cannot be
 * read is passed over, since whoever wrote it gains nothing by it: what no list has is not proven. Paths are clean and relative; others
 * are not given out. Private to check/. */
#ifndef CROZE_CHECK_ORIGIN_LISTS_H
#define CROZE_CHECK_ORIGIN_LISTS_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"

enum checksum { CHECKSUM_MD5, CHECKSUM_SHA1, CHECKSUM_SHA256, CHECKSUMS };
enum { CHECKSUM_MAX_BYTES = 32 };
size_t checksum_bytes(enum checksum kind);

/* A file as a package's list has it. Texts live until the call returns. */
struct listed {
    struct str package, path;
    enum checksum kind;
    uint8_t sum[CHECKSUM_MAX_BYTES];
    bool is_config;               /* people are expected to change it */
    bool is_signed;               /* the list says nothing else: rpm keeps a package's signature */
};
struct list_sink {
    bool (*take)(void *ctx, const struct listed *l); /* false: enough */
    void *ctx;
};

enum package_list {
    LIST_NONE,
    LIST_DPKG_SUMS,               /* info/PACKAGE.md5sums: deb-md5sums(5) */
    LIST_DPKG_STATUS,             /* Conffiles of deb822 paragraphs */
    LIST_DPKG_DIVERSIONS,         /* dpkg-divert(1) */
    LIST_APK,                     /* apk's "installed" */
    LIST_RPM_SQLITE,
    LIST_RPM_OTHER,               /* Berkeley DB and ndb: not read */
    LIST_RPM_LOG,                 /* SQLite's log beside it */
};
/* Which one a path of an image is. */
enum package_list package_list_of(struct str path);
/* "libc6" of "var/lib/dpkg/info/libc6:amd64.md5sums". */
struct str dpkg_package_of(struct str path);

void dpkg_sums_read(struct str text, struct str package, struct list_sink sink);
void dpkg_conffiles_read(struct str text, struct list_sink sink);
/* The packages' files that lie elsewhere: `take` gets the path in the package, the path where it lies, and the package whose own lies at
 * the first ("" if none's). */
void dpkg_diversions_read(struct str text, bool (*take)(void *ctx, struct str from, struct str to, struct str package), void *ctx);
void apk_installed_read(struct str text, struct list_sink sink);
/* One header of rpm's, as its database keeps it. */
void rpm_header_read(struct str blob, struct list_sink sink);
/* The database itself. It is changed in memory. False: it is none, or damaged, and what was given out before may be a part. */
MUST_CHECK bool rpm_database_read(struct buf *bytes, struct list_sink sink, struct err *e);

/* --- For the readers --- */

/* "./usr/bin/x", "/usr/bin/x" -> "usr/bin/x"; false: it is not clean, or has control characters. */
bool listed_path(struct str text, struct str *path);
bool listed_hex(struct str hex, enum checksum kind, uint8_t out[CHECKSUM_MAX_BYTES]);
/* Of so many hex digits; CHECKSUMS: none has them. */
enum checksum checksum_of_hex(size_t n);

#endif
