/* Finding what is kept under a digest, and taking away what turns out to be corrupt. */
#include "store/store.h"

#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "store/list.h"

static MDB_dbi database_of(const struct store *store, enum item_kind kind)
{
    return store->dbis[kind == ITEM_CHUNK ? DB_CHUNKS : kind == ITEM_OBJECT ? DB_OBJECTS : DB_RECORDS];
}

/* LMDB's map is opened for random access: the disk is asked for one page after the other, each when it is touched. Of a
 * value that is about to be read as a whole, all are wanted at once. This is advice: a refusal changes nothing. */
static void read_ahead(struct str value)
{
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE), start = (uintptr_t)value.ptr & ~(page - 1);
    size_t len = (uintptr_t)value.ptr + value.len - start;
    if (len > page)
        madvise((void *)start, len, MADV_WILLNEED);
}

enum status fetch_begin(struct store *store, MDB_txn *txn, enum item_kind kind, struct digest digest,
                        struct fetch *fetch, bool *found, struct error *err)
{
    *fetch = (struct fetch){.store = store, .txn = txn};
    *found = false;
    if (txn == NULL) {
        /* What waits first: it is taken out of the queue only once LMDB has it. */
        if (queue_find(store, kind, digest, &fetch->copy)) {
            fetch->value = buf_view(&fetch->copy);
            *found = true;
            return STATUS_OK;
        }
        enum status status = env_read_begin(&store->env, &fetch->txn, err);
        if (status != STATUS_OK)
            return status;
        fetch->own = true;
    }
    MDB_val key = {DIGEST_SIZE, digest.bytes}, value;
    int rc = env_get(fetch->txn, database_of(store, kind), &key, &value);
    if (rc == 0) {
        fetch->value = (struct str){value.mv_data, value.mv_size};
        read_ahead(fetch->value);
        *found = true;
    }
    if (rc == 0 || rc == MDB_NOTFOUND)
        return STATUS_OK;
    fetch_end(fetch);
    return env_error(&store->env, rc, "read", err);
}

void fetch_end(struct fetch *fetch)
{
    if (fetch->own)
        env_read_end(&fetch->store->env, fetch->txn);
    fetch->own = false;
    fetch->txn = NULL;
    buf_finish(&fetch->copy);
}

enum status fetch_exists(struct store *store, MDB_txn *txn, enum item_kind kind, struct digest digest, bool *found,
                         struct error *err)
{
    if (txn == NULL && queue_find(store, kind, digest, NULL)) {
        *found = true;
        return STATUS_OK;
    }
    MDB_txn *reading = txn;
    if (txn == NULL) {
        enum status status = env_read_begin(&store->env, &reading, err);
        if (status != STATUS_OK)
            return status;
    }
    MDB_val key = {DIGEST_SIZE, digest.bytes}, value;
    int rc = env_get(reading, database_of(store, kind), &key, &value);
    if (txn == NULL)
        env_read_end(&store->env, reading);
    *found = rc == 0;
    return rc == 0 || rc == MDB_NOTFOUND ? STATUS_OK : env_error(&store->env, rc, "read", err);
}

/* ---- the generation and the sequence ---- */

static MDB_val counter_key(const char *name)
{
    return (MDB_val){strlen(name), (void *)(uintptr_t)name};
}

static int counter_read(MDB_txn *txn, MDB_dbi meta, const char *name, uint64_t *count)
{
    MDB_val key = counter_key(name), value;
    int rc = env_get(txn, meta, &key, &value);
    *count = 0;
    if (rc == 0) {
        struct reader r = reader_from(value.mv_data, value.mv_size);
        *count = reader_u64(&r);
    }
    return rc == MDB_NOTFOUND ? 0 : rc;
}

static int counter_advance(MDB_txn *txn, MDB_dbi meta, const char *name, uint64_t *count)
{
    int rc = counter_read(txn, meta, name, count);
    if (rc != 0)
        return rc;
    struct buf bytes = {0};
    buf_u64(&bytes, ++*count);
    MDB_val key = counter_key(name), value = {bytes.len, bytes.ptr};
    rc = env_put(txn, meta, &key, &value);
    buf_finish(&bytes);
    return rc;
}

int generation_read(MDB_txn *txn, MDB_dbi meta, uint64_t *generation)
{
    return counter_read(txn, meta, "generation", generation);
}

int generation_advance(struct store *store, MDB_txn *txn)
{
    uint64_t generation;
    int rc = epoch_change(store);
    return rc != 0 ? rc : counter_advance(txn, store->dbis[DB_META], "generation", &generation);
}

int sequence_advance(struct store *store, MDB_txn *txn, uint64_t *sequence)
{
    return counter_advance(txn, store->dbis[DB_META], "sequence", sequence);
}

int sequence_read(struct store *store, MDB_txn *txn, uint64_t *sequence)
{
    return counter_read(txn, store->dbis[DB_META], "sequence", sequence);
}

/* ---- corruption ---- */

struct drop {
    struct store *store;
    enum database database;
    MDB_val key;
};

/* A chunk that another process put in place again since is fine now. */
bool chunk_is_sound(struct store *store, const MDB_val *key, const MDB_val *value)
{
    struct worker *worker = worker_take(store);
    struct str bytes;
    bool sound = false;
    if (block_unpack(worker, (struct str){value->mv_data, value->mv_size}, &bytes)) {
        struct digest digest = digest_of(bytes.ptr, bytes.len);
        sound = memcmp(digest.bytes, key->mv_data, DIGEST_SIZE) == 0;
    }
    worker_give(store, worker);
    return sound;
}

static int drop_body(MDB_txn *txn, void *ctx)
{
    struct drop *drop = ctx;
    struct store *store = drop->store;
    MDB_val value;
    int rc = env_get(txn, store->dbis[drop->database], &drop->key, &value);
    if (rc == MDB_NOTFOUND)
        return 0;
    if (rc == 0 && drop->database == DB_CHUNKS && chunk_is_sound(store, &drop->key, &value))
        return 0;
    if (rc == 0)
        rc = env_del(txn, store->dbis[drop->database], &drop->key);
    return rc == 0 ? generation_advance(store, txn) : rc;
}

enum status drop_corrupt(struct store *store, enum database database, MDB_val key, const char *text, struct error *err)
{
    if (store->env.read_only)
        return error_set(err, STATUS_CORRUPT, "%s in the store in %s", text, store->env.directory);
    struct drop drop = {store, database, key};
    struct error failure;
    if (env_write(&store->env, drop_body, &drop, &failure) != STATUS_OK)
        return error_set(err, STATUS_STORE, "%s in the store in %s, and it cannot be taken out: %s", text,
                         store->env.directory, failure.message);
    if (epoch_settle(store, err) != STATUS_OK)
        return err->status;
    return error_set(err, STATUS_CORRUPT, "%s in the store in %s; it was taken out and will be made again", text,
                     store->env.directory);
}
