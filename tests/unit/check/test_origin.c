/* SPDX-License-Identifier: Apache-2.0
 * The readers of package managers' databases: what they give out of good ones, and that they give nothing of what is hostile. */
#include <sqlite3.h>

#include "check/origin_lists.h"
#include "check/origin.h"
#include "base/limits.h"
#include "rpm_header.h"
#include "tap.h"

/* --- What was given out, as text ------------------------------------------------------------------------------------------------------ */

struct seen {
    struct buf text;
    size_t n, most;
};

static bool see(void *ctx, const struct listed *l) {
    static const char *const kinds[] = {"md5", "sha1", "sha256"};
    struct seen *s = ctx;
    buf_printf(&s->text, "%.*s:%.*s %s %02x%02x%s%s;", STR_ARG(l->package), STR_ARG(l->path), kinds[l->kind], l->sum[0],
               l->sum[checksum_bytes(l->kind) - 1], l->is_config ? " config" : "", l->is_signed ? "" : " unsigned");
    return ++s->n != s->most;
}

static bool see_diversion(void *ctx, struct str from, struct str to, struct str package) {
    struct seen *s = ctx;
    buf_printf(&s->text, "%.*s>%.*s %.*s;", STR_ARG(from), STR_ARG(to), STR_ARG(package));
    return ++s->n != s->most;
}

static struct str text_of(struct seen *s) {
    return s->text.n ? buf_str(&s->text) : S("");
}

static struct list_sink sink(struct seen *s) {
    buf_fini(&s->text);
    *s = (struct seen){.text = BUF_INIT(1 << 20), .most = s->most};
    return (struct list_sink){see, s};
}

#define MD5 "0011223344556677889900aabbccddee"
#define SHA256 "00112233445566778899aabbccddeeff00112233445566778899aabbccddee77"

/* --- dpkg ----------------------------------------------------------------------------------------------------------------------------- */

static void sums(struct seen *s) {
    dpkg_sums_read(S(MD5 "  usr/bin/x\n" MD5 "  ./usr/share/a b\n" MD5 " *usr/lib/y"), S("x"), sink(s));
    is_str(text_of(s), S("x:usr/bin/x md5 00ee;x:usr/share/a b md5 00ee;x:usr/lib/y md5 00ee;"), "md5sums");
    dpkg_sums_read(S(MD5 "  ../x\n" MD5 "  a/../b\n" MD5 "  a/./b\n" MD5 "  a//b\n" MD5 "  /\n" MD5 "  \n" MD5 "  a/\n" MD5
                         "  a\033[m\n" MD5 "  .\n" MD5 " x\n" MD5 "\n\n0011  x\nz" MD5 "  x\n" SHA256 "  x\n"),
                   S("x"), sink(s));
    is_str(text_of(s), S(""), "... what is not clean, or no checksum, is passed over");
    s->most = 1;
    dpkg_sums_read(S(MD5 "  a\n" MD5 "  b\n"), S("x"), sink(s));
    is_str(text_of(s), S("x:a md5 00ee;"), "... until it is enough");
    s->most = 0;
    is_str(dpkg_package_of(S("var/lib/dpkg/info/libc6:amd64.md5sums")), S("libc6"), "the package of a list");
    is_str(dpkg_package_of(S("var/lib/dpkg/status.d/base.md5sums")), S("base"), "... and of one of another layout");
}

static void conffiles(struct seen *s) {
    dpkg_conffiles_read(S("Package: a\nStatus: install ok installed\nConffiles:\n /etc/a " MD5 "\n /etc/b c " MD5
                          " obsolete\n /etc/d newconffile\nDescription: x\n /etc/not " MD5 "\n\nPackage: b\nConffiles:\n /etc/../e " MD5
                          "\n /etc/f " MD5 " remove-on-upgrade\n"),
                        sink(s));
    is_str(text_of(s), S("a:etc/a md5 00ee config;a:etc/b c md5 00ee config;b:etc/f md5 00ee config;"), "conffiles");
    dpkg_conffiles_read(S(" /etc/a " MD5 "\nConffiles:"), sink(s));
    is_str(text_of(s), S(""), "... a list that begins nowhere");
}

static void diversions(struct seen *s) {
    (void)sink(s);
    dpkg_diversions_read(S("/bin/sh\n/bin/sh.distrib\ndash\n/a\n/b\n:\n../x\n/y\nz\n/only\n/two\n"), see_diversion, s);
    is_str(text_of(s), S("bin/sh>bin/sh.distrib dash;a>b ;"), "diversions");
}

