/* SPDX-License-Identifier: Apache-2.0
 * Rules over an image's history: how it was made, where nobody has its Dockerfile. Its lines are made instructions again, and those rules
 * over a Dockerfile look at them that speak of what an image has in it. And what history shows of secrets.
 *
 * Builders write them in two ways: "RUN |1 A=b /bin/sh -c command # buildkit", "COPY a /b # buildkit"; and "/bin/sh -c command",
 * "/bin/sh -c #(nop) COPY file:... in /b". */
#include "base/limits.h"
#include "base/map.h"
#include "check/image_rules.h"
#include "check/judge.h"
#include "check/shell.h"
#include "check/tokens.h"
#include "check/words.h"

static const char here[] = "croze-end-of-history-line";

/* --- Lines ------------------------------------------------------------------------------------------------------------------------- */

/* BuildKit's mark. */
static struct str without_builder(struct str line) {
    static const char mark[] = " # buildkit";
    return str_ends(line, str_z(mark)) ? str_first(line, line.n - strlen(mark)) : line;
}

static struct str without(struct str line, const char *prefix) {
    return str_starts(line, str_z(prefix)) ? str_trim_left(str_from(line, strlen(prefix))) : line;
}

/* The command of a RUN, or "" if the line is no RUN. *arguments: "A=b C=d" that it was given, or "". */
static struct str run_command(struct str line, struct str *arguments) {
    static const char shell[] = "/bin/sh -c";
    bool run = str_starts(line, S("RUN ")), given;
    struct str text = without(line, "RUN "), count;
    *arguments = STR_NULL;
    given = str_starts(text, S("|"));
    if (given) {
        (void)str_cut(text, ' ', &count, &text);
        ptrdiff_t at = str_find(text, str_z(shell));
        *arguments = at < 0 ? text : str_first(text, (size_t)at);
        text = at < 0 ? STR_NULL : str_from(text, (size_t)at);
    }
    bool old = str_starts(text, str_z(shell)) && !str_starts(without(text, shell), S("#(nop)"));
    return run || given || old ? without(text, shell) : STR_NULL;
}

/* A line that ends where it ends: neither does a backslash join the next one to it, nor do the lines behind it become its document. */
static void add_alone(struct buf *out, struct str text) {
    for (text = str_trim_right(text); str_ends(text, S("\\")); text = str_trim_right(text))
        text = str_first(text, text.n - 1);
    for (ptrdiff_t at; (at = str_find(text, S("<<"))) >= 0; text = str_from(text, (size_t)at + 2))
        buf_add_str(out, str_first(text, (size_t)at));
    buf_add_str(out, text);
}

/* "ADD file:1234 in /x" -> "ADD file:1234 /x": docker's classic builder. */
static void add_instruction(struct buf *out, struct str text) {
    ptrdiff_t in = str_find(text, S(" in "));
    bool copies = str_starts(text, S("ADD ")) || str_starts(text, S("COPY "));
    if (copies && in >= 0) {
        buf_add_str(out, str_first(text, (size_t)in + 1));
        text = str_from(text, (size_t)in + 4);
    }
    add_alone(out, text);
}

/* A command as it is, with its backslashes and "<<". */
static void add_document(struct buf *out, struct str command) {
    if (str_find(command, str_z(here)) < 0)
        buf_printf(out, "RUN <<'%s'\n%.*s\n%s", here, STR_ARG(command), here);
}

static bool is_instruction(struct str text) {
    struct str word, rest;
    (void)str_cut(text, ' ', &word, &rest);
    return word_in("ADD ARG CMD COPY ENTRYPOINT ENV EXPOSE HEALTHCHECK LABEL MAINTAINER ONBUILD SHELL STOPSIGNAL USER VOLUME WORKDIR",
                   word);
}

