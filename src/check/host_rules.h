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
    struct str config_path;       /* of daemon.json; "": config.why says why it is not known */
    struct host_document config;  /* root NULL and why "": there is none */
};

struct host_mount {
    struct str source, destination, propagation;
    bool writable;
};

struct host_port {
    struct str inside, address;   /* "80/tcp"; of the host: "", "0.0.0.0", "::", ... */
    uint64_t port;                /* of the host; 0: the engine chooses one */
};

struct host_container {
    struct str name, id;
    bool runs;
    struct str image, image_id;   /* as the list has them */
    struct str unread;            /* why nothing more is known; "": all of this is */
    yyjson_val *whole, *host, *config, *state; /* HostConfig, Config and State; NULL members are empty */
    struct host_mount *mounts;
    size_t n_mounts;
    struct host_port *ports;      /* that are published */
    size_t n_ports;
    const char *runtime;          /* whose bundle tells of it where no engine does (host_bundle.h); or NULL */
    struct str pid;               /* with that: of its first process, or "" */
    bool has_own_cgroup;          /* with that: one was asked for */
    bool is_shown;                /* /proc shows us its first process */
    bool is_in_cgroup;            /* ... and the others, by a cgroup that bears its id */
    bool has_ssh;                 /* host_find_ssh() */
    struct str ssh_unknown;       /* why that is not known */
};

struct history_finding;
struct host_image {
    struct str id, name;          /* "sha256:...", "demo/x:1" or the id's beginning */
    struct str unread;            /* why nothing more is known */
    struct str user, created;
    bool has_health;
    struct str *env, *steps, *digests; /* "A=b"; history, the oldest first; "name@sha256:..." */
    struct str *layers;           /* diffIDs, bottom first */
    size_t n_env, n_steps, n_digests, n_layers;
    bool has_history;             /* its steps were looked at (cis_history.c), and this was found: */
    struct history_finding *history;
    size_t n_history;
    bool is_checked;              /* croze's store has it, and check_image() found: */
    struct finding *findings;
    size_t n_findings;
};

enum host_asked_kind { ASKED_INFO, ASKED_VERSION, ASKED_CONTAINERS, ASKED_IMAGES, ASKED_KINDS };

struct host_audit;
struct host_check {
    struct arena *arena;          /* of the report */
    const struct host_source *source;
    const struct cis_options *options;
    struct cis_report *report;
    const struct rule *rule;      /* that is asked for now */
    VEC(struct host_item) items;  /* what it said, LIMIT_FINDINGS of it; one of the worst is always among them */
    size_t n_said;
    enum cis_verdict worst;
    struct finding_list findings;
    VEC(yyjson_doc *) documents;

    struct host_document info, version;
    struct host_document asked[ASKED_KINDS];
    bool is_asked[ASKED_KINDS];
    bool is_podman, is_rootless;
    uid_t rootless_uid;
    struct host_daemon daemon;
    bool looked_for_containers, looked_for_images, looked_for_ssh;
    struct host_container *containers;
    struct host_image *images;
    size_t n_containers, n_images;
    struct str no_containers, no_images; /* why not all of them could be listed */
    struct host_audit *audit;
};

/* --- Rows (cis_*.c) --- */

/* `function` gets what `kind` says; `what`: rule.object. */
#define CIS_ROW(kind, field, number, name, level, text, function, what, because, remedy) \
    { \
        .id = name, .reads = kind, .severity = level, .also = number, .title = text, .field = function, .object = what, .why = because, \
        .fix = remedy, .url = "" \
    }
#define HOST_ROW(...) CIS_ROW(READS_HOST, host, __VA_ARGS__)
#define CONTAINER_ROW(...) CIS_ROW(READS_CONTAINER, container, __VA_ARGS__)
#define IMAGE_ROW(...) CIS_ROW(READS_HOST_IMAGE, host_image, __VA_ARGS__)

/* --- Answering (cis.c) --- */

/* Of the items of one rule the worst decides. A subject that begins with '/' is a path of the host. */
void host_say(struct host_check *c, enum cis_verdict v, struct str subject, const char *fmt, ...) __attribute__((format(printf, 4, 5)));

/* The same with what check_image() found, which is a finding of its own. */
void host_say_found(struct host_check *c, struct str subject, const struct finding *f);
/* A finding of another rule than the one that is asked, and no verdict. */
void host_find(struct host_check *c, const struct rule *r, struct str subject, struct str message);

/* --- Facts (host_facts.c): read when they are first asked for --- */

/* `containers`, `images`: their lists will be wanted. */
void host_facts_begin(struct host_check *c, bool containers, bool images);
struct host_document host_asked(struct host_check *c, enum host_asked_kind kind);
void host_facts_end(struct host_check *c);
/* Parses and keeps a document; `what` names it in its `why`. */
struct host_document host_parse(struct host_check *c, struct str text, const char *what);

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

