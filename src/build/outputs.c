/* SPDX-License-Identifier: Apache-2.0
 * From the finished target stage to its outputs: see outputs.h. */
#include "build/outputs.h"

#include <errno.h>
#include <unistd.h>

#include "build/verify.h"
#include "sys/files.h"

/* An output that is an image, made. */
struct made {
    struct image image;
    struct archive_item *items; /* its names; at least one */
    size_t n_items;
};

/* --- Names --- */

static size_t count_names(const struct build *b, const struct build_output *o) {
    return o->names.n ? o->names.n : b->options->n_tags;
}

static struct str name_at(const struct build *b, const struct build_output *o, size_t i) {
    return o->names.n ? o->names.p[i] : b->options->tags[i];
}

static bool full_name(struct build *b, struct str typed, const char *flag, struct str *out, struct err *e) {
    struct image_name name;
    if (!image_name_parse(&b->arena, typed, &name, e))
        return false;
    if (name.digest.n)
        return err_set(e, ERR_USAGE, "%s %.*s: a name with a digest cannot be given", flag, STR_ARG(typed));
    *out = image_name_text(&b->arena, &name);
    return true;
}

bool outputs_check(struct build *b, struct err *e) {
    struct str ignored;
    for (size_t i = 0; i < b->options->n_tags; i++)
        if (!full_name(b, b->options->tags[i], "-t", &ignored, e))
            return false;
    for (size_t i = 0; i < b->options->n_outputs; i++) {
        const struct build_output *o = &b->options->outputs[i];
        if (o->push && count_names(b, o) == 0)
            return err_set(e, ERR_USAGE, "--output %.*s: an image is pushed under a name; give -t NAME", STR_ARG(o->text));
        if (o->docker_types && b->options->annotations.n)
            return err_set(e, ERR_USAGE, "--output %.*s: annotations need OCI media types", STR_ARG(o->text));
        for (size_t k = 0; k < o->names.n; k++)
            if (!full_name(b, o->names.p[k], "--output name", &ignored, e))
                return false;
    }
    return true;
}

static bool name_all(struct build *b, const struct build_output *o, struct made *m, struct err *e) {
    size_t n = count_names(b, o);
    m->items = arena_array(&b->arena, struct archive_item, n + 1);
    m->n_items = n ? n : 1;
    m->items[0].manifest = m->image.manifest;
    for (size_t i = 0; i < n; i++) {
        m->items[i].manifest = m->image.manifest;
        if (!full_name(b, name_at(b, o, i), "-t", &m->items[i].name, e))
            return false;
    }
    return true;
}

/* --- Files --- */

struct writing {
    struct build *build;
    const struct build_output *output;
    const struct made *made; /* archives */
    const struct view *root; /* tar */
};

static bool write_stream(void *ctx, int fd, struct err *e) {
    const struct writing *w = ctx;
    if (w->output->kind == OUTPUT_TAR)
        return output_tar_write(w->build, w->root, fd, e);
    enum archive_format format = w->output->kind == OUTPUT_OCI ? ARCHIVE_OCI : ARCHIVE_DOCKER;
    return archive_write(w->build->store, w->made->items, w->made->n_items, format, fd, e);
}

static bool write_layout(const struct writing *w, struct err *e) {
    if (!file_mkdirs(w->output->dest, 0755, e))
        return false;
    _cleanup_fd_ int dir = file_open(w->output->dest, O_RDONLY | O_DIRECTORY, 0, e);
    return dir >= 0 && layout_write(w->build->store, w->made->items, w->made->n_items, dir, e);
}

static bool write_to(struct writing *w, struct err *e) {
    const struct build_output *o = w->output;
    if (o->kind == OUTPUT_LOCAL)
        return output_local_write(w->build, w->root, o->dest, e);
    if (o->layout)
        return write_layout(w, e);
    return o->dest ? file_write_by(o->dest, write_stream, w, e) : write_stream(w, STDOUT_FILENO, e);
}

