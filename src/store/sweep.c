/* gc: taking away, a little at a time, after looking again at what others did meanwhile. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "refit/base/fs.h"
#include "refit/base/interrupt.h"
#include "store/collect.h"
#include "store/record.h"
#include "store/refs.h"

/* Others wait no longer than this for the writer's lock. */
#define AT_ONCE 1000
#define HOLD_MS 30

/* ---- what was put meanwhile ---- */

struct catching {
    struct collect *c;
    MDB_txn *txn;
    enum status status;
    struct error err;
};

static bool is_of(const MDB_val *key, struct digest digest)
{
    return key->mv_size == RECORD_KEY_SIZE && memcmp(key->mv_data, digest.bytes, DIGEST_SIZE) == 0;
}

/* All records under a key, and what they need. */
static int keep_key(struct catching *catching, struct digest digest)
{
    struct collect *c = catching->c;
    MDB_cursor *cursor;
    uint8_t first[RECORD_KEY_SIZE];
    size_t count;
    bool whole;
    struct collect_item *items = collect_find(c, digest, &count);
    for (size_t i = 0; i < count; i++)
        items[i].stays = true;
    int rc = mdb_cursor_open(catching->txn, c->store->dbis[DB_RECORDS], &cursor);
    if (rc != 0)
        return rc;
    record_key(digest, 0, first);
    MDB_val key = {sizeof first, first}, value;
    rc = env_step(cursor, &key, &value, MDB_SET_RANGE);
    while (rc == 0 && catching->status == STATUS_OK && is_of(&key, digest)) {
        catching->status = reach_record(c, catching->txn, digest, (struct str){value.mv_data, value.mv_size}, &whole,
                                        &catching->err);
        rc = env_step(cursor, &key, &value, MDB_NEXT);
    }
    mdb_cursor_close(cursor);
    return rc == MDB_NOTFOUND ? 0 : rc;
}

static int keep_used(struct catching *catching)
{
    struct store *store = catching->c->store;
    MDB_cursor *cursor;
    MDB_val key = {0}, value;
    int rc = mdb_cursor_open(catching->txn, store->dbis[DB_USED], &cursor);
    if (rc != 0)
        return rc;
    while (catching->status == STATUS_OK && (rc = env_step(cursor, &key, &value, MDB_NEXT)) == 0) {
        struct reader r = reader_from(value.mv_data, value.mv_size);
        struct digest digest;
        reader_u64(&r);
        if (key.mv_size != DIGEST_SIZE || reader_u64(&r) <= catching->c->sequence)
            continue;
        memcpy(digest.bytes, key.mv_data, DIGEST_SIZE);
        rc = keep_key(catching, digest);
        if (rc != 0)
            break;
    }
    mdb_cursor_close(cursor);
    return rc == MDB_NOTFOUND ? 0 : rc;
}

static int keep_root(struct catching *catching, const struct store_root *root)
{
    struct collect *c = catching->c;
    size_t count;
    bool whole = true;
    int rc = 0;
    catching->status = reach_outs(c, catching->txn, root->outs, root->out_count, &whole, &catching->err);
    struct collect_item *items = collect_find(c, root->key, &count);
    for (size_t i = 0; rc == 0 && catching->status == STATUS_OK && i < count; i++) {
        struct str value;
        rc = collect_value(c, catching->txn, &items[i], &value);
        if (rc == 0 && collect_is_root(root, value)) {
            items[i].stays = true;
            catching->status = reach_record(c, catching->txn, root->key, value, &whole, &catching->err);
        }
        rc = rc == MDB_NOTFOUND ? 0 : rc;
    }
    return rc;
}

static void keep_ref(void *ctx, struct digest key, struct str value)
{
    struct catching *catching = ctx;
    struct arena arena;
    struct store_ref ref;
    arena_init(&arena);
    if (catching->status == STATUS_OK && !ref_decode(key, value, &arena, &ref))
        catching->status = error_set(&catching->err, STATUS_CORRUPT, "what a workspace publishes in the store in %s is "
                                     "damaged", catching->c->store->env.directory);
    for (uint32_t i = 0; catching->status == STATUS_OK && i < ref.root_count; i++) {
        int rc = keep_root(catching, &ref.roots[i]);
        if (rc != 0)
            catching->status = env_error(&catching->c->store->env, rc, "read", &catching->err);
    }
    arena_finish(&arena);
}

