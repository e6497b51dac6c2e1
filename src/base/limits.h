/* SPDX-License-Identifier: Apache-2.0
 *
 * Every limit on what comes from outside, with its reason. A number that bounds hostile input stands here and nowhere else. */
#ifndef CROZE_BASE_LIMITS_H
#define CROZE_BASE_LIMITS_H

#define KIB(n) ((size_t)(n) << 10)
#define MIB(n) ((size_t)(n) << 20)

/* Dockerfiles: WSO2's largest is 30 KB; generated ones reach a few MB. */
#define LIMIT_DOCKERFILE_BYTES MIB(16)
#define LIMIT_DOCKERFILE_INSTRUCTIONS 100000
#define LIMIT_DOCKERFILE_STAGES 10000
#define LIMIT_DOCKERFILE_WORDS 1000000         /* arguments, pairs, flags and here-documents of a whole file: 64 bytes of memory each */
#define LIMIT_EXPANDED_WORD_BYTES MIB(1)       /* ARG bombs: ARG a=$b$b, b=$c$c, ... */
#define LIMIT_EXPANSION_WORK ((uint64_t)1 << 27) /* bytes copied and pattern steps for one word: half a second */
#define LIMIT_FILE_WORK ((uint64_t)1 << 28)    /* of all words of a file, and the variables that are gone through for them: a second */
#define LIMIT_EXPANSION_DEPTH 64               /* ${a:-${b:-...}} nested */
#define LIMIT_CONFIG_ENTRIES 2048 /* environment variables, ARGs, labels of one stage: the kernel takes about 2 MiB of environment */
#define LIMIT_STAGE_BYTES MIB(256)             /* memory that one stage's expanded instructions may take */
#define LIMIT_BUILD_BYTES MIB(512)             /* of all stages together: each begins with a copy of its base's configuration and history */
#define LIMIT_CHMOD_BYTES 1000                 /* --chmod: its clauses are gone through for every file */
#define LIMIT_SCOPE_WARNINGS 1000              /* of one stage */
#define LIMIT_FINDINGS 10000                   /* of one Dockerfile: more is nobody's reading */
#define LIMIT_MARK_BYTES KIB(5)                /* what a rule notes of a file of an image: a path and some words */
#define LIMIT_MARKS_BYTES MIB(16)              /* ... of a layer's files; they are kept as a file */
#define LIMIT_DEPLOYMENT_BYTES MIB(16)         /* compose and Kubernetes files */
#define LIMIT_REFERENCE_TEXT_BYTES 4096        /* an image as such a file names it, with variables */
#define LIMIT_SHELL_DEPTH 64                   /* blocks, quotes and parentheses in each other, in the text of a RUN */
#define LIMIT_SHELL_NESTED 16                  /* substitutions in substitutions: each is read once more */
#define LIMIT_SHELL_COMMAND_COST KIB(4)        /* of LIMIT_FILE_WORK: what a command takes in memory, and a hundred rules that look at it */
#define LIMIT_SHELL_WORD_COST 512              /* of LIMIT_FILE_WORK: the same of a word, so that a file has half a million */
#define LIMIT_SHELLCHECK_SCRIPTS 1000          /* of one file: ShellCheck takes a few milliseconds for each */
#define LIMIT_SHELLCHECK_BYTES KIB(256)        /* of one script with the names that it may use */
#define LIMIT_SHELLCHECK_BATCH 64              /* scripts of one process, each an open file */
#define LIMIT_SHELLCHECK_SAID MIB(8)           /* of one process */
#define LIMIT_SHELLCHECK_S 60                  /* without an answer */
#define LIMIT_VARIANTS 32                      /* Dockerfiles that are compared: each fact of each with those of the others */
#define LIMIT_VARIANT_WORK 5000000             /* ports and volumes of one of them, gone through for each EXPOSE and VOLUME */
#define LIMIT_EDITS 1000                       /* of one finding */
#define LIMIT_EDITS_AT_ONCE 2000               /* carried out in one round: each is compared with those before it */
#define LIMIT_EXCEPTIONS 1000                   /* each is compared with every finding */
#define LIMIT_RULE_NAMES 1000                   /* of one list of rules, each compared with all there are */
#define LIMIT_EPOCH_S 253402300799             /* SOURCE_DATE_EPOCH: the last second that RFC 3339 can write, in the year 9999 */
#define LIMIT_IGNORE_BYTES MIB(4)
#define LIMIT_CONTEXT_BYTES ((uint64_t)64 << 30) /* an archive that comes as the build context: it is spooled */
#define LIMIT_IGNORE_PATTERNS 20000

