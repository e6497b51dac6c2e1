/* SPDX-License-Identifier: Apache-2.0
 *
 * What the functions of the rules over an image get, and how they report. Private to check/. */
#ifndef CROZE_CHECK_IMAGE_RULES_H
#define CROZE_CHECK_IMAGE_RULES_H

#include "base/limits.h"
#include "base/vec.h"
#include "check/image_check.h"
#include "check/marks.h"
#include "check/secret_names.h"
#include "layer/view.h"

/* One entry of one layer. */
enum { NOT_LISTED = (size_t)-1 >> 1 };
struct image_entry {
    const struct entry *entry;
    size_t layer, number;         /* ... in that layer's toc; NOT_LISTED: the layer itself has replaced it */
    struct str mark;              /* READS_CONTENT: what the rule noted of its bytes */
};

/* The directory that the last entry lay in. */
struct image_directory {
    char path[LIMIT_PATH_BYTES + 1];
    size_t path_n, layer;         /* of the entry */
    size_t *layers, n;            /* the others that have something of it, the highest first */
    bool known, hidden;           /* ... one of them, a higher one, all that this layer has in it */
};

struct image_check {
    struct arena *arena;          /* of the result */
    struct arena scratch;         /* of the rule that looks: emptied behind each entry */
    struct store *store;
    const struct image *image;
    const struct image_check_options *options;
    struct view view;
    struct str *steps;            /* of each layer: the history line that made it, or "" */
    const struct history **made;  /* ... as the image has it, or NULL */
    struct str program;           /* what a container starts, resolved: clean and relative; "" if that is not known or not there */
    struct image_directory directory;
    struct finding_list findings;
};

/* About the image as a whole. */
void image_report(struct image_check *c, const struct rule *r, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* About something of a layer; `path` "" means the layer itself. */
void image_report_at(struct image_check *c, const struct rule *r, size_t layer, struct str path, uint64_t bytes, const char *fmt, ...)
    __attribute__((format(printf, 6, 7)));
/* About a step of history; `layer`: that it made, or NO_LAYER. `also`: finding.h. */
enum { NO_LAYER = (size_t)-1 >> 1 };
void image_report_step(struct image_check *c, const struct rule *r, size_t layer, size_t step, const char *also, struct str text);
/* Whether a container sees this entry: no higher layer hides it. */
bool image_shows(struct image_check *c, const struct image_entry *en);
/* What other layers have of its directory. Entries are best asked of in their order. */
const struct image_directory *image_directory_of(struct image_check *c, const struct image_entry *en);
/* "1.2 MB", on the scratch. */
const char *image_size(struct image_check *c, uint64_t bytes);
/* A line of history as people would have written it, without the values of build arguments, and with tokens masked. */
struct str image_step(struct arena *a, struct str created_by);
/* Lines of history as the text of a Dockerfile, behind a FROM; begins[k]: where line k begins there. False: it is more than a Dockerfile
 * may have. And the number of the last that begins at or above a line of that text. */
bool history_text(const struct str *lines, size_t n, struct buf *text, unsigned *begins);
size_t history_at(const unsigned *begins, size_t n, unsigned line);
/* Text without what its words tell of secrets. */
struct str image_masked(struct arena *a, struct str text);
/* What the rules over Dockerfiles find in lines of history, the oldest first; how many. Texts lie in the arena. */
struct history_finding {
    const struct rule *rule;
    const char *also;             /* finding.h */
    struct str message;
    size_t step;
};
size_t check_history(struct arena *a, enum check_compat compat, const struct str *lines, size_t n, struct history_finding **out);
/* Lets those of them that speak of what is in an image look at its history. */
void image_look_at_history(struct image_check *c);

#endif
