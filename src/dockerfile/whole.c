/* SPDX-License-Identifier: Apache-2.0
 * What can be said of a Dockerfile's bytes before or without its instructions: size, encoding, line ends. */
#include <errno.h>

#include "base/limits.h"
#include "dockerfile/parse.h"
#include "dockerfile/text.h"

static bool too_large(struct str name, struct err *e) {
    return fail_at(name, (struct df_pos){1, 1}, e, "more than %zu bytes, the limit for a Dockerfile", LIMIT_DOCKERFILE_BYTES);
}

bool dockerfile_unread(struct str name, struct err *e) {
    if (e->sys != EFBIG)
        return false;
    err_clear(e);
    return too_large(name, e);
}

bool whole_check(struct str text, struct str name, struct err *e) {
    if (text.n > LIMIT_DOCKERFILE_BYTES)
        return too_large(name, e);
    if (str_starts(text, S("\xff\xfe")) || str_starts(text, S("\xfe\xff")))
        return fail_at(name, (struct df_pos){1, 1}, e, "the file is in UTF-16; save it in UTF-8");
    return true;
}

bool whole_hint(struct str text, struct err *e) {
    if (str_index(text, '\n') < 0 && str_index(str_trim(text), '\r') >= 0)
        err_append(e, "; the file's lines end with CR alone: save it with LF");
    return false;
}
