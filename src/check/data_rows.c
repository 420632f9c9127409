/* One batch of rows for one expectation. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "check/data.h"
#include "check/drift.h"
#include "check/value_kind.h"
#include "refit/base/digest.h"

enum { SPILL_BYTES = 32 << 20, SPILL_BYTES_MIN = 2 << 20 }; /* all of a check share it */

/* The first lines are kept, in order, whatever order they come in. */
void data_note(struct expectation *e, uint64_t line, struct str value)
{
    enum { SHOWN_BYTES = 200 };
    uint32_t at = e->line_count;
    e->failing++;
    if (at == DATA_LINES_MAX && line >= e->lines[at - 1])
        return;
    at -= at == DATA_LINES_MAX;
    struct buf shown = e->shown[at];
    for (; at > 0 && e->lines[at - 1] > line; at--) {
        e->lines[at] = e->lines[at - 1];
        e->shown[at] = e->shown[at - 1];
    }
    e->lines[at] = line;
    value.len = value.len < SHOWN_BYTES ? value.len : SHOWN_BYTES;
    buf_clear(&shown);
    if (e->shows)
        buf_str(&shown, value);
    e->shown[at] = shown;
    e->line_count += e->line_count < DATA_LINES_MAX;
}

const struct column_numbers *data_numbers(struct lane *lane, uint32_t wanted)
{
    struct column_numbers *numbers = &lane->numbers[wanted];
    const struct cell *cells = lane->batch->columns[wanted];
    if (numbers->made_for == lane->batch->first_row + 1)
        return numbers;
    if (numbers->values == NULL) {
        numbers->values = mem_alloc(TABLE_ROWS_MAX * sizeof *numbers->values);
        numbers->good = mem_alloc(TABLE_ROWS_MAX * sizeof *numbers->good);
    }
    cells_read_numbers(cells, lane->batch->rows, numbers->values, numbers->good);
    numbers->made_for = lane->batch->first_row + 1;
    return numbers;
}

/* ---- aggregates ---- */

static void add_numbers(struct expectation *e, const double *numbers, uint32_t count)
{
    for (uint32_t i = 0; e->sum != NULL && i < count; i++)
        exact_add(e->sum, numbers[i]);
    for (uint32_t i = 0; e->squares != NULL && i < count; i++)
        exact_add_square(e->squares, numbers[i]);
    for (uint32_t i = 0; e->quantiles != NULL && i < count; i++)
        quantile_add(e->quantiles, numbers[i]);
    for (uint32_t i = 0; i < count; i++) {
        e->nan |= isnan(numbers[i]);
        e->least = numbers[i] < e->least ? numbers[i] : e->least;
        e->most = numbers[i] > e->most ? numbers[i] : e->most;
    }
}

static void begin_aggregate(struct expectation *e)
{
    if (e->rule == RULE_MEAN || e->rule == RULE_SUM || e->rule == RULE_STDEV)
        e->sum = mem_alloc(sizeof *e->sum);
    if (e->rule == RULE_STDEV)
        e->squares = mem_alloc(sizeof *e->squares);
    if (e->rule == RULE_MEDIAN || e->rule == RULE_QUANTILE)
        e->quantiles = mem_alloc(sizeof *e->quantiles);
    if (e->rule == RULE_DISTINCT_COUNT || e->rule == RULE_DISTINCT_RATIO)
        e->distinct = mem_alloc(sizeof *e->distinct);
    e->has_last = true;
}

/* The least and the greatest of texts (dates, for example), if the bounds are texts. */
static void add_text(struct expectation *e, const struct cell *cell)
{
    struct str text = {cell->ptr, cell->len};
    int order = e->n > 1 ? str_compare(text, buf_view(&e->last)) : 0;
    if (e->n > 1 && (e->rule == RULE_MIN ? order >= 0 : order <= 0))
        return;
    buf_clear(&e->last);
    buf_str(&e->last, text);
}

static void aggregate(struct lane *lane, struct expectation *e)
{
    const struct table_batch *batch = lane->batch;
    const struct cell *cells = batch->columns[e->wanted[0]];
    bool counts = e->rule >= RULE_DISTINCT_COUNT && e->rule <= RULE_NULL_RATIO, texts = data_bounds_are_text(e);
    const struct column_numbers *numbers = counts || texts ? NULL : data_numbers(lane, e->wanted[0]);
    double taken[TABLE_ROWS_MAX];
    uint32_t taken_count = 0;
    if (!e->has_last)
        begin_aggregate(e);
    for (uint32_t row = 0; row < batch->rows; row++) {
        if (!lane->chosen[row])
            continue;
        if (cells[row].kind == CELL_NULL) {
            e->nulls++;
            continue;
        }
        if (numbers != NULL && !numbers->good[row]) {
            e->odd++;
            data_note(e, batch->lines[row], (struct str){cells[row].ptr, cells[row].len});
            continue;
        }
        e->n++;
        if (e->distinct != NULL)
            distinct_add(e->distinct, hash64(cells[row].ptr, cells[row].len));
        else if (texts)
            add_text(e, &cells[row]);
        else if (numbers != NULL)
            taken[taken_count++] = numbers->values[row];
    }
    add_numbers(e, taken, taken_count);
}

/* ---- what is joined in the end ---- */

