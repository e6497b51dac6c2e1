/* SPDX-License-Identifier: Apache-2.0
 * croze gc: frees what no image, no recent build step and no running command needs. */
#include <stdio.h>

#include "base/json.h"
#include "cmd/cmd.h"
#include "cmd/print.h"
#include "report/meter.h"
#include "report/progress.h"

static bool all, cache_mounts, dry_run;
static int64_t keep_hours = 168, keep_caches = 168, grace_minutes = 60;
static const char *format = "text";
static const char *const format_words[] = {"text", "json", NULL};

static const struct opt options[] = {
    OPT_FLAG('a', "all", &all,
             "Free all unpacked layers, steps that no image is made of, kept files of failed steps, logs of builds and unused cache "
             "mounts too"),
    OPT_FLAG(0, "cache-mounts", &cache_mounts, "Free all cache mounts of RUN steps that no build is using"),
    OPT_FLAG('n', "dry-run", &dry_run, "Only say what would be freed"),
    OPT_INT(0, "keep-steps", "HOURS", 0, 876000, &keep_hours, "Keep build steps that were used within this time (default 168)"),
    OPT_INT(0, "keep-caches", "HOURS", 0, 876000, &keep_caches,
            "With --all keep cache mounts that were used within this time (default 168)"),
    OPT_INT(0, "grace", "MINUTES", 0, 525600, &grace_minutes, "Keep what is younger than this (default 60)"),
    OPT_ENUM(0, "format", format_words, &format, "text or json"),
    OPT_END,
};

static int run(struct context *c, char **args, size_t n, struct err *e);

const struct cmd cmd_gc = {
    .name = "gc",
    .summary = "Free what no image, recent build or running command needs",
    .usage = "[OPTIONS]",
    .flags = CMD_STORE | CMD_NAMESPACE,
    .options = options,
    .run = run,
};

static bool tell_json(const struct gc_result *r, struct err *e) {
    _cleanup_(json_mut_freep) yyjson_mut_doc *d = yyjson_mut_doc_new(NULL);
    yyjson_mut_val *root = yyjson_mut_obj(d);
    yyjson_mut_doc_set_root(d, root);
    yyjson_mut_obj_add_uint(d, root, "Blobs", r->blobs);
    yyjson_mut_obj_add_uint(d, root, "Trees", r->trees);
    yyjson_mut_obj_add_uint(d, root, "Steps", r->steps);
    yyjson_mut_obj_add_uint(d, root, "Other", r->other);
    yyjson_mut_obj_add_uint(d, root, "CacheMounts", r->caches);
    yyjson_mut_obj_add_uint(d, root, "Bytes", r->bytes);
    yyjson_mut_obj_add_uint(d, root, "KeptCacheMounts", r->kept_caches);
    yyjson_mut_obj_add_uint(d, root, "KeptCacheMountBytes", r->kept_cache_bytes);
    yyjson_mut_obj_add_bool(d, root, "DryRun", dry_run);
    return print_json(d, false, "gc", e);
}

static void tell(const struct gc_result *r) {
    char size[32];
    printf("%s %s: %llu blobs, %llu trees, %llu steps, %llu cache mounts, %llu other\n", dry_run ? "Would free" : "Freed",
           human_size(r->bytes, size), (unsigned long long)r->blobs, (unsigned long long)r->trees, (unsigned long long)r->steps,
           (unsigned long long)r->caches, (unsigned long long)r->other);
    if (r->kept_caches)
        printf("Kept %llu cache mounts, %s: see --cache-mounts\n", (unsigned long long)r->kept_caches,
               human_size(r->kept_cache_bytes, size));
    if (grace_minutes) /* `rmi` and `gc` in a row would look as if gc did nothing */
        printf("Layers younger than %lld minutes are kept: see --grace\n", (long long)grace_minutes);
}

static int run(struct context *c, char **args, size_t n, struct err *e) {
    (void)args;
    struct gc_options o = {dry_run, all, keep_hours * 3600, grace_minutes * 60, cache_mounts, keep_caches * 3600};
    struct gc_result r = {0};
    if (n) {
        err_set(e, ERR_USAGE, "gc takes no arguments");
        return -1;
    }
    struct meter *meter = meter_start("looking for what nothing needs", METER_TIME, -1, 0);
    bool good = store_gc(&c->store, &o, &r, e);
    meter_end(meter);
    if (!good)
        return -1;
    if (strcmp(format, "json") == 0)
        return tell_json(&r, e) ? 0 : -1;
    tell(&r);
    return 0;
}
