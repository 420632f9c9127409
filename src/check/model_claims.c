/* Has a metric dropped further than is tolerated? For all rows and each slice, against baseline and anchor. */
#include <math.h>
#include <stdlib.h>

#include "check/model.h"

static const double POWER = 0.8;

struct claim {
    const struct model_metric *metric;
    const struct amount *bound;
    const struct model_slice *slice;
    enum model_side side;
    struct model_result result;
    const char *lacking; /* why the data do not suffice; NULL = they do */
};

struct judge {
    struct arena *arena;
    const struct model_spec *spec;
    const struct model_rows *rows;
    const uint8_t *seed;
    struct claim *claims;
    uint32_t count;
    uint64_t all; /* rows */
};

/* ---- which claims there are ---- */

static const struct amount *bound_of(const struct model_spec *spec, const struct model_metric *metric, bool of_slice)
{
    const struct amount *slices = metric->falls ? &spec->slice_rise : &spec->slice_drop;
    return of_slice && slices->given ? slices : &metric->drop;
}

static void list_claims(struct judge *j, const struct model_slices *slices)
{
    const struct model_spec *spec = j->spec;
    j->claims = arena_array(j->arena, struct claim, (size_t)spec->metric_count * (slices->count + 1));
    for (uint32_t m = 0; m < spec->metric_count; m++) {
        const struct model_metric *metric = &spec->metrics[m];
        for (int side = MODEL_BASELINE; side < MODEL_SIDES && metric->of_rows; side++) {
            uint32_t count = spec->rows[side].len == 0 ? 0 : side == MODEL_BASELINE ? slices->count : 1;
            for (uint32_t s = 0; s < count; s++) {
                const struct amount *bound = bound_of(spec, metric, s > 0);
                if (bound->given)
                    j->claims[j->count++] = (struct claim){
                        .metric = metric, .bound = bound, .slice = &slices->items[s], .side = (enum model_side)side};
            }
        }
    }
}

/* ---- one claim ---- */

static double difference(const void *context, const uint32_t *weights)
{
    const struct model_pair *pair = context;
    double candidate = metric_value(pair->metric, &pair->candidate, weights);
    double other = metric_value(pair->metric, &pair->other, weights);
    return metric_falls(pair->metric) ? other - candidate : candidate - other;
}

static bool is_proportion(const struct model_spec *spec, enum metric metric)
{
    return spec->cluster.len == 0 && (metric == METRIC_ACCURACY || (metric == METRIC_RECALL && !spec->macro));
}

/* As many times the rows that there are, as there are fewer of something than there should be. */
static double rows_for(const struct model_result *result, double has, double wanted)
{
    return has > 0 ? ceil((double)result->n * wanted / has) : (double)NAN;
}

static const char *what_lacks(const struct judge *j, struct claim *claim, const struct model_pair *pair)
{
    struct model_result *result = &claim->result;
    if (claim->slice->name.len > 0 && result->n < j->spec->slice_min_n) {
        result->rows_needed = (double)j->spec->slice_min_n;
        return str_format(j->arena, "%llu rows, fewer than %llu (`min_n`)", (unsigned long long)result->n,
                          (unsigned long long)j->spec->slice_min_n).ptr;
    }
    if (j->spec->cluster.len > 0 && pair->clusters < CLUSTERS_MIN) {
        result->rows_needed = rows_for(result, pair->clusters, CLUSTERS_MIN);
        return str_format(j->arena, "%u clusters, fewer than %d", pair->clusters, CLUSTERS_MIN).ptr;
    }
    if (isnan(result->candidate) || isnan(result->other))
        return str_format(j->arena, "undefined for the %s",
                          isnan(result->candidate) ? "candidate" : model_side_name(claim->side)).ptr;
    if (!is_proportion(j->spec, pair->metric) && pair->discordant < BOOTSTRAP_DISCORDANT_MIN) {
        result->rows_needed = rows_for(result, (double)pair->discordant, BOOTSTRAP_DISCORDANT_MIN);
        return str_format(j->arena, "the models differ in %llu rows, fewer than %d",
                          (unsigned long long)pair->discordant, BOOTSTRAP_DISCORDANT_MIN).ptr;
    }
    return NULL;
}

static void test_proportion(const struct model_spec *spec, const struct model_pair *pair, struct model_result *result)
{
    struct interval limits = tango_interval(pair->pairs, normal_quantile(1 - spec->alpha));
    double discordant = (double)(pair->pairs.gained + pair->pairs.lost);
    result->method = "tango";
    result->gained = pair->pairs.gained;
    result->lost = pair->pairs.lost;
    result->lower = limits.lower;
    result->upper = limits.upper;
    result->p = tango_worse(pair->pairs, result->margin);
    result->mcnemar = mcnemar_exact(pair->pairs);
    result->error = sqrt(fmax(discordant, 1)) / (double)pair->pairs.rows;
}

