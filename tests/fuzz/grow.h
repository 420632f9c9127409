/* Long content from short inputs: a fuzzer's input is a program of pieces. For the drivers whose subject begins to do
 * something at sizes that no fuzzer reaches byte by byte. */
#ifndef REFIT_TESTS_GROW_H
#define REFIT_TESTS_GROW_H

#include <string.h>

#include "refit/base/str.h"

/* Pieces: bytes as they are, one byte again and again, noise, what came before. Ends at `max` bytes. */
static inline void grow(struct reader *r, struct buf *out, size_t max)
{
    while (!r->bad && r->ptr < r->end && out->len < max) {
        uint8_t kind = reader_u8(r);
        size_t unit = (size_t[]){1, 64, 4096, 65536}[kind >> 2 & 3], len = (1 + reader_u8(r)) * unit;
        len = len < max - out->len ? len : max - out->len;
        size_t from = out->len;
        buf_reserve(out, len + 1);
        char *to = out->ptr + from;
        if (kind % 4 == 0) {
            size_t left = (size_t)(r->end - r->ptr);
            len = len < left ? len : left;
            memcpy(to, r->ptr, len);
            r->ptr += len;
        } else if (kind % 4 == 1) {
            memset(to, reader_u8(r), len);
        } else if (kind % 4 == 2) {
            uint64_t x = reader_u8(r) + 1u;
            for (size_t i = 0; i < len; i++) {
                x = x * 6364136223846793005u + 1442695040888963407u;
                to[i] = (char)(x >> 56);
            }
        } else {
            size_t back = from > 0 ? 1 + reader_u32(r) % from : 0;
            len = back > 0 ? len : 0;
            for (size_t i = 0; i < len; i++)
                to[i] = to[(ptrdiff_t)i - (ptrdiff_t)back];
        }
        out->len += len;
    }
}

#endif
