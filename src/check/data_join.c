/* unique, unique_rows, foreign_key and no_overlap: groups of equal values, out of a sort of both sides. */
#include <stdlib.h>

#include "check/data.h"

enum { SIDE_OTHER = 0, SIDE_OWN = 1 };

/* The values of the other file, beside our own. */
static enum status add_values(struct table_file *table, struct spill *spill, struct error *err)
{
    struct table_batch batch;
    enum status status = table_next(table, &batch, err);
    while (status == STATUS_OK && batch.rows > 0) {
        for (uint32_t row = 0; row < batch.rows && status == STATUS_OK; row++) {
            const struct cell *cell = &batch.columns[0][row];
            if (cell->kind != CELL_NULL)
                status = spill_add(spill, (struct str){cell->ptr, cell->len}, SIDE_OTHER, batch.lines[row], err);
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
    uint64_t bad_line = 0;
    bool there;
    options.format = TABLE_AUTO;
    options.fault = no_fault;
    options.ctx = &bad_line;
    if (e->spill == NULL) /* no row of ours */
        return STATUS_OK;
    enum status status = table_open(str_terminated(spec->arena, e->other_file), &options, &table, err);
    if (status != STATUS_OK)
        return status;
    table_want(table, &name, 1, &there);
    if (!there)
        status = error_at(err, STATUS_MANIFEST, spec->file, e->at->line, e->at->column,
                          STR_FMT " has no column `" STR_FMT "`",
                          STR_ARG(str_printable(spec->arena, e->other_file)),
                          STR_ARG(str_printable(spec->arena, name)));
    if (status == STATUS_OK)
        status = add_values(table, e->spill, err);
    if (status == STATUS_OK && bad_line > 0)
        status = error_set(err, STATUS_FAILED, STR_FMT ":%llu: the row cannot be read; check that file by itself first",
                           STR_ARG(str_printable(spec->arena, e->other_file)), (unsigned long long)bad_line);
    if (status == STATUS_OK)
        data_add_input(pass->verdict, e->other_file, table);
    table_close(table);
    return status;
}

/* Equal values, as they come out of the sort. */
struct group {
    struct buf bytes;
    uint64_t hash, first_line, count; /* of our own */
    bool other;
};

/* The first of our own rows of a group is told once it is known that it fails. */
static void add_to_group(struct data_spec *spec, struct expectation *e, struct group *group, uint64_t line)
{
    struct str shown = e->column_count == 1 ? buf_view(&group->bytes) : STR("");
    group->count++;
    if (e->rule == RULE_FOREIGN_KEY ? !group->other : e->rule == RULE_NO_OVERLAP ? group->other : group->count > 1) {
        if (group->count == 2 && (e->rule == RULE_UNIQUE || e->rule == RULE_UNIQUE_ROWS))
            data_note(spec, e, group->first_line, shown);
        data_note(spec, e, line, shown);
    }
    if (group->count == 1)
        group->first_line = line;
}

enum status data_join(struct data_spec *spec, struct expectation *e, struct error *err)
{
    struct group group = {0};
    struct spill_item item;
    bool there = true, begun = false;
    enum status status = spill_sort(e->spill, err);
    while (status == STATUS_OK) {
        status = spill_next(e->spill, &item, &there, err);
        if (status != STATUS_OK || !there)
            break;
        if (!begun || item.hash != group.hash || !str_equal(item.bytes, buf_view(&group.bytes))) {
            buf_clear(&group.bytes);
            buf_str(&group.bytes, item.bytes);
            group.hash = item.hash;
            group.count = 0;
            group.other = false;
            begun = true;
        }
        if (item.side == SIDE_OTHER)
            group.other = true; /* sorted before our own */
        else
            add_to_group(spec, e, &group, item.line);
    }
    buf_finish(&group.bytes);
    spill_destroy(e->spill);
    e->spill = NULL;
    return status;
}
