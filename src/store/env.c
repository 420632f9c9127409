/* Transactions of one LMDB environment, and growing its map between them. */
#include "store/env.h"

#include <assert.h>
#include <errno.h>
#include <sys/statvfs.h>
#include <time.h>

#define RETRIES_MAX 100 /* of 20 ms */
#define GROW_STEP_MIN ((size_t)16 << 20)
#define GROW_SLACK ((size_t)64 << 20)

/* LMDB says EIO for a write that a full disk cut short. */
static int real_reason(const struct env *env, int rc)
{
    struct statvfs fs;
    if (rc == EIO && statvfs(env->directory, &fs) == 0 && (uint64_t)fs.f_bavail * fs.f_frsize < GROW_SLACK)
        return ENOSPC;
    return rc;
}

enum status env_error(struct env *env, int rc, const char *verb, struct error *err)
{
    if (rc == MDB_READERS_FULL)
        return error_set(err, STATUS_STORE, "cannot %s the %s in %s: too many processes and threads use it now", verb,
                         env->noun, env->directory);
    int reason = real_reason(env, rc);
    if (damage_is(reason))
        return env_damaged(env, mdb_strerror(reason), err);
    const char *advice = "";
    if (reason == ENOSPC || reason == EDQUOT)
        advice = "; make room there and run again";
    else if (reason == EIO)
        advice = "; see whether the disk is sound, and no quota is used up";
    return error_set(err, STATUS_STORE, "cannot %s the %s in %s: %s%s", verb, env->noun, env->directory,
                     mdb_strerror(reason), advice);
}

/* ---- counting transactions ---- */

static enum status enter(struct env *env, MDB_txn **idle, struct error *err)
{
    pthread_mutex_lock(&env->lock);
    while (env->growing)
        pthread_cond_wait(&env->changed, &env->lock);
    bool broken = env->broken;
    if (!broken) {
        env->active++;
        if (idle != NULL)
            *idle = env->idle_count > 0 ? env->idle[--env->idle_count] : NULL;
    }
    pthread_mutex_unlock(&env->lock);
    return broken ? env_error(env, ENOMEM, "map", err) : STATUS_OK;
}

/* `idle` may be NULL; it is kept for the next who reads, if there is room. */
static void leave(struct env *env, MDB_txn *idle)
{
    pthread_mutex_lock(&env->lock);
    if (idle != NULL && env->idle_count < ENV_IDLE_MAX) {
        env->idle[env->idle_count++] = idle;
        idle = NULL;
    }
    assert(env->active > 0);
    if (--env->active == 0)
        pthread_cond_broadcast(&env->changed);
    pthread_mutex_unlock(&env->lock);
    if (idle != NULL)
        mdb_txn_abort(idle); /* frees a slot of the reader table and nothing else, so it needs not be counted */
}

/* ---- growing ---- */

static size_t map_size(struct env *env)
{
    MDB_envinfo info;
    mdb_env_info(env->lmdb, &info);
    return info.me_mapsize;
}

/* LMDB unmaps the old map before it maps the new one and cannot go back, so it is tried out first. */
static int resize(struct env *env, size_t old, bool full)
{
    MDB_envinfo info;
    MDB_stat stat;
    mdb_env_info(env->lmdb, &info);
    mdb_env_stat(env->lmdb, &stat);
    size_t used = (info.me_last_pgno + 1) * stat.ms_psize;
    size_t least = full ? old + GROW_STEP_MIN : used;
    size_t size = old * 2 > used + GROW_SLACK ? old * 2 : used + GROW_SLACK;
    while (!env_can_map(old, size)) {
        if (size <= least)
            return ENOMEM;
        size = (size + least) / 2 - least < stat.ms_psize ? least : (size + least) / 2;
    }
    size = (size + stat.ms_psize - 1) / stat.ms_psize * stat.ms_psize;
    int rc = mdb_env_set_mapsize(env->lmdb, size);
    env->broken = rc != 0;
    return rc;
}

/* Make the map larger than `seen`, unless another thread did so already. The caller has no transaction. */
static enum status grow(struct env *env, size_t seen, bool full, struct error *err)
{
    int rc = 0;
    pthread_mutex_lock(&env->lock);
    while (env->growing)
        pthread_cond_wait(&env->changed, &env->lock);
    env->growing = true;
    while (env->active > 0)
        pthread_cond_wait(&env->changed, &env->lock);
    if (!env->broken && map_size(env) == seen)
        rc = resize(env, seen, full);
    env->growing = false;
    pthread_cond_broadcast(&env->changed);
    pthread_mutex_unlock(&env->lock);
    if (rc == ENOMEM)
        return error_set(err, STATUS_STORE, "cannot map more of the %s in %s: the limit of address space is too low "
                         "for its size (see `ulimit -v`)", env->noun, env->directory);
    return rc == 0 ? STATUS_OK : env_error(env, rc, "map", err);
}

