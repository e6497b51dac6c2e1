/* SPDX-License-Identifier: Apache-2.0
 * croze build's flags for what comes out: names, outputs, compression, and the files that scripts read. */
#include <sys/stat.h>
#include <unistd.h>

#include "base/json.h"
#include "base/limits.h"
#include "cmd/build_flags.h"
#include "cmd/check_gate.h"

enum { OUTPUTS_MAX = 100 };

static struct opt_list tags, labels, outputs, annotations;
static const char *iidfile, *metadata_file, *compression = "gzip";
static bool load, push, squash, squash_new;
static int64_t level = -1;
static const char *const compression_words[] = {"gzip", "zstd", "none", "uncompressed", NULL};

const struct opt build_output_rows[] = {
    OPT_LIST('t', "tag", "NAME[:TAG]", &tags, "Give the image this name (repeatable)"),
    OPT_LIST('o', "output", "WHAT", &outputs,
             "What becomes of it (repeatable): type=image|registry|oci|docker|tar|local|cacheonly[,dest=PATH][,KEY=VALUE...]; DIR is "
             "type=local,dest=DIR; - is a tar file on standard output (default: type=image, an image of the store)"),
    OPT_LIST(0, "label", "KEY=VALUE", &labels, "Add a label to the image"),
    OPT_LIST(0, "annotation", "KEY=VALUE", &annotations, "Add an annotation to the image's manifest"),
    OPT_STR(0, "iidfile", "FILE", &iidfile, "Write the image ID (the configuration's digest) to FILE"),
    OPT_STR(0, "metadata-file", "FILE", &metadata_file, "Write the image's digests to FILE as JSON"),
    OPT_ENUM(0, "compression", compression_words, &compression, "Compression of new layers: gzip, zstd, none"),
    OPT_INT(0, "compression-level", "N", 0, 19, &level, "Its level (gzip 1-12, zstd 1-19; default gzip 1, zstd 3)"),
    OPT_FLAG(0, "squash", &squash, "Make the image one layer, its base included"),
    OPT_FLAG(0, "squash-new", &squash_new, "Make the layers that this build adds to its base one layer"),
    OPT_FLAG(0, "load", &load, "The image goes into the store, whatever other outputs there are"),
    OPT_UNSUPPORTED(0, "attest", "WHAT", "attestations belong to a later version"),
    OPT_UNSUPPORTED_SWITCH("provenance", "WHAT", "attestations belong to a later version"),
    OPT_FLAG(0, "push", &push, "Send the image to the registries of its names, too (as -o type=registry)"),
    OPT_UNSUPPORTED_SWITCH("sbom", "WHAT", "SBOMs belong to a later version"),
    OPT_END,
};

/* --- Reading --- */

static bool read_compression(struct build_options *o, struct err *e) {
    if (!compression_parse(str_z(compression), &o->encoder.compression))
        return err_set(e, ERR_BUG, "compression %s", compression);
    o->encoder.level = level < 0 ? compression_default_level(o->encoder.compression) : (int)level;
    return output_check_level("--compression-level", &o->encoder, e);
}

/* Where a file or a directory cannot be written, that is said before hours of work. */
static bool check_dest(const struct build_output *o, struct err *e) {
    struct stat st;
    bool is_dir = o->kind == OUTPUT_LOCAL || o->layout;
    if (!o->dest)
        return true;
    if (stat(o->dest, &st) == 0)
        return S_ISDIR(st.st_mode) == is_dir ||
               err_set(e, ERR_USAGE, "--output %.*s: %s is %s directory", STR_ARG(o->text), o->dest, is_dir ? "no" : "a");
    if (is_dir) /* it is made, with its parents */
        return true;
    struct str dir = path_dir(str_z(o->dest));
    _cleanup_(mem_freep) char *parent = mem_strndup(dir.n ? dir.p : o->dest[0] == '/' ? "/" : ".", dir.n ? dir.n : 1);
    if (stat(parent, &st) < 0 || !S_ISDIR(st.st_mode))
        return err_set(e, ERR_FAILED, "--output %.*s: there is no directory %s", STR_ARG(o->text), parent);
    return true;
}

