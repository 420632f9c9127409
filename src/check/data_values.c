/* Rules that hold for a value or do not: a batch of a column is judged as a whole, then counted. */
#include <math.h>
#include <string.h>

#include "check/data.h"
#include "check/value_kind.h"

static uint64_t characters(const struct cell *cell)
{
    uint64_t count = 0;
    for (uint32_t i = 0; i < cell->len; i++)
        count += ((unsigned char)cell->ptr[i] & 0xc0) != 0x80;
    return count;
}

static bool text_is_within(const struct expectation *e, const struct cell *cell, bool is_number, double number)
{
    const struct constant *bounds[] = {e->has_min ? &e->min : NULL, e->has_max ? &e->max : NULL};
    for (int i = 0; i < 2; i++) {
        const struct constant *bound = bounds[i];
        if (bound == NULL)
            continue;
        if (bound->is_number) {
            if (!is_number || !(i == 0 ? number >= bound->number : number <= bound->number))
                return false;
        } else {
            int order = str_compare((struct str){cell->ptr, cell->len}, bound->text);
            if (i == 0 ? order < 0 : order > 0)
                return false;
        }
    }
    return true;
}

static struct str text_of(const struct cell *cell)
{
    return (struct str){cell->ptr, cell->len};
}

static bool bounds_are_long(const struct expectation *e)
{
    return (e->has_min && fabs(e->min.number) >= WHOLE_DOUBLE_MAX) ||
           (e->has_max && fabs(e->max.number) >= WHOLE_DOUBLE_MAX);
}

static void judge_between(struct lane *lane, const struct expectation *e, const struct cell *cells, bool *good)
{
    const struct column_numbers *numbers = data_numbers(lane, e->wanted[0]);
    const double *values = numbers->values;
    double min = e->has_min ? e->min.number : -(double)INFINITY, max = e->has_max ? e->max.number : (double)INFINITY;
    uint32_t rows = lane->batch->rows;
    if (data_bounds_are_text(e)) {
        for (uint32_t row = 0; row < rows; row++)
            good[row] = text_is_within(e, &cells[row], numbers->good[row], values[row]);
        return;
    }
    for (uint32_t row = 0; row < rows; row++)
        good[row] = numbers->good[row] & (values[row] >= min) & (values[row] <= max);
    for (uint32_t row = 0; row < rows && bounds_are_long(e); row++)
        good[row] = good[row] && !(values[row] == min && order_whole(text_of(&cells[row]), e->min.text) < 0) &&
                    !(values[row] == max && order_whole(text_of(&cells[row]), e->max.text) > 0);
}

static void judge_length(struct lane *lane, const struct expectation *e, const struct cell *cells, bool *good)
{
    for (uint32_t row = 0; row < lane->batch->rows; row++) {
        double count = (double)characters(&cells[row]);
        good[row] = (!e->has_min || count >= e->min.number) && (!e->has_max || count <= e->max.number);
    }
}

/* 1.0 is in a set that has 1. */
static bool is_number_in(const struct expectation *e, const struct cell *cell, double number)
{
    for (uint32_t i = 0; i < e->item_count; i++)
        if (e->items[i].is_number && e->items[i].number == number &&
            order_whole(text_of(cell), e->items[i].text) == 0)
            return true;
    return false;
}

static void judge_set(struct lane *lane, const struct expectation *e, const struct cell *cells, bool *good)
{
    uint32_t rows = lane->batch->rows;
    value_set_test(e->set, cells, rows, good);
    for (uint32_t row = 0; e->set_has_numbers && row < rows; row++) {
        if (good[row])
            continue;
        const struct column_numbers *numbers = data_numbers(lane, e->wanted[0]);
        good[row] = numbers->good[row] && is_number_in(e, &cells[row], numbers->values[row]);
    }
    for (uint32_t row = 0; e->rule == RULE_NOT_IN_SET && row < rows; row++)
        good[row] = !good[row];
}

static bool is_in_order(struct expectation *e, const struct cell *cell, bool is_number, double number)
{
    bool good = true;
    int order = 0;
    if (e->has_last) {
        struct cell last = {e->last.len > 0 ? e->last.ptr : "", (uint32_t)e->last.len, CELL_TEXT};
        order = is_number && !isnan(e->last_number) ? order_numbers(cell, number, &last, e->last_number)
                                                    : order_values(cell, &last);
        good = order > 0 || (order == 0 && !e->strictly);
    }
    e->last_number = is_number ? number : (double)NAN;
    buf_clear(&e->last);
    buf_append(&e->last, cell->ptr, cell->len);
    e->has_last = true;
    return good;
}

static bool holds(struct lane *lane, struct expectation *e, const struct cell *cell, uint32_t row)
{
    const struct column_numbers *numbers;
    enum pattern_answer answer;
    switch (e->rule) {
    case RULE_TYPE:
        return value_is_kind(cell, e->kind);
    case RULE_MATCHES:
        answer = pattern_matches(e->pattern, (struct str){cell->ptr, cell->len});
        e->odd += answer == PATTERN_UNDECIDED;
        return answer == PATTERN_MATCHES;
    case RULE_INCREASING:
        numbers = data_numbers(lane, e->wanted[0]);
        return is_in_order(e, cell, numbers->good[row], numbers->values[row]);
    case RULE_FINITE:
        numbers = data_numbers(lane, e->wanted[0]);
        return numbers->good[row] && isfinite(numbers->values[row]);
    default: /* not_null */
        return true;
    }
}

/* What is null, or not chosen, may be judged in any way. */
static void judge(struct lane *lane, struct expectation *e, const struct cell *cells, bool *good)
{
    if (e->rule == RULE_BETWEEN) {
        judge_between(lane, e, cells, good);
    } else if (e->rule == RULE_IN_SET || e->rule == RULE_NOT_IN_SET) {
        judge_set(lane, e, cells, good);
    } else if (e->rule == RULE_LENGTH) {
        judge_length(lane, e, cells, good);
    } else if (e->rule == RULE_NOT_NULL) {
        memset(good, true, lane->batch->rows);
    } else {
        for (uint32_t row = 0; row < lane->batch->rows; row++)
            good[row] = lane->chosen[row] && cells[row].kind != CELL_NULL && holds(lane, e, &cells[row], row);
    }
}

void data_values(struct lane *lane, struct expectation *e)
{
    const struct table_batch *batch = lane->batch;
    const struct cell *cells = batch->columns[e->wanted[0]];
    const bool *chosen = lane->chosen;
    bool good[TABLE_ROWS_MAX], null_fails = e->rule == RULE_NOT_NULL;
    uint64_t nulls = 0, asked = 0, failing = 0;
    judge(lane, e, cells, good);
    for (uint32_t row = 0; row < batch->rows; row++) {
        bool null = cells[row].kind == CELL_NULL;
        nulls += chosen[row] & null;
        asked += chosen[row];
        good[row] = (null ? !null_fails : good[row]) || !chosen[row];
        failing += !good[row];
    }
    e->nulls += nulls;
    e->n += null_fails ? asked : asked - nulls;
    if (e->line_count == DATA_LINES_MAX && batch->lines[0] > e->lines[DATA_LINES_MAX - 1]) {
        e->failing += failing; /* their lines would not be kept */
        return;
    }
    for (uint32_t row = 0; row < batch->rows && failing > 0; row++)
        if (!good[row])
            data_note(e, batch->lines[row], (struct str){cells[row].ptr, cells[row].len});
}
