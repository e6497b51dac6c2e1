/* SPDX-License-Identifier: Apache-2.0
 * Rules over an image's configuration: what a container of it starts with. */
#include "check/image_rules.h"

/* --- User --------------------------------------------------------------------------------------------------------------------------- */

/* A name counts by what the image's own passwd makes of it: "toor" with uid 0 is root, and so are "0:0" and "root:root". */
static void user_root(struct image_check *c, const struct rule *r, const struct image_entry *en) {
    struct str spec = c->image->config.user;
    struct user_ids ids;
    struct err e = ERR_INIT;
    (void)en;
    if (spec.n == 0)
        image_report(c, r, "No user is named: containers run as root");
    else if (!view_user(&c->view, spec, USER_RUN, &c->scratch, &ids, &e))
        image_report(c, r, "User %s is not known to the image: %s", SHOWN(spec), e.msg);
    else if (ids.uid == 0)
        image_report(c, r, "User %s is root (uid 0)", SHOWN(spec));
    err_clear(&e);
}

static void user_group_root(struct image_check *c, const struct rule *r, const struct image_entry *en) {
    struct user_ids ids;
    struct err e = ERR_INIT;
    (void)en;
    if (c->image->config.user.n && view_user(&c->view, c->image->config.user, USER_RUN, &c->scratch, &ids, &e) && ids.uid && ids.gid == 0)
        image_report(c, r, "User %s (uid %u) has root's group", SHOWN(c->image->config.user), ids.uid);
    err_clear(&e);
}

static void user_by_name(struct image_check *c, const struct rule *r, const struct image_entry *en) {
    struct str user, group;
    struct user_ids ids;
    struct err e = ERR_INIT;
    uint64_t uid;
    (void)en;
    (void)str_cut(c->image->config.user, ':', &user, &group);
    if (user.n && !str_to_u64(user, 10, UINT32_MAX, &uid) && view_user(&c->view, user, USER_RUN, &c->scratch, &ids, &e) && ids.uid)
        image_report(c, r, "User %s is a name: write %u", SHOWN(user), ids.uid);
    err_clear(&e);
}

/* --- Ports, volumes, health -------------------------------------------------------------------------------------------------------- */

static void ports(struct image_check *c, const struct rule *r, const struct image_entry *en) {
    const struct str_list *ports = &c->image->config.exposed_ports;
    (void)en;
    for (size_t k = 0; k < ports->n; k++)
        if (str_eqz(ports->p[k], "22/tcp") || str_eqz(ports->p[k], "22"))
            image_report(c, r, "Port 22 is exposed: that of ssh");
}

static void low_ports(struct image_check *c, const struct rule *r, const struct image_entry *en) {
    const struct str_list *ports = &c->image->config.exposed_ports;
    struct user_ids ids = {0};
    struct err e = ERR_INIT;
    (void)en;
    if (c->image->config.user.n == 0 || !view_user(&c->view, c->image->config.user, USER_RUN, &c->scratch, &ids, &e) || ids.uid == 0) {
        err_clear(&e);
        return;
    }
    for (size_t k = 0; k < ports->n; k++) {
        struct str number, protocol;
        uint64_t port;
        (void)str_cut(ports->p[k], '/', &number, &protocol);
        if (str_to_u64(number, 10, 1023, &port))
            image_report(c, r, "Port %.*s is below 1024, and user %s is not root", STR_ARG(ports->p[k]), SHOWN(c->image->config.user));
    }
}

static void sensitive_volumes(struct image_check *c, const struct rule *r, const struct image_entry *en) {
    static const char *const sensitive[] = {"/", "/boot", "/dev", "/etc", "/lib", "/proc", "/sys", "/usr", NULL};
    const struct str_list *volumes = &c->image->config.volumes;
    (void)en;
    for (size_t k = 0; k < volumes->n; k++) {
        struct str path = arena_join3(&c->scratch, S("/"), path_clean(&c->scratch, volumes->p[k], true), STR_NULL);
        for (size_t i = 0; sensitive[i]; i++) {
            struct str below = arena_printf(&c->scratch, "%s/", sensitive[i]);
            if (str_eqz(path, sensitive[i]) || (i && str_starts(path, below)))
                image_report(c, r, "Volume %s covers a directory of the system", SHOWN(volumes->p[k]));
        }
    }
}

