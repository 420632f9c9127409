/* Reading objects and records to see whether they are whole. Nothing is dropped here, and no transaction is open while
 * a caller is called back or a chunk is hashed. */
#include "store/inspect.h"

#include <stdio.h>
#include <string.h>

#include "refit/base/interrupt.h"

const char *flaw_text(const struct flaw *flaw, char out[FLAW_TEXT_MAX])
{
    static const char *const texts[] = {
        [FLAW_NONE] = "%s is sound",
        [FLAW_MISSING] = "object %s is missing",
        [FLAW_DAMAGED] = "object %s is damaged",
        [FLAW_CHUNK_MISSING] = "chunk %s is missing",
        [FLAW_CHUNK_DAMAGED] = "chunk %s is damaged",
        [FLAW_LIST] = "the list of the chunks of object %s is damaged",
        [FLAW_WHOLE] = "the chunks of object %s are not its bytes",
        [FLAW_TREE] = "object %s is not the tree of a directory",
    };
    char hex[DIGEST_HEX + 1];
    snprintf(out, FLAW_TEXT_MAX, texts[flaw->kind], digest_hex(flaw->part, hex));
    return out;
}

/* ---- chunks ---- */

/* What is kept under a digest, copied. */
static enum status read_value(struct store *store, enum item_kind kind, struct digest digest, struct buf *out,
                              bool *found, struct error *err)
{
    struct fetch fetch;
    buf_clear(out);
    enum status status = fetch_begin(store, NULL, kind, digest, &fetch, found, err);
    if (status != STATUS_OK)
        return status;
    if (*found)
        buf_str(out, fetch.value);
    fetch_end(&fetch);
    return STATUS_OK;
}

/* The chunk in the worker: in `packed` as it is kept, in *bytes as it was. FLAW_CHUNK_MISSING if there is none. */
static enum status read_chunk(struct store *store, struct worker *worker, struct digest digest, struct str *bytes,
                              struct flaw *flaw, struct error *err)
{
    bool found;
    enum status status = interrupt_check(false, err);
    if (status == STATUS_OK)
        status = read_value(store, ITEM_CHUNK, digest, &worker->packed, &found, err);
    if (status != STATUS_OK)
        return status;
    if (!found)
        *flaw = (struct flaw){FLAW_CHUNK_MISSING, digest};
    else if (!block_unpack(worker, buf_view(&worker->packed), bytes) ||
             !digest_equal(digest_of(bytes->ptr, bytes->len), digest))
        *flaw = (struct flaw){FLAW_CHUNK_DAMAGED, digest};
    return STATUS_OK;
}

/* ---- objects ---- */

/* How an object is read: chunks to `each`, bytes to `out`, at most `bytes_max` of them. */
struct reading {
    struct store *store;
    inspect_chunk_fn each;
    void *ctx;
    struct buf *out;
    uint64_t bytes_max;
    unsigned depth;
};

static enum status read_object(const struct reading *in, struct digest digest, struct flaw *flaw, struct error *err);

static enum status emit(const struct reading *in, struct worker *worker, struct digest digest, struct str bytes,
                        struct error *err)
{
    if (in->out != NULL)
        buf_str(in->out, bytes);
    return in->each ? in->each(in->ctx, digest, buf_view(&worker->packed), bytes, err) : STATUS_OK;
}

static enum status read_entries(struct store *store, struct digest digest, struct str value, unsigned depth,
                                struct buf *entries, uint64_t *size, struct flaw *flaw, struct error *err)
{
    struct list list;
    if (!list_decode(value, digest, &list) || depth >= LIST_DEPTH_MAX || list.entries_size > LIST_BYTES_MAX) {
        *flaw = (struct flaw){FLAW_LIST, digest};
        return STATUS_OK;
    }
    *size = list.size;
    if (list.kind == LIST_DIRECT) {
        buf_str(entries, list.entries);
        return STATUS_OK;
    }
    struct reading in = {.store = store, .out = entries, .bytes_max = list.entries_size, .depth = depth + 1};
    enum status status = read_object(&in, list.entries_digest, flaw, err);
    if (status == STATUS_OK && flaw->kind == FLAW_NONE &&
        (entries->len != list.entries_size || !list_check(buf_view(entries), list.size)))
        *flaw = (struct flaw){FLAW_LIST, digest};
    return status;
}

