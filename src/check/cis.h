/* SPDX-License-Identifier: Apache-2.0
 *
 * cis_check() goes through the 118 recommendations of the CIS Docker Benchmark v1.8.0 (its numbers, our words). Each gets a verdict with
 * its evidence; one that fails gives findings too. What could not be read is MANUAL with the reason and never PASS.
 *
 * A recommendation is a rule (rule.h): rows of READS_HOST, READS_CONTAINER and READS_HOST_IMAGE, whose `also` begins with its
 * number there. */
#ifndef CROZE_CHECK_CIS_H
#define CROZE_CHECK_CIS_H

#include "base/buf.h"
#include "check/finding.h"
#include "check/host.h"
#include "check/rule.h"

/* The worst is the last: it is what several of them amount to. */
enum cis_verdict { CIS_NA, CIS_PASS, CIS_MANUAL, CIS_FAIL };
const char *cis_verdict_name(enum cis_verdict v); /* "N/A", "PASS", "MANUAL", "FAIL" */

struct cis_answer {
    const struct rule *rule;
    enum cis_verdict verdict;
    struct str evidence;
};

struct store;
struct check_policy;
struct cis_options {
    const struct str *only, *skip; /* numbers ("5", "4.1") or names of rules; no `only`: all */
    size_t n_only, n_skip;
    struct store *store;           /* croze's own, whose images are looked into; or NULL */
    bool no_contents;              /* ... but not into their files */
    const struct check_policy *policy; /* of findings; of verdicts only 4.2 depends on it, by its registries */
    int64_t now_s;                 /* since 1970; 0: as the clock has it */
};

struct cis_report {
    struct str about;              /* the engine that was asked, or why there was none */
    struct cis_answer *answers;    /* in the benchmark's order */
    size_t n_answers;
    struct finding *findings;      /* of what failed */
    size_t n_findings, n_dropped;
};

/* All texts lie in the arena. It cannot fail: what cannot be read is in the verdicts. */
void cis_check(struct arena *a, const struct host_source *source, const struct cis_options *o, struct cis_report *r);

/* The number of a recommendation: "5.4". Of a section ("5") and the rows below it. */
struct str cis_number(const struct rule *r);
bool cis_is_row(const struct rule *r);
const char *cis_section_title(unsigned section); /* 1 to 7 */
/* Whether a text of --only or --skip means this row: its number, a number above it, or its name. */
bool cis_means(struct str text, const struct rule *r);
/* How many answers have a verdict. */
size_t cis_count(const struct cis_report *r, enum cis_verdict v);

/* A table for people, section by section, and what it amounts to. */
void cis_print(const struct cis_report *r, struct buf *out);
/* One document: {"benchmark", "host", "counts", "assessed", "passed", "recommendations": [{"id", "title", "verdict", "evidence", ...}]} */
void cis_json(const struct cis_report *r, struct buf *out);

#endif
