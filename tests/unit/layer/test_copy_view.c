/* SPDX-License-Identifier: Apache-2.0
 * COPY --from: another root as the source; owners, hard links, contents from the layers' trees. */
#include "copying.h"

static void put_stage(struct copying *t) {
    struct tarball tar = TARBALL_INIT;
    tar_item(&tar, (struct tar_item){.name = "app/", .type = '5', .mode = 0700, .uid = 10, .gid = 20, .mtime = 77});
    tar_item(&tar, (struct tar_item){.name = "app/bin", .type = '0', .mode = 04755, .uid = 10, .gid = 20, .data = S("ELF"), .mtime = 78});
    tar_pax(&tar, "SCHILY.xattr.user.x", S("1"));
    tar_item(&tar, (struct tar_item){.name = "app/conf", .type = '0', .mode = 0600, .uid = 10, .data = S("k=v")});
    tar_item(&tar, (struct tar_item){.name = "app/data/", .type = '5', .mode = 0750, .uid = 11, .gid = 21});
    tar_item(&tar, (struct tar_item){.name = "app/data/null", .type = '3', .mode = 0666, .major = 1, .minor = 3});
    tar_item(&tar, (struct tar_item){.name = "app/data/pipe", .type = '6', .mode = 0600});
    tar_link(&tar, '1', "app/data/same", "app/bin");
    tar_link(&tar, '2', "app/link", "data");
    tar_link(&tar, '2', "current", "/app");
    tar_item(&tar, (struct tar_item){.name = "etc/", .type = '5', .mode = 0755});
    tar_link(&tar, '1', "etc/bin", "app/bin");
    tar_file(&tar, "etc/empty", "");
    set_view(t, &t->from, &tar);
}

static void test_tree(struct copying *t) {
    struct err e = ERR_INIT;
    copying_clear(t);
    put_stage(t);
    is_str(COPY(t, &e, "/app", "/x"),
           S("d 0755 0:0 x\nf 4755 10:20 x/bin=ELF\nf 0600 10:0 x/conf=k=v [user.x=1]\nd 0750 11:21 x/data\nc 0666 0:0 x/data/null 1:3\n"
             "p 0600 0:0 x/data/pipe\nh x/data/same -> x/bin\nl x/link -> data\n"),
           "owners are kept below the destination, links stay links");
    t->spec.has_owner = true;
    t->spec.uid = t->spec.gid = 1;
    is_str(COPY(t, &e, "/app/data/", "/x/"), S("d 0755 1:1 x\nc 0666 1:1 x/null 1:3\np 0600 1:1 x/pipe\nf 4755 1:1 x/same=ELF\n"),
           "--chown is for all; a link whose first name stays behind is a file");
    t->spec.has_owner = false;
    is_str(COPY(t, &e, "current/link/same", "/"), S("f 4755 10:20 same=ELF\n"), "links of the operand are followed inside the root");
    is_str(COPY(t, &e, "/app/[bc]*", "/x/"), S("d 0755 0:0 x\nf 4755 10:20 x/bin=ELF\nf 0600 10:0 x/conf=k=v [user.x=1]\n"), "wildcards");
    is_str(COPY(t, &e, "/etc", "/x"), S("d 0755 0:0 x\nf 4755 10:20 x/bin=ELF\nf 0644 0:0 x/empty=\n"), "an empty file");
    is_str(COPY(t, &e, "/app", "/etc", "/x/"),
           S("d 0755 0:0 x\nf 4755 10:20 x/bin=ELF\nf 0600 10:0 x/conf=k=v [user.x=1]\nd 0750 11:21 x/data\nc 0666 0:0 x/data/null 1:3\n"
             "p 0600 0:0 x/data/pipe\nf 4755 10:20 x/data/same=ELF\nf 0644 0:0 x/empty=\nl x/link -> data\n"),
           "where operands overlap, a link is not tied to a name that another gave");
    no_err(&e, "no error in all this");
    COPY(t, &e, "/app/none", "/");
    ok(e.sys == ENOENT, "what is not there");
    is_err(&e, "\"/app/none\": not found", "is named");
    is_str(COPY(t, &e, "/", "/"),
           S("d 0700 10:20 app\nf 4755 10:20 app/bin=ELF\nf 0600 10:0 app/conf=k=v [user.x=1]\nd 0750 11:21 app/data\n"
             "c 0666 0:0 app/data/null 1:3\np 0600 0:0 app/data/pipe\nh app/data/same -> app/bin\nl app/link -> data\nl current -> /app\n"
             "d 0755 0:0 etc\nh etc/bin -> app/bin\nf 0644 0:0 etc/empty=\n"),
           "all of it, onto an empty root");
    no_err(&e, "no error");
}

