/* Marking what records and roots need: chunks, lists of chunks, trees and all that they name. */
#include "store/collect.h"

#include <stdlib.h>
#include <string.h>

#include "store/record.h"

#define PAGE 4096u
#define PAGE_HEADER 16u
#define NODE_HEADER 8u
#define NODE_MAX ((PAGE - PAGE_HEADER) / 2 - 2) /* larger ones have pages of their own */

/* Small values share pages that are two thirds full on average. */
uint64_t kept_bytes(size_t key_len, size_t value_len)
{
    uint64_t node = NODE_HEADER + key_len + value_len, own = 0;
    if (node > NODE_MAX) {
        own = (PAGE_HEADER - 1 + (uint64_t)value_len) / PAGE + 1;
        node = NODE_HEADER + key_len + 8;
    }
    return own * PAGE + (node + 2) * 3 / 2;
}

static bool mark(struct collect *c, struct digest digest, uint8_t flag)
{
    if (!marks_add(&c->marks, digest, flag))
        return false;
    if (c->trial != NULL) {
        struct digest_list *list = c->trial;
        size_t count = list->count;
        MEM_GROW(list->digests, count, list->cap);
        MEM_GROW(list->flags, count, list->flag_cap);
        list->digests[list->count] = digest;
        list->flags[list->count++] = flag;
    }
    return true;
}

void reach_undo(struct collect *c, struct digest_list *trial)
{
    for (size_t i = 0; i < trial->count; i++)
        marks_clear(&c->marks, trial->digests[i], trial->flags[i]);
    trial->count = 0;
}

void reach_keep(struct digest_list *trial)
{
    trial->count = 0;
}

/* The length of what is kept under a digest. */
static enum status look(struct collect *c, MDB_txn *txn, enum item_kind kind, struct digest digest, size_t *len,
                        bool *found, struct error *err)
{
    struct fetch fetch;
    enum status status = fetch_begin(c->store, txn, kind, digest, &fetch, found, err);
    if (status == STATUS_OK) {
        *len = fetch.value.len;
        fetch_end(&fetch);
    }
    return status;
}

static enum status reach_chunk(struct collect *c, MDB_txn *txn, struct digest digest, bool *found, struct error *err)
{
    size_t len;
    *found = true;
    if (marks_get(&c->marks, digest) & LIVE_CHUNK)
        return STATUS_OK;
    enum status status = look(c, txn, ITEM_CHUNK, digest, &len, found, err);
    if (status == STATUS_OK && *found && mark(c, digest, LIVE_CHUNK))
        c->live_bytes += kept_bytes(DIGEST_SIZE, len);
    return status;
}

static enum status reach_object(struct collect *c, MDB_txn *txn, struct digest digest, unsigned depth, bool *whole,
                                struct error *err);

/* What cannot be read is no fault of gc's: what there is of it stays, and verify tells the rest. */
static enum status pass_over(enum status status, bool *whole, const struct error *why, struct error *err)
{
    if (status == STATUS_NOT_FOUND || status == STATUS_CORRUPT) {
        *whole = false;
        return STATUS_OK;
    }
    if (status != STATUS_OK)
        *err = *why;
    return status;
}

static enum status reach_entries(struct collect *c, MDB_txn *txn, const struct list *list, unsigned depth, bool *whole,
                                 struct error *err)
{
    struct buf indirect = {0};
    struct str entries = list->entries;
    enum status status = STATUS_OK;
    struct error why;
    if (list->kind == LIST_INDIRECT) {
        status = reach_object(c, txn, list->entries_digest, depth + 1, whole, err);
        if (status == STATUS_OK)
            status = pass_over(object_read(c->store, txn, list->entries_digest, &indirect, &why), whole, &why, err);
        entries = buf_view(&indirect);
    }
    for (uint64_t i = 0; status == STATUS_OK && i < list_count(entries); i++) {
        bool found;
        status = reach_chunk(c, txn, list_at(entries, i).digest, &found, err);
        *whole &= found;
    }
    buf_finish(&indirect);
    return status;
}

/* A chunk of that digest is the whole object. Of one that is not whole a part may come back: it is looked at again. */
static enum status reach_object(struct collect *c, MDB_txn *txn, struct digest digest, unsigned depth, bool *whole,
                                struct error *err)
{
    struct fetch fetch;
    struct list list;
    bool found, all = true;
    if (marks_get(&c->marks, digest) & (LIVE_CHUNK | WHOLE_OBJECT))
        return STATUS_OK;
    enum status status = reach_chunk(c, txn, digest, &found, err);
    if (status != STATUS_OK || found)
        return status;
    status = fetch_begin(c->store, txn, ITEM_OBJECT, digest, &fetch, &found, err);
    if (status != STATUS_OK)
        return status;
    if (found && mark(c, digest, LIVE_OBJECT))
        c->live_bytes += kept_bytes(DIGEST_SIZE, fetch.value.len);
    if (found && depth < LIST_DEPTH_MAX && list_decode(fetch.value, digest, &list))
        status = reach_entries(c, txn, &list, depth, &all, err);
    else
        all = false;
    if (status == STATUS_OK && all)
        mark(c, digest, WHOLE_OBJECT);
    *whole &= all;
    fetch_end(&fetch);
    return status;
}

static enum status reach_tree(struct collect *c, MDB_txn *txn, struct digest digest, bool *whole, struct error *err)
{
    struct arena arena;
    struct tree tree = {0};
    struct buf bytes = {0};
    struct error why;
    bool all = true;
    if (marks_get(&c->marks, digest) & WHOLE_TREE)
        return STATUS_OK;
    arena_init(&arena);
    enum status status = reach_object(c, txn, digest, 0, &all, err);
    if (status == STATUS_OK) {
        enum status read = object_read(c->store, txn, digest, &bytes, &why);
        if (read == STATUS_OK)
            read = tree_decode(&arena, buf_view(&bytes), &tree, &why);
        status = pass_over(read, &all, &why, err);
    }
    for (uint32_t i = 0; status == STATUS_OK && i < tree.count; i++)
        if (tree.entries[i].kind == ENTRY_FILE)
            status = reach_object(c, txn, tree.entries[i].digest, 0, &all, err);
    if (status == STATUS_OK && all)
        mark(c, digest, WHOLE_TREE);
    *whole &= all;
    buf_finish(&bytes);
    arena_finish(&arena);
    return status;
}

enum status reach_outs(struct collect *c, MDB_txn *txn, const struct record_out *outs, uint32_t count, bool *whole,
                       struct error *err)
{
    enum status status = STATUS_OK;
    for (uint32_t i = 0; status == STATUS_OK && i < count; i++) {
        if (!outs[i].stored || outs[i].kind == ENTRY_MISSING)
            continue;
        status = outs[i].kind == ENTRY_DIRECTORY ? reach_tree(c, txn, outs[i].digest, whole, err)
                                                 : reach_object(c, txn, outs[i].digest, 0, whole, err);
    }
    return status;
}

enum status reach_record(struct collect *c, MDB_txn *txn, struct digest key, struct str value, bool *whole,
                         struct error *err)
{
    struct arena arena;
    struct record record = {0};
    enum status status = STATUS_OK;
    arena_init(&arena);
    *whole = record_decode(value, key, &arena, &record);
    if (*whole)
        status = reach_outs(c, txn, record.outs, record.out_count, whole, err);
    if (status == STATUS_OK && *whole && !digest_is_zero(record.log)) {
        bool log = true; /* a record can do without */
        status = reach_object(c, txn, record.log, 0, &log, err);
    }
    arena_finish(&arena);
    return status;
}