/* JSON documents: an OCI manifest of 127 layers is 40 KB; registries commonly refuse above 4 MiB. */
#define LIMIT_JSON_BYTES MIB(8)
#define LIMIT_JSON_DEPTH 64
#define LIMIT_INDEX_BYTES MIB(64)              /* the store's own index.json: 100,000 images */

/* YAML: .hadolint.yaml has a page. */
#define LIMIT_YAML_BYTES MIB(1)
#define LIMIT_YAML_DEPTH 32

/* The store's own files: ours, but a disk may rot and another program may write there. */
#define LIMIT_STEP_BYTES KIB(64)               /* one step record; its title is cut to fit */
#define LIMIT_DOWNLOAD_RECORD_BYTES KIB(64)    /* what one URL gave: texts of servers, each at most LIMIT_HTTP_HEADER_BYTES */
#define LIMIT_WHY_TEXT_BYTES KIB(40)           /* names and values of one key's fields: what is more is kept as one digest */
#define LIMIT_WHY_BYTES KIB(320)               /* such a record as JSON: each byte may take six */
#define LIMIT_WHY_RECORDS 20000                /* looked through by one build --why */
#define LIMIT_LOG_BUILDS 100                   /* logs that are kept */
#define LIMIT_LOG_BYTES MIB(64)                /* of all of them on disk, but for the newest */
#define LIMIT_LOG_OUTPUT_BYTES ((uint64_t)1 << 30) /* of one build: a RUN that prints without end must not fill the disk */
#define LIMIT_LOG_STEPS 10000                  /* in the index of one log */
#define LIMIT_LOG_INDEX_BYTES MIB(32)          /* that many with their titles cut to 256 bytes, of which each may take six as JSON */
#define LIMIT_LEASE_BYTES MIB(64)              /* 900,000 digests leased by one process */
#define LIMIT_CHUNK_INDEX_BYTES MIB(64)        /* 170,000 chunks with their prefixes; then the older half is dropped */
#define LIMIT_STAT_RECORDS 16000000u           /* files of one context: as many as a layer may hold */
#define LIMIT_STAT_INDEX_BYTES (LIMIT_STAT_RECORDS * (size_t)88 + 32)
#define LIMIT_TREE_SIZE_DEPTH 256              /* levels that gc counts the bytes of: each holds a descriptor */

/* Things from the network. */
#define LIMIT_URL_BYTES 8192                   /* servers commonly refuse longer ones */
#define LIMIT_DOWNLOAD_BYTES ((uint64_t)256 << 30) /* one file: a server may send for ever */
#define LIMIT_HTTP_HEADERS_BYTES KIB(256)      /* all headers of one answer */
#define LIMIT_HTTP_HEADER_BYTES 2048           /* one that is kept: an ETag, a date */
#define LIMIT_HTTP_LINE_BYTES KIB(16)          /* one that anybody looks at: challenges, links, signed locations */
#define LIMIT_HTTP_ERROR_BODY_BYTES MIB(1)     /* what an answer that is no success may say, unread */
#define LIMIT_HTTP_REDIRECTS 10
#define LIMIT_HTTP_WAIT_S 30                   /* that a server may ask for with Retry-After */
#define LIMIT_LOCK_BYTES MIB(16)               /* croze.lock: 50,000 names */
#define LIMIT_GIT_OUTPUT_BYTES MIB(256)        /* what one git command prints: the list of two million files */
#define LIMIT_GIT_SUBMODULES 2000              /* of one repository, with those below them */
#define LIMIT_GIT_REF_DIRS 10000               /* directories of names that a mirror keeps: looked through after a kill */
#define LIMIT_GIT_TREE_DEPTH 256               /* directories in directories: each holds a descriptor while modes and times are set */
#define LIMIT_GIT_DEPTH 16                     /* of submodules in submodules */

/* Registries. */
#define LIMIT_TOKEN_BYTES KIB(64)              /* what a token service answers: tokens go into a header of every request */
#define LIMIT_SCOPES 16                        /* of one token */
#define LIMIT_TOKENS 64                        /* of one host, held: a mirror job needs one a repository */
#define LIMIT_REGISTRY_HOSTS 1000              /* registries, their token services, and where they redirect to */
#define LIMIT_CHALLENGES 16                    /* of one answer */
#define LIMIT_REGISTRY_ERROR_BYTES KIB(64)     /* what a registry says of a failure */
#define LIMIT_REGISTRY_SAID_BYTES 400          /* of that, what is shown */
#define LIMIT_REGISTRY_WAIT_S 60               /* that a registry may ask for with Retry-After: what would take longer has failed */
#define LIMIT_DAEMON_SILENT_S (6 * 3600)       /* of a dockerd that loads or saves; when it dies, its socket ends */
#define LIMIT_AUTH_FILE_BYTES MIB(1)           /* auth.json, config.json: some hundred registries */
#define LIMIT_CREDENTIAL_BYTES KIB(32)         /* one user name or secret: identity tokens of clouds have 4 KiB */
#define LIMIT_REGISTRIES_CONF_BYTES MIB(1)
#define LIMIT_REGISTRIES 10000                 /* in all of registries.conf: each is looked at for every repository */
#define LIMIT_MIRRORS 16                       /* of one registry */
#define LIMIT_CERTIFICATES_BYTES MIB(4)        /* authorities: the system's are 220 KB */

