/* SPDX-License-Identifier: Apache-2.0
 * Instructions that hold a command for later: CMD ENTRYPOINT SHELL HEALTHCHECK. Nothing in them is expanded; the shell form becomes SHELL
 * and text. */
#include <assert.h>

#include "base/mem.h"
#include "plan/flags.h"
#include "plan/steps.h"
#include "plan/words.h"

/* The exec form as it is, else SHELL and the text. */
static struct str_list command_of(struct scope *s, const struct df_instruction *i) {
    struct str_list argv = {.set = true};
    if (!i->json)
        shell_argv(s, i->n_args ? i->args[0] : STR_NULL, &argv);
    for (size_t k = 0; i->json && k < i->n_args; k++)
        str_list_add(s->arena, &argv, i->args[k]);
    return argv;
}

static struct str quoted_line(struct scope *s, const char *keyword, const struct str_list *argv) {
    _cleanup_(buf_fini) struct buf text = BUF_INIT(LIMIT_STAGE_BYTES);
    buf_printf(&text, "%s ", keyword);
    words_quoted(&text, argv->p, argv->n);
    return arena_str(s->arena, buf_str(&text));
}

bool step_cmd(struct scope *s, const struct df_instruction *i, struct step *out, struct err *e) {
    (void)e;
    s->config.cmd = command_of(s, i);
    s->config.args_escaped = true; /* as BuildKit writes it, for any platform */
    s->cmd_set = true;
    out->created_by = quoted_line(s, "CMD", &s->config.cmd);
    return true;
}

/* The base's CMD was meant for the base's ENTRYPOINT. */
bool step_entrypoint(struct scope *s, const struct df_instruction *i, struct step *out, struct err *e) {
    (void)e;
    s->config.entrypoint = command_of(s, i);
    if (!s->cmd_set)
        s->config.cmd = (struct str_list){0};
    out->created_by = quoted_line(s, "ENTRYPOINT", &s->config.entrypoint);
    return true;
}

bool step_shell(struct scope *s, const struct df_instruction *i, struct step *out, struct err *e) {
    (void)e;
    assert(i->json && i->n_args > 0);
    s->config.shell = command_of(s, i);
    _cleanup_(buf_fini) struct buf text = BUF_INIT(LIMIT_STAGE_BYTES);
    buf_add_str(&text, S("SHELL "));
    words_bracketed(&text, i->args, i->n_args);
    out->created_by = arena_str(s->arena, buf_str(&text));
    return true;
}

/* --- HEALTHCHECK ----------------------------------------------------------------------------------------------------------------- */

#define MIN_INTERVAL_NS 1000000 /* docker refuses less */

static bool interval(const struct site *at, const char *name, int64_t *out, struct err *e) {
    const struct df_flag *flag = flag_find(at->i, name);
    *out = 0;
    if (!flag || flag->value.n == 0)
        return true;
    if (!duration_parse(flag->value, out))
        return site_err(at, flag_value_pos(flag), e, "HEALTHCHECK --%s=%s is not a duration like 30s or 1m30s", name,
                        SHOWN(flag->value));
    if (*out != 0 && *out < MIN_INTERVAL_NS)
        return site_err(at, flag_value_pos(flag), e, "HEALTHCHECK --%s=%s is less than 1ms", name, SHOWN(flag->value));
    return true;
}

static bool retries(const struct site *at, int64_t *out, struct err *e) {
    const struct df_flag *flag = flag_find(at->i, "retries");
    uint64_t n = 0;
    if (flag && flag->value.n && !str_to_u64(flag->value, 10, INT32_MAX, &n))
        return site_err(at, flag_value_pos(flag), e, "HEALTHCHECK --retries=%s is not a number from 0 to %d", SHOWN(flag->value),
                        INT32_MAX);
    *out = (int64_t)n;
    return true;
}

/* {Test:[CMD-SHELL true] Interval:30s ... Retries:0} */
static struct str health_line(struct scope *s, const struct healthcheck *h) {
    const struct {
        const char *name;
        int64_t ns;
    } times[] = {{"Interval", h->interval_ns},
                 {"Timeout", h->timeout_ns},
                 {"StartPeriod", h->start_period_ns},
                 {"StartInterval", h->start_interval_ns}};
    _cleanup_(buf_fini) struct buf text = BUF_INIT(LIMIT_STAGE_BYTES);
    buf_add_str(&text, S("HEALTHCHECK {Test:"));
    words_bracketed(&text, h->test.p, h->test.n);
    for (size_t k = 0; k < sizeof times / sizeof times[0]; k++) {
        buf_printf(&text, " %s:", times[k].name);
        duration_write(&text, times[k].ns);
    }
    buf_printf(&text, " Retries:%lld}", (long long)h->retries);
    return arena_str(s->arena, buf_str(&text));
}

/* NONE takes away the base's; its flags mean nothing. */
bool step_healthcheck(struct scope *s, const struct df_instruction *i, struct step *out, struct err *e) {
    struct site at = scope_site(s, i);
    struct healthcheck h = {0};
    assert(i->n_args > 0);
    bool none = str_eqz(i->args[0], "NONE");
    str_list_add(s->arena, &h.test, none ? S("NONE") : i->json ? S("CMD") : S("CMD-SHELL"));
    for (size_t k = 1; k < i->n_args; k++)
        str_list_add(s->arena, &h.test, i->args[k]);
    if (!none && !(interval(&at, "interval", &h.interval_ns, e) && interval(&at, "timeout", &h.timeout_ns, e) &&
                   interval(&at, "start-period", &h.start_period_ns, e) && interval(&at, "start-interval", &h.start_interval_ns, e) &&
                   retries(&at, &h.retries, e)))
        return false;
    s->config.health = h;
    s->config.has_health = true;
    out->created_by = health_line(s, &h);
    return true;
}
