/* The difference of two proportions of the same rows. */
#include <math.h>

#include "refit/statistics.h"

/* The most likely share of rows that only the baseline has right, if the difference is `difference`: the positive root
 * of A q^2 + B q + C (Tango 1998, with b = gained, c = lost). */
static double lost_share(struct pairs pairs, double difference)
{
    double n = (double)pairs.rows, gained = (double)pairs.gained, lost = (double)pairs.lost;
    double a = 2 * n, b = (2 * n - gained + lost) * difference - gained - lost;
    double c = -lost * difference * (1 - difference);
    double root = sqrt(fmax(0, b * b - 4 * a * c));
    return b <= 0 ? (root - b) / (2 * a) : -2 * c / (b + root);
}

double tango_score(struct pairs pairs, double difference)
{
    double n = (double)pairs.rows;
    double over = (double)pairs.gained - (double)pairs.lost - n * difference;
    double variance = n * (2 * lost_share(pairs, difference) + difference * (1 - difference));
    if (over == 0)
        return 0;
    return variance > 0 ? over / sqrt(variance) : over > 0 ? INFINITY : -INFINITY;
}

/* The difference in [low, high] at which the score, which falls, goes below z. Halved until no number is left. */
static double find_score(struct pairs pairs, double z, double low, double high)
{
    for (;;) {
        double middle = low + (high - low) / 2;
        if (middle <= low || middle >= high)
            return middle;
        *(tango_score(pairs, middle) > z ? &low : &high) = middle;
    }
}

struct interval tango_interval(struct pairs pairs, double z)
{
    if (pairs.rows == 0)
        return (struct interval){-1, 1};
    double n = (double)pairs.rows, estimate = ((double)pairs.gained - (double)pairs.lost) / n;
    if (pairs.gained + pairs.lost == 0) {
        double limit = z * z / (n + z * z);
        return (struct interval){-limit, limit};
    }
    return (struct interval){
        estimate <= -1 ? -1 : find_score(pairs, z, -1, estimate),
        estimate >= 1 ? 1 : find_score(pairs, -z, estimate, 1),
    };
}

double tango_worse(struct pairs pairs, double margin)
{
    return pairs.rows ? normal_lower(tango_score(pairs, -margin)) : 1;
}

double mcnemar_exact(struct pairs pairs)
{
    uint64_t least = pairs.gained < pairs.lost ? pairs.gained : pairs.lost;
    return fmin(1, 2 * binomial_lower(least, pairs.gained + pairs.lost, 0.5));
}

double equal_passes(double margin, double error, double alpha)
{
    if (error == 0)
        return 1;
    return normal_lower(margin / error - normal_quantile(1 - alpha));
}

double equal_rows(double rows, double margin, double error, double alpha, double power, uint32_t claims)
{
    double z = normal_quantile(1 - alpha) + normal_quantile(real_power(power, 1.0 / claims));
    return ceil(rows * (z * error / margin) * (z * error / margin));
}
