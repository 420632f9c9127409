/* `refit forget`: removing runs from the history. */
#include "cli/past.h"

/* Two words may mean the same run. */
static uint32_t drop_repeated(const struct history_run **runs, uint32_t count)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < count; i++) {
        bool again = false;
        for (uint32_t k = 0; k < kept && !again; k++)
            again = runs[k] == runs[i];
        if (!again)
            runs[kept++] = runs[i];
    }
    return kept;
}

static enum status forget(struct invocation *in, struct past *past, struct error *err)
{
    const struct history_run **runs = arena_array(&in->arena, const struct history_run *, in->argument_count);
    enum status status = STATUS_OK;
    /* Nothing is forgotten if one of them is mistyped. */
    for (uint32_t i = 0; i < in->argument_count && status == STATUS_OK; i++)
        status = past_find(past, in->arguments[i], &runs[i], err);
    if (status == STATUS_OK)
        status = past_write(past, err);
    uint32_t forgotten = 0, count = status == STATUS_OK ? drop_repeated(runs, in->argument_count) : 0;
    for (; forgotten < count && status == STATUS_OK; forgotten++)
        status = run_forget(past->project, past->history, runs[forgotten], err);
    if (status != STATUS_OK)
        return status;
    if (in->json)
        printf("{\"forgotten\":%u}\n", forgotten);
    else
        for (uint32_t i = 0; i < forgotten; i++)
            printf("forgot " STR_FMT "\n", STR_ARG(runs[i]->id));
    return STATUS_OK;
}

static enum status run_forget_command(struct invocation *in, struct error *err)
{
    struct past past;
    enum status status = past_open(in, true, &past, err);
    if (status == STATUS_OK)
        status = forget(in, &past, err);
    past_close(&past);
    return status;
}

const struct command command_forget = {
    .name = "forget",
    .summary = "remove runs from the history",
    .arguments = "RUN...",
    .description =
        "Removes what is recorded of these runs, and their pins. Other runs, what refit.lock names and the files\n"
        "in the workspace stay as they are; what only these runs needed is for the next gc. RUN is named as for\n"
        "`refit show`.",
    .examples = "  refit forget last\n"
                "  refit forget 20261105T143000Z-3f2a 20261105T143210Z-91bc",
    .common = COMMON_PROJECT | COMMON_OUTPUT | COMMON_JSON | COMMON_RUNS,
    .arguments_min = 1,
    .arguments_max = UINT32_MAX,
    .completion = COMPLETE_RUNS,
    .run = run_forget_command,
};
