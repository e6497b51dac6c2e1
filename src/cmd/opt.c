/* SPDX-License-Identifier: Apache-2.0
 * Parsing of declared options over getopt_long: see opt.h. What the rows look like to people (help, manual, completion) is opt_text.c. */
#include "cmd/opt.h"

#include <assert.h>
#include <getopt.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/mem.h"

enum { OPT_BASE = 1000, OPT_HELP = 999, SHORT_MAX = 256 };

const struct opt *opt_next(struct opt_walk *w) {
    if (w->next->kind == OPT_KIND_END && w->back) {
        w->next = w->back;
        w->back = NULL;
    }
    if (w->next->kind == OPT_KIND_END)
        return NULL;
    const struct opt *o = w->next++;
    if (o->kind == OPT_KIND_TABLE) {
        assert(!w->back);
        w->back = w->next;
        w->next = o->table;
    }
    return o;
}

/* All rows that an option may name, tables' own rows among them, as one array. */
static struct opt *gather_rows(const struct opt *rows, size_t *n) {
    struct opt *all = NULL;
    const struct opt *o;
    *n = 0;
    for (struct opt_walk w = {rows, NULL}; (o = opt_next(&w));)
        if (o->kind != OPT_KIND_TABLE) {
            all = mem_realloc(all, *n + 1, sizeof *all);
            all[(*n)++] = *o;
        }
    return all;
}

/* The getopt tables that the rows say. A flag may be given a value ("--rm=false"), as with docker. */
static struct option *make_long(const struct opt *rows, size_t n) {
    struct option *longs = mem_zalloc(n + 2, sizeof *longs);
    size_t at = 0;
    for (size_t i = 0; i < n; i++) {
        if (!rows[i].name)
            continue;
        bool flag = rows[i].kind == OPT_KIND_FLAG || (rows[i].kind == OPT_KIND_UNSUPPORTED && !rows[i].arg);
        flag = flag || rows[i].kind == OPT_KIND_OPTIONAL;
        longs[at++] = (struct option){rows[i].name, flag ? optional_argument : required_argument, NULL, OPT_BASE + (int)i};
    }
    longs[at] = (struct option){"help", no_argument, NULL, OPT_HELP};
    return longs;
}

static void make_short(const struct opt *rows, size_t n, bool stop_at_operand, struct buf *out) {
    buf_add_str(out, stop_at_operand ? S("+:") : S(":"));
    for (size_t i = 0; i < n; i++) {
        if (!rows[i].short_name)
            continue;
        buf_add_char(out, rows[i].short_name);
        if (rows[i].arg)
            buf_add_char(out, ':');
    }
}

const char *const opt_off_words[] = {"false", "0", NULL};

/* Whether an unsupported flag is told not to do what it does. */
static bool is_off(const struct opt *o, const char *value) {
    for (const char *const *word = opt_off_words; value && (!o->arg || o->choices) && *word; word++)
        if (strcmp(value, *word) == 0)
            return true;
    return false;
}

static bool set_flag(const struct opt *o, const char *value, struct err *e) {
    return str_to_bool(str_z(value ? value : "true"), o->to) ||
           err_set(e, ERR_USAGE, "--%s takes true or false, not \"%s\"", o->name, value);
}

static bool set_int(const struct opt *o, const char *value, struct err *e) {
    int64_t v;
    if (!str_to_i64(str_z(value), &v) || v < o->min || v > o->max)
        return err_set(e, ERR_USAGE, "--%s takes a number from %lld to %lld, not \"%s\"", o->name, (long long)o->min, (long long)o->max,
                       value);
    *(int64_t *)o->to = v;
    return true;
}

static bool set_enum(const struct opt *o, const char *value, struct err *e) {
    struct buf words = BUF_INIT(4096);
    for (size_t i = 0; o->choices[i]; i++) {
        if (strcmp(o->choices[i], value) == 0) {
            *(const char **)o->to = o->choices[i];
            buf_fini(&words);
            return true;
        }
        buf_printf(&words, "%s%s", i ? ", " : "", o->choices[i]);
    }
    err_set(e, ERR_USAGE, "--%s is one of %s, not \"%s\"", o->name, words.p, value);
    buf_fini(&words);
    return false;
}

static void add_to_list(struct opt_list *l, const char *value) {
    l->p = mem_realloc(l->p, l->n + 1, sizeof *l->p);
    l->p[l->n++] = value;
}

static bool set_value(const struct opt *o, const char *value, struct err *e) {
    switch (o->kind) {
    case OPT_KIND_FLAG:
        return set_flag(o, value, e);
    case OPT_KIND_STR:
        *(const char **)o->to = value;
        return true;
    case OPT_KIND_OPTIONAL:
        *(const char **)o->to = value ? value : "";
        return true;
    case OPT_KIND_LIST:
        add_to_list(o->to, value);
        return true;
    case OPT_KIND_INT:
        return set_int(o, value, e);
    case OPT_KIND_ENUM:
        return set_enum(o, value, e);
    case OPT_KIND_UNSUPPORTED:
        return is_off(o, value) || err_set(e, ERR_USAGE, "--%s is not supported: %s", o->name, o->help);
    case OPT_KIND_END:
    case OPT_KIND_TABLE:
        break;
    }
    assert(!"a row of this kind takes no value");
    return false;
}

static const struct opt *row_of(const struct opt *rows, size_t n, int c) {
    if (c >= OPT_BASE)
        return &rows[c - OPT_BASE];
    for (size_t i = 0; i < n; i++)
        if (rows[i].short_name == c)
            return &rows[i];
    return NULL;
}

static bool set_from_environment(const struct opt *rows, size_t n, struct err *e) {
    for (size_t i = 0; i < n; i++) {
        const char *value = rows[i].env ? getenv(rows[i].env) : NULL;
        if (value && *value && !set_value(&rows[i], value, e))
            return err_wrap(e, "environment variable %s", rows[i].env);
    }
    return true;
}

/* getopt gives '?' or ':' and leaves us to say what was wrong. */
static bool complain(int c, char **argv, struct err *e) {
    const char *word = argv[optind - 1];
    if (c == ':')
        return err_set(e, ERR_USAGE, "%s needs a value", word);
    if (optopt && optopt < OPT_HELP)
        return err_set(e, ERR_USAGE, "unknown option: -%c (in \"%s\"); --help lists the options", optopt, word);
    return err_set(e, ERR_USAGE, "unknown or ambiguous option: %s; --help lists the options", word);
}

bool opt_parse(const struct opt *table, int argc, char **argv, bool stop_at_operand, char ***args, size_t *n_args, bool *help,
               struct err *e) {
    size_t n;
    _cleanup_(mem_freep) struct opt *rows = gather_rows(table, &n);
    _cleanup_(mem_freep) struct option *longs = make_long(rows, n);
    struct buf shorts = BUF_INIT(SHORT_MAX);
    make_short(rows, n, stop_at_operand, &shorts);
    *help = false;
    optind = 0; /* glibc: start anew with another table */
    opterr = 0;
    bool good = set_from_environment(rows, n, e);
    for (int c; good && (c = getopt_long(argc, argv, shorts.p, longs, NULL)) != -1;) {
        if (c == OPT_HELP) {
            *help = true;
            continue;
        }
        if (c == '?' || c == ':')
            good = complain(c, argv, e);
        else
            good = set_value(row_of(rows, n, c), optarg, e);
    }
    *args = argv + optind;
    *n_args = (size_t)(argc - optind);
    buf_fini(&shorts);
    return good;
}