/* Marks are only added: should the transaction not be committed, more stays than must. */
static enum status catch_up(struct collect *c, MDB_txn *txn, struct error *err)
{
    struct catching catching = {.c = c, .txn = txn};
    uint64_t sequence;
    int rc = sequence_read(c->store, txn, &sequence);
    if (rc == 0 && sequence == c->sequence)
        return STATUS_OK;
    if (rc == 0)
        rc = keep_used(&catching);
    if (rc == 0 && catching.status == STATUS_OK)
        rc = refs_each(c->store, txn, c->sequence, keep_ref, &catching);
    if (rc != 0)
        return env_error(&c->store->env, rc, "read", err);
    if (catching.status == STATUS_OK)
        c->sequence = sequence;
    else
        *err = catching.err;
    return catching.status;
}

/* ---- taking ---- */

struct taking {
    struct collect *c;
    enum database database;
    const struct digest *digests; /* chunks and objects; of records: NULL, all items */
    size_t count;
    size_t at, next; /* where this transaction begins, and the next one */
    uint64_t taken;
    enum status status;
    struct error err;
};

static int has_records(struct store *store, MDB_txn *txn, struct digest digest, bool *has)
{
    MDB_cursor *cursor;
    uint8_t first[RECORD_KEY_SIZE];
    int rc = mdb_cursor_open(txn, store->dbis[DB_RECORDS], &cursor);
    if (rc != 0)
        return rc;
    record_key(digest, 0, first);
    MDB_val key = {sizeof first, first}, value;
    rc = env_step(cursor, &key, &value, MDB_SET_RANGE);
    *has = rc == 0 && is_of(&key, digest);
    mdb_cursor_close(cursor);
    return rc == MDB_NOTFOUND ? 0 : rc;
}

static int take_record(struct taking *t, MDB_txn *txn, const struct collect_item *item)
{
    struct store *store = t->c->store;
    uint8_t bytes[RECORD_KEY_SIZE];
    struct digest digest = item->key;
    bool has = true;
    if (item->stays)
        return 0;
    record_key(digest, item->id, bytes);
    MDB_val key = {sizeof bytes, bytes}, used = {DIGEST_SIZE, digest.bytes};
    int rc = env_del(txn, store->dbis[DB_RECORDS], &key);
    t->taken += rc == 0;
    if (rc == 0)
        rc = has_records(store, txn, digest, &has);
    if (rc == 0 && !has)
        rc = env_del(txn, store->dbis[DB_USED], &used);
    return rc == MDB_NOTFOUND ? 0 : rc;
}

static int take_piece(struct taking *t, MDB_txn *txn, struct digest digest)
{
    uint8_t live = t->database == DB_CHUNKS ? LIVE_CHUNK : LIVE_OBJECT;
    if (marks_get(&t->c->marks, digest) & live)
        return 0;
    MDB_val key = {DIGEST_SIZE, digest.bytes};
    int rc = env_del(txn, t->c->store->dbis[t->database], &key);
    t->taken += rc == 0;
    return rc == MDB_NOTFOUND ? 0 : rc;
}

/* What was counted as used while no record is left. */
static int take_use(struct taking *t, MDB_txn *txn, struct digest digest)
{
    bool has;
    int rc = has_records(t->c->store, txn, digest, &has);
    MDB_val key = {DIGEST_SIZE, digest.bytes};
    if (rc == 0 && !has)
        rc = env_del(txn, t->c->store->dbis[DB_USED], &key);
    return rc == MDB_NOTFOUND ? 0 : rc;
}

static int take_body(MDB_txn *txn, void *ctx)
{
    struct taking *t = ctx;
    int64_t began_ms = clock_monotonic_ms();
    int rc = 0;
    t->taken = 0;
    t->next = t->at;
    t->status = catch_up(t->c, txn, &t->err);
    if (t->status != STATUS_OK)
        return 0;
    while (rc == 0 && t->next < t->count && t->next - t->at < AT_ONCE && clock_monotonic_ms() - began_ms < HOLD_MS) {
        size_t i = t->next++;
        if (t->database == DB_RECORDS)
            rc = take_record(t, txn, &t->c->items[i]);
        else
            rc = t->database == DB_USED ? take_use(t, txn, t->digests[i]) : take_piece(t, txn, t->digests[i]);
    }
    return rc == 0 && t->taken > 0 ? generation_advance(t->c->store, txn) : rc;
}

