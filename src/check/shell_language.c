/* SPDX-License-Identifier: Apache-2.0
 * The package managers of languages: pip, npm, yarn, gem, go. */
#include "check/text_edits.h"
#include "check/text_rules.h"

/* --- pip -------------------------------------------------------------------------------------------------------------------------- */

/* pip, pip3, pip3.11 */
static bool is_pip(struct str program) {
    struct str version = str_starts(program, S("pip")) ? str_from(program, 3) : S("x");
    for (size_t k = 0; k < version.n; k++)
        if (!(version.p[k] >= '0' && version.p[k] <= '9') && version.p[k] != '.')
            return false;
    return true;
}

/* The words of "pip install" as a command, also those of "python -m pip install"; false: it is none. */
static bool pip_install(const struct shell_command *c, struct shell_command *pip) {
    *pip = *c;
    if (c->n_words > 3 && str_starts(path_base(c->words[0].text), S("python")) && str_eqz(c->words[1].text, "-m")) {
        pip->words += 2;
        pip->n_words -= 2;
    }
    return pip->n_words > 1 && is_pip(path_base(pip->words[0].text)) && command_has(pip, "install");
}

static bool pip_is_pinned(struct str package) {
    static const char *const symbols[] = {"==", ">=", "<=", ">", "<", "!=", "~="};
    for (size_t k = 0; k < sizeof symbols / sizeof symbols[0]; k++)
        if (word_has(package, symbols[k]))
            return true;
    bool remote = word_has(package, "git+") || word_has(package, "://");
    ptrdiff_t at = str_rindex(package, '@'), scheme = str_find(package, S("://"));
    if (remote && str_starts(package, S("git+")))
        return at > scheme + 3;
    return word_ends_in(".whl .tar.gz .zip", package) || str_index(package, '@') > 0;
}

/* "." and "./x": the project itself. */
static bool is_path(struct str word) {
    return str_eqz(word, ".") || word_starts_in("./ ../ / ~/ .[", word);
}

static void pip_pin(struct check *c, const struct rule *r, const struct df_instruction *i) {
    static const char valued[] =
        "abi b build e editable extra-index-url f find-links i index-url implementation no-binary only-binary platform prefix progress-bar "
        "proxy python-version root src t target trusted-host upgrade-strategy cert client-cert timeout retries log cache-dir";
    struct shell_command pip;
    (void)i;
    if (!pip_install(c->command, &pip) || command_flag(&pip, "r requirement c constraint"))
        return;
    struct operands o = {.command = &pip, .valued = valued};
    for (const struct shell_word *w; (w = operand_next(&o));) {
        bool unknown = w->expands && !check_compat_is(c, COMPAT_HADOLINT);
        if (!str_eqz(w->text, "install") && !pip_is_pinned(w->text) && !is_path(w->text) && !unknown)
            check_command(c, r, w->raw, "%.*s is installed in whatever version there is", STR_ARG(w->text));
    }
}

static bool is_true(struct str value) {
    return word_in_nocase("1 true on yes", lint_unquoted(value));
}

/* What ENV says of the variable last, in this stage or one that it stands on. */
static bool env_says(struct check *c, const char *name) {
    size_t end = (size_t)(c->step - c->lint.steps);
    for (ptrdiff_t stage = (ptrdiff_t)c->step->stage; stage != NO_STAGE; stage = c->lint.stages[stage].base) {
        for (size_t k = end < c->lint.stages[stage].end ? end : c->lint.stages[stage].end; k-- > c->lint.stages[stage].first;) {
            const struct df_instruction *i = c->lint.steps[k].i;
            if (!check_charge(c, 1 + i->n_pairs))
                return true;
            for (size_t j = i->n_pairs; i->op == DF_ENV && j-- > 0;)
                if (str_eqz(i->pairs[j].key, name))
                    return is_true(i->pairs[j].value);
        }
        end = c->lint.n;
    }
    return false;
}

/* PIP_NO_CACHE_DIR=1 pip install, or an export of it before. */
static bool command_says(struct check *c, const char *name) {
    for (const struct shell_command *cmd = c->step->script.commands; cmd <= c->command && check_charge(c, cmd->n_words); cmd++) {
        struct str key, value;
        for (size_t k = 0; k < cmd->n_assigns; k++)
            if ((cmd == c->command || cmd->n_words == 0) && str_cut(cmd->assigns[k].text, '=', &key, &value) && str_eqz(key, name))
                return is_true(value);
        for (size_t k = 1; command_is(cmd, "export") && k < cmd->n_words; k++)
            if (str_cut(cmd->words[k].text, '=', &key, &value) && str_eqz(key, name))
                return is_true(value);
    }
    return false;
}

