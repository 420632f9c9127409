/* The one thread that writes: batches of what was put, each one synced transaction, in the order of the puts. */
#include "store/store.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "refit/base/fs.h"

struct batch {
    struct store *store;
    struct item *head;
    size_t bytes;
    uint64_t last_sequence;
    bool lost;
    struct error loss;
};

static int put_chunk(struct store *store, MDB_txn *txn, struct item *item)
{
    MDB_val key = {DIGEST_SIZE, item->key.bytes}, value = {item->len, item->value};
    int rc = mdb_put(txn, store->dbis[DB_CHUNKS], &key, &value, MDB_NOOVERWRITE);
    return rc == MDB_KEYEXIST ? 0 : rc;
}

/* Another list of the same bytes may name chunks that are gone; ours names those that were just put. */
static int put_object(struct store *store, MDB_txn *txn, struct item *item)
{
    MDB_val key = {DIGEST_SIZE, item->key.bytes}, value = {item->len, item->value}, old;
    int rc = env_get(txn, store->dbis[DB_OBJECTS], &key, &old);
    if (rc == 0 && old.mv_size == value.mv_size && memcmp(old.mv_data, value.mv_data, old.mv_size) == 0)
        return 0;
    return env_put(txn, store->dbis[DB_OBJECTS], &key, &value);
}

static int put_batch(MDB_txn *txn, void *ctx)
{
    struct batch *batch = ctx;
    struct store *store = batch->store;
    uint64_t generation, sequence = 0;
    int rc = generation_read(txn, store->dbis[DB_META], &generation);
    if (rc == 0)
        rc = sequence_advance(store, txn, &sequence);
    /* What this process took for stored may be gone if anybody has taken something away since it opened the store. */
    bool check = generation != store->generation;
    batch->lost = false;
    for (struct item *item = batch->head; rc == 0 && item != NULL; item = item->next) {
        if (item->kind == ITEM_CHUNK)
            rc = put_chunk(store, txn, item);
        else if (item->kind == ITEM_OBJECT)
            rc = put_object(store, txn, item);
        else if (item->kind == ITEM_USED)
            rc = used_put(store, txn, item->key, sequence);
        else if (item->kind == ITEM_REF)
            rc = ref_put(store, txn, item, sequence);
        else
            rc = record_put(store, txn, item, sequence, check, &batch->lost, &batch->loss);
    }
    return rc;
}

/* ---- the queue, seen from here (its lock is held) ---- */

static bool is_due(const struct queue *queue, int64_t now_ms)
{
    return queue->head != NULL &&
           (queue->stopping || queue->queued_bytes >= BATCH_BYTES_DUE || queue->flush_sequence > queue->done_sequence ||
            now_ms - queue->head->queued_ms >= BATCH_AGE_MS);
}

static void wait_for_work(struct queue *queue)
{
    if (queue->head == NULL) {
        pthread_cond_wait(&queue->work, &queue->lock);
        return;
    }
    int64_t due_ms = queue->head->queued_ms + BATCH_AGE_MS;
    struct timespec due = {due_ms / 1000, due_ms % 1000 * 1000000};
    pthread_cond_timedwait(&queue->work, &queue->lock, &due);
}

static struct batch take_batch(struct store *store)
{
    struct queue *queue = &store->queue;
    struct batch batch = {.store = store, .head = queue->head};
    struct item *last = NULL;
    while (queue->head != NULL && (last == NULL || batch.bytes + queue->head->charge <= BATCH_BYTES_MAX)) {
        last = queue->head;
        queue->head = last->next;
        batch.bytes += last->charge;
    }
    batch.last_sequence = last->sequence;
    last->next = NULL;
    if (queue->head == NULL)
        queue->tail = NULL;
    queue->queued_bytes -= batch.bytes;
    return batch;
}

static void unlink_item(struct queue *queue, struct item *item)
{
    uint64_t hash;
    memcpy(&hash, item->key.bytes, sizeof hash);
    struct item **link = &queue->buckets[hash & (queue->bucket_count - 1)];
    while (*link != item)
        link = &(*link)->chain;
    *link = item->chain;
    queue->item_count--;
    queue->waiting_bytes -= item->charge;
}

static void free_items(struct queue *queue, struct item *item)
{
    for (struct item *next; item != NULL; item = next) {
        next = item->next;
        unlink_item(queue, item);
        free(item);
    }
}

static void finish_batch(struct queue *queue, struct batch *batch, enum status status, const struct error *err)
{
    free_items(queue, batch->head);
    if (status == STATUS_OK) {
        queue->done_sequence = batch->last_sequence;
        if (batch->lost && !queue->lost) {
            queue->lost = true;
            queue->loss = batch->loss;
        }
    } else {
        queue->failed = true;
        queue->failure = *err;
        free_items(queue, queue->head);
        queue->head = queue->tail = NULL;
        queue->queued_bytes = 0;
        queue->done_sequence = queue->put_sequence;
    }
    pthread_cond_broadcast(&queue->done);
}

void *writer_run(void *ctx)
{
    struct store *store = ctx;
    struct queue *queue = &store->queue;
    struct error err;
    pthread_mutex_lock(&queue->lock);
    for (;;) {
        while (!is_due(queue, clock_monotonic_ms()) && !(queue->stopping && queue->head == NULL))
            wait_for_work(queue);
        if (queue->head == NULL)
            break;
        struct batch batch = take_batch(store);
        pthread_mutex_unlock(&queue->lock);
        enum status status = env_write(&store->env, put_batch, &batch, &err);
        pthread_mutex_lock(&queue->lock);
        finish_batch(queue, &batch, status, &err);
    }
    pthread_mutex_unlock(&queue->lock);
    return NULL;
}
