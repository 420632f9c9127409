/* FastCDC: cutting content into chunks at places that the content itself decides. */
#include "refit/store.h"

#include <pthread.h>

#include "refit/base/digest.h"

/*
 * W. Xia et al., "FastCDC: a Fast and Efficient Content-Defined Chunking Approach for Data Deduplication" (USENIX ATC
 * 2016): a gear hash, no cut before CHUNK_MIN, and normalised chunking at level 2, that is a mask of two bits more
 * before the average size is reached and of two bits fewer after it, which keeps the sizes near the average.
 * The top bits are tested: they depend on the most bytes, the last 64.
 */
#define AVERAGE_BITS 18
#define MASK_OF(bits) (((1ull << (bits)) - 1) << (64 - (bits)))

_Static_assert(CHUNK_AVERAGE == 1u << AVERAGE_BITS, "the masks are made for the average");

/* The one table of the program that is not constant at compile time: made once, from nothing but the byte values, so
 * that two programs cut alike. chunk_cut() has no place for a context. */
static uint64_t gear[256];
static pthread_once_t gear_once = PTHREAD_ONCE_INIT;

static void make_gear(void)
{
    for (unsigned i = 0; i < 256; i++) {
        const uint8_t seed[] = {'r', 'e', 'f', 'i', 't', ' ', 'g', 'e', 'a', 'r', (uint8_t)i};
        gear[i] = hash64(seed, sizeof seed);
    }
}

/* The first place in [from, to) after which the hash has no bit of the mask; `to` if there is none. */
static size_t scan(const uint8_t *bytes, size_t from, size_t to, uint64_t mask, uint64_t *hash)
{
    uint64_t h = *hash;
    for (; from < to; from++) {
        h = (h << 1) + gear[bytes[from]];
        if ((h & mask) == 0)
            break;
    }
    *hash = h;
    return from;
}

size_t chunk_cut(const uint8_t *bytes, size_t len)
{
    if (len <= CHUNK_MIN)
        return len;
    pthread_once(&gear_once, make_gear);
    size_t end = len < CHUNK_MAX ? len : CHUNK_MAX;
    size_t middle = end < CHUNK_AVERAGE ? end : CHUNK_AVERAGE;
    uint64_t hash = 0;
    size_t cut = scan(bytes, CHUNK_MIN, middle, MASK_OF(AVERAGE_BITS + 2), &hash);
    if (cut == middle)
        cut = scan(bytes, middle, end, MASK_OF(AVERAGE_BITS - 2), &hash);
    return cut < end ? cut + 1 : end;
}
