/* SPDX-License-Identifier: Apache-2.0
 *
 * Inside check_origin() (origin.h): the files of an image with what is known of each, and the steps that settle it:
 *
 *   origin_files.c  view -> files, and which of them are databases
 *   origin_step.c   history -> what each layer's step says of checks; digests that it names
 *   origin_read.c   layers -> bytes of databases, checksums of files
 *   origin_list.c   databases (origin_lists.h) -> what packages want each file's checksum to be
 *   origin.c        verdicts, sums, findings
 *
 * Private to check/. */
#ifndef CROZE_CHECK_ORIGIN_WORK_H
#define CROZE_CHECK_ORIGIN_WORK_H

#include "base/vec.h"
#include "check/origin.h"
#include "check/origin_lists.h"
#include "layer/view.h"

/* What a package's list says of a file. Several may speak of one. */
struct origin_wanted {
    struct origin_wanted *next;
    struct str package;
    enum checksum kind;
    bool is_config, is_signed;
    uint8_t sum[CHECKSUM_MAX_BYTES];
};

struct origin_sums {
    bool has[CHECKSUMS];
    uint8_t of[CHECKSUMS][CHECKSUM_MAX_BYTES];
};

struct origin_file {
    struct str path;              /* the first of its names; in the toc */
    size_t layer;                 /* that holds the bytes */
    uint64_t bytes;
    bool is_executable;           /* for anyone */
    struct digest digest;         /* SHA-256, from the toc */
    struct origin_wanted *wanted;
    struct origin_sums *sums;     /* that were computed; NULL: none were */
    struct origin_database *database; /* it is one, and is to be read; or NULL */
};

struct origin_database {
    enum package_list kind;
    struct origin_file *file;
    struct buf bytes;
    bool is_read;
};

/* What history says of the step that made a layer. */
struct origin_step {
    struct str text;              /* for people; "" if that is not known */
    bool unchecked;               /* packages that it installs are taken without their signatures */
    bool verifies;                /* it downloads, and checks what comes */
};

struct origin_work {
    struct arena *arena;          /* of the result */
    struct arena own;             /* until the end */
    struct store *store;
    const struct image *image;
    const struct origin_options *options;
    struct view view;
    VEC(struct origin_file *) files;
    struct origin_file ***inodes; /* of each layer: by the entry's number in its toc, or NULL */
    struct map by_path;           /* every visible name -> its file */
    VEC(struct origin_database) databases;
    uint64_t database_bytes;      /* that were kept */
    struct origin_step *steps;    /* of each layer */
    struct origin_digests named;  /* by history */
    struct str_list notes;
};

void origin_note(struct origin_work *w, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* The file whose bytes a layer's entry `number` holds; NULL: none that a container sees. */
struct origin_file *origin_file_of(const struct origin_work *w, size_t layer, size_t number);
MUST_CHECK bool origin_find_files(struct origin_work *w, struct err *e);
void origin_forget_files(struct origin_work *w);
void origin_look_at_steps(struct origin_work *w);
/* The databases, and on that way checksums of what lies in the same layers; then those that are still wanted. */
MUST_CHECK bool origin_read_databases(struct origin_work *w, struct err *e);
MUST_CHECK bool origin_read_wanted(struct origin_work *w, struct err *e);
void origin_take_lists(struct origin_work *w);
/* Whether a digest of another kind than SHA-256 must be computed to know what the file is. */
bool origin_is_base(const struct origin_work *w, const struct origin_file *f);
/* Whether a digest alone proves it. */
bool origin_is_named(const struct origin_work *w, const struct origin_file *f);
bool origin_is_committed(const struct origin_work *w, const struct origin_file *f);
/* Whether package tools write such a file without a list's having it. */
bool origin_is_generated(const struct origin_work *w, const struct origin_file *f);

#endif
