/* SPDX-License-Identifier: Apache-2.0
 *
 * What a build of a Dockerfile's target can be given, and which targets there are, as `docker build --call=outline` and `--call=targets`
 * tell it: without running anything. Descriptions are the comments right above ARG and FROM that begin with the name. */
#ifndef CROZE_CHECK_OUTLINE_H
#define CROZE_CHECK_OUTLINE_H

#include "check/check.h"

struct outline_item {
    struct str name;              /* of the ARG; the id of a mount */
    struct str value;             /* ARG: its default, or what --build-arg gives */
    struct str description;
    bool required;                /* secret, ssh */
    unsigned line, line_end;
};
struct outline_list {
    struct outline_item *p;       /* by line */
    size_t n;
};
struct outline {
    struct str text;              /* of the Dockerfile */
    struct str name, description; /* of the target stage, or "" */
    struct outline_list args, secrets, ssh, caches; /* of the target and of the stages that it needs */
};

/* Errors as dockerfile_parse, plan_make and scope_step have them. `text` must live as long as the arena. */
MUST_CHECK bool outline_make(struct arena *a, struct str text, struct str name, const struct check_options *o, struct outline *out,
                             struct err *e);
void outline_print(const struct outline *o, struct buf *out); /* BuildKit's tables; caches, which it does not show, behind them */
void outline_json(const struct outline *o, struct buf *out);

struct target {
    struct str name, description; /* or "" */
    struct str base, platform;    /* as written */
    unsigned line, line_end;
};
struct targets {
    struct str text;
    struct target *p;             /* the last is the default */
    size_t n;
};

MUST_CHECK bool targets_make(struct arena *a, struct str text, struct str name, struct targets *out, struct err *e);
void targets_print(const struct targets *t, struct buf *out);
void targets_json(const struct targets *t, struct buf *out);

#endif
