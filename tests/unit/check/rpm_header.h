/* SPDX-License-Identifier: Apache-2.0
 * Makes headers of rpm's, for tests and the seeds of the fuzzer. */
#ifndef CROZE_TESTS_RPM_HEADER_H
#define CROZE_TESTS_RPM_HEADER_H

#include "base/buf.h"

struct rpm_header {
    struct buf index, store, blob;
    uint32_t n;
};

static inline void rpm_be32(struct buf *b, uint32_t v) {
    char p[4] = {(char)(v >> 24), (char)(v >> 16), (char)(v >> 8), (char)v};
    buf_add(b, p, sizeof p);
}

static inline void rpm_tag(struct rpm_header *h, uint32_t tag, uint32_t type, uint32_t count, const void *p, size_t n) {
    rpm_be32(&h->index, tag);
    rpm_be32(&h->index, type);
    rpm_be32(&h->index, (uint32_t)h->store.n);
    rpm_be32(&h->index, count);
    buf_add(&h->store, p, n);
    h->n++;
}

static inline void rpm_header_begin(struct rpm_header *h) {
    *h = (struct rpm_header){BUF_INIT(1 << 16), BUF_INIT(1 << 16), BUF_INIT(1 << 17), 0};
}

/* Package "tool": /usr/bin/tool, /etc/tool.conf (a configuration), /usr (no digest), /usr/bin/other (which another package replaced). */
static inline void rpm_header_files(struct rpm_header *h, const char *sum, uint32_t algorithm, bool is_signed) {
    static const char dirs[] = "/usr/bin/\0/etc/\0/", names[] = "tool\0tool.conf\0usr\0other";
    static const char indexes[] = "\0\0\0\0\0\0\0\1\0\0\0\2\0\0\0\0", flags[] = "\0\0\0\0\0\0\0\1\0\0\0\0\0\0\0\0", states[] = "\0\0\0\1";
    struct buf digests = BUF_INIT(1 << 12);
    char number[4] = {0, 0, 0, (char)algorithm};
    buf_add(&digests, sum, strlen(sum) + 1);
    buf_add(&digests, sum, strlen(sum) + 1);
    buf_add(&digests, "", 1);
    buf_add(&digests, sum, strlen(sum) + 1);
    if (is_signed)
        rpm_tag(h, 268, 7, 4, "sign", 4);
    rpm_tag(h, 1000, 6, 1, "tool", 5);
    rpm_tag(h, 1116, 4, 4, indexes, 16);
    rpm_tag(h, 1037, 4, 4, flags, 16);
    if (algorithm)
        rpm_tag(h, 5011, 4, 1, number, 4);
    rpm_tag(h, 1029, 1, 4, states, 4);
    rpm_tag(h, 1117, 8, 4, names, sizeof names);
    rpm_tag(h, 1118, 8, 3, dirs, sizeof dirs);
    rpm_tag(h, 1035, 8, 4, digests.p, digests.n);
    buf_fini(&digests);
}

static inline void rpm_header_end(struct rpm_header *h) {
    if (h->index.n) {
        rpm_be32(&h->blob, h->n);
        rpm_be32(&h->blob, (uint32_t)h->store.n);
        buf_add(&h->blob, h->index.p, h->index.n);
        buf_add(&h->blob, h->store.p, h->store.n);
    }
    buf_fini(&h->index);
    buf_fini(&h->store);
}

#endif
