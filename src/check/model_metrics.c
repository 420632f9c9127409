/* Metrics without rows, and bounds that are compared as they are. */
#include <math.h>

#include "check/model.h"
#include "refit/base/fs.h"
#include "refit/base/json.h"

enum { METRIC_BYTES_MAX = 16 << 20 };

/* Differences of decimals are off by some units in the last place: 0.9 - 0.895 is more than 0.005. */
static double slack(double a, double b)
{
    return 0x1p-48 * fmax(fabs(a), fabs(b));
}

/* ---- bounds ---- */

static void judge_bound(struct arena *arena, const struct model_metric *metric, const struct amount *bound,
                        const char *rule, double value, uint64_t n, struct model_verdict *verdict)
{
    struct model_result result = model_result_new(rule, metric->name);
    bool is_min = bound == &metric->min;
    result.warns = metric->warns;
    result.method = "point";
    result.n = n;
    result.candidate = value;
    result.bound = bound->value;
    result.outcome = isnan(value)                                               ? MODEL_INSUFFICIENT_DATA
                     : (is_min ? value >= bound->value : value <= bound->value) ? MODEL_PASS
                                                                                : MODEL_FAIL;
    result.message = str_format(arena, STR_FMT "; %s " STR_FMT, STR_ARG(model_number(arena, value)), rule,
                                STR_ARG(model_number(arena, bound->value)));
    *model_add_result(verdict) = result;
}

void model_judge_bounds(struct arena *arena, const struct model_metric *metric, double value, uint64_t n,
                        struct model_verdict *verdict)
{
    if (metric->min.given)
        judge_bound(arena, metric, &metric->min, "min", value, n, verdict);
    if (metric->max.given)
        judge_bound(arena, metric, &metric->max, "max", value, n, verdict);
}

enum status model_margin(const struct model_spec *spec, const struct model_metric *metric, const struct amount *bound,
                         struct str slice, enum model_side side, double other, double *out, struct error *err)
{
    *out = bound->relative ? bound->value * fabs(other) : bound->value;
    if (!bound->relative || other != 0)
        return STATUS_OK;
    return error_at(err, STATUS_MANIFEST, spec->file, bound->at->line, bound->at->column,
                    "gate `" STR_FMT "`: the %s's " STR_FMT "%s" STR_FMT " is 0, of which a percentage is nothing; "
                    "give the bound as a number", STR_ARG(spec->name), model_side_name(side), STR_ARG(metric->name),
                    slice.len > 0 ? " of " : "", STR_ARG(slice));
}

/* ---- files ---- */

static enum status read_file(struct arena *arena, const struct model_spec *spec, enum model_side side,
                             struct model_verdict *verdict, struct value **out, struct error *err)
{
    const char *path = str_terminated(arena, spec->metric_files[side]);
    char sha256[SHA256_HEX + 1];
    struct buf text = {0};
    enum status status = fs_read(path, METRIC_BYTES_MAX, &text, err);
    if (status == STATUS_OK)
        status = sha256_bytes(text.ptr, text.len, sha256, err);
    if (status == STATUS_OK)
        model_add_input(arena, verdict, spec->metric_files[side], model_side_name(side), sha256, text.len);
    if (status == STATUS_OK)
        status = json_parse(arena, str_dup(arena, buf_view(&text)), path, out, err);
    buf_finish(&text);
    if (status == STATUS_MANIFEST) /* a file of the user's that cannot be judged, not the definition */
        err->status = status = STATUS_FAILED;
    return status;
}

static enum status find_metric(struct arena *arena, const struct model_spec *spec, enum model_side side,
                               const struct value *root, struct str name, double *out, struct error *err)
{
    const char *path = str_terminated(arena, spec->metric_files[side]);
    const struct value *v = value_find(root, name);
    if (v == NULL)
        return error_at(err, STATUS_FAILED, path, 0, 0, "there is no `" STR_FMT "`, which gate `" STR_FMT "` compares",
                        STR_ARG(name), STR_ARG(spec->name));
    if (v->type != VALUE_INT && v->type != VALUE_FLOAT)
        return error_at(err, STATUS_FAILED, path, 0, 0, "`" STR_FMT "` must be a number, not %s", STR_ARG(name),
                        value_type_name(v->type));
    *out = v->type == VALUE_INT ? (double)v->integer : v->real;
    return STATUS_OK;
}

static enum status judge_change(struct arena *arena, const struct model_spec *spec, const struct model_metric *metric,
                                enum model_side side, double candidate, double other, struct model_verdict *verdict,
                                struct error *err)
{
    struct model_result result = model_result_new(metric->falls ? "max_rise" : "max_drop", metric->name);
    enum status status = model_margin(spec, metric, &metric->drop, STR(""), side, other, &result.margin, err);
    if (status != STATUS_OK)
        return status;
    result.warns = metric->warns;
    result.method = "point";
    result.against = side;
    result.candidate = candidate;
    result.other = other;
    result.bound = metric->drop.value;
    result.relative = metric->drop.relative;
    result.change = metric->falls ? other - candidate : candidate - other;
    result.outcome = result.change >= -result.margin - slack(candidate, other) ? MODEL_PASS : MODEL_FAIL;
    result.message = str_format(arena, STR_FMT ", %s " STR_FMT ": change %+.6g; %s " STR_FMT,
                                STR_ARG(model_number(arena, candidate)), model_side_name(side),
                                STR_ARG(model_number(arena, other)), result.change, result.rule,
                                STR_ARG(model_amount(arena, result.bound, result.relative)));
    *model_add_result(verdict) = result;
    return STATUS_OK;
}

static enum status judge_metric(struct arena *arena, const struct model_spec *spec, const struct model_metric *metric,
                                struct value *const roots[MODEL_SIDES], struct model_verdict *verdict,
                                struct error *err)
{
    double candidate, other;
    enum status status =
        find_metric(arena, spec, MODEL_CANDIDATE, roots[MODEL_CANDIDATE], metric->name, &candidate, err);
    if (status == STATUS_OK)
        model_judge_bounds(arena, metric, candidate, 0, verdict);
    for (int side = MODEL_BASELINE; side < MODEL_SIDES && status == STATUS_OK; side++) {
        if (!metric->drop.given || roots[side] == NULL)
            continue;
        status = find_metric(arena, spec, (enum model_side)side, roots[side], metric->name, &other, err);
        if (status == STATUS_OK)
            status = judge_change(arena, spec, metric, (enum model_side)side, candidate, other, verdict, err);
    }
    return status;
}

enum status model_judge_files(struct arena *arena, const struct model_spec *spec, struct model_verdict *verdict,
                              struct error *err)
{
    struct value *roots[MODEL_SIDES] = {NULL};
    enum status status = STATUS_OK;
    for (int side = 0; side < MODEL_SIDES && status == STATUS_OK; side++)
        if (spec->metric_files[side].len > 0)
            status = read_file(arena, spec, (enum model_side)side, verdict, &roots[side], err);
    for (uint32_t m = 0; m < spec->metric_count && status == STATUS_OK; m++)
        if (!spec->metrics[m].of_rows)
            status = judge_metric(arena, spec, &spec->metrics[m], roots, verdict, err);
    return status;
}
