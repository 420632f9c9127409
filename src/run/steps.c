/* What happens to one stage: each step ends in the next one, in a job on the pool, or in a final state. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "run/run.h"

enum { DIGEST_TRIES = 5 };

const struct manifest_stage *stage_declared(const struct stage_run *s)
{
    return s->run->project->graph.stages[s->id.index].declared;
}

void run_set_fatal(struct run *run, const struct error *err)
{
    if (!run->is_fatal)
        run->error = *err;
    run->is_fatal = true;
    run->saw_exit[status_exit(err->status)] = true;
    schedule_stop(run->schedule);
}

static struct str error_reason(struct run *run, const struct error *err)
{
    char text[3072];
    return str_dup(&run->project->arena, str_from(error_text(err, text, sizeof text)));
}

/* ---- checking ---- */

/* Before anything is changed for a stage. Main thread only: jobs find the store open. */
static bool begin_change(struct stage_run *s)
{
    struct error err;
    enum status status = project_open_store(s->run->project, &err);
    if (status == STATUS_OK)
        status = workspace_begin(s->run->project->workspace, &err);
    if (status == STATUS_OK)
        return true;
    run_set_fatal(s->run, &err);
    run_failed(s, status_exit(status), error_reason(s->run, &err));
    return false;
}

static struct stage_run *new_stage(struct run *run, struct stage_id id)
{
    struct stage_run *s = arena_new(&run->project->arena, struct stage_run);
    s->run = run;
    s->id = id;
    s->log_fd = -1;
    run->stages[id.index] = s;
    return s;
}

static void make_room(struct stage_run *s);

/* Until another stage has done with a data set what this one would do. */
static void wait_for_set(struct stage_run *s)
{
    struct fetches *f = &s->run->fetches;
    MEM_GROW(f->waiting, f->waiting_count, f->waiting_cap);
    f->waiting[f->waiting_count++] = s;
}

static void note_sets(struct stage_run *s, bool done)
{
    struct arena scratch;
    arena_init(&scratch);
    for (uint32_t i = 0; i < s->check.unread_count; i++) {
        const struct unread *u = &s->check.unread[i];
        if (u->work != UNREAD_FETCH || u->fault.len > 0)
            continue;
        struct str path = str_printable(&scratch, u->path), url = str_printable(&scratch, u->set->url);
        report_note(s->run->report,
                    !done       ? str_format(&scratch, "getting " STR_FMT ", which is missing", STR_ARG(path))
                    : u->stored ? str_format(&scratch, STR_FMT " came from the store", STR_ARG(path))
                                : str_format(&scratch, STR_FMT " came from " STR_FMT, STR_ARG(path), STR_ARG(url)));
    }
    arena_finish(&scratch);
}

static void read_inputs(struct stage_run *s)
{
    bool changes = fetches_begin(&s->run->fetches, &s->check);
    if (changes && !begin_change(s)) {
        fetches_end(&s->run->fetches, &s->run->project->arena, &s->check);
        return;
    }
    note_sets(s, false);
    run_job(s, JOB_DIGEST);
}

static void keep_models(struct stage_run *s, const struct judgement *judged)
{
    struct arena *arena = &s->run->project->arena;
    s->models = arena_array(arena, struct judged_model, judged->model_count);
    s->model_count = judged->model_count;
    for (uint32_t i = 0; i < judged->model_count; i++) {
        s->models[i].path = str_dup(arena, judged->models[i].path);
        s->models[i].sha256 = str_dup(arena, judged->models[i].sha256);
    }
}

