/* The loop: the schedule says what is next, the steps do it, the event loop waits for processes and the pool. */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "refit/base/fs.h"
#include "refit/base/interrupt.h"
#include "run/run.h"

/* So many stages are checked before commands that end are looked after. */
enum { CHECKS_AT_ONCE = 256 };

struct str run_make_id(struct arena *arena)
{
    time_t now = time(NULL);
    struct tm utc;
    char stamp[32];
    uint16_t random = 0;
    strftime(stamp, sizeof stamp, "%Y%m%dT%H%M%SZ", gmtime_r(&now, &utc));
    if (getrandom(&random, sizeof random, 0) != sizeof random)
        random = (uint16_t)getpid();
    return str_format(arena, "%s-%04x", stamp, random);
}

const char *stage_origin(struct arena *arena, struct project *project)
{
    char host[256] = "";
    if (gethostname(host, sizeof host - 1) != 0)
        host[0] = '\0';
    return str_format(arena, "%s:" STR_FMT, host, STR_ARG(project->root)).ptr;
}

/* ---- the event loop ---- */

void watch_interrupts(uv_loop_t *loop, uv_poll_t *handle, uv_poll_cb call)
{
    int code = uv_poll_init(loop, handle, interrupt_fd());
    if (code == 0)
        code = uv_poll_start(handle, UV_READABLE, call);
    assert(code == 0);
    (void)code;
    uv_unref((uv_handle_t *)handle);
}

/* What was made and is being stored has the same time to end as a command has. */
static void on_grace_over(uv_timer_t *handle)
{
    (void)handle;
    interrupt_hurry();
}

void run_notice_interrupts(struct run *run)
{
    if (run->interrupted == interrupt_count())
        return;
    if (run->interrupted == 0) {
        run->saw_exit[130] = true;
        schedule_stop(run->schedule);
        run_report_skipped(run);
        uv_update_time(&run->loop);
        uv_timer_start(&run->grace, on_grace_over, run->project->config.grace_ms, 0);
    }
    for (unsigned count = interrupt_count(); run->interrupted < count; run->interrupted++)
        executor_interrupt(run->executor);
}

static void on_interrupt(uv_poll_t *handle, int status, int events)
{
    (void)status;
    (void)events;
    interrupt_seen();
    run_notice_interrupts(handle->data);
}

static void on_tick(uv_timer_t *handle)
{
    struct run *run = handle->data;
    uint64_t next_ms = report_tick(run->report);
    if (next_ms > 0)
        uv_timer_start(handle, on_tick, next_ms, 0);
}

static enum status open_loop(struct run *run, struct error *err)
{
    if (uv_loop_init(&run->loop) != 0)
        return error_set(err, STATUS_IO, "no event loop can be made");
    run->interrupts.data = run;
    watch_interrupts(&run->loop, &run->interrupts, on_interrupt);
    uv_timer_init(&run->loop, &run->grace);
    uv_unref((uv_handle_t *)&run->grace);
    uv_timer_init(&run->loop, &run->ticker);
    run->ticker.data = run;
    uv_unref((uv_handle_t *)&run->ticker);
    uv_timer_init(&run->loop, &run->keeper);
    run->keeper.data = run;
    uv_unref((uv_handle_t *)&run->keeper);
    run->executor = executor_create(&run->loop, run->project->config.grace_ms);
    return STATUS_OK;
}

static void close_loop(struct run *run)
{
    executor_destroy(run->executor);
    uv_close((uv_handle_t *)&run->interrupts, NULL);
    uv_close((uv_handle_t *)&run->grace, NULL);
    uv_close((uv_handle_t *)&run->ticker, NULL);
    uv_close((uv_handle_t *)&run->keeper, NULL);
    uv_run(&run->loop, UV_RUN_DEFAULT);
    uv_loop_close(&run->loop);
}

/* Check what is ready and start what may start; false if there was nothing to do. */
static bool advance(struct run *run)
{
    struct stage_id id;
    bool any = false;
    for (int i = 0; i < CHECKS_AT_ONCE && schedule_take_check(run->schedule, &id); i++) {
        run_check(run, id);
        any = true;
    }
    while (schedule_take_start(run->schedule, &id)) {
        run_start(run, id);
        any = true;
    }
    return any;
}

static void drive(struct run *run)
{
    uv_timer_start(&run->ticker, on_tick, 0, 0);
    for (;;) {
        run_notice_interrupts(run);
        bool any = advance(run);
        bool waiting = run->jobs_pending > 0 || executor_running(run->executor) > 0;
        if (!waiting && !any) {
            assert(schedule_is_done(run->schedule));
            break;
        }
        if (waiting)
            uv_run(&run->loop, any ? UV_RUN_NOWAIT : UV_RUN_ONCE);
    }
}

/* ---- before and after ---- */

