/* SPDX-License-Identifier: Apache-2.0
 *
 * Which rules speak: "skip=A,B;error=true;experimental=all", as it stands in the "# check=" directive, in BUILDKIT_DOCKERFILE_CHECK and in
 * comments above an instruction. Names of rules that do not exist mean nothing. Private to check/. */
#ifndef CROZE_CHECK_CONFIG_H
#define CROZE_CHECK_CONFIG_H

#include "base/err.h"
#include "check/rule.h"
#include "plan/config.h"

struct check_config {
    bool skip_all, experimental_all;
    bool error;                   /* findings fail the build */
    struct str_list skip, experimental;
};

/* Adds what `text` says to *config. */
MUST_CHECK bool check_config_parse(struct arena *a, struct str text, struct check_config *config, struct err *e);
/* Adds what the first "check=" comment above an instruction says; one that cannot be read says nothing. `comments`: df_instruction's. */
void check_config_comments(struct arena *a, struct str comments, struct check_config *config);
bool check_config_allows(const struct check_config *config, const struct rule *r);

/* The next comment of an instruction, without "#" and blanks around it; false at the end. */
bool comment_next(struct str *comments, struct str *comment);
/* "check" of "check=skip=all // why", and what it says; false: the comment is none. */
bool comment_check(struct str comment, struct str *value);

#endif
