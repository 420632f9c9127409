/* What the store says about its records and its file: the slower half of store_get_stats(). */
#include "store/inspect.h"

#include <string.h>

#include "store/record.h"

static void add_record(struct store_stats *out, struct digest key, struct str value)
{
    struct arena arena;
    struct record record = {0};
    arena_init(&arena);
    if (record_decode(value, key, &arena, &record)) {
        for (uint32_t i = 0; i < record.out_count; i++)
            out->out_bytes += record.outs[i].stored ? record.outs[i].size : 0;
        if (out->oldest_ms == 0 || record.created_ms < out->oldest_ms)
            out->oldest_ms = record.created_ms;
        if (record.created_ms > out->newest_ms)
            out->newest_ms = record.created_ms;
    }
    arena_finish(&arena);
}

static enum status add_records(struct store *store, struct store_stats *out, struct error *err)
{
    struct scan scan = {.store = store, .database = DB_RECORDS};
    struct buf value = {0};
    struct digest last = {{0}};
    bool found;
    enum status status;
    while ((status = scan_next(&scan, &value, &found, err)) == STATUS_OK && found) {
        if (scan.key.len != RECORD_KEY_SIZE)
            continue;
        if (out->keys == 0 || memcmp(last.bytes, scan.key.ptr, DIGEST_SIZE) != 0)
            out->keys++;
        memcpy(last.bytes, scan.key.ptr, DIGEST_SIZE);
        add_record(out, last, buf_view(&value));
    }
    buf_finish(&value);
    scan_finish(&scan);
    return status;
}

/* LMDB lists the pages that it will use again in its database 0: each value is a count and as many page numbers. */
int stats_pages(struct store *store, MDB_txn *txn, uint64_t *file_bytes, uint64_t *free_bytes)
{
    MDB_cursor *cursor;
    MDB_val key = {0}, value;
    MDB_stat stat;
    MDB_envinfo info;
    *free_bytes = 0;
    int rc = mdb_cursor_open(txn, 0, &cursor);
    if (rc != 0)
        return rc;
    mdb_env_stat(store->env.lmdb, &stat);
    mdb_env_info(store->env.lmdb, &info);
    *file_bytes = (uint64_t)(info.me_last_pgno + 1) * stat.ms_psize;
    while ((rc = env_step(cursor, &key, &value, MDB_NEXT)) == 0) {
        size_t pages = 0;
        if (value.mv_size >= sizeof pages)
            memcpy(&pages, value.mv_data, sizeof pages);
        *free_bytes += (uint64_t)pages * stat.ms_psize;
    }
    mdb_cursor_close(cursor);
    return rc == MDB_NOTFOUND ? 0 : rc;
}

static enum status add_free(struct store *store, struct store_stats *out, struct error *err)
{
    MDB_txn *txn;
    uint64_t file_bytes;
    enum status status = env_read_begin(&store->env, &txn, err);
    if (status != STATUS_OK)
        return status;
    int rc = stats_pages(store, txn, &file_bytes, &out->free_bytes);
    env_read_end(&store->env, txn);
    return rc == 0 ? STATUS_OK : env_error(&store->env, rc, "read", err);
}

enum status stats_of_records(struct store *store, struct store_stats *out, struct error *err)
{
    enum status status = add_records(store, out, err);
    return status == STATUS_OK ? add_free(store, out, err) : status;
}
