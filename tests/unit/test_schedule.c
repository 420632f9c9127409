/* The schedule: small cases by hand, and the rules that hold whatever the graph and the order in which stages end. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "refit/schedule.h"
#include "schedule/schedule.h"

enum { STAGES_MAX = 200, WANTS = 3 };

/* A graph under construction: stage i has the out "oI" and reads those of the stages above it. */
struct plan {
    struct arena arena;
    struct manifest manifest;
    struct graph graph;
    bool selected[STAGES_MAX];
    uint64_t duration_ms[STAGES_MAX];
    struct schedule_options options;
    struct schedule *schedule;
};

static struct error err;

static struct plan *plan_create(uint32_t count)
{
    struct plan *p = mem_alloc(sizeof *p);
    arena_init(&p->arena);
    p->manifest = (struct manifest){.stage_count = count};
    p->manifest.stages = arena_array(&p->arena, struct manifest_stage, count);
    for (uint32_t i = 0; i < count; i++) {
        struct manifest_stage *stage = &p->manifest.stages[i];
        stage->name = str_format(&p->arena, "s%u", i);
        stage->file = STR("refit.yaml");
        stage->outs = arena_new(&p->arena, struct manifest_out);
        stage->outs[0].path = str_format(&p->arena, "o%u", i);
        stage->out_count = 1;
        stage->deps = arena_array(&p->arena, struct manifest_path, count);
        stage->resources = arena_array(&p->arena, struct manifest_resource, WANTS);
        p->selected[i] = true;
    }
    p->options = (struct schedule_options){.selected = p->selected, .jobs = 1};
    return p;
}

static void plan_edge(struct plan *p, uint32_t from, uint32_t to)
{
    struct manifest_stage *stage = &p->manifest.stages[to];
    stage->deps[stage->dep_count++].path = p->manifest.stages[from].outs[0].path;
}

static void plan_want(struct plan *p, uint32_t stage, const char *name, uint64_t amount)
{
    struct manifest_stage *declared = &p->manifest.stages[stage];
    declared->resources[declared->resource_count++] =
        (struct manifest_resource){.name = str_from(name), .at = {stage + 1, 2}, .amount = amount};
}

static void plan_start(struct plan *p)
{
    assert_int_equal(graph_build(&p->arena, &p->manifest, &p->graph, &err), STATUS_OK);
    if (schedule_create(&p->graph, &p->options, &p->schedule, &err) != STATUS_OK)
        fail_msg("%s", err.message);
}

static void plan_destroy(struct plan *p)
{
    schedule_destroy(p->schedule);
    graph_finish(&p->graph);
    arena_finish(&p->arena);
    free(p);
}

/* Checks all that is ready: every stage has to execute. */
static void queue_all(struct plan *p)
{
    struct stage_id id;
    while (schedule_take_check(p->schedule, &id))
        schedule_queue(p->schedule, id);
}

static uint32_t take_check(struct plan *p)
{
    struct stage_id id = {GRAPH_NONE};
    return schedule_take_check(p->schedule, &id) ? id.index : GRAPH_NONE;
}

static uint32_t take_start(struct plan *p)
{
    struct stage_id id = {GRAPH_NONE};
    return schedule_take_start(p->schedule, &id) ? id.index : GRAPH_NONE;
}

static void finish(struct plan *p, uint32_t stage, enum stage_state state)
{
    schedule_finish(p->schedule, (struct stage_id){stage}, state);
}

static enum stage_state state_of(struct plan *p, uint32_t stage)
{
    return schedule_state(p->schedule, (struct stage_id){stage});
}

static uint32_t count_of(struct plan *p, enum stage_state state)
{
    return schedule_count(p->schedule, state);
}

/* ---- by hand ---- */

