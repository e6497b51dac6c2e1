/* SPDX-License-Identifier: Apache-2.0
 * Section 4, for each image: by what check_image() found where croze's store has it, else by the configuration and history that the engine
 * tells. What neither knows is for people, with what there is to go by. */
#include "base/limits.h"
#include "check/host_rules.h"
#include "check/image_rules.h"
#include "check/registries.h"
#include "check/tokens.h"
#include "check/words.h"
#include "sys/clock.h"

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

static void image_user(struct host_check *c, const struct host_image *i) {
    struct str user, group;
    uint64_t uid;
    (void)str_cut(i->user, ':', &user, &group);
    if (i->user.n == 0)
        host_say(c, CIS_FAIL, i->name, "no user is named: containers run as root");
    else if (word_is_root(i->user))
        host_say(c, CIS_FAIL, i->name, "user %s is root", SHOWN(i->user));
    else if (!str_to_u64(user, 10, UINT32_MAX, &uid) && !i->is_checked)
        host_say(c, CIS_MANUAL, i->name, "whether user %s is root only its passwd tells", SHOWN(user));
}

/* A name counts by what the image's own passwd makes of it. */
static void root_by_name(struct host_check *c, const struct host_image *i) {
    for (size_t k = 0; i->is_checked && !word_is_root(i->user) && i->user.n && k < i->n_findings; k++)
        if (strcmp(i->findings[k].rule->id, "ImageUserRoot") == 0)
            host_say_found(c, i->name, &i->findings[k]);
}

/* A container may be given another user than its image's; where images are not seen, it has its own word alone. */
static void container_users(struct host_check *c, bool images_are_seen) {
    host_containers(c);
    if (c->no_containers.n && images_are_seen)
        host_say_unseen(c, "users of containers", c->no_containers);
    for (size_t k = 0; k < c->n_containers; k++) {
        const struct host_container *x = &c->containers[k];
        struct str user = json_get_str(x->config, "User");
        if (x->runs && x->unread.n)
            host_say(c, CIS_MANUAL, x->name, "could not be read: %.*s", STR_ARG(x->unread));
        else if (x->runs && (word_is_root(user) || (user.n == 0 && !images_are_seen)))
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

/* One name in a registry that is trusted is enough: an image that somebody here pushes on is his word. */
static void origin(struct host_check *c, const struct host_image *i) {
    const struct str_list *trusted = &c->options->policy->registries;
    struct str name = STR_NULL, digest;
    bool is_trusted = false;
    for (size_t k = 0; k < i->n_digests; k++) {
        (void)str_cut(i->digests[k], '@', &name, &digest);
        is_trusted |= trusted->n && registry_is_trusted(trusted, registry_of(name));
    }
    if (i->n_digests == 0)
        host_say(c, CIS_MANUAL, i->name, "was built or loaded here: is what it stands on trusted?");
    else if (trusted->n == 0)
        host_say(c, CIS_MANUAL, i->name, "comes from %s: is that trusted (--trusted-registry)?", SHOWN(name));
    else if (!is_trusted)
        host_say(c, CIS_FAIL, i->name, "comes from %s, which is of no trusted registry", SHOWN(name));
}

/* Holes are mended every week: who has not built an image anew in a quarter has not taken what was. Whether it was scanned no image tells.
 * A date from before there were images is one that reproducible builds write. */
static void age(struct host_check *c, const struct host_image *i) {
    enum { DAY_S = 86400, OLD_DAYS = 90 };
    static const int64_t first_image_s = INT64_C(1356998400); /* 2013 */
    struct timespec made = {0};
    struct str day = str_first(i->created, 10);
    int64_t now_s = c->options->now_s ? c->options->now_s : clock_now().tv_sec;
    bool known = clock_parse_rfc3339(i->created, &made) && made.tv_sec >= first_image_s;
    if (known && now_s - made.tv_sec > OLD_DAYS * DAY_S)
        host_say(c, CIS_FAIL, i->name, "made %s, and not built anew in %d days", SHOWN(day), OLD_DAYS);
    else
        host_say(c, CIS_MANUAL, i->name, "made %s: has it been scanned, and built anew where that found something?",
                 known ? SHOWN(day) : "at an unknown time");
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

const struct rule rules_cis_images[] = {
    HOST_ROW("4.1", "HostImageUser", SEVERITY_ERROR, "Images name a user who is not root", users, NULL,
             "What breaks out of a process of root is root on the host.", "Name a user's number with USER."),
    IMAGE_ROW("4.2", "HostImageOrigin", SEVERITY_INFO, "Images stand on bases that are trusted", origin, NULL,
              "Whoever makes the base decides what runs.", "Take bases of publishers you chose, by digest."),
    IMAGE_ROW("4.4", "HostImageScanned", SEVERITY_INFO, "Images are scanned, and built anew with updates", age, NULL,
              "Holes become known after an image was built.", "Build anew without cache from time to time."),
    HOST_ROW("4.5", "HostContentTrust", SEVERITY_INFO, "Only images that are signed are run", content_trust, NULL,
             "A name can come to mean another image.", "Verify signatures before an image is run, and run it by digest."),
    IMAGE_ROW("4.6", "HostImageHealth", SEVERITY_INFO, "Images say how to tell that they are well", health, NULL,
              "A program that hangs is running all the same.", "Write HEALTHCHECK, or leave it to the orchestrator's probes."),
    IMAGE_ROW("4.8", "HostImageSetId", SEVERITY_WARNING, "Images have no set-user-ID or set-group-ID files", set_ids, NULL,
              "They make any user of the container root in it.", "chmod a-s what nobody needs."),
    IMAGE_ROW("4.10", "HostImageSecrets", SEVERITY_ERROR, "No image has secrets in it", secrets, NULL,
              "Everyone who has the image has them.", "Use RUN --mount=type=secret, and change the secret."),
    {0},
};
