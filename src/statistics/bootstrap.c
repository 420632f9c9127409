/* The paired bootstrap: what else might have come of rows like these. */
#include <math.h>
#include <string.h>

#include "refit/base/interrupt.h"
#include "statistics/statistics.h"

enum { DRAWS_MIN = 2000, GROUPS_MAX = 200 };

uint32_t bootstrap_draws(uint32_t claims, double alpha)
{
    double least = ceil(20.0 * claims / alpha);
    return least > DRAWS_MIN ? (uint32_t)fmin(least, UINT32_MAX - 1) : DRAWS_MIN;
}

/* One set of indexes, as how often each row is in it. */
static void draw_weights(struct bootstrap_rows rows, struct random *random, uint32_t *weights, uint32_t *times)
{
    uint32_t units = rows.cluster ? rows.clusters : (uint32_t)rows.count;
    uint32_t *drawn = rows.cluster ? times : weights;
    memset(drawn, 0, units * sizeof *drawn);
    for (uint32_t i = 0; i < units; i++)
        drawn[random_below(random, units)]++;
    for (size_t i = 0; rows.cluster && i < rows.count; i++)
        weights[i] = times[rows.cluster[i]];
}

static double deviation(const double *values, uint32_t count)
{
    return count > 1 ? sample_deviation(values, count) * sqrt(count / (count - 1.0)) : NAN;
}

/*
 * How well the standard error is known, as degrees of freedom of Student's t: the variance of a variance is
 * (kurtosis - 1) / n of its square, that of one with f degrees 2 / f. The kurtosis is that of the changes when each
 * group of rows (or clusters) is left out; it is large where few rows decide.
 */
static double freedom_of(struct bootstrap_rows rows, resampled statistic, const void *context, uint32_t *weights)
{
    uint32_t units = rows.cluster ? rows.clusters : (uint32_t)rows.count, defined = 0;
    uint32_t groups = units < GROUPS_MAX ? units : GROUPS_MAX;
    double values[GROUPS_MAX] = {0}, squares = 0, fourths = 0;
    for (uint32_t group = 0; group < groups; group++) {
        for (size_t i = 0; i < rows.count; i++)
            weights[i] = (rows.cluster ? rows.cluster[i] : i) % groups != group;
        double value = statistic(context, weights);
        if (!isnan(value))
            values[defined++] = value;
    }
    double mean = sample_mean(values, defined);
    for (uint32_t i = 0; i < defined; i++) {
        double square = (values[i] - mean) * (values[i] - mean);
        squares += square;
        fourths += square * square;
    }
    if (!(squares > 0))
        return defined > 0 ? defined - 1.0 : 0;
    double excess = defined * fourths / (squares * squares) - 1; /* 0 or more, but for rounding */
    return excess > 0 ? fmin(defined - 1.0, 2 * defined / excess) : defined - 1.0;
}

static enum status draw(struct bootstrap_rows rows, resampled statistic, const void *context, struct random *random,
                        uint32_t *weights, uint32_t *times, double *values, struct bootstrap *out, struct error *err)
{
    uint32_t defined = 0;
    for (uint32_t i = 0; i < out->draws; i++) {
        draw_weights(rows, random, weights, times);
        double value = statistic(context, weights);
        if (!isnan(value))
            values[defined++] = value;
        enum status status = interrupt_check(false, err);
        if (status != STATUS_OK)
            return status;
    }
    out->undefined = out->draws - defined;
    sort_reals(values, defined);
    return STATUS_OK;
}

enum status bootstrap_paired(struct bootstrap_rows rows, resampled statistic, const void *context, uint32_t draws,
                             struct random *random, struct arena *arena, struct bootstrap *out, struct error *err)
{
    *out = (struct bootstrap){.draws = draws, .estimate = statistic(context, NULL)};
    double *values = arena_array(arena, double, draws);
    struct arena_mark mark = arena_get_mark(arena);
    uint32_t *weights = arena_array(arena, uint32_t, rows.count);
    uint32_t *times = arena_array(arena, uint32_t, rows.cluster ? rows.clusters : 0);
    enum status status = draw(rows, statistic, context, random, weights, times, values, out, err);
    if (status == STATUS_OK) {
        out->sorted = values;
        out->error = deviation(values, draws - out->undefined);
        out->freedom = freedom_of(rows, statistic, context, weights);
    }
    arena_rewind(arena, mark);
    return status;
}

/* The draw that so large a share of all is at or below, undefined draws being on that side. */
static double place(const struct bootstrap *bootstrap, double share, bool from_below)
{
    uint32_t defined = bootstrap->draws - bootstrap->undefined;
    double k = floor(share * (bootstrap->draws + 1.0)) - bootstrap->undefined;
    if (!(k >= 1) || k > defined)
        return from_below ? -INFINITY : INFINITY;
    return bootstrap->sorted[from_below ? (uint32_t)k - 1 : defined - (uint32_t)k];
}

struct interval bootstrap_limits(const struct bootstrap *bootstrap, double alpha)
{
    double freedom = bootstrap->freedom;
    if (!(freedom > 0) || isnan(bootstrap->estimate))
        return (struct interval){-INFINITY, INFINITY};
    double t = -student_quantile(alpha, freedom) * sqrt((freedom + 1) / freedom);
    double share = normal_lower(-t), reach = t * bootstrap->error;
    return (struct interval){
        fmin(place(bootstrap, share, true), bootstrap->estimate - reach),
        fmax(place(bootstrap, share, false), bootstrap->estimate + reach),
    };
}

double bootstrap_worse(const struct bootstrap *bootstrap, double margin)
{
    uint32_t defined = bootstrap->draws - bootstrap->undefined, reached = bootstrap->undefined;
    for (uint32_t i = 0; i < defined; i++)
        reached += bootstrap->sorted[i] >= -margin;
    return (reached + 1.0) / (bootstrap->draws + 1.0);
}
