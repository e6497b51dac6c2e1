/* SPDX-License-Identifier: Apache-2.0
 * See registry_flags.h. */
#include "cmd/registry_flags.h"

static const char *authfile, *creds, *cert_dir, *tls_verify;

const struct opt registry_rows[] = {
    {.kind = OPT_KIND_STR,
     .name = "authfile",
     .arg = "FILE",
     .to = &authfile,
     .help = "Take credentials from FILE (default: where docker and podman keep them; environment REGISTRY_AUTH_FILE)"},
    OPT_STR(0, "cert-dir", "DIR", &cert_dir, "Trust the ca.crt in DIR, and show the *.cert with its *.key there"),
    OPT_STR(0, "creds", "USER[:PASSWORD]", &creds, "Use these credentials; a password that is left out is asked for"),
    OPT_OPTIONAL("tls-verify", "BOOL", &tls_verify, "false: take any certificate, and http where there is no https"),
    OPT_END,
};

static bool read_tls_verify(int *out, struct err *e) {
    struct str value = str_z(tls_verify);
    *out = -1;
    if (!tls_verify)
        return true;
    if (!value.n || str_eq(value, S("true")) || str_eq(value, S("1")))
        *out = 1;
    else if (str_eq(value, S("false")) || str_eq(value, S("0")))
        *out = 0;
    else
        return err_set(e, ERR_USAGE, "--tls-verify takes true or false, not \"%s\"", tls_verify);
    return true;
}

bool registry_flags_read(struct registry_options *out, struct err *e) {
    *out = (struct registry_options){.authfile = authfile, .creds = str_z(creds), .cert_dir = cert_dir};
    return read_tls_verify(&out->tls_verify, e);
}

struct registries *registries_of_flags(struct err *e) {
    struct registry_options o;
    return registry_flags_read(&o, e) ? registries_new(&o, e) : NULL;
}