static void stages_go_from_waiting_to_done(void **unused)
{
    (void)unused;
    struct plan *p = plan_create(3);
    plan_edge(p, 0, 1);
    plan_edge(p, 1, 2);
    plan_start(p);
    assert_int_equal(state_of(p, 0), STATE_READY);
    assert_int_equal(state_of(p, 1), STATE_WAITING);
    assert_int_equal(take_start(p), GRAPH_NONE);
    assert_int_equal(take_check(p), 0);
    assert_int_equal(take_check(p), GRAPH_NONE);
    assert_int_equal(state_of(p, 0), STATE_CHECKING);
    finish(p, 0, STATE_FRESH);
    assert_int_equal(take_check(p), 1);
    schedule_queue(p->schedule, (struct stage_id){1});
    assert_int_equal(state_of(p, 1), STATE_QUEUED);
    assert_int_equal(take_start(p), 1);
    assert_int_equal(state_of(p, 1), STATE_RUNNING);
    assert_false(schedule_is_done(p->schedule));
    finish(p, 1, STATE_RAN);
    assert_int_equal(take_check(p), 2);
    finish(p, 2, STATE_RESTORED);
    assert_true(schedule_is_done(p->schedule));
    assert_int_equal(count_of(p, STATE_FRESH), 1);
    assert_int_equal(count_of(p, STATE_RAN), 1);
    assert_int_equal(count_of(p, STATE_RESTORED), 1);
    struct stage_id a, b;
    assert_false(schedule_take_skipped(p->schedule, &a, &b));
    plan_destroy(p);
}

static void an_empty_selection_is_done(void **unused)
{
    (void)unused;
    struct plan *p = plan_create(2);
    p->selected[0] = p->selected[1] = false;
    plan_start(p);
    assert_true(schedule_is_done(p->schedule));
    assert_int_equal(count_of(p, STATE_UNSELECTED), 2);
    assert_int_equal(take_check(p), GRAPH_NONE);
    plan_destroy(p);
    p = plan_create(0);
    plan_start(p);
    assert_true(schedule_is_done(p->schedule));
    plan_destroy(p);
    schedule_destroy(NULL);
}

static void unselected_stages_hold_nobody_back(void **unused)
{
    (void)unused;
    struct plan *p = plan_create(3);
    plan_edge(p, 0, 1);
    plan_edge(p, 1, 2);
    p->selected[1] = false;
    plan_start(p);
    assert_int_equal(take_check(p), 0);
    assert_int_equal(take_check(p), 2);
    finish(p, 0, STATE_FAILED);
    assert_int_equal(state_of(p, 2), STATE_CHECKING);
    assert_int_equal(state_of(p, 1), STATE_UNSELECTED);
    plan_destroy(p);
}

static void the_longest_path_goes_first(void **unused)
{
    (void)unused;
    /* 0 → 1 → 2 takes 30 + 1 + 1; 3 takes 20; 4 → 5 takes 5 + 60; 6 and 7 never ran */
    struct plan *p = plan_create(8);
    plan_edge(p, 0, 1);
    plan_edge(p, 1, 2);
    plan_edge(p, 4, 5);
    static const uint64_t durations[] = {30, 0, 0, 20, 5, 60, 0, 0};
    memcpy(p->duration_ms, durations, sizeof durations);
    p->options.duration_ms = p->duration_ms;
    p->options.jobs = 8;
    plan_start(p);
    static const uint32_t want[] = {4, 0, 3, 6, 7};
    for (size_t i = 0; i < 5; i++) {
        struct stage_id id;
        assert_true(schedule_take_check(p->schedule, &id));
        assert_int_equal(id.index, want[i]); /* checks too */
    }
    for (size_t i = 5; i-- > 0;)
        schedule_queue(p->schedule, (struct stage_id){want[i]});
    for (size_t i = 0; i < 5; i++)
        assert_int_equal(take_start(p), want[i]);
    plan_destroy(p);
    /* without durations, the number of stages; what is not selected does not count */
    p = plan_create(6);
    plan_edge(p, 1, 2);
    plan_edge(p, 3, 4);
    plan_edge(p, 4, 5);
    p->selected[5] = false;
    plan_start(p);
    assert_int_equal(take_check(p), 1);
    assert_int_equal(take_check(p), 3);
    assert_int_equal(take_check(p), 0);
    plan_destroy(p);
    /* durations that overflow are as long as can be */
    p = plan_create(3);
    plan_edge(p, 1, 2);
    p->duration_ms[0] = UINT64_MAX - 1;
    p->duration_ms[1] = p->duration_ms[2] = UINT64_MAX;
    p->options.duration_ms = p->duration_ms;
    plan_start(p);
    assert_int_equal(take_check(p), 1);
    plan_destroy(p);
}

