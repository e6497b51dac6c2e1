/* SPDX-License-Identifier: Apache-2.0
 * Section 4, for each image: by what check_image() found where croze's store has it, else by the configuration and history that the engine
 * tells. What neither knows is for people, with what there is to go by. */
#include "base/limits.h"
#include "check/host_rules.h"
#include "check/image_rules.h"
#include "check/tokens.h"

/* What check_image() found under this number. */
static bool say_found(struct host_check *c, const struct host_image *i) {
    bool any = false;
    for (size_t k = 0; k < i->n_findings; k++)
        if (i->findings[k].rule->severity >= SEVERITY_INFO && rule_is_called(i->findings[k].rule, cis_number(c->rule))) {
            host_say_found(c, i->name, &i->findings[k]);
            any = true;
        }
    return any;
}

/* --- Users --------------------------------------------------------------------------------------------------------------------------- */

static bool is_root(struct str spec) {
    struct str user, group;
    uint64_t uid;
    (void)str_cut(spec, ':', &user, &group);
    return str_eqz(user, "root") || (str_to_u64(user, 10, UINT32_MAX, &uid) && uid == 0);
}

static void image_user(struct host_check *c, const struct host_image *i) {
    struct str user, group;
    uint64_t uid;
    (void)str_cut(i->user, ':', &user, &group);
    if (i->user.n == 0)
        host_say(c, CIS_FAIL, i->name, "no user is named: containers run as root");
    else if (is_root(i->user))
        host_say(c, CIS_FAIL, i->name, "user %s is root", SHOWN(i->user));
    else if (!str_to_u64(user, 10, UINT32_MAX, &uid) && !i->is_checked)
        host_say(c, CIS_MANUAL, i->name, "whether user %s is root only its passwd tells", SHOWN(user));
}

/* A name counts by what the image's own passwd makes of it. */
static void root_by_name(struct host_check *c, const struct host_image *i) {
    for (size_t k = 0; i->is_checked && !is_root(i->user) && i->user.n && k < i->n_findings; k++)
        if (strcmp(i->findings[k].rule->id, "ImageUserRoot") == 0)
            host_say_found(c, i->name, &i->findings[k]);
}

/* A container may be given another user than its image's; where images are not seen, it has its own word alone. */
static void container_users(struct host_check *c, bool images_are_seen) {
    host_containers(c);
    for (size_t k = 0; k < c->n_containers; k++) {
        const struct host_container *x = &c->containers[k];
        struct str user = json_get_str(x->config, "User");
        if (x->runs && x->unread.n == 0 && (is_root(user) || (user.n == 0 && !images_are_seen)))
            host_say(c, CIS_FAIL, x->name, "the container runs as root");
    }
}

static void users(struct host_check *c) {
    bool seen = host_has_images(c);
    for (size_t k = 0; k < c->n_images; k++) {
        const struct host_image *i = &c->images[k];
        if (i->unread.n)
            host_say(c, CIS_MANUAL, i->name, "could not be read: %.*s", STR_ARG(i->unread));
        else {
            image_user(c, i);
            root_by_name(c, i);
        }
    }
    container_users(c, seen);
    if (c->n_said == 0)
        host_say(c, CIS_PASS, STR_NULL, "%zu images, none of root", c->n_images);
}

/* --- Origin -------------------------------------------------------------------------------------------------------------------------- */

static void origin(struct host_check *c, const struct host_image *i) {
    struct str name, digest;
    (void)(i->n_digests && str_cut(i->digests[0], '@', &name, &digest));
    if (i->n_digests == 0)
        host_say(c, CIS_MANUAL, i->name, "was built or loaded here: is what it stands on trusted?");
    else
        host_say(c, CIS_MANUAL, i->name, "comes from %s: is that trusted?", SHOWN(name));
}

static void packages(struct host_check *c, const struct host_image *i) {
    host_say(c, CIS_MANUAL, i->name, "look at its packages: each that the program does not need is one more to attack");
}

static void age(struct host_check *c, const struct host_image *i) {
    struct str day = str_first(i->created, 10);
    host_say(c, CIS_MANUAL, i->name, "made %s: has it been scanned, and built anew where that found something?",
             day.n ? SHOWN(day) : "at an unknown time");
}

static void content_trust(struct host_check *c) {
    struct str mode = STR_NULL;
    if (host_has_daemon(c)) {
        mode = json_get_str(json_get_object(host_daemon(c)->config.root, "content-trust"), "mode");
        if (str_eqz(mode, "enforced"))
            host_say(c, CIS_PASS, STR_NULL, "%.*s enforces content trust", STR_ARG(host_daemon(c)->config_path));
        else
            host_say(c, CIS_MANUAL, STR_NULL, "the daemon does not ask for signatures; DOCKER_CONTENT_TRUST is each client's own");
    }
}

/* --- What history tells -------------------------------------------------------------------------------------------------------------- */

/* The command of a RUN, or "". */
static struct str command_of(struct str step) {
    ptrdiff_t shell = str_find(step, S("/bin/sh -c "));
    if (shell >= 0 && str_find(step, S("/bin/sh -c #(nop)")) < 0)
        return str_from(step, (size_t)shell + strlen("/bin/sh -c "));
    return str_starts(step, S("RUN ")) ? str_from(step, 4) : STR_NULL;
}

