/* Storing objects: cut, digest, pass over what is known, compress, queue. On the caller's thread. */
#include "store/store.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "store/list.h"

#define READ_UNIT (256u << 10) /* so that what is read is cut and hashed while it is in the nearest caches */
#define SEQUENTIAL_MIN (1u << 20)
#define LEAVE_MIN (16u << 10) /* smaller chunks are copied out of the slab: small files all go through the same bytes */

_Static_assert(SLAB_BYTES >= 2 * READ_UNIT + CHUNK_MAX, "room to read while less than a chunk waits");

static enum status put_chunk(struct store *store, struct worker *worker, struct digest digest, struct str bytes,
                             struct slab *slab, struct error *err)
{
    bool known;
    enum status status = fetch_exists(store, NULL, ITEM_CHUNK, digest, &known, err);
    if (status != STATUS_OK || known)
        return status;
    return queue_push(store, block_pack(worker, store->compression, digest, bytes, slab), err);
}

/* The list of an object of several chunks; one that is too long is stored as an object itself. */
static enum status put_list(struct store *store, struct digest digest, uint64_t size, struct str entries,
                            struct error *err)
{
    struct list list = {.kind = LIST_DIRECT, .size = size, .entries = entries};
    enum status status = STATUS_OK;
    if (list_count(entries) > store->list_entries_max) {
        list.kind = LIST_INDIRECT;
        list.entries_size = entries.len;
        status = store_put_bytes(store, entries, &list.entries_digest, err);
        if (status != STATUS_OK)
            return status;
    }
    struct buf value = {0};
    list_encode(&list, digest, &value);
    struct fetch fetch;
    bool found;
    status = fetch_begin(store, NULL, ITEM_OBJECT, digest, &fetch, &found, err);
    if (status == STATUS_OK) {
        bool same = found && str_equal(fetch.value, buf_view(&value));
        fetch_end(&fetch);
        if (!same) {
            struct item *item = item_create(ITEM_OBJECT, digest, value.len);
            memcpy(item->value, value.ptr, value.len);
            status = queue_push(store, item, err);
        }
    }
    buf_finish(&value);
    return status;
}

static enum status check_writable(struct store *store, struct error *err)
{
    if (!store->env.read_only)
        return queue_check(store, err);
    return error_set(err, STATUS_STORE, "the store in %s is open for reading only", store->env.directory);
}

enum status store_put_bytes(struct store *store, struct str bytes, struct digest *digest, struct error *err)
{
    enum status status = check_writable(store, err);
    if (status != STATUS_OK)
        return status;
    struct worker *worker = worker_take(store);
    struct buf entries = {0};
    struct digest chunk;
    size_t at = 0;
    do {
        size_t len = chunk_cut((const uint8_t *)bytes.ptr + at, bytes.len - at);
        struct str piece = {bytes.len ? bytes.ptr + at : "", len};
        chunk = digest_of(piece.ptr, len);
        status = put_chunk(store, worker, chunk, piece, NULL, err);
        list_add(&entries, chunk, (uint32_t)len);
        at += len;
    } while (status == STATUS_OK && at < bytes.len);
    worker_give(store, worker);
    if (status == STATUS_OK) {
        bool single = list_count(buf_view(&entries)) == 1;
        *digest = single ? chunk : digest_of(bytes.ptr, bytes.len);
        if (!single)
            status = put_list(store, *digest, bytes.len, buf_view(&entries), err);
    }
    buf_finish(&entries);
    return status;
}

/* ---- from a file ---- */

struct intake {
    struct worker *worker;
    int fd;
    const char *name;
    bool (*progress)(void *ctx, uint64_t bytes);
    void *ctx;
    size_t at, end; /* of what is in the worker's slab and not cut yet */
    size_t seen;    /* bytes of that in which there is no cut */
    bool eof;
    uint64_t size; /* of what has been read */
};

/* Room for another read. What is behind stays in the slab before, if anything waits there. */
static void make_room(struct store *store, struct intake *in)
{
    struct slab *full = in->worker->slab;
    if (full != NULL && SLAB_BYTES - in->end >= READ_UNIT)
        return;
    in->worker->slab = slab_take(store);
    in->worker->slab_used = 0;
    if (full != NULL) {
        memcpy(in->worker->slab->bytes, full->bytes + in->at, in->end - in->at);
        slab_give(store, full);
    }
    in->end -= in->at;
    in->at = 0;
}

