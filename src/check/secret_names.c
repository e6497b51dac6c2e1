/* SPDX-License-Identifier: Apache-2.0
 * Lists of words in names of secrets: see secret_names.h. */
#include "check/secret_names.h"

#include "check/words.h"

static const char own[] = "apikey pass credential credentials passwd password passphrase pword pwd secret token privatekey";
static const char own_harmless[] = "file path dir public version length url name id type";
static const char own_keys[] = "access private api secret"; /* in front of "key" */
static const char buildkit[] = "apikey auth credential credentials key password pword passwd secret token";
static const char buildkit_harmless[] = "public file version";
static const char hadolint[] =
    "password passwd secret token apikey api_key private credential username access_key _key auth_key passphrase _pwd";

bool is_secret_name(struct str name) {
    struct str piece, last = STR_NULL;
    bool found = false;
    while (str_next(&name, '_', &piece)) {
        found |= word_in_nocase(own, piece) || (str_eq_nocase(piece, S("key")) && word_in_nocase(own_keys, last));
        last = piece;
    }
    return found && !word_in_nocase(own_harmless, last);
}

static bool has_word(struct str name, const char *words) {
    struct str piece;
    while (str_next(&name, '_', &piece))
        if (word_in_nocase(words, piece))
            return true;
    return false;
}

bool is_secret_for_buildkit(struct str name) {
    return has_word(name, buildkit) && !has_word(name, buildkit_harmless);
}

bool is_secret_for_hadolint(struct str name) {
    struct str rest = str_z(hadolint), part;
    while (str_next(&rest, ' ', &part))
        for (size_t at = 0; at + part.n <= name.n; at++)
            if (str_eq_nocase(str_n(name.p + at, part.n), part))
                return true;
    return false;
}
