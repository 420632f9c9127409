/* Work for the pool: what may take long or block. */
#include <string.h>

#include "run/run.h"

static void count_bytes(void *ctx, uint64_t bytes)
{
    report_bytes(ctx, bytes);
}

/* Reads what the check could not afford, so that the stat cache knows it when the check is made again. */
static enum status job_digest(struct stage_run *s, struct error *err)
{
    enum status status = STATUS_OK;
    for (uint32_t i = 0; i < s->check.unread_count && status == STATUS_OK; i++) {
        struct digest_options options = {.mode = s->check.unread[i].mode,
                                         .budget_bytes = UINT64_MAX,
                                         .progress = count_bytes,
                                         .ctx = s->run->report};
        struct input ignored;
        bool complete;
        status = digest_path(s->run->project->fp, &s->job_arena, s->check.unread[i].path, &options, &ignored, &complete,
                             err);
    }
    return status;
}

/* What an attempt that failed, or was cut off, left in place of the outs. */
static enum status clear_leftovers(struct stage_run *s, struct error *err)
{
    bool failed = s->check.has_memory && s->check.memory.failed;
    return failed ? clear_attempt(&s->clearing, stage_declared(s), err) : STATUS_OK;
}

static enum status job_restore(struct stage_run *s, struct error *err)
{
    struct restore_progress progress = {count_bytes, s->run->report};
    enum status status = clear_leftovers(s, err);
    for (uint32_t i = 0; i < s->check.record->out_count && status == STATUS_OK; i++)
        status = restore_out(&s->clearing, &s->check.record->outs[i], &progress, err);
    return status;
}

static enum status job_prepare(struct stage_run *s, struct error *err)
{
    const struct manifest_stage *stage = stage_declared(s);
    enum status status = clear_leftovers(s, err);
    for (uint32_t i = 0; i < stage->out_count && status == STATUS_OK; i++)
        if (!stage->outs[i].persist && stage->kind != STAGE_DEPLOY)
            status = clear_out(&s->clearing, stage->outs[i].path, err);
    return status;
}

static enum status job_finish(struct stage_run *s, struct error *err)
{
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
        .log_path = stage->console ? STR("") : run_log_path(&s->job_arena, stage->name),
        .changed = s->params_changed ? STR("params") : STR(""),
        .keep_record = stage->kind != STAGE_DEPLOY,
        .progress = {count_bytes, s->run->report},
    };
    return finish_stage(&request, &s->job_arena, &s->finished, err);
}

static void work(uv_work_t *handle)
{
    static enum status (*const jobs[])(struct stage_run *, struct error *) = {
        [JOB_DIGEST] = job_digest, [JOB_RESTORE] = job_restore, [JOB_PREPARE] = job_prepare, [JOB_FINISH] = job_finish};
    struct stage_run *s = handle->data;
    s->job_status = jobs[s->job](s, &s->job_error);
}

static void after_work(uv_work_t *handle, int cancelled)
{
    struct stage_run *s = handle->data;
    (void)cancelled; /* nothing is ever cancelled */
    /* What comes next may be another job of this stage, with an arena of its own. */
    struct arena arena = s->job_arena;
    struct clearing clearing = s->clearing;
    s->run->jobs_pending--;
    run_job_done(s);
    clear_finish(&clearing);
    arena_finish(&arena);
}

void run_job(struct stage_run *s, enum stage_job job)
{
    struct run *run = s->run;
    arena_init(&s->job_arena);
    s->job = job;
    s->job_status = STATUS_OK;
    s->clearing = (struct clearing){
        .project = run->project,
        .arena = &s->job_arena,
        .run_id = run->id,
        .stage = stage_declared(s)->name,
        .known = s->check.memory.outs,
        .known_count = s->check.has_memory ? s->check.memory.out_count : 0,
    };
    s->work.data = s;
    run->jobs_pending++;
    if (job == JOB_DIGEST)
        report_bytes_begin(run->report, s->check.unread_bytes);
    uv_queue_work(&run->loop, &s->work, work, after_work);
}
