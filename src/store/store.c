/* Opening and closing the store, and what it says about itself. */
#include "store/store.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "refit/base/fs.h"
#include "refit/state.h"

static const char *const names[DB_COUNT] = {"meta", "chunks", "objects", "records", "used", "refs"};

const struct env_kind store_kind = {"store", "set REFIT_STORE (or store.path) to a folder on a local disk",
                                    (size_t)1 << 30, false,
                                    "move the folder away, or remove it: what it kept is made again"};

static MDB_val format_key(void)
{
    return (MDB_val){sizeof "store-format" - 1, "store-format"};
}

/* ---- opening ---- */

static int create_body(MDB_txn *txn, void *ctx)
{
    struct store *store = ctx;
    for (unsigned i = 0; i < DB_COUNT; i++) {
        int rc = mdb_dbi_open(txn, names[i], MDB_CREATE, &store->dbis[i]);
        if (rc != 0)
            return rc;
    }
    uint8_t format[4] = {STORE_FORMAT};
    MDB_val key = format_key(), value = {sizeof format, format};
    int rc = mdb_put(txn, store->dbis[DB_META], &key, &value, MDB_NOOVERWRITE);
    store->has_refs = true;
    return rc == MDB_KEYEXIST ? 0 : rc; /* another process was faster: read_meta looks at what it wrote */
}

static enum status not_a_store(const struct store *store, struct error *err)
{
    return error_set(err, STATUS_STORE, "%s holds an LMDB database that is not a refit store; set REFIT_STORE (or "
                     "store.path) to another folder", store->env.directory);
}

static enum status read_meta(struct store *store, struct error *err)
{
    MDB_txn *txn;
    enum status status = env_read_begin(&store->env, &txn, err);
    if (status != STATUS_OK)
        return status;
    MDB_val key = format_key(), value;
    uint32_t format = 0;
    int rc = env_get(txn, store->dbis[DB_META], &key, &value);
    bool known = rc == 0 && value.mv_size == 4;
    if (known) {
        struct reader r = reader_from(value.mv_data, value.mv_size);
        format = reader_u32(&r);
        rc = generation_read(txn, store->dbis[DB_META], &store->generation);
    }
    env_read_end(&store->env, txn);
    if (rc != 0 && rc != MDB_NOTFOUND)
        return env_error(&store->env, rc, "read", err);
    if (!known)
        return not_a_store(store, err);
    if (format != STORE_FORMAT)
        return error_set(err, STATUS_STORE, "the store in %s has format %u and this refit reads format %u; set "
                         "REFIT_STORE (or store.path) to another folder, or use the refit that made it",
                         store->env.directory, format, STORE_FORMAT);
    return STATUS_OK;
}

static enum status open_databases(struct store *store, bool *is_new, struct error *err)
{
    bool complete, empty;
    enum status status = env_databases(&store->env, names, DB_REFS, store->dbis, &complete, &empty, err);
    *is_new = empty;
    if (status == STATUS_OK && !complete && !empty)
        return not_a_store(store, err);
    if (status == STATUS_OK && empty && store->env.read_only)
        return error_set(err, STATUS_NOT_FOUND, "there is no store in %s", store->env.directory);
    if (status == STATUS_OK && !empty)
        status = read_meta(store, err);
    if (status == STATUS_OK && !empty)
        status = env_databases(&store->env, &names[DB_REFS], 1, &store->dbis[DB_REFS], &store->has_refs, &empty, err);
    if (status != STATUS_OK || store->has_refs || store->env.read_only)
        return status;
    status = env_write(&store->env, create_body, store, err);
    return status == STATUS_OK ? read_meta(store, err) : status;
}

/* A new store has nothing of what an earlier one in the same folder had. An older one may have no word yet: as long as
 * it cannot be written, everybody looks closer. */
static enum status begin_epoch(struct store *store, bool is_new, struct error *err)
{
    char word[STORE_EPOCH_SIZE];
    store_read_epoch(store->env.directory, word);
    if (store->env.read_only || (word[0] != '\0' && !is_new))
        return STATUS_OK;
    struct error why;
    enum status status = epoch_renew(store, &why);
    if (status != STATUS_OK && word[0] != '\0')
        *err = why;
    return word[0] != '\0' ? status : STATUS_OK;
}

/* Nothing is there, or a folder. */
static enum status check_place(const char *directory, struct error *err)
{
    struct stat st;
    if (stat(directory, &st) != 0 || S_ISDIR(st.st_mode))
        return STATUS_OK;
    return error_set(err, STATUS_STORE, "%s is to hold the store, and is no folder; set REFIT_STORE (or store.path) to "
                     "a folder", directory);
}

/* Who only reads makes no folder and no file. */
static enum status take_use_lock(struct store *store, const char *directory, bool read_only, struct error *err)
{
    enum status status = check_place(directory, err);
    store->use_fd = -1;
    if (status == STATUS_OK && !read_only)
        status = fs_make_directories(directory, err);
    if (status == STATUS_OK && !state_needs_other_place(directory))
        status = use_lock(directory, !read_only, &store->use_fd, err);
    return status;
}