static enum status read_listed(const struct reading *in, struct digest digest, struct str value, struct flaw *flaw,
                               struct error *err)
{
    struct worker *worker = worker_take(in->store);
    struct buf entries = {0};
    uint64_t size = 0;
    enum status status = read_entries(in->store, digest, value, in->depth, &entries, &size, flaw, err);
    if (status == STATUS_OK && flaw->kind == FLAW_NONE && in->out != NULL && size > in->bytes_max)
        *flaw = (struct flaw){FLAW_LIST, digest};
    struct str view = buf_view(&entries);
    hasher_reset(worker->hasher);
    for (uint64_t i = 0; status == STATUS_OK && flaw->kind == FLAW_NONE && i < list_count(view); i++) {
        struct list_entry entry = list_at(view, i);
        struct str bytes;
        status = read_chunk(in->store, worker, entry.digest, &bytes, flaw, err);
        if (status != STATUS_OK || flaw->kind != FLAW_NONE)
            break;
        if (bytes.len != entry.len) {
            *flaw = (struct flaw){FLAW_LIST, digest};
            break;
        }
        hasher_update(worker->hasher, bytes.ptr, bytes.len);
        status = emit(in, worker, entry.digest, bytes, err);
    }
    if (status == STATUS_OK && flaw->kind == FLAW_NONE && !digest_equal(hasher_digest(worker->hasher), digest))
        *flaw = (struct flaw){FLAW_WHOLE, digest};
    buf_finish(&entries);
    worker_give(in->store, worker);
    return status;
}

static enum status read_object(const struct reading *in, struct digest digest, struct flaw *flaw, struct error *err)
{
    struct worker *worker = worker_take(in->store);
    struct str bytes;
    enum status status = read_chunk(in->store, worker, digest, &bytes, flaw, err);
    if (status == STATUS_OK && flaw->kind == FLAW_NONE) {
        if (in->out != NULL && bytes.len > in->bytes_max)
            *flaw = (struct flaw){FLAW_LIST, digest};
        else
            status = emit(in, worker, digest, bytes, err);
    }
    worker_give(in->store, worker);
    if (status != STATUS_OK || flaw->kind != FLAW_CHUNK_MISSING)
        return status;
    struct buf value = {0};
    bool found;
    status = read_value(in->store, ITEM_OBJECT, digest, &value, &found, err);
    *flaw = (struct flaw){found ? FLAW_NONE : FLAW_MISSING, digest};
    if (status == STATUS_OK && found)
        status = read_listed(in, digest, buf_view(&value), flaw, err);
    buf_finish(&value);
    return status;
}

enum status inspect_object(struct store *store, struct digest digest, inspect_chunk_fn each, void *ctx,
                           struct flaw *flaw, struct error *err)
{
    struct reading in = {.store = store, .each = each, .ctx = ctx};
    *flaw = (struct flaw){0};
    return read_object(&in, digest, flaw, err);
}

enum status inspect_list(struct store *store, struct digest digest, struct str value, inspect_chunk_fn each, void *ctx,
                         struct flaw *flaw, struct error *err)
{
    struct reading in = {.store = store, .each = each, .ctx = ctx};
    *flaw = (struct flaw){0};
    return read_listed(&in, digest, value, flaw, err);
}

enum status inspect_entries(struct store *store, struct digest digest, struct str value, struct buf *entries,
                            uint64_t *size, struct flaw *flaw, struct error *err)
{
    *flaw = (struct flaw){0};
    return read_entries(store, digest, value, 0, entries, size, flaw, err);
}

/* ---- records ---- */

