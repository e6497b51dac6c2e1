/* SPDX-License-Identifier: Apache-2.0
 * Every recommendation on hosts that follow it and hosts that do not: tests/data/check/host.cases, in the words of host_fake.h. A case is
 * "=== NUMBER VERDICT [text that the evidence has]" and lines. */
#include "base/limits.h"
#include "check/check.h"
#include "check/cis.h"
#include "host_fake.h"
#include "sys/files.h"
#include "tap.h"

enum { RECOMMENDATIONS = 118, NOW_S = 1711929600 /* 2024-04-01 */ };

static const char defaults[] =
    "get /info {\"SecurityOptions\":[\"name=seccomp,profile=builtin\",\"name=apparmor\"],\"Driver\":\"overlay2\","
    "\"LoggingDriver\":\"json-file\",\"Swarm\":{\"LocalNodeState\":\"inactive\"},\"DockerRootDir\":\"/var/lib/docker\"}\n"
    "get /version {\"Version\":\"28.5.2\"}\n"
    "get /networks []\n";

static bool says(const struct cis_report *r, struct str want, struct str text) {
    return r->n_answers == 1 && str_eqz(want, cis_verdict_name(r->answers[0].verdict)) && str_find(r->answers[0].evidence, text) >= 0;
}

/* What fails is a finding, and nothing else is, but for those of other rules. */
static bool agrees(const struct cis_report *r) {
    bool failed = r->answers[0].verdict == CIS_FAIL, found = false;
    for (size_t k = 0; k < r->n_findings; k++)
        found |= r->findings[k].rule == r->answers[0].rule;
    for (size_t k = 0; k < r->n_findings; k++)
        if (r->findings[k].severity != r->findings[k].rule->severity || r->findings[k].message.n == 0 || r->findings[k].file.n == 0)
            return false;
    return failed == found && (r->answers[0].evidence.n > 0);
}

static void lines(struct fake *f, struct str text) {
    struct str line;
    while (str_next(&text, '\n', &line))
        fake_line(f, line);
}

static struct str seen = STR_NULL;

/* "trust REGISTRY": those that images may come from. */
static void trust(struct arena *a, struct str text, struct str_list *registries) {
    struct str line;
    registries->p = arena_array(a, struct str, text.n);
    while (str_next(&text, '\n', &line))
        if (str_starts(line, S("trust ")))
            registries->p[registries->n++] = str_from(line, strlen("trust "));
}

static void run(struct arena *a, struct str heading, struct str text) {
    struct str number, want, evidence, rest;
    struct cis_report r;
    struct fake f;
    (void)str_cut(heading, ' ', &number, &rest);
    (void)str_cut(rest, ' ', &want, &evidence);
    fake_begin(&f);
    lines(&f, str_z(defaults));
    lines(&f, text);
    fake_finish(&f);
    struct check_policy all = {0};
    struct cis_options o = {.only = &number, .n_only = 1, .policy = &all, .now_s = NOW_S};
    trust(a, text, &all.registries);
    cis_check(a, &f.source, &o, &r);
    if (!ok(says(&r, want, evidence) && agrees(&r), "%.*s", STR_ARG(heading)) && r.n_answers)
        printf("# %.*s: %s: %.*s (%zu findings)\n", STR_ARG(number), cis_verdict_name(r.answers[0].verdict), STR_ARG(r.answers[0].evidence),
               r.n_findings);
    seen = arena_printf(a, "%.*s%.*s %.*s;", STR_ARG(seen), STR_ARG(number), STR_ARG(want));
    fake_end(&f);
}

/* The lines up to the next "=== "; "#" begins a comment. */
static struct str take(struct arena *a, struct str *rest) {
    struct buf text = BUF_INIT(1 << 20);
    struct str line, before = *rest;
    while (str_next(rest, '\n', &line) && !str_starts(line, S("=== "))) {
        buf_add_str(&text, str_starts(line, S("#")) ? STR_NULL : line);
        buf_add_char(&text, '\n');
        before = *rest;
    }
    *rest = before;
    struct str all = arena_str(a, buf_str(&text));
    buf_fini(&text);
    return all;
}