/* The next word; *begins: it is the first of a command. Quotes do not count: a word with one is no name of a program. */
static bool next_word(struct str *rest, struct str *word, bool *begins) {
    size_t k = 0, from;
    while (k < rest->n && strchr(" \t\n;&|(){}", rest->p[k])) {
        *begins |= strchr("\n;&|(){}", rest->p[k]) != NULL;
        k++;
    }
    from = k;
    while (k < rest->n && !strchr(" \t\n;&|(){}", rest->p[k]))
        k++;
    *word = str_first(str_from(*rest, from), k - from);
    *rest = str_from(*rest, k);
    return word->n > 0;
}

static bool is_one_of(struct str word, const char *const *words) {
    for (size_t k = 0; words[k]; k++)
        if (str_eqz(word, words[k]))
            return true;
    return false;
}

/* apt-get update, apk update, zypper refresh, dnf makecache; where the same step installs, they belong together. */
static bool updates_alone(struct str command) {
    static const char *const managers[] = {"apt-get", "apt", "apk", "zypper", "yum", "dnf", "microdnf", "tdnf", NULL};
    static const char *const indexes[] = {"refresh", "makecache", "ref", NULL};
    static const char *const installs[] = {"install", "add", "upgrade", "dist-upgrade", "full-upgrade", "in", "build-dep", NULL};
    bool begins = true, in_manager = false, of_apt = false, updates = false;
    struct str word;
    while (next_word(&command, &word, &begins)) {
        if (begins)
            in_manager = false;
        begins = false;
        if (is_one_of(path_base(word), managers)) {
            in_manager = true;
            of_apt = str_starts(path_base(word), S("ap"));
        } else if (in_manager && is_one_of(word, installs))
            return false;
        else if (in_manager)
            updates |= is_one_of(word, indexes) || (of_apt && str_eqz(word, "update"));
    }
    return updates;
}

static void update_alone(struct host_check *c, const struct host_image *i) {
    for (size_t k = 0; k < i->n_steps; k++)
        if (updates_alone(command_of(i->steps[k])))
            host_say(c, CIS_FAIL, i->name, "step %zu refreshes package lists and installs nothing", k + 1);
}

/* The first layer of a base is an ADD of its root file system by whoever made it. */
static void add_not_copy(struct host_check *c, const struct host_image *i) {
    for (size_t k = 1; k < i->n_steps; k++) {
        struct str step = i->steps[k];
        ptrdiff_t nop = str_find(step, S("#(nop)"));
        step = nop >= 0 ? str_trim_left(str_from(step, (size_t)nop + strlen("#(nop)"))) : step;
        if (str_starts(step, S("ADD ")))
            host_say(c, CIS_FAIL, i->name, "step %zu is an ADD: %s", k + 1, SHOWN(str_first_chars(step, 60)));
    }
}

static bool has_word(struct str command, const char *const *words, const char *const *programs) {
    bool begins = true, in_program = programs == NULL;
    struct str word;
    while (next_word(&command, &word, &begins)) {
        if (begins && programs)
            in_program = false;
        begins = false;
        if (programs && is_one_of(path_base(word), programs))
            in_program = true;
        else if (in_program && is_one_of(word, words))
            return true;
    }
    return false;
}

static void verified_packages(struct host_check *c, const struct host_image *i) {
    static const char *const flags[] = {"--allow-unauthenticated",
                                        "--nogpgcheck",
                                        "--no-gpg-checks",
                                        "--allow-untrusted",
                                        "--allow-insecure-repositories",
                                        "--force-yes",
                                        NULL};
    size_t n = c->n_said;
    for (size_t k = 0; k < i->n_steps; k++) {
        struct str command = command_of(i->steps[k]);
        if (has_word(command, flags, NULL) || str_find(command, S("trusted=yes")) >= 0)
            host_say(c, CIS_FAIL, i->name, "step %zu takes packages that nobody signed", k + 1);
    }
    if (c->n_said == n)
        host_say(c, CIS_MANUAL, i->name, "no step turns signatures of packages off: does anything come from elsewhere?");
}

static void verified_artifacts(struct host_check *c, const struct host_image *i) {
    static const char *const flags[] = {"-k",     "--insecure", "--no-check-certificate", "--trusted-host", "-kL", "-Lk", "-fkL",
                                        "-kfsSL", NULL};
    static const char *const programs[] = {"curl", "wget", "pip", "pip3", NULL};
    size_t n = c->n_said;
    for (size_t k = 0; k < i->n_steps; k++)
        if (has_word(command_of(i->steps[k]), flags, programs))
            host_say(c, CIS_FAIL, i->name, "step %zu downloads without asking whom from", k + 1);
    if (c->n_said == n)
        host_say(c, CIS_MANUAL, i->name, "are the signatures of what its steps download checked?");
}

/* --- What lies in layers ------------------------------------------------------------------------------------------------------------- */

