/* What comes of an expectation after the last row. */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "check/data.h"

const char *data_outcome_name(enum data_outcome outcome)
{
    static const char *const names[] = {"pass", "not_evaluated", "fail"};
    return names[outcome];
}

static bool is_for_each(enum rule rule)
{
    return rule <= RULE_FOREIGN_KEY || rule == RULE_UNIQUE_ROWS || rule == RULE_A_LESS_THAN_B ||
           rule == RULE_NO_OVERLAP;
}

/* "`age`", "`a`, `b`", "the table" */
static struct str subject(const struct pass *pass, const struct expectation *e)
{
    struct buf text = {0};
    struct arena *arena = pass->spec->arena;
    for (uint32_t i = 0; i < e->column_count; i++)
        buf_print(&text, "%s`" STR_FMT "`", i > 0 ? ", " : "", STR_ARG(str_printable(arena, e->columns[i])));
    struct str all = e->column_count > 0 ? str_dup(arena, buf_view(&text)) : STR("the table");
    buf_finish(&text);
    return all;
}

/* What is estimated is never beyond what is known. */
static double get_quantile(const struct expectation *e, double q)
{
    return e->nan ? (double)NAN : fmin(fmax(quantile_get(e->quantiles, q), e->least), e->most);
}

static double get_distinct(const struct expectation *e)
{
    bool exact;
    double count = e->distinct != NULL ? (double)distinct_get(e->distinct, &exact) : 0;
    return fmin(count, (double)e->n);
}

static double get_aggregate(struct pass *pass, struct expectation *e)
{
    double all = (double)(e->n + e->nulls);
    switch (e->rule) {
    case RULE_MEAN: {
        return exact_get(e->sum).high / (double)e->n;
    }
    case RULE_SUM:
        return exact_get(e->sum).high;
    case RULE_STDEV:
        return !e->nan && e->least == e->most ? 0 : exact_deviation(exact_get(e->sum), exact_get(e->squares), e->n);
    case RULE_MEDIAN:
        return get_quantile(e, 0.5);
    case RULE_QUANTILE:
        return get_quantile(e, e->q);
    case RULE_MIN:
        return e->nan ? (double)NAN : e->least;
    case RULE_MAX:
        return e->nan ? (double)NAN : e->most;
    case RULE_DISTINCT_COUNT:
        return get_distinct(e);
    case RULE_DISTINCT_RATIO:
        return e->n > 0 ? get_distinct(e) / (double)e->n : 0;
    case RULE_NULL_RATIO:
        return (double)e->nulls / all;
    case RULE_ROW_COUNT:
        return (double)e->n;
    default:
        return (double)pass->verdict->results[0].failing;
    }
}

static bool is_within(const struct expectation *e, double observed)
{
    return (!e->has_min || observed >= e->min.number) && (!e->has_max || observed <= e->max.number);
}

static bool text_is_within(const struct expectation *e, struct str text)
{
    return (!e->has_min || str_compare(text, e->min.text) >= 0) && (!e->has_max || str_compare(text, e->max.text) <= 0);
}

static void say(struct pass *pass, const struct expectation *e, struct data_result *r, const char *text)
{
    r->message = str_format(pass->spec->arena, "%s of " STR_FMT "%s" STR_FMT ": %s", rule_name(e->rule),
                            STR_ARG(subject(pass, e)), e->where != NULL ? " where " : "", STR_ARG(e->where_text), text);
}

static struct str undecided(const struct pass *pass, const struct expectation *e)
{
    return e->odd == 0 ? STR("")
                       : str_format(pass->spec->arena, "; of %" PRIu64 " the pattern tries too many ways to tell; "
                                    "make it simpler", e->odd);
}