/* ---- reading ---- */

static bool may_pass(int rc)
{
    /* EAGAIN, EACCES: a process with the same id in another PID namespace (a container) holds the lock of this id. */
    return rc == EAGAIN || rc == EACCES || rc == MDB_READERS_FULL;
}

static enum status read_error(struct env *env, int rc, struct error *err)
{
    if (rc == EAGAIN || rc == EACCES)
        return error_set(err, STATUS_STORE, "cannot read the %s in %s: a process in another container has the same "
                         "process id and reads it too; run again, or give each container a store of its own", env->noun,
                         env->directory);
    return env_error(env, rc, "read", err);
}

/* Begins a new transaction or renews `idle`. Not to be called while the caller is counted. */
static enum status begin_read(struct env *env, bool use_idle, MDB_txn **txn, struct error *err)
{
    for (int retries = 0;;) {
        MDB_txn *idle = NULL;
        enum status status = enter(env, use_idle ? &idle : NULL, err);
        if (status != STATUS_OK)
            return status;
        size_t seen = map_size(env);
        int rc = idle ? mdb_txn_renew(idle) : mdb_txn_begin(env->lmdb, NULL, MDB_RDONLY, txn);
        if (rc == 0) {
            *txn = idle ? idle : *txn;
            return STATUS_OK;
        }
        if (idle != NULL)
            mdb_txn_abort(idle);
        leave(env, NULL);
        if (rc == MDB_MAP_RESIZED) {
            status = grow(env, seen, false, err);
            if (status != STATUS_OK)
                return status;
        } else if (may_pass(rc) && retries++ < RETRIES_MAX) {
            int dead;
            if (rc == MDB_READERS_FULL)
                mdb_reader_check(env->lmdb, &dead);
            nanosleep(&(struct timespec){.tv_nsec = 20000000}, NULL);
        } else if (idle == NULL) {
            return read_error(env, rc, err);
        }
    }
}

enum status env_read_begin(struct env *env, MDB_txn **txn, struct error *err)
{
    return begin_read(env, true, txn, err);
}

void env_read_end(struct env *env, MDB_txn *txn)
{
    mdb_txn_reset(txn);
    leave(env, txn);
}

/* ---- writing ---- */

static enum status check_free(struct env *env, struct error *err)
{
    MDB_txn *txn;
    enum status status = env->free_checked ? STATUS_OK : env_read_begin(env, &txn, err);
    if (status != STATUS_OK || env->free_checked)
        return status;
    int rc = env_check_free(env, txn);
    env_read_end(env, txn);
    env->free_checked = rc == 0;
    return rc == 0 ? STATUS_OK : env_error(env, rc, "read", err);
}

enum status env_write(struct env *env, env_body_fn body, void *ctx, struct error *err)
{
    if (env->read_only)
        return error_set(err, STATUS_STORE, "the %s in %s is open for reading only", env->noun, env->directory);
    enum status status = check_free(env, err);
    while (status == STATUS_OK) {
        MDB_txn *txn;
        status = enter(env, NULL, err);
        if (status != STATUS_OK)
            return status;
        size_t seen = map_size(env);
        int rc = mdb_txn_begin(env->lmdb, NULL, 0, &txn);
        if (rc == 0) {
            rc = body(txn, ctx);
            if (rc == 0)
                rc = mdb_txn_commit(txn);
            else
                mdb_txn_abort(txn);
        }
        leave(env, NULL);
        if (rc == 0)
            return STATUS_OK;
        if (rc != MDB_MAP_FULL && rc != MDB_MAP_RESIZED)
            return env_error(env, rc, "write to", err);
        status = grow(env, seen, rc == MDB_MAP_FULL, err);
    }
    return status;
}

/* ---- databases ---- */

enum status env_databases(struct env *env, const char *const *names, unsigned count, MDB_dbi *dbis, bool *complete,
                          bool *empty, struct error *err)
{
    MDB_txn *txn;
    MDB_dbi main_dbi;
    MDB_stat stat = {0};
    enum status status = begin_read(env, false, &txn, err);
    if (status != STATUS_OK)
        return status;
    int rc = mdb_dbi_open(txn, NULL, 0, &main_dbi);
    if (rc == 0)
        rc = mdb_stat(txn, main_dbi, &stat);
    *empty = stat.ms_entries == 0;
    *complete = true;
    for (unsigned i = 0; rc == 0 && i < count; i++) {
        rc = mdb_dbi_open(txn, names[i], 0, &dbis[i]);
        if (rc == MDB_NOTFOUND || rc == MDB_INCOMPATIBLE) {
            *complete = false;
            rc = 0;
        }
    }
    if (rc == 0)
        rc = mdb_txn_commit(txn); /* an aborted one would close the handles again */
    else
        mdb_txn_abort(txn);
    leave(env, NULL);
    return rc == 0 ? STATUS_OK : env_error(env, rc, "read", err);
}
