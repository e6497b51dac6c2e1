/* SPDX-License-Identifier: Apache-2.0 */
#include "base/digest.h"

#include "tap.h"

int main(void) {
    struct err e = ERR_INIT;
    char text[DIGEST_TEXT + 1];
    struct digest d = sha256_of("abc", 3), back;
    is_str(str_z(digest_text(&d, text)), S("sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
           "FIPS 180-2's vector");
    ok(digest_parse(str_z(text), &back, &e) && digest_eq(&d, &back), "text and back");
    ok(!digest_parse(S("md5:00"), &back, &e), "another algorithm");
    is_err(&e, "md5", "is refused by name");
    text[10] = 'A';
    ok(!digest_parse(str_z(text), &back, &e), "upper case is not canonical");
    err_clear(&e);
    ok(!digest_parse(S("abc"), &back, &e), "no colon");
    err_clear(&e);

    char bytes[300];
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (char)(i * 31);
    struct digest whole = sha256_of(bytes, sizeof bytes);
    bool same = true;
    for (size_t cut = 0; cut <= sizeof bytes; cut++) {
        struct sha256 first, resumed;
        sha256_init(&first);
        sha256_update(&first, bytes, cut);
        memcpy(&resumed, &first, sizeof first); /* stored and loaded */
        sha256_update(&resumed, bytes + cut, sizeof bytes - cut);
        struct digest got = sha256_final(&resumed);
        same = same && digest_eq(&got, &whole);
    }
    ok(same, "a saved state resumes at every byte");

    struct sha256 a, b;
    sha256_init(&a);
    sha256_init(&b);
    sha256_field(&a, S("ab"));
    sha256_field(&a, S("c"));
    sha256_field(&b, S("a"));
    sha256_field(&b, S("bc"));
    struct digest x = sha256_final(&a), y = sha256_final(&b);
    ok(!digest_eq(&x, &y), "fields are framed");
    return tap_done();
}
