/*
 * A hash table from byte strings to 32-bit numbers (indexes into somebody's array).
 * Keys are not copied: they must outlive the table. Nothing is ever removed.
 */
#ifndef REFIT_BASE_TABLE_H
#define REFIT_BASE_TABLE_H

#include <stdbool.h>
#include <stdint.h>

#include "refit/base/str.h"

struct table_slot {
    struct str key; /* ptr NULL = empty */
    uint64_t hash;
    uint32_t value;
};

struct table {
    struct table_slot *slots;
    uint32_t count, capacity; /* capacity is zero or a power of two */
};

#define TABLE_NONE UINT32_MAX

void table_finish(struct table *table);
/* The value of `key`, or TABLE_NONE. */
uint32_t table_get(const struct table *table, struct str key);
/* Adds `key` with `value` unless it is there; returns the value that is there afterwards. */
uint32_t table_add(struct table *table, struct str key, uint32_t value);

#endif
