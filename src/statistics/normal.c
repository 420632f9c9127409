/* The standard normal distribution. */
#include <math.h>

#include "refit/statistics.h"

double normal_upper(double x)
{
    if (isnan(x))
        return NAN;
    return x > 0 ? gamma_upper(0.5, x * x / 2) / 2 : 0.5 + gamma_lower(0.5, x * x / 2) / 2;
}

double normal_lower(double x)
{
    return normal_upper(-x);
}

/* x with normal_upper(x) = q, for 0 < q < 1/2: Abramowitz and Stegun 26.2.23 (error below 4.5e-4), then Halley's
 * steps, each of which cubes the error. */
static double upper_quantile(double q)
{
    double t = sqrt(-2 * real_log(q));
    double x = t - (2.515517 + t * (0.802853 + t * 0.010328)) /
                       (1 + t * (1.432788 + t * (0.189269 + t * 0.001308)));
    for (int i = 0; i < 3; i++) {
        double density = real_exp(-x * x / 2) / sqrt(2 * M_PI);
        double step = (normal_upper(x) - q) / density;
        x += step / (1 - x * step / 2);
    }
    return x;
}

double normal_quantile(double p)
{
    if (!(p >= 0 && p <= 1))
        return NAN;
    if (p == 0 || p == 1)
        return p == 0 ? -INFINITY : INFINITY;
    if (p == 0.5)
        return 0;
    return p < 0.5 ? -upper_quantile(p) : upper_quantile(1 - p);
}
