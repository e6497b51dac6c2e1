/* SPDX-License-Identifier: Apache-2.0
 * Values of secrets: see secrets.h. */
#include "build/secrets.h"

#include <errno.h>
#include <sys/mman.h>

#include "base/limits.h"
#include "base/log.h"
#include "sys/files.h"

struct secret_value {
    struct str id;
    struct secret_text text;
    size_t n;
};

struct secrets {
    VEC(struct secret_value) values;
};

/* Pages of their own, since what is wiped and kept out of core dumps is whole pages. They may go to swap: a lock on memory that ordinary
 * users' limits do not allow would be one more way for a build to fail. */
static struct secret_text text_alloc(size_t bytes) {
    size_t page = (size_t)sysconf(_SC_PAGESIZE), whole = (bytes / page + 1) * page;
    void *p = mmap(NULL, whole, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (p == MAP_FAILED)
        return (struct secret_text){NULL, 0};
    madvise(p, whole, MADV_DONTDUMP);
    return (struct secret_text){p, whole};
}

void secret_text_free(struct secret_text *t) {
    if (t->p) {
        explicit_bzero(t->p, t->pages_bytes);
        munmap(t->p, t->pages_bytes);
    }
    *t = (struct secret_text){NULL, 0};
}

struct secret_text secret_variable(struct str name, struct str value) {
    struct secret_text t = text_alloc(name.n + 1 + value.n + 1);
    if (!t.p)
        return t;
    memcpy(t.p, name.p, name.n);
    t.p[name.n] = '=';
    if (value.n)
        memcpy(t.p + name.n + 1, value.p, value.n);
    return t;
}

static bool too_big(const struct run_secret *from, struct err *e) {
    return err_set(e, ERR_USAGE, "--secret id=%.*s: over the limit of %zu KiB", STR_ARG(from->id), LIMIT_SECRET_BYTES >> 10);
}

static bool read_all(const struct run_secret *from, int fd, struct secret_value *to, struct err *e) {
    for (;;) {
        ssize_t k = read(fd, to->text.p + to->n, LIMIT_SECRET_BYTES + 1 - to->n);
        if (k < 0 && errno == EINTR)
            continue;
        if (k < 0)
            return err_sys(e, errno, "--secret id=%.*s: read %.*s", STR_ARG(from->id), STR_ARG(from->path));
        if (k == 0)
            return true;
        to->n += (size_t)k;
        if (to->n > LIMIT_SECRET_BYTES)
            return too_big(from, e);
    }
}

static bool from_file(const struct run_secret *from, struct str path, struct secret_value *to, struct err *e) {
    _cleanup_(mem_freep) char *z = mem_strndup(path.p, path.n);
    _cleanup_fd_ int fd = open(z, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (fd < 0) {
        err_sys(e, errno, "--secret id=%.*s: open %s", STR_ARG(from->id), z);
        e->kind = ERR_USAGE;
        return false;
    }
    to->text = text_alloc(LIMIT_SECRET_BYTES + 1);
    return to->text.p ? read_all(from, fd, to, e) : err_sys(e, ENOMEM, "--secret id=%.*s", STR_ARG(from->id));
}

/* A variable that is not set is an empty secret, as with BuildKit; that it is so is said. */
static bool from_variable(const struct run_secret *from, struct str name, struct secret_value *to, struct err *e) {
    _cleanup_(mem_freep) char *z = mem_strndup(name.p, name.n);
    const char *value = getenv(z);
    if (!value)
        log_warn("--secret id=%.*s: the variable %s is not set: the secret is empty", STR_ARG(from->id), z);
    to->n = value ? strlen(value) : 0;
    if (to->n > LIMIT_SECRET_BYTES)
        return too_big(from, e);
    to->text = text_alloc(to->n);
    if (!to->text.p)
        return err_sys(e, ENOMEM, "--secret id=%.*s", STR_ARG(from->id));
    if (to->n)
        memcpy(to->text.p, value, to->n);
    return true;
}

static bool load(const struct run_secret *from, struct secret_value *to, struct err *e) {
    _cleanup_(mem_freep) char *id = mem_strndup(from->id.p, from->id.n);
    to->id = from->id;
    if (from->env.n)
        return from_variable(from, from->env, to, e);
    if (from->path.n)
        return from_file(from, from->path, to, e);
    return getenv(id) ? from_variable(from, from->id, to, e) : from_file(from, from->id, to, e);
}

struct secrets *secrets_load(const struct run_options *o, struct err *e) {
    struct secrets *s = mem_zalloc(1, sizeof *s);
    for (size_t i = 0; i < o->secrets.n; i++) {
        struct secret_value value = {.n = 0};
        bool good = load(&o->secrets.p[i], &value, e);
        vec_push(&s->values, value);
        if (!good) {
            secrets_free(s);
            return NULL;
        }
    }
    return s;
}

void secrets_free(struct secrets *s) {
    if (!s)
        return;
    for (size_t i = 0; i < s->values.n; i++)
        secret_text_free(&s->values.p[i].text);
    vec_fini(&s->values);
    free(s);
}

bool secrets_get(const struct secrets *s, struct str id, struct str *value) {
    for (size_t i = 0; i < s->values.n; i++)
        if (str_eq(s->values.p[i].id, id)) {
            *value = str_n(s->values.p[i].text.p, s->values.p[i].n);
            return true;
        }
    return false;
}
