/* SPDX-License-Identifier: Apache-2.0
 * Secrets that a Dockerfile brings into an image: files that are called like one, URLs and commands with a password in them. No message
 * shows one. */
#include "check/text_rules.h"

/* --- Files -------------------------------------------------------------------------------------------------------------------------- */

static const char secret_files[] = ".env .netrc _netrc .npmrc .yarnrc.yml .pypirc .git-credentials .pgpass .my.cnf .htpasswd .dockercfg "
                                   ".vault-token id_rsa id_dsa id_ecdsa id_ed25519 kubeconfig";
static const char secret_ends[] = ".pem .key .ppk .p12 .pfx .jks .keystore .kdbx .docker/config.json .aws/credentials .kube/config";
static const char examples[] = ".example .sample .template .dist .pub"; /* of a file that is none */
static const char public_parts[] = "cert ca. ca- chain public truststore cacerts";

static bool has_part(struct str name, const char *parts) {
    struct str rest = str_z(parts), part;
    while (str_next(&rest, ' ', &part))
        for (size_t at = 0; at + part.n <= name.n; at++)
            if (str_eq_nocase(str_n(name.p + at, part.n), part))
                return true;
    return false;
}

static bool is_secret_file(struct str path) {
    struct str name = path_base(path);
    if (word_ends_in_nocase(examples, name) || str_index(name, '*') >= 0)
        return false;
    if (word_in_nocase(secret_files, name) || str_starts(name, S(".env.")))
        return true;
    return word_ends_in_nocase(secret_ends, path) && !has_part(name, public_parts);
}

/* What another stage has was brought there, and a stage that is not shipped keeps it. */
static void secret_file(struct check *c, const struct rule *r, const struct df_instruction *i) {
    bool ships = c->lint.n_stages && c->lint.stages[c->step->stage].ships;
    if ((i->op != DF_COPY && i->op != DF_ADD) || !ships)
        return;
    for (size_t k = 0; k + 1 < i->n_args; k++)
        if (is_secret_file(lint_unquoted(i->args[k])))
            check_note(c, r, c->step, i->args[k], NULL, "%.*s is called like a secret, and everyone who has the image has it",
                       STR_ARG(i->args[k]));
}

/* --- URLs --------------------------------------------------------------------------------------------------------------------------- */

static bool ends_authority(char c) {
    return c <= ' ' || strchr("/\"'`<>|;()\\?#,", c);
}

/* What stands between "://" and "@"; "" if there is nothing. */
static struct str userinfo(struct str behind) {
    size_t n = 0, at = 0;
    while (n < behind.n && !ends_authority(behind.p[n])) {
        at = behind.p[n] == '@' ? n : at;
        n++;
    }
    return str_first(behind, at);
}

/* A password, or a token in its place; what a variable brings is known by the variable's name. */
static bool has_password(struct str info) {
    enum { TOKEN_BYTES = 20 };
    struct str user, password;
    if (str_cut(info, ':', &user, &password))
        return password.n && password.p[0] != '$';
    return info.n >= TOKEN_BYTES && str_index(info, '$') < 0;
}

static void look_for_urls(struct check *c, const struct rule *r, struct str text) {
    for (ptrdiff_t at; (at = str_find(text, S("://"))) >= 0;) {
        text = str_from(text, (size_t)at + 3);
        struct str info = userinfo(text), user, password;
        (void)str_cut(info, ':', &user, &password);
        if (has_password(info))
            check_note(c, r, c->step, info, NULL, password.n ? "a URL with the password of %.*s" : "a URL with a token",
                       STR_ARG(str_first_chars(user, STR_SHOWN)));
    }
}

/* Not a variable: "secret", or a hash, which begins with "$6$". */
static bool is_literal(struct str s) {
    bool hash = s.n > 3 && s.p[0] == '$' && (s.p[2] == '$' || s.p[3] == '$');
    return s.n && !word_in("* ! !! x", s) && (s.p[0] != '$' || hash);
}

/* "user:password" */
static bool is_entry(struct str s) {
    struct str user, password;
    return str_cut(s, ':', &user, &password) && is_literal(password);
}

/* "curl -u user:password", "wget --password=password" */
static void look_at_flags(struct check *c, const struct rule *r, const struct shell_command *cmd) {
    struct str entry = command_value(cmd, "u user"), password = command_value(cmd, "password http-password ftp-password");
    if (!cmd->wrapped && ((command_is(cmd, "curl") && is_entry(entry)) || (command_is(cmd, "wget") && is_literal(password))))
        check_note(c, r, c->step, cmd->words[0].raw, NULL, "%.*s is given a password that the image's history tells",
                   STR_ARG(cmd->words[0].text));
}

