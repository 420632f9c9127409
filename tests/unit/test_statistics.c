/* Statistics: edges, invariants, and what is known from elsewhere than a library. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <math.h>
#include <string.h>

#include "refit/statistics.h"
#include "in_arena.h"

static const uint8_t SEED[RANDOM_SEED] = {1, 2, 3};

static void distributions_have_edges(void **state)
{
    (void)state;
    assert_true(isinf(normal_quantile(1)) && normal_quantile(1) > 0);
    assert_true(isinf(normal_quantile(0)) && normal_quantile(0) < 0);
    assert_true(isnan(normal_quantile(1.1)) && isnan(normal_quantile(NAN)));
    assert_true(normal_quantile(.5) == 0);
    assert_true(normal_upper(INFINITY) == 0 && normal_lower(INFINITY) == 1);
    assert_true(chi2_upper(0, 3) == 1 && chi2_upper(INFINITY, 3) == 0);
    assert_true(isnan(chi2_upper(1, 0)) && isnan(gamma_lower(-1, 1)));
    assert_true(beta_lower(2, 3, 0) == 0 && beta_lower(2, 3, 1) == 1);
    assert_true(binomial_lower(3, 3, .1) == 1 && binomial_upper(0, 3, .1) == 1 && binomial_upper(4, 3, .1) == 0);
    assert_true(real_exp(-1000) == 0 && isinf(real_exp(1000)) && isinf(real_log(0)) && isnan(real_log(-1)));
    assert_true(real_exp(0) == 1 && real_log(1) == 0);
}

static void tails_are_each_others_rest(void **state)
{
    (void)state;
    for (double x = -8; x <= 8; x += .37) {
        assert_float_equal(normal_lower(x) + normal_upper(x), 1, 1e-14);
        assert_float_equal(normal_lower(normal_quantile(normal_lower(x))), normal_lower(x), 1e-14);
    }
    for (uint64_t k = 0; k < 50; k++)
        assert_float_equal(binomial_lower(k, 50, .3) + binomial_upper(k + 1, 50, .3), 1, 1e-13);
}

static void random_numbers_are_those_of_seed_and_stream(void **state)
{
    (void)state;
    struct random a, b, c;
    random_init(&a, SEED, 0);
    random_init(&b, SEED, 0);
    random_init(&c, SEED, 1);
    for (int i = 0; i < 100; i++) {
        uint64_t bits = random_bits(&a);
        assert_int_equal(bits, random_bits(&b));
        assert_int_not_equal(bits, random_bits(&c));
    }
}

/* chi2 of counts that should be those of `share`. */
static double fit(const uint64_t *counts, const double *share, uint32_t count, double total)
{
    double sum = 0;
    for (uint32_t i = 0; i < count; i++) {
        double expected = share[i] * total, off = (double)counts[i] - expected;
        sum += expected > 0 ? off * off / expected : 0;
    }
    return chi2_upper(sum, count - 1);
}

static void random_below_is_uniform(void **state)
{
    (void)state;
    enum { SIDES = 7, THROWS = 70000 };
    uint64_t counts[SIDES] = {0};
    double share[SIDES];
    struct random random;
    random_init(&random, SEED, 2);
    for (int i = 0; i < THROWS; i++)
        counts[random_below(&random, SIDES)]++;
    for (int i = 0; i < SIDES; i++)
        share[i] = 1.0 / SIDES;
    assert_true(fit(counts, share, SIDES, THROWS) > .001);
    for (int i = 0; i < 1000; i++) {
        assert_int_equal(random_below(&random, 1), 0);
        double unit = random_unit(&random);
        assert_true(unit >= 0 && unit < 1);
    }
}

static double choose(double n, double k)
{
    return exp(lgamma(n + 1) - lgamma(k + 1) - lgamma(n - k + 1));
}

static void hypergeometric_draws_are_so_distributed(void **state)
{
    (void)state;
    enum { TOTAL = 40, MARKED = 15, DRAWN = 12, THROWS = 50000 };
    uint64_t counts[DRAWN + 1] = {0};
    double share[DRAWN + 1];
    struct random random;
    random_init(&random, SEED, 3);
    for (int i = 0; i < THROWS; i++)
        counts[random_hypergeometric(&random, TOTAL, MARKED, DRAWN)]++;
    for (int k = 0; k <= DRAWN; k++)
        share[k] = choose(MARKED, k) * choose(TOTAL - MARKED, DRAWN - k) / choose(TOTAL, DRAWN);
    assert_true(fit(counts, share, DRAWN + 1, THROWS) > .001);
}

