/* Counts in bins, made fit for tests. */
#include <math.h>

#include "statistics/statistics.h"

uint64_t bins_total(const uint64_t *counts, uint32_t count)
{
    uint64_t total = 0;
    for (uint32_t i = 0; i < count; i++)
        total += counts[i];
    return total;
}

/* Rows that a bin has to have in both data sets together, so that each of them expects enough. */
static double needed(const uint64_t *a, const uint64_t *b, uint32_t count, double expected)
{
    double n = (double)bins_total(a, count), m = (double)bins_total(b, count), least = fmin(n, m);
    return least > 0 ? expected * (n + m) / least : INFINITY;
}

static uint32_t rarest(const uint64_t *a, const uint64_t *b, const uint8_t *pooled, uint32_t count)
{
    uint32_t found = UINT32_MAX;
    for (uint32_t i = 0; i < count; i++)
        if (!pooled[i] && (found == UINT32_MAX || a[i] + b[i] < a[found] + b[found]))
            found = i;
    return found;
}

/* Marks what goes into the pool; returns how many bins with rows it is. */
static uint32_t mark_rare(const uint64_t *a, const uint64_t *b, uint32_t count, double bound, uint8_t *pooled)
{
    uint64_t rows = 0;
    uint32_t members = 0;
    for (uint32_t i = 0; i < count; i++) {
        pooled[i] = (double)(a[i] + b[i]) < bound;
        rows += pooled[i] ? a[i] + b[i] : 0;
        members += pooled[i] && a[i] + b[i] > 0;
    }
    while (members > 0 && (double)rows < bound) {
        uint32_t more = rarest(a, b, pooled, count);
        if (more == UINT32_MAX)
            break;
        pooled[more] = 1;
        rows += a[more] + b[more];
        members++;
    }
    return members;
}

uint32_t bins_pool(uint64_t *a, uint64_t *b, uint32_t count, double expected, uint32_t *group, struct arena *scratch)
{
    struct arena_mark mark = arena_get_mark(scratch);
    uint8_t *pooled = arena_array(scratch, uint8_t, count);
    uint32_t members = mark_rare(a, b, count, needed(a, b, count, expected), pooled), kept = 0;
    uint64_t rest_a = 0, rest_b = 0;
    for (uint32_t i = 0; i < count; i++)
        kept += !pooled[i];
    for (uint32_t i = 0, next = 0; i < count; i++) {
        bool empty = a[i] + b[i] == 0;
        if (group != NULL)
            group[i] = empty ? UINT32_MAX : pooled[i] ? kept : next;
        rest_a += pooled[i] ? a[i] : 0;
        rest_b += pooled[i] ? b[i] : 0;
        if (!pooled[i]) {
            a[next] = a[i];
            b[next++] = b[i];
        }
    }
    if (members > 0) {
        a[kept] = rest_a;
        b[kept++] = rest_b;
    }
    arena_rewind(scratch, mark);
    return kept;
}

uint32_t bins_merge(uint64_t *a, uint64_t *b, uint32_t count, double expected, uint32_t *group)
{
    double bound = needed(a, b, count, expected);
    uint64_t rows_a = 0, rows_b = 0;
    uint32_t kept = 0;
    for (uint32_t i = 0; i < count; i++) {
        if (group != NULL)
            group[i] = kept;
        rows_a += a[i];
        rows_b += b[i];
        if ((double)(rows_a + rows_b) < bound)
            continue;
        a[kept] = rows_a;
        b[kept++] = rows_b;
        rows_a = rows_b = 0;
    }
    if (rows_a + rows_b > 0 && kept == 0) { /* nowhere enough */
        a[0] = rows_a;
        b[0] = rows_b;
        return 1;
    }
    if (kept > 0) { /* what is left over joins its neighbour */
        a[kept - 1] += rows_a;
        b[kept - 1] += rows_b;
    }
    for (uint32_t i = count; group != NULL && i > 0 && group[i - 1] == kept; i--)
        group[i - 1] = kept > 0 ? kept - 1 : UINT32_MAX;
    return kept;
}