struct str image_step(struct arena *a, struct str created_by) {
    struct str arguments, line = without_builder(created_by), command = run_command(line, &arguments);
    if (command.n)
        line = arena_join3(a, S("RUN "), command, STR_NULL);
    else if (arguments.n)
        line = S("RUN");
    return tokens_masked(a, image_masked(a, without(without(line, "/bin/sh -c"), "#(nop)")));
}

/* One line of history as the lines of a Dockerfile. What it does not know is left out. */
static void add_line(struct buf *out, struct str line) {
    struct str arguments, command = run_command(line, &arguments);
    struct str text = without(without(line, "/bin/sh -c"), "#(nop)");
    if (command.n == 0 && is_instruction(text) && str_index(text, '\n') < 0)
        add_instruction(out, text);
    else if (command.n || str_index(text, ' ') > 0) {
        command = command.n ? command : text; /* what has no shell in front is taken for a command too */
        bool plain = str_index(command, '\n') < 0 && str_find(command, S("<<")) < 0 && !str_ends(str_trim_right(command), S("\\"));
        if (plain)
            buf_printf(out, "RUN %.*s", STR_ARG(command));
        else
            add_document(out, command);
    }
    buf_add_char(out, '\n');
}

/* --- The rules of Dockerfiles -------------------------------------------------------------------------------------------------------- */

bool history_text(const struct str *lines, size_t n, struct buf *text, unsigned *begins) {
    unsigned line = 2;
    buf_add_str(text, S("FROM scratch\n"));
    for (size_t k = 0; k < n && buf_ok(text); k++) {
        size_t before = text->n;
        begins[k] = line;
        add_line(text, without_builder(lines[k]));
        for (size_t i = before; i < text->n; i++)
            line += text->p[i] == '\n';
    }
    return buf_ok(text);
}

size_t history_at(const unsigned *begins, size_t n, unsigned line) {
    size_t low = 0, high = n;
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        if (begins[middle] <= line)
            low = middle;
        else
            high = middle;
    }
    return low;
}

size_t check_history(struct arena *a, enum check_compat compat, const struct str *lines, size_t n, struct history_finding **out) {
    _cleanup_(buf_fini) struct buf text = BUF_INIT(LIMIT_DOCKERFILE_BYTES);
    unsigned *begins = arena_array(a, unsigned, n);
    struct check_options o = {.policy = {.compat = compat, .no_pragmas = true}, .plan.platform = S("linux/" CROZE_ARCH)};
    struct check_result r;
    size_t found = 0;
    if (n == 0 || !history_text(lines, n, &text, begins))
        return 0;
    check_dockerfile(a, arena_str(a, buf_str(&text)), S("history"), &o, &r);
    *out = arena_array(a, struct history_finding, r.n_findings);
    for (size_t i = 0; i < r.n_findings; i++) {
        const struct finding *f = &r.findings[i];
        if (f->pos.line >= begins[0])
            (*out)[found++] = (struct history_finding){f->rule, f->also, f->message, history_at(begins, n, f->pos.line)};
    }
    err_clear(&r.error);
    return found;
}

/* dockle's checkpoints of how an image was made. */
static bool speaks_of_making(const struct history_finding *f) {
    static const char ids[] = "DKL-DI-0001 DKL-DI-0003 DKL-DI-0004 DKL-DI-0005 CIS-DI-0007 CIS-DI-0009";
    struct str rest = str_z(f->also ? f->also : f->rule->also), id;
    while (str_next(&rest, ' ', &id))
        if (word_in(ids, id))
            return true;
    return false;
}

/* A rootfs comes by ADD where an image begins. */
static bool is_base(const struct image_check *c, size_t k) {
    return k == 0 && c->image->history[0].created_by.n && !c->image->history[0].empty_layer;
}

static void take(struct image_check *c, const struct history_finding *f, size_t layer) {
    bool add = str_find(str_z(f->also ? f->also : f->rule->also), S("CIS-DI-0009")) >= 0;
    if (speaks_of_making(f) && !(add && is_base(c, f->step)))
        image_report_step(c, f->rule, c->image->history[f->step].empty_layer ? NO_LAYER : layer, f->step, f->also, f->message);
}

