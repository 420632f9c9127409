/* How long stages took: one value of the state, since the schedule wants all of them at once. */
#include <stdlib.h>

#include "run/run.h"

static const struct str value_name = {"durations", 9};

static uint32_t add(struct durations *d, struct str stage, uint64_t ms)
{
    uint32_t index = table_get(&d->index, stage);
    if (index == TABLE_NONE) {
        index = d->count;
        MEM_GROW(d->names, d->count, d->cap);
        d->ms = mem_resize(d->ms, mem_product(d->cap, sizeof *d->ms));
        d->names[d->count++] = str_dup(&d->arena, stage);
        table_add(&d->index, d->names[index], index);
    }
    d->ms[index] = ms;
    return index;
}

enum status durations_load(struct project *p, struct durations *out, struct error *err)
{
    *out = (struct durations){0};
    struct str bytes;
    bool found;
    enum status status = state_get_value(p->state, value_name, &out->arena, &bytes, &found, err);
    if (status != STATUS_OK || !found)
        return status;
    struct reader r = reader_from(bytes.ptr, bytes.len);
    while (!r.bad && r.ptr < r.end) {
        struct str name = reader_lstr(&r);
        uint64_t ms = reader_u64(&r);
        if (!r.bad)
            add(out, name, ms);
    }
    return STATUS_OK;
}

uint64_t durations_get(const struct durations *d, struct str stage)
{
    uint32_t index = table_get(&d->index, stage);
    return index == TABLE_NONE ? 0 : d->ms[index];
}

void durations_set(struct durations *d, struct str stage, uint64_t ms)
{
    add(d, stage, ms);
    d->changed = true;
}

void durations_save(struct project *p, struct durations *d)
{
    if (!d->changed)
        return;
    struct buf bytes = {0};
    for (uint32_t i = 0; i < d->count; i++) {
        if (graph_find_stage(&p->graph, d->names[i]).index == GRAPH_NONE)
            continue; /* no longer declared */
        buf_lstr(&bytes, d->names[i]);
        buf_u64(&bytes, d->ms[i]);
    }
    state_set_value(p->state, value_name, buf_view(&bytes));
    buf_finish(&bytes);
}

void durations_finish(struct durations *d)
{
    table_finish(&d->index);
    free(d->names);
    free(d->ms);
    arena_finish(&d->arena);
    *d = (struct durations){0};
}