static void conclude_each(struct pass *pass, struct expectation *e, struct data_result *r)
{
    uint64_t good = e->n - e->failing;
    r->observed = (double)good / (double)e->n;
    /* 1e-9 of a row: a share as 0.95 is no double */
    r->outcome = (double)good >= e->mostly * (double)e->n - 1e-9 ? DATA_PASS : DATA_FAIL;
    if (e->failing > 0)
        say(pass, e, r, str_format(pass->spec->arena, "%" PRIu64 " of %" PRIu64 " values fail, first on line %" PRIu64
                                   "%s" STR_FMT, e->failing, e->n, e->lines[0],
                                   r->outcome == DATA_PASS ? ", which `mostly` allows" : "",
                                   STR_ARG(undecided(pass, e))).ptr);
    else
        say(pass, e, r, "all hold");
}

static void conclude_aggregate(struct pass *pass, struct expectation *e, struct data_result *r)
{
    struct arena *arena = pass->spec->arena;
    bool texts = data_bounds_are_text(e);
    if (e->odd > 0) {
        r->outcome = DATA_FAIL;
        say(pass, e, r, str_format(arena, "%" PRIu64 " values are no numbers, first on line %" PRIu64, e->odd,
                                   e->lines[0]).ptr);
    } else if (texts) {
        r->is_text = true;
        r->text = str_printable(arena, buf_view(&e->last));
        r->outcome = text_is_within(e, buf_view(&e->last)) ? DATA_PASS : DATA_FAIL;
        say(pass, e, r, r->text.ptr);
    } else {
        r->observed = get_aggregate(pass, e);
        r->outcome = is_within(e, r->observed) ? DATA_PASS : DATA_FAIL;
        say(pass, e, r, str_format(arena, "%.15g is %s", r->observed,
                                   r->outcome == DATA_PASS ? "within its bounds" : "outside its bounds").ptr);
    }
}

static void conclude_freshness(struct pass *pass, struct expectation *e, struct data_result *r)
{
    r->is_text = true;
    r->text = str_printable(pass->spec->arena, buf_view(&e->last));
    r->outcome = e->failing > 0 || !e->has_last ? DATA_FAIL : DATA_PASS;
    if (e->failing > 0)
        say(pass, e, r, str_format(pass->spec->arena, "%" PRIu64 " values are no dates, first on line %" PRIu64,
                                   e->failing, e->lines[0]).ptr);
    else
        say(pass, e, r, str_format(pass->spec->arena, "the newest is " STR_FMT, STR_ARG(r->text)).ptr);
}

static bool has_column(const struct pass *pass, struct str name)
{
    for (uint32_t i = 0; i < pass->column_count; i++)
        if (str_equal(pass->columns[i], name))
            return true;
    return false;
}

static bool has_item(const struct expectation *e, struct str name)
{
    for (uint32_t i = 0; i < e->item_count; i++)
        if (str_equal(e->items[i].text, name))
            return true;
    return false;
}

static void conclude_names(struct pass *pass, struct expectation *e, struct data_result *r)
{
    struct arena *arena = pass->spec->arena;
    r->n = pass->column_count;
    r->observed = pass->column_count;
    for (uint32_t i = 0; i < e->item_count; i++)
        if (!has_column(pass, e->items[i].text)) {
            r->outcome = DATA_FAIL;
            say(pass, e, r, str_format(arena, "there is no column `" STR_FMT "`",
                                       STR_ARG(str_printable(arena, e->items[i].text))).ptr);
            return;
        }
    for (uint32_t i = 0; i < pass->column_count && e->names != NAMES_SUPERSET; i++)
        if (!has_item(e, pass->columns[i])) {
            r->outcome = DATA_FAIL;
            say(pass, e, r, str_format(arena, "the column `" STR_FMT "` is not declared",
                                       STR_ARG(str_printable(arena, pass->columns[i]))).ptr);
            return;
        }
    bool ordered = e->names == NAMES_ORDERED && !table_is_json(pass->table); /* whose members have no order */
    for (uint32_t i = 0; i < pass->column_count && ordered; i++)
        if (i >= e->item_count || !str_equal(e->items[i].text, pass->columns[i])) {
            r->outcome = DATA_FAIL;
            say(pass, e, r, str_format(arena, "column %u is `" STR_FMT "`", i + 1,
                                       STR_ARG(str_printable(arena, pass->columns[i]))).ptr);
            return;
        }
    say(pass, e, r, "as declared");
}