void image_look_at_history(struct image_check *c) {
    _cleanup_(arena_fini) struct arena a = ARENA_INIT;
    const struct image *im = c->image;
    struct str *lines = arena_array(&a, struct str, im->n_history);
    size_t *layers = arena_array(&a, size_t, im->n_history), layer = 0;
    struct history_finding *found = NULL;
    for (size_t k = 0; k < im->n_history; k++) {
        lines[k] = im->history[k].created_by;
        layers[k] = layer;
        layer += !im->history[k].empty_layer;
    }
    size_t n = check_history(&a, c->options->policy->compat, lines, im->n_history, &found);
    for (size_t i = 0; i < n; i++)
        if (layers[found[i].step] >= c->options->base_layers)
            take(c, &found[i], layers[found[i].step]);
}

/* --- Secrets ------------------------------------------------------------------------------------------------------------------------ */

struct secrets {
    struct image_check *check;
    const struct rule *rule;
    struct map told; /* names: each is told once, however many steps were given it */
};

static void tell(struct secrets *s, struct str name, struct str value) {
    name = str_trim(name);
    value = str_trim(value);
    if (value.n == 0 || str_eqz(value, "\"\"") || !is_secret_name(name) || map_get(&s->told, name))
        return;
    map_put(&s->told, arena_str(s->check->arena, name), s);
    image_report(s->check, s->rule, "History shows the value of %s", SHOWN(name));
}

/* "ENV A=b C=d", "ARG A=b", and what a RUN was given. */
static void tell_pairs(struct secrets *s, struct str text) {
    struct str word, name, value;
    while (str_next(&text, ' ', &word))
        if (str_cut(word, '=', &name, &value))
            tell(s, name, value);
}

/* "TOKEN=abc program": the command's own variables. */
static void tell_assignments(struct secrets *s, struct str command) {
    _cleanup_(arena_fini) struct arena a = ARENA_INIT;
    uint64_t work = LIMIT_FILE_WORK;
    struct shell shell;
    struct str name, value;
    shell_split(&a, command, &work, &shell);
    for (size_t k = 0; k < shell.n; k++)
        for (size_t i = 0; i < shell.commands[k].n_assigns; i++) {
            const struct shell_word *w = &shell.commands[k].assigns[i];
            if (!w->expands && str_cut(w->text, '=', &name, &value))
                tell(s, name, value);
        }
}

static void secret_history(struct image_check *c, const struct rule *r, const struct image_entry *en) {
    struct secrets s = {.check = c, .rule = r};
    size_t layer = 0;
    (void)en;
    for (size_t k = 0; k < c->image->n_history; k++) {
        struct str line = without_builder(c->image->history[k].created_by), arguments;
        bool of_base = layer < c->options->base_layers;
        layer += !c->image->history[k].empty_layer;
        if (of_base)
            continue;
        const char *token = token_in(line);
        if (token)
            image_report(c, r, "History shows what looks like %s, in step %zu", token, k + 1);
        struct str command = run_command(line, &arguments), text = without(without(line, "/bin/sh -c"), "#(nop)");
        tell_pairs(&s, arguments);
        if (command.n)
            tell_assignments(&s, command);
        else if (str_starts(text, S("ENV ")) || str_starts(text, S("ARG ")))
            tell_pairs(&s, str_from(text, 4));
    }
    map_fini(&s.told);
}

const struct rule rules_image_history[] = {
    {.id = "ImageSecretHistory",
     .reads = READS_IMAGE,
     .severity = SEVERITY_ERROR,
     .also = "CIS-DI-0010 4.10",
     .why = "History keeps the values of build arguments and variables.",
     .fix = "Use RUN --mount=type=secret, and change the secret.",
     .url = "",
     .image = secret_history},
    {0},
};
