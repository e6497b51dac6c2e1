/* SPDX-License-Identifier: Apache-2.0
 * See copy_pick.h. */
#include "layer/copy_pick.h"

enum picked pick_path(const struct pick *pick, struct str path) {
    struct str below = pick->root.n ? str_from(path, pick->root.n + 1) : path;
    bool out = pick->exclude && ignore_match(pick->exclude, below, NULL);
    if (out && !ignore_may_reinclude_below(pick->exclude, below))
        return NOT_PICKED;
    if (!pick->only || !ignore_match(pick->only, below, NULL))
        return out ? PICKED_BELOW : PICKED;
    return ignore_may_reinclude_below(pick->only, below) ? PICKED_BELOW : NOT_PICKED;
}
