/* Planning: the run's own check, stage by stage, on what is there now; nothing is written and nothing is run. */
#include <stdlib.h>
#include <string.h>

#include "refit/base/path.h"
#include "run/run.h"

const char *verdict_name(enum verdict verdict)
{
    static const char *const names[] = {
        [VERDICT_UNSELECTED] = "not selected", [VERDICT_FRESH] = "fresh",   [VERDICT_RESTORE] = "would restore",
        [VERDICT_RUN] = "would run",           [VERDICT_MAYBE] = "may run", [VERDICT_FAIL] = "would fail",
    };
    return names[verdict];
}

struct planner {
    struct project *project;
    struct check_context check;
    struct stage_plan *plans;
    const struct record **restored; /* of stages that would be restored */
    const bool *selected;
};

/* What a path will be after the restores that come before; NULL if it is on disk already. */
static const struct record_out *overlay(void *ctx, struct str path)
{
    const struct planner *planner = ctx;
    const struct graph *g = &planner->project->graph;
    struct stage_id maker = graph_find_maker(g, path);
    if (maker.index == GRAPH_NONE || planner->restored[maker.index] == NULL)
        return NULL;
    const struct record *record = planner->restored[maker.index];
    for (uint32_t i = 0; i < record->out_count; i++)
        if (str_equal(record->outs[i].path, path) || path_is_below(path, record->outs[i].path))
            return &record->outs[i];
    return NULL;
}

/* An upstream stage whose result is open, or that cannot run; index GRAPH_NONE if there is none. */
static struct stage_id open_upstream(const struct planner *planner, struct stage_id id, bool *fails)
{
    const struct graph_stage *node = &planner->project->graph.stages[id.index];
    struct stage_id found = {GRAPH_NONE};
    *fails = false;
    for (uint32_t i = 0; i < node->upstream_count; i++) {
        enum verdict verdict = planner->plans[node->upstream[i].index].verdict;
        if (verdict == VERDICT_RUN || verdict == VERDICT_MAYBE)
            found = node->upstream[i];
        if (verdict == VERDICT_FAIL) {
            *fails = true;
            return node->upstream[i];
        }
    }
    return found;
}

/* A dep that lies around a restored out (a folder) cannot be digested before the restore. */
static bool reads_around_restored(const struct planner *planner, struct stage_id id)
{
    const struct graph *g = &planner->project->graph;
    const struct graph_stage *node = &g->stages[id.index];
    for (uint32_t i = 0; i < node->upstream_count; i++) {
        const struct record *record = planner->restored[node->upstream[i].index];
        for (uint32_t j = 0; record != NULL && j < record->out_count; j++)
            for (uint32_t k = 0; k < node->dep_count; k++)
                if (path_is_below(record->outs[j].path, g->files[node->deps[k].index].path))
                    return true;
    }
    return false;
}

static enum status plan_stage(struct planner *planner, struct stage_id id, struct error *err)
{
    struct stage_plan *plan = &planner->plans[id.index];
    struct arena *arena = planner->check.arena;
    bool fails;
    struct stage_id open = open_upstream(planner, id, &fails);
    if (open.index != GRAPH_NONE) {
        plan->verdict = fails ? VERDICT_FAIL : VERDICT_MAYBE;
        plan->reason = str_format(arena, "after " STR_FMT ", which %s",
                                  STR_ARG(planner->project->graph.stages[open.index].declared->name),
                                  verdict_name(planner->plans[open.index].verdict));
        return STATUS_OK;
    }
    if (reads_around_restored(planner, id)) {
        plan->verdict = VERDICT_MAYBE;
        plan->reason = STR("it reads a folder that would be restored first");
        return STATUS_OK;
    }
    struct check check;
    enum status status = check_stage(&planner->check, id, &check, err);
    if (status != STATUS_OK)
        return status;
    static const enum verdict verdicts[] = {
        [CHECK_FRESH] = VERDICT_FRESH, [CHECK_RESTORE] = VERDICT_RESTORE, [CHECK_EXECUTE] = VERDICT_RUN,
        [CHECK_FAILED] = VERDICT_FAIL, [CHECK_UNKNOWN] = VERDICT_MAYBE,   [CHECK_READ] = VERDICT_MAYBE};
    plan->verdict = verdicts[check.outcome];
    plan->reason = check.reason;
    plan->fields = check.fields;
    plan->key = check.key;
    plan->pending = check.has_memory && check.memory.pending;
    if (plan->pending && check.outcome == CHECK_EXECUTE)
        plan->reason =
            str_format(arena, "an input changed while it ran last; `refit accept " STR_FMT "` keeps its result",
                       STR_ARG(planner->project->graph.stages[id.index].declared->name));
    if (check.outcome == CHECK_RESTORE)
        planner->restored[id.index] = check.record;
    return STATUS_OK;
}

static void mark_running(struct planner *planner)
{
    struct str *running;
    uint32_t count;
    workspace_holder(planner->check.arena, &running, &count);
    for (uint32_t i = 0; i < count; i++) {
        struct stage_id id = graph_find_stage(&planner->project->graph, running[i]);
        if (id.index != GRAPH_NONE)
            planner->plans[id.index].running = true;
    }
}

enum status run_plan(struct project *project, const struct run_options *options, struct arena *arena,
                     struct stage_plan **plans, struct error *err)
{
    const struct graph *g = &project->graph;
    bool *selected = arena_array(arena, bool, g->stage_count);
    struct planner planner = {.project = project,
                              .plans = arena_array(arena, struct stage_plan, g->stage_count),
                              .restored = arena_array(arena, const struct record *, g->stage_count),
                              .selected = selected};
    planner.check = (struct check_context){.project = project,
                                           .arena = arena,
                                           .budget_bytes = UINT64_MAX,
                                           .force = options->force,
                                           .planning = true,
                                           .overlay = overlay,
                                           .overlay_ctx = &planner};
    enum status status = graph_select(g, &options->selection, selected, err);
    if (status == STATUS_OK)
        status = tools_recall(project, selected, err);
    for (uint32_t k = 0; k < g->stage_count && status == STATUS_OK; k++)
        if (selected[g->order[k].index])
            status = plan_stage(&planner, g->order[k], err);
    if (status == STATUS_OK)
        mark_running(&planner);
    *plans = planner.plans;
    return status;
}
