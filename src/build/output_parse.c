/* SPDX-License-Identifier: Apache-2.0
 * -o/--output and --annotation, parsed: see output.h. The keys are those of docker's and BuildKit's exporters; each says for which types it
 * has a meaning, and a key that has none for the type that was asked for is an error as a misspelt one is. */
#include "base/csv.h"
#include "base/near.h"
#include "build/output.h"

struct output_parse {
    struct arena *arena;
    struct build_output *out;
};

static bool bad_output(const struct output_parse *p, struct err *e) {
    return err_wrap(e, "--output %.*s", STR_ARG(p->out->text));
}

static const char *const kind_names[] = {
    [OUTPUT_IMAGE] = "image", [OUTPUT_OCI] = "oci",     [OUTPUT_DOCKER] = "docker",
    [OUTPUT_TAR] = "tar",     [OUTPUT_LOCAL] = "local", [OUTPUT_CACHEONLY] = "cacheonly",
};
enum { KINDS = sizeof kind_names / sizeof *kind_names };

/* --- Values --- */

static bool read_bool(struct str key, struct str text, bool *out, struct err *e) {
    return str_to_bool(text, out) || err_set(e, ERR_USAGE, "%.*s is true or false, not \"%.*s\"", STR_ARG(key), STR_ARG(text));
}

static bool set_dest(struct output_parse *p, struct str key, struct str value, struct err *e) {
    if (value.n == 0)
        return err_set(e, ERR_USAGE, "%.*s is empty", STR_ARG(key));
    p->out->dest = str_eqz(value, "-") ? NULL : arena_strz(p->arena, value);
    return true;
}

/* Several names are one field of CSV: "name=a,b". */
static bool set_names(struct output_parse *p, struct str key, struct str value, struct err *e) {
    struct str name;
    while (str_next(&value, ',', &name)) {
        name = str_trim(name);
        if (name.n == 0)
            return err_set(e, ERR_USAGE, "%.*s has an empty name", STR_ARG(key));
        str_list_add(p->arena, &p->out->names, arena_str(p->arena, name));
    }
    return true;
}

static bool set_compression(struct output_parse *p, struct str key, struct str value, struct err *e) {
    p->out->has_compression = true;
    if (compression_parse(value, &p->out->encoder.compression))
        return true;
    return err_set(e, ERR_USAGE, "%.*s is gzip, zstd or uncompressed, not \"%.*s\"", STR_ARG(key), STR_ARG(value));
}

static bool set_level(struct output_parse *p, struct str key, struct str value, struct err *e) {
    int64_t level;
    if (!str_to_i64(value, &level) || level < 0 || level > 1000)
        return err_set(e, ERR_USAGE, "%.*s is a number, not \"%.*s\"", STR_ARG(key), STR_ARG(value));
    p->out->has_level = true;
    p->out->encoder.level = (int)level;
    return true;
}

static bool set_force(struct output_parse *p, struct str key, struct str value, struct err *e) {
    return read_bool(key, value, &p->out->force_compression, e);
}

static bool set_media_types(struct output_parse *p, struct str key, struct str value, struct err *e) {
    bool oci;
    if (!read_bool(key, value, &oci, e))
        return false;
    p->out->docker_types = !oci;
    return oci || p->out->kind != OUTPUT_OCI || err_set(e, ERR_USAGE, "%.*s=false is against the OCI layout's rules", STR_ARG(key));
}

static bool set_tar(struct output_parse *p, struct str key, struct str value, struct err *e) {
    bool tar;
    if (!read_bool(key, value, &tar, e))
        return false;
    p->out->layout = !tar;
    return tar || p->out->kind == OUTPUT_OCI ||
           err_set(e, ERR_USAGE, "%.*s=false: only type=oci has the form of a directory", STR_ARG(key));
}

/* croze's times are never newer than the epoch: what docker asks for is done, and its opposite cannot be. */
static bool set_rewrite(struct output_parse *p, struct str key, struct str value, struct err *e) {
    bool rewrite;
    (void)p;
    return read_bool(key, value, &rewrite, e) &&
           (rewrite || err_set(e, ERR_USAGE, "%.*s=false is not supported: with an epoch no time in a new layer is newer", STR_ARG(key)));
}

/* Layers are unpacked when something needs their files. */
static bool set_unpack(struct output_parse *p, struct str key, struct str value, struct err *e) {
    bool ignored;
    (void)p;
    return read_bool(key, value, &ignored, e);
}

static bool set_push(struct output_parse *p, struct str key, struct str value, struct err *e) {
    return read_bool(key, value, &p->out->push, e);
}

