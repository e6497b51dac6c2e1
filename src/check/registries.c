/* SPDX-License-Identifier: Apache-2.0
 * Registries by the names of images. See registries.h. */
#include "check/registries.h"

#include "check/words.h"

static bool names_registry(struct str first) {
    return str_index(first, '.') >= 0 || str_index(first, ':') >= 0 || str_eqz(first, "localhost");
}

struct str registry_of(struct str image) {
    struct str name, digest, first, rest;
    (void)str_cut(image, '@', &name, &digest);
    return str_cut(name, '/', &first, &rest) && names_registry(first) ? first : STR_NULL;
}

static bool is_docker_hub(struct str registry) {
    return registry.n == 0 ||
           word_in("docker.io hub.docker.io index.docker.io registry-1.docker.io hub.docker.com registry.hub.docker.com", registry);
}

bool registry_is_trusted(const struct str_list *list, struct str registry) {
    for (size_t k = 0; k < list->n; k++) {
        struct str one = list->p[k];
        if (str_eqz(one, "*") || str_eq(one, registry) || (is_docker_hub(one) && is_docker_hub(registry)) ||
            (str_starts(one, S("*.")) && str_ends(registry, str_from(one, 1))) ||
            (str_ends(one, S("*")) && str_starts(registry, str_first(one, one.n - 1))))
            return true;
    }
    return list->n == 0;
}
