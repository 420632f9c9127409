/* gc: what is there, what of it stays. The least recently used records go first, roots never. */
#include "store/collect.h"

#include <stdlib.h>
#include <string.h>

#include "refit/base/interrupt.h"
#include "store/record.h"
#include "store/refs.h"

/* A budget is kept by what is measured after a pass; estimates of small values are off by little. */
#define PASSES_MAX 4

/* ---- what is there ---- */

static enum status scan_pieces(struct collect *c, enum database database, uint8_t there, uint64_t *count,
                               struct error *err)
{
    struct scan scan = {.store = c->store, .database = database};
    struct digest digest;
    bool found;
    enum status status;
    while ((status = scan_next(&scan, NULL, &found, err)) == STATUS_OK && found) {
        if (scan.key.len != DIGEST_SIZE) /* what verify is for */
            continue;
        memcpy(digest.bytes, scan.key.ptr, DIGEST_SIZE);
        marks_add(&c->marks, digest, there);
        c->all_bytes += kept_bytes(DIGEST_SIZE, scan.len);
        ++*count;
    }
    scan_finish(&scan);
    return status;
}

static struct digest key_of(const struct buf *key)
{
    struct digest digest;
    memcpy(digest.bytes, key->ptr, DIGEST_SIZE);
    return digest;
}

static void add_record(struct collect *c, const struct buf *key, const struct buf *value)
{
    struct arena arena;
    struct record record = {0};
    struct collect_item item = {.key = key_of(key), .len = (uint32_t)value->len};
    for (unsigned i = DIGEST_SIZE; i < RECORD_KEY_SIZE; i++)
        item.id = item.id << 8 | (uint8_t)key->ptr[i];
    arena_init(&arena);
    if (record_decode(buf_view(value), item.key, &arena, &record))
        item.created_ms = record.created_ms;
    arena_finish(&arena);
    MEM_GROW(c->items, c->item_count, c->item_cap);
    c->items[c->item_count++] = item;
    c->all_bytes += kept_bytes(RECORD_KEY_SIZE, value->len);
    c->counts->records++;
}

/* In the order of LMDB, which is by key and id. */
static enum status scan_records(struct collect *c, struct error *err)
{
    struct scan scan = {.store = c->store, .database = DB_RECORDS};
    struct buf value = {0};
    bool found;
    enum status status;
    while ((status = scan_next(&scan, &value, &found, err)) == STATUS_OK && found)
        if (scan.key.len == RECORD_KEY_SIZE)
            add_record(c, &scan.key, &value);
    buf_finish(&value);
    scan_finish(&scan);
    return status;
}

