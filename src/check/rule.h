/* SPDX-License-Identifier: Apache-2.0
 *
 * Rules are rows. A row says what the rule is called here and elsewhere, what it reads and why it speaks; its function looks at one thing
 * of that kind and reports (text_rules.h). Whether a finding counts (skip, experimental) is the engine's business, not the rule's. */
#ifndef CROZE_CHECK_RULE_H
#define CROZE_CHECK_RULE_H

#include "check/finding.h"

enum rule_reads {
    READS_NOTHING,     /* dockerfile/ or plan/ say it while they parse or expand (df_warning), or the engine does; no function */
    READS_INSTRUCTION, /* each instruction of the text, on its own, even if the rest of the file is wrong */
    READS_FILE,        /* the instructions as a whole, once, behind all others; the function gets NULL, and has c->lint, perhaps c->plan */
    READS_TEXT,        /* each instruction of the text, the triggers of ONBUILD among them: c->step */
    READS_COMMAND,     /* each command that a RUN starts: c->step and c->command */
    READS_FROM,        /* each FROM, with the global ARGs known */
    READS_STEP,        /* each instruction of the stages that are looked at, expanded; ONBUILD triggers of bases too */
    READS_OTHER,       /* something else, and who reads it says it (deploy.h, exceptions.h); no function */
    READS_IMAGE,       /* a built image as a whole, once (image_rules.h) */
    READS_ENTRY,       /* each entry of each layer, by its metadata */
    READS_CONTENT,     /* each file of each layer, and what its bytes told `mark` when they passed (marks.h) */
    READS_HOST,        /* the host, once: a recommendation of the CIS benchmark, as those below (host_rules.h) */
    READS_CONTAINER,   /* each container that runs there */
    READS_HOST_IMAGE,  /* each image that its engine has */
};

struct check;
struct image_check;
struct image_entry;
struct marker;
struct watched_file;
struct host_check;
struct host_container;
struct host_image;
struct rule {
    const char *id;               /* BuildKit's name where it has one */
    enum rule_reads reads;
    enum severity severity;
    bool experimental;            /* silent unless asked for */
    const char *also;             /* ids of the same rule elsewhere, with blanks between: "DL3025 DS-0016"; or "" (see finding.also) */
    const char *why;              /* a sentence */
    const char *fix;              /* what to do */
    const char *url;              /* or "" */
    void (*run)(struct check *c, const struct rule *r, const struct df_instruction *i);
    /* READS_STEP, READS_FROM: what speaks in its place, once, over the text as a whole: where another tool's word counts (check_compat), or
     * the file is only a piece of one. NULL: nothing does. */
    void (*lint)(struct check *c, const struct rule *r, const struct df_instruction *none);
    void (*image)(struct image_check *c, const struct rule *r, const struct image_entry *en); /* READS_IMAGE: en is NULL */
    /* READS_CONTENT: notes what the bytes of a file tell on their own, whatever image they are of; from any thread. `image` is called for
     * each note. */
    void (*mark)(struct marker *m, const struct rule *r, const struct watched_file *f);
    const char *title;            /* of a recommendation: what is to be so */
    const char *object;           /* what it is about, where several share a function; READS_CONTAINER: what only an engine tells */
    void (*host)(struct host_check *c);
    void (*container)(struct host_check *c, const struct host_container *k);
    void (*host_image)(struct host_check *c, const struct host_image *i);
};

/* Rows lie in tables, one a subject, beside the functions they name; a table ends with id NULL. */
extern const struct rule rules_buildkit[], rules_croze[];
extern const struct rule rules_from[], rules_user[], rules_stage[], rules_copy[], rules_expose[], rules_env[], rules_label[];
extern const struct rule rules_lines[], rules_apt[], rules_rpm[], rules_language[], rules_misc[], rules_vars[], rules_download[];
extern const struct rule rules_trust[], rules_list[], rules_shellcheck[], rules_variants[];
extern const struct rule rules_secrets[], rules_rights[];
extern const struct rule rules_deploy[], rules_deploy_rights[], rules_exceptions[];
extern const struct rule rules_image_config[], rules_image_files[], rules_image_bytes[], rules_image_users[], rules_image_program[],
    rules_image_secrets[], rules_image_history[], rules_image_origin[];
extern const struct rule rules_cis_host[], rules_cis_daemon[], rules_cis_network[], rules_cis_files[], rules_cis_images[],
    rules_cis_history[], rules_cis_isolation[], rules_cis_limits[], rules_cis_access[], rules_cis_upkeep[], rules_cis_swarm[];
extern const struct rule *const rule_tables[]; /* ends with NULL */
/* All rows of all tables, numbered from 0; NULL behind the last. */
const struct rule *rule_at(size_t number);
const struct rule *rule_find(struct str id); /* NULL: there is none */
bool rule_is_in(const struct rule *r, const struct rule *table);
/* Whether a rule bears a name: its own, or one of those elsewhere. Several rules may be called alike elsewhere. */
bool rule_is_called(const struct rule *r, struct str name);
struct str_list;
bool rule_is_called_one(const struct rule *r, const struct str_list *names); /* by one of these */

/* A set of rules, by their numbers. */
enum { RULES_MAX = 512 };
struct rule_set {
    uint64_t bits[RULES_MAX / 64];
};
void rule_set_add(struct rule_set *s, const struct rule *r);
void rule_set_add_all(struct rule_set *s);
bool rule_set_has(const struct rule_set *s, const struct rule *r);

#endif
