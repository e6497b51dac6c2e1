/* SPDX-License-Identifier: Apache-2.0
 *
 * Operands of COPY and ADD that are not paths: which ones are URLs or repositories, and what --checksum and --keep-git-dir may ask of
 * them. */
#ifndef CROZE_PLAN_OPERAND_H
#define CROZE_PLAN_OPERAND_H

#include "plan/plan.h"
#include "plan/site.h"

/* OPERAND_PATH, OPERAND_URL or OPERAND_GIT. */
enum operand_kind operand_kind_of(struct str text);
/* COPY takes paths only. */
MUST_CHECK bool operand_check(const struct site *at, struct df_pos pos, struct str text, struct err *e);
/* --checksum: for exactly one source, which is a URL ("sha256:<hex>") or a repository (a commit, or how it begins). */
MUST_CHECK bool checksum_check(const struct site *at, struct df_pos pos, const struct step_copy *c, struct err *e);
/* A repository's own "?keep-git-dir=" may not say otherwise than the flag. */
MUST_CHECK bool keep_git_dir_check(const struct site *at, struct df_pos pos, const struct step_copy *c, struct err *e);

#endif
