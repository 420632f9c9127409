/* What a cell can be read as. */
#ifndef CHECK_VALUE_KIND_H
#define CHECK_VALUE_KIND_H

#include "check/data.h"

/* ISO 8601 as people write it: 2026-11-23, or that with T or a blank, 22:01[:59[.123]] and Z, +01:00 or nothing (UTC).
 * Seconds since 1970 in the proleptic Gregorian calendar. */
/* Up to there each whole number has a double of its own. */
#define WHOLE_DOUBLE_MAX 0x1p53

/* Of two whole numbers of any number of digits, less than, equal to or greater than 0; 0 if one of them is not written
   as a whole number. From 2^53 on a double may stand for several. */
int order_whole(struct str a, struct str b);

/* Of two values that are no numbers: two dates, or two times, by their moment, whatever the zone; others as texts. */
int order_values(const struct cell *a, const struct cell *b);

/* The same of numbers, where they are that. */
int order_numbers(const struct cell *a, double x, const struct cell *b, double y);

bool cell_time(const struct cell *cell, bool *has_clock, int64_t *out_s);

#endif