/* Two layers: the upper replaces the first name of a link, and adds a link that comes before its file. */
static void test_layers(struct copying *t) {
    struct err e = ERR_INIT;
    struct tarball tar = TARBALL_INIT;
    struct layer layers[2];
    copying_clear(t);
    tar_dir(&tar, "d");
    tar_file(&tar, "d/a", "old");
    tar_link(&tar, '1', "d/b", "d/a");
    tar_file(&tar, "d/y", "y");
    tar_link(&tar, '1', "d/x", "d/y");
    layers[0] = layers_put(t->store, &tar);
    tar_dir(&tar, "d");
    tar_file(&tar, "d/a", "new");
    layers[1] = layers_put(t->store, &tar);
    must(view_open(&t->from, t->store, layers, 2, &e), &e);
    t->part.from.view = &t->from;
    t->part.from.context_fd = -1;
    is_str(COPY(t, &e, "d", "/x"), S("d 0755 0:0 x\nf 0644 0:0 x/a=new\nf 0644 0:0 x/b=old\nf 0644 0:0 x/x=y\nh x/y -> x/x\n"),
           "names are links only of what they still share; the first in order is the file");
    no_err(&e, "no error");
}

/* Hard links hold within one match, also where several directories are merged. */
static void test_links(struct copying *t) {
    struct err e = ERR_INIT;
    struct tarball tar = TARBALL_INIT;
    copying_clear(t);
    tar_dir(&tar, "s");
    tar_file(&tar, "s/d/a", "text");
    tar_link(&tar, '1', "s/d/b", "s/d/a");
    tar_link(&tar, '2', "s/l", "d");
    tar_file(&tar, "s/m/c", "more");
    tar_link(&tar, '1', "s/m/e", "s/m/c");
    tar_link(&tar, '1', "s/m/z", "s/d/a");
    set_view(t, &t->from, &tar);
    is_str(COPY(t, &e, "s/d", "s/m", "/h/"),
           S("d 0755 0:0 h\nf 0644 0:0 h/a=text\nh h/b -> h/a\nf 0644 0:0 h/c=more\nh h/e -> h/c\nf 0644 0:0 h/z=text\n"),
           "of two operands each has its own");
    is_str(COPY(t, &e, "s/d", "s/l", "/h/"), S("d 0755 0:0 h\nf 0644 0:0 h/a=text\nh h/b -> h/a\n"), "the same directory by another name");
    is_str(COPY(t, &e, "s/*", "/h/"),
           S("d 0755 0:0 h\nf 0644 0:0 h/a=text\nh h/b -> h/a\nf 0644 0:0 h/c=more\nh h/e -> h/c\nf 0644 0:0 h/z=text\n"),
           "a wildcard's matches, one of them a link to another");
    no_err(&e, "no error");
}

/* A root onto itself changes no key but that of its own attributes: copying twice gives the same entries and the same hash. */
static void test_same_hash(struct copying *t) {
    struct err e = ERR_INIT;
    copying_clear(t);
    put_stage(t);
    COPY(t, &e, "/app", "/x");
    struct digest first = hashed(t, &e), second = hashed(t, &e);
    ok(digest_eq(&first, &second), "the same twice");
    t->spec.dest = S("/y");
    second = hashed(t, &e);
    ok(!digest_eq(&first, &second), "another destination, another hash");
    no_err(&e, "no error");
}

/* Written as a layer and copied out of that again, everything is as it was: links, devices, bytes from the first layer's tree. */
static void test_through_a_layer(struct copying *t) {
    struct err e = ERR_INIT;
    struct layer_options options = {.compression = COMPRESSION_GZIP, .level = 1};
    struct layer made = {0};
    copying_clear(t);
    put_stage(t);
    struct str direct = arena_str(&t->arena, COPY(t, &e, "/app", "/x"));
    struct layer_writer *w = layer_writer_new(t->store, &options, &e);
    must(w && copy_entries(&t->spec, true, layer_writer_sink(w), &e) && layer_writer_finish(w, &made, &e), &e);
    layer_writer_free(w);
    view_close(&t->from);
    must(view_open(&t->from, t->store, &made, 1, &e), &e);
    is_str(COPY(t, &e, "/x", "/x"), direct, "through a layer and back");
    no_err(&e, "no error");
}

int main(void) {
    struct copying t;
    copying_init(&t);
    test_tree(&t);
    test_layers(&t);
    test_links(&t);
    test_same_hash(&t);
    test_through_a_layer(&t);
    copying_fini(&t);
    return tap_done();
}
