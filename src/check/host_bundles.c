/* SPDX-License-Identifier: Apache-2.0
 * Where runtimes and engines keep what they know of running containers:
 *
 *   /run/containerd/io.containerd.runtime.v2.task/NAMESPACE/ID/{config.json,init.pid}              containerd
 *   STORAGE/DRIVER-containers/{containers.json,ID/userdata/config.json}, RUN/.../ID/userdata/pidfile  podman, CRI-O; a user's own too
 *   STORE/work/NAME/config.json                                                                    croze itself
 *
 * A user's files are a user's word: they can make what is said of his own containers wrong, and of no others. */
#include "base/limits.h"
#include "check/host_bundle.h"
#include "store/store.h"

/* The first process of a container of croze's, and what is mounted there. */
struct first {
    struct str pid, mounts;
};

struct search {
    struct host_check *c;
    uid_t owner; /* whose files are looked at: what a user's link leads to need not be his */
    VEC(struct host_container) found;
    uint64_t bytes; /* that were read */
    struct str why; /* what could not be listed; or "" */
    bool any;       /* one of these directories is there */
    bool looked_for_firsts;
    VEC(struct first) firsts;
};

/* One that may be there. */
struct place {
    const char *runtime;
    struct str dir, id, pid_file;
    struct str mark;   /* that mountinfo of its processes has */
    yyjson_val *names; /* containers.json */
};

static bool list(struct search *s, struct str dir, struct host_names *names) {
    const char *why = "";
    *names = (struct host_names){0};
    enum host_read got = s->c->source->list(s->c->source->ctx, arena_strz(s->c->arena, dir), s->c->arena, names, &why);
    s->any |= got == HOST_READ;
    if (got == HOST_DENIED)
        s->why = arena_printf(s->c->arena, "%.*s: %s", STR_ARG(dir), why);
    if (names->n > LIMIT_HOST_CONTAINERS) {
        names->n = LIMIT_HOST_CONTAINERS;
        s->why = arena_printf(s->c->arena, "%.*s: too many", STR_ARG(dir));
    }
    return got == HOST_READ;
}

/* An engine that keeps its containers elsewhere. */
static void look_for(struct search *s, const char *socket) {
    struct host_file f;
    const char *why;
    if (s->why.n == 0 && s->c->source->stat(s->c->source->ctx, socket, &f, &why) == HOST_READ)
        s->why = arena_printf(s->c->arena, "%s is there, and its containers are not where they are by default", socket);
}

static enum host_read read_file(struct search *s, struct str path, size_t max_bytes, struct str *text, const char **why) {
    const struct host_source *from = s->c->source;
    *text = STR_NULL;
    return s->owner ? from->read_own(from->ctx, path.p, s->owner, max_bytes, s->c->arena, text, why)
                    : from->read(from->ctx, path.p, max_bytes, s->c->arena, text, why);
}

static struct host_document read_document(struct search *s, struct str path, bool *absent) {
    struct host_check *c = s->c;
    struct str text;
    const char *why = "";
    enum host_read got = HOST_DENIED;
    *absent = false;
    if (s->bytes > LIMIT_HOST_BYTES)
        why = "too much was read before";
    else
        got = read_file(s, path, LIMIT_HOST_ANSWER_BYTES, &text, &why);
    *absent = got == HOST_ABSENT;
    if (got != HOST_READ)
        return (struct host_document){NULL, arena_printf(c->arena, "%.*s: %s", STR_ARG(path), why)};
    s->bytes += text.n;
    return host_parse(c, text, path.p);
}

/* --- Its process --------------------------------------------------------------------------------------------------------------------- */

/* Whether there is a process of that number, and it is the container's: its cgroup or what is mounted in it bears witness. Where it cannot
 * be seen it runs, for all that is known. */
static void find_process(struct search *s, const struct place *p, struct host_container *k) {
    struct host_check *c = s->c;
    struct str text, state, mounts = STR_NULL;
    struct host_file f;
    const char *why;
    uint64_t pid;
    if (read_file(s, p->pid_file, 32, &text, &why) == HOST_ABSENT)
        return;
    k->runs = true;
    if (!str_to_u64(str_trim(text), 10, INT32_MAX, &pid) || pid <= 1)
        return;
    k->pid = arena_printf(c->arena, "%llu", (unsigned long long)pid);
    bool is_gone = c->source->stat(c->source->ctx, arena_printf(c->arena, "/proc/%.*s", STR_ARG(k->pid)).p, &f, &why) == HOST_ABSENT;
    if (is_gone && c->source->stat(c->source->ctx, "/proc/1", &f, &why) != HOST_READ)
        return; /* what hides others' processes hides that one */
    if (is_gone || (host_status_of(c, k->pid, "State", &state) && str_starts(state, S("Z")))) {
        k->runs = false; /* a dead one may wait to be asked for its exit code */
        return;
    }
    bool has_mounts = host_proc(c, k->pid, "mountinfo", &mounts);
    k->is_in_cgroup = host_proc(c, k->pid, "cgroup", &text) && host_bears_id(text, k->id);
    k->is_shown = k->is_in_cgroup || (p->mark.n && str_find(mounts, p->mark) >= 0);
    if (!k->is_shown && has_mounts && p->mark.n) /* the number is another's by now */
        k->runs = false;
}

