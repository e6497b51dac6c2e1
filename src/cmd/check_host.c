/* SPDX-License-Identifier: Apache-2.0
 * croze check --host: the CIS Docker Benchmark's recommendations, on this host and its engine. */
#include "cmd/check_host.h"

#include "base/limits.h"
#include "base/vec.h"
#include "check/check.h"
#include "check/cis.h"
#include "check/output.h"
#include "cmd/check_image.h"
#include "cmd/print.h"
#include "sandbox/sandbox.h"

static const char *root;
static bool host, as_json;
static struct opt_list only, skip;

const struct opt check_host_rows[] = {
    OPT_FLAG(0, "host", &host, "Look at this host, its engine and its containers; there are no operands"),
    OPT_STR(0, "host-root", "DIR", &root, "The host's root lies in DIR: this is a container that has it mounted there"),
    OPT_LIST(0, "only", "NUMBER[,...]", &only, "Of the benchmark only these sections or recommendations (\"3\", \"5.4\")"),
    OPT_LIST(0, "skip", "NUMBER[,...]", &skip, "Not these"),
    OPT_FLAG(0, "cis-json", &as_json, "All verdicts as one JSON document, with titles, reasons and evidence"),
    OPT_END,
};

bool check_host_asked(void) {
    return host || root || as_json || only.n || skip.n;
}

/* Flags that would say nothing are refused. */
static bool flags_agree(size_t n_operands, const char *format, struct err *e) {
    if (!host)
        return err_set(e, ERR_USAGE, "--host-root, --only, --skip and --cis-json are about --host, which is not given");
    if (n_operands)
        return err_set(e, ERR_USAGE, "check --host takes no operands: it looks at this host");
    return !as_json || output_format_of(format) == OUTPUT_TEXT ||
           err_set(e, ERR_USAGE, "--cis-json has all verdicts, --format=%s what failed: ask for one of them", format);
}

struct numbers {
    struct str *p;
    size_t n, capacity;
};

static bool is_known(struct str text) {
    const struct rule *r;
    for (size_t k = 0; (r = rule_at(k)); k++)
        if (cis_is_row(r) && cis_means(text, r))
            return true;
    return false;
}

static bool read_numbers(const struct opt_list *list, const char *flag, struct numbers *out, struct err *e) {
    for (size_t k = 0; k < list->n; k++) {
        struct str rest = str_z(list->p[k]), text;
        while (str_next(&rest, ',', &text)) {
            text = str_trim(text);
            if (!is_known(text))
                return err_set(e, ERR_USAGE, "%s: there is no recommendation %s (`croze check --host` lists all)", flag, SHOWN(text));
            if (out->n == LIMIT_RULE_NAMES)
                return err_set(e, ERR_USAGE, "%s: more than %d numbers", flag, LIMIT_RULE_NAMES);
            vec_push(out, text);
        }
    }
    return true;
}

/* Of one thing in the benchmark's order, which is their order in memory. */
static int by_file(const void *a, const void *b) {
    const struct finding *x = *(const struct finding *const *)a, *y = *(const struct finding *const *)b;
    int order = str_cmp(x->file, y->file);
    return order ? order : x < y ? -1 : x > y;
}

/* A part for the host, for each container, for each image. */
static void add_parts(const struct cis_report *r, struct output *out) {
    _cleanup_(mem_freep) const struct finding **order = mem_zalloc(r->n_findings + 1, sizeof(struct finding *));
    _cleanup_(mem_freep) struct finding *part = mem_zalloc(r->n_findings + 1, sizeof *part);
    for (size_t k = 0; k < r->n_findings; k++)
        order[k] = &r->findings[k];
    qsort(order, r->n_findings, sizeof *order, by_file);
    for (size_t k = 0, n = 0; k < r->n_findings; k++) {
        bool is_last = k + 1 == r->n_findings;
        part[n++] = *order[k];
        if (!is_last && str_eq(order[k]->file, order[k + 1]->file))
            continue;
        output_add(out, part->file, STR_NULL, part, n, is_last ? r->n_dropped : 0);
        n = 0;
    }
}

static bool print_report(const struct cis_report *r, const char *format, struct err *e) {
    _cleanup_(buf_fini) struct buf text = BUF_INIT(LIMIT_REPORT_BYTES);
    _cleanup_(output_fini) struct output out = {0};
    if (as_json)
        cis_json(r, &text);
    else if (output_format_of(format) == OUTPUT_TEXT)
        cis_print(r, &text);
    else {
        add_parts(r, &out);
        output_write(&out, output_format_of(format), &text);
    }
    return print_text(&text, "check --host", e);
}

static int look(const struct cis_options *o, const char *format, struct err *e) {
    _cleanup_(arena_fini) struct arena a = ARENA_INIT;
    struct host_source source;
    struct cis_report r;
    if (!host_source_open(root, &source, e))
        return -1;
    cis_check(&a, &source, o, &r);
    host_source_close(&source);
    if (!print_report(&r, format, e))
        return -1;
    if (check_is_failure(o->policy, r.findings, r.n_findings))
        return ERR_FINDINGS;
    if (cis_count(&r, CIS_PASS) || cis_count(&r, CIS_FAIL))
        return 0;
    err_set(e, ERR_UNCHECKED, "nothing of this host could be assessed: %.*s", STR_ARG(r.about));
    return -1;
}

/* A store that is not there is not made. */
static int with_store(struct context *c, struct cis_options *o, const char *format, struct err *e) {
    if (!store_exists(c->root))
        return look(o, format, e);
    if (!store_open_to_read(&c->store, c->root, sandbox_flavour(), e))
        return -1;
    o->store = &c->store;
    int code = look(o, format, e);
    store_close(&c->store);
    return code;
}

int check_host(struct context *c, size_t n_operands, const struct check_policy *policy, const char *format, struct err *e) {
    struct numbers of_only = {0}, of_skip = {0};
    int code = -1;
    if (flags_agree(n_operands, format, e) && read_numbers(&only, "--only", &of_only, e) && read_numbers(&skip, "--skip", &of_skip, e))
        code = with_store(c,
                          &(struct cis_options){.only = of_only.p,
                                                .skip = of_skip.p,
                                                .n_only = of_only.n,
                                                .n_skip = of_skip.n,
                                                .no_contents = !check_image_reads_files(),
                                                .policy = policy},
                          format, e);
    vec_fini(&of_only);
    vec_fini(&of_skip);
    return code;
}
