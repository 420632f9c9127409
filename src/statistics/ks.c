/* How likely a Kolmogorov-Smirnov distance is between samples of one distribution. */
#include <math.h>

#include "refit/statistics.h"

double smirnov_upper(double lambda)
{
    if (isnan(lambda))
        return NAN;
    if (lambda < 0.2) /* 1 to 1e-12; the series does not converge at 0 */
        return 1;
    double sum = 0;
    for (int j = 1; j < 100; j++) {
        double term = real_exp(-2.0 * j * j * lambda * lambda);
        sum += j & 1 ? term : -term;
        if (term < sum * 0x1p-54)
            break;
    }
    return fmin(1, 2 * sum);
}

/*
 * Both samples in order are a path from (0, 0) to (n, m), all of which are equally likely. `reach[j]` is the share of
 * the paths to (i, j) that have been at least `gap` off the diagonal: the last step of such a path was in i with
 * probability i / (i + j). All terms are positive, so small tails are exact.
 */
static double exact_upper(uint64_t gap, uint64_t n, uint64_t m, struct arena *scratch)
{
    struct arena_mark mark = arena_get_mark(scratch);
    double *reach = arena_array(scratch, double, m + 1);
    for (uint64_t i = 0; i <= n; i++) {
        for (uint64_t j = 0; j <= m; j++) {
            uint64_t off = i * m > j * n ? i * m - j * n : j * n - i * m;
            double steps = (double)(i + j);
            double before = (i ? (double)i / steps * reach[j] : 0) + (j ? (double)j / steps * reach[j - 1] : 0);
            reach[j] = off >= gap ? 1 : before;
        }
    }
    double p = reach[m];
    arena_rewind(scratch, mark);
    return fmin(1, p);
}

struct test ks_test(double distance, uint64_t n, uint64_t m, struct arena *scratch)
{
    struct test test = {.statistic = distance, .p = NAN};
    if (isnan(distance) || n == 0 || m == 0)
        return test;
    double product = (double)n * (double)m;
    test.exact = product <= KS_EXACT_MAX;
    /* Distances are multiples of 1 / nm: rounding must not lift one over its own bound. */
    if (test.exact)
        test.p = exact_upper((uint64_t)ceil(distance * product - 1e-6), n, m, scratch);
    else
        test.p = smirnov_upper(sqrt(product / ((double)n + (double)m)) * distance);
    return test;
}
