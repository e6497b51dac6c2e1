/* SPDX-License-Identifier: Apache-2.0
 * What registries and token services say: WWW-Authenticate headers, scopes, tokens, error bodies. The first byte chooses; the rest is the
 * text. Scopes that are joined once stay as they are; a token fits into a header; what is shown holds no control character. */
#include <assert.h>

#include "registry/call.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_scopes(struct arena *a, struct str text) {
    struct scopes once = {0}, again = {0};
    scopes_add(a, &once, text);
    struct str joined = scopes_text(a, &once);
    scopes_add(a, &again, joined);
    assert(once.n <= LIMIT_SCOPES && str_eq(joined, scopes_text(a, &again)));
}

static void check_header(struct arena *a, struct str text) {
    struct challenges list = {0};
    struct str line;
    while (str_next(&text, '\n', &line))
        challenges_add(a, line, &list);
    assert(list.n <= LIMIT_CHALLENGES);
    for (size_t i = 0; i < list.n; i++)
        assert(list.p[i].scheme.n);
    const struct challenge *bearer = challenges_find(&list, "Bearer");
    if (bearer)
        check_scopes(a, bearer->scope);
}

static void check_token(struct arena *a, struct str text) {
    struct err e = ERR_INIT;
    struct str token;
    uint64_t seconds;
    if (token_parse(a, text, &token, &seconds, &e)) {
        assert(token.n && seconds > 0);
        for (size_t i = 0; i < token.n; i++)
            assert((unsigned char)token.p[i] > ' ' && (unsigned char)token.p[i] < 0x7f);
    }
    err_clear(&e);
}

static void check_said(struct arena *a, struct str text) {
    struct str said = words_said(a, text);
    assert(said.n <= LIMIT_REGISTRY_SAID_BYTES);
    for (size_t i = 0; i < said.n; i++)
        assert((unsigned char)said.p[i] >= ' ' || said.p[i] == '\t');
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct arena a = ARENA_INIT;
    if (size == 0)
        return 0;
    struct str text = arena_str(&a, str_n((const char *)data + 1, size - 1));
    switch (data[0] % 4) {
    case 0:
        check_header(&a, text);
        break;
    case 1:
        check_scopes(&a, text);
        break;
    case 2:
        check_token(&a, text);
        break;
    default:
        check_said(&a, text);
    }
    arena_fini(&a);
    return 0;
}
