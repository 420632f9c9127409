/* Work for the pool: what may take long or block. */
#include <stdlib.h>
#include <string.h>

#include "run/dvccache.h"

static void announce_bytes(void *ctx, uint64_t bytes)
{
    struct job *job = ctx;
    job->bytes_left += bytes;
    report_bytes_begin(job->stage->run->report, job->bytes_work, bytes);
}

/* No more than announced: a file may have grown. */
static void count_bytes(void *ctx, uint64_t bytes)
{
    struct job *job = ctx;
    uint64_t done = bytes < job->bytes_left ? bytes : job->bytes_left;
    job->bytes_left -= done;
    report_bytes(job->stage->run->report, job->bytes_work, done);
}

/* A data set: a fault is told by the check of whatever reads it. */
static enum status work_on_set(struct job *job, struct unread *unread, struct error *err)
{
    struct project *p = job->stage->run->project;
    struct error why;
    char text[3072];
    enum status status = STATUS_OK;
    if (unread->work == UNREAD_FETCH)
        status =
            fetch_set(p, &job->arena, unread->set, unread->known, unread->known_count, &unread->stored, &why);
    if (status == STATUS_OK)
        status = dataset_sum(p, &job->arena, unread->set, &why);
    if (status == STATUS_OK)
        return STATUS_OK;
    if (status == STATUS_INTERRUPTED || status == STATUS_STORE || status == STATUS_LOCKED) {
        *err = why;
        return status;
    }
    unread->exit_status = status == STATUS_NETWORK ? status_exit(status) : 1;
    unread->fault = str_format(&job->arena, "%s: %s",
                               unread->work == UNREAD_FETCH ? "is missing, and could not be got" : "could not be read",
                               error_text(&why, text, sizeof text));
    return STATUS_OK;
}

/* Reads what the check could not afford, so that the stat cache knows it when the check is made again. */
static enum status job_digest(struct job *job, struct error *err)
{
    const struct check *check = &job->stage->check;
    enum status status = STATUS_OK;
    for (uint32_t i = 0; i < check->unread_count && status == STATUS_OK; i++) {
        if (check->unread[i].work != UNREAD_DIGEST) {
            status = work_on_set(job, &check->unread[i], err);
            continue;
        }
        struct digest_options options = {.mode = check->unread[i].mode,
                                         .budget_bytes = UINT64_MAX,
                                         .store = check->unread[i].keep ? job->stage->run->project->store : NULL,
                                         .progress = count_bytes,
                                         .ctx = job};
        struct input ignored;
        bool complete;
        status = digest_path(job->stage->run->project->fp, &job->arena, check->unread[i].path, &options, &ignored,
                             &complete, err);
    }
    return status;
}

/* What an attempt that was cut off, or waits to be accepted, left in place of the outs. After one that failed nothing
 * of it is there any more: what is there now, the user made. */
static enum status clear_leftovers(struct job *job, struct error *err)
{
    const struct check *check = &job->stage->check;
    const struct manifest_stage *stage = stage_declared(job->stage);
    if (check->has_memory && check->memory.pending)
        return clear_attempt(&job->clearing, stage, true, err);
    if (check->has_memory && check->memory.failed && str_is(check->memory.note, LEFT_IN_PLACE))
        return clear_attempt(&job->clearing, stage, false, err);
    return STATUS_OK;
}

/* What is missing of a .dvc file's outs goes from DVC's cache to the store first. */
static enum status take_from_dvc(struct job *job, struct record_out *outs, struct error *err)
{
    const struct manifest_stage *stage = stage_declared(job->stage);
    const struct record *record = job->stage->check.record;
    struct dvc_cache *cache;
    enum status status = dvc_cache_open(job->stage->run->project, &cache, err);
    if (status != STATUS_OK)
        return status;
    for (uint32_t i = 0, k = 0; k < record->out_count && status == STATUS_OK; i++)
        if (str_equal(stage->outs[i].path, record->outs[k].path)) {
            status = dvc_cache_take(cache, &job->arena, stage->outs[i].path, stage->outs[i].md5,
                                    stage->outs[i].executable, &outs[k], err);
            k++;
        }
    dvc_cache_close(cache);
    return status;
}

static enum status job_restore(struct job *job, struct error *err)
{
    const struct record *record = job->stage->check.record;
    struct restore_progress progress = {.progress = count_bytes, .ctx = job};
    struct record_out *outs = arena_copy(&job->arena, record->outs, record->out_count * sizeof *outs);
    enum status status = clear_leftovers(job, err);
    if (status == STATUS_OK && stage_declared(job->stage)->source)
        status = take_from_dvc(job, outs, err);
    for (uint32_t i = 0; i < record->out_count && status == STATUS_OK; i++)
        status = restore_out(&job->clearing, &outs[i], &progress, err);
    return status;
}

static enum status job_prepare(struct job *job, struct error *err)
{
    const struct manifest_stage *stage = stage_declared(job->stage);
    if (stage->kind == STAGE_DEPLOY) /* releases that are there stay */
        return private_models_make(&job->arena, job->stage, err);
    enum status status = clear_leftovers(job, err);
    for (uint32_t i = 0; i < stage->out_count && status == STATUS_OK; i++)
        if (!stage->outs[i].persist)
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
        .key = s->check.key,
        .started_ns = s->started_ns,
        .duration_ms = s->result.duration_ms,
        .log_path = stage->console ? STR("") : run_log_path(&job->arena, stage->name),
        .changed = s->params_changed ? STR("params") : STR(""),
        .keep_record = stage->kind != STAGE_DEPLOY,
        .progress = {.progress = count_bytes, .announce = announce_bytes, .ctx = job},
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
    if (job->bytes_left > 0)
        report_bytes_drop(job->stage->run->report, job->bytes_work, job->bytes_left);
    run_job_done(job);
    clear_finish(&job->clearing);
    arena_finish(&job->arena);
    free(job);
}

/* What is known before the job begins. */
static void announce_job(struct job *job)
{
    static const enum report_work works[] = {[JOB_DIGEST] = REPORT_DIGESTING,
                                             [JOB_RESTORE] = REPORT_RESTORING,
                                             [JOB_PREPARE] = REPORT_DIGESTING,
                                             [JOB_FINISH] = REPORT_STORING};
    const struct check *check = &job->stage->check;
    job->bytes_work = works[job->kind];
    if (job->kind == JOB_DIGEST)
        announce_bytes(job, check->unread_bytes);
    for (uint32_t i = 0; job->kind == JOB_RESTORE && i < check->record->out_count; i++)
        announce_bytes(job, check->record->outs[i].size);
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
    announce_job(job);
    uv_queue_work(&run->loop, &job->work, work, after_work);
}