static void hypergeometric_draws_stay_within_bounds(void **state)
{
    (void)state;
    struct random random;
    random_init(&random, SEED, 4);
    assert_int_equal(random_hypergeometric(&random, 10, 10, 4), 4);
    assert_int_equal(random_hypergeometric(&random, 10, 0, 4), 0);
    assert_int_equal(random_hypergeometric(&random, 10, 3, 10), 3);
    assert_int_equal(random_hypergeometric(&random, 0, 0, 0), 0);
    double sum = 0;
    for (int i = 0; i < 300; i++) { /* a thousand million rows */
        uint64_t got = random_hypergeometric(&random, 1000000000, 300000000, 1000000);
        assert_true(got > 297000 && got < 303000); /* standard deviation 458 */
        sum += (double)got;
    }
    assert_float_equal(sum / 300, 300000, 110);
    for (int i = 0; i < 1000; i++) {
        uint64_t got = random_hypergeometric(&random, 20, 15, 12);
        assert_true(got >= 7 && got <= 12);
    }
}

static struct sample sample(const double *values, size_t count)
{
    return (struct sample){.values = values, .count = count};
}

static void samples_of_nothing_are_undefined(void **state)
{
    (void)state;
    static const double one[] = {1};
    assert_true(isnan(ks_distance(sample(one, 1), sample(NULL, 0))));
    assert_true(isnan(wasserstein_distance(sample(NULL, 0), sample(one, 1))));
    assert_true(isnan(sample_mean(NULL, 0)));
    assert_true(ks_distance(sample(one, 1), sample(one, 1)) == 0);
    assert_true(ks_test(0, 5, 5, &arena).p == 1);
    assert_true(isnan(ks_test(.5, 0, 5, &arena).p));
}

static void ties_are_one_step(void **state)
{
    (void)state;
    static const double a[] = {1, 1, 1, 2}, b[] = {1, 2, 2, 2};
    assert_float_equal(ks_distance(sample(a, 4), sample(b, 4)), .5, 1e-15);
    assert_float_equal(wasserstein_distance(sample(a, 4), sample(b, 4)), .5, 1e-15);
}

/* Measured elsewhere: n = m = 200, D = .13 has exactly .0680; corrections for small samples would say .0623. */
static void ks_is_exact_up_to_a_million_pairs(void **state)
{
    (void)state;
    struct test test = ks_test(.13, 200, 200, &arena);
    assert_true(test.exact);
    assert_float_equal(test.p, .0680, .00005);
    assert_true(ks_test(.05, 1000, 1000, &arena).exact);
    assert_false(ks_test(.05, 1001, 1000, &arena).exact);
    assert_true(smirnov_upper(.19) == 1);
}

static void weights_are_repetitions(void **state)
{
    (void)state;
    static const double values[] = {1, 2, 5}, weights[] = {2, 1, 3}, spread[] = {1, 1, 2, 5, 5, 5}, other[] = {0, 3, 4};
    struct sample heavy = {values, weights, 3};
    assert_float_equal(ks_distance(heavy, sample(other, 3)), ks_distance(sample(spread, 6), sample(other, 3)), 1e-15);
    assert_float_equal(wasserstein_distance(heavy, sample(other, 3)),
                       wasserstein_distance(sample(spread, 6), sample(other, 3)), 1e-15);
}

static void assert_counts(const uint64_t *have, const uint64_t *want, uint32_t count)
{
    assert_memory_equal(have, want, count * sizeof *have);
}

/* Both data sets have 1000 rows, so a bin needs 20 of both. The two rarest do not come to that without the next. */
static void rare_bins_are_pooled(void **state)
{
    (void)state;
    uint64_t a[] = {500, 3, 0, 480, 0, 9, 8}, b[] = {450, 2, 0, 470, 5, 40, 33};
    uint32_t group[7];
    assert_int_equal(bins_pool(a, b, 7, BINS_EXPECTED, group, &arena), 4);
    assert_counts(a, (const uint64_t[]){500, 480, 9, 11}, 4);
    assert_counts(b, (const uint64_t[]){450, 470, 40, 40}, 4);
    static const uint32_t want[] = {0, 3, UINT32_MAX, 1, 3, 2, 3};
    assert_memory_equal(group, want, sizeof want);
}

