/*
 * Inside the state.
 *
 *   meta    "state-format" → u32
 * and under the digest of a name, each after its check (the digest of the rest, bound to the name and the database),
 * without which a damaged page would be believed:
 *   stages  digest of the name → encoded struct stage_memory
 *   values  digest of the name → the value
 *   passing digest of the name → the value; emptied by each commit
 *   stat    digest of a folder's path → pack: struct pack_entry, sorted by the digest of the name
 *
 * The packs are in the byte order of the machine, as LMDB's own pages are: a state does not move between architectures.
 */
#ifndef REFIT_STORE_STATE_H
#define REFIT_STORE_STATE_H

#include "refit/base/table.h"
#include "refit/state.h"
#include "store/env.h"

enum state_database { STATE_META, STATE_STAGES, STATE_VALUES, STATE_STAT, STATE_PASSING, STATE_COUNT };

#define PACK_OUTSIDE 2u /* of a folder that is not in the project: nobody knows where to look for its files */
#define PACK_RACY 1u /* modified too shortly before it was hashed: not to be believed by another process */

struct pack_entry {
    struct digest name;
    struct file_stat stat;
    struct digest digest;
    uint32_t flags, reserved;
};
_Static_assert(sizeof(struct pack_entry) == 72, "kept as it is in memory");

/* The stat cache of one folder. */
struct folder {
    struct digest path;
    struct pack_entry *loaded; /* as it was kept, or NULL */
    size_t loaded_count;
    struct table overlay; /* name's digest → index in `put` */
    struct pack_entry **put;
    uint32_t put_count, put_cap;
    bool dirty; /* what is put differs from what is kept */
};

/* A stage or value that was set: its bytes as they will be kept. */
struct set_value {
    enum state_database database;
    struct digest name;
    struct str bytes;
    bool dirty;
};

struct state {
    struct env env; /* all zero for an empty state that is read-only */
    MDB_dbi dbis[STATE_COUNT];
    bool read_only;
    bool replaced;   /* it was damaged, and is an empty one now */
    bool known;      /* the databases are there, in our format */
    pthread_mutex_t lock; /* for all below */
    MDB_txn *snapshot;    /* what is read; NULL before the first commit of a new state */
    struct arena arena;   /* names and what was set */
    struct table folder_table; /* path → index in folders */
    struct folder *folders;
    uint32_t folder_count, folder_cap;
    struct table set_table; /* database and name's digest → index in sets */
    struct set_value *sets;
    uint32_t set_count, set_cap;
    bool dirty;
};

/* What the snapshot has; false if nothing, or nothing whose check holds. The lock is held. */
enum status state_lookup(struct state *state, enum state_database database, struct digest name, struct str *out,
                         bool *found, struct error *err);

/* Put a value with its check; and the value of one, false if its check does not hold. */
int state_put(struct state *state, MDB_txn *txn, enum state_database database, struct digest name, struct str bytes);
bool state_unwrap(enum state_database database, struct digest name, MDB_val kept, struct str *out);

/* stat_cache.c: the packs of the folders that are dirty. */
int stat_cache_write(struct state *state, MDB_txn *txn);
void stat_cache_clean(struct state *state); /* after they were committed */
void stat_cache_finish(struct state *state);

#endif
