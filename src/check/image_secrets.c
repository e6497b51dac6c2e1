/* SPDX-License-Identifier: Apache-2.0
 * Rules over what lies in files: keys and tokens whose shape tells what they are. Every layer counts: what a later one deletes still ships.
 * A finding never shows the secret. */
#include "check/image_rules.h"
#include "check/tokens.h"

#include <ctype.h>

enum { HEADING_MAX = 80 }; /* bytes */

static size_t line_at(struct str text, size_t at) {
    size_t line = 1;
    for (size_t k = 0; k < at; k++)
        line += text.p[k] == '\n';
    return line;
}

/* Programs hold such literals as patterns; a NUL near the beginning tells them. */
static bool is_text(struct str bytes) {
    return bytes.n && memchr(bytes.p, '\0', bytes.n < 1024 ? bytes.n : 1024) == NULL;
}

/* What its bytes told, which its layer ships whatever later ones do. */
static void report(struct image_check *c, const struct rule *r, const struct image_entry *en, uint64_t bytes) {
    image_report_at(c, r, en->layer, en->entry->path, bytes, "%.*s%s", STR_ARG(en->mark),
                    image_shows(c, en) ? "" : "; a later layer hides it, but it ships");
}

static void secret(struct image_check *c, const struct rule *r, const struct image_entry *en) {
    report(c, r, en, 0);
}

static void store_of_keys(struct image_check *c, const struct rule *r, const struct image_entry *en) {
    report(c, r, en, en->entry->size);
}

/* --- Tokens ------------------------------------------------------------------------------------------------------------------------- */

struct token_marker {
    struct marker *marker;
    const struct rule *rule;
    const struct watched_file *file;
};

static void mark_token(void *ctx, const char *what, size_t at) {
    const struct token_marker *t = ctx;
    marker_note(t->marker, t->rule, t->file, "line %zu has what looks like %s", line_at(t->file->head, at), what);
}

static void token(struct marker *m, const struct rule *r, const struct watched_file *f) {
    if (is_text(f->head))
        tokens_find(f->head, mark_token, &(struct token_marker){m, r, f});
}

/* --- Keys ---------------------------------------------------------------------------------------------------------------------------- */

static bool is_base64(char ch) {
    return (isalnum((unsigned char)ch) && (unsigned char)ch < 0x80) || ch == '+' || ch == '/' || ch == '=';
}

/* Behind "-----BEGIN RSA PRIVATE KEY-----", or nothing. */
static struct str behind_heading(struct str text) {
    struct str line = str_first(text, HEADING_MAX);
    ptrdiff_t end = str_index(line, '\n'), key = str_find(line, S("PRIVATE KEY"));
    if (key < 0 || (end >= 0 && end < key))
        return STR_NULL;
    struct str rest = str_from(text, (size_t)key + strlen("PRIVATE KEY"));
    rest = str_from(rest, str_starts(rest, S(" BLOCK")) ? strlen(" BLOCK") : 0);
    return str_starts(rest, S("-----")) ? str_from(rest, strlen("-----")) : STR_NULL;
}

/* A line's end, also as JSON and shells write it: of a key in quotes. */
static size_t line_end(struct str text) {
    if (str_starts(text, S("\\n")) || str_starts(text, S("\\r")))
        return 2;
    return text.n && strchr("\r\n", text.p[0]);
}

/* A heading alone is in every crypto library, so at least so much of a body is wanted. */
static bool has_body(struct str text) {
    enum { BODY_BYTES = 64 };
    size_t n = 0, step;
    struct str rest = str_trim_left(text);
    while ((step = line_end(rest)))
        rest = str_from(rest, step);
    if (rest.n == text.n || str_starts(rest, S("-")))
        return false;
    for (; rest.n && n < BODY_BYTES; rest = str_from(rest, step)) {
        step = line_end(rest);
        if (step == 0 && !is_base64(rest.p[0]) && !strchr(" :,-", rest.p[0]))
            return false;
        n += step == 0 && is_base64(rest.p[0]);
        step = step ? step : 1;
    }
    return n >= BODY_BYTES;
}

/* RFC 7468. */
static bool has_private_key(struct str text, size_t *at) {
    size_t from = 0;
    for (ptrdiff_t found; (found = str_find(str_from(text, from), S("-----BEGIN "))) >= 0; from += (size_t)found + 1) {
        *at = from + (size_t)found;
        if (has_body(behind_heading(str_from(text, *at))))
            return true;
    }
    return false;
}

static void private_key(struct marker *m, const struct rule *r, const struct watched_file *f) {
    size_t at;
    if (is_text(f->head) && has_private_key(f->head, &at))
        marker_note(m, r, f, "line %zu begins a private key", line_at(f->head, at));
}

/* JKS and JCEKS by their magic numbers; PKCS #12 by its outer sequence: version 3, then a content of type data (RFC 7292 4). */
static const char *keystore_kind(struct str b) {
    static const char data[] = "\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x01";
    if (str_starts(b, str_n("\xfe\xed\xfe\xed", 4)))
        return "Java key store (JKS)";
    if (str_starts(b, str_n("\xce\xce\xce\xce", 4)))
        return "Java key store (JCEKS)";
    if (b.n > 32 && b.p[0] == 0x30 && str_find(str_first(b, 12), str_n("\x02\x01\x03\x30", 4)) > 0 &&
        str_find(str_first(b, 32), str_n(data, sizeof data - 1)) > 0)
        return "PKCS #12 key store";
    return NULL;
}

static void keystore(struct marker *m, const struct rule *r, const struct watched_file *f) {
    const char *kind = keystore_kind(f->head);
    if (kind && !str_ends(f->path, S("cacerts"))) /* of authorities */
        marker_note(m, r, f, "is a %s", kind);
}

/* --- The rows ------------------------------------------------------------------------------------------------------------------------ */

const struct rule rules_image_secrets[] = {
    {.id = "ImageToken",
     .reads = READS_CONTENT,
     .severity = SEVERITY_ERROR,
     .also = "CIS-DI-0010 4.10",
     .why = "Everyone who has the image has it, from its own layer even if a later one deletes it.",
     .fix = "Revoke it. Use RUN --mount=type=secret, and build anew from before that step.",
     .url = "",
     .mark = token,
     .image = secret},
    {.id = "ImagePrivateKey",
     .reads = READS_CONTENT,
     .severity = SEVERITY_ERROR,
     .also = "CIS-DI-0010 4.10",
     .why = "A private key that everyone has proves nothing.",
     .fix = "Replace the key. Mount it when the container is started.",
     .url = "",
     .mark = private_key,
     .image = secret},
    {.id = "ImageKeystore",
     .reads = READS_CONTENT,
     .severity = SEVERITY_INFO,
     .also = "4.10",
     .why = "If it holds a private key, all who have the image have it, and default passwords are known.",
     .fix = "Mount the store of the place where the image runs over it.",
     .url = "",
     .mark = keystore,
     .image = store_of_keys},
    {0},
};
