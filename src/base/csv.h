/* SPDX-License-Identifier: Apache-2.0
 *
 * One line of CSV (RFC 4180), as docker's flags have it: --secret, --output. */
#ifndef CROZE_BASE_CSV_H
#define CROZE_BASE_CSV_H

#include "base/arena.h"

/* Takes the next field off *rest (which is not empty): bare up to the comma, or in double quotes that are doubled inside. False: a quote
 * that does not end, or something behind it. */
bool csv_next(struct arena *a, struct str *rest, struct str *field);

#endif
