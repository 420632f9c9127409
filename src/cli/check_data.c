/* `refit check data` */
#include <math.h>

#include "cli/check.h"
#include "refit/check.h"

static void add_line(struct invocation *in, struct sheet *sheet, const struct data_result *r)
{
    bool good = r->outcome == DATA_PASS;
    const char *word = good ? "pass" : r->warns ? "warn" : r->outcome == DATA_FAIL ? "fail" : "not evaluated";
    struct str counts = str_format(&in->arena, "n %llu, nulls %llu", (unsigned long long)r->n,
                                   (unsigned long long)r->nulls);
    struct str name = r->column.len > 0
        ? str_format(&in->arena, STR_FMT " %s", STR_ARG(str_printable(&in->arena, r->column)), r->rule)
        : str_from(r->rule);
    sheet_add(sheet, good ? PAINT_GOOD : r->warns ? PAINT_CHANGE : PAINT_BAD, name, str_from(word), counts, r->message);
}

static void print(struct invocation *in, const struct data_verdict *verdict, const char *path)
{
    struct sheet sheet = {.arena = &in->arena};
    uint32_t against = 0;
    for (uint32_t i = 0; i < verdict->result_count; i++) {
        add_line(in, &sheet, &verdict->results[i]);
        against += verdict->results[i].outcome != DATA_PASS;
    }
    sheet_print(&sheet, output_color(in));
    printf("%s: %u of %u expectations hold%s%s\n", data_verdict_outcome(verdict), verdict->result_count - against,
           verdict->result_count, path != NULL ? "; the verdict is in " : "", path != NULL ? path : "");
}

enum status check_data(struct invocation *in, struct error *err)
{
    struct check_definition definition;
    struct data_verdict verdict;
    struct buf text = {0};
    enum status status = check_find(in, "expect", &definition, err);
    if (status != STATUS_OK)
        return status;
    status = data_check(&in->arena, definition.name, definition.value, definition.file, &verdict, err);
    if (status == STATUS_OK) {
        const char *path = check_verdict_path(in, &definition);
        data_verdict_print(&verdict, &text);
        status = check_write(in, path, &text, err);
        if (status == STATUS_OK && !in->json)
            print(in, &verdict, path);
        in->exit_status = verdict.failed && !option_given(in, OPTION_STAGE) ? 4 : 0;
    }
    buf_finish(&text);
    data_verdict_finish(&verdict);
    return status;
}
