/* SPDX-License-Identifier: Apache-2.0
 * See digest_file.h. */
#include "cmd/digest_file.h"

#include "sys/files.h"

bool digest_file_write(const char *path, const struct digest *d, struct err *e) {
    char text[DIGEST_TEXT + 1];
    return !path || file_replace(AT_FDCWD, path, digest_text(d, text), DIGEST_TEXT, false, e);
}
