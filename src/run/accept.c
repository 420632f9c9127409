/* `refit accept`: recording what a stage made although an input changed while it ran. */
#include <stdlib.h>
#include <string.h>

#include "refit/base/fs.h"
#include "run/run.h"

enum { ACCEPT_TRIES = 3 };

struct acceptance {
    struct project *project;
    struct stage_id stage;
    struct stage_memory memory;
    struct lock_stage news;
    struct recording recording;
};

static enum status find_pending(struct acceptance *a, struct str name, struct error *err)
{
    struct project *p = a->project;
    a->stage = graph_find_stage(&p->graph, name);
    if (a->stage.index == GRAPH_NONE)
        return error_set(err, STATUS_USAGE, "no stage is called `" STR_FMT "`; `refit graph` lists them",
                         STR_ARG(name));
    bool found;
    enum status status = state_get_stage(p->state, name, &p->arena, &a->memory, &found, err);
    if (status == STATUS_OK && (!found || !a->memory.pending))
        status = error_set(err, STATUS_USAGE, "nothing of stage `" STR_FMT "` waits to be accepted", STR_ARG(name));
    return status;
}

static bool same_outs(const struct finish_result *now, const struct stage_memory *memory)
{
    if (now->out_count != memory->out_count)
        return false;
    for (uint32_t i = 0; i < now->out_count; i++)
        if (!str_equal(now->outs[i].path, memory->outs[i].path) || now->outs[i].kind != memory->outs[i].kind ||
            now->outs[i].executable != memory->outs[i].executable ||
            !digest_equal(now->outs[i].digest, memory->outs[i].digest))
            return false;
    return true;
}

static enum status record_pending(struct acceptance *a, struct report *report, struct error *err)
{
    struct project *p = a->project;
    const struct manifest_stage *stage = p->graph.stages[a->stage.index].declared;
    struct finish_request request = {.project = p,
                                     .graph = &p->graph,
                                     .stage = a->stage,
                                     .key = a->memory.key,
                                     .duration_ms = a->memory.duration_ms,
                                     .log_path = run_log_path(&p->arena, stage->name),
                                     .accepting = true,
                                     .found = a->memory.inputs,
                                     .found_count = a->memory.input_count};
    struct finish_result result;
    /* Look before anything is recorded: the outs must be those that the stage left. */
    enum status status = finish_stage(&request, &p->arena, &result, err);
    if (status == STATUS_OK && (result.reason.len > 0 || !same_outs(&result, &a->memory)))
        return error_set(err, STATUS_USAGE,
                         "the outs of `" STR_FMT "` are no longer as the stage left them; run it again",
                         STR_ARG(stage->name));
    request.keep_record = true;
    for (int tries = 0; status == STATUS_OK; tries++) {
        status = finish_stage(&request, &p->arena, &result, err);
        if (status == STATUS_OK)
            status = store_flush(p->store, err);
        if (status != STATUS_COLLECTED || tries == ACCEPT_TRIES)
            break;
        status = STATUS_OK; /* gc took what had just been relied upon: it is stored again */
    }
    if (status != STATUS_OK)
        return status;
    struct fields fields;
    if (!fields_decode(&p->arena, a->memory.note, &fields))
        return error_set(err, STATUS_STORE, "what the state keeps of this attempt is malformed; run the stage again");
    a->news = (struct lock_stage){.name = stage->name,
                                  .key = a->memory.key,
                                  .fields = fields,
                                  .found = fields_of_found(&p->arena, result.found, result.found_count),
                                  .outs = result.outs,
                                  .out_count = result.out_count};
    a->memory.pending = false;
    a->memory.note = STR("");
    a->memory.outs = result.outs;
    a->memory.inputs = result.found;
    a->memory.input_count = result.found_count;
    state_set_stage(p->state, stage->name, &a->memory);
    report_note(report, str_format(&p->arena,
                                   "accepted: what `" STR_FMT "` made is recorded under the inputs that it began with",
                                   STR_ARG(stage->name)));
    return STATUS_OK;
}

static const struct lock_stage *news_of(void *ctx, uint32_t stage)
{
    const struct acceptance *a = ctx;
    return stage == a->stage.index ? &a->news : NULL;
}

static enum status record(struct acceptance *a, const struct lock *lock, struct error *err)
{
    uint32_t counts[HISTORY_COUNTERS] = {[STATE_RAN - STATE_FRESH] = 1};
    recording_note(&a->recording, &(struct history_stage){.name = a->news.name,
                                                          .state = STATE_RAN,
                                                          .key = a->news.key,
                                                          .duration_ms = a->memory.duration_ms,
                                                          .reason = STR("accepted")});
    return recording_save(&a->recording, lock, 0, counts, err);
}

static enum status save(struct acceptance *a, struct error *err)
{
    struct project *p = a->project;
    struct lock old;
    enum status status = lock_load(&p->arena, &old, err);
    if (status != STATUS_OK)
        return status;
    struct lock lock = lock_merge(&p->arena, &p->graph, &old, news_of, a);
    bool changed, current;
    status = roots_publish(p, &lock, err);
    if (status == STATUS_OK)
        status = store_flush(p->store, err);
    if (status == STATUS_OK)
        status = lock_is_current(p, &current, err);
    if (status == STATUS_OK)
        status = lock_save(p, &lock, current, false, &changed, err);
    if (status == STATUS_OK)
        status = record(a, &lock, err);
    return status == STATUS_OK ? state_commit(p->state, err) : status;
}

enum status run_accept(struct project *project, struct str stage, struct report *report, struct error *err)
{
    struct acceptance a = {.project = project};
    recording_begin(&a.recording, project, report, run_make_id(&project->arena));
    enum status status = take_over(project, report, err);
    if (status == STATUS_OK)
        status = find_pending(&a, stage, err);
    if (status == STATUS_OK)
        status = record_pending(&a, report, err);
    if (status == STATUS_OK)
        status = save(&a, err);
    recording_finish(&a.recording);
    workspace_settle(project->workspace);
    return status;
}
