/* SPDX-License-Identifier: Apache-2.0
 * croze login: credentials for a registry are tried, and kept where docker and podman look for them. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <termios.h>
#include <unistd.h>

#include "base/limits.h"
#include "base/log.h"
#include "cmd/cmd.h"
#include "cmd/registry_flags.h"
#include "net/words.h"
#include "registry/login.h"
#include "sys/files.h"

static const char *user, *password;
static bool from_stdin, get_login;

static const struct opt options[] = {
    OPT_STR('u', "username", "USER", &user, "Log in as USER; asked for on a terminal if not given"),
    OPT_FLAG(0, "password-stdin", &from_stdin, "Read the password or token from standard input"),
    OPT_STR('p', "password", "PASSWORD", &password, "The password; everyone who may list processes can read it there"),
    OPT_FLAG(0, "get-login", &get_login, "Print the user who is logged in, and change nothing"),
    OPT_TABLE(registry_login_rows, "Registries"),
    OPT_END,
};

static int run(struct context *c, char **args, size_t n, struct err *e);

const struct cmd cmd_login = {
    .name = "login",
    .summary = "Log in to a registry",
    .usage = "[OPTIONS] [HOST[:PORT]]",
    .description = "Asks the registry whether it takes user and password, and keeps them for croze, docker and podman. Without HOST it is "
                   "Docker Hub. A credential helper that is configured keeps the secret.",
    .options = options,
    .run = run,
};

/* --- What is typed --- */

static void chomp(struct buf *b) {
    while (b->n && (b->p[b->n - 1] == '\n' || b->p[b->n - 1] == '\r'))
        b->n--;
}

static bool read_stdin(struct buf *out, struct err *e) {
    if (!file_read_fd(STDIN_FILENO, "standard input", out, e))
        return false;
    chomp(out);
    return out->n || err_set(e, ERR_USAGE, "standard input holds no password");
}

/* A terminal that is silent must not stay so behind us: what ends or stops us puts it right first. */
static const int signals[] = {SIGINT, SIGQUIT, SIGTERM, SIGHUP, SIGTSTP};
enum { N_SIGNALS = sizeof signals / sizeof *signals };
static struct termios before, quiet;
static struct sigaction had[N_SIGNALS];

static void on_signal(int n);

static struct sigaction by_handler(void) {
    struct sigaction act = {.sa_handler = on_signal};
    sigemptyset(&act.sa_mask);
    return act;
}

/* What we were sent is done to us here. Behind it we have been continued, or could not be stopped (nobody is there who would go on with
 * us), and are silent again. */
static void on_signal(int n) {
    int saved = errno;
    struct sigaction act = by_handler();
    sigset_t only;
    sigemptyset(&only);
    sigaddset(&only, n);
    tcsetattr(STDIN_FILENO, TCSANOW, &before);
    signal(n, SIG_DFL);
    raise(n);
    sigprocmask(SIG_UNBLOCK, &only, NULL);
    sigaction(n, &act, NULL);
    tcsetattr(STDIN_FILENO, TCSANOW, &quiet);
    errno = saved;
}

static void silence(void) {
    struct sigaction act = by_handler();
    for (size_t i = 0; i < N_SIGNALS; i++) {
        sigaction(signals[i], NULL, &had[i]);
        if (had[i].sa_handler != SIG_IGN) /* nohup */
            sigaction(signals[i], &act, NULL);
    }
    /* before the prompt, and nothing is thrown away: who answers at once is heard, and not seen */
    tcsetattr(STDIN_FILENO, TCSADRAIN, &quiet);
}

static void end_silence(void) {
    tcsetattr(STDIN_FILENO, TCSADRAIN, &before);
    for (size_t i = 0; i < N_SIGNALS; i++)
        sigaction(signals[i], &had[i], NULL);
    fputc('\n', stderr);
}

