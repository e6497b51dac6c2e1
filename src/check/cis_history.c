/* SPDX-License-Identifier: Apache-2.0
 * Section 4, what an image's history tells of how it was made: its lines are made a Dockerfile again, at which the rules over those look.
 * Where nothing speaks it is for people: what a step does is not all that its line says. */
#include "check/host_rules.h"
#include "check/image_rules.h"
#include "check/words.h"

/* Looked at once, by whoever is first. */
static const struct host_image *with_history(struct host_check *c, const struct host_image *i) {
    struct host_image *own = &c->images[i - c->images];
    if (!own->has_history) {
        own->has_history = true;
        own->n_history = check_history(c->arena, COMPAT_NONE, own->steps, own->n_steps, &own->history);
    }
    return own;
}

/* Says what rules of these names found; whether there was anything. */
static bool say_history(struct host_check *c, const struct host_image *i, const char *rules, enum cis_verdict v) {
    bool any = false;
    i = with_history(c, i);
    for (size_t k = 0; k < i->n_history; k++)
        if (word_in(rules, str_z(i->history[k].rule->id))) {
            host_say(c, v, i->name, "step %zu: %.*s", i->history[k].step + 1, STR_ARG(i->history[k].message));
            any = true;
        }
    return any;
}

static void packages(struct host_check *c, const struct host_image *i) {
    if (!say_history(c, i, "AptGetRecommends", CIS_MANUAL))
        host_say(c, CIS_MANUAL, i->name, "look at its packages: each that the program does not need is one more to attack");
}

static void update_alone(struct host_check *c, const struct host_image *i) {
    (void)say_history(c, i, "UpdateAlone", CIS_FAIL);
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

/* Versions that are not pinned are signed all the same. */
static void verified_packages(struct host_check *c, const struct host_image *i) {
    if (!say_history(c, i, "AuthDisabled DownloadUnverified PipeToShell", CIS_FAIL))
        host_say(c, CIS_MANUAL, i->name, "no step turns a check off or takes a download unproven: does anything come by other ways?");
}

static void verified_artifacts(struct host_check *c, const struct host_image *i) {
    if (!say_history(c, i, "DownloadUnverified ShortKeyId", CIS_FAIL))
        host_say(c, CIS_MANUAL, i->name, "whether signatures were looked at is not known: `croze verify` does so for the image itself");
}

const struct rule rules_cis_history[] = {
    IMAGE_ROW("4.3", "HostImagePackages", SEVERITY_INFO, "Images have no packages that nobody needs", packages, NULL,
              "Each can have a hole.", "Install without recommended packages; copy what is needed into a small base."),
    IMAGE_ROW("4.7", "HostImageUpdate", SEVERITY_INFO, "No step refreshes package lists alone", update_alone, NULL,
              "The lists come from the cache when a later step installs.", "Refresh and install in one RUN."),
    IMAGE_ROW("4.9", "HostImageAdd", SEVERITY_INFO, "Images are made with COPY where ADD is not needed", add_not_copy, NULL,
              "ADD fetches and unpacks, which COPY never does unasked.", "Write COPY; fetch with ADD --checksum."),
    IMAGE_ROW("4.11", "HostImageVerified", SEVERITY_WARNING, "Only packages whose signature was checked are installed", verified_packages,
              NULL, "Whoever sits between can hand out other packages.", "Drop the flags that turn the check off."),
    IMAGE_ROW("4.12", "HostImageArtifacts", SEVERITY_WARNING, "What was signed was checked before it came in", verified_artifacts, NULL,
              "A signature that nobody looks at is worth nothing.", "Check a digest or a signature in the step that downloads."),
    {0},
};
