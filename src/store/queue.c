/* What was put and is not durable yet: an ordered queue for the writer, and a table in which readers find it. */
#include "store/store.h"

#include <assert.h>
#include <errno.h>
#include <malloc.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "refit/base/fs.h"

/* Many small values dirty as many pages: the charge keeps a batch well below LMDB's limit of 131,071. */
#define CHARGE_MIN 1024
#define CHARGE_RECORD 8192

struct item *item_create(enum item_kind kind, struct digest key, size_t len)
{
    struct item *item = mem_resize(NULL, sizeof *item + len);
    size_t least = kind == ITEM_RECORD ? CHARGE_RECORD : CHARGE_MIN;
    *item = (struct item){.kind = kind, .key = key, .len = len, .charge = len > least ? len : least};
    return item;
}

void queue_init(struct queue *queue)
{
    *queue = (struct queue){.bucket_count = 256};
    queue->buckets = mem_alloc(queue->bucket_count * sizeof *queue->buckets);
    pthread_mutex_init(&queue->lock, NULL);
    pthread_cond_init(&queue->done, NULL);
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&queue->work, &attributes);
    pthread_condattr_destroy(&attributes);
}

void queue_finish(struct queue *queue)
{
    assert(queue->head == NULL && queue->item_count == 0);
    free(queue->buckets);
    pthread_cond_destroy(&queue->work);
    pthread_cond_destroy(&queue->done);
    pthread_mutex_destroy(&queue->lock);
}

static struct item **bucket_of(struct queue *queue, struct digest key)
{
    uint64_t hash;
    memcpy(&hash, key.bytes, sizeof hash);
    return &queue->buckets[hash & (queue->bucket_count - 1)];
}

static struct item *find(struct queue *queue, enum item_kind kind, struct digest key)
{
    for (struct item *item = *bucket_of(queue, key); item != NULL; item = item->chain)
        if (item->kind == kind && digest_equal(item->key, key))
            return item;
    return NULL;
}

static void grow_table(struct queue *queue)
{
    struct item **old = queue->buckets;
    size_t old_count = queue->bucket_count;
    queue->bucket_count *= 2;
    queue->buckets = mem_alloc(mem_product(queue->bucket_count, sizeof *queue->buckets));
    struct item ***ends = mem_alloc(mem_product(queue->bucket_count, sizeof *ends));
    for (size_t i = 0; i < queue->bucket_count; i++)
        ends[i] = &queue->buckets[i];
    for (size_t i = 0; i < old_count; i++)
        for (struct item *item = old[i]; item != NULL; item = item->chain) {
            size_t at = (size_t)(bucket_of(queue, item->key) - queue->buckets);
            *ends[at] = item;
            ends[at] = &item->chain;
        }
    for (size_t i = 0; i < queue->bucket_count; i++)
        *ends[i] = NULL;
    free(ends);
    free(old);
}

#define KEPT_BYTES_MAX (256 << 20) /* what waits, and LMDB's copy of a batch, twice over */
#define MMAP_BYTES_MIN (32 << 20)

/* Chunks are allocated and freed by the megabyte, here and in LMDB. By default glibc hands such memory back to the
 * kernel and takes it again, zeroed, page fault by page fault: that took half of the time of storing. */
static void keep_freed_memory(void)
{
#ifdef M_TRIM_THRESHOLD
    mallopt(M_TRIM_THRESHOLD, KEPT_BYTES_MAX);
    mallopt(M_TOP_PAD, MMAP_BYTES_MIN);
    mallopt(M_MMAP_THRESHOLD, MMAP_BYTES_MIN);
#endif
}

/* Signals are for the main thread; a write beyond a file size limit then is an error of the write, too. */
static enum status start_writer(struct store *store, struct error *err)
{
    sigset_t all, old;
    keep_freed_memory();
    sigfillset(&all);
    sigdelset(&all, SIGSEGV); /* a damaged page: see damage.c */
    sigdelset(&all, SIGBUS);
    pthread_sigmask(SIG_SETMASK, &all, &old);
    int rc = pthread_create(&store->queue.thread, NULL, writer_run, store);
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    if (rc != 0)
        return error_errno(err, STATUS_STORE, rc, "cannot start the store's writer thread");
    store->queue.started = true;
    return STATUS_OK;
}

