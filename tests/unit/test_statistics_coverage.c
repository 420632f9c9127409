/*
 * Do intervals cover what they claim to, and do equal models fail no more often than they may?
 *
 *     build/unit/test_statistics_coverage            a short version, always the same
 *     build/unit/test_statistics_coverage 20000      so many simulations of each kind; takes an hour or more
 *     build/unit/test_statistics_coverage 20000 500  only with so many rows
 *     build/unit/test_statistics_coverage 20000 500 'cluster*'   and only these tests
 *     build/unit/test_statistics_coverage 20000 500 'boot*' rmse and of these this metric
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "refit/statistics.h"
#include "in_arena.h"

static uint32_t simulations = 200, only_rows; /* set from the command line */
static const char *only_metric;                 /* from the command line, too */
static bool is_short = true;
static const double NOMINAL = .95, WANTED = .94;

static struct random begin(uint64_t stream)
{
    struct random random;
    random_init(&random, (const uint8_t[RANDOM_SEED]){'c', 'o', 'v', 'e', 'r'}, stream);
    return random;
}

static double gauss(struct random *random)
{
    double radius = sqrt(-2 * log(1 - random_unit(random)));
    return radius * cos(2 * M_PI * random_unit(random));
}

/* A share of `simulations` that should be `wanted` at least: a short run is allowed four standard errors. */
static void expect_share(const char *what, uint32_t rows, uint32_t hits, double wanted)
{
    double share = (double)hits / simulations, room = is_short ? 4 * sqrt(NOMINAL * (1 - NOMINAL) / simulations) : 0;
    print_message("%s, %u rows: %.2f%% of %u\n", what, rows, 100 * share, simulations);
    if (share < wanted - room)
        fail_msg("%s, %u rows: %.2f%% is less than %.2f%%", what, rows, 100 * share, 100 * wanted);
}

/* ---- Tango ---- */

static void cover_tango(uint32_t rows, double gained, double lost, uint64_t stream)
{
    struct random random = begin(stream);
    uint32_t lower = 0, upper = 0, both = 0;
    double z = normal_quantile(.95), z_both = normal_quantile(.975);
    for (uint32_t i = 0; i < simulations; i++) {
        struct pairs pairs = {.rows = rows};
        for (uint32_t row = 0; row < rows; row++) {
            double u = random_unit(&random);
            pairs.gained += u < gained;
            pairs.lost += u >= gained && u < gained + lost;
        }
        struct interval one = tango_interval(pairs, z), two = tango_interval(pairs, z_both);
        double truth = gained - lost;
        lower += one.lower <= truth;
        upper += one.upper >= truth;
        both += two.lower <= truth && truth <= two.upper;
    }
    char what[80];
    snprintf(what, sizeof what, "Tango, gained %.3f, lost %.3f, ", gained, lost);
    char text[120];
    snprintf(text, sizeof text, "%slower limit", what);
    expect_share(text, rows, lower, WANTED);
    snprintf(text, sizeof text, "%supper limit", what);
    expect_share(text, rows, upper, WANTED);
    snprintf(text, sizeof text, "%sboth", what);
    expect_share(text, rows, both, WANTED);
}

static bool wants(uint32_t rows)
{
    return only_rows == 0 || only_rows == rows;
}

static void tango_covers(void **state)
{
    (void)state;
    static const uint32_t sizes[] = {100, 500, 5000};
    for (int i = 0; i < 3; i++) {
        if (!wants(sizes[i]))
            continue;
        cover_tango(sizes[i], .035, .035, 1);
        cover_tango(sizes[i], .03, .05, 2);
        cover_tango(sizes[i], .10, .15, 3);
    }
}

/* ---- the paired bootstrap ---- */

struct models {
    struct answers candidate, baseline;
    enum metric metric;
};

static double difference(const void *context, const uint32_t *weights)
{
    const struct models *models = context;
    double candidate = metric_value(models->metric, &models->candidate, weights);
    double baseline = metric_value(models->metric, &models->baseline, weights);
    return metric_falls(models->metric) ? baseline - candidate : candidate - baseline;
}

static double logistic(double x)
{
    return 1 / (1 + exp(-x));
}

/* Two models that see much of the same; the candidate sees `signal` of what the baseline sees. */
static struct models simulate(enum metric metric, uint32_t rows, uint32_t cluster_rows, double signal,
                              struct random *random)
{
    uint32_t *label = arena_array(&arena, uint32_t, rows), *said[2];
    double *truth = arena_array(&arena, double, rows), *real[2], of_cluster[3] = {0};
    bool is_value = metric == METRIC_RMSE || metric == METRIC_MAE;
    for (int m = 0; m < 2; m++) {
        said[m] = arena_array(&arena, uint32_t, rows);
        real[m] = arena_array(&arena, double, rows);
    }
    for (uint32_t i = 0; i < rows; i++) {
        for (int m = 0; m < 3 && cluster_rows > 0 && i % cluster_rows == 0; m++)
            of_cluster[m] = gauss(random);
        truth[i] = gauss(random);
        label[i] = random_unit(random) < .4;
        double shared = gauss(random) + of_cluster[2];
        for (int m = 0; m < 2; m++) {
            double noise = .8 * shared + .6 * (gauss(random) + of_cluster[m]), sees = m == 0 ? signal : 1;
            double score = 2.2 * (label[i] ? sees : -sees) + 1.6 * noise;
            said[m][i] = score > 0;
            real[m][i] = is_value ? truth[i] + noise / sees : logistic(score);
        }
    }
    struct models models = {.metric = metric};
    for (int m = 0; m < 2; m++) {
        struct answers answers = {
            .count = rows, .label = label, .predicted = said[m], .positive = 1, .truth = truth, .real = real[m]};
        metric_prepare(metric, &answers, &arena);
        *(m == 0 ? &models.candidate : &models.baseline) = answers;
    }
    return models;
}

