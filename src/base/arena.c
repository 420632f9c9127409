/* Arenas: a chain of blocks, each twice the last up to a limit, allocated from at the end. */
#include "refit/base/arena.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "refit/base/error.h"

#if defined(__SANITIZE_ADDRESS__)
#define ARENA_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define ARENA_ASAN 1
#endif
#endif
#ifdef ARENA_ASAN
#include <sanitizer/asan_interface.h>
#define POISON(ptr, size) ASAN_POISON_MEMORY_REGION(ptr, size)
#define UNPOISON(ptr, size) ASAN_UNPOISON_MEMORY_REGION(ptr, size)
#define GAP 16 /* poisoned bytes after each allocation, so that an overrun is seen */
#else
#define POISON(ptr, size) ((void)(ptr), (void)(size))
#define UNPOISON(ptr, size) ((void)(ptr), (void)(size))
#define GAP 0
#endif

enum { BLOCK_MIN = 16 << 10, BLOCK_MAX = 4 << 20 };

struct arena_block {
    struct arena_block *previous;
    size_t size, used; /* of `bytes` */
    _Alignas(max_align_t) unsigned char bytes[];
};

static _Noreturn void out_of_memory(void)
{
    static const char text[] = "refit: out of memory (if there is a limit, see `ulimit -v`)\n";
    fwrite(text, 1, sizeof text - 1, stderr);
    _exit(status_exit(STATUS_IO));
}

size_t mem_product(size_t count, size_t size)
{
    size_t product;
    if (__builtin_mul_overflow(count, size, &product))
        out_of_memory();
    return product;
}

void *mem_alloc(size_t size)
{
    void *bytes = calloc(1, size ? size : 1);
    if (bytes == NULL)
        out_of_memory();
    return bytes;
}

void *mem_resize(void *old, size_t size)
{
    void *bytes = realloc(old, size ? size : 1);
    if (bytes == NULL)
        out_of_memory();
    return bytes;
}

void arena_init(struct arena *arena)
{
    arena->last = NULL;
}

static void drop_block(struct arena *arena)
{
    struct arena_block *block = arena->last;
    arena->last = block->previous;
    UNPOISON(block->bytes, block->size);
    free(block);
}

void arena_finish(struct arena *arena)
{
    while (arena->last != NULL)
        drop_block(arena);
}

static void add_block(struct arena *arena, size_t at_least)
{
    size_t size = arena->last ? arena->last->size * 2 : BLOCK_MIN;
    if (size > BLOCK_MAX)
        size = BLOCK_MAX;
    if (size < at_least)
        size = at_least;
    struct arena_block *block = malloc(sizeof *block + size);
    if (block == NULL)
        out_of_memory();
    block->previous = arena->last;
    block->size = size;
    block->used = 0;
    POISON(block->bytes, size);
    arena->last = block;
}

/* Where the next allocation with this alignment starts in the block. */
static size_t aligned_start(const struct arena_block *block, size_t align)
{
    uintptr_t at = (uintptr_t)block->bytes + block->used;
    return block->used + (size_t)(-at & (align - 1));
}

static void *take(struct arena *arena, size_t size, size_t align)
{
    size_t need = size + align + GAP;
    if (need < size)
        out_of_memory();
    struct arena_block *block = arena->last;
    if (block == NULL || aligned_start(block, align) > block->size ||
        block->size - aligned_start(block, align) < size + GAP) {
        add_block(arena, need);
        block = arena->last;
    }
    size_t start = aligned_start(block, align);
    block->used = start + size + GAP;
    UNPOISON(block->bytes + start, size);
    return block->bytes + start;
}

void *arena_alloc(struct arena *arena, size_t size, size_t align)
{
    return memset(take(arena, size ? size : 1, align), 0, size ? size : 1);
}

void *arena_copy(struct arena *arena, const void *bytes, size_t size)
{
    void *copy = take(arena, size ? size : 1, _Alignof(max_align_t));
    if (size != 0)
        memcpy(copy, bytes, size);
    return copy;
}

struct arena_mark arena_get_mark(const struct arena *arena)
{
    return (struct arena_mark){arena->last, arena->last ? arena->last->used : 0};
}

void arena_rewind(struct arena *arena, struct arena_mark mark)
{
    while (arena->last != mark.block)
        drop_block(arena);
    if (mark.block != NULL) {
        mark.block->used = mark.used;
        POISON(mark.block->bytes + mark.used, mark.block->size - mark.used);
    }
}

size_t arena_bytes(const struct arena *arena)
{
    size_t sum = 0;
    for (const struct arena_block *block = arena->last; block != NULL; block = block->previous)
        sum += sizeof *block + block->size;
    return sum;
}
