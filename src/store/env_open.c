/* Opening an LMDB environment: the file system, the size of the map, and errors that say what to do. */
#include "store/env.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "refit/base/arena.h"
#include "refit/state.h"
#include "refit/base/fs.h"

#define DATABASES_MAX 8
#define READERS_MAX 1022
#define LOCK_BYTES ((READERS_MAX + 16) * 64) /* a cache line each, and LMDB's header */
#define MAP_SLACK ((size_t)64 << 20)

/* File systems where a shared map and its locks do not hold between machines (statfs(2), linux/magic.h). */
static const struct {
    unsigned long magic;
    const char *name;
} unfit[] = {
    {0x6969, "NFS"},       {0xFF534D42, "CIFS"},   {0xFE534D42, "SMB"},      {0x517B, "SMB"},
    {0x0BD00BD0, "Lustre"}, {0x47504653, "GPFS"},   {0x5346414F, "AFS"},      {0x6B414653, "AFS"},
    {0x19830326, "BeeGFS"}, {0xAAD7AAEA, "PanFS"},  {0x00C36400, "CephFS"},   {0x73757245, "Coda"},
};

static enum status check_file_system(const char *directory, const struct env_kind *kind, struct error *err)
{
    struct statfs fs;
    if (statfs(directory, &fs) != 0)
        return error_errno(err, STATUS_STORE, errno, "cannot look at the file system of %s", directory);
    for (size_t i = 0; i < sizeof unfit / sizeof *unfit; i++)
        if (((unsigned long)fs.f_type & 0xFFFFFFFFul) == unfit[i].magic)
            return error_set(err, STATUS_STORE, "LMDB cannot keep a %s on %s (%s); %s", kind->noun, unfit[i].name,
                             directory, kind->advice);
    return STATUS_OK;
}

bool state_needs_other_place(const char *directory)
{
    struct error ignored;
    static const struct env_kind any = {"", "", 0, false, ""};
    return check_file_system(directory, &any, &ignored) != STATUS_OK;
}

