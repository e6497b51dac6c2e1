/* SPDX-License-Identifier: Apache-2.0
 * apk's list of files (origin_lists.h): "installed", paragraphs of lines with a letter each: P its package, F a directory, R a file in it,
 * Z that file's checksum: "Q1" and SHA-1 in base 64 (https://wiki.alpinelinux.org/wiki/Apk_spec). What lies below etc is the
 * administrator's to change (apk's protected paths). */
#include "base/base64.h"
#include "base/limits.h"
#include "base/mem.h"
#include "check/origin_lists.h"
#include "layer/names.h"

struct apk {
    struct str package, dir, file;
    struct list_sink sink;
    char path[LIMIT_PATH_BYTES + 1];
};

static bool checksum(struct str text, struct listed *l) {
    _cleanup_(arena_fini) struct arena a = ARENA_INIT;
    struct str bytes;
    enum { BASE64_OF_20_BYTES = 28 };
    if (!str_starts(text, S("Q1")) || text.n > 2 + BASE64_OF_20_BYTES || !base64_decode(&a, str_from(text, 2), &bytes))
        return false;
    l->kind = CHECKSUM_SHA1;
    if (bytes.n != checksum_bytes(l->kind))
        return false;
    memcpy(l->sum, bytes.p, bytes.n);
    return true;
}

static bool give(struct apk *k, struct str sum) {
    struct listed l = {.package = k->package, .is_signed = true};
    size_t slash = k->dir.n > 0, n = k->dir.n + slash + k->file.n;
    if (k->file.n == 0 || n > LIMIT_PATH_BYTES || !checksum(sum, &l))
        return true;
    if (slash) {
        memcpy(k->path, k->dir.p, k->dir.n);
        k->path[k->dir.n] = '/';
    }
    memcpy(k->path + k->dir.n + slash, k->file.p, k->file.n);
    if (!listed_path(str_n(k->path, n), &l.path))
        return true;
    l.is_config = path_below(l.path, S("etc"));
    return k->sink.take(k->sink.ctx, &l);
}

void apk_installed_read(struct str text, struct list_sink sink) {
    struct apk k = {.sink = sink};
    struct str line, value;
    while (str_next(&text, '\n', &line)) {
        if (line.n == 0)
            k.package = k.dir = k.file = STR_NULL;
        if (line.n < 2 || line.p[1] != ':')
            continue;
        value = str_from(line, 2);
        if (line.p[0] == 'P')
            k.package = value;
        else if (line.p[0] == 'F')
            k.dir = value, k.file = STR_NULL;
        else if (line.p[0] == 'R')
            k.file = value;
        else if (line.p[0] == 'Z' && !give(&k, value))
            return;
    }
}
