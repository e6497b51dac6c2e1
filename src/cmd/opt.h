/* SPDX-License-Identifier: Apache-2.0
 *
 * Options declared as data. One row says name, kind, where the value goes and what help prints; parsing (over getopt_long), --help,
 * completion data and the manual are made from it. Rows write to static variables of the command's file, which are set once before run().
 */
#ifndef CROZE_CMD_OPT_H
#define CROZE_CMD_OPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"

enum opt_kind {
    OPT_KIND_END, OPT_KIND_FLAG, OPT_KIND_STR, OPT_KIND_LIST, OPT_KIND_INT, OPT_KIND_ENUM, OPT_KIND_OPTIONAL, OPT_KIND_TABLE,
    OPT_KIND_UNSUPPORTED,
};

struct opt_list { /* a repeatable option's values, in order */
    const char **p;
    size_t n;
};

struct opt {
    enum opt_kind kind;
    char short_name;             /* 0: none */
    const char *name;
    const char *arg;             /* what help calls the value; NULL for flags */
    const char *help;
    void *to;                    /* bool *, const char **, struct opt_list *, int64_t *; ENUM: const char ** */
    const char *const *choices;  /* ENUM: NULL-terminated */
    int64_t min, max;            /* INT */
    const char *env;             /* fallback environment variable, or NULL */
    const struct opt *table;     /* TABLE; tables do not nest further */
};

#define OPT_FLAG(s, n, var, h) {.kind = OPT_KIND_FLAG, .short_name = s, .name = n, .help = h, .to = var}
#define OPT_STR(s, n, a, var, h) {.kind = OPT_KIND_STR, .short_name = s, .name = n, .arg = a, .help = h, .to = var}
/* A text that may be left out: "--lock" gives "", "--lock=FILE" the text. */
#define OPT_OPTIONAL(n, a, var, h) {.kind = OPT_KIND_OPTIONAL, .name = n, .arg = a, .help = h, .to = var}
#define OPT_LIST(s, n, a, var, h) {.kind = OPT_KIND_LIST, .short_name = s, .name = n, .arg = a, .help = h, .to = var}
#define OPT_INT(s, n, a, lo, hi, var, h)                                                                                                   \
    { .kind = OPT_KIND_INT, .short_name = s, .name = n, .arg = a, .help = h, .to = var, .min = lo, .max = hi }
#define OPT_ENUM(s, n, list, var, h)                                                                                                       \
    { .kind = OPT_KIND_ENUM, .short_name = s, .name = n, .arg = "WORD", .help = h, .to = var, .choices = list }
/* A flag that docker's or podman's users may type and croze does not carry out: refused by name with `why`. Not shown in help. Of a SWITCH,
 * and of one without a value, "--name=false" asks for what croze does anyway. */
#define OPT_UNSUPPORTED(s, n, a, why) {.kind = OPT_KIND_UNSUPPORTED, .short_name = s, .name = n, .arg = a, .help = why}
#define OPT_UNSUPPORTED_SWITCH(n, a, why) {.kind = OPT_KIND_UNSUPPORTED, .name = n, .arg = a, .help = why, .choices = opt_off_words}
/* Another table's rows stand here, under a heading (help, the manual): a verb with many options has one table a subject. */
#define OPT_TABLE(rows, heading) {.kind = OPT_KIND_TABLE, .help = heading, .table = rows}
#define OPT_END {.kind = OPT_KIND_END}

extern const char *const opt_off_words[]; /* NULL-terminated */

struct cmd;

/* Goes through the rows of a table and of those that it names: `for (struct opt_walk w = {rows}; (o = opt_next(&w));)`. A TABLE row comes
 * before its rows; END rows do not come. */
struct opt_walk {
    const struct opt *next, *back;
};
const struct opt *opt_next(struct opt_walk *w);

/* Reads options of argv[1..argc); operands may stand between them unless `stop_at_operand` (run, exec: what follows the image is the
 * container's). *args: the operands, in argv's own memory. *help set: --help was asked for. */
MUST_CHECK bool opt_parse(const struct opt *table, int argc, char **argv, bool stop_at_operand, char ***args, size_t *n, bool *help,
                          struct err *e);
void opt_help(const struct cmd *c, const struct opt *global_rows); /* to stdout */
void opt_help_rows(const struct opt *rows);     /* the options alone */
void opt_manual(const struct cmd *c);           /* SYNOPSIS and OPTIONS sections in scdoc, to stdout (hidden verb `manual`) */
/* A script for bash, zsh or fish, to stdout. */
void opt_completion(const struct cmd *const *all, const struct opt *global_rows, const char *shell);

#endif