/* --- Keys --- */

enum { IMAGE = 1 << OUTPUT_IMAGE, OCI = 1 << OUTPUT_OCI, DOCKER = 1 << OUTPUT_DOCKER, TAR = 1 << OUTPUT_TAR, LOCAL = 1 << OUTPUT_LOCAL,
       IMAGES = IMAGE | OCI | DOCKER };

static const struct output_key {
    const char *name;
    unsigned kinds;
    bool (*set)(struct output_parse *p, struct str key, struct str value, struct err *e);
} keys[] = {
    {"dest", OCI | DOCKER | TAR | LOCAL, set_dest},
    {"name", IMAGES, set_names},
    {"compression", IMAGES, set_compression},
    {"compression-level", IMAGES, set_level},
    {"force-compression", IMAGES, set_force},
    {"oci-mediatypes", IMAGES, set_media_types},
    {"tar", OCI | DOCKER, set_tar},
    {"rewrite-timestamp", IMAGES, set_rewrite},
    {"unpack", IMAGE, set_unpack},
    {"push", IMAGE, set_push},
};

static const struct output_key *find_key(struct str name) {
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        if (str_eqz(name, keys[i].name))
            return &keys[i];
    return NULL;
}

static bool unknown_key(const struct output_parse *p, struct str key, struct err *e) {
    struct near n = {.word = key};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        near_try(&n, str_z(keys[i].name));
    err_set(e, ERR_USAGE, "\"%.*s\" is not supported for type=%s", STR_ARG(key), kind_names[p->out->kind]);
    return n.name.n && err_append(e, " (did you mean %.*s?)", STR_ARG(n.name));
}

/* --- Annotations --- */

/* A level, perhaps with a platform in brackets. */
static bool check_level(struct str text, struct err *e) {
    static const char *const later[] = {"index", "index-descriptor", "manifest-descriptor"};
    struct str level, platform;
    bool has_platform = str_cut(text, '[', &level, &platform);
    for (size_t i = 0; i < sizeof later / sizeof *later; i++)
        if (str_eqz(level, later[i]))
            return err_set(e, ERR_USAGE, "annotations of the level \"%s\" are not supported: croze puts them into the manifest", later[i]);
    if (!str_eqz(level, "manifest"))
        return err_set(e, ERR_USAGE, "\"%.*s\" is not a level of annotations (manifest)", STR_ARG(level));
    if (has_platform && !str_eqz(platform, "linux/" CROZE_ARCH "]"))
        return err_set(e, ERR_USAGE, "\"%.*s\": this version builds for linux/%s only", STR_ARG(text), CROZE_ARCH);
    return true;
}

static bool add_annotation(struct arena *a, struct str key, struct str value, struct pair_list *out, struct err *e) {
    if (key.n == 0)
        return err_set(e, ERR_USAGE, "an annotation without a name");
    pair_list_set(a, out, arena_str(a, key), arena_str(a, value));
    return true;
}

bool annotation_parse(struct arena *a, struct str text, struct pair_list *out, struct err *e) {
    struct str name, value, levels, key, level;
    bool good = str_cut(text, '=', &name, &value) || err_set(e, ERR_USAGE, "KEY=VALUE is expected");
    if (good && !str_cut(name, ':', &levels, &key)) {
        key = name;
        levels = STR_NULL;
    }
    while (good && str_next(&levels, ',', &level))
        good = check_level(level, e);
    return (good && add_annotation(a, key, value, out, e)) || err_wrap(e, "--annotation %.*s", STR_ARG(text));
}

/* "annotation.KEY", "annotation-manifest.KEY", "annotation[linux/amd64].KEY": BuildKit's keys of outputs. */
static bool set_annotation(struct output_parse *p, struct str key, struct str value, struct err *e) {
    struct str level, name;
    if (!str_cut(key, '.', &level, &name))
        return err_set(e, ERR_USAGE, "\"%.*s\" has no name behind a dot", STR_ARG(key));
    if (!((1u << p->out->kind) & IMAGES))
        return err_set(e, ERR_USAGE, "type=%s has no annotations", kind_names[p->out->kind]);
    level = str_from(level, strlen("annotation"));
    struct str full = str_starts(level, S("-")) ? str_from(level, 1) : arena_join3(p->arena, S("manifest"), level, STR_NULL);
    return check_level(full, e) && add_annotation(p->arena, name, value, &p->out->annotations, e);
}

/* --- The whole --- */

