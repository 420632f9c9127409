/*
 * One LMDB environment, as store and state use it: opened with care, grown when it is full, its errors in words.
 *
 * Every transaction of the process is counted, since the map can be grown only while there is none: a thread that grows
 * it waits for the others to end theirs, and holds new ones back. So a thread must never have two at once.
 * (A lock with owners, such as a pthread_rwlock, would not do: a transaction that only reads may end on another thread
 * than the one that began it.)
 */
#ifndef REFIT_STORE_ENV_H
#define REFIT_STORE_ENV_H

#include <lmdb.h>
#include <pthread.h>
#include <stdbool.h>

#include "refit/base/error.h"

#define ENV_IDLE_MAX 8

struct env_kind {
    const char *noun;   /* "store" or "workspace state", for messages */
    const char *advice; /* completes "LMDB cannot keep ... on NFS (PATH); " */
    size_t map_min;     /* of address space at first, if there is as much; it may begin with a sixteenth */
    bool forgettable;   /* a damaged one is put aside by itself: what it has can be found again */
    const char *remedy; /* for another one that is damaged: what to do */
};

struct env {
    MDB_env *lmdb;
    const char *noun, *remedy;
    char *directory;
    bool read_only, forgettable;
    bool damaged;      /* was found to be */
    bool free_checked; /* the list of free pages makes sense */
    ino_t inode;       /* of its file */
    pthread_mutex_t lock;   /* for all below */
    pthread_cond_t changed;
    unsigned active;        /* transactions of this process */
    bool growing, broken;   /* broken: the map could not be had back; nothing works any more */
    MDB_txn *idle[ENV_IDLE_MAX]; /* reset, to be renewed: cheaper than new ones */
    unsigned idle_count;
};

/* Open the environment in a folder; made if it is not there, unless read_only: then STATUS_NOT_FOUND. STATUS_STORE if
 * it cannot be used. */
enum status env_open(struct env *env, const char *directory, const struct env_kind *kind, bool read_only,
                     struct error *err);
void env_close(struct env *env); /* an env that was never opened (all zero) is fine */

/* A transaction that reads. */
enum status env_read_begin(struct env *env, MDB_txn **txn, struct error *err);
void env_read_end(struct env *env, MDB_txn *txn);

/* Run `body` in a transaction that writes, and commit it. `body` returns 0 or an LMDB error code; it is run again from
 * the beginning if the map had to grow. */
typedef int (*env_body_fn)(MDB_txn *txn, void *ctx);
enum status env_write(struct env *env, env_body_fn body, void *ctx, struct error *err);

/* Open the named databases. *complete is false if one is missing, *empty true if there is nothing in the
 * environment at all. */
enum status env_databases(struct env *env, const char *const *names, unsigned count, MDB_dbi *dbis, bool *complete,
                          bool *empty, struct error *err);

/* Set an error from an LMDB or errno code: "cannot DO the NOUN in DIRECTORY: ...", or what env_damaged() says. */
enum status env_error(struct env *env, int rc, const char *verb, struct error *err);

/* Is it a file that LMDB began to make and did not finish (unborn.c)? The second one empties it if so, to be made anew.
 * It gives a lock to be closed when that is done: whoever comes to the same file waits for it. */
bool env_is_unborn(const char *data);
int env_claim_unborn(const char *data);

/* The bytes that a map of `size` needs beyond one of `old` can be had. */
bool env_can_map(size_t old, size_t size);

/* ---- keys and values (values.c) ---- */

/* mdb_get() and mdb_cursor_get(); MDB_CORRUPTED for a key or value that cannot be: with a damaged page they may succeed
 * and give none. With MDB_NEXT, *key is the one before (empty: there is none), which must be smaller. MDB_RESERVE gives
 * a place to write to, which with a damaged page may be none: it is not used. */
int env_get(MDB_txn *txn, MDB_dbi dbi, MDB_val *key, MDB_val *value);
int env_step(MDB_cursor *cursor, MDB_val *key, MDB_val *value, MDB_cursor_op operation);

/* mdb_put(), mdb_del() and mdb_drop() of all values. What they replace or take gives its pages back: MDB_CORRUPTED if
 * those are not what the value needs, since LMDB would give away what others use. */
int env_put(MDB_txn *txn, MDB_dbi dbi, MDB_val *key, MDB_val *value);
int env_del(MDB_txn *txn, MDB_dbi dbi, MDB_val *key);
int env_empty(MDB_txn *txn, MDB_dbi dbi);

/* MDB_CORRUPTED if the list of free pages names what cannot be free: LMDB would write over what is in use. */
int env_check_free(struct env *env, MDB_txn *txn);

/* ---- damage (damage.c) ---- */

/* Is it a code that LMDB gives for a file that was damaged? */
bool damage_is(int rc);

/* Set the error for a damaged file, saying what to do. One that is forgettable and writable is put aside. */
enum status env_damaged(struct env *env, const char *what, struct error *err);

/* From now on a fault in LMDB's code ends the program with that sentence; once it is open, one in the environment's map
 * and an assertion of LMDB do, too. */
void damage_watch(struct env *env);
void damage_watch_open(struct env *env);
void damage_forget(struct env *env);

#endif
