/* SPDX-License-Identifier: Apache-2.0
 * What history says of the step that made each layer (origin_work.h): whether packages were taken without their signatures, whether it
 * checks what it downloads, and which digests it names. By the rules over Dockerfiles (DownloadUnverified, PipeToShell), and more
 * strictly than they: they are silent of what they cannot know, and that is not enough here. */
#include "base/limits.h"
#include "check/image_rules.h"
#include "check/lint.h"
#include "check/origin_work.h"
#include "check/shell_proof.h"
#include "check/words.h"

/* --- Digests that a text names -------------------------------------------------------------------------------------------------------- */

static bool is_hex(char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
}

/* Runs of 64 hex digits. */
static void add_digests(struct origin_digests *s, struct str text) {
    for (size_t at = 0, end; at < text.n; at = end + 1) {
        struct digest d;
        for (end = at; end < text.n && is_hex(text.p[end]);)
            end++;
        if (end - at == DIGEST_HEX && digest_parse_hex(str_n(text.p + at, end - at), &d))
            origin_digests_add(s, &d);
    }
}

/* "echo 'DIGEST file' | sha256sum -c": the command, its here-documents, and what is piped into it. */
static void add_named(struct origin_digests *s, const struct shell *sh, size_t k) {
    if (!command_is(&sh->commands[k], "sha256sum shasum"))
        return;
    for (;; k--) {
        const struct shell_command *c = &sh->commands[k];
        add_digests(s, c->text);
        for (size_t i = 0; i < c->n_redirects; i++)
            if (c->redirects[i].body)
                add_digests(s, *c->redirects[i].body);
        if (k == 0 || c->before != SHELL_PIPE)
            break;
    }
}

static void add_of_step(struct origin_digests *s, const struct lint_step *step) {
    struct digest d;
    struct err e = ERR_INIT;
    struct str checksum = step->i->op == DF_ADD ? lint_flag(step->i, "checksum") : STR_NULL;
    if (checksum.n && digest_parse(lint_unquoted(checksum), &d, &e))
        origin_digests_add(s, &d);
    err_clear(&e);
    for (size_t k = 0; k < step->script.n; k++)
        add_named(s, &step->script, k);
}

void origin_digests_named(struct origin_digests *s, struct str dockerfile) {
    _cleanup_(arena_fini) struct arena a = ARENA_INIT;
    struct dockerfile file;
    struct lint lint;
    struct err e = ERR_INIT;
    uint64_t work = LIMIT_FILE_WORK;
    (void)!dockerfile_parse_lenient(&a, dockerfile, S("Dockerfile"), &file, &e);
    err_clear(&e);
    lint_make(&a, &file, &work, &lint);
    for (size_t k = 0; k < lint.n; k++)
        add_of_step(s, &lint.steps[k]);
}

/* --- Steps that verify ---------------------------------------------------------------------------------------------------------------- */

/* What else brings things from elsewhere, unchecked or checked in ways that nobody sees from here. Package managers of the system are no
 * such: their files are judged by their lists. */
static const char fetchers[] =
    "git svn hg bzr pip pip2 pip3 pipx uv npm npx yarn pnpm bun gem bundle cargo go composer mvn gradle conda "
    "mamba aria2c axel fetch lynx w3m ftp sftp scp rsync nc ncat netcat socat telnet aws gsutil gcloud az oras skopeo crane";

/* Whether it says yes or no: sums are compared (-c, or by what they are piped into), and not only printed; and tools that do other things,
 * too, verify. */
static bool compares(const struct shell_command *c) {
    bool verifies = !command_is(c, "gh cosign slsa-verifier openssl");
    if (command_is(c, "sha256sum sha512sum sha384sum sha224sum sha1sum shasum b2sum b3sum md5sum"))
        return command_flag(c, "c check") || c->behind == SHELL_PIPE;
    for (size_t k = 1; k < c->n_words; k++)
        verifies |= str_starts(c->words[k].text, S("verify")) || str_starts(c->words[k].text, S("-verify"));
    return command_proves(c) && verifies;
}

/* Whether the step fails if this command does: of a pipe its last one counts, with "set -e" a command ends the script unless && or ||
 * follow it; without, all that follows must hang on it by &&. */
static bool is_heeded(const struct shell *s, size_t k, bool errexit) {
    if (s->commands[k].depth || s->commands[k].nested)
        return false;
    while (s->commands[k].behind == SHELL_PIPE && k + 1 < s->n)
        k++;
    if (errexit && s->commands[k].behind == SHELL_SEQUENCE)
        return true;
    for (; k < s->n; k++) {
        const struct shell_command *c = &s->commands[k];
        if (c->depth)
            return false; /* what comes behind a group is not seen from in it */
        if (!c->nested && c->behind != SHELL_AND && c->behind != SHELL_PIPE)
            return c->behind == SHELL_EDGE;
    }
    return true;
}

