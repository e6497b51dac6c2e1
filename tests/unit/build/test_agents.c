/* SPDX-License-Identifier: Apache-2.0
 * ssh agents: what --ssh may name; the relay, against an agent that is this test and against the real one; an agent of our own ends with
 * us, also when we are killed. */
#include "build/agents.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "base/limits.h"
#include "sys/files.h"
#include "sys/proc.h"
#include "tap.h"

static int dir_fd;
static char dir[] = "/tmp/croze-agents-XXXXXX";

/* --- an agent that is this test: it answers each message with a byte 100 and the message --- */

static int listen_fd;

static bool take(int fd, unsigned char *to, size_t n) {
    for (size_t done = 0; done < n;) {
        ssize_t k = read(fd, to + done, n - done);
        if (k <= 0)
            return false;
        done += (size_t)k;
    }
    return true;
}

static size_t length_of(const unsigned char *head) {
    return (size_t)head[0] << 24 | (size_t)head[1] << 16 | (size_t)head[2] << 8 | head[3];
}

static void set_length(unsigned char *head, size_t n) {
    for (int i = 0; i < 4; i++)
        head[i] = (unsigned char)(n >> (24 - 8 * i));
}

static void *echo(void *arg) {
    int fd = *(int *)arg;
    unsigned char *frame = malloc(LIMIT_AGENT_FRAME_BYTES + 8);
    while (take(fd, frame, 4) && take(fd, frame + 5, length_of(frame))) {
        size_t n = length_of(frame);
        set_length(frame, n + 1);
        frame[4] = 100;
        if (write(fd, frame, n + 5) != (ssize_t)(n + 5))
            break;
    }
    free(frame);
    close(fd);
    free(arg);
    return NULL;
}

static void *accept_all(void *arg) {
    (void)arg;
    for (;;) {
        pthread_t thread;
        int fd = accept(listen_fd, NULL, NULL);
        if (fd < 0)
            return NULL;
        int *boxed = malloc(sizeof *boxed);
        *boxed = fd;
        pthread_create(&thread, NULL, echo, boxed);
        pthread_detach(thread);
    }
}

static void start_echo(const char *name) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    pthread_t thread;
    snprintf(address.sun_path, sizeof address.sun_path, "%s/%s", dir, name);
    listen_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ok(bind(listen_fd, (struct sockaddr *)&address, sizeof address) == 0 && listen(listen_fd, 50) == 0, "an agent listens");
    pthread_create(&thread, NULL, accept_all, NULL);
    pthread_detach(thread);
}

/* Sends one message of n bytes, the first of which is `kind`; the length of the answer and its first byte. */
static size_t ask(int fd, unsigned char kind, size_t n, unsigned char *first) {
    unsigned char *frame = calloc(1, LIMIT_AGENT_FRAME_BYTES + 8);
    set_length(frame, n);
    frame[4] = kind;
    size_t got = 0;
    if (write(fd, frame, n + 4) == (ssize_t)(n + 4) && take(fd, frame, 4) && take(fd, frame + 4, length_of(frame))) {
        got = length_of(frame);
        *first = frame[4];
    }
    free(frame);
    return got;
}

