/* SPDX-License-Identifier: Apache-2.0
 *
 * Private to cmd/: the flags of `croze build`, a table and a reader a subject. Each reader fills its part of build_options; texts lie in
 * the arena or in argv. */
#ifndef CROZE_CMD_BUILD_FLAGS_H
#define CROZE_CMD_BUILD_FLAGS_H

#include "build/build.h"
#include "cmd/opt.h"

/* Where files come from: the Dockerfile, contexts, downloads and their lock (build_inputs.c). */
extern const struct opt build_input_rows[];
MUST_CHECK bool build_inputs_read(struct arena *a, struct build_options *o, struct err *e);

/* Looking at the Dockerfile without building (build_check.c): o->call. */
extern const struct opt build_check_rows[];
MUST_CHECK bool build_check_read(struct build_options *o, struct err *e);
/* The exit code of a build that went well: 10 if a check found something. */
int build_check_code(void);

/* What RUN steps see and may do (build_run.c). */
extern const struct opt build_run_rows[];
MUST_CHECK bool build_run_read(struct arena *a, struct build_options *o, struct err *e);

/* What becomes of the result: names, outputs, compression, files that scripts read (build_output.c). */
extern const struct opt build_output_rows[];
MUST_CHECK bool build_output_read(struct arena *a, struct build_options *o, bool quiet, struct err *e);
/* Says what was named and written. */
void build_output_tell(const struct build_options *o, struct progress *p);
/* Writes --iidfile and --metadata-file. */
MUST_CHECK bool build_output_files(const struct build_options *o, const struct build_result *r, struct err *e);

/* "K=V" pairs; without "=" the environment is asked if `from_environment`, and what it does not have is left out (docker's rule). */
MUST_CHECK bool build_pairs_read(struct arena *a, const struct opt_list *list, bool from_environment, const char *flag,
                                 struct pair_list *out, struct err *e);

/* --last-log [STEP]: prints the log of the last build (build_log.c). */
MUST_CHECK bool build_log_print(struct store *s, char **args, size_t n, struct err *e);

#endif
