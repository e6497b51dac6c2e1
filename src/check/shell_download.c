/* SPDX-License-Identifier: Apache-2.0
 * What comes from the network: whether anything proves it, over what it comes, and whether it is run unread. */
#include "check/shell_proof.h"
#include "check/text_rules.h"

/* --- What a command downloads, and to where ------------------------------------------------------------------------------------------- */

static const char curl_valued[] =
    "o output d data H header u user A user-agent e referer b cookie c cookie-jar x proxy X request E cert cacert key "
    "retry retry-delay connect-timeout m max-time proto proto-redir T upload-file w write-out data-binary data-raw";
static const char wget_valued[] =
    "O output-document P directory-prefix o output-file a append-output T timeout t tries U user-agent header "
    "progress ca-certificate user password post-data w wait";

/* The first URL among the arguments; "" if there is none, or a variable is all that is known. */
static struct str url_of(const struct shell_command *c) {
    struct operands o = {.command = c, .valued = command_is(c, "curl") ? curl_valued : wget_valued};
    for (const struct shell_word *w; (w = operand_next(&o));)
        if (word_is_download(w->text))
            return w->text;
    return STR_NULL;
}

static bool is_name_byte(char c) {
    return c == '_' || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* "$U", "${U}/x" with what the stage's last ARG or ENV of that name says; "": none does. */
static struct str with_default(struct check *c, struct str word) {
    bool braced = str_starts(word, S("${"));
    struct str name = str_from(word, 1 + braced);
    size_t n = 0;
    while (n < name.n && is_name_byte(name.p[n]))
        n++;
    if (!str_starts(word, S("$")) || n == 0 || (braced && !str_starts(str_from(name, n), S("}"))))
        return STR_NULL;
    const struct lint_step *first = &c->lint.steps[c->lint.stages[c->step->stage].first];
    for (const struct lint_step *s = c->step; s-- > first && check_charge(c, 1 + s->i->n_pairs);)
        for (size_t k = s->i->n_pairs; (s->i->op == DF_ARG || s->i->op == DF_ENV) && k-- > 0;)
            if (str_eq(s->i->pairs[k].key, str_first(name, n)))
                return arena_join3(&c->scratch, lint_unquoted(s->i->pairs[k].value), str_from(name, n + braced), STR_NULL);
    return STR_NULL;
}

/* The same of a variable whose default is one. */
static struct str known_url_of(struct check *c, const struct shell_command *cmd) {
    struct operands o = {.command = cmd, .valued = command_is(cmd, "curl") ? curl_valued : wget_valued};
    struct str url = url_of(cmd);
    for (const struct shell_word *w; !word_is_download(url) && (w = operand_next(&o));)
        url = w->expands ? with_default(c, w->text) : STR_NULL;
    return word_is_download(url) ? url : STR_NULL;
}

static struct str redirected_to(const struct shell_command *c) {
    for (size_t k = 0; k < c->n_redirects; k++)
        if (word_in("> >> >|", c->redirects[k].op) && !word_in("2", c->redirects[k].fd))
            return c->redirects[k].target.text;
    return STR_NULL;
}

/* Without its query. */
static struct str name_in(struct str url) {
    struct str path, query;
    (void)str_cut(url, '?', &path, &query);
    return path_base(path);
}

/* The file that a download makes; "" if it goes to standard output, "-" too. */
static struct str file_of(const struct shell_command *c, struct str url) {
    struct str file = redirected_to(c);
    if (command_is(c, "curl") && !file.n)
        file = command_flag(c, "O remote-name remote-name-all J") ? name_in(url) : command_value(c, "o output");
    if (command_is(c, "wget") && !file.n)
        file = command_flag(c, "O output-document") ? command_value(c, "O output-document") : name_in(url);
    return str_eqz(file, "-") || str_starts(file, S("/dev/")) ? STR_NULL : file;
}

bool command_downloads(const struct shell_command *c) {
    return command_is(c, "curl wget") && !command_flag(c, "I head spider T upload-file");
}

/* --- Proofs --------------------------------------------------------------------------------------------------------------------------- */

/* A sum that is only printed proves nothing: something has to look at it. */
static bool is_looked_at(const struct shell_command *c) {
    return c->nested > 0 || c->behind == SHELL_PIPE;
}

static bool proves_by_sum(const struct shell_command *c) {
    if (command_is(c, "sha256sum sha512sum sha384sum sha224sum sha1sum shasum b2sum b3sum rhash md5sum"))
        return command_flag(c, "c check") || is_looked_at(c);
    return command_is(c, "openssl") && command_has(c, "dgst sha256 sha384 sha512") && is_looked_at(c);
}

static bool proves_by_signature(const struct shell_command *c) {
    if (command_is(c, "gpg gpg2 sq gh"))
        return command_flag(c, "verify") || command_has(c, "verify");
    if (command_is(c, "cosign slsa-verifier"))
        return command_has(c, "verify verify-blob verify-blob-attestation verify-attestation verify-artifact verify-image");
    if (command_is(c, "minisign signify"))
        return command_flag(c, "V C");
    return command_is(c, "gpgv") || (command_is(c, "openssl") && command_has(c, "-verify verify")) ||
           (command_is(c, "rpm rpmkeys") && command_flag(c, "K checksig"));
}

bool command_proves(const struct shell_command *c) {
    return proves_by_sum(c) || proves_by_signature(c);
}

/* Whether the command, or what is piped into it, speaks of the file. */
static bool speaks_of(const struct shell *s, size_t k, struct str name) {
    for (;; k--) {
        const struct shell_command *c = &s->commands[k];
        if (str_find(c->text, name) >= 0)
            return true;
        for (size_t j = 0; j < c->n_redirects; j++)
            if (c->redirects[j].body && str_find(*c->redirects[j].body, name) >= 0)
                return true;
        if (k == 0 || c->before != SHELL_PIPE)
            return false;
    }
}

/* A list of checksums by its name alone: "sha256sum -c SHA256SUMS". Nobody can tell from here what it lists. */
static bool checks_a_list(const struct shell_command *c) {
    struct operands o = {.command = c, .valued = "a algorithm"};
    const struct shell_word *list = command_flag(c, "c check") ? operand_next(&o) : NULL;
    return list && !str_eqz(list->text, "-");
}

static bool is_proven(struct check *c, const struct shell *s, size_t from, struct str file) {
    struct str name = path_base(file);
    if (word_ends_in(".asc .sig .sha256 .sha512 .sha256sum .pem .minisig .sum", name) || word_has(name, "SUMS"))
        return true; /* a proof itself */
    for (size_t k = from + 1; k < s->n && check_charge(c, s->commands[k].text.n); k++)
        if (command_proves(&s->commands[k]) && (checks_a_list(&s->commands[k]) || speaks_of(s, k, name)))
            return true;
    return c->work == 0;
}

/* Where a download that is piped goes. */
static const struct shell_command *piped_to(const struct shell *s, size_t k) {
    while (k + 1 < s->n && s->commands[k].behind == SHELL_PIPE) {
        k++;
        if (s->commands[k].nested == 0 && !command_is(&s->commands[k], "tee gunzip zcat xz bzip2 gzip zstd sed tr"))
            return &s->commands[k];
    }
    return NULL;
}

static const char interpreters[] = "sh bash ash dash zsh ksh python python2 python3 perl ruby node php";

static void unverified_run(struct check *c, const struct rule *r, const struct shell *s, size_t k) {
    const struct shell_command *cmd = &s->commands[k], *to = piped_to(s, k);
    struct str url = known_url_of(c, cmd), file = url.n ? file_of(cmd, url) : STR_NULL;
    if (to && command_is(to, "tar bsdtar cpio dpkg rpm unzip"))
        check_note(c, r, c->step, cmd->text, NULL, "what %.*s fetches is unpacked unseen", STR_ARG(cmd->words[0].text));
    else if (!to && file.n && !is_proven(c, s, k, file))
        check_note(c, r, c->step, cmd->text, NULL, "nothing proves that %.*s is what was meant", STR_ARG(path_base(file)));
}

static bool is_commit(struct str s) {
    enum { SHORTEST = 40 };
    struct str commit, subdirectory;
    (void)str_cut(s, ':', &commit, &subdirectory);
    for (size_t k = 0; k < commit.n; k++)
        if (!strchr("0123456789abcdef", commit.p[k]))
            return false;
    return commit.n >= SHORTEST;
}

/* ADD of a URL says --checksum, of a repository a commit. */
static void unverified_add(struct check *c, const struct rule *r, const struct df_instruction *i) {
    for (size_t k = 0; k + 1 < i->n_args; k++) {
        struct str source = lint_unquoted(i->args[k]), known = with_default(c, source), url, commit;
        source = word_is_download(known) ? known : source;
        (void)str_cut(source, '#', &url, &commit);
        bool git = str_ends(url, S(".git")) || str_starts(source, S("git@"));
        if ((word_is_download(source) || git) && !lint_flag(i, "checksum").n && !(git && is_commit(commit)))
            check_note(c, r, c->step, i->args[k], NULL, "ADD %.*s without %s", STR_ARG(source), git ? "a commit" : "--checksum");
    }
}

static void download_unverified(struct check *c, const struct rule *r, const struct df_instruction *i) {
    const struct shell *s = &c->step->script;
    if (i->op == DF_ADD)
        unverified_add(c, r, i);
    for (size_t k = 0; k < s->n; k++)
        if (command_downloads(&s->commands[k]) && !s->commands[k].wrapped)
            unverified_run(c, r, s, k);
}

/* --- Run unread ----------------------------------------------------------------------------------------------------------------------- */

static bool is_interpreter(const struct shell_command *c) {
    return command_is(c, interpreters);
}

/* "curl | sh", and "sh <(curl)", sh -c "$(curl)". */
static void pipe_to_shell(struct check *c, const struct rule *r, const struct df_instruction *i) {
    const struct shell *s = &c->step->script;
    (void)i;
    for (size_t k = 0; k < s->n; k++) {
        const struct shell_command *cmd = &s->commands[k], *to = piped_to(s, k);
        if (!command_downloads(cmd))
            continue;
        bool runs = to && (is_interpreter(to) || (command_is(to, "sudo env") && command_has(to, interpreters)));
        for (size_t j = 0; !runs && cmd->nested && j < k; j++) {
            const struct shell_command *outer = &s->commands[j];
            bool around = outer->nested + 1 == cmd->nested && outer->text.p <= cmd->text.p && outer->text.p + outer->text.n > cmd->text.p;
            runs = around && (is_interpreter(outer) || command_is(outer, "eval source .")) && check_charge(c, 1);
        }
        if (runs)
            check_note(c, r, c->step, cmd->text, NULL, "what %.*s fetches is run unread", STR_ARG(cmd->words[0].text));
    }
}

/* --- Over what it comes --------------------------------------------------------------------------------------------------------------- */

static bool is_far(struct str url) {
    struct str host = str_from(url, strlen("http://"));
    return str_starts(url, S("http://")) && host.n && !word_starts_in("localhost 127. [::1] $ host.docker.internal", host);
}

static void http_url(struct check *c, const struct rule *r, const struct df_instruction *i) {
    for (size_t k = 0; i->op == DF_ADD && k + 1 < i->n_args; k++)
        if (is_far(lint_unquoted(i->args[k])))
            check_note(c, r, c->step, i->args[k], NULL, "ADD over http");
    for (size_t k = 0; k < c->step->script.n; k++) {
        const struct shell_command *cmd = &c->step->script.commands[k];
        if (cmd->wrapped || !command_is(cmd, "curl wget git pip pip3 npm yarn gem apk svn rpm dnf yum zypper apt-key"))
            continue;
        for (size_t j = 1; j < cmd->n_words; j++) {
            struct str key, value;
            bool valued = str_cut(cmd->words[j].text, '=', &key, &value);
            if (is_far(cmd->words[j].text) || (valued && is_far(value)))
                check_note(c, r, c->step, cmd->words[j].raw, NULL, "%.*s over http", STR_ARG(cmd->words[0].text));
        }
    }
}

static void curl_redirect(struct check *c, const struct rule *r, const struct df_instruction *i) {
    const struct shell_command *cmd = c->command;
    (void)i;
    if (command_is(cmd, "curl") && command_flag(cmd, "L location") && !command_flag(cmd, "proto proto-redir") &&
        str_starts(url_of(cmd), S("https://")))
        check_command(c, r, cmd->text, "curl follows redirections, to http too");
}

const struct rule rules_download[] = {
    {.id = "DownloadUnverified",
     .reads = READS_TEXT,
     .severity = SEVERITY_WARNING,
     .also = "4.11 4.12",
     .why = "Whoever holds the server, or the way to it, decides what is in the image.",
     .fix = "Check it in the same RUN (sha256sum -c, gpg --verify), or write ADD --checksum.",
     .url = "",
     .run = download_unverified},
    {.id = "PipeToShell",
     .reads = READS_TEXT,
     .severity = SEVERITY_ERROR,
     .also = "4.11",
     .why = "A script is run that nobody has read, as far as the connection held.",
     .fix = "Download it, check it, then run it.",
     .url = "",
     .run = pipe_to_shell},
    {.id = "HttpUrl",
     .reads = READS_TEXT,
     .severity = SEVERITY_WARNING,
     .also = "",
     .why = "Anyone on the way can change what comes over http.",
     .fix = "Write https.",
     .url = "",
     .run = http_url},
    {.id = "CurlRedirect",
     .reads = READS_COMMAND,
     .severity = SEVERITY_INFO,
     .experimental = true,
     .also = "",
     .why = "A server may send curl on to a URL without TLS.",
     .fix = "Write --proto '=https'.",
     .url = "",
     .run = curl_redirect},
    {0},
};
