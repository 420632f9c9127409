/* How far two sets of counts in the same bins are apart. */
#include <math.h>

#include "refit/base/interrupt.h"
#include "refit/statistics.h"

static double share(uint64_t count, uint64_t total)
{
    return (double)count / (double)total;
}

static bool can_compare(struct bins bins, uint64_t *n, uint64_t *m)
{
    *n = bins_total(bins.a, bins.count);
    *m = bins_total(bins.b, bins.count);
    return *n > 0 && *m > 0;
}

double psi_value(struct bins bins)
{
    uint64_t n, m;
    if (!can_compare(bins, &n, &m))
        return NAN;
    double sum = 0;
    for (uint32_t i = 0; i < bins.count; i++) {
        if (bins.a[i] + bins.b[i] == 0)
            continue;
        double p = bins.a[i] ? share(bins.a[i], n) : 0.5 / (double)n;
        double q = bins.b[i] ? share(bins.b[i], m) : 0.5 / (double)m;
        sum += (p - q) * real_log(p / q);
    }
    return sum;
}

struct test psi_test(struct bins bins)
{
    uint64_t n, m;
    struct test test = {.statistic = psi_value(bins), .p = NAN};
    uint32_t filled = 0;
    for (uint32_t i = 0; i < bins.count; i++)
        filled += bins.a[i] + bins.b[i] > 0;
    if (!can_compare(bins, &n, &m) || filled < 2)
        return test;
    test.freedom = filled - 1;
    test.p = chi2_upper(test.statistic / (1 / (double)n + 1 / (double)m), test.freedom);
    return test;
}

double psi_threshold(uint64_t n, uint64_t m, uint32_t count, double alpha)
{
    if (n == 0 || m == 0 || count < 2)
        return NAN;
    return (1 / (double)n + 1 / (double)m) * chi2_quantile(1 - alpha, count - 1);
}

struct test chi2_contingency(const uint64_t *counts, uint32_t rows, uint32_t columns, struct arena *scratch)
{
    struct arena_mark mark = arena_get_mark(scratch);
    double *row = arena_array(scratch, double, rows), *column = arena_array(scratch, double, columns), total = 0;
    for (uint32_t i = 0; i < rows; i++)
        for (uint32_t j = 0; j < columns; j++) {
            double cell = (double)counts[(size_t)i * columns + j];
            row[i] += cell;
            column[j] += cell;
            total += cell;
        }
    double sum = 0, filled_rows = 0, filled_columns = 0;
    for (uint32_t i = 0; i < rows; i++)
        filled_rows += row[i] > 0;
    for (uint32_t j = 0; j < columns; j++)
        filled_columns += column[j] > 0;
    for (uint32_t i = 0; i < rows; i++)
        for (uint32_t j = 0; j < columns; j++) {
            if (row[i] == 0 || column[j] == 0)
                continue;
            double expected = row[i] * column[j] / total;
            double off = (double)counts[(size_t)i * columns + j] - expected;
            sum += off * off / expected;
        }
    arena_rewind(scratch, mark);
    double freedom = (filled_rows - 1) * (filled_columns - 1);
    bool possible = filled_rows > 1 && filled_columns > 1;
    return (struct test){
        .statistic = sum, .p = possible ? chi2_upper(sum, freedom) : NAN, .freedom = possible ? freedom : 0};
}

struct test chi2_bins(struct bins bins, struct arena *scratch)
{
    struct arena_mark mark = arena_get_mark(scratch);
    uint64_t *table = arena_array(scratch, uint64_t, 2 * (size_t)bins.count);
    for (uint32_t i = 0; i < bins.count; i++) {
        table[i] = bins.a[i];
        table[bins.count + i] = bins.b[i];
    }
    struct test test = chi2_contingency(table, 2, bins.count, scratch);
    arena_rewind(scratch, mark);
    return test;
}

static double entropy_term(double p, double middle)
{
    return p > 0 ? p * real_log(p / middle) : 0;
}

double js_divergence(struct bins bins, double base)
{
    uint64_t n, m;
    if (!can_compare(bins, &n, &m))
        return NAN;
    double sum = 0;
    for (uint32_t i = 0; i < bins.count; i++) {
        double p = share(bins.a[i], n), q = share(bins.b[i], m), middle = (p + q) / 2;
        sum += (entropy_term(p, middle) + entropy_term(q, middle)) / 2;
    }
    return fmax(0, base > 0 ? sum / real_log(base) : sum);
}

double js_distance(struct bins bins, double base)
{
    return sqrt(js_divergence(bins, base));
}

double linf_distance(struct bins bins)
{
    uint64_t n, m;
    if (!can_compare(bins, &n, &m))
        return NAN;
    double most = 0;
    for (uint32_t i = 0; i < bins.count; i++)
        most = fmax(most, fabs(share(bins.a[i], n) - share(bins.b[i], m)));
    return most;
}

double wasserstein_bins(struct bins bins, double deviation)
{
    uint64_t n, m, a = 0, b = 0;
    double area = 0;
    if (!can_compare(bins, &n, &m) || bins.edges == NULL)
        return NAN;
    for (uint32_t i = 0; i + 2 < bins.count; i++) {
        a += bins.a[i];
        b += bins.b[i];
        double apart = fabs(share(a, n) - share(b, m));
        area += apart > 0 ? apart * (bins.edges[i + 1] - bins.edges[i]) : 0; /* an edge may be infinite */
    }
    return area > 0 ? area / deviation : 0;
}

double linf_measure(struct bins bins, double unused)
{
    (void)unused;
    return linf_distance(bins);
}

/* A table with the margins of `bins`: which of all rows are those of the second data set is drawn bin by bin. */
static void permute(struct bins bins, struct random *random, uint64_t *a, uint64_t *b)
{
    uint64_t second = bins_total(bins.b, bins.count), all = second + bins_total(bins.a, bins.count);
    for (uint32_t i = 0; i < bins.count; i++) {
        uint64_t rows = bins.a[i] + bins.b[i];
        b[i] = random_hypergeometric(random, all, second, rows);
        a[i] = rows - b[i];
        second -= b[i];
        all -= rows;
    }
}

enum status bins_permutation(struct bins bins, bins_measure measure, double parameter, uint32_t draws,
                             struct random *random, struct arena *scratch, struct test *out, struct error *err)
{
    *out = (struct test){.statistic = measure(bins, parameter), .p = NAN};
    if (isnan(out->statistic))
        return STATUS_OK;
    struct arena_mark mark = arena_get_mark(scratch);
    uint64_t *a = arena_array(scratch, uint64_t, bins.count), *b = arena_array(scratch, uint64_t, bins.count);
    double bound = out->statistic * (1 - 0x1p-40); /* tables that are as far apart may differ by rounding */
    uint32_t reached = 0;
    enum status status = STATUS_OK;
    for (uint32_t i = 0; i < draws && status == STATUS_OK; i++) {
        permute(bins, random, a, b);
        reached += measure((struct bins){a, b, bins.count, bins.edges}, parameter) >= bound;
        status = interrupt_check(false, err);
    }
    out->p = (reached + 1.0) / (draws + 1.0);
    arena_rewind(scratch, mark);
    return status;
}
