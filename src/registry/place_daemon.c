/* SPDX-License-Identifier: Apache-2.0
 * A dockerd as a place: docker-daemon:NAME[:TAG]. What goes into it is written as a docker-archive to a file without a name and posted to
 * /images/load; what comes out of it is the archive of /images/NAME/get. It is reached by its Unix socket, where docker's own client looks
 * for it. */
#include <errno.h>

#include "base/json.h"
#include "base/limits.h"
#include "base/vec.h"
#include "net/http.h"
#include "net/url.h"
#include "net/words.h"
#include "registry/place_kinds.h"

struct daemon {
    struct store *store;
    char *name;
    char *socket;
    struct progress *progress; /* or NULL */
    struct digest root;
};

static void daemon_free(struct daemon *x) {
    free(x->name);
    free(x->socket);
    free(x);
}

static void daemon_closed(void *ctx) {
    daemon_free(ctx);
}

/* --- Speaking to it --- */

static char *find_socket(struct err *e) {
    const char *host = getenv("DOCKER_HOST");
    if (!host || !*host)
        return mem_strdup("/var/run/docker.sock");
    if (str_starts(str_z(host), S("unix://")))
        return mem_strdup(host + 7);
    err_set(e, ERR_FAILED, "DOCKER_HOST=%s is not supported: a dockerd is reached by its Unix socket only (unix://PATH)", host);
    return NULL;
}

static bool ask(const struct daemon *x, struct net_request *q, struct arena *a, struct net_answer *out, struct err *e) {
    char words[64];
    q->socket = x->socket;
    q->direct = true;
    q->stall_s = LIMIT_DAEMON_SILENT_S; /* an image of gigabytes may keep it silent for many minutes */
    q->max_kept = LIMIT_JSON_BYTES;
    if (!net_http(q, a, out, e)) {
        if (access(x->socket, F_OK) < 0 && errno == ENOENT)
            err_append(e, "; there is no dockerd at %s (DOCKER_HOST says where)", x->socket);
        e->kind = ERR_FAILED;
        return false;
    }
    if (out->status < 300)
        return true;
    err_set(e, ERR_FAILED, "dockerd says %s: %s", http_status_words(out->status, words), SHOWN(str_trim(out->body)));
    e->sys = out->status == 404 ? ENOENT : 0;
    return false;
}

/* What it takes its time for, shown. */
struct shown {
    struct progress_step *step; /* or NULL */
    uint64_t bytes, total;      /* that have gone or come; 0: nobody knows how many it will be */
    int fd;
};

static struct progress_step *show(const struct daemon *x, const char *what) {
    struct arena a = ARENA_INIT;
    struct progress_step *step = x->progress ? progress_start(x->progress, arena_printf(&a, "dockerd %s %s", what, x->name)) : NULL;
    arena_fini(&a);
    return step;
}

static void show_end(const struct shown *s, bool good) {
    char size[32];
    if (s->step)
        progress_end(s->step, good ? PROGRESS_DONE : PROGRESS_FAILED, good ? str_z(human_size(s->bytes, size)) : STR_NULL);
}

/* --- Into it --- */

static void sent(void *ctx, uint64_t bytes) {
    struct shown *s = ctx;
    s->bytes = bytes;
    if (s->step)
        progress_bytes(s->step, bytes, s->total);
}

/* A line of JSON a message; one of them may be an error, under status 200. */
static bool check_messages(struct str body, struct err *e) {
    struct str line;
    while (str_next(&body, '\n', &line)) {
        struct err no_json = ERR_INIT;
        line = str_trim(line);
        _cleanup_(json_doc_freep) yyjson_doc *doc = line.n ? json_parse(line, LIMIT_JSON_BYTES, "dockerd", &no_json) : NULL;
        struct str error = doc ? json_get_str(yyjson_doc_get_root(doc), "error") : STR_NULL;
        err_clear(&no_json);
        if (error.n)
            return err_set(e, ERR_FAILED, "dockerd says: %s", SHOWN(error));
    }
    return true;
}

static bool post(const struct daemon *x, int fd, struct err *e) {
    const struct str headers[] = {S("Content-Type: application/x-tar")};
    struct arena a = ARENA_INIT;
    struct net_answer answer = {0};
    struct net_request q = {.method = "POST", .url = S("http://docker/images/load?quiet=1"), .headers = headers, .n_headers = 1};
    off_t length = lseek(fd, 0, SEEK_END);
    q.body = NET_FILE;
    q.fd = fd;
    q.length = length < 0 ? 0 : (uint64_t)length;
    struct shown s = {.step = show(x, "loads"), .total = q.length};
    q.sent = sent;
    q.ctx = &s;
    bool good = ask(x, &q, &a, &answer, e) && check_messages(answer.body, e);
    show_end(&s, good);
    arena_fini(&a);
    return good;
}