static bool sets_errexit(const struct shell_command *c) {
    return command_is(c, "set") && !c->depth && !c->nested && (command_flag(c, "e") || command_has(c, "errexit"));
}

/* Whether something is downloaded, nothing comes in by other ways, and what came last was proven before the end. */
static bool verifies(const struct lint_step *step) {
    const struct shell *s = &step->script;
    bool downloaded = false, open = false, errexit = false;
    if (s->broken || step->shell == SHELL_FOREIGN)
        return false;
    for (size_t k = 0; k < s->n; k++) {
        const struct shell_command *c = &s->commands[k];
        if (command_is(c, fetchers))
            return false;
        errexit |= sets_errexit(c);
        downloaded |= command_downloads(c);
        open |= command_downloads(c);
        open &= !(compares(c) && is_heeded(s, k, errexit));
    }
    return downloaded && !open;
}

/* --- History -------------------------------------------------------------------------------------------------------------------------- */

struct steps {
    struct origin_work *work;
    unsigned *begins; /* of each line of history: in the text that is looked at */
    size_t *layers;   /* ... how many layers lie below it */
    bool *suspect;    /* ... a rule speaks of it */
    bool unchecked;   /* from here on */
};

static void look_at_step(struct steps *x, const struct lint_step *step) {
    struct origin_work *w = x->work;
    size_t k = history_at(x->begins, w->image->n_history, step->at->pos.line), layer = x->layers[k];
    bool unchecked = x->unchecked;
    if (step->at->pos.line < x->begins[0] || step->at->op == DF_ONBUILD)
        return;
    for (size_t i = 0; i < step->script.n; i++) {
        enum packages_checked how = command_checks_packages(&step->script.commands[i]);
        unchecked |= how != PACKAGES_CHECKED;
        x->unchecked |= how == PACKAGES_UNCHECKED_FROM_HERE;
    }
    if (layer < w->options->base_layers)
        return;
    add_of_step(&w->named, step);
    if (w->image->history[k].empty_layer || layer >= w->view.n)
        return;
    w->steps[layer].unchecked = unchecked;
    w->steps[layer].verifies = step->i->op == DF_RUN && !x->suspect[k] && verifies(step);
}

static void find_suspects(struct steps *x, const struct check_result *r) {
    for (size_t i = 0; i < r->n_findings; i++)
        if (word_in("DownloadUnverified PipeToShell", str_z(r->findings[i].rule->id)))
            x->suspect[history_at(x->begins, x->work->image->n_history, r->findings[i].pos.line)] = true;
    for (size_t k = 0; r->n_dropped && k < x->work->image->n_history; k++)
        x->suspect[k] = true;
}

static void look_at_text(struct steps *x, struct arena *a, struct str text) {
    struct check_options o = {.policy.no_pragmas = true, .plan.platform = S("linux/" CROZE_ARCH)};
    struct check_result r;
    struct lint lint;
    uint64_t work = LIMIT_FILE_WORK;
    check_dockerfile(a, text, S("history"), &o, &r);
    find_suspects(x, &r);
    lint_make(a, &r.file, &work, &lint);
    for (size_t k = 0; k < lint.n; k++)
        look_at_step(x, &lint.steps[k]);
    err_clear(&r.error);
}

static void look_at_history(struct origin_work *w) {
    _cleanup_(arena_fini) struct arena a = ARENA_INIT;
    _cleanup_(buf_fini) struct buf text = BUF_INIT(LIMIT_DOCKERFILE_BYTES);
    const struct image *im = w->image;
    struct str *lines = arena_array(&a, struct str, im->n_history);
    struct steps x = {.work = w};
    size_t layer = 0;
    x.begins = arena_array(&a, unsigned, im->n_history);
    x.layers = arena_array(&a, size_t, im->n_history);
    x.suspect = arena_array(&a, bool, im->n_history);
    for (size_t k = 0; k < im->n_history; k++) {
        lines[k] = im->history[k].created_by;
        x.layers[k] = layer;
        layer += !im->history[k].empty_layer;
    }
    if (history_text(lines, im->n_history, &text, x.begins))
        look_at_text(&x, &a, buf_str(&text));
}

/* History has a line for each layer, and others between them; where it does not, it says nothing. */
void origin_look_at_steps(struct origin_work *w) {
    const struct image *im = w->image;
    size_t layer = 0;
    w->steps = arena_array(&w->own, struct origin_step, w->view.n);
    for (size_t k = 0; k < im->n_history; k++)
        if (!im->history[k].empty_layer && layer++ < w->view.n)
            w->steps[layer - 1].text = image_step(w->arena, im->history[k].created_by);
    if (layer == w->view.n && im->n_history)
        look_at_history(w);
    else
        memset(w->steps, 0, w->view.n * sizeof *w->steps);
}