/* Most of what was put meanwhile is looked at without keeping anybody from writing. */
static enum status look_again(struct collect *c, struct error *err)
{
    MDB_txn *txn;
    enum status status = interrupt_check(false, err);
    if (status == STATUS_OK)
        status = env_read_begin(&c->store->env, &txn, err);
    if (status == STATUS_OK) {
        status = catch_up(c, txn, err);
        env_read_end(&c->store->env, txn);
    }
    return status;
}

static enum status take_all(struct taking *t, uint64_t *taken, struct error *err)
{
    enum status status = STATUS_OK;
    while (status == STATUS_OK && t->at < t->count) {
        status = look_again(t->c, err);
        if (status == STATUS_OK)
            status = env_write(&t->c->store->env, take_body, t, err);
        if (status == STATUS_OK && t->status != STATUS_OK) {
            *err = t->err;
            status = t->status;
        }
        if (status != STATUS_OK)
            break;
        *taken += t->taken;
        t->at = t->next;
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL); /* the lock is not fair: let others have it */
    }
    return status;
}

/* ---- what is not marked ---- */

struct doomed {
    struct digest *digests;
    size_t count, cap;
};

static void add_doomed(struct doomed *doomed, struct digest digest)
{
    MEM_GROW(doomed->digests, doomed->count, doomed->cap);
    doomed->digests[doomed->count++] = digest;
}

static void gather(const struct collect *c, uint8_t there, uint8_t live, struct doomed *doomed)
{
    for (size_t i = 0; i < c->marks.capacity; i++)
        if ((c->marks.flags[i] & there) && !(c->marks.flags[i] & live))
            add_doomed(doomed, c->marks.digests[i]);
}

static int compare_digests(const void *a, const void *b)
{
    return digest_compare(a, b);
}

static enum status sweep_pieces(struct collect *c, enum database database, uint64_t *taken, struct error *err)
{
    struct doomed doomed = {0};
    bool chunks = database == DB_CHUNKS;
    gather(c, chunks ? CHUNK_THERE : OBJECT_THERE, chunks ? LIVE_CHUNK : LIVE_OBJECT, &doomed);
    if (doomed.count > 1) /* neighbours share pages */
        qsort(doomed.digests, doomed.count, sizeof *doomed.digests, compare_digests);
    struct taking t = {.c = c, .database = database, .digests = doomed.digests, .count = doomed.count};
    enum status status = take_all(&t, taken, err);
    free(doomed.digests);
    return status;
}

static enum status sweep_used(struct collect *c, struct error *err)
{
    struct scan scan = {.store = c->store, .database = DB_USED};
    struct doomed doomed = {0};
    struct digest digest;
    uint64_t ignored = 0;
    bool found;
    enum status status;
    while ((status = scan_next(&scan, NULL, &found, err)) == STATUS_OK && found) {
        size_t count;
        if (scan.key.len != DIGEST_SIZE)
            continue;
        memcpy(digest.bytes, scan.key.ptr, DIGEST_SIZE);
        collect_find(c, digest, &count);
        if (count == 0)
            add_doomed(&doomed, digest);
    }
    scan_finish(&scan);
    struct taking t = {.c = c, .database = DB_USED, .digests = doomed.digests, .count = doomed.count};
    if (status == STATUS_OK)
        status = take_all(&t, &ignored, err);
    free(doomed.digests);
    return status;
}

enum status sweep(struct collect *c, struct error *err)
{
    struct taking records = {.c = c, .database = DB_RECORDS, .count = c->item_count};
    enum status status = look_again(c, err);
    if (status == STATUS_OK)
        status = take_all(&records, &c->counts->taken_records, err);
    if (status == STATUS_OK)
        status = sweep_pieces(c, DB_OBJECTS, &c->counts->taken_objects, err);
    if (status == STATUS_OK)
        status = sweep_pieces(c, DB_CHUNKS, &c->counts->taken_chunks, err);
    return status == STATUS_OK ? sweep_used(c, err) : status;
}

void sweep_count(struct collect *c)
{
    struct doomed chunks = {0}, objects = {0};
    gather(c, CHUNK_THERE, LIVE_CHUNK, &chunks);
    gather(c, OBJECT_THERE, LIVE_OBJECT, &objects);
    c->counts->taken_chunks = chunks.count;
    c->counts->taken_objects = objects.count;
    for (size_t i = 0; i < c->item_count; i++)
        c->counts->taken_records += !c->items[i].stays;
    free(chunks.digests);
    free(objects.digests);
}
