/*
 * Arenas: bytes that are freed together.
 *
 * A run has one arena for what lives as long as it does (manifest, graph, names); functions take scratch arenas with
 * marks for what does not. Arenas hold bytes only: files, processes and transactions have create/destroy pairs.
 * Out of memory ends the program here, so no caller checks.
 * Under AddressSanitizer, memory past the last allocation is poisoned.
 * An arena is not thread-safe.
 */
#ifndef REFIT_BASE_ARENA_H
#define REFIT_BASE_ARENA_H

#include <stddef.h>
#include <stdint.h>

struct arena_block;

struct arena {
    struct arena_block *last; /* newest first */
};

struct arena_mark {
    struct arena_block *block;
    size_t used;
};

void arena_init(struct arena *arena);
void arena_finish(struct arena *arena); /* frees all; the arena may be used again */

/* Zeroed bytes. `align` is a power of two. size 0 gives a valid unique pointer. */
void *arena_alloc(struct arena *arena, size_t size, size_t align);
void *arena_copy(struct arena *arena, const void *bytes, size_t size);

/* arena_rewind frees everything allocated since the mark was taken. */
struct arena_mark arena_get_mark(const struct arena *arena);
void arena_rewind(struct arena *arena, struct arena_mark mark);

/* Bytes that the arena took from the system. */
size_t arena_bytes(const struct arena *arena);

#define arena_new(arena, type) ((type *)arena_alloc((arena), sizeof(type), _Alignof(type)))
#define arena_array(arena, type, count) \
    ((type *)arena_alloc((arena), mem_product((count), sizeof(type)), _Alignof(type)))

/* malloc and friends that abort when memory is out or a size overflows. */
size_t mem_product(size_t count, size_t size);
void *mem_alloc(size_t size); /* zeroed; free() it */
void *mem_resize(void *old, size_t size);

/* Growing arrays: make room for one more in `items` (malloc'd, capacity in `cap`, `count` used). */
#define MEM_GROW(items, count, cap)                                                     \
    do {                                                                                \
        if ((count) == (cap)) {                                                         \
            (cap) = (cap) ? (cap) * 2 : 8;                                              \
            (items) = mem_resize((items), mem_product((cap), sizeof(*(items))));        \
        }                                                                               \
    } while (0)

#endif
