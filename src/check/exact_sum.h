/* Sums of doubles that are exact until they are rounded, so that the order of what is added does not matter. */
#ifndef CHECK_EXACT_SUM_H
#define CHECK_EXACT_SUM_H

#include <stdbool.h>
#include <stdint.h>

enum { EXACT_LIMBS = 70, EXACT_BINS = 64 };

/* A fixed-point number of 32-bit limbs with room for carries, and before it sums of mantissas that have their sign and
 * exponent in common (Neal, Fast exact summation using small and large superaccumulators, 2015; here with a few bins
 * that take turns). Zeroed to begin with. */
struct exact_sum {
    int64_t limbs[EXACT_LIMBS];
    uint32_t pending; /* additions to them since carries were last made */
    uint32_t binned;  /* additions to bins since they were last emptied */
    uint64_t bins[EXACT_BINS];
    uint16_t keys[EXACT_BINS]; /* sign and exponent; 0, as those of 0, to begin with */
    bool nan, plus, minus; /* values that no number holds */
};

void exact_add(struct exact_sum *sum, double value);
void exact_add_square(struct exact_sum *sum, double value);

/* The sum, as two doubles of which the second is what the first lacks. */
struct exact_pair {
    double high, low;
};
struct exact_pair exact_get(struct exact_sum *sum);

/* Standard deviation of a sample from n values' sum and sum of squares; NaN for n < 2. */
double exact_deviation(struct exact_pair sum, struct exact_pair squares, uint64_t n);

#endif
