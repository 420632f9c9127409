/* `refit pin` and `refit forget`: what of the history is to stay, and what is to go; and that the store knows. */
#include <unistd.h>

#include "run/run.h"

/* A run that is at work compares with the history, so it must not change meanwhile. */
static enum status keep_runs_out(int *fd, struct error *err)
{
    enum status status = workspace_claim(fd, err);
    if (status == STATUS_OK && *fd < 0)
        status = error_set(err, STATUS_LOCKED, "a run is at work in this workspace; wait for its end");
    return status;
}

static enum status open_store(struct project *p, struct error *err)
{
    enum status status = project_open_store(p, err);
    if (status == STATUS_OK && p->store == NULL)
        status = error_set(err, STATUS_STORE, "there is no store in " STR_FMT, STR_ARG(p->store_directory));
    return status;
}

static enum status count_lacking(struct project *p, const struct lock *lock, uint32_t *lacking, struct error *err)
{
    enum status status = STATUS_OK;
    for (uint32_t i = 0; i < lock->stage_count; i++)
        for (uint32_t o = 0; o < lock->stages[i].out_count && status == STATUS_OK; o++) {
            bool has = lock->stages[i].outs[o].stored;
            if (has)
                status = store_has(p->store, lock->stages[i].outs[o].digest, &has, err);
            *lacking += !has;
        }
    return status;
}

/* ---- publishing ---- */

static enum status make_ref(struct project *p, struct history *history, const struct history_run *run,
                            struct store_ref *out, struct error *err)
{
    struct lock lock;
    enum status status = history_get_lock(history, run->number, &p->arena, &lock, err);
    return status == STATUS_OK ? roots_of_pin(p, run->id, &lock, out, err) : status;
}

/* Only the name is asked for: what is published under it is never less than what the run made. */
static enum status publish_unknown(struct project *p, struct history *history, const struct history_run *run,
                                   bool *any, struct error *err)
{
    static const struct lock nothing;
    struct store_ref ref;
    bool known = false;
    enum status status = roots_of_pin(p, run->id, &nothing, &ref, err);
    if (status == STATUS_OK)
        status = store_has_ref(p->store, &ref, &known, err);
    if (status != STATUS_OK || known)
        return status;
    *any = true;
    status = make_ref(p, history, run, &ref, err);
    return status == STATUS_OK ? store_publish(p->store, &ref, err) : status;
}

enum status pins_publish(struct project *p, struct history *history, struct error *err)
{
    struct history_run *runs;
    uint32_t count;
    bool any = false;
    enum status status = p->copy ? STATUS_OK : history_list(history, &p->arena, &runs, &count, err);
    for (uint32_t i = 0; !p->copy && status == STATUS_OK && i < count; i++) {
        if (!runs[i].pinned)
            continue;
        status = open_store(p, err);
        if (status == STATUS_OK)
            status = publish_unknown(p, history, &runs[i], &any, err);
    }
    return status == STATUS_OK && any ? store_flush(p->store, err) : status;
}

enum status pins_read(struct project *p, struct store_ref **refs, uint32_t *count, struct error *err)
{
    struct history *history;
    struct history_run *runs;
    uint32_t run_count = 0;
    *count = 0;
    enum status status = project_open_history(p, true, &history, err);
    if (status != STATUS_OK)
        return status;
    status = history_list(history, &p->arena, &runs, &run_count, err);
    *refs = arena_array(&p->arena, struct store_ref, run_count);
    for (uint32_t i = 0; status == STATUS_OK && i < run_count; i++)
        if (runs[i].pinned)
            status = make_ref(p, history, &runs[i], &(*refs)[(*count)++], err);
    history_close(history);
    return status;
}

/* ---- pin and forget ---- */

/* Published before the history says so, and taken back after: a kill in between keeps too much, never too little. */
static enum status pin(struct project *p, struct history *history, const struct history_run *run, uint32_t *lacking,
                       struct error *err)
{
    struct lock lock;
    enum status status = history_get_lock(history, run->number, &p->arena, &lock, err);
    if (status == STATUS_OK)
        status = roots_pin(p, run->id, &lock, err);
    if (status == STATUS_OK)
        status = count_lacking(p, &lock, lacking, err);
    return status == STATUS_OK ? history_pin(history, run->number, true, err) : status;
}

static enum status unpin(struct project *p, struct history *history, const struct history_run *run, struct error *err)
{
    enum status status = history_pin(history, run->number, false, err);
    return status == STATUS_OK ? roots_unpin(p, run->id, err) : status;
}

enum status run_pin(struct project *p, struct history *history, const struct history_run *run, bool pinned,
                    uint32_t *lacking, struct error *err)
{
    int fd;
    *lacking = 0;
    enum status status = keep_runs_out(&fd, err);
    if (status != STATUS_OK)
        return status;
    status = open_store(p, err);
    if (status == STATUS_OK)
        status = pinned ? pin(p, history, run, lacking, err) : unpin(p, history, run, err);
    if (status == STATUS_OK)
        status = pins_publish(p, history, err);
    close(fd);
    return status;
}

enum status run_forget(struct project *p, struct history *history, const struct history_run *run, struct error *err)
{
    int fd;
    enum status status = keep_runs_out(&fd, err);
    if (status != STATUS_OK)
        return status;
    if (run->pinned)
        status = open_store(p, err);
    if (status == STATUS_OK && run->pinned)
        status = unpin(p, history, run, err);
    if (status == STATUS_OK)
        status = history_forget(history, run->number, err);
    close(fd);
    return status;
}
