/* Reading objects, verified chunk by chunk and as a whole. */
#include "store/store.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "refit/base/fs.h"
#include "store/list.h"

/* Where an object goes: into a buffer, or to a file. */
struct sink {
    struct buf *buf;
    int fd;
    bool regular; /* a write to it does not block, so it may come straight from the map */
    const char *name;
    bool (*progress)(void *ctx, uint64_t bytes);
    void *ctx;
};

static enum status not_found(struct digest digest, struct error *err)
{
    char hex[DIGEST_HEX + 1];
    return error_set(err, STATUS_NOT_FOUND, "object %s is not in the store", digest_hex(digest, hex));
}

/* In a transaction that writes nothing can be dropped (it is the writer's): it is only reported. */
static enum status corrupt(struct store *store, MDB_txn *txn, enum database database, struct digest digest,
                           struct error *err)
{
    char hex[DIGEST_HEX + 1], text[96];
    const char *noun = database == DB_CHUNKS ? "chunk" : "object";
    snprintf(text, sizeof text, "%s %s is damaged", noun, digest_hex(digest, hex));
    if (txn != NULL)
        return error_set(err, STATUS_CORRUPT, "%s in the store in %s", text, store->env.directory);
    return drop_corrupt(store, database, (MDB_val){DIGEST_SIZE, digest.bytes}, text, err);
}

static enum status emit(struct sink *sink, struct str bytes, struct error *err)
{
    if (sink->buf == NULL)
        return fs_write_all(sink->fd, bytes.ptr, bytes.len, sink->name, err);
    buf_str(sink->buf, bytes);
    return STATUS_OK;
}

/* One chunk, verified, into the sink and (`hash`) the hasher. */
static enum status read_chunk(struct store *store, MDB_txn *txn, struct worker *worker, struct digest digest, bool hash,
                              struct sink *sink, bool *found, struct error *err)
{
    struct fetch fetch;
    struct str bytes;
    enum status status = fetch_begin(store, txn, ITEM_CHUNK, digest, &fetch, found, err);
    if (status != STATUS_OK || !*found) {
        if (status == STATUS_OK)
            fetch_end(&fetch);
        return status;
    }
    if (!block_unpack(worker, fetch.value, &bytes) || !digest_equal(digest_of(bytes.ptr, bytes.len), digest)) {
        fetch_end(&fetch);
        return corrupt(store, txn, DB_CHUNKS, digest, err);
    }
    size_t len = bytes.len;
    if (hash)
        hasher_update(worker->hasher, bytes.ptr, len);
    bool in_map = bytes.ptr != worker->plain.ptr;
    if (in_map && sink->buf == NULL && !sink->regular) {
        buf_clear(&worker->plain);
        buf_str(&worker->plain, bytes);
        bytes = buf_view(&worker->plain);
        in_map = false;
    }
    if (!in_map)
        fetch_end(&fetch);
    status = emit(sink, bytes, err);
    if (in_map)
        fetch_end(&fetch);
    if (status == STATUS_OK && sink->progress != NULL && !sink->progress(sink->ctx, len))
        status = error_set(err, STATUS_INTERRUPTED, "interrupted");
    return status;
}

/* ---- lists ---- */

static enum status read_object(struct store *store, MDB_txn *txn, struct digest digest, struct sink *sink,
                               unsigned depth, struct error *err);

/* The entries of an object's list, in `out`. */
static enum status read_list(struct store *store, MDB_txn *txn, struct digest digest, struct buf *out, uint64_t *size,
                             bool *found, unsigned depth, struct error *err)
{
    struct fetch fetch;
    struct list list;
    enum status status = fetch_begin(store, txn, ITEM_OBJECT, digest, &fetch, found, err);
    if (status != STATUS_OK)
        return status;
    bool good = *found && depth < LIST_DEPTH_MAX && list_decode(fetch.value, digest, &list);
    if (good && list.kind == LIST_DIRECT)
        buf_str(out, list.entries);
    fetch_end(&fetch);
    if (!*found)
        return STATUS_OK;
    if (good && list.kind == LIST_INDIRECT) {
        struct sink sink = {.buf = out};
        status = read_object(store, txn, list.entries_digest, &sink, depth + 1, err);
        if (status == STATUS_NOT_FOUND) {
            *found = false;
            return STATUS_OK;
        }
        if (status != STATUS_OK)
            return status;
        good = out->len == list.entries_size && list_check(buf_view(out), list.size);
    }
    if (!good)
        return corrupt(store, txn, DB_OBJECTS, digest, err);
    *size = list.size;
    return STATUS_OK;
}

