/* A rule of a definition: its name, its argument in short or with members, and what makes no sense together. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "check/data_rule.h"
#include "check/drift.h"

static const char *const rule_names[RULE_COUNT] = {
    "type", "not_null", "between", "in_set", "not_in_set", "matches", "length", "unique", "increasing", "finite",
    "foreign_key", "mean", "median", "stdev", "sum", "min", "max", "quantile", "distinct_count", "distinct_ratio",
    "null_ratio", "row_count", "column_names", "freshness", "unique_rows", "a_less_than_b", "no_overlap", "drift",
    "command", "malformed",
};

const char *rule_name(enum rule rule)
{
    return rule_names[rule];
}

/* "there is no rule `betwen`; did you mean `between`?" */
enum status rule_refuse_unknown(const struct data_spec *spec, const struct value_pair *pair, const char *what,
                                const struct str *known, uint32_t count, struct error *err)
{
    const struct str *near = str_nearest(pair->key, known, count);
    if (near != NULL && !str_equal(*near, pair->key))
        return REFUSE_AT(spec, pair, err, "there is no %s `" STR_FMT "`; did you mean `" STR_FMT "`?", what,
                         STR_ARG(str_printable(spec->arena, pair->key)), STR_ARG(*near));
    return REFUSE_AT(spec, pair, err, "there is no %s `" STR_FMT "`", what,
                     STR_ARG(str_printable(spec->arena, pair->key)));
}

enum status rule_want_type(const struct data_spec *spec, const struct value *v, const char *name, const char *wanted,
                           struct error *err)
{
    return REFUSE_AT(spec, v, err, "`%s` must be %s, not %s", name, wanted, value_type_name(v->type));
}

enum status rule_read_text(const struct data_spec *spec, const struct value *v, const char *name, struct str *out,
                           struct error *err)
{
    if (v->type != VALUE_STRING && v->type != VALUE_INT)
        return rule_want_type(spec, v, name, "a string", err);
    *out = v->text;
    return STATUS_OK;
}

enum status rule_read_bool(const struct data_spec *spec, const struct value *v, const char *name, bool *out,
                           struct error *err)
{
    if (v->type != VALUE_BOOL)
        return rule_want_type(spec, v, name, "true or false", err);
    *out = v->boolean;
    return STATUS_OK;
}

static enum status read_share(const struct data_spec *spec, const struct value *v, const char *name, double *out,
                              struct error *err)
{
    *out = value_number(v);
    if (!(*out >= 0 && *out <= 1))
        return REFUSE_AT(spec, v, err, "`%s` must be a number from 0 to 1", name);
    return STATUS_OK;
}

enum status rule_read_severity(const struct data_spec *spec, const struct value *v, bool *warns, struct error *err)
{
    if (v->type != VALUE_STRING || (!str_is(v->text, "error") && !str_is(v->text, "warn")))
        return REFUSE_AT(spec, v, err, "`severity` must be `error` or `warn`");
    *warns = str_is(v->text, "warn");
    return STATUS_OK;
}

static enum status read_constant(const struct data_spec *spec, const struct value *v, const char *name,
                                 struct constant *out, struct error *err)
{
    if (v->type == VALUE_NULL || v->type == VALUE_LIST || v->type == VALUE_MAP)
        return rule_want_type(spec, v, name, "a number or a string", err);
    out->number = value_number(v);
    out->is_number = v->type == VALUE_INT || v->type == VALUE_FLOAT;
    out->text = v->type == VALUE_BOOL ? (v->boolean ? STR("true") : STR("false")) : v->text;
    return STATUS_OK;
}

static enum status read_items(const struct data_spec *spec, const struct value *v, struct expectation *e,
                              struct error *err)
{
    if (v->type != VALUE_LIST || v->list.count == 0)
        return REFUSE_AT(spec, v, err, "`%s` must be a list with something in it", rule_name(e->rule));
    e->items = arena_array(spec->arena, struct constant, v->list.count);
    e->set = value_set_create(spec->arena, v->list.count);
    for (uint32_t i = 0; i < v->list.count; i++) {
        enum status status = read_constant(spec, v->list.items[i], rule_name(e->rule), &e->items[i], err);
        if (status != STATUS_OK)
            return status;
        value_set_add(e->set, e->items[i].text);
        e->set_has_numbers |= e->items[i].is_number;
    }
    e->item_count = v->list.count;
    return STATUS_OK;
}

