/* SPDX-License-Identifier: Apache-2.0
 * apt-get and apk: versions, lists, answers, what comes along. */
#include "check/text_edits.h"
#include "check/text_rules.h"

/* The value flags of `apt-get install`. */
static const char apt_valued[] = "t target-release o option c config-file default-release a host-architecture";

static bool apt_installs(const struct shell_command *c) {
    return command_is(c, "apt-get") && command_has(c, "install") &&
           !command_flag(c, "s simulate just-print dry-run recon no-act print-uris");
}

/* --- Versions --------------------------------------------------------------------------------------------------------------------- */

static void apt_pin(struct check *c, const struct rule *r, const struct df_instruction *i) {
    struct operands o = {.command = c->command, .valued = apt_valued};
    (void)i;
    if (!apt_installs(c->command))
        return;
    for (const struct shell_word *w; (w = operand_next(&o));) {
        bool pinned =
            str_eqz(w->text, "install") || str_index(w->text, '=') >= 0 || str_index(w->text, '/') >= 0 || str_ends(w->text, S(".deb"));
        bool unknown = w->expands && !check_compat_is(c, COMPAT_HADOLINT);
        if (!pinned && !unknown && !str_ends(w->text, S("-")))
            check_command(c, r, w->raw, "%.*s is installed in whatever version there is", STR_ARG(w->text));
    }
}

static void apk_pin(struct check *c, const struct rule *r, const struct df_instruction *i) {
    struct operands o = {.command = c->command, .valued = "t virtual X repository p root keys-dir repositories-file arch"};
    (void)i;
    if (!command_is(c->command, "apk") || !command_has(c->command, "add"))
        return;
    for (const struct shell_word *w; (w = operand_next(&o));) {
        bool pinned =
            str_eqz(w->text, "add") || strcspn(arena_strz(&c->scratch, w->text), "=~<>") < w->text.n || str_ends(w->text, S(".apk"));
        if (!pinned && !(w->expands && !check_compat_is(c, COMPAT_HADOLINT)))
            check_command(c, r, w->raw, "%.*s is added in whatever version there is", STR_ARG(w->text));
    }
}

/* --- Answers and recommendations ------------------------------------------------------------------------------------------------------ */

static struct str program(const struct shell_command *c, const char *subcommand) {
    for (size_t k = 1; k < c->n_words; k++)
        if (word_in(subcommand, c->words[k].text))
            return c->words[k].raw;
    return c->words[0].raw;
}

static void apt_yes(struct check *c, const struct rule *r, const struct df_instruction *i) {
    const struct shell_command *cmd = c->command;
    (void)i;
    if (!apt_installs(cmd) || command_flag(cmd, "y yes assume-yes") || command_flags(cmd, "q quiet") > 1 || command_has(cmd, "-q=2"))
        return;
    fix_behind(c, c->step, program(cmd, "install"), S(" -y"));
    check_command(c, r, cmd->words[0].raw, "apt-get asks whether to install, and nobody answers");
}

static void apt_recommends(struct check *c, const struct rule *r, const struct df_instruction *i) {
    const struct shell_command *cmd = c->command;
    (void)i;
    if (!apt_installs(cmd) || command_flag(cmd, "no-install-recommends"))
        return;
    for (size_t k = 1; k < cmd->n_words; k++)
        if (word_has(cmd->words[k].text, "APT::Install-Recommends="))
            return;
    check_command(c, r, cmd->words[0].raw, "packages that are only recommended come along");
}

/* --- The program for scripts ------------------------------------------------------------------------------------------------------ */

static void apt_command(struct check *c, const struct rule *r, const struct df_instruction *i) {
    const struct shell_command *cmd = c->command;
    (void)i;
    if (cmd->n_words == 0 || !str_eqz(cmd->words[0].text, "apt"))
        return;
    if (command_has(cmd, "install update upgrade remove purge autoremove clean"))
        fix_replace(c, c->step, cmd->words[0].raw, S("apt-get"));
    check_command(c, r, cmd->words[0].raw, "apt is for people at a terminal");
}

/* --- Updates ---------------------------------------------------------------------------------------------------------------------- */

/* What refreshes lists, and what uses them. */
static const struct {
    const char *programs, *update, *install;
} managers[] = {
    {"apt-get apt aptitude", "update", "install upgrade dist-upgrade full-upgrade build-dep source download"},
    {"yum dnf microdnf", "update makecache check-update", "install reinstall localinstall groupinstall upgrade"},
    {"apk", "update", "add fetch upgrade"},
    {"zypper", "refresh ref", "install in update up dist-upgrade dup patch"},
};

static bool uses(const struct lint_step *s, size_t manager) {
    for (size_t k = 0; k < s->script.n; k++)
        if (command_is(&s->script.commands[k], managers[manager].programs) &&
            command_has(&s->script.commands[k], managers[manager].install))
            return s->at->op == DF_RUN;
    return false;
}

