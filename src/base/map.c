/* SPDX-License-Identifier: Apache-2.0
 * Open addressing with linear probing over seeded SipHash-2-4 (Aumasson and Bernstein, 2012): see map.h. */
#include "base/map.h"

#include <assert.h>
#include <pthread.h>
#include <sys/random.h>
#include <time.h>

#include "base/mem.h"

static uint64_t seed[2];
static pthread_once_t seed_once = PTHREAD_ONCE_INIT;

static void draw_seed(void) {
    if (getrandom(seed, sizeof seed, GRND_NONBLOCK) != (ssize_t)sizeof seed) {
        struct timespec ts; /* no entropy yet at early boot: the clock is better than a constant */
        clock_gettime(CLOCK_MONOTONIC, &ts);
        seed[0] = (uint64_t)ts.tv_nsec * 0x9e3779b97f4a7c15u;
        seed[1] = (uint64_t)(uintptr_t)&ts ^ (uint64_t)ts.tv_sec;
    }
}

struct sip {
    uint64_t v[4];
};

static uint64_t rotl(uint64_t x, int by) {
    return x << by | x >> (64 - by);
}

static void sip_round(struct sip *s) {
    uint64_t *v = s->v;
    v[0] += v[1], v[1] = rotl(v[1], 13) ^ v[0], v[0] = rotl(v[0], 32);
    v[2] += v[3], v[3] = rotl(v[3], 16) ^ v[2];
    v[0] += v[3], v[3] = rotl(v[3], 21) ^ v[0];
    v[2] += v[1], v[1] = rotl(v[1], 17) ^ v[2], v[2] = rotl(v[2], 32);
}

static void sip_word(struct sip *s, uint64_t word) {
    s->v[3] ^= word;
    sip_round(s);
    sip_round(s);
    s->v[0] ^= word;
}

uint64_t map_hash(struct str key) {
    pthread_once(&seed_once, draw_seed);
    struct sip s = {{seed[0] ^ 0x736f6d6570736575u, seed[1] ^ 0x646f72616e646f6du, seed[0] ^ 0x6c7967656e657261u,
                     seed[1] ^ 0x7465646279746573u}};
    size_t i = 0;
    for (; i + 8 <= key.n; i += 8) {
        uint64_t word;
        memcpy(&word, key.p + i, 8);
        sip_word(&s, word);
    }
    uint64_t last = (uint64_t)key.n << 56;
    for (size_t k = 0; i + k < key.n; k++)
        last |= (uint64_t)(unsigned char)key.p[i + k] << (8 * k);
    sip_word(&s, last);
    s.v[2] ^= 0xff;
    for (int r = 0; r < 4; r++)
        sip_round(&s);
    return s.v[0] ^ s.v[1] ^ s.v[2] ^ s.v[3];
}

void map_fini(struct map *m) {
    free(m->slots);
    *m = (struct map)MAP_INIT;
}

/* The slot that holds key, or the free one where it would go. */
static struct map_slot *find(const struct map *m, struct str key, uint64_t hash) {
    size_t mask = m->capacity - 1;
    for (size_t i = hash & mask;; i = (i + 1) & mask) {
        struct map_slot *s = &m->slots[i];
        if (!s->key.p || (s->hash == hash && str_eq(s->key, key)))
            return s;
    }
}

static void grow(struct map *m) {
    struct map bigger = {NULL, m->n, m->capacity ? m->capacity * 2 : 16};
    bigger.slots = mem_zalloc(bigger.capacity, sizeof *bigger.slots);
    for (size_t i = 0; i < m->capacity; i++)
        if (m->slots[i].key.p)
            *find(&bigger, m->slots[i].key, m->slots[i].hash) = m->slots[i];
    free(m->slots);
    *m = bigger;
}

void *map_get(const struct map *m, struct str key) {
    if (m->n == 0)
        return NULL;
    struct map_slot *s = find(m, key, map_hash(key));
    return s->key.p ? s->value : NULL;
}

void *map_put(struct map *m, struct str key, void *value) {
    assert(value);
    if (!key.p)
        key = S(""); /* a free slot is told by a NULL pointer */
    if (m->n + 1 > m->capacity / 2)
        grow(m);
    uint64_t hash = map_hash(key);
    struct map_slot *s = find(m, key, hash);
    void *before = s->key.p ? s->value : NULL;
    if (!before) {
        *s = (struct map_slot){key, value, hash};
        m->n++;
    } else {
        s->value = value;
    }
    return before;
}
