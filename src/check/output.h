/* SPDX-License-Identifier: Apache-2.0
 *
 * Findings of one run, about files, images or hosts, in the formats that people and machines read. They are gathered first, since most
 * formats are one document. All texts are made safe for their format: names and messages may quote anything.
 *
 *   text        a line each, as compilers have them, and what made it
 *   json        an object a line: id, also, severity, file, line, column, endLine, endColumn, layer, path, bytes, step,
 *               message, why, fix, edits, url; last, where there is something else to say of a file: file, notShown, note, error
 *   sarif       SARIF 2.1.0, with the rules, fixes and fingerprints; columns count characters; notifications
 *   checkstyle, junit   XML
 *   gitlab      GitLab's code quality report; it has room for findings alone
 *   github      workflow commands that annotate a pull request */
#ifndef CROZE_CHECK_OUTPUT_H
#define CROZE_CHECK_OUTPUT_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/vec.h"
#include "check/finding.h"
#include "check/rule.h"

enum output_format { OUTPUT_TEXT, OUTPUT_JSON, OUTPUT_SARIF, OUTPUT_CHECKSTYLE, OUTPUT_JUNIT, OUTPUT_GITLAB, OUTPUT_GITHUB };
extern const char *const output_format_names[]; /* in this order, then other tools' names of them, then NULL */
enum output_format output_format_of(const char *name); /* one of them */

/* What was looked at, and what was found there. */
struct output_part {
    struct str name;              /* a file, an image, "host" */
    struct finding *findings;
    size_t n_findings, n_dropped;
    struct str note;              /* for people: what was not looked at, and why; or "" */
    struct str error;             /* why it could not be read, or not to its end; or "" */
};

struct output {
    struct arena arena;           /* everything that was added is copied into it */
    VEC(struct output_part) parts;
    const char *ids;              /* how those ids elsewhere begin that people are shown too: "DL SC"; or NULL */
};

/* `text`: of the file, or "": its columns are counted in characters from now on, as editors do. */
void output_add(struct output *o, struct str name, struct str text, const struct finding *findings, size_t n, size_t n_dropped);
/* About what was added last. */
void output_note(struct output *o, struct str note);
/* What could not be read, whether something was added of it before or not. Formats that are one document say so in it: whoever gets that
 * alone must not take it for good. */
void output_fail(struct output *o, struct str name, struct str error);
void output_write(const struct output *o, enum output_format format, struct buf *out);
void output_fini(struct output *o);

/* --- For the formats, private to check/ --- */
const char *output_level(const struct finding *f, const char *const levels[4]); /* by severity: style, info, warning, error */
/* A digest over what stays the same when lines move: rule, name, path, message, and the how manieth of those it is. */
struct str output_fingerprint(struct arena *a, const struct finding *f);
/* Where a finding lies: the file, or the image's path in it. */
struct str output_place(struct arena *a, const struct finding *f);
/* What there is to say of a part beside its findings, for people: how many are not shown, and its note; or "". */
struct str output_remainder(struct arena *a, const struct output_part *part);
void output_lines(const struct output *o, struct buf *out);
void output_json(const struct output *o, struct buf *out);
void output_sarif(const struct output *o, struct buf *out);
void output_checkstyle(const struct output *o, struct buf *out);
void output_junit(const struct output *o, struct buf *out);
void output_gitlab(const struct output *o, struct buf *out);
void output_github(const struct output *o, struct buf *out);

#endif
