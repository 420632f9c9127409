/* Storing objects: cut, digest, pass over what is known, compress, queue. On the caller's thread. */
#include "store/store.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "store/list.h"

#define READ_UNIT (1u << 20)

_Static_assert(INPUT_BYTES >= 2 * READ_UNIT + CHUNK_MAX, "room to read while less than a chunk waits");

static enum status put_chunk(struct store *store, struct worker *worker, struct digest digest, struct str bytes,
                             struct error *err)
{
    bool known;
    enum status status = fetch_exists(store, NULL, ITEM_CHUNK, digest, &known, err);
    if (status != STATUS_OK || known)
        return status;
    return queue_push(store, block_pack(worker, store->compression, digest, bytes), err);
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
        status = put_chunk(store, worker, chunk, piece, err);
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
    size_t at, end; /* of what is in worker->input and not cut yet */
    bool eof;
    uint64_t size; /* of what has been read */
};

/* Read until there is a whole chunk or the file ends. */
static enum status fill(struct intake *in, struct error *err)
{
    uint8_t *input = in->worker->input;
    while (!in->eof && in->end - in->at < CHUNK_MAX) {
        if (INPUT_BYTES - in->end < READ_UNIT) {
            memmove(input, input + in->at, in->end - in->at);
            in->end -= in->at;
            in->at = 0;
        }
        ssize_t n = read(in->fd, input + in->end, READ_UNIT);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return error_errno(err, STATUS_IO, errno, "cannot read %s", in->name);
        if (in->size < READ_UNIT && in->size + (size_t)n >= READ_UNIT)
            posix_fadvise(in->fd, 0, 0, POSIX_FADV_SEQUENTIAL); /* advice: a refusal changes nothing */
        in->eof = n == 0;
        in->end += (size_t)n;
        in->size += (uint64_t)n;
        if (in->progress != NULL && n > 0 && !in->progress(in->ctx, (uint64_t)n))
            return error_set(err, STATUS_INTERRUPTED, "interrupted");
    }
    return STATUS_OK;
}

/* The next chunk; the whole is hashed along with it while its bytes are near, unless it is the only one. */
static enum status take_chunk(struct store *store, struct intake *in, struct buf *entries, struct digest *digest,
                              struct error *err)
{
    const uint8_t *bytes = in->worker->input + in->at;
    size_t waiting = in->end - in->at, len = chunk_cut(bytes, waiting);
    bool only = entries->len == 0 && in->eof && len == waiting;
    *digest = digest_of(bytes, len);
    if (!only)
        hasher_update(in->worker->hasher, bytes, len);
    list_add(entries, *digest, (uint32_t)len);
    in->at += len;
    return put_chunk(store, in->worker, *digest, (struct str){(const char *)bytes, len}, err);
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
    if (in.worker->input == NULL)
        in.worker->input = mem_resize(NULL, INPUT_BYTES);
    hasher_reset(in.worker->hasher);
    do {
        status = fill(&in, err);
        if (status == STATUS_OK && (in.at < in.end || entries.len == 0))
            status = take_chunk(store, &in, &entries, &last, err);
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
