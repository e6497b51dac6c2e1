/* SPDX-License-Identifier: Apache-2.0
 * URLs and repositories among the operands of ADD: see operand.h. Nothing is fetched or resolved here; fetch/ reads their insides. */
#include "plan/operand.h"

#include "base/remote.h"

enum { SHA256_HEX = 64 };

/* --- Kinds ----------------------------------------------------------------------------------------------------------------------- */

/* "github.com/x/y" is a path, as in BuildKit. */
enum operand_kind operand_kind_of(struct str text) {
    switch (remote_kind_of(text)) {
    case REMOTE_URL:
        return OPERAND_URL;
    case REMOTE_GIT:
        return OPERAND_GIT;
    case REMOTE_NOT:
        break;
    }
    return OPERAND_PATH;
}

/* Messages do not quote what lies elsewhere: there may be a password in it. */
bool operand_check(const struct site *at, struct df_pos pos, struct str text, struct err *e) {
    enum operand_kind kind = operand_kind_of(text);
    return at->i->op == DF_ADD || kind == OPERAND_PATH ||
           site_err(at, pos, e, "COPY cannot copy %s; ADD can", kind == OPERAND_GIT ? "a git repository" : "a URL");
}

/* --- --checksum ------------------------------------------------------------------------------------------------------------------ */

static bool is_hex(struct str s) {
    for (size_t k = 0; k < s.n; k++)
        if (!((s.p[k] >= '0' && s.p[k] <= '9') || (s.p[k] >= 'a' && s.p[k] <= 'f')))
            return false;
    return s.n > 0;
}

static bool is_sha256(struct str s) {
    return str_starts(s, S("sha256:")) && s.n == 7 + SHA256_HEX && is_hex(str_from(s, 7));
}

/* The source that the checksum is of: the only one that is not a here-document. */
static const struct copy_operand *checked(const struct step_copy *c) {
    const struct copy_operand *only = NULL;
    for (size_t k = 0; k < c->n_operands; k++) {
        if (c->operands[k].kind == OPERAND_INLINE)
            continue;
        if (only)
            return NULL;
        only = &c->operands[k];
    }
    return only;
}

bool checksum_check(const struct site *at, struct df_pos pos, const struct step_copy *c, struct err *e) {
    const struct copy_operand *source = checked(c);
    if (!source)
        return site_err(at, pos, e, "ADD --checksum is of exactly one URL or repository: write an ADD for each");
    if (source->kind == OPERAND_PATH)
        return site_err(at, pos, e, "ADD --checksum is of a URL or a repository; \"%s\" is a path", SHOWN(source->text));
    if (source->kind == OPERAND_URL)
        return is_sha256(c->checksum) ||
               site_err(at, pos, e, "ADD --checksum=%s: of a URL it is \"sha256:\" and 64 digits of 0-9 and a-f", SHOWN(c->checksum));
    return (is_hex(c->checksum) && c->checksum.n <= SHA256_HEX) ||
           site_err(at, pos, e, "ADD --checksum=%s: of a repository it is a commit, or how one begins, in digits of 0-9 and a-f",
                    SHOWN(c->checksum));
}

/* --- --keep-git-dir -------------------------------------------------------------------------------------------------------------- */

/* Whether a repository's query speaks of its .git directory, and what it says. */
static bool query_keeps(struct str text, bool *keep) {
    struct str rest, ignored, piece, key, value;
    (void)str_cut(text, '#', &text, &ignored);
    if (!str_cut(text, '?', &ignored, &rest))
        return false;
    while (str_next(&rest, '&', &piece)) {
        bool has_value = str_cut(piece, '=', &key, &value);
        if (!str_eqz(key, "keep-git-dir"))
            continue;
        *keep = !has_value || value.n == 0 || str_eqz(value, "1") || str_eq_nocase(value, S("t")) || str_eq_nocase(value, S("true"));
        return true;
    }
    return false;
}

bool keep_git_dir_check(const struct site *at, struct df_pos pos, const struct step_copy *c, struct err *e) {
    for (size_t k = 0; k < c->n_operands; k++) {
        const struct copy_operand *o = &c->operands[k];
        bool keep;
        if (o->kind == OPERAND_GIT && query_keeps(o->text, &keep) && keep != c->keep_git_dir)
            return site_err(at, pos, e, "ADD --keep-git-dir=%s, but the repository's text says otherwise: leave one of them out",
                            c->keep_git_dir ? "true" : "false");
    }
    return true;
}