/* What is copied between registries, layouts and archives. */
#define LIMIT_MANIFEST_BYTES MIB(4)            /* registries commonly refuse larger ones */
#define LIMIT_MANIFEST_VALUES 300000           /* of JSON, 16 bytes of memory each: an index of 10,000 manifests has 250,000 */
#define LIMIT_MANIFEST_SMALL_BYTES KIB(128)    /* as nearly all are: larger ones are held one at a time */
#define LIMIT_INDEX_CHILDREN 10000             /* manifests that one index names */
#define LIMIT_ARTIFACT_BLOBS 1000              /* of a manifest that is no image: signatures of one image, cosign's own limit */
#define LIMIT_BLOB_BYTES ((uint64_t)256 << 30) /* one layer: a registry may send as much as its descriptor says */
#define LIMIT_IMAGE_CONFIG_BYTES MIB(8)        /* it is held in memory: as LIMIT_JSON_BYTES */
#define LIMIT_COPY_MANIFESTS 20000             /* of one copy, with all that is about them */
#define LIMIT_COPY_BYTES MIB(16)               /* they are held in memory until they are put, with what they name */
#define LIMIT_INDEX_DEPTH 2                    /* indexes on the way to the image of a platform: nobody nests deeper, and a walk must end */
#define LIMIT_COPY_DEPTH 32                    /* indexes in indexes, signatures of signatures */
#define LIMIT_PULLS_AT_ONCE 3                  /* bases of one build: each has requests and memory of its own */
#define LIMIT_COPY_AT_ONCE 6                   /* requests of one copy: more and registries begin to hold back */
#define LIMIT_ARRIVAL_WAIT_S 600               /* for another command that brings a blob which we want too: it may be stopped */
#define LIMIT_TAGS 250000                      /* of one repository; and repositories of one registry */
#define LIMIT_TAGS_BYTES MIB(12)               /* their names in memory: 48 bytes each, so many of them */
#define LIMIT_TAG_PAGES 20000                  /* that a listing may come in: servers decide how long one is */
#define LIMIT_LAYOUT_INDEX_BYTES MIB(4)        /* index.json of somebody's layout: 15,000 images */
#define LIMIT_REFERRERS 10000                  /* of one manifest */
#define LIMIT_REFERRER_PAGES 1000              /* that their listing may come in */
#define LIMIT_REFERRERS_BYTES MIB(4)           /* their descriptors in memory: six lists at once */
#define LIMIT_ORIGIN_BYTES 4096                /* where one blob came from: repositories, the newest first */

/* Layers. */
#define LIMIT_LAYER_ENTRIES 16000000u          /* files in one layer */
#define LIMIT_LAYER_BYTES ((uint64_t)1 << 42)  /* 4 TiB unpacked */
#define LIMIT_PATH_BYTES 4095                  /* PATH_MAX - 1: longer names cannot be created on Linux */
#define LIMIT_NAME_BYTES 255
#define LIMIT_PATH_DEPTH 1024
#define LIMIT_XATTR_BYTES KIB(64)              /* one value: the kernel's XATTR_SIZE_MAX */
#define LIMIT_PAX_BYTES MIB(1)                 /* the extended header of one entry: Go and libarchive read no more */
#define LIMIT_XATTRS 128                       /* of one entry */
#define LIMIT_SPARSE_BYTES ((uint64_t)16 << 30) /* holes of sparse files in one archive: a 2 KB archive can declare terabytes of zeros */
#define LIMIT_XZ_MEMORY_BYTES MIB(132)         /* to decompress xz: a dictionary of 128 MiB, as with zstd; xz -9 takes 65 */
#define LIMIT_LISTING_TEXT_BYTES MIB(2048)     /* names, links and xattrs of one archive while it is sorted: they are held in memory */
#define LIMIT_IMPLIED_TEXT_BYTES MIB(64)       /* of that, names of directories that the archive has only as parts of others: a million */
#define LIMIT_ID 4294967294u                   /* user and group numbers; 2^32 - 1 means "none" to the kernel */
#define LIMIT_DEVICE_MAJOR 0xfffu              /* the kernel's dev_t: 12 bits of major, 20 of minor */
#define LIMIT_DEVICE_MINOR 0xfffffu
#define LIMIT_GROUPS 65536                     /* supplementary groups of a process: the kernel's NGROUPS_MAX */
#define LIMIT_IMAGE_LAYERS 500                 /* overlayfs' own maximum of lower directories */
#define LIMIT_IMAGE_HISTORY 200000             /* lines: two of the longest Dockerfiles */
#define LIMIT_TAR_TAIL_BYTES MIB(256)          /* behind a tar's end mark: writers fill up a record, and a stream that goes on has no end */
#define LIMIT_ARCHIVE_NAMES 2000               /* images and names in one archive: each is a change of index.json, read and written whole */
#define LIMIT_PASSWD_BYTES MIB(4)              /* /etc/passwd and /etc/group of an image */
#define LIMIT_SUBID_RANGES 300                 /* of one user in /etc/subuid: a uid_map takes 340 lines */
#define LIMIT_SYMLINKS 40                      /* followed while one path is resolved: the kernel's MAXSYMLINKS */