/* --- apk ------------------------------------------------------------------------------------------------------------------------------ */

static void apk(struct seen *s) {
    apk_installed_read(S("C:Q1xyz\nP:musl\nV:1\nF:lib\nM:0:0:755\nR:ld.so\na:0:0:755\nZ:Q1ABEiM0RVZneImQCqu8zd7u8A//8=\nF:\nR:top\n"
                         "Z:Q1ABEiM0RVZneImQCqu8zd7u8A//8=\nF:etc\nR:x.conf\nZ:Q1ABEiM0RVZneImQCqu8zd7u8A//8=\nR:nosum\n\n"
                         "Z:Q1ABEiM0RVZneImQCqu8zd7u8A//8=\nP:evil\nF:lib/../etc\nR:x\nZ:Q1ABEiM0RVZneImQCqu8zd7u8A//8=\nF:a\nR:../x\n"
                         "Z:Q1ABEiM0RVZneImQCqu8zd7u8A//8=\nR:y\nZ:Q1AB==\nR:z\nZ:Q2ABEiM0RVZneImQCqu8zd7u8A//8=\n"),
                       sink(s));
    is_str(text_of(s), S("musl:lib/ld.so sha1 00ff;musl:top sha1 00ff;musl:etc/x.conf sha1 00ff config;"), "apk's list");
}

/* --- rpm ------------------------------------------------------------------------------------------------------------------------------ */

static void header(struct seen *s) {
    struct rpm_header h;
    rpm_header_begin(&h);
    rpm_header_files(&h, SHA256, 8, true);
    rpm_header_end(&h);
    rpm_header_read(buf_str(&h.blob), sink(s));
    is_str(text_of(s), S("tool:usr/bin/tool sha256 0077;tool:etc/tool.conf sha256 0077 config;"), "a header of rpm's");
    size_t given = 0;
    for (size_t n = 0; n < h.blob.n; n++) {
        rpm_header_read(str_first(buf_str(&h.blob), n), sink(s));
        given += s->n;
    }
    ok(given == 0, "... cut anywhere it gives nothing");
    for (size_t k = 0; k < h.blob.n; k++) {
        char was = h.blob.p[k];
        h.blob.p[k] = (char)0xff;
        rpm_header_read(buf_str(&h.blob), sink(s));
        h.blob.p[k] = was;
    }
    ok(true, "... and any byte may be another");
    buf_fini(&h.blob);

    rpm_header_begin(&h);
    rpm_header_files(&h, MD5, 0, false);
    rpm_header_end(&h);
    rpm_header_read(buf_str(&h.blob), sink(s));
    is_str(text_of(s), S("tool:usr/bin/tool md5 00ee unsigned;tool:etc/tool.conf md5 00ee config unsigned;"),
           "one that says no algorithm, and has no signature");
    buf_fini(&h.blob);

    rpm_header_begin(&h);
    rpm_header_files(&h, SHA256, 10, true);
    rpm_header_end(&h);
    rpm_header_read(buf_str(&h.blob), sink(s));
    is_str(text_of(s), S(""), "an algorithm that is not compared");
    buf_fini(&h.blob);
}

/* A database with the header in it, made by these statements. */
static void make(struct buf *out, const char *sql, const struct rpm_header *h) {
    sqlite3 *db = NULL;
    sqlite3_stmt *st = NULL;
    sqlite3_int64 n = 0;
    sqlite3_open(":memory:", &db);
    ok(sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK, "%s", sql);
    if (sqlite3_prepare_v2(db, "INSERT INTO Packages(blob) VALUES (?)", -1, &st, NULL) == SQLITE_OK) {
        sqlite3_bind_blob(st, 1, h->blob.p, (int)h->blob.n, SQLITE_STATIC);
        (void)sqlite3_step(st);
    }
    sqlite3_finalize(st);
    unsigned char *p = sqlite3_serialize(db, "main", &n, 0);
    buf_reset(out);
    buf_add(out, p, (size_t)n);
    sqlite3_free(p);
    sqlite3_close(db);
}

#define PACKAGES "CREATE TABLE 'Packages' (hnum INTEGER PRIMARY KEY AUTOINCREMENT, blob BLOB NOT NULL);"

