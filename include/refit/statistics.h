/*
 * Statistics: distributions, tests, intervals and metrics, as pure functions.
 *
 * No I/O and no state. Results are the same bits on every machine and in every locale: sums run in the order of the
 * arguments, and only operations that IEEE 754 rounds correctly are used (+ - * / sqrt, no exp or log of libm).
 * Where something is undefined (precision without a positive prediction, a p-value of nothing) the result is NaN;
 * callers decide what that means. Memory comes from an arena that the caller gives and rewinds.
 * What draws at random returns a status, since it may take long: it looks for interrupts, and has no other error.
 * Agreement with scipy, statsmodels, scikit-learn and numpy: tests/statistics/.
 */
#ifndef REFIT_STATISTICS_H
#define REFIT_STATISTICS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "refit/base/arena.h"
#include "refit/base/error.h"
#include "refit/base/str.h"

/*
 * Elementary functions, within some units in the last place. Their domain is that of libm's; outside of it NaN.
 */
double real_exp(double x);
double real_log(double x);
double real_log1p(double x);                     /* ln(1 + x), exact for small x too */
double real_power(double base, double exponent); /* base >= 0 */

/*
 * Distributions. P is the lower tail, Q the upper; each is computed by itself, so that small tails are exact to some
 * 1e-13 of themselves, not of 1. Continued fractions and series as in DLMF 6, 7 and 8 (dlmf.nist.gov).
 */
double gamma_log(double x);                        /* ln of the gamma function, x > 0 (DLMF 5.11.1) */
double gamma_lower(double a, double x);            /* regularised P(a, x) (DLMF 8.7, 8.9) */
double gamma_upper(double a, double x);            /* regularised Q(a, x) */
double beta_lower(double a, double b, double x);   /* regularised I_x(a, b) (DLMF 8.17.22) */
double normal_lower(double x);                     /* of the standard normal distribution */
double normal_upper(double x);
double normal_quantile(double p);                  /* x with normal_lower(x) = p; -inf and +inf for 0 and 1 */
double student_quantile(double p, double freedom);  /* t with P(T <= t) = p, Student's t distribution */
double chi2_upper(double x, double freedom);       /* P(X >= x) */
double chi2_quantile(double p, double freedom);    /* x with P(X <= x) = p */
double binomial_lower(uint64_t k, uint64_t n, double p); /* P(X <= k) */
double binomial_upper(uint64_t k, uint64_t n, double p); /* P(X >= k) */

/*
 * Random numbers: Philox4x64-10 (Salmon, Moraes, Dror, Shaw: Parallel random numbers, SC 2011), whose numbers are a
 * function of a key and a counter. The key is the first half of the seed; the second half and the stream are the upper
 * words of the counter. The same seed and stream give the same numbers for ever.
 */
#define RANDOM_SEED 32

struct random {
    uint64_t key[2], counter[4], block[4];
    uint32_t taken; /* halves of the block's words that are taken */
};
void random_init(struct random *random, const uint8_t seed[RANDOM_SEED], uint64_t stream);
uint64_t random_bits(struct random *random);                     /* 64 bits */
uint32_t random_below(struct random *random, uint32_t limit);    /* uniform in [0, limit), without bias; limit > 0 */
double random_unit(struct random *random);                       /* uniform in [0, 1), a multiple of 2^-53 */

/* How many of `drawn` items, taken without replacement from `total` items of which `marked` are marked, are marked.
 * By inversion from the mode outwards: the time is that of some standard deviations. */
uint64_t random_hypergeometric(struct random *random, uint64_t total, uint64_t marked, uint64_t drawn);

/*
 * Samples. Sorted ascending, without NaN; `weights` (how often each value stands; NULL = once) are positive.
 */
struct sample {
    const double *values, *weights;
    size_t count;
};

/* A test's answer. */
struct test {
    double statistic, p;
    double freedom; /* chi2 only */
    bool exact;     /* p is that of the exact distribution */
};

double sample_mean(const double *values, size_t count);      /* of any order; NaN for none */
double sample_deviation(const double *values, size_t count); /* population: divided by count, as numpy.std */

/* Kolmogorov-Smirnov, two samples, two-sided: D = max |F - G| of the empirical distributions. */
double ks_distance(struct sample a, struct sample b);

/* P(D >= distance) for n and m rows of the same continuous distribution: exact by counting lattice paths up to
 * KS_EXACT_MAX = n*m (Hodges 1957, Arkiv foer Matematik 3), beyond that Smirnov's limit
 * 2 sum (-1)^(j-1) exp(-2 j^2 l^2), l = sqrt(nm / (n + m)) D, which is 1 for l < .2. With ties in the data both err on
 * the side of no difference. */
#define KS_EXACT_MAX 1000000
struct test ks_test(double distance, uint64_t n, uint64_t m, struct arena *scratch);
double smirnov_upper(double lambda);

