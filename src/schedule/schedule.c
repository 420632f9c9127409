/* The state machine of a run. Every change of a stage's state goes through set_state(). */
#include "refit/schedule.h"

#include <assert.h>
#include <stdlib.h>

#include "schedule/schedule.h"

const char *stage_state_name(enum stage_state state)
{
    static const char *const names[STATE_COUNT] = {
        [STATE_UNSELECTED] = "unselected", [STATE_WAITING] = "waiting", [STATE_READY] = "ready",
        [STATE_CHECKING] = "checking",     [STATE_QUEUED] = "queued",   [STATE_RUNNING] = "running",
        [STATE_FRESH] = "fresh",           [STATE_RESTORED] = "restored", [STATE_RAN] = "ran",
        [STATE_FAILED] = "failed",         [STATE_BLOCKED] = "blocked", [STATE_SKIPPED] = "skipped",
    };
    return names[state];
}

bool stage_state_is_final(enum stage_state state)
{
    return state >= STATE_FRESH;
}

bool stage_state_is_good(enum stage_state state)
{
    return state == STATE_FRESH || state == STATE_RESTORED || state == STATE_RAN;
}

static void set_state(struct schedule *s, uint32_t stage, enum stage_state state)
{
    struct node *node = &s->nodes[stage];
    assert(!stage_state_is_final(node->state));
    s->counts[node->state]--;
    s->counts[state]++;
    node->state = state;
    if (stage_state_is_final(state))
        s->unfinished--;
}

/* The longest chain of recorded durations from each stage on; a stage that never ran counts as 1 ms, so that the number
 * of stages decides where nothing is known. */
static void compute_remaining(struct schedule *s, const uint64_t *duration_ms)
{
    for (uint32_t k = s->graph->stage_count; k-- > 0;) {
        uint32_t i = s->graph->order[k].index;
        const struct graph_stage *stage = &s->graph->stages[i];
        uint64_t longest = 0;
        for (uint32_t j = 0; j < stage->downstream_count; j++) {
            const struct node *down = &s->nodes[stage->downstream[j].index];
            if (down->state != STATE_UNSELECTED && down->remaining_ms > longest)
                longest = down->remaining_ms;
        }
        uint64_t own = duration_ms && duration_ms[i] ? duration_ms[i] : 1;
        s->nodes[i].remaining_ms = longest + own < longest ? UINT64_MAX : longest + own;
    }
}

static void make_ready(struct schedule *s, uint32_t stage)
{
    set_state(s, stage, STATE_READY);
    ready_push(s, &s->ready, stage);
}

static void start_nodes(struct schedule *s, const struct schedule_options *options)
{
    const struct graph *g = s->graph;
    for (uint32_t i = 0; i < g->stage_count; i++) {
        s->nodes[i].state = options->selected[i] ? STATE_WAITING : STATE_UNSELECTED;
        s->counts[s->nodes[i].state]++;
        s->unfinished += options->selected[i];
    }
    compute_remaining(s, options->duration_ms);
    for (uint32_t i = 0; i < g->stage_count; i++) {
        if (!options->selected[i])
            continue;
        for (uint32_t j = 0; j < g->stages[i].upstream_count; j++)
            s->nodes[i].waiting += options->selected[g->stages[i].upstream[j].index];
        if (s->nodes[i].waiting == 0)
            make_ready(s, i);
    }
}

enum status schedule_create(const struct graph *graph, const struct schedule_options *options, struct schedule **out,
                            struct error *err)
{
    struct schedule *s = mem_alloc(sizeof *s);
    s->graph = graph;
    s->jobs = options->jobs;
    assert(s->jobs > 0);
    s->keep_going = options->keep_going;
    s->totals = options->totals;
    s->total_count = options->total_count;
    s->used = mem_alloc(mem_product(s->total_count, sizeof *s->used));
    s->gpus = resources_find(s, STR("gpus"));
    s->device_count = s->gpus < s->total_count ? s->totals[s->gpus].amount : 0;
    s->device_taken = mem_alloc(mem_product(s->device_count, sizeof *s->device_taken));
    s->nodes = mem_alloc(mem_product(graph->stage_count, sizeof *s->nodes));
    enum status status = STATUS_OK;
    for (uint32_t i = 0; i < graph->stage_count && status == STATUS_OK; i++)
        if (options->selected[i])
            status = resources_check(s, graph->stages[i].declared, err);
    if (status != STATUS_OK) {
        schedule_destroy(s);
        return status;
    }
    start_nodes(s, options);
    *out = s;
    return STATUS_OK;
}

void schedule_destroy(struct schedule *s)
{
    if (s == NULL)
        return;
    for (uint32_t i = 0; i < s->graph->stage_count; i++)
        free(s->nodes[i].devices);
    free(s->nodes);
    free(s->ready.items);
    free(s->queued.items);
    free(s->skipped);
    free(s->aside);
    free(s->used);
    free(s->device_taken);
    free(s);
}

bool schedule_take_check(struct schedule *s, struct stage_id *out)
{
    while (s->ready.count > 0) {
        uint32_t stage = ready_pop(s, &s->ready);
        if (s->nodes[stage].state != STATE_READY)
            continue; /* skipped since */
        set_state(s, stage, STATE_CHECKING);
        out->index = stage;
        return true;
    }
    return false;
}

