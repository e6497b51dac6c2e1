/* SPDX-License-Identifier: Apache-2.0
 * croze version: what this program is and what it stands on here. */
#include <stdio.h>

#include "base/codec.h"
#include "base/json.h"
#include "cmd/cmd.h"
#include "cmd/print.h"
#include "sandbox/sandbox.h"

static const char *format = "text";
static const char *const format_words[] = {"text", "json", NULL};

static const struct opt options[] = {
    OPT_ENUM(0, "format", format_words, &format, "text or json"),
    OPT_END,
};

static int run(struct context *c, char **args, size_t n, struct err *e);

const struct cmd cmd_version = {
    .name = "version",
    .summary = "Print the version, the platform and the tier of privilege",
    .usage = "[OPTIONS]",
    .options = options,
    .run = run,
};

static bool tell_json(const char *encoder, enum tier tier, const char *why, struct err *e) {
    _cleanup_(json_mut_freep) yyjson_mut_doc *d = yyjson_mut_doc_new(NULL);
    yyjson_mut_val *root = yyjson_mut_obj(d);
    yyjson_mut_doc_set_root(d, root);
    json_add_str(d, root, "Version", S(CROZE_VERSION));
    json_add_str(d, root, "Platform", S("linux/" CROZE_ARCH));
    json_add_str(d, root, "Encoder", str_z(encoder));
    json_add_str(d, root, "Tier", str_z(tier_name(tier)));
    json_add_str_opt(d, root, "TierReason", str_z(why));
    return print_json(d, false, "version", e);
}

static int run(struct context *c, char **args, size_t n, struct err *e) {
    (void)c;
    (void)args;
    if (n) {
        err_set(e, ERR_USAGE, "version takes no arguments");
        return -1;
    }
    char encoder[64];
    const char *why = NULL;
    enum tier tier = sandbox_tier(&why);
    compression_encoder_id(COMPRESSION_GZIP, compression_default_level(COMPRESSION_GZIP), encoder);
    if (strcmp(format, "json") == 0)
        return tell_json(encoder, tier, why, e) ? 0 : -1;
    printf("croze %s\nplatform: linux/%s\nencoder:  %s\ntier:     %s%s%s\n", CROZE_VERSION, CROZE_ARCH, encoder, tier_name(tier),
               why && *why ? "; " : "", why ? why : "");
    return 0;
}
