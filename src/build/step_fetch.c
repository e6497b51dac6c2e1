/* SPDX-License-Identifier: Apache-2.0
 * ADD of what has to be fetched: a URL becomes one file, a repository the files of a directory. */
#include "build/fetching.h"
#include "build/stage.h"
#include "layer/copy.h"

enum { URL_MODE = 0600 };

static bool add_url(struct stage *s, const struct step *step, const struct copy_operand *o, struct progress_step *p, struct copy_part *out,
                    struct err *e) {
    struct url_result r;
    if (!build_fetch_url(s->build, o->text, step->copy.checksum, p, &s->arena, &r, e))
        return false;
    struct copy_file *file = arena_new(&s->arena, struct copy_file);
    *file = (struct copy_file){
        .dir_fd = r.dir_fd,
        .path = arena_str(&s->arena, str_z(r.name)),
        .size = r.bytes,
        .digest = r.digest,
        .name = r.file_name,
        .mode = URL_MODE,
        .mtime_s = r.has_time ? r.time_s : s->build->now.tv_sec,
    };
    out->from = (struct copy_source){.context_fd = -1, .file = file};
    out->unpack = step->copy.unpack == UNPACK_YES ? UNPACK_YES : UNPACK_NO; /* only local archives are unpacked unasked */
    return true;
}

/* A repository's files, as long as the step goes on. */
struct checkout {
    struct build *build;
    char *path;
    int fd;
};

static void release(void *held) {
    struct checkout *c = held;
    fd_closep(&c->fd);
    if (c->path)
        store_workdir_remove(c->build->store, c->path);
    mem_freep(&c->path);
}

static bool add_git(struct stage *s, const struct step *step, const struct copy_operand *o, struct progress_step *p, struct copy_part *out,
                    struct err *e) {
    struct checkout *c = arena_new(&s->arena, struct checkout);
    struct git_result r;
    *c = (struct checkout){.build = s->build, .fd = -1};
    if (!build_fetch_git(s->build, o->text, step->copy.checksum, step->copy.keep_git_dir, p, &s->arena, &c->path, &r, e) ||
        (c->fd = file_open(c->path, O_RDONLY | O_DIRECTORY, 0, e)) < 0) {
        release(c);
        return false;
    }
    out->from = (struct copy_source){.context_fd = c->fd};
    out->operands = arena_new(&s->arena, struct str);
    out->operands[0] = S("/");
    out->n_operands = 1;
    out->unpack = UNPACK_NO;
    out->release = release;
    out->held = c;
    return true;
}

bool step_fetch_operand(struct stage *s, const struct step *step, const struct copy_operand *o, struct progress_step *p,
                        struct copy_part *out, struct err *e) {
    return o->kind == OPERAND_GIT ? add_git(s, step, o, p, out, e) : add_url(s, step, o, p, out, e);
}

/* --- placeholders --- */

/* "<NAME>" in a text, as files that are filled in before use have it; "" if there is none. */
static struct str placeholder_in(struct str text) {
    ptrdiff_t open = str_index(text, '<');
    struct str name = open < 0 ? STR_NULL : str_from(text, (size_t)open);
    ptrdiff_t close = str_index(name, '>');
    if (close < 2)
        return STR_NULL;
    for (ptrdiff_t i = 1; i < close; i++) {
        char c = name.p[i];
        if (!((c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '.' || c == ' '))
            return STR_NULL;
    }
    return str_first(name, (size_t)close + 1);
}

/* The ARG that brought it in. */
static struct str arg_with(const struct stage *s, struct str placeholder) {
    struct str found = STR_NULL;
    for (size_t i = 0; i < s->scope.args.n; i++)
        if (str_find(s->scope.args.p[i].value, placeholder) >= 0)
            found = s->scope.args.p[i].key;
    return found;
}

void step_explain_placeholder(struct stage *s, const struct step *step, struct err *e) {
    for (size_t i = 0; i < step->copy.n_operands; i++) {
        const struct copy_operand *o = &step->copy.operands[i];
        struct str name = o->kind == OPERAND_INLINE ? STR_NULL : placeholder_in(o->text);
        struct str arg = name.n ? arg_with(s, name) : STR_NULL;
        if (arg.n)
            err_append(e, "; %.*s is a placeholder, pass --build-arg %.*s=...", STR_ARG(name), STR_ARG(arg));
        else if (name.n)
            err_append(e, "; %.*s is a placeholder: it has to be filled in, or to become an ARG that is passed with --build-arg",
                       STR_ARG(name));
    }
}
