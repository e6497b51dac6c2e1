/* SPDX-License-Identifier: Apache-2.0
 *
 * plan/ takes a parsed Dockerfile and the user's build arguments and gives a graph of stages; then, stage by stage, it turns each
 * instruction into a step: everything expanded, every flag read, every default filled in, ready to be carried out by build/. It is pure
 * (base/ and dockerfile/ only). What only the build knows (the base image's configuration, the content of files) is passed in.
 *
 *   plan_make()           Dockerfile -> stages, their bases and dependencies, dead stages marked
 *   scope_init()          a stage + its base's configuration -> variables and configuration at its first instruction
 *   scope_step()          the next instruction -> a step (scope moves on)
 *   key_*() (key.h)       a step + what it depends on -> its cache key
 *
 * Errors say NAME:LINE:COLUMN and are ERR_USAGE. Flags and forms that croze does not carry out yet are errors that name them. */
#ifndef CROZE_PLAN_PLAN_H
#define CROZE_PLAN_PLAN_H

#include "base/digest.h"
#include "dockerfile/dockerfile.h"
#include "plan/chmod.h"
#include "plan/config.h"

/* --- Named contexts (--build-context NAME=VALUE) ------------------------------------------------------------------------------ */

/* A named context stands in for the stage or image of its name, in FROM as in COPY --from and a mount's from=. */
enum named_kind {
    NAMED_DIR,        /* a directory of the host, an archive, a URL or a repository: what a build context may be */
    NAMED_IMAGE,      /* docker-image://REFERENCE: an image of the store */
    NAMED_OCI_LAYOUT, /* oci-layout://PATH[:TAG][@DIGEST] */
    NAMED_STAGE,      /* target:STAGE: a stage of this file */
};
struct named_context {
    struct str name;              /* as given; compared as image references are: "alpine" is "docker.io/library/alpine:latest" */
    enum named_kind kind;
    struct str value;             /* without its scheme */
};

/* --- Stages --------------------------------------------------------------------------------------------------------------------- */

enum base_kind { BASE_SCRATCH, BASE_STAGE, BASE_IMAGE, BASE_NAMED };

struct plan_stage {
    size_t index;
    struct str name;              /* lower case; "" without AS */
    enum base_kind base_kind;
    size_t base_stage;            /* BASE_STAGE */
    struct str base_ref;          /* as the user wrote it, expanded; the image of a named context that stands in for it */
    size_t base_named;            /* BASE_NAMED: which of plan_options.named; its kind is NAMED_DIR or NAMED_OCI_LAYOUT. A stage that a
                                     named context replaces has what the context stands for as its base, and no body */
    struct str platform;          /* --platform, expanded, or "" */
    struct df_instruction *from;  /* its FROM */
    struct df_instruction *body;  /* instructions behind FROM */
    size_t n_body;
    size_t *needs;                /* of a needed stage: those that it reads (base, COPY --from, RUN --mount from), ascending */
    size_t n_needs;
    bool needed;                  /* by the target: the others are dead and never run */
};

struct plan_options {
    struct pair_list build_args;  /* --build-arg, in order */
    struct str target;            /* --target: name or index; "" = the last stage */
    struct str platform;          /* "linux/amd64": TARGETPLATFORM and BUILDPLATFORM */
    const struct named_context *named;
    size_t n_named;
    bool has_epoch;
    int64_t epoch;                /* SOURCE_DATE_EPOCH of the command line or the environment */
};

struct plan {
    const struct dockerfile *file;
    struct plan_options options;
    struct plan_stage *stages;
    size_t n_stages;
    size_t target;
    struct pair_list global_args; /* the predefined ones and ARG before FROM, expanded, overridden by the build arguments */
    struct str_list unused_args;  /* --build-arg that no ARG consumed: a warning */
    struct df_warning *warnings;  /* those of the parser apart; line 0: of no line */
    size_t n_warnings;
    bool has_epoch;               /* SOURCE_DATE_EPOCH of the options, else the default of a global ARG of that name: build/ applies */
    int64_t epoch;                /* this one, to layers, keys, history and configuration */
    bool epoch_of_context;        /* that ARG says "context": then has_epoch is not set, and build/ finds the time */
    uint64_t *work;               /* left of LIMIT_FILE_WORK for what is expanded before the first step */
};

