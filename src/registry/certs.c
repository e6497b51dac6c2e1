/* SPDX-License-Identifier: Apache-2.0
 * certs.d: a directory for a host holds authorities (*.crt), which are trusted besides the system's, and our own certificate (*.cert with
 * *.key). The first directory that is there counts, as with podman. */
#include <errno.h>

#include "base/log.h"
#include "registry/private.h"
#include "sys/files.h"

static bool add_authority(int dir, struct str name, struct buf *pem, struct err *e) {
    if (pem->n == 0 && !net_authorities(pem, e))
        return false;
    buf_add_char(pem, '\n');
    return file_readat(dir, name.p, pem, e);
}

static struct str other_name(struct arena *a, struct str name, const char *from, const char *to) {
    return arena_join3(a, str_first(name, name.n - strlen(from)), str_z(to), STR_NULL);
}

static bool has_file(int dir, struct str name) {
    return faccessat(dir, name.p, F_OK, 0) == 0;
}

static bool add_file(struct arena *a, const char *path, int dir, struct str name, struct net_tls *out, struct buf *pem, struct err *e) {
    if (str_ends(name, S(".crt")))
        return add_authority(dir, name, pem, e);
    if (str_ends(name, S(".key"))) {
        struct str cert = other_name(a, name, ".key", ".cert");
        return has_file(dir, cert) || err_set(e, ERR_USAGE, "%s is missing: %s is its key", cert.p, name.p);
    }
    if (!str_ends(name, S(".cert")))
        return true;
    struct str key = other_name(a, name, ".cert", ".key");
    if (!has_file(dir, key))
        return err_set(e, ERR_USAGE, "%s is missing: the key of %s", key.p, name.p);
    if (out->certificate) {
        log_debug("%s: only the first certificate of ours is used", path);
        return true;
    }
    out->certificate = arena_printf(a, "%s/%s", path, name.p).p;
    out->key = arena_printf(a, "%s/%s", path, key.p).p;
    return true;
}

static bool read_directory(struct arena *a, const char *path, int dir, struct net_tls *out, struct err *e) {
    struct dir_names names;
    struct buf pem = BUF_INIT(LIMIT_CERTIFICATES_BYTES);
    bool ok = file_list(dir, a, &names, e);
    for (size_t i = 0; ok && i < names.n; i++)
        ok = add_file(a, path, dir, names.names[i], out, &pem, e);
    out->authorities = pem.n ? arena_str(a, buf_str(&pem)) : S("");
    if (ok && !buf_ok(&pem))
        ok = err_set(e, ERR_USAGE, "more than %zu bytes of certificates", pem.max_bytes);
    buf_fini(&pem);
    return ok || err_wrap(e, "%s", path);
}

/* False: there is no such directory, or an error. */
static bool use(struct arena *a, const char *path, struct net_tls *out, bool *there, struct err *e) {
    _cleanup_fd_ int dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    *there = dir >= 0;
    if (dir < 0 && errno != ENOENT && errno != ENOTDIR) /* one that may not be read would be missed in a puzzling way */
        log_warn("%s: %s", path, strerror(errno));
    return dir < 0 || read_directory(a, path, dir, out, e);
}

bool certs_find(struct arena *a, const char *cert_dir, struct str host, struct net_tls *out, struct err *e) {
    const char *home = getenv("HOME");
    bool there = false, ok = true;
    *out = (struct net_tls){.authorities = S("")};
    if (cert_dir)
        return use(a, cert_dir, out, &there, e) && (there || err_set(e, ERR_USAGE, "--cert-dir %s is no directory", cert_dir));
    if (host.n == 0 || host.p[0] == '.' || str_index(host, '/') >= 0)
        return true;
    if (home && *home)
        ok = use(a, arena_printf(a, "%s/.config/containers/certs.d/%.*s", home, STR_ARG(host)).p, out, &there, e);
    if (ok && !there)
        ok = use(a, arena_printf(a, "/etc/containers/certs.d/%.*s", STR_ARG(host)).p, out, &there, e);
    if (ok && !there)
        ok = use(a, arena_printf(a, "/etc/docker/certs.d/%.*s", STR_ARG(host)).p, out, &there, e);
    return ok;
}