static bool write_one(struct build *b, const struct build_output *o, const struct made *made, struct err *e) {
    static const char *const what[] = {[OUTPUT_OCI] = "oci", [OUTPUT_DOCKER] = "docker", [OUTPUT_TAR] = "tar", [OUTPUT_LOCAL] = "local"};
    struct stage *target = &b->stages[b->plan.target];
    struct writing w = {b, o, made, NULL};
    struct view root;
    bool has_root = o->kind == OUTPUT_TAR || o->kind == OUTPUT_LOCAL;
    const char *dest = o->dest ? o->dest : "standard output";
    struct progress_step *p = progress_start(b->progress, arena_printf(&b->arena, "[output] %s to %s", what[o->kind], dest));
    bool good = !has_root || view_open(&root, b->store, target->image.layers, target->image.n_layers, e);
    if (good) {
        w.root = has_root ? &root : NULL;
        good = write_to(&w, e);
        if (has_root)
            view_close(&root);
    }
    progress_end(p, good ? PROGRESS_DONE : PROGRESS_FAILED, STR_NULL);
    if (good)
        return true;
    e->sys = 0; /* whatever disk was full, it need not be the store's */
    return err_wrap(e, "output %.*s", STR_ARG(o->text));
}

/* --- The whole --- */

static void tell(const struct image *im, struct build_result *r) {
    *r = (struct build_result){true, im->manifest, im->config_digest, im->manifest_bytes, im->manifest_media_type};
}

/* Images of one build differ in how their layers are packed, so the first one speaks for all. */
static bool passes(struct build *b, const struct build_output *o, const struct image *im, const struct build_result *r, struct err *e) {
    const struct image_gate *g = b->options->gate;
    struct str name = count_names(b, o) ? name_at(b, o, 0) : S("the image");
    return r->has_image || !g || g->passes(g->ctx, b->store, im, name, b->file.name, e);
}

static bool make_images(struct build *b, struct made *made, struct build_result *r, struct err *e) {
    const struct build_options *o = b->options;
    struct target_image target;
    bool wanted = o->n_outputs == 0 || o->must_equal;
    for (size_t i = 0; i < o->n_outputs; i++)
        wanted = wanted || output_is_image(&o->outputs[i]);
    if (!wanted)
        return true;
    if (!target_image_make(b, &target, e))
        return false;
    if (o->n_outputs == 0 || o->must_equal) {
        struct image plain;
        if (!target_image_write(b, &target, NULL, &plain, e) || (o->must_equal && !verify_same(b->store, o->must_equal, &plain, e)))
            return false;
        if (o->n_outputs == 0 && !passes(b, &(struct build_output){.kind = OUTPUT_IMAGE}, &plain, r, e))
            return false;
        if (o->n_outputs == 0)
            tell(&plain, r);
    }
    for (size_t i = 0; i < o->n_outputs; i++) {
        if (!output_is_image(&o->outputs[i]))
            continue;
        if (!target_image_write(b, &target, &o->outputs[i], &made[i].image, e) || !name_all(b, &o->outputs[i], &made[i], e))
            return false;
        if (!passes(b, &o->outputs[i], &made[i].image, r, e))
            return false;
        if (!r->has_image)
            tell(&made[i].image, r);
    }
    return true;
}

static bool name_image(struct build *b, const struct made *m, struct err *e) {
    struct store_ref ref = {STR_NULL, m->image.manifest, m->image.manifest_bytes, m->image.manifest_media_type};
    for (size_t i = 0; i < m->n_items; i++)
        if (!store_refs_set(b->store, m->items[i].name, &ref, e))
            return false;
    return true;
}

static bool push_image_of(struct build *b, const struct build_output *o, const struct made *m, struct err *e) {
    const struct str *names = o->names.n ? o->names.p : b->options->tags;
    return output_push(b, names, count_names(b, o), &m->image.manifest, e);
}

bool outputs_write(struct build *b, struct build_result *r, struct err *e) {
    const struct build_options *o = b->options;
    struct made *made = arena_array(&b->arena, struct made, o->n_outputs + 1);
    *r = (struct build_result){.has_image = false};
    if (!make_images(b, made, r, e))
        return false;
    for (size_t i = 0; i < o->n_outputs; i++)
        if (o->outputs[i].kind != OUTPUT_IMAGE && o->outputs[i].kind != OUTPUT_CACHEONLY && !write_one(b, &o->outputs[i], &made[i], e))
            return false;
    for (size_t i = 0; i < o->n_outputs; i++)
        if (o->outputs[i].push && !push_image_of(b, &o->outputs[i], &made[i], e))
            return false;
    for (size_t i = 0; i < o->n_outputs; i++)
        if (o->outputs[i].kind == OUTPUT_IMAGE && !name_image(b, &made[i], e))
            return false;
    return true;
}
