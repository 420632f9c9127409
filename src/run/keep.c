/* What must not be done twice is remembered while the run goes on.
 *
 * A run commits the state at its end: after a kill the store's records say what was done. They do not tell of a stage
 * with a `persist` out, which executed again would add to what it added already. So when one has ended, all that has
 * ended so far is made durable: records first, then the state, then the word in .refit/lock that it knows. */
#include "refit/base/fs.h"
#include "run/run.h"

/* Many such stages are one transaction. */
enum { GROUP_MS = 1000 };

static enum status note_all(struct run *run, struct error *err)
{
    struct project *p = run->project;
    enum status status = STATUS_OK;
    for (uint32_t i = 0; i < p->graph.stage_count && status == STATUS_OK; i++) {
        struct stage_run *s = run->stages[i];
        if (s == NULL || s->kept || schedule_state(run->schedule, s->id) != STATE_RAN)
            continue;
        status = workspace_note(p->workspace, '=', stage_declared(s)->name, err);
        s->kept = status == STATUS_OK;
    }
    return status;
}

static void keep(struct run *run)
{
    struct project *p = run->project;
    struct error err;
    enum status status = run_secure(run, &err);
    if (status == STATUS_OK) {
        lock_forget(p);
        status = state_commit(p->state, &err);
    }
    if (status == STATUS_OK)
        status = note_all(run, &err);
    if (status != STATUS_OK)
        run_set_fatal(run, &err);
    run->kept_ms = clock_monotonic_ms();
}

static void on_due(uv_timer_t *timer)
{
    keep(timer->data);
}

void run_keep(struct run *run)
{
    int64_t passed_ms = clock_monotonic_ms() - run->kept_ms;
    if (run->is_fatal || uv_is_active((uv_handle_t *)&run->keeper))
        return;
    if (run->kept_ms == 0 || passed_ms >= GROUP_MS)
        keep(run);
    else
        uv_timer_start(&run->keeper, on_due, (uint64_t)(GROUP_MS - passed_ms), 0);
}
