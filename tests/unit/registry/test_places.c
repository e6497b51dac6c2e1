/* SPDX-License-Identifier: Apache-2.0
 * Names, and where they lead by registries.conf and daemon.json. */
#include "fixture.h"
#include "registry/registries_conf.h"

static void names(void) {
    static const char *const rows[][2] = {
        {"alpine", "docker.io/library/alpine"},
        {"docker.io/alpine", "docker.io/library/alpine"},
        {"index.docker.io/library/alpine:3", "docker.io/library/alpine"},
        {"demo/product:1.0", "docker.io/demo/product"},
        {"localhost/x", "localhost/x"},
        {"localhost:5000/a/b", "localhost:5000/a/b"},
        {"ghcr.io/a/b@sha256:0000000000000000000000000000000000000000000000000000000000000000", "ghcr.io/a/b"},
    };
    struct err e = ERR_INIT;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct image_name n;
        struct repository r;
        must(image_name_parse(&arena, str_z(rows[i][0]), &n, &e), &e);
        repository_of(&arena, &n, &r);
        is_str(repository_text(&arena, &r), str_z(rows[i][1]), rows[i][0]);
    }
    struct repository a = {S("h"), S("x")}, b = {S("h"), S("y")};
    ok(repository_eq(&a, &a) && !repository_eq(&a, &b), "repositories are compared");
}

static struct registries_conf conf;

/* Where the repository is, or "nowhere": no rule. */
static struct str at(const char *host, const char *path) {
    struct repository r = {str_z(host), str_z(path)}, out = r;
    const struct registry_rule *rule = registries_conf_find(&conf, &r);
    if (!rule)
        return S("nowhere");
    if (rule->location.n)
        registry_rewrite(&arena, rule, rule->location, &r, &out);
    return text("%.*s/%.*s%s%s", STR_ARG(out.host), STR_ARG(out.path), rule->insecure ? " insecure" : "", rule->blocked ? " blocked" : "");
}

static void rules(void) {
    struct err e = ERR_INIT;
    conf = (struct registries_conf){.arena = &arena};
    must(registries_conf_add(&conf,
                             S("unqualified-search-registries = ['docker.io', \"quay.io\",] # comment\n"
                               "short-name-mode=\"enforcing\"\n[aliases]\n\"alpine\" = \"docker.io/library/alpine\"\n"
                               "[[registry]]\nprefix = \"docker.io\"\nlocation = \"registry.example:5000/hub\"\ninsecure = true\n"
                               "[[registry.mirror]]\nlocation = \"one.example\"\n[[registry.mirror]]\nlocation = 'two.example/m'\n"
                               "pull-from-mirror = \"digest-only\"\n"
                               "[[registry]]\nprefix=\"docker.io/bad\"\nblocked=true\n"
                               "[[registry]]\nlocation = \"plain.example\"\ninsecure = true\n"
                               "[[registry]]\nprefix = \"*.corp.example\"\ninsecure = true\n"
                               "[[registry]]\nprefix = \"a.corp.example\"\n"),
                             "registries.conf", &e),
         &e);
    is_str(at("docker.io", "library/alpine"), S("registry.example:5000/hub/library/alpine insecure"), "a location replaces the prefix");
    is_str(at("docker.io", "bad/x"), S("docker.io/bad/x blocked"), "the longest prefix counts");
    is_str(at("docker.io", "badly/x"), S("registry.example:5000/hub/badly/x insecure"), "which ends where a part does");
    is_str(at("plain.example", "x"), S("plain.example/x insecure"), "a location alone is its own prefix");
    is_str(at("b.corp.example", "x"), S("b.corp.example/x insecure"), "a wildcard stands for hosts");
    is_str(at("a.corp.example", "x"), S("a.corp.example/x"), "a host's own rule is nearer");
    is_str(at("corp.example", "x"), S("nowhere"), "the domain itself is not meant");
    is_str(at("quay.io", "x"), S("nowhere"), "others have no rule");
    struct repository r = {S("docker.io"), S("library/alpine")}, out;
    const struct registry_rule *rule = registries_conf_find(&conf, &r);
    ok(rule->n_mirrors == 2 && rule->mirrors[1].use == MIRROR_FOR_DIGESTS && rule->mirrors[0].use == MIRROR_FOR_ALL, "it has two mirrors");
    registry_rewrite(&arena, rule, rule->mirrors[1].location, &r, &out);
    is_str(repository_text(&arena, &out), S("two.example/m/library/alpine"), "which are rewritten as well");
    must(registries_conf_add(&conf, S("[[registry]]\nprefix=\"docker.io/bad\"\nlocation=\"good.example\"\n"), "later.conf", &e), &e);
    is_str(at("docker.io", "bad/x"), S("good.example/x"), "a later file takes a rule's place");
}

