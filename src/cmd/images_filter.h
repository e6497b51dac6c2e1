/* SPDX-License-Identifier: Apache-2.0
 *
 * Which images `croze images` lists: docker's NAME operand and --filter reference=, dangling=, label=. Takes words, answers for one image
 * at a time. Patterns are Go's path.Match, against "name:tag" or the name alone; of several references one must match, of all else each
 * must. */
#ifndef CROZE_CMD_IMAGES_FILTER_H
#define CROZE_CMD_IMAGES_FILTER_H

#include "base/vec.h"
#include "cmd/opt.h"
#include "dockerfile/glob.h"
#include "image/image.h"

struct images_filter {
    VEC(struct glob *) references;
    VEC(struct str_pair) labels;  /* value.p NULL: any value */
    enum { DANGLING_ANY, DANGLING_ONLY, DANGLING_NOT } dangling;
};

/* `name`: the operand, or NULL. A wrong word is an error of usage that names it. */
MUST_CHECK bool images_filter_make(struct images_filter *f, struct arena *a, const char *name, const struct opt_list *words, struct err *e);
void images_filter_fini(struct images_filter *f);
/* name: "" for an image without one; then `repository` is where it came from, or "". */
bool images_filter_takes(const struct images_filter *f, struct str name, struct str repository, const struct image *im);

#endif
