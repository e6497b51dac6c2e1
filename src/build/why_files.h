/* SPDX-License-Identifier: Apache-2.0
 *
 * Takes two layers of the store that a COPY made, by their diffIDs; gives the first file that tells them apart, in words. It
 * reads their tables of contents and unpacks nothing. */
#ifndef CROZE_BUILD_WHY_FILES_H
#define CROZE_BUILD_WHY_FILES_H

#include "base/buf.h"
#include "base/digest.h"
#include "store/store.h"

/* Appends "/app/main.c changed (content)". Times count only if they are in the key. */
void why_files(struct store *s, const struct digest *before, const struct digest *after, bool times, struct buf *out);

#endif
