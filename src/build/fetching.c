/* SPDX-License-Identifier: Apache-2.0
 * What a build brings from the network: see fetching.h. */
#include "build/fetching.h"

bool build_fetch_url(struct build *b, struct str url, struct str checksum, struct progress_step *progress, struct arena *a,
                     struct url_result *out, struct err *e) {
    struct fetcher f = {b->store, b->options->url_maps, b->options->n_url_maps};
    struct url_request q = {.url = url, .progress = progress};
    struct digest want;
    if (checksum.n && !digest_parse(checksum, &want, e))
        return err_wrap(e, "--checksum");
    q.want = checksum.n ? &want : NULL;
    return fetch_url(&f, &q, a, out, e);
}

bool build_fetch_git(struct build *b, struct str repository, struct str checksum, bool keep_git_dir, struct progress_step *progress,
                     struct arena *a, char **into, struct git_result *out, struct err *e) {
    struct fetcher f = {b->store, b->options->url_maps, b->options->n_url_maps};
    struct git_request q = {.repository = repository, .checksum = checksum, .time_s = b->now.tv_sec, .progress = progress};
    q.has_keep_git_dir = q.keep_git_dir = keep_git_dir; /* without the flag the text decides */
    if (!store_workdir(b->store, into, e))
        return false;
    q.into = *into;
    return fetch_git(&f, &q, a, out, e);
}

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
