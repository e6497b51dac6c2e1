/* SPDX-License-Identifier: Apache-2.0 */
#include "base/map.h"

#include "base/arena.h"
#include "tap.h"

int main(void) {
    struct map m = MAP_INIT;
    struct arena a = ARENA_INIT;
    ok(map_get(&m, S("x")) == NULL, "an empty map has nothing");
    int values[5000];
    bool fresh = true, found = true;
    for (int i = 0; i < 5000; i++)
        fresh = fresh && map_put(&m, arena_printf(&a, "key-%d", i), &values[i]) == NULL;
    for (int i = 0; i < 5000; i++)
        found = found && map_get(&m, arena_printf(&a, "key-%d", i)) == &values[i];
    ok(fresh && found && m.n == 5000, "5000 keys go in and are found");
    ok(map_put(&m, S("key-7"), &values[0]) == &values[7] && m.n == 5000, "putting again gives the old value");
    ok(map_get(&m, S("key-5000")) == NULL, "an absent key");
    ok(map_put(&m, STR_NULL, &values[1]) == NULL && map_get(&m, S("")) == &values[1], "the empty key");
    map_fini(&m);
    arena_fini(&a);
    return tap_done();
}
