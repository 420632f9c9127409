/* `refit check-determinism`: does a stage make the same, bit for bit, when it is executed twice? */
#include "cli/cli.h"

static enum status check(struct invocation *in, struct project *project, struct error *err)
{
    struct stage_id id;
    struct reproduced_stage stage;
    enum status status = cli_stage(in, project, &id, err);
    if (status != STATUS_OK)
        return status;
    struct report *report = output_report(in);
    status = run_check_determinism(project, in->arguments[0], &in->arena, report, &stage, err);
    status = output_end(report, status, err);
    if (status != STATUS_OK)
        return status;
    if (in->json)
        output_reproduced_json(&stage);
    else
        output_reproduced(in, &stage, 1);
    in->exit_status = stage.result == REPRODUCED_IDENTICAL ? 0 : status_exit(STATUS_FAILED);
    return STATUS_OK;
}

static enum status run_check_determinism_command(struct invocation *in, struct error *err)
{
    struct project *project;
    enum status status = cli_open(in, false, STR(""), &project, err);
    if (status != STATUS_OK)
        return status;
    status = check(in, project, err);
    project_close(project);
    return status;
}

const struct command command_check_determinism = {
    .name = "check-determinism",
    .summary = "execute a stage twice, and compare what it makes",
    .arguments = "STAGE",
    .description =
        "Executes the stage in two folders of its own (.refit/determinism) that have what it declares to read as\n"
        "it is now, and nothing else, and compares its outs bit for bit (exit status 0 if they are the same, 1\n"
        "otherwise). A stage that reads what it does not declare fails there. The working tree stays as it is. What\n"
        "lies beside the project (deps that begin with ../) is copied to the same place beside its copies; a\n"
        "`console` stage has no terminal there.",
    .examples = "  refit check-determinism train",
    .common = COMMON_PROJECT | COMMON_OUTPUT | COMMON_JSON,
    .arguments_min = 1,
    .arguments_max = 1,
    .completion = COMPLETE_STAGES,
    .run = run_check_determinism_command,
};
