/* SPDX-License-Identifier: Apache-2.0
 *
 * Which rules speak: "skip=A,B;error=true;experimental=all", as it stands in the "# check=" directive, in BUILDKIT_DOCKERFILE_CHECK and in
 * comments above an instruction. Rules go by the names they have elsewhere too. Names that no rule has mean nothing. Private to check/. */
#ifndef CROZE_CHECK_CONFIG_H
#define CROZE_CHECK_CONFIG_H

#include "base/err.h"
#include "check/rule.h"

struct check_config {
    bool error;                   /* findings fail the build */
    struct rule_set skip, experimental;
};

/* Adds what `text` says to *config. */
MUST_CHECK bool check_config_parse(struct str text, struct check_config *config, struct err *e);
/* What the first "check=" comment above an instruction says; one that cannot be read says nothing. `comments`: df_instruction's. */
struct check_config check_config_comments(struct str comments);
bool check_config_allows(const struct check_config *config, const struct rule *r);

/* The next comment of an instruction, without "#" and blanks around it; false at the end. */
bool comment_next(struct str *comments, struct str *comment);
/* "check" of "check=skip=all // why", and what it says; false: the comment is none. */
bool comment_check(struct str comment, struct str *value);

#endif
