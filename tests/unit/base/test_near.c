/* SPDX-License-Identifier: Apache-2.0
 * Who was meant by a misspelt name. */
#include "base/near.h"
#include "tap.h"

static struct str nearest(const char *word, bool fold_case, const char *candidates) {
    struct near n = {str_z(word), .fold_case = fold_case};
    struct str rest = str_z(candidates), one;
    while (str_next(&rest, ' ', &one))
        near_try(&n, one);
    return n.name;
}

int main(void) {
    is_str(nearest("PAHT", false, "HOME PATH"), S("PATH"), "two letters swapped");
    is_str(nearest("DIR_ASSET", false, "DIR_BINARIES DIR_ASSETS"), S("DIR_ASSETS"), "one is missing");
    is_str(nearest("ab", false, "abcde abc abd"), S("abc"), "of equals the first, of several the nearest");
    is_str(nearest("abc", false, "abd abc"), S("abc"), "itself is nearest");
    is_str(nearest("abc", false, "xyz"), S(""), "three edits are another word");
    is_str(nearest("run", false, "RUN"), S(""), "case counts");
    is_str(nearest("rum", true, "RUN"), S("RUN"), "... or not");
    is_str(nearest("", false, " ab abc"), S("ab"), "an empty word; an empty candidate is none");
    is_str(nearest("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", false,
                   "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab"), S(""), "long words are not looked at");
    return tap_done();
}
