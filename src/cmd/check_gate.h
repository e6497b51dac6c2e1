/* SPDX-License-Identifier: Apache-2.0
 * --require-checks of build, pull and push: an image passes only if croze check has nothing bad to say of it. Findings go to standard
 * error, and one that is as bad as the flag says is ERR_FINDINGS. Exceptions (.croze-check.yaml) count. */
#ifndef CROZE_CMD_CHECK_GATE_H
#define CROZE_CMD_CHECK_GATE_H

#include "cmd/opt.h"
#include "image/image.h"

extern const struct opt check_gate_rows[]; /* as OPT_TABLE(check_gate_rows, "Checks") */

bool check_gate_asked(void);
/* Whether what the flag and the files of settings say can be read: known before anything is done. */
MUST_CHECK bool check_gate_fits(struct err *e);
/* The gate that the flag asks for, or NULL. `verb` says what does not become of an image that does not pass ("pulled"). Files of layers
 * that come into the store from then on are looked at as they come. */
const struct image_gate *check_gate(struct store *s, const char *verb);
/* An image of the store through it; true at once where there is no gate. `text`: as image_find() takes it. */
MUST_CHECK bool check_gate_image(struct store *s, struct str text, const struct image_gate *gate, struct err *e);
MUST_CHECK bool check_gate_named(struct store *s, const struct image_name *name, const struct image_gate *gate, struct err *e);

#endif
