/* Chunks and lists of chunks, as they are kept, from hostile bytes: refused or sound, never a crash. */
#include <stdlib.h>
#include <string.h>

#include "store/list.h"
#include "store/store.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool good)
{
    if (!good)
        abort();
}

static void unpack(const uint8_t *data, size_t size)
{
    struct worker worker = {.decompressor = ZSTD_createDCtx()};
    struct str bytes;
    check(worker.decompressor != NULL);
    if (block_unpack(&worker, (struct str){(const char *)data, size}, &bytes)) {
        check(bytes.len <= CHUNK_MAX);
        digest_of(bytes.ptr, bytes.len); /* reads all of it */
    }
    ZSTD_freeDCtx(worker.decompressor);
    buf_finish(&worker.plain);
}

static void read_list(const uint8_t *data, size_t size)
{
    struct list list;
    struct buf again = {0};
    if (!list_decode((struct str){(const char *)data, size}, &list))
        return;
    list_encode(&list, &again);
    check(again.len == size && memcmp(again.ptr, data, size) == 0);
    buf_finish(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    unpack(data, size);
    read_list(data, size);
    return 0;
}
