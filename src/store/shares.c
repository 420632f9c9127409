/* What groups of records hold, and what of that is shared with others. */
#include <stdlib.h>
#include <string.h>

#include "store/collect.h"
#include "store/record.h"

/* A chunk that a group needs. */
struct holding {
    struct digest digest;
    uint32_t group, kept, plain; /* bytes */
};

struct member {
    uint8_t key[RECORD_KEY_SIZE];
    uint32_t group;
};

struct sharing {
    struct store *store;
    store_group_fn group;
    void *ctx;
    struct member *members;
    size_t member_count, member_cap;
    struct holding *holdings;
    size_t holding_count, holding_cap;
    struct store_share *shares;
    uint32_t count, cap;
};

/* ---- which record is in which group ---- */

static struct store_share *share_of(struct sharing *s, uint32_t group)
{
    while (s->count <= group) {
        MEM_GROW(s->shares, s->count, s->cap);
        s->shares[s->count++] = (struct store_share){0};
    }
    return &s->shares[group];
}

static void add_member(struct sharing *s, const struct buf *key, const struct buf *value)
{
    struct arena arena;
    struct record record = {0};
    struct member member;
    struct digest digest;
    arena_init(&arena);
    memcpy(member.key, key->ptr, sizeof member.key);
    memcpy(digest.bytes, key->ptr, DIGEST_SIZE);
    if (record_decode(buf_view(value), digest, &arena, &record)) {
        member.group = s->group(s->ctx, &record);
        struct store_share *share = share_of(s, member.group);
        share->records++;
        for (uint32_t i = 0; i < record.out_count; i++)
            share->out_bytes += record.outs[i].stored ? record.outs[i].size : 0;
        MEM_GROW(s->members, s->member_count, s->member_cap);
        s->members[s->member_count++] = member;
    }
    arena_finish(&arena);
}

static enum status gather_members(struct sharing *s, struct error *err)
{
    struct scan scan = {.store = s->store, .database = DB_RECORDS};
    struct buf value = {0};
    bool found;
    enum status status;
    while ((status = scan_next(&scan, &value, &found, err)) == STATUS_OK && found)
        if (scan.key.len == RECORD_KEY_SIZE)
            add_member(s, &scan.key, &value);
    buf_finish(&value);
    scan_finish(&scan);
    return status;
}

static int compare_members(const void *a, const void *b)
{
    const struct member *x = a, *y = b;
    return x->group != y->group ? (x->group < y->group ? -1 : 1) : memcmp(x->key, y->key, sizeof x->key);
}

/* ---- what a group needs ---- */

/* A record that has gone meanwhile needs nothing. */
static enum status reach_member(struct sharing *s, struct collect *c, const struct member *member, struct error *err)
{
    MDB_txn *txn;
    bool whole;
    struct digest digest;
    MDB_val key = {sizeof member->key, (void *)(uintptr_t)member->key}, value;
    memcpy(digest.bytes, member->key, DIGEST_SIZE);
    enum status status = env_read_begin(&s->store->env, &txn, err);
    if (status != STATUS_OK)
        return status;
    int rc = env_get(txn, s->store->dbis[DB_RECORDS], &key, &value);
    if (rc == 0)
        status = reach_record(c, txn, digest, (struct str){value.mv_data, value.mv_size}, &whole, err);
    env_read_end(&s->store->env, txn);
    return rc == 0 || rc == MDB_NOTFOUND ? status : env_error(&s->store->env, rc, "read", err);
}

static enum status add_holding(struct sharing *s, struct digest digest, uint32_t group, struct error *err)
{
    struct fetch fetch;
    bool found;
    enum status status = fetch_begin(s->store, NULL, ITEM_CHUNK, digest, &fetch, &found, err);
    if (status != STATUS_OK)
        return status;
    if (found) {
        struct reader r = reader_from(fetch.value.ptr, fetch.value.len);
        reader_u32(&r);
        MEM_GROW(s->holdings, s->holding_count, s->holding_cap);
        s->holdings[s->holding_count++] = (struct holding){digest, group, (uint32_t)fetch.value.len, reader_u32(&r)};
    }
    fetch_end(&fetch);
    return STATUS_OK;
}

/* All members of the group that begins at `from`; *next is the first of the next one. */
static enum status reach_group(struct sharing *s, size_t from, size_t *next, struct error *err)
{
    struct collect c = {.store = s->store};
    uint32_t group = s->members[from].group;
    enum status status = STATUS_OK;
    for (*next = from; status == STATUS_OK && *next < s->member_count && s->members[*next].group == group; ++*next)
        status = reach_member(s, &c, &s->members[*next], err);
    for (size_t i = 0; status == STATUS_OK && i < c.marks.capacity; i++)
        if (c.marks.flags[i] & LIVE_CHUNK)
            status = add_holding(s, c.marks.digests[i], group, err);
    marks_finish(&c.marks);
    return status;
}

static int compare_holdings(const void *a, const void *b)
{
    return digest_compare(&((const struct holding *)a)->digest, &((const struct holding *)b)->digest);
}

static void add_up(struct sharing *s)
{
    if (s->holding_count > 1)
        qsort(s->holdings, s->holding_count, sizeof *s->holdings, compare_holdings);
    for (size_t i = 0; i < s->holding_count; i++) {
        const struct holding *h = &s->holdings[i];
        bool shared = (i > 0 && digest_equal(h[-1].digest, h->digest)) ||
                      (i + 1 < s->holding_count && digest_equal(h[1].digest, h->digest));
        struct store_share *share = &s->shares[h->group];
        share->content_bytes += h->plain;
        share->kept_bytes += h->kept;
        share->own_bytes += shared ? 0 : h->kept;
    }
}

enum status store_get_shares(struct store *store, store_group_fn group, void *ctx, struct store_share **shares,
                             uint32_t *count, struct error *err)
{
    struct sharing s = {.store = store, .group = group, .ctx = ctx};
    enum status status = gather_members(&s, err);
    if (status == STATUS_OK && s.member_count > 1)
        qsort(s.members, s.member_count, sizeof *s.members, compare_members);
    for (size_t i = 0; status == STATUS_OK && i < s.member_count;)
        status = reach_group(&s, i, &i, err);
    if (status == STATUS_OK)
        add_up(&s);
    free(s.members);
    free(s.holdings);
    *shares = s.shares;
    *count = s.count;
    if (status != STATUS_OK) {
        free(s.shares);
        *shares = NULL;
    }
    return status;
}