static enum status make_schedule(struct run *run, struct error *err)
{
    const struct project *p = run->project;
    uint64_t *duration_ms = mem_alloc(mem_product(p->graph.stage_count, sizeof *duration_ms));
    for (uint32_t i = 0; i < p->graph.stage_count && run->durations.count > 0; i++)
        duration_ms[i] = durations_get(&run->durations, p->graph.stages[i].declared->name);
    struct schedule_options options = {.selected = run->selected,
                                       .duration_ms = duration_ms,
                                       .jobs = p->config.jobs,
                                       .keep_going = p->config.keep_going,
                                       .totals = p->config.resources,
                                       .total_count = p->config.resource_count};
    enum status status = schedule_create(&p->graph, &options, &run->schedule, err);
    free(duration_ms);
    return status;
}

/* A run of all stages leaves behind how they stand, if they turn out to be fresh. */
static bool asks_for_all(const struct run_options *options)
{
    const struct graph_selection_options *selection = &options->selection;
    return !options->force && selection->target_count == 0 && !selection->single && !selection->downstream &&
           !selection->deploy;
}

static enum status prepare(struct run *run, struct error *err)
{
    struct project *p = run->project;
    run->selected = arena_array(&p->arena, bool, p->graph.stage_count);
    run->stages = arena_array(&p->arena, struct stage_run *, p->graph.stage_count);
    enum status status = graph_select(&p->graph, &run->options->selection, run->selected, err);
    if (status == STATUS_OK)
        status = take_over(p, run->report, err);
    for (uint32_t i = 0; i < p->graph.stage_count && status == STATUS_OK; i++)
        if (run->selected[i])
            status = fingerprint_check_params(p->fp, &p->graph, (struct stage_id){i}, err);
    if (status == STATUS_OK)
        status = lock_is_current(p, &run->lock_current, err);
    if (status == STATUS_OK && !run->lock_current)
        status = check_load_lock(&run->check, err); /* a conflict in it is said before anything runs */
    if (status == STATUS_OK)
        status = durations_load(p, &run->durations, err);
    if (status == STATUS_OK)
        status = make_schedule(run, err);
    if (status == STATUS_OK)
        status = tools_ask(p, run->selected, err);
    return status;
}

static const struct lock_stage *news_of(void *ctx, uint32_t stage)
{
    const struct run *run = ctx;
    const struct stage_run *s = run->stages[stage];
    return s != NULL && s->news.name.len > 0 ? &s->news : NULL;
}

/* Does refit.lock, with the news of this run, say of every stage what the state remembers? Of one that was not selected
 * or did not end well only if it did so before; of one that was fresh only if it is still the one of which it did. */
static bool lock_is_whole(const struct run *run)
{
    const struct graph *g = &run->project->graph;
    if (run->lock_replaced)
        return false;
    for (uint32_t i = 0; i < g->stage_count && !run->lock_current; i++) {
        const struct manifest_stage *stage = g->stages[i].declared;
        if (stage->kind != STAGE_DEPLOY && !stage->frozen &&
            !stage_state_is_good(schedule_state(run->schedule, (struct stage_id){i})))
            return false;
    }
    return true;
}

/* What refit.lock will say: as it is, with the news of this run. *any is false if nothing has to be said. */
static enum status merge_lock(struct run *run, struct lock *lock, bool *any, struct error *err)
{
    struct project *p = run->project;
    *any = p->store != NULL || !run->lock_current || run->lock_changed || run->recording.worth;
    if (!*any)
        return STATUS_OK;
    enum status status = check_load_lock(&run->check, err);
    if (status == STATUS_OK) /* somebody may have put another one there meanwhile */
        status = lock_follow(&p->arena, &run->check.loaded, err);
    bool current = run->lock_current;
    if (status == STATUS_OK && current)
        status = lock_is_current(p, &run->lock_current, err);
    run->lock_replaced = current && !run->lock_current;
    if (status == STATUS_OK)
        *lock = lock_merge(&p->arena, &p->graph, run->check.lock, news_of, run);
    return status;
}

static enum status write_lock(struct run *run, const struct lock *lock, struct error *err)
{
    struct project *p = run->project;
    if (run->lock_current && !run->lock_changed)
        return STATUS_OK;
    bool changed;
    enum status status = workspace_begin(p->workspace, err);
    if (status == STATUS_OK)
        status = lock_save(p, lock, lock_is_whole(run), run->options->locked, &changed, err);
    if (status == STATUS_OK && changed && run->options->locked)
        status = error_set(err, STATUS_FAILED,
                           "refit.lock would change, and --locked was given; run without it and commit refit.lock");
    return status;
}

static int worst_exit(const struct run *run)
{
    int worst = 0;
    for (int code = 1; code < (int)(sizeof run->saw_exit / sizeof *run->saw_exit); code++)
        if (run->saw_exit[code] && exit_is_worse(code, worst))
            worst = code;
    return worst;
}

/* What was done is in the history, even if refit.lock could not be written or must not change: `status` says that. */
static enum status record(struct run *run, const struct lock *lock, enum status status, struct error *err)
{
    uint32_t counts[HISTORY_COUNTERS];
    struct error why;
    for (int i = 0; i < HISTORY_COUNTERS; i++)
        counts[i] = schedule_count(run->schedule, (enum stage_state)(STATE_FRESH + i));
    run->saw_exit[130] |= interrupt_count() > 0;
    run->saw_exit[status_exit(status)] = true;
    enum status recorded = recording_save(&run->recording, lock, worst_exit(run), counts, &why);
    if (status == STATUS_OK && recorded != STATUS_OK)
        *err = why;
    return status == STATUS_OK ? recorded : status;
}

