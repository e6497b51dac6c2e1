/* SPDX-License-Identifier: Apache-2.0
 * One download by HTTP: see http.h. Redirects are followed here and not by libcurl: https must stay https along the whole chain, and
 * credentials must stay with their host. */
#include "fetch/http.h"

#include <errno.h>

#include "base/limits.h"
#include "fetch/words.h"

enum { CONNECT_TIMEOUT_S = 30, SLOW_BYTES_PER_S = 256, BUFFER_BYTES = 256 << 10 };

/* One request and its answer. */
struct hop {
    struct http_get *get;
    const struct libcurl *lib;
    CURL *curl;
    const struct url *url;
    uint64_t resumed_at;      /* asked for from this byte on; 0: all of it */
    size_t header_bytes;
    bool flooded;             /* too many headers */
    struct str etag, last_modified, content_range, retry_after;
    long status;
    bool began;               /* the body was looked at */
    uint64_t skipped;         /* of a body that nobody wants */
    struct err failure;       /* what the body's sink had to say */
    char detail[CURL_ERROR_SIZE];
};

/* --- Headers --- */

static void take_header(struct hop *h, struct str line, const char *name, struct str *to) {
    struct str key, value;
    if (!str_cut(line, ':', &key, &value) || !str_eq_nocase(key, str_z(name)))
        return;
    value = str_trim(value);
    bool clean = value.n <= LIMIT_HTTP_HEADER_BYTES;
    for (size_t i = 0; i < value.n; i++) /* what came is sent back: it must not begin a header of its own */
        clean = clean && (unsigned char)value.p[i] >= ' ' && value.p[i] != 0x7f;
    *to = clean ? arena_str(h->get->arena, value) : S("");
}

static size_t on_header(char *p, size_t size, size_t n, void *ctx) {
    struct hop *h = ctx;
    struct str line = str_n(p, size * n);
    h->header_bytes += line.n;
    if (h->header_bytes > LIMIT_HTTP_HEADERS_BYTES) {
        h->flooded = true;
        return 0;
    }
    if (str_starts_nocase(line, S("HTTP/"))) /* the final answer begins behind "100 Continue" */
        h->etag = h->last_modified = h->content_range = h->retry_after = S("");
    take_header(h, line, "ETag", &h->etag);
    take_header(h, line, "Last-Modified", &h->last_modified);
    take_header(h, line, "Content-Range", &h->content_range);
    take_header(h, line, "Retry-After", &h->retry_after);
    return line.n;
}

bool http_date(struct str text, int64_t *out) {
    char z[64];
    if (text.n == 0 || text.n >= sizeof z)
        return false;
    memcpy(z, text.p, text.n);
    z[text.n] = '\0';
    struct err ignored = ERR_INIT;
    const struct libcurl *lib = libcurl_load(&ignored);
    err_clear(&ignored);
    time_t t = lib ? lib->getdate(z, NULL) : -1;
    *out = t;
    return t >= 0 && t <= 253402300799; /* the year 9999 */
}

bool http_content_range(struct str text, uint64_t *first) {
    struct str unit, range, begin, rest;
    return str_cut(text, ' ', &unit, &range) && str_eq_nocase(unit, S("bytes")) && str_cut(str_trim(range), '-', &begin, &rest) &&
           str_to_u64(begin, 10, INT64_MAX, first);
}

/* --- The body --- */

/* Weak and strong ETags are compared alike, as BuildKit does: "W/" only says that the server is not sure of every byte. */
static bool same_etag(struct str a, struct str b) {
    a = str_starts(a, S("W/")) ? str_from(a, 2) : a;
    b = str_starts(b, S("W/")) ? str_from(b, 2) : b;
    return a.n > 0 && str_eq(a, b);
}

static bool start_over(struct hop *h) {
    struct http_get *g = h->get;
    sha256_init(&g->hash);
    g->done = 0;
    return (ftruncate(g->draft->fd, 0) == 0 && lseek(g->draft->fd, 0, SEEK_SET) == 0) || err_sys(&h->failure, errno, "begin the file anew");
}

/* Called once, with the headers known: whether the body is what belongs behind what is there. */
static bool begin_body(struct hop *h) {
    struct http_get *g = h->get;
    curl_off_t length = -1;
    uint64_t first = 0;
    h->began = true;
    if (h->status == 200 && same_etag(h->etag, g->etag)) {
        g->same = true;
        return false;
    }
    if (h->status == 206) {
        if (!http_content_range(h->content_range, &first) || first != g->done)
            return err_set(&h->failure, ERR_FAILED, "the server sent another part (%.*s) than was asked for", STR_ARG(h->content_range));
    } else if (g->done && !start_over(h)) {
        return false;
    }
    g->part_etag = str_starts(h->etag, S("\"")) ? h->etag : S("");
    h->lib->easy_getinfo(h->curl, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &length);
    if (length >= 0 && (uint64_t)length > g->max_bytes - g->done)
        return err_set(&h->failure, ERR_FAILED, "%llu bytes are over the limit of %llu", (unsigned long long)length + g->done,
                       (unsigned long long)g->max_bytes);
    if (g->progress && length >= 0)
        progress_bytes(g->progress, g->done, g->done + (uint64_t)length);
    return true;
}

