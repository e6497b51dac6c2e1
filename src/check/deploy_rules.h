/* SPDX-License-Identifier: Apache-2.0
 *
 * What the rules over deployment files share. Private to check/. */
#ifndef CROZE_CHECK_DEPLOY_RULES_H
#define CROZE_CHECK_DEPLOY_RULES_H

#include "base/vec.h"
#include "base/yaml.h"
#include "check/deploy.h"

struct deployment {
    struct arena *arena;
    struct str name;
    const struct check_policy *policy;
    struct deploy_result *out;
    struct finding_list findings;
};

/* At a scalar of the file. */
void deploy_report(struct deployment *d, const struct rule *r, struct fy_node *node, struct str message);
/* The key of a mapping as it stands there; NULL: it has none. Its value may be NULL then. */
struct fy_node *deploy_key(struct fy_node *mapping, const char *key);
/* "${TAG:-1.0}" is what stands behind ":-" unless somebody says otherwise; *variable: nobody can tell. */
struct str deploy_with_defaults(struct arena *a, struct str text, bool *variable);

/* deploy_rights.c: what a service of compose's, and a pod of Kubernetes', may do on its host. */
void deploy_service_rights(struct deployment *d, struct fy_node *service);
void deploy_pod_rights(struct deployment *d, struct fy_node *pod);

#endif
