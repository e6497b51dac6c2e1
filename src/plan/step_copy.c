/* SPDX-License-Identifier: Apache-2.0
 * COPY and ADD: operands and destination expanded, the source found, every flag read. Files themselves are layer/'s business, what lies
 * elsewhere fetch/'s; so are the names in --chown, which only the root file system at hand can tell. */
#include <assert.h>

#include "base/mem.h"
#include "plan/flags.h"
#include "plan/operand.h"
#include "plan/steps.h"
#include "plan/words.h"

/* --- Before anything is expanded ------------------------------------------------------------------------------------------------- */

bool copy_check_early(struct arena *a, const struct site *at, struct err *e) {
    const struct df_flag *mode = flag_find(at->i, "chmod");
    struct chmod ignored;
    for (size_t k = 0; k + 1 < at->i->n_args; k++)
        if (!operand_check(at, at->i->arg_pos[k], at->i->args[k], e))
            return false;
    if (!mode || mode->value.n == 0 || has_variable(mode->value) || chmod_parse(a, mode->value, &ignored, e))
        return true;
    return site_wrap(at, mode->pos, e, "--chmod");
}

/* --- Operands -------------------------------------------------------------------------------------------------------------------- */

static bool inline_operand(struct scope *s, const struct df_instruction *i, const struct df_heredoc *doc, struct copy_operand *out,
                           struct err *e) {
    struct site at = scope_site(s, i);
    *out = (struct copy_operand){.kind = OPERAND_INLINE, .text = doc->name, .body = doc->body, .pos = doc->pos};
    return heredoc_names_file(&at, doc, e) && (!doc->expand || scope_expand_body(s, i, doc, &out->body, e));
}

/* Paths and what is fetched, as they are written; then the here-documents. */
static bool operands(struct scope *s, const struct df_instruction *i, struct step_copy *c, struct err *e) {
    struct site at = scope_site(s, i);
    size_t n = i->n_args - 1;
    c->operands = arena_array(s->arena, struct copy_operand, n + i->n_heredocs);
    for (size_t k = 0; k < n; k++) {
        struct copy_operand *o = &c->operands[c->n_operands++];
        o->pos = i->arg_pos[k];
        if (!scope_expand(s, i, o->pos, i->args[k], &o->text, e) || !operand_check(&at, o->pos, o->text, e))
            return false;
        o->kind = operand_kind_of(o->text);
    }
    for (size_t k = 0; k < i->n_heredocs; k++)
        if (!inline_operand(s, i, &i->heredocs[k], &c->operands[c->n_operands++], e))
            return false;
    return true;
}

static bool source(struct scope *s, const struct df_instruction *i, struct step_copy *c, struct err *e) {
    const struct df_flag *from = i->op == DF_COPY ? flag_find(i, "from") : NULL;
    return !from || scope_source(s, i, from->pos, "COPY --from", from->value, &c->source, e);
}

/* --- Destination, owner, mode ---------------------------------------------------------------------------------------------------- */

static bool names_directory(struct str dest) {
    struct str base = path_base(dest);
    return base.n == 0 || str_eqz(base, ".") || str_eqz(base, "..");
}

/* The last of the words; *dest: expanded. */
static bool destination(struct scope *s, const struct df_instruction *i, struct str *dest, struct step_copy *c, struct err *e) {
    size_t last = i->n_args - 1;
    struct df_pos pos = i->arg_pos[last];
    if (!scope_expand(s, i, pos, i->args[last], dest, e) || !scope_path(s, i, pos, *dest, &c->dest, e))
        return false;
    bool directory = names_directory(*dest);
    if (directory && c->dest.n > 1)
        c->dest = arena_join3(s->arena, c->dest, S("/"), STR_NULL);
    c->dest_is_dir = directory || c->n_operands > 1;
    return true;
}

/* The value of a flag that takes a text, expanded; "" if it is not there. */
static bool flag_text(struct scope *s, const struct df_instruction *i, const char *name, const struct df_flag **flag, struct str *out,
                      struct err *e) {
    *flag = flag_find(i, name);
    *out = STR_NULL;
    return !*flag || scope_expand(s, i, (*flag)->pos, (*flag)->value, out, e);
}

static bool owner_and_mode(struct scope *s, const struct df_instruction *i, struct step_copy *c, struct str *chmod, struct err *e) {
    struct site at = scope_site(s, i);
    const struct df_flag *owner, *mode;
    if (!flag_text(s, i, "chown", &owner, &c->chown, e) || !flag_text(s, i, "chmod", &mode, chmod, e))
        return false;
    if (owner && owner->value.n && c->chown.n == 0)
        return site_err(&at, owner->pos, e, "--chown=%s gives an empty name, which would mean root", SHOWN(owner->value));
    return chmod->n == 0 || chmod_parse(s->arena, *chmod, &c->chmod, e) || site_wrap(&at, mode->pos, e, "--chmod");
}

/* --- --exclude ------------------------------------------------------------------------------------------------------------------- */

