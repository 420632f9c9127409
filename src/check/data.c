/* Expectations on data: one pass over the rows, then what is joined, then the conclusions. */
#include "check/data.h"

#include <stdlib.h>
#include <string.h>

#include "check/drift.h"
#include "check/verdict.h"

static void fault(void *ctx, enum table_fault_kind kind, uint64_t line)
{
    struct data_spec *spec = ctx;
    data_note(&spec->items[0], line, str_from(table_fault_name(kind)));
}

/* ---- which columns are read ---- */

/* Is there a rule that depends on which columns there are? Of a table with a header they are known anyway. */
static bool asks_for_columns(const struct data_spec *spec)
{
    for (uint32_t i = 0; i < spec->count; i++)
        if (spec->items[i].rule == RULE_COLUMN_NAMES || data_column_is_pattern(spec->items[i].column))
            return true;
    return false;
}

struct wanted {
    struct str *names;
    uint32_t count, cap;
};

static uint32_t want(struct wanted *wanted, struct str name)
{
    for (uint32_t i = 0; i < wanted->count; i++)
        if (str_equal(wanted->names[i], name))
            return i;
    MEM_GROW(wanted->names, wanted->count, wanted->cap);
    wanted->names[wanted->count] = name;
    return wanted->count++;
}

static void want_all(struct data_spec *spec, struct wanted *wanted)
{
    for (uint32_t i = 0; i < spec->count; i++) {
        struct expectation *e = &spec->items[i];
        uint32_t count = 0;
        const struct str *names = e->where != NULL ? expression_columns(e->where, &count) : NULL;
        e->wanted = arena_array(spec->arena, uint32_t, e->column_count);
        e->there = arena_array(spec->arena, bool, e->column_count);
        e->where_at = arena_array(spec->arena, uint32_t, count);
        for (uint32_t k = 0; k < e->column_count; k++)
            e->wanted[k] = want(wanted, e->columns[k]);
        for (uint32_t k = 0; k < count; k++)
            e->where_at[k] = want(wanted, names[k]);
    }
}

/* A column that `where` names must be there: otherwise it would choose rows by nothing. */
static enum status check_where(const struct data_spec *spec, const struct wanted *wanted, const bool *there,
                               bool note, struct error *err)
{
    for (uint32_t i = 0; i < spec->count; i++) {
        const struct expectation *e = &spec->items[i];
        uint32_t count = 0;
        if (e->where != NULL)
            expression_columns(e->where, &count);
        for (uint32_t k = 0; k < count; k++)
            if (!there[e->where_at[k]])
                return error_at(err, STATUS_MANIFEST, spec->file, e->at->line, e->at->column,
                                "`where` names a column `" STR_FMT "`, which " STR_FMT " has not",
                                STR_ARG(str_printable(spec->arena, wanted->names[e->where_at[k]])),
                                STR_ARG(str_printable(spec->arena, spec->data)));
        for (uint32_t k = 0; k < e->column_count && note; k++)
            e->there[k] = there[e->wanted[k]];
    }
    return STATUS_OK;
}

/* An object of JSON Lines may lack a member, but where none has it, `where` chooses rows by nothing. */
static enum status check_where_after(const struct pass *pass, const struct wanted *wanted, struct error *err)
{
    bool *there = mem_alloc(wanted->count + (size_t)1);
    for (uint32_t i = 0; i < wanted->count; i++)
        there[i] = table_saw(pass->table, i);
    enum status status = STATUS_OK;
    if (table_is_json(pass->table) && pass->rows > 0)
        status = check_where(pass->spec, wanted, there, false, err);
    free(there);
    return status;
}

enum status data_say_where(const struct data_spec *spec, const struct expectation *e, enum status status,
                           struct error *err)
{
    struct error why = *err;
    return status != STATUS_NOT_FOUND
               ? status
               : error_at(err, status, spec->file, e->at->line, e->at->column, "`%s`: %s", rule_name(e->rule),
                          why.message);
}

