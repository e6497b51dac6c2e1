/* SPDX-License-Identifier: Apache-2.0
 * yum, dnf, microdnf and zypper: versions, answers, caches. */
#include "check/text_edits.h"
#include "check/text_rules.h"

static bool installs(const struct shell_command *c, const char *programs) {
    return command_is(c, programs) && command_has(c, "install");
}

/* --- Versions --------------------------------------------------------------------------------------------------------------------- */

static bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

/* "httpd-2.4", "openssl-1:1.1", not "rpm-sign". */
static bool has_version(struct str package) {
    for (size_t k = 1; k + 1 < package.n; k++)
        if (package.p[k] == '-' && is_digit(package.p[k + 1]))
            return true;
    return str_ends(package, S(".rpm"));
}

/* The variables of a package's name: one that ARG or this stage's ENV sets is a version that somebody gives. */
static bool version_is_given(struct check *c, struct str package) {
    ptrdiff_t dollar = str_index(package, '$');
    if (dollar < 1 || package.p[dollar - 1] != '-')
        return false;
    struct str name = str_from(package, (size_t)dollar + 1);
    name = str_from(name, str_starts(name, S("{")));
    const struct lint_step *s = c->step;
    while (s-- > c->lint.steps && check_charge(c, 1 + s->i->n_pairs))
        for (size_t k = 0; k < s->i->n_pairs; k++) {
            struct str key = s->i->pairs[k].key, behind = str_from(name, key.n);
            bool reaches = s->i->op == DF_ARG || (s->i->op == DF_ENV && s->stage == c->step->stage);
            if (reaches && str_starts(name, key) && (behind.n == 0 || str_index(S("}:-./+~"), behind.p[0]) >= 0))
                return true;
        }
    return false;
}

static void rpm_pin(struct check *c, const struct rule *r, const char *programs) {
    const struct shell_command *cmd = c->command;
    struct operands o = {.command = cmd,
                         .valued = "c config d debuglevel e errorlevel x exclude setopt enablerepo disablerepo repo releasever "
                                   "installroot R randomwait"};
    if (!installs(cmd, programs))
        return;
    bool module = command_has(cmd, "module");
    for (const struct shell_word *w; (w = operand_next(&o));) {
        bool verb = word_in("install module", w->text);
        bool pinned = module ? str_index(w->text, ':') >= 0 : has_version(w->text) || (w->expands && version_is_given(c, w->text));
        if (!verb && !pinned && !str_starts(w->text, S("@")))
            check_command(c, r, w->raw, "%.*s is installed in whatever version there is", STR_ARG(w->text));
    }
}

static void yum_pin(struct check *c, const struct rule *r, const struct df_instruction *i) {
    (void)i;
    rpm_pin(c, r, "yum");
}

static void dnf_pin(struct check *c, const struct rule *r, const struct df_instruction *i) {
    (void)i;
    rpm_pin(c, r, "dnf microdnf dnf5");
}

static void zypper_pin(struct check *c, const struct rule *r, const struct df_instruction *i) {
    const struct shell_command *cmd = c->command;
    struct operands o = {.command = cmd, .valued = "r repo from t type R root D reposd-dir"};
    (void)i;
    if (!command_is(cmd, "zypper") || !command_has(cmd, "install in"))
        return;
    for (const struct shell_word *w; (w = operand_next(&o));) {
        bool pinned =
            word_in("install in", w->text) || strcspn(arena_strz(&c->scratch, w->text), "=<>~") < w->text.n || str_ends(w->text, S(".rpm"));
        if (!pinned)
            check_command(c, r, w->raw, "%.*s is installed in whatever version there is", STR_ARG(w->text));
    }
}

/* --- Answers ------------------------------------------------------------------------------------------------------------------------ */

static void answer(struct check *c, const struct rule *r, const char *verbs, const char *flags) {
    const struct shell_command *cmd = c->command;
    if (!command_has(cmd, verbs) || command_flag(cmd, flags))
        return;
    for (size_t k = 1; k < cmd->n_words; k++)
        if (word_in(verbs, cmd->words[k].text)) {
            fix_behind(c, c->step, cmd->words[k].raw, S(" -y"));
            break;
        }
    check_command(c, r, cmd->words[0].raw, "%.*s asks, and nobody answers", STR_ARG(cmd->words[0].text));
}

static void yum_yes(struct check *c, const struct rule *r, const struct df_instruction *i) {
    (void)i;
    if (command_is(c->command, "yum"))
        answer(c, r, "install groupinstall localinstall", "y assumeyes");
}

static void dnf_yes(struct check *c, const struct rule *r, const struct df_instruction *i) {
    (void)i;
    if (command_is(c->command, "dnf microdnf dnf5"))
        answer(c, r, "install groupinstall localinstall", "y assumeyes");
}

static void zypper_yes(struct check *c, const struct rule *r, const struct df_instruction *i) {
    (void)i;
    if (command_is(c->command, "zypper"))
        answer(c, r, "install in remove rm source-install si patch", "n non-interactive y no-confirm");
}

/* --- Caches ------------------------------------------------------------------------------------------------------------------------- */

struct cache {
    const char *programs, *install, *clean; /* verbs; yum and dnf want "all" behind "clean" */
    bool all;
    const char *directories[4];
    const char *remedy;
};

static bool removes(const struct shell_command *c, const struct cache *cache) {
    for (size_t k = 1; command_is(c, "rm") && k < c->n_words; k++)
        for (size_t d = 0; d < 4 && cache->directories[d]; d++) {
            struct str path = c->words[k].text;
            while (path.n > 1 && (path.p[path.n - 1] == '*' || path.p[path.n - 1] == '/'))
                path.n--;
            if (str_eqz(path, cache->directories[d]))
                return true;
        }
    return false;
}

