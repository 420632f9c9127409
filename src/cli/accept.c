/* `refit accept`: keep what a stage made although its inputs changed while it ran. */
#include "cli/cli.h"

static enum status accept_stage(struct invocation *in, struct project *project, struct error *err)
{
    struct stage_id stage;
    enum status status = cli_stage(in, project, &stage, err);
    if (status != STATUS_OK)
        return status;
    struct report *report = output_report(in);
    status = run_accept(project, in->arguments[0], report, err);
    return output_end(report, status, err);
}

static enum status run_accept_command(struct invocation *in, struct error *err)
{
    struct project *project;
    enum status status = cli_open(in, true, STR(""), &project, err);
    if (status != STATUS_OK)
        return status;
    status = accept_stage(in, project, err);
    project_close(project);
    return status;
}

const struct command command_accept = {
    .name = "accept",
    .summary = "keep what a stage made although an input changed while it ran",
    .arguments = "STAGE",
    .description =
        "A stage whose input changed while it ran fails, since nobody can say which bytes it read; its outs\n"
        "stay. This records them under the inputs as they were before the command began, for whoever knows\n"
        "that they are right.",
    .examples = "  refit accept train",
    .common = COMMON_PROJECT | COMMON_OUTPUT | COMMON_JSON,
    .arguments_min = 1,
    .arguments_max = 1,
    .completion = COMPLETE_STAGES,
    .run = run_accept_command,
};