static void append(struct queue *queue, struct item *item)
{
    if (queue->item_count >= queue->bucket_count)
        grow_table(queue);
    struct item **bucket = bucket_of(queue, item->key);
    item->chain = *bucket;
    *bucket = item;
    queue->item_count++;
    if (queue->tail != NULL)
        queue->tail->next = item;
    else
        queue->head = item;
    queue->tail = item;
    item->sequence = ++queue->put_sequence;
    item->queued_ms = clock_monotonic_ms();
    bool first = queue->queued_bytes == 0;
    bool filled = queue->queued_bytes < BATCH_BYTES_DUE && queue->queued_bytes + item->charge >= BATCH_BYTES_DUE;
    queue->queued_bytes += item->charge;
    queue->waiting_bytes += item->charge;
    if (first || filled)
        pthread_cond_signal(&queue->work);
}

enum status queue_push(struct store *store, struct item *item, struct error *err)
{
    struct queue *queue = &store->queue;
    enum status status = STATUS_OK;
    pthread_mutex_lock(&queue->lock);
    while (!queue->failed && queue->waiting_bytes > WAITING_BYTES_MAX)
        pthread_cond_wait(&queue->done, &queue->lock);
    if (queue->failed) {
        *err = queue->failure;
        status = err->status;
    } else if (item->kind == ITEM_RECORD || item->kind == ITEM_REF || find(queue, item->kind, item->key) == NULL) {
        if (!queue->started)
            status = start_writer(store, err);
        if (status == STATUS_OK) {
            append(queue, item);
            item = NULL;
        }
    }
    pthread_mutex_unlock(&queue->lock);
    free(item);
    return status;
}

enum status queue_check(struct store *store, struct error *err)
{
    enum status status = STATUS_OK;
    pthread_mutex_lock(&store->queue.lock);
    if (store->queue.failed) {
        *err = store->queue.failure;
        status = err->status;
    }
    pthread_mutex_unlock(&store->queue.lock);
    return status;
}

enum status queue_flush(struct store *store, struct error *err)
{
    struct queue *queue = &store->queue;
    enum status status = STATUS_OK;
    pthread_mutex_lock(&queue->lock);
    uint64_t target = queue->put_sequence;
    if (queue->flush_sequence < target)
        queue->flush_sequence = target;
    pthread_cond_signal(&queue->work);
    while (queue->done_sequence < target)
        pthread_cond_wait(&queue->done, &queue->lock);
    if (queue->failed) {
        *err = queue->failure;
        status = err->status;
    } else if (queue->lost) {
        queue->lost = false;
        *err = queue->loss;
        status = err->status;
    }
    pthread_mutex_unlock(&queue->lock);
    return status;
}

void queue_stop(struct store *store)
{
    struct queue *queue = &store->queue;
    pthread_mutex_lock(&queue->lock);
    queue->stopping = true;
    bool started = queue->started;
    pthread_cond_signal(&queue->work);
    pthread_mutex_unlock(&queue->lock);
    if (started)
        pthread_join(queue->thread, NULL);
}

bool queue_find(struct store *store, enum item_kind kind, struct digest key, struct buf *out)
{
    struct queue *queue = &store->queue;
    pthread_mutex_lock(&queue->lock);
    struct item *item = queue->item_count ? find(queue, kind, key) : NULL;
    if (item != NULL && out != NULL)
        buf_append(out, item->value, item->len);
    pthread_mutex_unlock(&queue->lock);
    return item != NULL;
}

uint32_t queue_find_records(struct store *store, struct digest key, struct arena *arena, struct str **values)
{
    struct queue *queue = &store->queue;
    uint32_t count = 0, at;
    *values = NULL;
    pthread_mutex_lock(&queue->lock);
    for (struct item *item = *bucket_of(queue, key); item != NULL; item = item->chain)
        count += item->kind == ITEM_RECORD && digest_equal(item->key, key);
    if (count > 0)
        *values = arena_array(arena, struct str, count);
    at = count;
    for (struct item *item = *bucket_of(queue, key); item != NULL; item = item->chain)
        if (item->kind == ITEM_RECORD && digest_equal(item->key, key))
            (*values)[--at] = str_dup(arena, (struct str){(const char *)item->value, item->len});
    pthread_mutex_unlock(&queue->lock);
    return count;
}
