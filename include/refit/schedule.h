/*
 * The schedule: which stage next, under jobs and resources.
 *
 * A pure state machine: no I/O, no processes, no clock. The run loop asks for stages to check (everything upstream is
 * done), tells what became of them, and asks for stages to start when commands may run.
 *
 *   waiting ─(last upstream done)→ ready ─take_check→ checking ─┬─ finish(fresh | restored | failed | blocked)
 *                                                               └─ queue → queued ─take_start→ running ─ finish(...)
 *   a stage downstream of one that failed, is blocked or was skipped becomes skipped.
 *
 * Among queued stages the one with the longest remaining path goes first (recorded durations along the longest chain
 * of selected stages below it); ties by position in the manifest. A stage that does not fit the free resources is
 * passed over, but not for ever: what passes a stage may not take what it waits for once STARVATION_PASSES stages have.
 */
#ifndef REFIT_SCHEDULE_H
#define REFIT_SCHEDULE_H

#include "refit/graph.h"

enum stage_state {
    STATE_UNSELECTED,
    STATE_WAITING,
    STATE_READY,
    STATE_CHECKING,
    STATE_QUEUED,
    STATE_RUNNING,
    /* final, in the order of the counters */
    STATE_FRESH,
    STATE_RESTORED,
    STATE_RAN,
    STATE_FAILED,
    STATE_BLOCKED,
    STATE_SKIPPED,
    STATE_COUNT
};
const char *stage_state_name(enum stage_state state); /* "fresh", "restored", ... */
bool stage_state_is_final(enum stage_state state);
bool stage_state_is_good(enum stage_state state); /* fresh, restored or ran */

struct schedule_options {
    const bool *selected;        /* one for each stage */
    const uint64_t *duration_ms; /* recorded durations, one for each stage; NULL = all alike */
    uint32_t jobs;               /* stages running at once; at least 1 */
    uint64_t keep_going;         /* failures before nothing new is started; 0 = no limit */
    const struct manifest_resource *totals; /* sorted by name */
    uint32_t total_count;
};

struct schedule;

/* STATUS_MANIFEST, with the place, for a stage that wants more of a resource than there is, or an unknown pool. */
enum status schedule_create(const struct graph *graph, const struct schedule_options *options, struct schedule **out,
                            struct error *err);
void schedule_destroy(struct schedule *schedule);

/* The next stage whose inputs are complete. False if there is none now. */
bool schedule_take_check(struct schedule *schedule, struct stage_id *out);

/* A checked stage has to execute. */
void schedule_queue(struct schedule *schedule, struct stage_id stage);

/* The next stage to start; its job and resources are taken. False if none may start now. */
bool schedule_take_start(struct schedule *schedule, struct stage_id *out);

/* The devices given to a running stage that asked for `gpus`: indexes from 0, ascending. Returns how many. */
uint32_t schedule_devices(const struct schedule *schedule, struct stage_id stage, uint32_t *devices, uint32_t max);

/* A checking or running stage is done. Frees what it held, marks dependents ready or skipped. Stages that become
 * skipped are appended to an internal list that schedule_take_skipped() empties, so that each can be reported. */
void schedule_finish(struct schedule *schedule, struct stage_id stage, enum stage_state state);
bool schedule_take_skipped(struct schedule *schedule, struct stage_id *skipped, struct stage_id *because);

/* Start nothing more: what waits becomes skipped; what runs goes on. */
void schedule_stop(struct schedule *schedule);

enum stage_state schedule_state(const struct schedule *schedule, struct stage_id stage);
bool schedule_is_done(const struct schedule *schedule); /* every selected stage is final */
uint32_t schedule_count(const struct schedule *schedule, enum stage_state state);

#endif
