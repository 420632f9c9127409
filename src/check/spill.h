/*
 * Sorting values that may not fit into memory: runs of a bounded size, sorted by a hash and then by their bytes, go
 * to a file without a name and are merged. What decides whether two values are equal is their bytes.
 */
#ifndef CHECK_SPILL_H
#define CHECK_SPILL_H

#include <stdbool.h>
#include <stdint.h>

#include "refit/base/error.h"
#include "refit/base/str.h"

struct spill;

struct spill_item {
    uint64_t hash, line;
    struct str bytes; /* valid until the next item is asked for */
    uint8_t side;     /* as it was given: which of several data sets it is from */
};

struct spill *spill_create(size_t bytes_max); /* of memory */
void spill_destroy(struct spill *spill);      /* NULL is fine */
enum status spill_add(struct spill *spill, struct str bytes, uint8_t side, uint64_t line, struct error *err);

/* After the last spill_add(): items in the order of hash, bytes, side, line. False in *there at the end. */
enum status spill_sort(struct spill *spill, struct error *err);
enum status spill_next(struct spill *spill, struct spill_item *out, bool *there, struct error *err);

#endif