static enum status read_columns(const struct data_spec *spec, const struct value *v, struct expectation *e,
                                struct error *err)
{
    if (v->type != VALUE_LIST || v->list.count == 0)
        return REFUSE_AT(spec, v, err, "`%s` must name columns in a list", rule_name(e->rule));
    e->columns = arena_array(spec->arena, struct str, v->list.count);
    for (uint32_t i = 0; i < v->list.count; i++) {
        enum status status = rule_read_text(spec, v->list.items[i], "columns", &e->columns[i], err);
        if (status != STATUS_OK)
            return status;
    }
    e->column_count = v->list.count;
    return STATUS_OK;
}

static enum status read_age(const struct data_spec *spec, const struct value *v, int64_t *out, struct error *err)
{
    static const char units[] = "smhdw";
    static const int64_t seconds[] = {1, 60, 3600, 86400, 604800};
    int64_t count = 0;
    size_t digits = 0;
    while (digits < v->text.len && digits < 9 && v->text.ptr[digits] >= '0' && v->text.ptr[digits] <= '9')
        count = count * 10 + (v->text.ptr[digits++] - '0');
    const char *unit = digits + 1 == v->text.len ? strchr(units, v->text.ptr[digits]) : NULL;
    if (v->type != VALUE_STRING || digits == 0 || unit == NULL)
        return REFUSE_AT(spec, v, err, "`max_age` must be a number with a unit, as 90s, 30m, 12h, 2d or 1w");
    *out = count * seconds[unit - units];
    return STATUS_OK;
}

static enum status read_bound(const struct data_spec *spec, const struct value *v, const struct expectation *e,
                              bool *has, struct constant *out, struct error *err)
{
    *has = true;
    enum status status = read_constant(spec, v, rule_name(e->rule), out, err);
    if (status == STATUS_OK && e->rule != RULE_BETWEEN && !(out->is_number && !isnan(out->number)) &&
        e->rule != RULE_MIN && e->rule != RULE_MAX)
        return rule_want_type(spec, v, rule_name(e->rule), "a number", err);
    return status;
}

static bool is_flag(enum rule rule)
{
    return rule == RULE_NOT_NULL || rule == RULE_UNIQUE || rule == RULE_INCREASING || rule == RULE_FINITE;
}

static bool is_range(enum rule rule)
{
    return rule == RULE_BETWEEN || rule == RULE_LENGTH || (rule >= RULE_MEAN && rule <= RULE_ROW_COUNT) ||
           rule == RULE_MALFORMED;
}

static enum status read_kind(const struct data_spec *spec, const struct value *v, struct expectation *e,
                             struct error *err)
{
    static const struct str kinds[] = {{"integer", 7}, {"number", 6}, {"boolean", 7}, {"date", 4}, {"timestamp", 9},
                                       {"string", 6}};
    for (uint32_t i = 0; i < sizeof kinds / sizeof *kinds && v->type == VALUE_STRING; i++)
        if (str_equal(v->text, kinds[i])) {
            e->kind = (enum value_kind)i;
            return STATUS_OK;
        }
    return REFUSE_AT(spec, v, err, "`type` must be one of integer, number, boolean, date, timestamp and string");
}

/* The argument as it stands without a map around it. */
static enum status read_plain(struct data_spec *spec, const struct value *v, struct expectation *e, struct error *err)
{
    enum rule rule = e->rule;
    bool yes = false;
    if (rule == RULE_TYPE)
        return read_kind(spec, v, e, err);
    if (rule == RULE_IN_SET || rule == RULE_NOT_IN_SET)
        return read_items(spec, v, e, err);
    if (rule == RULE_UNIQUE_ROWS)
        return read_columns(spec, v, e, err);
    if (rule == RULE_COMMAND && v->type == VALUE_STRING && v->text.len > 0) {
        e->command = v->text;
        return STATUS_OK;
    }
    if (is_flag(rule)) {
        enum status status = rule_read_bool(spec, v, rule_name(rule), &yes, err);
        if (status == STATUS_OK && !yes)
            return REFUSE_AT(spec, v, err, "`%s` can only be true; leave it out otherwise", rule_name(rule));
        return status;
    }
    if (rule == RULE_MATCHES) {
        if (v->type != VALUE_STRING)
            return rule_want_type(spec, v, "matches", "a pattern", err);
        enum status status = pattern_create(v->text, &e->pattern, err);
        if (status == STATUS_MANIFEST) {
            struct error why = *err;
            return REFUSE_AT(spec, v, err, "%s", why.message);
        }
        return status;
    }
    if (is_range(rule) && v->type == VALUE_LIST && v->list.count == 2) {
        enum status status = read_bound(spec, v->list.items[0], e, &e->has_min, &e->min, err);
        return status == STATUS_OK ? read_bound(spec, v->list.items[1], e, &e->has_max, &e->max, err) : status;
    }
    if (is_range(rule) && (v->type == VALUE_INT || v->type == VALUE_FLOAT)) {
        enum status status = read_bound(spec, v, e, &e->has_min, &e->min, err);
        e->max = e->min;
        e->has_max = e->has_min;
        return status;
    }
    return REFUSE_AT(spec, v, err, "`%s` cannot be %s here; %s", rule_name(rule), value_type_name(v->type),
                     is_range(rule) ? "give [MIN, MAX] or {min: MIN, max: MAX}" : "see refit/check.h for its form");
}

