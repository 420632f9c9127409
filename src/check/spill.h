/*
 * Which values are alike, of more than may fit into memory. Values go into partitions by a hash; once there are too
 * many bytes, full chunks of them go to a file without a name. In the end each partition has a hash table of its own
 * (Kitsuregawa, Tanaka, Moto-oka, Application of hash to data base machine and its architecture, 1983). What decides
 * whether two values are equal is their bytes.
 */
#ifndef CHECK_SPILL_H
#define CHECK_SPILL_H

#include <stdbool.h>
#include <stdint.h>

#include "refit/base/error.h"
#include "refit/base/str.h"

struct spill;

enum spill_side { SPILL_OTHER, SPILL_OWN, SPILL_SIDES }; /* which of two sets of values */

/* A value of our own. */
struct spill_item {
    struct str bytes; /* valid during the call */
    uint64_t line, first_line; /* its own, and that of the first one that is equal to it */
    uint64_t count;   /* of those up to this one, with it */
    bool other;       /* the other set has it, too */
};

struct spill *spill_create(size_t bytes_max); /* of memory for values; their tables take as much at most */
void spill_destroy(struct spill *spill);      /* NULL is fine */
enum status spill_add(struct spill *spill, struct str bytes, enum spill_side side, uint64_t line, struct error *err);

/* After the last spill_add(), once: each value of our own; equal ones in the order in which they were added, others in
   any order. STATUS_IO, STATUS_INTERRUPTED. */
enum status spill_each(struct spill *spill, void (*each)(void *ctx, const struct spill_item *item), void *ctx,
                       struct error *err);

#endif