void data_put_input(struct data_verdict *verdict, const struct data_input *input)
{
    uint32_t at = verdict->input_count;
    for (uint32_t i = 0; i < verdict->input_count; i++)
        if (str_equal(verdict->inputs[i].path, input->path))
            return;
    MEM_GROW(verdict->inputs, verdict->input_count, verdict->input_cap);
    for (; at > 0 && str_compare(verdict->inputs[at - 1].path, input->path) > 0; at--)
        verdict->inputs[at] = verdict->inputs[at - 1];
    verdict->inputs[at] = *input;
    verdict->input_count++;
}

void data_add_input(struct data_verdict *verdict, struct str path, const struct table_file *table)
{
    struct data_input input = {.path = path, .bytes = table_bytes(table)};
    memcpy(input.sha256, table_sha256(table), sizeof input.sha256);
    data_put_input(verdict, &input);
}

static enum status judge(struct pass *pass, struct error *err)
{
    struct data_spec *spec = pass->spec;
    enum status status = STATUS_OK;
    for (uint32_t i = 0; i < spec->count && status == STATUS_OK; i++) {
        struct expectation *e = &spec->items[i];
        if (e->rule == RULE_FOREIGN_KEY || e->rule == RULE_NO_OVERLAP)
            status = data_other_file(pass, e, err);
        if (status == STATUS_OK && e->spill != NULL)
            status = data_join(e, err);
        if (status == STATUS_OK && e->rule == RULE_DRIFT)
            status = drift_conclude(pass, e, err);
        else if (status == STATUS_OK && e->rule == RULE_COMMAND)
            status = data_command(pass, e, err);
        else if (status == STATUS_OK && e->rule == RULE_ROW_COUNT && e->other_file.len > 0)
            status = data_change(pass, e, err);
        else if (status == STATUS_OK)
            data_conclude(pass, e);
    }
    return status;
}

static enum status read_table(struct pass *pass, struct error *err)
{
    struct data_spec *spec = pass->spec;
    struct wanted wanted = {0};
    pass->columns = table_columns(pass->table, &pass->column_count);
    enum status status = data_spec_expand(spec, pass->columns, pass->column_count, err);
    for (uint32_t i = 0; i < spec->count && status == STATUS_OK; i++)
        status = spec->items[i].rule == RULE_DRIFT ? drift_begin(pass, &spec->items[i], err) : STATUS_OK;
    if (status != STATUS_OK)
        return status;
    want_all(spec, &wanted);
    bool *there = arena_array(spec->arena, bool, wanted.count);
    table_want(pass->table, wanted.names, wanted.count, there);
    pass->wanted_count = wanted.count;
    status = check_where(spec, &wanted, there, true, err);
    if (status == STATUS_OK)
        status = data_read(pass, err);
    if (status == STATUS_OK)
        status = check_where_after(pass, &wanted, err);
    if (status == STATUS_OK)
        data_add_input(pass->verdict, spec->data, pass->table);
    if (status == STATUS_OK)
        status = judge(pass, err);
    free(wanted.names);
    return status;
}

enum status data_check(struct arena *arena, struct str name, const struct value *definition, const char *file,
                       const struct data_runner *runner, struct data_verdict *out, struct error *err)
{
    struct data_spec spec;
    *out = (struct data_verdict){.name = name};
    enum status status = data_spec_read(arena, definition, file, &spec, err);
    struct pass pass = {.spec = &spec, .runner = runner, .verdict = out};
    if (status == STATUS_OK)
        status = verdict_digest_policy(definition, out->policy_sha256, err);
    spec.options.fault = fault;
    spec.options.ctx = &spec;
    spec.options.whole_columns = asks_for_columns(&spec);
    out->show_rows = spec.show_rows;
    if (status == STATUS_OK)
        status = table_open(str_terminated(arena, spec.data), &spec.options, &pass.table, err);
    if (status == STATUS_OK)
        status = read_table(&pass, err);
    table_close(pass.table);
    data_spec_finish(&spec);
    return status;
}

void data_verdict_finish(struct data_verdict *verdict)
{
    free(verdict->inputs);
    free(verdict->results);
}
