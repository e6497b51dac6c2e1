/* SPDX-License-Identifier: Apache-2.0
 * See registry_flags.h. */
#include "cmd/registry_flags.h"

#include "registry/place.h"

static const char *authfile, *creds, *cert_dir, *tls_verify;

#define CERT_DIR_HELP \
    "Trust the authorities in DIR (*.crt) besides the system's, and show our certificate (*.cert with *.key) to who asks for one"
#define ROW_CERT_DIR OPT_STR(0, "cert-dir", "DIR", &cert_dir, CERT_DIR_HELP)
#define ROW_TLS_VERIFY OPT_OPTIONAL("tls-verify", "BOOL", &tls_verify, "false: take any certificate, and http where there is no https")

const struct opt registry_rows[] = {
    {.kind = OPT_KIND_STR,
     .name = "authfile",
     .arg = "FILE",
     .to = &authfile,
     .help = "Take credentials from FILE (default: where docker and podman keep them; environment REGISTRY_AUTH_FILE)"},
    ROW_CERT_DIR,
    OPT_STR(0, "creds", "USER:PASSWORD", &creds,
            "Use these credentials, for the registry of the image that is named and no other; everyone who may list processes can read "
            "them there"),
    ROW_TLS_VERIFY,
    OPT_END,
};

const struct opt registry_login_rows[] = {
    OPT_STR(0, "authfile", "FILE", &authfile, "Keep credentials in FILE (default: podman's file if it is there, else docker's)"),
    ROW_CERT_DIR,
    ROW_TLS_VERIFY,
    OPT_END,
};

static bool read_tls_verify(const char *side, const char *text, int *out, struct err *e) {
    bool verify = true;
    *out = -1;
    if (!text)
        return true;
    if (text[0] && !str_to_bool(str_z(text), &verify))
        return err_set(e, ERR_USAGE, "--%stls-verify takes true or false, not \"%s\"", side, text);
    *out = verify;
    return true;
}

bool registry_flags_read(struct registry_options *out, struct err *e) {
    *out = (struct registry_options){.authfile = authfile, .cert_dir = cert_dir};
    return read_tls_verify("", tls_verify, &out->tls_verify, e);
}

/* The registry of an image's name, of docker://NAME, or of a pattern of names behind a host. "oci:dir" is a layout, and no image of Docker
 * Hub's, which would be given what is meant for nobody. */
static bool host_of(struct arena *a, struct str text, struct str *host) {
    struct image_name name;
    struct repository r;
    struct err none = ERR_INIT;
    if (str_starts(text, S("docker://")))
        text = str_from(text, 9);
    else if (place_has_transport(text))
        return false;
    bool good = image_name_parse(a, text, &name, &none);
    err_clear(&none);
    if (good) {
        repository_of(a, &name, &r);
        *host = r.host;
        return true;
    }
    struct str rest;
    return str_cut(text, '/', host, &rest) && (str_index(*host, '.') >= 0 || str_index(*host, ':') >= 0) && !str_ends(*host, S(":"));
}

bool registry_creds_bind(const char *flag, const char *given, struct str image, struct arena *a, struct registry_creds *out,
                         struct err *e) {
    if (!given)
        return true;
    if (!strchr(given, ':'))
        return err_set(e, ERR_USAGE, "%s takes USER:PASSWORD; croze login asks for a password", flag);
    out->creds = str_z(given);
    out->flag = flag;
    return host_of(a, image, &out->host) ||
           err_set(e, ERR_USAGE, "%s is for the registry of an image, and none is named; croze login keeps credentials of any", flag);
}

bool registry_creds_read(struct str image, struct arena *a, struct registry_options *out, struct err *e) {
    return registry_creds_bind("--creds", creds, image, a, &out->creds[0], e);
}

bool registry_side_read(const struct registry_side_flags *f, struct str image, struct arena *a, struct registry_side *out, struct err *e) {
    *out = (struct registry_side){.host = S(""), .cert_dir = f->cert_dir, .tls_verify = -1};
    if (!f->tls_verify && !f->cert_dir)
        return true;
    const char *prefix = str_eqz(str_z(f->side), "src") ? "src-" : "dest-";
    return read_tls_verify(prefix, f->tls_verify, &out->tls_verify, e) &&
           (host_of(a, image, &out->host) || err_set(e, ERR_USAGE, "--%s%s is for a registry, and %s is none", prefix,
                                                     f->tls_verify ? "tls-verify" : "cert-dir", SHOWN(image)));
}

bool registry_creds_given(void) {
    return creds != NULL;
}

struct registries *registries_of_flags(struct str image, struct err *e) {
    struct registry_options o;
    struct arena a = ARENA_INIT;
    bool good = registry_flags_read(&o, e) && registry_creds_read(image, &a, &o, e);
    struct registries *r = good ? registries_new(&o, e) : NULL;
    arena_fini(&a);
    return r;
}
