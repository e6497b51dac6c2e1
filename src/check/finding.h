/* SPDX-License-Identifier: Apache-2.0
 *
 * What a check found: the rule that speaks, where, and the message. The rule itself (rule.h) has the severity, the ids of the same rule
 * elsewhere, the reason and the remedy. Texts lie in the arena given to the check. */
#ifndef CROZE_CHECK_FINDING_H
#define CROZE_CHECK_FINDING_H

#include "dockerfile/ast.h"

enum severity { SEVERITY_STYLE, SEVERITY_INFO, SEVERITY_WARNING, SEVERITY_ERROR };
const char *severity_name(enum severity s); /* "warning" */

struct rule;
struct finding {
    const struct rule *rule;
    struct str file;
    struct df_pos pos;            /* what the message is about */
    struct df_pos end;            /* behind the last byte of the last line */
    unsigned line;                /* of the instruction: what BuildKit calls the finding's line; end.line is its last */
    struct str message;           /* in BuildKit's words where the rule is BuildKit's */
};

#endif
