/* SPDX-License-Identifier: Apache-2.0
 *
 * The client of the distribution protocol (OCI distribution-spec 1.1): one request to a repository of a registry is sent where
 * registries.conf says, authenticated, held back, tried again and explained here, and nowhere else. Thread-safe.
 *
 * Errors name the registry, the repository and what was asked. e->sys: ENOENT for 404; EACCES for 401 and 403; EBUSY for 429 that would
 * have to wait too long; EFBIG for a body over max_bytes; 0 otherwise. kind: ERR_UNCHECKED where the registry could not be reached, else
 * ERR_FAILED. */
#ifndef CROZE_REGISTRY_CLIENT_H
#define CROZE_REGISTRY_CLIENT_H

#include "base/digest.h"
#include "image/image.h"
#include "report/progress.h"

/* USER:PASSWORD that was typed, and whom it is for: nobody else ever sees it. */
struct registry_creds {
    struct str host, creds;
    const char *flag;           /* that gave it: "--src-creds"; NULL: "--creds" */
};
/* What was said of one side of a copy, in the place of what is said of all. */
struct registry_side {
    struct str host;            /* "": of none */
    const char *cert_dir;       /* or NULL */
    int tls_verify;             /* as below */
};
/* What a command says of all registries that it speaks to (podman's flags). */
struct registry_options {
    const char *authfile;       /* --authfile */
    struct registry_creds creds[2]; /* --creds, or --src-creds and --dest-creds; "" none */
    const char *cert_dir;       /* --cert-dir: ca.crt, *.cert with *.key */
    int tls_verify;             /* --tls-verify: 1, 0 (then http is tried too), or -1: not given */
    struct registry_side sides[2]; /* --src-tls-verify, --dest-cert-dir and their like */
};
struct registries;
MUST_CHECK struct registries *registries_new(const struct registry_options *o, struct err *e);
void registries_free(struct registries *r);

/* "docker.io" and "library/alpine": where an image name leads, unshortened. */
struct repository {
    struct str host, path;
};
void repository_of(struct arena *a, const struct image_name *n, struct repository *out);
bool repository_eq(const struct repository *a, const struct repository *b);
/* "docker.io/library/alpine" */
struct str repository_text(struct arena *a, const struct repository *r);
/* That text as people type it: "alpine", "registry.example/demo". */
struct str repository_familiar(struct str text);

/* --- One request --- */
enum registry_body { BODY_NONE, BODY_BYTES, BODY_FILE };
struct registry_request {
    const struct repository *repository;
    const char *method;
    struct str path;            /* behind /v2/<repository>/: "manifests/1.0"; or a whole URL that the registry gave (Location), which may
                                   lead to another host: then without credentials */
    const char *actions;        /* of the token's scope: "pull", "pull,push", "delete" */
    const struct repository *also_pull; /* of a mount: a second scope; or NULL */
    struct str accept, content_type;
    enum registry_body body;
    struct str bytes;           /* BODY_BYTES */
    int fd;                     /* BODY_FILE: `length` bytes from `offset`; of a PATCH they are told by Content-Range */
    uint64_t offset, length;
    uint64_t range_from;        /* of a download: begin there; 0: all of it */
    uint64_t max_bytes;         /* of the answer's body, where it is kept */
    /* A body that is wanted as it comes, of a 2xx answer only; else it is kept in `body`. Called on the network's thread: it may write a
     * file and hash, and not wait. `first`: at which byte of the resource the piece lies. Pieces come in order and without gaps, from
     * range_from on, also when the body broke off and was asked for again. */
    bool (*take)(void *ctx, uint64_t first, const void *p, size_t n, struct err *e);
    void *take_ctx;
    bool from_origin;           /* no mirror will do: what is there now counts, or a mirror has lied */
    bool once;                  /* no second try: the caller knows what a failure leaves behind */
    struct progress_step *progress; /* is told of the bytes of the answer that is taken, or of those that are sent of a file */
    uint64_t total;             /* of which `length` is a part: for `progress` */
};
struct registry_answer {
    long status;                /* 2xx, or one of those that `expect` says; after a failure what came instead, or 0 */
    bool may_pass;              /* after a failure: the same, asked again, may be answered (no connection, 408, 429, 5xx) */
    struct str url;             /* that answered, behind all redirects */
    struct str location, digest, media_type, range, subject, upload_id; /* headers, or "" */
    struct str link;            /* where a list goes on (link.h), as it stands there; "" at its end */
    uint64_t content_length;
    bool has_length;
    struct str body;            /* in the arena; NUL-terminated */
};
/* `expect`: statuses besides 2xx that are no error for the caller, 0 at the end; may be NULL. */
MUST_CHECK bool registry_ask(struct registries *r, const struct registry_request *q, const int *expect, struct arena *a,
                             struct registry_answer *out, struct err *e);

/* An answer whose body is held in memory while somebody reads it. Nearly all are small; one over LIMIT_MANIFEST_SMALL_BYTES is asked for
 * again, and held while no other one is: a registry whose every answer is as large as it may be takes no more memory. */
struct held_answer {
    struct registry_answer is;  /* its texts last until held_answer_fini */
    struct arena arena;
    struct registries *turn;    /* whose turn for large answers it has, or NULL */
};
MUST_CHECK bool registry_ask_held(struct registries *r, const struct registry_request *q, const int *expect, struct held_answer *out,
                                  struct err *e);
void held_answer_fini(struct held_answer *h);

/* --- login --- */
/* Whether the registry takes these credentials: asks /v2/ with them. `source`: where they come from, for messages. */
MUST_CHECK bool registry_login_check(struct registries *r, struct str host, struct str user, struct str password, const char *source,
                                     struct err *e);

#endif
