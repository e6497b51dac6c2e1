/* SPDX-License-Identifier: Apache-2.0
 * Parser directives, "# key=value" at the head of the file: escape, syntax and check. The first line that is something else, an unknown
 * key included, ends their zone: from there on such a line is a comment. */
#include "dockerfile/dockerfile.h"
#include "dockerfile/lines.h"
#include "dockerfile/text.h"

enum directive { DIRECTIVE_SYNTAX, DIRECTIVE_CHECK, DIRECTIVE_ESCAPE, DIRECTIVES };

static const struct str names[DIRECTIVES] = {
    [DIRECTIVE_SYNTAX] = {"syntax", 6},
    [DIRECTIVE_CHECK] = {"check", 5},
    [DIRECTIVE_ESCAPE] = {"escape", 6},
};

/* Splits "# key = value"; DIRECTIVES if it is no directive. */
static enum directive split(struct str line, struct str *value) {
    struct str key;
    if (!str_starts(line, S("#")) || !str_cut(str_from(line, 1), '=', &key, value))
        return DIRECTIVES;
    *value = str_trim(*value);
    key = str_trim_right(blank_trim_left(key));
    enum directive d = 0;
    while (d < DIRECTIVES && !str_eq_nocase(key, names[d]))
        d++;
    return value->n ? d : DIRECTIVES;
}

static bool set_escape(struct directives *d, struct str value, struct err *e) {
    if (value.n != 1 || (value.p[0] != '\\' && value.p[0] != '`'))
        return err_set(e, ERR_USAGE, "invalid escape token '%s' does not match ` or \\", SHOWN(value));
    d->escape = value.p[0];
    return true;
}

bool df_is_own_syntax(struct str syntax) {
    struct str image, options;
    (void)str_cut(syntax, ' ', &image, &options);
    if (str_starts(image, S("docker.io/")))
        image = str_from(image, 10);
    return str_starts(image, S("docker/dockerfile"));
}

bool directive_read(struct directives *d, struct str line, bool *is, struct err *e) {
    *is = false;
    if (d->done)
        return true;
    if (!d->shebang && d->seen == 0 && str_starts(line, S("#!"))) { /* an executable Dockerfile may still name its syntax */
        d->shebang = true;
        return true;
    }
    struct str value = STR_NULL;
    enum directive which = split(line, &value);
    if (which == DIRECTIVES || (which == DIRECTIVE_ESCAPE && d->shebang)) {
        d->done = true;
        return true;
    }
    if (d->seen & 1u << which)
        return err_set(e, ERR_USAGE, "only one %.*s parser directive can be used", STR_ARG(names[which]));
    d->seen |= 1u << which;
    *is = true;
    if (which == DIRECTIVE_ESCAPE)
        return set_escape(d, value, e);
    *(which == DIRECTIVE_SYNTAX ? &d->syntax : &d->check) = value;
    return true;
}
