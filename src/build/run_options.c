/* SPDX-License-Identifier: Apache-2.0
 * The flags of RUN steps, parsed: see run_options.h. */
#include "build/run_options.h"

#include <limits.h>
#include <sys/resource.h>

#include "base/csv.h"
#include "plan/words.h"

void run_options_fini(struct run_options *o) {
    vec_fini(&o->hosts);
    vec_fini(&o->ulimits);
    vec_fini(&o->secrets);
    vec_fini(&o->agents);
    arena_fini(&o->arena);
}

/* --- --add-host --- */

/* What may stand in a line of /etc/hosts and is one word there. */
static bool is_host_name(struct str name) {
    for (size_t i = 0; i < name.n; i++)
        if (name.p[i] <= ' ' || name.p[i] == '#' || name.p[i] == 0x7f)
            return false;
    return name.n > 0;
}

static struct str without_brackets(struct str address) {
    bool bracketed = address.n > 2 && address.p[0] == '[' && address.p[address.n - 1] == ']';
    return bracketed ? str_n(address.p + 1, address.n - 2) : address;
}

bool run_host_parse(struct run_options *o, struct str text, struct err *e) {
    struct run_host host;
    struct str rest;
    text = arena_str(&o->arena, text);
    bool split = str_cut(text, '=', &host.name, &rest) || str_cut(text, ':', &host.name, &rest);
    if (!split || !is_host_name(host.name) || rest.n == 0)
        return err_set(e, ERR_USAGE, "--add-host \"%.*s\": it is NAME:ADDRESS", STR_ARG(text));
    while (str_next(&rest, ',', &host.address)) {
        host.address = without_brackets(host.address);
        if (!str_is_ip(host.address) && !str_eq(host.address, S("host-gateway")))
            return err_set(e, ERR_USAGE, "--add-host \"%.*s\": \"%.*s\" is neither an IP address nor host-gateway", STR_ARG(text),
                           STR_ARG(host.address));
        vec_push(&o->hosts, host);
    }
    return true;
}

/* --- --ulimit --- */

static const struct {
    const char *name;
    int resource;
} limits[] = {
    {"core", RLIMIT_CORE},       {"cpu", RLIMIT_CPU},       {"data", RLIMIT_DATA},     {"fsize", RLIMIT_FSIZE},
    {"locks", RLIMIT_LOCKS},     {"memlock", RLIMIT_MEMLOCK}, {"msgqueue", RLIMIT_MSGQUEUE}, {"nice", RLIMIT_NICE},
    {"nofile", RLIMIT_NOFILE},   {"nproc", RLIMIT_NPROC},   {"rss", RLIMIT_RSS},       {"rtprio", RLIMIT_RTPRIO},
    {"rttime", RLIMIT_RTTIME},   {"sigpending", RLIMIT_SIGPENDING}, {"stack", RLIMIT_STACK},
};
enum { N_LIMITS = sizeof limits / sizeof *limits };

static bool parse_limit(struct str text, uint64_t *out) {
    *out = RLIM64_INFINITY;
    return str_eq(text, S("-1")) || str_to_u64(text, 10, INT64_MAX, out);
}

static void set_limit(struct run_options *o, const struct sandbox_rlimit *limit) {
    for (size_t i = 0; i < o->ulimits.n; i++)
        if (o->ulimits.p[i].resource == limit->resource) {
            o->ulimits.p[i] = *limit;
            return;
        }
    vec_push(&o->ulimits, *limit);
}

bool run_ulimit_parse(struct run_options *o, struct str text, struct err *e) {
    struct str name, values, soft, hard;
    struct sandbox_rlimit limit = {.name = NULL};
    if (!str_cut(text, '=', &name, &values))
        return err_set(e, ERR_USAGE, "--ulimit \"%.*s\": it is NAME=SOFT[:HARD]", STR_ARG(text));
    for (size_t i = 0; i < N_LIMITS; i++)
        if (str_eqz(name, limits[i].name))
            limit = (struct sandbox_rlimit){.resource = limits[i].resource, .name = limits[i].name};
    if (!limit.name)
        return err_set(e, ERR_USAGE,
                       "--ulimit \"%.*s\": there is no limit \"%.*s\"; they are core, cpu, data, fsize, locks, memlock, msgqueue, nice, "
                       "nofile, nproc, rss, rtprio, rttime, sigpending, stack",
                       STR_ARG(text), STR_ARG(name));
    bool both = str_cut(values, ':', &soft, &hard);
    if (!parse_limit(soft, &limit.soft) || !parse_limit(both ? hard : soft, &limit.hard))
        return err_set(e, ERR_USAGE, "--ulimit \"%.*s\": a limit is a number, or -1 for none", STR_ARG(text));
    if (limit.soft > limit.hard)
        return err_set(e, ERR_USAGE, "--ulimit \"%.*s\": the soft limit is above the hard one", STR_ARG(text));
    set_limit(o, &limit);
    return true;
}

