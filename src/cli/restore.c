/* `refit restore`: outs as refit.lock has them, from the store. */
#include "cli/cli.h"
#include "refit/vcs.h"

static const struct option_spec options[] = {
    {OPTION_FROM, "from", "REV", "as the refit.lock of this revision has them"},
    {0, NULL, NULL, NULL},
};

/* A first word that names no stage and no out, with more behind it or not, is a revision if git knows it. */
static const char *find_revision(struct invocation *in, const struct project *project)
{
    struct vcs_commit commit;
    struct error ignored;
    struct str target;
    bool file;
    if (option_given(in, OPTION_FROM))
        return option_text(in, OPTION_FROM);
    if (in->argument_count == 0 ||
        project_target(project, &in->arena, in->arguments[0], &target, &file, &ignored) != STATUS_OK || file ||
        graph_name_kind(&project->graph, target) != NAME_NONE || graph_touches_outs(&project->graph, target))
        return NULL;
    const char *word = str_terminated(&in->arena, in->arguments[0]);
    if (vcs_find_commit(&in->arena, project->root.ptr, word, &commit, &ignored) != STATUS_OK)
        return NULL;
    in->arguments++;
    in->argument_count--;
    return word;
}

static enum status restore(struct invocation *in, struct project *project, struct error *err)
{
    struct str *targets;
    uint32_t count;
    struct restore_counts counts = {0};
    const char *revision = find_revision(in, project);
    enum status status = cli_targets(in, project, &targets, &count, err);
    if (status != STATUS_OK)
        return status;
    struct report *report = output_report(in);
    status = run_restore(project, revision, targets, count, report, &counts, err);
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
    .arguments = "[REV] [TARGET...]",
    .description =
        "Puts outs back as refit.lock says they were, from the store, running nothing: those of the targets\n"
        "(names of stages or groups, patterns, or paths at, above or below outs), or all. With --from, or a\n"
        "first word that is no target and that git knows, it is the refit.lock of that revision, and data sets\n"
        "can be named too; nothing else changes. What is in the way and not in the store is moved to\n"
        ".refit/rescue first.",
    .examples = "  git checkout v1.2 && refit restore\n"
                "  refit restore models/digits.json\n"
                "  refit restore v1.2 models/digits.json    that of v1.2, in the tree as it is\n"
                "  refit restore --from main train          even if a stage is called `main`",
    .options = options,
    .common = COMMON_PROJECT | COMMON_OUTPUT | COMMON_JSON,
    .arguments_max = UINT32_MAX,
    .completion = COMPLETE_STAGES,
    .run = run_restore_command,
};
