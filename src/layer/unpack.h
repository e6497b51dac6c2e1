/* SPDX-License-Identifier: Apache-2.0
 *
 * Unpacks one layer into an empty directory, as an overlay lower directory. */
#ifndef CROZE_LAYER_UNPACK_H
#define CROZE_LAYER_UNPACK_H

#include "layer/view.h"

/* Entries of v->layers[which] go below `root`; whiteouts, opaque marks and the attributes of directories are taken from its toc. A layer
 * that leans on lower ones takes from them what it needs. Contents are verified as layer_read does: after a failure the directory is
 * worth nothing. */
MUST_CHECK bool unpack_layer(const struct view *v, size_t which, int root, struct err *e);

#endif
