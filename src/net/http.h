/* SPDX-License-Identifier: Apache-2.0
 *
 * net/ is HTTP: any thread hands a request over and waits for its answer; one thread of its own carries all of them out (libcurl's multi
 * interface), so that connections are shared by everyone and HTTP/2 puts many requests on one. Redirects are returned and not followed:
 * which header may go to which host is the caller's business. Nothing is tried again here, but for a kept connection that turned out to
 * be dead. Thread-safe. Errors are ERR_FAILED and say what failed, not the URL. */
#ifndef CROZE_NET_HTTP_H
#define CROZE_NET_HTTP_H

#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"

/* Whom to trust, and who we are. The texts are borrowed for the time of the request. */
struct net_tls {
    struct str authorities;             /* PEM: all that are trusted (net_authorities and more); "": the system's */
    const char *certificate, *key;      /* PEM files of ours, or NULL; without a key it is in the certificate's file */
    bool insecure;                      /* anyone is trusted */
};

struct net_header {
    struct str name, value;             /* no control characters; NUL-terminated */
    const struct net_header *next;
};

enum net_failure {
    NET_FINE,
    NET_STOPPED,        /* by a callback, whose error it is */
    NET_NO_HOST,        /* the name leads nowhere */
    NET_NO_CONNECTION,  /* refused, unreachable */
    NET_STALLED,        /* too slow for too long */
    NET_NO_TLS,         /* the other side does not speak it, or not as we do */
    NET_UNTRUSTED,      /* its certificate */
    NET_BROKEN,         /* in the middle */
    NET_OTHER,
};

struct net_answer {
    long status;
    const struct net_header *headers;   /* of the final answer, in its order */
    bool has_length;
    uint64_t length;                    /* Content-Length */
    struct str body;                    /* what was kept of it; NUL-terminated */
    bool cut;                           /* there was more */
    struct str redirect;                /* where a 3xx leads: the whole URL; or "" */
    enum net_failure failure;           /* when there is an error */
    bool transient;                     /* and another try may do */
};

enum net_body { NET_NO_BODY, NET_BYTES, NET_FILE };
enum net_take { NET_KEEP, NET_TAKE, NET_STOP };

struct net_request {
    const char *method;
    struct str url;                     /* http or https, without user and password; NUL-terminated */
    const struct str *headers;          /* "Name: value", NUL-terminated; none may hold a line break */
    size_t n_headers;
    const struct net_tls *tls;          /* NULL: the system's */
    bool direct;                        /* by no proxy */
    const char *socket;                 /* a Unix socket that is connected to in the place of the URL's host; or NULL */
    long stall_s;                       /* how long it may stand still; 0: net_timeout_s */
    long total_s;                       /* how long it may take in all, which is NET_STALLED too; 0: as long as it likes */
    enum net_body body;
    struct str bytes;                   /* NET_BYTES */
    int fd;                             /* NET_FILE: `length` bytes from `offset` */
    uint64_t offset, length;
    size_t max_kept;                    /* of the answer's body, where it is kept */

    /* Callbacks come on the network's thread: they may not wait, and ask nothing of net/. Any of them may be NULL.
     * begin: status and headers are known; what becomes of the body? Without it, it is kept. NET_STOP ends the request: with an error in
     * `e` as a failure, else as done. take: bytes of a body that is taken. sent: so much of ours is on its way. */
    enum net_take (*begin)(void *ctx, const struct net_answer *so_far, struct err *e);
    bool (*take)(void *ctx, const void *p, size_t n, struct err *e);
    void (*sent)(void *ctx, uint64_t bytes);
    void *ctx;
};

/* True: an answer came, whatever it says. The answer's texts lie in the arena. */
MUST_CHECK bool net_http(const struct net_request *q, struct arena *a, struct net_answer *out, struct err *e);

/* The value of the first header of that name, or "". */
struct str net_header(const struct net_answer *n, const char *name);

/* Appends the certificates of the authorities that the system, SSL_CERT_FILE or CURL_CA_BUNDLE trusts. */
struct buf;
MUST_CHECK bool net_authorities(struct buf *pem, struct err *e);

#endif
