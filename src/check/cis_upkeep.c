/* SPDX-License-Identifier: Apache-2.0
 * Section 6: images and containers that nobody needs any more. */
#include "check/host_rules.h"

static bool is_used(const struct host_check *c, struct str id) {
    for (size_t k = 0; k < c->n_containers; k++)
        if (str_eq(c->containers[k].image_id, id))
            return true;
    return false;
}

/* A container of which a bundle tells is of an image that nobody names. */
static bool are_known(const struct host_check *c) {
    for (size_t k = 0; k < c->n_containers; k++)
        if (c->containers[k].runtime)
            return false;
    return true;
}

static void images(struct host_check *c) {
    size_t used = 0;
    host_containers(c);
    if (!host_has_images(c))
        return;
    if (c->no_containers.n) {
        host_say_unseen(c, "which of them are used", c->no_containers);
        return;
    }
    if (!are_known(c)) {
        host_say(c, CIS_MANUAL, STR_NULL, "of which images the containers are that run here only an engine tells");
        return;
    }
    for (size_t k = 0; k < c->n_images; k++)
        used += is_used(c, c->images[k].id);
    host_say(c, used < c->n_images / 2 ? CIS_MANUAL : CIS_PASS, STR_NULL, "%zu of %zu images are used by a container", used, c->n_images);
}

static void containers(struct host_check *c) {
    enum { MANY = 25 };
    size_t running = 0;
    host_containers(c);
    for (size_t k = 0; k < c->n_containers; k++)
        running += c->containers[k].runs;
    if (c->no_containers.n)
        host_say_unseen(c, "containers", c->no_containers);
    else
        host_say(c, c->n_containers - running > MANY ? CIS_MANUAL : CIS_PASS, STR_NULL, "%zu of %zu containers run", running,
                 c->n_containers);
}

const struct rule rules_cis_upkeep[] = {
    HOST_ROW("6.1", "HostImageSprawl", SEVERITY_INFO, "Images that nobody uses are removed", images, NULL,
             "An old image that is started by mistake has old holes.", "docker image prune -a."),
    HOST_ROW("6.2", "HostContainerSprawl", SEVERITY_INFO, "Containers that nobody uses are removed", containers, NULL,
             "One that is started by mistake has old holes and old secrets.", "docker container prune."),
    {0},
};
