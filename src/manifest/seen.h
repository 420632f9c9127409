/*
 * A set of names with a number each, for finding duplicates: a few are compared one by one, more go into a table.
 * Zero-initialised; keys are not copied.
 */
#ifndef MANIFEST_SEEN_H
#define MANIFEST_SEEN_H

#include "refit/base/table.h"

enum { SEEN_FEW = 8 };

struct seen {
    uint32_t count;
    struct str few[SEEN_FEW];
    uint32_t values[SEEN_FEW];
    struct table table; /* in use once there are more than a few */
};

/* Adds `key` with `value`, and gives TABLE_NONE; if it is there, gives the value that it has, and changes nothing. */
uint32_t seen_add(struct seen *seen, struct str key, uint32_t value);
void seen_finish(struct seen *seen);

#endif
