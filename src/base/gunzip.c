/* SPDX-License-Identifier: Apache-2.0
 * Gzip by ISA-L (gunzip.h). The header is read apart from the body: isal_inflate reads headers too, but forgets which fields are still to
 * come when one is cut by the end of the input. */
#include "base/gunzip.h"

#include <isa-l/igzip_lib.h>

#include "base/mem.h"

enum { RESERVED_FLAGS = 0xe0 }; /* RFC 1952, 2.3.1.2: "must be zero"; what they would mean, nobody knows */

enum where { BETWEEN, HEADER, BODY };

struct gunzip {
    struct inflate_state inflate;
    struct isal_gzip_header header;
    enum where where;
};

struct gunzip *gunzip_new(void) {
    struct gunzip *g = mem_zalloc(1, sizeof *g);
    isal_inflate_init(&g->inflate);
    return g;
}

void gunzip_free(struct gunzip *g) {
    free(g);
}

static bool corrupt(int r, struct err *e) {
    const char *why = "invalid block";
    switch (r) {
    case ISAL_INVALID_SYMBOL:
        why = "invalid code";
        break;
    case ISAL_INVALID_LOOKBACK:
        why = "invalid distance too far back";
        break;
    case ISAL_INVALID_WRAPPER:
        why = "incorrect header";
        break;
    case ISAL_UNSUPPORTED_METHOD:
        why = "unknown compression method";
        break;
    case ISAL_INCORRECT_CHECKSUM:
        why = "incorrect checksum or length";
        break;
    default:
        break;
    }
    return err_set(e, ERR_FAILED, "corrupt gzip data: %s", why);
}

static void begin(struct gunzip *g) {
    isal_inflate_reset(&g->inflate);
    g->inflate.crc_flag = ISAL_GZIP_NO_HDR_VER;
    isal_gzip_header_init(&g->header);
    g->where = HEADER;
}

/* ISAL_END_INPUT: there is more of it to come. */
static bool read_header(struct gunzip *g, struct err *e) {
    int r = isal_read_gzip_header(&g->inflate, &g->header);
    if (r < 0)
        return corrupt(r, e);
    if (r != ISAL_DECOMP_OK)
        return true;
    g->where = BODY;
    return !(g->header.flags & RESERVED_FLAGS) || err_set(e, ERR_FAILED, "corrupt gzip data: unknown header flags");
}

static uint32_t clamp(size_t n) {
    return n > INT32_MAX ? INT32_MAX : (uint32_t)n; /* ISA-L counts in 32 bits, here and there with a sign */
}

bool gunzip_run(struct gunzip *g, struct gunzip_step *s, bool *inside, struct err *e) {
    struct inflate_state *z = &g->inflate;
    uint32_t in = clamp(s->in_n), out = clamp(s->out_n);
    if (g->where == BETWEEN)
        begin(g);
    z->next_in = (uint8_t *)(uintptr_t)s->in; /* which it does not write to */
    z->avail_in = in;
    z->next_out = s->out;
    z->avail_out = out;
    bool ok = g->where == BODY || read_header(g, e);
    if (ok && g->where == BODY) {
        int r = isal_inflate(z);
        ok = r == ISAL_DECOMP_OK || corrupt(r, e);
    }
    if (ok && g->where == BODY && z->block_state == ISAL_BLOCK_FINISH)
        g->where = BETWEEN;
    bool stuck = z->avail_in == in && in > 0 && z->avail_out == out && out > 0 && g->where != BETWEEN;
    s->in += in - z->avail_in;
    s->in_n -= in - z->avail_in;
    s->out += out - z->avail_out;
    s->out_n -= out - z->avail_out;
    *inside = g->where != BETWEEN;
    return ok && (!stuck || corrupt(ISAL_INVALID_BLOCK, e));
}
