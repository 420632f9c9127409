/* exp and log of nothing but correctly rounded operations: libm's differ between machines in their last bits. */
#include <math.h>

#include "refit/statistics.h"

/* ln 2 in two parts. The first has 32 bits, so that its product with an exponent is exact. */
static const double LN2_HIGH = 0x1.62e42feep-1, LN2_LOW = 0x1.a39ef35793c76p-33;
static const double LN2_INVERSE = 0x1.71547652b82fep+0;
static const double EXP_MAX = 0x1.62e42fefa39efp+9, EXP_MIN = -745.2;

enum { LOG_TERMS = 13, EXP_TERMS = 15 };

/* 2 atanh(s) for |s| <= .172: 2 (s + s^3/3 + s^5/5 + ...) */
static double log_series(double s)
{
    double square = s * s, sum = 0;
    for (int i = LOG_TERMS; i >= 1; i--)
        sum = (sum + 1.0 / (2 * i + 1)) * square;
    return 2 * s + 2 * s * sum;
}

double real_log(double x)
{
    if (isnan(x) || x < 0)
        return NAN;
    if (x == 0 || isinf(x))
        return x == 0 ? -INFINITY : x;
    int exponent;
    double m = frexp(x, &exponent);
    if (m < 0x1.6a09e667f3bcdp-1) {
        m *= 2;
        exponent--;
    }
    double rest = log_series((m - 1) / (m + 1)) + exponent * LN2_LOW;
    return exponent * LN2_HIGH + rest;
}

double real_log1p(double x)
{
    return fabs(x) < 0.25 ? log_series(x / (2 + x)) : real_log(1 + x);
}

double real_exp(double x)
{
    if (isnan(x))
        return NAN;
    if (x > EXP_MAX || x < EXP_MIN)
        return x < 0 ? 0 : INFINITY;
    double k = floor(x * LN2_INVERSE + 0.5);
    double r = (x - k * LN2_HIGH) - k * LN2_LOW, sum = 1;
    for (int i = EXP_TERMS; i >= 2; i--)
        sum = 1 + r * sum / i;
    return ldexp(1 + r * sum, (int)k);
}

double real_power(double base, double exponent)
{
    if (exponent == 0)
        return 1;
    if (base == 0)
        return exponent > 0 ? 0 : INFINITY;
    return real_exp(exponent * real_log(base));
}
