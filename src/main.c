/* SPDX-License-Identifier: Apache-2.0
 * croze: the command table, global options, exit codes; nothing else. */
#include <stdio.h>

int main(void) {
    puts("croze " CROZE_VERSION);
    return 0;
}
