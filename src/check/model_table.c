/* Tables of the user's, of which every row counts: one that is malformed is the end of it. */
#include <math.h>
#include <stdio.h>

#include "check/model.h"

static void take_fault(void *ctx, enum table_fault_kind kind, uint64_t line)
{
    struct model_table *table = ctx;
    if (table->fault >= 0)
        return;
    table->fault = (int)kind;
    table->fault_line = line;
}

enum status model_table_open(struct arena *arena, struct str path, struct model_table *out, struct error *err)
{
    *out = (struct model_table){.path = path, .fault = -1};
    struct table_options options = {.fault = take_fault, .ctx = out};
    return table_open(str_terminated(arena, path), &options, &out->table, err);
}

enum status model_table_next(struct model_table *table, struct table_batch *batch, struct error *err)
{
    enum status status = table_next(table->table, batch, err);
    if (status == STATUS_OK && table->fault >= 0)
        return model_table_fault(table, table->fault_line, err, "%s; a gate needs every row",
                                 table_fault_name((enum table_fault_kind)table->fault));
    return status;
}

enum status model_table_fault(const struct model_table *table, uint64_t line, struct error *err, const char *format,
                              ...)
{
    char text[sizeof err->message], file[sizeof err->file];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    snprintf(file, sizeof file, STR_FMT, STR_ARG(table->path));
    return error_at(err, STATUS_FAILED, file, (uint32_t)line, 0, "%s", text);
}

enum status model_table_lacks(struct arena *arena, const struct model_table *table, struct str column,
                              const char *what, struct error *err)
{
    uint32_t count;
    const struct str *names = table_columns(table->table, &count);
    struct buf list = {0};
    for (uint32_t i = 0; i < count && i < 20; i++)
        buf_print(&list, "%s`" STR_FMT "`", i > 0 ? ", " : "", STR_ARG(str_printable(arena, names[i])));
    if (count > 20)
        buf_print(&list, ", and %u more", count - 20);
    enum status status = model_table_fault(table, 1, err, "there is no column `" STR_FMT "` (%s); there are %.*s",
                                           STR_ARG(column), what, (int)list.len, list.ptr ? list.ptr : "none");
    buf_finish(&list);
    return status;
}

struct str model_number(struct arena *arena, double value)
{
    if (isnan(value))
        return STR("undefined");
    return str_format(arena, "%.6g", value);
}

struct str model_amount(struct arena *arena, double value, bool relative)
{
    return relative ? str_format(arena, "%.6g%%", 100 * value) : model_number(arena, value);
}