/* Is the stage held back by a check? Then it has come to its end. */
static bool is_held_back(struct stage_run *s)
{
    struct run *run = s->run;
    struct arena scratch;
    struct judgement judged;
    struct error err;
    if (run->project->manifest.check_count == 0 && stage_declared(s)->kind != STAGE_DEPLOY)
        return false;
    arena_init(&scratch);
    enum status status = judge_upstream(run->project, &scratch, s->id, false, &judged, &err);
    if (status != STATUS_OK) {
        run_set_fatal(run, &err);
        run_failed(s, status_exit(status), error_reason(run, &err));
    } else if (judged.exit_status != 0) {
        run->saw_exit[judged.exit_status] = true;
        s->check.has_key = false;
        stage_end(s, STATE_BLOCKED, str_dup(&run->project->arena, judged.text), false, 0);
    } else {
        keep_models(s, &judged);
    }
    arena_finish(&scratch);
    return status != STATUS_OK || judged.exit_status != 0;
}

void run_check(struct run *run, struct stage_id id)
{
    struct arena_mark mark = arena_get_mark(&run->project->arena);
    bool first = run->stages[id.index] == NULL;
    struct stage_run *s = first ? new_stage(run, id) : run->stages[id.index];
    struct error err;
    if (is_held_back(s))
        return;
    enum status status = check_stage(&run->check, id, &s->check, &err);
    while (status == STATUS_CORRUPT && s->digest_tries++ < DIGEST_TRIES) { /* what is damaged was taken out */
        report_warning(run->report, error_reason(run, &err));
        status = check_stage(&run->check, id, &s->check, &err);
    }
    if (status == STATUS_INTERRUPTED) {
        run_notice_interrupts(run);
        run_failed(s, 130, STR("interrupted while its inputs and outs were read"));
        return;
    }
    if (status != STATUS_OK) {
        run_set_fatal(run, &err);
        run_failed(s, status_exit(status), error_reason(run, &err));
        return;
    }
    switch (s->check.outcome) {
    case CHECK_FRESH:
        stage_end_fresh(s);
        /* Nothing of a stage that the state still knows is needed any more: memory stays flat over many stages. */
        if (first && s->check.by_memory && run->lock_current && run->check.lock == NULL) {
            run->stages[id.index] = NULL;
            arena_rewind(&run->project->arena, mark);
        }
        break;
    case CHECK_READ:
        if (fetches_are_busy(&run->fetches, &s->check))
            wait_for_set(s);
        else if (s->digest_tries++ < DIGEST_TRIES)
            read_inputs(s);
        else
            run_failed(s, 1, STR("its inputs keep changing while they are read; wait until they are complete"));
        break;
    case CHECK_RESTORE:
        if (begin_change(s))
            run_job(s, JOB_RESTORE);
        break;
    case CHECK_EXECUTE:
        if (schedule_state(run->schedule, id) == STATE_RUNNING) { /* checked again when its turn came */
            make_room(s);
            break;
        }
        schedule_queue(run->schedule, id);
        run_report_skipped(run);
        break;
    case CHECK_FAILED:
        run_failed(s, s->check.exit_status, s->check.reason);
        break;
    case CHECK_UNKNOWN:
        assert(!"only planning leaves a stage undecided");
        break;
    }
}

/* ---- executing ---- */

static void command_done(void *ctx, const struct execution_result *result);

static bool any_out_exists(const struct manifest_stage *stage)
{
    struct stat st;
    for (uint32_t i = 0; i < stage->out_count; i++)
        if (!stage->outs[i].persist && lstat(stage->outs[i].path.ptr, &st) == 0)
            return true;
    return false;
}

/* Its turn had come, but the run was stopped. */
static void not_started(struct stage_run *s)
{
    if (s->run->interrupted)
        run_failed(s, 130, STR("interrupted before its command began"));
    else
        run_failed(s, status_exit(s->run->error.status), STR("the run was stopped before its command began"));
}

/* Before a deploy everything that it rests on is durable. */
static bool settle_before_deploy(struct stage_run *s)
{
    struct error err;
    enum status status = run_secure(s->run, &err);
    if (status == STATUS_OK)
        return true;
    run_set_fatal(s->run, &err);
    run_failed(s, status_exit(status), error_reason(s->run, &err));
    return false;
}

