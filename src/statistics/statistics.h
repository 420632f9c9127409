/* What distributions share. Private to statistics. */
#ifndef STATISTICS_STATISTICS_H
#define STATISTICS_STATISTICS_H

#include "refit/statistics.h"

/* x^a e^-x / gamma(a + 1) and gamma(a + b + 1) / (gamma(a + 1) gamma(b + 1)) x^a y^b, y = 1 - x: without the
 * cancellation of large logarithms, as Loader 2000, Fast and accurate computation of binomial probabilities, splits
 * them. a, b > 0; 0 < x, y < 1 in the second. */
double poisson_term(double a, double x);
double binomial_term(double a, double b, double x, double y);

/* P(X = k) of the binomial distribution. */
double binomial_mass(uint64_t k, uint64_t n, double p);

/* Sorts doubles without NaN. */
void sort_reals(double *values, size_t count);

/* Ascending by value, then by index. */
void sort_order(uint32_t *order, const double *values, size_t count, struct arena *scratch);

#endif
