/* Trees from hostile bytes: what is accepted encodes to the same bytes, and stays inside of the tree. */
#include <stdlib.h>
#include <string.h>

#include "refit/store.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_entry(const struct tree_entry *e)
{
    if (e->path.len == 0 || e->path.ptr[0] == '/' || e->path.ptr[e->path.len - 1] == '/')
        abort();
    if (str_is(e->path, "..") || str_starts(e->path, STR("../")) || str_ends(e->path, STR("/..")))
        abort();
    if (memmem(e->path.ptr, e->path.len, "/../", 4) != NULL || memmem(e->path.ptr, e->path.len, "//", 2) != NULL)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena;
    struct tree tree;
    struct error err;
    struct buf again = {0};
    arena_init(&arena);
    if (tree_decode(&arena, (struct str){(const char *)data, size}, &tree, &err) == STATUS_OK) {
        for (uint32_t i = 0; i < tree.count; i++)
            check_entry(&tree.entries[i]);
        tree_encode(&tree, &again);
        if (again.len != size || memcmp(again.ptr, data, size) != 0)
            abort();
    }
    buf_finish(&again);
    arena_finish(&arena);
    return 0;
}
