/* Quantiles and distinct counts at bounded memory. Neither depends on the order of what is added. */
#ifndef CHECK_SKETCH_H
#define CHECK_SKETCH_H

#include <stdbool.h>
#include <stdint.h>

#include "refit/base/str.h"

/*
 * A histogram by the upper bits of doubles: 2^12 steps between a power of two and the next (as DDSketch has it,
 * Masson, Rim, Lee, VLDB 2019, with steps of equal width). Memory: 32 KiB for each power of two that there is.
 */
enum { SKETCH_STEP_BITS = 12, SKETCH_PAGES = 4096 };
struct quantile_sketch {
    uint64_t *pages[SKETCH_PAGES]; /* by sign and exponent, in ascending order of values */
    uint64_t count; /* without NaN */
};
void quantile_add(struct quantile_sketch *sketch, double value);
/* The smallest value that at least a share q of all are not above. NaN of nothing. */
double quantile_get(const struct quantile_sketch *sketch, double q);
/* Each step that has values: its edge, in ascending order, and how many there are. */
void quantile_each(const struct quantile_sketch *sketch, void (*each)(void *ctx, double value, uint64_t count),
                   void *ctx);
void quantile_finish(struct quantile_sketch *sketch);

/* Exact up to DISTINCT_EXACT different hashes; then HyperLogLog (Flajolet and others, 2007; Ertl's estimator of
   2017). */
enum { DISTINCT_EXACT = 4096, DISTINCT_BITS = 14 };
struct distinct_sketch {
    uint64_t *hashes; /* a table of 2 * DISTINCT_EXACT places, 0 = free */
    uint32_t hash_count;
    bool zero; /* the hash 0 was there */
    uint8_t registers[1 << DISTINCT_BITS];
};
void distinct_add(struct distinct_sketch *sketch, uint64_t hash);
uint64_t distinct_get(const struct distinct_sketch *sketch, bool *exact);
void distinct_finish(struct distinct_sketch *sketch);

#endif
