/* `refit status`: what a run would do, and why. A reader. */
#include "cli/cli.h"

static const struct option_spec options[] = {
    {'a', "all", NULL, "fresh stages too (as -v)"},
    {OPTION_DEPLOY, "deploy", NULL, "deploy stages too; otherwise only those that are named"},
    {OPTION_EXIT_CODE, "exit-code", NULL, "exit with 1 if anything is not fresh"},
    {0, NULL, NULL, NULL},
};

struct status_view {
    const struct graph *graph;
    const bool *selected;
    const struct stage_plan *plans;
    uint32_t total;
    uint32_t counts[VERDICT_COUNT];
};

static enum paint verdict_paint(enum verdict verdict)
{
    switch (verdict) {
    case VERDICT_FRESH:
        return PAINT_DIM;
    case VERDICT_RESTORE:
        return PAINT_GOOD;
    case VERDICT_RUN:
    case VERDICT_MAYBE:
        return PAINT_CHANGE;
    case VERDICT_BLOCKED:
    case VERDICT_FAIL:
        return PAINT_BAD;
    case VERDICT_SKIP:
        return PAINT_DIM;
    case VERDICT_UNSELECTED:
    case VERDICT_COUNT:
        break;
    }
    return PAINT_NONE;
}

static void print_json(const struct status_view *view)
{
    static const char *const names[] = {[VERDICT_FRESH] = "fresh",
                                        [VERDICT_RESTORE] = "restore",
                                        [VERDICT_RUN] = "run",
                                        [VERDICT_MAYBE] = "maybe",
                                        [VERDICT_BLOCKED] = "blocked",
                                        [VERDICT_FAIL] = "fail",
                                        [VERDICT_SKIP] = "skip"};
    struct buf document = {0};
    struct json j;
    json_init(&j, &document);
    json_open_object(&j);
    json_key(&j, "stages");
    json_open_array(&j);
    for (uint32_t i = 0; i < view->graph->stage_count; i++) {
        if (!view->selected[i])
            continue;
        const struct manifest_stage *stage = view->graph->stages[i].declared;
        const struct stage_plan *plan = &view->plans[i];
        json_open_object(&j);
        json_key(&j, "name");
        json_str(&j, stage->name);
        json_key(&j, "kind");
        json_str(&j, str_from(stage_kind_name(stage->kind)));
        json_key(&j, "verdict");
        json_str(&j, str_from(verdict_name(plan->verdict)));
        json_key(&j, "reason");
        json_str(&j, plan->reason);
        json_key(&j, "remark");
        json_str(&j, plan->remark);
        json_key(&j, "pending");
        json_bool(&j, plan->pending);
        json_key(&j, "running");
        json_bool(&j, plan->running);
        json_close_object(&j);
    }
    json_close_array(&j);
    json_key(&j, "counts");
    json_open_object(&j);
    for (int verdict = VERDICT_FRESH; verdict < VERDICT_COUNT; verdict++) {
        json_key(&j, names[verdict]);
        json_int(&j, view->counts[verdict]);
    }
    json_close_object(&j);
    json_close_object(&j);
    output_json(&document);
}

/* "12 stages: 10 fresh, 1 would run, 1 may run" */
static void print_counts(const struct status_view *view)
{
    printf("%u stage%s", view->total, view->total == 1 ? "" : "s");
    const char *before = ": ";
    for (int verdict = VERDICT_FRESH; verdict < VERDICT_COUNT; verdict++) {
        if (view->counts[verdict] == 0)
            continue;
        printf("%s%u %s", before, view->counts[verdict], verdict_name((enum verdict)verdict));
        before = ", ";
    }
    putchar('\n');
}

static struct str remark(const struct stage_plan *plan)
{
    if (plan->running)
        return STR("(running now)");
    /* Where the stage would run, the reason says so. */
    return plan->pending && plan->verdict != VERDICT_RUN ? STR("(awaits `refit accept`)") : STR("");
}

static void print_text(struct invocation *in, const struct status_view *view)
{
    bool all = in->verbose > 0 || option_given(in, 'a');
    struct sheet sheet = {.arena = &in->arena};
    for (uint32_t k = 0; k < view->graph->stage_count && !in->quiet; k++) {
        uint32_t i = view->graph->order[k].index;
        const struct stage_plan *plan = &view->plans[i];
        bool quiet = plan->verdict == VERDICT_FRESH && !plan->running && !plan->pending && plan->remark.len == 0;
        if (!view->selected[i] || (quiet && !all))
            continue;
        sheet_add(&sheet, verdict_paint(plan->verdict), view->graph->stages[i].declared->name,
                  str_from(verdict_name(plan->verdict)), plan->remark.len > 0 ? plan->remark : plan->reason,
                  remark(plan));
    }
    sheet_print(&sheet, output_color(in));
    print_counts(view);
}

static enum status run_status(struct invocation *in, struct error *err)
{
    struct project *project;
    enum status status = cli_open(in, false, STR(""), &project, err);
    if (status != STATUS_OK)
        return status;
    struct run_options run = {.selection = {.deploy = option_given(in, OPTION_DEPLOY)}};
    struct stage_plan *plans;
    bool *selected;
    status = cli_select(in, project, &run.selection, &selected, err);
    if (status == STATUS_OK)
        status = run_plan(project, &run, &in->arena, &plans, err);
    if (status == STATUS_OK) {
        struct status_view view = {.graph = &project->graph, .selected = selected, .plans = plans};
        for (uint32_t i = 0; i < project->graph.stage_count; i++) {
            view.total += selected[i];
            if (selected[i])
                view.counts[plans[i].verdict]++;
        }
        if (in->json)
            print_json(&view);
        else
            print_text(in, &view);
        in->exit_status = option_given(in, OPTION_EXIT_CODE) && view.counts[VERDICT_FRESH] != view.total;
    }
    project_close(project);
    return status;
}

const struct command command_status = {
    .name = "status",
    .summary = "say what a run would do",
    .arguments = "[TARGET...]",
    .description =
        "Prints the stages that are not fresh, each with the reason, and how many there are of each sort.\n"
        "`may run` depends on what something upstream will produce. Reads only, never waits, and runs no\n"
        "command.",
    .examples = "  refit status\n"
                "  refit status -a train        with fresh stages; `train` and what it needs\n"
                "  refit status --exit-code     for scripts: 1 if anything is not fresh",
    .options = options,
    .common = COMMON_PROJECT | COMMON_OUTPUT | COMMON_JSON,
    .arguments_max = UINT32_MAX,
    .completion = COMPLETE_STAGES,
    .run = run_status,
};
