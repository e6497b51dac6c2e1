/* SPDX-License-Identifier: Apache-2.0
 * Lookup of variables, predefined arguments, platforms, lexical paths: see vars.h. */
#include "plan/vars.h"

static bool get(void *ctx, struct str name, struct str *value) {
    struct vars *v = ctx;
    vars_charge(v->work, v->first->n + (v->second ? v->second->n : 0));
    bool found = pair_list_get(v->first, name, value) || (v->second && pair_list_get(v->second, name, value));
    if ((!found || value->n == 0) && v->n_empty < VARS_EMPTY_MAX)
        v->empty[v->n_empty++] = name;
    return found;
}

struct df_vars vars_getter(struct vars *v) {
    return (struct df_vars){get, v, v->work};
}

void vars_charge(uint64_t *work, size_t entries) {
    if (work)
        *work -= entries < *work ? entries : *work;
}

static const char *const proxies[] = {"HTTP_PROXY", "HTTPS_PROXY", "FTP_PROXY", "NO_PROXY", "ALL_PROXY", NULL};
static const char *const proxies_lower[] = {"http_proxy", "https_proxy", "ftp_proxy", "no_proxy", "all_proxy", NULL};
static const char *const platform_args[] = {"PLATFORM", "OS", "OSVERSION", "ARCH", "VARIANT", NULL};

void proxy_env(struct arena *a, const struct pair_list *build_args, struct pair_list *out) {
    for (size_t k = 0; proxies[k]; k++) {
        struct str value = STR_NULL;
        if (!pair_list_get(build_args, str_z(proxies_lower[k]), &value))
            (void)pair_list_get(build_args, str_z(proxies[k]), &value);
        if (value.n == 0)
            continue;
        pair_list_set(a, out, str_z(proxies[k]), value);
        pair_list_set(a, out, str_z(proxies_lower[k]), value);
    }
}

/* Those that are carried out here, without the prefix: of the others the user is told that they were not used. */
static const char *const buildkit_args[] = {
    "CACHE_MOUNT_NS", "CONTEXT_KEEP_GIT_DIR", "DOCKERFILE_CHECK", "SANDBOX_HOSTNAME", "SYNTAX", NULL,
};

static bool is_buildkit_arg(struct str name) {
    if (!str_starts(name, S("BUILDKIT_")))
        return false;
    for (size_t k = 0; buildkit_args[k]; k++)
        if (str_eqz(str_from(name, 9), buildkit_args[k]))
            return true;
    return false;
}

static bool is_platform_arg(struct str name, struct str prefix) {
    if (!str_starts(name, prefix))
        return false;
    for (size_t k = 0; platform_args[k]; k++)
        if (str_eqz(str_from(name, prefix.n), platform_args[k]))
            return true;
    return false;
}

bool is_predefined(struct str name) {
    for (size_t k = 0; proxies[k]; k++)
        if (str_eqz(name, proxies[k]) || str_eqz(name, proxies_lower[k]))
            return true;
    return is_platform_arg(name, S("TARGET")) || is_platform_arg(name, S("BUILD")) || str_eqz(name, "TARGETSTAGE") ||
           str_eqz(name, "SOURCE_DATE_EPOCH") || is_buildkit_arg(name);
}

/* A build argument of the same name overrides what croze knows. */
static void predefine(struct arena *a, const struct plan *p, struct pair_list *globals, struct str name, struct str value) {
    (void)pair_list_get(&p->options.build_args, name, &value);
    pair_list_set(a, globals, name, value);
}

void predefined_args(struct arena *a, const struct plan *p, struct pair_list *globals) {
    struct str os, rest, arch, variant;
    (void)str_cut(p->options.platform, '/', &os, &rest);
    (void)str_cut(rest, '/', &arch, &variant);
    const struct str values[] = {p->options.platform, os, STR_NULL, arch, variant};
    for (size_t k = 0; platform_args[k]; k++)
        predefine(a, p, globals, arena_printf(a, "BUILD%s", platform_args[k]), values[k]);
    for (size_t k = 0; platform_args[k]; k++)
        predefine(a, p, globals, arena_printf(a, "TARGET%s", platform_args[k]), values[k]);
    struct str target = p->options.target.n ? p->options.target : p->stages[p->n_stages - 1].name;
    predefine(a, p, globals, S("TARGETSTAGE"), target.n ? target : S("default"));
    if (p->options.has_epoch)
        pair_list_set(a, globals, S("SOURCE_DATE_EPOCH"), arena_printf(a, "%lld", (long long)p->options.epoch));
}

