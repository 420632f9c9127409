/* `refit run`, which is also what `refit` without a command means; and its dry run. */
#include <inttypes.h>

#include "cli/cli.h"
#include "refit/base/fs.h"

static const struct option_spec options[] = {
    {'j', "jobs", "N", "run at most N commands at once (default: jobs of the configuration)"},
    {'k', "keep-going", "[N]", "go on until N stages failed; without N or with 0, whatever fails (default: 1)"},
    {'n', "dry-run", NULL, "say what would be done, and do nothing"},
    {'B', "force", NULL, "run every selected stage, even those that are fresh"},
    {'s', "single", NULL, "the targets alone, not what they need"},
    {OPTION_DOWNSTREAM, "downstream", NULL, "the targets and what follows from them, instead of what they need"},
    {OPTION_DEPLOY, "deploy", NULL, "deploy stages too; otherwise only those that are named"},
    {OPTION_LOCKED, "locked", NULL, "fail if refit.lock would change"},
    {OPTION_WAIT, "wait", NULL, "wait for another run of this workspace instead of failing"},
    {0, NULL, NULL, NULL},
};

static enum status parse_number(const char *text, const char *option, uint64_t least, uint64_t most, uint64_t *out,
                                struct error *err)
{
    uint64_t value = 0;
    const char *at = text;
    for (; *at >= '0' && *at <= '9' && value <= most; at++)
        value = value * 10 + (uint64_t)(*at - '0');
    if (*at != '\0' || at == text || value < least || value > most)
        return error_set(err, STATUS_USAGE, "%s takes a whole number from %" PRIu64 " to %" PRIu64 ", not `%s`", option,
                         least, most, text);
    *out = value;
    return STATUS_OK;
}

/* -j and -k as configuration, so that they meet files and environment in one place. */
static enum status settings_of(struct invocation *in, struct str *out, struct error *err)
{
    enum { JOBS_MAX = 65535, FAILURES_MAX = 1000000000 };
    struct str text = STR("");
    uint64_t number = 0;
    if (option_given(in, 'j')) {
        enum status status = parse_number(option_text(in, 'j'), "-j", 1, JOBS_MAX, &number, err);
        if (status != STATUS_OK)
            return status;
        text = str_format(&in->arena, "jobs: %" PRIu64 "\n", number);
    }
    if (option_given(in, 'k')) {
        const char *failures = option_text(in, 'k');
        enum status status = parse_number(failures ? failures : "0", "-k", 0, FAILURES_MAX, &number, err);
        if (status != STATUS_OK)
            return status;
        text = str_format(&in->arena, STR_FMT "keep_going: %" PRIu64 "\n", STR_ARG(text), number);
    }
    *out = text;
    return STATUS_OK;
}

/* ---- a first word that is neither a command nor a target ---- */

/* The command that was probably meant by the first word, or NULL. A stage whose name is nearer comes first. */
static const struct command *meant_command(const struct invocation *in, const struct graph *graph)
{
    if (!in->implied || in->argument_count == 0)
        return NULL;
    enum { NEAR_MAX = 3 };
    struct str word = in->arguments[0];
    const struct command *command = command_nearest(word);
    if (command == NULL)
        return NULL;
    unsigned distance = str_distance(word, str_from(command->name), NEAR_MAX);
    for (uint32_t i = 0; graph != NULL && i < graph->stage_count; i++)
        if (str_distance(word, graph->stages[i].declared->name, NEAR_MAX) <= distance)
            return NULL;
    return command;
}

static enum status explain_word(const struct invocation *in, const struct command *command, struct error *err)
{
    return error_set(err, STATUS_USAGE, "unknown target or command `" STR_FMT "`; did you mean `refit %s`?",
                     STR_ARG(in->arguments[0]), command->name);
}

/* Every stage is wanted, and nothing is to be said of those that are fresh: then the workspace may tell it at once. */
static bool may_stand(const struct invocation *in, bool dry)
{
    return !dry && !in->json && in->verbose == 0 && in->argument_count == 0 && !option_given(in, 'B') &&
           !option_given(in, 's') && !option_given(in, OPTION_DOWNSTREAM) && !option_given(in, OPTION_DEPLOY);
}

static enum status open_project(struct invocation *in, bool dry, struct project **out, struct error *err)
{
    struct str settings;
    enum status status = settings_of(in, &settings, err);
    if (status != STATUS_OK)
        return status;
    struct project_options wanted = {
        .writer = !dry, .wait = option_given(in, OPTION_WAIT), .lazy = may_stand(in, dry)};
    status = cli_open_as(in, wanted, settings, out, err);
    const struct command *command = status == STATUS_NOT_FOUND ? meant_command(in, NULL) : NULL;
    return command != NULL ? explain_word(in, command, err) : status;
}

static enum status select_stages(struct invocation *in, const struct project *project, struct run_options *run,
                                 bool **selected, struct error *err)
{
    enum status status = cli_select(in, project, &run->selection, selected, err);
    if (status != STATUS_USAGE || run->selection.target_count == 0)
        return status;
    struct str first = run->selection.targets[0];
    bool known = graph_name_kind(&project->graph, first) != NAME_NONE || graph_is_made(&project->graph, first);
    const struct command *command = known ? NULL : meant_command(in, &project->graph);
    return command != NULL ? explain_word(in, command, err) : status;
}

