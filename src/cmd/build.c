/* SPDX-License-Identifier: Apache-2.0
 * croze build: reads flags and the environment, calls build/, prints the image ID. */
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "base/json.h"
#include "base/limits.h"
#include "build/build.h"
#include "cmd/cmd.h"
#include "sandbox/sandbox.h"
#include "sys/clock.h"
#include "sys/thread.h"

static struct opt_list tags, build_args, labels;
static const char *dockerfile, *target, *iidfile, *metadata_file, *progress = "auto", *network = "default", *compression = "gzip",
                                                                  *modes = "context";
static const char *platform;
static bool no_cache, quiet, pull, load, rm;
static int64_t jobs, level = -1;
static const char *const progress_words[] = {"auto", "tty", "plain", "quiet", NULL};
static const char *const network_words[] = {"default", "host", "none", NULL};
static const char *const compression_words[] = {"gzip", "zstd", "none", "uncompressed", NULL};
static const char *const modes_words[] = {"context", "git", NULL};

static const struct opt options[] = {
    OPT_LIST('t', "tag", "NAME[:TAG]", &tags, "Give the image this name (repeatable)"),
    OPT_STR('f', "file", "PATH", &dockerfile,
            "The Dockerfile (default: CONTEXT/Dockerfile, else CONTEXT/Containerfile); - is standard input"),
    OPT_LIST(0, "build-arg", "NAME[=VALUE]", &build_args, "Set an ARG; without a value it is taken from the environment"),
    OPT_STR(0, "target", "STAGE", &target, "Build this stage (name or number) instead of the last one"),
    OPT_LIST(0, "label", "KEY=VALUE", &labels, "Add a label to the image"),
    OPT_FLAG(0, "no-cache", &no_cache, "Do every step again"),
    OPT_ENUM(0, "network", network_words, &network, "Network of RUN steps: default (the host's) or none"),
    OPT_FLAG('q', "quiet", &quiet, "Print the image ID only"),
    OPT_STR(0, "iidfile", "FILE", &iidfile, "Write the image ID (the configuration's digest) to FILE"),
    OPT_STR(0, "metadata-file", "FILE", &metadata_file, "Write the image's digests to FILE as JSON"),
    OPT_ENUM(0, "progress", progress_words, &progress, "How to show progress: auto, tty, plain, quiet"),
    OPT_ENUM(0, "compression", compression_words, &compression, "Compression of new layers: gzip, zstd, none"),
    OPT_INT(0, "compression-level", "N", 0, 19, &level, "Its level (gzip 1-12, zstd 1-19; default gzip 1, zstd 3)"),
    OPT_ENUM(0, "modes", modes_words, &modes, "File modes of the context: context (as they are) or git (normalised as git keeps them)"),
    OPT_STR(0, "platform", "OS/ARCH", &platform, "Must be this machine's platform"),
    OPT_INT('j', "jobs", "N", 0, 64, &jobs, "Threads to pack layers with (default: one a processor; environment CROZE_THREADS)"),
    OPT_FLAG(0, "pull", &pull, "Accepted when every base is in the store; registries are not reached by this version"),
    OPT_FLAG(0, "load", &load, "Accepted for docker's sake: the store is where every image goes"),
    OPT_FLAG(0, "rm", &rm, "Accepted for docker's sake: no containers are left behind"),
    OPT_FLAG(0, "force-rm", &rm, "Accepted for docker's sake: no containers are left behind"),
    OPT_UNSUPPORTED(0, "add-host", "HOST:IP", "extra hosts belong to a later version"),
    OPT_UNSUPPORTED(0, "allow", "WHAT", "entitlements belong to a later version"),
    OPT_UNSUPPORTED(0, "annotation", "KEY=VALUE", "annotations belong to a later version"),
    OPT_UNSUPPORTED(0, "attest", "WHAT", "attestations belong to a later version"),
    OPT_UNSUPPORTED(0, "build-context", "NAME=PATH", "named contexts belong to a later version"),
    OPT_UNSUPPORTED(0, "cache-from", "WHAT", "remote caches belong to a later version"),
    OPT_UNSUPPORTED(0, "cache-to", "WHAT", "remote caches belong to a later version"),
    OPT_UNSUPPORTED(0, "call", "WHAT", "checks belong to a later version"),
    OPT_UNSUPPORTED(0, "check", NULL, "checks belong to a later version"),
    OPT_UNSUPPORTED('m', "memory", "BYTES", "a build step runs without a cgroup of its own"),
    OPT_UNSUPPORTED(0, "no-cache-filter", "STAGES", "it belongs to a later version; --no-cache does all steps again"),
    OPT_UNSUPPORTED('o', "output", "WHAT", "outputs belong to a later version; see croze save"),
    OPT_UNSUPPORTED(0, "provenance", "WHAT", "attestations belong to a later version"),
    OPT_UNSUPPORTED(0, "push", NULL, "registries belong to a later version"),
    OPT_UNSUPPORTED(0, "sbom", "WHAT", "SBOMs belong to a later version"),
    OPT_UNSUPPORTED(0, "secret", "WHAT", "secrets belong to a later version"),
    OPT_UNSUPPORTED(0, "shm-size", "BYTES", "it belongs to a later version"),
    OPT_UNSUPPORTED(0, "squash", NULL, "it belongs to a later version"),
    OPT_UNSUPPORTED(0, "ssh", "WHAT", "ssh forwarding belongs to a later version"),
    OPT_UNSUPPORTED(0, "ulimit", "WHAT", "it belongs to a later version"),
    OPT_END,
};