static bool check_stdout(const struct build_output *o, size_t n, bool quiet, struct err *e) {
    size_t streams = 0;
    for (size_t i = 0; i < n; i++) {
        if (o[i].dest || o[i].layout || o[i].kind == OUTPUT_IMAGE || o[i].kind == OUTPUT_CACHEONLY)
            continue;
        if (isatty(STDOUT_FILENO))
            return err_set(e, ERR_USAGE, "--output %.*s: a tar file does not belong on a terminal; give dest=FILE or redirect",
                           STR_ARG(o[i].text));
        if (quiet || ++streams > 1)
            return err_set(e, ERR_USAGE, "--output %.*s: standard output is taken %s; give dest=FILE", STR_ARG(o[i].text),
                           quiet ? "by -q for the image ID" : "by another output");
    }
    return true;
}

/* Files about an image, and things in it, want an image. */
static bool check_images(const struct build_output *o, size_t n, struct err *e) {
    const char *flag = iidfile                ? "--iidfile"
                       : annotations.n        ? "--annotation"
                       : squash || squash_new ? "--squash"
                       : check_gate_asked()   ? "--require-checks"
                                              : NULL;
    for (size_t i = 0; i < n; i++)
        if (output_is_image(&o[i]))
            return true;
    return !flag || err_set(e, ERR_USAGE, "%s: no output of this build is an image", flag);
}

/* Steps pack their layers as the first image wants them. */
static void choose_encoder(struct build_options *o) {
    for (size_t i = o->n_outputs; i-- > 0;)
        if (output_is_image(&o->outputs[i]))
            o->encoder = o->outputs[i].encoder;
}

static bool read_outputs(struct arena *a, struct build_options *o, bool quiet, struct err *e) {
    struct build_output *list = arena_array(a, struct build_output, outputs.n + 1);
    size_t n = 0;
    bool has_image = false;
    if (outputs.n > OUTPUTS_MAX)
        return err_set(e, ERR_USAGE, "%zu outputs are over the limit of %d", outputs.n, OUTPUTS_MAX);
    for (size_t i = 0; i < outputs.n; i++) {
        if (!output_parse(a, str_z(outputs.p[i]), &list[n], e))
            return false;
        has_image = has_image || list[n].kind == OUTPUT_IMAGE;
        n++;
    }
    if (n == 0 || ((load || push) && !has_image))
        list[n++] = (struct build_output){.kind = OUTPUT_IMAGE, .text = S("type=image")};
    for (size_t i = 0; i < n; i++)
        list[i].push = list[i].push || (push && list[i].kind == OUTPUT_IMAGE);
    for (size_t i = 0; i < n; i++)
        if (!output_settle(&list[i], &o->encoder, e) || !check_dest(&list[i], e))
            return false;
    o->outputs = list;
    o->n_outputs = n;
    choose_encoder(o);
    return check_stdout(list, n, quiet, e) && check_images(list, n, e);
}

static bool read_annotations(struct arena *a, struct build_options *o, struct err *e) {
    for (size_t i = 0; i < annotations.n; i++)
        if (!annotation_parse(a, str_z(annotations.p[i]), &o->annotations, e))
            return false;
    return true;
}

bool build_output_read(struct arena *a, struct build_options *o, bool quiet, struct err *e) {
    struct str *names = arena_array(a, struct str, tags.n);
    for (size_t i = 0; i < tags.n; i++)
        names[i] = str_z(tags.p[i]);
    o->tags = names;
    o->n_tags = tags.n;
    o->squash = squash ? SQUASH_ALL : squash_new ? SQUASH_NEW : SQUASH_NO;
    if (squash && squash_new)
        return err_set(e, ERR_USAGE, "--squash makes one layer of all, --squash-new of the new ones: give one of them");
    return build_pairs_read(a, &labels, false, "label", &o->labels, e) && read_compression(o, e) && read_outputs(a, o, quiet, e) &&
           read_annotations(a, o, e);
}

/* --- Telling --- */

