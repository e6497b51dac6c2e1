/* SPDX-License-Identifier: Apache-2.0
 * croze check --image: what is wrong with images, of the store or of archives and layouts. */
#include "cmd/check_image.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/limits.h"
#include "base/vec.h"
#include "check/image_check.h"
#include "check/image_lines.h"
#include "cmd/check_origin.h"
#include "dockerfile/dockerfile.h"
#include "report/meter.h"
#include "sandbox/sandbox.h"
#include "sys/files.h"

static const char *base_name, *platform, *dockerfile, *target;
static bool image, no_content;

const struct opt check_image_rows[] = {
    OPT_FLAG(0, "image", &image, "The operands are images"),
    OPT_STR(0, "base", "IMAGE", &base_name, "Pass over files and history of this image's layers, on which the others stand"),
    OPT_STR(0, "dockerfile", "FILE", &dockerfile, "The image was built of this: what a line of it left is said of that line"),
    OPT_STR(0, "target", "STAGE", &target, "... of this stage of it"),
    OPT_FLAG(0, "no-content", &no_content, "Look at names and modes alone: rules that read files are silent"),
    OPT_STR(0, "platform", "OS/ARCH[/VARIANT]", &platform, "Of an image for several platforms look at this one (default: this machine's)"),
    OPT_END,
};

bool check_image_asked(void) {
    return image;
}

bool check_image_reads_files(void) {
    return !no_content;
}

bool check_image_fits(bool host, struct err *e) {
    const char *alone = image                 ? NULL
                        : dockerfile          ? "--dockerfile"
                        : target              ? "--target"
                        : base_name           ? "--base"
                        : platform            ? "--platform"
                        : no_content && !host ? "--no-content"
                                              : NULL;
    if (image && host)
        return err_set(e, ERR_USAGE, "--image and --host are two checks: one at a time (--host looks at the store's images, too)");
    if (target && !dockerfile)
        return err_set(e, ERR_USAGE, "--target is of a Dockerfile: give --dockerfile, too");
    return !alone || err_set(e, ERR_USAGE, "%s is of images: give --image, too", alone);
}

static struct str wanted_platform(void) {
    return platform ? str_z(platform) : S("linux/" CROZE_ARCH);
}

/* --- Where images are --------------------------------------------------------------------------------------------------------------- */

static bool from_archive(struct store *s, struct str path, struct arena *a, struct digest *manifest, struct err *e) {
    struct archive_items items = {0};
    _cleanup_fd_ int fd = file_open(arena_strz(a, path), O_RDONLY, 0, e);
    bool good = fd >= 0 && archive_load_nameless(s, fd, arena_strz(a, path), a, &items, e);
    if (good && items.n != 1)
        good = err_set(e, ERR_USAGE, "%.*s holds %zu images: load it, and name the one", STR_ARG(path), items.n);
    if (good)
        *manifest = items.p[0].manifest;
    vec_fini(&items);
    return good;
}

/* "oci:DIRECTORY[:TAG]"; the tag may be a whole name, "app:1" */
static bool from_layout(struct store *s, struct str text, struct arena *a, struct digest *manifest, struct err *e) {
    struct str path, tag;
    (void)str_cut(text, ':', &path, &tag);
    return layout_load(s, arena_strz(a, path), tag, NULL, wanted_platform(), manifest, e);
}

/* dockle --input, trivy --input: a file where a name is expected. */
static bool is_no_image(struct str text, struct arena *a, struct err *e) {
    _cleanup_fd_ int fd = open(arena_strz(a, text), O_PATH | O_CLOEXEC);
    struct stat st;
    if (fd >= 0 && fstat(fd, &st) == 0 && (S_ISREG(st.st_mode) || S_ISDIR(st.st_mode)))
        err_append(e, "; for the %s it is %s%.*s", S_ISREG(st.st_mode) ? "file" : "directory",
                   S_ISREG(st.st_mode) ? "docker-archive:" : "oci:", STR_ARG(text));
    return false;
}

static bool find(struct store *s, struct str text, struct arena *a, struct digest *manifest, struct err *e) {
    struct str scheme, rest;
    struct store_ref ref;
    (void)str_cut(text, ':', &scheme, &rest);
    if (str_eqz(scheme, "docker-archive") || str_eqz(scheme, "oci-archive"))
        return from_archive(s, rest, a, manifest, e);
    if (str_eqz(scheme, "oci"))
        return from_layout(s, rest, a, manifest, e);
    if (!image_find(s, text, a, &ref, e))
        return is_no_image(text, a, e);
    *manifest = ref.manifest;
    return true;
}

static bool read_image(struct store *s, struct str text, struct image *im, struct err *e) {
    _cleanup_(arena_fini) struct arena a = ARENA_INIT;
    struct digest manifest;
    return find(s, text, &a, &manifest, e) && image_read(s, &manifest, wanted_platform(), im, e);
}

/* --- Looking ------------------------------------------------------------------------------------------------------------------------- */

static bool base_layers(struct store *s, const struct image *im, struct str name, size_t *n, struct err *e) {
    struct image base;
    *n = 0;
    if (!base_name)
        return true;
    if (!read_image(s, str_z(base_name), &base, e))
        return err_wrap(e, "--base");
    *n = check_base_layers(im, &base);
    image_fini(&base);
    return *n || err_set(e, ERR_USAGE, "--base %s: %.*s does not stand on it", base_name, STR_ARG(name));
}

/* With --dockerfile: which line of it made what. */
static bool find_lines(struct image *im, struct str *name, struct err *e) {
    _cleanup_(buf_fini) struct buf text = BUF_INIT(LIMIT_DOCKERFILE_BYTES);
    struct check_options o = {.plan = {.platform = wanted_platform(), .target = str_z(target)}};
    *name = str_z(dockerfile);
    if (!dockerfile)
        return true;
    return (file_read(dockerfile, &text, e) || dockerfile_unread(*name, e)) && image_lines_find(buf_str(&text), *name, &o, im, e);
}

static bool check_one(struct store *s, struct str name, const struct check_policy *policy, struct output *out, struct err *e) {
    struct image_check_options o = {.name = name, .no_contents = no_content, .policy = policy};
    struct image_check_result r = {0};
    struct image im;
    if (!read_image(s, name, &im, e))
        return false;
    _cleanup_(arena_fini) struct arena a = ARENA_INIT;
    struct meter *meter = meter_start("checking", METER_READ, -1, 0);
    bool good = base_layers(s, &im, name, &o.base_layers, e) && find_lines(&im, &o.dockerfile, e);
    if (check_origin_asked())
        good = good && check_origin_one(s, &im, name, &o, out, e);
    else
        good = good && check_image(&a, s, &im, &o, &r, e);
    meter_end(meter);
    if (!check_origin_asked())
        output_add(out, name, STR_NULL, r.findings, r.n_findings, r.n_dropped);
    image_fini(&im);
    return good;
}

void check_images(struct context *c, char **images, size_t n, const struct check_policy *policy, struct output *out, struct err *e) {
    if (!store_open_to_read(&c->store, c->root, sandbox_flavour(), e))
        return;
    for (size_t k = 0; k < n; k++) {
        struct err one = ERR_INIT;
        if (check_one(&c->store, str_z(images[k]), policy, out, &one))
            continue;
        output_fail(out, str_z(images[k]), str_z(one.msg));
        if (e->kind == ERR_NONE)
            err_move(e, &one);
        else
            err_append(e, "\n%s", one.msg);
        err_clear(&one);
    }
    store_close(&c->store);
}
