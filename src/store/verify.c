/* Verifying the store: every chunk, every object, every record, and what each record needs. */
#include "refit/store.h"

#include <string.h>

#include "store/inspect.h"
#include "store/record.h"

enum {
    CHUNK_GOOD = 1,
    CHUNK_BAD = 2,
    OBJECT_BAD = 4,
    REACHED_CHUNK = 8,
    REACHED_OBJECT = 16,
    TREE_SEEN = 32,
};

struct verify {
    struct store *store;
    const struct store_verify_options *options;
    struct store_verify_counts *counts;
    struct marks marks;
};

static struct digest digest_from(const struct buf *key)
{
    struct digest digest;
    memcpy(digest.bytes, key->ptr, DIGEST_SIZE);
    return digest;
}

/* ---- repairing ---- */

struct repair {
    struct store *store;
    enum database database;
    struct str key, value; /* value: as it was judged; nothing else is touched */
    struct flaw flaw;
    struct str better; /* what takes its place; "" = nothing */
    bool done;
};

static bool chunk_is_gone(struct store *store, MDB_txn *txn, struct digest digest)
{
    MDB_val key = {DIGEST_SIZE, digest.bytes}, value;
    return env_get(txn, store->dbis[DB_CHUNKS], &key, &value) != 0 || !chunk_is_sound(store, &key, &value);
}

/* Another process may have put in place again meanwhile what was missing. */
static bool is_still_flawed(struct store *store, MDB_txn *txn, const struct flaw *flaw)
{
    struct error ignored;
    bool has;
    if (flaw->kind == FLAW_CHUNK_MISSING || flaw->kind == FLAW_CHUNK_DAMAGED)
        return chunk_is_gone(store, txn, flaw->part);
    if (flaw->kind == FLAW_MISSING || flaw->kind == FLAW_DAMAGED)
        return object_exists(store, txn, flaw->part, &has, &ignored) != STATUS_OK || !has;
    return true; /* of the very bytes that were judged */
}

static int repair_body(MDB_txn *txn, void *ctx)
{
    struct repair *repair = ctx;
    struct store *store = repair->store;
    MDB_dbi dbi = store->dbis[repair->database];
    MDB_val key = {repair->key.len, (void *)(uintptr_t)repair->key.ptr}, value;
    repair->done = false;
    int rc = env_get(txn, dbi, &key, &value);
    if (rc != 0)
        return rc == MDB_NOTFOUND ? 0 : rc;
    struct str now = {value.mv_data, value.mv_size};
    if (repair->database == DB_CHUNKS ? key.mv_size == DIGEST_SIZE && chunk_is_sound(store, &key, &value)
                                      : !str_equal(now, repair->value) || !is_still_flawed(store, txn, &repair->flaw))
        return 0;
    repair->done = true;
    MDB_val better = {repair->better.len, (void *)(uintptr_t)repair->better.ptr};
    if (better.mv_size > 0)
        return env_put(txn, dbi, &key, &better);
    rc = env_del(txn, dbi, &key);
    return rc == 0 ? generation_advance(store, txn) : rc;
}

/* Counts a fault, repairs it if that is wanted, and tells it. */
static enum status fault(struct verify *v, struct repair *repair, struct store_fault *found, struct error *err)
{
    char text[FLAW_TEXT_MAX];
    v->counts->faults++;
    if (v->options->repair) {
        repair->store = v->store;
        enum status status = env_write(&v->store->env, repair_body, repair, err);
        if (status != STATUS_OK)
            return status;
        found->repaired = repair->done;
        v->counts->repaired += repair->done;
    }
    if (found->text.len == 0)
        found->text = str_from(flaw_text(&repair->flaw, text));
    if (v->options->fault != NULL)
        v->options->fault(v->options->ctx, found);
    return STATUS_OK;
}

static enum status bad_key(struct verify *v, enum database database, enum store_fault_kind kind, struct str key,
                           struct str value, struct error *err)
{
    struct repair repair = {.database = database, .key = key, .value = value, .flaw = {.kind = FLAW_WHOLE}};
    struct store_fault found = {.kind = kind, .text = STR("it is kept under a malformed key")};
    memcpy(found.digest.bytes, key.ptr, key.len < DIGEST_SIZE ? key.len : DIGEST_SIZE);
    return fault(v, &repair, &found, err);
}

static enum status bad_chunk(struct verify *v, struct digest digest, struct error *err)
{
    if (!marks_add(&v->marks, digest, CHUNK_BAD))
        return STATUS_OK;
    struct repair repair = {.database = DB_CHUNKS, .key = {(const char *)digest.bytes, DIGEST_SIZE},
                            .flaw = {FLAW_CHUNK_DAMAGED, digest}};
    struct store_fault found = {.kind = FAULT_CHUNK, .digest = digest};
    return fault(v, &repair, &found, err);
}

/* ---- objects, then the chunks that are in none ---- */