/* The plan keeps `file` and the options' texts. Flags of needed stages are checked here, so that a long build does not end at one. After an
 * error `out` holds what was known by then: the stages' instructions, the global ARGs. */
MUST_CHECK bool plan_make(struct arena *a, const struct dockerfile *file, const struct plan_options *options, struct plan *out,
                          struct err *e);
/* The ONBUILD triggers of a stage's base (scope.config.onbuild at its beginning), as instructions; *out has one a text. */
MUST_CHECK bool plan_parse_triggers(struct arena *a, const struct plan *p, const struct plan_stage *s, const struct str_list *texts,
                                    struct df_instruction **out, struct err *e);
/* The ONBUILD triggers of a stage's base image are known only when that image is: adds the stages that they read to stages[stage].needs and
 * marks them (and what they read) as needed. Triggers of a base that is a stage are seen by plan_make. */
MUST_CHECK bool plan_add_triggers(struct arena *a, struct plan *p, size_t stage, const struct df_instruction *triggers, size_t n,
                                  struct err *e);
/* The stage that a COPY --from / mount from= names (name first, then index), seen from stage `from`; false: not a stage (an image). Forward
 * and self references are errors. Named contexts, which come before stages, are not looked at. */
MUST_CHECK bool plan_find_stage(const struct plan *p, size_t from, struct str name, bool *found, size_t *stage, struct err *e);

/* --- Steps ---------------------------------------------------------------------------------------------------------------------- */

enum step_kind {
    STEP_CONFIG,   /* changes the configuration only: no layer */
    STEP_WORKDIR,  /* makes a directory */
    STEP_COPY,     /* COPY and ADD */
    STEP_RUN,
};

/* Where a path of COPY or of a mount lies. */
enum source_kind { SOURCE_CONTEXT, SOURCE_STAGE, SOURCE_IMAGE, SOURCE_NAMED };
struct source_ref {
    enum source_kind kind;
    size_t stage;                 /* SOURCE_STAGE */
    struct str image;             /* SOURCE_IMAGE */
    size_t named;                 /* SOURCE_NAMED: which of plan_options.named; its kind is NAMED_DIR or NAMED_OCI_LAYOUT */
};

/* One operand of COPY or ADD; they may be mixed in one instruction. */
enum operand_kind {
    OPERAND_PATH,                 /* in the instruction's source */
    OPERAND_INLINE,               /* a here-document */
    OPERAND_URL,                  /* ADD http://, https:// */
    OPERAND_GIT,                  /* ADD of a repository, perhaps with #ref:subdir or a query */
};
struct copy_operand {
    enum operand_kind kind;
    struct str text;              /* the path, URL or repository, expanded; of a here-document the file's name */
    struct str body;              /* OPERAND_INLINE: its content, expanded */
    struct df_pos pos;
};

enum unpack { UNPACK_NO, UNPACK_AUTO /* ADD of local files: those that are archives */, UNPACK_YES /* --unpack: URLs too */ };

struct step_copy {
    struct source_ref source;     /* of the OPERAND_PATHs */
    struct copy_operand *operands;
    size_t n_operands;
    struct str dest;              /* absolute, cleaned but for its trailing slash ("/x/" and "/x" differ), symlinks not resolved */
    bool dest_is_dir;             /* trailing slash, or "." / "..", or several operands */
    struct str chown;             /* "user[:group]" or "" */
    struct chmod chmod;
    bool link;                    /* --link: stands on nothing below (never set together with chmod, as in BuildKit) */
    bool parents;                 /* --parents */
    struct str *excludes;         /* --exclude: patterns of the ignore language, expanded */
    size_t n_excludes;
    enum unpack unpack;
    struct str checksum;          /* --checksum: "sha256:<hex>" for a URL, a commit or its beginning for a repository; or "" */
    bool keep_git_dir;
};

enum mount_kind { MOUNT_BIND, MOUNT_CACHE, MOUNT_TMPFS, MOUNT_SECRET, MOUNT_SSH };
enum cache_sharing { CACHE_SHARED, CACHE_PRIVATE, CACHE_LOCKED };

