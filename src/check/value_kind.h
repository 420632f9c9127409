/* What a cell can be read as. */
#ifndef CHECK_VALUE_KIND_H
#define CHECK_VALUE_KIND_H

#include "check/data.h"

/* ISO 8601 as people write it: 2026-11-23, or that with T or a blank, 22:01[:59[.123]] and Z, +01:00 or nothing (UTC).
 * Seconds since 1970 in the proleptic Gregorian calendar. */
bool cell_time(const struct cell *cell, bool *has_clock, int64_t *out_s);

#endif
