/* Exact sums: every double is an integer times 2^-1074, which is added to a wide integer. */
#include "check/exact_sum.h"

#include <math.h>
#include <string.h>

enum { LIMB_BITS = 32, MANTISSA_BITS = 52, PENDING_MAX = 1 << 29 };

static void carry(struct exact_sum *s)
{
    for (int i = 0; i + 1 < EXACT_LIMBS; i++) {
        int64_t over = s->limbs[i] >> LIMB_BITS; /* rounds down, so what stays is not negative */
        s->limbs[i] -= over * ((int64_t)1 << LIMB_BITS);
        s->limbs[i + 1] += over;
    }
    s->pending = 0;
}

void exact_add(struct exact_sum *s, double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    unsigned exponent = bits >> MANTISSA_BITS & 0x7ff;
    uint64_t mantissa = bits & (((uint64_t)1 << MANTISSA_BITS) - 1);
    bool negative = bits >> 63;
    if (exponent == 0x7ff) {
        s->nan |= mantissa != 0;
        s->plus |= mantissa == 0 && !negative;
        s->minus |= mantissa == 0 && negative;
        return;
    }
    if (exponent > 0)
        mantissa |= (uint64_t)1 << MANTISSA_BITS;
    unsigned shift = exponent > 0 ? exponent - 1 : 0, limb = shift / LIMB_BITS;
    unsigned __int128 wide = (unsigned __int128)mantissa << shift % LIMB_BITS;
    int64_t parts[3] = {(int64_t)(wide & 0xffffffff), (int64_t)(wide >> 32 & 0xffffffff), (int64_t)(wide >> 64)};
    for (unsigned i = 0; i < 3; i++)
        s->limbs[limb + i] += negative ? -parts[i] : parts[i];
    if (++s->pending == PENDING_MAX)
        carry(s);
}

void exact_add_square(struct exact_sum *s, double value)
{
    double square = value * value;
    exact_add(s, square);
    if (isfinite(square))
        exact_add(s, fma(value, value, -square));
}

/* The nearest double of a sum that has its carries, ties to even. */
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
    carry(s);
    struct exact_pair pair = {nearest(s), 0};
    if (isfinite(pair.high)) {
        struct exact_sum rest = *s;
        exact_add(&rest, -pair.high);
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
