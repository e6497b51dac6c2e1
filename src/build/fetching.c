/* SPDX-License-Identifier: Apache-2.0
 * What a build brings from the network: see fetching.h. */
#include "build/fetching.h"

#include "build/lockfile.h"

static struct fetcher fetcher_of(const struct build *b) {
    return (struct fetcher){b->store, b->options->url_maps, b->options->n_url_maps};
}

/* --- URLs --- */

/* --checksum and what the lock has, which must not contradict each other. */
static bool pin_url(struct build *b, struct str name, struct str checksum, struct url_request *q, struct digest *want, bool *locked,
                    struct err *e) {
    struct locked l;
    char text[DIGEST_TEXT + 1];
    if (checksum.n && !digest_parse(checksum, want, e))
        return err_wrap(e, "--checksum");
    if (!lockfile_pin(b->lockfile, LOCKED_URL, name, &l, locked, e))
        return false;
    if (checksum.n && *locked && !digest_eq(want, &l.digest))
        return err_set(e, ERR_FAILED, "--checksum has %.*s, and the lock has %s", STR_ARG(checksum), digest_text(&l.digest, text));
    if (*locked) {
        *want = l.digest;
        q->time_is_known = true;
        q->has_want_time = l.has_time;
        q->want_time_s = l.time_s;
    }
    q->want = checksum.n || *locked ? want : NULL;
    return true;
}

static bool fetch_pinned_url(struct build *b, struct str checksum, struct url_request *q, struct arena *a, struct url_result *out,
                             struct err *e) {
    struct fetcher f = fetcher_of(b);
    struct str name = url_name(a, q->url);
    struct digest want;
    bool locked = false;
    *out = (struct url_result){0};
    if (!pin_url(b, name, checksum, q, &want, &locked, e))
        return err_wrap(e, "%.*s", STR_ARG(url_shown(a, q->url)));
    if (!fetch_url(&f, q, a, out, e))
        return locked && out->bytes ? err_append(e, ", as the lock has it (build --lock writes it anew)") : false;
    return lockfile_note(b->lockfile,
                         &(struct locked){.kind = LOCKED_URL,
                                          .name = name,
                                          .digest = out->digest,
                                          .bytes = out->bytes,
                                          .has_time = out->has_time,
                                          .time_s = out->time_s},
                         e);
}

bool build_fetch_url(struct build *b, struct str url, struct str checksum, struct progress_step *progress, struct arena *a,
                     struct url_result *out, struct err *e) {
    struct url_request q = {.url = url, .progress = progress, .time_counts = b->options->has_epoch};
    return fetch_pinned_url(b, checksum, &q, a, out, e);
}

/* --- Repositories --- */

static bool fetch_pinned_git(struct build *b, struct git_request *q, struct arena *a, struct git_result *out, struct err *e) {
    struct fetcher f = fetcher_of(b);
    struct str name;
    struct locked l;
    bool locked = false;
    if (!git_name(a, q->repository, &name, e))
        return false;
    if (!lockfile_pin(b->lockfile, LOCKED_REPOSITORY, name, &l, &locked, e))
        return err_wrap(e, "%.*s", STR_ARG(url_shown(a, q->repository)));
    q->want_commit = locked ? l.commit : S("");
    return fetch_git(&f, q, a, out, e) &&
           lockfile_note(b->lockfile, &(struct locked){.kind = LOCKED_REPOSITORY, .name = name, .commit = out->commit}, e);
}

bool build_fetch_git(struct build *b, struct str repository, struct str checksum, bool keep_git_dir, struct progress_step *progress,
                     struct arena *a, char **into, struct git_result *out, struct err *e) {
    struct git_request q = {.repository = repository, .checksum = checksum, .time_s = b->now.tv_sec, .progress = progress};
    q.has_keep_git_dir = q.keep_git_dir = keep_git_dir; /* without the flag the text decides */
    if (!store_workdir(b->store, into, e))
        return false;
    q.into = *into;
    return fetch_pinned_git(b, &q, a, out, e);
}

/* --- Texts --- */

struct str mask_words(struct arena *a, struct str text) {
    struct buf out = BUF_INIT(text.n * 4 + 16);
    struct str rest = text;
    if (str_find(text, S("://")) < 0)
        return text;
    while (rest.n) {
        size_t n = 0;
        while (n < rest.n && rest.p[n] != ' ' && rest.p[n] != '\t')
            n++;
        buf_add_str(&out, url_shown(a, str_first(rest, n)));
        if (n < rest.n)
            buf_add_char(&out, rest.p[n++]);
        rest = str_from(rest, n);
    }
    struct str masked = arena_str(a, buf_str(&out));
    buf_fini(&out);
    return masked;
}