bool env_can_map(size_t old, size_t size)
{
    if (size <= old)
        return true;
    void *probe = mmap(NULL, size - old, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (probe == MAP_FAILED)
        return false;
    munmap(probe, size - old);
    return true;
}

static int open_once(struct env *env, size_t map_size, unsigned flags)
{
    int rc = mdb_env_create(&env->lmdb);
    if (rc != 0)
        return rc;
    rc = mdb_env_set_maxdbs(env->lmdb, DATABASES_MAX);
    if (rc == 0)
        rc = mdb_env_set_maxreaders(env->lmdb, READERS_MAX);
    if (rc == 0)
        rc = mdb_env_set_mapsize(env->lmdb, map_size);
    if (rc == 0)
        rc = mdb_env_open(env->lmdb, env->directory, flags, 0666);
    if (rc != 0) {
        mdb_env_close(env->lmdb);
        env->lmdb = NULL;
    }
    return rc;
}

/* Under a limit of address space the map is made as small as it may be, and grows in small steps later. */
static int open_fitting(struct env *env, size_t file_size, size_t map_min)
{
    size_t least = (file_size + map_min / 16 + 0xFFFF) & ~(size_t)0xFFFF;
    size_t size = file_size * 2 > map_min ? (file_size * 2 + 0xFFFF) & ~(size_t)0xFFFF : map_min;
    unsigned flags = MDB_NOTLS | MDB_NORDAHEAD | (env->read_only ? MDB_RDONLY : 0);
    for (;;) {
        int rc = open_once(env, size, flags);
        if (env->read_only && !(flags & MDB_NOLOCK) && (rc == EACCES || rc == EROFS)) {
            /* The lock file cannot be made or opened for writing: read without one. */
            flags |= MDB_NOLOCK;
            continue;
        }
        if (rc != ENOMEM || size <= least)
            return rc;
        size = size / 2 > least ? (size / 2 + 0xFFFF) & ~(size_t)0xFFFF : least;
    }
}

/* LMDB writes its table of readers through a map of the lock file: on a full disk that ends the program with SIGBUS,
 * unless the file has its blocks already. */
static int reserve_lock(const struct env *env)
{
    size_t path_size = strlen(env->directory) + sizeof "/lock.mdb";
    char *path = mem_alloc(path_size);
    snprintf(path, path_size, "%s/lock.mdb", env->directory);
    int fd = open(path, O_RDWR | O_CLOEXEC | (env->read_only ? 0 : O_CREAT), 0666);
    free(path);
    if (fd < 0)
        return 0; /* LMDB meets the same fault, or makes do without the file */
    int rc = fallocate(fd, 0, 0, LOCK_BYTES) != 0 && (errno == ENOSPC || errno == EDQUOT) ? errno : 0;
    close(fd);
    return rc;
}

static enum status open_error(struct env *env, int rc, struct error *err)
{
    const char *dir = env->directory, *noun = env->noun;
    if (env->forgettable && (rc == MDB_INVALID || rc == MDB_VERSION_MISMATCH))
        return env_damaged(env, mdb_strerror(rc), err);
    if (rc == MDB_INVALID)
        return error_set(err, STATUS_STORE, "%s/data.mdb is not an LMDB file; move it away, and a new %s is made there",
                         dir, noun);
    if (rc == MDB_VERSION_MISMATCH)
        return error_set(err, STATUS_STORE, "%s/data.mdb was written by another version of LMDB; move it away, and a "
                         "new %s is made there", dir, noun);
    if (rc == ENOMEM)
        return error_set(err, STATUS_STORE, "cannot map the %s in %s: the limit of address space is too low for its "
                         "size (see `ulimit -v`)", noun, dir);
    return env_error(env, rc, "open", err);
}

/* A file that was cut short (a copy that did not finish) would end the program with SIGBUS at the first read beyond its
 * end. The last pages of a sound file may be missing if they were never used; one transaction's worth is granted. */
static enum status check_length(struct env *env, size_t file_size, struct error *err)
{
    MDB_envinfo info;
    MDB_stat stat;
    if (mdb_env_info(env->lmdb, &info) != 0 || mdb_env_stat(env->lmdb, &stat) != 0)
        return STATUS_OK;
    size_t used = (info.me_last_pgno + 1) * stat.ms_psize;
    if (file_size == 0 || used <= file_size + MAP_SLACK)
        return STATUS_OK;
    char what[96];
    snprintf(what, sizeof what, "cut short: %zu bytes of %zu", file_size, used);
    return env_damaged(env, what, err);
}

enum status env_open(struct env *env, const char *directory, const struct env_kind *kind, bool read_only,
                     struct error *err)
{
    char *data = NULL;
    struct stat st;
    size_t file_size = 0;
    *env = (struct env){.noun = kind->noun,
                        .remedy = kind->remedy,
                        .read_only = read_only,
                        .forgettable = kind->forgettable};
    env->directory = mem_alloc(strlen(directory) + 1);
    memcpy(env->directory, directory, strlen(directory));
    pthread_mutex_init(&env->lock, NULL);
    pthread_cond_init(&env->changed, NULL);
    size_t data_size = strlen(directory) + sizeof "/data.mdb";
    data = mem_alloc(data_size);
    snprintf(data, data_size, "%s/data.mdb", directory);
    enum status status = read_only ? STATUS_OK : fs_make_directories(directory, err);
    if (status != STATUS_OK)
        goto out;
    if (stat(data, &st) == 0)
        file_size = (size_t)st.st_size;
    else if (errno != ENOENT && errno != ENOTDIR) {
        status = error_errno(err, STATUS_STORE, errno, "cannot look at %s", data);
        goto out;
    }
    if (read_only && (file_size == 0 || env_is_unborn(data))) {
        status = error_set(err, STATUS_NOT_FOUND, "there is no %s in %s", kind->noun, directory);
        goto out;
    }
    status = check_file_system(directory, kind, err);
    if (status != STATUS_OK)
        goto out;
    damage_watch(env);
    int rc = reserve_lock(env);
    if (rc == 0)
        rc = open_fitting(env, file_size, kind->map_min);
    if (rc == MDB_INVALID && !read_only) {
        int claim = env_claim_unborn(data);
        rc = open_fitting(env, 0, kind->map_min); /* also where another process has made it meanwhile */
        if (claim >= 0)
            close(claim);
    }
    status = rc == 0 ? check_length(env, file_size, err) : open_error(env, rc, err);
    if (status == STATUS_OK) {
        damage_watch_open(env);
        int dead;
        mdb_reader_check(env->lmdb, &dead); /* slots of processes that were killed; a failure only leaves them */
    }
out:
    free(data);
    if (status != STATUS_OK)
        env_close(env);
    return status;
}

void env_close(struct env *env)
{
    if (env->directory == NULL)
        return;
    for (unsigned i = 0; i < env->idle_count; i++)
        mdb_txn_abort(env->idle[i]);
    damage_forget(env);
    if (env->lmdb != NULL)
        mdb_env_close(env->lmdb);
    pthread_cond_destroy(&env->changed);
    pthread_mutex_destroy(&env->lock);
    free(env->directory);
    *env = (struct env){.damaged = env->damaged};
}