static enum status test_resampled(const struct judge *j, uint32_t stream, const struct model_pair *pair,
                                  struct model_result *result, struct error *err)
{
    struct random random;
    struct bootstrap bootstrap;
    struct bootstrap_rows rows = {pair->candidate.count, pair->cluster, pair->clusters};
    random_init(&random, j->seed, stream);
    enum status status = bootstrap_paired(rows, difference, pair, bootstrap_draws(j->count, j->spec->alpha), &random,
                                          j->arena, &bootstrap, err);
    if (status != STATUS_OK)
        return status;
    struct interval limits = bootstrap_limits(&bootstrap, j->spec->alpha);
    result->method = "bootstrap";
    result->lower = limits.lower;
    result->upper = limits.upper;
    result->p = bootstrap_worse(&bootstrap, result->margin);
    result->error = bootstrap.error;
    return STATUS_OK;
}

static void begin_result(struct claim *claim)
{
    claim->result = model_result_new(claim->metric->falls ? "max_rise" : "max_drop", claim->metric->name);
    struct model_result *result = &claim->result;
    result->slice = claim->slice->name;
    result->against = claim->side;
    result->warns = claim->metric->warns;
    result->bound = claim->bound->value;
    result->relative = claim->bound->relative;
    result->n = claim->slice->count;
}

static enum status evaluate(struct judge *j, uint32_t index, struct error *err)
{
    struct claim *claim = &j->claims[index];
    struct model_result *result = &claim->result;
    struct model_pair pair;
    begin_result(claim);
    struct arena *arena = j->arena;
    model_pair_make(arena, j->spec, j->rows, claim->slice, claim->metric->metric, claim->side, &pair);
    result->discordant = pair.discordant;
    result->candidate = metric_value(pair.metric, &pair.candidate, NULL);
    result->other = metric_value(pair.metric, &pair.other, NULL);
    result->change = difference(&pair, NULL);
    claim->lacking = what_lacks(j, claim, &pair);
    if (claim->lacking != NULL)
        return STATUS_OK;
    enum status status = model_margin(j->spec, claim->metric, claim->bound, claim->slice->name, claim->side,
                                      result->other, &result->margin, err);
    if (status == STATUS_OK && is_proportion(j->spec, pair.metric))
        test_proportion(j->spec, &pair, result);
    else if (status == STATUS_OK)
        status = test_resampled(j, index, &pair, result, err);
    if (status == STATUS_OK)
        result->rows_needed = equal_rows((double)result->n, result->margin, result->error, j->spec->alpha, POWER,
                                         j->count);
    return status;
}

/* ---- the decision ---- */

static void decide(const struct model_spec *spec, struct claim *claim)
{
    struct model_result *result = &claim->result;
    if (claim->lacking != NULL) {
        result->outcome = MODEL_INSUFFICIENT_DATA;
    } else if (result->lower >= -result->margin) {
        result->outcome = MODEL_PASS;
    } else if (result->upper < -result->margin && result->p_adjusted <= spec->alpha) {
        result->outcome = MODEL_FAIL;
    } else {
        result->outcome = MODEL_NEEDS_APPROVAL;
    }
}

static void describe_rows(struct arena *arena, const struct model_result *result, struct buf *text)
{
    if (isnan(result->rows_needed))
        buf_print(text, "; not settled, and how many rows would do cannot be told");
    else if (isinf(result->rows_needed))
        buf_print(text, "; no number of rows settles a margin of %g", result->margin);
    else
        buf_print(text, "; not settled: with about " STR_FMT " rows an equal model would pass by itself%s",
                  STR_ARG(model_number(arena, result->rows_needed)),
                  result->rows_needed <= (double)result->n ? ", and there are more: this one may be worse" : "");
}

static void describe(struct arena *arena, const struct model_spec *spec, struct claim *claim)
{
    struct model_result *result = &claim->result;
    struct buf text = {0};
    buf_print(&text, STR_FMT ", %s " STR_FMT, STR_ARG(model_number(arena, result->candidate)),
              model_side_name(claim->side), STR_ARG(model_number(arena, result->other)));
    if (claim->lacking != NULL)
        buf_print(&text, "; too few data: %s; " STR_FMT " rows would do", claim->lacking,
                  STR_ARG(isnan(result->rows_needed) ? STR("it cannot be told how many")
                                                     : str_format(arena, "about %.0f", result->rows_needed)));
    else
        buf_print(&text, ": change %+.6g, %.6g%% limits %+.6g to %+.6g", result->change, 100 * (1 - spec->alpha),
                  result->lower, result->upper);
    buf_print(&text, "; %s " STR_FMT, result->rule, STR_ARG(model_amount(arena, result->bound, result->relative)));
    if (result->outcome == MODEL_NEEDS_APPROVAL)
        describe_rows(arena, result, &text);
    result->message = str_dup(arena, buf_view(&text));
    buf_finish(&text);
}

