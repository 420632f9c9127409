/*
 * gc, between its files: collect.c chooses what stays, reach.c marks what that needs, sweep.c takes the rest.
 */
#ifndef REFIT_STORE_COLLECT_H
#define REFIT_STORE_COLLECT_H

#include "store/inspect.h"

enum {
    LIVE_CHUNK = 1,
    LIVE_OBJECT = 2,   /* its list */
    WHOLE_TREE = 4,    /* all that it names is marked, and there */
    CHUNK_THERE = 8,   /* when gc looked first: what came later stays */
    OBJECT_THERE = 16,
    WHOLE_OBJECT = 32, /* all that its list names, likewise */
};

/* A record. */
struct collect_item {
    struct digest key;
    uint64_t id;
    uint64_t sequence, used_s; /* of its last use */
    int64_t created_ms;
    uint32_t len; /* of its value */
    bool root, stays;
};

struct collect {
    struct store *store;
    const struct store_collect_options *options;
    struct store_collect_counts *counts;
    struct marks marks;
    struct collect_item *items; /* sorted by key and id */
    size_t item_count, item_cap;
    uint32_t *order; /* indexes of items, the last used first */
    uint64_t sequence; /* what was put up to then has been looked at */
    uint64_t live_bytes; /* of what is marked, as kept */
    uint64_t all_bytes;  /* of all chunks, objects and records */
    bool again;          /* a pass was made already, and did not do */
    struct digest_list {
        struct digest *digests;
        uint8_t *flags;
        size_t count, cap, flag_cap;
    } *trial; /* what is marked is noted here too, so that it can be undone; or NULL */
};

/* The bytes of the file that a value takes, by LMDB's rules. */
uint64_t kept_bytes(size_t key_len, size_t value_len);

/* ---- reach.c: within a transaction ---- */

/* Marks what a record needs, or the objects of a root's outs. *whole is false if something cannot be read. */
enum status reach_record(struct collect *c, MDB_txn *txn, struct digest key, struct str value, bool *whole,
                         struct error *err);
enum status reach_outs(struct collect *c, MDB_txn *txn, const struct record_out *outs, uint32_t count, bool *whole,
                       struct error *err);
void reach_undo(struct collect *c, struct digest_list *trial);
void reach_keep(struct digest_list *trial); /* what was tried stays */

/* ---- sweep.c ---- */

/* Takes the records that do not stay, then what is not marked. */
enum status sweep(struct collect *c, struct error *err);

/* Counts what a sweep would take. */
void sweep_count(struct collect *c);

/* Is this the value of a record with a root's outs? */
bool collect_is_root(const struct store_root *root, struct str value);

/* The items of a key: the first and how many. */
struct collect_item *collect_find(struct collect *c, struct digest key, size_t *count);

/* The value of an item's record; an LMDB code. */
int collect_value(struct collect *c, MDB_txn *txn, const struct collect_item *item, struct str *value);

#endif