static void database(struct seen *s) {
    static const char want[] = "tool:usr/bin/tool sha256 0077;tool:etc/tool.conf sha256 0077 config;";
    struct buf db = BUF_INIT(1 << 20);
    struct rpm_header h;
    struct err e = ERR_INIT;
    rpm_header_begin(&h);
    rpm_header_files(&h, SHA256, 8, true);
    rpm_header_end(&h);
    make(&db, PACKAGES "CREATE INDEX i ON Packages(blob);", &h);
    ok(rpm_database_read(&db, sink(s), &e), "a database");
    no_err(&e, "... without an error");
    is_str(text_of(s), str_z(want), "... and its packages");
    make(&db, PACKAGES, &h);
    db.p[18] = db.p[19] = 2;
    ok(rpm_database_read(&db, sink(s), &e) && str_eqz(text_of(s), want), "one whose log was merged");

    make(&db, PACKAGES, &h);
    for (size_t n = 0; n < db.n; n += 97) {
        struct buf cut = BUF_INIT(1 << 20);
        buf_add(&cut, db.p, n);
        (void)!rpm_database_read(&cut, sink(s), &e);
        err_clear(&e);
        buf_fini(&cut);
    }
    ok(true, "cut anywhere");

    static const struct {
        const char *sql, *why;
    } bad[] = {
        {"CREATE TABLE x (a);", "no such table"},
        {"CREATE TABLE Packages (hnum);", "no such column"},
        {"CREATE VIEW Packages AS SELECT 1 AS blob;", "more than tables"},
        {PACKAGES "CREATE TRIGGER t AFTER INSERT ON Packages BEGIN SELECT 1; END;", "more than tables"},
        {"CREATE VIRTUAL TABLE Packages USING fts5(blob);", "more than tables"},
        {"CREATE TABLE Packages (hnum, blob AS (hex(zeroblob(9))));", "authorized|prohibited"},
    };
    for (size_t k = 0; k < sizeof bad / sizeof *bad; k++) {
        make(&db, bad[k].sql, &h);
        bool read = rpm_database_read(&db, sink(s), &e);
        ok((!read || s->n == 0) && s->n == 0, "... gives nothing");
        if (strchr(bad[k].why, '|'))
            err_clear(&e);
        else
            is_err(&e, bad[k].why, bad[k].why);
    }
    buf_reset(&db);
    buf_add_str(&db, S("SQLite format 3"));
    ok(!rpm_database_read(&db, sink(s), &e), "its beginning alone");
    is_err(&e, "no database", "... is none");
    buf_fini(&db);
    buf_fini(&h.blob);
}

static void places(void) {
    ok(package_list_of(S("var/lib/dpkg/info/a.md5sums")) == LIST_DPKG_SUMS, "dpkg's list of a package");
    ok(package_list_of(S("var/lib/dpkg/info/a.list")) == LIST_NONE, "... others say no checksums");
    ok(package_list_of(S("opt/var/lib/dpkg/status")) == LIST_NONE, "another tree's");
    ok(package_list_of(S("usr/lib/apk/db/installed")) == LIST_APK, "apk's");
    ok(package_list_of(S("var/lib/rpm/Packages")) == LIST_RPM_OTHER &&
           package_list_of(S("usr/lib/sysimage/rpm/Packages.db")) == LIST_RPM_OTHER,
       "rpm's in other formats");
}

static void named(void) {
    struct origin_digests set = {0};
    struct digest a, b, c;
    ok(digest_parse_hex(S(SHA256), &a), "a digest");
    b = a;
    b.b[0] = 1;
    c = a;
    c.b[0] = 2;
    origin_digests_named(&set,
                         S("FROM x\nADD --checksum=sha256:" SHA256 " https://example.com/x /x\nRUN curl -o f https://example.com/f && "
                           "echo \"01112233445566778899aabbccddeeff00112233445566778899aabbccddee77  f\" | sha256sum -c\n"
                           "RUN echo 02112233445566778899aabbccddeeff00112233445566778899aabbccddee77\n"));
    ok(origin_digests_has(&set, &a), "of ADD --checksum");
    ok(origin_digests_has(&set, &b), "what sha256sum is given");
    ok(!origin_digests_has(&set, &c), "... and no other text");
    origin_digests_fini(&set);
}

int main(void) {
    struct seen s = {0};
    sums(&s);
    conffiles(&s);
    diversions(&s);
    apk(&s);
    header(&s);
    database(&s);
    places();
    named();
    buf_fini(&s.text);
    return tap_done();
}
