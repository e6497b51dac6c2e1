/* SPDX-License-Identifier: Apache-2.0
 * dpkg's lists of files (origin_lists.h): the md5sums of each package (deb-md5sums(5)), the conffiles in "status" (deb-conffiles(5)), and
 * the diversions. And what is common to all readers. */
#include "base/limits.h"
#include "check/origin_lists.h"
#include "check/words.h"

/* --- For all -------------------------------------------------------------------------------------------------------------------------- */

size_t checksum_bytes(enum checksum kind) {
    static const size_t bytes[CHECKSUMS] = {16, 20, 32};
    return bytes[kind];
}

enum checksum checksum_of_hex(size_t n) {
    enum checksum k = CHECKSUM_MD5;
    while (k < CHECKSUMS && n != 2 * checksum_bytes(k))
        k++;
    return k;
}

static int digit(char c) {
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

bool listed_hex(struct str hex, enum checksum kind, uint8_t out[CHECKSUM_MAX_BYTES]) {
    if (hex.n != 2 * checksum_bytes(kind))
        return false;
    for (size_t i = 0; i < hex.n / 2; i++) {
        int high = digit(hex.p[2 * i]), low = digit(hex.p[2 * i + 1]);
        if (high < 0 || low < 0)
            return false;
        out[i] = (uint8_t)(high << 4 | low);
    }
    return true;
}

/* Two readers could see two files in "a/../b", or show one name as another. */
bool listed_path(struct str text, struct str *path) {
    struct str part;
    *path = str_from(text, str_starts(text, S("./")) ? 2 : str_starts(text, S("/")) ? 1 : 0);
    for (size_t k = 0; k < path->n; k++)
        if ((unsigned char)path->p[k] < ' ' || path->p[k] == 0x7f)
            return false;
    if (path->n == 0 || path->n > LIMIT_PATH_BYTES || path->p[path->n - 1] == '/')
        return false;
    for (struct str rest = *path; str_next(&rest, '/', &part);)
        if (part.n == 0 || str_eqz(part, ".") || str_eqz(part, ".."))
            return false;
    return true;
}

enum package_list package_list_of(struct str path) {
    struct str name = path_base(path), dir = path_dir(path);
    bool of_rpm = str_eqz(dir, "var/lib/rpm") || str_eqz(dir, "usr/lib/sysimage/rpm");
    if (str_eqz(dir, "var/lib/dpkg/info") || str_eqz(dir, "var/lib/dpkg/status.d"))
        return str_ends(name, S(".md5sums")) ? LIST_DPKG_SUMS : LIST_NONE;
    if (str_eqz(path, "var/lib/dpkg/status"))
        return LIST_DPKG_STATUS;
    if (str_eqz(path, "var/lib/dpkg/diversions"))
        return LIST_DPKG_DIVERSIONS;
    if (str_eqz(path, "lib/apk/db/installed") || str_eqz(path, "usr/lib/apk/db/installed"))
        return LIST_APK;
    if (of_rpm && str_eqz(name, "rpmdb.sqlite"))
        return LIST_RPM_SQLITE;
    if (of_rpm && str_eqz(name, "rpmdb.sqlite-wal"))
        return LIST_RPM_LOG;
    return of_rpm && word_in("Packages Packages.db", name) ? LIST_RPM_OTHER : LIST_NONE;
}

struct str dpkg_package_of(struct str path) {
    struct str name = path_base(path), rest;
    name = str_ends(name, S(".md5sums")) ? str_first(name, name.n - strlen(".md5sums")) : name;
    (void)str_cut(name, ':', &name, &rest);
    return name;
}

/* --- dpkg ----------------------------------------------------------------------------------------------------------------------------- */

/* "d41d8cd98f00b204e9800998ecf8427e  usr/bin/x" */
void dpkg_sums_read(struct str text, struct str package, struct list_sink sink) {
    struct str line, sum, path;
    while (str_next(&text, '\n', &line)) {
        struct listed l = {.package = package, .kind = CHECKSUM_MD5, .is_signed = true};
        if (!str_cut(line, ' ', &sum, &path) || !(str_starts(path, S(" ")) || str_starts(path, S("*"))))
            continue;
        if (listed_hex(sum, l.kind, l.sum) && listed_path(str_from(path, 1), &l.path) && !sink.take(sink.ctx, &l))
            return;
    }
}

/* " /etc/x d41d8cd98f00b204e9800998ecf8427e obsolete" */
static bool conffile(struct str line, struct listed *l) {
    ptrdiff_t at;
    line = str_trim(line);
    while (str_ends(line, S(" obsolete")) || str_ends(line, S(" remove-on-upgrade")))
        line = str_first(line, (size_t)str_rindex(line, ' '));
    at = str_rindex(line, ' ');
    return at > 0 && listed_hex(str_from(line, (size_t)at + 1), l->kind, l->sum) && listed_path(str_first(line, (size_t)at), &l->path);
}

void dpkg_conffiles_read(struct str text, struct list_sink sink) {
    struct listed l = {.kind = CHECKSUM_MD5, .is_config = true, .is_signed = true};
    struct str line;
    bool inside = false;
    while (str_next(&text, '\n', &line)) {
        if (str_starts(line, S(" "))) {
            if (inside && conffile(line, &l) && !sink.take(sink.ctx, &l))
                return;
            continue;
        }
        inside = str_starts_nocase(line, S("Conffiles:"));
        if (str_starts_nocase(line, S("Package:")))
            l.package = str_trim(str_from(line, strlen("Package:")));
        else if (line.n == 0)
            l.package = STR_NULL;
    }
}

/* Three lines each: the path, where it lies instead, and the package that diverts it; ":" is the administrator, of whom no package is. */
void dpkg_diversions_read(struct str text, bool (*take)(void *ctx, struct str from, struct str to, struct str package), void *ctx) {
    struct str from, to, package, rest, a, b;
    while (str_next(&text, '\n', &from) && str_next(&text, '\n', &to) && str_next(&text, '\n', &package)) {
        bool whole = package.n > 0;
        (void)str_cut(package, ':', &package, &rest);
        if (whole && listed_path(from, &a) && listed_path(to, &b) && !take(ctx, a, b, package))
            return;
    }
}
