/* SPDX-License-Identifier: Apache-2.0
 *
 * What a user wants of the rules, in words: hadolint's file (.hadolint.yaml) and its options on the command line. */
#ifndef CROZE_CHECK_POLICY_H
#define CROZE_CHECK_POLICY_H

#include "check/check.h"

/* Adds what a file in hadolint's language says. `name` is for errors (ERR_USAGE), which name what is not understood. */
MUST_CHECK bool policy_read(struct arena *a, struct str yaml, const char *name, struct check_policy *p, struct err *e);
/* "DL3008", "AptGetPin", "DL3008,DL3009", in whatever case: adds them to a list; a name that no rule has is an error. */
MUST_CHECK bool policy_add_rules(struct arena *a, struct str names, struct str_list *list, struct err *e);
/* "KEY:KIND" of a label that images must have; kinds are text, url, rfc3339, spdx, hash, semver, email. */
MUST_CHECK bool policy_add_label(struct arena *a, struct str label, struct check_policy *p, struct err *e);
/* "error", "warning", "info", "style"; "ignore" is as "style"; "none": nothing fails. */
MUST_CHECK bool policy_set_threshold(struct str word, struct check_policy *p, struct err *e);
/* A name as it is called now: trivy's AVD-DS-0002, and DS002 before that, is DS-0002. */
struct str policy_rule_name(struct arena *a, struct str name);
/* Whether a name is that of a rule, here or elsewhere: "DL3008", and any of hadolint's and ShellCheck's form, of whatever release. */
bool policy_knows_rule(struct str name);

#endif
