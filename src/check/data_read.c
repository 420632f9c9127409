/* The pass over the rows. Expectations on one column are a lane. Batches go into a ring, and a thread that has nothing
 * to do takes a lane, and goes through the batches that the lane has not seen yet, in order: so that what is gathered
 * does not depend on how many threads there are. The thread that reads the rows does the same where the ring is full;
 * with one processor it is the only one. */
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>

#include "check/data.h"

enum {
    LANES = 32,
    RING = 16,
    CELLS_BYTES_MAX = 8 << 20, /* of all batches in the ring, if more than one is in it */
    HELPERS_MAX = 7
};

struct seat { /* a lane, and who goes along it */
    struct lane lane;
    struct expectation **items;
    uint32_t count, cap;
    uint64_t done; /* batches */
    bool taken;
};

struct reading {
    uint32_t ring_size;
    struct table_batch ring[RING];
    struct seat seats[LANES];
    pthread_t helpers[HELPERS_MAX];
    uint32_t helper_count;
    pthread_mutex_t mutex; /* for `done` and `taken` of seats, and what follows */
    pthread_cond_t given_more, done_more;
    uint64_t given; /* batches */
    bool stop;
    enum status status; /* the first that is not STATUS_OK ends the pass */
    struct error error;
};

/* ---- along a lane ---- */

/* The one that is the furthest behind; NULL = none has anything to do that nobody does. */
static struct seat *behind(struct reading *r)
{
    struct seat *found = NULL;
    for (uint32_t i = 0; i < LANES; i++) {
        struct seat *seat = &r->seats[i];
        if (seat->count > 0 && !seat->taken && seat->done < r->given && (found == NULL || seat->done < found->done))
            found = seat;
    }
    return found;
}

static enum status go_along(struct reading *r, struct seat *seat, uint64_t until, struct error *err)
{
    enum status status = STATUS_OK;
    for (uint64_t batch = seat->done; batch < until; batch++) {
        seat->lane.batch = &r->ring[batch % r->ring_size];
        for (uint32_t i = 0; i < seat->count && status == STATUS_OK; i++)
            status = data_rows(&seat->lane, seat->items[i], err);
    }
    return status;
}

/* Under the mutex, which is not held meanwhile. False if there is nothing to do. */
static bool take_lane(struct reading *r)
{
    struct seat *seat = behind(r);
    struct error err;
    if (seat == NULL)
        return false;
    uint64_t until = r->given;
    seat->taken = true;
    pthread_mutex_unlock(&r->mutex);
    enum status status = go_along(r, seat, until, &err);
    pthread_mutex_lock(&r->mutex);
    if (status != STATUS_OK && r->status == STATUS_OK) {
        r->status = status;
        r->error = err;
    }
    seat->taken = false;
    seat->done = until;
    pthread_cond_signal(&r->done_more);
    return true;
}

static void *help(void *data)
{
    struct reading *r = data;
    pthread_mutex_lock(&r->mutex);
    while (!r->stop)
        if (!take_lane(r))
            pthread_cond_wait(&r->given_more, &r->mutex);
    pthread_mutex_unlock(&r->mutex);
    return NULL;
}

/* As many as there are processors beside this one. Without them it goes on alone; signals are for this thread. */
static void start_helpers(struct reading *r)
{
    cpu_set_t processors;
    sigset_t all, before;
    uint32_t wanted = sched_getaffinity(0, sizeof processors, &processors) == 0 ? (uint32_t)CPU_COUNT(&processors) : 1;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    while (r->helper_count + 1 < wanted && r->helper_count < HELPERS_MAX &&
           pthread_create(&r->helpers[r->helper_count], NULL, help, r) == 0)
        r->helper_count++;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
}

/* ---- who reads ---- */

/* Until no lane is more than `lead` batches behind. */
static void catch_up(struct reading *r, uint64_t lead)
{
    for (;;) {
        uint64_t least = r->given;
        for (uint32_t i = 0; i < LANES; i++)
            if (r->seats[i].count > 0 && r->seats[i].done < least)
                least = r->seats[i].done;
        if (r->given - least <= lead || r->status != STATUS_OK)
            return;
        if (!take_lane(r))
            pthread_cond_wait(&r->done_more, &r->mutex);
    }
}

static enum status read_batches(struct pass *pass, struct reading *r, struct error *err)
{
    enum status status = STATUS_OK;
    bool large = false;
    pthread_mutex_lock(&r->mutex);
    for (;;) {
        if (r->given == r->ring_size && r->ring_size > 1)
            start_helpers(r);
        catch_up(r, large ? 0 : r->ring_size - 1);
        if (r->status != STATUS_OK)
            break;
        struct table_batch *batch = &r->ring[r->given % r->ring_size];
        pthread_mutex_unlock(&r->mutex);
        status = table_next(pass->table, batch, err);
        pthread_mutex_lock(&r->mutex);
        if (status != STATUS_OK || batch->rows == 0)
            break;
        pass->rows += batch->rows;
        large = batch->large;
        r->given++;
        pthread_cond_signal(&r->given_more);
    }
    if (status == STATUS_OK)
        catch_up(r, 0);
    r->stop = true;
    pthread_cond_broadcast(&r->given_more);
    pthread_mutex_unlock(&r->mutex);
    for (uint32_t i = 0; i < r->helper_count; i++)
        pthread_join(r->helpers[i], NULL);
    if (status == STATUS_OK && r->status != STATUS_OK) {
        *err = r->error;
        return r->status;
    }
    return status;
}

static void make_lanes(struct pass *pass, struct reading *r)
{
    size_t bytes = TABLE_CELL_BYTES * (pass->wanted_count + 1), fit = CELLS_BYTES_MAX / bytes;
    r->ring_size = fit >= RING ? RING : fit > 1 ? (uint32_t)fit : 1;
    for (uint32_t i = 0; i < pass->spec->count; i++) {
        struct expectation *e = &pass->spec->items[i];
        struct seat *seat = &r->seats[(e->column_count > 0 ? e->wanted[0] : 0) % LANES];
        if (e->rule == RULE_MALFORMED) /* the reader's */
            continue;
        if (seat->count == 0)
            seat->lane = (struct lane){.spec = pass->spec,
                                       .numbers = mem_alloc((pass->wanted_count + 1) * sizeof *seat->lane.numbers)};
        MEM_GROW(seat->items, seat->count, seat->cap);
        seat->items[seat->count++] = e;
    }
}

static void finish_lane(struct seat *seat, uint32_t wanted_count)
{
    for (uint32_t i = 0; seat->count > 0 && i < wanted_count; i++) {
        free(seat->lane.numbers[i].values);
        free(seat->lane.numbers[i].good);
    }
    free(seat->lane.numbers);
    free(seat->items);
}

enum status data_read(struct pass *pass, struct error *err)
{
    struct reading *r = mem_alloc(sizeof *r);
    pthread_mutex_init(&r->mutex, NULL);
    pthread_cond_init(&r->given_more, NULL);
    pthread_cond_init(&r->done_more, NULL);
    make_lanes(pass, r);
    table_keep(pass->table, r->ring_size);
    enum status status = read_batches(pass, r, err);
    for (uint32_t i = 0; i < LANES; i++)
        finish_lane(&r->seats[i], pass->wanted_count);
    pthread_cond_destroy(&r->given_more);
    pthread_cond_destroy(&r->done_more);
    pthread_mutex_destroy(&r->mutex);
    free(r);
    return status;
}
