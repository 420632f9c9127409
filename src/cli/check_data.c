/* `refit check data` */
#include <math.h>
#include <stdlib.h>

#include "cli/check.h"
#include "refit/check.h"
#include "refit/execute.h"

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

/* The last line that is not empty. */
static struct str last_line(struct arena *arena, struct str text)
{
    text = str_trim(text);
    size_t at = text.len;
    while (at > 0 && text.ptr[at - 1] != '\n')
        at--;
    return str_dup(arena, str_trim(str_slice(text, at, text.len)));
}

/* With the terminal's interrupts, since it is in refit's process group. */
static enum status run_command(void *ctx, struct arena *arena, struct str command, struct str data, int *code,
                               struct str *said, struct error *err)
{
    struct buf output = {0}, complaint = {0};
    const char *path = str_terminated(arena, data);
    const char *const arguments[] = {"sh", "-c", str_terminated(arena, command), "sh", path, NULL};
    (void)ctx;
    if (setenv("REFIT_DATA", path, 1) != 0)
        abort();
    enum status status = helper_run(arguments, STR(""), &output, &complaint, code, err);
    struct str shown = last_line(arena, buf_view(&complaint));
    *said = shown.len > 0 ? shown : last_line(arena, buf_view(&output));
    buf_finish(&output);
    buf_finish(&complaint);
    return status;
}

enum status check_data(struct invocation *in, struct error *err)
{
    struct check_definition definition;
    struct data_verdict verdict;
    struct buf text = {0};
    enum status status = check_find(in, "expect", &definition, err);
    if (status != STATUS_OK)
        return status;
    status = data_check(&in->arena, definition.name, definition.value, definition.file,
                        &(struct data_runner){.run = run_command}, &verdict, err);
    if (status == STATUS_OK) {
        const char *path = check_verdict_path(in, &definition);
        data_verdict_print(&verdict, &text);
        status = check_spare(path, definition.file, err);
        for (uint32_t i = 0; i < verdict.input_count && status == STATUS_OK; i++)
            status = check_spare(path, str_terminated(&in->arena, verdict.inputs[i].path), err);
        if (status == STATUS_OK)
            status = check_write(in, path, &text, err);
        if (status == STATUS_OK && !in->json)
            print(in, &verdict, path);
        if (status == STATUS_OK && !option_given(in, OPTION_STAGE))
            in->exit_status = verdict.failed ? 4 : 0;
    }
    buf_finish(&text);
    data_verdict_finish(&verdict);
    return status;
}
