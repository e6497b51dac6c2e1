/* SPDX-License-Identifier: Apache-2.0
 *
 * What a check found: the rule that speaks, where, and the message. The rule itself (rule.h) has the severity, the ids of the same rule
 * elsewhere, the reason and the remedy. Texts lie in the arena given to the check. */
#ifndef CROZE_CHECK_FINDING_H
#define CROZE_CHECK_FINDING_H

#include "base/vec.h"
#include "dockerfile/ast.h"

enum severity { SEVERITY_STYLE, SEVERITY_INFO, SEVERITY_WARNING, SEVERITY_ERROR };
enum { SEVERITIES = SEVERITY_ERROR + 1 };
const char *severity_name(enum severity s); /* "warning" */

/* What to write in place of a piece of the file: bytes of [pos, end), both ends in the text as it is. */
struct edit {
    struct df_pos pos, end;
    struct str text;
};

struct rule;
struct finding {
    const struct rule *rule;
    enum severity severity;       /* the rule's, unless the user has said another */
    struct str file;
    struct df_pos pos;            /* what the message is about */
    struct df_pos end;            /* behind the last byte of the last line */
    unsigned line;                /* of the instruction: what BuildKit calls the finding's line; end.line is its last */
    struct str message;           /* in BuildKit's words where the rule is BuildKit's */
    const char *also;             /* of the ids that the rule has elsewhere those that mean this finding; NULL: all of them */
    const char *url;              /* about this very finding, or NULL: the rule's */
    const struct edit *edits;     /* that mend it and change nothing else; by position, none overlapping another */
    size_t n_edits;

    /* What it left in the image, where that is known. */
    struct str layer;             /* the diffID, or "" */
    struct str path;              /* absolute, or "" */
    uint64_t bytes;               /* that this costs */
    unsigned twin;                /* of several in one file that say the same, the how manieth, from 0 (output.c) */
    struct str step;              /* the line of history that made the layer, or "" */
};

/* Those that are kept: LIMIT_FINDINGS. Of more, the worse take the places of the less bad: no crowd hides an error. */
struct finding_list {
    struct finding *p;
    size_t n, capacity;           /* vec.h */
    size_t passed[SEVERITIES];    /* for one that is so bad: before this one there is none that is less bad */
    size_t n_dropped;
};
/* Whether one that is so bad would be kept; if not, it counts as dropped. */
bool finding_has_room(struct finding_list *l, enum severity s);
void finding_keep(struct finding_list *l, const struct finding *f);

#endif