static enum status read_where(struct data_spec *spec, const struct value *v, struct expectation *e, struct error *err)
{
    struct error why = {0};
    enum status status = rule_read_text(spec, v, "where", &e->where_text, err);
    if (status != STATUS_OK)
        return status;
    if (expression_parse(spec->arena, e->where_text, &e->where, &why) != STATUS_OK)
        return REFUSE_AT(spec, v, err, "`where`: %s", why.message);
    return STATUS_OK;
}

static enum status set_names(struct data_spec *spec, const struct value *v, struct expectation *e,
                             enum names_rule names, struct error *err)
{
    e->names = names;
    return read_items(spec, v, e, err);
}

static enum status read_drift(struct data_spec *spec, const struct value_pair *pair, struct expectation *e, bool *known,
                              struct error *err)
{
    const struct value *v = pair->value;
    if (str_is(pair->key, "reference"))
        return rule_read_text(spec, v, "reference", &e->other_file, err);
    if (str_is(pair->key, "columns"))
        return read_columns(spec, v, e, err);
    if (str_is(pair->key, "alpha"))
        return read_share(spec, v, "alpha", &e->drift->alpha, err);
    if (str_is(pair->key, "threshold")) {
        e->drift->threshold = value_number(v);
        return e->drift->threshold >= 0 ? STATUS_OK : rule_want_type(spec, v, "threshold", "a number from 0 on", err);
    }
    *known = str_is(pair->key, "method");
    if (*known && !(v->type == VALUE_STRING && drift_method_parse(v->text, &e->drift->method)))
        return REFUSE_AT(spec, v, err, "`method` must be one of psi, ks, chi2, js, linf and wasserstein");
    return STATUS_OK;
}

/* "10%", or a share */
static enum status read_change(const struct data_spec *spec, const struct value *v, double *out, struct error *err)
{
    double divisor = 1;
    struct cell cell = {0};
    if (v->type == VALUE_STRING && v->text.len > 1 && v->text.ptr[v->text.len - 1] == '%') {
        cell = (struct cell){v->text.ptr, (uint32_t)v->text.len - 1, CELL_NUMBER};
        divisor = 100;
    }
    *out = value_number(v);
    if (cell.len > 0 && !cell_number(&cell, out))
        *out = (double)NAN;
    *out /= divisor;
    if (!(*out >= 0) || isinf(*out))
        return REFUSE_AT(spec, v, err, "`max_change` must be a share of the reference's rows, such as 10%% or 0.1");
    return STATUS_OK;
}