enum status store_open(const char *directory, const struct store_options *options, struct store **out,
                       struct error *err)
{
    struct store *store = mem_alloc(sizeof *store);
    store->compression = options->compression;
    store->list_entries_max = LIST_ENTRIES_MAX;
    bool is_new = false;
    enum status status = take_use_lock(store, directory, options->read_only, err);
    if (status == STATUS_OK)
        status = env_open(&store->env, directory, &store_kind, options->read_only, err);
    if (status == STATUS_OK)
        status = open_databases(store, &is_new, err);
    if (status == STATUS_OK)
        status = begin_epoch(store, is_new, err);
    if (status != STATUS_OK) {
        env_close(&store->env);
        if (store->use_fd >= 0)
            close(store->use_fd);
        free(store);
        return status;
    }
    pthread_mutex_init(&store->worker_lock, NULL);
    queue_init(&store->queue);
    *out = store;
    return STATUS_OK;
}

static void free_workers(struct worker *worker)
{
    for (struct worker *next; worker != NULL; worker = next) {
        next = worker->next;
        ZSTD_freeCCtx(worker->compressor);
        ZSTD_freeDCtx(worker->decompressor);
        hasher_destroy(worker->hasher);
        free(worker->input);
        buf_finish(&worker->packed);
        buf_finish(&worker->plain);
        free(worker);
    }
}

void store_close(struct store *store)
{
    if (store == NULL)
        return;
    queue_stop(store);
    queue_finish(&store->queue);
    env_close(&store->env);
    if (store->use_fd >= 0)
        close(store->use_fd);
    free_workers(store->workers);
    pthread_mutex_destroy(&store->worker_lock);
    free(store);
}

enum status store_flush(struct store *store, struct error *err)
{
    return queue_flush(store, err);
}

enum status store_is_diminished(struct store *store, bool *diminished, struct error *err)
{
    MDB_txn *txn;
    uint64_t generation;
    enum status status = env_read_begin(&store->env, &txn, err);
    if (status != STATUS_OK)
        return status;
    int rc = generation_read(txn, store->dbis[DB_META], &generation);
    env_read_end(&store->env, txn);
    *diminished = generation != store->generation;
    return rc == 0 ? STATUS_OK : env_error(&store->env, rc, "read", err);
}

/* ---- statistics ---- */

#define CHUNKS_AT_ONCE 10000

/* Adds up to CHUNKS_AT_ONCE chunks after `last` (before the first one: *more is false), so that no transaction is
 * long. */
static int add_chunks(struct store *store, MDB_txn *txn, struct digest *last, bool *more, struct store_stats *out)
{
    MDB_cursor *cursor;
    int rc = mdb_cursor_open(txn, store->dbis[DB_CHUNKS], &cursor);
    if (rc != 0)
        return rc;
    MDB_val key = {DIGEST_SIZE, last->bytes}, value;
    rc = env_step(cursor, &key, &value, *more ? MDB_SET_RANGE : MDB_FIRST);
    if (rc == 0 && *more && key.mv_size == DIGEST_SIZE && memcmp(key.mv_data, last->bytes, DIGEST_SIZE) == 0)
        rc = env_step(cursor, &key, &value, MDB_NEXT);
    unsigned count = 0;
    for (; rc == 0; rc = env_step(cursor, &key, &value, MDB_NEXT)) {
        /* On a damaged page keys may be in any order, and the walk without end. */
        if (key.mv_size != DIGEST_SIZE ||
            ((*more || count > 0) && memcmp(key.mv_data, last->bytes, DIGEST_SIZE) <= 0)) {
            rc = MDB_CORRUPTED;
            break;
        }
        struct reader r = reader_from(value.mv_data, value.mv_size);
        reader_u32(&r);
        out->chunk_bytes += reader_u32(&r);
        out->compressed_bytes += value.mv_size;
        memcpy(last->bytes, key.mv_data, DIGEST_SIZE);
        if (++count == CHUNKS_AT_ONCE)
            break;
    }
    mdb_cursor_close(cursor);
    *more = rc == 0;
    return rc == MDB_NOTFOUND ? 0 : rc;
}

static enum status count_entries(struct store *store, struct store_stats *out, struct error *err)
{
    MDB_txn *txn;
    MDB_stat stat;
    uint64_t *const counts[DB_COUNT] = {
        [DB_CHUNKS] = &out->chunks, [DB_OBJECTS] = &out->objects, [DB_RECORDS] = &out->records};
    enum status status = env_read_begin(&store->env, &txn, err);
    if (status != STATUS_OK)
        return status;
    int rc = 0;
    for (unsigned i = 0; rc == 0 && i < DB_COUNT; i++)
        if (counts[i] != NULL && (rc = mdb_stat(txn, store->dbis[i], &stat)) == 0)
            *counts[i] = stat.ms_entries;
    env_read_end(&store->env, txn);
    return rc == 0 ? STATUS_OK : env_error(&store->env, rc, "read", err);
}

enum status store_get_stats(struct store *store, struct store_stats *out, struct error *err)
{
    struct stat st;
    struct digest last = {{0}};
    bool more = false;
    int fd, rc;
    *out = (struct store_stats){0};
    enum status status = count_entries(store, out, err);
    if (status != STATUS_OK)
        return status;
    do {
        MDB_txn *txn;
        status = env_read_begin(&store->env, &txn, err);
        if (status != STATUS_OK)
            return status;
        rc = add_chunks(store, txn, &last, &more, out);
        env_read_end(&store->env, txn);
    } while (rc == 0 && more);
    if (rc != 0)
        return env_error(&store->env, rc, "read", err);
    if (mdb_env_get_fd(store->env.lmdb, &fd) == 0 && fstat(fd, &st) == 0)
        out->file_bytes = (uint64_t)st.st_size;
    return stats_of_records(store, out, err);
}