static void no_health(struct image_check *c, const struct rule *r, const struct image_entry *en) {
    (void)en;
    if (!c->image->config.has_health || c->image->config.health.test.n == 0)
        image_report(c, r, "No HEALTHCHECK");
}

/* --- Variables ---------------------------------------------------------------------------------------------------------------------- */

/* Its value is never shown. PWD is the shell's. */
static void secret_variables(struct image_check *c, const struct rule *r, const struct image_entry *en) {
    const struct pair_list *env = &c->image->config.env;
    (void)en;
    for (size_t k = 0; k < env->n; k++)
        if (env->p[k].value.n && !str_eqz(env->p[k].key, "PWD") && !str_eqz(env->p[k].key, "OLDPWD") && is_secret_name(env->p[k].key))
            image_report(c, r, "Variable %s has a value that every container and everyone who has the image can read",
                         SHOWN(env->p[k].key));
}

/* --- The rows ------------------------------------------------------------------------------------------------------------------------ */

const struct rule rules_image_config[] = {
    {.id = "ImageUserRoot",
     .reads = READS_IMAGE,
     .severity = SEVERITY_ERROR,
     .also = "CIS-DI-0001 DS-0002 4.1",
     .why = "What breaks out of a process of root, or is let to write a mounted directory, is root there too.",
     .fix = "Make a user in the Dockerfile and name its number with USER.",
     .url = "",
     .image = user_root},
    {.id = "ImageUserGroupRoot",
     .reads = READS_IMAGE,
     .severity = SEVERITY_INFO,
     .also = "",
     .why = "Files that root's group may write are the program's to change.",
     .fix = "Name a group: USER 10001:10001.",
     .url = "",
     .image = user_group_root},
    {.id = "ImageUserByName",
     .reads = READS_IMAGE,
     .severity = SEVERITY_INFO,
     .also = "DL3066 4.1",
     .why = "Kubernetes' runAsNonRoot cannot tell whether a name is root, and refuses the image.",
     .fix = "Name the user by number.",
     .url = "",
     .image = user_by_name},
    {.id = "ImageExposesSsh",
     .reads = READS_IMAGE,
     .severity = SEVERITY_WARNING,
     .also = "DS-0004 5.7",
     .why = "A shell server in a container is one more door; exec is there for looking inside.",
     .fix = "Do not expose port 22.",
     .url = "",
     .image = ports},
    {.id = "ImageExposesLowPort",
     .reads = READS_IMAGE,
     .severity = SEVERITY_INFO,
     .also = "5.8",
     .why = "Who is not root needs a capability to listen there.",
     .fix = "Listen on a port above 1023, and map it.",
     .url = "",
     .image = low_ports},
    {.id = "ImageSensitiveVolume",
     .reads = READS_IMAGE,
     .severity = SEVERITY_ERROR,
     .also = "DKL-DI-0002 DS-0030",
     .why = "An anonymous volume over a directory of the system hides what the image has there, updates too.",
     .fix = "Keep data in a directory of its own.",
     .url = "",
     .image = sensitive_volumes},
    {.id = "ImageHealthcheckMissing",
     .reads = READS_IMAGE,
     .severity = SEVERITY_INFO,
     .also = "CIS-DI-0006 DS-0026 4.6",
     .why = "Nobody notices a program that hangs.",
     .fix = "Write HEALTHCHECK, or leave it to the orchestrator's probes.",
     .url = "",
     .image = no_health},
    {.id = "ImageSecretVariable",
     .reads = READS_IMAGE,
     .severity = SEVERITY_ERROR,
     .also = "CIS-DI-0010 DS-0031 4.10",
     .why = "The configuration is sent to everyone who pulls the image.",
     .fix = "Give it when the container is started, or as a file: RUN --mount=type=secret while building.",
     .url = "",
     .image = secret_variables},
    {0},
};
