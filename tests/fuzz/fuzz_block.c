/* Chunks as they are kept: hostile bytes are refused or sound; content, at any level, comes back as it was. */
#include <stdlib.h>
#include <string.h>

#include "grow.h"
#include "store/store.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool good)
{
    if (!good)
        abort();
}

static void unpack(struct worker *worker, const uint8_t *data, size_t size)
{
    struct str bytes;
    if (!block_unpack(worker, (struct str){(const char *)data, size}, &bytes))
        return;
    check(bytes.len <= CHUNK_MAX);
    digest_of(bytes.ptr, bytes.len); /* reads all of it */
}

static void pack(struct worker *worker, const uint8_t *data, size_t size)
{
    struct reader r = reader_from(data, size);
    struct buf content = {0};
    struct str back;
    int level = (int[]){0, 1, 3, 6}[reader_u8(&r) & 3];
    grow(&r, &content, CHUNK_MAX);
    struct str bytes = {content.len ? content.ptr : "", content.len};
    struct item *item = block_pack(worker, level, digest_of(bytes.ptr, bytes.len), bytes);
    check(item->len <= BLOCK_HEADER + bytes.len);
    check(block_unpack(worker, (struct str){(const char *)item->value, item->len}, &back));
    check(str_equal(back, bytes));
    /* One byte more or less is another block, or none. */
    check(!block_unpack(worker, (struct str){(const char *)item->value, item->len - 1}, &back));
    free(item);
    buf_finish(&content);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct worker worker = {.compressor = ZSTD_createCCtx(), .decompressor = ZSTD_createDCtx()};
    check(worker.compressor != NULL && worker.decompressor != NULL);
    if (size > 0 && data[0] >= 0x80) /* no codec has such a number */
        pack(&worker, data + 1, size - 1);
    else
        unpack(&worker, data, size);
    ZSTD_freeCCtx(worker.compressor);
    ZSTD_freeDCtx(worker.decompressor);
    buf_finish(&worker.packed);
    buf_finish(&worker.plain);
    return 0;
}
