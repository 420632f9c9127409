/* The records under a key: adding one, finding all, and the check that what one refers to is still there. */
#include "store/record.h"
#include "store/store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* The records under one key, oldest first, as LMDB has them or will have them. */
struct kept {
    uint64_t id;
    struct str value;
};

struct kept_set {
    struct kept *items;
    uint32_t count, cap;
};

void record_key(struct digest key, uint64_t id, uint8_t out[RECORD_KEY_SIZE])
{
    memcpy(out, key.bytes, DIGEST_SIZE);
    for (unsigned i = 0; i < 8; i++)
        out[DIGEST_SIZE + i] = (uint8_t)(id >> (56 - 8 * i));
}

static uint64_t key_id(const uint8_t *key)
{
    uint64_t id = 0;
    for (unsigned i = 0; i < 8; i++)
        id = id << 8 | key[DIGEST_SIZE + i];
    return id;
}

static void set_append(struct kept_set *set, uint64_t id, struct str value)
{
    MEM_GROW(set->items, set->count, set->cap);
    set->items[set->count++] = (struct kept){id, value};
}

/* Values are copied to `arena`, or point into the transaction if it is NULL. */
static int set_load(struct store *store, MDB_txn *txn, struct digest digest, struct arena *arena, struct kept_set *set)
{
    uint8_t first[RECORD_KEY_SIZE];
    MDB_cursor *cursor;
    int rc = mdb_cursor_open(txn, store->dbis[DB_RECORDS], &cursor);
    if (rc != 0)
        return rc;
    record_key(digest, 0, first);
    MDB_val key = {sizeof first, first}, value;
    rc = env_step(cursor, &key, &value, MDB_SET_RANGE);
    while (rc == 0 && key.mv_size == RECORD_KEY_SIZE && memcmp(key.mv_data, digest.bytes, DIGEST_SIZE) == 0) {
        struct str bytes = {value.mv_data, value.mv_size};
        set_append(set, key_id(key.mv_data), arena ? str_dup(arena, bytes) : bytes);
        rc = env_step(cursor, &key, &value, MDB_NEXT);
    }
    mdb_cursor_close(cursor);
    return rc == MDB_NOTFOUND ? 0 : rc;
}

/* Adds a value: in place of one that says the same, else under the next id. *removed is the id of the record that is
 * one too many with inputs (it leaves the set), or 0. Returns the id. */
static uint64_t set_add(struct kept_set *set, struct str value, uint64_t *removed)
{
    struct record_head head, other;
    uint32_t with_inputs = 0, oldest = 0;
    uint64_t id = 1;
    *removed = 0;
    if (!record_head(value, &head))
        return 0;
    for (uint32_t i = 0; i < set->count; i++) {
        id = set->items[i].id + 1;
        if (!record_head(set->items[i].value, &other))
            continue;
        if (digest_equal(other.identity, head.identity)) {
            set->items[i].value = value;
            return set->items[i].id;
        }
        if (other.has_inputs && with_inputs++ == 0)
            oldest = i;
    }
    if (head.has_inputs && with_inputs >= RECORD_INPUT_SETS_MAX) {
        *removed = set->items[oldest].id;
        memmove(&set->items[oldest], &set->items[oldest + 1], (set->count - oldest - 1) * sizeof *set->items);
        set->count--;
    }
    set_append(set, id, value);
    return id;
}

/* ---- adding ---- */

static enum status check_tree(struct store *store, MDB_txn *txn, struct digest digest, struct arena *arena, bool *whole,
                              struct error *err)
{
    struct buf bytes = {0};
    struct tree tree;
    enum status status = object_read(store, txn, digest, &bytes, err);
    if (status == STATUS_NOT_FOUND) {
        *whole = false;
        status = STATUS_OK;
        goto out;
    }
    if (status == STATUS_OK)
        status = tree_decode(arena, buf_view(&bytes), &tree, err);
    for (uint32_t i = 0; status == STATUS_OK && *whole && i < tree.count; i++)
        if (tree.entries[i].kind == ENTRY_FILE)
            status = object_exists(store, txn, tree.entries[i].digest, whole, err);
out:
    buf_finish(&bytes);
    return status;
}

/* Is everything there that the record refers to? */
static enum status check_references(struct store *store, MDB_txn *txn, const struct item *item, bool *whole,
                                    struct error *err)
{
    struct arena arena;
    struct record record;
    enum status status = STATUS_OK;
    arena_init(&arena);
    *whole = record_decode((struct str){(const char *)item->value, item->len}, item->key, &arena, &record);
    for (uint32_t i = 0; status == STATUS_OK && *whole && i < record.out_count; i++) {
        const struct record_out *o = &record.outs[i];
        if (!o->stored || o->kind == ENTRY_MISSING)
            continue;
        status = o->kind == ENTRY_DIRECTORY ? check_tree(store, txn, o->digest, &arena, whole, err)
                                            : object_exists(store, txn, o->digest, whole, err);
    }
    if (status == STATUS_OK && *whole && !digest_is_zero(record.log))
        status = object_exists(store, txn, record.log, whole, err);
    arena_finish(&arena);
    return status;
}

