/* Work for the pool: what may take long or block. */
#include <stdlib.h>
#include <string.h>

#include "run/run.h"

static void count_bytes(void *ctx, uint64_t bytes)
{
    report_bytes(ctx, bytes);
}

/* Reads what the check could not afford, so that the stat cache knows it when the check is made again. */
static enum status job_digest(struct job *job, struct error *err)
{
    const struct check *check = &job->stage->check;
    enum status status = STATUS_OK;
    for (uint32_t i = 0; i < check->unread_count && status == STATUS_OK; i++) {
        struct digest_options options = {.mode = check->unread[i].mode,
                                         .budget_bytes = UINT64_MAX,
                                         .progress = count_bytes,
                                         .ctx = job->stage->run->report};
        struct input ignored;
        bool complete;
        status = digest_path(job->stage->run->project->fp, &job->arena, check->unread[i].path, &options, &ignored,
                             &complete, err);
    }
    return status;
}

/* What an attempt that failed, or was cut off, left in place of the outs. */
static enum status clear_leftovers(struct job *job, struct error *err)
{
    const struct check *check = &job->stage->check;
    bool failed = check->has_memory && check->memory.failed;
    return failed ? clear_attempt(&job->clearing, stage_declared(job->stage), err) : STATUS_OK;
}

static enum status job_restore(struct job *job, struct error *err)
{
    const struct record *record = job->stage->check.record;
    struct restore_progress progress = {count_bytes, job->stage->run->report};
    enum status status = clear_leftovers(job, err);
    for (uint32_t i = 0; i < record->out_count && status == STATUS_OK; i++)
        status = restore_out(&job->clearing, &record->outs[i], &progress, err);
    return status;
}

static enum status job_prepare(struct job *job, struct error *err)
{
    const struct manifest_stage *stage = stage_declared(job->stage);
    enum status status = clear_leftovers(job, err);
    for (uint32_t i = 0; i < stage->out_count && status == STATUS_OK; i++)
        if (!stage->outs[i].persist && stage->kind != STAGE_DEPLOY)
            status = clear_out(&job->clearing, stage->outs[i].path, err);
    return status;
}

static enum status job_finish(struct job *job, struct error *err)
{
    struct stage_run *s = job->stage;
    struct project *p = s->run->project;
    const struct manifest_stage *stage = stage_declared(s);
    struct finish_request request = {
        .project = p,
        .graph = &p->graph,
        .stage = s->id,
        .inputs = s->check.inputs,
        .fields = &s->check.fields,
        .key = s->check.key,
        .started_ns = s->started_ns,
        .duration_ms = s->result.duration_ms,
        .log_path = stage->console ? STR("") : run_log_path(&job->arena, stage->name),
        .changed = s->params_changed ? STR("params") : STR(""),
        .keep_record = stage->kind != STAGE_DEPLOY,
        .progress = {count_bytes, s->run->report},
    };
    return finish_stage(&request, &job->arena, &job->finished, err);
}

static void work(uv_work_t *handle)
{
    static enum status (*const works[])(struct job *, struct error *) = {
        [JOB_DIGEST] = job_digest, [JOB_RESTORE] = job_restore, [JOB_PREPARE] = job_prepare, [JOB_FINISH] = job_finish};
    struct job *job = handle->data;
    job->status = works[job->kind](job, &job->error);
}

static void after_work(uv_work_t *handle, int cancelled)
{
    struct job *job = handle->data;
    (void)cancelled; /* nothing is ever cancelled */
    job->stage->run->jobs_pending--;
    job->stage->job = NULL; /* what comes next may be another one */
    run_job_done(job);
    clear_finish(&job->clearing);
    arena_finish(&job->arena);
    free(job);
}

void run_job(struct stage_run *s, enum job_kind kind)
{
    struct run *run = s->run;
    struct job *job = mem_alloc(sizeof *job);
    job->stage = s;
    job->kind = kind;
    job->work.data = job;
    job->clearing = (struct clearing){
        .project = run->project,
        .arena = &job->arena,
        .run_id = run->id,
        .stage = stage_declared(s)->name,
        .known = s->check.memory.outs,
        .known_count = s->check.has_memory ? s->check.memory.out_count : 0,
    };
    s->job = job;
    run->jobs_pending++;
    if (kind == JOB_DIGEST)
        report_bytes_begin(run->report, s->check.unread_bytes);
    uv_queue_work(&run->loop, &job->work, work, after_work);
}
