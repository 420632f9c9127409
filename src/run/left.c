/* What a killed run left: temporaries, and stages of which nobody remembers how they ended.
 *
 * .refit/lock names the stages until the state knows, so that a kill in between, or a run that ends early, forgets
 * nothing. */
#include "run/run.h"

/* Stages that a killed run was executing: what is in place of their outs means nothing. */
static enum status distrust(struct project *p, const struct workspace_lock *lock, struct error *err)
{
    enum status status = STATUS_OK;
    for (uint32_t i = 0; i < lock->left_count && status == STATUS_OK; i++) {
        struct stage_memory memory = {0};
        bool found;
        status = state_get_stage(p->state, lock->left[i], &p->arena, &memory, &found, err);
        memory.failed = true;
        memory.pending = false;
        memory.note = STR(LEFT_IN_PLACE);
        if (status == STATUS_OK)
            state_set_stage(p->state, lock->left[i], &memory);
    }
    return status;
}

enum status take_over(struct project *p, struct report *report, struct error *err)
{
    struct workspace_lock *lock = p->workspace;
    if (lock->ended.len > 0)
        report_note(report, str_format(&p->arena, "ended what an earlier run had left running: " STR_FMT,
                                       STR_ARG(lock->ended)));
    if (!lock->stale)
        return STATUS_OK;
    enum status status = temporary_clean(p, &p->arena, err);
    if (status == STATUS_OK)
        status = distrust(p, lock, err);
    if (status == STATUS_OK)
        status = state_commit(p->state, err);
    return status == STATUS_OK ? workspace_begin(lock, err) : status;
}