/* Asks one thing of the engine. Its shapes are checked; NULL: by the caller. */
struct host_document host_ask(struct host_check *c, const char *path, const struct host_shape *shapes);
/* Asks several things at once; the answers' arenas are ended by host_answered. */
void host_ask_all(struct host_check *c, struct host_question *questions, size_t n);
/* The document of an answer, of that shape. */
struct host_document host_answered(struct host_check *c, struct host_question *q, const struct host_shape *shapes);

/* --- Containers and images (host_containers.c, host_images.c, host_store.c) --- */

/* Of the engine; where there is none to ask, those that docker left below /var/lib/docker, and those of bundles (host_bundle.h). Stopped
 * ones too. */
void host_containers(struct host_check *c);
void host_images(struct host_check *c);
/* A file of a process (host_proc.c). */
bool host_proc(struct host_check *c, struct str pid, const char *name, struct str *out);
/* What its /proc/PID/status says; false: that is not known. */
bool host_status_of(struct host_check *c, struct str pid, const char *field, struct str *value);
/* Whether /proc shows a container's processes: they lie in a cgroup that bears its id, and so does the one that the engine says is its
 * first. */
bool host_is_shown(struct host_check *c, const struct host_container *k);
bool host_bears_id(struct str path, struct str id);
/* Begins the mode of a namespace that a container shares, and nobody knows with whom. */
#define HOST_JOINED "joined:"
/* The same of that process. */
bool host_status(struct host_check *c, const struct host_container *k, const char *field, struct str *value);
/* The number of its first process, or "". */
struct str host_first_pid(struct host_check *c, const struct host_container *k);
/* Where something listens in a container's network, a bit a port (host_ports.c). It begins as {0}. */
enum host_table { HOST_TCP, HOST_TCP6, HOST_UDP, HOST_UDP6, HOST_TABLES };
enum { HOST_PORT_BYTES = 65536 / 8 };
struct host_listening {
    bool looked[HOST_TABLES], known[HOST_TABLES]; /* one that is not there is known to be empty */
    uint8_t ports[HOST_TABLES][HOST_PORT_BYTES];
};
/* Whether it is known that nothing listens on a port ("80/tcp"). */
bool host_is_idle(struct host_check *c, const struct host_container *k, struct host_listening *l, struct str port);
/* Which of them have an ssh server (host_ssh.c). */
void host_find_ssh(struct host_check *c);
/* Ids go into paths of requests: only those that need no escape are used. */
bool host_is_id(struct str id);
/* What a container or image is called in what is said of it; it does not begin with '/', as paths of the host do. */
struct str host_name(struct host_check *c, struct str name, struct str otherwise);
/* Fills in mounts and ports from what was read; an odd one makes the container unread. */
void host_container_parts(struct host_check *c, struct host_container *k);
/* Whether no container runs, or none can be seen, which is then said. */
bool host_has_containers(struct host_check *c);
/* Says that what only an engine tells is not known; N/A where there is no engine at all. */
void host_say_unseen(struct host_check *c, const char *what, struct str why);
/* An engine that is there and speaks another API, by a file of its; or NULL. */
const char *host_other_engine(struct host_check *c);
bool host_has_images(struct host_check *c);
/* Looks at those of the engine's images that croze's store has; where there is no engine, at those of the store. */
void host_store_images(struct host_check *c);

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
/* " (its command line)", or "". */
const char *host_setting_from(struct host_check *c, const struct host_setting *s);
void host_say_unknown(struct host_check *c, const char *what, const struct host_setting *s);
/* Says whether a switch is as it is to be; `by_default`: what it is when nobody sets it. */
void host_say_switch(struct host_check *c, const char *name, bool wanted, bool by_default);

/* --- Files of the host (host_audit.c, host_units.c, host_users.c) --- */

/* Says whether that path, which is there, is audited. */
void host_say_audited(struct host_check *c, struct str path);
void host_audit_end(struct host_check *c);

/* Where systemd has a unit, or "". */
struct str host_unit_path(struct host_check *c, const char *unit);
/* Its drop-ins that count, in the order in which they do. *denied: why not all of them are known, or "". */
struct host_names host_unit_drops(struct host_check *c, const char *unit, struct str *denied);
/* What a socket unit has for ListenStream; false: *why that is not known. */
bool host_unit_listens(struct host_check *c, const char *unit, struct host_names *streams, struct str *why);
/* A group by the host's own /etc/group; false: *why. */
bool host_group(struct host_check *c, const char *name, gid_t *gid, struct str *members, struct str *why);
/* "a,b": whose own group that is, by /etc/passwd. *why: it could not be read; or "". */
struct str host_primary_members(struct host_check *c, gid_t gid, struct str *why);
/* A home directory by /etc/passwd, or "". */
struct str host_home(struct host_check *c, uid_t uid);
/* Who knows users or groups that are not in those files, as a sentence; or "". */
struct str host_other_users(struct host_check *c);
/* That may write to the socket: "docker", if the daemon was not told otherwise. */
const char *host_engine_group(struct host_check *c);

#endif