static void few_rows_are_one_bin(void **state)
{
    (void)state;
    uint64_t a[] = {1, 2, 0}, b[] = {3, 0, 1};
    assert_int_equal(bins_pool(a, b, 3, BINS_EXPECTED, NULL, &arena), 1);
    assert_true(a[0] == 3 && b[0] == 4);
    uint64_t c[] = {1, 2, 0}, d[] = {3, 0, 1};
    assert_int_equal(bins_merge(c, d, 3, BINS_EXPECTED, NULL), 1);
    assert_true(c[0] == 3 && d[0] == 4);
    uint64_t none[] = {0, 0};
    assert_int_equal(bins_pool(none, none, 2, BINS_EXPECTED, NULL, &arena), 0);
    assert_int_equal(bins_merge(none, none, 2, BINS_EXPECTED, NULL), 0);
}

static void neighbours_are_merged(void **state)
{
    (void)state;
    uint64_t a[] = {4, 5, 100, 0, 100, 3}, b[] = {3, 9, 90, 0, 110, 0};
    uint32_t group[6];
    assert_int_equal(bins_merge(a, b, 6, BINS_EXPECTED, group), 3);
    assert_counts(a, (const uint64_t[]){9, 100, 103}, 3);
    assert_counts(b, (const uint64_t[]){12, 90, 110}, 3);
    static const uint32_t want[] = {0, 0, 1, 2, 2, 2};
    assert_memory_equal(group, want, sizeof want);
}

static void drift_of_the_same_is_none(void **state)
{
    (void)state;
    static const uint64_t a[] = {10, 0, 30}, b[] = {20, 0, 60}, none[] = {0, 0, 0};
    struct bins same = {a, b, 3, NULL}, empty = {a, none, 3, NULL};
    assert_true(psi_value(same) == 0 && linf_distance(same) == 0 && js_distance(same, 2) == 0);
    assert_true(psi_test(same).p == 1 && psi_test(same).freedom == 1);
    assert_true(chi2_bins(same, &arena).p == 1);
    assert_true(isnan(psi_value(empty)) && isnan(linf_distance(empty)) && isnan(js_distance(empty, 2)));
    assert_true(isnan(chi2_bins(empty, &arena).p) && isnan(psi_threshold(5, 0, 10, .01)));
}

/* A bin that one side leaves empty has half a row there. */
/* Of values that are the edges themselves it is the integral of |F - G| as it is defined. */
static void wasserstein_is_exact_at_edges(void **state)
{
    (void)state;
    static const uint64_t a[] = {10, 20, 10, 0}, b[] = {0, 10, 30, 0}, gone[] = {0, 0, 0, 5};
    static const double edges[] = {0, 1, 4}, infinite[] = {-INFINITY, 0, 1};
    double x[40], y[40];
    for (int i = 0; i < 40; i++) {
        x[i] = i < 10 ? 0 : i < 30 ? 1 : 4;
        y[i] = i < 10 ? 1 : 4;
    }
    struct bins bins = {a, b, 4, edges}, same = {a, a, 4, edges}, none = {a, b, 4, NULL}, far = {a, gone, 4, edges};
    double exact = wasserstein_distance((struct sample){x, NULL, 40}, (struct sample){y, NULL, 40});
    assert_true(fabs(wasserstein_bins(bins, 1) - exact) < 1e-12);
    assert_true(fabs(wasserstein_bins(bins, 4) - exact / 4) < 1e-12);
    assert_true(wasserstein_bins(same, 0) == 0 && isinf(wasserstein_bins(bins, 0)) && isnan(wasserstein_bins(none, 1)));
    assert_true(wasserstein_bins(far, 1) == .25 * 1 + .75 * 3); /* no further than the last edge */
    assert_true(isinf(wasserstein_bins((struct bins){a, b, 4, infinite}, 1)));
    assert_true(wasserstein_bins((struct bins){a, a, 4, infinite}, 1) == 0);
}

static void empty_shares_are_floored(void **state)
{
    (void)state;
    static const uint64_t a[] = {50, 50, 0}, b[] = {40, 40, 20};
    struct bins bins = {a, b, 3, NULL};
    double want = 2 * (.5 - .4) * log(.5 / .4) + (.005 - .2) * log(.005 / .2);
    assert_float_equal(psi_value(bins), want, 1e-14);
}