/* --- One container ------------------------------------------------------------------------------------------------------------------- */

static struct str name_of(struct search *s, const struct place *p, yyjson_val *spec) {
    yyjson_val *notes = json_get_object(spec, "annotations"), *v;
    struct str name = json_get_str(notes, "io.kubernetes.cri.container-name");
    size_t i, n;
    if (name.n == 0)
        name = json_get_str(notes, "io.kubernetes.container.name");
    yyjson_arr_foreach(p->names, i, n, v) if (name.n == 0 && str_eq(json_get_str(v, "id"), p->id)) {
        yyjson_val *first = yyjson_arr_get_first(json_get_array(v, "names"));
        name = str_n(yyjson_get_str(first), yyjson_get_len(first));
    }
    return host_name(s->c, name, str_first(p->id, 12));
}

/* One that does not run was not looked at: it is counted. */
static void add(struct search *s, const struct place *p) {
    struct host_container k = {.runtime = p->runtime, .id = p->id};
    bool absent;
    if (s->found.n >= LIMIT_HOST_CONTAINERS) {
        s->why = arena_printf(s->c->arena, "there are more than %d containers", LIMIT_HOST_CONTAINERS);
        return;
    }
    find_process(s, p, &k);
    struct str path = arena_join3(s->c->arena, p->dir, S("/config.json"), STR_NULL);
    struct host_document spec = k.runs ? read_document(s, path, &absent) : (struct host_document){0};
    k.name = name_of(s, p, spec.root);
    if (k.runs && spec.root)
        host_oci(s->c, &k, spec.root);
    else if (k.runs)
        k.unread = spec.why;
    vec_push(&s->found, k);
}

/* --- containerd ---------------------------------------------------------------------------------------------------------------------- */

/* Docker's own containers have a namespace there. */
static void of_containerd(struct search *s, bool knows_dockers) {
    static const char *const root = "/run/containerd/io.containerd.runtime.v2.task";
    struct arena *a = s->c->arena;
    struct host_names spaces, ids;
    if (!list(s, str_z(root), &spaces))
        look_for(s, "/run/containerd/containerd.sock");
    for (size_t k = 0; k < spaces.n; k++) {
        struct str dir = arena_printf(a, "%s/%.*s", root, STR_ARG(spaces.p[k]));
        if ((knows_dockers && str_eqz(spaces.p[k], "moby")) || !list(s, dir, &ids))
            continue;
        for (size_t i = 0; i < ids.n; i++) {
            struct place p = {.runtime = "containerd", .id = ids.p[i], .dir = arena_join3(a, dir, S("/"), ids.p[i])};
            p.pid_file = arena_join3(a, p.dir, S("/init.pid"), STR_NULL);
            add(s, &p);
        }
    }
}

/* --- podman -------------------------------------------------------------------------------------------------------------------------- */

static void of_driver(struct search *s, struct str dir, struct str run) {
    struct arena *a = s->c->arena;
    struct host_names ids;
    bool absent;
    if (!list(s, dir, &ids))
        return;
    struct host_document names = read_document(s, arena_join3(a, dir, S("/containers.json"), STR_NULL), &absent);
    for (size_t i = 0; i < ids.n; i++) {
        if (!host_is_id(ids.p[i])) /* containers.json, its lock */
            continue;
        struct place p = {.runtime = "podman", .id = ids.p[i], .mark = ids.p[i], .names = yyjson_is_arr(names.root) ? names.root : NULL};
        p.dir = arena_printf(a, "%.*s/%.*s/userdata", STR_ARG(dir), STR_ARG(p.id));
        p.pid_file = arena_printf(a, "%.*s/%.*s/%.*s/userdata/pidfile", STR_ARG(run), STR_ARG(path_base(dir)), STR_ARG(p.id));
        add(s, &p);
    }
}

static void of_podman(struct search *s, struct str storage, struct str run) {
    struct host_names names;
    (void)list(s, storage, &names);
    for (size_t k = 0; k < names.n; k++)
        if (str_ends(names.p[k], S("-containers")))
            of_driver(s, arena_join3(s->c->arena, storage, S("/"), names.p[k]), run);
}

/* --- croze --------------------------------------------------------------------------------------------------------------------------- */

/* "4711\t5\t1": the number in each namespace, the innermost last. */
static bool is_first_of_first(struct str numbers) {
    struct str one, rest;
    return str_cut(numbers, '\t', &one, &rest) && str_index(rest, '\t') > 0 && str_ends(rest, S("\t1"));
}

/* A runtime of croze has a pid namespace of its own: its container's first process is the first of one below that, and has this bundle's
 * files mounted. */
