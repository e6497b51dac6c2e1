/* SPDX-License-Identifier: Apache-2.0
 * One request as libcurl wants it, and its answer: headers, the body either way, what a failure means. See engine.h. All of it runs on the
 * network's thread. */
#include <errno.h>
#include <unistd.h>

#include "base/limits.h"
#include "base/mem.h"
#include "net/engine.h"
#include "net/settings.h"

enum { CONNECT_TIMEOUT_S = 30, SLOW_BYTES_PER_S = 256, BUFFER_BYTES = 256 << 10 };

/* --- Headers --- */

static bool is_clean(struct str s) {
    for (size_t i = 0; i < s.n; i++)
        if (((unsigned char)s.p[i] < ' ' && s.p[i] != '\t') || s.p[i] == 0x7f)
            return false;
    return s.n <= LIMIT_HTTP_LINE_BYTES;
}

static size_t on_header(char *p, size_t size, size_t n, void *ctx) {
    struct transfer *t = ctx;
    struct str line = str_n(p, size * n), name, value;
    t->header_bytes += line.n;
    if (t->header_bytes > LIMIT_HTTP_HEADERS_BYTES) {
        t->flooded = true;
        return 0;
    }
    if (t->began) /* a trailer: nobody asked for any */
        return line.n;
    if (str_starts_nocase(line, S("HTTP/"))) { /* the final answer begins behind "100 Continue", or a proxy's own */
        t->answer->headers = NULL;
        t->last_header = NULL;
    }
    if (!str_cut(line, ':', &name, &value))
        return line.n;
    value = str_trim(value);
    if (!is_clean(name) || !is_clean(value)) /* what came is shown or sent back: it must not begin a line of its own */
        return line.n;
    struct net_header *h = arena_new(t->arena, struct net_header);
    h->name = arena_str(t->arena, name);
    h->value = arena_str(t->arena, value);
    if (t->last_header)
        *t->last_header = h;
    else
        t->answer->headers = h;
    t->last_header = (struct net_header **)&h->next;
    return line.n;
}

struct str net_header(const struct net_answer *n, const char *name) {
    for (const struct net_header *h = n->headers; h; h = h->next)
        if (str_eq_nocase(h->name, str_z(name)))
            return h->value;
    return S("");
}

/* --- The answer's body --- */

/* Status and headers are known. */
static void begin_body(struct transfer *t, const struct libcurl *lib) {
    curl_off_t length = -1;
    t->began = true;
    lib->easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &t->answer->status);
    lib->easy_getinfo(t->easy, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &length);
    t->answer->has_length = length >= 0;
    t->answer->length = length < 0 ? 0 : (uint64_t)length;
    t->what = t->ask->begin ? t->ask->begin(t->ask->ctx, t->answer, t->e) : NET_KEEP;
}

/* What would be cut anyway is not waited for. Of an error its beginning says enough. */
static bool is_said_too_long(const struct transfer *t) {
    const struct net_answer *n = t->answer;
    return t->what == NET_KEEP && n->status >= 200 && n->status < 300 && n->has_length && n->length > t->ask->max_kept;
}

static bool keep(struct transfer *t, struct str bytes) {
    size_t room = t->ask->max_kept - t->kept.n;
    buf_add_str(&t->kept, str_first(bytes, room));
    if (bytes.n > room) {
        t->answer->cut = true;
        t->dropped += bytes.n - room;
    }
    return t->dropped <= LIMIT_HTTP_ERROR_BODY_BYTES; /* so much is read to keep the connection */
}

static size_t on_body(char *p, size_t size, size_t n, void *ctx) {
    struct transfer *t = ctx;
    struct str bytes = str_n(p, size * n);
    if (!t->began)
        begin_body(t, libcurl_load(t->e));
    bool goes_on = false;
    if (t->what == NET_KEEP) {
        goes_on = keep(t, bytes) && !is_said_too_long(t);
        t->answer->cut |= !goes_on;
    } else if (t->what == NET_TAKE)
        goes_on = t->ask->take(t->ask->ctx, bytes.p, bytes.n, t->e);
    return goes_on ? bytes.n : 0;
}

/* --- Our body --- */

static uint64_t body_bytes(const struct net_request *q) {
    return q->body == NET_BYTES ? q->bytes.n : q->body == NET_FILE ? q->length : 0;
}

static size_t on_read(char *to, size_t size, size_t n, void *ctx) {
    struct transfer *t = ctx;
    const struct net_request *q = t->ask;
    uint64_t left = body_bytes(q) - t->sent;
    size_t room = size * n;
    ssize_t got = (ssize_t)(room < left ? room : left);
    if (q->body == NET_BYTES && got)
        memcpy(to, q->bytes.p + t->sent, (size_t)got);
    else if (q->body == NET_FILE && got)
        while ((got = pread(q->fd, to, room < left ? room : left, (off_t)(q->offset + t->sent))) < 0 && errno == EINTR)
            continue;
    if (got < 0 || (got == 0 && left)) {
        if (t->e->kind == ERR_NONE)
            err_sys(t->e, got < 0 ? errno : EIO, "read what is to be sent");
        return CURL_READFUNC_ABORT;
    }
    t->sent += (uint64_t)got;
    if (q->sent)
        q->sent(q->ctx, t->sent);
    return (size_t)got;
}