static void failures_skip_what_follows(void **unused)
{
    (void)unused;
    static const enum stage_state bad[] = {STATE_FAILED, STATE_BLOCKED};
    for (size_t k = 0; k < 2; k++) {
        /* 0 → 1 → 2, 3 → 2, 3 → 4 */
        struct plan *p = plan_create(5);
        plan_edge(p, 0, 1);
        plan_edge(p, 1, 2);
        plan_edge(p, 3, 2);
        plan_edge(p, 3, 4);
        plan_start(p);
        assert_int_equal(take_check(p), 0);
        finish(p, 0, bad[k]);
        assert_int_equal(state_of(p, 1), STATE_SKIPPED);
        assert_int_equal(state_of(p, 2), STATE_SKIPPED);
        assert_int_equal(state_of(p, 3), STATE_READY);
        struct stage_id skipped, because;
        assert_true(schedule_take_skipped(p->schedule, &skipped, &because));
        assert_int_equal(skipped.index, 1);
        assert_int_equal(because.index, 0);
        assert_true(schedule_take_skipped(p->schedule, &skipped, &because));
        assert_int_equal(skipped.index, 2);
        assert_int_equal(because.index, 1);
        assert_false(schedule_take_skipped(p->schedule, &skipped, &because));
        assert_int_equal(take_check(p), 3);
        finish(p, 3, STATE_FRESH);
        assert_int_equal(state_of(p, 2), STATE_SKIPPED);
        assert_int_equal(take_check(p), 4);
        finish(p, 4, STATE_FRESH);
        assert_true(schedule_is_done(p->schedule));
        plan_destroy(p);
    }
}

static void failures_are_counted_before_a_run_stops(void **unused)
{
    (void)unused;
    for (uint64_t keep_going = 0; keep_going <= 3; keep_going++) {
        struct plan *p = plan_create(6);
        p->options.keep_going = keep_going;
        p->options.jobs = 6;
        plan_edge(p, 4, 5);
        plan_start(p);
        assert_int_equal(take_check(p), 4);
        schedule_queue(p->schedule, (struct stage_id){4});
        assert_int_equal(take_start(p), 4);
        uint32_t failed = 0;
        for (uint32_t i = 0; i < 4; i++)
            if (take_check(p) != GRAPH_NONE) {
                finish(p, i, i == 0 ? STATE_BLOCKED : STATE_FAILED);
                failed += i != 0;
            }
        assert_int_equal(failed, keep_going ? keep_going : 3);
        /* what runs goes on, and what follows from it is not started once the run has stopped */
        assert_int_equal(state_of(p, 4), STATE_RUNNING);
        finish(p, 4, STATE_RAN);
        assert_int_equal(state_of(p, 5), keep_going ? STATE_SKIPPED : STATE_READY);
        assert_int_equal(schedule_is_done(p->schedule), keep_going != 0);
        plan_destroy(p);
    }
}

static void a_stop_skips_all_that_waits(void **unused)
{
    (void)unused;
    struct plan *p = plan_create(5);
    p->options.jobs = 2;
    plan_edge(p, 0, 4);
    plan_start(p);
    for (uint32_t i = 0; i < 3; i++)
        assert_int_not_equal(take_check(p), GRAPH_NONE);
    schedule_queue(p->schedule, (struct stage_id){0});
    schedule_queue(p->schedule, (struct stage_id){1});
    assert_int_equal(take_start(p), 0);
    schedule_stop(p->schedule);
    assert_int_equal(take_start(p), GRAPH_NONE);
    assert_int_equal(take_check(p), GRAPH_NONE);
    assert_int_equal(state_of(p, 0), STATE_RUNNING);
    assert_int_equal(state_of(p, 1), STATE_SKIPPED);
    assert_int_equal(state_of(p, 2), STATE_CHECKING);
    assert_int_equal(state_of(p, 3), STATE_SKIPPED);
    assert_int_equal(state_of(p, 4), STATE_SKIPPED);
    /* a check that ends now: it may turn out fresh, but is not queued */
    schedule_queue(p->schedule, (struct stage_id){2});
    assert_int_equal(state_of(p, 2), STATE_SKIPPED);
    struct stage_id skipped, because;
    uint32_t reported = 0;
    while (schedule_take_skipped(p->schedule, &skipped, &because)) {
        assert_int_equal(skipped.index, because.index);
        reported++;
    }
    assert_int_equal(reported, 4);
    finish(p, 0, STATE_RAN);
    assert_true(schedule_is_done(p->schedule));
    schedule_stop(p->schedule);
    assert_false(schedule_take_skipped(p->schedule, &skipped, &because));
    plan_destroy(p);
}

