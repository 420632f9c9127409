/* A ring of blocks between a thread that reads and whoever asks for bytes. */
#include "check/read_ahead.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "refit/base/arena.h"

enum { BLOCKS = 8, BLOCK_BYTES = 256 << 10 };

struct block {
    char *bytes;
    size_t len; /* 0 = the end, or `status` says why there is no more */
    enum status status;
};

struct read_ahead {
    struct input *input;
    uint64_t read_bytes; /* without a thread */
    bool running;
    pthread_t thread;
    pthread_mutex_t mutex;
    pthread_cond_t filled, emptied;
    bool stop;             /* under the mutex, as the two counts are */
    uint64_t put, taken;   /* blocks */
    struct block blocks[BLOCKS]; /* of the thread from `put` on, of the reader before that */
    struct error error;    /* the thread's, until it has put its last block */
    size_t at;             /* in the block that is taken next */
};

struct read_ahead *read_ahead_create(struct input *input)
{
    struct read_ahead *a = mem_alloc(sizeof *a);
    a->input = input;
    pthread_mutex_init(&a->mutex, NULL);
    pthread_cond_init(&a->filled, NULL);
    pthread_cond_init(&a->emptied, NULL);
    return a;
}

void read_ahead_destroy(struct read_ahead *a)
{
    if (a == NULL)
        return;
    if (a->running) {
        pthread_mutex_lock(&a->mutex);
        a->stop = true;
        pthread_cond_signal(&a->emptied);
        pthread_mutex_unlock(&a->mutex);
        pthread_join(a->thread, NULL);
    }
    for (int i = 0; i < BLOCKS; i++)
        free(a->blocks[i].bytes);
    pthread_cond_destroy(&a->emptied);
    pthread_cond_destroy(&a->filled);
    pthread_mutex_destroy(&a->mutex);
    input_close(a->input);
    free(a);
}

/* ---- the thread ---- */

/* NULL = nobody wants more. */
static struct block *next_empty(struct read_ahead *a)
{
    pthread_mutex_lock(&a->mutex);
    while (a->put - a->taken == BLOCKS && !a->stop)
        pthread_cond_wait(&a->emptied, &a->mutex);
    struct block *block = a->stop ? NULL : &a->blocks[a->put % BLOCKS];
    pthread_mutex_unlock(&a->mutex);
    return block;
}

static enum status fill(struct read_ahead *a, struct block *block)
{
    enum status status = STATUS_OK;
    size_t got = 1;
    for (block->len = 0; block->len < BLOCK_BYTES && got > 0 && status == STATUS_OK; block->len += got)
        status = input_read(a->input, block->bytes + block->len, BLOCK_BYTES - block->len, &got, &a->error);
    return status;
}

static void *run(void *data)
{
    struct read_ahead *a = data;
    struct block *block;
    bool more = true;
    while (more && (block = next_empty(a)) != NULL) {
        if (block->bytes == NULL)
            block->bytes = mem_alloc(BLOCK_BYTES);
        block->status = fill(a, block);
        more = block->len == BLOCK_BYTES && block->status == STATUS_OK;
        pthread_mutex_lock(&a->mutex);
        a->put++;
        pthread_cond_signal(&a->filled);
        pthread_mutex_unlock(&a->mutex);
    }
    return NULL;
}

/* Signals are for the thread that was there before. */
static enum status start(struct read_ahead *a, struct error *err)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int rc = pthread_create(&a->thread, NULL, run, a);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (rc != 0)
        return error_errno(err, STATUS_IO, rc,
                           "cannot start a thread that reads ahead; raise the limit of processes (ulimit -u)");
    a->running = true;
    return STATUS_OK;
}

/* ---- whoever asks ---- */

static const struct block *next_filled(struct read_ahead *a)
{
    pthread_mutex_lock(&a->mutex);
    while (a->put == a->taken)
        pthread_cond_wait(&a->filled, &a->mutex);
    pthread_mutex_unlock(&a->mutex);
    return &a->blocks[a->taken % BLOCKS];
}

static void give_back(struct read_ahead *a)
{
    a->at = 0;
    pthread_mutex_lock(&a->mutex);
    a->taken++;
    pthread_cond_signal(&a->emptied);
    pthread_mutex_unlock(&a->mutex);
}

/* The last block stays: whoever asks again gets the same answer. */
static enum status take(struct read_ahead *a, char *to, size_t room, size_t *got, struct error *err)
{
    const struct block *block = next_filled(a);
    *got = 0;
    if (a->at == block->len && block->status != STATUS_OK) {
        *err = a->error;
        return block->status;
    }
    *got = block->len - a->at < room ? block->len - a->at : room;
    memcpy(to, block->bytes + a->at, *got);
    a->at += *got;
    if (a->at == BLOCK_BYTES && block->status == STATUS_OK)
        give_back(a);
    return STATUS_OK;
}

enum status read_ahead_next(struct read_ahead *a, char *to, size_t room, size_t *got, struct error *err)
{
    *got = 0;
    if (!a->running && a->read_bytes < READ_AHEAD_BYTES) {
        enum status status = input_read(a->input, to, room, got, err);
        a->read_bytes += *got;
        return status;
    }
    enum status status = a->running ? STATUS_OK : start(a, err);
    size_t more = 1;
    while (status == STATUS_OK && *got < room && more > 0) { /* a row that does not end would be looked at each time */
        status = take(a, to + *got, room - *got, &more, err);
        *got += more;
    }
    return *got > 0 ? STATUS_OK : status; /* a fault after some bytes is told again next time */
}

enum status read_ahead_finish(struct read_ahead *a, char hex[SHA256_HEX + 1], struct error *err)
{
    return input_finish(a->input, hex, err);
}

uint64_t read_ahead_bytes(const struct read_ahead *a)
{
    return input_bytes(a->input);
}
