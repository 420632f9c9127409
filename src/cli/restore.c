/* `refit restore`: outs as refit.lock has them, from the store. */
#include "cli/cli.h"

static enum status restore(struct invocation *in, struct project *project, struct error *err)
{
    struct str *targets;
    uint32_t count;
    struct restore_counts counts = {0};
    enum status status = cli_targets(in, project, &targets, &count, err);
    if (status != STATUS_OK)
        return status;
    struct report *report = output_report(in);
    status = run_restore(project, targets, count, report, &counts, err);
    status = output_end(report, status, err);
    if (status != STATUS_OK)
        return status;
    if (in->json)
        printf("{\"event\":\"restore_finished\",\"restored\":%u,\"fresh\":%u}\n", counts.restored, counts.fresh);
    else if (counts.restored == 0)
        printf("nothing to restore: %u fresh\n", counts.fresh);
    else
        printf("done: %u restored, %u fresh\n", counts.restored, counts.fresh);
    return STATUS_OK;
}

static enum status run_restore_command(struct invocation *in, struct error *err)
{
    struct project *project;
    enum status status = cli_open(in, true, STR(""), &project, err);
    if (status != STATUS_OK)
        return status;
    status = restore(in, project, err);
    project_close(project);
    return status;
}

const struct command command_restore = {
    .name = "restore",
    .summary = "bring back outs as refit.lock has them",
    .arguments = "[TARGET...]",
    .description =
        "Puts outs back as refit.lock says they were, from the store, running nothing: those of the targets\n"
        "(names of stages or groups, patterns, or paths at, above or below outs), or all. What is in the way\n"
        "and not in the store is moved to .refit/rescue first.",
    .examples = "  git checkout v1.2 && refit restore\n"
                "  refit restore models/digits.json",
    .common = COMMON_PROJECT | COMMON_OUTPUT | COMMON_JSON,
    .arguments_max = UINT32_MAX,
    .completion = COMPLETE_STAGES,
    .run = run_restore_command,
};