static bool wants_body(const struct hop *h) {
    return h->status == 200 || (h->status == 206 && h->resumed_at);
}

static bool take_body(struct hop *h, struct str bytes) {
    struct http_get *g = h->get;
    if (bytes.n > g->max_bytes - g->done)
        return err_set(&h->failure, ERR_FAILED, "it is larger than the limit of %llu bytes", (unsigned long long)g->max_bytes);
    if (!file_write_all(g->draft->fd, bytes.p, bytes.n, "the download", &h->failure))
        return false;
    sha256_update(&g->hash, bytes.p, bytes.n);
    g->done += bytes.n;
    if (g->progress) {
        curl_off_t length = -1;
        h->lib->easy_getinfo(h->curl, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &length);
        progress_bytes(g->progress, g->done, length < 0 ? 0 : h->resumed_at + (uint64_t)length);
    }
    return true;
}

static size_t on_body(char *p, size_t size, size_t n, void *ctx) {
    struct hop *h = ctx;
    h->lib->easy_getinfo(h->curl, CURLINFO_RESPONSE_CODE, &h->status);
    if (!wants_body(h)) {
        h->skipped += size * n;
        return h->skipped > LIMIT_HTTP_ERROR_BODY_BYTES ? 0 : size * n;
    }
    if (!h->began && !begin_body(h))
        return 0;
    return take_body(h, str_n(p, size * n)) ? size * n : 0;
}

/* --- One request --- */

/* Where certificates of authorities lie: the variables of curl and OpenSSL, else where the system has them. */
static void set_authorities(const struct libcurl *lib, CURL *c) {
    const char *file = getenv("CURL_CA_BUNDLE"), *dir = getenv("SSL_CERT_DIR");
    if (!file || !*file)
        file = getenv("SSL_CERT_FILE");
    if (file && *file)
        lib->easy_setopt(c, CURLOPT_CAINFO, file);
    if (dir && *dir)
        lib->easy_setopt(c, CURLOPT_CAPATH, dir);
}

static void set_limits(const struct libcurl *lib, CURL *c) {
    lib->easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
    lib->easy_setopt(c, CURLOPT_PROTOCOLS_STR, "http,https");
    lib->easy_setopt(c, CURLOPT_FOLLOWLOCATION, 0L);
    lib->easy_setopt(c, CURLOPT_CONNECTTIMEOUT, fetch_timeout_s() < CONNECT_TIMEOUT_S ? fetch_timeout_s() : (long)CONNECT_TIMEOUT_S);
    lib->easy_setopt(c, CURLOPT_LOW_SPEED_LIMIT, (long)SLOW_BYTES_PER_S);
    lib->easy_setopt(c, CURLOPT_LOW_SPEED_TIME, fetch_timeout_s());
    lib->easy_setopt(c, CURLOPT_BUFFERSIZE, (long)BUFFER_BYTES);
    lib->easy_setopt(c, CURLOPT_USERAGENT, "croze/" CROZE_VERSION);
}

static void add_header(struct hop *h, struct curl_slist **list, const char *name, struct str value) {
    if (value.n)
        *list = h->lib->slist_append(*list, arena_printf(h->get->arena, "%s: %.*s", name, STR_ARG(value)).p);
}

static void prepare(struct hop *h, struct curl_slist **headers) {
    struct http_get *g = h->get;
    const struct libcurl *lib = h->lib;
    CURL *c = h->curl;
    lib->easy_reset(c);
    set_limits(lib, c);
    set_authorities(lib, c);
    lib->easy_setopt(c, CURLOPT_URL, h->url->text.p);
    lib->easy_setopt(c, CURLOPT_ERRORBUFFER, h->detail);
    lib->easy_setopt(c, CURLOPT_HEADERFUNCTION, on_header);
    lib->easy_setopt(c, CURLOPT_HEADERDATA, h);
    lib->easy_setopt(c, CURLOPT_WRITEFUNCTION, on_body);
    lib->easy_setopt(c, CURLOPT_WRITEDATA, h);
    if ((g->url->user.n || g->url->password.n) && str_eq(h->url->origin, g->url->origin)) {
        lib->easy_setopt(c, CURLOPT_USERNAME, g->url->user.p);
        lib->easy_setopt(c, CURLOPT_PASSWORD, g->url->password.p);
    }
    add_header(h, headers, "If-None-Match", g->etag);
    add_header(h, headers, "If-Modified-Since", g->last_modified);
    if (g->done && g->part_etag.n) {
        h->resumed_at = g->done;
        add_header(h, headers, "Range", arena_printf(g->arena, "bytes=%llu-", (unsigned long long)g->done));
        add_header(h, headers, "If-Range", g->part_etag);
    }
    lib->easy_setopt(c, CURLOPT_HTTPHEADER, *headers);
}

