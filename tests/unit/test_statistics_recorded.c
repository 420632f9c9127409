/* Statistics against what scipy, statsmodels, scikit-learn, numpy and mpmath say (tests/statistics/reference.py). */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "refit/statistics.h"
#include "in_arena.h"

#define RECORDED "tests/statistics/recorded.txt"

enum { ARGUMENTS_MAX = 6, VALUES_MAX = 1000 };
static const double TOLERANCE = 1e-9;

/* One argument: a number, or a list of them. */
struct argument {
    double values[VALUES_MAX];
    size_t count;
};
static struct argument arguments[ARGUMENTS_MAX];

static double number(int i)
{
    return arguments[i].values[0];
}

static struct sample sample(int i)
{
    return (struct sample){.values = arguments[i].values, .count = arguments[i].count};
}

static uint64_t *counts(int i)
{
    uint64_t *out = arena_array(&arena, uint64_t, arguments[i].count);
    for (size_t j = 0; j < arguments[i].count; j++)
        out[j] = (uint64_t)arguments[i].values[j];
    return out;
}

static uint32_t *classes(int i)
{
    uint32_t *out = arena_array(&arena, uint32_t, arguments[i].count);
    for (size_t j = 0; j < arguments[i].count; j++)
        out[j] = (uint32_t)arguments[i].values[j];
    return out;
}

static struct bins bins(void)
{
    return (struct bins){counts(0), counts(1), (uint32_t)arguments[0].count, NULL};
}

static struct pairs pairs(void)
{
    return (struct pairs){(uint64_t)number(0), (uint64_t)number(1), (uint64_t)number(2)};
}

static uint64_t philox(void)
{
    uint8_t seed[RANDOM_SEED];
    struct random random;
    uint64_t bits = 0;
    for (int i = 0; i < RANDOM_SEED; i++)
        seed[i] = (uint8_t)arguments[0].values[i];
    random_init(&random, seed, (uint64_t)number(1));
    for (int i = 0; i <= (int)number(2); i++)
        bits = random_bits(&random);
    return bits;
}

static struct random fixed(void)
{
    struct random random;
    random_init(&random, (const uint8_t[RANDOM_SEED]){7}, 0);
    return random;
}

static double ks_p(void)
{
    double distance = ks_distance(sample(0), sample(1));
    struct test test = ks_test(distance, arguments[0].count, arguments[1].count, &arena);
    assert_true(test.exact);
    return test.p;
}

static double weighted_distance(void)
{
    struct sample a = {arguments[0].values, arguments[2].values, arguments[0].count};
    struct sample b = {arguments[1].values, arguments[3].values, arguments[1].count};
    return wasserstein_distance(a, b);
}

static double wasserstein_p(void)
{
    struct random random = fixed();
    struct test test;
    assert_int_equal(wasserstein_test(sample(0), sample(1), 19999, &random, &arena, &test, NULL), STATUS_OK);
    assert_float_equal(test.statistic, wasserstein_distance(sample(0), sample(1)), 1e-12);
    return test.p;
}

static double linf_p(void)
{
    struct random random = fixed();
    struct test test;
    assert_int_equal(bins_permutation(bins(), linf_measure, 0, 19999, &random, &arena, &test, NULL), STATUS_OK);
    return test.p;
}

static struct test table(void)
{
    return chi2_contingency(counts(2), (uint32_t)number(0), (uint32_t)number(1), &arena);
}

static double holm(void)
{
    double *adjusted = arena_array(&arena, double, arguments[0].count);
    holm_adjust(arguments[0].values, (uint32_t)arguments[0].count, adjusted, &arena);
    return adjusted[(size_t)number(1)];
}

static double classified(enum metric metric, int weights, uint32_t positive, uint32_t class_count)
{
    struct answers answers = {
        .count = arguments[0].count,
        .label = classes(0),
        .predicted = classes(1),
        .positive = positive,
        .classes = class_count,
    };
    metric_prepare(metric, &answers, &arena);
    return metric_value(metric, &answers, classes(weights));
}

static double scored(enum metric metric)
{
    struct answers answers = {
        .count = arguments[0].count,
        .label = classes(0),
        .truth = arguments[0].values,
        .positive = 1,
        .real = arguments[1].values,
    };
    metric_prepare(metric, &answers, &arena);
    return metric_value(metric, &answers, classes(2));
}