static enum status note_chunk(void *ctx, struct digest digest, struct str block, struct str bytes, struct error *err)
{
    struct verify *v = ctx;
    (void)block;
    (void)err;
    v->counts->read_bytes += bytes.len;
    marks_add(&v->marks, digest, CHUNK_GOOD);
    return STATUS_OK;
}

static enum status verify_object(struct verify *v, struct str key, struct digest digest, struct str value,
                                 struct error *err)
{
    struct flaw flaw;
    enum status status = inspect_list(v->store, digest, value, note_chunk, v, &flaw, err);
    if (status == STATUS_OK && flaw.kind == FLAW_CHUNK_DAMAGED)
        status = bad_chunk(v, flaw.part, err);
    if (status != STATUS_OK || flaw.kind == FLAW_NONE)
        return status;
    marks_add(&v->marks, digest, OBJECT_BAD);
    struct repair repair = {.database = DB_OBJECTS, .key = key, .value = value, .flaw = flaw};
    struct store_fault found = {.kind = FAULT_OBJECT, .digest = digest};
    return fault(v, &repair, &found, err);
}

/* Objects come first, since the chunks of one lie near each other: each is read once. */
static enum status verify_objects(struct verify *v, struct error *err)
{
    struct scan scan = {.store = v->store, .database = DB_OBJECTS};
    struct buf value = {0};
    bool found = true;
    enum status status = STATUS_OK;
    while (status == STATUS_OK && (status = scan_next(&scan, &value, &found, err)) == STATUS_OK && found) {
        v->counts->objects++;
        if (scan.key.len != DIGEST_SIZE)
            status = bad_key(v, DB_OBJECTS, FAULT_OBJECT, buf_view(&scan.key), buf_view(&value), err);
        else
            status = verify_object(v, buf_view(&scan.key), digest_from(&scan.key), buf_view(&value), err);
    }
    buf_finish(&value);
    scan_finish(&scan);
    return status;
}

static enum status verify_chunk(struct verify *v, struct digest digest, struct error *err)
{
    struct flaw flaw;
    if (marks_get(&v->marks, digest) & (CHUNK_GOOD | CHUNK_BAD))
        return STATUS_OK;
    enum status status = inspect_object(v->store, digest, note_chunk, v, &flaw, err);
    /* One that was taken out meanwhile is no fault of itself: the records tell whether it is missed. */
    if (status == STATUS_OK && flaw.kind == FLAW_CHUNK_DAMAGED && digest_equal(flaw.part, digest))
        status = bad_chunk(v, digest, err);
    return status;
}

static enum status verify_chunks(struct verify *v, struct error *err)
{
    struct scan scan = {.store = v->store, .database = DB_CHUNKS};
    bool found = true;
    enum status status = STATUS_OK;
    while (status == STATUS_OK && (status = scan_next(&scan, NULL, &found, err)) == STATUS_OK && found) {
        v->counts->chunks++;
        if (scan.key.len != DIGEST_SIZE)
            status = bad_key(v, DB_CHUNKS, FAULT_CHUNK, buf_view(&scan.key), STR(""), err);
        else
            status = verify_chunk(v, digest_from(&scan.key), err);
    }
    scan_finish(&scan);
    return status;
}

/* ---- records ---- */

/* What is kept of an object is needed: its chunk, or those of its list, and the list's own. */
static enum status reach(struct verify *v, struct digest digest, unsigned depth, struct error *err)
{
    struct fetch fetch;
    struct list list;
    struct flaw flaw;
    struct buf value = {0}, entries = {0};
    uint64_t size;
    bool found;
    if (depth > LIST_DEPTH_MAX || !marks_add(&v->marks, digest, REACHED_OBJECT))
        return STATUS_OK;
    marks_add(&v->marks, digest, REACHED_CHUNK);
    enum status status = fetch_begin(v->store, NULL, ITEM_OBJECT, digest, &fetch, &found, err);
    if (status == STATUS_OK && found)
        buf_str(&value, fetch.value);
    if (status == STATUS_OK)
        fetch_end(&fetch);
    if (status == STATUS_OK && found)
        status = inspect_entries(v->store, digest, buf_view(&value), &entries, &size, &flaw, err);
    struct str view = buf_view(&entries);
    for (uint64_t i = 0; status == STATUS_OK && i < list_count(view); i++)
        marks_add(&v->marks, list_at(view, i).digest, REACHED_CHUNK);
    if (status == STATUS_OK && found && list_decode(buf_view(&value), digest, &list) && list.kind == LIST_INDIRECT)
        status = reach(v, list.entries_digest, depth + 1, err);
    buf_finish(&entries);
    buf_finish(&value);
    return status;
}

