/* Sets of digests with flags: 17 bytes a slot, since a store can have millions of chunks. */
#include "store/inspect.h"

#include <stdlib.h>
#include <string.h>

void marks_finish(struct marks *marks)
{
    free(marks->digests);
    free(marks->flags);
    *marks = (struct marks){0};
}

/* The slot of a digest, or the free one where it belongs. */
static size_t slot_of(const struct marks *marks, struct digest digest)
{
    size_t slot = hash64(digest.bytes, DIGEST_SIZE) & (marks->capacity - 1);
    while (marks->flags[slot] != 0 && !digest_equal(marks->digests[slot], digest))
        slot = (slot + 1) & (marks->capacity - 1);
    return slot;
}

static void grow(struct marks *marks)
{
    struct marks old = *marks;
    marks->capacity = old.capacity ? mem_product(old.capacity, 2) : 1024;
    marks->digests = mem_resize(NULL, mem_product(marks->capacity, sizeof *marks->digests));
    marks->flags = mem_alloc(marks->capacity);
    for (size_t i = 0; i < old.capacity; i++) {
        if (old.flags[i] == 0)
            continue;
        size_t slot = slot_of(marks, old.digests[i]);
        marks->digests[slot] = old.digests[i];
        marks->flags[slot] = old.flags[i];
    }
    free(old.digests);
    free(old.flags);
}

uint8_t marks_get(const struct marks *marks, struct digest digest)
{
    return marks->capacity == 0 ? 0 : marks->flags[slot_of(marks, digest)];
}

bool marks_add(struct marks *marks, struct digest digest, uint8_t flags)
{
    if (marks->count + marks->count / 3 >= marks->capacity)
        grow(marks);
    size_t slot = slot_of(marks, digest);
    uint8_t before = marks->flags[slot];
    if (before == 0) {
        marks->digests[slot] = digest;
        marks->count++;
    }
    marks->flags[slot] = before | flags | MARK_USED;
    return (before | flags) != before;
}

void marks_clear(struct marks *marks, struct digest digest, uint8_t flags)
{
    size_t slot = slot_of(marks, digest);
    marks->flags[slot] &= (uint8_t)~flags | MARK_USED;
}
