/* SPDX-License-Identifier: Apache-2.0
 *
 * The commands of a RUN, and the shell that reads them: that of SHELL, unless a here-document is the whole script and has one of its own.
 * Private to lint.c. */
#ifndef CROZE_CHECK_LINT_SCRIPT_H
#define CROZE_CHECK_LINT_SCRIPT_H

#include "check/lint.h"

/* "C:\...\powershell.exe" is powershell. */
struct str lint_program_name(struct str path);
enum shell_kind lint_shell_kind(struct str program);
/* Of a shell's arguments: "-e", "-euxo"; "errexit" and "pipefail" behind "-o". */
bool lint_is_errexit(struct str option);
bool lint_is_pipefail(struct str option);
/* Gives s->script, and what "sudo", "env" and their like start in it as commands too. s->shell, shell_name, errexit and pipefail are those
 * of SHELL, and become those of the document's own shell. *work as shell_split() has it. */
void lint_read_script(struct arena *a, struct lint_step *s, uint64_t *work);

#endif
