/* SPDX-License-Identifier: Apache-2.0
 * croze build --check and --call: what the Dockerfile's checks find, what a build can be given, which targets there are. */
#include "base/limits.h"
#include "check/outline.h"
#include "cmd/build_flags.h"
#include "cmd/print.h"

static const char *call_text;
static bool check;

const struct opt build_check_rows[] = {
    OPT_FLAG(0, "check", &check, "Run the checks only: --call=check"),
    OPT_STR(0, "call", "WHAT[,format=json][,ignorestatus=true]", &call_text,
            "Instead of building: check (findings; exit code 10 if there are any), outline (what the build can be given), targets (the "
            "stages); build builds"),
    OPT_END,
};

enum what { CALL_BUILD, CALL_CHECK, CALL_OUTLINE, CALL_TARGETS };
static struct {
    enum what what;
    bool json, ignore_status;
    bool found;               /* the check found something */
} asked;

static bool look_check(struct arena *a, struct str text, struct str name, const struct check_options *o, struct buf *out, struct err *e) {
    struct check_options all = *o;
    struct check_result r;
    all.all_stages = o->plan.target.n == 0; /* as BuildKit: without --target every stage is looked at */
    check_dockerfile(a, text, name, &all, &r);
    if (asked.json)
        check_json_buildkit(&r, out);
    else
        check_print(&r, out);
    asked.found = r.n_findings > 0;
    if (r.error.kind == ERR_NONE)
        return true;
    err_move(e, &r.error);
    return false;
}

static bool look_outline(struct arena *a, struct str text, struct str name, const struct check_options *o, struct buf *out, struct err *e) {
    struct outline outline;
    if (!outline_make(a, text, name, o, &outline, e))
        return false;
    if (asked.json)
        outline_json(&outline, out);
    else
        outline_print(&outline, out);
    return true;
}

static bool look_targets(struct arena *a, struct str text, struct str name, struct buf *out, struct err *e) {
    struct targets targets;
    if (!targets_make(a, text, name, &targets, e))
        return false;
    if (asked.json)
        targets_json(&targets, out);
    else
        targets_print(&targets, out);
    return true;
}

/* What was found is printed even if the file turns out to be wrong further down. */
static bool look(void *ctx, struct arena *a, struct str text, struct str name, const struct check_options *o, struct err *e) {
    struct buf out = BUF_INIT(LIMIT_REPORT_BYTES);
    (void)ctx;
    bool good = asked.what == CALL_CHECK     ? look_check(a, text, name, o, &out, e)
                : asked.what == CALL_OUTLINE ? look_outline(a, text, name, o, &out, e)
                                             : look_targets(a, text, name, &out, e);
    struct err unprinted = ERR_INIT;
    if (!print_text(&out, arena_strz(a, name), &unprinted) && good) {
        err_move(e, &unprinted);
        good = false;
    }
    err_clear(&unprinted);
    buf_fini(&out);
    return good;
}

/* --- The flag ----------------------------------------------------------------------------------------------------------------------- */

static bool read_what(struct str word, struct err *e) {
    static const struct {
        const char *name;
        enum what what;
    } names[] = {{"build", CALL_BUILD}, {"check", CALL_CHECK}, {"lint", CALL_CHECK}, {"outline", CALL_OUTLINE}, {"targets", CALL_TARGETS}};
    for (size_t k = 0; k < sizeof names / sizeof names[0]; k++)
        if (str_eqz(word, names[k].name)) {
            asked.what = names[k].what;
            return true;
        }
    return err_set(e, ERR_USAGE, "--call=%s: \"%.*s\" is none of build, check, outline and targets", call_text, STR_ARG(word));
}

static bool read_attribute(struct str key, struct str value, struct err *e) {
    if (str_eqz(key, "format") && (str_eqz(value, "json") || str_eqz(value, "text"))) {
        asked.json = str_eqz(value, "json");
        return true;
    }
    if (str_eqz(key, "ignorestatus") && str_to_bool(value, &asked.ignore_status))
        return true;
    return err_set(e, ERR_USAGE, "--call=%s: \"%.*s=%.*s\" is none of format=json, format=text and ignorestatus=true", call_text,
                   STR_ARG(key), STR_ARG(value));
}

bool build_check_read(struct build_options *o, struct err *e) {
    static const struct build_call call = {look, NULL};
    struct str rest = str_z(call_text), word, key, value;
    bool named = false;
    while (str_next(&rest, ',', &word)) {
        bool attribute = str_cut(word, '=', &key, &value);
        if (!attribute && named)
            return err_set(e, ERR_USAGE, "--call=%s asks for two things", call_text);
        named |= !attribute;
        if (attribute ? !read_attribute(key, value, e) : !read_what(word, e))
            return false;
    }
    if (check)
        asked.what = CALL_CHECK;
    if (asked.what != CALL_BUILD)
        o->call = &call;
    return true;
}

int build_check_code(void) {
    return asked.found && !asked.ignore_status ? ERR_FINDINGS : 0;
}
