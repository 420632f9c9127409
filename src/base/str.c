/* Strings with a length: comparing, copying, making them printable, finding the nearest. */
#include "refit/base/str.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct str str_from(const char *terminated)
{
    return terminated ? (struct str){terminated, strlen(terminated)} : STR("");
}

bool str_equal(struct str a, struct str b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

bool str_is(struct str a, const char *terminated)
{
    return str_equal(a, str_from(terminated));
}

int str_compare(struct str a, struct str b)
{
    size_t shorter = a.len < b.len ? a.len : b.len;
    int order = shorter ? memcmp(a.ptr, b.ptr, shorter) : 0;
    return order ? order : (a.len > b.len) - (a.len < b.len);
}

bool str_starts(struct str s, struct str prefix)
{
    return s.len >= prefix.len && str_equal(str_slice(s, 0, prefix.len), prefix);
}

bool str_ends(struct str s, struct str suffix)
{
    return s.len >= suffix.len && str_equal(str_slice(s, s.len - suffix.len, s.len), suffix);
}

ptrdiff_t str_find(struct str s, char c)
{
    const char *at = s.len ? memchr(s.ptr, c, s.len) : NULL;
    return at ? at - s.ptr : -1;
}

struct str str_slice(struct str s, size_t from, size_t to)
{
    return (struct str){from > 0 ? s.ptr + from : s.ptr, to - from}; /* not NULL + 0 */
}

struct str str_trim(struct str s)
{
    while (s.len > 0 && strchr(" \t\r\n", s.ptr[0]) != NULL && s.ptr[0] != '\0')
        s = str_slice(s, 1, s.len);
    while (s.len > 0 && strchr(" \t\r\n", s.ptr[s.len - 1]) != NULL && s.ptr[s.len - 1] != '\0')
        s.len--;
    return s;
}

struct str str_dup(struct arena *arena, struct str s)
{
    char *copy = arena_alloc(arena, s.len + 1, 1);
    if (s.len != 0)
        memcpy(copy, s.ptr, s.len);
    return (struct str){copy, s.len};
}

struct str str_format(struct arena *arena, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    va_list again;
    va_copy(again, args);
    int len = vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (len < 0)
        len = 0;
    char *text = arena_alloc(arena, (size_t)len + 1, 1);
    vsnprintf(text, (size_t)len + 1, format, again);
    va_end(again);
    return (struct str){text, (size_t)len};
}

const char *str_terminated(struct arena *arena, struct str s)
{
    return str_dup(arena, s).ptr;
}

/* The length of the UTF-8 sequence at the start of `s`, or 0 if it is none (RFC 3629, table 3-7 of Unicode). */
static size_t utf8_length(struct str s)
{
    const unsigned char *p = (const unsigned char *)s.ptr;
    if (p[0] < 0x80)
        return 1;
    size_t len = p[0] >= 0xf0 && p[0] <= 0xf4 ? 4 : p[0] >= 0xe0 ? 3 : p[0] >= 0xc2 ? 2 : 0;
    if (p[0] > 0xf4 || len == 0 || s.len < len)
        return 0;
    unsigned low = p[0] == 0xe0 ? 0xa0 : p[0] == 0xf0 ? 0x90 : 0x80;
    unsigned high = p[0] == 0xed ? 0x9f : p[0] == 0xf4 ? 0x8f : 0xbf;
    if (p[1] < low || p[1] > high)
        return 0;
    for (size_t i = 2; i < len; i++)
        if ((p[i] & 0xc0) != 0x80)
            return 0;
    return len;
}

bool str_is_utf8(struct str s)
{
    while (s.len > 0) {
        size_t len = utf8_length(s);
        if (len == 0)
            return false;
        s = str_slice(s, len, s.len);
    }
    return true;
}

struct str str_printable(struct arena *arena, struct str s)
{
    struct buf out = {0};
    while (s.len > 0) {
        size_t len = utf8_length(s);
        unsigned char c = (unsigned char)s.ptr[0];
        if (len == 0 || (len == 1 && (c < 0x20 || c == 0x7f) && c != '\n' && c != '\t'))
            buf_print(&out, "\\x%02x", c);
        else if (c == '\n' || c == '\t' || c == '\\')
            buf_print(&out, "\\%c", c == '\n' ? 'n' : c == '\t' ? 't' : '\\');
        else
            buf_append(&out, s.ptr, len);
        s = str_slice(s, len ? len : 1, s.len);
    }
    struct str result = str_dup(arena, buf_view(&out));
    buf_finish(&out);
    return result;
}

static unsigned least(unsigned a, unsigned b)
{
    return a < b ? a : b;
}

unsigned str_distance(struct str a, struct str b, unsigned max)
{
    enum { LIMIT = 64 };
    size_t difference = a.len > b.len ? a.len - b.len : b.len - a.len;
    if (a.len >= LIMIT || b.len >= LIMIT || difference > max)
        return max + 1;
    unsigned rows[3][LIMIT];
    for (size_t j = 0; j <= b.len; j++)
        rows[0][j] = (unsigned)j;
    for (size_t i = 1; i <= a.len; i++) {
        unsigned *now = rows[i % 3], *last = rows[(i + 2) % 3], *before = rows[(i + 1) % 3];
        now[0] = (unsigned)i;
        for (size_t j = 1; j <= b.len; j++) {
            unsigned cost = a.ptr[i - 1] != b.ptr[j - 1];
            now[j] = least(least(last[j] + 1, now[j - 1] + 1), last[j - 1] + cost);
            if (i > 1 && j > 1 && a.ptr[i - 1] == b.ptr[j - 2] && a.ptr[i - 2] == b.ptr[j - 1])
                now[j] = least(now[j], before[j - 2] + 1);
        }
    }
    return least(rows[a.len % 3][b.len], max + 1);
}

const struct str *str_nearest(struct str word, const struct str *candidates, size_t count)
{
    unsigned limit = word.len < 4 ? 1 : word.len < 8 ? 2 : 3;
    const struct str *best = NULL;
    for (size_t i = 0; i < count; i++) {
        unsigned distance = str_distance(word, candidates[i], limit);
        if (distance <= limit && distance < candidates[i].len) {
            best = &candidates[i];
            if (distance == 0)
                break;
            limit = distance - 1;
        }
    }
    return best;
}
