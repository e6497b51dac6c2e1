/* SPDX-License-Identifier: Apache-2.0
 *
 * A Dockerfile as it is written, for rules that need neither its expansion nor a whole file: its instructions in a row, the triggers of
 * ONBUILD taken out of it, with the commands that RUN starts; and its stages as the text names them. A piece of a file has one stage
 * without a FROM. Private to check/. */
#ifndef CROZE_CHECK_LINT_H
#define CROZE_CHECK_LINT_H

#include "check/shell.h"
#include "dockerfile/dockerfile.h"

enum shell_kind {
    SHELL_POSIX,   /* /bin/sh, dash */
    SHELL_BASH,    /* knows pipefail and what bash has beyond POSIX: bash, zsh, ksh */
    SHELL_ASH,     /* knows pipefail */
    SHELL_FOREIGN, /* PowerShell, cmd, or one that nobody knows: their commands are not looked at */
};

struct lint_step {
    const struct df_instruction *at; /* the file's own */
    const struct df_instruction *i; /* what ONBUILD says, else the same */
    size_t stage;
    ptrdiff_t from;               /* COPY --from: the stage before its own that is meant, or NO_STAGE */
    enum shell_kind shell;        /* that is in force; of a RUN that is a here-document, the one that reads this */
    struct str shell_name;        /* its program's, without a path; "": the default */
    bool pipefail;                /* that shell is started with it */
    bool errexit;                 /* likewise with -e */
    bool plain_shell;             /* it is the default, or started with -c alone, and no BASH_ENV is set */
    bool other_user;              /* a USER that is not root is in force */
    bool workdir;                 /* a WORKDIR stands above, in this stage or one below it */
    struct shell script;          /* RUN: its commands, those of its here-documents behind them; else none */
};

enum { NO_STAGE = -1 };
struct lint_stage {
    const struct df_instruction *from; /* NULL: a piece of a file, or what stands before the first FROM */
    struct str name;              /* of AS, as written; or "" */
    struct str image;             /* of FROM, as written */
    ptrdiff_t base;               /* the stage it stands on, or NO_STAGE */
    size_t depth;                 /* how many it stands on */
    size_t first, end;            /* its steps, [first, end), FROM included */
    bool used;                    /* another stage stands on it or copies from it */
    bool ships;                   /* the last stage, or one that it stands on */
    size_t last_run;              /* its last RUN, in `steps`; 0: it has none */
    bool run_above;               /* a stage that stands on it, or on one that does, has a RUN */
};

struct lint {
    const struct dockerfile *file;
    struct lint_step *steps;
    size_t n;
    struct lint_stage *stages;
    size_t n_stages;
};

void lint_make(struct arena *a, const struct dockerfile *file, uint64_t *work, struct lint *out);
/* The stage of an instruction of the file. */
size_t lint_stage_of(const struct lint *l, const struct df_instruction *at);
/* Whether a RUN comes behind the step: in its stage, or in one that stands on it. */
bool lint_run_follows(const struct lint *l, const struct lint_step *s);
/* Whether one of two stages stands on the other, if over others. It costs their depth. */
bool lint_related(const struct lint *l, size_t a, size_t b);
/* The value of a flag, or "": COPY --from. */
struct str lint_flag(const struct df_instruction *i, const char *name);
/* A part of one of RUN's --mount flags: "type", "target". False: it has none, or there are no more mounts (*at counts them). */
struct str lint_mount(const struct df_instruction *i, size_t flag, const char *key);
/* Whether a directory is none of the image's layers during a RUN: a cache, tmpfs or the like lies on it or above it. */
bool lint_is_mounted(const struct df_instruction *run, const char *directory);
/* "quoted" or 'quoted' without its quotes. */
struct str lint_unquoted(struct str s);

#endif