/* Inputs and parameters may have been edited while the stage waited for its turn. */
static bool is_as_checked(struct stage_run *s)
{
    struct run *run = s->run;
    struct arena_mark mark = arena_get_mark(&run->project->arena);
    struct check now;
    struct error ignored; /* the check that follows meets it again */
    bool same = check_fields(&run->check, s->id, &now, &ignored) == STATUS_OK && now.has_key &&
                digest_equal(now.key, s->check.key);
    uint32_t count = run->project->graph.stages[s->id.index].dep_count;
    for (uint32_t i = 0; i < count && same; i++)
        same = digest_equal(now.inputs[i].stats, s->check.inputs[i].stats);
    arena_rewind(&run->project->arena, mark);
    return same;
}

void run_start(struct run *run, struct stage_id id)
{
    struct stage_run *s = run->stages[id.index];
    recording_see_head(&run->recording);
    if (stage_declared(s)->kind == STAGE_DEPLOY) /* policy, signers and the protected branch may be others by now */
        judge_forget(run->project);
    if (is_held_back(s))
        return;
    if (is_as_checked(s))
        make_room(s);
    else
        run_check(run, id);
}

static void make_room(struct stage_run *s)
{
    struct run *run = s->run;
    const struct manifest_stage *stage = stage_declared(s);
    if (run->interrupted || run->is_fatal) {
        not_started(s);
        return;
    }
    if (!begin_change(s) || (stage->kind == STAGE_DEPLOY && !settle_before_deploy(s)))
        return;
    if (stage->kind == STAGE_DEPLOY ? s->model_count > 0 : any_out_exists(stage))
        run_job(s, JOB_PREPARE);
    else
        start_command(s, command_done);
}

static void report_rescued(struct job *job)
{
    struct stage_run *s = job->stage;
    struct arena scratch;
    arena_init(&scratch);
    for (uint32_t i = 0; i < job->clearing.rescued_count; i++)
        report_note(s->run->report,
                    str_format(&scratch, "what was in the way of `" STR_FMT "` and not in the store is now " STR_FMT,
                               STR_ARG(stage_declared(s)->name),
                               STR_ARG(str_printable(&scratch, job->clearing.rescued[i]))));
    arena_finish(&scratch);
}

/* What an attempt without a record leaves behind is moved out of the way, and means nothing from now on. False if it is
 * still there. */
static bool abandon_attempt(struct stage_run *s)
{
    struct run *run = s->run;
    const struct manifest_stage *stage = stage_declared(s);
    if (stage->kind == STAGE_DEPLOY)
        return true;
    struct clearing clearing = {.project = run->project, .arena = &run->project->arena, .stage = stage->name};
    struct error err;
    bool moved = clear_attempt(&clearing, stage, false, &err) == STATUS_OK;
    if (!moved)
        report_warning(run->report, error_reason(run, &err));
    struct stage_memory memory = s->check.memory;
    memory.failed = true;
    memory.pending = false;
    memory.note = moved ? STR("") : STR(LEFT_IN_PLACE);
    state_set_stage(run->project->state, stage->name, &memory);
    return moved;
}

static struct str end_reason(struct stage_run *s)
{
    struct arena *arena = &s->run->project->arena;
    const struct execution_result *r = &s->result;
    struct str where = STR("");
    if (stage_declared(s)->command_count > 1)
        where = str_format(arena, " (command %u of %u)", r->command + 1, stage_declared(s)->command_count);
    switch (r->end) {
    case EXECUTION_EXITED:
        return str_format(arena, "exit status %d" STR_FMT, r->code, STR_ARG(where));
    case EXECUTION_SIGNALED:
        return str_format(arena, "killed by signal %d (%s)" STR_FMT, r->code, strsignal(r->code), STR_ARG(where));
    case EXECUTION_TIMED_OUT:
        return str_format(arena, "timed out after %g s" STR_FMT, (double)stage_declared(s)->timeout_ms / 1000,
                          STR_ARG(where));
    case EXECUTION_INTERRUPTED:
        return STR("interrupted");
    case EXECUTION_NOT_STARTED:
        break;
    }
    return r->message ? str_dup(arena, str_from(r->message)) : STR("its command cannot be started");
}

