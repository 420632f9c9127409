/* The paired bootstrap: what else might have come of rows like these. */
#include <math.h>
#include <string.h>

#include "refit/base/interrupt.h"
#include "statistics/statistics.h"

enum { DRAWS_MIN = 2000 };

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

enum status bootstrap_paired(struct bootstrap_rows rows, resampled statistic, const void *context, uint32_t draws,
                             struct random *random, struct arena *arena, struct bootstrap *out, struct error *err)
{
    *out = (struct bootstrap){.draws = draws};
    double *values = arena_array(arena, double, draws);
    struct arena_mark mark = arena_get_mark(arena);
    uint32_t *weights = arena_array(arena, uint32_t, rows.count), defined = 0;
    uint32_t *times = arena_array(arena, uint32_t, rows.cluster ? rows.clusters : 0);
    enum status status = STATUS_OK;
    for (uint32_t i = 0; i < draws && status == STATUS_OK; i++) {
        draw_weights(rows, random, weights, times);
        double value = statistic(context, weights);
        if (isnan(value))
            out->undefined++;
        else
            values[defined++] = value;
        status = interrupt_check(false, err);
    }
    arena_rewind(arena, mark);
    sort_reals(values, defined);
    out->sorted = values;
    out->error = deviation(values, defined);
    return status;
}

struct interval bootstrap_limits(const struct bootstrap *bootstrap, double alpha)
{
    uint32_t defined = bootstrap->draws - bootstrap->undefined;
    /* The k-th smallest and the k-th largest, all undefined draws being smaller, or larger. */
    uint32_t k = (uint32_t)floor(alpha * (bootstrap->draws + 1.0));
    bool known = k > bootstrap->undefined && k - bootstrap->undefined <= defined;
    uint32_t place = known ? k - bootstrap->undefined - 1 : 0;
    return (struct interval){
        known ? bootstrap->sorted[place] : -INFINITY,
        known ? bootstrap->sorted[defined - 1 - place] : INFINITY,
    };
}

double bootstrap_worse(const struct bootstrap *bootstrap, double margin)
{
    uint32_t defined = bootstrap->draws - bootstrap->undefined, reached = bootstrap->undefined;
    for (uint32_t i = 0; i < defined; i++)
        reached += bootstrap->sorted[i] >= -margin;
    return (reached + 1.0) / (bootstrap->draws + 1.0);
}
