/* Making durable what a run put, although a gc may have been at work meanwhile.
 *
 * A record is refused when it is committed if a chunk of it has gone since it was taken for stored; and one that was
 * committed may be the least recently used that a small budget leaves no room for. The outs are still on disk: what
 * this run made is put again, now that it has been published that it must stay. */
#include "refit/base/fs.h"
#include "run/run.h"

enum { TRIES_MAX = 3 };

static bool same_outs(const struct record *record, const struct lock_stage *news)
{
    if (record->out_count != news->out_count)
        return false;
    for (uint32_t i = 0; i < record->out_count; i++) {
        bool found = false;
        for (uint32_t j = 0; j < news->out_count && !found; j++)
            found = str_equal(record->outs[i].path, news->outs[j].path) &&
                    digest_equal(record->outs[i].digest, news->outs[j].digest);
        if (!found)
            return false;
    }
    return true;
}

/* Is there a record of what the stage has, with everything that the record had stored? */
static enum status is_whole(struct run *run, const struct lock_stage *news, bool *whole, struct error *err)
{
    struct project *p = run->project;
    struct record *records;
    uint32_t count;
    *whole = false;
    enum status status = store_get_records(p->store, news->key, &p->arena, &records, &count, err);
    for (uint32_t i = 0; status == STATUS_OK && i < count && !*whole; i++) {
        struct record kept = {.outs = arena_array(&p->arena, struct record_out, records[i].out_count)};
        if (!same_outs(&records[i], news))
            continue;
        for (uint32_t j = 0; j < records[i].out_count; j++)
            if (records[i].outs[j].stored)
                kept.outs[kept.out_count++] = records[i].outs[j];
        status = check_all_stored(&run->check, &kept, whole, err);
    }
    return status;
}

/* False if an out is no longer what it was. */
static enum status put_outs(struct project *p, const struct lock_stage *news, bool *same, struct error *err)
{
    enum status status = STATUS_OK;
    *same = true;
    for (uint32_t i = 0; status == STATUS_OK && i < news->out_count && *same; i++) {
        const struct record_out *out = &news->outs[i];
        struct digest_options options = {
            .mode = DIGEST_OUT, .budget_bytes = UINT64_MAX, .patient = true, .store = out->stored ? p->store : NULL};
        struct input now;
        bool complete;
        struct error why;
        status = digest_path(p->fp, &p->arena, out->path, &options, &now, &complete, &why);
        *same = status == STATUS_OK && now.kind == out->kind && now.executable == out->executable &&
                digest_equal(now.digest, out->digest);
        if (status == STATUS_STORE || status == STATUS_CORRUPT || status == STATUS_INTERRUPTED)
            *err = why;
        else
            status = STATUS_OK;
    }
    return status;
}

static enum status put_again(struct run *run, struct stage_run *s, struct error *err)
{
    struct project *p = run->project;
    const struct lock_stage *news = &s->news;
    struct stage_memory memory;
    bool whole, found;
    enum status status = is_whole(run, news, &whole, err);
    if (status != STATUS_OK || whole)
        return status;
    status = put_outs(p, news, &whole, err);
    if (status == STATUS_OK && !whole) {
        report_warning(run->report,
                       str_format(&p->arena, "gc took the record of `" STR_FMT "` during this run, and its outs have "
                                  "changed since: it will be made again when it is needed", STR_ARG(news->name)));
        return STATUS_OK;
    }
    if (status == STATUS_OK)
        status = state_get_stage(p->state, news->name, &p->arena, &memory, &found, err);
    if (status != STATUS_OK)
        return status;
    struct record record = {.key = news->key,
                            .created_ms = clock_wall_ms(),
                            .duration_ms = found ? memory.duration_ms : 0,
                            .origin = str_from(stage_origin(&p->arena, p)),
                            .outs = news->outs,
                            .out_count = news->out_count,
                            .inputs = found ? memory.inputs : NULL,
                            .input_count = found ? memory.input_count : 0};
    bool ran = schedule_state(run->schedule, s->id) == STATE_RAN && !stage_declared(s)->console;
    if (ran)
        status = finish_put_log(p->store, run_log_path(&p->arena, news->name), &record.log, err);
    return status == STATUS_OK ? store_put_record(p->store, &record, err) : status;
}

enum status run_secure(struct run *run, struct error *err)
{
    struct project *p = run->project;
    bool diminished;
    enum status status = store_flush(p->store, err);
    for (int tries = 0; tries < TRIES_MAX; tries++) {
        if (status != STATUS_OK && status != STATUS_COLLECTED)
            return status;
        status = store_is_diminished(p->store, &diminished, err);
        if (status != STATUS_OK || !diminished)
            return status;
        for (uint32_t i = 0; i < p->graph.stage_count && status == STATUS_OK; i++) {
            struct stage_run *s = run->stages[i];
            enum stage_state state = schedule_state(run->schedule, (struct stage_id){i});
            if (s != NULL && s->news.name.len > 0 && (state == STATE_RAN || state == STATE_RESTORED))
                status = put_again(run, s, err);
        }
        if (status == STATUS_INTERRUPTED) /* asked twice: what is on disk is right, with or without a record */
            status = STATUS_OK;
        if (status == STATUS_OK)
            status = store_flush(p->store, err);
        if (status == STATUS_OK)
            return STATUS_OK;
    }
    return status;
}
