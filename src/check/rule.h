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
    READS_FILE,        /* the instructions as a whole, once; the function gets NULL */
    READS_FROM,        /* each FROM, with the global ARGs known */
    READS_STEP,        /* each instruction of the stages that are looked at, expanded; ONBUILD triggers of bases too */
    READS_DEPLOYMENT,  /* compose and Kubernetes files (deploy.h); no function */
    READS_IMAGE,       /* a built image as a whole, once (image_rules.h) */
    READS_ENTRY,       /* each entry of each layer, by its metadata */
    READS_CONTENT,     /* each file of each layer, and its bytes */
};

struct check;
struct image_check;
struct image_entry;
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
    void (*image)(struct image_check *c, const struct rule *r, const struct image_entry *en); /* READS_IMAGE: en is NULL */
};

/* Rows lie in tables, one a subject, beside the functions they name; a table ends with id NULL. */
extern const struct rule rules_buildkit[], rules_croze[], rules_deploy[], rules_image_config[], rules_image_files[], rules_image_bytes[],
    rules_image_users[], rules_image_program[], rules_image_secrets[];
extern const struct rule *const rule_tables[]; /* ends with NULL */
/* All rows of all tables, numbered from 0; NULL behind the last. */
const struct rule *rule_at(size_t number);
const struct rule *rule_find(struct str id); /* NULL: there is none */
/* Whether a rule bears a name: its own, or one of those elsewhere. Several rules may be called alike elsewhere. */
bool rule_is_called(const struct rule *r, struct str name);

/* A set of rules, by their numbers. */
enum { RULES_MAX = 512 };
struct rule_set {
    uint64_t bits[RULES_MAX / 64];
};
void rule_set_add(struct rule_set *s, const struct rule *r);
void rule_set_add_all(struct rule_set *s);
bool rule_set_has(const struct rule_set *s, const struct rule *r);

#endif
