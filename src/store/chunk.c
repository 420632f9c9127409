/* Cutting content into chunks at places that the content itself decides. */
#include "store/store.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

/*
 * The frame is FastCDC's (W. Xia et al., "FastCDC: a Fast and Efficient Content-Defined Chunking Approach for Data
 * Deduplication", USENIX ATC 2016): no cut before CHUNK_MIN, and normalised chunking at level 2, that is a condition
 * four times stricter than the average asks for before it is reached and four times looser after it, which keeps the
 * sizes near it.
 *
 * The hash of a place is that of the WINDOW bytes that end there, as with FastCDC's gear hash, but made for vectors:
 * the gear hash takes byte after byte, each waiting for the last, and took half of the time of storing. Here no place
 * waits for its neighbour. With w(p) the little-endian word that ends at p, all modulo 2^32,
 *     a(p) = w(p) * FACTOR_A + w(p - 4) * FACTOR_B           8 bytes
 *     b(p) = a(p) + rotate(a(p - 8), 16)                    16 bytes
 *     c(p) = b(p) + rotate(b(p - 16), 8)                    32 bytes
 *     h(p) = c(p) + c(p - 32) * FACTOR_C                    64 bytes
 * and the top bits decide. Windows that are shorter, or that forget low bits as they move on, do for random bytes, but
 * not for tables of few values, whose rows look all alike: such a table was cut by CHUNK_MAX alone.
 */
#define WINDOW 64
#define FACTOR_A 0x9e3779b1u
#define FACTOR_B 0x85ebca77u
#define FACTOR_C 0xc2b2ae3du
#define BLOCK 128 /* places that are looked at before the question is asked */

#define LIMIT_OF(bits) (INT32_MAX - (1 << (32 - (bits)))) /* a hash is above it with a chance of 2^-bits */

_Static_assert(CHUNK_MIN >= WINDOW + 8 && CHUNK_MIN < CHUNK_AVERAGE, "there is a window before the first cut");

static uint32_t word_at(const uint8_t *bytes)
{
    return bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 | (uint32_t)bytes[3] << 24;
}

static uint32_t rotate(uint32_t word, unsigned bits)
{
    return word << bits | word >> (32 - bits);
}

/* What is known of the places behind, by their number. */
struct history {
    uint32_t a[8], b[16], c[32];
};

/* The hash of the window that ends at bytes[at]; that of every place before must have been asked for. */
static uint32_t hash_next(struct history *h, const uint8_t *bytes, size_t at)
{
    uint32_t a = word_at(bytes + at - 3) * FACTOR_A + word_at(bytes + at - 7) * FACTOR_B;
    uint32_t b = a + rotate(h->a[at % 8], 16);
    uint32_t c = b + rotate(h->b[at % 16], 8);
    uint32_t hash = c + h->c[at % 32] * FACTOR_C;
    h->a[at % 8] = a;
    h->b[at % 16] = b;
    h->c[at % 32] = c;
    return hash;
}

#if defined(__x86_64__)
/* The same for eight places at a time, and what is known of the 32 before. */
struct lanes {
    __m256i a, b[2], c[4];
};

