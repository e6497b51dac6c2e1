/* SPDX-License-Identifier: Apache-2.0
 * Checks that are switched off, keys that are easily confused, files that anyone may write. */
#include "check/shell_proof.h"
#include "check/text_rules.h"

/* --- Authentication ------------------------------------------------------------------------------------------------------------------- */

static const struct {
    const char *programs, *flags;
} off[] = {
    {"apt-get apt aptitude", "allow-unauthenticated force-yes allow-insecure-repositories"},
    {"yum dnf microdnf", "nogpgcheck"},
    {"zypper", "no-gpg-checks no-gpg-check gpg-auto-import-keys"},
    {"apk", "allow-untrusted"},
    {"curl", "k insecure proxy-insecure"},
    {"wget", "no-check-certificate"},
    {"pip pip2 pip3", "trusted-host"},
    {"rpm", "nosignature nodigest nogpg"},
    {"gem", "no-verify"},
};

/* The word that has the flag. */
static struct str flag_word(const struct shell_command *c, const char *flags) {
    for (size_t k = 1; k < c->n_words; k++) {
        struct shell_command one = {.words = (struct shell_word[]){c->words[0], c->words[k]}, .n_words = 2};
        if (command_flag(&one, flags))
            return c->words[k].raw;
    }
    return c->text;
}

/* What switches it off in a word: an option of apt's or git's, a line for a configuration file. */
static const char *const phrases[] = {"AllowUnauthenticated=true", "AllowUnauthenticated=1", "trusted=yes",     "gpgcheck=0",
                                      "sslverify=false",           "sslVerify=false",        "sslVerify false", "StrictHostKeyChecking=no",
                                      "StrictHostKeyChecking no"};

/* A line for apt about an archive that lies in the image: it came by other ways. */
static bool is_own_archive(struct str line, const char *phrase) {
    return strcmp(phrase, "trusted=yes") == 0 && word_has(line, "file:/") && !word_has(line, "http:") && !word_has(line, "https:") &&
           !word_has(line, "ftp:");
}

static void command_off(struct check *c, const struct rule *r, const struct shell_command *cmd) {
    for (size_t k = 0; k < sizeof off / sizeof off[0]; k++)
        if (command_is(cmd, off[k].programs) && command_flag(cmd, off[k].flags))
            check_note(c, r, c->step, flag_word(cmd, off[k].flags), NULL, "%.*s does not check whom it speaks to, or what it gets",
                       STR_ARG(cmd->words[0].text));
    if (command_is(cmd, "npm yarn") && command_has(cmd, "strict-ssl") && command_has(cmd, "false"))
        check_note(c, r, c->step, cmd->text, NULL, "npm does not check whom it speaks to, or what it gets");
    for (size_t k = 1; k < cmd->n_words; k++)
        for (size_t p = 0; p < sizeof phrases / sizeof phrases[0]; p++)
            if (word_has(cmd->words[k].text, phrases[p]) && !is_own_archive(cmd->words[k].text, phrases[p]))
                check_note(c, r, c->step, cmd->words[k].raw, NULL, "\"%s\" switches a check off", phrases[p]);
}

/* A line for apt's or yum's configuration, or an option of apt's. */
static bool lets_packages_pass(struct str text) {
    bool apt = word_has(text, "AllowUnauthenticated") && !word_has(text, "false") && !word_has(text, "=0");
    return apt || (word_has(text, "trusted=yes") && !is_own_archive(text, "trusted=yes")) || word_has(text, "gpgcheck=0");
}

enum packages_checked command_checks_packages(const struct shell_command *cmd) {
    static const char managers[] = "apt-get apt aptitude yum dnf microdnf zypper apk rpm dpkg";
    enum packages_checked otherwise = command_is(cmd, managers) ? PACKAGES_UNCHECKED_HERE : PACKAGES_UNCHECKED_FROM_HERE;
    for (size_t k = 0; k < sizeof off / sizeof off[0]; k++)
        if (command_is(cmd, managers) && command_is(cmd, off[k].programs) && command_flag(cmd, off[k].flags))
            return PACKAGES_UNCHECKED_HERE;
    for (size_t k = 1; k < cmd->n_words; k++)
        if (lets_packages_pass(cmd->words[k].text))
            return otherwise;
    for (size_t k = 0; k < cmd->n_redirects; k++)
        if (cmd->redirects[k].body && lets_packages_pass(*cmd->redirects[k].body))
            return PACKAGES_UNCHECKED_FROM_HERE;
    return PACKAGES_CHECKED;
}

