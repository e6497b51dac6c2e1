/* SPDX-License-Identifier: Apache-2.0
 * Words of one logical line before any expansion; all point into the line. Private to dockerfile/. */
#ifndef CROZE_DOCKERFILE_WORDS_H
#define CROZE_DOCKERFILE_WORDS_H

#include "base/arena.h"
#include "dockerfile/ast.h"

/* The next word of ENV, LABEL or ARG off *rest; blanks in quotes or behind the escape character do not end it, and both stay in it. */
bool word_next(struct str *rest, char escape, struct str *word);

/* The next "--flag" off *rest; false where the arguments begin. *raw is where it stands; *word is it without quotes and escapes. "--" ends
 * the flags and is taken off. */
bool flag_next(struct arena *a, struct str *rest, char escape, struct str *raw, struct str *word);

#endif
