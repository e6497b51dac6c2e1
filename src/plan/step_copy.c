/* SPDX-License-Identifier: Apache-2.0
 * COPY, and ADD of local files: operands and destination expanded, the source found, owner and mode read. Files themselves are layer/'s
 * business; so are the names in --chown, which only the root file system at hand can tell. */
#include <assert.h>

#include "base/mem.h"
#include "plan/flags.h"
#include "plan/source.h"
#include "plan/steps.h"
#include "plan/words.h"

enum { CHMOD_MAX = 07777 };

/* --- Operands that are not local ------------------------------------------------------------------------------------------------- */

static bool is_word(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

/* "git@host:path", as ssh takes it. */
static bool is_scp_style(struct str s) {
    size_t at = 0;
    while (at < s.n && is_word(s.p[at]))
        at++;
    if (at == 0 || at == s.n || s.p[at] != '@')
        return false;
    size_t host = ++at;
    while (at < s.n && (is_word(s.p[at]) || s.p[at] == '.'))
        at++;
    return at > host && at < s.n && s.p[at] == ':';
}

/* What a remote operand is called, or NULL for a local one. A URL whose path ends in .git is a repository. */
static const char *remote_kind(struct str s) {
    if (is_scp_style(s) || str_starts_nocase(s, S("git://")) || str_starts_nocase(s, S("ssh://")))
        return "a git repository";
    if (!str_starts_nocase(s, S("http://")) && !str_starts_nocase(s, S("https://")))
        return NULL;
    struct str path, ignored;
    (void)str_cut(s, '#', &path, &ignored);
    (void)str_cut(path, '?', &path, &ignored);
    return str_ends(path, S(".git")) ? "a git repository" : "a URL";
}

static bool check_local(const struct site *at, struct str operand, struct err *e) {
    const char *kind = remote_kind(operand);
    if (!kind)
        return true;
    if (at->i->op == DF_COPY)
        return site_err(at, at->i->pos, e, "COPY cannot copy %s (%.*s)", kind, STR_ARG(operand));
    char what[64];
    snprintf(what, sizeof what, "ADD of %s", kind);
    (void)not_supported(at, at->i->pos, e, what);
    return err_append(e, " (%.*s)", STR_ARG(operand));
}

bool copy_check_operands(const struct site *at, struct err *e) {
    for (size_t k = 0; k + 1 < at->i->n_args; k++)
        if (!check_local(at, at->i->args[k], e))
            return false;
    return true;
}

/* --- Sources --------------------------------------------------------------------------------------------------------------------- */

static bool inline_sources(struct scope *s, const struct df_instruction *i, struct step_copy *c, struct err *e) {
    struct site at = scope_site(s, i);
    c->n_operands = i->n_heredocs;
    c->operands = arena_array(s->arena, struct copy_operand, i->n_heredocs);
    for (size_t k = 0; k < i->n_heredocs; k++) {
        const struct df_heredoc *doc = &i->heredocs[k];
        if (!heredoc_names_file(&at, doc, e))
            return false;
        c->operands[k] = (struct copy_operand){.kind = OPERAND_INLINE, .text = doc->name, .body = doc->body, .pos = i->pos};
        if (doc->expand && !scope_expand_text(s, i, doc->body, &c->operands[k].body, e))
            return false;
    }
    return true;
}

static bool path_sources(struct scope *s, const struct df_instruction *i, size_t n, struct step_copy *c, struct err *e) {
    struct site at = scope_site(s, i);
    const struct df_flag *from = i->op == DF_COPY ? flag_find(i, "from") : NULL;
    c->n_operands = n;
    c->operands = arena_array(s->arena, struct copy_operand, n);
    for (size_t k = 0; k < n; k++) {
        c->operands[k] = (struct copy_operand){.kind = OPERAND_PATH, .pos = i->pos};
        if (!scope_expand(s, i, i->pos, i->args[k], &c->operands[k].text, e) || !check_local(&at, c->operands[k].text, e))
            return false;
    }
    return source_resolve(s->plan, s->stage->index, &at, from ? from->pos : i->pos, "COPY --from", from ? from->value : STR_NULL,
                          &c->source, e);
}

/* --- Destination, owner, mode ---------------------------------------------------------------------------------------------------- */

static bool names_directory(struct str dest) {
    struct str base = path_base(dest);
    return base.n == 0 || str_eqz(base, ".") || str_eqz(base, "..");
}

static bool destination(struct scope *s, const struct df_instruction *i, struct str dest, struct step_copy *c, struct err *e) {
    if (!scope_path(s, i, dest, &c->dest, e))
        return false;
    bool directory = names_directory(dest);
    if (directory && c->dest.n > 1)
        c->dest = arena_join3(s->arena, c->dest, S("/"), STR_NULL);
    c->dest_is_dir = directory || c->n_operands > 1;
    return true;
}

/* BuildKit takes symbolic modes too; a text that opens with a digit was meant to be octal. */
static bool parse_chmod(const struct site *at, struct df_pos pos, struct str text, struct chmod *mode, struct err *e) {
    uint64_t value;
    if (str_to_u64(text, 8, CHMOD_MAX, &value)) {
        *mode = (struct chmod){.given = true, .octal = (uint32_t)value};
        return true;
    }
    if (text.p[0] >= '0' && text.p[0] <= '9')
        return site_err(at, pos, e, "--chmod=%.*s is not an octal number from 0 to 7777", STR_ARG(text));
    return not_supported(at, pos, e, "a symbolic --chmod (other than octal digits)");
}

static bool owner_and_mode(struct scope *s, const struct df_instruction *i, struct step_copy *c, struct str *chmod, struct err *e) {
    struct site at = scope_site(s, i);
    const struct df_flag *owner = flag_find(i, "chown"), *mode = flag_find(i, "chmod");
    *chmod = STR_NULL;
    if (owner && !scope_expand(s, i, owner->pos, owner->value, &c->chown, e))
        return false;
    if (owner && owner->value.n && c->chown.n == 0)
        return site_err(&at, owner->pos, e, "--chown=%.*s gives an empty name, which would mean root", STR_ARG(owner->value));
    if (mode && !scope_expand(s, i, mode->pos, mode->value, chmod, e))
        return false;
    return chmod->n == 0 || parse_chmod(&at, mode->pos, *chmod, &c->chmod, e);
}

/* "COPY --chown=a --chmod=1 src... <<NAME... dest # buildkit" */
static struct str history(struct scope *s, const struct df_instruction *i, const struct step_copy *c, struct str chmod, struct str dest) {
    _cleanup_(buf_fini) struct buf text = BUF_INIT(LIMIT_STAGE_BYTES);
    buf_add_str(&text, i->op == DF_COPY ? S("COPY") : S("ADD"));
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
    size_t n = i->n_args - 1;
    if (i->n_heredocs && n)
        return not_supported(&at, i->pos, e, "copying files and here-documents in one instruction (write two)");
    if (i->n_heredocs ? !inline_sources(s, i, c, e) : !path_sources(s, i, n, c, e))
        return false;
    if (!scope_expand(s, i, i->pos, i->args[n], &dest, e) || !destination(s, i, dest, c, e) || !owner_and_mode(s, i, c, &chmod, e))
        return false;
    out->kind = STEP_COPY;
    out->created_by = history(s, i, c, chmod, dest);
    return true;
}

bool step_add(struct scope *s, const struct df_instruction *i, struct step *out, struct err *e) {
    if (!step_copy(s, i, out, e))
        return false;
    out->copy.unpack = UNPACK_AUTO;
    return true;
}
