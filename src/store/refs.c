/* What workspaces publish: kept under a digest of who and under what name.
 *
 *   check (digest of all that follows, bound to the key), sequence u64 (of its commit)
 *   version u8, host, workspace, name, note, published i64
 *   number of roots u32, then of each: key, outs as in a record
 */
#include "store/refs.h"

#include <stdlib.h>
#include <string.h>

#include "refit/base/fs.h"
#include "store/record.h"

#define REF_VERSION 2
#define SEQUENCE_SIZE 8

static void ref_encode(const struct store_ref *ref, struct buf *out)
{
    buf_append(out, (const uint8_t[DIGEST_SIZE + SEQUENCE_SIZE]){0}, DIGEST_SIZE + SEQUENCE_SIZE); /* see ref_put() */
    buf_u8(out, REF_VERSION);
    buf_lstr(out, ref->host);
    buf_lstr(out, ref->workspace);
    buf_lstr(out, ref->name);
    buf_lstr(out, ref->note);
    buf_u64(out, (uint64_t)ref->seen_ms);
    buf_u32(out, ref->root_count);
    for (uint32_t i = 0; i < ref->root_count; i++) {
        buf_append(out, ref->roots[i].key.bytes, DIGEST_SIZE);
        outs_encode(ref->roots[i].outs, ref->roots[i].out_count, out);
    }
}

static struct digest check_of(struct digest key, const void *value, size_t len)
{
    return digest_bound(digest_of((const char *)value + DIGEST_SIZE, len - DIGEST_SIZE), key);
}

static bool is_sound(struct digest key, struct str value, uint64_t *sequence)
{
    struct reader r = reader_from(value.ptr, value.len);
    struct digest check = reader_digest(&r);
    *sequence = reader_u64(&r);
    return !r.bad && digest_equal(check, check_of(key, value.ptr, value.len));
}

bool ref_decode(struct digest key, struct str value, struct arena *arena, struct store_ref *out)
{
    struct reader r = reader_from(value.ptr, value.len);
    uint64_t sequence;
    *out = (struct store_ref){0};
    if (!is_sound(key, value, &sequence))
        return false;
    reader_bytes(&r, DIGEST_SIZE + SEQUENCE_SIZE);
    if (reader_u8(&r) != REF_VERSION)
        return false;
    out->host = str_dup(arena, reader_lstr(&r));
    out->workspace = str_dup(arena, reader_lstr(&r));
    out->name = str_dup(arena, reader_lstr(&r));
    out->note = str_dup(arena, reader_lstr(&r));
    out->seen_ms = (int64_t)reader_u64(&r);
    out->root_count = reader_u32(&r);
    if (r.bad || out->root_count > value.len / DIGEST_SIZE)
        return false;
    out->roots = arena_array(arena, struct store_root, out->root_count);
    for (uint32_t i = 0; i < out->root_count; i++) {
        out->roots[i].key = reader_digest(&r);
        if (!outs_decode(&r, arena, &out->roots[i].outs, &out->roots[i].out_count))
            return false;
    }
    return reader_done(&r);
}

static struct digest ref_key(const struct store_ref *ref)
{
    struct buf all = {0};
    buf_lstr(&all, ref->host);
    buf_lstr(&all, ref->workspace);
    buf_lstr(&all, ref->name);
    struct digest digest = digest_of(all.ptr, all.len);
    buf_finish(&all);
    return digest;
}

static struct item *ref_item(const struct store_ref *ref)
{
    struct buf bytes = {0};
    ref_encode(ref, &bytes);
    struct item *item = item_create(ITEM_REF, ref_key(ref), bytes.len);
    memcpy(item->value, bytes.ptr, bytes.len);
    buf_finish(&bytes);
    return item;
}

enum status store_publish(struct store *store, const struct store_ref *ref, struct error *err)
{
    if (store->env.read_only)
        return error_set(err, STATUS_STORE, "the store in %s is open for reading only", store->env.directory);
    return queue_push(store, ref_item(ref), err);
}

int ref_put(struct store *store, MDB_txn *txn, const struct item *item, uint64_t sequence)
{
    uint8_t *bytes = mem_resize(NULL, item->len);
    MDB_val key = {DIGEST_SIZE, (void *)(uintptr_t)item->key.bytes}, value = {item->len, bytes};
    memcpy(bytes, item->value, item->len);
    for (unsigned i = 0; i < SEQUENCE_SIZE; i++)
        bytes[DIGEST_SIZE + i] = (uint8_t)(sequence >> 8 * i);
    struct digest check = check_of(item->key, bytes, item->len);
    memcpy(bytes, check.bytes, DIGEST_SIZE);
    int rc = env_put(txn, store->dbis[DB_REFS], &key, &value);
    free(bytes);
    return rc;
}

/* ---- reading ---- */

static struct digest key_of(const MDB_val *key)
{
    struct digest digest = {{0}};
    if (key->mv_size == DIGEST_SIZE)
        memcpy(digest.bytes, key->mv_data, DIGEST_SIZE);
    return digest;
}

int refs_each(struct store *store, MDB_txn *txn, uint64_t since, ref_fn each, void *ctx)
{
    MDB_cursor *cursor;
    MDB_val key = {0}, value;
    if (!store->has_refs)
        return 0;
    int rc = mdb_cursor_open(txn, store->dbis[DB_REFS], &cursor);
    if (rc != 0)
        return rc;
    while ((rc = env_step(cursor, &key, &value, MDB_NEXT)) == 0) {
        struct str bytes = {value.mv_data, value.mv_size};
        uint64_t sequence;
        if (since == 0 || !is_sound(key_of(&key), bytes, &sequence) || sequence > since)
            each(ctx, key_of(&key), bytes);
    }
    mdb_cursor_close(cursor);
    return rc == MDB_NOTFOUND ? 0 : rc;
}