static bool read_line(struct buf *out, struct err *e) {
    char c;
    ssize_t n;
    while (((n = read(STDIN_FILENO, &c, 1)) == 1 && c != '\n') || (n < 0 && errno == EINTR))
        if (n == 1)
            buf_add_char(out, c);
    chomp(out);
    if (n < 0)
        return err_sys(e, errno, "read from the terminal");
    return (out->n && buf_ok(out)) || err_set(e, ERR_USAGE, "nothing was typed");
}

/* One line from the terminal; of a secret nothing is shown. */
static bool ask(const char *prompt, bool secret, struct buf *out, struct err *e) {
    if (!isatty(STDIN_FILENO) || tcgetattr(STDIN_FILENO, &before) < 0)
        return err_set(e, ERR_USAGE, "there is no terminal to ask for the %s",
                       secret ? "password; use --password-stdin" : "user; use -u USER");
    quiet = before;
    quiet.c_lflag &= ~(tcflag_t)ECHO;
    if (secret)
        silence();
    fprintf(stderr, "%s: ", prompt);
    fflush(stderr);
    bool ok = read_line(out, e);
    if (secret)
        end_silence();
    return ok;
}

static bool find_user(struct buf *out, struct err *e) {
    if (!user && from_stdin)
        return err_set(e, ERR_USAGE, "--password-stdin needs -u USER");
    if (!user && !ask("Username", false, out, e))
        return false;
    if (user)
        buf_add_str(out, str_z(user));
    return (out->n && http_user_is_good(buf_str(out))) || err_set(e, ERR_USAGE, "a user name is not empty and has no colon");
}

static bool find_password(struct buf *out, struct err *e) {
    if (from_stdin)
        return read_stdin(out, e);
    if (!password)
        return ask("Password", true, out, e);
    log_warn("a password on the command line can be read by others; --password-stdin hides it");
    buf_add_str(out, str_z(password));
    return out->n || err_set(e, ERR_USAGE, "the password is empty");
}

static bool read_options(struct registry_options *o, struct err *e) {
    if (from_stdin && password)
        return err_set(e, ERR_USAGE, "--password and --password-stdin are two places for one password");
    return registry_flags_read(o, e);
}

/* --- What is done --- */

static bool show_user(const struct registry_options *o, const struct repository *key, struct arena *a, struct err *e) {
    struct str who, where;
    if (!login_user(o, key, a, &who, &where, e))
        return false;
    if (!who.n)
        return err_set(e, ERR_FAILED, "nobody is logged in to %.*s", STR_ARG(repository_text(a, key)));
    printf("%.*s\n", STR_ARG(who));
    return true;
}

static const char *source(void) {
    return from_stdin ? "--password-stdin" : password ? "--password" : "what was typed";
}

static bool log_in(const struct registry_options *o, const struct repository *key, struct str name, struct str secret, struct arena *a,
                   struct err *e) {
    struct str where;
    struct registries *r = registries_new(o, e);
    bool ok = r && registry_login_check(r, key->host, name, secret, source(), e) && login_store(o, key, name, secret, a, &where, e);
    registries_free(r);
    if (ok) {
        puts("Login Succeeded!");
        log_debug("credentials are in %.*s", STR_ARG(where));
    }
    return ok;
}

static int run(struct context *c, char **args, size_t n, struct err *e) {
    (void)c;
    struct arena a = ARENA_INIT;
    struct buf name = BUF_INIT(LIMIT_CREDENTIAL_BYTES / 4), secret = BUF_INIT(LIMIT_CREDENTIAL_BYTES / 2);
    struct registry_options o;
    struct repository key;
    bool ok = n <= 1 || err_set(e, ERR_USAGE, "login takes one registry");
    ok = ok && read_options(&o, e) && login_key(&a, n ? str_z(args[0]) : STR_NULL, &key, e);
    if (ok && get_login)
        ok = show_user(&o, &key, &a, e);
    else
        ok = ok && find_user(&name, e) && find_password(&secret, e) && log_in(&o, &key, buf_str(&name), buf_str(&secret), &a, e);
    mem_wipe(secret.p, secret.capacity);
    buf_fini(&secret);
    buf_fini(&name);
    arena_fini(&a);
    return ok ? 0 : -1;
}
