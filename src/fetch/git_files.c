/* SPDX-License-Identifier: Apache-2.0
 * Files as they were committed: see git_files.h. A file is one if its object's name (of "blob SIZE", a NUL and the bytes;
 * gitformat-pack(5)) is the one that the commit's tree has. */
#include "fetch/git_files.h"

#include <errno.h>
#include <openssl/evp.h>

#include "base/limits.h"
#include "fetch/git_run.h"
#include "sys/files.h"

enum { PIECE_BYTES = 256 << 10, SHA1_HEX = 40 };

struct job {
    int dir;
    char *piece;
    EVP_MD_CTX *object;
    struct git_files_sink sink;
    size_t n;
};

/* Both digests in one pass; *hex: the object's name. */
static bool hash(struct job *j, int fd, const struct stat *st, const EVP_MD *md, char hex[2 * EVP_MAX_MD_SIZE + 1], struct digest *sha256,
                 struct err *e) {
    unsigned char sum[EVP_MAX_MD_SIZE];
    unsigned n_sum = 0;
    struct sha256 s;
    char head[48];
    int n_head = snprintf(head, sizeof head, "blob %lld", (long long)st->st_size);
    bool good = EVP_DigestInit_ex(j->object, md, NULL) == 1 && EVP_DigestUpdate(j->object, head, (size_t)n_head + 1) == 1;
    sha256_init(&s);
    for (ssize_t n = 1; good && n > 0;) {
        n = read(fd, j->piece, PIECE_BYTES);
        if (n < 0 && errno != EINTR)
            return err_sys(e, errno, "read");
        sha256_update(&s, j->piece, n > 0 ? (size_t)n : 0);
        good = n <= 0 || EVP_DigestUpdate(j->object, j->piece, (size_t)n) == 1;
        n = n < 0 ? 1 : n; /* interrupted */
    }
    if (!good || EVP_DigestFinal_ex(j->object, sum, &n_sum) != 1)
        return err_set(e, ERR_FAILED, "OpenSSL does not compute %s here, which git names files by", EVP_MD_get0_name(md));
    for (unsigned k = 0; k < n_sum; k++)
        snprintf(hex + 2 * k, 3, "%02x", sum[k]);
    *sha256 = sha256_final(&s);
    return true;
}

static bool look(struct job *j, struct str path, struct str object, struct err *e) {
    _cleanup_(arena_fini) struct arena a = ARENA_INIT;
    char hex[2 * EVP_MAX_MD_SIZE + 1] = "";
    struct digest sha256;
    struct stat st;
    _cleanup_fd_ int fd = file_openat_nolinks(j->dir, arena_strz(&a, path), O_RDONLY | O_NONBLOCK, 0);
    if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
        return true; /* it was deleted, or is something else now: not as it was committed */
    if (!hash(j, fd, &st, object.n == SHA1_HEX ? EVP_sha1() : EVP_sha256(), hex, &sha256, e))
        return err_wrap(e, "%s", SHOWN(path));
    if (!str_eqz(object, hex))
        return true;
    j->n++;
    return j->sink.take(j->sink.ctx, path, &sha256, fd, e);
}

/* "100644 blob OBJECT\tPATH"; links and submodules are other things. */
static bool look_at_all(struct job *j, struct str listing, struct err *e) {
    struct str entry, about, path, mode, type, object;
    while (str_next(&listing, '\0', &entry)) {
        if (!str_cut(entry, '\t', &about, &path) || !str_cut(about, ' ', &mode, &about) || !str_cut(about, ' ', &type, &object))
            continue;
        bool is_file = str_eqz(type, "blob") && (str_eqz(mode, "100644") || str_eqz(mode, "100755"));
        if (is_file && !look(j, path, object, e))
            return false;
    }
    return true;
}

bool git_files_as_committed(const char *dir, struct git_files_sink sink, size_t *n, struct err *e) {
    _cleanup_(arena_fini) struct arena a = ARENA_INIT;
    struct git git = {.arena = &a, .dir = dir, .protocols = ""};
    struct str listing;
    bool failed = false;
    _cleanup_fd_ int fd = file_open(dir, O_RDONLY | O_DIRECTORY, 0, e);
    if (fd < 0)
        return false;
    if (!git_run(&git, GIT("ls-tree", "-r", "-z", "HEAD"), &listing, &failed, e))
        return err_wrap(e, "%s", dir);
    struct job j = {.dir = fd, .piece = mem_alloc(PIECE_BYTES), .object = EVP_MD_CTX_new(), .sink = sink};
    bool good = look_at_all(&j, listing, e);
    *n = j.n;
    EVP_MD_CTX_free(j.object);
    free(j.piece);
    return good || err_wrap(e, "%s", dir);
}