/* One member of the map of a rule; *known is false for one that does not belong there. */
static enum status read_member(struct data_spec *spec, const struct value_pair *pair, struct expectation *e,
                               bool *known, struct error *err)
{
    const struct value *v = pair->value;
    struct str key = pair->key;
    enum rule rule = e->rule;
    bool pair_rule = rule == RULE_A_LESS_THAN_B;
    *known = true;
    if (str_is(key, "mostly") && (rule <= RULE_FOREIGN_KEY || pair_rule))
        return read_share(spec, v, "mostly", &e->mostly, err);
    if (str_is(key, "max_change") && rule == RULE_ROW_COUNT)
        return read_change(spec, v, &e->max_change, err);
    if (str_is(key, "reference") && rule == RULE_ROW_COUNT)
        return rule_read_text(spec, v, "reference", &e->other_file, err);
    if (str_is(key, "run") && rule == RULE_COMMAND)
        return read_plain(spec, v, e, err);
    if (str_is(key, "where") && rule != RULE_COLUMN_NAMES && rule != RULE_MALFORMED && rule != RULE_COMMAND)
        return read_where(spec, v, e, err);
    if (str_is(key, "severity"))
        return rule_read_severity(spec, v, &e->warns, err);
    if (str_is(key, "allow_empty"))
        return rule_read_bool(spec, v, "allow_empty", &e->allow_empty, err);
    if (str_is(key, "min") && is_range(rule))
        return read_bound(spec, v, e, &e->has_min, &e->min, err);
    if (str_is(key, "max") && is_range(rule))
        return read_bound(spec, v, e, &e->has_max, &e->max, err);
    if (str_is(key, "q") && rule == RULE_QUANTILE)
        return read_share(spec, v, "q", &e->q, err);
    if (str_is(key, "strictly") && rule == RULE_INCREASING)
        return rule_read_bool(spec, v, "strictly", &e->strictly, err);
    if (str_is(key, "or_equal") && pair_rule)
        return rule_read_bool(spec, v, "or_equal", &e->or_equal, err);
    if ((str_is(key, "is") && rule == RULE_TYPE) || (str_is(key, "pattern") && rule == RULE_MATCHES) ||
        (str_is(key, "values") && (rule == RULE_IN_SET || rule == RULE_NOT_IN_SET)) ||
        (str_is(key, "columns") && rule == RULE_UNIQUE_ROWS))
        return read_plain(spec, v, e, err);
    if ((str_is(key, "file") && rule == RULE_FOREIGN_KEY) || (str_is(key, "with") && rule == RULE_NO_OVERLAP))
        return rule_read_text(spec, v, key.ptr, &e->other_file, err);
    if (str_is(key, "column") && rule == RULE_FOREIGN_KEY)
        return rule_read_text(spec, v, "column", &e->other_column, err);
    if ((str_is(key, "key") && rule == RULE_NO_OVERLAP) || (str_is(key, "column") && rule == RULE_FRESHNESS) ||
        (str_is(key, "a") && pair_rule))
        return rule_read_text(spec, v, key.ptr, &e->columns[0], err);
    if (str_is(key, "b") && pair_rule)
        return rule_read_text(spec, v, "b", &e->columns[1], err);
    if (str_is(key, "max_age") && rule == RULE_FRESHNESS)
        return read_age(spec, v, &e->max_age_s, err);
    if (str_is(key, "exact") && rule == RULE_COLUMN_NAMES)
        return set_names(spec, v, e, NAMES_EXACT, err);
    if (str_is(key, "superset") && rule == RULE_COLUMN_NAMES)
        return set_names(spec, v, e, NAMES_SUPERSET, err);
    if (str_is(key, "ordered") && rule == RULE_COLUMN_NAMES)
        return set_names(spec, v, e, NAMES_ORDERED, err);
    if (rule == RULE_DRIFT)
        return read_drift(spec, pair, e, known, err);
    *known = false;
    return STATUS_OK;
}

static enum status read_members(struct data_spec *spec, const struct value *v, struct expectation *e,
                                struct error *err)
{
    static const struct str all[] = {{"mostly", 6}, {"where", 5}, {"severity", 8}, {"allow_empty", 11}, {"min", 3},
        {"max", 3}, {"q", 1}, {"strictly", 8}, {"or_equal", 8}, {"is", 2}, {"pattern", 7}, {"values", 6},
        {"columns", 7}, {"file", 4}, {"with", 4}, {"column", 6}, {"key", 3}, {"a", 1}, {"b", 1}, {"max_age", 7},
        {"reference", 9}, {"method", 6}, {"threshold", 9}, {"alpha", 5}, {"exact", 5}, {"superset", 8}, {"ordered", 7},
        {"max_change", 10}, {"run", 3}};
    for (uint32_t i = 0; i < v->map.count; i++) {
        bool known;
        enum status status = read_member(spec, &v->map.pairs[i], e, &known, err);
        if (status != STATUS_OK)
            return status;
        if (!known)
            return rule_refuse_unknown(spec, &v->map.pairs[i],
                                       str_format(spec->arena, "option of `%s`", rule_name(e->rule)).ptr, all,
                                       sizeof all / sizeof *all, err);
    }
    return STATUS_OK;
}

