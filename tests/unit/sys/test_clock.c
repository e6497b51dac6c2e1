/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/clock.h"

#include "tap.h"

static void bad(const char *text) {
    struct timespec t;
    ok(!clock_parse_rfc3339(str_z(text), &t), "not a time: \"%s\"", text);
}

int main(void) {
    char text[CLOCK_TEXT];
    struct timespec t = {1700000000, 0}, back;
    is_str(str_z(clock_rfc3339(t, text)), S("2023-11-14T22:13:20Z"), "whole seconds");
    t.tv_nsec = 5000;
    is_str(str_z(clock_rfc3339(t, text)), S("2023-11-14T22:13:20.000005000Z"), "nanoseconds");
    ok(clock_parse_rfc3339(str_z(text), &back) && clock_cmp(t, back) == 0, "text and back");
    ok(clock_parse_rfc3339(S("2023-11-15T00:13:20.5+02:00"), &back) && back.tv_sec == 1700000000 && back.tv_nsec == 500000000,
       "zone and fraction");
    ok(clock_parse_rfc3339(S("0465-11-24T03:20:59Z"), &back), "a year before 1000");
    is_str(str_z(clock_rfc3339(back, text)), S("0465-11-24T03:20:59Z"), "keeps four digits");
    bad("0000-01-01T00:00:00Z");
    bad("9999-12-31T23:59:59-01:00");
    bad("");
    bad("2023-11-14");
    bad("2023-13-14T22:13:20Z");
    bad("2023-02-31T22:13:20Z");
    bad("2023-02-29T23:59:60Z");
    bad("2023-04-31T00:00:00+01:00");
    ok(clock_parse_rfc3339(S("2024-02-29T00:00:00Z"), &back) && back.tv_sec == 1709164800, "a leap day");
    ok(clock_parse_rfc3339(S("2016-12-31T23:59:60Z"), &back) && back.tv_sec == 1483228800, "a leap second is the one behind it");
    bad("2023-11-14T22:13:20");
    bad("2023-11-14T22:13:20.Z");
    bad("2023-11-14T22:13:20+2:00");
    int64_t epoch;
    ok(clock_parse_epoch(S("0"), &epoch) && epoch == 0 && !clock_parse_epoch(S("-1"), &epoch) &&
           !clock_parse_epoch(S("253402300800"), &epoch),
       "epoch");
    is_str(str_z(clock_ago(0, text)), S("Less than a second ago"), "now");
    is_str(str_z(clock_ago(90, text)), S("About a minute ago"), "a minute");
    is_str(str_z(clock_ago(3 * 86400, text)), S("3 days ago"), "days");
    return tap_done();
}
