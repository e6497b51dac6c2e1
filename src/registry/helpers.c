/* SPDX-License-Identifier: Apache-2.0
 * What credential helpers have said in this command: each is asked once for a server, whoever needs it. A helper may wait for a person to
 * type, or for a network: nobody else waits for it but who wants the same. See credentials.h. */
#include <pthread.h>

#include "base/log.h"
#include "base/mem.h"
#include "registry/credentials.h"

struct said {
    struct arena arena;         /* of its texts */
    struct str helper, server;
    bool coming;                /* somebody asks */
    struct credential found;
    struct err failure;
    struct said *next;
};

struct helpers {
    pthread_mutex_t lock;       /* guards the list; what has been said does not change any more */
    pthread_cond_t came;
    struct said *all;
};

struct helpers *helpers_new(void) {
    struct helpers *h = mem_zalloc(1, sizeof *h);
    pthread_mutex_init(&h->lock, NULL);
    pthread_cond_init(&h->came, NULL);
    return h;
}

void helpers_free(struct helpers *h) {
    if (!h)
        return;
    for (struct said *s = h->all, *next; s; s = next) {
        next = s->next;
        credential_wipe(&s->found);
        err_clear(&s->failure);
        arena_fini(&s->arena);
        free(s);
    }
    pthread_cond_destroy(&h->came);
    pthread_mutex_destroy(&h->lock);
    free(h);
}

/* Under the lock: what is said of the server, waited for if somebody asks just now. NULL: the caller is to ask, *ask is for the answer. */
static struct said *find(struct helpers *h, struct str helper, struct str server, struct said **ask) {
    for (struct said *s = h->all; s; s = s->next)
        if (str_eq(s->helper, helper) && str_eq(s->server, server)) {
            while (s->coming)
                pthread_cond_wait(&h->came, &h->lock);
            return s;
        }
    struct said *s = *ask = mem_zalloc(1, sizeof *s);
    s->helper = arena_str(&s->arena, helper);
    s->server = arena_str(&s->arena, server);
    s->coming = true;
    s->next = h->all;
    h->all = s;
    return NULL;
}

static void ask_now(struct helpers *h, struct said *s) {
    if (!helper_get(&s->arena, s->helper, s->server, &s->found, &s->failure))
        log_warn("%s", s->failure.msg);
    pthread_mutex_lock(&h->lock);
    s->coming = false;
    pthread_cond_broadcast(&h->came);
    pthread_mutex_unlock(&h->lock);
}

bool helpers_get(struct helpers *h, struct arena *a, struct str helper, struct str server, struct credential *out, struct err *e) {
    struct said *ask = NULL;
    pthread_mutex_lock(&h->lock);
    struct said *s = find(h, helper, server, &ask);
    pthread_mutex_unlock(&h->lock);
    if (!s) {
        ask_now(h, ask);
        s = ask;
    }
    if (s->failure.kind != ERR_NONE)
        return err_set(e, s->failure.kind, "%s", s->failure.msg);
    if (s->found.found)
        credential_copy(a, &s->found, out);
    return true;
}
