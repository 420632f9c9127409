/* How good a model's answers are. Counts are whole numbers, so the order of rows does not matter to them. */
#include <math.h>
#include <string.h>

#include "statistics/statistics.h"

static const char *const NAMES[] = {"accuracy", "precision", "recall", "f1", "auc", "log_loss", "rmse", "mae"};
static const double LEAST_PROBABILITY = 0x1p-52;

const char *metric_name(enum metric metric)
{
    return NAMES[metric];
}

bool metric_by_name(struct str name, enum metric *out)
{
    for (size_t i = 0; i < sizeof NAMES / sizeof *NAMES; i++)
        if (str_equal(name, str_from(NAMES[i]))) {
            *out = (enum metric)i;
            return true;
        }
    return false;
}

bool metric_falls(enum metric metric)
{
    return metric == METRIC_LOG_LOSS || metric == METRIC_RMSE || metric == METRIC_MAE;
}

static uint64_t weight_of(const uint32_t *weights, size_t i)
{
    return weights ? weights[i] : 1;
}

static double row_loss(enum metric metric, const struct answers *answers, size_t i)
{
    double real = answers->real[i];
    if (metric == METRIC_LOG_LOSS) {
        double p = fmin(fmax(real, LEAST_PROBABILITY), 1 - LEAST_PROBABILITY);
        return -(answers->label[i] == answers->positive ? real_log(p) : real_log(1 - p));
    }
    double off = real - answers->truth[i];
    return metric == METRIC_RMSE ? off * off : fabs(off);
}

void metric_prepare(enum metric metric, struct answers *answers, struct arena *arena)
{
    if (metric == METRIC_AUC) {
        uint32_t *order = arena_array(arena, uint32_t, answers->count);
        sort_order(order, answers->real, answers->count, arena);
        answers->order = order;
    } else if (metric_falls(metric)) {
        double *loss = arena_array(arena, double, answers->count);
        for (size_t i = 0; i < answers->count; i++)
            loss[i] = row_loss(metric, answers, i);
        answers->loss = loss;
    } else if (answers->classes > 0) {
        answers->tally = arena_array(arena, uint64_t, 3 * (size_t)answers->classes);
    }
}

static double accuracy(const struct answers *answers, const uint32_t *weights)
{
    uint64_t right = 0, all = 0;
    for (size_t i = 0; i < answers->count; i++) {
        uint64_t weight = weight_of(weights, i);
        all += weight;
        right += answers->label[i] == answers->predicted[i] ? weight : 0;
    }
    return (double)right / (double)all;
}

/* Of hits among what is labelled so and what is predicted so. */
static double ratio(enum metric metric, uint64_t hits, uint64_t labelled, uint64_t predicted)
{
    if (metric == METRIC_PRECISION)
        return (double)hits / (double)predicted;
    if (metric == METRIC_RECALL)
        return (double)hits / (double)labelled;
    return 2 * (double)hits / (double)(labelled + predicted);
}

static double one_class(enum metric metric, const struct answers *answers, const uint32_t *weights)
{
    uint64_t hits = 0, labelled = 0, predicted = 0;
    for (size_t i = 0; i < answers->count; i++) {
        uint64_t weight = weight_of(weights, i);
        bool is = answers->label[i] == answers->positive, said = answers->predicted[i] == answers->positive;
        labelled += is ? weight : 0;
        predicted += said ? weight : 0;
        hits += is && said ? weight : 0;
    }
    return ratio(metric, hits, labelled, predicted);
}

static double macro(enum metric metric, const struct answers *answers, const uint32_t *weights)
{
    uint64_t *tally = answers->tally;
    memset(tally, 0, 3 * sizeof *tally * answers->classes);
    for (size_t i = 0; i < answers->count; i++) {
        uint64_t weight = weight_of(weights, i);
        uint32_t label = answers->label[i], predicted = answers->predicted[i];
        tally[3 * label + 1] += weight;
        tally[3 * predicted + 2] += weight;
        tally[3 * label] += label == predicted ? weight : 0;
    }
    double sum = 0, classes = 0;
    for (uint32_t i = 0; i < answers->classes; i++) {
        const uint64_t *of = &tally[3 * i];
        double value = ratio(metric, of[0], of[1], of[2]);
        classes += of[1] + of[2] > 0;
        sum += isnan(value) ? 0 : value;
    }
    return sum / classes;
}

/* Pairs of a positive and a negative row that are in order, twice, so that ties are whole numbers too. */
static double area(const struct answers *answers, const uint32_t *weights)
{
    uint64_t positives = 0, negatives = 0, twice = 0;
    for (size_t i = 0; i < answers->count;) {
        uint64_t above = 0, beside = 0;
        double score = answers->real[answers->order[i]];
        for (; i < answers->count && answers->real[answers->order[i]] == score; i++) {
            uint32_t row = answers->order[i];
            *(answers->label[row] == answers->positive ? &above : &beside) += weight_of(weights, row);
        }
        twice += above * (2 * negatives + beside);
        positives += above;
        negatives += beside;
    }
    return (double)twice / (2 * (double)positives * (double)negatives);
}

static double mean_loss(const struct answers *answers, const uint32_t *weights)
{
    double sum = 0;
    uint64_t all = 0;
    for (size_t i = 0; i < answers->count; i++) {
        uint64_t weight = weight_of(weights, i);
        all += weight;
        sum += weight ? (double)weight * answers->loss[i] : 0;
    }
    return sum / (double)all;
}

double metric_value(enum metric metric, const struct answers *answers, const uint32_t *weights)
{
    switch (metric) {
    case METRIC_ACCURACY:
        return accuracy(answers, weights);
    case METRIC_PRECISION:
    case METRIC_RECALL:
    case METRIC_F1:
        return answers->classes ? macro(metric, answers, weights) : one_class(metric, answers, weights);
    case METRIC_AUC:
        return area(answers, weights);
    case METRIC_RMSE:
        return sqrt(mean_loss(answers, weights));
    case METRIC_LOG_LOSS:
    case METRIC_MAE:
        break;
    }
    return mean_loss(answers, weights);
}