/* The lists lie in this layer; an install in another finds them as old as the cache is. */
static void update_alone(struct check *c, const struct rule *r, const struct df_instruction *i) {
    (void)i;
    for (size_t m = 0; m < sizeof managers / sizeof managers[0]; m++) {
        const struct shell_command *update = NULL;
        bool installs = false;
        for (size_t k = 0; k < c->step->script.n; k++) {
            const struct shell_command *cmd = &c->step->script.commands[k];
            if (!command_is(cmd, managers[m].programs))
                continue;
            installs |= command_has(cmd, managers[m].install);
            bool yum_upgrades = m == 1 && command_has(cmd, "update"); /* yum update upgrades all packages */
            if (command_has(cmd, managers[m].update) && !yum_upgrades) {
                update = cmd;
                installs = false; /* what was installed before does not use it */
            }
        }
        if (!update || installs)
            continue;
        if (c->step + 1 < c->lint.steps + c->lint.n && uses(&c->step[1], m))
            fix_join(c, c->step, &c->step[1]);
        check_note(c, r, c->step, update->text, NULL, "%.*s, and nothing in this RUN uses what it fetched", STR_ARG(update->text));
    }
}

static void dist_upgrade(struct check *c, const struct rule *r, const struct df_instruction *i) {
    const struct shell_command *cmd = c->command;
    bool zypper = command_is(cmd, "zypper") && command_has(cmd, "dist-upgrade dup");
    (void)i;
    if (!zypper && !(command_is(cmd, "apt-get apt") && command_has(cmd, "dist-upgrade full-upgrade")))
        return;
    check_note(c, r, c->step, cmd->text, zypper ? "DL3035" : "DS-0024 DKL-DI-0003", "%.*s makes another distribution of the base image",
               STR_ARG(cmd->text));
}

/* --- What stays behind ------------------------------------------------------------------------------------------------------------ */

/* hadolint does not know what find does. */
static bool removes_lists(const struct shell_command *c, bool hadolint) {
    if (command_is(c, "apt-get apt") && command_has(c, "dist-clean distclean"))
        return true;
    if (!hadolint && command_is(c, "find") && command_has(c, "/var/lib/apt /var/lib/apt/ /var/lib/apt/lists /var/lib/apt/lists/"))
        return command_has(c, "-delete") || (command_has(c, "-exec -execdir") && command_has(c, "rm /bin/rm"));
    for (size_t k = 1; command_is(c, "rm") && k < c->n_words; k++)
        if (word_in("/var/lib/apt /var/lib/apt/ /var/lib/apt/* /var/lib/apt/lists /var/lib/apt/lists/ /var/lib/apt/lists/*",
                    c->words[k].text))
            return command_flag(c, "r R recursive");
    return false;
}

static void apt_verbs(const struct lint_step *s, bool *updates, bool *installs) {
    *updates = *installs = false;
    for (size_t k = 0; k < s->script.n; k++) {
        const struct shell_command *cmd = &s->script.commands[k];
        *updates |= command_is(cmd, "apt-get apt") && command_has(cmd, "update");
        *installs |= command_is(cmd, "apt-get apt") && command_has(cmd, managers[0].install);
    }
}

/* Of each step whether one behind it installs by lists that another RUN has fetched. */
static const bool *relied_upon(struct check *c) {
    if (c->lists_relied)
        return c->lists_relied;
    bool *relied = arena_array(c->arena, bool, c->lint.n + 1), updates, installs;
    for (size_t k = c->lint.n; k-- > 0;) {
        apt_verbs(&c->lint.steps[k], &updates, &installs);
        relied[k] = relied[k + 1] || (installs && !updates);
    }
    c->lists_relied = relied;
    return relied;
}

/* Whether this RUN itself installs by its lists, and none behind it relies on them. */
static bool lists_are_done_with(struct check *c) {
    bool updates, installs;
    apt_verbs(c->step, &updates, &installs);
    return installs && !relied_upon(c)[(size_t)(c->step - c->lint.steps) + 1];
}

/* Only what the last stage has, or one that it stands on, is in the image. */
static void apt_lists(struct check *c, const struct rule *r, const struct df_instruction *i) {
    const struct shell_command *update = NULL;
    if (!c->lint.stages[c->step->stage].ships || lint_is_mounted(i, "/var/lib/apt/lists"))
        return;
    for (size_t k = 0; k < c->step->script.n; k++) {
        const struct shell_command *cmd = &c->step->script.commands[k];
        if (command_is(cmd, "apt-get") && command_has(cmd, "update"))
            update = update ? update : cmd;
        if (removes_lists(cmd, check_compat_is(c, COMPAT_HADOLINT)))
            return;
    }
    if (!update)
        return;
    if (lists_are_done_with(c))
        fix_append(c, c->step, S(" && rm -rf /var/lib/apt/lists/*"));
    check_note(c, r, c->step, update->text, NULL, "the lists that apt-get update fetches stay in /var/lib/apt/lists");
}