static double true_difference(enum metric metric, double signal, uint64_t stream)
{
    if (signal == 1)
        return 0; /* the models are alike */
    struct random random = begin(stream);
    enum { PARTS = 40, ROWS = 100000 };
    double sum = 0;
    for (int i = 0; i < PARTS; i++) {
        struct arena_mark mark = arena_get_mark(&arena);
        struct models models = simulate(metric, ROWS, 0, signal, &random);
        sum += difference(&models, NULL);
        arena_rewind(&arena, mark);
    }
    return sum / PARTS;
}

static void cover_bootstrap(enum metric metric, uint32_t rows, uint32_t cluster_rows, double signal, uint64_t stream)
{
    if (only_metric && strcmp(only_metric, metric_name(metric)) != 0)
        return;
    double truth = true_difference(metric, signal, stream + 1000);
    struct random random = begin(stream);
    uint32_t lower = 0, upper = 0;
    uint32_t *cluster = arena_array(&arena, uint32_t, rows);
    for (uint32_t i = 0; i < rows; i++)
        cluster[i] = cluster_rows ? i / cluster_rows : i;
    for (uint32_t i = 0; i < simulations; i++) {
        struct arena_mark mark = arena_get_mark(&arena);
        struct models models = simulate(metric, rows, cluster_rows, signal, &random);
        struct bootstrap_rows source = {.count = rows};
        if (cluster_rows)
            source = (struct bootstrap_rows){.count = rows, .cluster = cluster, .clusters = rows / cluster_rows};
        uint32_t draws = is_short || rows > 1000 ? 399 : 999;
        struct bootstrap bootstrap;
        assert_int_equal(bootstrap_paired(source, difference, &models, draws, &random, &arena, &bootstrap, NULL),
                         STATUS_OK);
        struct interval limits = bootstrap_limits(&bootstrap, .05);
        lower += limits.lower <= truth;
        upper += limits.upper >= truth;
        arena_rewind(&arena, mark);
    }
    char text[120];
    const char *kind = cluster_rows ? " by cluster" : "";
    snprintf(text, sizeof text, "bootstrap of %s%s, signal %.2f, lower limit", metric_name(metric), kind, signal);
    expect_share(text, rows, lower, WANTED);
    snprintf(text, sizeof text, "bootstrap of %s%s, signal %.2f, upper limit", metric_name(metric), kind, signal);
    expect_share(text, rows, upper, WANTED);
}

static void bootstrap_covers(void **state)
{
    (void)state;
    static const uint32_t sizes[] = {100, 500, 5000};
    static const enum metric metrics[] = {METRIC_PRECISION, METRIC_RECALL, METRIC_F1,  METRIC_AUC,
                                          METRIC_LOG_LOSS,  METRIC_RMSE,   METRIC_MAE};
    for (int i = 0; i < (is_short ? 2 : 3); i++)
        for (uint64_t m = 0; m < sizeof metrics / sizeof *metrics; m++) {
            if (!wants(sizes[i]))
                continue;
            cover_bootstrap(metrics[m], sizes[i], 0, 1, 100 + m);
            if (!is_short)
                cover_bootstrap(metrics[m], sizes[i], 0, .9, 200 + m);
        }
}

static void cluster_bootstrap_covers(void **state)
{
    (void)state;
    static const enum metric metrics[] = {METRIC_ACCURACY, METRIC_F1, METRIC_RMSE};
    static const struct {
        uint32_t rows;
        uint64_t stream;
        bool in_short;
    } sizes[] = {{500, 300, true}, {200, 310, true}, {100, 320, false}, {5000, 330, false}};
    for (int i = 0; i < 4; i++)
        for (uint64_t m = 0; m < 3; m++)
            if (wants(sizes[i].rows) && (sizes[i].in_short || !is_short))
                cover_bootstrap(metrics[m], sizes[i].rows, 5, 1, sizes[i].stream + m);
}

int main(int argc, char **argv)
{
    if (argc > 1) {
        simulations = (uint32_t)strtoul(argv[1], NULL, 10);
        is_short = false;
    }
    if (argc > 2)
        only_rows = (uint32_t)strtoul(argv[2], NULL, 10);
    if (argc > 3)
        cmocka_set_test_filter(argv[3]);
    if (argc > 4)
        only_metric = argv[4];
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(tango_covers, set_up, tear_down),
        cmocka_unit_test_setup_teardown(bootstrap_covers, set_up, tear_down),
        cmocka_unit_test_setup_teardown(cluster_bootstrap_covers, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
