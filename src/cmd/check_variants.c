/* SPDX-License-Identifier: Apache-2.0
 * The files that are compared: see check_variants.h. */
#include "cmd/check_variants.h"

#include "base/limits.h"
#include "check/variants.h"
#include "sys/files.h"

static bool asked;

const struct opt check_variants_rows[] = {
    OPT_FLAG(
        0, "variants", &asked,
        "The Dockerfiles build one product on several bases: say too where their last stages differ in ports, variables, program, user"),
    OPT_END,
};

static struct variant_file variants[LIMIT_VARIANTS];
static size_t n_variants;

static bool is_yaml(struct str name) {
    return str_ends(name, S(".yaml")) || str_ends(name, S(".yml"));
}

bool check_variants_fits(bool others, bool fix, struct err *e) {
    if (asked && others)
        return err_set(e, ERR_USAGE, "--variants compares Dockerfiles, no images and no hosts");
    return !(asked && fix) || err_set(e, ERR_USAGE, "--fix mends one file after the other: compare them behind it");
}

bool check_variants_read(struct arena *a, char **files, size_t n, const struct plan_options *o, struct err *e) {
    if (!asked)
        return true;
    if (n < 2)
        return err_set(e, ERR_USAGE, "--variants compares several Dockerfiles of one product, and here is one");
    if (n > LIMIT_VARIANTS)
        return err_set(e, ERR_USAGE, "--variants compares at most %d Dockerfiles", LIMIT_VARIANTS);
    for (size_t k = 0; k < n; k++) {
        _cleanup_(buf_fini) struct buf text = BUF_INIT(LIMIT_DOCKERFILE_BYTES);
        struct err unread = ERR_INIT;
        if (strcmp(files[k], "-") == 0 || is_yaml(str_z(files[k])))
            return err_set(e, ERR_USAGE, "--variants compares Dockerfiles by their names, and %s is none", files[k]);
        (void)!file_read(files[k], &text, &unread);
        variants[k] = (struct variant_file){.name = str_z(files[k]), .text = arena_str(a, buf_str(&text))};
        err_clear(&unread);
    }
    n_variants = n;
    variants_compare(a, variants, n, o);
    return true;
}

void check_variants_add(size_t file, struct check_options *o) {
    if (file >= n_variants)
        return;
    o->remarks = variants[file].remarks;
    o->n_remarks = variants[file].n_remarks;
}