struct two {
    struct answers candidate, baseline;
};

static double drop(const void *context, const uint32_t *weights)
{
    const struct two *two = context;
    return metric_value(METRIC_RMSE, &two->baseline, weights) - metric_value(METRIC_RMSE, &two->candidate, weights);
}

static double bootstrap_limit(void)
{
    size_t count = arguments[0].count;
    struct two two = {
        .candidate = {.count = count, .truth = arguments[0].values, .real = arguments[1].values},
        .baseline = {.count = count, .truth = arguments[0].values, .real = arguments[2].values},
    };
    metric_prepare(METRIC_RMSE, &two.candidate, &arena);
    metric_prepare(METRIC_RMSE, &two.baseline, &arena);
    struct random random = fixed();
    struct bootstrap bootstrap;
    struct bootstrap_rows rows = {.count = count};
    assert_int_equal(bootstrap_paired(rows, drop, &two, 40000, &random, &arena, &bootstrap, NULL), STATUS_OK);
    struct interval limits = bootstrap_limits(&bootstrap, .05);
    return number(3) != 0 ? limits.upper : limits.lower;
}

#define FUNCTIONS(X)                                                                                              \
    X(real_exp, real_exp(number(0)))                                                                              \
    X(real_log, real_log(number(0)))                                                                              \
    X(real_log1p, real_log1p(number(0)))                                                                          \
    X(real_power, real_power(number(0), number(1)))                                                               \
    X(gamma_log, gamma_log(number(0)))                                                                            \
    X(gamma_lower, gamma_lower(number(0), number(1)))                                                             \
    X(gamma_upper, gamma_upper(number(0), number(1)))                                                             \
    X(beta_lower, beta_lower(number(0), number(1), number(2)))                                                    \
    X(normal_lower, normal_lower(number(0)))                                                                      \
    X(normal_upper, normal_upper(number(0)))                                                                      \
    X(normal_quantile, normal_quantile(number(0)))                                                                \
    X(student_quantile, student_quantile(number(0), number(1)))                                                   \
    X(chi2_upper, chi2_upper(number(0), number(1)))                                                               \
    X(chi2_quantile, chi2_quantile(number(0), number(1)))                                                         \
    X(binomial_lower, binomial_lower((uint64_t)number(0), (uint64_t)number(1), number(2)))                        \
    X(binomial_upper, binomial_upper((uint64_t)number(0), (uint64_t)number(1), number(2)))                        \
    X(random_bits_high, (double)(philox() >> 32))                                                                 \
    X(random_bits_low, (double)(uint32_t)philox())                                                                \
    X(sample_mean, sample_mean(arguments[0].values, arguments[0].count))                                          \
    X(sample_deviation, sample_deviation(arguments[0].values, arguments[0].count))                                \
    X(ks_distance, ks_distance(sample(0), sample(1)))                                                             \
    X(ks_test, ks_p())                                                                                            \
    X(ks_test_between, ks_test(number(0), (uint64_t)number(1), (uint64_t)number(2), &arena).p)                    \
    X(smirnov_upper, smirnov_upper(number(0)))                                                                    \
    X(wasserstein_distance, wasserstein_distance(sample(0), sample(1)))                                           \
    X(wasserstein_weighted, weighted_distance())                                                                  \
    X(wasserstein_test, wasserstein_p())                                                                          \
    X(psi_value, psi_value(bins()))                                                                               \
    X(psi_test, psi_test(bins()).p)                                                                               \
    X(psi_threshold, psi_threshold((uint64_t)number(0), (uint64_t)number(1), (uint32_t)number(2), number(3)))     \
    X(chi2_statistic, table().statistic)                                                                          \
    X(chi2_p, table().p)                                                                                          \
    X(js_distance, js_distance(bins(), number(2)))                                                                \
    X(js_divergence, js_divergence(bins(), number(2)))                                                            \
    X(linf_distance, linf_distance(bins()))                                                                       \
    X(linf_permutation, linf_p())                                                                                 \
    X(holm_adjust, holm())                                                                                        \
    X(tango_lower, tango_interval(pairs(), number(3)).lower)                                                      \
    X(tango_upper, tango_interval(pairs(), number(3)).upper)                                                      \
    X(mcnemar_exact, mcnemar_exact(pairs()))                                                                      \
    X(equal_passes, equal_passes(number(0), number(1), number(2)))                                                \
    X(equal_rows, equal_rows(number(0), number(1), number(2), number(3), number(4), (uint32_t)number(5)))         \
    X(accuracy, classified(METRIC_ACCURACY, 2, 1, 0))                                                             \
    X(precision, classified(METRIC_PRECISION, 3, (uint32_t)number(2), 0))                                         \
    X(recall, classified(METRIC_RECALL, 3, (uint32_t)number(2), 0))                                               \
    X(f1, classified(METRIC_F1, 3, (uint32_t)number(2), 0))                                                       \
    X(precision_macro, classified(METRIC_PRECISION, 3, 0, (uint32_t)number(2)))                                   \
    X(recall_macro, classified(METRIC_RECALL, 3, 0, (uint32_t)number(2)))                                         \
    X(f1_macro, classified(METRIC_F1, 3, 0, (uint32_t)number(2)))                                                 \
    X(auc, scored(METRIC_AUC))                                                                                    \
    X(log_loss, scored(METRIC_LOG_LOSS))                                                                          \
    X(rmse, scored(METRIC_RMSE))                                                                                  \
    X(mae, scored(METRIC_MAE))                                                                                    \
    X(bootstrap_rmse, bootstrap_limit())

