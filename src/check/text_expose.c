/* SPDX-License-Identifier: Apache-2.0
 * EXPOSE as it is written. */
#include "base/limits.h"
#include "check/text_rules.h"

enum { PORT_MAX = 65535, PORT_SSH = 22 };

/* "80", "80-90/tcp"; false: a variable, or something else. */
static bool ports(struct str word, uint64_t *low, uint64_t *high) {
    struct str range, protocol, first, last;
    (void)str_cut(lint_unquoted(word), '/', &range, &protocol);
    bool is_range = str_cut(range, '-', &first, &last);
    if (!str_to_u64(first, 10, UINT64_MAX, low))
        return false;
    *high = *low;
    return !is_range || str_to_u64(last, 10, UINT64_MAX, high);
}

static void port_range(struct check *c, const struct rule *r, const struct df_instruction *i) {
    uint64_t low, high;
    for (size_t k = 0; i->op == DF_EXPOSE && k < i->n_args; k++)
        if (ports(i->args[k], &low, &high) && (low > PORT_MAX || high > PORT_MAX))
            check_note(c, r, c->step, i->args[k], NULL, "there is no port %.*s", STR_ARG(i->args[k]));
}

static void port_ssh(struct check *c, const struct rule *r, const struct df_instruction *i) {
    uint64_t low, high;
    for (size_t k = 0; i->op == DF_EXPOSE && k < i->n_args; k++)
        if (ports(i->args[k], &low, &high) && low <= PORT_SSH && high >= PORT_SSH)
            check_note(c, r, c->step, i->args[k], NULL, "port 22 is for ssh, which a container does not need");
}

const struct rule rules_expose[] = {
    {.id = "ExposePortRange",
     .reads = READS_TEXT,
     .severity = SEVERITY_ERROR,
     .also = "DL3011 DS-0008",
     .why = "Ports go up to 65535.",
     .fix = "Write the port that the program listens on.",
     .url = "",
     .run = port_range},
    {.id = "ExposeSsh",
     .reads = READS_TEXT,
     .severity = SEVERITY_WARNING,
     .also = "DS-0004 5.7",
     .why = "A second way in, with its own passwords and updates; `exec` leads into a container too.",
     .fix = "Remove the ssh server.",
     .url = "",
     .run = port_ssh},
    {0},
};
