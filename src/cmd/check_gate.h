/* SPDX-License-Identifier: Apache-2.0
 * --require-checks of build, pull and push: an image passes only if croze check has nothing bad to say of it. Findings are notes of the
 * command's progress, and one that is as bad as the flag says is ERR_FINDINGS. Exceptions (.croze-check.yaml) count; one that has expired
 * is a finding. */
#ifndef CROZE_CMD_CHECK_GATE_H
#define CROZE_CMD_CHECK_GATE_H

#include "check/check.h"
#include "cmd/opt.h"
#include "image/image.h"
#include "report/progress.h"

extern const struct opt check_gate_rows[]; /* as OPT_TABLE(check_gate_rows, "Checks") */

bool check_gate_asked(void);

/* Owned by the command, until the last image has passed. */
struct check_gate {
    struct image_gate gate;
    struct arena arena; /* of the policy */
    struct check_policy policy;
    struct progress *progress;
    const char *verb;
};
/* The gate that the flag asks for, or NULL in *out. What is wrong with the flag or with files of exceptions is said now, and not after
 * hours of work. `verb` says what does not become of an image that does not pass ("pulled"); `p` outlives the gate. Files of layers that
 * come into the store from then on are looked at as they come. */
MUST_CHECK bool check_gate_open(struct check_gate *g, struct store *s, const char *verb, struct progress *p, const struct image_gate **out,
                                struct err *e);
void check_gate_close(struct check_gate *g);

#endif
