/* Open addressing with linear probing, at most half full. */
#include "refit/base/table.h"

#include <stdlib.h>

#include "refit/base/digest.h"

void table_finish(struct table *table)
{
    free(table->slots);
    *table = (struct table){0};
}

/* The slot that holds `key`, or the empty one where it belongs. */
static struct table_slot *probe(const struct table *table, struct str key, uint64_t hash)
{
    uint32_t mask = table->capacity - 1;
    for (uint32_t i = (uint32_t)hash & mask;; i = (i + 1) & mask) {
        struct table_slot *slot = &table->slots[i];
        if (slot->key.ptr == NULL || (slot->hash == hash && str_equal(slot->key, key)))
            return slot;
    }
}

uint32_t table_get(const struct table *table, struct str key)
{
    if (table->count == 0)
        return TABLE_NONE;
    const struct table_slot *slot = probe(table, key, hash64(key.ptr, key.len));
    return slot->key.ptr ? slot->value : TABLE_NONE;
}

static void grow(struct table *table)
{
    struct table old = *table;
    table->capacity = old.capacity ? old.capacity * 2 : 16;
    table->slots = mem_alloc(mem_product(table->capacity, sizeof *table->slots));
    for (uint32_t i = 0; i < old.capacity; i++)
        if (old.slots[i].key.ptr != NULL)
            *probe(table, old.slots[i].key, old.slots[i].hash) = old.slots[i];
    free(old.slots);
}

uint32_t table_add(struct table *table, struct str key, uint32_t value)
{
    if (table->count >= table->capacity / 2)
        grow(table);
    if (key.ptr == NULL)
        key = STR("");
    uint64_t hash = hash64(key.ptr, key.len);
    struct table_slot *slot = probe(table, key, hash);
    if (slot->key.ptr == NULL) {
        *slot = (struct table_slot){key, hash, value};
        table->count++;
    }
    return slot->value;
}
