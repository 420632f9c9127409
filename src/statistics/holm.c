/* Several claims at once. */
#include <math.h>

#include "statistics/statistics.h"

void holm_adjust(const double *p, uint32_t count, double *adjusted, struct arena *scratch)
{
    struct arena_mark mark = arena_get_mark(scratch);
    double *known = arena_array(scratch, double, count);
    uint32_t *order = arena_array(scratch, uint32_t, count), *place = arena_array(scratch, uint32_t, count), claims = 0;
    for (uint32_t i = 0; i < count; i++) {
        adjusted[i] = NAN;
        if (isnan(p[i]))
            continue;
        known[claims] = p[i];
        place[claims++] = i;
    }
    sort_order(order, known, claims, scratch);
    double most = 0;
    for (uint32_t i = 0; i < claims; i++) {
        most = fmax(most, fmin(1, known[order[i]] * (claims - i)));
        adjusted[place[order[i]]] = most;
    }
    arena_rewind(scratch, mark);
}
