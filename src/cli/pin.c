/* `refit pin`: keeping the outs of a run from gc. */
#include "cli/past.h"

static const struct option_spec options[] = {
    {OPTION_REMOVE, "remove", NULL, "let gc have them again"},
    {0, NULL, NULL, NULL},
};

static void print_json(const struct history_run *run, bool pinned, uint32_t lacking)
{
    struct buf document = {0};
    struct json j;
    json_init(&j, &document);
    json_open_object(&j);
    json_key(&j, "run");
    json_str(&j, run->id);
    json_key(&j, "pinned");
    json_bool(&j, pinned);
    json_key(&j, "lacking");
    json_int(&j, lacking);
    json_close_object(&j);
    output_json(&document);
}

static enum status pin(struct invocation *in, struct past *past, struct error *err)
{
    const struct history_run *run;
    bool pinned = !option_given(in, OPTION_REMOVE);
    uint32_t lacking;
    enum status status = past_find(past, in->arguments[0], &run, err);
    if (status == STATUS_OK)
        status = past_write(past, err);
    if (status == STATUS_OK)
        status = run_pin(past->project, past->history, run, pinned, &lacking, err);
    if (status != STATUS_OK)
        return status;
    if (lacking > 0)
        output_warn(in, str_format(&in->arena, "%u outs of " STR_FMT " are not in the store", lacking,
                                   STR_ARG(run->id)));
    if (in->json)
        print_json(run, pinned, lacking);
    else
        printf("%s " STR_FMT "\n", pinned ? "pinned" : "no longer pinned:", STR_ARG(run->id));
    return STATUS_OK;
}

static enum status run_pin_command(struct invocation *in, struct error *err)
{
    struct past past;
    enum status status = past_open(in, true, &past, err);
    if (status == STATUS_OK)
        status = pin(in, &past, err);
    past_close(&past);
    return status;
}

const struct command command_pin = {
    .name = "pin",
    .summary = "keep the outs of a run from gc",
    .arguments = "RUN",
    .description =
        "The outs of all stages, as they were after that run, stay in the store whatever gc's budget, until the\n"
        "pin is removed or the run is forgotten. RUN is named as for `refit show`.",
    .examples = "  refit pin last\n"
                "  refit pin --remove 20261105T1430",
    .options = options,
    .common = COMMON_PROJECT | COMMON_OUTPUT | COMMON_JSON | COMMON_RUNS,
    .arguments_min = 1,
    .arguments_max = 1,
    .completion = COMPLETE_RUNS,
    .run = run_pin_command,
};
