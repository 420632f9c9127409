/* Planning: the run's own check, stage by stage, on what is there now; nothing is written and nothing is run. */
#include <stdlib.h>
#include <string.h>

#include "refit/base/interrupt.h"
#include "refit/base/path.h"
#include "run/run.h"

const char *verdict_name(enum verdict verdict)
{
    static const char *const names[] = {
        [VERDICT_UNSELECTED] = "not selected", [VERDICT_FRESH] = "fresh",   [VERDICT_RESTORE] = "would restore",
        [VERDICT_RUN] = "would run",           [VERDICT_MAYBE] = "may run", [VERDICT_BLOCKED] = "blocked",
        [VERDICT_FAIL] = "would fail",       [VERDICT_SKIP] = "skipped",
    };
    return names[verdict];
}

struct planner {
    struct project *project;
    struct check_context check;
    struct stage_plan *plans;
    const struct record **restored; /* of stages that would be restored */
    bool *after_restored;           /* stages that follow one, near or far */
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

/* An upstream stage whose result is open, or that cannot run (it fails, or is blocked); index GRAPH_NONE if there is
 * none. */
static struct stage_id open_upstream(const struct planner *planner, struct stage_id id, bool *fails)
{
    const struct graph_stage *node = &planner->project->graph.stages[id.index];
    struct stage_id found = {GRAPH_NONE};
    *fails = false;
    for (uint32_t i = 0; i < node->upstream_count; i++) {
        enum verdict verdict = planner->plans[node->upstream[i].index].verdict;
        if (verdict == VERDICT_RUN || verdict == VERDICT_MAYBE)
            found = node->upstream[i];
        if (verdict == VERDICT_FAIL || verdict == VERDICT_BLOCKED || verdict == VERDICT_SKIP) {
            *fails = true;
            return node->upstream[i];
        }
    }
    return found;
}

static void look_for_restored(const struct graph *g, const struct graph_stage *node, const struct record_out *out,
                              const char **what)
{
    for (uint32_t k = 0; k < node->dep_count; k++)
        if (path_is_below(out->path, g->files[node->deps[k].index].path))
            *what = "it reads a folder that would be restored first";
    for (uint32_t k = 0; k < node->declared->params_count; k++) {
        struct str file = node->declared->params[k].path;
        if (str_equal(out->path, file) || path_is_below(file, out->path))
            *what = "it reads parameters from a file that would be restored first";
    }
}

/* What cannot be known before a restore: a dep that lies around a restored out (a folder), parameters in one, and
 * inputs that were found while running, which may be any. NULL if all is known. */
static const char *open_by_restore(struct planner *planner, struct stage_id id)
{
    const struct graph_stage *node = &planner->project->graph.stages[id.index];
    const char *what = NULL;
    for (uint32_t i = 0; i < node->upstream_count; i++) {
        uint32_t upstream = node->upstream[i].index;
        const struct record *record = planner->restored[upstream];
        planner->after_restored[id.index] |= record != NULL || planner->after_restored[upstream];
        for (uint32_t j = 0; record != NULL && j < record->out_count && what == NULL; j++)
            look_for_restored(&planner->project->graph, node, &record->outs[j], &what);
    }
    if (what == NULL && planner->after_restored[id.index] && node->declared->depfile.len > 0)
        what = "it may have read what would be restored first";
    return what;
}

/* What the outcome of another stage leaves open can still differ from refit.lock in all the rest: for `why`. */
static enum status plan_open(struct planner *planner, struct stage_id id, struct stage_plan *plan, struct error *err)
{
    struct check check;
    enum status status = check_fields(&planner->check, id, &check, err);
    if (status == STATUS_OK && check.has_key)
        plan->fields = check.fields;
    return status;
}

/* Is it held back by verdicts that are there? Those that a run would restore first are not known yet. */
static enum status plan_held(struct planner *planner, struct stage_id id, bool *held, struct error *err)
{
    struct project *p = planner->project;
    const struct graph_stage *node = &p->graph.stages[id.index];
    struct stage_plan *plan = &planner->plans[id.index];
    struct judgement judged;
    *held = false;
    for (uint32_t i = 0; i < node->upstream_count; i++)
        if (p->manifest.stages[node->upstream[i].index].check > 0 && planner->restored[node->upstream[i].index] != NULL)
            return STATUS_OK;
    enum status status = judge_upstream(p, planner->check.arena, id, true, &judged, err);
    *held = status == STATUS_OK && judged.exit_status != 0;
    if (*held) {
        plan->verdict = VERDICT_BLOCKED;
        plan->reason = judged.text;
        plan->exit_status = judged.exit_status;
    }
    return status;
}

/* What a check that a run would not make again has found. */
static enum status plan_verdict(struct planner *planner, struct stage_id id, struct error *err)
{
    struct project *p = planner->project;
    struct stage_plan *plan = &planner->plans[id.index];
    uint32_t check = p->manifest.stages[id.index].check;
    struct judgement judged;
    if (check == 0 || plan->verdict != VERDICT_FRESH)
        return STATUS_OK;
    enum status status = judge_own(p, planner->check.arena, &p->manifest.checks[check - 1], &judged, err);
    if (status == STATUS_OK) {
        plan->exit_status = judged.exit_status;
        plan->remark = judged.text;
    }
    return status;
}

/* Have all checks that hold it back been judged, whatever else is open? */
static bool checks_are_fresh(const struct planner *planner, struct stage_id id)
{
    const struct graph_stage *node = &planner->project->graph.stages[id.index];
    bool fresh = true;
    for (uint32_t i = 0; i < node->upstream_count; i++) {
        uint32_t upstream = node->upstream[i].index;
        fresh = fresh && (planner->project->manifest.stages[upstream].check == 0 ||
                          planner->plans[upstream].verdict == VERDICT_FRESH);
    }
    return fresh;
}

static enum status plan_stage(struct planner *planner, struct stage_id id, struct error *err)
{
    struct stage_plan *plan = &planner->plans[id.index];
    struct arena *arena = planner->check.arena;
    bool fails, held;
    struct stage_id open = open_upstream(planner, id, &fails);
    if (open.index != GRAPH_NONE) {
        plan->verdict = fails ? VERDICT_SKIP : VERDICT_MAYBE;
        plan->exit_status = fails ? planner->plans[open.index].exit_status : 0;
        plan->reason = str_format(arena, "after " STR_FMT ", which %s%s",
                                  STR_ARG(planner->project->graph.stages[open.index].declared->name),
                                  planner->plans[open.index].verdict >= VERDICT_BLOCKED &&
                                          planner->plans[open.index].verdict != VERDICT_FAIL
                                      ? "is "
                                      : "",
                                  verdict_name(planner->plans[open.index].verdict));
        const struct manifest_stage *stage = planner->project->graph.stages[id.index].declared;
        const char *must = fails || stage->frozen ? NULL : check_must_execute(&planner->check, stage);
        if (must != NULL) {
            plan->verdict = VERDICT_RUN;
            plan->reason = str_from(must);
        }
        enum status status = STATUS_OK;
        if (!fails && checks_are_fresh(planner, id))
            status = plan_held(planner, id, &held, err);
        if (status != STATUS_OK || plan->verdict == VERDICT_BLOCKED)
            return status;
        return fails ? STATUS_OK : plan_open(planner, id, plan, err);
    }
    enum status status = plan_held(planner, id, &held, err);
    if (status != STATUS_OK || held)
        return status;
    const char *what = open_by_restore(planner, id);
    if (what != NULL) {
        plan->verdict = VERDICT_MAYBE;
        plan->reason = str_from(what);
        return plan_open(planner, id, plan, err);
    }
    struct check check;
    status = check_stage(&planner->check, id, &check, err);
    if (status != STATUS_OK)
        return status;
    static const enum verdict verdicts[] = {
        [CHECK_FRESH] = VERDICT_FRESH, [CHECK_RESTORE] = VERDICT_RESTORE, [CHECK_EXECUTE] = VERDICT_RUN,
        [CHECK_FAILED] = VERDICT_FAIL, [CHECK_UNKNOWN] = VERDICT_MAYBE,   [CHECK_READ] = VERDICT_MAYBE};
    plan->verdict = verdicts[check.outcome];
    plan->reason = check.reason;
    plan->exit_status = check.exit_status;
    plan->fields = check.fields;
    plan->key = check.key;
    plan->pending = check.has_memory && check.memory.pending;
    if (plan->pending && check.outcome == CHECK_EXECUTE)
        plan->reason =
            str_format(arena, "an input changed while it ran last; `refit accept " STR_FMT "` keeps its result",
                       STR_ARG(planner->project->graph.stages[id.index].declared->name));
    if (check.outcome == CHECK_RESTORE)
        planner->restored[id.index] = check.record;
    return plan_verdict(planner, id, err);
}

/* Where the state does not know what a tool printed last, refit.lock does. */
static enum status recall_from_lock(struct planner *planner, struct error *err)
{
    struct project *p = planner->project;
    for (uint32_t i = 0; i < p->graph.stage_count; i++) {
        const struct manifest_stage *stage = p->graph.stages[i].declared;
        for (uint32_t j = 0; planner->selected[i] && j < stage->tool_count; j++) {
            if (fingerprint_has_tool(p->fp, stage->tools[j]))
                continue;
            enum status status = check_load_lock(&planner->check, err);
            if (status != STATUS_OK)
                return status;
            const struct lock_stage *locked = lock_find(planner->check.lock, stage->name);
            for (uint32_t k = 0; locked != NULL && k < locked->fields.count; k++) {
                const struct field *field = &locked->fields.items[k];
                if (field->tag == FIELD_TOOL && str_equal(field->name, stage->tools[j]))
                    fingerprint_set_tool(p->fp, field->name, field->value);
            }
        }
    }
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
                              .after_restored = arena_array(arena, bool, g->stage_count),
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
    if (status == STATUS_OK)
        status = recall_from_lock(&planner, err);
    for (uint32_t k = 0; k < g->stage_count && status == STATUS_OK; k++)
        if (selected[g->order[k].index] && (status = interrupt_check(false, err)) == STATUS_OK)
            status = plan_stage(&planner, g->order[k], err);
    if (status == STATUS_OK)
        mark_running(&planner);
    *plans = planner.plans;
    return status;
}