/* Of batches of 100 rows of ten equal bins, the calibrated test takes about 1% for drift, 0.1 nearly half. */
static void the_calibrated_threshold_keeps_its_level(void **state)
{
    (void)state;
    enum { BATCHES = 4000, ROWS = 100, REFERENCE = 10000, BINS = 10 };
    struct random random;
    random_init(&random, SEED, 5);
    uint32_t alarms = 0, bare = 0;
    for (int batch = 0; batch < BATCHES; batch++) {
        uint64_t a[BINS], b[BINS] = {0};
        for (int i = 0; i < BINS; i++)
            a[i] = REFERENCE / BINS;
        for (int i = 0; i < ROWS; i++)
            b[random_below(&random, BINS)]++;
        bare += psi_value((struct bins){a, b, BINS, NULL}) >= .1;
        struct bins merged = {a, b, bins_merge(a, b, BINS, BINS_EXPECTED, NULL), NULL};
        double psi = psi_value(merged), threshold = psi_threshold(REFERENCE, ROWS, merged.count, .01);
        assert_true((psi > threshold) == (psi_test(merged).p < .01));
        alarms += psi > threshold;
    }
    print_message("calibrated %.2f%%, bare %.1f%%\n", 100.0 * alarms / BATCHES, 100.0 * bare / BATCHES);
    assert_true(alarms <= .015 * BATCHES);
    assert_true(bare > .3 * BATCHES);
}

static double permuted(double (*measure)(struct bins, double), uint64_t stream)
{
    static const uint64_t a[] = {100, 120, 80, 7}, b[] = {60, 50, 70, 1};
    struct random random;
    struct test test;
    random_init(&random, SEED, stream);
    assert_int_equal(bins_permutation((struct bins){a, b, 4, NULL}, measure, 2, 999, &random, &arena, &test, NULL),
                     STATUS_OK);
    return test.p;
}

static void permutations_follow_their_seed(void **state)
{
    (void)state;
    assert_true(permuted(js_divergence, 6) == permuted(js_divergence, 6));
    assert_true(permuted(linf_measure, 6) > 0 && permuted(linf_measure, 6) <= 1);
    static const double same[] = {1, 1, 1};
    struct random random;
    struct test test;
    random_init(&random, SEED, 7);
    assert_int_equal(wasserstein_test(sample(same, 3), sample(same, 2), 99, &random, &arena, &test, NULL), STATUS_OK);
    assert_true(test.p == 1 && test.statistic == 0);
}

static void holm_leaves_out_what_is_undefined(void **state)
{
    (void)state;
    double p[] = {.04, NAN, .01, .9}, adjusted[4];
    holm_adjust(p, 4, adjusted, &arena);
    assert_float_equal(adjusted[0], .08, 1e-15);
    assert_true(isnan(adjusted[1]));
    assert_float_equal(adjusted[2], .03, 1e-15);
    assert_float_equal(adjusted[3], .9, 1e-15);
    holm_adjust(p, 0, adjusted, &arena);
}

/* Outputs of R's PropCIs::scoreci.mp(b, c, n), whose difference is (c - b) / n, as others have published them. */
static void tango_is_that_of_propcis(void **state)
{
    (void)state;
    struct interval a = tango_interval((struct pairs){60, 20, 1000}, normal_quantile(.975));
    assert_float_equal(a.lower, .0231, .00005);
    assert_float_equal(a.upper, .0584, .00005);
    struct interval b = tango_interval((struct pairs){28, 25, 618}, normal_quantile(.95));
    assert_float_equal(b.lower, -.0148, .00005);
    assert_float_equal(b.upper, .0247, .00005);
}

static void tango_has_edges(void **state)
{
    (void)state;
    double z = normal_quantile(.95);
    struct interval none = tango_interval((struct pairs){0, 0, 100}, z);
    assert_true(none.lower == -z * z / (100 + z * z) && none.upper == -none.lower);
    struct interval one = tango_interval((struct pairs){10, 0, 10}, z), nothing = tango_interval((struct pairs){0}, z);
    assert_true(one.upper == 1 && one.lower > 0);
    assert_true(nothing.lower == -1 && nothing.upper == 1);
    for (uint64_t b = 0; b <= 12; b++)
        for (uint64_t c = 0; b + c <= 12; c++) {
            struct interval there = tango_interval((struct pairs){b, c, 12}, z);
            struct interval back = tango_interval((struct pairs){c, b, 12}, z);
            double estimate = ((double)b - (double)c) / 12;
            assert_true(there.lower >= -1 && there.upper <= 1);
            assert_true(there.lower <= estimate && estimate <= there.upper);
            assert_float_equal(there.lower, -back.upper, 1e-12);
        }
}

