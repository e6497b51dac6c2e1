/* SPDX-License-Identifier: Apache-2.0
 * Running git: see git_run.h. */
#include "fetch/git_run.h"

#include <errno.h>
#include <openssl/evp.h>
#include <pwd.h>

#include "base/limits.h"
#include "base/log.h"
#include "net/settings.h"
#include "sys/proc.h"

enum { STALL_FACTOR = 5, TRANSFER_MAX_S = 3600, SAID_MAX_BYTES = 64 << 10, SHOWN_SAID_BYTES = 2000, ENV_MAX = 64, USER_CONFIG_MAX = 200 };

/* What a repository or a user's settings must not change. */
static const char *const fixed_config[] = {
    "core.hooksPath=/dev/null",
    "core.fsmonitor=false",
    "core.attributesFile=/dev/null",
    "core.autocrlf=false",
    "core.eol=lf",
    "core.logAllRefUpdates=false",
    "core.symlinks=true",
    "core.fileMode=true",
    "gc.auto=0",
    "maintenance.auto=false",
    "fetch.unpackLimit=1", /* a pack is there or is not: a killed fetch leaves no half of one */
    "fetch.recurseSubmodules=false",
    "submodule.recurse=false",
    "transfer.bundleURI=false",
    "protocol.version=2",
    "advice.detachedHead=false",
    "init.defaultBranch=main",
    "safe.directory=*", /* a mirror may have been made in another user namespace */
    "pack.threads=1",
};

/* --- Environment --- */

struct environment {
    struct arena *arena;
    const char *p[ENV_MAX];
    size_t n;
    size_t configs; /* GIT_CONFIG_KEY_<n> so far; they have entries of their own */
    const char **config;
};

static void set(struct environment *v, const char *name, struct str value) {
    if (v->n + 1 < ENV_MAX)
        v->p[v->n++] = arena_printf(v->arena, "%s=%.*s", name, STR_ARG(value)).p;
}

static void pass(struct environment *v, const char *name) {
    const char *value = getenv(name);
    if (value)
        set(v, name, str_z(value));
}

static bool exists(struct str path) {
    return access(path.p, R_OK) == 0;
}

/* 'a'\''b': git hands GIT_SSH_COMMAND to a shell. */
static void add_quoted(struct buf *out, struct str s) {
    buf_add_char(out, '\'');
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] == '\'')
            buf_add_str(out, S("'\\''"));
        else
            buf_add_char(out, s.p[i]);
    }
    buf_add_char(out, '\'');
}

static void add_file(struct arena *a, struct buf *out, const char *option, struct str home, const char *name) {
    struct str path = arena_printf(a, "%.*s/.ssh/%s", STR_ARG(home), name);
    if (!exists(path))
        return;
    buf_printf(out, " %s", option);
    add_quoted(out, path);
}

/* ssh never asks. It looks for its files in the home directory of the password file, which in a user namespace is root's: then they are
 * named. */
static struct str ssh_command(struct arena *a) {
    static const char *const keys[] = {"id_ed25519", "id_ecdsa", "id_rsa"};
    struct buf out = BUF_INIT(KIB(64));
    struct str home = str_z(getenv("HOME"));
    struct passwd entry, *found = NULL;
    char text[4096];
    bool moved = home.n && (getpwuid_r(geteuid(), &entry, text, sizeof text, &found) != 0 || !found || !str_eqz(home, found->pw_dir));
    buf_add_str(&out, S("ssh -oBatchMode=yes"));
    buf_printf(&out, " -oConnectTimeout=%ld", net_timeout_s());
    if (moved) {
        add_file(a, &out, "-F", home, "config");
        add_file(a, &out, "-oUserKnownHostsFile=", home, "known_hosts");
        for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
            add_file(a, &out, "-oIdentityFile=", home, keys[i]);
    }
    struct str command = arena_str(a, buf_str(&out));
    buf_fini(&out);
    return command;
}

static void add_config(struct environment *v, struct str key, struct str value) {
    v->config[v->configs * 2] = arena_printf(v->arena, "GIT_CONFIG_KEY_%zu=%.*s", v->configs, STR_ARG(key)).p;
    v->config[v->configs * 2 + 1] = arena_printf(v->arena, "GIT_CONFIG_VALUE_%zu=%.*s", v->configs, STR_ARG(value)).p;
    v->configs++;
}

/* In the environment and not among the arguments, which everybody on the machine can read. */
static void set_user_config(struct environment *v, const struct git *g) {
    const struct user_config *u = g->user;
    size_t n = u ? u->n : 0;
    v->config = arena_array(v->arena, const char *, (n + 1) * 2);
    for (size_t i = 0; i < n; i++)
        add_config(v, u->keys[i], u->values[i]);
    if (g->secret_header.n)
        add_config(v, arena_printf(v->arena, "http.%.*s.extraHeader", STR_ARG(g->secret_url)), g->secret_header);
    set(v, "GIT_CONFIG_COUNT", arena_printf(v->arena, "%zu", v->configs));
}

