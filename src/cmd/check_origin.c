/* SPDX-License-Identifier: Apache-2.0
 * croze check --image --origin: how much of an image is of proven origin, and what is not. */
#include "cmd/check_origin.h"

#include "base/limits.h"
#include "base/vec.h"
#include "check/origin.h"
#include "cmd/check_image.h"
#include "cmd/print.h"
#include "fetch/git_files.h"
#include "sys/files.h"

enum { NO_MINIMUM = -1 };

static bool origin;
static int64_t least_percent = NO_MINIMUM;
static const char *source;

const struct opt check_origin_rows[] = {
    OPT_FLAG(
        0, "origin", &origin,
        "Say of each file whether anything proves where its bytes come from, instead of looking for what is wrong: shares, and the rest"),
    OPT_INT(0, "min-origin", "PERCENT", 0, 100, &least_percent, "The same, and exit with 10 if less of the bytes is proven"),
    OPT_STR(0, "source", "DIR", &source,
            "Files that are committed in this git work tree, as they lie there, are proven; and digests that its Dockerfiles name"),
    OPT_END,
};

/* Set once the first image is looked at, and used for all. A source that cannot be read is every image's error. */
static struct {
    struct arena arena;
    bool is_read;
    struct origin_digests committed, named;
    VEC(struct origin_report) reports;
} state;

bool check_origin_asked(void) {
    return origin || least_percent != NO_MINIMUM;
}

bool check_origin_fits(bool images, struct err *e) {
    if (source && !check_origin_asked())
        return err_set(e, ERR_USAGE, "--source is of --origin, which is not given");
    if (check_origin_asked() && !check_image_reads_files())
        return err_set(e, ERR_USAGE, "--origin needs the bytes of files, which --no-content does not read");
    return images || !check_origin_asked() || err_set(e, ERR_USAGE, "--origin and --min-origin are of images: give --image, too");
}

/* --- The work tree -------------------------------------------------------------------------------------------------------------------- */

static bool is_dockerfile(struct str path) {
    struct str name = path_base(path);
    return str_starts(name, S("Dockerfile")) || str_starts(name, S("Containerfile")) || str_ends(name, S(".Dockerfile")) ||
           str_ends(name, S(".dockerfile"));
}

static bool take(void *ctx, struct str path, const struct digest *sha256, int fd, struct err *e) {
    (void)ctx;
    origin_digests_add(&state.committed, sha256);
    if (!is_dockerfile(path))
        return true;
    _cleanup_(buf_fini) struct buf text = BUF_INIT(LIMIT_DOCKERFILE_BYTES);
    if (lseek(fd, 0, SEEK_SET) != 0 || !file_read_fd(fd, "Dockerfile", &text, e))
        return err_wrap(e, "%s", SHOWN(path));
    origin_digests_named(&state.named, buf_str(&text));
    return true;
}

static bool read_source(struct err *e) {
    size_t n = 0;
    if (!source || state.is_read)
        return true;
    state.is_read = git_files_as_committed(source, (struct git_files_sink){take, NULL}, &n, e);
    return state.is_read || err_wrap(e, "--source");
}

/* --- Images --------------------------------------------------------------------------------------------------------------------------- */

/* What the image was built of names digests too. */
static bool read_dockerfile(struct str path, struct err *e) {
    _cleanup_(buf_fini) struct buf text = BUF_INIT(LIMIT_DOCKERFILE_BYTES);
    if (path.n == 0)
        return true;
    if (!file_read(path.p, &text, e))
        return false;
    origin_digests_named(&state.named, buf_str(&text));
    return true;
}

bool check_origin_one(struct store *s, const struct image *im, struct str name, const struct image_check_options *with, struct output *out,
                      struct err *e) {
    struct origin_options o = {.name = name, .base_layers = with->base_layers, .policy = with->policy, .named = &state.named};
    struct origin_report r;
    if (!read_source(e) || !read_dockerfile(with->dockerfile, e))
        return false;
    o.committed = &state.committed;
    if (!check_origin(&state.arena, s, im, &o, &r, e))
        return false;
    output_add(out, name, STR_NULL, r.findings, r.n_findings, r.n_dropped);
    r.name = arena_str(&state.arena, name);
    r.findings = NULL; /* they speak of the image, which is gone by the time of the report */
    vec_push(&state.reports, r);
    return true;
}

static bool print(const char *format, struct err *e) {
    _cleanup_(buf_fini) struct buf out = BUF_INIT(LIMIT_REPORT_BYTES);
    enum output_format how = output_format_of(format);
    for (size_t k = 0; k < state.reports.n; k++) {
        if (how == OUTPUT_TEXT)
            origin_print(&state.reports.p[k], &out);
        else if (how == OUTPUT_JSON)
            origin_json_line(&state.reports.p[k], &out);
        if (how == OUTPUT_TEXT && k + 1 < state.reports.n)
            buf_add_char(&out, '\n');
    }
    return print_text(&out, "check --origin", e);
}

int check_origin_end(const char *format, struct err *e) {
    struct err unprinted = ERR_INIT;
    bool good = e->kind == ERR_NONE, fails = false;
    if (!print(format, &unprinted) && good)
        err_move(e, &unprinted);
    err_clear(&unprinted);
    for (size_t k = 0; k < state.reports.n; k++)
        fails |= least_percent != NO_MINIMUM && origin_permille(&state.reports.p[k]) < (unsigned)least_percent * 10;
    origin_digests_fini(&state.committed);
    origin_digests_fini(&state.named);
    vec_fini(&state.reports);
    arena_fini(&state.arena);
    return e->kind != ERR_NONE ? -1 : fails ? ERR_FINDINGS : 0;
}