/* Another attempt, if the stage has one left; otherwise it has failed. */
static void retry_or_fail(struct stage_run *s, struct str reason)
{
    struct run *run = s->run;
    const struct manifest_stage *stage = stage_declared(s);
    bool moved = abandon_attempt(s);
    if (moved && s->attempts < stage->retries && s->result.end != EXECUTION_INTERRUPTED && !run->interrupted &&
        !run->is_fatal) {
        s->attempts++;
        struct arena scratch;
        arena_init(&scratch);
        report_note(run->report,
                    str_format(&scratch, "`" STR_FMT "`: " STR_FMT "; attempt %u of %u", STR_ARG(stage->name),
                               STR_ARG(reason), s->attempts + 1, stage->retries + 1));
        arena_finish(&scratch);
        if (s->model_count > 0) /* the attempt may have changed its copies */
            run_job(s, JOB_PREPARE);
        else
            start_command(s, command_done);
        return;
    }
    run->saw_exit[s->result.end == EXECUTION_INTERRUPTED ? 130 : 1] = true;
    stage_end(s, STATE_FAILED, reason, true, s->result.end == EXECUTION_EXITED ? s->result.code : 0);
}

/* A parameter that the command may have read before or after it was edited. */
static bool params_changed(struct stage_run *s)
{
    struct run *run = s->run;
    if (stage_declared(s)->params_count == 0)
        return false;
    struct arena scratch;
    arena_init(&scratch);
    struct fields now;
    struct error ignored;
    fingerprint_doubt_params(run->project->fp, &run->project->graph, s->id);
    bool changed = fingerprint_fields(run->project->fp, &scratch, &run->project->graph, s->id, s->check.inputs, &now,
                                      &ignored) != STATUS_OK ||
                   !digest_equal(fields_key(&now), s->check.key);
    arena_finish(&scratch);
    return changed;
}

static void command_done(void *ctx, const struct execution_result *result)
{
    struct stage_run *s = ctx;
    s->result = *result;
    s->result.message = NULL;
    struct str reason = STR("");
    if (result->end != EXECUTION_EXITED || result->code != 0) {
        s->result.message = result->message;
        reason = end_reason(s);
        s->result.message = NULL;
    }
    start_finish(s);
    struct error err;
    if (workspace_note(s->run->project->workspace, '-', stage_declared(s)->name, &err) != STATUS_OK)
        report_warning(s->run->report, error_reason(s->run, &err));
    if (reason.len > 0) {
        retry_or_fail(s, reason);
        return;
    }
    s->params_changed = params_changed(s);
    run_job(s, JOB_FINISH);
}

/* ---- after jobs ---- */

/* An input changed while the command ran: nothing is recorded, everything stays for `refit accept`. */
static void keep_for_accepting(struct stage_run *s, const struct finish_result *finished)
{
    struct run *run = s->run;
    const struct manifest_stage *stage = stage_declared(s);
    struct buf note = {0};
    fields_encode(&s->check.fields, &note);
    struct stage_memory memory = {.key = s->check.key,
                                  .duration_ms = s->result.duration_ms,
                                  .pending = true,
                                  .outs = finished->outs,
                                  .out_count = finished->out_count,
                                  .inputs = finished->found,
                                  .input_count = finished->found_count,
                                  .note = buf_view(&note)};
    if (stage->kind != STAGE_DEPLOY)
        state_set_stage(run->project->state, stage->name, &memory);
    buf_finish(&note);
    run->saw_exit[1] = true;
    stage_end(s, STATE_FAILED, str_dup(&run->project->arena, finished->reason), true, 0);
}

