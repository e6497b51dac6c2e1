/* SPDX-License-Identifier: Apache-2.0
 * The socket before an ssh agent: see ssh_relay.h. One thread polls everybody; a client that sends half a request, or does not take its
 * answer, waits by itself. */
#include "build/ssh_relay.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "base/limits.h"
#include "sys/files.h"

enum {
    HEAD = 4, /* the length of what follows, most significant byte first; its first byte is the kind */
    AGENT_FAILURE = 5, AGENT_REQUEST_IDENTITIES = 11, AGENT_SIGN_REQUEST = 13,
    CLIENTS_MAX = 32, LISTENER = 0, STOP = 1, FIRST_CLIENT = 2,
};

enum client_state { CLIENT_ASKS, CLIENT_WAITS, CLIENT_IS_ANSWERED };

struct client {
    int fd, agent;              /* -1: none */
    enum client_state state;
    unsigned char *frame;       /* the request, then its answer */
    size_t n, sent;
};

struct ssh_relay {
    struct socket_place agent;
    int listener, stop;
    pthread_t thread;
    struct client clients[CLIENTS_MAX];
};

/* --- sockets --- */

static bool address_of(struct socket_place at, struct sockaddr_un *out) {
    *out = (struct sockaddr_un){.sun_family = AF_UNIX};
    int n = snprintf(out->sun_path, sizeof out->sun_path, "/proc/self/fd/%d/%s", at.dir_fd, at.name);
    errno = ENAMETOOLONG;
    return n > 0 && (size_t)n < sizeof out->sun_path;
}

int socket_connect_at(struct socket_place at) {
    struct sockaddr_un address;
    if (!address_of(at, &address))
        return -1;
    _cleanup_fd_ int s = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    return s >= 0 && connect(s, (struct sockaddr *)&address, sizeof address) == 0 ? take_fd(&s) : -1;
}

static int listen_at(struct socket_place at, uid_t uid, gid_t gid, mode_t mode) {
    struct sockaddr_un address;
    if (!address_of(at, &address))
        return -1;
    _cleanup_fd_ int s = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (s < 0 || bind(s, (struct sockaddr *)&address, sizeof address) < 0 || fchownat(at.dir_fd, at.name, uid, gid, 0) < 0 ||
        fchmodat(at.dir_fd, at.name, mode, 0) < 0 || listen(s, CLIENTS_MAX) < 0)
        return -1;
    return take_fd(&s);
}

/* --- one client --- */

static void client_close(struct client *c) {
    fd_closep(&c->fd);
    fd_closep(&c->agent);
    mem_freep(&c->frame);
    *c = (struct client){.fd = -1, .agent = -1};
}

static size_t frame_bytes(const struct client *c) {
    const unsigned char *h = c->frame;
    return HEAD + ((size_t)h[0] << 24 | (size_t)h[1] << 16 | (size_t)h[2] << 8 | h[3]);
}

/* Reads on. 1: the frame is complete; 0: not yet; -1: its end, or nonsense. */
static int read_frame(struct client *c, int fd) {
    size_t want = c->n < HEAD ? HEAD : frame_bytes(c);
    ssize_t k = recv(fd, c->frame + c->n, want - c->n, MSG_DONTWAIT);
    if (k < 0 && (errno == EAGAIN || errno == EINTR))
        return 0;
    if (k <= 0)
        return -1;
    c->n += (size_t)k;
    if (c->n < HEAD)
        return 0;
    if (frame_bytes(c) == HEAD || frame_bytes(c) > HEAD + LIMIT_AGENT_FRAME_BYTES)
        return -1;
    return c->n == frame_bytes(c);
}

static void refuse(struct client *c) {
    static const unsigned char failure[HEAD + 1] = {0, 0, 0, 1, AGENT_FAILURE};
    memcpy(c->frame, failure, sizeof failure);
    c->n = sizeof failure;
    c->sent = 0;
    c->state = CLIENT_IS_ANSWERED;
}

/* The agent is trusted to read what it is sent. */
static bool ask_agent(const struct ssh_relay *r, struct client *c) {
    if (c->agent < 0)
        c->agent = socket_connect_at(r->agent);
    for (size_t done = 0; c->agent >= 0 && done < c->n;) {
        ssize_t k = send(c->agent, c->frame + done, c->n - done, MSG_NOSIGNAL);
        if (k < 0 && errno == EINTR)
            continue;
        if (k <= 0)
            return false;
        done += (size_t)k;
    }
    return c->agent >= 0;
}

