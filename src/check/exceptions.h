/* SPDX-License-Identifier: Apache-2.0
 *
 * Findings that somebody has looked at and lets pass, with a reason, for some paths, and until a day. A file of them is a list in YAML:
 *
 *   - rule: ImageSetId              # any tool's name of a rule
 *     path: usr/bin/sudo            # as in .dockerignore, of a file in an image or of the file that was checked; or a list. None: anywhere
 *     reason: the installer needs it
 *     until: 2027-03-31             # the last day; none: for good
 *
 * One whose day has passed lets nothing pass, and is a finding itself: so none can be forgotten. */
#ifndef CROZE_CHECK_EXCEPTIONS_H
#define CROZE_CHECK_EXCEPTIONS_H

#include "check/check.h"

struct check_exception {
    struct str rule, reason;
    struct str until;             /* "2027-03-31", or "" */
    struct ignore paths;          /* none: anywhere */
    bool expired;
};

/* Adds what a file says to the policy. `today`: "2026-11-26". Errors (ERR_USAGE) name the file and the entry. */
MUST_CHECK bool exceptions_read(struct arena *a, struct str yaml, const char *name, struct str today, struct check_policy *p,
                                struct err *e);
/* Whether one of them lets a finding pass. */
bool exceptions_allow(const struct check_policy *p, const struct finding *f);
/* A finding for each that has expired. */
void exceptions_expired(struct arena *a, const struct check_policy *p, struct str name, struct finding **out, size_t *n);

#endif
