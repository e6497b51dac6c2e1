/* SPDX-License-Identifier: Apache-2.0
 * Scratch stores for the tests of store/: see fixture.h. */
#include "fixture.h"

#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "sys/proc.h"

char scratch[64];
static pid_t owner;

static void remove_scratch(void) {
    struct err e = ERR_INIT;
    if (getpid() == owner && !file_remove_tree(AT_FDCWD, scratch, &e))
        printf("# %s\n", e.msg);
    err_clear(&e);
}

void fixture_init(void) {
    snprintf(scratch, sizeof scratch, "/tmp/croze-test-XXXXXX");
    if (!mkdtemp(scratch)) {
        perror("mkdtemp");
        exit(1);
    }
    owner = getpid();
    atexit(remove_scratch);
    setenv("CROZE_NO_SYNC", "1", 1);
}

char *in_scratch(const char *name) {
    return mem_printf("%s/%s", scratch, name);
}

void must(bool done, struct err *e) {
    if (done)
        return;
    printf("Bail out! %s\n", e->msg ? e->msg : "set-up failed");
    exit(1);
}

struct store *fixture_store(const char *name) {
    struct err e = ERR_INIT;
    struct store *s = mem_zalloc(1, sizeof *s);
    _cleanup_(mem_freep) char *path = in_scratch(name);
    must(store_open(s, path, "host-trusted", &e), &e);
    return s;
}

void fixture_close(struct store *s) {
    store_close(s);
    free(s);
}

static void put_json(struct store *s, struct digest *out, uint64_t *size, char *json) {
    struct err e = ERR_INIT;
    must(store_put_blob(s, str_z(json), out, &e), &e);
    *size = strlen(json);
    free(json);
}

struct fixture_image fixture_image(struct store *s, const char *text) {
    struct fixture_image im = {0};
    struct err e = ERR_INIT;
    uint64_t config_bytes;
    char layer[DIGEST_TEXT + 1], config[DIGEST_TEXT + 1], diff_id[DIGEST_TEXT + 1];
    must(store_put_blob(s, str_z(text), &im.layer, &e), &e);
    struct sha256 other;
    sha256_init(&other);
    sha256_field(&other, str_z(text));
    im.diff_id = sha256_final(&other); /* as if the layer were compressed */
    put_json(s, &im.config, &config_bytes,
             mem_printf("{\"architecture\":\"amd64\",\"os\":\"linux\",\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[\"%s\"]}}",
                        digest_text(&im.diff_id, diff_id)));
    put_json(s, &im.ref.manifest, &im.ref.manifest_bytes,
             mem_printf("{\"schemaVersion\":2,\"mediaType\":\"application/vnd.oci.image.manifest.v1+json\",\"config\":{\"mediaType\":"
                        "\"application/vnd.oci.image.config.v1+json\",\"digest\":\"%s\",\"size\":%llu},\"layers\":[{\"mediaType\":"
                        "\"application/vnd.oci.image.layer.v1.tar\",\"digest\":\"%s\",\"size\":%zu}]}",
                        digest_text(&im.config, config), (unsigned long long)config_bytes, digest_text(&im.layer, layer), strlen(text)));
    im.ref.media_type = S("application/vnd.oci.image.manifest.v1+json");
    return im;
}

void put_file(const char *path, struct str bytes) {
    struct err e = ERR_INIT;
    _cleanup_fd_ int fd = file_open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644, &e);
    must(fd >= 0 && file_write_all(fd, bytes.p, bytes.n, path, &e), &e);
}

struct buf file_bytes(const char *path) {
    struct err e = ERR_INIT;
    struct buf b = BUF_INIT(MIB(64));
    must(file_read(path, &b, &e), &e);
    return b;
}

void damage_file(const char *path, long offset) {
    struct buf b = file_bytes(path);
    b.p[offset < 0 ? b.n - (size_t)-offset : (size_t)offset] ^= 0x55;
    put_file(path, buf_str(&b));
    buf_fini(&b);
}

bool exists(const char *path) {
    return access(path, F_OK) == 0;
}

void set_age(const char *path, int64_t seconds) {
    struct timespec times[2];
    clock_gettime(CLOCK_REALTIME, &times[0]);
    times[0].tv_sec -= seconds;
    times[1] = times[0];
    if (utimensat(AT_FDCWD, path, times, AT_SYMLINK_NOFOLLOW) < 0)
        perror(path);
}

pid_t in_child(const char *store, void (*work)(struct store *s, void *ctx), void *ctx) {
    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0) {
        struct store *s = fixture_store(store);
        work(s, ctx);
        fixture_close(s);
        _exit(0);
    }
    return pid;
}

int wait_for(pid_t pid) {
    struct err e = ERR_INIT;
    int code;
    must(proc_wait(pid, &code, &e), &e);
    return code;
}

void fixture_count_log(void *count, const char *line) {
    (void)line;
    ++*(size_t *)count;
}

#if defined(__SANITIZE_ADDRESS__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANITIZED 1
#endif
#endif

size_t peak_bytes(void) {
#ifdef SANITIZED
    return 0;
#else
    struct rusage u;
    return getrusage(RUSAGE_SELF, &u) == 0 ? (size_t)u.ru_maxrss * 1024 : 0;
#endif
}