static enum status visit_tree(const struct inspection *in, struct digest digest, struct flaw *flaw, struct error *err)
{
    struct arena arena;
    struct tree tree = {0};
    struct buf bytes = {0};
    struct error malformed;
    struct reading reading = {.store = in->store, .out = &bytes, .bytes_max = TREE_BYTES_MAX};
    if (marks_get(in->marks, digest) & in->tree_mark)
        return STATUS_OK;
    arena_init(&arena);
    enum status status = in->visit(in->ctx, digest, flaw, err);
    if (status == STATUS_OK && flaw->kind == FLAW_NONE)
        status = read_object(&reading, digest, flaw, err);
    if (status == STATUS_OK && flaw->kind == FLAW_NONE &&
        tree_decode(&arena, buf_view(&bytes), &tree, &malformed) != STATUS_OK)
        *flaw = (struct flaw){FLAW_TREE, digest};
    for (uint32_t i = 0; status == STATUS_OK && flaw->kind == FLAW_NONE && i < tree.count; i++)
        if (tree.entries[i].kind == ENTRY_FILE)
            status = in->visit(in->ctx, tree.entries[i].digest, flaw, err);
    if (status == STATUS_OK && flaw->kind == FLAW_NONE)
        marks_add(in->marks, digest, in->tree_mark);
    buf_finish(&bytes);
    arena_finish(&arena);
    return status;
}

enum status inspect_record(const struct inspection *in, const struct record *record, struct flaw *flaw,
                           const struct record_out **at, struct error *err)
{
    enum status status = STATUS_OK;
    *flaw = (struct flaw){0};
    *at = NULL;
    for (uint32_t i = 0; status == STATUS_OK && flaw->kind == FLAW_NONE && i < record->out_count; i++) {
        const struct record_out *out = &record->outs[i];
        if (!out->stored || out->kind == ENTRY_MISSING)
            continue;
        *at = out;
        status = out->kind == ENTRY_DIRECTORY ? visit_tree(in, out->digest, flaw, err)
                                              : in->visit(in->ctx, out->digest, flaw, err);
    }
    return status;
}

/* ---- walking a database ---- */

static int step(struct scan *scan, MDB_cursor *cursor, MDB_val *key, MDB_val *value)
{
    *key = (MDB_val){scan->key.len, scan->key.ptr};
    int rc = env_step(cursor, key, value, scan->started ? MDB_SET_RANGE : MDB_FIRST);
    if (rc == 0 && scan->started && key->mv_size == scan->key.len &&
        memcmp(key->mv_data, scan->key.ptr, key->mv_size) == 0)
        rc = env_step(cursor, key, value, MDB_NEXT);
    /* On a damaged page keys may be in any order, and the walk without end. */
    struct str now = {rc == 0 ? key->mv_data : NULL, rc == 0 ? key->mv_size : 0};
    return rc == 0 && scan->started && str_compare(now, buf_view(&scan->key)) <= 0 ? MDB_CORRUPTED : rc;
}

enum status scan_next(struct scan *scan, struct buf *value, bool *found, struct error *err)
{
    struct env *env = &scan->store->env;
    MDB_txn *txn;
    MDB_cursor *cursor;
    MDB_val key, kept;
    enum status status = interrupt_check(false, err);
    if (status == STATUS_OK)
        status = env_read_begin(env, &txn, err);
    if (status != STATUS_OK)
        return status;
    int rc = mdb_cursor_open(txn, scan->store->dbis[scan->database], &cursor);
    if (rc == 0) {
        rc = step(scan, cursor, &key, &kept);
        if (rc == 0) {
            buf_clear(&scan->key);
            buf_append(&scan->key, key.mv_data, key.mv_size);
            scan->len = kept.mv_size;
            scan->started = true;
        }
        if (rc == 0 && value != NULL) {
            buf_clear(value);
            buf_append(value, kept.mv_data, kept.mv_size);
        }
        mdb_cursor_close(cursor);
    }
    env_read_end(env, txn);
    *found = rc == 0;
    return rc == 0 || rc == MDB_NOTFOUND ? STATUS_OK : env_error(env, rc, "read", err);
}

void scan_finish(struct scan *scan)
{
    buf_finish(&scan->key);
}
