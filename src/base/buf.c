/* Buffers that grow, and reading back what they hold. */
#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "refit/base/str.h"

void buf_finish(struct buf *buf)
{
    free(buf->ptr);
    *buf = (struct buf){0};
}

void buf_clear(struct buf *buf)
{
    buf->len = 0;
    if (buf->ptr != NULL)
        buf->ptr[0] = '\0';
}

void buf_reserve(struct buf *buf, size_t more)
{
    size_t need = buf->len + more + 1;
    if (need <= buf->cap)
        return;
    size_t cap = buf->cap ? buf->cap : 64;
    while (cap < need)
        cap = mem_product(cap, 2);
    buf->ptr = mem_resize(buf->ptr, cap);
    buf->cap = cap;
}

void buf_append(struct buf *buf, const void *bytes, size_t len)
{
    buf_reserve(buf, len);
    if (len != 0)
        memcpy(buf->ptr + buf->len, bytes, len);
    buf->len += len;
    buf->ptr[buf->len] = '\0';
}

void buf_str(struct buf *buf, struct str s)
{
    buf_append(buf, s.ptr, s.len);
}

void buf_quoted(struct buf *buf, struct str s)
{
    buf_char(buf, '\'');
    for (size_t i = 0; i < s.len; i++)
        if (s.ptr[i] == '\'')
            buf_str(buf, STR("'\\''"));
        else
            buf_char(buf, s.ptr[i]);
    buf_char(buf, '\'');
}

void buf_char(struct buf *buf, char c)
{
    buf_append(buf, &c, 1);
}

void buf_print(struct buf *buf, const char *format, ...)
{
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    int len = vsnprintf(NULL, 0, format, args);
    va_end(args);
    assert(len >= 0);
    buf_reserve(buf, (size_t)len);
    vsnprintf(buf->ptr + buf->len, (size_t)len + 1, format, again);
    va_end(again);
    buf->len += (size_t)len;
}

struct str buf_view(const struct buf *buf)
{
    return buf->ptr ? (struct str){buf->ptr, buf->len} : STR("");
}

void buf_u8(struct buf *buf, uint8_t v)
{
    buf_append(buf, &v, 1);
}

static void append_integer(struct buf *buf, uint64_t v, size_t size)
{
    uint8_t bytes[8];
    for (size_t i = 0; i < size; i++)
        bytes[i] = (uint8_t)(v >> (8 * i));
    buf_append(buf, bytes, size);
}

void buf_u32(struct buf *buf, uint32_t v)
{
    append_integer(buf, v, 4);
}

void buf_u64(struct buf *buf, uint64_t v)
{
    append_integer(buf, v, 8);
}

void buf_lstr(struct buf *buf, struct str s)
{
    assert(s.len <= UINT32_MAX);
    buf_u32(buf, (uint32_t)s.len);
    buf_str(buf, s);
}

struct reader reader_from(const void *bytes, size_t len)
{
    return (struct reader){bytes, len > 0 ? (const uint8_t *)bytes + len : bytes, false}; /* not NULL + 0 */
}

const void *reader_bytes(struct reader *r, size_t len)
{
    if (r->bad || (size_t)(r->end - r->ptr) < len) {
        r->bad = true;
        return NULL;
    }
    const void *bytes = r->ptr;
    r->ptr += len;
    return bytes;
}

static uint64_t read_integer(struct reader *r, size_t size)
{
    const uint8_t *bytes = reader_bytes(r, size);
    uint64_t v = 0;
    for (size_t i = 0; bytes != NULL && i < size; i++)
        v |= (uint64_t)bytes[i] << (8 * i);
    return v;
}

uint8_t reader_u8(struct reader *r)
{
    return (uint8_t)read_integer(r, 1);
}

uint32_t reader_u32(struct reader *r)
{
    return (uint32_t)read_integer(r, 4);
}

uint64_t reader_u64(struct reader *r)
{
    return read_integer(r, 8);
}

struct str reader_lstr(struct reader *r)
{
    uint32_t len = reader_u32(r);
    const char *bytes = reader_bytes(r, len);
    return bytes ? (struct str){bytes, len} : STR("");
}

bool reader_done(const struct reader *r)
{
    return !r->bad && r->ptr == r->end;
}