/* The integral of |F - G| (Wasserstein-1, as scipy.stats.wasserstein_distance). Divide by the reference's deviation. */
double wasserstein_distance(struct sample a, struct sample b);

/* p of a Wasserstein distance: the share of `draws` random splits of both samples' rows that are as far apart,
 * (r + 1) / (draws + 1). Without weights. */
enum status wasserstein_test(struct sample a, struct sample b, uint32_t draws, struct random *random,
                             struct arena *scratch, struct test *out, struct error *err);

/*
 * Counts of two data sets in the same bins: `a` the reference's, `b` the current ones.
 */
struct bins {
    const uint64_t *a, *b;
    uint32_t count;
    const double *edges; /* of numbers: a bin has the values up to its edge, the last one has none; NULL = others */
};
uint64_t bins_total(const uint64_t *counts, uint32_t count);

/* Bins that both leave empty go; those in which either data set expects fewer than `expected` rows are pooled, the
 * rarest first, into one that is put last, until that and all others expect enough. A bin that `a` leaves empty is
 * treated like any other: say so to people before pooling. `group[i]` tells which of the new bins bin i went to
 * (UINT32_MAX: none); it may be NULL. Ordered bins should rather be bins_merge()d, which joins neighbours. Both work
 * in place and return how many bins there are then. */
#define BINS_EXPECTED 10
uint32_t bins_pool(uint64_t *a, uint64_t *b, uint32_t count, double expected, uint32_t *group, struct arena *scratch);
uint32_t bins_merge(uint64_t *a, uint64_t *b, uint32_t count, double expected, uint32_t *group);

/* Population stability index: sum (p - q) ln(p / q) of the shares; an empty bin counts as half a row. With equal
 * distributions PSI / (1/n + 1/m) follows chi2 with count - 1 degrees: that gives p, and psi_threshold, which equal
 * distributions exceed with probability `alpha` (.01). For bins of ten rows and more (bins_merge): with less, 2%
 * instead of 1% are exceeded (measured, 100 rows in ten bins). */
double psi_value(struct bins bins);
struct test psi_test(struct bins bins);
double psi_threshold(uint64_t n, uint64_t m, uint32_t count, double alpha);

/* Pearson's chi2 of a table of counts, by rows, without Yates' correction; empty rows and columns are left out
 * (scipy.stats.chi2_contingency, correction=False). p is NaN where no freedom is left. */
struct test chi2_contingency(const uint64_t *counts, uint32_t rows, uint32_t columns, struct arena *scratch);
struct test chi2_bins(struct bins bins, struct arena *scratch); /* the same of two rows */

/* Jensen-Shannon: 1/2 KL(p || m) + 1/2 KL(q || m), m = (p + q) / 2; its logarithm has the given base (2 as TFDV, e as
 * Evidently: pass 0). The distance is the divergence's square root. */
double js_divergence(struct bins bins, double base);
double js_distance(struct bins bins, double base);
double linf_distance(struct bins bins); /* max |p - q| */

/* The integral of |F - G| between the first edge and the last, F - G being what it is at the edge below, in units of
 * `deviation`. Exact where all values are edges; what is beyond the outer edges is as far as they are. NaN without
 * edges. */
double wasserstein_bins(struct bins bins, double deviation);

/* p of any measure of bins, by permutation: `draws` tables with the same margins, p = (r + 1) / (draws + 1). */
typedef double (*bins_measure)(struct bins bins, double parameter);
enum status bins_permutation(struct bins bins, bins_measure measure, double parameter, uint32_t draws,
                             struct random *random, struct arena *scratch, struct test *out, struct error *err);
double linf_measure(struct bins bins, double unused);

/* Holm's step-down p-values, in the order given: compare each with alpha (Holm 1979, Scand. J. Stat. 6; statsmodels
 * multipletests(method="holm")). NaN stays NaN, and is no claim. */
void holm_adjust(const double *p, uint32_t count, double *adjusted, struct arena *scratch);

/*
 * Proportions of the same rows under two models: `gained` rows that only the candidate has right, `lost` rows that only
 * the baseline has. The difference is (gained - lost) / rows: + is better.
 */
struct pairs {
    uint64_t gained, lost, rows;
};
struct interval {
    double lower, upper;
};

/* Tango's score statistic for the hypothesis that the difference is `difference`, and the interval of all differences
 * for which it is within +-z (Tango 1998, Statistics in Medicine 17:891-908). Without a discordant row the limits are
 * -+z^2 / (rows + z^2). One-sided 95% limits: z = normal_quantile(.95). No rows: [-1, 1]. */
double tango_score(struct pairs pairs, double difference);
struct interval tango_interval(struct pairs pairs, double z);

