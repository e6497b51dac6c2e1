/* SPDX-License-Identifier: Apache-2.0
 *
 * Inside the layer writer (writer.h). The caller's thread turns entries into chunks; workers fill in file bytes and compress; whoever
 * completes the chunk that is next in order hashes and writes it, and all that wait behind it.
 *
 *   writer.c   entries -> chunks: where a chunk begins, headers, contents in memory       caller's thread
 *   chunk.c    a chunk's memory, its key, the circulation of chunks
 *   pack.c     reads files into a chunk, checks them, compresses it or takes known bytes  any worker
 *   order.c    hashes and writes chunks in order                                          one at a time
 *   record.c   what the chunk index learns of them                                        one at a time
 *   resume.c   skips the beginning of a layer that an older blob has already              caller's thread, before any worker
 *
 * Where chunks begin depends on the stream's content alone, never on threads or time (docs/layers.md "Chunks"). */
#ifndef CROZE_LAYER_PIPELINE_H
#define CROZE_LAYER_PIPELINE_H

#include <pthread.h>
#include <stdatomic.h>

#include "base/limits.h"
#include "base/vec.h"
#include "layer/tar.h"
#include "layer/toc.h"
#include "layer/writer.h"
#include "sys/thread.h"

/* These numbers are part of what makes a blob's bytes: another value is another blob digest for the same files. */
enum {
    CHUNK_MIN = KIB(128),                      /* a chunk is not ended by a name before it has this much */
    CHUNK_MORE = KIB(384),                     /* how much further the next cut lies, on average */
    CHUNK_FILE = MIB(1),                       /* larger files are cut at its multiples, and have their chunks for themselves; no head
                                                * that a watch is shown (watch.h) is cut */
    CHUNK_MAX = CHUNK_FILE + KIB(128),         /* a piece of a file with its headers always fits */
};

/* Memory: a chunk in the making or waiting for its turn has CHUNK_MAX raw bytes and as much for the compressed ones, so 12 of them are 27
 * MiB. More than eight workers would wait for the two hashes that only go in order. */
enum { WORKERS_MAX = 8, CHUNKS_EXTRA = 4 };

/* What can be learned of one layer: of 16 GiB and more only the beginning is found again, and the list stays below 10 MiB. */
enum { MADE_MAX = 32768 };

/* Bytes of a file inside a chunk: the place is kept free until a worker reads them, or filled already by a stream whose digest is known. */
struct piece {
    uint32_t at, length;        /* in the chunk */
    uint32_t path;              /* its name in chunk.paths, NUL-terminated */
    int dir_fd;
    uint64_t offset;            /* in the file */
    size_t entry;               /* number in the toc */
    uint32_t entry_path, entry_mode; /* of a watched file's first piece; the path is in chunk.paths, too */
    struct stat seen;           /* as it was listed */
    bool filled;
    bool has_digest;            /* of the whole file: known beforehand, or computed here */
    struct digest digest;
};

static inline bool piece_is_whole(const struct piece *p) {
    return p->length == (uint64_t)p->seen.st_size;
}
static inline bool piece_is_last(const struct piece *p) {
    return p->offset + p->length == (uint64_t)p->seen.st_size;
}

struct chunk {
    struct layer_writer *writer;
    uint64_t number;            /* in the order of the stream, from the first that is not skipped */
    uint8_t *raw, *packed;      /* allocated at first use; packed is raw's length compressed */
    size_t raw_n, packed_n, packed_capacity;
    VEC(struct piece) pieces;
    struct buf paths;
    bool has_literals, has_key;
    struct digest literals;     /* SHA-256 over the bytes that are in no piece */
    struct digest key;
    uint32_t crc32;             /* of the packed bytes */
    struct err error;
    struct chunk *next;         /* in the list of free ones */
};

/* A chunk that is written, for the chunk index: that wants the blob's digest, which is known at the end. */
struct made {
    struct digest literals, key;
    bool has_key;               /* not yet, while the digest of the one large file that it is a part of is not known */
    struct {
        uint32_t at, length;
        uint64_t offset;
    } part;
    uint32_t length;            /* compressed; 0: not known */
    uint32_t raw_length, crc32;
    struct sha256 tar, blob;    /* behind this chunk; blob.bytes is where it ends */
};

