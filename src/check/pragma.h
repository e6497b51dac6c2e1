/* SPDX-License-Identifier: Apache-2.0
 *
 * hadolint's comments: "# hadolint ignore=DL3008,DL3009" above an instruction, "# hadolint stage ignore=..." above a FROM, "# hadolint
 * global ignore=..." anywhere, "# hadolint shell=..." below a FROM; and trivy's "# trivy:ignore:DS-0002" above an instruction. Private to
 * check/. */
#ifndef CROZE_CHECK_PRAGMA_H
#define CROZE_CHECK_PRAGMA_H

#include "plan/config.h"

struct check;

enum pragma_scope { PRAGMA_HERE, PRAGMA_STAGE, PRAGMA_GLOBAL };

/* Of a comment without "#" and blanks around it: the names behind "ignore="; false: it is none of that scope. */
bool pragma_read(struct str comment, enum pragma_scope scope, struct str *names);
/* Likewise "# hadolint shell=bash": which shell is in force from there on. */
bool pragma_shell(struct str comment, struct str *name);
/* The names in an instruction's comments. Each costs something of what the file may: behind that, comments silence nothing. */
struct str_list pragma_ignored(struct check *c, struct str comments, enum pragma_scope scope);

#endif
