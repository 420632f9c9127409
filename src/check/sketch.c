/* Sketches. */
#include "check/sketch.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "refit/base/arena.h"

enum { STEPS = 1 << SKETCH_STEP_BITS, STEP_SHIFT = 52 - SKETCH_STEP_BITS };

/* Doubles in ascending order as integers. */
static uint64_t order_of(double value)
{
    uint64_t bits;
    value += 0.0; /* -0 is 0 */
    memcpy(&bits, &value, sizeof bits);
    return bits >> 63 ? ~bits : bits | (uint64_t)1 << 63;
}

void quantile_add(struct quantile_sketch *s, double value)
{
    if (isnan(value))
        return;
    uint64_t order = order_of(value), page = order >> 52;
    if (s->pages[page] == NULL)
        s->pages[page] = mem_alloc(STEPS * sizeof *s->pages[page]);
    s->pages[page][order >> STEP_SHIFT & (STEPS - 1)]++;
    s->count++;
}

static double value_of(uint64_t page, uint64_t step)
{
    uint64_t order = page << 52 | step << STEP_SHIFT;
    if (order >> 63) {
        order &= ~((uint64_t)1 << 63);
    } else {
        order |= ((uint64_t)1 << STEP_SHIFT) - 1; /* the edge that is nearer to zero */
        order = ~order;
    }
    double value;
    memcpy(&value, &order, sizeof value);
    return value;
}

double quantile_get(const struct quantile_sketch *s, double q)
{
    if (s->count == 0)
        return (double)NAN;
    double wanted = ceil(q * (double)s->count);
    uint64_t rank = wanted < 1 ? 1 : (uint64_t)wanted, seen = 0;
    rank = rank < s->count ? rank : s->count;
    for (uint64_t page = 0; page < SKETCH_PAGES; page++)
        for (uint64_t step = 0; s->pages[page] != NULL && step < STEPS; step++) {
            seen += s->pages[page][step];
            if (seen >= rank)
                return value_of(page, step);
        }
    return (double)NAN;
}

void quantile_each(const struct quantile_sketch *s, void (*each)(void *ctx, double value, uint64_t count), void *ctx)
{
    for (uint64_t page = 0; page < SKETCH_PAGES; page++)
        for (uint64_t step = 0; s->pages[page] != NULL && step < STEPS; step++)
            if (s->pages[page][step] > 0)
                each(ctx, value_of(page, step), s->pages[page][step]);
}

void quantile_finish(struct quantile_sketch *s)
{
    for (int i = 0; i < SKETCH_PAGES; i++)
        free(s->pages[i]);
}

/* ---- distinct ---- */

enum { TABLE_PLACES = 2 * DISTINCT_EXACT, REGISTERS = 1 << DISTINCT_BITS, RANK_MAX = 64 - DISTINCT_BITS };

static void add_exact(struct distinct_sketch *s, uint64_t hash)
{
    if (hash == 0) {
        s->zero = true;
        return;
    }
    if (s->hash_count > DISTINCT_EXACT)
        return;
    if (s->hashes == NULL)
        s->hashes = mem_alloc(TABLE_PLACES * sizeof *s->hashes);
    uint64_t place = hash & (TABLE_PLACES - 1);
    while (s->hashes[place] != 0 && s->hashes[place] != hash)
        place = (place + 1) & (TABLE_PLACES - 1);
    s->hash_count += s->hashes[place] == 0;
    s->hashes[place] = hash;
}

void distinct_add(struct distinct_sketch *s, uint64_t hash)
{
    add_exact(s, hash);
    uint64_t rest = hash << DISTINCT_BITS;
    uint8_t rank = rest == 0 ? RANK_MAX + 1 : (uint8_t)(__builtin_clzll(rest) + 1);
    uint8_t *place = &s->registers[hash >> RANK_MAX];
    *place = *place > rank ? *place : rank;
}

static double sigma(double x)
{
    if (x == 1)
        return (double)INFINITY;
    double y = 1, z = x, before;
    do {
        x *= x;
        before = z;
        z += x * y;
        y += y;
    } while (z != before);
    return z;
}

static double tau(double x)
{
    if (x == 0 || x == 1)
        return 0;
    double y = 1, z = 1 - x, before;
    do {
        x = sqrt(x);
        before = z;
        y *= 0.5;
        z -= (1 - x) * (1 - x) * y;
    } while (z != before);
    return z / 3;
}

/* Ertl, New cardinality estimation algorithms for HyperLogLog sketches (2017), algorithm 6. */
static double estimate(const struct distinct_sketch *s)
{
    static const double half_over_log2 = 0.72134752044448170368;
    uint32_t counts[RANK_MAX + 2] = {0};
    for (int i = 0; i < REGISTERS; i++)
        counts[s->registers[i]]++;
    double m = REGISTERS, z = m * tau(1 - counts[RANK_MAX + 1] / m);
    for (int rank = RANK_MAX; rank >= 1; rank--)
        z = 0.5 * (z + counts[rank]);
    z += m * sigma(counts[0] / m);
    return half_over_log2 * m * m / z;
}

uint64_t distinct_get(const struct distinct_sketch *s, bool *exact)
{
    *exact = s->hash_count + s->zero <= DISTINCT_EXACT;
    return *exact ? s->hash_count + s->zero : (uint64_t)(estimate(s) + 0.5);
}

void distinct_finish(struct distinct_sketch *s)
{
    free(s->hashes);
}