static bool cleans(const struct shell_command *c, const struct cache *cache) {
    return (command_is(c, cache->programs) && command_has(c, cache->clean) && (!cache->all || command_has(c, "all"))) || removes(c, cache);
}

/* The last install counts: what is cleaned before it is filled again. */
static void cache_left(struct check *c, const struct rule *r, const struct df_instruction *run, const struct cache *cache,
                       const char *ids) {
    const struct shell_command *install = NULL;
    for (size_t d = 0; d < 4 && cache->directories[d]; d++)
        if (lint_is_mounted(run, cache->directories[d]))
            return;
    for (size_t k = 0; k < c->step->script.n; k++) {
        const struct shell_command *cmd = &c->step->script.commands[k];
        if (command_is(cmd, cache->programs) && command_has(cmd, cache->install))
            install = cmd;
        else if (cleans(cmd, cache))
            install = NULL;
    }
    if (!install)
        return;
    fix_append(c, c->step, str_z(cache->remedy));
    check_note(c, r, c->step, install->text, ids, "what %.*s downloads stays in %s", STR_ARG(install->words[0].text),
               cache->directories[0]);
}

static void yum_clean(struct check *c, const struct rule *r, const struct df_instruction *i) {
    static const struct cache cache = {"yum", "install", "clean", true, {"/var/cache/yum", "/var/cache/dnf"}, " && yum clean all"};
    cache_left(c, r, i, &cache, NULL);
}

static void dnf_clean(struct check *c, const struct rule *r, const struct df_instruction *i) {
    static const struct cache dnf = {
        "dnf", "install", "clean", true, {"/var/cache/dnf", "/var/cache/libdnf5", "/var/cache/yum"}, " && dnf clean all"};
    static const struct cache dnf5 = {"dnf5", "install", "clean", true, {"/var/cache/libdnf5", "/var/cache/dnf"}, " && dnf5 clean all"};
    static const struct cache micro = {
        "microdnf", "install", "clean", true, {"/var/cache/yum", "/var/cache/dnf", "/var/cache/libdnf5"}, " && microdnf clean all"};
    cache_left(c, r, i, &dnf, "DL3040 DS-0019");
    cache_left(c, r, i, &dnf5, "DL3040 DS-0019");
    cache_left(c, r, i, &micro, "DL3040 DS-0027");
}

static void zypper_clean(struct check *c, const struct rule *r, const struct df_instruction *i) {
    static const struct cache cache = {"zypper", "install in", "clean cc", false, {"/var/cache/zypp"}, " && zypper clean"};
    cache_left(c, r, i, &cache, NULL);
}

const struct rule rules_rpm[] = {
    {.id = "YumPin",
     .reads = READS_COMMAND,
     .severity = SEVERITY_WARNING,
     .also = "DL3033 4.11",
     .why = "Tomorrow's build installs another version.",
     .fix = "Write name-version.",
     .url = "",
     .run = yum_pin},
    {.id = "YumYes",
     .reads = READS_COMMAND,
     .severity = SEVERITY_WARNING,
     .also = "DL3030",
     .why = "Without an answer yum gives up.",
     .fix = "Write yum install -y.",
     .url = "",
     .run = yum_yes},
    {.id = "YumClean",
     .reads = READS_TEXT,
     .severity = SEVERITY_WARNING,
     .also = "DL3032 DS-0015",
     .why = "Downloaded packages and lists are of no use in an image.",
     .fix = "End the RUN with yum clean all.",
     .url = "",
     .run = yum_clean},
    {.id = "DnfPin",
     .reads = READS_COMMAND,
     .severity = SEVERITY_WARNING,
     .also = "DL3041 4.11",
     .why = "Tomorrow's build installs another version.",
     .fix = "Write name-version.",
     .url = "",
     .run = dnf_pin},
    {.id = "DnfYes",
     .reads = READS_COMMAND,
     .severity = SEVERITY_WARNING,
     .also = "DL3038",
     .why = "Without an answer dnf gives up.",
     .fix = "Write dnf install -y.",
     .url = "",
     .run = dnf_yes},
    {.id = "DnfClean",
     .reads = READS_TEXT,
     .severity = SEVERITY_WARNING,
     .also = "DL3040 DS-0019 DS-0027",
     .why = "Downloaded packages and lists are of no use in an image.",
     .fix = "End the RUN with dnf clean all.",
     .url = "",
     .run = dnf_clean},
    {.id = "ZypperPin",
     .reads = READS_COMMAND,
     .severity = SEVERITY_WARNING,
     .also = "DL3037 4.11",
     .why = "Tomorrow's build installs another version.",
     .fix = "Write name=version.",
     .url = "",
     .run = zypper_pin},
    {.id = "ZypperYes",
     .reads = READS_COMMAND,
     .severity = SEVERITY_WARNING,
     .also = "DL3034",
     .why = "Without an answer zypper gives up.",
     .fix = "Write zypper install -y.",
     .url = "",
     .run = zypper_yes},
    {.id = "ZypperClean",
     .reads = READS_TEXT,
     .severity = SEVERITY_WARNING,
     .also = "DL3036 DS-0020",
     .why = "Downloaded packages and lists are of no use in an image.",
     .fix = "End the RUN with zypper clean.",
     .url = "",
     .run = zypper_clean},
    {0},
};
