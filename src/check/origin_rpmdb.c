/* SPDX-License-Identifier: Apache-2.0
 * rpm's database in SQLite (origin_lists.h): a table "Packages" whose column "blob" has a header a package. The file is anyone's. SQLite
 * reads it from memory, where nothing can be written; its schema is looked at before anything is asked, and has nothing but plain tables
 * and indexes; an authorizer lets that one column be read and no function be called; memory and steps are bounded. */
#include <sqlite3.h>

#include "base/limits.h"
#include "base/mem.h"
#include "check/origin_lists.h"

static void db_closep(sqlite3 **db) {
    (void)sqlite3_close_v2(*db);
    *db = NULL;
}
static void statement_endp(sqlite3_stmt **s) {
    (void)sqlite3_finalize(*s);
    *s = NULL;
}

/* --- Bounds --------------------------------------------------------------------------------------------------------------------------- */

static int count_steps(void *ctx) {
    unsigned *left = ctx;
    return *left == 0 || --*left == 0;
}

static void bound(sqlite3 *db, unsigned *steps) {
    static const struct {
        int id, value;
    } limits[] = {
        {SQLITE_LIMIT_LENGTH, (int)LIMIT_RPM_HEADER_BYTES},
        {SQLITE_LIMIT_SQL_LENGTH, 100000},
        {SQLITE_LIMIT_COLUMN, 100},
        {SQLITE_LIMIT_EXPR_DEPTH, 20},
        {SQLITE_LIMIT_COMPOUND_SELECT, 1},
        {SQLITE_LIMIT_VDBE_OP, 10000},
        {SQLITE_LIMIT_FUNCTION_ARG, 4},
        {SQLITE_LIMIT_ATTACHED, 0},
        {SQLITE_LIMIT_VARIABLE_NUMBER, 1},
        {SQLITE_LIMIT_TRIGGER_DEPTH, 1},
        {SQLITE_LIMIT_WORKER_THREADS, 0},
    };
    static const struct {
        int id, value;
    } settings[] = {
        {SQLITE_DBCONFIG_DEFENSIVE, 1},   {SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0},        {SQLITE_DBCONFIG_ENABLE_TRIGGER, 0},
        {SQLITE_DBCONFIG_ENABLE_VIEW, 0}, {SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0}, {SQLITE_DBCONFIG_DQS_DDL, 0},
        {SQLITE_DBCONFIG_DQS_DML, 0},
    };
    for (size_t k = 0; k < sizeof limits / sizeof *limits; k++)
        (void)sqlite3_limit(db, limits[k].id, limits[k].value);
    for (size_t k = 0; k < sizeof settings / sizeof *settings; k++)
        (void)sqlite3_db_config(db, settings[k].id, settings[k].value, NULL);
    (void)sqlite3_hard_heap_limit64(LIMIT_SQLITE_MEMORY_BYTES);
    sqlite3_progress_handler(db, 100000, count_steps, steps);
}

/* --- What may be asked ---------------------------------------------------------------------------------------------------------------- */

/* *ctx: the table that may be read. SQLite itself reads the schema when it is loaded. */
static int allow(void *ctx, int action, const char *table, const char *column, const char *db, const char *inner) {
    (void)column, (void)db;
    bool reads = action == SQLITE_READ && table && sqlite3_stricmp(table, ctx) == 0 && !inner;
    return action == SQLITE_SELECT || reads ? SQLITE_OK : SQLITE_DENY;
}

static bool is_plain(struct str sql) {
    static const char *const plain[] = {"CREATE TABLE ", "CREATE INDEX ", "CREATE UNIQUE INDEX "};
    for (size_t k = 0; k < sizeof plain / sizeof *plain; k++)
        if (str_starts_nocase(sql, str_z(plain[k])))
            return true;
    return sql.n == 0; /* an index that a table makes for itself */
}

static bool failed(sqlite3 *db, struct err *e) {
    return err_set(e, ERR_FAILED, "%s", SHOWN(str_z(sqlite3_errmsg(db))));
}

static struct str text_of(sqlite3_stmt *s, int column) {
    const void *p = sqlite3_column_blob(s, column);
    int n = sqlite3_column_bytes(s, column);
    return p && n > 0 ? str_n(p, (size_t)n) : STR_NULL;
}

/* A virtual table would be code of SQLite's that reads what else lies in the file. */
static bool schema_is_plain(sqlite3 *db, struct err *e) {
    _cleanup_(statement_endp) sqlite3_stmt *s = NULL;
    int step = SQLITE_ERROR;
    (void)sqlite3_set_authorizer(db, allow, (void *)(uintptr_t) "sqlite_master");
    if (sqlite3_prepare_v2(db, "SELECT sql FROM sqlite_master", -1, &s, NULL) != SQLITE_OK)
        return failed(db, e);
    while ((step = sqlite3_step(s)) == SQLITE_ROW)
        if (!is_plain(text_of(s, 0)))
            return err_set(e, ERR_FAILED, "its schema has more than tables and indexes");
    return step == SQLITE_DONE || failed(db, e);
}

/* Rows of a file that was made for it can share their pages, and be any number: together they are no more than the file. */
static bool read_packages(sqlite3 *db, size_t file_bytes, struct list_sink sink, struct err *e) {
    _cleanup_(statement_endp) sqlite3_stmt *s = NULL;
    int step = SQLITE_ERROR;
    size_t bytes = 0;
    (void)sqlite3_set_authorizer(db, allow, (void *)(uintptr_t) "Packages");
    if (sqlite3_prepare_v2(db, "SELECT blob FROM Packages", -1, &s, NULL) != SQLITE_OK)
        return failed(db, e);
    while ((step = sqlite3_step(s)) == SQLITE_ROW) {
        bool is_blob = sqlite3_column_type(s, 0) == SQLITE_BLOB;
        struct str blob = is_blob ? text_of(s, 0) : STR_NULL;
        bytes += blob.n + 1;
        if (bytes > file_bytes)
            return err_set(e, ERR_FAILED, "its rows have more bytes than it has");
        rpm_header_read(blob, sink);
    }
    return step == SQLITE_DONE || failed(db, e);
}

/* Bytes 18 and 19 say that there is a log beside the file, which a database in memory cannot have (https://sqlite.org/fileformat2.html). */
static void without_log(struct buf *bytes) {
    enum { WRITE_VERSION = 18, READ_VERSION = 19, HEADER_BYTES = 100 };
    if (bytes->n >= HEADER_BYTES)
        bytes->p[WRITE_VERSION] = bytes->p[READ_VERSION] = 1;
}

bool rpm_database_read(struct buf *bytes, struct list_sink sink, struct err *e) {
    unsigned steps = LIMIT_SQLITE_STEPS;
    _cleanup_(db_closep) sqlite3 *db = NULL;
    if (!str_starts(buf_str(bytes), str_n("SQLite format 3", 16)))
        return err_set(e, ERR_FAILED, "it is no database of SQLite");
    without_log(bytes);
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_MEMORY | SQLITE_OPEN_NOMUTEX;
    if (sqlite3_open_v2("croze-rpmdb", &db, flags, NULL) != SQLITE_OK)
        return err_set(e, ERR_FAILED, "SQLite cannot begin");
    bound(db, &steps);
    sqlite3_int64 n = (sqlite3_int64)bytes->n;
    if (sqlite3_deserialize(db, "main", (unsigned char *)bytes->p, n, n, SQLITE_DESERIALIZE_READONLY) != SQLITE_OK)
        return failed(db, e);
    return schema_is_plain(db, e) && read_packages(db, bytes->n, sink, e);
}
