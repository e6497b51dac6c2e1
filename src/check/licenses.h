/* SPDX-License-Identifier: Apache-2.0
 *
 * Licenses by SPDX (specification 2.3, annex D): "MIT", "GPL-2.0-only WITH Classpath-exception-2.0 OR (MIT AND BSD-3-Clause)". Private to
 * check/. */
#ifndef CROZE_CHECK_LICENSES_H
#define CROZE_CHECK_LICENSES_H

#include "base/str.h"

extern const char spdx_licenses[], spdx_exceptions[];
/* Whether the text is an expression of known identifiers. */
bool spdx_is_expression(struct str text);

#endif
