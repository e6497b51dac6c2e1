/* SPDX-License-Identifier: Apache-2.0
 *
 * What a command says of where things come from: the judgement of the rules over downloads and package managers (shell_download.c,
 * shell_trust.c), for others that ask it. Private to check/. */
#ifndef CROZE_CHECK_SHELL_PROOF_H
#define CROZE_CHECK_SHELL_PROOF_H

#include "check/shell.h"

bool command_downloads(const struct shell_command *c); /* curl, wget */
bool command_proves(const struct shell_command *c);    /* compares checksums, or verifies a signature */

/* Whether packages are taken without a look at their signatures: by this command, or by all that come behind it, since it writes that into
 * a configuration. */
enum packages_checked { PACKAGES_CHECKED, PACKAGES_UNCHECKED_HERE, PACKAGES_UNCHECKED_FROM_HERE };
enum packages_checked command_checks_packages(const struct shell_command *c);

#endif
