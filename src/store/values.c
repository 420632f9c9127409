/* Keys and values of LMDB. Nothing is believed: with a damaged page it may succeed, and give what cannot be. */
#include <string.h>

#include "store/env.h"

/* LMDB's limit for keys; nothing that is kept comes near the other. */
#define KEY_BYTES_MAX 511
#define VALUE_BYTES_MAX ((size_t)1 << 30)

int env_get(MDB_txn *txn, MDB_dbi dbi, MDB_val *key, MDB_val *value)
{
    *value = (MDB_val){0};
    int rc = mdb_get(txn, dbi, key, value);
    return rc == 0 && (value->mv_data == NULL || value->mv_size > VALUE_BYTES_MAX) ? MDB_CORRUPTED : rc;
}

int env_step(MDB_cursor *cursor, MDB_val *key, MDB_val *value, MDB_cursor_op operation)
{
    MDB_val before = *key;
    *value = (MDB_val){0};
    int rc = mdb_cursor_get(cursor, key, value, operation);
    if (rc != 0)
        return rc;
    if (value->mv_data == NULL || value->mv_size > VALUE_BYTES_MAX || key->mv_size > KEY_BYTES_MAX)
        return MDB_CORRUPTED;
    /* Pages may lead in a circle, and the walk would have no end. */
    if (operation == MDB_NEXT && before.mv_size > 0 &&
        mdb_cmp(mdb_cursor_txn(cursor), mdb_cursor_dbi(cursor), &before, key) >= 0)
        return MDB_CORRUPTED;
    return 0;
}

/* How LMDB begins a page, and how a leaf begins what is in it. */
struct page_head {
    size_t number;
    uint16_t padding, flags;
    uint32_t pages; /* that follow each other, for one value */
};
enum { NODE_HEAD = 8, PAGE_OF_VALUE = 4 };

/* A value that takes more than half a page has pages of its own, as many as it needs: true of what is put by
 * env_put(), which leaves LMDB no smaller value to put in their place. */
static bool has_own_pages(size_t page_size, const MDB_val *key, const MDB_val *value)
{
    size_t node_max = ((page_size - sizeof(struct page_head)) / 2 & ~(size_t)1) - sizeof(uint16_t);
    return NODE_HEAD + key->mv_size + value->mv_size > node_max;
}

static int check_own_pages(MDB_txn *txn, const MDB_val *key, const MDB_val *value, bool *own)
{
    MDB_stat stat;
    struct page_head head;
    mdb_env_stat(mdb_txn_env(txn), &stat);
    *own = has_own_pages(stat.ms_psize, key, value);
    if (!*own)
        return 0;
    memcpy(&head, (const char *)value->mv_data - sizeof head, sizeof head);
    bool right = head.flags & PAGE_OF_VALUE && head.pages == (sizeof head - 1 + value->mv_size) / stat.ms_psize + 1;
    return right ? 0 : MDB_CORRUPTED;
}

int env_put(MDB_txn *txn, MDB_dbi dbi, MDB_val *key, MDB_val *value)
{
    MDB_val old;
    bool own = false;
    int rc = env_get(txn, dbi, key, &old);
    if (rc == 0)
        rc = check_own_pages(txn, key, &old, &own);
    if (rc == 0 && own)
        rc = mdb_del(txn, dbi, key, NULL);
    return rc == 0 || rc == MDB_NOTFOUND ? mdb_put(txn, dbi, key, value, 0) : rc;
}

int env_del(MDB_txn *txn, MDB_dbi dbi, MDB_val *key)
{
    MDB_val old;
    bool own;
    int rc = env_get(txn, dbi, key, &old);
    if (rc == 0)
        rc = check_own_pages(txn, key, &old, &own);
    return rc == 0 ? mdb_del(txn, dbi, key, NULL) : rc;
}

int env_empty(MDB_txn *txn, MDB_dbi dbi)
{
    MDB_cursor *cursor;
    MDB_val key = {0}, value;
    bool own;
    int rc = mdb_cursor_open(txn, dbi, &cursor);
    if (rc != 0)
        return rc;
    while ((rc = env_step(cursor, &key, &value, MDB_NEXT)) == 0)
        if ((rc = check_own_pages(txn, &key, &value, &own)) != 0)
            break;
    mdb_cursor_close(cursor);
    return rc == MDB_NOTFOUND ? mdb_drop(txn, dbi, 0) : rc;
}

/* A value of database 0: how many page numbers, and these in descending order. */
static bool makes_sense(const MDB_val *value, size_t last_page)
{
    size_t count, page, before = last_page + 1, slots = value->mv_size / sizeof count;
    if (slots == 0)
        return false;
    memcpy(&count, value->mv_data, sizeof count);
    if (count > slots - 1)
        return false;
    for (size_t i = 1; i <= count; i++) {
        memcpy(&page, (const char *)value->mv_data + i * sizeof page, sizeof page);
        if (page >= before || page < 2) /* 0 and 1 are LMDB's own */
            return false;
        before = page;
    }
    return true;
}

int env_check_free(struct env *env, MDB_txn *txn)
{
    MDB_cursor *cursor;
    MDB_val key = {0}, value;
    MDB_envinfo info;
    mdb_env_info(env->lmdb, &info);
    int rc = mdb_cursor_open(txn, 0, &cursor);
    if (rc != 0)
        return rc;
    while ((rc = env_step(cursor, &key, &value, MDB_NEXT)) == 0)
        if (!makes_sense(&value, info.me_last_pgno)) {
            rc = MDB_CORRUPTED;
            break;
        }
    mdb_cursor_close(cursor);
    return rc == MDB_NOTFOUND ? 0 : rc;
}
