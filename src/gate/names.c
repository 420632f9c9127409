/* Names, digests and times as approvals have them. */
#include "gate/gate.h"

#include <string.h>
#include <time.h>

bool gate_names_have(const struct gate_names *names, struct str name)
{
    for (uint32_t i = 0; i < names->count; i++)
        if (str_equal(names->items[i], name))
            return true;
    return false;
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

bool gate_same_principal(struct str a, struct str b)
{
    bool same = a.len == b.len;
    for (size_t i = 0; i < a.len && same; i++)
        same = lower(a.ptr[i]) == lower(b.ptr[i]);
    return same;
}

bool gate_is_hex(struct str text, size_t len)
{
    bool hex = text.len == len;
    for (size_t i = 0; i < len && hex; i++)
        hex = (text.ptr[i] >= '0' && text.ptr[i] <= '9') || (text.ptr[i] >= 'a' && text.ptr[i] <= 'f');
    return hex;
}

bool gate_is_name(struct str text)
{
    bool plain = text.len > 0 && text.len <= 200 && text.ptr[0] != '.' && text.ptr[0] != '-';
    for (size_t i = 0; i < text.len && plain; i++)
        plain = (unsigned char)text.ptr[i] > ' ' && text.ptr[i] != '/' && text.ptr[i] != 0x7f;
    return plain && str_is_utf8(text);
}

enum status gate_sha256(struct arena *arena, struct str bytes, struct str *hex, struct error *err)
{
    char text[SHA256_HEX + 1];
    enum status status = sha256_bytes(bytes.ptr, bytes.len, text, err);
    if (status == STATUS_OK)
        *hex = str_dup(arena, str_from(text));
    return status;
}

struct str gate_time_text(struct arena *arena, int64_t at_ms)
{
    time_t seconds = (time_t)(at_ms / 1000);
    struct tm utc;
    if (gmtime_r(&seconds, &utc) == NULL || utc.tm_year + 1900 > 9999)
        return STR("");
    return str_format(arena, "%04d-%02d-%02dT%02d:%02d:%02dZ", utc.tm_year + 1900, utc.tm_mon + 1, utc.tm_mday,
                      utc.tm_hour, utc.tm_min, utc.tm_sec);
}

/* The number in `len` digits; -1 if they are none. */
static int digits(struct str text, size_t from, size_t len)
{
    int number = 0;
    for (size_t i = from; i < from + len; i++) {
        if (text.ptr[i] < '0' || text.ptr[i] > '9')
            return -1;
        number = number * 10 + (text.ptr[i] - '0');
    }
    return number;
}

bool gate_time_parse(struct str text, int64_t *at_ms)
{
    static const char form[] = "0000-00-00T00:00:00Z";
    if (text.len != sizeof form - 1)
        return false;
    for (size_t i = 0; i < text.len; i++)
        if (form[i] != '0' && form[i] != text.ptr[i])
            return false;
    int year = digits(text, 0, 4), month = digits(text, 5, 2), day = digits(text, 8, 2);
    int hour = digits(text, 11, 2), minute = digits(text, 14, 2), second = digits(text, 17, 2);
    if (year < 1970 || month < 1 || month > 12 || day < 1 || day > 31 || hour < 0 || hour > 23 || minute < 0 ||
        minute > 59 || second < 0 || second > 59)
        return false;
    struct tm utc = {.tm_year = year - 1900, .tm_mon = month - 1, .tm_mday = day, .tm_hour = hour, .tm_min = minute,
                     .tm_sec = second};
    *at_ms = (int64_t)timegm(&utc) * 1000;
    return utc.tm_mday == day; /* there is no 31 June */
}
