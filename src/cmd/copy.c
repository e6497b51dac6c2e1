/* SPDX-License-Identifier: Apache-2.0
 * croze copy: an image from one place to another, with everything that is about it. */
#include <stdio.h>
#include <unistd.h>

#include "cmd/cmd.h"
#include "cmd/copy_mirror.h"
#include "cmd/digest_file.h"
#include "cmd/registry_flags.h"
#include "sandbox/sandbox.h"

static const char *platform, *digest_file, *src_creds, *dest_creds, *progress_mode = "auto";
static struct registry_side_flags source = {.side = "src"}, destination_flags = {.side = "dest"};
static bool all, preserve_digests, quiet, no_evidence, replace_evidence, mirror, only_new;
static const char *const progress_words[] = {"auto", "plain", "tty", "quiet", "rawjson", NULL};

static const struct opt options[] = {
    OPT_FLAG('a', "all", &all, "Accepted for skopeo's sake: every platform is always copied, unless one is chosen"),
    OPT_STR(0, "dest-cert-dir", "DIR", &destination_flags.cert_dir, "As --cert-dir, for the destination's registry"),
    OPT_STR(0, "dest-creds", "USER:PASSWORD", &dest_creds, "As --creds, for the destination's registry"),
    OPT_OPTIONAL("dest-tls-verify", "BOOL", &destination_flags.tls_verify, "As --tls-verify, for the destination's registry"),
    OPT_STR(0, "digestfile", "FILE", &digest_file, "Write the digest of what was copied to FILE"),
    OPT_FLAG(0, "mirror", &mirror,
             "SOURCE is HOST/REPOSITORY[:TAG] with wildcards (* and ? stop at /, ** does not), DESTINATION HOST[/PREFIX]: copy all that "
             "match"),
    OPT_FLAG(0, "new-only", &only_new, "With --mirror: only tags that the list of the destination lacks"),
    OPT_FLAG(0, "no-evidence", &no_evidence, "Leave signatures, attestations and all else that is about the image behind"),
    OPT_STR(0, "platform", "OS/ARCH[/VARIANT]", &platform, "Of an index copy only the image of this platform"),
    OPT_FLAG(0, "preserve-digests", &preserve_digests, "Accepted for skopeo's sake: bytes are always copied as they are"),
    OPT_ENUM(0, "progress", progress_words, &progress_mode, "auto, plain, tty, quiet or rawjson"),
    OPT_FLAG('q', "quiet", &quiet, "Print nothing"),
    OPT_FLAG(0, "replace-evidence", &replace_evidence,
             "Replace what the destination has under a tag of cosign's and cannot be joined with the source's: another SBOM"),
    OPT_STR(0, "src-cert-dir", "DIR", &source.cert_dir, "As --cert-dir, for the source's registry"),
    OPT_STR(0, "src-creds", "USER:PASSWORD", &src_creds, "As --creds, for the source's registry"),
    OPT_OPTIONAL("src-tls-verify", "BOOL", &source.tls_verify, "As --tls-verify, for the source's registry"),
    OPT_UNSUPPORTED('f', "format", "FORMAT", "a manifest of another format has another digest; build -o makes images of either"),
    OPT_UNSUPPORTED(0, "remove-signatures", NULL, "use --no-evidence"),
    OPT_TABLE(registry_rows, "Registries"),
    OPT_END,
};

static int run(struct context *c, char **args, size_t n, struct err *e);

const struct cmd cmd_copy = {
    .name = "copy",
    .summary = "Copy an image between registries, layouts, archives, directories and the store, without loss",
    .usage = "[OPTIONS] SOURCE DESTINATION",
    .description =
        "SOURCE and DESTINATION are docker://NAME[:TAG][@DIGEST], oci:DIR[:TAG], oci-archive:FILE[:TAG], docker-archive:FILE[:NAME],\n"
        "dir:DIR, docker-daemon:NAME:TAG or store:IMAGE; a name without a transport is docker://.\n\n"
        "An index is copied with every platform, and with them the signatures, attestations and SBOMs that are about any of it: "
        "referrers, and the tags of cosign. What the destination has under such a tag is evidence too: signatures and attestations of "
        "both sides are joined, another SBOM is not replaced without --replace-evidence. Bytes stay as they are, so "
        "digests do. What was copied is asked for at the far side before croze says that it is done. docker-archive and docker-daemon "
        "hold one image: the one of --platform, else this machine's.",
    .options = options,
    .run = run,
};

/* The destination with its tag: a repository's may not have been typed. */
static struct str destination(const struct place *to, const char *typed, struct arena *a) {
    if (!to->repository)
        return str_z(typed);
    return to->reference.n ? arena_join3(a, to->shown, S(":"), to->reference) : arena_join3(a, to->shown, S("@"), to->must_be);
}

