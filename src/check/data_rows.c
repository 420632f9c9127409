/* One batch of rows for one expectation. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "check/data.h"
#include "check/drift.h"
#include "check/value_kind.h"
#include "refit/base/digest.h"

enum { SPILL_BYTES = 48 << 20, SPILL_BYTES_MIN = 2 << 20 }; /* all of a check share it */

/* The first lines are kept, in order, whatever order they come in. */
void data_note(struct data_spec *spec, struct expectation *e, uint64_t line, struct str value)
{
    enum { SHOWN_BYTES = 200 };
    uint32_t at = e->line_count;
    e->failing++;
    if (at == DATA_LINES_MAX && line >= e->lines[at - 1])
        return;
    at -= at == DATA_LINES_MAX;
    for (; at > 0 && e->lines[at - 1] > line; at--) {
        e->lines[at] = e->lines[at - 1];
        e->shown[at] = e->shown[at - 1];
    }
    e->lines[at] = line;
    value.len = value.len < SHOWN_BYTES ? value.len : SHOWN_BYTES;
    e->shown[at] = spec->show_rows ? str_printable(spec->arena, value) : STR("");
    e->line_count += e->line_count < DATA_LINES_MAX;
}

const struct column_numbers *data_numbers(struct pass *pass, uint32_t wanted)
{
    struct column_numbers *numbers = &pass->numbers[wanted];
    const struct cell *cells = pass->batch->columns[wanted];
    if (numbers->made)
        return numbers;
    if (numbers->values == NULL) {
        numbers->values = mem_alloc(TABLE_ROWS_MAX * sizeof *numbers->values);
        numbers->good = mem_alloc(TABLE_ROWS_MAX * sizeof *numbers->good);
    }
    cells_read_numbers(cells, pass->batch->rows, numbers->values, numbers->good);
    numbers->made = true;
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

static void aggregate(struct pass *pass, struct expectation *e)
{
    const struct table_batch *batch = pass->batch;
    const struct cell *cells = batch->columns[e->wanted[0]];
    bool counts = e->rule >= RULE_DISTINCT_COUNT && e->rule <= RULE_NULL_RATIO, texts = data_bounds_are_text(e);
    const struct column_numbers *numbers = counts || texts ? NULL : data_numbers(pass, e->wanted[0]);
    double taken[TABLE_ROWS_MAX];
    uint32_t taken_count = 0;
    if (!e->has_last)
        begin_aggregate(e);
    for (uint32_t row = 0; row < batch->rows; row++) {
        if (!pass->chosen[row])
            continue;
        if (cells[row].kind == CELL_NULL) {
            e->nulls++;
            continue;
        }
        if (numbers != NULL && !numbers->good[row]) {
            e->odd++;
            data_note(pass->spec, e, batch->lines[row], (struct str){cells[row].ptr, cells[row].len});
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
static struct str join_cells(const struct pass *pass, struct expectation *e, uint32_t row, bool *all_null)
{
    *all_null = true;
    if (e->column_count == 1) {
        const struct cell *cell = &pass->batch->columns[e->wanted[0]][row];
        *all_null = cell->kind == CELL_NULL;
        return (struct str){cell->ptr, cell->len};
    }
    buf_clear(&e->last);
    for (uint32_t i = 0; i < e->column_count; i++) {
        const struct cell *cell = &pass->batch->columns[e->wanted[i]][row];
        *all_null &= cell->kind == CELL_NULL;
        buf_u8(&e->last, cell->kind == CELL_NULL);
        buf_lstr(&e->last, (struct str){cell->ptr, cell->len});
    }
    return buf_view(&e->last);
}

static enum status spill_rows(struct pass *pass, struct expectation *e, struct error *err)
{
    enum status status = STATUS_OK;
    if (e->spill == NULL)
        e->spill = begin_spill(pass->spec);
    for (uint32_t row = 0; row < pass->batch->rows && status == STATUS_OK; row++) {
        bool null;
        if (!pass->chosen[row])
            continue;
        struct str bytes = join_cells(pass, e, row, &null);
        e->nulls += null;
        e->n += !null;
        if (!null)
            status = spill_add(e->spill, bytes, SPILL_OWN, pass->batch->lines[row], err);
    }
    return status;
}

/* ---- rules of the table ---- */

static void compare_pairs(struct pass *pass, struct expectation *e)
{
    const struct cell *a = pass->batch->columns[e->wanted[0]], *b = pass->batch->columns[e->wanted[1]];
    const struct column_numbers *x = data_numbers(pass, e->wanted[0]), *y = data_numbers(pass, e->wanted[1]);
    for (uint32_t row = 0; row < pass->batch->rows; row++) {
        if (!pass->chosen[row])
            continue;
        if (a[row].kind == CELL_NULL || b[row].kind == CELL_NULL) {
            e->nulls++;
            continue;
        }
        e->n++;
        struct str left = {a[row].ptr, a[row].len}, right = {b[row].ptr, b[row].len};
        bool good;
        if (x->good[row] && y->good[row]) {
            good = x->values[row] < y->values[row] || (e->or_equal && x->values[row] == y->values[row]);
        } else {
            int order = str_compare(left, right);
            good = order < 0 || (order == 0 && e->or_equal);
        }
        if (!good)
            data_note(pass->spec, e, pass->batch->lines[row], left);
    }
}

static void newest(struct pass *pass, struct expectation *e)
{
    const struct cell *cells = pass->batch->columns[e->wanted[0]];
    for (uint32_t row = 0; row < pass->batch->rows; row++) {
        bool clock;
        int64_t at_s;
        if (!pass->chosen[row])
            continue;
        e->nulls += cells[row].kind == CELL_NULL;
        if (cells[row].kind == CELL_NULL)
            continue;
        e->n++;
        struct str text = {cells[row].ptr, cells[row].len};
        if (!cell_time(&cells[row], &clock, &at_s)) {
            data_note(pass->spec, e, pass->batch->lines[row], text);
        } else if (!e->has_last || (double)at_s > e->last_number ||
                   ((double)at_s == e->last_number && str_compare(text, buf_view(&e->last)) > 0)) {
            e->has_last = true;
            e->last_number = (double)at_s;
            buf_clear(&e->last);
            buf_str(&e->last, text);
        }
    }
}

static void choose(struct pass *pass, const struct expectation *e)
{
    if (e->where != NULL)
        expression_test_batch(e->where, pass->batch, e->where_at, pass->chosen);
    else
        memset(pass->chosen, 1, TABLE_ROWS_MAX * sizeof *pass->chosen);
}

enum status data_rows(struct pass *pass, struct expectation *e, struct error *err)
{
    for (uint32_t i = 0; i < e->column_count; i++)
        if (!e->there[i] && e->rule != RULE_DRIFT)
            return STATUS_OK; /* said in the end */
    choose(pass, e);
    if (e->rule == RULE_UNIQUE || e->rule == RULE_FOREIGN_KEY || e->rule == RULE_UNIQUE_ROWS ||
        e->rule == RULE_NO_OVERLAP)
        return spill_rows(pass, e, err);
    if (e->rule < RULE_MEAN)
        data_values(pass, e);
    else if (e->rule <= RULE_NULL_RATIO)
        aggregate(pass, e);
    else if (e->rule == RULE_A_LESS_THAN_B)
        compare_pairs(pass, e);
    else if (e->rule == RULE_DRIFT)
        drift_rows(pass, e);
    else if (e->rule == RULE_FRESHNESS)
        newest(pass, e);
    else if (e->rule == RULE_ROW_COUNT)
        for (uint32_t row = 0; row < pass->batch->rows; row++)
            e->n += pass->chosen[row];
    return STATUS_OK;
}
