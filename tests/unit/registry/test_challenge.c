/* SPDX-License-Identifier: Apache-2.0
 * What WWW-Authenticate headers ask for, what scopes become when they are joined, what token services answer. */
#include "fixture.h"
#include "registry/call.h"

static struct challenges parse(const char *header) {
    struct challenges list = {0};
    challenges_add(&arena, str_z(header), &list);
    return list;
}

static void headers(void) {
    struct challenges l =
        parse("Bearer realm=\"https://auth.docker.io/token\",service=\"registry.docker.io\",scope=\"repository:a/b:pull\"");
    ok(l.n == 1, "one challenge");
    is_str(l.p[0].realm, S("https://auth.docker.io/token"), "its realm");
    is_str(l.p[0].service, S("registry.docker.io"), "its service");
    is_str(l.p[0].scope, S("repository:a/b:pull"), "its scope");
    l = parse("Basic realm=\"a, b\", bearer Realm = x , error=\"insufficient_scope\"");
    ok(l.n == 2 && challenges_find(&l, "basic") && challenges_find(&l, "Bearer"), "two in one header, in any case");
    is_str(l.p[0].realm, S("a, b"), "a comma in quotes is none");
    is_str(l.p[1].realm, S("x"), "a value may stand without quotes");
    is_str(l.p[1].error, S("insufficient_scope"), "and an error beside it");
    l = parse("Negotiate YWJj==, NTLM, Basic realm=\"r\"");
    ok(l.n == 3, "unknown schemes, with and without data, are passed over");
    is_str(challenges_find(&l, "Basic")->realm, S("r"), "up to the one that is known");
    l = parse("Bearer realm=\"a\\\"b\\\\c\"");
    is_str(l.p[0].realm, S("a\"b\\c"), "escapes in quotes");
    l = parse("Bearer realm=\"one\",realm=\"two\"");
    is_str(l.p[0].realm, S("one"), "the first of two counts");
    l = parse("Bearer realm=\"open");
    is_str(l.p[0].realm, S("open"), "quotes that do not close end with the header");
    ok(parse("").n == 0 && parse(",,,").n == 0 && parse("=\"x\"").n <= 1, "nothing is no challenge");
}

static struct str joined(const char *one, const char *other) {
    struct scopes s = {0};
    scopes_add(&arena, &s, str_z(one));
    scopes_add(&arena, &s, str_z(other));
    return scopes_text(&arena, &s);
}

static void scopes(void) {
    is_str(joined("repository:a:pull", "repository:a:push,pull"), S("repository:a:pull,push"), "actions of one resource are joined");
    is_str(joined("repository:b:pull", "repository:a:pull"), S("repository:a:pull repository:b:pull"), "others stand beside it, sorted");
    is_str(joined("repository:h:5000/a:pull", "repository:h:5000/a:delete"), S("repository:h:5000/a:delete,pull"), "a port is no action");
    is_str(joined("registry:catalog:*", ""), S("registry:catalog:*"), "the catalogue's");
    is_str(joined("a  b", " b "), S("a b"), "what has no actions stands once");
}

static bool token_is(const char *json, const char *want, uint64_t seconds) {
    struct err e = ERR_INIT;
    struct str token = STR_NULL;
    uint64_t good_for = 0;
    bool good = token_parse(&arena, str_z(json), &token, &good_for, &e);
    err_clear(&e);
    return want ? good && str_eqz(token, want) && good_for == seconds : !good;
}

static void answers(void) {
    ok(token_is("{\"token\":\"abc\"}", "abc", 60), "a token, for a minute");
    ok(token_is("{\"access_token\":\"abc\",\"expires_in\":300}", "abc", 300), "by its other name, for what it says");
    ok(token_is("{\"token\":\"abc\",\"expires_in\":0}", "abc", 60), "no time at all is a minute");
    ok(token_is("{\"token\":\"abc\",\"expires_in\":99999999999}", "abc", 86400), "for ever is a day");
    ok(token_is("{\"token\":\"a b\"}", NULL, 0) && token_is("{\"token\":\"a\\r\\nX: y\"}", NULL, 0), "what would end a header is no token");
    static const char *const none[] = {"{\"token\":1}", "[]", "{}", "<html>", ""};
    for (size_t i = 0; i < sizeof none / sizeof *none; i++)
        ok(token_is(none[i], NULL, 0), "nor is %s", none[i]);
}

static void said(void) {
    is_str(words_said(&arena, S("{\"errors\":[{\"code\":\"DENIED\",\"message\":\"no\\u001b[2J way\"},{\"code\":\"X\"}]}")),
           S("no?[2J way (DENIED); X"), "what a registry says, clean");
    is_str(words_said(&arena, S("{\"details\":\"incorrect password\"}")), S("incorrect password"), "Docker Hub's words");
    is_str(words_said(&arena, S("too many requests\nand more")), S("too many requests"), "plain text");
    is_str(words_said(&arena, S("<html>x")), S(""), "a page says nothing");
    struct buf b = BUF_INIT(KIB(64));
    buf_add_str(&b, S("{\"message\":\""));
    while (b.n < KIB(32))
        buf_add_char(&b, 'a');
    buf_add_str(&b, S("\"}"));
    ok(words_said(&arena, buf_str(&b)).n == LIMIT_REGISTRY_SAID_BYTES, "and not for ever");
    buf_fini(&b);
}

static void waits(void) {
    bool good = true;
    for (unsigned n = 1; n < 40; n++) {
        uint64_t ms = pace_backoff_ms(n), most = n < 7 ? UINT64_C(500) << (n - 1) : 30000;
        most = most < 30000 ? most : 30000;
        good = good && ms >= most * 3 / 4 && ms <= most * 5 / 4;
    }
    ok(good, "waits double, spread, and end");
}

int main(void) {
    fixture_init();
    headers();
    scopes();
    answers();
    said();
    waits();
    return tap_done();
}
