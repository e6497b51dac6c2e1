/* SPDX-License-Identifier: Apache-2.0
 * The daemon's settings: its command line from /proc, and its daemon.json. Which process it is, is what the kernel says of the socket, not
 * whose command line looks like it. */
#include "base/limits.h"
#include "check/host_rules.h"

/* --- The process --------------------------------------------------------------------------------------------------------------------- */

static bool is_dockerd(struct str arg) {
    return str_eqz(path_base(arg), "dockerd");
}

static bool read_args(struct host_check *c, pid_t pid, struct host_daemon *d) {
    struct str text, arg;
    const char *why = "";
    char *path = arena_strz(c->arena, arena_printf(c->arena, "/proc/%d/cmdline", (int)pid));
    enum host_read got = c->source->read(c->source->ctx, path, LIMIT_HOST_FILE_BYTES, c->arena, &text, &why);
    if (got == HOST_DENIED)
        d->why = arena_printf(c->arena, "%s: %s", path, why);
    if (got != HOST_READ)
        return false;
    VEC(struct str) args = {0};
    while (args.n < LIMIT_HOST_ARGS && str_next(&text, '\0', &arg))
        vec_push(&args, arg);
    d->n_args = args.n;
    d->args = arena_array(c->arena, struct str, args.n);
    if (args.n)
        memcpy(d->args, args.p, args.n * sizeof *args.p);
    vec_fini(&args);
    return d->n_args > 0;
}

static bool take_process(struct host_check *c, pid_t pid, struct host_daemon *d) {
    if (pid <= 0 || !read_args(c, pid, d) || !is_dockerd(d->args[0])) {
        d->n_args = 0;
        return false;
    }
    d->pid = pid;
    return true;
}

/* Anyone may call a process as he likes: the daemon's is root's, or of the user whose socket is asked, and it is in no container. */
static bool is_engines(struct host_check *c, struct str pid, struct host_daemon *d) {
    struct str ids, own, effective, rest, numbers;
    struct host_file socket = {0};
    const char *why;
    uint64_t uid;
    if (!host_status_of(c, pid, "Uid", &ids) || !str_cut(ids, '\t', &own, &rest)) {
        d->why = arena_printf(c->arena, "whose process %.*s is, is not known", STR_ARG(pid));
        return false;
    }
    (void)str_cut(rest, '\t', &effective, &rest);
    bool known = str_to_u64(effective, 10, UINT32_MAX, &uid);
    bool of_socket =
        c->source->socket.n && c->source->stat(c->source->ctx, arena_strz(c->arena, c->source->socket), &socket, &why) == HOST_READ;
    if (known && (uid == 0 || (of_socket && uid == socket.uid)) &&
        (!host_status_of(c, pid, "NSpid", &numbers) || str_index(numbers, '\t') < 0))
        return true;
    d->why = arena_printf(c->arena, "process %.*s is called dockerd, and is %s", STR_ARG(pid),
                          known && uid ? arena_printf(c->arena, "user %.*s's", STR_ARG(effective)).p : "in a container");
    return false;
}

/* systemd listens in its place where it made the socket, and a process of another pid namespace has no number here: the daemon's own file
 * says which it is. */
static bool from_pid_file(struct host_check *c, struct host_daemon *d) {
    struct str text;
    const char *why;
    uint64_t pid;
    struct str dir = c->source->socket.n ? path_dir(c->source->socket) : S("/var/run");
    struct str path = arena_join3(c->arena, dir, S("/docker.pid"), STR_NULL);
    return c->source->read(c->source->ctx, path.p, 64, c->arena, &text, &why) == HOST_READ &&
           str_to_u64(str_trim(text), 10, INT32_MAX, &pid) && is_engines(c, str_trim(text), d) && take_process(c, (pid_t)pid, d);
}

static bool is_called_dockerd(struct host_check *c, struct str pid, size_t *unread) {
    struct str comm, path = arena_printf(c->arena, "/proc/%.*s/comm", STR_ARG(pid));
    const char *why;
    enum host_read got = c->source->read(c->source->ctx, path.p, 64, c->arena, &comm, &why);
    *unread += got == HOST_DENIED;
    return got == HOST_READ && str_eqz(str_trim(comm), "dockerd");
}

