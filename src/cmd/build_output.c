/* SPDX-License-Identifier: Apache-2.0
 * croze build's flags for what comes out: names, compression, and the files that scripts read. */
#include "base/json.h"
#include "base/limits.h"
#include "cmd/build_flags.h"

struct opt_list build_tags;
static struct opt_list labels;
static const char *iidfile, *metadata_file, *compression = "gzip";
static bool load;
static int64_t level = -1;
static const char *const compression_words[] = {"gzip", "zstd", "none", "uncompressed", NULL};

const struct opt build_output_rows[] = {
    OPT_LIST('t', "tag", "NAME[:TAG]", &build_tags, "Give the image this name (repeatable)"),
    OPT_LIST(0, "label", "KEY=VALUE", &labels, "Add a label to the image"),
    OPT_STR(0, "iidfile", "FILE", &iidfile, "Write the image ID (the configuration's digest) to FILE"),
    OPT_STR(0, "metadata-file", "FILE", &metadata_file, "Write the image's digests to FILE as JSON"),
    OPT_ENUM(0, "compression", compression_words, &compression, "Compression of new layers: gzip, zstd, none"),
    OPT_INT(0, "compression-level", "N", 0, 19, &level, "Its level (gzip 1-12, zstd 1-19; default gzip 1, zstd 3)"),
    OPT_FLAG(0, "load", &load, "Accepted for docker's sake: the store is where every image goes"),
    OPT_UNSUPPORTED(0, "annotation", "KEY=VALUE", "annotations belong to a later version"),
    OPT_UNSUPPORTED(0, "attest", "WHAT", "attestations belong to a later version"),
    OPT_UNSUPPORTED('o', "output", "WHAT", "outputs belong to a later version; see croze save"),
    OPT_UNSUPPORTED(0, "provenance", "WHAT", "attestations belong to a later version"),
    OPT_UNSUPPORTED(0, "push", NULL, "registries belong to a later version"),
    OPT_UNSUPPORTED(0, "sbom", "WHAT", "SBOMs belong to a later version"),
    OPT_UNSUPPORTED(0, "squash", NULL, "it belongs to a later version"),
    OPT_END,
};

static bool read_compression(struct build_options *o, struct err *e) {
    if (!compression_parse(str_z(compression), &o->compression))
        return err_set(e, ERR_BUG, "compression %s", compression);
    o->level = level < 0 ? compression_default_level(o->compression) : (int)level;
    int most = o->compression == COMPRESSION_GZIP ? 12 : o->compression == COMPRESSION_ZSTD ? 19 : 0;
    if (o->level > most || (level == 0 && most > 0))
        return err_set(e, ERR_USAGE, "--compression-level %d: %s has levels 1 to %d", o->level, compression, most);
    return true;
}

bool build_output_read(struct arena *a, struct build_options *o, struct err *e) {
    struct str *names = arena_array(a, struct str, build_tags.n);
    for (size_t i = 0; i < build_tags.n; i++)
        names[i] = str_z(build_tags.p[i]);
    o->tags = names;
    o->n_tags = build_tags.n;
    return build_pairs_read(a, &labels, false, "label", &o->labels, e) && read_compression(o, e);
}

static bool write_file(const char *path, struct str text, struct err *e) {
    _cleanup_fd_ int fd = file_open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644, e);
    return fd >= 0 && file_write_all(fd, text.p, text.n, path, e);
}

/* buildx's member names, so that scripts find what they look for. */
static bool write_metadata(const struct build_result *r, struct err *e) {
    char manifest[DIGEST_TEXT + 1], config[DIGEST_TEXT + 1];
    _cleanup_(json_mut_freep) yyjson_mut_doc *d = yyjson_mut_doc_new(NULL);
    yyjson_mut_val *root = yyjson_mut_obj(d);
    yyjson_mut_doc_set_root(d, root);
    json_add_str(d, root, "containerimage.config.digest", str_z(digest_text(&r->config, config)));
    yyjson_mut_val *descriptor = yyjson_mut_obj_add_obj(d, root, "containerimage.descriptor");
    json_add_str(d, descriptor, "mediaType", r->media_type);
    json_add_str(d, descriptor, "digest", str_z(digest_text(&r->manifest, manifest)));
    yyjson_mut_obj_add_uint(d, descriptor, "size", r->manifest_bytes);
    json_add_str(d, root, "containerimage.digest", str_z(manifest));
    struct buf names = BUF_INIT(LIMIT_JSON_BYTES), text = BUF_INIT(LIMIT_JSON_BYTES);
    for (size_t i = 0; i < build_tags.n; i++)
        buf_printf(&names, "%s%s", i ? "," : "", build_tags.p[i]);
    json_add_str_opt(d, root, "image.name", buf_str(&names));
    json_write(d, true, &text);
    buf_add_char(&text, '\n');
    bool good = write_file(metadata_file, buf_str(&text), e);
    buf_fini(&names);
    buf_fini(&text);
    return good;
}

bool build_output_files(const struct build_result *r, struct err *e) {
    char id[DIGEST_TEXT + 1];
    return (!iidfile || write_file(iidfile, str_z(digest_text(&r->config, id)), e)) && (!metadata_file || write_metadata(r, e));
}