/* The last value that ENV, ARG or the RUN itself gives the variable. */
static struct str pip_directory(struct check *c) {
    struct str key, value;
    for (size_t at = (size_t)(c->command - c->step->script.commands) + 1; at-- > 0;) {
        const struct shell_command *cmd = &c->step->script.commands[at];
        if (!check_charge(c, cmd->n_words))
            break;
        for (size_t k = 0; k < cmd->n_assigns; k++)
            if (str_cut(cmd->assigns[k].text, '=', &key, &value) && str_eqz(key, "PIP_CACHE_DIR"))
                return value;
        for (size_t k = 1; command_is(cmd, "export") && k < cmd->n_words; k++)
            if (str_cut(cmd->words[k].text, '=', &key, &value) && str_eqz(key, "PIP_CACHE_DIR"))
                return value;
    }
    size_t depth = c->lint.stages[c->step->stage].depth;
    for (const struct lint_step *s = c->step; s-- > c->lint.steps && check_charge(c, 1 + s->i->n_pairs);)
        for (size_t k = 0; (s->i->op == DF_ENV || s->i->op == DF_ARG) && k < s->i->n_pairs; k++)
            if (str_eqz(s->i->pairs[k].key, "PIP_CACHE_DIR") && check_charge(c, depth) && lint_related(&c->lint, s->stage, c->step->stage))
                return lint_unquoted(s->i->pairs[k].value);
    return STR_NULL;
}

static bool removes_pip_cache(const struct shell_command *c) {
    if (!command_is(c, "rm") || !command_flag(c, "r R recursive"))
        return command_has(c, "cache") && command_has(c, "purge") && (is_pip(path_base(c->words[0].text)) || command_has(c, "pip"));
    return command_has(c, "~/.cache ~/.cache/ ~/.cache/* ~/.cache/pip /root/.cache /root/.cache/ /root/.cache/* /root/.cache/pip "
                          "$HOME/.cache $HOME/.cache/* $HOME/.cache/pip");
}

/* Whether the cache is none of the image's: it lies on a mount, or a command behind this one removes it. hadolint asks for neither. */
static bool pip_cache_is_gone(struct check *c, const struct df_instruction *run) {
    const struct shell *s = &c->step->script;
    struct shell_command pip;
    if (check_compat_is(c, COMPAT_HADOLINT))
        return false;
    struct str directory = pip_install(c->command, &pip) ? command_value(&pip, "cache-dir") : STR_NULL;
    directory = directory.n ? directory : pip_directory(c);
    if (directory.n && lint_is_mounted(run, arena_strz(&c->scratch, directory)))
        return true;
    for (const struct shell_command *cmd = c->command + 1; cmd < s->commands + s->n && check_charge(c, cmd->n_words); cmd++)
        if (cmd->n_words && removes_pip_cache(cmd))
            return true;
    return false;
}

static void pip_cache(struct check *c, const struct rule *r, const struct df_instruction *i) {
    struct shell_command pip;
    if (!pip_install(c->command, &pip) || command_flag(&pip, "no-cache-dir") || lint_is_mounted(i, "/root/.cache/pip") ||
        command_says(c, "PIP_NO_CACHE_DIR") || env_says(c, "PIP_NO_CACHE_DIR") || pip_cache_is_gone(c, i))
        return;
    for (size_t k = 1; k < pip.n_words; k++)
        if (str_eqz(pip.words[k].text, "install")) {
            fix_behind(c, c->step, pip.words[k].raw, S(" --no-cache-dir"));
            break;
        }
    check_command(c, r, pip.words[0].raw, "pip keeps what it downloads in ~/.cache/pip");
}

/* --- npm -------------------------------------------------------------------------------------------------------------------------- */

static bool npm_is_pinned(struct str package) {
    if (word_starts_in("git:// git+ssh:// git+http:// git+https://", package))
        return str_index(package, '#') >= 0;
    if (word_starts_in("/ ./ ../ ~/", package) || word_ends_in(".tar .tar.gz .tgz", package) || str_eqz(package, "."))
        return true;
    return str_index(str_from(package, 1), '@') >= 0; /* @scope/name@1.2 */
}

static void npm_pin(struct check *c, const struct rule *r, const struct df_instruction *i) {
    struct operands o = {.command = c->command, .valued = "registry loglevel prefix cache userconfig fetch-retries workspace w tag"};
    (void)i;
    if (!command_is(c->command, "npm"))
        return;
    const struct shell_word *verb = operand_next(&o);
    if (!verb || !word_in("install i add", verb->text))
        return;
    for (const struct shell_word *w; (w = operand_next(&o));)
        if (!npm_is_pinned(w->text) && !(w->expands && !check_compat_is(c, COMPAT_HADOLINT)))
            check_command(c, r, w->raw, "%.*s is installed in whatever version there is", STR_ARG(w->text));
}

/* --- yarn ------------------------------------------------------------------------------------------------------------------------- */