/* --- Platforms ------------------------------------------------------------------------------------------------------------------- */

struct alias {
    const char *from, *arch, *variant; /* variant NULL: as written */
};
static const struct alias arch_aliases[] = {
    {"x86_64", "amd64", NULL}, {"x86-64", "amd64", NULL}, {"aarch64", "arm64", NULL}, {"i386", "386", NULL},  {"i486", "386", NULL},
    {"i586", "386", NULL},     {"i686", "386", NULL},     {"armhf", "arm", "v7"},     {"armel", "arm", "v6"},
};

enum { PLATFORM_WORD_MAX = 32 };

static bool is_platform_word(struct str s) {
    for (size_t k = 0; k < s.n; k++) {
        char c = s.p[k];
        bool word = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '.' || c == '-';
        if (!word)
            return false;
    }
    return s.n > 0 && s.n <= PLATFORM_WORD_MAX;
}

static struct str lower(struct arena *a, struct str s) {
    char *p = arena_strz(a, s);
    for (size_t k = 0; k < s.n; k++)
        if (p[k] >= 'A' && p[k] <= 'Z')
            p[k] = (char)(p[k] + ('a' - 'A'));
    return (struct str){p, s.n};
}

/* The variant that an architecture has anyway is left out; "8" is "v8". */
static struct str short_variant(struct arena *a, struct str arch, struct str variant) {
    if (variant.n && variant.p[0] >= '0' && variant.p[0] <= '9')
        variant = arena_printf(a, "v%.*s", STR_ARG(variant));
    if ((str_eqz(arch, "arm64") && str_eqz(variant, "v8")) || (str_eqz(arch, "amd64") && str_eqz(variant, "v1")))
        return STR_NULL;
    return str_eqz(arch, "arm") && variant.n == 0 ? S("v7") : variant;
}

bool platform_normalize(struct arena *a, struct str text, struct str host, struct str *out, struct err *e) {
    struct str rest = text, part[3] = {STR_NULL}, host_os, host_arch;
    size_t n = 0;
    while (n < 3 && str_next(&rest, '/', &part[n]))
        if (!is_platform_word(part[n++]))
            n = 4;
    if (n == 0 || n > 3 || rest.p)
        return err_set(e, ERR_USAGE, "\"%s\" is not a platform like linux/amd64", SHOWN(text));
    (void)str_cut(host, '/', &host_os, &host_arch);
    (void)str_cut(host_arch, '/', &host_arch, &rest);
    struct str os = lower(a, part[0]), arch = lower(a, part[1]), variant = lower(a, part[2]);
    if (n == 1 && str_eqz(os, "linux")) {
        arch = host_arch;
    } else if (n == 1) {
        arch = os;
        os = host_os;
    }
    for (size_t k = 0; k < sizeof arch_aliases / sizeof arch_aliases[0]; k++)
        if (str_eqz(arch, arch_aliases[k].from)) {
            arch = str_z(arch_aliases[k].arch);
            variant = arch_aliases[k].variant && variant.n == 0 ? str_z(arch_aliases[k].variant) : variant;
        }
    variant = short_variant(a, arch, variant);
    *out = arena_printf(a, "%.*s/%.*s%s%.*s", STR_ARG(os), STR_ARG(arch), variant.n ? "/" : "", STR_ARG(variant));
    return true;
}

/* --- Paths ----------------------------------------------------------------------------------------------------------------------- */

/* Appends the components of `path` to the absolute path in out[0..n), without a trailing slash ("" is the root). */
static size_t append_components(char *out, size_t n, struct str path) {
    struct str rest = path, piece;
    while (str_next(&rest, '/', &piece)) {
        if (piece.n == 0 || str_eqz(piece, "."))
            continue;
        if (str_eqz(piece, "..")) {
            n = path_dir((struct str){out, n}).n;
            continue;
        }
        out[n++] = '/';
        memcpy(out + n, piece.p, piece.n);
        n += piece.n;
    }
    return n;
}

struct str path_resolve(struct arena *a, struct str dir, struct str path) {
    char *out = arena_alloc(a, dir.n + path.n + 3, 1);
    size_t n = path.n && path.p[0] == '/' ? 0 : append_components(out, 0, dir);
    n = append_components(out, n, path);
    if (n == 0)
        out[n++] = '/';
    out[n] = '\0'; /* a ".." may have left bytes behind */
    return (struct str){out, n};
}