/* What a worker keeps between chunks. */
struct worker_state {
    struct encoder *encoder;
    struct digest blob;         /* the one that blob_fd reads */
    int blob_fd;
};

struct layer_writer {
    struct store *store;
    struct layer_options options;
    char encoder_id[64];

    /* The caller's thread */
    struct chunk *open;         /* being filled, or NULL */
    bool cut_next;              /* the next entry begins a chunk */
    struct buf headers, last_path;
    size_t entries;
    uint64_t tar_bytes;
    uint64_t skipped, issued;   /* chunks */
    struct chunk *held;         /* the first of them, until there is a second one */

    /* Skipping a known beginning (resume.c) */
    bool skipping;
    struct digest chain;
    bool has_resume;
    struct prefix_record resume;
    struct digest usable_blob;
    uint64_t usable_bytes;

    /* Threads */
    struct pool *pool;          /* made when a second chunk comes: one alone is done by the caller */
    struct worker_state workers[WORKERS_MAX];
    struct chunk *chunks, *free;
    unsigned n_chunks;
    pthread_mutex_t lock;       /* free, ready, next_number, ordering, error */
    pthread_cond_t freed;
    struct chunk **ready;       /* ring: chunk `number` waits at number % n_chunks */
    uint64_t next_number;
    bool ordering;              /* somebody is in order_chunk */
    atomic_bool failed;
    atomic_ulong reused;        /* chunks whose compressed bytes were taken from an older blob */
    struct err error;           /* the first in order */

    /* In order: whoever holds `ordering` */
    struct sha256 tar, blob;
    struct file_draft draft;
    struct sha256 file;         /* of the large file that is passing */
    size_t file_first_made;
    VEC(struct made) made;

    pthread_mutex_t shared;     /* toc and index */
    struct toc_builder *toc;    /* NULL with hash_only */
    void *watched;              /* watch.h; NULL: nobody looks */
    struct chunk_index *index;
};

/* --- chunk.c --- */
void chunks_init(struct layer_writer *w, unsigned workers);
void chunks_fini(struct layer_writer *w);
/* An empty chunk; waits until one is free. */
struct chunk *chunk_take(struct layer_writer *w);
void chunk_give_back(struct layer_writer *w, struct chunk *c);
static inline const char *chunk_path(const struct chunk *c, const struct piece *p) {
    return c->paths.p + p->path;
}
/* Sets the key, if the digests of all pieces are known. */
void chunk_find_key(const struct layer_writer *w, struct chunk *c);
struct digest chunk_key(const struct layer_writer *w, const struct digest *literals, size_t raw_n, const struct piece *pieces, size_t n);
/* Names a beginning of a layer: the one before it (zeros: none), and the key of the chunk that follows. */
struct digest chunk_chain(const struct digest *before, const struct digest *key);

/* --- pack.c --- */
void pack_job(void *chunk, unsigned worker); /* for pool_run */
/* Reads `length` bytes of the piece's file from `offset` on; ESTALE if the file is not what was listed. */
MUST_CHECK bool pack_read_file(const struct piece *p, const char *path, uint64_t offset, void *to, size_t length, struct err *e);
/* Sets the error of a file that is not what was listed; false. */
bool pack_changed(const char *path, const char *how, struct err *e);

/* --- order.c --- */
/* Takes a packed chunk (or one that failed) and gives it back when its turn has come and gone. */
void order_chunk_done(struct layer_writer *w, struct chunk *c);
/* --- record.c --- */
/* Notes a chunk that is behind the hashes now; then the keys of all parts of a large file whose digest is known at last. */
void record_chunk(struct layer_writer *w, const struct chunk *c, size_t length);
void record_file_digest(struct layer_writer *w, const struct digest *d);
/* Puts all that was noted into the chunk index. */
void record_all(struct layer_writer *w, const struct digest *blob);

/* --- resume.c --- */
/* Whether the chunk is the next of a beginning that is known: then it is done. */
bool resume_skips(struct layer_writer *w, struct chunk *c);
/* Called once, when the known beginning ends: its states go into the hashes, its bytes into a fresh draft. */
MUST_CHECK bool resume_begin(struct layer_writer *w, struct err *e);
/* Whether the whole layer is a blob that is there, and nothing is left to write. */
bool resume_is_all(const struct layer_writer *w);

#endif