static void test_relay(void) {
    struct err e = ERR_INIT;
    struct socket_place own = {dir_fd, "relay"}, agent = {dir_fd, "echo"};
    struct stat st;
    unsigned char first = 0;
    start_echo("echo");
    struct ssh_relay *r = ssh_relay_new(own, getuid(), getgid(), 0640, agent, &e);
    no_err(&e, "a relay");
    ok(fstatat(dir_fd, "relay", &st, 0) == 0 && S_ISSOCK(st.st_mode) && (st.st_mode & 07777) == 0640, "its socket has the mode");
    int fd = socket_connect_at(own);
    ok(ask(fd, 11, 1, &first) == 2 && first == 100, "a list of keys is asked for");
    ok(ask(fd, 13, 2000, &first) == 2001 && first == 100, "a signature");
    ok(ask(fd, 13, LIMIT_AGENT_FRAME_BYTES - 1, &first) == LIMIT_AGENT_FRAME_BYTES, "a message of the greatest length");
    static const unsigned char others[] = {0, 1, 3, 7, 9, 17, 18, 19, 20, 21, 22, 23, 25, 26, 27, 255};
    bool refused = true;
    for (size_t i = 0; i < sizeof others; i++)
        refused = refused && ask(fd, others[i], 30, &first) == 1 && first == 5;
    ok(refused, "keys added or removed, locks, extensions and all else is refused here");
    int half = socket_connect_at(own), silent = socket_connect_at(own);
    ok(half >= 0 && silent >= 0 && write(half, "\0\0", 2) == 2 && ask(fd, 11, 1, &first) == 2, "half a message holds up nobody");
    int wrong = socket_connect_at(own);
    char byte;
    ok(write(wrong, "\xff\xff\xff\xff\x0b", 5) == 5 && read(wrong, &byte, 1) <= 0, "a message of 4 GiB ends its connection");
    close(wrong);
    int many[40];
    for (int i = 0; i < 40; i++)
        many[i] = socket_connect_at(own);
    for (int i = 0; i < 40; i++)
        close(many[i]);
    ok(ask(fd, 11, 1, &first) == 2, "more connections than it serves at once come and go");
    close(half);
    close(silent);
    shutdown(listen_fd, SHUT_RDWR);
    close(listen_fd);
    unlinkat(dir_fd, "echo", 0);
    int late = socket_connect_at(own);
    ok(ask(late, 11, 1, &first) == 1 && first == 5, "an agent that is gone is a failure");
    close(late);
    ssh_relay_free(r); /* with a client that is connected */
    ok(read(fd, &byte, 1) <= 0, "the end of the relay ends its connections");
    close(fd);
    unlinkat(dir_fd, "relay", 0);
}

/* --- --ssh --- */

static void refused(const char *spec, const char *part) {
    struct run_options o = {.shm_bytes = 0};
    struct err e = ERR_INIT;
    struct agents *a = run_agent_parse(&o, str_z(spec), &e) ? agents_open(&o, NULL, &e) : NULL;
    ok(!a && e.kind == ERR_USAGE, "%s: refused", spec);
    is_err(&e, part, part);
    agents_free(a);
    run_options_fini(&o);
}

static void test_flag(void) {
    unsetenv("SSH_AUTH_SOCK");
    refused("default", "SSH_AUTH_SOCK is not set");
    refused("git=/no/such", "--ssh git: /no/such: No such file");
    refused("git=/dev/null", "neither an agent's socket nor a key");
    setenv("SSH_AUTH_SOCK", "/etc/no/socket", 1);
    refused("default", "/etc/no/socket: No such file");
    start_echo("own");
    char both[128];
    snprintf(both, sizeof both, "git=%s/own,/etc/passwd", dir);
    refused(both, "one socket, or keys");
    snprintf(both, sizeof both, "%s/own", dir);
    setenv("SSH_AUTH_SOCK", both, 1);
    struct run_options o = {.shm_bytes = 0};
    struct err e = ERR_INIT;
    struct socket_place place = {0};
    bool found;
    struct agents *a = run_agent_parse(&o, S("default"), &e) ? agents_open(&o, NULL, &e) : NULL;
    ok(a && agents_get(a, S("default"), &found, &place, &e) && found, "the agent of SSH_AUTH_SOCK");
    unsigned char first = 0;
    int fd = socket_connect_at(place);
    ok(ask(fd, 11, 1, &first) == 2 && first == 100, "is the one that answers");
    close(fd);
    ok(agents_get(a, S("other"), &found, &place, &e) && !found, "another id is not there");
    agents_free(a);
    run_options_fini(&o);
    shutdown(listen_fd, SHUT_RDWR);
    close(listen_fd);
    unlinkat(dir_fd, "own", 0);
}

/* --- an agent of our own --- */

static bool run_command(const char *const *argv) {
    struct err e = ERR_INIT;
    struct proc_spec spec = {.argv = argv, .dir = dir, .in = -1, .out = -1, .error = -1};
    int code = -1;
    pid_t pid = proc_start(&spec, &e);
    bool good = pid >= 0 && proc_wait(pid, &code, &e) && code == 0;
    if (!good)
        printf("# %s: %d %s\n", argv[0], code, e.msg ? e.msg : "");
    err_clear(&e);
    return good;
}

