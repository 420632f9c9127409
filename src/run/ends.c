/* How a stage ends: what is told of it, and, of good ends, what is known of the disk and remembered. */
#include "run/run.h"

/* Is there a stage in this run that the check can hold back? That says then what the check found. */
static bool holds_any(const struct run *run, struct stage_id check)
{
    const struct graph_stage *node = &run->project->graph.stages[check.index];
    for (uint32_t i = 0; i < node->downstream_count; i++)
        if (run->selected[node->downstream[i].index] &&
            run->project->graph.stages[node->downstream[i].index].declared->check == 0)
            return true;
    return false;
}

/* What a check found is told when it is done, whether or not anything depends on it. */
static void tell_verdict(struct stage_run *s)
{
    struct run *run = s->run;
    uint32_t check = stage_declared(s)->check;
    struct arena scratch;
    struct judgement judged;
    struct error err;
    if (check == 0)
        return;
    arena_init(&scratch);
    if (judge_own(run->project, &scratch, &run->project->manifest.checks[check - 1], &judged, &err) != STATUS_OK)
        run_set_fatal(run, &err);
    else if (judged.exit_status != 0)
        run->saw_exit[judged.exit_status] = true;
    if (judged.text.len > 0 || judged.passing)
        standing_spoil(run->check.standing);
    if (judged.text.len > 0 && (judged.exit_status == 0 || !holds_any(run, s->id)))
        report_warning(run->report, judged.text);
    arena_finish(&scratch);
}

void stage_end(struct stage_run *s, enum stage_state state, struct str reason, bool with_log, int exit_code)
{
    struct run *run = s->run;
    const struct manifest_stage *stage = stage_declared(s);
    struct arena scratch;
    arena_init(&scratch);
    char hex[DIGEST_HEX + 1], text[3072];
    struct error err;
    struct report_finish finish = {.id = s->id,
                                   .name = stage->name,
                                   .state = state,
                                   .duration_ms = s->result.duration_ms,
                                   .reason = reason,
                                   .key_hex = s->check.has_key ? str_from(digest_hex(s->check.key, hex)) : STR(""),
                                   .exit_code = exit_code};
    if (with_log && !stage->console) {
        finish.log_path = run_log_path(&scratch, stage->name);
        if (state == STATE_FAILED || report_wants_logs(run->report))
            finish.log_tail = log_tail(&scratch, finish.log_path);
    }
    if (private_models_remove(&scratch, s, &err) != STATUS_OK)
        report_warning(run->report, str_from(error_text(&err, text, sizeof text)));
    schedule_finish(run->schedule, s->id, state);
    report_stage_finished(run->report, &finish);
    if (stage_state_is_good(state))
        tell_verdict(s);
    struct history_stage noted = {.name = stage->name,
                                  .state = state,
                                  .duration_ms = finish.duration_ms,
                                  .reason = reason.len > 0 ? reason : s->check.reason};
    if (s->check.has_key)
        noted.key = s->check.key;
    recording_note(&run->recording, &noted);
    arena_finish(&scratch);
    run_report_skipped(run);
}

void run_report_skipped(struct run *run)
{
    struct stage_id skipped, because;
    struct arena scratch;
    arena_init(&scratch);
    while (schedule_take_skipped(run->schedule, &skipped, &because)) {
        struct report_finish finish = {.id = skipped,
                                       .name = run->project->graph.stages[skipped.index].declared->name,
                                       .state = STATE_SKIPPED,
                                       .reason = STR("the run was stopped")};
        if (skipped.index != because.index)
            finish.reason = str_format(&scratch, "follows " STR_FMT ", which %s",
                                       STR_ARG(run->project->graph.stages[because.index].declared->name),
                                       schedule_state(run->schedule, because) == STATE_FAILED    ? "failed"
                                       : schedule_state(run->schedule, because) == STATE_BLOCKED ? "is blocked"
                                                                                                 : "was skipped");
        report_stage_finished(run->report, &finish);
        recording_note(&run->recording, &(struct history_stage){
                                            .name = finish.name, .state = STATE_SKIPPED, .reason = finish.reason});
    }
    arena_finish(&scratch);
}

