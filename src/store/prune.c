/* Forgetting what the stat cache has of files that are gone: a digest for each file that was ever there would stay. */
#include <stdlib.h>
#include <string.h>

#include "store/state.h"

struct pruning {
    struct state *state;
    struct state_folder *folders;
    struct digest *paths; /* of the folders, in their order */
    struct table index;   /* path's digest → folder */
    uint64_t forgotten;
};

static int compare_digests(const void *a, const void *b)
{
    return digest_compare(a, b);
}

static bool is_there(const struct state_folder *folder, const struct pack_entry *entry)
{
    if (entry->flags & PACK_OUTSIDE)
        return true;
    return folder != NULL && folder->count > 0 &&
           bsearch(&entry->name, folder->names, folder->count, sizeof entry->name, compare_digests) != NULL;
}

static const struct state_folder *find(const struct pruning *p, const MDB_val *key)
{
    uint32_t at = table_get(&p->index, (struct str){key->mv_data, key->mv_size});
    return at == TABLE_NONE ? NULL : &p->folders[at];
}

/* The pack at the cursor, with those of its entries that stay; one that is damaged goes. */
static int prune_pack(struct pruning *p, MDB_txn *txn, MDB_val *key, MDB_val value)
{
    const struct state_folder *folder = find(p, key);
    struct digest path;
    struct str bytes;
    memcpy(path.bytes, key->mv_data, DIGEST_SIZE);
    if (!state_unwrap(STATE_STAT, path, value, &bytes) || bytes.len % sizeof(struct pack_entry) != 0)
        return env_del(txn, p->state->dbis[STATE_STAT], key);
    size_t count = bytes.len / sizeof(struct pack_entry), kept = 0;
    if ((folder != NULL && folder->unreadable) || count == 0)
        return 0;
    struct pack_entry *pack = mem_resize(NULL, bytes.len);
    memcpy(pack, bytes.ptr, bytes.len);
    for (size_t i = 0; i < count; i++)
        if (is_there(folder, &pack[i]))
            pack[kept++] = pack[i];
    int rc = 0;
    if (kept == 0)
        rc = env_del(txn, p->state->dbis[STATE_STAT], key);
    else if (kept < count)
        rc = state_put(p->state, txn, STATE_STAT, path, (struct str){(const char *)pack, kept * sizeof *pack});
    p->forgotten += count - kept;
    free(pack);
    return rc;
}

/* The first pack after `last`, which may be gone. */
static int next_pack(MDB_cursor *cursor, const struct buf *last, MDB_val *key, MDB_val *value)
{
    *key = (MDB_val){last->len, last->ptr};
    int rc = env_step(cursor, key, value, last->len > 0 ? MDB_SET_RANGE : MDB_FIRST);
    if (rc != 0 || last->len == 0)
        return rc;
    int order = str_compare((struct str){key->mv_data, key->mv_size}, buf_view(last));
    if (order == 0)
        return env_step(cursor, key, value, MDB_NEXT);
    return order > 0 ? 0 : MDB_CORRUPTED;
}

static int prune_body(MDB_txn *txn, void *ctx)
{
    struct pruning *p = ctx;
    struct buf last = {0};
    MDB_cursor *cursor;
    MDB_val key, value;
    p->forgotten = 0;
    int rc = mdb_cursor_open(txn, p->state->dbis[STATE_STAT], &cursor);
    if (rc != 0)
        return rc;
    while (rc == 0 && (rc = next_pack(cursor, &last, &key, &value)) == 0) {
        buf_clear(&last); /* a copy: the page may move */
        buf_append(&last, key.mv_data, key.mv_size);
        key.mv_data = last.ptr;
        if (key.mv_size == DIGEST_SIZE)
            rc = prune_pack(p, txn, &key, value);
    }
    mdb_cursor_close(cursor);
    buf_finish(&last);
    return rc == MDB_NOTFOUND ? 0 : rc;
}

enum status state_prune(struct state *state, struct state_folder *folders, size_t count, uint64_t *forgotten,
                        struct error *err)
{
    struct pruning p = {.state = state, .folders = folders};
    *forgotten = 0;
    if (!state->known || state->read_only)
        return STATUS_OK;
    p.paths = mem_alloc(mem_product(count + 1, sizeof *p.paths));
    for (size_t i = 0; i < count; i++) {
        p.paths[i] = digest_of(folders[i].path.ptr, folders[i].path.len);
        table_add(&p.index, (struct str){(const char *)p.paths[i].bytes, DIGEST_SIZE}, (uint32_t)i);
        if (folders[i].count > 1)
            qsort(folders[i].names, folders[i].count, sizeof *folders[i].names, compare_digests);
    }
    pthread_mutex_lock(&state->lock);
    if (state->snapshot != NULL) { /* a thread must not have two transactions */
        env_read_end(&state->env, state->snapshot);
        state->snapshot = NULL;
    }
    enum status status = env_write(&state->env, prune_body, &p, err);
    if (status == STATUS_OK)
        status = env_read_begin(&state->env, &state->snapshot, err);
    pthread_mutex_unlock(&state->lock);
    if (status == STATUS_OK)
        *forgotten = p.forgotten;
    table_finish(&p.index);
    free(p.paths);
    return status;
}