static struct agents *with_key(struct run_options *o, struct store *s, const char *key, struct err *e) {
    char spec[128], root[128];
    snprintf(spec, sizeof spec, "git=%s/%s", dir, key);
    snprintf(root, sizeof root, "%s/store", dir);
    *o = (struct run_options){.shm_bytes = 0};
    return store_open(s, root, "host-trusted", e) && run_agent_parse(o, str_z(spec), e) ? agents_open(o, s, e) : NULL;
}

/* Whether the agent lists as many keys as `want`: an answer of kind 12 with a number. */
static bool lists(struct socket_place place, unsigned char want) {
    unsigned char answer[4 + 1 + 4] = {0}, question[5] = {0, 0, 0, 1, 11};
    int fd = socket_connect_at(place);
    bool good = fd >= 0 && write(fd, question, 5) == 5 && take(fd, answer, sizeof answer) && answer[4] == 12 && answer[8] == want;
    close(fd);
    return good;
}

static void end_by_kill(void) {
    int ends[2];
    char byte;
    ok(pipe(ends) == 0, "a pipe"); /* without O_CLOEXEC: the agent inherits it */
    pid_t child = fork();
    if (child == 0) {
        struct run_options o;
        struct store s;
        struct err e = ERR_INIT;
        struct socket_place place = {0};
        bool found;
        close(ends[0]);
        struct agents *a = with_key(&o, &s, "key", &e);
        bool good = a && agents_get(a, S("git"), &found, &place, &e) && lists(place, 1);
        kill(getpid(), good ? SIGKILL : SIGTERM);
        _exit(1);
    }
    close(ends[1]);
    int status;
    waitpid(child, &status, 0);
    ok(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL, "a process is killed that has an agent");
    struct pollfd end = {.fd = ends[0], .events = POLLIN};
    ok(poll(&end, 1, 10000) == 1 && read(ends[0], &byte, 1) == 0, "the agent ends too");
    close(ends[0]);
}

static void test_own_agent(void) {
    static const char *const keygen[] = {"ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", "key", NULL};
    static const char *const locked[] = {"ssh-keygen", "-q", "-t", "ed25519", "-N", "secret", "-f", "locked", NULL};
    if (!proc_exists("ssh-agent") || !proc_exists("ssh-keygen")) {
        tap_skip("no ssh-agent or ssh-keygen (package openssh-client)");
        return;
    }
    struct run_options o;
    struct store s;
    struct err e = ERR_INIT;
    struct socket_place place = {-1, NULL}, again = {-1, NULL};
    bool found = false;
    ok(run_command(keygen) && chmod(dir, 0700) == 0, "a key");
    char key[128];
    snprintf(key, sizeof key, "%s/key", dir);
    ok(chmod(key, 0644) == 0, "that others may read: ssh-add alone would refuse it");
    struct agents *a = with_key(&o, &s, "key", &e);
    ok(a && agents_get(a, S("git"), &found, &place, &e) && found, "an agent is started for it");
    no_err(&e, "without an error");
    ok(lists(place, 1), "and has it");
    ok(agents_get(a, S("git"), &found, &again, &e) && again.dir_fd == place.dir_fd, "it is started once");
    agents_free(a);
    store_close(&s);
    run_options_fini(&o);
    end_by_kill();
    a = with_key(&o, &s, "key.pub", &e);
    ok(a && !agents_get(a, S("git"), &found, &place, &e), "a file that is no key");
    is_err(&e, "--ssh git: ssh-add does not take the key", "is named");
    agents_free(a);
    store_close(&s);
    run_options_fini(&o);
    setenv("SSH_ASKPASS", "/bin/false", 1);
    setenv("SSH_ASKPASS_REQUIRE", "force", 1);
    ok(run_command(locked), "a key with a passphrase");
    a = with_key(&o, &s, "locked", &e);
    ok(a && !agents_get(a, S("git"), &found, &place, &e), "that nobody gives");
    is_err(&e, "ssh-add does not take the key", "is an error");
    agents_free(a);
    store_close(&s);
    run_options_fini(&o);
}

int main(void) {
    struct err e = ERR_INIT;
    signal(SIGPIPE, SIG_IGN);
    setenv("CROZE_NO_SYNC", "1", 1);
    if (!mkdtemp(dir) || (dir_fd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC)) < 0)
        return 1;
    test_relay();
    test_flag();
    test_own_agent();
    ok(file_remove_tree(AT_FDCWD, dir, &e), "the scratch directory can be removed");
    err_clear(&e);
    return tap_done();
}