static enum status read_more(struct store *store, struct intake *in, struct error *err)
{
    ssize_t n;
    make_room(store, in);
    do
        n = read(in->fd, in->worker->slab->bytes + in->end, READ_UNIT);
    while (n < 0 && errno == EINTR);
    if (n < 0)
        return error_errno(err, STATUS_IO, errno, "cannot read %s", in->name);
    if (in->size < SEQUENTIAL_MIN && in->size + (size_t)n >= SEQUENTIAL_MIN)
        posix_fadvise(in->fd, 0, 0, POSIX_FADV_SEQUENTIAL); /* advice: a refusal changes nothing */
    in->eof = n == 0;
    in->end += (size_t)n;
    in->size += (uint64_t)n;
    if (in->progress != NULL && n > 0 && !in->progress(in->ctx, (uint64_t)n))
        return error_set(err, STATUS_INTERRUPTED, "interrupted");
    return STATUS_OK;
}

/* The next chunk, read as far as it takes. */
static enum status next_chunk(struct store *store, struct intake *in, struct str *bytes, struct error *err)
{
    size_t len = 0;
    for (;;) {
        if (in->end > in->at)
            len = chunk_find(in->worker->slab->bytes + in->at, in->seen, in->end - in->at);
        if (len > 0 || in->eof)
            break;
        in->seen = in->end - in->at;
        enum status status = read_more(store, in, err);
        if (status != STATUS_OK)
            return status;
    }
    *bytes = (struct str){(const char *)in->worker->slab->bytes + in->at, len > 0 ? len : in->end - in->at};
    in->at += bytes->len;
    in->seen = 0;
    return STATUS_OK;
}

/* Put it. The whole is hashed along with it while its bytes are near, unless it is the only one. */
static enum status take_chunk(struct store *store, struct intake *in, struct str bytes, struct buf *entries,
                              struct digest *digest, struct error *err)
{
    bool only = entries->len == 0 && in->eof && in->at == in->end;
    *digest = digest_of(bytes.ptr, bytes.len);
    if (!only)
        hasher_update(in->worker->hasher, bytes.ptr, bytes.len);
    list_add(entries, *digest, (uint32_t)bytes.len);
    if (bytes.len < LEAVE_MIN)
        return put_chunk(store, in->worker, *digest, bytes, NULL, err);
    in->worker->slab_used = in->at;
    return put_chunk(store, in->worker, *digest, bytes, in->worker->slab, err);
}

enum status store_put_fd(struct store *store, int fd, const char *name, struct digest *digest, uint64_t *size,
                         bool (*progress)(void *ctx, uint64_t bytes), void *ctx, struct error *err)
{
    enum status status = check_writable(store, err);
    if (status != STATUS_OK)
        return status;
    if (lseek(fd, 0, SEEK_SET) < 0 && errno != ESPIPE)
        return error_errno(err, STATUS_IO, errno, "cannot read %s", name);
    struct intake in = {.worker = worker_take(store), .fd = fd, .name = name, .progress = progress, .ctx = ctx};
    struct buf entries = {0};
    struct digest last;
    in.at = in.end = in.worker->slab_used;
    hasher_reset(in.worker->hasher);
    do {
        struct str bytes;
        status = next_chunk(store, &in, &bytes, err);
        if (status == STATUS_OK && (bytes.len > 0 || entries.len == 0))
            status = take_chunk(store, &in, bytes, &entries, &last, err);
    } while (status == STATUS_OK && !(in.eof && in.at == in.end));
    if (status == STATUS_OK) {
        bool single = list_count(buf_view(&entries)) == 1;
        *digest = single ? last : hasher_digest(in.worker->hasher);
        *size = in.size;
        if (!single)
            status = put_list(store, *digest, in.size, buf_view(&entries), err);
    }
    worker_give(store, in.worker);
    buf_finish(&entries);
    return status;
}