static void say_unseen(struct host_check *c, const struct host_image *i, const char *what) {
    host_say(c, CIS_MANUAL, i->name, "%s: `croze copy docker-daemon:NAME store:NAME` lets its layers be looked at", what);
}

static void health(struct host_check *c, const struct host_image *i) {
    if (!i->has_health)
        host_say(c, CIS_FAIL, i->name, "no HEALTHCHECK");
}

static void set_ids(struct host_check *c, const struct host_image *i) {
    if (i->is_checked)
        (void)say_found(c, i);
    else
        say_unseen(c, i, "modes of its files are not known");
}

static bool env_has_secret(const struct host_image *i, struct str *name) {
    struct str value;
    for (size_t k = 0; k < i->n_env; k++)
        if (str_cut(i->env[k], '=', name, &value) && value.n && !str_eqz(*name, "PWD") && is_secret_name(*name))
            return true;
    return false;
}

/* Values are never shown. */
static void secrets(struct host_check *c, const struct host_image *i) {
    struct str name;
    bool any = i->is_checked && say_found(c, i);
    if (!i->is_checked && env_has_secret(i, &name)) {
        host_say(c, CIS_FAIL, i->name, "variable %s has a value", SHOWN(name));
        any = true;
    }
    for (size_t k = 0; k < i->n_steps && !i->is_checked; k++) {
        const char *token = token_in(i->steps[k]);
        any |= token != NULL;
        if (token)
            host_say(c, CIS_FAIL, i->name, "step %zu shows what looks like %s", k + 1, token);
    }
    if (!any && (!i->is_checked || c->options->no_contents))
        say_unseen(c, i, "its files were not read");
}

/* --- The rows ------------------------------------------------------------------------------------------------------------------------ */

#define ROW(number, name, kind, field, level, text, function, because, remedy)                                                             \
    {                                                                                                                                      \
        .id = name, .reads = kind, .severity = level, .also = number, .title = text, .field = function, .why = because, .fix = remedy,     \
        .url = ""                                                                                                                          \
    }

const struct rule rules_cis_images[] = {
    ROW("4.1", "HostImageUser", READS_HOST, host, SEVERITY_ERROR, "Images name a user who is not root", users,
        "What breaks out of a process of root is root on the host.", "Name a user's number with USER."),
    ROW("4.2", "HostImageOrigin", READS_HOST_IMAGE, host_image, SEVERITY_INFO, "Images stand on bases that are trusted", origin,
        "Whoever makes the base decides what runs.", "Take bases of publishers you chose, by digest."),
    ROW("4.3", "HostImagePackages", READS_HOST_IMAGE, host_image, SEVERITY_INFO, "Images have no packages that nobody needs", packages,
        "Each can have a hole.", "Install without recommended packages; copy what is needed into a small base."),
    ROW("4.4", "HostImageScanned", READS_HOST_IMAGE, host_image, SEVERITY_INFO, "Images are scanned, and built anew with updates", age,
        "Holes become known after an image was built.", "Build anew without cache from time to time."),
    ROW("4.5", "HostContentTrust", READS_HOST, host, SEVERITY_INFO, "Only images that are signed are run", content_trust,
        "A name can come to mean another image.", "Verify signatures before an image is run, and run it by digest."),
    ROW("4.6", "HostImageHealth", READS_HOST_IMAGE, host_image, SEVERITY_INFO, "Images say how to tell that they are well", health,
        "A program that hangs is running all the same.", "Write HEALTHCHECK, or leave it to the orchestrator's probes."),
    ROW("4.7", "HostImageUpdate", READS_HOST_IMAGE, host_image, SEVERITY_INFO, "No step refreshes package lists alone", update_alone,
        "The lists come from the cache when a later step installs.", "Refresh and install in one RUN."),
    ROW("4.8", "HostImageSetId", READS_HOST_IMAGE, host_image, SEVERITY_WARNING, "Images have no set-user-ID or set-group-ID files",
        set_ids, "They make any user of the container root in it.", "chmod a-s what nobody needs."),
    ROW("4.9", "HostImageAdd", READS_HOST_IMAGE, host_image, SEVERITY_INFO, "Images are made with COPY where ADD is not needed",
        add_not_copy, "ADD fetches and unpacks, which COPY never does unasked.", "Write COPY; fetch with ADD --checksum."),
    ROW("4.10", "HostImageSecrets", READS_HOST_IMAGE, host_image, SEVERITY_ERROR, "No image has secrets in it", secrets,
        "Everyone who has the image has them.", "Use RUN --mount=type=secret, and change the secret."),
    ROW("4.11", "HostImageVerified", READS_HOST_IMAGE, host_image, SEVERITY_WARNING,
        "Only packages whose signature was checked are installed", verified_packages, "Whoever sits between can hand out other packages.",
        "Drop the flags that turn the check off."),
    ROW("4.12", "HostImageArtifacts", READS_HOST_IMAGE, host_image, SEVERITY_WARNING, "What was signed was checked before it came in",
        verified_artifacts, "A signature that nobody looks at is worth nothing.",
        "Check a digest or a signature in the step that downloads."),
    {0},
};