static void adjust(struct judge *j)
{
    double *p = arena_array(j->arena, double, j->count), *adjusted = arena_array(j->arena, double, j->count);
    for (uint32_t i = 0; i < j->count; i++)
        p[i] = j->claims[i].result.p;
    holm_adjust(p, j->count, adjusted, j->arena);
    for (uint32_t i = 0; i < j->count; i++)
        j->claims[i].result.p_adjusted = adjusted[i];
}

/* That an equal model passes all comparisons which can be made, with `times` as many rows of each kind. */
static double chance_with(const struct judge *j, double times)
{
    double passes = 1;
    for (uint32_t i = 0; i < j->count; i++) {
        const struct model_result *result = &j->claims[i].result;
        if (j->claims[i].lacking == NULL)
            passes *= equal_passes(result->margin, result->error / sqrt(times), j->spec->alpha);
    }
    return passes;
}

/* How many rows make that chance POWER. Halving the exponent each time: the square root is the same everywhere. */
static double rows_for_chance(const struct judge *j)
{
    double low = 0x1p-60, high = 0x1p60;
    if (!(chance_with(j, high) >= POWER))
        return INFINITY;
    for (int i = 0; i < 64; i++) {
        double middle = sqrt(low * high);
        if (chance_with(j, middle) >= POWER)
            high = middle;
        else
            low = middle;
    }
    return ceil(high * (double)j->all);
}

/* And so many that those which cannot be made can be; NaN = it cannot be told. A slice grows with all of it. */
static double rows_for_all(const struct judge *j)
{
    double needed = rows_for_chance(j);
    for (uint32_t i = 0; i < j->count; i++) {
        const struct model_result *result = &j->claims[i].result;
        if (j->claims[i].lacking == NULL)
            continue;
        if (isnan(result->rows_needed) || result->n == 0)
            return NAN;
        needed = fmax(needed, ceil(result->rows_needed * (double)j->all / (double)result->n));
    }
    return needed;
}

static void conclude(struct judge *j, struct model_verdict *verdict)
{
    double passes = 1;
    adjust(j);
    for (uint32_t i = 0; i < j->count; i++) {
        struct claim *claim = &j->claims[i];
        struct model_result *result = &claim->result;
        decide(j->spec, claim);
        describe(j->arena, j->spec, claim);
        passes *= claim->lacking != NULL ? 0 : equal_passes(result->margin, result->error, j->spec->alpha);
        *model_add_result(verdict) = *result;
    }
    if (j->count > 0) {
        verdict->equal_passes = passes;
        verdict->rows_needed = rows_for_all(j);
    }
}

/* Bounds of the candidate's own value, of all rows. */
static void judge_bounds(struct judge *j, const struct model_slice *all, struct model_verdict *verdict)
{
    for (uint32_t m = 0; m < j->spec->metric_count; m++) {
        const struct model_metric *metric = &j->spec->metrics[m];
        if (!metric->of_rows || (!metric->min.given && !metric->max.given))
            continue;
        struct model_pair pair;
        struct arena_mark mark = arena_get_mark(j->arena);
        model_pair_make(j->arena, j->spec, j->rows, all, metric->metric, MODEL_CANDIDATE, &pair);
        double value = metric_value(metric->metric, &pair.candidate, NULL);
        arena_rewind(j->arena, mark);
        model_judge_bounds(j->arena, metric, value, all->count, verdict);
    }
}

enum status model_judge_rows(struct arena *arena, const struct model_spec *spec, const struct model_rows *rows,
                             const struct model_slices *slices, const uint8_t seed[RANDOM_SEED],
                             struct model_verdict *verdict, struct error *err)
{
    struct judge j = {.arena = arena, .spec = spec, .rows = rows, .seed = seed, .all = slices->items[0].count};
    enum status status = STATUS_OK;
    judge_bounds(&j, &slices->items[0], verdict);
    list_claims(&j, slices);
    for (uint32_t i = 0; i < j.count && status == STATUS_OK; i++)
        status = evaluate(&j, i, err);
    if (status == STATUS_OK)
        conclude(&j, verdict);
    return status;
}
