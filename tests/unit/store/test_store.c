/* SPDX-License-Identifier: Apache-2.0
 * Opening: the layout, what is refused, where the store lies by default. */
#include "fixture.h"

static void opens_and_lays_out(void) {
    static const char *const names[] = {"croze-store",        "oci-layout", "index.json", "blobs/sha256", "toc",  "steps",
                                        "trees/host-trusted", "stat",       "leases",     "locks/gc",     "work", "kept"};
    struct store *s = fixture_store("a/deep/store");
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        ok(faccessat(s->root_fd, names[i], F_OK, 0) == 0, "%s is made", names[i]);
    struct stat st;
    ok(fstat(s->root_fd, &st) == 0 && (st.st_mode & 077) == 0, "others may not enter the store");
    struct arena a = ARENA_INIT;
    struct store_refs refs;
    struct err e = ERR_INIT;
    ok(store_refs_read(s, &a, &refs, &e) && refs.n == 0, "a new store has no image");
    arena_fini(&a);
    struct store *again = fixture_store("a/deep/store");
    ok(strcmp(again->lease->name, s->lease->name) != 0, "one process may open it twice, with a lease each");
    fixture_close(again);
    fixture_close(s);
}

static void mends_half_a_layout(void) {
    _cleanup_(mem_freep) char *path = in_scratch("half");
    _cleanup_(mem_freep) char *marker = in_scratch("half/croze-store");
    _cleanup_(mem_freep) char *index = in_scratch("half/index.json");
    struct store *s = fixture_store("half");
    struct buf text = file_bytes(marker);
    fixture_close(s);
    struct err e = ERR_INIT;
    must(file_remove_tree(AT_FDCWD, path, &e) && mkdir(path, 0700) == 0, &e);
    put_file(marker, buf_str(&text));
    s = fixture_store("half");
    ok(exists(index), "a store whose making was cut off behind the marker is completed");
    fixture_close(s);
    buf_fini(&text);
}

static void refuses(void) {
    struct store s;
    struct err e = ERR_INIT;
    _cleanup_(mem_freep) char *home = in_scratch("home"), *file = in_scratch("home/letter"), *newer = in_scratch("newer"),
                              *marker = in_scratch("newer/croze-store"), *below = in_scratch("home/letter/store");
    mkdir(home, 0755);
    put_file(file, S("dear"));
    ok(!store_open(&s, home, "host-trusted", &e), "a directory with other things is refused");
    is_err(&e, "it holds \"letter\"", "and the error names one");
    _cleanup_(mem_freep) char *blobs = in_scratch("home/blobs");
    ok(!exists(blobs), "and nothing was made in it");
    ok(!store_open(&s, below, "host-trusted", &e), "a path through a file is refused");
    is_err(&e, "letter", "and the error names it");
    mkdir(newer, 0755);
    put_file(marker, S("croze store, format 2\n"));
    ok(!store_open(&s, newer, "host-trusted", &e), "a store of another format is refused");
    is_err(&e, "another version", "and the error says so");
}

static void finds_its_place(void) {
    struct store s;
    struct err e = ERR_INIT;
    _cleanup_(mem_freep) char *given = in_scratch("by-environment");
    setenv("CROZE_ROOT", given, 1);
    ok(store_open(&s, NULL, "host-trusted", &e) && strcmp(s.root, given) == 0, "CROZE_ROOT says where");
    store_close(&s);
    unsetenv("CROZE_ROOT");
    if (geteuid() == 0) {
        tap_skip("as root the default is one for the whole machine, which a test leaves alone");
        return;
    }
    _cleanup_(mem_freep) char *home = in_scratch("user"), *in_home = in_scratch("user/.local/share/croze"), *data = in_scratch("data"),
                              *in_data = in_scratch("data/croze");
    setenv("HOME", home, 1);
    unsetenv("XDG_DATA_HOME");
    ok(store_open(&s, NULL, "host-trusted", &e) && strcmp(s.root, in_home) == 0, "else it lies below HOME");
    store_close(&s);
    setenv("XDG_DATA_HOME", data, 1);
    ok(store_open(&s, NULL, "host-trusted", &e) && strcmp(s.root, in_data) == 0, "or where XDG_DATA_HOME says");
    store_close(&s);
    unsetenv("HOME");
    unsetenv("XDG_DATA_HOME");
    ok(!store_open(&s, NULL, "host-trusted", &e), "without HOME there is no place");
    is_err(&e, "CROZE_ROOT", "and the error says what to set");
}

/* Several processes make the same new store at once. */
static void nothing(struct store *s, void *ctx) {
    (void)s, (void)ctx;
}

static void opens_at_once(void) {
    pid_t pids[8];
    int failed = 0;
    for (size_t i = 0; i < 8; i++)
        pids[i] = in_child("crowd", nothing, NULL);
    for (size_t i = 0; i < 8; i++)
        failed += wait_for(pids[i]) != 0;
    ok(failed == 0, "eight processes may make one store at once");
}

int main(void) {
    fixture_init();
    opens_and_lays_out();
    mends_half_a_layout();
    refuses();
    finds_its_place();
    opens_at_once();
    return tap_done();
}
