/* SPDX-License-Identifier: Apache-2.0
 * BuildKit's own parser and lexer tests, run against this parser: 33 trees, 4 files that must fail, and two tables of words. */
#include "shared.h"
#include "tap.h"

#include "dockerfile/dump.h"

static void check_tree(int dir, struct str folder) {
    struct arena a = ARENA_INIT;
    struct err e = ERR_INIT;
    struct dockerfile df;
    struct buf got = BUF_INIT(1 << 20);
    struct str text = read_at(&a, dir, arena_printf(&a, "%.*s/Dockerfile", STR_ARG(folder)).p);
    struct str want = read_at(&a, dir, arena_printf(&a, "%.*s/result", STR_ARG(folder)).p);
    if (dockerfile_parse_syntax(&a, text, folder, &df, &e))
        dockerfile_dump(&df, &got);
    else
        printf("# %s\n", e.msg);
    is_str(buf_str(&got), want, folder.p);
    err_clear(&e);
    buf_fini(&got);
    arena_fini(&a);
}

static void check_failure(int dir, struct str folder) {
    struct arena a = ARENA_INIT;
    struct err e = ERR_INIT;
    struct dockerfile df;
    struct str text = read_at(&a, dir, arena_printf(&a, "%.*s/Dockerfile", STR_ARG(folder)).p);
    ok(!dockerfile_parse_syntax(&a, text, folder, &df, &e), "refused: %.*s: %s", STR_ARG(folder), e.msg ? e.msg : "");
    err_clear(&e);
    arena_fini(&a);
}

static void each_folder(int parent, const char *name, size_t expected, void (*check)(int dir, struct str folder)) {
    struct arena a = ARENA_INIT;
    struct err e = ERR_INIT;
    struct dir_names names = {0};
    _cleanup_fd_ int dir = openat(parent, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool listed = dir >= 0 && file_list(dir, &a, &names, &e);
    ok(listed && names.n == expected, "%s has %zu cases", name, expected);
    for (size_t i = 0; i < names.n; i++)
        check(dir, names.names[i]);
    err_clear(&e);
    arena_fini(&a);
}

struct variables {
    struct {
        struct str name, value;
    } v[16];
    size_t n;
};

static bool get(void *ctx, struct str name, struct str *value) {
    struct variables *vars = ctx;
    for (size_t i = vars->n; i > 0; i--)
        if (str_eq(vars->v[i - 1].name, name)) {
            *value = vars->v[i - 1].value;
            return true;
        }
    return false;
}

/* Rows for Windows have names without case. */
static bool is_for_windows(struct str line) {
    struct str platform, rest;
    return str_cut(line, '|', &platform, &rest) && str_eq(str_trim(platform), S("W"));
}

/* "platform|word|result", where a result "error" stands for a failure. */
static bool check_env_row(struct arena *a, struct str line, struct variables *vars) {
    struct str platform, word, want, got = STR_NULL;
    struct err e = ERR_INIT;
    if (!str_cut(line, '|', &platform, &word) || !str_cut(word, '|', &word, &want))
        return false;
    word = str_trim(word);
    want = str_trim(want);
    bool done = df_expand(a, word, '\\', (struct df_vars){get, vars}, NULL, &got, &e);
    bool pass = done ? str_eq(got, want) : str_eq(want, S("error"));
    if (!pass)
        printf("# %.*s: got \"%.*s\" (%s), want \"%.*s\"\n", STR_ARG(word), STR_ARG(got), e.msg ? e.msg : "no error", STR_ARG(want));
    err_clear(&e);
    return pass;
}

static void check_env_table(int dir) {
    struct arena a = ARENA_INIT;
    struct variables vars = {
        .v = {{S("PWD"), S("/home")}, {S("SHELL"), S("bash")}, {S("KOREAN"), S("한국어")}, {S("NULL"), S("")}},
        .n = 4,
    };
    struct str text = read_at(&a, dir, "envVarTest"), line;
    size_t rows = 0, good = 0;
    while (str_next(&text, '\n', &line)) {
        line = str_trim(line);
        if (line.n == 0 || line.p[0] == '#' || is_for_windows(line))
            continue;
        rows++;
        good += check_env_row(&a, line, &vars);
    }
    ok(rows == 228 && good == rows, "envVarTest: %zu of %zu rows", good, rows);
    arena_fini(&a);
}

/* "text | word,word": what the text splits into, or "error". */
static bool check_words_row(struct arena *a, struct str line, struct variables *vars) {
    struct str text, want, *words = NULL;
    size_t n = 0;
    struct err e = ERR_INIT;
    if (!str_cut(line, '|', &text, &want))
        return false;
    while (want.n && want.p[0] == ' ')
        want = str_from(want, 1);
    bool done = df_expand_words(a, str_trim(text), '\\', (struct df_vars){get, vars}, NULL, &words, &n, &e);
    struct buf got = BUF_INIT(4096);
    for (size_t i = 0; i < n; i++) {
        buf_add_str(&got, i ? S(",") : S(""));
        buf_add_str(&got, words[i]);
    }
    bool pass = done ? str_eq(buf_str(&got), want) : str_eq(want, S("error"));
    if (!pass)
        printf("# %.*s: got \"%.*s\"\n", STR_ARG(line), STR_ARG(buf_str(&got)));
    buf_fini(&got);
    err_clear(&e);
    return pass;
}

static void check_words_table(int dir) {
    struct arena a = ARENA_INIT;
    struct variables vars = {.n = 0};
    struct str text = read_at(&a, dir, "wordsTest"), line;
    size_t rows = 0, good = 0;
    while (str_next(&text, '\n', &line)) {
        if (line.n == 0 || line.p[0] == '#')
            continue;
        if (str_starts(line, S("ENV "))) {
            str_cut(str_from(line, 4), '=', &vars.v[vars.n].name, &vars.v[vars.n].value);
            vars.n++;
            continue;
        }
        rows++;
        good += check_words_row(&a, line, &vars);
    }
    ok(rows == 24 && vars.n == 4 && good == rows, "wordsTest: %zu of %zu rows", good, rows);
    arena_fini(&a);
}

int main(void) {
    struct arena a = ARENA_INIT;
    _cleanup_fd_ int parser = shared_dir(&a, "cases/buildkit/parser");
    _cleanup_fd_ int shell = shared_dir(&a, "cases/buildkit/shell");
    if (parser < 0 || shell < 0) {
        tap_skip("BuildKit's test data is not there: set CROZE_SHARED to the folder that holds cases/buildkit");
    } else {
        each_folder(parser, "testfiles", 33, check_tree);
        each_folder(parser, "testfiles-negative", 4, check_failure);
        check_env_table(shell);
        check_words_table(shell);
    }
    arena_fini(&a);
    return tap_done();
}