/* libcurl begins again: a kept connection was dead. */
static int on_seek(void *ctx, curl_off_t offset, int origin) {
    struct transfer *t = ctx;
    if (origin != SEEK_SET || offset < 0 || (uint64_t)offset > body_bytes(t->ask))
        return CURL_SEEKFUNC_FAIL;
    t->sent = (uint64_t)offset;
    return CURL_SEEKFUNC_OK;
}

/* --- Setting up --- */

static void set_limits(struct transfer *t, const struct libcurl *lib) {
    CURL *c = t->easy;
    long stall = t->ask->stall_s ? t->ask->stall_s : net_timeout_s();
    lib->easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
    lib->easy_setopt(c, CURLOPT_PROTOCOLS_STR, "http,https");
    lib->easy_setopt(c, CURLOPT_FOLLOWLOCATION, 0L);
    lib->easy_setopt(c, CURLOPT_CONNECTTIMEOUT, stall < CONNECT_TIMEOUT_S ? stall : (long)CONNECT_TIMEOUT_S);
    lib->easy_setopt(c, CURLOPT_LOW_SPEED_LIMIT, (long)SLOW_BYTES_PER_S);
    lib->easy_setopt(c, CURLOPT_LOW_SPEED_TIME, stall);
    lib->easy_setopt(c, CURLOPT_TIMEOUT, t->ask->total_s);
    lib->easy_setopt(c, CURLOPT_BUFFERSIZE, (long)BUFFER_BYTES);
    lib->easy_setopt(c, CURLOPT_UPLOAD_BUFFERSIZE, (long)BUFFER_BYTES);
    lib->easy_setopt(c, CURLOPT_TCP_KEEPALIVE, 1L);
    lib->easy_setopt(c, CURLOPT_USERAGENT, "croze/" CROZE_VERSION);
    if (t->ask->socket)
        lib->easy_setopt(c, CURLOPT_UNIX_SOCKET_PATH, t->ask->socket);
    if (t->ask->direct)
        lib->easy_setopt(c, CURLOPT_PROXY, "");
    if (str_starts_nocase(t->ask->url, S("https:"))) /* better a place on a connection that is being made than one more */
        lib->easy_setopt(c, CURLOPT_PIPEWAIT, 1L);
}

/* libcurl does not wipe what it lets go of. */
static void free_headers(struct transfer *t, const struct libcurl *lib) {
    for (struct curl_slist *h = t->headers; h; h = h->next)
        mem_wipe(h->data, strlen(h->data));
    lib->slist_free_all(t->headers);
}

static bool add_header(struct transfer *t, const struct libcurl *lib, const char *line, struct err *e) {
    struct curl_slist *longer = lib->slist_append(t->headers, line);
    if (!longer)
        return err_set(e, ERR_FAILED, "libcurl has no memory left");
    t->headers = longer;
    return true;
}

static bool set_headers(struct transfer *t, const struct libcurl *lib, struct err *e) {
    if (!add_header(t, lib, "Expect:", e)) /* we do not wait a second to be allowed to send */
        return false;
    for (size_t i = 0; i < t->ask->n_headers; i++)
        if (!add_header(t, lib, t->ask->headers[i].p, e))
            return false;
    lib->easy_setopt(t->easy, CURLOPT_HTTPHEADER, t->headers);
    return true;
}

static void set_method(struct transfer *t, const struct libcurl *lib) {
    const struct net_request *q = t->ask;
    bool sends = q->body != NET_NO_BODY || strcmp(q->method, "POST") == 0 || strcmp(q->method, "PUT") == 0;
    if (strcmp(q->method, "HEAD") == 0)
        lib->easy_setopt(t->easy, CURLOPT_NOBODY, 1L);
    else if (sends) {
        lib->easy_setopt(t->easy, CURLOPT_UPLOAD, 1L);
        lib->easy_setopt(t->easy, CURLOPT_INFILESIZE_LARGE, (curl_off_t)body_bytes(q));
    }
    if (sends || strcmp(q->method, "GET") != 0)
        lib->easy_setopt(t->easy, CURLOPT_CUSTOMREQUEST, q->method);
}

