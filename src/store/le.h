/* SPDX-License-Identifier: Apache-2.0
 *
 * Integers on disk: little-endian, at any alignment. */
#ifndef CROZE_STORE_LE_H
#define CROZE_STORE_LE_H

#include <endian.h>
#include <stdint.h>
#include <string.h>

static inline uint32_t le32_get(const void *p) {
    uint32_t v;
    memcpy(&v, p, sizeof v);
    return le32toh(v);
}
static inline uint64_t le64_get(const void *p) {
    uint64_t v;
    memcpy(&v, p, sizeof v);
    return le64toh(v);
}
static inline void le32_set(void *p, uint32_t v) {
    v = htole32(v);
    memcpy(p, &v, sizeof v);
}
static inline void le64_set(void *p, uint64_t v) {
    v = htole64(v);
    memcpy(p, &v, sizeof v);
}

#endif
