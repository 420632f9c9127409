/* A binary heap of stages. */
#include <assert.h>

#include "schedule/schedule.h"

static bool goes_before(const struct schedule *s, uint32_t a, uint32_t b)
{
    uint64_t one = s->nodes[a].remaining_ms, two = s->nodes[b].remaining_ms;
    return one != two ? one > two : a < b;
}

void ready_push(const struct schedule *s, struct ready_queue *queue, uint32_t stage)
{
    MEM_GROW(queue->items, queue->count, queue->cap);
    size_t at = queue->count++;
    for (; at > 0 && goes_before(s, stage, queue->items[(at - 1) / 2]); at = (at - 1) / 2)
        queue->items[at] = queue->items[(at - 1) / 2];
    queue->items[at] = stage;
}

uint32_t ready_pop(const struct schedule *s, struct ready_queue *queue)
{
    assert(queue->count > 0);
    uint32_t first = queue->items[0], last = queue->items[--queue->count];
    size_t at = 0;
    for (;;) {
        size_t child = 2 * at + 1;
        if (child >= queue->count)
            break;
        if (child + 1 < queue->count && goes_before(s, queue->items[child + 1], queue->items[child]))
            child++;
        if (!goes_before(s, queue->items[child], last))
            break;
        queue->items[at] = queue->items[child];
        at = child;
    }
    queue->items[at] = last;
    return first;
}