static void set_network(struct environment *v, const struct git *g) {
    static const char *const passed[] = {"HOME",        "XDG_CONFIG_HOME", "SSH_AUTH_SOCK", "GIT_SSH",  "http_proxy", "https_proxy",
                                         "HTTPS_PROXY", "all_proxy",       "ALL_PROXY",     "no_proxy", "NO_PROXY",   "SSL_CERT_DIR"};
    for (size_t i = 0; i < sizeof passed / sizeof *passed; i++)
        pass(v, passed[i]);
    static const char *const authorities[] = {"GIT_SSL_CAINFO", "CURL_CA_BUNDLE", "SSL_CERT_FILE"};
    const char *authority = NULL;
    for (size_t i = 0; !authority && i < sizeof authorities / sizeof *authorities; i++)
        authority = getenv(authorities[i]);
    if (authority && *authority)
        set(v, "GIT_SSL_CAINFO", str_z(authority));
    set(v, "GIT_HTTP_LOW_SPEED_LIMIT", S("256"));
    set(v, "GIT_HTTP_LOW_SPEED_TIME", arena_printf(v->arena, "%ld", net_timeout_s()));
    bool own = getenv("GIT_SSH_COMMAND") || getenv("GIT_SSH");
    for (size_t i = 0; g->user && i < g->user->n; i++)
        own = own || str_eqz(g->user->keys[i], "core.sshcommand");
    if (own)
        pass(v, "GIT_SSH_COMMAND");
    else
        set(v, "GIT_SSH_COMMAND", ssh_command(v->arena));
    set_user_config(v, g);
}

static const char *const *environment_of(const struct git *g) {
    struct environment v = {.arena = g->arena};
    pass(&v, "PATH");
    pass(&v, "TMPDIR");
    set(&v, "LC_ALL", S("C"));
    set(&v, "GIT_TERMINAL_PROMPT", S("0"));
    set(&v, "GIT_ASKPASS", S("true")); /* no window is opened either */
    set(&v, "GIT_CONFIG_NOSYSTEM", S("1"));
    set(&v, "GIT_CONFIG_GLOBAL", S("/dev/null"));
    set(&v, "GIT_ATTR_NOSYSTEM", S("1"));
    set(&v, "GIT_NO_REPLACE_OBJECTS", S("1"));
    set(&v, "GIT_ALLOW_PROTOCOL", str_z(g->protocols));
    if (g->index)
        set(&v, "GIT_INDEX_FILE", str_z(g->index));
    if (g->protocols[0])
        set_network(&v, g);
    else
        set(&v, "HOME", S("/nonexistent"));
    const char **all = arena_array(g->arena, const char *, v.n + v.configs * 2 + 1);
    memcpy(all, v.p, v.n * sizeof *all);
    if (v.configs)
        memcpy(all + v.n, v.config, v.configs * 2 * sizeof *all);
    return all;
}

/* --- Running --- */

/* What it said, for a message: lines joined, other lines than those of a failure left out if there are such. */
static struct str sum_up(struct arena *a, struct str said) {
    struct buf out = BUF_INIT(SHOWN_SAID_BYTES);
    struct str rest = said, line;
    bool marked = str_find(said, S("fatal: ")) >= 0 || str_find(said, S("error: ")) >= 0 || str_find(said, S("ERROR: ")) >= 0;
    while (str_next(&rest, '\n', &line)) {
        line = str_trim(line);
        bool failure = str_starts(line, S("fatal: ")) || str_starts(line, S("error: ")) || str_find(line, S("ERROR: ")) >= 0 ||
                       str_starts(line, S("ssh: ")) || str_starts(line, S("Host key"));
        if (line.n == 0 || (marked && !failure))
            continue;
        if (out.n)
            buf_add_str(&out, S("; "));
        buf_add_str(&out, line);
    }
    struct str text = out.n ? buf_str(&out) : S("it said nothing");
    struct str kept = arena_str(a, text);
    buf_fini(&out);
    return kept;
}

