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
#define LIMIT_EXPANDED_WORD_BYTES MIB(1)       /* ARG bombs: ARG a=$b$b, b=$c$c, ... */
#define LIMIT_EXPANSION_DEPTH 64               /* ${a:-${b:-...}} nested */
#define LIMIT_IGNORE_BYTES MIB(4)
#define LIMIT_IGNORE_PATTERNS 20000

/* JSON documents: an OCI manifest of 127 layers is 40 KB; registries commonly refuse above 4 MiB. */
#define LIMIT_JSON_BYTES MIB(8)
#define LIMIT_JSON_DEPTH 64
#define LIMIT_INDEX_BYTES MIB(64)              /* the store's own index.json: 100,000 images */

/* Layers. */
#define LIMIT_LAYER_ENTRIES 16000000u          /* files in one layer */
#define LIMIT_LAYER_BYTES ((uint64_t)1 << 42)  /* 4 TiB unpacked */
#define LIMIT_PATH_BYTES 4095                  /* PATH_MAX - 1: longer names cannot be created on Linux */
#define LIMIT_NAME_BYTES 255
#define LIMIT_PATH_DEPTH 1024
#define LIMIT_XATTR_BYTES KIB(64)              /* one value: the kernel's XATTR_SIZE_MAX */
#define LIMIT_XATTRS 128                       /* of one entry */
#define LIMIT_IMAGE_LAYERS 500                 /* overlayfs' own maximum of lower directories */
#define LIMIT_PASSWD_BYTES MIB(4)              /* /etc/passwd and /etc/group of an image */
#define LIMIT_SUBID_RANGES 300                 /* of one user in /etc/subuid: a uid_map takes 340 lines */
#define LIMIT_SYMLINKS 40                      /* followed while one path is resolved: the kernel's MAXSYMLINKS */

#endif