enum status store_has_ref(struct store *store, const struct store_ref *ref, bool *has, struct error *err)
{
    struct digest digest = ref_key(ref);
    MDB_val key = {DIGEST_SIZE, digest.bytes}, value;
    MDB_txn *txn;
    *has = false;
    if (!store->has_refs)
        return STATUS_OK;
    enum status status = env_read_begin(&store->env, &txn, err);
    if (status != STATUS_OK)
        return status;
    int rc = env_get(txn, store->dbis[DB_REFS], &key, &value);
    env_read_end(&store->env, txn);
    *has = rc == 0;
    return rc == 0 || rc == MDB_NOTFOUND ? STATUS_OK : env_error(&store->env, rc, "read", err);
}

struct gathering {
    struct arena *arena;
    struct digest *keys;
    struct str *values;
    uint32_t count;
};

static void count_one(void *ctx, struct digest key, struct str value)
{
    struct gathering *g = ctx;
    (void)key;
    (void)value;
    g->count++;
}

static void gather_one(void *ctx, struct digest key, struct str value)
{
    struct gathering *g = ctx;
    g->keys[g->count] = key;
    g->values[g->count++] = str_dup(g->arena, value);
}

enum status store_get_refs(struct store *store, struct arena *arena, struct store_ref **refs, uint32_t *count,
                           uint64_t *sequence, struct error *err)
{
    struct gathering g = {.arena = arena};
    MDB_txn *txn;
    enum status status = env_read_begin(&store->env, &txn, err);
    if (status != STATUS_OK)
        return status;
    int rc = sequence_read(store, txn, sequence);
    if (rc == 0)
        rc = refs_each(store, txn, 0, count_one, &g);
    g.keys = arena_array(arena, struct digest, g.count);
    g.values = arena_array(arena, struct str, g.count);
    g.count = 0;
    if (rc == 0)
        rc = refs_each(store, txn, 0, gather_one, &g);
    env_read_end(&store->env, txn);
    if (rc != 0)
        return env_error(&store->env, rc, "read", err);
    *refs = arena_array(arena, struct store_ref, g.count);
    *count = g.count;
    for (uint32_t i = 0; i < g.count; i++)
        /* What must stay cannot be guessed. */
        if (!ref_decode(g.keys[i], g.values[i], arena, &(*refs)[i]))
            return error_set(err, STATUS_CORRUPT, "what a workspace has published in the store in %s is damaged; bring "
                             "back a sound copy of the store, or set REFIT_STORE (or store.path) to another folder",
                             store->env.directory);
    return STATUS_OK;
}

/* ---- replacing ---- */

struct replacing {
    struct store *store;
    struct item **items;
    uint32_t count;
    struct digest *dropped;
    uint32_t dropped_count;
    uint64_t since;
};

/* Has it been published again since? */
static int is_newer(const struct replacing *r, MDB_txn *txn, struct digest digest, bool *newer)
{
    MDB_val key = {DIGEST_SIZE, digest.bytes}, value;
    int rc = env_get(txn, r->store->dbis[DB_REFS], &key, &value);
    *newer = false;
    if (rc == 0) {
        uint64_t sequence;
        *newer = is_sound(digest, (struct str){value.mv_data, value.mv_size}, &sequence) && sequence > r->since;
    }
    return rc == MDB_NOTFOUND ? 0 : rc;
}

static int replace_body(MDB_txn *txn, void *ctx)
{
    struct replacing *r = ctx;
    uint64_t sequence;
    bool newer;
    int rc = sequence_advance(r->store, txn, &sequence);
    for (uint32_t i = 0; rc == 0 && i < r->dropped_count; i++) {
        rc = is_newer(r, txn, r->dropped[i], &newer);
        MDB_val key = {DIGEST_SIZE, r->dropped[i].bytes};
        if (rc == 0 && !newer)
            rc = env_del(txn, r->store->dbis[DB_REFS], &key);
        rc = rc == MDB_NOTFOUND ? 0 : rc;
    }
    for (uint32_t i = 0; rc == 0 && i < r->count; i++) {
        rc = is_newer(r, txn, r->items[i]->key, &newer);
        if (rc == 0 && !newer)
            rc = ref_put(r->store, txn, r->items[i], sequence);
    }
    return rc;
}

enum status store_replace_refs(struct store *store, const struct store_ref *published, uint32_t published_count,
                               const struct store_ref *dropped, uint32_t dropped_count, uint64_t sequence,
                               struct error *err)
{
    struct arena arena;
    arena_init(&arena);
    struct replacing r = {.store = store, .count = published_count, .dropped_count = dropped_count, .since = sequence};
    r.items = arena_array(&arena, struct item *, published_count);
    r.dropped = arena_array(&arena, struct digest, dropped_count);
    for (uint32_t i = 0; i < published_count; i++)
        r.items[i] = ref_item(&published[i]);
    for (uint32_t i = 0; i < dropped_count; i++)
        r.dropped[i] = ref_key(&dropped[i]);
    enum status status = published_count + dropped_count > 0 ? env_write(&store->env, replace_body, &r, err)
                                                              : STATUS_OK;
    for (uint32_t i = 0; i < published_count; i++)
        free(r.items[i]);
    arena_finish(&arena);
    return status;
}
