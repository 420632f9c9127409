/* `refit pin` and `refit forget`: what of the history is to stay, and what is to go. */
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