static bool daemon_finished(void *ctx, struct err *e) {
    const struct daemon *x = ctx;
    struct archive_item item = {str_z(x->name), x->root};
    _cleanup_draft_ struct file_draft draft = FILE_DRAFT_INIT;
    return (file_draft_open(x->store->work_fd, 0600, &draft, e) && archive_write(x->store, &item, 1, ARCHIVE_DOCKER, draft.fd, e) &&
            post(x, draft.fd, e)) ||
           err_wrap(e, "docker-daemon:%s", x->name);
}

/* --- Out of it --- */

static enum net_take begin(void *ctx, const struct net_answer *so_far, struct err *e) {
    (void)ctx;
    (void)e;
    return so_far->status < 300 ? NET_TAKE : NET_KEEP;
}

static bool take(void *ctx, const void *p, size_t n, struct err *e) {
    struct shown *s = ctx;
    s->bytes += n;
    if (s->step)
        progress_bytes(s->step, s->bytes, 0);
    return file_write_all(s->fd, p, n, "an image of dockerd", e);
}

static bool get(const struct daemon *x, int fd, struct err *e) {
    struct arena a = ARENA_INIT;
    struct net_answer answer = {0};
    struct shown s = {.step = show(x, "saves"), .fd = fd};
    struct net_request q = {.method = "GET", .begin = begin, .take = take, .ctx = &s};
    q.url = arena_join3(&a, S("http://docker/images/"), url_encode(&a, str_z(x->name)), S("/get"));
    bool good = ask(x, &q, &a, &answer, e);
    show_end(&s, good);
    arena_fini(&a);
    return good;
}

static bool load(const struct daemon *x, struct digest *out, struct err *e) {
    struct arena a = ARENA_INIT;
    struct archive_items items = {0};
    _cleanup_draft_ struct file_draft draft = FILE_DRAFT_INIT;
    bool good = file_draft_open(x->store->work_fd, 0600, &draft, e) && get(x, draft.fd, e);
    if (good && lseek(draft.fd, 0, SEEK_SET) < 0)
        good = err_sys(e, errno, "read what dockerd gave");
    good = good && archive_load_nameless(x->store, draft.fd, "what dockerd gave", &a, &items, e);
    if (good && items.n == 0)
        good = err_set(e, ERR_FAILED, "dockerd gave an archive without an image");
    if (good)
        *out = items.p[0].manifest;
    vec_fini(&items);
    arena_fini(&a);
    return good;
}

/* --- Opening --- */

static struct daemon *new_daemon(struct store *s, struct str text, struct err *e) {
    struct arena a = ARENA_INIT;
    struct image_name name;
    struct daemon *x = mem_zalloc(1, sizeof *x);
    x->store = s;
    bool good = image_name_parse(&a, text, &name, e) &&
                (name.tag.n || err_set(e, ERR_USAGE, "docker-daemon:%.*s: an image there has a tag, and no digest", STR_ARG(text)));
    struct str whole = good ? image_name_text(&a, &name) : STR_NULL;
    x->name = mem_strndup(whole.p ? whole.p : "", whole.n);
    x->socket = good ? find_socket(e) : NULL;
    arena_fini(&a);
    if (x->socket)
        return x;
    daemon_free(x);
    return NULL;
}

struct place *place_daemon(struct store *s, struct str text, enum place_use use, struct progress *progress, struct err *e) {
    char shown[512], digest[DIGEST_TEXT + 1];
    struct digest image;
    struct daemon *x = new_daemon(s, text, e);
    if (!x)
        return NULL;
    x->progress = progress;
    snprintf(shown, sizeof shown, "docker-daemon:%s", x->name);
    struct place_hooks hooks = {daemon_finished, daemon_closed, x};
    if (use == PLACE_WRITE)
        return place_store_nameless(s, str_z(shown), S("image"), &x->root, &hooks);
    bool good = load(x, &image, e) || err_wrap(e, "%s", shown);
    daemon_free(x);
    return good ? place_store_nameless(s, str_z(shown), str_z(digest_text(&image, digest)), NULL, NULL) : NULL;
}