static void too_much_is_refused(void **unused)
{
    (void)unused;
    static const struct manifest_resource totals[] = {{.name = {"cpus", 4}, .amount = 2500},
                                                      {.name = {"gpus", 4}, .amount = 1},
                                                      {.name = {"mem", 3}, .amount = 1 << 30}};
    static const struct {
        const char *name;
        uint64_t amount;
        const char *message;
    } table[] = {
        {"cpus", 2501,
         "stage `s1` wants 2.501 cpus, but the total is 2.5; lower it, or raise resources.cpus in "
         ".refit/config.yaml"},
        {"gpus", 2,
         "stage `s1` wants 2 gpus, but the total is 1; lower it, or raise resources.gpus in .refit/config.yaml"},
        {"mem", 3ull << 30,
         "stage `s1` wants 3G mem, but the total is 1G; lower it, or raise resources.mem in "
         ".refit/config.yaml"},
        {"db", 1,
         "stage `s1` wants the resource `db`, of which there is no total; set resources.db in refit.config.yaml"},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct plan *p = plan_create(2);
        plan_want(p, 0, "cpus", 2500);
        plan_want(p, 1, table[i].name, table[i].amount);
        p->options.totals = totals;
        p->options.total_count = 3;
        assert_int_equal(graph_build(&p->arena, &p->manifest, &p->graph, &err), STATUS_OK);
        assert_int_equal(schedule_create(&p->graph, &p->options, &p->schedule, &err), STATUS_MANIFEST);
        assert_string_equal(err.message, table[i].message);
        assert_string_equal(err.file, "refit.yaml");
        assert_int_equal(err.line, 2);
        assert_int_equal(err.column, 2);
        assert_null(p->schedule);
        p->selected[1] = false; /* it is not asked of what does not run */
        assert_int_equal(schedule_create(&p->graph, &p->options, &p->schedule, &err), STATUS_OK);
        plan_destroy(p);
    }
}

static void devices_are_given_and_given_back(void **unused)
{
    (void)unused;
    static const struct manifest_resource totals[] = {{.name = {"gpus", 4}, .amount = 4}};
    struct plan *p = plan_create(5);
    static const uint64_t want[] = {1, 2, 1, 2, 0};
    for (uint32_t i = 0; i < 4; i++)
        plan_want(p, i, "gpus", want[i]);
    p->options.totals = totals;
    p->options.total_count = 1;
    p->options.jobs = 8;
    plan_start(p);
    queue_all(p);
    uint32_t devices[4] = {9, 9, 9, 9};
    for (uint32_t i = 0; i < 3; i++)
        assert_int_equal(take_start(p), i);
    assert_int_equal(take_start(p), 4); /* 3 does not fit, and is passed */
    assert_int_equal(take_start(p), GRAPH_NONE);
    assert_int_equal(schedule_devices(p->schedule, (struct stage_id){1}, devices, 4), 2);
    assert_int_equal(devices[0], 1);
    assert_int_equal(devices[1], 2);
    assert_int_equal(schedule_devices(p->schedule, (struct stage_id){2}, devices, 4), 1);
    assert_int_equal(devices[0], 3);
    assert_int_equal(schedule_devices(p->schedule, (struct stage_id){4}, devices, 4), 0);
    finish(p, 0, STATE_RAN);
    assert_int_equal(take_start(p), GRAPH_NONE);
    finish(p, 2, STATE_FAILED);
    assert_int_equal(take_start(p), 3);
    assert_int_equal(schedule_devices(p->schedule, (struct stage_id){3}, devices, 4), 2);
    assert_int_equal(devices[0], 0);
    assert_int_equal(devices[1], 3);
    /* the count is told even where the room is short */
    devices[1] = 9;
    assert_int_equal(schedule_devices(p->schedule, (struct stage_id){3}, devices, 1), 2);
    assert_int_equal(devices[1], 9);
    plan_destroy(p);
}