/* The limits and the test agree: the claim "below -margin" has p <= .05 where the upper limit is. */
static void tango_limits_and_p_agree(void **state)
{
    (void)state;
    struct pairs pairs = {12, 40, 400};
    double upper = tango_interval(pairs, normal_quantile(.95)).upper;
    assert_float_equal(tango_worse(pairs, -upper), .05, 1e-9);
    assert_true(tango_worse(pairs, -upper + .01) > .05 && tango_worse(pairs, -upper - .01) < .05);
    assert_true(tango_worse((struct pairs){0}, .01) == 1);
}

static void rows_that_settle_are_those_of_the_formula(void **state)
{
    (void)state;
    double discordance = .07, margin = .02, rows = 200;
    double needed = equal_rows(rows, margin, sqrt(discordance / rows), .05, .8, 1);
    assert_float_equal(needed, 6.18 * discordance / (margin * margin), 2);
    assert_float_equal(equal_passes(margin, sqrt(discordance / needed), .05), .8, .001);
    assert_true(isinf(equal_rows(rows, 0, .01, .05, .8, 1)));
    assert_true(equal_passes(.01, 0, .05) == 1);
}

static struct answers classified(const uint32_t *label, const uint32_t *predicted, size_t count)
{
    return (struct answers){.label = label, .predicted = predicted, .count = count, .positive = 1};
}

static void metrics_may_be_undefined(void **state)
{
    (void)state;
    static const uint32_t zeros[] = {0, 0, 0}, one[] = {0, 1, 0};
    static const double scores[] = {.1, .2, .3};
    struct answers nothing_predicted = classified(one, zeros, 3), nothing_labelled = classified(zeros, one, 3);
    assert_true(isnan(metric_value(METRIC_PRECISION, &nothing_predicted, NULL)));
    assert_true(metric_value(METRIC_RECALL, &nothing_predicted, NULL) == 0);
    assert_true(isnan(metric_value(METRIC_RECALL, &nothing_labelled, NULL)));
    assert_true(metric_value(METRIC_F1, &nothing_labelled, NULL) == 0);
    struct answers no_rows = classified(zeros, zeros, 0);
    assert_true(isnan(metric_value(METRIC_ACCURACY, &no_rows, NULL)));
    nothing_labelled.real = scores;
    metric_prepare(METRIC_AUC, &nothing_labelled, &arena);
    assert_true(isnan(metric_value(METRIC_AUC, &nothing_labelled, NULL)));
    enum metric metric;
    assert_true(metric_by_name(STR("log_loss"), &metric) && metric == METRIC_LOG_LOSS && metric_falls(metric));
    assert_false(metric_by_name(STR("logloss"), &metric));
}

struct two {
    struct answers candidate, baseline;
};

static double gain(const void *context, const uint32_t *weights)
{
    const struct two *two = context;
    return metric_value(METRIC_PRECISION, &two->candidate, weights) -
           metric_value(METRIC_PRECISION, &two->baseline, weights);
}

enum { ROWS = 60 };
static const uint32_t FEW[ROWS] = {[3] = 1, [17] = 1}, SOME[ROWS] = {[3] = 1, [4] = 1, [17] = 1, [40] = 1};

static struct bootstrap bootstrap(const uint32_t *cluster, uint32_t clusters, uint64_t stream)
{
    struct two two = {classified(FEW, FEW, ROWS), classified(FEW, SOME, ROWS)};
    struct bootstrap out;
    struct random random;
    random_init(&random, SEED, stream);
    struct bootstrap_rows rows = {ROWS, cluster, clusters};
    assert_int_equal(bootstrap_paired(rows, gain, &two, 999, &random, &arena, &out, NULL), STATUS_OK);
    return out;
}

/* Two positive predictions of sixty rows: in 13% of the draws there is none, so no lower limit of 95% is known. */
static void undefined_draws_leave_limits_open(void **state)
{
    (void)state;
    struct bootstrap drawn = bootstrap(NULL, 0, 8);
    assert_true(drawn.undefined > 80 && drawn.undefined < 200);
    struct interval limits = bootstrap_limits(&drawn, .05);
    assert_true(isinf(limits.lower) && limits.lower < 0 && isinf(limits.upper) && limits.upper > 0);
    struct interval wide = bootstrap_limits(&drawn, .4);
    assert_true(isfinite(wide.lower) && isfinite(wide.upper) && wide.lower <= wide.upper);
    assert_true(bootstrap_worse(&drawn, -2) == (drawn.undefined + 1) / 1000.0);
    assert_true(bootstrap_worse(&drawn, 2) == 1);
}