static enum status read_chunks(struct store *store, MDB_txn *txn, struct worker *worker, struct digest digest,
                               struct str entries, struct sink *sink, struct error *err)
{
    hasher_reset(worker->hasher);
    for (uint64_t i = 0; i < list_count(entries); i++) {
        bool found;
        enum status status = read_chunk(store, txn, worker, list_at(entries, i).digest, true, sink, &found, err);
        if (status != STATUS_OK)
            return status;
        if (!found)
            return not_found(digest, err);
    }
    if (!digest_equal(hasher_digest(worker->hasher), digest))
        return corrupt(store, txn, DB_OBJECTS, digest, err);
    return STATUS_OK;
}

static enum status read_object(struct store *store, MDB_txn *txn, struct digest digest, struct sink *sink,
                               unsigned depth, struct error *err)
{
    struct worker *worker = worker_take(store);
    struct buf entries = {0};
    uint64_t size;
    bool found;
    enum status status = read_chunk(store, txn, worker, digest, false, sink, &found, err);
    if (status == STATUS_OK && !found) {
        status = read_list(store, txn, digest, &entries, &size, &found, depth, err);
        if (status == STATUS_OK && !found)
            status = not_found(digest, err);
        if (status == STATUS_OK)
            status = read_chunks(store, txn, worker, digest, buf_view(&entries), sink, err);
    }
    buf_finish(&entries);
    worker_give(store, worker);
    return status;
}

enum status object_read(struct store *store, MDB_txn *txn, struct digest digest, struct buf *out, struct error *err)
{
    struct sink sink = {.buf = out};
    size_t before = out->len;
    buf_reserve(out, 0); /* an empty object is a terminated string, too */
    enum status status = read_object(store, txn, digest, &sink, 0, err);
    if (status != STATUS_OK)
        out->len = before;
    out->ptr[out->len] = '\0';
    return status;
}

enum status store_get_bytes(struct store *store, struct digest digest, struct buf *out, struct error *err)
{
    return object_read(store, NULL, digest, out, err);
}

enum status store_get_fd(struct store *store, struct digest digest, int fd, const char *name,
                         bool (*progress)(void *ctx, uint64_t bytes), void *ctx, struct error *err)
{
    struct stat st;
    struct sink sink = {.fd = fd, .name = name, .progress = progress, .ctx = ctx};
    sink.regular = fstat(fd, &st) == 0 && S_ISREG(st.st_mode);
    return read_object(store, NULL, digest, &sink, 0, err);
}

enum status object_list(struct store *store, MDB_txn *txn, struct digest digest, struct buf *out, bool *found,
                        struct error *err)
{
    uint64_t size;
    return read_list(store, txn, digest, out, &size, found, 0, err);
}

/* ---- is it there? ---- */

enum status object_exists(struct store *store, MDB_txn *txn, struct digest digest, bool *has, struct error *err)
{
    enum status status = fetch_exists(store, txn, ITEM_CHUNK, digest, has, err);
    if (status != STATUS_OK || *has)
        return status;
    struct buf entries = {0};
    uint64_t size;
    status = read_list(store, txn, digest, &entries, &size, has, 0, err);
    struct str view = buf_view(&entries);
    for (uint64_t i = 0; status == STATUS_OK && *has && i < list_count(view); i++)
        status = fetch_exists(store, txn, ITEM_CHUNK, list_at(view, i).digest, has, err);
    buf_finish(&entries);
    return status;
}

enum status store_has(struct store *store, struct digest digest, bool *has, struct error *err)
{
    *has = false;
    return object_exists(store, NULL, digest, has, err);
}