bool transfer_begin(struct transfer *t, const struct libcurl *lib, CURLSH *shared, struct err *e) {
    CURL *c = t->easy = lib->easy_init();
    if (!c)
        return err_set(e, ERR_FAILED, "libcurl has no memory left");
    set_limits(t, lib);
    trust_set(t->easy, lib, t->ask->tls);
    set_method(t, lib);
    lib->easy_setopt(c, CURLOPT_SHARE, shared);
    lib->easy_setopt(c, CURLOPT_PRIVATE, t);
    lib->easy_setopt(c, CURLOPT_URL, t->ask->url.p);
    lib->easy_setopt(c, CURLOPT_ERRORBUFFER, t->detail);
    lib->easy_setopt(c, CURLOPT_HEADERFUNCTION, on_header);
    lib->easy_setopt(c, CURLOPT_HEADERDATA, t);
    lib->easy_setopt(c, CURLOPT_WRITEFUNCTION, on_body);
    lib->easy_setopt(c, CURLOPT_WRITEDATA, t);
    lib->easy_setopt(c, CURLOPT_READFUNCTION, on_read);
    lib->easy_setopt(c, CURLOPT_READDATA, t);
    lib->easy_setopt(c, CURLOPT_SEEKFUNCTION, on_seek);
    lib->easy_setopt(c, CURLOPT_SEEKDATA, t);
    if (set_headers(t, lib, e))
        return true;
    free_headers(t, lib);
    lib->easy_cleanup(c);
    return false;
}

/* --- The end --- */

bool transfer_again(struct transfer *t, const struct libcurl *lib, CURLcode r) {
    long connects = 1;
    bool garbage = r == CURLE_WEIRD_SERVER_REPLY || r == CURLE_UNSUPPORTED_PROTOCOL;
    lib->easy_getinfo(t->easy, CURLINFO_NUM_CONNECTS, &connects);
    if (!garbage || connects || t->began || t->again || t->e->kind != ERR_NONE)
        return false;
    t->again = true;
    t->answer->headers = NULL;
    t->last_header = NULL;
    t->header_bytes = 0;
    t->sent = 0;
    t->detail[0] = '\0';
    lib->easy_setopt(t->easy, CURLOPT_FRESH_CONNECT, 1L);
    return true;
}

/* OpenSSL's words for an answer that is no TLS. */
static bool is_no_tls(const char *detail) {
    return strstr(detail, "wrong version number") || strstr(detail, "record layer failure") || strstr(detail, "packet length too long");
}

static enum net_failure failure_of(CURLcode r, const char *detail, bool *transient) {
    *transient = true;
    switch (r) {
    case CURLE_COULDNT_RESOLVE_PROXY:
    case CURLE_COULDNT_RESOLVE_HOST:
        return NET_NO_HOST;
    case CURLE_COULDNT_CONNECT:
        return NET_NO_CONNECTION;
    case CURLE_OPERATION_TIMEDOUT:
        return NET_STALLED;
    case CURLE_PARTIAL_FILE:
    case CURLE_GOT_NOTHING:
    case CURLE_SEND_ERROR:
    case CURLE_RECV_ERROR:
    case CURLE_WEIRD_SERVER_REPLY:
    case CURLE_UNSUPPORTED_PROTOCOL: /* "Received HTTP/0.9" */
    case CURLE_HTTP2:
    case CURLE_HTTP2_STREAM:
        return NET_BROKEN;
    case CURLE_SSL_CONNECT_ERROR:
        *transient = !is_no_tls(detail);
        return NET_NO_TLS;
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
        *transient = false;
        return NET_UNTRUSTED;
    default:
        *transient = false;
        return NET_OTHER;
    }
}

static void conclude(struct transfer *t, const struct libcurl *lib, CURLcode r) {
    struct net_answer *n = t->answer;
    if (t->e->kind != ERR_NONE) {
        n->failure = NET_STOPPED;
    } else if (t->flooded) {
        n->failure = NET_OTHER;
        err_set(t->e, ERR_FAILED, "the server sent more than %zu KiB of headers", LIMIT_HTTP_HEADERS_BYTES >> 10);
    } else if (r != CURLE_OK && (t->what == NET_STOP || (t->what == NET_KEEP && n->cut))) {
        n->failure = NET_FINE; /* it was we who broke off */
    } else if (r != CURLE_OK) {
        n->failure = failure_of(r, t->detail, &n->transient);
        bool plain = n->failure == NET_NO_TLS && is_no_tls(t->detail);
        err_set(t->e, ERR_FAILED, "%s%s", plain ? "the server's answer is not TLS: " : "",
                t->detail[0] ? t->detail : lib->easy_strerror(r));
    }
}

void transfer_end(struct transfer *t, const struct libcurl *lib, CURLcode r) {
    struct net_answer *n = t->answer;
    char *to = NULL;
    if (r == CURLE_OK && !t->began) /* an empty body */
        begin_body(t, lib);
    if (!t->began)
        lib->easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &n->status);
    lib->easy_getinfo(t->easy, CURLINFO_REDIRECT_URL, &to);
    n->redirect = to ? arena_str(t->arena, str_z(to)) : S("");
    conclude(t, lib, r);
    n->body = t->kept.n ? arena_str(t->arena, buf_str(&t->kept)) : S("");
    free_headers(t, lib);
    lib->easy_cleanup(t->easy);
}
