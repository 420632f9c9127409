/* The incomplete beta function and the binomial distribution. */
#include <math.h>

#include "statistics/statistics.h"

enum { ROUNDS_MAX = 1000000 };

/* The continued fraction of DLMF 8.17.22, evaluated forwards by Lentz's method. It converges quickly for
 * x < (a + 1) / (a + b + 2). */
static double fraction(double a, double b, double x)
{
    double c = 1, d = 1 - (a + b) * x / (a + 1);
    d = 1 / (d == 0 ? 0x1p-1000 : d);
    double value = d;
    for (int i = 1; i < ROUNDS_MAX; i++) {
        double even = i * (b - i) * x / ((a + 2 * i - 1) * (a + 2 * i));
        double odd = -(a + i) * (a + b + i) * x / ((a + 2 * i) * (a + 2 * i + 1));
        d = 1 / (1 + even * d);
        c = 1 + even / c;
        value *= c * d;
        d = 1 / (1 + odd * d);
        c = 1 + odd / c;
        value *= c * d;
        if (fabs(c * d - 1) < 0x1p-52)
            break;
    }
    return value;
}

/* The tail that is not nearly all: y = 1 - x. */
static double tail(double a, double b, double x, double y)
{
    return binomial_term(a, b, x, y) * b / (a + b) * fraction(a, b, x);
}

double beta_lower(double a, double b, double x)
{
    if (!(a > 0) || !(b > 0) || !(x >= 0 && x <= 1))
        return NAN;
    if (x == 0 || x == 1)
        return x;
    return x < (a + 1) / (a + b + 2) ? tail(a, b, x, 1 - x) : 1 - tail(b, a, 1 - x, x);
}

/* 1 - beta_lower */
static double beta_upper(double a, double b, double x)
{
    if (x == 0 || x == 1)
        return 1 - x;
    return x < (a + 1) / (a + b + 2) ? 1 - tail(a, b, x, 1 - x) : tail(b, a, 1 - x, x);
}

double binomial_lower(uint64_t k, uint64_t n, double p)
{
    return k >= n ? 1 : beta_upper((double)k + 1, (double)(n - k), p);
}

double binomial_upper(uint64_t k, uint64_t n, double p)
{
    if (k == 0 || k > n)
        return k == 0 ? 1 : 0;
    return beta_lower((double)k, (double)(n - k) + 1, p);
}

double binomial_mass(uint64_t k, uint64_t n, double p)
{
    if (k > n)
        return 0;
    if (k == 0 || k == n) {
        double miss = k == 0 ? -p : p - 1; /* n ln(1 + miss) */
        return n == 0 ? 1 : real_exp((double)n * real_log1p(miss));
    }
    return p <= 0 || p >= 1 ? 0 : binomial_term((double)k, (double)(n - k), p, 1 - p);
}

/* P(T >= t) for t >= 0 is half of I_x(freedom / 2, 1 / 2), x = freedom / (freedom + t^2). */
static double student_upper(double t, double freedom)
{
    return beta_lower(freedom / 2, 0.5, freedom / (freedom + t * t)) / 2;
}

double student_quantile(double p, double freedom)
{
    if (!(p >= 0 && p <= 1) || !(freedom > 0))
        return NAN;
    if (p == 0 || p == 1 || p == 0.5)
        return p == 0 ? -INFINITY : p == 1 ? INFINITY : 0;
    double tail = p < 0.5 ? p : 1 - p, low = 0, high = 1;
    while (student_upper(high, freedom) > tail)
        high *= 2;
    for (;;) { /* halved until no number is left between them */
        double middle = low + (high - low) / 2;
        if (middle <= low || middle >= high)
            return p < 0.5 ? -middle : middle;
        *(student_upper(middle, freedom) > tail ? &low : &high) = middle;
    }
}