/* Everything durable, in the order that makes sense after a crash: the store, refit.lock, the history, the state. What
 * the store did not keep is not remembered either, or the next run would call it fresh. The store learns with it what
 * gc must leave, whether refit.lock changed or not: the store may be another one than before. */
static enum status settle(struct run *run, struct error *err)
{
    struct project *p = run->project;
    struct lock lock = {0};
    struct error why; /* a refit.lock that cannot be read keeps nothing from being durable */
    bool any;
    enum status status = merge_lock(run, &lock, &any, &why);
    if (p->store != NULL) {
        enum status stored = status == STATUS_OK ? roots_publish(p, &lock, err) : STATUS_OK;
        if (stored == STATUS_OK)
            stored = run_secure(run, err);
        if (stored != STATUS_OK)
            return stored;
    }
    bool merged = status == STATUS_OK;
    if (!merged)
        *err = why;
    else if (any)
        status = write_lock(run, &lock, err);
    if (merged)
        status = record(run, &lock, status, err);
    durations_save(p, &run->durations);
    bool diminished = false; /* then a data set may have been taken that nothing named yet: the next run looks again */
    if (status == STATUS_OK && p->store != NULL)
        status = store_is_diminished(p->store, &diminished, err);
    if (status == STATUS_OK && interrupt_count() == 0 && !diminished)
        standing_keep(run);
    struct error other;
    enum status committed = state_commit(p->state, &other);
    if (committed == STATUS_OK)
        workspace_settle(p->workspace);
    if (status == STATUS_OK && committed != STATUS_OK) {
        *err = other;
        status = committed;
    }
    return status;
}

static void summarise(struct run *run, int64_t began_ms, struct report_summary *summary)
{
    *summary = (struct report_summary){.run_id = run->id,
                                       .duration_ms = (uint64_t)(clock_monotonic_ms() - began_ms),
                                       .exit_status = worst_exit(run)};
    for (int state = 0; state < STATE_COUNT; state++)
        summary->counts[state] = schedule_count(run->schedule, (enum stage_state)state);
    if (run->is_fatal) {
        char text[3072];
        summary->error = str_dup(&run->project->arena, str_from(error_text(&run->error, text, sizeof text)));
    }
    report_run_finished(run->report, summary);
}

static uint32_t count_selected(const struct run *run)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < run->project->graph.stage_count; i++)
        count += run->selected[i];
    return count;
}

/* Everything was fresh, and is as it was. */
static void say_it_stands(struct run *run, struct report_summary *summary)
{
    const struct project *p = run->project;
    report_run_started(run->report, run->id, p->standing_count, p->config.jobs, false);
    *summary = (struct report_summary){.run_id = run->id};
    summary->counts[STATE_FRESH] = p->standing_count;
    report_run_finished(run->report, summary);
}

static enum status execute(struct run *run, struct report_summary *summary, struct error *err)
{
    struct project *p = run->project;
    int64_t began_ms = clock_monotonic_ms();
    enum status status = prepare(run, err);
    if (status == STATUS_OK)
        status = open_loop(run, err);
    if (status != STATUS_OK) {
        workspace_settle(p->workspace);
        return status;
    }
    if (state_was_replaced(p->state))
        report_warning(run->report, STR("the workspace state was damaged; it was put aside, and what it knew is found "
                                        "again"));
    report_run_started(run->report, run->id, count_selected(run), p->config.jobs, false);
    drive(run);
    close_loop(run);
    struct error why;
    status = settle(run, &why);
    if (status != STATUS_OK) {
        if (!run->is_fatal)
            run->error = why;
        run->is_fatal = true;
        run->saw_exit[status_exit(status)] = true;
    }
    run->saw_exit[130] |= interrupt_count() > 0; /* while all was made durable */
    summarise(run, began_ms, summary);
    if (run->is_fatal)
        *err = run->error;
    return run->is_fatal ? run->error.status : STATUS_OK;
}

enum status run_execute(struct project *project, const struct run_options *options, struct report *report,
                        struct report_summary *summary, struct error *err)
{
    struct run run = {.project = project, .options = options, .report = report};
    run.id = run_make_id(&project->arena);
    recording_begin(&run.recording, project, report, run.id);
    if (project->stands) {
        say_it_stands(&run, summary);
        return STATUS_OK;
    }
    run.check = (struct check_context){
        .project = project, .arena = &project->arena, .budget_bytes = INLINE_BYTES, .force = options->force,
        .standing = asks_for_all(options) && project->dialect == MANIFEST_REFIT ? standing_create() : NULL};
    run.check.fetches = &run.fetches;
    enum status status = execute(&run, summary, err);
    schedule_destroy(run.schedule);
    fetches_finish(&run.fetches);
    standing_destroy(run.check.standing);
    durations_finish(&run.durations);
    recording_finish(&run.recording);
    return status;
}
