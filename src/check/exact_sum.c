/* Exact sums: every double is an integer times 2^-1074, which is added to a wide integer. */
#include "check/exact_sum.h"

#include <math.h>
#include <string.h>

enum { LIMB_BITS = 32, MANTISSA_BITS = 52, EXPONENT_MAX = 0x7ff, PENDING_MAX = 1 << 29 };
enum { BINNED_MAX = 1 << (64 - MANTISSA_BITS - 1) }; /* so many mantissas fit into 64 bits */

static void carry(struct exact_sum *s)
{
    for (int i = 0; i + 1 < EXACT_LIMBS; i++) {
        int64_t over = s->limbs[i] >> LIMB_BITS; /* rounds down, so what stays is not negative */
        s->limbs[i] -= over * ((int64_t)1 << LIMB_BITS);
        s->limbs[i + 1] += over;
    }
    s->pending = 0;
}

static void empty_bin(struct exact_sum *s, unsigned place)
{
    unsigned exponent = s->keys[place] & EXPONENT_MAX, shift = exponent > 0 ? exponent - 1 : 0;
    unsigned limb = shift / LIMB_BITS;
    bool negative = s->keys[place] > EXPONENT_MAX;
    unsigned __int128 wide = (unsigned __int128)s->bins[place] << shift % LIMB_BITS;
    int64_t parts[3] = {(int64_t)(wide & 0xffffffff), (int64_t)(wide >> 32 & 0xffffffff), (int64_t)(wide >> 64)};
    for (unsigned i = 0; i < 3; i++)
        s->limbs[limb + i] += negative ? -parts[i] : parts[i];
    s->bins[place] = 0;
    if (++s->pending == PENDING_MAX)
        carry(s);
}

static void empty_bins(struct exact_sum *s)
{
    for (unsigned i = 0; i < EXACT_BINS; i++)
        if (s->bins[i] != 0)
            empty_bin(s, i);
    s->binned = 0;
}

static void add_special(struct exact_sum *s, bool is_nan, bool negative)
{
    s->nan |= is_nan;
    s->plus |= !is_nan && !negative;
    s->minus |= !is_nan && negative;
}

void exact_add(struct exact_sum *s, double value)
{
    uint64_t bits, one = (uint64_t)1 << MANTISSA_BITS;
    memcpy(&bits, &value, sizeof bits);
    unsigned key = (unsigned)(bits >> MANTISSA_BITS), exponent = key & EXPONENT_MAX;
    unsigned place = (key ^ key >> 6) % EXACT_BINS; /* the sign counts, too */
    if (s->keys[place] != key) {
        if (exponent == EXPONENT_MAX) {
            add_special(s, (bits & (one - 1)) != 0, key > EXPONENT_MAX);
            return;
        }
        empty_bin(s, place);
        s->keys[place] = (uint16_t)key;
    }
    s->bins[place] += (bits & (one - 1)) | (exponent > 0 ? one : 0);
    if (++s->binned == BINNED_MAX)
        empty_bins(s);
}

void exact_add_square(struct exact_sum *s, double value)
{
    double square = value * value;
    exact_add(s, square);
    if (isfinite(square))
        exact_add(s, fma(value, value, -square));
}

/* The nearest double of the limbs, which have their carries; ties to even. */
static double nearest(const struct exact_sum *sum)
{
    struct exact_sum s = *sum;
    bool negative = s.limbs[EXACT_LIMBS - 1] < 0;
    for (int i = 0; negative && i < EXACT_LIMBS; i++)
        s.limbs[i] = -s.limbs[i];
    carry(&s);
    int top = EXACT_LIMBS - 1;
    while (top > 0 && s.limbs[top] == 0)
        top--;
    unsigned __int128 wide = 0; /* the upper limbs, and whether anything is below */
    int lowest = top >= 2 ? top - 2 : 0;
    for (int i = top; i >= lowest; i--)
        wide = wide << LIMB_BITS | (uint32_t)s.limbs[i];
    uint64_t below = 0;
    for (int i = 0; i < lowest; i++)
        below |= (uint64_t)s.limbs[i];
    int extra = -(MANTISSA_BITS + 1); /* bits beyond those of a mantissa */
    for (unsigned __int128 rest = wide; rest != 0; rest >>= 1)
        extra++;
    uint64_t kept = (uint64_t)wide;
    if (extra > 0) {
        unsigned __int128 half = (unsigned __int128)1 << (extra - 1), rest = wide & (half * 2 - 1);
        kept = (uint64_t)(wide >> extra);
        kept += rest > half || (rest == half && (below != 0 || (kept & 1)));
    }
    double value = ldexp((double)kept, (extra > 0 ? extra : 0) + lowest * LIMB_BITS - 1074);
    return negative ? -value : value;
}

struct exact_pair exact_get(struct exact_sum *s)
{
    if (s->nan || (s->plus && s->minus))
        return (struct exact_pair){(double)NAN, 0};
    if (s->plus || s->minus)
        return (struct exact_pair){s->plus ? (double)INFINITY : -(double)INFINITY, 0};
    empty_bins(s);
    carry(s);
    struct exact_pair pair = {nearest(s), 0};
    if (isfinite(pair.high)) {
        struct exact_sum rest = *s;
        exact_add(&rest, -pair.high);
        empty_bins(&rest);
        carry(&rest);
        pair.low = nearest(&rest);
    }
    return pair;
}

/* Products and differences of pairs: Dekker, A floating-point technique for extending the available precision (1971).
   */
static struct exact_pair two_sum(double a, double b)
{
    double sum = a + b, part = sum - a;
    return (struct exact_pair){sum, (a - (sum - part)) + (b - part)};
}

static struct exact_pair multiply(struct exact_pair a, struct exact_pair b)
{
    double high = a.high * b.high;
    return two_sum(high, fma(a.high, b.high, -high) + (a.high * b.low + a.low * b.high));
}

double exact_deviation(struct exact_pair sum, struct exact_pair squares, uint64_t n)
{
    if (n < 2)
        return (double)NAN;
    struct exact_pair all = {(double)n, 0};
    struct exact_pair a = multiply(all, squares), b = multiply(sum, sum);
    struct exact_pair difference = two_sum(a.high, -b.high);
    double spread = difference.high + (difference.low + (a.low - b.low));
    if (isnan(spread))
        return spread;
    return sqrt((spread > 0 ? spread : 0) / (double)n / (double)(n - 1));
}