/* A pattern keeps its backslashes, which are its own, unless there is a variable to expand. One that is empty excludes nothing. */
static bool exclude(struct scope *s, const struct df_instruction *i, const struct df_flag *flag, struct step_copy *c, struct err *e) {
    struct site at = scope_site(s, i);
    struct ignore compiled;
    struct str pattern = flag->value;
    if (has_variable(pattern) && !scope_expand(s, i, flag->pos, pattern, &pattern, e))
        return false;
    if (str_index(pattern, '\n') >= 0)
        return site_err(&at, flag->pos, e, "--exclude: a newline cannot be in a pattern");
    if (str_trim(pattern).n == 0)
        return true;
    if (!ignore_of(s->arena, &pattern, 1, &compiled, e))
        return site_wrap(&at, flag->pos, e, "--exclude=%s", SHOWN(pattern));
    if (c->n_excludes == LIMIT_IGNORE_PATTERNS)
        return site_err(&at, flag->pos, e, "more than %d --exclude flags", LIMIT_IGNORE_PATTERNS);
    c->excludes[c->n_excludes++] = pattern;
    return true;
}

static bool excludes(struct scope *s, const struct df_instruction *i, struct step_copy *c, struct err *e) {
    c->excludes = arena_array(s->arena, struct str, i->n_flags);
    for (size_t k = 0; k < i->n_flags; k++)
        if (str_eqz(i->flags[k].name, "exclude") && !exclude(s, i, &i->flags[k], c, e))
            return false;
    return true;
}

/* --- What only ADD has ----------------------------------------------------------------------------------------------------------- */

static bool has_kind(const struct step_copy *c, enum operand_kind kind) {
    for (size_t k = 0; k < c->n_operands; k++)
        if (c->operands[k].kind == kind)
            return true;
    return false;
}

static bool add_flags(struct scope *s, const struct df_instruction *i, struct step_copy *c, struct err *e) {
    struct site at = scope_site(s, i);
    const struct df_flag *checksum, *keep = flag_find(i, "keep-git-dir");
    c->unpack = !flag_find(i, "unpack") ? UNPACK_AUTO : flag_is_on(i, "unpack") ? UNPACK_YES : UNPACK_NO;
    c->keep_git_dir = flag_is_on(i, "keep-git-dir");
    if (keep && !keep_git_dir_check(&at, keep->pos, c, e))
        return false;
    if (c->keep_git_dir && !has_kind(c, OPERAND_GIT))
        scope_warn(s, keep->pos, "IgnoredOption", "ADD --keep-git-dir has no effect: no source is a repository");
    if (!flag_text(s, i, "checksum", &checksum, &c->checksum, e))
        return false;
    if (checksum && c->checksum.n == 0) /* it would pass for one that was checked */
        return site_err(&at, checksum->pos, e, "ADD --checksum=%s gives nothing", SHOWN(checksum->value));
    return !checksum || checksum_check(&at, checksum->pos, c, e);
}

/* --- The whole ------------------------------------------------------------------------------------------------------------------- */

/* "COPY --parents --chown=a --chmod=1 src... <<NAME... dest # buildkit": other flags have no place in BuildKit's. */
static struct str history(struct scope *s, const struct df_instruction *i, const struct step_copy *c, struct str chmod, struct str dest) {
    _cleanup_(buf_fini) struct buf text = BUF_INIT(LIMIT_STAGE_BYTES);
    buf_add_str(&text, i->op == DF_COPY ? S("COPY") : S("ADD"));
    if (c->parents)
        buf_add_str(&text, S(" --parents"));
    if (c->chown.n)
        buf_printf(&text, " --chown=%.*s", STR_ARG(c->chown));
    if (chmod.n)
        buf_printf(&text, " --chmod=%.*s", STR_ARG(chmod));
    for (size_t k = 0; k < c->n_operands; k++) {
        buf_add_str(&text, c->operands[k].kind == OPERAND_INLINE ? S(" <<") : S(" "));
        buf_add_str(&text, c->operands[k].text);
    }
    buf_add_char(&text, ' ');
    buf_add_str(&text, dest);
    buf_add_str(&text, S(" # buildkit"));
    return arena_str(s->arena, buf_str(&text));
}

bool step_copy(struct scope *s, const struct df_instruction *i, struct step *out, struct err *e) {
    struct site at = scope_site(s, i);
    struct step_copy *c = &out->copy;
    struct str dest, chmod;
    assert(i->n_args > 0);
    if (i->n_args + i->n_heredocs < 2) /* "<<E" is a here-document to the parser only where the whole line can be split into words */
        return site_err(&at, i->pos, e, "%s: a here-document's word cannot be read: a quote is out of place", df_op_name(i->op));
    if (!operands(s, i, c, e) || !source(s, i, c, e) || !destination(s, i, &dest, c, e) || !owner_and_mode(s, i, c, &chmod, e) ||
        !excludes(s, i, c, e))
        return false;
    c->parents = flag_is_on(i, "parents");
    c->link = flag_is_on(i, "link") && !c->chmod.given; /* BuildKit makes no linked copy then, and says nothing */
    if (flag_is_on(i, "link") && !c->link)
        scope_warn(s, flag_find(i, "link")->pos, "IgnoredOption", "%s --link has no effect with --chmod", df_op_name(i->op));
    out->kind = STEP_COPY;
    out->created_by = history(s, i, c, chmod, dest);
    return true;
}

bool step_add(struct scope *s, const struct df_instruction *i, struct step *out, struct err *e) {
    return step_copy(s, i, out, e) && add_flags(s, i, &out->copy, e);
}