/* p of the claim that the difference is below -margin: normal_lower of the score at -margin. */
double tango_worse(struct pairs pairs, double margin);

/* Exact McNemar, two-sided: min(1, 2 P(X <= min(gained, lost))), X binomial with probability 1/2. */
double mcnemar_exact(struct pairs pairs);

/* How often a model that is as good as the baseline passes by itself (lower limit of level 1 - alpha at least -margin)
 * when its difference has this standard error: normal_lower(margin / error - z). For proportions the standard error is
 * sqrt(discordance / rows). */
double equal_passes(double margin, double error, double alpha);

/* Rows that let an equal model pass all of `claims` such comparisons with probability `power`, when the standard error
 * at `rows` rows is `error`: rows (z(1-alpha) + z(power^(1/claims)))^2 error^2 / margin^2. For one claim, power .8,
 * alpha .05 and proportions that is 6.2 discordance / margin^2. Infinite for margin 0. */
double equal_rows(double rows, double margin, double error, double alpha, double power, uint32_t claims);

/*
 * Metrics. `weights` says how often each row counts (NULL: once). NaN = undefined.
 */
enum metric {
    METRIC_ACCURACY,
    METRIC_PRECISION, /* tp / (tp + fp) */
    METRIC_RECALL,    /* tp / (tp + fn) */
    METRIC_F1,        /* 2 tp / (2 tp + fp + fn) */
    METRIC_AUC,       /* area under the ROC curve = P(score of a positive > of a negative) + half of the ties */
    METRIC_LOG_LOSS,  /* mean of -ln of the probability given to what came, probabilities clipped to 2^-52 */
    METRIC_RMSE,
    METRIC_MAE
};

/* One model's answers for rows: classes as numbers (accuracy, precision, recall, F1), or reals: probabilities or scores
 * of the positive class beside labels (AUC, log loss), or values beside true ones (RMSE, MAE). */
struct answers {
    size_t count;
    const uint32_t *label, *predicted;
    uint32_t positive; /* the class that all but accuracy ask for */
    uint32_t classes;  /* > 0: precision, recall and F1 are means over so many classes (macro) instead, without those
                        * that neither labels nor predictions have; of one class an undefined value counts as 0 */
    const double *truth, *real;
    /* from metric_prepare() */
    const uint32_t *order; /* AUC: the rows by ascending `real` */
    const double *loss;    /* log loss, RMSE, MAE: of each row */
    uint64_t *tally;       /* macro: room for counts of each class */
};
void metric_prepare(enum metric metric, struct answers *answers, struct arena *arena);
double metric_value(enum metric metric, const struct answers *answers, const uint32_t *weights);
bool metric_by_name(struct str name, enum metric *out);
const char *metric_name(enum metric metric);
bool metric_falls(enum metric metric); /* lower is better */

/*
 * Paired bootstrap. Rows are drawn with replacement, by cluster if there are any, `draws` times; each draw is given to
 * `statistic` as weights of the rows, so both models see the same rows. NaN is an undefined draw: it counts as -inf for
 * the lower limit and as +inf for the upper one. p = (r + 1) / (draws + 1).
 *
 * A limit is the further of the percentile limit and estimate -+ t error, both with Student's t in place of the normal
 * quantile (the percentile expanded as in Hesterberg 2015, The American Statistician 69:371-386), its degrees of
 * freedom from the kurtosis of the jackknife. Measured at 100 rows, lower limit, nominal 95%, a candidate that is
 * worse: the bare percentile covers 92.1% (AUC) and 90.3% (recall), bias-corrected and accelerated 90.9% and 89.9%,
 * this 94.9% and 96.2%.
 */
typedef double (*resampled)(const void *context, const uint32_t *weights);

struct bootstrap_rows {
    size_t count;
    const uint32_t *cluster; /* of each row, numbered from 0; NULL = each row is its own */
    uint32_t clusters;       /* how many; unused without `cluster` */
};
struct bootstrap {
    const double *sorted; /* the defined draws, ascending */
    uint32_t draws, undefined;
    double estimate; /* of the rows themselves */
    double error;    /* standard deviation of the draws */
    double freedom;  /* how well it is known, as degrees of freedom */
};

/* Draws for `claims` claims at level alpha: at least 20 claims / alpha, and 2000. */
uint32_t bootstrap_draws(uint32_t claims, double alpha);
enum status bootstrap_paired(struct bootstrap_rows rows, resampled statistic, const void *context, uint32_t draws,
                             struct random *random, struct arena *arena, struct bootstrap *out, struct error *err);
/* One-sided limits, each of level 1 - alpha. */
struct interval bootstrap_limits(const struct bootstrap *bootstrap, double alpha);
double bootstrap_worse(const struct bootstrap *bootstrap, double margin); /* p of the claim "below -margin" */

#endif