/* Is everything there that the rule needs? */
static enum status check_whole(const struct data_spec *spec, const struct expectation *e, struct error *err)
{
    const char *lacks = NULL;
    bool two = e->rule == RULE_A_LESS_THAN_B;
    bool change = !isnan(e->max_change);
    if (is_range(e->rule) && !e->has_min && !e->has_max && !change)
        lacks = e->rule == RULE_ROW_COUNT ? "`min`, `max` or `max_change`" : "`min` or `max`";
    else if (e->rule == RULE_ROW_COUNT && change && e->other_file.len == 0)
        lacks = "`reference`, a profile or a data file that `max_change` is of";
    else if (e->rule == RULE_ROW_COUNT && !change && e->other_file.len > 0)
        lacks = "`max_change`, which `reference` is for";
    else if (e->rule == RULE_COMMAND && e->command.len == 0)
        lacks = "`run`, what is executed";
    else if (e->rule == RULE_QUANTILE && isnan(e->q))
        lacks = "`q`, the share of values below it";
    else if ((e->rule == RULE_IN_SET || e->rule == RULE_NOT_IN_SET) && e->item_count == 0)
        lacks = "`values`";
    else if (e->rule == RULE_MATCHES && e->pattern == NULL)
        lacks = "`pattern`";
    else if (e->rule == RULE_COLUMN_NAMES && e->item_count == 0)
        lacks = "`exact`, `superset` or `ordered`";
    else if (e->rule == RULE_FOREIGN_KEY && (e->other_file.len == 0 || e->other_column.len == 0))
        lacks = "`file` and `column`";
    else if (e->rule == RULE_NO_OVERLAP && (e->other_file.len == 0 || e->columns[0].len == 0))
        lacks = "`with` and `key`";
    else if (e->rule == RULE_DRIFT && e->other_file.len == 0)
        lacks = "`reference`, a profile or a data file";
    else if (e->rule == RULE_FRESHNESS && (e->columns[0].len == 0 || e->max_age_s == 0))
        lacks = "`column` and `max_age`";
    else if (e->rule == RULE_UNIQUE_ROWS && e->column_count == 0)
        lacks = "`columns`";
    else if (two && (e->columns[0].len == 0 || e->columns[1].len == 0))
        lacks = "`a` and `b`";
    else if (e->rule == RULE_TYPE && e->kind == (enum value_kind)-1)
        lacks = "`is`, a type";
    if (lacks != NULL)
        return REFUSE_AT(spec, e->at, err, "`%s` lacks %s", rule_name(e->rule), lacks);
    if (change && e->where != NULL)
        return REFUSE_AT(spec, e->at, err, "`max_change` compares all rows; leave out `where`");
    if (e->has_min && e->has_max && e->min.is_number && e->max.is_number && e->min.number > e->max.number)
        return REFUSE_AT(spec, e->at, err, "`%s`: its min is above its max", rule_name(e->rule));
    return STATUS_OK;
}

enum status data_spec_add(struct data_spec *spec, const struct value *v, enum rule rule, struct str column,
                          struct error *err)
{
    struct expectation e = {.rule = rule, .at = v, .column = column, .mostly = 1, .warns = spec->warns,
                            .shows = spec->show_rows || rule == RULE_MALFORMED, /* a fault's name is nobody's data */
                            .q = (double)NAN, .max_change = (double)NAN, .command = STR(""),
                            .kind = (enum value_kind)-1, .where_text = STR(""), .least = (double)INFINITY,
                            .most = -(double)INFINITY, .other_file = STR(""), .other_column = STR("")};
    e.columns = arena_array(spec->arena, struct str, 2);
    e.columns[0] = column;
    bool none = rule == RULE_ROW_COUNT || rule == RULE_COLUMN_NAMES || rule == RULE_UNIQUE_ROWS || rule == RULE_DRIFT ||
                rule == RULE_COMMAND || rule == RULE_MALFORMED;
    e.column_count = rule == RULE_A_LESS_THAN_B ? 2 : none ? 0 : 1;
    if (rule == RULE_DRIFT) {
        e.drift = arena_new(spec->arena, struct drift);
        *e.drift = (struct drift){.threshold = -1, .alpha = 0.01};
    }
    enum status status = v->type == VALUE_MAP ? read_members(spec, v, &e, err) : read_plain(spec, v, &e, err);
    if (status == STATUS_OK)
        status = check_whole(spec, &e, err);
    if (status != STATUS_OK) {
        pattern_destroy(e.pattern);
        return status;
    }
    if (rule == RULE_DRIFT && e.drift->threshold < 0)
        e.drift->threshold = drift_threshold(e.drift->method);
    MEM_GROW(spec->items, spec->count, spec->cap);
    spec->items[spec->count++] = e;
    return STATUS_OK;
}

void data_expectation_finish(struct expectation *e)
{
    pattern_destroy(e->pattern);
    drift_destroy(e);
    free(e->sum);
    free(e->squares);
    if (e->quantiles != NULL)
        quantile_finish(e->quantiles);
    free(e->quantiles);
    if (e->distinct != NULL)
        distinct_finish(e->distinct);
    free(e->distinct);
    spill_destroy(e->spill);
    buf_finish(&e->last);
    for (int i = 0; i < DATA_LINES_MAX; i++)
        buf_finish(&e->shown[i]);
}
