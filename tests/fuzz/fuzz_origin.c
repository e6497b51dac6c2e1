/* SPDX-License-Identifier: Apache-2.0
 * Databases of package managers, of any bytes: the first byte says whose. Whatever they are, paths that are given out are clean and can be
 * shown, and packages' names lie in the text. */
#include <assert.h>

#include "base/limits.h"
#include "base/mem.h"
#include "check/origin.h"
#include "check/origin_lists.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void path_is_clean(struct str path) {
    struct str again, part;
    assert(path.n && path.n <= LIMIT_PATH_BYTES && path.p[0] != '/');
    assert(listed_path(path, &again) && (str_eq(again, path) || str_starts(path, S("./"))));
    for (size_t k = 0; k < path.n; k++)
        assert((unsigned char)path.p[k] >= ' ');
    for (struct str rest = path; str_next(&rest, '/', &part);)
        assert(part.n && !str_eqz(part, ".") && !str_eqz(part, ".."));
}

static bool take(void *ctx, const struct listed *l) {
    size_t *most = ctx;
    path_is_clean(l->path);
    assert(l->kind < CHECKSUMS && l->package.n <= LIMIT_RPM_HEADER_BYTES);
    return ++*most < 100000;
}

static bool take_diversion(void *ctx, struct str from, struct str to, struct str package) {
    (void)package;
    path_is_clean(from);
    path_is_clean(to);
    return ++*(size_t *)ctx < 100000;
}

static void read_database(struct str text, struct list_sink sink) {
    struct buf copy = BUF_INIT(LIMIT_PACKAGE_LIST_BYTES);
    struct err e = ERR_INIT;
    buf_add_str(&copy, text);
    bool good = rpm_database_read(&copy, sink, &e);
    assert(good == (e.kind == ERR_NONE));
    err_clear(&e);
    buf_fini(&copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n) {
    size_t given = 0;
    struct list_sink sink = {take, &given};
    struct origin_digests named = {0};
    if (n == 0)
        return 0;
    char *own = mem_alloc(n - 1); /* a read behind its end is one behind its memory */
    memcpy(own, data + 1, n - 1);
    struct str text = str_n(own, n - 1);
    switch (data[0]) {
    case 'd':
        dpkg_sums_read(text, S("package"), sink);
        break;
    case 'c':
        dpkg_conffiles_read(text, sink);
        break;
    case 'v':
        dpkg_diversions_read(text, take_diversion, &given);
        break;
    case 'a':
        apk_installed_read(text, sink);
        break;
    case 'h':
        rpm_header_read(text, sink);
        break;
    case 's':
        read_database(text, sink);
        break;
    case 'f':
        origin_digests_named(&named, text);
        origin_digests_fini(&named);
        break;
    default:
        break;
    }
    free(own);
    return 0;
}
