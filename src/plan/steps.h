/* SPDX-License-Identifier: Apache-2.0
 *
 * What the step files share: expansion within a scope, messages, and one function an instruction. Each moves the scope and fills `out`,
 * whose kind is STEP_CONFIG unless it says otherwise; from, pos and title are set before. */
#ifndef CROZE_PLAN_STEPS_H
#define CROZE_PLAN_STEPS_H

#include "base/limits.h"
#include "plan/plan.h"
#include "plan/site.h"

struct site scope_site(const struct scope *s, const struct df_instruction *i);
/* One word with the variables as they stand. Unset ones are warned of; errors are placed at `pos`. */
MUST_CHECK bool scope_expand(struct scope *s, const struct df_instruction *i, struct df_pos pos, struct str text, struct str *out,
                             struct err *e);
/* The same, split into words. */
MUST_CHECK bool scope_expand_words(struct scope *s, const struct df_instruction *i, struct df_pos pos, struct str text, struct str **out,
                                   size_t *n, struct err *e);
/* The body of a here-document; errors are placed in it. */
MUST_CHECK bool scope_expand_body(struct scope *s, const struct df_instruction *i, const struct df_heredoc *doc, struct str *out,
                                  struct err *e);
bool scope_lookup(const struct scope *s, struct str name, struct str *value);
void scope_warn(struct scope *s, struct df_pos pos, const char *rule, const char *fmt, ...) __attribute__((format(printf, 4, 5)));
/* `text`, which stands at `pos`, seen from WORKDIR; too long a path is an error. */
MUST_CHECK bool scope_path(struct scope *s, const struct df_instruction *i, struct df_pos pos, struct str text, struct str *out,
                           struct err *e);
/* The source that `text` names with the variables as they stand; `what` is for messages, as in source.h. */
MUST_CHECK bool scope_source(struct scope *s, const struct df_instruction *i, struct df_pos pos, const char *what, struct str text,
                             struct source_ref *out, struct err *e);
/* A bounded list of the stage took one more, which stands at `pos`. */
MUST_CHECK bool scope_count(const struct scope *s, const struct df_instruction *i, struct df_pos pos, size_t n, const char *what,
                            struct err *e);
/* Lists of so many entries were gone through for what stands at `pos`. */
MUST_CHECK bool scope_spend(struct scope *s, const struct df_instruction *i, struct df_pos pos, size_t entries, struct err *e);
/* A here-document that becomes a file is named by its word. */
MUST_CHECK bool heredoc_names_file(const struct site *at, const struct df_heredoc *doc, struct err *e);
/* The step adds its line to the history and its texts to the configuration, which must fit into a document. */
MUST_CHECK bool document_grow(struct scope *s, const struct df_instruction *i, const struct step *step, struct err *e);
/* SHELL (or its default) and `text`. */
void shell_argv(struct scope *s, struct str text, struct str_list *argv);

bool step_add(struct scope *s, const struct df_instruction *i, struct step *out, struct err *e);
bool step_arg(struct scope *s, const struct df_instruction *i, struct step *out, struct err *e);
bool step_cmd(struct scope *s, const struct df_instruction *i, struct step *out, struct err *e);
bool step_copy(struct scope *s, const struct df_instruction *i, struct step *out, struct err *e);
bool step_entrypoint(struct scope *s, const struct df_instruction *i, struct step *out, struct err *e);
bool step_env(struct scope *s, const struct df_instruction *i, struct step *out, struct err *e);
bool step_expose(struct scope *s, const struct df_instruction *i, struct step *out, struct err *e);
bool step_healthcheck(struct scope *s, const struct df_instruction *i, struct step *out, struct err *e);
bool step_label(struct scope *s, const struct df_instruction *i, struct step *out, struct err *e);
bool step_maintainer(struct scope *s, const struct df_instruction *i, struct step *out, struct err *e);
bool step_onbuild(struct scope *s, const struct df_instruction *i, struct step *out, struct err *e);
bool step_run(struct scope *s, const struct df_instruction *i, struct step *out, struct err *e);
bool step_shell(struct scope *s, const struct df_instruction *i, struct step *out, struct err *e);
bool step_stopsignal(struct scope *s, const struct df_instruction *i, struct step *out, struct err *e);
bool step_user(struct scope *s, const struct df_instruction *i, struct step *out, struct err *e);
bool step_volume(struct scope *s, const struct df_instruction *i, struct step *out, struct err *e);
bool step_workdir(struct scope *s, const struct df_instruction *i, struct step *out, struct err *e);

/* COPY and ADD before anything is expanded: operands of the wrong kind, a mode that is none. */
MUST_CHECK bool copy_check_early(struct arena *a, const struct site *at, struct err *e);
/* RUN before anything is expanded: --network and --security, which take no variables, and how many mounts there are. */
MUST_CHECK bool run_check_early(const struct site *at, struct err *e);
/* RUN's --mount flags, expanded. */
MUST_CHECK bool step_run_mounts(struct scope *s, const struct df_instruction *i, struct step_run *out, struct err *e);

#endif
