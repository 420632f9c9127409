/* Text for a terminal: names and logs made harmless, durations and sizes for people. */
#include "report/report.h"

#include <inttypes.h>
#include <string.h>

size_t text_columns(struct str s)
{
    size_t columns = 0;
    for (size_t i = 0; i < s.len; i++)
        columns += ((unsigned char)s.ptr[i] & 0xc0) != 0x80;
    return columns;
}

void text_pad(struct buf *out, size_t have, size_t want)
{
    for (; have < want; have++)
        buf_char(out, ' ');
}

void text_colored(struct buf *out, bool color, const char *sgr, struct str word)
{
    bool paint = color && sgr != NULL;
    if (paint)
        buf_print(out, "\x1b[%sm", sgr);
    buf_str(out, word);
    if (paint)
        buf_str(out, STR("\x1b[0m"));
}

/* str_printable(), but the bytes in `literal` stay as they are. */
static void append_printable(struct buf *out, struct arena *scratch, struct str s, const char *literal)
{
    struct arena_mark mark = arena_get_mark(scratch);
    for (size_t at = 0; at < s.len;) {
        size_t end = at;
        while (end < s.len && (s.ptr[end] == '\0' || strchr(literal, s.ptr[end]) == NULL))
            end++;
        if (end > at)
            buf_str(out, str_printable(scratch, str_slice(s, at, end)));
        for (; end < s.len && s.ptr[end] != '\0' && strchr(literal, s.ptr[end]) != NULL; end++)
            buf_char(out, s.ptr[end]);
        at = end;
    }
    arena_rewind(scratch, mark);
}

void text_sentence(struct buf *out, struct arena *scratch, struct str s)
{
    append_printable(out, scratch, s, "\\");
}

/* The length of the escape sequence at the start of `s` (ECMA-48: CSI, or OSC up to BEL or ST); 0 = none. */
static size_t escape_length(struct str s)
{
    if (s.len < 2 || s.ptr[0] != '\x1b' || (s.ptr[1] != '[' && s.ptr[1] != ']'))
        return 0;
    bool csi = s.ptr[1] == '[';
    for (size_t i = 2; i < s.len; i++) {
        unsigned char c = (unsigned char)s.ptr[i];
        if (csi && c >= 0x40 && c <= 0x7e)
            return i + 1;
        if (csi && (c < 0x20 || c > 0x3f))
            return 0;
        if (!csi && c == '\a')
            return i + 1;
        if (!csi && c == '\\' && s.ptr[i - 1] == '\x1b')
            return i + 1;
    }
    return 0;
}

void text_log_line(struct buf *out, struct arena *scratch, struct str line)
{
    while (line.len > 0 && line.ptr[line.len - 1] == '\r')
        line.len--;
    for (ptrdiff_t at; (at = str_find(line, '\r')) >= 0;)
        line = str_slice(line, (size_t)at + 1, line.len);
    struct buf bare = {0};
    while (line.len > 0) {
        size_t skip = escape_length(line);
        if (skip == 0)
            buf_char(&bare, line.ptr[0]);
        line = str_slice(line, skip ? skip : 1, line.len);
    }
    append_printable(out, scratch, buf_view(&bare), "\\\t");
    buf_finish(&bare);
}

bool text_take_line(struct str *text, struct str *line)
{
    if (text->len == 0)
        return false;
    ptrdiff_t at = str_find(*text, '\n');
    size_t end = at < 0 ? text->len : (size_t)at;
    *line = str_slice(*text, 0, end);
    *text = str_slice(*text, at < 0 ? end : end + 1, text->len);
    return true;
}

void text_duration(struct buf *out, uint64_t ms)
{
    uint64_t s = ms / 1000;
    if (ms < 100)
        buf_print(out, "%" PRIu64 " ms", ms);
    else if (s < 60)
        buf_print(out, "%" PRIu64 ".%" PRIu64 " s", s, ms / 100 % 10);
    else if (s < 3600)
        buf_print(out, "%" PRIu64 "m %02" PRIu64 "s", s / 60, s % 60);
    else
        buf_print(out, "%" PRIu64 "h %02" PRIu64 "m", s / 3600, s / 60 % 60);
}

void text_clock(struct buf *out, uint64_t ms)
{
    uint64_t s = ms / 1000;
    if (s >= 3600)
        buf_print(out, "%" PRIu64 ":", s / 3600);
    buf_print(out, "%02" PRIu64 ":%02" PRIu64, s / 60 % 60, s % 60);
}

static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};

static unsigned unit_of(uint64_t bytes)
{
    unsigned unit = 0;
    for (; bytes >= 1024; bytes /= 1024)
        unit++;
    return unit;
}

static void append_amount(struct buf *out, uint64_t bytes, unsigned unit, uint64_t of)
{
    double amount = (double)bytes / (double)(UINT64_C(1) << (10 * unit));
    bool decimals = unit > 0 && of >> (10 * unit) < 100;
    buf_print(out, decimals ? "%.1f" : "%.0f", amount);
}

void text_bytes_of(struct buf *out, uint64_t done, uint64_t total)
{
    unsigned unit = unit_of(total);
    append_amount(out, done, unit, total);
    buf_str(out, STR(" of "));
    append_amount(out, total, unit, total);
    buf_print(out, " %s", units[unit]);
}

void text_bytes(struct buf *out, uint64_t bytes)
{
    unsigned unit = unit_of(bytes);
    append_amount(out, bytes, unit, bytes);
    buf_print(out, " %s", units[unit]);
}
