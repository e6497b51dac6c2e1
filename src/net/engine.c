/* SPDX-License-Identifier: Apache-2.0
 * The network's thread: it takes requests from a queue and carries all of them out at once. See http.h. It begins with the first request
 * and ends before the process does: at exit OpenSSL gives back what a thread that still runs may be using. */
#include "net/engine.h"

#include <signal.h>
#include <unistd.h>

enum { CONNECTIONS_KEPT = 32, IDLE_MS = 60000 };

static struct {
    pthread_once_t once;
    pthread_mutex_t lock;       /* of the queue and of every transfer's `done` */
    const struct libcurl *lib;
    CURLM *multi;
    CURLSH *shared;             /* TLS sessions; used by the thread alone */
    struct transfer *first, **last;
    const char *failure;
    pthread_t thread;
    pid_t pid;                  /* whose the thread is: a child that was forked has none */
    bool ends;                  /* under the lock */
} engine = {.once = PTHREAD_ONCE_INIT, .lock = PTHREAD_MUTEX_INITIALIZER, .last = &engine.first};

static void finish(struct transfer *t) {
    pthread_mutex_lock(&engine.lock);
    t->done = true;
    pthread_cond_signal(&t->is_done); /* under the lock: its owner may free it as soon as it has that */
    pthread_mutex_unlock(&engine.lock);
}

static void admit(struct transfer *t) {
    const struct libcurl *lib = engine.lib;
    if (!transfer_begin(t, lib, engine.shared, t->e)) {
        t->answer->failure = NET_OTHER;
        finish(t);
        return;
    }
    CURLMcode r = lib->multi_add_handle(engine.multi, t->easy);
    if (r == CURLM_OK)
        return;
    transfer_end(t, lib, CURLE_FAILED_INIT);
    finish(t);
}

/* False: it is time to end. */
static bool admit_all(void) {
    pthread_mutex_lock(&engine.lock);
    struct transfer *t = engine.first;
    bool ends = engine.ends;
    engine.first = NULL;
    engine.last = &engine.first;
    pthread_mutex_unlock(&engine.lock);
    while (t) {
        struct transfer *next = t->next; /* read first: its owner may be gone */
        admit(t);
        t = next;
    }
    return !ends;
}

static void harvest(void) {
    const struct libcurl *lib = engine.lib;
    CURLMsg *m;
    int left;
    while ((m = lib->multi_info_read(engine.multi, &left))) {
        struct transfer *t = NULL;
        CURLcode r = m->data.result;
        CURL *easy = m->easy_handle;
        if (m->msg != CURLMSG_DONE)
            continue;
        lib->easy_getinfo(easy, CURLINFO_PRIVATE, (char **)&t);
        lib->multi_remove_handle(engine.multi, easy);
        if (transfer_again(t, lib, r) && lib->multi_add_handle(engine.multi, easy) == CURLM_OK)
            continue;
        transfer_end(t, lib, r);
        finish(t);
    }
}

static void *drive(void *unused) {
    (void)unused;
    while (admit_all()) {
        int running = 0;
        engine.lib->multi_perform(engine.multi, &running);
        harvest();
        engine.lib->multi_poll(engine.multi, NULL, 0, running ? 1000 : IDLE_MS, NULL);
    }
    return NULL;
}

static void stop(void) {
    if (getpid() != engine.pid)
        return;
    pthread_mutex_lock(&engine.lock);
    engine.ends = true;
    pthread_mutex_unlock(&engine.lock);
    engine.lib->multi_wakeup(engine.multi);
    pthread_join(engine.thread, NULL);
}

static void start(void) {
    struct err e = ERR_INIT;
    sigset_t all, before;
    const struct libcurl *lib = engine.lib = libcurl_load(&e);
    err_clear(&e);
    if (!lib)
        return;
    engine.multi = lib->multi_init();
    engine.shared = lib->share_init();
    if (!engine.multi || !engine.shared) {
        engine.failure = "libcurl has no memory left";
        return;
    }
    lib->share_setopt(engine.shared, CURLSHOPT_SHARE, CURL_LOCK_DATA_SSL_SESSION);
    lib->multi_setopt(engine.multi, CURLMOPT_PIPELINING, CURLPIPE_MULTIPLEX);
    lib->multi_setopt(engine.multi, CURLMOPT_MAXCONNECTS, (long)CONNECTIONS_KEPT);
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before); /* signals are for the threads that know what they mean */
    engine.pid = getpid();
    if (pthread_create(&engine.thread, NULL, drive, NULL) != 0)
        engine.failure = "no thread can be started";
    else
        atexit(stop); /* after libcurl has been loaded, so before its own libraries' */
    pthread_sigmask(SIG_SETMASK, &before, NULL);
}

bool net_http(const struct net_request *q, struct arena *a, struct net_answer *out, struct err *e) {
    *out = (struct net_answer){.body = S(""), .redirect = S(""), .failure = NET_OTHER};
    pthread_once(&engine.once, start);
    if (!engine.lib)
        return libcurl_load(e) && err_set(e, ERR_FAILED, "libcurl cannot be used");
    if (engine.failure)
        return err_set(e, ERR_FAILED, "%s", engine.failure);
    out->failure = NET_FINE;
    struct transfer t = {.ask = q, .answer = out, .arena = a, .e = e, .kept = BUF_INIT(q->max_kept + 1)};
    pthread_cond_init(&t.is_done, NULL);
    pthread_mutex_lock(&engine.lock);
    *engine.last = &t;
    engine.last = &t.next;
    engine.lib->multi_wakeup(engine.multi);
    while (!t.done)
        pthread_cond_wait(&t.is_done, &engine.lock);
    pthread_mutex_unlock(&engine.lock);
    pthread_cond_destroy(&t.is_done);
    buf_fini(&t.kept);
    return out->failure == NET_FINE;
}