static void finish_done(struct stage_run *s, const struct finish_result *f)
{
    struct run *run = s->run;
    const struct manifest_stage *stage = stage_declared(s);
    if (f->ok) {
        durations_set(&run->durations, stage->name, s->result.duration_ms);
        stage_remember(s, f->outs, f->out_count, f->found, f->found_count, s->result.duration_ms);
        stage_end(s, STATE_RAN, s->check.reason, true, 0);
        if (check_has_persist(stage))
            run_keep(run);
    } else if (f->changed) {
        keep_for_accepting(s, f);
    } else {
        retry_or_fail(s, str_dup(&run->project->arena, f->reason));
    }
}

static void job_interrupted(struct job *job)
{
    static const char *const reasons[] = {[JOB_DIGEST] = "interrupted while its inputs and outs were read",
                                          [JOB_RESTORE] = "interrupted while its outs were restored",
                                          [JOB_PREPARE] = "interrupted before its command began",
                                          [JOB_FINISH] = "interrupted while its outs were stored"};
    run_notice_interrupts(job->stage->run);
    if (job->kind == JOB_FINISH)
        retry_or_fail(job->stage, str_from(reasons[job->kind]));
    else
        run_failed(job->stage, 130, str_from(reasons[job->kind]));
}

static void job_done(struct job *job)
{
    struct stage_run *s = job->stage;
    struct run *run = s->run;
    report_rescued(job);
    if (job->status == STATUS_INTERRUPTED) {
        job_interrupted(job);
        return;
    }
    if (job->status != STATUS_OK && job->kind == JOB_DIGEST) {
        /* The check meets the same fault, if nothing keeps it from reading, and knows which input it is. */
        run->check.budget_bytes = UINT64_MAX;
        run_check(run, s->id);
        run->check.budget_bytes = INLINE_BYTES;
        return;
    }
    if (job->status != STATUS_OK && job->kind == JOB_RESTORE && job->error.status != STATUS_STORE &&
        job->error.status != STATUS_LOCKED) {
        /* Corrupt bytes were dropped from the store, or gc took them: checked again, the stage is executed. */
        if (s->digest_tries++ < DIGEST_TRIES &&
            (job->error.status == STATUS_CORRUPT || job->error.status == STATUS_NOT_FOUND)) {
            report_warning(run->report, error_reason(run, &job->error));
            run_check(run, s->id);
        } else {
            run_failed(s, job->error.status == STATUS_CORRUPT ? status_exit(STATUS_CORRUPT) : 1,
                       error_reason(run, &job->error));
        }
        return;
    }
    if (job->status != STATUS_OK) {
        int exit_status = job->error.status == STATUS_IO || job->error.status == STATUS_FAILED
                              ? 1
                              : status_exit(job->error.status);
        if (exit_status != 1)
            run_set_fatal(run, &job->error);
        run_failed(s, exit_status, error_reason(run, &job->error));
        return;
    }
    switch (job->kind) {
    case JOB_DIGEST:
        run_check(run, s->id);
        break;
    case JOB_RESTORE:
        stage_end_restored(s);
        break;
    case JOB_PREPARE:
        if (run->interrupted || run->is_fatal)
            not_started(s);
        else
            start_command(s, command_done);
        break;
    case JOB_FINISH:
        finish_done(s, &job->finished);
        break;
    }
}

void run_job_done(struct job *job)
{
    struct run *run = job->stage->run;
    struct fetches *f = &run->fetches;
    if (job->kind != JOB_DIGEST) {
        job_done(job);
        return;
    }
    fetches_end(f, &run->project->arena, &job->stage->check);
    if (job->status == STATUS_OK)
        note_sets(job->stage, true);
    uint32_t count = f->waiting_count;
    struct stage_run **waiting = f->waiting;
    f->waiting = NULL;
    f->waiting_count = f->waiting_cap = 0;
    job_done(job);
    for (uint32_t i = 0; i < count; i++)
        run_check(run, waiting[i]->id);
    free(waiting);
}