struct step_mount {
    enum mount_kind kind;
    struct df_pos pos;            /* of its flag */
    struct source_ref from;       /* bind; cache: what a new cache begins with (only if has_from) */
    bool has_from;
    struct str source;            /* path inside it, "/" by default */
    struct str target;            /* absolute; "" for a secret that is a variable only */
    bool writable;                /* bind: writes are thrown away; a cache is writable unless "ro" */
    struct str id;                /* cache (default: the target), secret, ssh (default: "default") */
    enum cache_sharing sharing;   /* cache */
    bool required;                /* secret, ssh: their absence is an error */
    struct str env;               /* secret: the variable that it becomes, or "" */
    uint64_t size_bytes;          /* tmpfs: 0 is the kernel's default */
    uint32_t mode, uid, gid;      /* cache (when it is made), secret, ssh; defaults are filled in: cache 0755, secret 0400, ssh 0600 */
};

struct step_run {
    struct str_list argv;         /* SHELL and text, or the exec form */
    struct pair_list env;         /* complete: configuration's ENV, ARGs in scope, proxies; PATH defaulted */
    struct pair_list key_env;     /* the part of env that counts for the key (no undeclared proxies) */
    struct str user;              /* as USER gave it, "" = root */
    struct str workdir;           /* absolute */
    struct step_mount *mounts;
    size_t n_mounts;
    bool network_none;            /* --network=none */
    bool network_host;            /* --network=host: the host's even where the build's own default is none */
    bool insecure;                /* --security=insecure: needs --allow security.insecure */
    struct str heredoc_script;    /* RUN <<EOF with #!: the bytes of an executable file at argv's last element, /dev/pipes/EOF; else "" */
};

struct step {
    enum step_kind kind;
    const struct df_instruction *from;
    struct df_pos pos;
    struct str title;             /* for progress: the instruction on one line, shortened by nobody */
    struct str created_by;        /* for history, in BuildKit's words: "RUN /bin/sh -c apt-get ... # buildkit", "COPY a /b # buildkit",
                                     "ENV A=b"; "" (ONBUILD): no history entry */
    struct step_copy copy;
    struct step_run run;
    struct str workdir;           /* STEP_WORKDIR: absolute, cleaned */
    struct str user;              /* STEP_WORKDIR: its owner, the USER in force */
};

/* The moving state of a stage. config is what the image would have if the stage ended here. */
struct scope {
    struct arena *arena;
    const struct plan *plan;
    const struct plan_stage *stage;
    struct container_config config;
    struct pair_list args;        /* declared ARGs with a value that no later ENV replaced: of the two the later wins, as with BuildKit */
    struct str_list declared;     /* names of declared ARGs, with or without a value */
    struct str author;
    bool cmd_set;                 /* CMD was given in this stage: ENTRYPOINT keeps it */
    struct df_warning *warnings;  /* what check/ gathers */
    size_t n_warnings;
    size_t arena_start;           /* bytes that the arena had handed out: bounds what a stage may take */
    size_t history_bytes;         /* of the lines of this and the stages below, at least, as they will be written */
    size_t unmeasured_bytes;      /* of texts since the size of the whole was asked */
    uint64_t work;                /* left of LIMIT_FILE_WORK; who takes several stages through their scopes may hand it on */
};

/* `base` is the base image's configuration (or NULL for scratch); base_scope the scope at the end of the base stage (or NULL): ARGs are
 * inherited through it, and `base` may then be NULL. config.onbuild then holds the base's triggers (an image's or a stage's): the caller
 * takes them out and runs them through scope_step first. Proxy variables of the caller's environment come as build arguments. The arena
 * must live as long as the scope; all that base and base_scope hold is copied. */
void scope_init(struct scope *s, struct arena *a, const struct plan *p, const struct plan_stage *stage, const struct container_config *base,
                const struct scope *base_scope);
/* Carries one instruction into the scope and describes what is to be done. ONBUILD triggers of the base come through here first
 * (plan_parse_triggers), then the stage's body. */
MUST_CHECK bool scope_step(struct scope *s, const struct df_instruction *i, struct step *out, struct err *e);

#endif
