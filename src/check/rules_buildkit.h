/* SPDX-License-Identifier: Apache-2.0
 *
 * Functions of BuildKit's rows, which look at a file in many ways. Private to check/. */
#ifndef CROZE_CHECK_RULES_BUILDKIT_H
#define CROZE_CHECK_RULES_BUILDKIT_H

#include "check/rule.h"

/* text_rules_file.c */
void rule_stage_name_casing(struct check *c, const struct rule *r, const struct df_instruction *i);
void rule_from_as_casing(struct check *c, const struct rule *r, const struct df_instruction *i);
void rule_maintainer_deprecated(struct check *c, const struct rule *r, const struct df_instruction *i);
void rule_definition_description(struct check *c, const struct rule *r, const struct df_instruction *i);
void rule_instruction_casing(struct check *c, const struct rule *r, const struct df_instruction *i);
void rule_duplicate_stage_name(struct check *c, const struct rule *r, const struct df_instruction *i);
void rule_reserved_stage_name(struct check *c, const struct rule *r, const struct df_instruction *i);

/* text_rules_from.c */
void rule_undefined_arg_in_from(struct check *c, const struct rule *r, const struct df_instruction *i);
void rule_invalid_default_arg_in_from(struct check *c, const struct rule *r, const struct df_instruction *i);
void rule_redundant_target_platform(struct check *c, const struct rule *r, const struct df_instruction *i);
void rule_from_platform_const(struct check *c, const struct rule *r, const struct df_instruction *i);

/* text_rules_step.c */
void rule_json_args(struct check *c, const struct rule *r, const struct df_instruction *i);
void rule_workdir_relative(struct check *c, const struct rule *r, const struct df_instruction *i);
void rule_multiple_instructions(struct check *c, const struct rule *r, const struct df_instruction *i);
void rule_legacy_pairs(struct check *c, const struct rule *r, const struct df_instruction *i);
void rule_secrets_in_variables(struct check *c, const struct rule *r, const struct df_instruction *i);
/* Over the text, where hadolint's or Trivy's word counts: text_from.c, text_stage.c, text_env.c */
void lint_platform_const(struct check *c, const struct rule *r, const struct df_instruction *none);
void lint_redundant_platform(struct check *c, const struct rule *r, const struct df_instruction *none);
void lint_multiple_instructions(struct check *c, const struct rule *r, const struct df_instruction *none);
void lint_json_args(struct check *c, const struct rule *r, const struct df_instruction *none);
void lint_workdir_relative(struct check *c, const struct rule *r, const struct df_instruction *none);
void lint_secrets(struct check *c, const struct rule *r, const struct df_instruction *none);
void rule_copy_ignored_file(struct check *c, const struct rule *r, const struct df_instruction *i);

#endif