/* The hashes of the eight places from `bytes` on, of which `i` is the number within 32. */
__attribute__((target("avx2"), always_inline)) static inline __m256i hash_lanes(struct lanes *h, const uint8_t *bytes,
                                                                                size_t i)
{
    /* The words that end at the eight places, and those that end four bytes before, of the bytes from bytes - 8 on. */
    const __m256i near = _mm256_setr_epi8(5, 6, 7, 8, 6, 7, 8, 9, 7, 8, 9, 10, 8, 9, 10, 11,
                                          9, 10, 11, 12, 10, 11, 12, 13, 11, 12, 13, 14, 12, 13, 14, 15);
    const __m256i far = _mm256_setr_epi8(1, 2, 3, 4, 2, 3, 4, 5, 3, 4, 5, 6, 4, 5, 6, 7,
                                         5, 6, 7, 8, 6, 7, 8, 9, 7, 8, 9, 10, 8, 9, 10, 11);
    const __m256i rotate16 = _mm256_setr_epi8(2, 3, 0, 1, 6, 7, 4, 5, 10, 11, 8, 9, 14, 15, 12, 13,
                                              2, 3, 0, 1, 6, 7, 4, 5, 10, 11, 8, 9, 14, 15, 12, 13);
    const __m256i rotate8 = _mm256_setr_epi8(3, 0, 1, 2, 7, 4, 5, 6, 11, 8, 9, 10, 15, 12, 13, 14,
                                             3, 0, 1, 2, 7, 4, 5, 6, 11, 8, 9, 10, 15, 12, 13, 14);
    __m256i all = _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)(const void *)(bytes - 8)));
    __m256i a = _mm256_add_epi32(_mm256_mullo_epi32(_mm256_shuffle_epi8(all, near), _mm256_set1_epi32((int)FACTOR_A)),
                                 _mm256_mullo_epi32(_mm256_shuffle_epi8(all, far), _mm256_set1_epi32((int)FACTOR_B)));
    __m256i b = _mm256_add_epi32(a, _mm256_shuffle_epi8(h->a, rotate16));
    __m256i c = _mm256_add_epi32(b, _mm256_shuffle_epi8(h->b[i / 8 % 2], rotate8));
    __m256i hash = _mm256_add_epi32(c, _mm256_mullo_epi32(h->c[i / 8], _mm256_set1_epi32((int)FACTOR_C)));
    h->a = a;
    h->b[i / 8 % 2] = b;
    h->c[i / 8] = c;
    return hash;
}

/* Passes over the blocks that have no hash above the limit; what is left has one, or is shorter than a block. */
__attribute__((target("avx2"))) static size_t skip_avx2(const uint8_t *bytes, size_t from, size_t to, int32_t limit)
{
    struct lanes h = {0};
    __m256i limits = _mm256_set1_epi32(limit);
    for (size_t at = from - WINDOW; at < from; at += 32)
        for (size_t i = 0; i < 32; i += 8)
            hash_lanes(&h, bytes + at + i, i);
    for (; to - from >= BLOCK; from += BLOCK) {
        __m256i above = _mm256_setzero_si256();
        for (size_t at = 0; at < BLOCK; at += 32)
#pragma GCC unroll 4 /* so that what is known of the places before stays in registers */
            for (size_t i = 0; i < 32; i += 8) {
                __m256i hash = hash_lanes(&h, bytes + from + at + i, i);
                above = _mm256_or_si256(above, _mm256_cmpgt_epi32(hash, limits));
            }
        if (!_mm256_testz_si256(above, above))
            break;
    }
    return from;
}
#endif

/* The first place in [from, to) whose hash is above the limit; `to` if there is none. */
static size_t scan(const uint8_t *bytes, size_t from, size_t to, int32_t limit, bool vectors)
{
#if defined(__x86_64__)
    if (vectors)
        from = skip_avx2(bytes, from, to, limit);
#else
    (void)vectors;
#endif
    struct history h = {0};
    for (size_t at = from - WINDOW; at < from; at++)
        hash_next(&h, bytes, at);
    while (from < to && (int32_t)hash_next(&h, bytes, from) <= limit)
        from++;
    return from;
}

static size_t cut(const uint8_t *bytes, size_t len, bool vectors)
{
    if (len <= CHUNK_MIN)
        return len;
    size_t end = len < CHUNK_MAX ? len : CHUNK_MAX;
    size_t middle = end < CHUNK_AVERAGE ? end : CHUNK_AVERAGE;
    size_t at = scan(bytes, CHUNK_MIN, middle, LIMIT_OF(CHUNK_AVERAGE_BITS + 2), vectors);
    if (at == middle)
        at = scan(bytes, middle, end, LIMIT_OF(CHUNK_AVERAGE_BITS - 2), vectors);
    return at < end ? at + 1 : end;
}

size_t chunk_cut(const uint8_t *bytes, size_t len)
{
#if defined(__x86_64__)
    return cut(bytes, len, __builtin_cpu_supports("avx2"));
#else
    return cut(bytes, len, false);
#endif
}

size_t chunk_cut_plain(const uint8_t *bytes, size_t len)
{
    return cut(bytes, len, false);
}
