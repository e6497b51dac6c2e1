/* SPDX-License-Identifier: Apache-2.0
 *
 * Which images compose and Kubernetes files deploy, and whether their names say which image that is; and what the containers may do on
 * their host (deploy_rules.h). A tag that moves with each update (wso2am:3.1.0, latest) is right for a FROM, and wrong for what is
 * deployed, since two containers of one name may then be two images and a rollback has nothing to go back to. A unique tag
 * (wso2am:3.1.0.1592240780334.4) or a digest names one. */
#ifndef CROZE_CHECK_DEPLOY_H
#define CROZE_CHECK_DEPLOY_H

#include "base/err.h"
#include "check/check.h"

struct deploy_result {
    struct finding *findings;     /* in the order of the file */
    size_t n_findings, n_dropped;
    size_t n_images;              /* that the file deploys */
};

/* Whether a tag is of one image for good, as far as its looks tell: it has a build's time or number, or a commit. */
bool deploy_tag_is_unique(struct str tag);
/* All texts lie in the arena or in `text`. */
MUST_CHECK bool check_deployment(struct arena *a, struct str text, struct str name, const struct check_policy *policy,
                                 struct deploy_result *out, struct err *e);

#endif