static struct spill *begin_spill(const struct data_spec *spec)
{
    uint32_t users = 0;
    for (uint32_t i = 0; i < spec->count; i++) {
        enum rule rule = spec->items[i].rule;
        users += rule == RULE_UNIQUE || rule == RULE_UNIQUE_ROWS || rule == RULE_FOREIGN_KEY || rule == RULE_NO_OVERLAP;
    }
    size_t share = SPILL_BYTES / (users ? users : 1);
    return spill_create(share > SPILL_BYTES_MIN ? share : SPILL_BYTES_MIN);
}

/* Several cells as one value: each behind its length and kind, so that no two rows are alike that are not. */
static struct str join_cells(const struct lane *lane, struct expectation *e, uint32_t row, bool *all_null)
{
    *all_null = true;
    if (e->column_count == 1) {
        const struct cell *cell = &lane->batch->columns[e->wanted[0]][row];
        *all_null = cell->kind == CELL_NULL;
        return (struct str){cell->ptr, cell->len};
    }
    buf_clear(&e->last);
    for (uint32_t i = 0; i < e->column_count; i++) {
        const struct cell *cell = &lane->batch->columns[e->wanted[i]][row];
        *all_null &= cell->kind == CELL_NULL;
        buf_u8(&e->last, cell->kind == CELL_NULL);
        buf_lstr(&e->last, (struct str){cell->ptr, cell->len});
    }
    return buf_view(&e->last);
}

static enum status spill_rows(struct lane *lane, struct expectation *e, struct error *err)
{
    enum status status = STATUS_OK;
    if (e->spill == NULL)
        e->spill = begin_spill(lane->spec);
    for (uint32_t row = 0; row < lane->batch->rows && status == STATUS_OK; row++) {
        bool null;
        if (!lane->chosen[row])
            continue;
        struct str bytes = join_cells(lane, e, row, &null);
        e->nulls += null;
        e->n += !null;
        if (!null)
            status = spill_add(e->spill, bytes, SPILL_OWN, lane->batch->lines[row], err);
    }
    return status;
}

/* ---- rules of the table ---- */

static void compare_pairs(struct lane *lane, struct expectation *e)
{
    const struct cell *a = lane->batch->columns[e->wanted[0]], *b = lane->batch->columns[e->wanted[1]];
    const struct column_numbers *x = data_numbers(lane, e->wanted[0]), *y = data_numbers(lane, e->wanted[1]);
    for (uint32_t row = 0; row < lane->batch->rows; row++) {
        if (!lane->chosen[row])
            continue;
        if (a[row].kind == CELL_NULL || b[row].kind == CELL_NULL) {
            e->nulls++;
            continue;
        }
        e->n++;
        bool numbers = x->good[row] && y->good[row], nan = numbers && (isnan(x->values[row]) || isnan(y->values[row]));
        int order = numbers ? order_numbers(&a[row], x->values[row], &b[row], y->values[row])
                            : order_values(&a[row], &b[row]);
        if (nan || !(order < 0 || (order == 0 && e->or_equal)))
            data_note(e, lane->batch->lines[row], (struct str){a[row].ptr, a[row].len});
    }
}

static void newest(struct lane *lane, struct expectation *e)
{
    const struct cell *cells = lane->batch->columns[e->wanted[0]];
    for (uint32_t row = 0; row < lane->batch->rows; row++) {
        bool clock;
        int64_t at_s;
        if (!lane->chosen[row])
            continue;
        e->nulls += cells[row].kind == CELL_NULL;
        if (cells[row].kind == CELL_NULL)
            continue;
        e->n++;
        struct str text = {cells[row].ptr, cells[row].len};
        if (!cell_time(&cells[row], &clock, &at_s)) {
            data_note(e, lane->batch->lines[row], text);
        } else if (!e->has_last || (double)at_s > e->last_number ||
                   ((double)at_s == e->last_number && str_compare(text, buf_view(&e->last)) > 0)) {
            e->has_last = true;
            e->last_number = (double)at_s;
            buf_clear(&e->last);
            buf_str(&e->last, text);
        }
    }
}

static void choose(struct lane *lane, const struct expectation *e)
{
    if (e->where != NULL)
        expression_test_batch(e->where, lane->batch, e->where_at, lane->chosen);
    else
        memset(lane->chosen, 1, sizeof lane->chosen);
}

enum status data_rows(struct lane *lane, struct expectation *e, struct error *err)
{
    for (uint32_t i = 0; i < e->column_count; i++)
        if (!e->there[i] && e->rule != RULE_DRIFT)
            return STATUS_OK; /* said in the end */
    choose(lane, e);
    if (e->rule == RULE_UNIQUE || e->rule == RULE_FOREIGN_KEY || e->rule == RULE_UNIQUE_ROWS ||
        e->rule == RULE_NO_OVERLAP)
        return spill_rows(lane, e, err);
    if (e->rule < RULE_MEAN)
        data_values(lane, e);
    else if (e->rule <= RULE_NULL_RATIO)
        aggregate(lane, e);
    else if (e->rule == RULE_A_LESS_THAN_B)
        compare_pairs(lane, e);
    else if (e->rule == RULE_DRIFT)
        drift_rows(lane, e);
    else if (e->rule == RULE_FRESHNESS)
        newest(lane, e);
    else if (e->rule == RULE_ROW_COUNT)
        for (uint32_t row = 0; row < lane->batch->rows; row++)
            e->n += lane->chosen[row];
    return STATUS_OK;
}
