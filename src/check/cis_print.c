/* SPDX-License-Identifier: Apache-2.0
 * Verdicts as a table for people, and as a document. */
#include "base/json.h"
#include "check/cis.h"
#include "check/json_place.h"

const char *cis_section_title(unsigned section) {
    static const char *const titles[] = {
        "Host", "Docker daemon", "Files of the daemon", "Images and how they were built", "Running containers", "Upkeep", "Swarm"};
    return section >= 1 && section <= 7 ? titles[section - 1] : "";
}

static unsigned section_of(const struct rule *r) {
    return (unsigned)(cis_number(r).p[0] - '0');
}

/* Of what was assessed: what is left to people, and what does not apply, is no merit. */
static unsigned percent_passed(const struct cis_report *r) {
    size_t pass = cis_count(r, CIS_PASS), assessed = pass + cis_count(r, CIS_FAIL);
    return assessed ? (unsigned)(pass * 100 / assessed) : 0;
}

static void print_sum(const struct cis_report *r, struct buf *out) {
    size_t pass = cis_count(r, CIS_PASS), fail = cis_count(r, CIS_FAIL);
    buf_printf(out, "\n%zu of %zu recommendations assessed: %zu PASS, %zu FAIL", pass + fail, r->n_answers, pass, fail);
    if (pass + fail)
        buf_printf(out, " (%u%% passed)", percent_passed(r));
    buf_printf(out, "; %zu MANUAL, %zu N/A\n", cis_count(r, CIS_MANUAL), cis_count(r, CIS_NA));
}

void cis_print(const struct cis_report *r, struct buf *out) {
    unsigned section = 0;
    buf_add_str(out, S("CIS Docker Benchmark v1.8.0, recommendations in croze's words; "));
    buf_add_shown(out, r->about);
    buf_add_char(out, '\n');
    for (size_t k = 0; k < r->n_answers; k++) {
        const struct cis_answer *x = &r->answers[k];
        if (section_of(x->rule) != section) {
            section = section_of(x->rule);
            buf_printf(out, "\n%u  %s\n", section, cis_section_title(section));
        }
        buf_printf(out, "%-6.*s  %-6s  %s\n", STR_ARG(cis_number(x->rule)), cis_verdict_name(x->verdict), x->rule->title);
        if (x->evidence.n) {
            buf_printf(out, "%16s", "");
            buf_add_shown(out, x->evidence);
            buf_add_char(out, '\n');
        }
    }
    print_sum(r, out);
}

/* --- JSON ---------------------------------------------------------------------------------------------------------------------------- */

static void add_answer(yyjson_mut_doc *d, yyjson_mut_val *list, const struct cis_answer *x) {
    yyjson_mut_val *o = yyjson_mut_arr_add_obj(d, list);
    json_add_str(d, o, "id", cis_number(x->rule));
    json_add_str(d, o, "rule", str_z(x->rule->id));
    json_add_str(d, o, "section", str_z(cis_section_title(section_of(x->rule))));
    json_add_str(d, o, "title", str_z(x->rule->title));
    json_add_str(d, o, "verdict", str_z(cis_verdict_name(x->verdict)));
    json_add_str(d, o, "evidence", x->evidence);
    json_add_str(d, o, "why", str_z(x->rule->why));
    json_add_str(d, o, "fix", str_z(x->rule->fix));
}

void cis_json(const struct cis_report *r, struct buf *out) {
    _cleanup_(json_mut_freep) yyjson_mut_doc *d = yyjson_mut_doc_new(NULL);
    yyjson_mut_val *root = yyjson_mut_obj(d);
    yyjson_mut_doc_set_root(d, root);
    json_add_str(d, root, "benchmark", S("CIS Docker Benchmark v1.8.0"));
    json_add_str(d, root, "host", r->about);
    yyjson_mut_val *counts = yyjson_mut_obj_add_obj(d, root, "counts");
    for (int v = CIS_NA; v <= CIS_FAIL; v++)
        yyjson_mut_obj_add_uint(d, counts, cis_verdict_name((enum cis_verdict)v), cis_count(r, (enum cis_verdict)v));
    yyjson_mut_obj_add_uint(d, root, "assessed", cis_count(r, CIS_PASS) + cis_count(r, CIS_FAIL));
    yyjson_mut_obj_add_uint(d, root, "passedPercent", percent_passed(r));
    yyjson_mut_val *list = yyjson_mut_obj_add_arr(d, root, "recommendations");
    for (size_t k = 0; k < r->n_answers; k++)
        add_answer(d, list, &r->answers[k]);
    json_write(d, true, out);
    buf_add_char(out, '\n');
}
