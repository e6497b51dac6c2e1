/* SPDX-License-Identifier: Apache-2.0
 *
 * Whether a finding counts by what a user wants of the rules (check.h's check_policy), and how bad it is then. Private to check/. */
#ifndef CROZE_CHECK_JUDGE_H
#define CROZE_CHECK_JUDGE_H

#include "check/check.h"

/* Whether the finding's rule, or one of the finding's ids elsewhere, is on the list. */
bool finding_is_listed(const struct finding *f, const struct str_list *names);
/* Whether the tool whose word counts has one of these ids. */
bool compat_has(enum check_compat compat, const char *ids);
/* What the policy says of a finding: false, or its severity is set. What stands in the file (comments, directives) is not looked at. */
bool judge(const struct check_policy *p, struct finding *f);

#endif
