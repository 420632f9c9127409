/* `refit check model` */
#include <math.h>

#include "cli/check.h"
#include "refit/model_check.h"

static void add_line(struct invocation *in, struct sheet *sheet, const struct model_result *r)
{
    bool good = r->outcome == MODEL_PASS || r->outcome == MODEL_NOT_EVALUATED;
    bool fails = r->outcome == MODEL_FAIL;
    struct str name = str_format(&in->arena, "%s%s" STR_FMT "%s" STR_FMT, r->rule, r->metric.len > 0 ? " " : "",
                                 STR_ARG(str_printable(&in->arena, r->metric)), r->slice.len > 0 ? " of " : "",
                                 STR_ARG(str_printable(&in->arena, r->slice)));
    const char *warns = r->warns && !good ? " (warns)" : "";
    struct str word = str_format(&in->arena, "%s%s", model_outcome_name(r->outcome), warns);
    struct str n = r->n > 0 || r->slice.len > 0 ? str_format(&in->arena, "n %llu", (unsigned long long)r->n) : STR("");
    sheet_add(sheet, good ? PAINT_GOOD : fails && !r->warns ? PAINT_BAD : PAINT_CHANGE, name, word, n, r->message);
}

static void print(struct invocation *in, const struct model_verdict *verdict, const char *path)
{
    struct sheet sheet = {.arena = &in->arena};
    for (uint32_t i = 0; i < verdict->result_count; i++)
        add_line(in, &sheet, &verdict->results[i]);
    sheet_print(&sheet, output_color(in));
    if (!isnan(verdict->equal_passes))
        printf("a model as good as the baseline passes all comparisons with probability %.2g; %s rows would make "
               "that 0.8\n", verdict->equal_passes,
               isnan(verdict->rows_needed)   ? "it cannot be told how many"
               : isinf(verdict->rows_needed) ? "no number of"
                                             : str_format(&in->arena, "%.0f", ceil(verdict->rows_needed)).ptr);
    printf("%s%s%s\n", model_verdict_outcome(verdict), path != NULL ? "; the verdict is in " : "",
           path != NULL ? path : "");
}

/* The rows of a past build may be others than those of today: then it is no baseline. */
static enum status judge(struct invocation *in, const struct check_definition *definition,
                         struct model_source sources[MODEL_SIDES], struct model_verdict *verdict, struct error *err)
{
    struct error why;
    enum status status = model_check(&in->arena, definition->name, definition->value, definition->file, sources,
                                     verdict, &why);
    for (int side = MODEL_BASELINE; side < MODEL_SIDES && status == STATUS_FAILED; side++) {
        if (!sources[side].named || sources[side].lacking.len > 0)
            continue;
        model_verdict_finish(verdict);
        sources[side] = (struct model_source){
            .named = true, .rows = STR(""), .metric_file = STR(""),
            .lacking = str_format(&in->arena, "it cannot be compared (%s); score that model on the data of today, and "
                                  "name the file in `rows`", why.message)};
        status = model_check(&in->arena, definition->name, definition->value, definition->file, sources, verdict, &why);
    }
    if (status != STATUS_OK)
        *err = why;
    return status;
}

enum status check_model(struct invocation *in, struct error *err)
{
    struct check_definition definition;
    struct model_verdict verdict;
    struct buf text = {0};
    enum status status = check_find(in, "gates", &definition, err);
    if (status != STATUS_OK)
        return status;
    struct baselines baselines;
    status = check_baselines(in, definition.value, &baselines, err);
    if (status != STATUS_OK)
        return status;
    if (option_given(in, OPTION_BASELINE)) {
        check_say_baselines(definition.value, &baselines);
        return STATUS_OK;
    }
    status = judge(in, &definition, baselines.sources, &verdict, err);
    if (status == STATUS_OK) {
        const char *path = check_verdict_path(in, &definition);
        model_verdict_print(&verdict, &text);
        status = check_spare(path, definition.file, err);
        for (uint32_t i = 0; i < verdict.input_count && status == STATUS_OK; i++)
            status = check_spare(path, str_terminated(&in->arena, verdict.inputs[i].path), err);
        if (status == STATUS_OK)
            status = check_write(in, path, &text, err);
        if (status == STATUS_OK && !in->json)
            print(in, &verdict, path);
        if (status == STATUS_OK && !option_given(in, OPTION_STAGE))
            in->exit_status = verdict.failed ? 4 : verdict.needs_approval ? 3 : 0;
    }
    buf_finish(&text);
    model_verdict_finish(&verdict);
    return status;
}