static const char *const *arguments(const struct git *g, const char *const *args) {
    enum { OWN = 3 + 2 * sizeof fixed_config / sizeof *fixed_config };
    const char **all = arena_array(g->arena, const char *, (size_t)OWN + GIT_ARGS_MAX + 1);
    size_t n = 0;
    all[n++] = "git";
    for (size_t i = 0; i < sizeof fixed_config / sizeof *fixed_config; i++) {
        all[n++] = "-c";
        all[n++] = fixed_config[i];
    }
    if (g->git_dir)
        all[n++] = arena_printf(g->arena, "--git-dir=%s", g->git_dir).p;
    if (g->git_dir && g->dir)
        all[n++] = "--work-tree=.";
    for (size_t i = 0; args[i] && i < GIT_ARGS_MAX; i++)
        all[n++] = args[i];
    return all;
}

/* Why it could not be run, or was ended. */
static void explain(const char *command, struct err *e) {
    if (e->sys == ENOENT)
        err_append(e, "; repositories are fetched with it (Debian's package is git)");
    else
        err_wrap(e, "git %s", command);
}

/* How long git may print nothing, which is how it works: over HTTP it bounds itself (GIT_HTTP_LOW_SPEED_TIME), other ways nobody does. */
static int patience_s(const struct git *g) {
    if (str_find(str_z(g->protocols), S("http")) >= 0)
        return 0;
    return g->protocols[0] ? TRANSFER_MAX_S : (int)(net_timeout_s() * STALL_FACTOR);
}

bool git_run(struct git *g, const char *const *args, struct str *out, bool *failed, struct err *e) {
    struct buf printed = BUF_INIT(LIMIT_GIT_OUTPUT_BYTES), said = BUF_INIT(SAID_MAX_BYTES);
    struct proc_spec spec = {arguments(g, args), environment_of(g), g->dir ? g->dir : "/", -1, -1, -1};
    uint64_t began = log_now_ns();
    int code = 0;
    bool ran = proc_listen(&spec, &printed, &said, patience_s(g), &code, e);
    log_span("git", began);
    if (!ran)
        explain(args[0], e);
    bool too_much = ran && !buf_ok(&printed); /* then it was ended, whatever its code is */
    if (failed)
        *failed = ran && !too_much && code != 0;
    g->said = ran ? sum_up(g->arena, buf_str(&said)) : S("");
    bool ok = ran && code == 0 && !too_much;
    if (too_much)
        err_set(e, ERR_FAILED, "git %s prints more than the limit of %zu MiB", args[0], LIMIT_GIT_OUTPUT_BYTES >> 20);
    else if (ran && code != 0)
        err_set(e, ERR_FAILED, "git %s failed (%d): %.*s", args[0], code, STR_ARG(url_shown(g->arena, g->said)));
    if (ok && out)
        *out = arena_str(g->arena, buf_str(&printed));
    buf_fini(&printed);
    buf_fini(&said);
    return ok;
}

/* --- The user's configuration --- */

/* Entries are "key\nvalue\0"; one without a value is a flag that is set. */
static void take_entries(struct arena *a, struct str listing, struct user_config *out) {
    struct str entry;
    out->keys = arena_array(a, struct str, USER_CONFIG_MAX);
    out->values = arena_array(a, struct str, USER_CONFIG_MAX);
    while (out->n < USER_CONFIG_MAX && str_next(&listing, '\0', &entry)) {
        if (entry.n == 0)
            continue;
        bool has_value = str_cut(entry, '\n', &out->keys[out->n], &out->values[out->n]);
        if (!has_value)
            out->values[out->n] = S("true");
        out->n++;
    }
}

bool git_read_user_config(struct arena *a, struct user_config *out, struct err *e) {
    const char *argv[] = {"git", "config", "-z", "--includes", "--get-regexp", "^(credential\\.|http\\.|core\\.sshcommand$)", NULL};
    struct buf printed = BUF_INIT(MIB(1)), said = BUF_INIT(SAID_MAX_BYTES);
    int code = 0;
    *out = (struct user_config){0};
    bool ok = proc_listen(&(struct proc_spec){argv, NULL, "/", -1, -1, -1}, &printed, &said, (int)net_timeout_s(), &code, e);
    if (!ok)
        explain("config", e);
    if (ok && code == 0)
        take_entries(a, arena_str(a, buf_str(&printed)), out);
    else if (ok && code != 1) /* 1: there is nothing of the kind */
        log_warn("git's configuration cannot be read, and is not used: %.*s", STR_ARG(sum_up(a, buf_str(&said))));
    buf_fini(&printed);
    buf_fini(&said);
    return ok;
}

struct str git_basic_header(struct arena *a, struct str user, struct str password) {
    struct str plain = arena_printf(a, "%.*s:%.*s", STR_ARG(user), STR_ARG(password));
    unsigned char *text = arena_alloc(a, plain.n * 2 + 8, 1);
    EVP_EncodeBlock(text, (const unsigned char *)plain.p, (int)plain.n);
    return arena_printf(a, "Authorization: Basic %s", (const char *)text);
}
