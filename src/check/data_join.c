/* unique, unique_rows, foreign_key and no_overlap: the values of both sides, put together. */
#include <stdlib.h>

#include "check/data.h"

/* The values of the other file, beside our own. */
static enum status add_values(struct table_file *table, struct expectation *e, uint64_t *rows, struct error *err)
{
    struct table_batch batch;
    enum status status = table_next(table, &batch, err);
    while (status == STATUS_OK && batch.rows > 0) {
        *rows += batch.rows;
        for (uint32_t row = 0; row < batch.rows && status == STATUS_OK; row++) {
            const struct cell *cell = &batch.columns[0][row];
            if (cell->kind == CELL_NULL)
                continue;
            status = spill_add(e->spill, (struct str){cell->ptr, cell->len}, SPILL_OTHER, batch.lines[row], err);
            e->others++;
        }
        if (status == STATUS_OK)
            status = table_next(table, &batch, err);
    }
    return status;
}

static void no_fault(void *ctx, enum table_fault_kind kind, uint64_t line)
{
    uint64_t *first = ctx;
    if (*first == 0)
        *first = line;
    (void)kind;
}

enum status data_other_file(struct pass *pass, struct expectation *e, struct error *err)
{
    struct data_spec *spec = pass->spec;
    struct str name = e->rule == RULE_FOREIGN_KEY ? e->other_column : e->columns[0];
    struct table_options options = spec->options;
    struct table_file *table;
    uint64_t bad_line = 0, rows = 0;
    bool there;
    options.format = TABLE_AUTO;
    options.fault = no_fault;
    options.ctx = &bad_line;
    if (e->spill == NULL) /* no row of ours */
        return STATUS_OK;
    enum status status = table_open(str_terminated(spec->arena, e->other_file), &options, &table, err);
    if (status != STATUS_OK)
        return data_say_where(spec, e, status, err);
    table_want(table, &name, 1, &there);
    if (there)
        status = add_values(table, e, &rows, err);
    if (status == STATUS_OK && !table_saw(table, 0) && (rows > 0 || !there))
        status = error_at(err, STATUS_MANIFEST, spec->file, e->at->line, e->at->column,
                          STR_FMT " has no column `" STR_FMT "`",
                          STR_ARG(str_printable(spec->arena, e->other_file)),
                          STR_ARG(str_printable(spec->arena, name)));
    if (status == STATUS_OK && bad_line > 0)
        status = error_set(err, STATUS_FAILED, STR_FMT ":%llu: the row cannot be read; check that file by itself first",
                           STR_ARG(str_printable(spec->arena, e->other_file)), (unsigned long long)bad_line);
    if (status == STATUS_OK)
        data_add_input(pass->verdict, e->other_file, table);
    table_close(table);
    return status;
}

/* The first of equal rows is told once there is a second one. */
static void judge_item(void *ctx, const struct spill_item *item)
{
    struct expectation *e = ctx;
    struct str shown = e->column_count == 1 ? item->bytes : STR("");
    bool unique = e->rule == RULE_UNIQUE || e->rule == RULE_UNIQUE_ROWS;
    if (unique && item->count == 2)
        data_note(e, item->first_line, shown);
    if (unique ? item->count > 1 : item->other == (e->rule == RULE_NO_OVERLAP))
        data_note(e, item->line, shown);
}

enum status data_join(struct expectation *e, struct error *err)
{
    enum status status = spill_each(e->spill, judge_item, e, err);
    spill_destroy(e->spill);
    e->spill = NULL;
    return status;
}
