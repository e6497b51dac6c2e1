/* SPDX-License-Identifier: Apache-2.0
 *
 * How rules over a Dockerfile's text say what mends their next finding. An edit that has no place in the file makes the finding one that is
 * not mended. Private to check/. */
#ifndef CROZE_CHECK_TEXT_EDITS_H
#define CROZE_CHECK_TEXT_EDITS_H

#include "check/lint.h"

struct check;
struct finding;

/* For the next finding: write `text` in place of a part, behind it, or before it. */
void fix_replace(struct check *c, const struct lint_step *s, struct str part, struct str text);
void fix_behind(struct check *c, const struct lint_step *s, struct str part, struct str text);
void fix_before(struct check *c, const struct lint_step *s, struct str part, struct str text);
/* The same of bytes [pos, end) of the file; removes a step's lines. */
void fix_text(struct check *c, struct df_pos pos, struct df_pos end, struct str text);
void fix_remove(struct check *c, const struct lint_step *s);
/* Takes a flag away, with the blanks behind it. */
void fix_without_flag(struct check *c, const struct lint_step *s, const struct df_flag *flag);
/* Writes more commands at the end of a RUN, where they run only if all of it went well. */
void fix_append(struct check *c, const struct lint_step *run, struct str text);
/* Makes one RUN of two, one behind the other, where nothing else changes by that. */
void fix_join(struct check *c, const struct lint_step *before, const struct lint_step *s);
/* Writes a shell's text as a JSON array, if no shell is needed for it (text_stage.c). `s` may be NULL: nothing is mended. */
void fix_exec_form(struct check *c, const struct lint_step *s, const struct df_instruction *i);
/* Hands the edits over to the finding. */
void edits_take(struct check *c, struct finding *f);

#endif
