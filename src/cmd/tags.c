/* SPDX-License-Identifier: Apache-2.0
 * croze tags: the tags of a repository, or of a layout. */
#include <stdio.h>

#include "base/json.h"
#include "base/limits.h"
#include "cmd/cmd.h"
#include "cmd/registry_flags.h"
#include "registry/place.h"
#include "sandbox/sandbox.h"

static const char *format = "text";
static const char *const format_words[] = {"text", "json", NULL};

static const struct opt options[] = {
    OPT_ENUM(0, "format", format_words, &format, "text (one a line), or json (one object, as skopeo list-tags prints it)"),
    OPT_TABLE(registry_rows, "Registries"),
    OPT_END,
};

static int run(struct context *c, char **args, size_t n, struct err *e);

const struct cmd cmd_tags = {
    .name = "tags",
    .summary = "List the tags of a repository",
    .usage = "[OPTIONS] NAME",
    .description = "NAME is a repository, or a place of another kind as `croze copy` takes it (oci:DIR, docker-archive:FILE, store:NAME), "
                   "without a tag. One listing is asked for, with all of its pages; no tag is asked for by itself.",
    .options = options,
    .run = run,
};

static void print_json(const struct place *p, const struct str *tags, size_t n) {
    _cleanup_(json_mut_freep) yyjson_mut_doc *d = yyjson_mut_doc_new(NULL);
    yyjson_mut_val *o = yyjson_mut_obj(d);
    struct buf text = BUF_INIT(LIMIT_REPORT_BYTES);
    yyjson_mut_doc_set_root(d, o);
    json_add_str(d, o, "Repository", str_starts(p->shown, S("docker://")) ? str_from(p->shown, 9) : p->shown);
    yyjson_mut_val *list = yyjson_mut_obj_add_arr(d, o, "Tags");
    for (size_t i = 0; i < n; i++)
        json_push_str(d, list, tags[i]);
    json_write(d, false, &text);
    printf("%.*s\n", STR_ARG(buf_str(&text)));
    buf_fini(&text);
}

static void print_text(const struct str *tags, size_t n) {
    struct buf text = BUF_INIT(LIMIT_REPORT_BYTES);
    for (size_t i = 0; i < n; i++) {
        buf_add_shown(&text, tags[i]);
        buf_add_char(&text, '\n');
    }
    fwrite(text.p ? text.p : "", 1, text.n, stdout);
    buf_fini(&text);
}

/* A list of a registry's, or of a layout's, needs no store, and makes none. */
static bool open_store(struct context *c, struct str text, bool *opened, struct err *e) {
    bool needs = place_needs_store(text);
    *opened = needs && store_open_to_read(&c->store, c->root, sandbox_flavour(), e);
    return *opened || !needs;
}

static int list(struct context *c, const char *text, struct err *e) {
    struct arena a = ARENA_INIT;
    struct str *tags;
    size_t count;
    _cleanup_(registries_freep) struct registries *r = registries_of_flags(str_z(text), e);
    _cleanup_(place_closep) struct place *p = r ? place_open(r, &c->store, str_z(text), PLACE_LIST, NULL, e) : NULL;
    bool good = p && p->ops->tags(p, &a, &tags, &count, e);
    if (good && strcmp(format, "json") == 0)
        print_json(p, tags, count);
    else if (good)
        print_text(tags, count);
    arena_fini(&a);
    return good ? 0 : -1;
}

static int run(struct context *c, char **args, size_t n, struct err *e) {
    bool opened;
    if (n != 1) {
        err_set(e, ERR_USAGE, "tags takes one repository");
        return -1;
    }
    if (!open_store(c, str_z(args[0]), &opened, e))
        return -1;
    int code = list(c, args[0], e);
    if (opened)
        store_close(&c->store);
    return code;
}
