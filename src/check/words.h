/* SPDX-License-Identifier: Apache-2.0
 *
 * Questions that rules ask of words and commands. Lists of words are texts with blanks between: "dnf microdnf". Private to check/. */
#ifndef CROZE_CHECK_WORDS_H
#define CROZE_CHECK_WORDS_H

#include "check/shell.h"

bool word_in(const char *list, struct str word);
bool word_in_nocase(const char *list, struct str word);
/* Whether it ends with one of them. */
bool word_ends_in(const char *suffixes, struct str word);
bool word_ends_in_nocase(const char *suffixes, struct str word);
bool word_starts_in(const char *prefixes, struct str word);
bool word_has(struct str word, const char *part);
/* "root", "0", "0:0", "root:x": whoever is root, of whatever group. */
bool word_is_root(struct str user);
/* scheme://something, of the characters that a URL may have. */
bool word_is_url(struct str word);
/* What programs download by: of http, https or ftp. */
bool word_is_download(struct str word);

/* Whether a command is one of these programs, by whatever path it is called. */
bool command_is(const struct shell_command *c, const char *programs);
/* Whether it has one of these arguments. */
bool command_has(const struct shell_command *c, const char *arguments);
/* Whether it has one of these flags, written without their dashes: "y yes assume-yes". A word of short flags has each of its letters. "--"
 * ends them. */
bool command_flag(const struct shell_command *c, const char *flags);
/* How often. */
size_t command_flags(const struct shell_command *c, const char *flags);
/* The value of a flag: --name=value, --name value, -nvalue, -n value; "" if it has none. */
struct str command_value(const struct shell_command *c, const char *flags);

/* The arguments that are no flags, and not the value of one of `valued`. */
struct operands {
    const struct shell_command *command;
    const char *valued;
    size_t at;                    /* words passed; 0 begins behind the program's name */
    bool plain;                   /* behind "--" */
    bool until_dashes;            /* "--" ends them */
};
const struct shell_word *operand_next(struct operands *o);

#endif