static void yarn_cache(struct check *c, const struct rule *r, const struct df_instruction *i) {
    const struct shell_command *install = NULL;
    if (!c->lint.stages[c->step->stage].ships || lint_is_mounted(i, "/root/.cache/yarn") ||
        lint_is_mounted(i, "/usr/local/share/.cache/yarn"))
        return;
    for (size_t k = 0; k < c->step->script.n; k++) {
        const struct shell_command *cmd = &c->step->script.commands[k];
        if (!command_is(cmd, "yarn"))
            continue;
        if (command_has(cmd, "install"))
            install = cmd;
        else if (command_has(cmd, "cache") && command_has(cmd, "clean"))
            install = NULL;
    }
    if (!install)
        return;
    check_note(c, r, c->step, install->text, NULL, "yarn keeps what it downloads");
}

/* --- gem -------------------------------------------------------------------------------------------------------------------------- */

static void gem_pin(struct check *c, const struct rule *r, const struct df_instruction *i) {
    struct operands o = {
        .command = c->command,
        .valued = "i install-dir n bindir p http-proxy s source P trust-policy platform B build-root document use-system-libraries",
        .until_dashes = true};
    (void)i;
    if (!command_is(c->command, "gem") || command_flag(c->command, "v version"))
        return;
    const struct shell_word *verb = operand_next(&o);
    if (!verb || !word_in("install i", verb->text))
        return;
    for (const struct shell_word *w; (w = operand_next(&o));)
        if (str_index(w->text, ':') < 0 && !str_ends(w->text, S(".gem")) && !(w->expands && !check_compat_is(c, COMPAT_HADOLINT)))
            check_command(c, r, w->raw, "%.*s is installed in whatever version there is", STR_ARG(w->text));
}

/* --- go --------------------------------------------------------------------------------------------------------------------------- */

static bool go_is_pinned(struct str package) {
    struct str path, version;
    if (word_starts_in("/ ./ ../", package) || word_in(". .. ./... std cmd all", package) || str_ends(package, S(".go")))
        return true;
    return str_cut(package, '@', &path, &version) && version.n && !str_eqz(version, "latest");
}

/* Flags of go have one dash. */
static bool takes_value(struct str flag) {
    struct str name = str_from(flag, str_starts(flag, S("--")) ? 2 : 1);
    return word_in("ldflags gcflags asmflags gccgoflags tags o mod modfile p C exec overlay pkgdir toolexec buildmode compiler", name);
}

static void go_pin(struct check *c, const struct rule *r, const struct df_instruction *i) {
    const struct shell_command *cmd = c->command;
    (void)i;
    if (!command_is(cmd, "go") || cmd->n_words < 3 || !word_in("install get run", cmd->words[1].text))
        return;
    for (size_t k = 2; k < cmd->n_words; k++) {
        const struct shell_word *w = &cmd->words[k];
        if (str_starts(w->text, S("-"))) {
            k += takes_value(w->text);
            continue;
        }
        if (!go_is_pinned(w->text) && !(w->expands && !check_compat_is(c, COMPAT_HADOLINT)))
            check_command(c, r, w->raw, "%.*s is taken in whatever version there is", STR_ARG(w->text));
        if (str_eqz(cmd->words[1].text, "run")) /* what follows are the program's arguments */
            return;
    }
}

const struct rule rules_language[] = {
    {.id = "PipPin",
     .reads = READS_COMMAND,
     .severity = SEVERITY_WARNING,
     .also = "DL3013 4.11",
     .why = "Tomorrow's build installs another version.",
     .fix = "Write name==version, or -r requirements.txt with versions and hashes.",
     .url = "",
     .run = pip_pin},
    {.id = "PipCache",
     .reads = READS_COMMAND,
     .severity = SEVERITY_WARNING,
     .also = "DL3042",
     .why = "The cache is of no use in an image.",
     .fix = "Write pip install --no-cache-dir, or mount a cache at /root/.cache/pip.",
     .url = "",
     .run = pip_cache},
    {.id = "NpmPin",
     .reads = READS_COMMAND,
     .severity = SEVERITY_WARNING,
     .also = "DL3016 4.11",
     .why = "Tomorrow's build installs another version.",
     .fix = "Write name@version, or npm ci with a lock file.",
     .url = "",
     .run = npm_pin},
    {.id = "YarnCache",
     .reads = READS_TEXT,
     .severity = SEVERITY_INFO,
     .also = "DL3060",
     .why = "The cache is of no use in an image.",
     .fix = "End the RUN with yarn cache clean, or mount a cache.",
     .url = "",
     .run = yarn_cache},
    {.id = "GemPin",
     .reads = READS_COMMAND,
     .severity = SEVERITY_WARNING,
     .also = "DL3028 4.11",
     .why = "Tomorrow's build installs another version.",
     .fix = "Write name:version.",
     .url = "",
     .run = gem_pin},
    {.id = "GoPin",
     .reads = READS_COMMAND,
     .severity = SEVERITY_WARNING,
     .also = "DL3062 4.11",
     .why = "Tomorrow's build takes another version.",
     .fix = "Write package@version.",
     .url = "",
     .run = go_pin},
    {0},
};