/* The last resort: the one process that bears the name. Of several nobody knows which is meant. */
static void from_names(struct host_check *c, struct host_daemon *d) {
    struct host_names names = {0};
    const char *why = "";
    pid_t found = 0;
    size_t n = 0, unread = 0, of_others = 0;
    bool sees_init = false; /* where /proc hides others' processes, it hides that one */
    if (c->source->list(c->source->ctx, "/proc", c->arena, &names, &why) != HOST_READ) {
        d->why = arena_printf(c->arena, "/proc: %s", why);
        return;
    }
    for (size_t k = 0; k < names.n; k++) {
        uint64_t pid;
        if (!str_to_u64(names.p[k], 10, INT32_MAX, &pid))
            continue;
        sees_init |= pid == 1;
        if (!is_called_dockerd(c, names.p[k], &unread))
            continue;
        bool is_it = is_engines(c, names.p[k], d);
        found = is_it ? (pid_t)pid : found;
        n += is_it;
        of_others += !is_it;
    }
    d->is_absent = n + of_others + unread == 0 && sees_init && c->source->no_engine.n && !c->source->engine_denied;
    if (n > 1 || (n == 0 && d->why.n == 0))
        d->why = n ? arena_printf(c->arena, "%zu processes are called dockerd", n) : S("no process is called dockerd");
    if (n == 1 && !take_process(c, found, d) && d->why.n == 0)
        d->why = S("the command line of dockerd is empty");
}

/* --- daemon.json --------------------------------------------------------------------------------------------------------------------- */

/* Whether an argument is that option: "--flag", "--flag=value", "-l", "-lvalue", "-l=value". *joined: the value is in it. */
static bool is_option(struct str arg, const char *flag, char letter, bool *joined, struct str *value) {
    struct str name = STR_NULL;
    *joined = false;
    if (str_starts(arg, S("--"))) {
        *joined = str_cut(str_from(arg, 2), '=', &name, value);
        return str_eqz(name, flag);
    }
    if (!letter || arg.n < 2 || arg.p[0] != '-' || arg.p[1] != letter)
        return false;
    *joined = arg.n > 2;
    *value = str_from(arg, arg.n > 2 && arg.p[2] == '=' ? 3 : 2);
    return true;
}

/* The next time that an option is given, from argument *at on. */
static bool next_option(const struct host_daemon *d, const char *flag, char letter, bool is_bool, size_t *at, struct str *value) {
    while (*at < d->n_args) {
        bool joined;
        if (!is_option(d->args[(*at)++], flag, letter, &joined, value))
            continue;
        if (!joined)
            *value = is_bool ? S("true") : *at < d->n_args ? d->args[(*at)++] : STR_NULL;
        return true;
    }
    return false;
}

static void find_config(struct host_check *c, struct host_daemon *d) {
    struct str text, given = STR_NULL;
    const char *why = "";
    size_t at = 1;
    d->config_path = S("/etc/docker/daemon.json");
    if (next_option(d, "config-file", 0, false, &at, &given))
        d->config_path = arena_str(c->arena, given);
    else if (c->is_rootless) {
        struct str home = host_home(c, c->rootless_uid);
        d->config_path = home.n ? arena_join3(c->arena, home, S("/.config/docker/daemon.json"), STR_NULL) : STR_NULL;
        if (home.n == 0) {
            d->config.why = arena_printf(c->arena, "daemon.json: /etc/passwd has no home of user %u", c->rootless_uid);
            return;
        }
    }
    char *path = arena_strz(c->arena, d->config_path);
    enum host_read got = c->source->read(c->source->ctx, path, LIMIT_HOST_FILE_BYTES, c->arena, &text, &why);
    if (got == HOST_ABSENT)
        return;
    if (got == HOST_DENIED)
        d->config.why = arena_printf(c->arena, "%s: %s", path, why);
    else if (str_trim(text).n)
        d->config = host_parse(c, text, path);
    if (d->config.root && !yyjson_is_obj(d->config.root))
        d->config = (struct host_document){NULL, arena_printf(c->arena, "%s is no object", path)};
}

const struct host_daemon *host_daemon(struct host_check *c) {
    struct host_daemon *d = &c->daemon;
    if (d->looked)
        return d;
    d->looked = true;
    if (!take_process(c, c->source->peer, d) && !from_pid_file(c, d))
        from_names(c, d);
    if (d->pid)
        d->why = STR_NULL;
    find_config(c, d);
    return d;
}

bool host_has_daemon(struct host_check *c) {
    if (c->is_podman)
        host_say(c, CIS_NA, STR_NULL, "podman has no daemon");
    else if (host_daemon(c)->is_absent)
        host_say(c, CIS_NA, STR_NULL, "no dockerd runs here");
    else
        return true;
    return false;
}