/* One stage wants the whole pool; many others want one each, so that it is never all free by itself. */
static void nobody_waits_for_ever(void **unused)
{
    (void)unused;
    static const struct manifest_resource totals[] = {{.name = {"pool", 4}, .amount = 2}};
    enum { SMALL = 150 };
    struct plan *p = plan_create(SMALL + 1);
    for (uint32_t i = 0; i < SMALL; i++)
        plan_want(p, i, "pool", 1);
    plan_want(p, SMALL, "pool", 2);
    for (uint32_t i = 0; i <= SMALL; i++)
        p->duration_ms[i] = i < 2 ? 1000 : i == SMALL ? 100 : 1;
    p->options.duration_ms = p->duration_ms;
    p->options.totals = totals;
    p->options.total_count = 1;
    p->options.jobs = 3;
    plan_start(p);
    queue_all(p);
    uint32_t running[2] = {take_start(p), take_start(p)}, passes = 0;
    assert_int_equal(running[0], 0);
    assert_int_equal(running[1], 1);
    for (uint32_t turn = 0;; turn = !turn) {
        assert_int_equal(take_start(p), GRAPH_NONE);
        finish(p, running[turn], STATE_RAN);
        uint32_t next = take_start(p);
        if (next == GRAPH_NONE)
            break; /* what has become free is kept */
        assert_int_not_equal(next, SMALL);
        running[turn] = next;
        passes++;
        assert_true(passes <= STARVATION_PASSES);
    }
    assert_int_equal(passes, STARVATION_PASSES);
    assert_int_equal(count_of(p, STATE_RUNNING), 1);
    for (uint32_t i = 0; i < 2; i++)
        if (state_of(p, running[i]) == STATE_RUNNING)
            finish(p, running[i], STATE_RAN);
    assert_int_equal(take_start(p), SMALL);
    assert_int_equal(take_start(p), GRAPH_NONE);
    plan_destroy(p);
}

/* What wants nothing that the waiting stage waits for still passes it. */
static void others_pass_a_waiting_stage(void **unused)
{
    (void)unused;
    static const struct manifest_resource totals[] = {{.name = {"a", 1}, .amount = 1}, {.name = {"b", 1}, .amount = 1}};
    enum { OTHERS = 150 };
    struct plan *p = plan_create(OTHERS + 2);
    plan_want(p, 0, "a", 1);
    plan_want(p, 1, "a", 1);
    p->duration_ms[0] = 1000;
    p->duration_ms[1] = 100;
    for (uint32_t i = 2; i < OTHERS + 2; i++)
        plan_want(p, i, "b", 1);
    p->options.duration_ms = p->duration_ms;
    p->options.totals = totals;
    p->options.total_count = 2;
    p->options.jobs = 2;
    plan_start(p);
    queue_all(p);
    assert_int_equal(take_start(p), 0);
    for (uint32_t i = 2; i < OTHERS + 2; i++) {
        assert_int_equal(take_start(p), i);
        finish(p, i, STATE_RAN);
    }
    finish(p, 0, STATE_RAN);
    assert_int_equal(take_start(p), 1);
    plan_destroy(p);
}

/* ---- whatever happens ---- */

static uint32_t draw(uint64_t *seed, uint32_t below)
{
    *seed = *seed * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(*seed >> 33) % below;
}

static const struct manifest_resource some_totals[] = {
    {.name = {"cpus", 4}, .amount = 3000}, {.name = {"gpus", 4}, .amount = 3}, {.name = {"pool", 4}, .amount = 2}};