/* A container that exposes a port on which something listens, and others; one of them is published. */
static void unused_ports(struct arena *a) {
    static const char host[] =
        "get /containers/json?all=1 [{\"Id\":\"aaaaaaaaaaaaaaaa\",\"Names\":[\"/web\"],\"State\":\"running\"}]\n"
        "get /containers/aaaaaaaaaaaaaaaa/json {\"HostConfig\":{\"PortBindings\":{\"83/tcp\":[{\"HostPort\":\"8083\"}]}},"
        "\"Config\":{\"ExposedPorts\":{\"80/tcp\":{},\"81/tcp\":{},\"81/udp\":{},\"82/sctp\":{},\"83/tcp\":{}}},"
        "\"State\":{\"Pid\":200}}\n"
        "text /proc/200/cgroup 0::/docker/aaaaaaaaaaaaaaaa\\n\n";
    static const char tables[] = "text /proc/200/net/tcp   sl  local_address rem_address   st\\n   0: 00000000:0050 00000000:0000 0A 0\\n"
                                 "   1: 00000000:0051 0100007F:1234 01 0\\n\n"
                                 "text /proc/200/net/udp6  x\\n 7: 00000000000000000000000000000000:0051 0000:0000 07 0\\n\n"
                                 "text /proc/200/net/udp  sl\\n\n";
    static const char counts[] = "text /proc/200/net/sockstat TCP: inuse 0 orphan 0\\nUDP: inuse 0 mem 0\\n\n"
                                 "text /proc/200/net/sockstat6 TCP6: inuse 01\\nUDP6: inuse 3\\n\n"
                                 "text /proc/200/net/tcp6  sl\\n 0: 00000000000000000000000000000000:0050 0000:0000 0A 0\\n\n"
                                 "text /proc/200/net/udp6  sl\\n 0: 00000000000000000000000000000000:0051 0000:0000 07 0\\n\n";
    static const char hidden[] = "text /proc/200/net/tcp  sl\\n\ndenied /proc/200/net/tcp6\n";
    static const char *const variants[] = {"", tables, counts, hidden};
    static const char *const want[] = {"83/tcp is open as port 8083, and nothing listens on it",
                                       "81/tcp is exposed, and nothing listens on it"};
    struct check_policy all = {0};
    struct str number = S("5.9");
    struct cis_options o = {.only = &number, .n_only = 1, .policy = &all};
    for (size_t v = 0; v < 4; v++) {
        bool known = v == 1 || v == 2;
        struct cis_report r;
        struct fake f;
        fake_begin(&f);
        lines(&f, str_z(host));
        lines(&f, str_z(variants[v]));
        fake_finish(&f);
        cis_check(a, &f.source, &o, &r);
        ok(r.n_findings == (known ? 2 : 0), "%zu ports that nothing listens on", r.n_findings);
        for (size_t k = 0; k < r.n_findings && k < 2; k++)
            ok(strcmp(r.findings[k].rule->id, "ContainerExposeUnused") == 0 && str_eqz(r.findings[k].message, want[k]) &&
                   r.findings[k].severity == SEVERITY_INFO,
               "%.*s", STR_ARG(r.findings[k].message));
        ok(r.answers[0].verdict == CIS_MANUAL && (str_find(r.answers[0].evidence, S("nothing listens")) >= 0) == known,
           "... evidence of 5.9");
        fake_end(&f);
    }
}

/* Of a directory as much as is looked at is good: what lies behind that nobody has seen. */
static void too_many(struct arena *a) {
    static const char unit[] = "file 0644 0:0 /lib/systemd/system/docker.service\n";
    struct check_policy all = {0};
    struct str number = S("3.1");
    struct cis_options o = {.only = &number, .n_only = 1, .policy = &all};
    struct cis_report r;
    struct fake f;
    fake_begin(&f);
    lines(&f, str_z(unit));
    for (size_t k = 0; k <= LIMIT_HOST_NAMES; k++)
        fake_add(&f, arena_printf(a, "/etc/systemd/system/docker.service.d/%05zu", k), S_IFREG | 0644, 0, 0, STR_NULL);
    fake_finish(&f);
    cis_check(a, &f.source, &o, &r);
    ok(r.answers[0].verdict == CIS_MANUAL && str_find(r.answers[0].evidence, S("has more than")) >= 0, "too many drop-ins: %.*s",
       STR_ARG(r.answers[0].evidence));
    fake_end(&f);
}

/* What can fail has a case that fails and one that does not; what cannot has one all the same. Some never pass by an engine's word alone:
 * tests/cli/88-check-host.t has those. */
static void every_row_is_tested(struct arena *a) {
    const struct rule *r;
    size_t n = 0;
    for (size_t k = 0; (r = rule_at(k)); k++) {
        if (!cis_is_row(r))
            continue;
        struct str number = arena_str(a, cis_number(r));
        bool fails = str_find(seen, arena_printf(a, ";%s FAIL;", number.p)) >= 0;
        bool passes = str_find(seen, arena_printf(a, ";%s PASS;", number.p)) >= 0;
        bool asks = str_find(seen, arena_printf(a, ";%s MANUAL;", number.p)) >= 0;
        ok((fails && (passes || asks)) || (!fails && asks), "%s has cases of its verdicts", number.p);
        n++;
    }
    ok(n == RECOMMENDATIONS, "%zu recommendations", n);
}

int main(void) {
    struct arena a = ARENA_INIT;
    struct err e = ERR_INIT;
    struct buf file = BUF_INIT(1 << 20);
    const char *source = getenv("CROZE_SOURCE");
    ok(file_read(arena_printf(&a, "%s/tests/data/check/host.cases", source ? source : ".").p, &file, &e), "the cases");
    struct str rest = buf_str(&file), line;
    seen = S(";");
    while (str_next(&rest, '\n', &line))
        if (str_starts(line, S("=== ")))
            run(&a, str_from(line, 4), take(&a, &rest));
    every_row_is_tested(&a);
    unused_ports(&a);
    too_many(&a);
    buf_fini(&file);
    err_clear(&e);
    arena_fini(&a);
    return tap_done();
}
