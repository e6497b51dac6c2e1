/* SPDX-License-Identifier: Apache-2.0
 * view_user: specs of USER and --chown against odd passwd and group files. */
#include "tarball.h"

static struct arena arena;
static struct store *store;

static const char passwd[] =
    "# a comment:x:9:9:::\n"
    "root:x:0:0:root:/root:/bin/bash\n"
    "broken line\n"
    "nouid:x:abc:1:::\n"
    "toobig:x:4294967295:1:::\n"
    "wso2carbon:x:10001:10001::/home/wso2carbon:/bin/bash\r\n"
    "nohome:x:7:8\n"
    "wso2carbon:x:99:99::/second:/bin/sh\n"
    ":x:5:5::/anonymous:\n"
    "123:x:456:789::/digits:\n"
    "last:x:33:34::/var/www:/bin/sh";
static const char group[] =
    "root:x:0:\n"
    "wso2:x:10001:\n"
    "docker:x:999:alice,wso2carbon\n"
    "half\n"
    "audio:x:29: wso2carbon ,bob\n"
    "audio2:x:29:wso2carbon\n"
    "web:x:34:last";

struct row {
    const char *spec;
    enum user_purpose purpose;
    uint32_t uid, gid;
    const char *home, *name;
    const char *groups; /* as text */
    const char *error;
};

static const struct row rows[] = {
    {"root", USER_RUN, 0, 0, "/root", "root", "0", NULL},
    {"", USER_RUN, 0, 0, "/root", "root", "0", NULL},
    {"wso2carbon", USER_RUN, 10001, 10001, "/home/wso2carbon", "wso2carbon", "10001 999 29", NULL},
    {"wso2carbon:wso2", USER_RUN, 10001, 10001, "/home/wso2carbon", "wso2carbon", "10001", NULL},
    {"wso2carbon:docker", USER_RUN, 10001, 999, "/home/wso2carbon", "wso2carbon", "999", NULL},
    {"wso2carbon:", USER_RUN, 10001, 10001, "/home/wso2carbon", "wso2carbon", "10001 999 29", NULL},
    {"10001", USER_RUN, 10001, 10001, "/home/wso2carbon", "wso2carbon", "10001 999 29", NULL},
    {"10802", USER_RUN, 10802, 0, "/", "", "0", NULL},
    {"10802:10803", USER_RUN, 10802, 10803, "/", "", "10803", NULL},
    {"10802:web", USER_RUN, 10802, 34, "/", "", "34", NULL},
    {"7", USER_RUN, 7, 8, "/", "nohome", "8", NULL},
    {"last", USER_RUN, 33, 34, "/var/www", "last", "34", NULL},
    {"123", USER_RUN, 123, 0, "/", "", "0", NULL},
    {":docker", USER_RUN, 0, 999, "/root", "root", "999", NULL},
    {"4294967294:4294967294", USER_RUN, 4294967294u, 4294967294u, "/", "", "4294967294", NULL},
    {"10802", USER_CHOWN, 10802, 10802, "/", "", "", NULL},
    {"33", USER_CHOWN, 33, 33, "/var/www", "last", "", NULL},
    {"last", USER_CHOWN, 33, 34, "/var/www", "last", "", NULL},
    {"last:0", USER_CHOWN, 33, 0, "/var/www", "last", "", NULL},
    {":web", USER_CHOWN, 0, 34, "/root", "root", "", NULL},
    {"ghost", USER_RUN, .error = "user \"ghost\" is not in the image's /etc/passwd"},
    {"ghost", USER_CHOWN, .error = "user \"ghost\" is not in the image's /etc/passwd"},
    {"root:ghosts", USER_CHOWN, .error = "group \"ghosts\" is not in the image's /etc/group"},
    {"root:root:root", USER_RUN, .error = "group \"root:root\" is not in"},
    {"toobig", USER_RUN, .error = "user \"toobig\" is not in"},
    {"nouid", USER_RUN, .error = "user \"nouid\" is not in"},
    {"-1", USER_RUN, .error = "user \"-1\" is not in"},
    {"4294967295", USER_RUN, .error = "user number 4294967295 is larger than 4294967294"},
    {"99999999999999999999", USER_RUN, .error = "user number 99999999999999999999 is larger"},
    {"0:4294967295", USER_RUN, .error = "group number 4294967295 is larger"},
};

static void check_row(const struct view *v, const struct row *r) {
    struct err e = ERR_INIT;
    struct user_ids u;
    bool found = view_user(v, str_z(r->spec), r->purpose, &arena, &u, &e);
    if (r->error) {
        is_err(&e, r->error, r->spec);
        return;
    }
    if (!ok(found, "\"%s\" for %s", r->spec, r->purpose == USER_RUN ? "USER" : "--chown") || !no_err(&e, "  without an error"))
        return;
    ok(u.uid == r->uid && u.gid == r->gid, "  %u:%u", u.uid, u.gid);
    is_str(u.home, str_z(r->home), "  home");
    is_str(u.name, str_z(r->name), "  name");
    struct buf b = BUF_INIT(4096);
    for (size_t i = 0; i < u.n_groups; i++)
        buf_printf(&b, "%s%u", i ? " " : "", u.groups[i]);
    is_str(buf_str(&b), str_z(r->groups), "  groups");
    buf_fini(&b);
}

static void test_table(void) {
    struct err e = ERR_INIT;
    struct tarball t = TARBALL_INIT;
    struct view v;
    tar_dir(&t, "etc");
    tar_file(&t, "etc/passwd", passwd);
    tar_file(&t, "etc/group", group);
    struct layer l = layers_put(store, &t);
    must(view_open(&v, store, &l, 1, &e), &e);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        check_row(&v, &rows[i]);
    view_close(&v);
}

static void test_without_tables(void) {
    struct err e = ERR_INIT;
    struct view v;
    struct user_ids u;
    must(view_open(&v, store, NULL, 0, &e), &e);
    ok(view_user(&v, S("10001:20002"), USER_RUN, &arena, &u, &e) && u.uid == 10001 && u.gid == 20002, "numbers on scratch");
    ok(view_user(&v, S(""), USER_RUN, &arena, &u, &e) && u.uid == 0 && u.gid == 0, "nobody named on scratch is root");
    ok(!view_user(&v, S("app"), USER_RUN, &arena, &u, &e), "a name on scratch");
    is_err(&e, "user \"app\" cannot be looked up: the image has no /etc/passwd; use a number", "  is an error that says what to do");
    ok(!view_user(&v, S("1:app"), USER_RUN, &arena, &u, &e), "a group name on scratch");
    is_err(&e, "the image has no /etc/group", "  is an error");
    view_close(&v);
}

int main(void) {
    layers_init();
    store = layers_store("store", "host-trusted");
    test_table();
    test_without_tables();
    layers_close(store);
    arena_fini(&arena);
    return tap_done();
}