static void take_request(const struct ssh_relay *r, struct client *c) {
    int whole = read_frame(c, c->fd);
    if (whole < 0)
        client_close(c);
    if (whole <= 0)
        return;
    bool allowed = c->frame[HEAD] == AGENT_REQUEST_IDENTITIES || c->frame[HEAD] == AGENT_SIGN_REQUEST;
    if (!allowed || !ask_agent(r, c)) {
        refuse(c);
        return;
    }
    c->n = 0;
    c->state = CLIENT_WAITS;
}

static void take_answer(struct client *c) {
    int whole = read_frame(c, c->agent);
    if (whole < 0) {
        fd_closep(&c->agent);
        refuse(c);
    } else if (whole > 0) {
        c->sent = 0;
        c->state = CLIENT_IS_ANSWERED;
    }
}

static void give_answer(struct client *c) {
    ssize_t k = send(c->fd, c->frame + c->sent, c->n - c->sent, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (k < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (k <= 0) {
        client_close(c);
        return;
    }
    c->sent += (size_t)k;
    if (c->sent == c->n) {
        c->n = 0;
        c->state = CLIENT_ASKS;
    }
}

/* --- all of them --- */

static void accept_client(struct ssh_relay *r) {
    _cleanup_fd_ int fd = accept4(r->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    for (int i = 0; fd >= 0 && i < CLIENTS_MAX; i++)
        if (r->clients[i].fd < 0)
            r->clients[i] = (struct client){
                .fd = take_fd(&fd), .agent = -1, .state = CLIENT_ASKS, .frame = mem_alloc(HEAD + LIMIT_AGENT_FRAME_BYTES)};
}

static bool has_room(const struct ssh_relay *r) {
    for (int i = 0; i < CLIENTS_MAX; i++)
        if (r->clients[i].fd < 0)
            return true;
    return false;
}

static struct pollfd wait_of(const struct client *c) {
    if (c->state == CLIENT_WAITS)
        return (struct pollfd){.fd = c->agent, .events = POLLIN};
    return (struct pollfd){.fd = c->fd, .events = c->state == CLIENT_ASKS ? POLLIN : POLLOUT};
}

static void *serve(void *arg) {
    struct ssh_relay *r = arg;
    for (;;) {
        struct pollfd waits[FIRST_CLIENT + CLIENTS_MAX];
        waits[LISTENER] = (struct pollfd){.fd = has_room(r) ? r->listener : -1, .events = POLLIN};
        waits[STOP] = (struct pollfd){.fd = r->stop, .events = POLLIN};
        for (int i = 0; i < CLIENTS_MAX; i++)
            waits[FIRST_CLIENT + i] = wait_of(&r->clients[i]);
        if (poll(waits, FIRST_CLIENT + CLIENTS_MAX, -1) < 0 && errno != EINTR)
            return NULL;
        if (waits[STOP].revents)
            return NULL;
        for (int i = 0; i < CLIENTS_MAX; i++) {
            struct client *c = &r->clients[i];
            if (!waits[FIRST_CLIENT + i].revents || c->fd < 0)
                continue;
            if (c->state == CLIENT_ASKS)
                take_request(r, c);
            else if (c->state == CLIENT_WAITS)
                take_answer(c);
            else
                give_answer(c);
        }
        if (waits[LISTENER].revents)
            accept_client(r);
    }
}

struct ssh_relay *ssh_relay_new(struct socket_place at, uid_t uid, gid_t gid, mode_t mode, struct socket_place agent, struct err *e) {
    struct ssh_relay *r = mem_zalloc(1, sizeof *r);
    r->agent = agent;
    for (int i = 0; i < CLIENTS_MAX; i++)
        r->clients[i] = (struct client){.fd = -1, .agent = -1};
    r->stop = eventfd(0, EFD_CLOEXEC);
    r->listener = listen_at(at, uid, gid, mode);
    int failed = r->stop < 0 || r->listener < 0 ? errno : pthread_create(&r->thread, NULL, serve, r);
    if (failed == 0)
        return r;
    fd_closep(&r->stop);
    fd_closep(&r->listener);
    free(r);
    err_sys(e, failed, "make a socket for the ssh agent (user %u, group %u, mode %04o)", (unsigned)uid, (unsigned)gid, (unsigned)mode);
    return NULL;
}

void ssh_relay_free(struct ssh_relay *r) {
    if (!r)
        return;
    eventfd_write(r->stop, 1);
    pthread_join(r->thread, NULL);
    for (int i = 0; i < CLIENTS_MAX; i++)
        client_close(&r->clients[i]);
    fd_closep(&r->listener);
    fd_closep(&r->stop);
    free(r);
}