static void bootstraps_follow_their_seed(void **state)
{
    (void)state;
    struct bootstrap a = bootstrap(NULL, 0, 9), b = bootstrap(NULL, 0, 9), c = bootstrap(NULL, 0, 10);
    assert_int_equal(a.undefined, b.undefined);
    assert_memory_equal(a.sorted, b.sorted, (a.draws - a.undefined) * sizeof *a.sorted);
    assert_true(a.undefined != c.undefined || memcmp(a.sorted, c.sorted, 500 * sizeof *a.sorted) != 0);
    assert_true(bootstrap_draws(1, .05) == 2000 && bootstrap_draws(30, .05) == 12000);
}

static double is_whole(const void *context, const uint32_t *weights)
{
    (void)context;
    for (size_t i = 0; weights != NULL && i < ROWS; i++)
        assert_int_equal(weights[i], weights[i - i % 5]);
    return 0;
}

static void clusters_are_drawn_whole(void **state)
{
    (void)state;
    uint32_t cluster[ROWS];
    for (uint32_t i = 0; i < ROWS; i++)
        cluster[i] = i / 5;
    struct bootstrap out;
    struct random random;
    random_init(&random, SEED, 11);
    assert_int_equal(bootstrap_paired((struct bootstrap_rows){ROWS, cluster, ROWS / 5}, is_whole, NULL, 50, &random,
                                      &arena, &out, NULL),
                     STATUS_OK);
    assert_int_equal(out.undefined, 0);
    assert_true(bootstrap(cluster, ROWS / 5, 9).undefined > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(distributions_have_edges, set_up, tear_down),
        cmocka_unit_test_setup_teardown(tails_are_each_others_rest, set_up, tear_down),
        cmocka_unit_test_setup_teardown(random_numbers_are_those_of_seed_and_stream, set_up, tear_down),
        cmocka_unit_test_setup_teardown(random_below_is_uniform, set_up, tear_down),
        cmocka_unit_test_setup_teardown(hypergeometric_draws_are_so_distributed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(hypergeometric_draws_stay_within_bounds, set_up, tear_down),
        cmocka_unit_test_setup_teardown(samples_of_nothing_are_undefined, set_up, tear_down),
        cmocka_unit_test_setup_teardown(ties_are_one_step, set_up, tear_down),
        cmocka_unit_test_setup_teardown(ks_is_exact_up_to_a_million_pairs, set_up, tear_down),
        cmocka_unit_test_setup_teardown(weights_are_repetitions, set_up, tear_down),
        cmocka_unit_test_setup_teardown(rare_bins_are_pooled, set_up, tear_down),
        cmocka_unit_test_setup_teardown(few_rows_are_one_bin, set_up, tear_down),
        cmocka_unit_test_setup_teardown(neighbours_are_merged, set_up, tear_down),
        cmocka_unit_test_setup_teardown(drift_of_the_same_is_none, set_up, tear_down),
        cmocka_unit_test_setup_teardown(wasserstein_is_exact_at_edges, set_up, tear_down),
        cmocka_unit_test_setup_teardown(empty_shares_are_floored, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_calibrated_threshold_keeps_its_level, set_up, tear_down),
        cmocka_unit_test_setup_teardown(permutations_follow_their_seed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(holm_leaves_out_what_is_undefined, set_up, tear_down),
        cmocka_unit_test_setup_teardown(tango_is_that_of_propcis, set_up, tear_down),
        cmocka_unit_test_setup_teardown(tango_has_edges, set_up, tear_down),
        cmocka_unit_test_setup_teardown(tango_limits_and_p_agree, set_up, tear_down),
        cmocka_unit_test_setup_teardown(rows_that_settle_are_those_of_the_formula, set_up, tear_down),
        cmocka_unit_test_setup_teardown(metrics_may_be_undefined, set_up, tear_down),
        cmocka_unit_test_setup_teardown(undefined_draws_leave_limits_open, set_up, tear_down),
        cmocka_unit_test_setup_teardown(bootstraps_follow_their_seed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(clusters_are_drawn_whole, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
