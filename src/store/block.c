/* Chunks as they are kept: raw, or compressed by zstd where that pays; and what a thread needs for it. */
#include "store/store.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define COMPRESS_MIN 128        /* bytes: less is kept raw */
#define SAMPLE_PIECE (8u << 10) /* of a longer block, its first and its middle bytes are tried out */

enum codec { CODEC_RAW = 0, CODEC_ZSTD = 1 };

/* Compression pays if it saves a tenth. */
static bool pays(size_t packed, size_t plain)
{
    return !ZSTD_isError(packed) && packed <= plain - plain / 10;
}

static bool sample_pays(struct worker *worker, int level, struct str bytes)
{
    char sample[2 * SAMPLE_PIECE], packed[ZSTD_COMPRESSBOUND(2 * SAMPLE_PIECE)];
    memcpy(sample, bytes.ptr, SAMPLE_PIECE);
    memcpy(sample + SAMPLE_PIECE, bytes.ptr + bytes.len / 2, SAMPLE_PIECE);
    size_t len = ZSTD_compressCCtx(worker->compressor, packed, sizeof packed, sample, sizeof sample, level);
    return pays(len, sizeof sample);
}

static struct item *make(struct digest digest, enum codec codec, size_t plain_len, const void *payload, size_t len)
{
    struct item *item = item_create(ITEM_CHUNK, digest, BLOCK_HEADER + len);
    uint8_t header[BLOCK_HEADER] = {codec};
    for (unsigned i = 0; i < 4; i++)
        header[4 + i] = (uint8_t)(plain_len >> 8 * i);
    memcpy(item->value, header, BLOCK_HEADER);
    if (len != 0)
        memcpy(item->value + BLOCK_HEADER, payload, len);
    return item;
}

struct item *block_pack(struct worker *worker, int level, struct digest digest, struct str bytes)
{
    assert(bytes.len <= CHUNK_MAX);
    if (level > 0 && bytes.len >= COMPRESS_MIN &&
        (bytes.len <= 4 * SAMPLE_PIECE || sample_pays(worker, level, bytes))) {
        size_t bound = ZSTD_compressBound(bytes.len);
        buf_clear(&worker->packed);
        buf_reserve(&worker->packed, bound);
        size_t packed = ZSTD_compressCCtx(worker->compressor, worker->packed.ptr, bound, bytes.ptr, bytes.len, level);
        if (pays(packed, bytes.len))
            return make(digest, CODEC_ZSTD, bytes.len, worker->packed.ptr, packed);
    }
    return make(digest, CODEC_RAW, bytes.len, bytes.ptr, bytes.len);
}

bool block_unpack(struct worker *worker, struct str value, struct str *bytes)
{
    struct reader r = reader_from(value.ptr, value.len);
    uint8_t codec = reader_u8(&r);
    const uint8_t *reserved = reader_bytes(&r, 3);
    uint32_t len = reader_u32(&r);
    if (r.bad || reserved[0] || reserved[1] || reserved[2] || len > CHUNK_MAX)
        return false;
    size_t payload = (size_t)(r.end - r.ptr);
    if (codec == CODEC_RAW) {
        *bytes = (struct str){(const char *)r.ptr, payload};
        return payload == len;
    }
    if (codec != CODEC_ZSTD)
        return false;
    buf_clear(&worker->plain);
    buf_reserve(&worker->plain, len);
    size_t plain = ZSTD_decompressDCtx(worker->decompressor, worker->plain.ptr, len, r.ptr, payload);
    *bytes = (struct str){worker->plain.ptr, len};
    return !ZSTD_isError(plain) && plain == len;
}

/* ---- the pool ---- */

static struct worker *worker_create(void)
{
    struct worker *worker = mem_alloc(sizeof *worker);
    worker->compressor = ZSTD_createCCtx();
    worker->decompressor = ZSTD_createDCtx();
    if (worker->compressor == NULL || worker->decompressor == NULL)
        return mem_alloc(SIZE_MAX / 2); /* aborts, as any allocation that fails */
    worker->hasher = hasher_create();
    return worker;
}

struct worker *worker_take(struct store *store)
{
    pthread_mutex_lock(&store->worker_lock);
    struct worker *worker = store->workers;
    if (worker != NULL)
        store->workers = worker->next;
    pthread_mutex_unlock(&store->worker_lock);
    return worker ? worker : worker_create();
}

void worker_give(struct store *store, struct worker *worker)
{
    pthread_mutex_lock(&store->worker_lock);
    worker->next = store->workers;
    store->workers = worker;
    pthread_mutex_unlock(&store->worker_lock);
}