/* `because` is the stage itself if the run was stopped. */
static void skip(struct schedule *s, uint32_t stage, uint32_t because)
{
    set_state(s, stage, STATE_SKIPPED);
    s->nodes[stage].because = because;
    MEM_GROW(s->skipped, s->skipped_count, s->skipped_cap);
    s->skipped[s->skipped_count++] = stage;
}

void schedule_queue(struct schedule *s, struct stage_id stage)
{
    assert(s->nodes[stage.index].state == STATE_CHECKING);
    if (s->stopped) {
        skip(s, stage.index, stage.index);
        return;
    }
    set_state(s, stage.index, STATE_QUEUED);
    ready_push(s, &s->queued, stage.index);
}

/* What a stage that was passed too often waits for is kept for it. */
static void reserve(const struct schedule *s, uint32_t stage, uint64_t *reserved)
{
    const struct manifest_stage *declared = s->graph->stages[stage].declared;
    for (uint32_t j = 0; j < declared->resource_count; j++)
        reserved[resources_find(s, declared->resources[j].name)] += declared->resources[j].amount;
}

bool schedule_take_start(struct schedule *s, struct stage_id *out)
{
    if (s->running >= s->jobs)
        return false;
    uint64_t *reserved = NULL;
    size_t aside = 0;
    bool found = false;
    while (s->queued.count > 0 && !found) {
        uint32_t stage = ready_pop(s, &s->queued);
        struct node *node = &s->nodes[stage];
        if (node->state != STATE_QUEUED)
            continue;
        if (resources_fit(s, s->graph->stages[stage].declared, reserved)) {
            out->index = stage;
            found = true;
            break;
        }
        if (node->passes >= STARVATION_PASSES) {
            if (reserved == NULL)
                reserved = mem_alloc(mem_product(s->total_count, sizeof *reserved));
            reserve(s, stage, reserved);
        }
        MEM_GROW(s->aside, aside, s->aside_cap);
        s->aside[aside++] = stage;
    }
    for (size_t i = 0; i < aside; i++) {
        s->nodes[s->aside[i]].passes += found;
        ready_push(s, &s->queued, s->aside[i]);
    }
    free(reserved);
    if (found) {
        set_state(s, out->index, STATE_RUNNING);
        s->running++;
        resources_take(s, out->index);
    }
    return found;
}

uint32_t schedule_devices(const struct schedule *s, struct stage_id stage, uint32_t *devices, uint32_t max)
{
    const struct node *node = &s->nodes[stage.index];
    for (uint32_t i = 0; i < node->device_count && i < max; i++)
        devices[i] = node->devices[i];
    return node->device_count;
}

/* Everything below a stage that did not end well is skipped, each with the stage directly above it as the cause. */
static void skip_below(struct schedule *s, uint32_t stage)
{
    uint32_t *stack = NULL;
    size_t count = 0, cap = 0;
    MEM_GROW(stack, count, cap);
    stack[count++] = stage;
    while (count > 0) {
        uint32_t from = stack[--count];
        const struct graph_stage *node = &s->graph->stages[from];
        for (uint32_t j = 0; j < node->downstream_count; j++) {
            uint32_t down = node->downstream[j].index;
            if (s->nodes[down].state != STATE_WAITING)
                continue;
            skip(s, down, from);
            MEM_GROW(stack, count, cap);
            stack[count++] = down;
        }
    }
    free(stack);
}

void schedule_finish(struct schedule *s, struct stage_id stage, enum stage_state state)
{
    assert(stage_state_is_final(state) && state != STATE_SKIPPED);
    if (s->nodes[stage.index].state == STATE_RUNNING) {
        s->running--;
        resources_give(s, stage.index);
    }
    set_state(s, stage.index, state);
    if (!stage_state_is_good(state)) {
        skip_below(s, stage.index);
        s->failures += state == STATE_FAILED;
        if (s->keep_going != 0 && s->failures >= s->keep_going)
            schedule_stop(s);
        return;
    }
    const struct graph_stage *node = &s->graph->stages[stage.index];
    for (uint32_t j = 0; j < node->downstream_count; j++) {
        struct node *down = &s->nodes[node->downstream[j].index];
        if (down->state == STATE_WAITING && --down->waiting == 0)
            make_ready(s, node->downstream[j].index);
    }
}

bool schedule_take_skipped(struct schedule *s, struct stage_id *skipped, struct stage_id *because)
{
    if (s->skipped_first == s->skipped_count)
        return false;
    skipped->index = s->skipped[s->skipped_first++];
    because->index = s->nodes[skipped->index].because;
    return true;
}

void schedule_stop(struct schedule *s)
{
    s->stopped = true;
    for (uint32_t k = 0; k < s->graph->stage_count; k++) {
        uint32_t i = s->graph->order[k].index;
        enum stage_state state = s->nodes[i].state;
        if (state == STATE_WAITING || state == STATE_READY || state == STATE_QUEUED)
            skip(s, i, i);
    }
}

enum stage_state schedule_state(const struct schedule *s, struct stage_id stage)
{
    return s->nodes[stage.index].state;
}

bool schedule_is_done(const struct schedule *s)
{
    return s->unfinished == 0;
}

uint32_t schedule_count(const struct schedule *s, enum stage_state state)
{
    return s->counts[state];
}