int used_put(struct store *store, MDB_txn *txn, struct digest digest, uint64_t sequence)
{
    uint8_t bytes[16];
    uint64_t now = (uint64_t)time(NULL);
    for (unsigned i = 0; i < 8; i++) {
        bytes[i] = (uint8_t)(now >> 8 * i);
        bytes[8 + i] = (uint8_t)(sequence >> 8 * i);
    }
    MDB_val key = {DIGEST_SIZE, digest.bytes}, value = {sizeof bytes, bytes};
    return env_put(txn, store->dbis[DB_USED], &key, &value);
}

int record_put(struct store *store, MDB_txn *txn, const struct item *item, uint64_t sequence, bool check, bool *lost,
               struct error *err)
{
    if (check) {
        bool whole;
        char hex[DIGEST_HEX + 1];
        enum status status = check_references(store, txn, item, &whole, err);
        if (status != STATUS_OK || !whole) {
            if (status == STATUS_OK)
                error_set(err, STATUS_COLLECTED, "part of what the record of key %s refers to was collected while it "
                          "was being stored; run again", digest_hex(item->key, hex));
            *lost = true;
            return 0;
        }
    }
    struct kept_set set = {0};
    uint64_t id = 0, removed = 0;
    uint8_t bytes[RECORD_KEY_SIZE];
    struct str record = {(const char *)item->value, item->len};
    int rc = set_load(store, txn, item->key, NULL, &set);
    if (rc == 0)
        id = set_add(&set, record, &removed);
    free(set.items);
    MDB_val key = {sizeof bytes, bytes}, value = {item->len, (void *)(uintptr_t)item->value};
    if (rc == 0 && removed != 0) {
        record_key(item->key, removed, bytes);
        rc = env_del(txn, store->dbis[DB_RECORDS], &key);
    }
    if (rc == 0) {
        record_key(item->key, id, bytes);
        rc = env_put(txn, store->dbis[DB_RECORDS], &key, &value);
    }
    return rc == 0 ? used_put(store, txn, item->key, sequence) : rc;
}

enum status store_put_record(struct store *store, const struct record *record, struct error *err)
{
    if (store->env.read_only)
        return error_set(err, STATUS_STORE, "the store in %s is open for reading only", store->env.directory);
    struct buf bytes = {0};
    record_encode(record, &bytes);
    struct item *item = item_create(ITEM_RECORD, record->key, bytes.len);
    memcpy(item->value, bytes.ptr, bytes.len);
    buf_finish(&bytes);
    return queue_push(store, item, err);
}

enum status store_mark_used(struct store *store, struct digest key, struct error *err)
{
    if (store->env.read_only)
        return STATUS_OK;
    return queue_push(store, item_create(ITEM_USED, key, 0), err);
}

/* ---- finding ---- */

static enum status corrupt(struct store *store, struct digest digest, uint64_t id, struct error *err)
{
    char hex[DIGEST_HEX + 1], text[96];
    uint8_t bytes[RECORD_KEY_SIZE];
    snprintf(text, sizeof text, "record %llu of key %s is damaged", (unsigned long long)id, digest_hex(digest, hex));
    record_key(digest, id, bytes);
    return drop_corrupt(store, DB_RECORDS, (MDB_val){sizeof bytes, bytes}, text, err);
}

/* What LMDB has and what waits, together as it will be. */
static enum status load_all(struct store *store, struct digest key, struct arena *arena, struct kept_set *set,
                            struct error *err)
{
    struct str *waiting;
    uint32_t waiting_count = queue_find_records(store, key, arena, &waiting);
    MDB_txn *txn;
    enum status status = env_read_begin(&store->env, &txn, err);
    if (status != STATUS_OK)
        return status;
    int rc = set_load(store, txn, key, arena, set);
    env_read_end(&store->env, txn);
    if (rc != 0)
        return env_error(&store->env, rc, "read", err);
    for (uint32_t i = 0; i < waiting_count; i++) {
        uint64_t removed;
        set_add(set, waiting[i], &removed);
    }
    return STATUS_OK;
}

enum status record_known(struct store *store, struct digest key, struct digest identity, bool *known, struct error *err)
{
    struct arena arena;
    struct kept_set set = {0};
    struct record_head head;
    arena_init(&arena);
    *known = false;
    enum status status = load_all(store, key, &arena, &set, err);
    for (uint32_t i = 0; status == STATUS_OK && i < set.count; i++)
        *known |= record_head(set.items[i].value, &head) && digest_equal(head.identity, identity);
    free(set.items);
    arena_finish(&arena);
    return status;
}

enum status store_get_records(struct store *store, struct digest key, struct arena *arena, struct record **records,
                              uint32_t *count, struct error *err)
{
    struct kept_set set = {0};
    enum status status = load_all(store, key, arena, &set, err);
    if (status == STATUS_OK) {
        *records = arena_array(arena, struct record, set.count);
        *count = set.count;
    }
    for (uint32_t i = 0; status == STATUS_OK && i < set.count; i++) {
        struct record *record = &(*records)[i];
        record->id = set.items[i].id;
        if (!record_decode(set.items[i].value, key, arena, record))
            status = corrupt(store, key, record->id, err);
    }
    if (status != STATUS_OK)
        *count = 0;
    free(set.items);
    return status;
}