/* libcurl gave up. */
static bool broke_off(struct hop *h, CURLcode r, struct err *e) {
    struct http_get *g = h->get;
    if (h->failure.kind != ERR_NONE) {
        err_move(e, &h->failure);
        return false;
    }
    if (h->flooded)
        return err_set(e, ERR_FAILED, "the server sent more than %zu KiB of headers", LIMIT_HTTP_HEADERS_BYTES >> 10);
    if (h->skipped > LIMIT_HTTP_ERROR_BODY_BYTES)
        return true; /* the status says enough */
    g->transient = words_curl_is_transient(r);
    err_set(e, ERR_FAILED, "%s", h->detail[0] ? h->detail : h->lib->easy_strerror(r));
    return words_curl_advice(r, e);
}

static bool perform(struct hop *h, struct err *e) {
    struct curl_slist *headers = NULL;
    prepare(h, &headers);
    CURLcode r = h->lib->easy_perform(h->curl);
    h->lib->slist_free_all(headers);
    h->lib->easy_getinfo(h->curl, CURLINFO_RESPONSE_CODE, &h->status);
    if (h->get->same)
        return true;
    if (r != CURLE_OK && !broke_off(h, r, e))
        return false;
    if (r == CURLE_OK && wants_body(h) && !h->began && !begin_body(h) && !h->get->same) { /* an empty body */
        err_move(e, &h->failure);
        return false;
    }
    return true;
}

/* --- The chain --- */

static bool refused(struct hop *h, struct err *e) {
    struct http_get *g = h->get;
    char words[64];
    uint64_t wait;
    g->transient = h->status == 408 || h->status == 429 || (h->status >= 500 && h->status != 501 && h->status != 505);
    if (str_to_u64(h->retry_after, 10, UINT32_MAX, &wait))
        g->wait_s = wait < LIMIT_HTTP_WAIT_S ? (unsigned)wait : LIMIT_HTTP_WAIT_S;
    if (h->status == 416) { /* the part that is here is of no use */
        g->part_etag = S("");
        g->transient = true;
    }
    return err_set(e, ERR_FAILED, "HTTP %s, says %.*s%s", http_status_words(h->status, words), STR_ARG(h->url->origin),
                   words_status_advice(h->status));
}

/* Where the answer sends us; NULL: it is no redirect. */
static const char *redirect_of(struct hop *h) {
    char *to = NULL;
    if (h->status != 301 && h->status != 302 && h->status != 303 && h->status != 307 && h->status != 308)
        return NULL;
    h->lib->easy_getinfo(h->curl, CURLINFO_REDIRECT_URL, &to);
    return to;
}

static bool next_url(struct hop *h, const char *to, struct url *next, struct err *e) {
    struct http_get *g = h->get;
    struct str shown = url_shown(g->arena, str_z(to));
    bool ok = url_parse(g->arena, arena_str(g->arena, str_z(to)), URL_HTTP | URL_HTTPS, next, e);
    if (ok && h->url->scheme == URL_HTTPS && next->scheme != URL_HTTPS)
        ok = err_set(e, ERR_FAILED, "https does not become http");
    e->kind = ok ? e->kind : ERR_FAILED; /* what a server says is no fault of the command line */
    return ok || err_wrap(e, "%.*s redirects to %.*s", STR_ARG(h->url->origin), STR_ARG(str_first(shown, 500)));
}

static bool conclude(struct hop *h, struct err *e) {
    struct http_get *g = h->get;
    bool asked = g->etag.n || g->last_modified.n;
    if (h->status == 304 && asked)
        g->same = true;
    else if (!wants_body(h) && !g->same)
        return refused(h, e);
    g->got_etag = h->etag.n || !g->same ? h->etag : g->etag;
    g->got_last_modified = h->last_modified.n || !g->same ? h->last_modified : g->last_modified;
    g->effective_url = h->url->text;
    return true;
}

static bool follow(struct http_get *g, const struct libcurl *lib, CURL *curl, struct err *e) {
    struct url url = *g->url;
    for (int redirects = 0; redirects <= LIMIT_HTTP_REDIRECTS; redirects++) {
        struct hop h = {.get = g, .lib = lib, .curl = curl, .url = &url, .failure = ERR_INIT};
        struct url next;
        if (!perform(&h, e))
            return err_wrap(e, "%.*s", STR_ARG(url.origin));
        const char *to = redirect_of(&h);
        if (!to)
            return conclude(&h, e);
        if (!next_url(&h, to, &next, e))
            return false;
        url = next;
    }
    return err_set(e, ERR_FAILED, "more than %d redirects", LIMIT_HTTP_REDIRECTS);
}

bool http_get(struct http_get *g, struct err *e) {
    const struct libcurl *lib = libcurl_load(e);
    CURL *curl = lib ? lib->easy_init() : NULL;
    g->same = g->transient = false;
    g->wait_s = 0;
    if (!curl)
        return lib ? err_set(e, ERR_FAILED, "libcurl has no memory left") : false;
    bool ok = follow(g, lib, curl, e);
    lib->easy_cleanup(curl);
    return ok;
}
