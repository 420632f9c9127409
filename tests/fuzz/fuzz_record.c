/* Records from hostile bytes: refused, or sound and the same when they are encoded again. The bytes are tried as they
 * are, and with the check in front put right, which a fuzzer would not guess. */
#include <stdlib.h>
#include <string.h>

#include "store/record.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct digest key = {{1}};

static void try(const uint8_t *data, size_t size)
{
    struct arena arena;
    struct record record = {0};
    struct buf again = {0};
    arena_init(&arena);
    if (record_decode((struct str){(const char *)data, size}, key, &arena, &record)) {
        record_encode(&record, &again);
        /* But for what is computed: check and identity. */
        const size_t body = 2 + 2 * DIGEST_SIZE;
        if (again.len != size || memcmp(again.ptr, data, 2) != 0 ||
            memcmp(again.ptr + body, data + body, size - body) != 0)
            abort();
    }
    buf_finish(&again);
    arena_finish(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    try(data, size);
    if (size < 2 + 2 * DIGEST_SIZE)
        return 0;
    uint8_t *copy = mem_alloc(size);
    memcpy(copy, data, size);
    struct digest check = digest_bound(digest_of(copy + 2 + DIGEST_SIZE, size - 2 - DIGEST_SIZE), key);
    memcpy(copy + 2, check.bytes, DIGEST_SIZE);
    try(copy, size);
    free(copy);
    return 0;
}
