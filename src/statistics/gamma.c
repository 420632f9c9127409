/* The gamma function, its incomplete forms, and what follows from them. */
#include <math.h>

#include "statistics/statistics.h"

static const double HALF_LN_2PI = 0.91893853320467274178;
enum { SHIFT = 15, ROUNDS_MAX = 1000000 };

/* ln gamma(x + 1) - ((x + 1/2) ln x - x + ln(2 pi) / 2) for x >= SHIFT: the sum of B(2k) / (2k (2k - 1) x^(2k - 1)),
 * DLMF 5.11.1. */
static double stirling_series(double x)
{
    static const double terms[] = {1.0 / 12,   -1.0 / 360,       1.0 / 1260, -1.0 / 1680,
                                   1.0 / 1188, -691.0 / 360360, 1.0 / 156};
    double square = 1 / (x * x), sum = 0;
    for (int i = 6; i >= 0; i--)
        sum = sum * square + terms[i];
    return sum / x;
}

double gamma_log(double x)
{
    if (!(x > 0))
        return NAN;
    double product = 1;
    while (x < SHIFT)
        product *= x++;
    return (x - 0.5) * real_log(x) - x + HALF_LN_2PI + stirling_series(x) - real_log(product);
}

static double stirling_error(double x)
{
    if (x >= SHIFT)
        return stirling_series(x);
    return gamma_log(x + 1) - (x + 0.5) * real_log(x) + x - HALF_LN_2PI;
}

/* x ln(x / mean) + mean - x, which is near 0 for x near the mean: with v = (x - mean) / (x + mean) the logarithm is
 * 2 (v + v^3/3 + ...), and what is not small goes out by itself. */
static double deviance(double x, double mean)
{
    double difference = x - mean, v = difference / (x + mean);
    if (fabs(v) > 0.1)
        return x * real_log(x / mean) - difference;
    double sum = 0, square = v * v;
    for (int i = 9; i >= 1; i--)
        sum = (sum + 1.0 / (2 * i + 1)) * square;
    return difference * v + 2 * x * v * sum;
}

double poisson_term(double a, double x)
{
    return real_exp(-stirling_error(a) - deviance(a, x)) / sqrt(2 * M_PI * a);
}

double binomial_term(double a, double b, double x, double y)
{
    double n = a + b;
    double error = stirling_error(n) - stirling_error(a) - stirling_error(b);
    return real_exp(error - deviance(a, n * x) - deviance(b, n * y)) * sqrt(n / (2 * M_PI * a * b));
}

/* P by its series (DLMF 8.7.1), for x < a + 1. */
static double lower_series(double a, double x)
{
    double term = 1, sum = 1;
    for (int i = 1; i < ROUNDS_MAX && term > sum * 0x1p-54; i++) {
        term *= x / (a + i);
        sum += term;
    }
    return poisson_term(a, x) * sum;
}

/* Q by its continued fraction (DLMF 8.9.2), evaluated forwards by Lentz's method, for x >= a + 1. */
static double upper_fraction(double a, double x)
{
    double b = x + 1 - a, c = INFINITY, d = 1 / b, value = d;
    for (int i = 1; i < ROUNDS_MAX; i++) {
        double numerator = -i * (i - a);
        b += 2;
        d = 1 / (numerator * d + b);
        c = b + numerator / c;
        value *= c * d;
        if (fabs(c * d - 1) < 0x1p-52)
            break;
    }
    return poisson_term(a, x) * a * value;
}

double gamma_lower(double a, double x)
{
    if (!(a > 0) || !(x >= 0))
        return NAN;
    if (x == 0 || isinf(x))
        return x == 0 ? 0 : 1;
    return x < a + 1 ? lower_series(a, x) : 1 - upper_fraction(a, x);
}

double gamma_upper(double a, double x)
{
    if (!(a > 0) || !(x >= 0))
        return NAN;
    if (x == 0 || isinf(x))
        return x == 0 ? 1 : 0;
    return x < a + 1 ? 1 - lower_series(a, x) : upper_fraction(a, x);
}

double chi2_upper(double x, double freedom)
{
    return x <= 0 && freedom > 0 ? 1 : gamma_upper(freedom / 2, x / 2);
}

double chi2_quantile(double p, double freedom)
{
    if (!(p >= 0 && p <= 1) || !(freedom > 0))
        return NAN;
    if (p == 0 || p == 1)
        return p == 0 ? 0 : INFINITY;
    double low = 0, high = freedom;
    while (chi2_upper(high, freedom) > 1 - p)
        high *= 2;
    for (;;) { /* halved until no number is left between them */
        double middle = low + (high - low) / 2;
        if (middle <= low || middle >= high)
            return middle;
        bool below = p < 0.5 ? gamma_lower(freedom / 2, middle / 2) < p : chi2_upper(middle, freedom) > 1 - p;
        *(below ? &low : &high) = middle;
    }
}
