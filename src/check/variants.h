/* SPDX-License-Identifier: Apache-2.0
 *
 * Dockerfiles that build one product on several bases (alpine, rocky, ubuntu): what a container of them starts with should be alike. Their
 * last stages are compared, expanded: ports, variables, ENTRYPOINT and the like. What most of them have is right, or the first where as
 * many have it as have not; a file that differs gets a remark, which is a finding of that file like any other. Pure: texts in, remarks out.
 */
#ifndef CROZE_CHECK_VARIANTS_H
#define CROZE_CHECK_VARIANTS_H

#include "check/check.h"

struct variant_file {
    struct str name, text;
    struct check_remark *remarks; /* out: for check_options */
    size_t n_remarks;
};

/* Names, texts and the arena must outlive the remarks. A file that cannot be read to its end is not said to lack something. */
void variants_compare(struct arena *a, struct variant_file *files, size_t n, const struct plan_options *o);

/* --- Private to check/: what a container of one file starts with (variant_facts.c) --- */

enum variant_kind {
    VARIANT_EXPOSE, VARIANT_ENV, VARIANT_ENTRYPOINT, VARIANT_CMD, VARIANT_USER, VARIANT_WORKDIR, VARIANT_VOLUME, VARIANT_LABEL,
    VARIANT_HEALTHCHECK, VARIANT_STOPSIGNAL, VARIANT_ARG,
};

struct variant_fact {
    enum variant_kind kind;
    struct str key;               /* a port, a name; or "" */
    struct str value;             /* "" where being there is all */
    struct df_pos pos;
};

struct variant_facts {
    struct variant_fact *p;
    size_t n;
    struct df_pos from;           /* of the last stage */
    bool whole;                   /* the stage was gone through to its end */
};

void variant_facts_read(struct arena *a, const struct variant_file *file, const struct plan_options *o, struct variant_facts *out);

#endif