static struct plan *random_plan(uint64_t *seed)
{
    uint32_t count = 1 + draw(seed, 40), density = 1 + draw(seed, 12);
    struct plan *p = plan_create(count);
    for (uint32_t to = 0; to < count; to++) {
        for (uint32_t from = 0; from < to; from++)
            if (draw(seed, density + 1) == 0) /* backwards, so that the order of the manifest is no order */
                plan_edge(p, count - 1 - from, count - 1 - to);
        for (uint32_t r = 0; r < WANTS; r++)
            if (draw(seed, 3) == 0)
                plan_want(p, to, some_totals[r].name.ptr, draw(seed, (uint32_t)some_totals[r].amount + 1));
        p->selected[to] = draw(seed, 8) != 0;
        p->duration_ms[to] = draw(seed, 4) ? draw(seed, 1000) : 0;
    }
    p->options.duration_ms = draw(seed, 4) ? p->duration_ms : NULL;
    p->options.jobs = 1 + draw(seed, 4);
    p->options.keep_going = draw(seed, 3);
    p->options.totals = some_totals;
    p->options.total_count = 3;
    return p;
}

/* What is seen from outside while a plan runs. */
struct watch {
    uint32_t busy[STAGES_MAX]; /* checking or running */
    uint32_t busy_count, failures;
    bool ended[STAGES_MAX], stopped;
};

static void check_running(struct plan *p)
{
    uint64_t used[WANTS] = {0};
    uint32_t running = 0, taken = 0;
    for (uint32_t i = 0; i < p->graph.stage_count; i++) {
        if (state_of(p, i) != STATE_RUNNING)
            continue;
        running++;
        const struct manifest_stage *stage = &p->manifest.stages[i];
        uint64_t gpus = 0;
        for (uint32_t j = 0; j < stage->resource_count; j++)
            for (uint32_t r = 0; r < WANTS; r++)
                if (str_equal(stage->resources[j].name, some_totals[r].name)) {
                    used[r] += stage->resources[j].amount;
                    gpus += r == 1 ? stage->resources[j].amount : 0;
                }
        uint32_t devices[8], count = schedule_devices(p->schedule, (struct stage_id){i}, devices, 8);
        assert_int_equal(count, gpus);
        for (uint32_t d = 0; d < count; d++) {
            assert_true(devices[d] < 3 && (d == 0 || devices[d - 1] < devices[d]));
            assert_false(taken & 1u << devices[d]);
            taken |= 1u << devices[d];
        }
    }
    assert_true(running <= p->options.jobs);
    assert_int_equal(running, count_of(p, STATE_RUNNING));
    for (uint32_t r = 0; r < WANTS; r++)
        assert_true(used[r] <= some_totals[r].amount);
}

static bool upstream_is_good(struct plan *p, uint32_t stage)
{
    for (uint32_t i = 0; i < p->graph.stages[stage].upstream_count; i++) {
        uint32_t up = p->graph.stages[stage].upstream[i].index;
        if (p->selected[up] && !stage_state_is_good(state_of(p, up)))
            return false;
    }
    return true;
}

static void take_what_there_is(struct plan *p, struct watch *w, uint64_t *seed)
{
    struct stage_id id;
    while (draw(seed, 5) && schedule_take_check(p->schedule, &id)) {
        assert_false(w->stopped);
        assert_true(p->selected[id.index] && upstream_is_good(p, id.index));
        w->busy[w->busy_count++] = id.index;
    }
    while (draw(seed, 5) && schedule_take_start(p->schedule, &id)) {
        assert_false(w->stopped);
        assert_true(p->selected[id.index] && upstream_is_good(p, id.index));
        w->busy[w->busy_count++] = id.index;
        check_running(p);
    }
}

/* One of the stages that are checked or run gets on. */
static void advance_one(struct plan *p, struct watch *w, uint64_t *seed)
{
    uint32_t at = draw(seed, w->busy_count), stage = w->busy[at];
    w->busy[at] = w->busy[--w->busy_count];
    if (state_of(p, stage) == STATE_CHECKING && draw(seed, 2)) {
        schedule_queue(p->schedule, (struct stage_id){stage});
        assert_int_equal(state_of(p, stage), w->stopped ? STATE_SKIPPED : STATE_QUEUED);
        return;
    }
    enum stage_state ends[] = {STATE_FRESH, STATE_RESTORED, STATE_RAN, STATE_FAILED, STATE_BLOCKED};
    enum stage_state end = ends[draw(seed, 4) ? draw(seed, 3) : draw(seed, 5)];
    assert_false(w->ended[stage]);
    w->ended[stage] = true;
    finish(p, stage, end);
    assert_int_equal(state_of(p, stage), end);
    w->failures += end == STATE_FAILED;
    w->stopped |= p->options.keep_going != 0 && w->failures >= p->options.keep_going;
}