/* The first column that it reads and the table lacks; NULL = none. */
static const struct str *missing(const struct expectation *e)
{
    for (uint32_t i = 0; i < e->column_count; i++)
        if (!e->there[i])
            return &e->columns[i];
    return NULL;
}

struct data_result *data_new_result(struct pass *pass, const struct expectation *e)
{
    struct data_verdict *verdict = pass->verdict;
    MEM_GROW(verdict->results, verdict->result_count, verdict->result_cap);
    struct data_result *r = &verdict->results[verdict->result_count++];
    *r = (struct data_result){.rule = rule_name(e->rule), .column = e->column, .slice = e->where_text,
                              .warns = e->warns, .observed = (double)NAN, .expected = e->at, .n = e->n,
                              .nulls = e->nulls, .failing = e->failing, .line_count = e->line_count,
                              .message = STR(""), .text = STR("")};
    memcpy(r->lines, e->lines, sizeof r->lines);
    for (uint32_t i = 0; i < e->line_count; i++)
        r->shown[i] = str_printable(pass->spec->arena, buf_view(&e->shown[i]));
    return r;
}

static bool counts_anything(const struct expectation *e)
{
    if (e->rule == RULE_NO_OVERLAP && e->others == 0)
        return false;
    bool counts = e->rule == RULE_ROW_COUNT || e->rule == RULE_COLUMN_NAMES || e->rule == RULE_MALFORMED;
    return counts || e->n > 0 || e->odd > 0 || ((e->rule == RULE_NULL_RATIO || e->rule == RULE_DISTINCT_COUNT) &&
                                                e->nulls > 0);
}

void data_count_result(struct data_verdict *verdict, const struct data_result *r)
{
    verdict->failed |= r->outcome != DATA_PASS && !r->warns;
    verdict->warns |= r->outcome != DATA_PASS && r->warns;
}

void data_conclude(struct pass *pass, struct expectation *e)
{
    struct arena *arena = pass->spec->arena;
    struct data_result *r = data_new_result(pass, e);
    const struct str *lacks = missing(e);
    if (lacks != NULL) {
        const struct str *near = str_nearest(*lacks, pass->columns, pass->column_count);
        r->outcome = DATA_FAIL;
        say(pass, e, r, near == NULL ? "there is no such column"
            : str_format(arena, "there is no column `" STR_FMT "`; did you mean `" STR_FMT "`?",
                         STR_ARG(str_printable(arena, *lacks)), STR_ARG(str_printable(arena, *near))).ptr);
    } else if (!counts_anything(e)) {
        r->outcome = e->allow_empty ? DATA_PASS : DATA_NOT_EVALUATED;
        say(pass, e, r, e->allow_empty ? "there is no value, which is allowed"
                                       : "there is no value to judge by; `allow_empty: true` allows that");
    } else if (e->rule == RULE_MALFORMED) {
        r->observed = (double)e->failing;
        r->outcome = is_within(e, r->observed) ? DATA_PASS : DATA_FAIL;
        r->message = e->failing == 0 ? STR("all rows can be read")
                     : str_format(arena, "%" PRIu64 " faults, the first on line %" PRIu64 ": " STR_FMT, e->failing,
                                  e->lines[0], STR_ARG(r->shown[0]));
        memset(r->shown, 0, sizeof r->shown);
    } else if (e->rule == RULE_COLUMN_NAMES) {
        conclude_names(pass, e, r);
    } else if (e->rule == RULE_FRESHNESS) {
        conclude_freshness(pass, e, r);
    } else if (is_for_each(e->rule)) {
        conclude_each(pass, e, r);
    } else {
        conclude_aggregate(pass, e, r);
    }
    data_count_result(pass->verdict, r);
}
