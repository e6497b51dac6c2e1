/* SPDX-License-Identifier: Apache-2.0
 * What tests/bench/unpack measures: a gzip layer, stored under its digest in a store, to its table of contents and its tree, in one pass or
 * in two. `put` is not measured. */
#include <stdio.h>
#include <stdlib.h>

#include "layer/read.h"
#include "sys/files.h"

static bool put(struct store *s, const char *file, struct digest *blob, struct err *e) {
    _cleanup_draft_ struct file_draft draft = FILE_DRAFT_INIT;
    _cleanup_fd_ int fd = file_open(file, O_RDONLY, 0, e);
    uint64_t n;
    return fd >= 0 && file_digest(fd, file, blob, &n, e) && store_draft(s, &draft, e) && file_copy_range(fd, 0, draft.fd, n, file, e) &&
           store_publish_blob(s, &draft, blob, e);
}

static bool make(struct store *s, const char *how, const char *hex, struct err *e) {
    struct layer l = {0};
    struct view v;
    if (!digest_parse_hex(str_z(hex), &l.blob))
        return err_set(e, ERR_USAGE, "%s is no digest", hex);
    if (strcmp(how, "toc") == 0)
        return layer_make_toc(s, &l, e);
    if (strcmp(how, "one") == 0)
        return layer_make_tree(s, &l, e);
    if (!layer_make_toc(s, &l, e) || !view_open(&v, s, &l, 1, e))
        return false;
    _cleanup_fd_ int tree = tree_open(&v, 0, e);
    view_close(&v);
    return tree >= 0;
}

static bool run(int argc, char **argv, struct err *e) {
    struct store s;
    struct digest blob;
    if (argc != 4)
        return err_set(e, ERR_USAGE, "usage: bench_ingest STORE put FILE | STORE one|two|toc DIGEST");
    if (!store_open(&s, argv[1], geteuid() == 0 ? "host-trusted" : "bench-user", e))
        return false;
    bool is_put = strcmp(argv[2], "put") == 0;
    bool ok = is_put ? put(&s, argv[3], &blob, e) : make(&s, argv[2], argv[3], e);
    if (ok && is_put)
        puts(digest_hex(&blob, (char[DIGEST_HEX + 1]){0}));
    store_close(&s);
    return ok;
}

int main(int argc, char **argv) {
    struct err e = ERR_INIT;
    if (run(argc, argv, &e))
        return 0;
    fprintf(stderr, "bench_ingest: %s\n", e.msg);
    err_clear(&e);
    return 1;
}