static void url_password(struct check *c, const struct rule *r, const struct df_instruction *i) {
    look_for_urls(c, r, i->rest);
    for (size_t k = 0; k < i->n_heredocs; k++)
        look_for_urls(c, r, i->heredocs[k].raw);
    for (size_t k = 0; k < c->step->script.n && check_charge(c, c->step->script.commands[k].n_words); k++)
        look_at_flags(c, r, &c->step->script.commands[k]);
}

/* --- Accounts ----------------------------------------------------------------------------------------------------------------------- */

/* The command whose output it reads, below the "sudo" that may stand in front of it. */
static const struct shell_command *piped_from(const struct shell *s, size_t k) {
    enum { WRAPPED = 4 };
    for (size_t j = k; j-- > 0 && k - j <= WRAPPED;)
        if (s->commands[j].behind == SHELL_PIPE)
            return &s->commands[j];
    return NULL;
}

static bool echoes(const struct shell_command *from, bool (*what)(struct str s)) {
    struct operands o = {.command = from, .valued = ""};
    if (!from || !command_is(from, "echo printf"))
        return false;
    for (const struct shell_word *w; (w = operand_next(&o));)
        if (what(w->text))
            return true;
    return false;
}

static bool any_line(struct str text, bool (*what)(struct str s)) {
    struct str line;
    while (str_next(&text, '\n', &line))
        if (what(str_trim(line)))
            return true;
    return false;
}

/* What it reads stands in the file: in a here-string, or in a here-document, of the Dockerfile's or of a script's. */
static bool is_given(const struct df_instruction *i, const struct shell_command *c, bool (*what)(struct str s)) {
    for (size_t k = 0; k < c->n_redirects; k++) {
        const struct shell_redirect *from = &c->redirects[k];
        if (str_eqz(from->op, "<<<") && what(from->target.text))
            return true;
        if (from->body && any_line(*from->body, what))
            return true;
        for (size_t n = 0; from->body && n < i->n_heredocs; n++)
            if (str_eq(i->heredocs[n].name, from->target.text) && any_line(i->heredocs[n].raw, what))
                return true;
    }
    return false;
}

static void account_password(struct check *c, const struct rule *r, const struct df_instruction *i) {
    const struct shell *s = &c->step->script;
    for (size_t k = 0; k < s->n; k++) {
        const struct shell_command *cmd = &s->commands[k];
        bool entries = command_is(cmd, "chpasswd"), word = command_is(cmd, "passwd") && command_flag(cmd, "stdin");
        bool found = command_is(cmd, "useradd usermod adduser") && is_literal(command_value(cmd, "p password"));
        if (entries || word)
            found = echoes(piped_from(s, k), entries ? is_entry : is_literal) || is_given(i, cmd, entries ? is_entry : is_literal);
        if (found && check_charge(c, 1 + cmd->n_words))
            check_note(c, r, c->step, cmd->words[0].raw, NULL, "%.*s gives an account a password that the image's history tells",
                       STR_ARG(cmd->words[0].text));
    }
}

const struct rule rules_secrets[] = {
    {.id = "SecretFileCopied",
     .reads = READS_TEXT,
     .severity = SEVERITY_WARNING,
     .also = "CIS-DI-0010 4.10",
     .why = "A layer keeps what was copied, whatever is removed later.",
     .fix = "Write RUN --mount=type=secret for what a build needs, and give a container its secrets when it starts.",
     .url = "",
     .run = secret_file},
    {.id = "UrlPassword",
     .reads = READS_TEXT,
     .severity = SEVERITY_ERROR,
     .also = "CIS-DI-0010 4.10",
     .why = "The image's history and the logs of its builds show the URL as it is.",
     .fix = "Write RUN --mount=type=secret, or --mount=type=ssh, and change the password.",
     .url = "",
     .run = url_password},
    {.id = "AccountPassword",
     .reads = READS_TEXT,
     .severity = SEVERITY_ERROR,
     .also = "CIS-DI-0010 4.10",
     .why = "Every container of the image has an account with a password that everyone can read.",
     .fix = "Make the account without one: a container needs no login.",
     .url = "",
     .run = account_password},
    {0},
};
