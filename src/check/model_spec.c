/* The definition of a gate. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check/model.h"
#include "refit/base/path.h"

static const double ROWS_MAX = 1e15; /* more than any file has */
static const double ALPHA_MIN = 1e-4; /* a bootstrap takes 20 / alpha draws for each comparison */

struct reader_of_spec {
    struct arena *arena;
    struct model_spec *spec;
    struct error *err;
};

static enum status refuse(const struct reader_of_spec *r, const struct value *at, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static enum status refuse(const struct reader_of_spec *r, const struct value *at, const char *format, ...)
{
    char text[sizeof r->err->message];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    return error_at(r->err, STATUS_MANIFEST, r->spec->file, at->line, at->column, "gate `" STR_FMT "`: %s",
                    STR_ARG(r->spec->name), text);
}

/* ---- keys ---- */

static enum status check_keys(const struct reader_of_spec *r, const struct value *map, const char *what,
                              const char *const *keys)
{
    struct str known[24];
    size_t count = 0;
    for (; keys[count] != NULL; count++)
        known[count] = str_from(keys[count]);
    if (map->type != VALUE_MAP)
        return refuse(r, map, "%s must be a map, not %s", what, value_type_name(map->type));
    for (uint32_t i = 0; i < map->map.count; i++) {
        const struct value_pair *pair = &map->map.pairs[i];
        struct value place = {.line = pair->line, .column = pair->column};
        bool found = false;
        for (size_t k = 0; k < count; k++)
            found |= str_equal(pair->key, known[k]);
        const struct str *near = found ? NULL : str_nearest(pair->key, known, count);
        if (!found && near != NULL)
            return refuse(r, &place, "%s has no `" STR_FMT "`; did you mean `" STR_FMT "`?", what, STR_ARG(pair->key),
                          STR_ARG(*near));
        if (!found)
            return refuse(r, &place, "%s has no `" STR_FMT "`", what, STR_ARG(pair->key));
    }
    return STATUS_OK;
}

/* A string, or a number as it is written; "" if the key is not there. */
static enum status get_text(const struct reader_of_spec *r, const struct value *map, const char *key, struct str *out)
{
    const struct value *v = value_get(map, str_from(key));
    *out = (struct str){NULL, 0};
    if (v == NULL)
        return STATUS_OK;
    if (v->type == VALUE_LIST || v->type == VALUE_MAP || v->type == VALUE_NULL || v->text.len == 0)
        return refuse(r, v, "`%s` must be a name, not %s", key,
                      v->type == VALUE_STRING ? "empty" : value_type_name(v->type));
    *out = v->text;
    return STATUS_OK;
}

static enum status get_path(const struct reader_of_spec *r, const struct value *map, const char *key, struct str *out)
{
    enum status status = get_text(r, map, key, out);
    if (status == STATUS_OK && out->len > 0 && memchr(out->ptr, 0, out->len) != NULL)
        return refuse(r, value_get(map, str_from(key)), "`%s` is no path", key);
    if (status == STATUS_OK && out->len > 0)
        *out = str_dup(r->arena, *out);
    return status;
}

static bool is_percentage(struct str text, double *share)
{
    struct str digits = str_slice(text, 0, text.len > 0 ? text.len - 1 : 0);
    struct cell cell = {digits.ptr, (uint32_t)digits.len, CELL_TEXT};
    if (text.len < 2 || text.ptr[text.len - 1] != '%' || !cell_number(&cell, share))
        return false;
    *share /= 100;
    return true;
}

/* A number, or a percentage where `relative`. Neither may be negative where `positive`. */
static enum status get_amount(const struct reader_of_spec *r, const struct value *map, const char *key, bool relative,
                              bool positive, struct amount *out)
{
    const struct value *v = value_get(map, str_from(key));
    *out = (struct amount){.at = v};
    if (v == NULL)
        return STATUS_OK;
    if (v->type == VALUE_INT || v->type == VALUE_FLOAT)
        out->value = v->type == VALUE_INT ? (double)v->integer : v->real;
    else if (relative && v->type == VALUE_STRING && is_percentage(v->text, &out->value))
        out->relative = true;
    else
        return refuse(r, v, "`%s` must be a number%s, not %s", key, relative ? " or a percentage such as 10%" : "",
                      value_type_name(v->type));
    if (!isfinite(out->value) || (positive && out->value < 0))
        return refuse(r, v, "`%s` must be %s", key, positive ? "0 or more" : "finite");
    out->given = true;
    return STATUS_OK;
}

static enum status get_severity(const struct reader_of_spec *r, const struct value *map, bool *warns)
{
    struct str text;
    enum status status = get_text(r, map, "severity", &text);
    if (status != STATUS_OK || text.ptr == NULL)
        return status;
    if (!str_is(text, "warn") && !str_is(text, "error"))
        return refuse(r, value_get(map, STR("severity")), "`severity` is error or warn");
    *warns = str_is(text, "warn");
    return STATUS_OK;
}

/* ---- rows and files ---- */

static enum status read_rows(const struct reader_of_spec *r, const struct value *rows)
{
    static const char *const keys[] = {"candidate", "baseline", "anchor",   "key",     "label", "prediction",
                                       "score",     "positive", "average", "cluster", NULL};
    struct model_spec *spec = r->spec;
    struct str average = {NULL, 0};
    enum status status = check_keys(r, rows, "`rows`", keys);
    for (int side = 0; side < MODEL_SIDES && status == STATUS_OK; side++)
        status = get_path(r, rows, model_side_name((enum model_side)side), &spec->rows[side]);
    struct {
        const char *key;
        struct str *out;
    } texts[] = {{"key", &spec->key},           {"label", &spec->label},     {"prediction", &spec->prediction},
                 {"score", &spec->score},       {"cluster", &spec->cluster}, {"positive", &spec->positive},
                 {"average", &average}};
    for (size_t i = 0; i < sizeof texts / sizeof *texts && status == STATUS_OK; i++)
        status = get_text(r, rows, texts[i].key, texts[i].out);
    if (status != STATUS_OK)
        return status;
    if (spec->rows[MODEL_CANDIDATE].len == 0 || spec->key.len == 0 || spec->label.len == 0)
        return refuse(r, rows, "`rows` needs `candidate`, `key` and `label`");
    if (average.ptr != NULL && !str_is(average, "macro"))
        return refuse(r, value_get(rows, STR("average")), "`average` is macro, or is not there");
    spec->macro = average.ptr != NULL;
    if (spec->prediction.ptr == NULL)
        spec->prediction = STR("prediction");
    if (spec->score.ptr == NULL)
        spec->score = STR("score");
    return STATUS_OK;
}

static enum status read_metric_files(const struct reader_of_spec *r, const struct value *files)
{
    static const char *const keys[] = {"candidate", "baseline", "anchor", NULL};
    enum status status = check_keys(r, files, "`metric_files`", keys);
    for (int side = 0; side < MODEL_SIDES && status == STATUS_OK; side++)
        status = get_path(r, files, model_side_name((enum model_side)side), &r->spec->metric_files[side]);
    if (status == STATUS_OK && r->spec->metric_files[MODEL_CANDIDATE].len == 0)
        return refuse(r, files, "`metric_files` needs `candidate`");
    return status;
}

/* ---- metrics ---- */

/* Which way is better, from `better`, from the metric and from the bound: they must not contradict each other. */
static enum status read_direction(const struct reader_of_spec *r, const struct value *v, struct model_metric *metric)
{
    const struct value *drop = value_get(v, STR("max_drop")), *rise = value_get(v, STR("max_rise"));
    struct str better;
    enum status status = get_text(r, v, "better", &better);
    if (status != STATUS_OK)
        return status;
    if (better.ptr != NULL && !str_is(better, "higher") && !str_is(better, "lower"))
        return refuse(r, value_get(v, STR("better")), "`better` is higher or lower");
    if (metric->of_rows)
        metric->falls = metric_falls(metric->metric);
    else
        metric->falls = better.ptr != NULL ? str_is(better, "lower") : rise != NULL;
    if (better.ptr != NULL && str_is(better, "lower") != metric->falls)
        return refuse(r, value_get(v, STR("better")), "of " STR_FMT " %s is better", STR_ARG(metric->name),
                      metric->falls ? "lower" : "higher");
    const struct value *wrong = metric->falls ? drop : rise;
    if (wrong != NULL)
        return refuse(r, wrong, "of " STR_FMT " %s is better, so its bound is `%s`", STR_ARG(metric->name),
                      metric->falls ? "lower" : "higher", metric->falls ? "max_rise" : "max_drop");
    return STATUS_OK;
}

static enum status check_positive(const struct reader_of_spec *r, const struct model_metric *metric)
{
    bool single = metric->metric == METRIC_AUC || metric->metric == METRIC_LOG_LOSS;
    bool averaged = metric->metric == METRIC_PRECISION || metric->metric == METRIC_RECALL ||
                    metric->metric == METRIC_F1;
    if (!metric->of_rows || r->spec->positive.ptr != NULL || (!single && !averaged) || (averaged && r->spec->macro))
        return STATUS_OK;
    return refuse(r, metric->at, STR_FMT " needs `positive` in `rows`: the label that it is about%s",
                  STR_ARG(metric->name), averaged ? ", or `average: macro`" : "");
}

static enum status read_metric(const struct reader_of_spec *r, const struct value_pair *pair,
                               struct model_metric *metric)
{
    static const char *const keys[] = {"better", "min", "max", "max_drop", "max_rise", "severity", NULL};
    const struct value *v = pair->value;
    *metric = (struct model_metric){.name = pair->key, .warns = r->spec->warns, .at = v};
    metric->of_rows = r->spec->rows[MODEL_CANDIDATE].len > 0 && metric_by_name(pair->key, &metric->metric);
    enum status status =
        check_keys(r, v, str_format(r->arena, "metric `" STR_FMT "`", STR_ARG(pair->key)).ptr, keys);
    if (status == STATUS_OK && !metric->of_rows && r->spec->metric_files[MODEL_CANDIDATE].len == 0)
        return refuse(r, v, "metric `" STR_FMT "` is none that rows give%s; put it into a file and name that in "
                      "`metric_files`", STR_ARG(pair->key),
                      r->spec->rows[MODEL_CANDIDATE].len > 0 ? "" : " (there are no `rows`)");
    if (status == STATUS_OK)
        status = read_direction(r, v, metric);
    if (status == STATUS_OK)
        status = get_amount(r, v, "min", false, false, &metric->min);
    if (status == STATUS_OK)
        status = get_amount(r, v, "max", false, false, &metric->max);
    if (status == STATUS_OK)
        status = get_amount(r, v, metric->falls ? "max_rise" : "max_drop", true, true, &metric->drop);
    if (status == STATUS_OK)
        status = get_severity(r, v, &metric->warns);
    return status == STATUS_OK ? check_positive(r, metric) : status;
}

static int compare_metrics(const void *a, const void *b)
{
    return str_compare(((const struct model_metric *)a)->name, ((const struct model_metric *)b)->name);
}

static enum status read_metrics(const struct reader_of_spec *r, const struct value *metrics)
{
    struct model_spec *spec = r->spec;
    if (metrics->type != VALUE_MAP)
        return refuse(r, metrics, "`metrics` must be a map, not %s", value_type_name(metrics->type));
    spec->metrics = arena_array(r->arena, struct model_metric, metrics->map.count);
    enum status status = STATUS_OK;
    for (uint32_t i = 0; i < metrics->map.count && status == STATUS_OK; i++)
        status = read_metric(r, &metrics->map.pairs[i], &spec->metrics[spec->metric_count++]);
    if (status == STATUS_OK && spec->metric_count > 1)
        qsort(spec->metrics, spec->metric_count, sizeof *spec->metrics, compare_metrics);
    return status;
}

/* ---- slices ---- */

static enum status read_by(const struct reader_of_spec *r, const struct value *v, struct model_by *by)
{
    uint32_t count = v->type == VALUE_LIST ? v->list.count : 1;
    *by = (struct model_by){.columns = arena_array(r->arena, struct str, count)};
    for (uint32_t i = 0; i < count; i++) {
        const struct value *column = v->type == VALUE_LIST ? v->list.items[i] : v;
        if (column->type != VALUE_STRING || column->text.len == 0)
            return refuse(r, column, "`by` lists columns, and lists of them");
        by->columns[by->count++] = column->text;
    }
    return count > 0 ? STATUS_OK : refuse(r, v, "`by` lists columns, and lists of them");
}

static enum status read_where(const struct reader_of_spec *r, const struct value_pair *pair, struct model_where *where)
{
    if (pair->value->type != VALUE_STRING)
        return refuse(r, pair->value, "slice `" STR_FMT "` must be an expression such as \"tenure < 7\"",
                      STR_ARG(pair->key));
    *where = (struct model_where){.name = pair->key, .text = pair->value->text};
    struct error inner;
    enum status status = expression_parse(r->arena, where->text, &where->expression, &inner);
    if (status != STATUS_OK)
        return refuse(r, pair->value, "slice `" STR_FMT "`: %s (at %u of the expression)", STR_ARG(pair->key),
                      inner.message, inner.column);
    return STATUS_OK;
}

static int compare_where(const void *a, const void *b)
{
    return str_compare(((const struct model_where *)a)->name, ((const struct model_where *)b)->name);
}

static enum status read_slice_names(const struct reader_of_spec *r, const struct value *slices)
{
    struct model_spec *spec = r->spec;
    const struct value *by = value_get(slices, STR("by")), *where = value_get(slices, STR("where"));
    enum status status = STATUS_OK;
    if (by != NULL && by->type != VALUE_LIST)
        return refuse(r, by, "`by` must be a list of columns, not %s", value_type_name(by->type));
    if (where != NULL && where->type != VALUE_MAP)
        return refuse(r, where, "`where` must be a map of names and expressions, not %s", value_type_name(where->type));
    spec->by = arena_array(r->arena, struct model_by, by != NULL ? by->list.count : 0);
    spec->where = arena_array(r->arena, struct model_where, where != NULL ? where->map.count : 0);
    for (uint32_t i = 0; by != NULL && i < by->list.count && status == STATUS_OK; i++)
        status = read_by(r, by->list.items[i], &spec->by[spec->by_count++]);
    for (uint32_t i = 0; where != NULL && i < where->map.count && status == STATUS_OK; i++)
        status = read_where(r, &where->map.pairs[i], &spec->where[spec->where_count++]);
    if (status == STATUS_OK && spec->where_count > 1)
        qsort(spec->where, spec->where_count, sizeof *spec->where, compare_where);
    if (status == STATUS_OK && spec->by_count + spec->where_count == 0)
        return refuse(r, slices, "`slices` needs `by` or `where`");
    return status;
}

/* Slices of nothing would pass whatever the model does. */
static enum status check_slices(const struct reader_of_spec *r, const struct value *slices)
{
    const struct model_spec *spec = r->spec;
    if (spec->rows[MODEL_CANDIDATE].len == 0)
        return refuse(r, slices, "`slices` needs `rows`");
    for (uint32_t i = 0; i < spec->metric_count; i++) {
        const struct model_metric *metric = &spec->metrics[i];
        const struct amount *of_slices = metric->falls ? &spec->slice_rise : &spec->slice_drop;
        if (metric->of_rows && (metric->drop.given || of_slices->given))
            return STATUS_OK;
    }
    return refuse(r, slices, "`slices` has no bound for any metric of rows; give it `max_drop`, or `max_rise` for "
                  "metrics of which lower is better");
}

static enum status read_min_n(const struct reader_of_spec *r, const struct amount *min_n)
{
    if (min_n->value > ROWS_MAX || min_n->value != floor(min_n->value))
        return refuse(r, min_n->at, "`min_n` must be a number of rows");
    r->spec->slice_min_n = (uint64_t)min_n->value;
    return STATUS_OK;
}

static enum status read_slices(const struct reader_of_spec *r, const struct value *slices)
{
    static const char *const keys[] = {"by", "where", "min_n", "max_drop", "max_rise", NULL};
    struct model_spec *spec = r->spec;
    struct amount min_n;
    enum status status = check_keys(r, slices, "`slices`", keys);
    if (status == STATUS_OK)
        status = read_slice_names(r, slices);
    if (status == STATUS_OK)
        status = get_amount(r, slices, "min_n", false, true, &min_n);
    if (status == STATUS_OK)
        status = get_amount(r, slices, "max_drop", true, true, &spec->slice_drop);
    if (status == STATUS_OK)
        status = get_amount(r, slices, "max_rise", true, true, &spec->slice_rise);
    if (status == STATUS_OK && min_n.given)
        status = read_min_n(r, &min_n);
    return status == STATUS_OK ? check_slices(r, slices) : status;
}

/* ---- churn, cases, and the whole ---- */

static enum status read_churn(const struct reader_of_spec *r, const struct value *churn)
{
    static const char *const keys[] = {"review_above", "tolerance", NULL};
    struct model_spec *spec = r->spec;
    enum status status = check_keys(r, churn, "`churn`", keys);
    if (status == STATUS_OK)
        status = get_amount(r, churn, "review_above", true, true, &spec->churn);
    if (status == STATUS_OK)
        status = get_amount(r, churn, "tolerance", false, true, &spec->churn_tolerance);
    if (status == STATUS_OK && !spec->churn.given)
        return refuse(r, churn, "`churn` needs `review_above`, a share such as 3%%");
    if (status == STATUS_OK && spec->rows[MODEL_CANDIDATE].len == 0)
        return refuse(r, churn, "`churn` needs `rows`");
    return status;
}

static enum status read_cases(const struct reader_of_spec *r, const struct value *definition,
                              const struct value *cases)
{
    static const char *const keys[] = {"file", "max_failing", NULL};
    if (cases->type == VALUE_STRING)
        return get_path(r, definition, "cases", &r->spec->cases);
    enum status status = check_keys(r, cases, "`cases`", keys);
    if (status == STATUS_OK)
        status = get_path(r, cases, "file", &r->spec->cases);
    if (status == STATUS_OK)
        status = get_amount(r, cases, "max_failing", true, true, &r->spec->cases_failing);
    if (status == STATUS_OK && r->spec->cases.len == 0)
        return refuse(r, cases, "`cases` needs `file`");
    return status;
}

static bool compares(const struct model_spec *spec)
{
    bool any = spec->slice_drop.given || spec->slice_rise.given || spec->churn.given;
    for (uint32_t i = 0; i < spec->metric_count; i++)
        any |= spec->metrics[i].drop.given;
    return any;
}

static enum status check_criteria(const struct reader_of_spec *r, const struct value *definition)
{
    const struct model_spec *spec = r->spec;
    if (spec->metric_count == 0 && !spec->churn.given && spec->cases.len == 0)
        return refuse(r, definition,
                      "there are no criteria, so any model would pass; add `metrics`, `churn` or `cases`");
    for (uint32_t i = 0; i < spec->metric_count; i++) {
        const struct model_metric *metric = &spec->metrics[i];
        const struct amount *of_slices = metric->falls ? &spec->slice_rise : &spec->slice_drop;
        if (!metric->min.given && !metric->max.given && !metric->drop.given && !(metric->of_rows && of_slices->given))
            return refuse(r, metric->at, "metric `" STR_FMT "` has no bound; give it `min`, `max` or `%s`",
                          STR_ARG(metric->name), metric->falls ? "max_rise" : "max_drop");
    }
    if (spec->no_baseline && (compares(spec) || spec->rows[MODEL_BASELINE].len > 0 ||
                              spec->metric_files[MODEL_BASELINE].len > 0))
        return refuse(r, value_get(definition, STR("baseline")), "`baseline: none` and a comparison with it exclude "
                      "each other");
    return STATUS_OK;
}

static enum status read_baseline(const struct reader_of_spec *r, const struct value *definition)
{
    struct model_spec *spec = r->spec;
    enum status status = get_text(r, definition, "baseline", &spec->baseline_name);
    spec->no_baseline = str_is(spec->baseline_name, "none");
    return status == STATUS_OK ? get_text(r, definition, "anchor", &spec->anchor_name) : status;
}

static enum status read_alpha(const struct reader_of_spec *r, const struct value *definition)
{
    struct amount alpha;
    enum status status = get_amount(r, definition, "alpha", false, true, &alpha);
    if (status == STATUS_OK && alpha.given && !(alpha.value >= ALPHA_MIN && alpha.value <= 0.5))
        return refuse(r, alpha.at, "`alpha` must be from %g to 0.5", ALPHA_MIN);
    if (status == STATUS_OK && alpha.given)
        r->spec->alpha = alpha.value;
    return status;
}

/* Who may approve is judged where approvals are; a key that nobody reads would ask for less than was meant. */
static enum status check_approval(const struct reader_of_spec *r, const struct value *approval)
{
    static const char *const keys[] = {"group", "need", "not_author", "expires", NULL};
    const struct value *need = value_get(approval, STR("need")), *author = value_get(approval, STR("not_author"));
    struct str ignored;
    if (approval == NULL || approval->type == VALUE_NULL)
        return STATUS_OK;
    enum status status = check_keys(r, approval, "`approval`", keys);
    if (status == STATUS_OK)
        status = get_text(r, approval, "group", &ignored);
    if (status == STATUS_OK)
        status = get_text(r, approval, "expires", &ignored);
    if (status == STATUS_OK && need != NULL && (need->type != VALUE_INT || need->integer < 1 || need->integer > 1000))
        return refuse(r, need, "`need` must be a number of people, from 1 on");
    if (status == STATUS_OK && author != NULL && author->type != VALUE_BOOL)
        return refuse(r, author, "`not_author` must be true or false");
    return status;
}

static enum status read_parts(const struct reader_of_spec *r, const struct value *definition)
{
    const struct value *rows = value_get(definition, STR("rows")), *files = value_get(definition, STR("metric_files"));
    const struct value *metrics = value_get(definition, STR("metrics")), *slices = value_get(definition, STR("slices"));
    const struct value *churn = value_get(definition, STR("churn")), *cases = value_get(definition, STR("cases"));
    enum status status = rows != NULL ? read_rows(r, rows) : STATUS_OK;
    if (status == STATUS_OK && files != NULL)
        status = read_metric_files(r, files);
    if (status == STATUS_OK && metrics != NULL)
        status = read_metrics(r, metrics);
    if (status == STATUS_OK && slices != NULL)
        status = read_slices(r, slices);
    if (status == STATUS_OK && churn != NULL)
        status = read_churn(r, churn);
    if (status == STATUS_OK && cases != NULL)
        status = read_cases(r, definition, cases);
    return status;
}

enum status model_spec_read(struct arena *arena, struct str name, const struct value *definition, const char *file,
                            struct model_spec *out, struct error *err)
{
    static const char *const keys[] = {"model",   "baseline", "anchor",   "rows",  "metric_files", "metrics",
                                       "slices",  "churn",    "cases",    "alpha", "severity",     "approval",
                                       "verdict", "desc",     "deps",     NULL};
    *out = (struct model_spec){.name = name, .file = file, .alpha = 0.05, .slice_min_n = 200};
    struct reader_of_spec r = {arena, out, err};
    enum status status = check_keys(&r, definition, "a gate", keys);
    if (status == STATUS_OK)
        status = get_path(&r, definition, "model", &out->model);
    if (status == STATUS_OK && out->model.len == 0)
        return refuse(&r, definition, "there is no `model`; name the file that is judged");
    if (status == STATUS_OK)
        status = check_approval(&r, value_get(definition, STR("approval")));
    if (status == STATUS_OK)
        status = read_baseline(&r, definition);
    if (status == STATUS_OK)
        status = read_alpha(&r, definition);
    if (status == STATUS_OK)
        status = get_severity(&r, definition, &out->warns);
    if (status == STATUS_OK)
        status = read_parts(&r, definition);
    return status == STATUS_OK ? check_criteria(&r, definition) : status;
}

bool model_spec_has_slices(const struct model_spec *spec)
{
    return spec->by_count + spec->where_count > 0;
}
