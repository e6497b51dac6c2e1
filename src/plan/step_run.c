/* SPDX-License-Identifier: Apache-2.0
 * RUN: command line, environment, network, security. The text of the command is the shell's: croze expands nothing in it, but exports ENV
 * and ARG. */
#include "base/mem.h"
#include "plan/flags.h"
#include "plan/steps.h"
#include "plan/vars.h"
#include "plan/words.h"

#define SCRIPT_DIR "/dev/pipes/"

/* --- Here-documents -------------------------------------------------------------------------------------------------------------- */

static bool is_quote(char c) {
    return c == '"' || c == '\'';
}

/* Whether `word` without its quotes and backslashes is `name`. Quoted blanks belong to it, bare ones end it. */
static bool unquotes_to(struct str word, struct str name) {
    char open = 0;
    size_t n = 0;
    for (size_t k = 0; k < word.n; k++) {
        char c = word.p[k];
        if (open ? c == open : is_quote(c)) {
            open = open ? 0 : c;
            continue;
        }
        if (!open && (c == ' ' || c == '\t'))
            return false;
        if (c == '\\' && open != '\'' && k + 1 < word.n)
            c = word.p[++k];
        if (n == name.n || name.p[n++] != c)
            return false;
    }
    return n == name.n;
}

/* Whether `word` is nothing but the opening of `doc`: "<<EOF", "3<<-'EOF'", "<< EOF". */
static bool opens_heredoc(struct str word, const struct df_heredoc *doc) {
    while (word.n && word.p[0] >= '0' && word.p[0] <= '9')
        word = str_from(word, 1);
    if (!str_starts(word, S("<<")))
        return false;
    word = str_from(word, 2);
    if (doc->strip_tabs) {
        if (word.n == 0 || word.p[0] != '-')
            return false;
        word = str_from(word, 1);
    }
    return unquotes_to(str_trim_left(word), doc->name);
}

/* The text with its here-documents behind it, as the shell reads them. */
static struct str with_heredocs(struct scope *s, const struct df_instruction *i) {
    _cleanup_(buf_fini) struct buf text = BUF_INIT(LIMIT_STAGE_BYTES);
    buf_add_str(&text, i->args[0]);
    for (size_t k = 0; k < i->n_heredocs; k++) {
        buf_add_char(&text, '\n');
        buf_add_str(&text, i->heredocs[k].body);
        buf_add_str(&text, i->heredocs[k].name);
    }
    return arena_str(s->arena, buf_str(&text));
}

/* RUN with a here-document and nothing else: its body is the script. One with "#!" is a file of its own, so that any interpreter does. */
static bool heredoc_only(struct scope *s, const struct df_instruction *i, struct step_run *run, struct str *text, struct err *e) {
    const struct df_heredoc *doc = &i->heredocs[0];
    struct site at = scope_site(s, i);
    *text = doc->body;
    if (!str_starts(doc->body, S("#!")))
        return true;
    if (!heredoc_names_file(&at, doc, e))
        return false;
    run->heredoc_script = doc->body;
    *text = arena_join3(s->arena, S(SCRIPT_DIR), doc->name, STR_NULL);
    return true;
}

/* --- Command line ---------------------------------------------------------------------------------------------------------------- */

/* The parser has seen to it that none is anywhere else. */
static struct df_pos nul_pos(const struct df_instruction *i) {
    for (size_t k = 0; k < i->n_heredocs; k++) {
        ptrdiff_t at = str_index(i->heredocs[k].body, '\0');
        if (at >= 0)
            return df_heredoc_pos(&i->heredocs[k], (size_t)at);
    }
    return i->pos;
}

static bool command_line(struct scope *s, const struct df_instruction *i, struct step_run *run, struct err *e) {
    struct site at = scope_site(s, i);
    struct str text = i->n_args ? i->args[0] : STR_NULL;
    if (i->json) {
        for (size_t k = 0; k < i->n_args; k++)
            str_list_add(s->arena, &run->argv, i->args[k]);
        return i->n_args > 0 || site_err(&at, i->pos, e, "RUN [] has no command");
    }
    if (i->n_heredocs == 1 && opens_heredoc(str_trim(text), &i->heredocs[0])) {
        if (!heredoc_only(s, i, run, &text, e))
            return false;
    } else if (i->n_heredocs) {
        text = with_heredocs(s, i);
    }
    if (str_index(text, '\0') >= 0)
        return site_err(&at, nul_pos(i), e, "RUN: a NUL byte cannot be in a command");
    shell_argv(s, text, &run->argv);
    return true;
}