static void say(const struct copy_result *r, struct str to) {
    char digest[DIGEST_TEXT + 1], size[32];
    fprintf(stderr, "%.*s: %s", STR_ARG(to), r->changed ? "copied" : "everything is there already");
    if (r->blobs)
        fprintf(stderr, ", %llu blobs of %s", (unsigned long long)r->blobs, human_size(r->blob_bytes, size));
    if (r->evidence)
        fprintf(stderr, ", %llu manifests about it", (unsigned long long)r->evidence);
    fprintf(stderr, "\n");
    printf("%s\n", digest_text(&r->root.digest, digest));
}

static bool copy(struct place *from, struct place *to, const char *typed, const struct copy_options *o, struct err *e) {
    struct arena a = ARENA_INIT;
    struct copy_result r;
    bool good = copy_image(from, from->reference, to, to->reference, o, &a, &r, e) ||
                err_wrap(e, "copy %.*s to %.*s", STR_ARG(from->shown), STR_ARG(to->shown));
    if (good && !quiet)
        say(&r, destination(to, typed, &a));
    good = good && digest_file_write(digest_file, &r.root.digest, e);
    arena_fini(&a);
    return good;
}

static bool copy_texts(struct store *s, char **args, struct registries *r, const struct copy_options *o, struct err *e) {
    _cleanup_(place_closep) struct place *from = place_open(r, s, str_z(args[0]), PLACE_READ, o->progress, e);
    _cleanup_(place_closep) struct place *to = from ? place_open(r, s, str_z(args[1]), PLACE_WRITE, o->progress, e) : NULL;
    return to && copy(from, to, args[1], o, e);
}

/* What goes between registries, layouts and directories needs no store, and neither makes nor holds one. */
static bool copy_one(struct context *c, char **args, struct registries *r, const struct copy_options *o, struct err *e) {
    if (!place_needs_store(str_z(args[0])) && !place_needs_store(str_z(args[1])))
        return copy_texts(NULL, args, r, o, e);
    if (!store_open(&c->store, c->root, sandbox_flavour(), e))
        return false;
    bool good = copy_texts(&c->store, args, r, o, e);
    store_close(&c->store);
    return good;
}

/* One registry cannot be spoken to in two ways in one copy. */
static bool sides_agree(const struct registry_side s[2], struct err *e) {
    const char *a = s[0].cert_dir ? s[0].cert_dir : "", *b = s[1].cert_dir ? s[1].cert_dir : "";
    bool both = s[0].host.n && str_eq(s[0].host, s[1].host);
    return !both || (strcmp(a, b) == 0 && s[0].tls_verify == s[1].tls_verify) ||
           err_set(e, ERR_USAGE, "source and destination are in one registry, %.*s: --tls-verify and --cert-dir are for both",
                   STR_ARG(s[0].host));
}

/* --creds would go to whichever of two registries asks first. */
static struct registries *open_registries(char **args, struct err *e) {
    struct registry_options o;
    struct arena a = ARENA_INIT;
    struct registries *r = NULL;
    struct str from = str_z(args[0]), to = mirror ? arena_join3(&a, str_z(args[1]), S("/x"), STR_NULL) : str_z(args[1]); /* HOST alone */
    if (registry_creds_given())
        err_set(e, ERR_USAGE, "copy has two sides: --src-creds and --dest-creds say for which of them credentials are");
    else if (registry_flags_read(&o, e) && registry_creds_bind("--src-creds", src_creds, from, &a, &o.creds[0], e) &&
             registry_creds_bind("--dest-creds", dest_creds, to, &a, &o.creds[1], e) &&
             registry_side_read(&source, from, &a, &o.sides[0], e) &&
             registry_side_read(&destination_flags, to, &a, &o.sides[1], e) && sides_agree(o.sides, e))
        r = registries_new(&o, e);
    arena_fini(&a);
    return r;
}

static int run(struct context *c, char **args, size_t n, struct err *e) {
    enum progress_mode mode = PROGRESS_AUTO;
    if (n != 2 || (only_new && !mirror) || (mirror && digest_file)) {
        err_set(e, ERR_USAGE, n != 2 ? "copy takes a source and a destination" : only_new ? "--new-only goes with --mirror" :
                "--digestfile is for one image, not for --mirror");
        return -1;
    }
    _cleanup_(registries_freep) struct registries *r = open_registries(args, e);
    if (!r || !progress_mode_parse(str_z(quiet ? "quiet" : progress_mode), &mode))
        return -1;
    struct progress *p = progress_new(mode, STDERR_FILENO);
    struct copy_options o = {.platform = str_z(platform), .evidence = !no_evidence, .check = true, .progress = p};
    o.replace_evidence = replace_evidence;
    struct mirror_job job = {str_z(args[0]), str_z(args[1]), only_new};
    bool good = mirror ? copy_mirror(r, &job, &o, quiet, e) : copy_one(c, args, r, &o, e);
    progress_free(p);
    return good ? 0 : -1;
}