/* Whether a command behind this one empties what apk keeps. */
static bool apk_is_emptied(struct check *c) {
    const struct shell *s = &c->step->script;
    for (const struct shell_command *cmd = c->command + 1; cmd < s->commands + s->n && check_charge(c, cmd->n_words); cmd++)
        if ((command_is(cmd, "rm") && command_has(cmd, "/var/cache/apk /var/cache/apk/ /var/cache/apk/* /var/cache/*")) ||
            (command_is(cmd, "find") && command_has(cmd, "/var/cache/apk /var/cache/apk/") && command_has(cmd, "-delete")))
            return true;
    return false;
}

static void apk_cache(struct check *c, const struct rule *r, const struct df_instruction *i) {
    const struct shell_command *cmd = c->command;
    if (!command_is(cmd, "apk") || !command_has(cmd, "add") || command_flag(cmd, "no-cache") || lint_is_mounted(i, "/var/cache/apk") ||
        (!check_compat_is(c, COMPAT_HADOLINT) && !check_compat_is(c, COMPAT_TRIVY) && apk_is_emptied(c)))
        return;
    if (!command_flag(cmd, "no-network")) /* then the index that is there is all it has */
        fix_behind(c, c->step, program(cmd, "add"), S(" --no-cache"));
    check_command(c, r, cmd->words[0].raw, "apk keeps its index in /var/cache/apk");
}

const struct rule rules_apt[] = {
    {.id = "AptGetPin",
     .reads = READS_COMMAND,
     .severity = SEVERITY_WARNING,
     .also = "DL3008 4.11",
     .why = "Tomorrow's build installs another version.",
     .fix = "Write name=version, or build from a snapshot of the archive.",
     .url = "",
     .run = apt_pin},
    {.id = "AptGetYes",
     .reads = READS_COMMAND,
     .severity = SEVERITY_WARNING,
     .also = "DL3014 DS-0021",
     .why = "Without an answer apt-get gives up.",
     .fix = "Write apt-get install -y.",
     .url = "",
     .run = apt_yes},
    {.id = "AptGetRecommends",
     .reads = READS_COMMAND,
     .severity = SEVERITY_INFO,
     .also = "DL3015 DS-0029 4.3",
     .why = "What packages recommend is often more than what they need.",
     .fix = "Write apt-get install --no-install-recommends.",
     .url = "",
     .run = apt_recommends},
    {.id = "AptListsLeft",
     .reads = READS_TEXT,
     .severity = SEVERITY_INFO,
     .also = "DL3009 DKL-DI-0005",
     .why = "The lists are some 20 to 50 MB that no program reads.",
     .fix = "End the RUN with rm -rf /var/lib/apt/lists/*, or mount a cache there.",
     .url = "",
     .run = apt_lists},
    {.id = "AptInScript",
     .reads = READS_COMMAND,
     .severity = SEVERITY_WARNING,
     .also = "DL3027",
     .why = "apt's options and output may change from release to release.",
     .fix = "Write apt-get, or apt-cache.",
     .url = "",
     .run = apt_command},
    {.id = "ApkPin",
     .reads = READS_COMMAND,
     .severity = SEVERITY_WARNING,
     .also = "DL3018 4.11",
     .why = "Tomorrow's build installs another version.",
     .fix = "Write name=version.",
     .url = "",
     .run = apk_pin},
    {.id = "ApkCache",
     .reads = READS_COMMAND,
     .severity = SEVERITY_INFO,
     .also = "DL3019 DS-0025 DKL-DI-0004",
     .why = "The index is of no use in an image.",
     .fix = "Write apk add --no-cache, or mount a cache at /var/cache/apk.",
     .url = "",
     .run = apk_cache},
    {.id = "UpdateAlone",
     .reads = READS_TEXT,
     .severity = SEVERITY_WARNING,
     .also = "DS-0017 CIS-DI-0007 4.7",
     .why = "The step is taken from the cache while the lists in it grow old, and packages are missing from their servers.",
     .fix = "Update and install in one RUN.",
     .url = "",
     .run = update_alone},
    {.id = "DistUpgrade",
     .reads = READS_COMMAND,
     .severity = SEVERITY_WARNING,
     .also = "DL3035 DS-0024 DKL-DI-0003",
     .why = "It replaces the base image's packages by whatever is there today, and stores both.",
     .fix = "Take a newer base image.",
     .url = "",
     .run = dist_upgrade},
    {0},
};
