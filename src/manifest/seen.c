/* Sets of names that are mostly small. */
#include "manifest/seen.h"

#include <assert.h>

uint32_t seen_add(struct seen *seen, struct str key, uint32_t value)
{
    assert(value != TABLE_NONE);
    if (seen->count > SEEN_FEW) {
        uint32_t before = seen->table.count;
        uint32_t there = table_add(&seen->table, key, value);
        return seen->table.count > before ? TABLE_NONE : there;
    }
    for (uint32_t i = 0; i < seen->count; i++)
        if (str_equal(seen->few[i], key))
            return seen->values[i];
    if (seen->count < SEEN_FEW) {
        seen->few[seen->count] = key;
        seen->values[seen->count++] = value;
        return TABLE_NONE;
    }
    for (uint32_t i = 0; i < seen->count; i++)
        table_add(&seen->table, seen->few[i], seen->values[i]);
    table_add(&seen->table, key, value);
    seen->count++;
    return TABLE_NONE;
}

void seen_finish(struct seen *seen)
{
    table_finish(&seen->table);
}