/* ---- the dry run ---- */

/* A stage that wants more than there is: the run would refuse it before anything else. */
static enum status check_resources(const struct project *project, const bool *selected, struct error *err)
{
    struct schedule_options wanted = {.selected = selected,
                                       .jobs = project->config.jobs,
                                       .totals = project->config.resources,
                                       .total_count = project->config.resource_count};
    struct schedule *schedule;
    enum status status = schedule_create(&project->graph, &wanted, &schedule, err);
    if (status == STATUS_OK)
        schedule_destroy(schedule);
    return status;
}

static enum status run_dry(struct invocation *in, struct project *project, const struct run_options *run,
                           const bool *selected, struct report *report, struct error *err)
{
    const struct graph *graph = &project->graph;
    struct stage_plan *plans;
    int64_t began_ms = clock_monotonic_ms();
    enum status status = run_plan(project, run, &in->arena, &plans, err);
    if (status != STATUS_OK)
        return status;
    status = check_resources(project, selected, err);
    if (status != STATUS_OK)
        return status;
    uint32_t count = 0;
    for (uint32_t i = 0; i < graph->stage_count; i++)
        count += selected[i];
    report_run_started(report, STR(""), count, project->config.jobs, true);
    struct report_summary summary = {.run_id = STR("")};
    for (uint32_t k = 0; k < graph->stage_count; k++) {
        uint32_t i = graph->order[k].index;
        if (!selected[i])
            continue;
        const struct stage_plan *plan = &plans[i];
        summary.counts[STATE_FRESH] += plan->verdict == VERDICT_FRESH;
        if (exit_is_worse(plan->exit_status, summary.exit_status))
            summary.exit_status = plan->exit_status;
        report_stage_planned(report, graph->stages[i].declared->name, str_from(verdict_name(plan->verdict)),
                             plan->reason);
    }
    summary.duration_ms = (uint64_t)(clock_monotonic_ms() - began_ms);
    report_run_finished(report, &summary);
    in->exit_status = summary.exit_status;
    return STATUS_OK;
}

/* The last of JSON lines says how it ended, even if it ended before the run began. */
static void tell_end(struct report *report, enum status status, const struct error *err)
{
    char text[sizeof err->file + sizeof err->message + 64];
    struct report_summary summary = {.exit_status = status_exit(status),
                                     .error = str_from(error_text(err, text, sizeof text))};
    report_run_finished(report, &summary);
}

static enum status run_run(struct invocation *in, struct error *err)
{
    bool dry = option_given(in, 'n');
    struct project *project = NULL;
    struct report *report = output_report(in);
    struct report_summary summary = {.run_id = STR("")};
    enum status status = open_project(in, dry, &project, err);
    if (status != STATUS_OK)
        goto out;
    struct run_options run = {
        .selection = {.single = option_given(in, 's'),
                      .downstream = option_given(in, OPTION_DOWNSTREAM),
                      .deploy = option_given(in, OPTION_DEPLOY)},
        .force = option_given(in, 'B'),
        .locked = option_given(in, OPTION_LOCKED),
    };
    bool *selected = NULL;
    if (!project->stands)
        status = select_stages(in, project, &run, &selected, err);
    if (status != STATUS_OK)
        goto out;
    if (dry) {
        status = run_dry(in, project, &run, selected, report, err);
    } else {
        status = run_execute(project, &run, report, &summary, err);
        in->exit_status = summary.exit_status;
    }
out:
    if (status != STATUS_OK && in->json && summary.run_id.len == 0)
        tell_end(report, status, err);
    project_close(project);
    return output_end(report, status, err);
}

const struct command command_run = {
    .name = "run",
    .summary = "bring targets up to date, running what changed",
    .arguments = "[TARGET...]",
    .description =
        "Brings the targets (names of stages, or paths that stages make; by default every stage) and what\n"
        "they need up to date: what is fresh is left alone, what was once made from the same inputs is taken\n"
        "from the store, and the rest is run, in parallel. `run` may be left out, unless a target is called\n"
        "like a command. `train` means each `train@...` too where no stage is called so, and 'train@*' the stages\n"
        "that match; such a pattern selects no deploy stage.\n\n"
        "Exit status: 0 done; 1 a stage failed; 2 wrong usage or manifest; 5 store, lock or file system; 130\n"
        "interrupted.",
    .examples = "  refit                        everything that changed\n"
                "  refit -j4 -k train evaluate  four commands at once, going on after failures\n"
                "  refit run 'tune@4-*'         the stages whose names match\n"
                "  refit -n                     what would be done\n"
                "  refit run --deploy           deploy stages too\n"
                "  refit run --locked --json    in CI: fail if refit.lock is not up to date, JSON lines",
    .options = options,
    .common = COMMON_PROJECT | COMMON_OUTPUT | COMMON_JSON,
    .arguments_max = UINT32_MAX,
    .completion = COMPLETE_STAGES,
    .run = run_run,
};