struct collect_item *collect_find(struct collect *c, struct digest key, size_t *count)
{
    size_t low = 0, high = c->item_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (digest_compare(&c->items[middle].key, &key) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    *count = 0;
    while (low + *count < c->item_count && digest_equal(c->items[low + *count].key, key))
        ++*count;
    return c->items + low;
}

static enum status scan_used(struct collect *c, struct error *err)
{
    struct scan scan = {.store = c->store, .database = DB_USED};
    struct buf value = {0};
    bool found;
    enum status status;
    while ((status = scan_next(&scan, &value, &found, err)) == STATUS_OK && found) {
        if (scan.key.len != DIGEST_SIZE)
            continue;
        struct reader r = reader_from(value.ptr, value.len);
        uint64_t used_s = reader_u64(&r), sequence = reader_u64(&r);
        size_t count;
        struct collect_item *items = collect_find(c, key_of(&scan.key), &count);
        for (size_t i = 0; i < count; i++) {
            items[i].used_s = used_s;
            items[i].sequence = sequence;
        }
    }
    buf_finish(&value);
    scan_finish(&scan);
    return status;
}

static enum status look_around(struct collect *c, struct error *err)
{
    c->all_bytes = c->live_bytes = 0;
    c->item_count = 0;
    c->sequence = c->options->sequence;
    c->counts->records = c->counts->chunks = c->counts->objects = c->counts->damaged = 0;
    enum status status = scan_pieces(c, DB_CHUNKS, CHUNK_THERE, &c->counts->chunks, err);
    if (status == STATUS_OK)
        status = scan_pieces(c, DB_OBJECTS, OBJECT_THERE, &c->counts->objects, err);
    if (status == STATUS_OK)
        status = scan_records(c, err);
    return status == STATUS_OK ? scan_used(c, err) : status;
}

/* ---- roots ---- */

static int compare_outs(const void *a, const void *b)
{
    const struct record_out *x = a, *y = b;
    return x->kind != y->kind ? (x->kind < y->kind ? -1 : 1) : digest_compare(&x->digest, &y->digest);
}

static struct record_out *sorted(struct arena *arena, const struct record_out *outs, uint32_t count)
{
    struct record_out *copy = arena_copy(arena, outs, count * sizeof *outs);
    if (count > 1)
        qsort(copy, count, sizeof *copy, compare_outs);
    return copy;
}

static bool same_outs(struct arena *arena, const struct store_root *root, const struct record *record)
{
    if (root->out_count != record->out_count)
        return false;
    const struct record_out *a = sorted(arena, root->outs, root->out_count);
    const struct record_out *b = sorted(arena, record->outs, record->out_count);
    for (uint32_t i = 0; i < root->out_count; i++)
        if (compare_outs(&a[i], &b[i]) != 0)
            return false;
    return true;
}

bool collect_is_root(const struct store_root *root, struct str value)
{
    struct arena arena;
    struct record record = {0};
    arena_init(&arena);
    bool is = record_decode(value, root->key, &arena, &record) && same_outs(&arena, root, &record);
    arena_finish(&arena);
    return is;
}

int collect_value(struct collect *c, MDB_txn *txn, const struct collect_item *item, struct str *value)
{
    uint8_t bytes[RECORD_KEY_SIZE];
    record_key(item->key, item->id, bytes);
    MDB_val key = {sizeof bytes, bytes}, found;
    int rc = env_get(txn, c->store->dbis[DB_RECORDS], &key, &found);
    if (rc == 0)
        *value = (struct str){found.mv_data, found.mv_size};
    return rc;
}

/* Marks what a record needs, in a transaction of its own. One that is gone stays gone. */
static enum status reach_item(struct collect *c, struct collect_item *item, const struct store_root *root,
                              struct error *err)
{
    MDB_txn *txn;
    struct str value;
    bool whole = true;
    enum status status = interrupt_check(false, err);
    if (status == STATUS_OK)
        status = env_read_begin(&c->store->env, &txn, err);
    if (status != STATUS_OK)
        return status;
    int rc = collect_value(c, txn, item, &value);
    if (rc == 0 && (root == NULL || collect_is_root(root, value))) {
        item->root |= root != NULL;
        item->stays = true;
        c->live_bytes += kept_bytes(RECORD_KEY_SIZE, value.len);
        status = reach_record(c, txn, item->key, value, &whole, err);
        c->counts->damaged += !whole;
    }
    env_read_end(&c->store->env, txn);
    return rc == 0 || rc == MDB_NOTFOUND ? status : env_error(&c->store->env, rc, "read", err);
}

static enum status reach_root(struct collect *c, const struct store_root *root, struct error *err)
{
    MDB_txn *txn;
    size_t count;
    bool whole = true; /* what is not there cannot stay: a run makes it */
    enum status status = env_read_begin(&c->store->env, &txn, err);
    if (status != STATUS_OK)
        return status;
    status = reach_outs(c, txn, root->outs, root->out_count, &whole, err);
    env_read_end(&c->store->env, txn);
    struct collect_item *items = collect_find(c, root->key, &count);
    for (size_t i = 0; status == STATUS_OK && i < count; i++)
        if (!items[i].stays)
            status = reach_item(c, &items[i], root, err);
    return status;
}

static enum status reach_refs(struct collect *c, const struct store_ref *refs, uint32_t count, struct error *err)
{
    enum status status = STATUS_OK;
    for (uint32_t i = 0; status == STATUS_OK && i < count; i++)
        for (uint32_t j = 0; status == STATUS_OK && j < refs[i].root_count; j++)
            status = reach_root(c, &refs[i].roots[j], err);
    return status;
}

static enum status reach_roots(struct collect *c, struct error *err)
{
    struct arena arena;
    struct store_ref *refs;
    uint32_t count;
    uint64_t sequence;
    enum status status = reach_refs(c, c->options->refs, c->options->ref_count, err);
    if (status == STATUS_OK && !c->options->dry_run) {
        arena_init(&arena);
        status = store_get_refs(c->store, &arena, &refs, &count, &sequence, err);
        if (status == STATUS_OK)
            status = reach_refs(c, refs, count, err);
        arena_finish(&arena);
    }
    c->counts->root_records = 0;
    for (size_t i = 0; i < c->item_count; i++)
        c->counts->root_records += c->items[i].root;
    c->counts->root_bytes = c->live_bytes;
    return status;
}

/* ---- the others, the last used first ---- */

static int compare_use(const void *a, const void *b, void *ctx)
{
    const struct collect *c = ctx;
    const struct collect_item *x = &c->items[*(const uint32_t *)a], *y = &c->items[*(const uint32_t *)b];
    if (x->sequence != y->sequence)
        return x->sequence > y->sequence ? -1 : 1;
    if (x->used_s != y->used_s)
        return x->used_s > y->used_s ? -1 : 1;
    if (x->created_ms != y->created_ms)
        return x->created_ms > y->created_ms ? -1 : 1;
    int order = digest_compare(&x->key, &y->key);
    return order != 0 ? order : x->id > y->id ? -1 : 1;
}

static void sort_by_use(struct collect *c)
{
    c->order = mem_resize(c->order, mem_product(c->item_count + 1, sizeof *c->order));
    for (size_t i = 0; i < c->item_count; i++)
        c->order[i] = (uint32_t)i;
    qsort_r(c->order, c->item_count, sizeof *c->order, compare_use, c);
}

/* What the file has, free pages not counted. */
static enum status measure(struct collect *c, uint64_t *bytes, struct error *err)
{
    MDB_txn *txn;
    uint64_t file_bytes, free_bytes;
    enum status status = env_read_begin(&c->store->env, &txn, err);
    if (status != STATUS_OK)
        return status;
    int rc = stats_pages(c->store, txn, &file_bytes, &free_bytes);
    env_read_end(&c->store->env, txn);
    *bytes = file_bytes - free_bytes;
    return rc == 0 ? STATUS_OK : env_error(&c->store->env, rc, "read", err);
}

/* What goes leaves pages that are not full, most of all where it is spread over all of them: then a pass frees less
 * than what it takes. So those after the first take it that what stays has its share of the pages that are used. */
static uint64_t left_bytes(const struct collect *c, uint64_t used_bytes)
{
    uint64_t taken = c->all_bytes > c->live_bytes ? c->all_bytes - c->live_bytes : 0;
    if (c->again && c->all_bytes > 0)
        taken = (uint64_t)((double)used_bytes * (double)taken / (double)c->all_bytes);
    return used_bytes > taken ? used_bytes - taken : 0;
}

static enum status choose(struct collect *c, uint64_t used_bytes, struct error *err)
{
    uint64_t budget = c->options->budget_bytes;
    struct digest_list trial = {0};
    enum status status = STATUS_OK;
    sort_by_use(c);
    c->trial = budget == UINT64_MAX ? NULL : &trial;
    for (size_t i = 0; status == STATUS_OK && i < c->item_count; i++) {
        struct collect_item *item = &c->items[c->order[i]];
        if (item->root)
            continue;
        uint64_t before = c->live_bytes;
        status = reach_item(c, item, NULL, err);
        if (status == STATUS_OK && budget != UINT64_MAX && left_bytes(c, used_bytes) > budget) {
            reach_undo(c, &trial);
            item->stays = false;
            c->live_bytes = before;
            break;
        }
        reach_keep(&trial);
    }
    c->trial = NULL;
    free(trial.digests);
    free(trial.flags);
    return status;
}

/* ---- all of it ---- */

static enum status pass(struct collect *c, uint64_t used_bytes, struct error *err)
{
    enum status status = look_around(c, err);
    if (status == STATUS_OK)
        status = reach_roots(c, err);
    if (status == STATUS_OK)
        status = choose(c, used_bytes, err);
    if (status == STATUS_OK && c->options->dry_run)
        sweep_count(c);
    else if (status == STATUS_OK)
        status = sweep(c, err);
    return status;
}

enum status store_collect(struct store *store, const struct store_collect_options *options,
                          struct store_collect_counts *out, struct error *err)
{
    struct collect c = {.store = store, .options = options, .counts = out};
    struct store_collect_counts first = {0};
    *out = (struct store_collect_counts){0};
    enum status status = measure(&c, &out->used_bytes, err);
    uint64_t used_bytes = out->used_bytes;
    for (int i = 0; status == STATUS_OK && i < PASSES_MAX; i++) {
        uint64_t taken = out->taken_records;
        c.again = i > 0;
        status = pass(&c, used_bytes, err);
        if (i == 0)
            first = *out;
        out->left_bytes = left_bytes(&c, used_bytes);
        if (status != STATUS_OK || options->dry_run)
            break;
        status = measure(&c, &out->left_bytes, err);
        used_bytes = out->left_bytes;
        if (used_bytes <= options->budget_bytes || out->taken_records == taken)
            break;
        marks_finish(&c.marks);
    }
    if (status == STATUS_OK)
        status = epoch_settle(store, err);
    if (status == STATUS_OK) {
        out->records = first.records;
        out->chunks = first.chunks;
        out->objects = first.objects;
    }
    marks_finish(&c.marks);
    free(c.items);
    free(c.order);
    return status;
}
