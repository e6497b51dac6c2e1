/* SPDX-License-Identifier: Apache-2.0
 * Clock readings and RFC 3339 texts: see clock.h. */
#include "sys/clock.h"

#include <stdio.h>

#include "base/limits.h"

/* What four digits of a year can say: 0001-01-01T00:00:00Z to 9999-12-31T23:59:59Z. */
static const int64_t first_second = -62135596800, last_second = LIMIT_EPOCH_S;

struct timespec clock_now(void) {
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    return t;
}

struct timespec clock_now_coarse(void) {
    struct timespec t;
    clock_gettime(CLOCK_REALTIME_COARSE, &t);
    return t;
}

const char *clock_rfc3339(struct timespec t, char out[CLOCK_TEXT]) {
    struct tm tm;
    time_t s = t.tv_sec;
    gmtime_r(&s, &tm);
    /* strftime's %Y does not pad years before 1000 */
    size_t n = (size_t)snprintf(out, CLOCK_TEXT, "%04d", (tm.tm_year + 1900) % 10000);
    n += strftime(out + n, CLOCK_TEXT - n, "-%m-%dT%H:%M:%S", &tm);
    if (t.tv_nsec)
        snprintf(out + n, CLOCK_TEXT - n, ".%09ldZ", t.tv_nsec);
    else
        snprintf(out + n, CLOCK_TEXT - n, "Z");
    return out;
}

/* Takes `digits` digits and the separator behind them (0: none) off s. */
static bool take_number(struct str *s, size_t digits, char separator, uint64_t max, int *out) {
    uint64_t v;
    if (s->n < digits || !str_to_u64(str_first(*s, digits), 10, max, &v))
        return false;
    *s = str_from(*s, digits);
    *out = (int)v;
    if (!separator)
        return true;
    if (s->n == 0 || (s->p[0] | 0x20) != (separator | 0x20))
        return false;
    *s = str_from(*s, 1);
    return true;
}

static bool take_fraction(struct str *s, long *nsec) {
    *nsec = 0;
    if (s->n == 0 || s->p[0] != '.')
        return true;
    *s = str_from(*s, 1);
    long unit = 100000000;
    size_t digits = 0;
    for (; s->n && s->p[0] >= '0' && s->p[0] <= '9'; *s = str_from(*s, 1), digits++, unit /= 10)
        *nsec += (s->p[0] - '0') * unit;
    return digits > 0;
}

/* "Z" or "+hh:mm": the seconds to subtract. */
static bool take_zone(struct str s, int *offset_s) {
    *offset_s = 0;
    if (s.n == 1 && (s.p[0] | 0x20) == 'z')
        return true;
    if (s.n != 6 || (s.p[0] != '+' && s.p[0] != '-'))
        return false;
    int hours, minutes;
    int sign = s.p[0] == '-' ? -1 : 1;
    s = str_from(s, 1);
    if (!take_number(&s, 2, ':', 23, &hours) || !take_number(&s, 2, 0, 59, &minutes))
        return false;
    *offset_s = sign * (hours * 3600 + minutes * 60);
    return true;
}

bool clock_parse_rfc3339(struct str s, struct timespec *out) {
    struct tm tm = {0};
    int offset_s;
    long nsec;
    if (!take_number(&s, 4, '-', 9999, &tm.tm_year) || !take_number(&s, 2, '-', 12, &tm.tm_mon) ||
        !take_number(&s, 2, 'T', 31, &tm.tm_mday) || !take_number(&s, 2, ':', 23, &tm.tm_hour) ||
        !take_number(&s, 2, ':', 59, &tm.tm_min) || !take_number(&s, 2, 0, 60, &tm.tm_sec))
        return false;
    if (!take_fraction(&s, &nsec) || !take_zone(s, &offset_s) || tm.tm_mon < 1 || tm.tm_mday < 1)
        return false;
    tm.tm_year -= 1900;
    tm.tm_mon -= 1;
    int day = tm.tm_mday, second = tm.tm_sec;
    tm.tm_sec = 0; /* a leap second may end in the next day */
    int64_t minute = timegm(&tm);
    if (tm.tm_mday != day) /* the 31st of February became the 3rd of March */
        return false;
    *out = (struct timespec){minute + second - offset_s, nsec};
    return out->tv_sec >= first_second && out->tv_sec <= last_second;
}

bool clock_parse_epoch(struct str s, int64_t *out) {
    uint64_t v;
    if (!str_to_u64(s, 10, (uint64_t)last_second, &v))
        return false;
    *out = (int64_t)v;
    return true;
}

const char *clock_ago(int64_t seconds, char out[CLOCK_TEXT]) {
    static const struct {
        int64_t below, unit;
        const char *one, *many;
    } steps[] = {
        {60, 1, "1 second", "seconds"},
        {3600, 60, "About a minute", "minutes"},
        {48 * 3600, 3600, "About an hour", "hours"},
        {14 * 86400, 86400, "1 day", "days"},
        {60 * 86400, 7 * 86400, "1 week", "weeks"},
        {730 * 86400LL, 30 * 86400, "1 month", "months"},
        {INT64_MAX, 365 * 86400, "1 year", "years"},
    };
    if (seconds < 1)
        return snprintf(out, CLOCK_TEXT, "Less than a second ago"), out;
    size_t i = 0;
    while (seconds >= steps[i].below)
        i++;
    int64_t count = seconds / steps[i].unit;
    if (count <= 1)
        snprintf(out, CLOCK_TEXT, "%s ago", steps[i].one);
    else
        snprintf(out, CLOCK_TEXT, "%lld %s ago", (long long)count, steps[i].many);
    return out;
}
