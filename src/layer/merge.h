/* SPDX-License-Identifier: Apache-2.0
 *
 * Layers of a view made one: squashing an image, writing out its root file system. All tables of contents are read side by side, once;
 * memory goes with the depth of the tree, and with the number of hard-linked files. Contents come from the unpacked layers, which are
 * made when the first byte of them is asked for. */
#ifndef CROZE_LAYER_MERGE_H
#define CROZE_LAYER_MERGE_H

#include "layer/view.h"

/* Emits, in normal order, what the layers `from` and above make of those below. from = 0: the whole root, and no whiteout is left.
 * Otherwise one layer that has the same effect on the lower ones: with whiteouts where something of theirs is hidden, and only there.
 * Names of one file stay links to the first of them. Contents are CONTENT_STREAM, checked against their digests. A root entry is emitted if
 * one of the layers has one. */
MUST_CHECK bool view_merge(const struct view *v, size_t from, struct entry_sink sink, struct err *e);

#endif