static void wrong_rules(void) {
    static const char *const rows[][2] = {
        {"[[registry]]\nprefix = \"https://x\"\n", "no usable prefix"},
        {"[[registry]]\n", "no usable prefix"},
        {"[registry]\n", "two brackets"},
        {"[[registry.mirror]]\nlocation=\"x\"\n", "a mirror of no registry"},
        {"[[registry]]\nlocation=\"x\"\n[[registry.mirror]]\n", "mirror without a usable location"},
        {"[[registry]]\nlocation=\"x\"\ninsecure=\"yes\"\n", "c:3: insecure is true or false"},
        {"[[registry]]\nlocation=\"x\ny\"\n", "c:2: a string that does not end"},
        {"[[registry]]\nlocation=\"\"\"x\"\"\"\n", "several lines"},
        {"[[registry]\n", "not closed"},
        {"a = {b=1}\n", "a kind that is not read"},
        {"a = 1 2\n", "goes on where it should end"},
        {"a\n", "\"=\" is missing"},
        {"= 1\n", "a name is missing"},
        {"a = [1]\n", "something else than strings"},
        {"a = [\"x\"\n", "an array that does not end"},
        {"a = \"\\x\"\n", "unknown escape"},
        {"[[registry]]\nprefix=\"*.x.y\"\nlocation=\"z\"\n", "can have no location"},
        {"[[registry]]\nlocation=\"x\"\n[[registry.mirror]]\nlocation=\"y\"\npull-from-mirror=\"never\"\n", "all, digest-only or tag-only"},
    };
    struct err e = ERR_INIT;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct registries_conf none = {.arena = &arena};
        ok(!registries_conf_add(&none, str_z(rows[i][0]), "c", &e) && e.kind == ERR_USAGE && none.n == 0, "wrong: %zu", i);
        is_err(&e, rows[i][1], "it says what");
    }
}

static void docker(void) {
    struct err e = ERR_INIT;
    conf = (struct registries_conf){.arena = &arena};
    must(daemon_json_add(&conf, S("{\"registry-mirrors\":[\"https://m.example/\",\"http://n.example:5000\"],"
                                  "\"insecure-registries\":[\"i.example\",\"10.0.0.0/8\"]}"), "daemon.json", &e), &e);
    struct repository r = {S("docker.io"), S("library/alpine")};
    const struct registry_rule *rule = registries_conf_find(&conf, &r);
    ok(rule && rule->n_mirrors == 2, "docker's mirrors are Docker Hub's");
    is_str(rule->mirrors[0].location, S("m.example"), "without their scheme");
    ok(!rule->mirrors[0].insecure && rule->mirrors[1].insecure, "which says whether they are secure");
    is_str(at("i.example", "x"), S("i.example/x insecure"), "insecure registries are");
    must(daemon_json_add(&conf, S("{\"registry-mirrors\":[\"https://other.example\"]}"), "daemon.json", &e), &e);
    ok(registries_conf_find(&conf, &r)->n_mirrors == 2, "what is there already counts");
    must(daemon_json_add(&conf, S(""), "daemon.json", &e), &e);
    conf = (struct registries_conf){.arena = &arena};
    ok(!daemon_json_add(&conf, S("{\"registry-mirrors\":[\"m.example\"]}"), "daemon.json", &e), "a mirror without a scheme");
    is_err(&e, "is no http or https URL", "is none, as with docker");
}

int main(void) {
    fixture_init();
    names();
    rules();
    wrong_rules();
    docker();
    return tap_done();
}
