/* SPDX-License-Identifier: Apache-2.0
 *
 * A verb of croze: one file in src/cmd/, one `const struct cmd cmd_x` at its head, in the same order everywhere: options as data, the
 * entry, run, helpers. Parsing, --help, shell completion and the manual's synopsis and options come from the same rows (opt.h). */
#ifndef CROZE_CMD_CMD_H
#define CROZE_CMD_CMD_H

#include "base/err.h"
#include "cmd/opt.h"
#include "store/store.h"

/* What main() sets up before run is called. */
enum cmd_flags {
    CMD_STORE = 1,       /* opens the store */
    CMD_READS = 16,      /* with CMD_STORE: only reads it, so one that may not be written will do */
    CMD_NAMESPACE = 2,   /* needs tier T0 or T1: enters it first (implies the store's flavour) */
    CMD_HIDDEN = 4,      /* not in help or completion */
    CMD_TRAILING_ARGS = 8, /* the first operand ends the options */
};

struct context {
    struct store store;          /* open if CMD_STORE */
    const char *root;            /* --root, or NULL */
    int argc;
    char **argv;                 /* the whole command line, for sandbox_enter */
};

struct cmd {
    const char *name;
    const char *alias;           /* or NULL */
    const char *summary;         /* one line, no full stop */
    const char *usage;           /* operands: "[OPTIONS] CONTEXT" */
    const char *description;     /* a paragraph or two for --help and the manual */
    unsigned flags;
    int failure;                 /* exit code of every failure of croze itself; 0: the one of its kind (err.h) */
    const struct opt *options;   /* ends with OPT_END */
    /* Operands are args[0..n). Returns the exit code with e clear, or -1 with e set. */
    int (*run)(struct context *c, char **args, size_t n, struct err *e);
};

/* Says that there is no such verb, and what to do instead where it is one of docker's or podman's. */
bool help_unknown(const char *verb, struct err *e);

extern const struct cmd *const commands[]; /* main.c; NULL at the end */
extern const struct opt global_options[];  /* main.c */

#endif