/* --- Environment ----------------------------------------------------------------------------------------------------------------- */

/* What was declared goes into the key; the proxies and the epoch (which joins every key by itself) do not. */
static void environment(struct scope *s, struct step_run *run) {
    struct str ignored;
    const struct plan_options *options = &s->plan->options;
    pair_list_copy(s->arena, &run->key_env, &s->config.env);
    for (size_t k = 0; k < s->args.n; k++)
        pair_list_set(s->arena, &run->key_env, s->args.p[k].key, s->args.p[k].value);
    pair_list_copy(s->arena, &run->env, &run->key_env);
    proxy_env(s->arena, &options->build_args, &run->env);
    if (s->plan->has_epoch && !pair_list_get(&run->env, S("SOURCE_DATE_EPOCH"), &ignored))
        pair_list_set(s->arena, &run->env, S("SOURCE_DATE_EPOCH"), arena_printf(s->arena, "%lld", (long long)s->plan->epoch));
}

/* "RUN |2 A=1 B=2 /bin/sh -c make # buildkit": the declared ARGs with the values that the command sees. */
static struct str history(struct scope *s, const struct step_run *run) {
    _cleanup_(buf_fini) struct buf text = BUF_INIT(LIMIT_STAGE_BYTES);
    buf_add_str(&text, S("RUN "));
    if (s->declared.n)
        buf_printf(&text, "|%zu ", s->declared.n);
    for (size_t k = 0; k < s->declared.n; k++) {
        struct str value = STR_NULL;
        (void)scope_lookup(s, s->declared.p[k], &value);
        buf_add_str(&text, s->declared.p[k]);
        buf_add_char(&text, '=');
        buf_add_str(&text, value);
        buf_add_char(&text, ' ');
    }
    words_join(&text, run->argv.p, run->argv.n, S(" "));
    buf_add_str(&text, S(" # buildkit"));
    return arena_str(s->arena, buf_str(&text));
}

static bool network(const struct site *at, struct step_run *run, struct err *e) {
    const struct df_flag *flag = flag_find(at->i, "network");
    if (!flag || str_eqz(flag->value, "default"))
        return true;
    run->network_none = str_eqz(flag->value, "none");
    run->network_host = str_eqz(flag->value, "host");
    return run->network_none || run->network_host ||
           site_err(at, flag->pos, e, "RUN --network=%s: it is default, none or host", SHOWN(flag->value));
}

static bool security(const struct site *at, struct step_run *run, struct err *e) {
    const struct df_flag *flag = flag_find(at->i, "security");
    run->insecure = flag && str_eqz(flag->value, "insecure");
    return !flag || run->insecure || str_eqz(flag->value, "sandbox") ||
           site_err(at, flag->pos, e, "RUN --security=%s: it is sandbox or insecure", SHOWN(flag->value));
}

static bool mounts_fit(const struct site *at, struct err *e) {
    size_t n = 0;
    for (size_t k = 0; k < at->i->n_flags; k++)
        if (str_eqz(at->i->flags[k].name, "mount") && ++n > LIMIT_RUN_MOUNTS)
            return site_err(at, at->i->flags[k].pos, e, "RUN has more than %d mounts", LIMIT_RUN_MOUNTS);
    return true;
}

bool run_check_early(const struct site *at, struct err *e) {
    struct step_run ignored = {0};
    return network(at, &ignored, e) && security(at, &ignored, e) && mounts_fit(at, e);
}

/* Where ssh looks for its agent; an ENV of the file knows better. It follows from the mounts, which are in the key. */
static void agent_env(struct scope *s, struct step_run *run) {
    struct str ignored;
    for (size_t k = 0; k < run->n_mounts; k++) {
        if (run->mounts[k].kind != MOUNT_SSH)
            continue;
        if (!pair_list_get(&run->env, S("SSH_AUTH_SOCK"), &ignored))
            pair_list_set(s->arena, &run->env, S("SSH_AUTH_SOCK"), run->mounts[k].target);
        return;
    }
}

bool step_run(struct scope *s, const struct df_instruction *i, struct step *out, struct err *e) {
    struct site at = scope_site(s, i);
    struct step_run *run = &out->run;
    if (!network(&at, run, e) || !security(&at, run, e) || !mounts_fit(&at, e) || !step_run_mounts(s, i, run, e) ||
        !command_line(s, i, run, e))
        return false;
    environment(s, run);
    agent_env(s, run);
    run->user = s->config.user;
    run->workdir = s->config.workdir.n ? s->config.workdir : S("/");
    out->kind = STEP_RUN;
    out->created_by = history(s, run);
    return true;
}
