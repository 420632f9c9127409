/* Hostile exports: whatever is imported, the store is sound afterwards; what fails adds no record. The bytes are tried
 * as they are, and with every digest that a fuzzer would not guess put right, in pieces of different sizes. */
#include <stdlib.h>
#include <string.h>

#include "refit/base/fs.h"
#include "scratch.h"
#include "store/export.h"
#include "store/record.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char directory[PATH_MAX];
static struct store *store;

static void end(void)
{
    struct error err;
    store_close(store);
    fs_remove_tree(directory, &err);
}

static void begin(void)
{
    struct error err;
    struct store_options options = {.compression = 1};
    make_scratch(directory);
    if (store_open(directory, &options, &store, &err) != STATUS_OK)
        abort();
    mdb_env_set_flags(store->env.lmdb, MDB_NOSYNC, 1);
    atexit(end);
}

static int empty(MDB_txn *txn, void *ctx)
{
    (void)ctx;
    int rc = 0;
    for (unsigned i = DB_CHUNKS; rc == 0 && i < DB_COUNT; i++)
        rc = mdb_drop(txn, store->dbis[i], 0);
    return rc;
}

static void try(const uint8_t *data, size_t size, size_t piece)
{
    struct import import;
    struct store_transfer counts;
    struct store_verify_options options = {0};
    struct store_verify_counts found;
    struct error err = {0};
    enum status status = STATUS_OK;
    import_init(&import, store, "input", &counts);
    for (size_t at = 0; status == STATUS_OK && at < size; at += piece) {
        size_t len = size - at < piece ? size - at : piece;
        status = import_feed(&import, (struct str){(const char *)data + at, len}, &err);
    }
    if (status == STATUS_OK)
        status = import_complete(&import, &err);
    import_finish(&import);
    if (status != STATUS_OK && (status != STATUS_CORRUPT || err.message[0] == '\0'))
        abort();
    if (store_flush(store, &err) != STATUS_OK || store_verify(store, &options, &found, &err) != STATUS_OK)
        abort();
    if (found.faults > 0 || (status != STATUS_OK && found.records > 0))
        abort();
    if (env_write(&store->env, empty, NULL, &err) != STATUS_OK)
        abort();
}

static void put_digest(uint8_t *at, struct digest digest)
{
    memcpy(at, digest.bytes, DIGEST_SIZE);
}

/* The check of `len` bytes, at their front. */
static void put_bound(uint8_t *at, size_t len, const uint8_t *name)
{
    struct digest bound;
    memcpy(bound.bytes, name, DIGEST_SIZE);
    put_digest(at, digest_bound(digest_of(at + DIGEST_SIZE, len - DIGEST_SIZE), bound));
}

static void correct_frame(uint8_t kind, uint8_t *payload, size_t len, uint8_t *file)
{
    struct str bytes;
    struct worker *worker = worker_take(store);
    if (kind == FRAME_CHUNK && len >= DIGEST_SIZE &&
        block_unpack(worker, (struct str){(char *)payload + DIGEST_SIZE, len - DIGEST_SIZE}, &bytes))
        put_digest(payload, digest_of(bytes.ptr, bytes.len));
    if (kind == FRAME_OBJECT && len >= 2 * DIGEST_SIZE)
        put_bound(payload + DIGEST_SIZE, len - DIGEST_SIZE, payload);
    if (kind == FRAME_RECORD && len >= 4 * DIGEST_SIZE + 2) {
        uint8_t *check = payload + 2 * DIGEST_SIZE + 2;
        put_bound(check, (size_t)(payload + len - check), payload + DIGEST_SIZE);
        put_digest(payload, digest_of(payload + DIGEST_SIZE, len - DIGEST_SIZE));
    }
    if (kind == FRAME_END && len == END_PAYLOAD)
        put_digest(payload + len - DIGEST_SIZE, digest_of(file, (size_t)(payload - file) + len - DIGEST_SIZE));
    worker_give(store, worker);
}

static void correct(uint8_t *data, size_t size)
{
    size_t at = EXPORT_HEADER;
    while (at < size && size - at >= FRAME_HEADER) {
        struct reader r = reader_from(data + at, FRAME_HEADER);
        uint8_t kind = reader_u8(&r);
        uint32_t len = reader_u32(&r);
        if (len > size - at - FRAME_HEADER)
            return;
        correct_frame(kind, data + at + FRAME_HEADER, len, data);
        at += FRAME_HEADER + len;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (store == NULL)
        begin();
    try(data, size, size % 2 ? 7 : 4096);
    uint8_t *copy = mem_alloc(size + 1);
    memcpy(copy, data, size);
    correct(copy, size);
    try(copy, size, 4096);
    free(copy);
    return 0;
}
