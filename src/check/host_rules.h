/* SPDX-License-Identifier: Apache-2.0
 *
 * What the functions of the recommendations get, and how they answer. Private to check/. */
#ifndef CROZE_CHECK_HOST_RULES_H
#define CROZE_CHECK_HOST_RULES_H

#include "base/json.h"
#include "base/vec.h"
#include "check/cis.h"

struct host_item {
    enum cis_verdict verdict;
    struct str subject;           /* a container, an image, a path; "": the host */
    struct str message;
};

/* A document of the engine, or a file of JSON. */
struct host_document {
    yyjson_val *root;             /* NULL: see why */
    struct str why;
};

/* The daemon that listens on the socket. */
struct host_daemon {
    bool looked;
    pid_t pid;                    /* 0: not known; see why */
    bool is_absent;               /* there is none: no process, no socket, and nothing was hidden */
    struct str *args;
    size_t n_args;
    struct str why;
    struct str config_path;       /* of daemon.json */
    struct host_document config;  /* root NULL and why "": there is none */
};

struct host_check {
    struct arena *arena;          /* of the report */
    const struct host_source *source;
    const struct cis_options *options;
    struct cis_report *report;
    const struct rule *rule;      /* that is asked for now */
    VEC(struct host_item) items;  /* what it said */
    VEC(struct finding) findings;
    VEC(yyjson_doc *) documents;

    struct host_document info, version;
    bool is_podman, is_rootless;
    uid_t rootless_uid;
    struct host_daemon daemon;
};

/* --- Answering (cis.c) --- */

/* Of the items of one rule the worst decides. A subject that begins with '/' is a path of the host. */
void host_say(struct host_check *c, enum cis_verdict v, struct str subject, const char *fmt, ...) __attribute__((format(printf, 4, 5)));

/* --- Facts (host_facts.c): read when they are first asked for --- */

void host_facts_begin(struct host_check *c);
void host_facts_end(struct host_check *c);
/* Parses and keeps a document; `what` names it in its `why`. */
struct host_document host_parse(struct host_check *c, struct str text, const char *what);
/* Asks one thing of the engine. */
struct host_document host_ask(struct host_check *c, const char *path);

/* A value of an object is of the type that the engine's API says, or absent or null: else a text says which is not. */
enum host_type { TYPE_BOOL, TYPE_INT, TYPE_TEXT, TYPE_TEXTS, TYPE_LIST, TYPE_OBJECT, TYPE_END };
struct host_shape {
    enum host_type type;
    const char *path;             /* "HostConfig.Privileged" */
};
struct str host_odd(struct arena *a, yyjson_val *root, const struct host_shape *shapes);
yyjson_val *host_member(yyjson_val *root, const char *path);
/* Whether an array of texts has one of them that begins so. */
bool host_has_text(yyjson_val *texts, const char *start);

/* --- The daemon's settings (host_daemon.c) --- */

enum setting_kind { SETTING_BOOL, SETTING_TEXT, SETTING_LIST };
enum setting_state { SETTING_UNKNOWN, SETTING_UNSET, SETTING_SET };
struct host_setting {
    enum setting_state state;
    struct str value;             /* "true", "a,b" */
    struct str from;              /* "its command line", "/etc/docker/daemon.json"; UNKNOWN: why */
};
const struct host_daemon *host_daemon(struct host_check *c);
/* Whether there is a dockerd whose settings can be asked for; else it says so: podman has no daemon. */
bool host_has_daemon(struct host_check *c);
/* `flag` without its dashes, `letter` or 0, `key` of daemon.json. What is set on the command line counts: the daemon refuses both. */
struct host_setting host_setting(struct host_check *c, const char *flag, char letter, const char *key, enum setting_kind kind);

/* --- Files of the host (cis_files.c) --- */

/* Where systemd has a unit, or "". */
struct str host_unit_path(struct host_check *c, const char *unit);
/* A group by the host's own /etc/group; false: *why. */
bool host_group(struct host_check *c, const char *name, gid_t *gid, struct str *members, struct str *why);
/* That may write to the socket: "docker", if the daemon was not told otherwise. */
const char *host_engine_group(struct host_check *c);

#endif
