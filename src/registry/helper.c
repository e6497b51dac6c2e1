/* SPDX-License-Identifier: Apache-2.0
 * Credential helpers: programs docker-credential-NAME that keep secrets, asked by docker's protocol: the verb as argument, the rest on
 * standard input. Secrets are in no argument and no environment. See credentials.h. */
#include <errno.h>

#include "base/json.h"
#include "base/limits.h"
#include "net/words.h"
#include "registry/credentials.h"
#include "sys/files.h"
#include "sys/proc.h"

enum { STALL_S = 300, NAME_MAX_BYTES = 100, OUTPUT_MAX_BYTES = 2 * LIMIT_CREDENTIAL_BYTES }; /* some ask for a passphrase */

static bool good_name(struct str name) {
    for (size_t i = 0; i < name.n; i++) {
        char c = name.p[i];
        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.'))
            return false;
    }
    return name.n && name.n <= NAME_MAX_BYTES;
}

/* A descriptor that gives `input` and then ends: a pipe, which takes that much without a reader. */
static int feed(struct str input, struct err *e) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) < 0) {
        err_sys(e, errno, "make a pipe");
        return -1;
    }
    bool ok = file_write_all(ends[1], input.p, input.n, "a pipe", e);
    close(ends[1]);
    if (!ok)
        close(ends[0]);
    return ok ? ends[0] : -1;
}

/* *code is the program's; what it printed is in *out. */
static bool run(struct str name, const char *verb, struct str input, struct buf *out, int *code, struct err *e) {
    if (!good_name(name))
        return err_set(e, ERR_USAGE, "\"%.*s\" is no name of a credential helper", STR_ARG(str_first(name, NAME_MAX_BYTES)));
    if (input.n > LIMIT_CREDENTIAL_BYTES)
        return err_set(e, ERR_USAGE, "a credential of more than %zu bytes", LIMIT_CREDENTIAL_BYTES);
    _cleanup_(mem_freep) char *program = mem_printf("docker-credential-%.*s", STR_ARG(name));
    _cleanup_fd_ int in = feed(input, e);
    struct buf said = BUF_INIT(OUTPUT_MAX_BYTES);
    const char *argv[] = {program, verb, NULL};
    bool ok = in >= 0 && proc_listen(&(struct proc_spec){argv, NULL, NULL, in, -1, -1}, out, &said, STALL_S, code, e);
    if (ok && *code != 0 && out->n == 0) /* most print their errors on standard output */
        buf_add_str(out, buf_str(&said));
    buf_fini(&said);
    return ok || err_wrap(e, "%s %s", program, verb);
}

static bool complain(struct str name, const char *verb, int code, const struct buf *out, struct err *e) {
    struct buf shown = BUF_INIT(LIMIT_REGISTRY_SAID_BYTES * 4);
    buf_add_shown(&shown, str_first_chars(str_trim(buf_str(out)), LIMIT_REGISTRY_SAID_BYTES));
    err_set(e, ERR_FAILED, "docker-credential-%.*s %s failed (%d): %.*s", STR_ARG(name), verb, code, STR_ARG(buf_str(&shown)));
    buf_fini(&shown);
    return false;
}

static void wipe(struct buf *b) {
    mem_wipe(b->p, b->capacity);
    buf_fini(b);
}

static bool take(struct arena *a, struct str name, struct str text, struct credential *out, struct err *e) {
    struct str what = arena_printf(a, "docker-credential-%.*s", STR_ARG(name));
    _cleanup_(json_doc_freep) yyjson_doc *doc = json_parse(text, OUTPUT_MAX_BYTES, what.p, e);
    if (!doc)
        return false;
    struct str user = json_get_str(yyjson_doc_get_root(doc), "Username"), secret = json_get_str(yyjson_doc_get_root(doc), "Secret");
    if (secret.n == 0)
        return true;
    if (!http_user_is_good(user))
        return err_set(e, ERR_FAILED, "%.*s get: the user name that it gives has a colon: no registry could tell where its password begins",
                       STR_ARG(what));
    *out = (struct credential){.found = true, .source = what};
    if (str_eqz(user, "<token>")) {
        out->identity_token = arena_str(a, secret);
    } else {
        out->user = arena_str(a, user);
        out->secret = arena_str(a, secret);
    }
    return true;
}

bool helper_get(struct arena *a, struct str name, struct str server, struct credential *out, struct err *e) {
    struct buf printed = BUF_INIT(OUTPUT_MAX_BYTES);
    int code = 0;
    bool ok = run(name, "get", server, &printed, &code, e);
    struct str text = buf_str(&printed);
    bool none = code != 0 && (str_find(text, S("credentials not found")) >= 0 || str_find(text, S("no credentials")) >= 0);
    if (ok && code == 0)
        ok = take(a, name, text, out, e);
    else if (ok && !none)
        ok = complain(name, "get", code, &printed, e);
    wipe(&printed);
    return ok;
}

bool helper_store(struct str name, struct str server, struct str user, struct str secret, struct err *e) {
    struct buf printed = BUF_INIT(OUTPUT_MAX_BYTES), input = BUF_INIT(OUTPUT_MAX_BYTES);
    _cleanup_(json_mut_freep) yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
    yyjson_mut_val *root = yyjson_mut_obj(doc);
    int code = 0;
    yyjson_mut_doc_set_root(doc, root);
    json_add_str(doc, root, "ServerURL", server);
    json_add_str(doc, root, "Username", user);
    json_add_str(doc, root, "Secret", secret);
    json_write(doc, false, &input);
    bool ok = run(name, "store", buf_str(&input), &printed, &code, e) && (code == 0 || complain(name, "store", code, &printed, e));
    wipe(&input);
    wipe(&printed);
    return ok;
}

bool helper_erase(struct str name, struct str server, struct err *e) {
    struct buf printed = BUF_INIT(OUTPUT_MAX_BYTES);
    int code = 0;
    bool ok = run(name, "erase", server, &printed, &code, e) && (code == 0 || complain(name, "erase", code, &printed, e));
    wipe(&printed);
    return ok;
}