/* --- One setting --------------------------------------------------------------------------------------------------------------------- */

static struct str joined(struct host_check *c, struct str list, struct str one) {
    return list.n ? arena_join3(c->arena, list, S(","), one) : arena_str(c->arena, one);
}

static struct host_setting from_args(struct host_check *c, const char *flag, char letter, enum setting_kind kind) {
    struct host_setting s = {SETTING_UNSET, STR_NULL, STR_NULL};
    struct str value;
    size_t at = 1;
    while (next_option(&c->daemon, flag, letter, kind == SETTING_BOOL, &at, &value)) {
        s.state = SETTING_SET;
        s.value = kind == SETTING_LIST ? joined(c, s.value, value) : value;
        s.from = S("its command line");
    }
    bool on = false;
    if (s.state == SETTING_SET && kind == SETTING_BOOL) /* "--icc=0" */
        s.value = str_to_bool(s.value, &on) && !on ? S("false") : S("true");
    return s;
}

static struct str texts_of(struct host_check *c, yyjson_val *list) {
    struct str all = STR_NULL;
    size_t i, n;
    yyjson_val *v;
    yyjson_arr_foreach(list, i, n, v) if (yyjson_is_str(v)) all = joined(c, all, str_n(yyjson_get_str(v), yyjson_get_len(v)));
    return all;
}

/* Keys of an object, for default-ulimits and the like. */
static struct str keys_of(struct host_check *c, yyjson_val *object) {
    struct str all = STR_NULL;
    size_t i, n;
    yyjson_val *k, *v;
    json_obj_foreach(object, i, n, k, v) all = joined(c, all, str_n(yyjson_get_str(k), yyjson_get_len(k)));
    return all;
}

static struct host_setting from_config(struct host_check *c, const char *key, enum setting_kind kind) {
    struct host_setting s = {SETTING_UNSET, STR_NULL, c->daemon.config_path};
    yyjson_val *v = yyjson_obj_get(c->daemon.config.root, key);
    if (!v || yyjson_is_null(v))
        return s;
    s.state = SETTING_SET;
    if (kind == SETTING_BOOL && yyjson_is_bool(v))
        s.value = yyjson_get_bool(v) ? S("true") : S("false");
    else if (kind == SETTING_TEXT && yyjson_is_str(v))
        s.value = str_n(yyjson_get_str(v), yyjson_get_len(v));
    else if (kind == SETTING_LIST && yyjson_is_arr(v))
        s.value = texts_of(c, v);
    else if (kind == SETTING_LIST && yyjson_is_obj(v))
        s.value = keys_of(c, v);
    else
        return (struct host_setting){SETTING_UNKNOWN, STR_NULL,
                                     arena_printf(c->arena, "%.*s: %s has a value of another type", STR_ARG(c->daemon.config_path), key)};
    return s;
}

struct host_setting host_setting(struct host_check *c, const char *flag, char letter, const char *key, enum setting_kind kind) {
    const struct host_daemon *d = host_daemon(c);
    struct host_setting s = from_args(c, flag, letter, kind);
    if (s.state == SETTING_SET)
        return s;
    if (d->config.root)
        s = from_config(c, key, kind);
    if (s.state != SETTING_UNSET)
        return s;
    if (d->config.why.n)
        return (struct host_setting){SETTING_UNKNOWN, STR_NULL, d->config.why};
    if (!d->pid)
        return (struct host_setting){SETTING_UNKNOWN, STR_NULL, d->why};
    s.from = S("");
    return s;
}

const char *host_setting_from(struct host_check *c, const struct host_setting *s) {
    return s->from.n ? arena_printf(c->arena, " (%s)", SHOWN(s->from)).p : "";
}

void host_say_unknown(struct host_check *c, const char *what, const struct host_setting *s) {
    host_say(c, CIS_MANUAL, STR_NULL, "%s is not known: %s", what, SHOWN(s->from));
}

void host_say_switch(struct host_check *c, const char *name, bool wanted, bool by_default) {
    struct host_setting s = host_setting(c, name, 0, name, SETTING_BOOL);
    bool on = s.state == SETTING_UNSET ? by_default : str_eqz(s.value, "true");
    if (s.state == SETTING_UNKNOWN)
        host_say_unknown(c, name, &s);
    else
        host_say(c, on == wanted ? CIS_PASS : CIS_FAIL, STR_NULL, "%s is %s%s", name, on ? "true" : "false",
                 s.state == SETTING_UNSET ? " by default" : host_setting_from(c, &s));
}