static void find_firsts(struct search *s) {
    struct host_check *c = s->c;
    struct host_names names = {0};
    struct str numbers, mounts;
    const char *why;
    uint64_t pid;
    s->looked_for_firsts = true;
    if (c->source->list(c->source->ctx, "/proc", c->arena, &names, &why) != HOST_READ)
        return;
    for (size_t k = 0; k < names.n; k++)
        if (str_to_u64(names.p[k], 10, INT32_MAX, &pid) && host_status_of(c, names.p[k], "NSpid", &numbers) && is_first_of_first(numbers) &&
            host_proc(c, names.p[k], "mountinfo", &mounts) && str_find(mounts, S("/work/")) >= 0) {
            struct first first = {names.p[k], mounts};
            vec_push(&s->firsts, first);
        }
}

static struct str first_process(struct search *s, struct str mark) {
    if (!s->looked_for_firsts)
        find_firsts(s);
    for (size_t k = 0; k < s->firsts.n; k++)
        if (str_find(s->firsts.p[k].mounts, mark) >= 0)
            return s->firsts.p[k].pid;
    return STR_NULL;
}

static void of_croze(struct search *s, struct str work) {
    struct host_check *c = s->c;
    struct host_names names;
    bool absent;
    if (!list(s, work, &names))
        return;
    for (size_t i = 0; i < names.n && s->found.n < LIMIT_HOST_CONTAINERS; i++) {
        struct host_container k = {.runtime = "croze", .id = names.p[i]};
        struct str dir = arena_join3(c->arena, work, S("/"), names.p[i]);
        struct host_document spec = read_document(s, arena_join3(c->arena, dir, S("/config.json"), STR_NULL), &absent);
        if (absent)
            continue; /* a build's */
        k.pid = first_process(s, arena_join3(c->arena, S("/work/"), names.p[i], S("/")));
        k.runs = k.is_shown = k.pid.n > 0;
        k.name = host_name(c, json_get_str(spec.root, "hostname"), names.p[i]);
        if (spec.root && k.runs)
            host_oci(c, &k, spec.root);
        else
            k.unread = spec.why;
        if (k.runs) /* one that ended leaves nothing, and what a crash left is none */
            vec_push(&s->found, k);
    }
}

/* --- All of them --------------------------------------------------------------------------------------------------------------------- */

static void of_user(struct search *s, uid_t uid) {
    struct arena *a = s->c->arena;
    struct str home = host_home(s->c, uid), run = arena_printf(a, "/run/user/%u/containers", uid);
    struct host_file f;
    const char *why;
    s->owner = uid;
    if (home.n >= 2) {
        of_podman(s, arena_join3(a, home, S("/.local/share/containers/storage"), STR_NULL), run);
        of_croze(s, arena_join3(a, home, S("/.local/share/croze/work"), STR_NULL));
    } else if (s->c->source->stat(s->c->source->ctx, run.p, &f, &why) != HOST_ABSENT)
        s->why = arena_printf(a, "%.*s is there, and /etc/passwd has no home of user %u", STR_ARG(run), uid);
}

/* Users who are there have a directory in /run/user. */
static void of_users(struct search *s) {
    struct host_names uids = {0};
    struct arena *a = s->c->arena;
    const char *why = "";
    uint64_t uid;
    if (s->c->source->list(s->c->source->ctx, "/run/user", a, &uids, &why) == HOST_DENIED)
        s->why = arena_printf(a, "/run/user: %s", why);
    if (uids.n > LIMIT_HOST_NAMES)
        s->why = S("/run/user: too many users");
    for (size_t k = 0; k < uids.n && k < LIMIT_HOST_NAMES; k++)
        if (str_to_u64(uids.p[k], 10, UINT32_MAX, &uid) && uid)
            of_user(s, (uid_t)uid);
}

static void keep(struct search *s) {
    struct host_check *c = s->c;
    struct host_container *all = arena_array(c->arena, struct host_container, c->n_containers + s->found.n);
    if (c->n_containers)
        memcpy(all, c->containers, c->n_containers * sizeof *all);
    if (s->found.n)
        memcpy(all + c->n_containers, s->found.p, s->found.n * sizeof *all);
    c->containers = all;
    c->n_containers += s->found.n;
}

void host_bundles(struct host_check *c) {
    struct search s = {.c = c};
    const char *store = c->options->store ? c->options->store->root : NULL;
    of_containerd(&s, c->n_containers > 0);
    of_podman(&s, S("/var/lib/containers/storage"), S("/run/containers/storage"));
    if (!s.any)
        look_for(&s, "/run/crio/crio.sock");
    of_croze(&s, S("/var/lib/croze/work"));
    if (store && strcmp(store, "/var/lib/croze") != 0)
        of_croze(&s, arena_printf(c->arena, "%s/work", store));
    of_users(&s);
    keep(&s);
    if (c->no_containers.n == 0 && s.why.n)
        c->no_containers = s.why;
    else if (c->no_containers.n == 0 && !s.any && c->n_containers == 0)
        c->no_containers = c->source->no_engine;
    vec_fini(&s.found);
    vec_fini(&s.firsts);
}
