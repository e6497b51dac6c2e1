/* SPDX-License-Identifier: Apache-2.0
 * fetch_url: what is held already, what its server says about it, else a download, tried a few times, into the store. See fetch.h. */
#include "base/limits.h"
#include "base/log.h"
#include "fetch/http.h"
#include "fetch/local.h"
#include "net/settings.h"
#include "net/words.h"

enum { FIRST_WAIT_MS = 500 };

struct job {
    const struct fetcher *fetcher;
    const struct url_request *ask;
    struct arena *arena;
    struct str from;              /* where it really comes from */
    struct url url;               /* the same, taken apart; of file:// only its text */
    const struct url_map *map;
    struct str rest;              /* behind the map's FROM */
    struct digest key;            /* of the record */
    struct download_record record;
    bool has_record;              /* and its bytes are held */
};

/* --- What is asked --- */

static bool check_request(struct job *j, struct err *e) {
    struct url named;
    if (!url_parse(j->arena, j->ask->url, URL_HTTP | URL_HTTPS, &named, e))
        return false;
    j->from = j->ask->url;
    if (url_map_find(j->fetcher, j->ask->url, &j->map, &j->rest))
        j->from = arena_join3(j->arena, j->map->to, j->rest, STR_NULL);
    j->key = sha256_of(j->from.p, j->from.n);
    return url_parse(j->arena, j->from, URL_HTTP | URL_HTTPS | (j->map ? URL_FILE : 0), &j->url, e);
}

static struct str own_name(struct job *j) {
    struct url named;
    struct err unused = ERR_INIT;
    bool ok = url_parse(j->arena, j->ask->url, URL_HTTP | URL_HTTPS, &named, &unused);
    err_clear(&unused);
    return ok ? url_file_name(j->arena, named.path) : S("__unnamed__");
}

/* --- What is given --- */

static bool give(struct job *j, const struct digest *d, uint64_t bytes, struct str last_modified, bool cached, struct url_result *out,
                 struct err *e) {
    char want[DIGEST_TEXT + 1], got[DIGEST_TEXT + 1];
    *out = (struct url_result){
        .dir_fd = j->fetcher->store->downloads_fd, .digest = *d, .bytes = bytes, .file_name = own_name(j), .cached = cached};
    digest_hex(d, out->name);
    out->has_time = http_date(last_modified, &out->time_s);
    if (j->ask->want && j->ask->time_is_known) {
        out->has_time = j->ask->has_want_time;
        out->time_s = j->ask->want_time_s;
    }
    return !j->ask->want || digest_eq(j->ask->want, d) ||
           err_set(e, ERR_FAILED, "its checksum is %s, and should be %s", digest_text(d, got), digest_text(j->ask->want, want));
}

/* Bytes that are held from elsewhere will do, unless a time is wanted that only the server knows. */
static bool take_held(struct job *j, bool *done, struct url_result *out, struct err *e) {
    uint64_t bytes;
    *done = false;
    if (!store_download_get(j->fetcher->store, &j->key, j->arena, &j->record, &j->has_record, e))
        return false;
    if (!j->ask->want)
        return true;
    bool same = j->has_record && digest_eq(&j->record.digest, j->ask->want);
    if (!same && (j->ask->time_is_known || !j->ask->time_counts) && !store_has_download(j->fetcher->store, j->ask->want, &bytes, done, e))
        return false;
    if (same)
        bytes = j->record.bytes;
    *done = *done || same;
    return !*done || give(j, j->ask->want, bytes, same ? j->record.last_modified : STR_NULL, true, out, e);
}

static bool remember(struct job *j, const struct http_get *g, const struct digest *d, uint64_t bytes, struct err *e) {
    struct str effective, ignored;
    (void)str_cut(url_shown(j->arena, g->effective_url), '?', &effective, &ignored); /* what servers sign lies behind the "?" */
    struct download_record r = {
        .url = url_shown(j->arena, j->from),
        .effective_url = effective,
        .etag = g->got_etag,
        .last_modified = g->got_last_modified,
        .name = own_name(j),
        .digest = *d,
        .bytes = bytes,
    };
    return store_download_put(j->fetcher->store, &j->key, &r, e);
}

/* --- The download --- */

static bool get(struct job *j, struct http_get *g, struct err *e) {
    if (j->url.scheme == URL_FILE)
        return local_get(j->map, j->rest, g, e);
    return http_get(g, e);
}

static bool try_to_get(struct job *j, struct http_get *g, struct err *e) {
    uint64_t tries = net_tries(), wait = FIRST_WAIT_MS;
    for (uint64_t n = 1; !get(j, g, e); n++, wait *= 2) {
        if (g->transient && n >= tries && n > 1)
            err_append(e, " (tried %llu times)", (unsigned long long)n);
        if (!g->transient || n >= tries)
            return false;
        log_debug("%.*s: %s; trying again", STR_ARG(url_shown(j->arena, j->from)), e->msg);
        err_clear(e);
        net_wait_ms(g->wait_s * UINT64_C(1000) > wait ? g->wait_s * UINT64_C(1000) : wait);
    }
    return true;
}

static bool download(struct job *j, struct url_result *out, struct err *e) {
    _cleanup_draft_ struct file_draft draft = FILE_DRAFT_INIT;
    struct http_get g = {.arena = j->arena, .url = &j->url, .draft = &draft, .progress = j->ask->progress};
    g.max_bytes = j->ask->max_bytes ? j->ask->max_bytes : LIMIT_DOWNLOAD_BYTES;
    if (j->has_record && !j->ask->want) { /* with `want`, other bytes than those of the record are needed */
        g.etag = j->record.etag;
        g.last_modified = j->record.last_modified;
    }
    sha256_init(&g.hash);
    if (!store_download_draft(j->fetcher->store, &draft, e) || !try_to_get(j, &g, e))
        return false;
    struct digest d = g.same ? j->record.digest : sha256_final(&g.hash);
    uint64_t bytes = g.same ? j->record.bytes : g.done;
    if (!give(j, &d, bytes, g.got_last_modified, g.same, out, e))
        return false;
    return (g.same || store_publish_download(j->fetcher->store, &draft, &d, e)) && remember(j, &g, &d, bytes, e);
}

bool fetch_url(const struct fetcher *f, const struct url_request *q, struct arena *a, struct url_result *out, struct err *e) {
    struct job j = {.fetcher = f, .ask = q, .arena = a};
    bool done = false;
    uint64_t began = log_now_ns();
    bool ok = check_request(&j, e) && take_held(&j, &done, out, e) && (done || download(&j, out, e));
    log_span("fetch url", began);
    return ok || err_wrap(e, "%.*s", STR_ARG(url_both(a, q->url, j.from.n ? j.from : q->url)));
}