/* Is an object that a record names there, and was it found sound? */
static enum status visit(void *ctx, struct digest digest, struct flaw *flaw, struct error *err)
{
    struct verify *v = ctx;
    bool has;
    enum status status = reach(v, digest, 0, err);
    if (status == STATUS_OK)
        status = fetch_exists(v->store, NULL, ITEM_CHUNK, digest, &has, err);
    uint8_t bad = marks_get(&v->marks, digest) & CHUNK_BAD;
    if (status == STATUS_OK && !has) {
        status = fetch_exists(v->store, NULL, ITEM_OBJECT, digest, &has, err);
        bad |= marks_get(&v->marks, digest) & OBJECT_BAD;
    }
    /* What was bad and is there although it was taken out has been stored again by somebody. */
    if (status == STATUS_OK && (!has || (bad && !v->options->repair)))
        *flaw = (struct flaw){bad ? FLAW_DAMAGED : FLAW_MISSING, digest};
    return status;
}

/* A record can do without its log. */
static enum status verify_log(struct verify *v, struct str key, struct str value, struct record *record,
                              struct store_fault *found, struct error *err)
{
    struct flaw flaw = {0};
    if (digest_is_zero(record->log))
        return STATUS_OK;
    enum status status = visit(v, record->log, &flaw, err);
    if (status != STATUS_OK || flaw.kind == FLAW_NONE)
        return status;
    struct buf better = {0};
    record->log = (struct digest){{0}};
    record_encode(record, &better);
    struct repair repair = {.database = DB_RECORDS, .key = key, .value = value, .flaw = flaw,
                            .better = buf_view(&better)};
    found->text = STR("its log cannot be had");
    status = fault(v, &repair, found, err);
    buf_finish(&better);
    return status;
}

static enum status verify_record(struct verify *v, struct str key, struct str value, struct error *err)
{
    struct arena arena;
    struct record record = {0};
    const struct record_out *at;
    struct repair repair = {.database = DB_RECORDS, .key = key, .value = value};
    struct store_fault found = {.kind = FAULT_RECORD};
    memcpy(found.digest.bytes, key.ptr, DIGEST_SIZE);
    for (unsigned i = DIGEST_SIZE; i < RECORD_KEY_SIZE; i++)
        found.id = found.id << 8 | (uint8_t)key.ptr[i];
    arena_init(&arena);
    enum status status = STATUS_OK;
    if (!record_decode(value, found.digest, &arena, &record)) {
        repair.flaw.kind = FLAW_WHOLE;
        found.text = STR("it is damaged");
        status = fault(v, &repair, &found, err);
        goto out;
    }
    struct inspection in = {v->store, &v->marks, TREE_SEEN, visit, v};
    status = inspect_record(&in, &record, &repair.flaw, &at, err);
    if (status != STATUS_OK)
        goto out;
    if (repair.flaw.kind == FLAW_NONE) {
        status = verify_log(v, key, value, &record, &found, err);
        goto out;
    }
    found.path = at->path;
    status = fault(v, &repair, &found, err);
out:
    arena_finish(&arena);
    return status;
}

static enum status verify_records(struct verify *v, struct error *err)
{
    struct scan scan = {.store = v->store, .database = DB_RECORDS};
    struct buf value = {0};
    bool found = true;
    enum status status = STATUS_OK;
    while (status == STATUS_OK && (status = scan_next(&scan, &value, &found, err)) == STATUS_OK && found) {
        v->counts->records++;
        if (scan.key.len != RECORD_KEY_SIZE)
            status = bad_key(v, DB_RECORDS, FAULT_RECORD, buf_view(&scan.key), buf_view(&value), err);
        else
            status = verify_record(v, buf_view(&scan.key), buf_view(&value), err);
    }
    buf_finish(&value);
    scan_finish(&scan);
    return status;
}

/* Chunks that were there when chunks were looked at, and that no record has led to. */
static enum status count_loose(struct verify *v, struct error *err)
{
    struct scan scan = {.store = v->store, .database = DB_CHUNKS};
    bool found = true;
    enum status status = STATUS_OK;
    while ((status = scan_next(&scan, NULL, &found, err)) == STATUS_OK && found) {
        uint8_t flags = scan.key.len == DIGEST_SIZE ? marks_get(&v->marks, digest_from(&scan.key)) : 0;
        if (flags & CHUNK_GOOD && !(flags & REACHED_CHUNK)) {
            v->counts->loose_chunks++;
            v->counts->loose_bytes += scan.len;
        }
    }
    scan_finish(&scan);
    return status;
}

enum status store_verify(struct store *store, const struct store_verify_options *options,
                         struct store_verify_counts *out, struct error *err)
{
    struct verify v = {.store = store, .options = options, .counts = out};
    *out = (struct store_verify_counts){0};
    enum status status = verify_objects(&v, err);
    if (status == STATUS_OK)
        status = verify_chunks(&v, err);
    if (status == STATUS_OK)
        status = verify_records(&v, err);
    if (status == STATUS_OK)
        status = count_loose(&v, err);
    if (status == STATUS_OK)
        status = epoch_settle(store, err);
    marks_finish(&v.marks);
    return status;
}