static bool set_field(struct output_parse *p, struct str key, struct str value, struct err *e) {
    const struct output_key *k = find_key(key);
    if (str_starts(key, S("annotation")))
        return set_annotation(p, key, value, e);
    if (k && (k->kinds & 1u << p->out->kind))
        return k->set(p, key, value, e);
    return unknown_key(p, key, e);
}

static bool set_kind(struct output_parse *p, struct str type, struct err *e) {
    for (size_t i = 0; i < KINDS; i++)
        if (str_eqz(type, kind_names[i])) {
            p->out->kind = (enum output_kind)i;
            return true;
        }
    if (str_eqz(type, "registry")) {
        p->out->kind = OUTPUT_IMAGE;
        p->out->push = true;
        return true;
    }
    return err_set(e, ERR_USAGE, "type is image, registry, oci, docker, tar, local or cacheonly, not \"%.*s\"", STR_ARG(type));
}

/* What the fields together mean. */
static bool settle_dest(struct output_parse *p, struct err *e) {
    struct build_output *o = p->out;
    if ((o->kind == OUTPUT_LOCAL || o->layout) && !o->dest)
        return err_set(e, ERR_USAGE, "a directory is needed: dest=DIR");
    if (o->docker_types && o->annotations.n)
        return err_set(e, ERR_USAGE, "annotations need OCI media types");
    return true;
}

static bool read_fields(struct output_parse *p, struct str text, struct err *e) {
    struct pair_list fields = {0};
    struct str type, field;
    bool has_dest = false;
    for (struct str rest = text; rest.n;) {
        struct str key, value;
        if (!csv_next(p->arena, &rest, &field) || !str_cut(field, '=', &key, &value))
            return err_set(e, ERR_USAGE, "fields are KEY=VALUE, separated by commas");
        char *lower = arena_strz(p->arena, str_trim(key));
        size_t name = strcspn(lower, ".["); /* an annotation's own name keeps its case */
        for (size_t i = 0; i < name; i++)
            lower[i] = (char)(lower[i] >= 'A' && lower[i] <= 'Z' ? lower[i] + 32 : lower[i]);
        pair_list_set(p->arena, &fields, str_z(lower), value);
        has_dest = has_dest || strcmp(lower, "dest") == 0;
    }
    if (!pair_list_get(&fields, S("type"), &type))
        return err_set(e, ERR_USAGE, "type=... is missing");
    if (!set_kind(p, type, e))
        return false;
    for (size_t i = 0; i < fields.n; i++)
        if (!str_eqz(fields.p[i].key, "type") && !set_field(p, fields.p[i].key, fields.p[i].value, e))
            return false;
    if (p->out->kind == OUTPUT_DOCKER && !has_dest) /* docker loads it; the store is where croze's images are */
        p->out->kind = OUTPUT_IMAGE;
    return settle_dest(p, e);
}

bool output_parse(struct arena *a, struct str text, struct build_output *out, struct err *e) {
    struct output_parse p = {a, out};
    *out = (struct build_output){.kind = OUTPUT_LOCAL, .text = arena_str(a, text)};
    if (str_eqz(text, "-")) {
        out->kind = OUTPUT_TAR;
        return true;
    }
    if (text.n == 0)
        return err_set(e, ERR_USAGE, "--output needs a value");
    if (!str_starts(text, S("type=")) && str_index(text, ',') < 0 && text.p[0] != '"') {
        out->dest = arena_strz(a, text); /* as it is: a bare path */
        return true;
    }
    return read_fields(&p, text, e) || bad_output(&p, e);
}

bool output_check_level(const char *what, const struct output_encoder *encoder, struct err *e) {
    int most = encoder->compression == COMPRESSION_GZIP ? 12 : encoder->compression == COMPRESSION_ZSTD ? 19 : 0;
    if (encoder->level <= most && (encoder->level > 0 || most == 0))
        return true;
    if (most == 0)
        return err_set(e, ERR_USAGE, "%s %d: what is not compressed has no level", what, encoder->level);
    return err_set(e, ERR_USAGE, "%s %d: %s has levels 1 to %d", what, encoder->level, compression_name(encoder->compression), most);
}

bool output_settle(struct build_output *o, const struct output_encoder *general, struct err *e) {
    if (!o->has_compression)
        o->encoder.compression = general->compression;
    if (!o->has_level)
        o->encoder.level =
            o->encoder.compression == general->compression ? general->level : compression_default_level(o->encoder.compression);
    return output_check_level("compression-level", &o->encoder, e) || err_wrap(e, "--output %.*s", STR_ARG(o->text));
}
