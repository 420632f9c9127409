/* Moments as people write them: a date, a date and a time, or how long ago. */
#include <string.h>
#include <time.h>

#include "cli/past.h"
#include "refit/base/fs.h"

/* Local time, as everything that people are shown. `rest` is what is behind it. */
static bool parse_date(const char *text, const char *format, struct tm *out, const char **rest)
{
    *out = (struct tm){.tm_isdst = -1};
    *rest = strptime(text, format, out);
    return *rest != NULL;
}

enum status past_when(const char *option, const char *text, bool end, int64_t *out, struct error *err)
{
    static const struct {
        const char *format;
        int seconds; /* that it stands for */
    } formats[] = {{"%Y-%m-%dT%H:%M:%S", 1}, {"%Y-%m-%d %H:%M:%S", 1}, {"%Y-%m-%dT%H:%M", 60},
                   {"%Y-%m-%d %H:%M", 60},   {"%Y-%m-%d", 0}};
    struct tm tm;
    const char *rest;
    uint64_t ago_ms;
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++) {
        if (!parse_date(text, formats[i].format, &tm, &rest) || *rest != '\0')
            continue;
        if (end && formats[i].seconds == 0)
            tm.tm_mday++; /* a day need not have 24 hours */
        else if (end)
            tm.tm_sec += formats[i].seconds;
        *out = (int64_t)mktime(&tm) * 1000 - end;
        return STATUS_OK;
    }
    if (parse_duration_ms(str_from(text), &ago_ms) && ago_ms < INT64_MAX / 2) {
        *out = clock_wall_ms() - (int64_t)ago_ms;
        return STATUS_OK;
    }
    return error_set(err, STATUS_USAGE, "%s %s is no time; write one such as 2026-11-05, 2026-11-05T14:30, or 3d for "
                     "three days ago", option, text);
}