static const struct {
    const char *key, *values;
} variables[] = {
    {"NODE_TLS_REJECT_UNAUTHORIZED", "0"},
    {"GIT_SSL_NO_VERIFY", "1 true"},
    {"PYTHONHTTPSVERIFY", "0"},
    {"NPM_CONFIG_STRICT_SSL", "false"},
    {"GOINSECURE", "*"},
    {"GONOSUMDB", "*"},
    {"GONOSUMCHECK", "1"},
    {"GOFLAGS", "-insecure"},
    {"PIP_TRUSTED_HOST", "*"},
};

static void auth_disabled(struct check *c, const struct rule *r, const struct df_instruction *i) {
    for (size_t k = 0; (i->op == DF_ENV || i->op == DF_ARG) && k < i->n_pairs; k++)
        for (size_t v = 0; v < sizeof variables / sizeof variables[0]; v++)
            if (str_eqz(i->pairs[k].key, variables[v].key) && word_in(variables[v].values, lint_unquoted(i->pairs[k].value)))
                check_note(c, r, c->step, i->pairs[k].key, NULL, "%s switches a check off", variables[v].key);
    for (size_t k = 0; k < c->step->script.n; k++)
        if (!c->step->script.commands[k].wrapped)
            command_off(c, r, &c->step->script.commands[k]);
}

/* --- Keys ----------------------------------------------------------------------------------------------------------------------------- */

static void short_key(struct check *c, const struct rule *r, const struct df_instruction *i) {
    enum { SHORT = 8, LONG = 16 };
    const struct shell_command *cmd = c->command;
    (void)i;
    if (!command_is(cmd, "gpg gpg2 apt-key") || !command_flag(cmd, "recv-keys recv-key recv keyserver"))
        return;
    for (size_t k = 1; k < cmd->n_words; k++) {
        struct str id = str_from(cmd->words[k].text, str_starts(cmd->words[k].text, S("0x")) ? 2 : 0);
        if ((id.n == SHORT || id.n == LONG) && strspn(arena_strz(&c->scratch, id), "0123456789abcdefABCDEF") == id.n)
            check_command(c, r, cmd->words[k].raw, "%.*s is the end of a fingerprint alone", STR_ARG(id));
    }
}

/* --- Modes ---------------------------------------------------------------------------------------------------------------------------- */

static bool lets_all_write(struct str mode) {
    uint64_t bits;
    if (str_to_u64(mode, 8, 07777, &bits))
        return (bits & 0002) && !(bits & 01000);
    struct str clause;
    while (str_next(&mode, ',', &clause)) {
        struct str who, what;
        if ((str_cut(clause, '+', &who, &what) || str_cut(clause, '=', &who, &what)) && str_index(what, 'w') >= 0 &&
            (str_index(who, 'a') >= 0 || str_index(who, 'o') >= 0) && str_index(what, 't') < 0)
            return true;
    }
    return false;
}

static void world_writable(struct check *c, const struct rule *r, const struct df_instruction *i) {
    struct str mode = i->op == DF_COPY || i->op == DF_ADD ? lint_flag(i, "chmod") : STR_NULL;
    if (mode.n && lets_all_write(mode))
        check_note(c, r, c->step, mode, NULL, "--chmod=%.*s lets anyone write", STR_ARG(mode));
    for (size_t k = 0; k < c->step->script.n; k++) {
        const struct shell_command *cmd = &c->step->script.commands[k];
        struct operands o = {.command = cmd, .valued = "reference"};
        const struct shell_word *w = command_is(cmd, "chmod") ? operand_next(&o) : NULL;
        if (w && lets_all_write(w->text))
            check_note(c, r, c->step, cmd->text, NULL, "chmod %.*s lets anyone write", STR_ARG(w->text));
    }
}

const struct rule rules_trust[] = {
    {.id = "AuthDisabled",
     .reads = READS_TEXT,
     .severity = SEVERITY_ERROR,
     .also = "4.11",
     .why = "Packages, certificates or signatures are taken as they come.",
     .fix = "Install the right keys or certificates, and leave the check on.",
     .url = "",
     .run = auth_disabled},
    {.id = "ShortKeyId",
     .reads = READS_COMMAND,
     .severity = SEVERITY_WARNING,
     .also = "4.12",
     .why = "Keys with a given short id can be made in seconds.",
     .fix = "Write the whole fingerprint.",
     .url = "",
     .run = short_key},
    {.id = "WorldWritable",
     .reads = READS_TEXT,
     .severity = SEVERITY_WARNING,
     .also = "",
     .why = "Whoever gets into one program of the container changes the others.",
     .fix = "Give the files to the user that needs them.",
     .url = "",
     .run = world_writable},
    {0},
};
