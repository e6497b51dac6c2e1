/* SPDX-License-Identifier: Apache-2.0
 *
 * What `inspect` shows as docker's Go types, for templates: scripts ask for {{.Config.User}} whether it is set or not, and for
 * {{index .Config.Labels "x"}}. */
#ifndef CROZE_CMD_INSPECT_TYPE_H
#define CROZE_CMD_INSPECT_TYPE_H

#include "report/template.h"

extern const struct template_type inspect_type;

#endif