/* What RUN steps are given. */
#define LIMIT_CACHE_INSTANCES 1000             /* of one cache mount: as many builds that each want one to themselves may run at once */
#define LIMIT_RUN_MOUNTS 1000                  /* of one RUN: each is looked for among all others by the kernel, some milliseconds */
#define LIMIT_SECRET_BYTES KIB(500)            /* BuildKit's */
#define LIMIT_AGENT_FRAME_BYTES KIB(256)       /* one message of the ssh agent's protocol: OpenSSH's own limit */
#define LIMIT_HOSTS_BYTES MIB(4)               /* /etc/hosts: the host's own (1 MiB at most) and --add-host */

/* A host that is checked: its files may be anyone's, and so may be who listens on its sockets. */
#define LIMIT_HOST_ANSWER_BYTES MIB(4)         /* one answer of an engine: a container's 20 KB, a thousand images' list 1 MB */
#define LIMIT_HOST_BYTES MIB(64)               /* of all answers together: they are held in memory, where they take four times that */
#define LIMIT_HOST_CONTAINERS 2000             /* that are looked at: each is three answers */
#define LIMIT_HOST_IMAGES 2000
#define LIMIT_HOST_ASKED_AT_ONCE 8             /* an engine answers from as many threads as it likes */
#define LIMIT_HOST_ANSWER_S 20                 /* that one answer may take; then nothing more is asked */
#define LIMIT_HOST_FILE_BYTES MIB(4)           /* one file: daemon.json, /etc/group, /proc/mounts of a thousand containers */
#define LIMIT_HOST_ARGS 4096                   /* of the daemon */
#define LIMIT_HOST_NAMES 10000                 /* of one directory: more are not looked at, and that is said */
#define LIMIT_AUDIT_RULES 20000                /* each is compared with each path that is to be watched */

/* Package databases of an image that is asked where its files come from: anyone may have written them. */
#define LIMIT_ORIGIN_FILES 4000000u            /* visible files: 200 bytes of memory each; a large distribution with an SDK has 400,000 */
#define LIMIT_PACKAGE_LISTS 100000             /* databases in files of their own: dpkg has two a package */
#define LIMIT_PACKAGE_LIST_BYTES MIB(256)      /* one of them, and all together: they are held in memory; rpm's of a desktop has 200 MiB */
#define LIMIT_LISTED_FILES 4000000             /* in all of them: 100 bytes of memory each where an image has the file */
#define LIMIT_LISTED_LINKS 100000              /* of those whose directory is a symlink in the image (/lib), and is looked for */
#define LIMIT_DIVERSIONS 100000                /* dpkg's: a full desktop has some dozen */
#define LIMIT_RPM_HEADER_BYTES MIB(64)         /* one package: 400,000 files */
#define LIMIT_RPM_HEADER_TAGS 65536            /* rpm's own maximum */
#define LIMIT_SQLITE_MEMORY_BYTES MIB(192)     /* of SQLite while it reads: the largest header three times */
#define LIMIT_SQLITE_STEPS 100                 /* of 100,000 instructions each: a second, and five a package */

/* What people read. */
#define LIMIT_REPORT_BYTES MIB(128)            /* what is printed about one file: 10,000 findings with their lines */
#define LIMIT_MESSAGE_BYTES KIB(16)            /* one message: it quotes the line or the name that it is about */

#endif