enum function {
#define X(name, call) FUNCTION_##name,
    FUNCTIONS(X)
#undef X
    FUNCTION_COUNT
};

static const char *const NAMES[] = {
#define X(name, call) #name,
    FUNCTIONS(X)
#undef X
};

static double call(enum function function)
{
    switch (function) {
#define X(name, call)       \
    case FUNCTION_##name:   \
        return call;
        FUNCTIONS(X)
#undef X
    case FUNCTION_COUNT:
        break;
    }
    return NAN;
}

static enum function function_of(const char *name, size_t len)
{
    for (int i = 0; i < FUNCTION_COUNT; i++)
        if (strlen(NAMES[i]) == len && memcmp(NAMES[i], name, len) == 0)
            return (enum function)i;
    return FUNCTION_COUNT;
}

static const char *read_argument(const char *at, struct argument *out)
{
    bool list = *at == '[';
    at += list;
    out->count = 0;
    for (;;) {
        char *end;
        assert_true(out->count < VALUES_MAX);
        out->values[out->count++] = strtod(at, &end);
        assert_ptr_not_equal(at, end);
        at = end;
        if (!list || *at == ']')
            return at + list;
        assert_int_equal(*at++, ',');
    }
}

/* `function arguments = value` or `function arguments ~ value tolerance` */
static bool agrees(const char *line, enum function *function, char *why, size_t room)
{
    const char *at = strchr(line, ' ');
    assert_non_null(at);
    *function = function_of(line, (size_t)(at - line));
    assert_int_not_equal(*function, FUNCTION_COUNT);
    for (int i = 0; at[1] != '=' && at[1] != '~'; i++) {
        assert_true(i < ARGUMENTS_MAX);
        at = read_argument(at + 1, &arguments[i]);
    }
    char *rest;
    double want = strtod(at + 2, &rest), tolerance = at[1] == '~' ? strtod(rest, NULL) : TOLERANCE * fabs(want);
    double have = call(*function);
    snprintf(why, room, "%.60s: %.17g, recorded is %.17g", line, have, want);
    return fabs(have - want) <= tolerance;
}

static void recorded_values_are_met(void **state)
{
    (void)state;
    FILE *file = fopen(RECORDED, "r");
    if (file == NULL)
        fail_msg("%s: %s; run this from the root of the tree", RECORDED, strerror(errno));
    char *line = NULL, why[200];
    size_t room = 0, wrong = 0, seen[FUNCTION_COUNT] = {0};
    while (getline(&line, &room, file) > 0) {
        enum function function;
        struct arena_mark mark = arena_get_mark(&arena);
        if (*line == '#')
            continue;
        if (!agrees(line, &function, why, sizeof why)) {
            print_error("%s\n", why);
            wrong++;
        }
        seen[function]++;
        arena_rewind(&arena, mark);
    }
    free(line);
    fclose(file);
    for (int i = 0; i < FUNCTION_COUNT; i++)
        if (seen[i] == 0)
            fail_msg("%s is not in %s", NAMES[i], RECORDED);
    assert_int_equal(wrong, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(recorded_values_are_met, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