void build_output_tell(const struct build_options *o, struct progress *p) {
    for (size_t i = 0; i < o->n_outputs; i++) {
        const struct build_output *one = &o->outputs[i];
        size_t n = one->names.n ? one->names.n : o->n_tags;
        for (size_t k = 0; k < n && one->kind == OUTPUT_IMAGE; k++)
            progress_note(p, "named %.*s", STR_ARG(one->names.n ? one->names.p[k] : o->tags[k]));
        if (one->kind != OUTPUT_IMAGE && one->dest)
            progress_note(p, "wrote %s", one->dest);
    }
}

/* A script's file, which is there whole or not at all. */
struct answer {
    const char *path;
    struct str text;
};

static bool write_answer(void *ctx, int fd, struct err *e) {
    const struct answer *a = ctx;
    return file_write_all(fd, a->text.p, a->text.n, a->path, e);
}

static bool write_file(const char *path, struct str text, struct err *e) {
    struct answer answer = {path, text};
    return file_write_by(path, write_answer, &answer, e);
}

/* The names of all images, as they were typed. */
static void add_names(yyjson_mut_doc *d, yyjson_mut_val *root, const struct build_options *o) {
    struct buf names = BUF_INIT(LIMIT_JSON_BYTES);
    struct str_list seen = {0};
    struct arena a = ARENA_INIT;
    for (size_t i = 0; i < o->n_outputs; i++) {
        const struct build_output *one = &o->outputs[i];
        for (size_t k = 0; output_is_image(one) && k < (one->names.n ? one->names.n : o->n_tags); k++) {
            struct str name = one->names.n ? one->names.p[k] : o->tags[k];
            if (str_list_has(&seen, name))
                continue;
            str_list_add(&a, &seen, name);
            buf_printf(&names, "%s%.*s", names.n ? "," : "", STR_ARG(name));
        }
    }
    json_add_str_opt(d, root, "image.name", buf_str(&names));
    buf_fini(&names);
    arena_fini(&a);
}

static void add_image(yyjson_mut_doc *d, yyjson_mut_val *root, const struct build_result *r) {
    char manifest[DIGEST_TEXT + 1], config[DIGEST_TEXT + 1];
    json_add_str(d, root, "containerimage.config.digest", str_z(digest_text(&r->config, config)));
    yyjson_mut_val *descriptor = yyjson_mut_obj_add_obj(d, root, "containerimage.descriptor");
    json_add_str(d, descriptor, "mediaType", r->media_type);
    json_add_str(d, descriptor, "digest", str_z(digest_text(&r->manifest, manifest)));
    yyjson_mut_obj_add_uint(d, descriptor, "size", r->manifest_bytes);
    yyjson_mut_val *platform = yyjson_mut_obj_add_obj(d, descriptor, "platform");
    json_add_str(d, platform, "architecture", S(CROZE_ARCH));
    json_add_str(d, platform, "os", S("linux"));
    json_add_str(d, root, "containerimage.digest", str_z(manifest));
}

/* buildx's member names, so that scripts find what they look for. */
static bool write_metadata(const struct build_options *o, const struct build_result *r, struct err *e) {
    _cleanup_(json_mut_freep) yyjson_mut_doc *d = yyjson_mut_doc_new(NULL);
    yyjson_mut_val *root = yyjson_mut_obj(d);
    yyjson_mut_doc_set_root(d, root);
    if (r->has_image)
        add_image(d, root, r);
    add_names(d, root, o);
    struct buf text = BUF_INIT(LIMIT_JSON_BYTES);
    json_write(d, true, &text);
    buf_add_char(&text, '\n');
    bool good = buf_ok(&text)
                    ? write_file(metadata_file, buf_str(&text), e)
                    : err_set(e, ERR_FAILED, "%s: there is more to tell than the limit of %zu bytes", metadata_file, text.max_bytes);
    buf_fini(&text);
    return good;
}

bool build_output_files(const struct build_options *o, const struct build_result *r, struct err *e) {
    char id[DIGEST_TEXT + 1];
    return (!iidfile || write_file(iidfile, str_z(digest_text(&r->config, id)), e)) && (!metadata_file || write_metadata(o, r, e));
}