/* --- The host name --- */

bool run_hostname_parse(struct run_options *o, struct str text, struct err *e) {
    bool good = text.n > 0 && text.n <= HOST_NAME_MAX && text.p[0] != '-';
    for (size_t i = 0; i < text.n; i++) {
        char c = text.p[i];
        good = good && ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_');
    }
    o->hostname = arena_str(&o->arena, text);
    return good || err_set(e, ERR_USAGE, "BUILDKIT_SANDBOX_HOSTNAME \"%.*s\" is no host name of at most %d bytes", STR_ARG(text),
                           HOST_NAME_MAX);
}

/* --- --shm-size --- */

bool run_shm_parse(struct run_options *o, struct str text, struct err *e) {
    if (!size_parse(text, &o->shm_bytes))
        return err_set(e, ERR_USAGE, "--shm-size \"%.*s\": it is a number of bytes, or one with k, m, g, t or p", STR_ARG(text));
    return o->shm_bytes > 0 || err_set(e, ERR_USAGE, "--shm-size 0: /dev/shm needs some bytes");
}

/* --- --secret --- */

static bool secret_field(struct run_secret *secret, struct str *type, struct str field) {
    struct str key, value;
    if (!str_cut(field, '=', &key, &value))
        return false;
    if (str_eq_nocase(key, S("id")))
        secret->id = value;
    else if (str_eq_nocase(key, S("src")) || str_eq_nocase(key, S("source")))
        secret->path = value;
    else if (str_eq_nocase(key, S("env")))
        secret->env = value;
    else if (str_eq_nocase(key, S("type")) && (str_eqz(value, "file") || str_eqz(value, "env")))
        *type = value;
    else
        return false;
    return true;
}

bool run_secret_parse(struct run_options *o, struct str text, struct err *e) {
    struct run_secret secret = {.id = STR_NULL};
    struct str rest = arena_str(&o->arena, text), field, type = STR_NULL;
    while (rest.n)
        if (!csv_next(&o->arena, &rest, &field) || !secret_field(&secret, &type, field))
            return err_set(e, ERR_USAGE, "--secret \"%.*s\": it is id=ID with src=FILE or env=NAME", STR_ARG(text));
    if (str_eqz(type, "env") && secret.env.n == 0) {
        secret.env = secret.path;
        secret.path = STR_NULL;
    }
    if (secret.id.n == 0)
        return err_set(e, ERR_USAGE, "--secret \"%.*s\": it has no id", STR_ARG(text));
    if (str_index(secret.id, '\0') >= 0 || (secret.env.n && secret.path.n))
        return err_set(e, ERR_USAGE, "--secret \"%.*s\": its value is a file or a variable, not both", STR_ARG(text));
    for (size_t i = 0; i < o->secrets.n; i++)
        if (str_eq(o->secrets.p[i].id, secret.id)) {
            o->secrets.p[i] = secret;
            return true;
        }
    vec_push(&o->secrets, secret);
    return true;
}

/* --- --ssh --- */

bool run_agent_parse(struct run_options *o, struct str text, struct err *e) {
    struct run_agent agent = {.n_paths = 0};
    struct str rest, path;
    size_t most = 1;
    text = arena_str(&o->arena, text);
    str_cut(text, '=', &agent.id, &rest);
    if (agent.id.n == 0)
        agent.id = S("default");
    for (size_t i = 0; i < rest.n; i++)
        most += rest.p[i] == ',';
    agent.paths = arena_array(&o->arena, const char *, most);
    while (str_next(&rest, ',', &path)) {
        if (path.n == 0 || str_index(path, '\0') >= 0)
            return err_set(e, ERR_USAGE, "--ssh \"%.*s\": it is ID, ID=SOCKET or ID=KEY[,KEY...]", STR_ARG(text));
        agent.paths[agent.n_paths++] = arena_strz(&o->arena, path);
    }
    for (size_t i = 0; i < o->agents.n; i++)
        if (str_eq(o->agents.p[i].id, agent.id)) {
            o->agents.p[i] = agent;
            return true;
        }
    vec_push(&o->agents, agent);
    return true;
}

/* --- --allow --- */

bool run_allow_parse(struct run_options *o, struct str text, struct err *e) {
    if (str_eqz(text, "security.insecure"))
        o->allow_insecure = true;
    else if (str_eqz(text, "device") || str_starts(text, S("device=")))
        return err_set(e, ERR_USAGE, "--allow %.*s: devices cannot be given to a step", STR_ARG(text));
    else if (!str_eqz(text, "network.host"))
        return err_set(e, ERR_USAGE, "--allow %.*s: it is security.insecure or network.host", STR_ARG(text));
    return true;
}
