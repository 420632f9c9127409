/*
 * Strings with a length, and buffers that grow.
 *
 * `struct str` points at bytes owned by someone else (an arena, a buffer, a literal) and is not terminated unless a
 * function says so. `struct buf` owns its bytes and keeps a NUL after them, so buf.ptr is also a C string whenever
 * anything was appended.
 */
#ifndef REFIT_BASE_STR_H
#define REFIT_BASE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "refit/base/arena.h"

struct str {
    const char *ptr;
    size_t len;
};

#define STR(literal) ((struct str){"" literal, sizeof(literal) - 1})
#define STR_FMT "%.*s"
#define STR_ARG(s) (int)(s).len, (s).ptr

struct str str_from(const char *terminated); /* NULL gives the empty string */
bool str_equal(struct str a, struct str b);
bool str_is(struct str a, const char *terminated);
int str_compare(struct str a, struct str b); /* bytes, as unsigned; a prefix is less */
bool str_starts(struct str s, struct str prefix);
bool str_ends(struct str s, struct str suffix);
ptrdiff_t str_find(struct str s, char c); /* index of the first, or -1 */
struct str str_slice(struct str s, size_t from, size_t to);
struct str str_trim(struct str s); /* white space at both ends */

/* Copies into an arena, always NUL-terminated after len bytes. */
struct str str_dup(struct arena *arena, struct str s);
struct str str_format(struct arena *arena, const char *format, ...) __attribute__((format(printf, 2, 3)));
const char *str_terminated(struct arena *arena, struct str s);

/* Is it valid UTF-8 (no surrogates, no overlong forms)? */
bool str_is_utf8(struct str s);

/* A printable form: control bytes, backslashes and bytes that are not UTF-8 as \n, \t, \\ or \xHH. */
struct str str_printable(struct arena *arena, struct str s);

/* Damerau-Levenshtein distance, capped at `max` + 1: for "did you mean". */
unsigned str_distance(struct str a, struct str b, unsigned max);

/* The nearest of `count` candidates, or NULL if none is near enough to be a typing error. */
const struct str *str_nearest(struct str word, const struct str *candidates, size_t count);

struct buf {
    char *ptr;
    size_t len, cap;
};

void buf_finish(struct buf *buf);
void buf_clear(struct buf *buf); /* keeps the memory */
void buf_reserve(struct buf *buf, size_t more);
void buf_append(struct buf *buf, const void *bytes, size_t len);
void buf_str(struct buf *buf, struct str s);
void buf_char(struct buf *buf, char c);
void buf_quoted(struct buf *buf, struct str s); /* as a word of the shell, in single quotes */
void buf_print(struct buf *buf, const char *format, ...) __attribute__((format(printf, 2, 3)));
struct str buf_view(const struct buf *buf);

/* Fixed-width little-endian integers and length-prefixed strings, for what is kept on disk. */
void buf_u8(struct buf *buf, uint8_t v);
void buf_u32(struct buf *buf, uint32_t v);
void buf_u64(struct buf *buf, uint64_t v);
void buf_lstr(struct buf *buf, struct str s); /* u32 length, then the bytes */

/* Reading them back. A read past the end sets `bad`, and gives zero or the empty string from then on. */
struct reader {
    const uint8_t *ptr, *end;
    bool bad;
};

struct reader reader_from(const void *bytes, size_t len);
uint8_t reader_u8(struct reader *r);
uint32_t reader_u32(struct reader *r);
uint64_t reader_u64(struct reader *r);
struct str reader_lstr(struct reader *r); /* points into the input */
const void *reader_bytes(struct reader *r, size_t len);
bool reader_done(const struct reader *r); /* everything read and nothing bad */

#endif
