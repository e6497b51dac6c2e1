/* SPDX-License-Identifier: Apache-2.0
 *
 * A tree on disk told exactly: everything but inode numbers and the times of whiteouts. Two trees are equal if these texts are. */
#ifndef CROZE_TESTS_LAYER_EXACT_H
#define CROZE_TESTS_LAYER_EXACT_H

#include "base/arena.h"
#include "base/str.h"

/* One line an inode: mode, owner, links, size, device, time, which earlier name it shares its inode with, target or digest, xattrs. */
struct str exact_text(int tree, struct arena *a);

#endif
