/* SPDX-License-Identifier: Apache-2.0
 * Any bytes from a step to the relay before the ssh agent, which is not there: every answer is a failure of five bytes, one a whole
 * message, and the relay goes on serving. */
#include <assert.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/limits.h"
#include "build/ssh_relay.h"
#include "sys/files.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char dir[] = "/tmp/croze-fuzz-relay-XXXXXX";
static struct ssh_relay *relay;
static struct socket_place own = {-1, "own"};

static void end(void) {
    ssh_relay_free(relay);
    unlinkat(own.dir_fd, own.name, 0);
    rmdir(dir);
}

static void begin(void) {
    struct err e = ERR_INIT;
    if (relay)
        return;
    own.dir_fd = mkdtemp(dir) ? open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC) : -1;
    relay = ssh_relay_new(own, getuid(), getgid(), 0600, (struct socket_place){own.dir_fd, "nobody"}, &e);
    assert(relay);
    atexit(end);
}

/* How many whole messages the bytes begin with, up to one that ends the connection. */
static size_t messages(const uint8_t *p, size_t n) {
    size_t count = 0;
    while (n >= 4) {
        size_t length = (size_t)p[0] << 24 | (size_t)p[1] << 16 | (size_t)p[2] << 8 | p[3];
        if (length == 0 || length > LIMIT_AGENT_FRAME_BYTES || length > n - 4)
            break;
        count++;
        p += 4 + length;
        n -= 4 + length;
    }
    return count;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static const uint8_t failure[5] = {0, 0, 0, 1, 5};
    uint8_t answers[65536];
    size_t got = 0;
    begin();
    if (size > 4096)
        return 0; /* so that what is sent and answered fits into the sockets' buffers */
    int fd = socket_connect_at(own);
    assert(fd >= 0 && send(fd, data, size, MSG_NOSIGNAL) == (ssize_t)size && shutdown(fd, SHUT_WR) == 0);
    for (ssize_t k; got < sizeof answers && (k = recv(fd, answers + got, sizeof answers - got, 0)) > 0;)
        got += (size_t)k;
    close(fd);
    assert(got % sizeof failure == 0 && got / sizeof failure <= messages(data, size));
    for (size_t i = 0; i < got; i++)
        assert(answers[i] == failure[i % sizeof failure]);
    return 0;
}
