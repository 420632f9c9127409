/* The answers of two models for the rows of a slice. */
#include <math.h>

#include "check/model.h"

static struct answers gather(struct arena *arena, const struct model_spec *spec, const struct model_rows *rows,
                             const struct model_slice *slice, enum metric metric, enum model_side side)
{
    const struct model_file *truth = &rows->files[MODEL_CANDIDATE], *file = &rows->files[side];
    uint32_t *label = arena_array(arena, uint32_t, slice->count);
    uint32_t *predicted = arena_array(arena, uint32_t, slice->count);
    double *true_value = arena_array(arena, double, slice->count), *real = arena_array(arena, double, slice->count);
    bool scored = metric == METRIC_AUC || metric == METRIC_LOG_LOSS;
    for (uint32_t i = 0; i < slice->count; i++) {
        const struct model_row *row = &file->rows[slice->rows[i]];
        label[i] = truth->rows[slice->rows[i]].label;
        true_value[i] = truth->rows[slice->rows[i]].truth;
        predicted[i] = row->predicted;
        real[i] = scored ? row->score : row->value;
    }
    struct answers answers = {
        .count = slice->count, .label = label, .predicted = predicted, .truth = true_value, .real = real,
        .positive = rows->positive, .classes = spec->macro ? rows->class_count : 0};
    metric_prepare(metric, &answers, arena);
    return answers;
}

/* Do the two differ in a way that the metric could see? */
static bool differs(const struct model_pair *pair, uint32_t i)
{
    const struct answers *a = &pair->candidate, *b = &pair->other;
    switch (pair->metric) {
    case METRIC_ACCURACY:
        return a->predicted[i] != b->predicted[i];
    case METRIC_PRECISION:
    case METRIC_RECALL:
    case METRIC_F1:
        if (a->classes > 0)
            return a->predicted[i] != b->predicted[i];
        return (a->predicted[i] == a->positive) != (b->predicted[i] == b->positive);
    case METRIC_AUC:
    case METRIC_LOG_LOSS:
    case METRIC_RMSE:
    case METRIC_MAE:
        break;
    }
    return a->real[i] != b->real[i];
}

static void count_pairs(struct model_pair *pair)
{
    const struct answers *a = &pair->candidate, *b = &pair->other;
    for (uint32_t i = 0; i < a->count; i++) {
        pair->discordant += differs(pair, i);
        if (pair->metric == METRIC_RECALL && a->label[i] != a->positive)
            continue;
        bool one = a->predicted[i] == a->label[i], two = b->predicted[i] == b->label[i];
        pair->pairs.rows++;
        pair->pairs.gained += one && !two;
        pair->pairs.lost += two && !one;
    }
}

static void number_clusters(struct arena *arena, const struct model_rows *rows, const struct model_slice *slice,
                            struct model_pair *pair)
{
    const struct model_file *file = &rows->files[MODEL_CANDIDATE];
    uint32_t *seen = arena_array(arena, uint32_t, model_names_count(rows->clusters));
    pair->cluster = arena_array(arena, uint32_t, slice->count);
    for (uint32_t i = 0; i < slice->count; i++) {
        uint32_t *number = &seen[file->rows[slice->rows[i]].cluster];
        *number = *number ? *number : ++pair->clusters;
        pair->cluster[i] = *number - 1;
    }
}

void model_pair_make(struct arena *arena, const struct model_spec *spec, const struct model_rows *rows,
                     const struct model_slice *slice, enum metric metric, enum model_side other,
                     struct model_pair *out)
{
    *out = (struct model_pair){.metric = metric};
    out->candidate = gather(arena, spec, rows, slice, metric, MODEL_CANDIDATE);
    out->other = gather(arena, spec, rows, slice, metric, other);
    if (spec->cluster.len > 0)
        number_clusters(arena, rows, slice, out);
    count_pairs(out);
}
