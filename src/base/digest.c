/* XXH3 behind our own types. */
#include "refit/base/digest.h"

#include <string.h>

/* The library's plain functions stay with what every processor has, and hash half as fast as those that pick the widest
 * instructions (configure.py looks whether it has them). */
#ifdef HAS_XXH_DISPATCH
#include <xxh_x86dispatch.h>
#else
#include <xxhash.h>
#endif

_Static_assert(sizeof(XXH128_canonical_t) == DIGEST_SIZE, "a digest is xxHash's canonical form");

static struct digest canonical(XXH128_hash_t hash)
{
    XXH128_canonical_t bytes;
    XXH128_canonicalFromHash(&bytes, hash);
    struct digest d;
    memcpy(d.bytes, bytes.digest, DIGEST_SIZE);
    return d;
}

struct digest digest_of(const void *bytes, size_t len)
{
    return canonical(XXH3_128bits(len ? bytes : "", len));
}

bool digest_equal(struct digest a, struct digest b)
{
    return memcmp(a.bytes, b.bytes, DIGEST_SIZE) == 0;
}

struct digest digest_bound(struct digest digest, struct digest name)
{
    for (unsigned i = 0; i < DIGEST_SIZE; i++)
        digest.bytes[i] ^= name.bytes[i];
    return digest;
}

struct digest reader_digest(struct reader *r)
{
    struct digest digest = {{0}};
    const void *bytes = reader_bytes(r, DIGEST_SIZE);
    if (bytes != NULL)
        memcpy(digest.bytes, bytes, DIGEST_SIZE);
    return digest;
}

bool digest_is_zero(struct digest a)
{
    return digest_equal(a, (struct digest){{0}});
}

int digest_compare(const struct digest *a, const struct digest *b)
{
    return memcmp(a->bytes, b->bytes, DIGEST_SIZE);
}

const char *digest_hex(struct digest d, char out[DIGEST_HEX + 1])
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < DIGEST_SIZE; i++) {
        out[2 * i] = digits[d.bytes[i] >> 4];
        out[2 * i + 1] = digits[d.bytes[i] & 15];
    }
    out[DIGEST_HEX] = '\0';
    return out;
}

static int nibble(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool digest_parse(struct str hex, struct digest *out)
{
    if (hex.len != DIGEST_HEX)
        return false;
    for (size_t i = 0; i < DIGEST_SIZE; i++) {
        int high = nibble(hex.ptr[2 * i]), low = nibble(hex.ptr[2 * i + 1]);
        if (high < 0 || low < 0)
            return false;
        out->bytes[i] = (uint8_t)(high << 4 | low);
    }
    return true;
}

struct hasher *hasher_create(void)
{
    XXH3_state_t *state = XXH3_createState();
    if (state == NULL)
        return mem_alloc(SIZE_MAX / 2); /* aborts, as any allocation that fails */
    XXH3_128bits_reset(state);
    return (struct hasher *)state;
}

void hasher_destroy(struct hasher *h)
{
    XXH3_freeState((XXH3_state_t *)h);
}

void hasher_reset(struct hasher *h)
{
    XXH3_128bits_reset((XXH3_state_t *)h);
}

void hasher_update(struct hasher *h, const void *bytes, size_t len)
{
    if (len != 0)
        XXH3_128bits_update((XXH3_state_t *)h, bytes, len);
}

struct digest hasher_digest(const struct hasher *h)
{
    return canonical(XXH3_128bits_digest((const XXH3_state_t *)h));
}

uint64_t hash64(const void *bytes, size_t len)
{
    return XXH3_64bits(len ? bytes : "", len);
}
