/* Shared by the files of this module. */
#ifndef REFIT_SCHEDULE_PRIVATE_H
#define REFIT_SCHEDULE_PRIVATE_H

#include "refit/schedule.h"

/* A stage that waits in the queue goes before others that do not fit beside it once this many have passed it. */
#define STARVATION_PASSES 64

struct node {
    enum stage_state state;
    uint32_t waiting;      /* selected upstream stages that are not final yet */
    uint32_t passes;       /* started stages that came later in the queue */
    uint64_t remaining_ms; /* longest path from here to the end, this stage included */
    uint32_t because;      /* skipped: the upstream stage that caused it */
    uint32_t *devices;     /* while running */
    uint32_t device_count;
};

/* A heap of stages: longest remaining path first, then the manifest's order. */
struct ready_queue {
    uint32_t *items;
    size_t count, cap;
};

struct schedule {
    const struct graph *graph;
    struct node *nodes;
    uint32_t jobs, running;
    uint64_t keep_going, failures;
    bool stopped;
    struct ready_queue ready, queued;
    uint32_t *skipped; /* to be reported; `skipped_first` of them were */
    size_t skipped_count, skipped_cap, skipped_first;
    uint32_t *aside; /* scratch of schedule_take_start */
    size_t aside_cap;
    uint32_t total_count;
    const struct manifest_resource *totals;
    uint64_t *used;        /* of each total */
    uint32_t gpus;         /* index into totals, or total_count */
    uint64_t device_count; /* as many as gpus has in total */
    bool *device_taken;
    bool console_taken; /* by a running stage that has the terminal */
    uint32_t counts[STATE_COUNT];
    uint32_t unfinished;
};

void ready_push(const struct schedule *s, struct ready_queue *queue, uint32_t stage);
uint32_t ready_pop(const struct schedule *s, struct ready_queue *queue);

/* Resources of a stage: whether they are free, taking them, giving them back. */
bool resources_fit(const struct schedule *s, const struct manifest_stage *stage, const uint64_t *reserved);
void resources_take(struct schedule *s, uint32_t stage);
void resources_give(struct schedule *s, uint32_t stage);
enum status resources_check(const struct schedule *s, const struct manifest_stage *stage, struct error *err);
/* The index of a total, or total_count. */
uint32_t resources_find(const struct schedule *s, struct str name);

#endif