static void check_skipped(struct plan *p, struct watch *w)
{
    struct stage_id skipped, because;
    while (schedule_take_skipped(p->schedule, &skipped, &because)) {
        assert_false(w->ended[skipped.index]);
        w->ended[skipped.index] = true;
        assert_int_equal(state_of(p, skipped.index), STATE_SKIPPED);
        if (skipped.index == because.index) {
            assert_true(w->stopped);
            continue;
        }
        bool above = false;
        for (uint32_t i = 0; i < p->graph.stages[skipped.index].upstream_count; i++)
            above |= p->graph.stages[skipped.index].upstream[i].index == because.index;
        assert_true(above);
        assert_true(stage_state_is_final(state_of(p, because.index)) &&
                    !stage_state_is_good(state_of(p, because.index)));
    }
}

static void check_end(struct plan *p, const struct watch *w)
{
    uint32_t counts[STATE_COUNT] = {0};
    for (uint32_t i = 0; i < p->graph.stage_count; i++) {
        enum stage_state state = state_of(p, i);
        counts[state]++;
        assert_int_equal(w->ended[i], p->selected[i]);
        assert_int_equal(state == STATE_UNSELECTED, !p->selected[i]);
        if (p->selected[i] && !upstream_is_good(p, i))
            assert_int_equal(state, STATE_SKIPPED);
        if (state == STATE_SKIPPED)
            assert_true(w->stopped || !upstream_is_good(p, i));
    }
    for (int state = 0; state < STATE_COUNT; state++)
        assert_int_equal(counts[state], count_of(p, (enum stage_state)state));
}

static void the_rules_hold_for_random_runs(void **unused)
{
    (void)unused;
    uint64_t seed = 5;
    for (int round = 0; round < 3000; round++) {
        struct plan *p = random_plan(&seed);
        plan_start(p);
        struct watch w = {.stopped = false};
        uint32_t idle = 0;
        while (!schedule_is_done(p->schedule)) {
            take_what_there_is(p, &w, &seed);
            if (draw(&seed, 200) == 0) {
                schedule_stop(p->schedule);
                w.stopped = true;
            }
            if (w.busy_count > 0)
                advance_one(p, &w, &seed);
            idle = w.busy_count > 0 ? 0 : idle + 1;
            assert_true(idle < 100); /* nothing is under way, so something can be taken */
            check_running(p);
            check_skipped(p, &w);
        }
        check_skipped(p, &w);
        assert_int_equal(w.busy_count, 0);
        check_end(p, &w);
        plan_destroy(p);
    }
}

static void states_have_names(void **unused)
{
    (void)unused;
    assert_string_equal(stage_state_name(STATE_FRESH), "fresh");
    assert_string_equal(stage_state_name(STATE_SKIPPED), "skipped");
    for (int state = 0; state < STATE_COUNT; state++) {
        assert_non_null(stage_state_name((enum stage_state)state));
        assert_int_equal(stage_state_is_final((enum stage_state)state), state >= STATE_FRESH);
        assert_int_equal(stage_state_is_good((enum stage_state)state), state >= STATE_FRESH && state <= STATE_RAN);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stages_go_from_waiting_to_done),
        cmocka_unit_test(an_empty_selection_is_done),
        cmocka_unit_test(unselected_stages_hold_nobody_back),
        cmocka_unit_test(the_longest_path_goes_first),
        cmocka_unit_test(failures_skip_what_follows),
        cmocka_unit_test(failures_are_counted_before_a_run_stops),
        cmocka_unit_test(a_stop_skips_all_that_waits),
        cmocka_unit_test(too_much_is_refused),
        cmocka_unit_test(devices_are_given_and_given_back),
        cmocka_unit_test(nobody_waits_for_ever),
        cmocka_unit_test(others_pass_a_waiting_stage),
        cmocka_unit_test(the_rules_hold_for_random_runs),
        cmocka_unit_test(states_have_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