static int run(struct context *c, char **args, size_t n, struct err *e);

const struct cmd cmd_build = {
    .name = "build",
    .summary = "Build an image from a Dockerfile",
    .usage = "[OPTIONS] CONTEXT",
    .description = "Carries out the Dockerfile of the directory CONTEXT, step by step, and puts the image into the store. Steps whose "
                   "inputs have not\n"
                   "changed are taken from the step cache. With SOURCE_DATE_EPOCH in the environment no time in the image is newer than "
                   "it, and equal\n"
                   "inputs give equal digests.",
    .flags = CMD_STORE | CMD_NAMESPACE,
    .options = options,
    .run = run,
};

/* "K=V" pairs; without "=" the environment is asked, and what it does not have is left out (docker's rule). */
static bool read_pairs(struct arena *a, const struct opt_list *list, bool from_environment, const char *flag, struct pair_list *out,
                       struct err *e) {
    for (size_t i = 0; i < list->n; i++) {
        struct str key, value;
        bool given = str_cut(str_z(list->p[i]), '=', &key, &value);
        if (key.n == 0)
            return err_set(e, ERR_USAGE, "--%s \"%s\" has no name", flag, list->p[i]);
        if (!given && from_environment) {
            const char *found = getenv(arena_strz(a, key));
            if (!found)
                continue;
            value = str_z(found);
        }
        pair_list_set(a, out, key, value);
    }
    return true;
}

static bool read_epoch(const struct pair_list *args, struct build_options *o, struct err *e) {
    struct str text;
    if (!pair_list_get(args, S("SOURCE_DATE_EPOCH"), &text))
        text = str_z(getenv("SOURCE_DATE_EPOCH"));
    if (text.n == 0)
        return true;
    o->has_epoch = true;
    return clock_parse_epoch(text, &o->epoch) ||
           err_set(e, ERR_USAGE, "SOURCE_DATE_EPOCH=%.*s is not a number of seconds since 1970", STR_ARG(text));
}

static bool read_compression(struct build_options *o, struct err *e) {
    if (!compression_parse(str_z(compression), &o->compression))
        return err_set(e, ERR_BUG, "compression %s", compression);
    o->level = level < 0 ? compression_default_level(o->compression) : (int)level;
    int most = o->compression == COMPRESSION_GZIP ? 12 : o->compression == COMPRESSION_ZSTD ? 19 : 0;
    if (o->level > most || (level == 0 && most > 0))
        return err_set(e, ERR_USAGE, "--compression-level %d: %s has levels 1 to %d", o->level, compression, most);
    return true;
}

static bool read_options(struct arena *a, const char *context, struct build_options *o, struct err *e) {
    struct str *names = arena_array(a, struct str, tags.n);
    for (size_t i = 0; i < tags.n; i++)
        names[i] = str_z(tags.p[i]);
    *o = (struct build_options){
        .context = context, .dockerfile = dockerfile, .tags = names, .n_tags = tags.n, .target = str_z(target), .no_cache = no_cache,
        .network_none = strcmp(network, "none") == 0, .modes_git = strcmp(modes, "git") == 0,
    };
    if (platform && strcmp(platform, "linux/" CROZE_ARCH) != 0)
        return err_set(e, ERR_USAGE, "--platform %s: this version builds for its own platform only, linux/%s", platform, CROZE_ARCH);
    thread_set_count((unsigned)jobs);
    return read_pairs(a, &build_args, true, "build-arg", &o->build_args, e) && read_pairs(a, &labels, false, "label", &o->labels, e) &&
           read_epoch(&o->build_args, o, e) && read_compression(o, e);
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
    for (size_t i = 0; i < tags.n; i++)
        buf_printf(&names, "%s%s", i ? "," : "", tags.p[i]);
    json_add_str_opt(d, root, "image.name", buf_str(&names));
    json_write(d, true, &text);
    buf_add_char(&text, '\n');
    bool good = write_file(metadata_file, buf_str(&text), e);
    buf_fini(&names);
    buf_fini(&text);
    return good;
}

static bool report(struct progress *p, const struct build_result *r, struct err *e) {
    char id[DIGEST_TEXT + 1], manifest[DIGEST_TEXT + 1];
    digest_text(&r->config, id);
    if (!quiet) {
        progress_note(p, "image %s, manifest %s", id, digest_text(&r->manifest, manifest));
        for (size_t i = 0; i < tags.n; i++)
            progress_note(p, "named %s", tags.p[i]);
    }
    if (iidfile && !write_file(iidfile, str_z(id), e))
        return false;
    if (metadata_file && !write_metadata(r, e))
        return false;
    if (quiet)
        puts(id);
    return true;
}

static int run(struct context *c, char **args, size_t n, struct err *e) {
    if (n != 1) {
        err_set(e, ERR_USAGE, "build takes one argument, the context directory (\".\" for here)");
        return -1;
    }
    struct arena a = ARENA_INIT;
    struct build_options o;
    struct build_result r;
    enum progress_mode mode = PROGRESS_QUIET;
    bool good = read_options(&a, args[0], &o, e) && (quiet || progress_mode_parse(str_z(progress), &mode));
    if (good) {
        struct progress *p = progress_new(mode, STDERR_FILENO);
        good = build_run(&c->store, &o, p, &r, e) && report(p, &r, e);
        progress_free(p);
    }
    arena_fini(&a);
    return good ? 0 : -1;
}
