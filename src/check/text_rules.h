/* SPDX-License-Identifier: Apache-2.0
 *
 * What the functions of the rules over a Dockerfile's text get, and how they report. Private to check/. */
#ifndef CROZE_CHECK_TEXT_RULES_H
#define CROZE_CHECK_TEXT_RULES_H

#include "base/vec.h"
#include "check/check.h"
#include "check/config.h"
#include "check/expanded.h"
#include "check/lint.h"
#include "check/pragma.h"
#include "check/source.h"
#include "check/walk.h"
#include "check/words.h"

/* What rules remember of a stage while its steps pass. */
enum once { ONCE_CMD, ONCE_ENTRYPOINT, ONCE_HEALTHCHECK, ONCE_OPS };
struct stage_notes {
    const struct df_instruction *last[ONCE_OPS];
    bool triggered[ONCE_OPS];        /* it came with a trigger of ONBUILD, for which its FROM stands */
    bool workdir_set;
};

/* What the comments of an instruction were found to say. */
struct asked {
    const struct df_instruction *of;
    struct check_config says;
    struct str_list ignored;         /* "# hadolint ignore=" */
};

struct check {
    struct arena *arena;             /* of the result */
    struct arena scratch;            /* of the rule that looks: emptied behind each instruction */
    uint64_t work;                   /* left of LIMIT_FILE_WORK for words that rules expand; then they are silent */
    const struct check_options *options;
    const struct dockerfile *file;
    const struct plan *plan;         /* READS_FROM: perhaps incomplete; READS_FILE: likewise, or NULL */
    const struct plan *bare;         /* the same without build arguments, likewise */
    struct source source;
    struct check_config config;      /* of the file */
    struct str_list global, *stage_ignored; /* "# hadolint global ignore="; of each stage of the text */
    bool piece;                      /* of a file: it has no FROM */
    struct asked place, own;         /* of the instructions that the last finding was about */
    const struct walk_step *now;     /* READS_STEP */
    struct stage_notes *notes;       /* of each stage */
    struct lint lint;                /* READS_FILE, READS_TEXT, READS_COMMAND; not for BuildKit's rules alone */
    const struct lint_step *step;    /* READS_TEXT, READS_COMMAND */
    const struct shell_command *command; /* READS_COMMAND */
    const bool *lists_relied;        /* shell_apt.c's, once it was needed */
    VEC(struct edit) edits;          /* for the next finding */
    const char *ids;                 /* of the next finding: its rule's ids elsewhere that are meant, if not all */
    const char *url;                 /* of the next note, if not its rule's */
    bool unmendable;                 /* one of them has no place */
    struct finding_list findings;
};

/* A finding about the instruction `where` of the file, at `pos` in it. It is dropped if the file, or a comment above `where` or `i`, says
 * so. */
void check_report(struct check *c, const struct rule *r, const struct df_instruction *where, const struct df_instruction *i,
                  struct df_pos pos, const char *fmt, ...) __attribute__((format(printf, 6, 7)));
/* For rules that look at a step: the instruction in the file that stands for it. */
const struct df_instruction *check_place(const struct check *c);
/* As Go's %q, on the scratch; a long text is cut. */
const char *check_quoted(struct check *c, struct str s);

/* Where a part of a step's text stands in the file; false: it was made from the text. */
bool check_where(const struct check *c, const struct lint_step *s, struct str part, struct df_pos *pos, struct df_pos *end);
/* A finding about a part of a step (of the file's text as it is read; "" or what has no place of its own: about all of it). `also`: those
 * of the rule's other ids that are meant; NULL: all. The edits made since the last finding (text_edits.h) are what mends it. */
void check_note(struct check *c, const struct rule *r, const struct lint_step *s, struct str part, const char *also, const char *fmt, ...)
    __attribute__((format(printf, 6, 7)));
/* The same about the command that is looked at, or a word of it, where it stands. */
#define check_command(c, r, word, ...) check_note((c), (r), (c)->step, (word), NULL, __VA_ARGS__)
/* The step of an instruction of the file; NULL: it is none of the file's, or the text is not read as such (BuildKit's word). */
const struct lint_step *check_step(const struct check *c, const struct df_instruction *at);
bool check_compat_is(const struct check *c, enum check_compat compat);
/* Takes what a rule's search through so many commands or steps costs off c->work; false: nothing is left, and the search ends. */
bool check_charge(struct check *c, uint64_t looks);
/* Whether the rule is one that the tool has whose word counts. */
bool check_speaks(const struct check *c, const struct rule *r);
/* As check_report, with the message in the arena. */
void check_add(struct check *c, const struct rule *r, const struct df_instruction *where, const struct df_instruction *i, struct df_pos pos,
               struct str message);
/* shell_vars.c: what every build may set; whether what a step of `stage` above sets is there in a RUN. */
extern const char shell_proxies[];
bool shell_var_reaches(const struct lint_step *run, const struct lint_step *above, size_t stage);
/* Asks ShellCheck about what RUN starts, if the options want that (shellcheck.c). */
void shellcheck_look(struct check *c);
/* Lets the rules of a kind look (check.c). */
void check_run_rules(struct check *c, enum rule_reads reads, const struct df_instruction *i);
/* Plans the file and walks its stages; false: r->error says why it cannot be built (check_walk.c). */
MUST_CHECK bool check_walk(struct check *c, struct check_result *r);
/* Of a file that has lines that are no instructions the others are looked at; its error is told already, and their own may come of it. */
void check_walk_what_is_left(struct check *c);
/* Finds the pragmas that are for the whole file or a stage of it (pragma.c). */
void pragmas_find(struct check *c);

#endif
