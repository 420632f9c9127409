/* Samples: moments, and how far apart two distributions are. */
#include <math.h>
#include <stdlib.h>

#include "refit/base/interrupt.h"
#include "statistics/statistics.h"

static int compare_reals(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

void sort_reals(double *values, size_t count)
{
    if (count > 1)
        qsort(values, count, sizeof *values, compare_reals);
}

struct place {
    double value;
    uint32_t index;
};

static int compare_places(const void *a, const void *b)
{
    const struct place *x = a, *y = b;
    int by_value = (x->value > y->value) - (x->value < y->value);
    return by_value ? by_value : (x->index > y->index) - (x->index < y->index);
}

void sort_order(uint32_t *order, const double *values, size_t count, struct arena *scratch)
{
    struct arena_mark mark = arena_get_mark(scratch);
    struct place *places = arena_array(scratch, struct place, count);
    for (size_t i = 0; i < count; i++)
        places[i] = (struct place){values[i], (uint32_t)i};
    if (count > 1)
        qsort(places, count, sizeof *places, compare_places);
    for (size_t i = 0; i < count; i++)
        order[i] = places[i].index;
    arena_rewind(scratch, mark);
}

double sample_mean(const double *values, size_t count)
{
    double sum = 0;
    for (size_t i = 0; i < count; i++)
        sum += values[i];
    double mean = sum / (double)count, rest = 0;
    for (size_t i = 0; i < count; i++) /* what rounding lost */
        rest += values[i] - mean;
    return mean + rest / (double)count;
}

double sample_deviation(const double *values, size_t count)
{
    double mean = sample_mean(values, count), sum = 0;
    for (size_t i = 0; i < count; i++)
        sum += (values[i] - mean) * (values[i] - mean);
    return sqrt(sum / (double)count);
}

static double weight_of(struct sample sample, size_t i)
{
    return sample.weights ? sample.weights[i] : 1;
}

static double total_of(struct sample sample)
{
    double total = 0;
    for (size_t i = 0; i < sample.count; i++)
        total += weight_of(sample, i);
    return total;
}

/* Walks the values of both samples upwards, each once. F and G are the shares up to and with `value`. */
struct walk {
    struct sample a, b;
    double a_total, b_total, a_sum, b_sum, value;
    size_t i, j;
};

static struct walk begin_walk(struct sample a, struct sample b)
{
    return (struct walk){.a = a, .b = b, .a_total = total_of(a), .b_total = total_of(b)};
}

static bool walk_on(struct walk *walk)
{
    bool has_a = walk->i < walk->a.count, has_b = walk->j < walk->b.count;
    if (!has_a && !has_b)
        return false;
    if (has_a && (!has_b || walk->a.values[walk->i] <= walk->b.values[walk->j]))
        walk->value = walk->a.values[walk->i];
    else
        walk->value = walk->b.values[walk->j];
    for (; walk->i < walk->a.count && walk->a.values[walk->i] == walk->value; walk->i++)
        walk->a_sum += weight_of(walk->a, walk->i);
    for (; walk->j < walk->b.count && walk->b.values[walk->j] == walk->value; walk->j++)
        walk->b_sum += weight_of(walk->b, walk->j);
    return true;
}

static double gap(const struct walk *walk)
{
    return fabs(walk->a_sum / walk->a_total - walk->b_sum / walk->b_total);
}

double ks_distance(struct sample a, struct sample b)
{
    if (a.count == 0 || b.count == 0)
        return NAN;
    struct walk walk = begin_walk(a, b);
    double distance = 0;
    while (walk_on(&walk))
        distance = fmax(distance, gap(&walk));
    return distance;
}

double wasserstein_distance(struct sample a, struct sample b)
{
    if (a.count == 0 || b.count == 0)
        return NAN;
    struct walk walk = begin_walk(a, b);
    double sum = 0, height = 0, value = 0;
    while (walk_on(&walk)) {
        if (height > 0)
            sum += height * (walk.value - value);
        height = gap(&walk);
        value = walk.value;
    }
    return sum;
}

/* The distance of a split of `pool`: `taken` says which of its values are of the second sample. */
static double split_distance(const double *pool, size_t count, const uint8_t *taken, size_t taken_count)
{
    double n = (double)(count - taken_count), m = (double)taken_count, sum = 0;
    size_t first = 0, second = 0;
    for (size_t i = 0; i + 1 < count; i++) {
        *(taken[i] ? &second : &first) += 1;
        if (pool[i + 1] != pool[i])
            sum += fabs((double)first / n - (double)second / m) * (pool[i + 1] - pool[i]);
    }
    return sum;
}

/* Takes `want` of `count`, each set with the same probability (Knuth, The Art of Computer Programming, 3.4.2, S). */
static void choose(struct random *random, uint8_t *taken, size_t count, size_t want)
{
    for (size_t i = 0; i < count; i++) {
        taken[i] = random_below(random, (uint32_t)(count - i)) < want;
        want -= taken[i];
    }
}

static void pool_samples(struct sample a, struct sample b, double *pool, uint8_t *taken)
{
    for (size_t i = 0, j = 0, k = 0; k < a.count + b.count; k++) {
        bool second = i == a.count || (j < b.count && b.values[j] < a.values[i]);
        pool[k] = second ? b.values[j++] : a.values[i++];
        taken[k] = second;
    }
}

enum status wasserstein_test(struct sample a, struct sample b, uint32_t draws, struct random *random,
                             struct arena *scratch, struct test *out, struct error *err)
{
    *out = (struct test){.statistic = NAN, .p = NAN};
    if (a.count == 0 || b.count == 0)
        return STATUS_OK;
    struct arena_mark mark = arena_get_mark(scratch);
    size_t count = a.count + b.count;
    double *pool = arena_array(scratch, double, count);
    uint8_t *taken = arena_array(scratch, uint8_t, count);
    pool_samples(a, b, pool, taken);
    out->statistic = split_distance(pool, count, taken, b.count);
    double bound = out->statistic * (1 - 0x1p-40); /* splits that are as far apart may differ by rounding */
    uint32_t reached = 0;
    enum status status = STATUS_OK;
    for (uint32_t i = 0; i < draws && status == STATUS_OK; i++) {
        choose(random, taken, count, b.count);
        reached += split_distance(pool, count, taken, b.count) >= bound;
        status = interrupt_check(false, err);
    }
    out->p = (reached + 1.0) / (draws + 1.0);
    arena_rewind(scratch, mark);
    return status;
}