void run_failed(struct stage_run *s, int exit_status, struct str reason)
{
    s->run->saw_exit[exit_status] = true;
    stage_end(s, STATE_FAILED, reason, s->started_ns != 0, 0);
}

/* ---- good ends ---- */

static struct record_out *copy_outs(struct arena *arena, const struct record_out *outs, uint32_t count)
{
    struct record_out *copy = arena_copy(arena, outs, count * sizeof *outs);
    for (uint32_t i = 0; i < count; i++)
        copy[i].path = str_dup(arena, outs[i].path);
    return copy;
}

static struct record_input *copy_found(struct arena *arena, const struct record_input *found, uint32_t count)
{
    struct record_input *copy = arena_copy(arena, found, count * sizeof *found);
    for (uint32_t i = 0; i < count; i++)
        copy[i].path = str_dup(arena, found[i].path);
    return copy;
}

static struct lock_stage make_news(struct stage_run *s, const struct stage_memory *memory)
{
    return (struct lock_stage){
        .name = stage_declared(s)->name,
        .key = s->check.key,
        .fields = s->check.fields,
        .found = fields_of_found(&s->run->project->arena, memory->inputs, memory->input_count),
        .outs = memory->outs,
        .out_count = memory->out_count,
    };
}

void stage_remember(struct stage_run *s, const struct record_out *outs, uint32_t out_count,
                    const struct record_input *found, uint32_t found_count, uint64_t duration_ms)
{
    struct run *run = s->run;
    const struct manifest_stage *stage = stage_declared(s);
    struct stage_memory memory = {.key = s->check.key,
                                  .record_id = s->check.record ? s->check.record->id : 0,
                                  .duration_ms = duration_ms,
                                  .note = str_from(run->project->store_epoch),
                                  .outs = copy_outs(&run->project->arena, outs, out_count),
                                  .out_count = out_count,
                                  .inputs = copy_found(&run->project->arena, found, found_count),
                                  .input_count = found_count};
    if (stage->frozen) /* its outs are sources: what refit.lock says of it stays */
        return;
    state_set_stage(run->project->state, stage->name, &memory);
    if (stage->kind != STAGE_DEPLOY && s->check.has_key) {
        s->news = make_news(s, &memory);
        run->lock_changed = true;
    }
}

/* Which records are in use decides what the store may forget first. */
static void mark_used(struct stage_run *s)
{
    struct error err;
    if (s->run->project->store != NULL && s->check.has_key &&
        store_mark_used(s->run->project->store, s->check.key, &err) != STATUS_OK)
        run_set_fatal(s->run, &err);
}

/* The store was looked into, and has what the stage made. */
static void note_kept(struct stage_run *s)
{
    struct stage_memory memory = s->check.memory;
    memory.note = str_from(s->run->project->store_epoch);
    state_set_stage(s->run->project->state, stage_declared(s)->name, &memory);
    mark_used(s);
}

void stage_end_fresh(struct stage_run *s)
{
    struct run *run = s->run;
    const struct check *check = &s->check;
    if (check->by_memory) {
        if (!run->lock_current)
            s->news = make_news(s, &check->memory);
        if (check->kept_anew)
            note_kept(s);
    } else if (check->record != NULL) {
        stage_remember(s, check->record->outs, check->record->out_count, check->record->inputs,
                       check->record->input_count, check->record->duration_ms);
        mark_used(s);
    }
    stage_end(s, STATE_FRESH, STR(""), false, 0);
}

void stage_end_restored(struct stage_run *s)
{
    const struct record *record = s->check.record;
    stage_remember(s, record->outs, record->out_count, record->inputs, record->input_count, record->duration_ms);
    mark_used(s);
    stage_end(s, STATE_RESTORED, s->check.reason, false, 0);
}
