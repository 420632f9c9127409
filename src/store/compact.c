/* Compaction: LMDB never gives pages back to the file system, so the file is copied without those that are free. */
#include "store/compact.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "refit/base/fs.h"
#include "refit/base/interrupt.h"
#include "store/store.h"

#define DRAIN_BYTES ((size_t)1 << 20)
#define SPACE_SLACK ((uint64_t)4 << 20) /* left to others on the disk */

struct compacting {
    const char *directory;
    char *data, *copy, *lock; /* paths */
    struct stat before;
    enum compaction *out;
};

static enum status cannot(const struct compacting *c, int reason, struct error *err)
{
    return error_errno(err, STATUS_STORE, reason, "cannot compact the store in %s", c->directory);
}

/* Alone, or not at all. */
static enum status take_alone(const struct compacting *c, int *fd, struct error *err)
{
    char *path = store_file(c->directory, USE_LOCK);
    enum status status = STATUS_OK;
    *fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (*fd < 0)
        status = error_errno(err, STATUS_STORE, errno, "cannot open %s", path);
    else if (flock(*fd, LOCK_EX | LOCK_NB) != 0) {
        *c->out = COMPACTION_IN_USE;
        if (errno != EWOULDBLOCK)
            status = error_errno(err, STATUS_STORE, errno, "cannot lock %s", path);
    }
    free(path);
    return status;
}

static bool fits(const struct compacting *c, const struct env *env)
{
    struct statvfs fs;
    MDB_envinfo info;
    MDB_stat stat;
    mdb_env_info(env->lmdb, &info);
    mdb_env_stat(env->lmdb, &stat);
    /* The whole file at most: what is free in it is not worth a look. */
    uint64_t needed = (uint64_t)(info.me_last_pgno + 1) * stat.ms_psize + SPACE_SLACK;
    return statvfs(c->directory, &fs) != 0 || (uint64_t)fs.f_bavail * fs.f_frsize >= needed;
}

/* As private as the file was, and as shared. */
static bool take_after(const struct stat *before, int fd)
{
    if (before->st_uid != geteuid() && fchown(fd, before->st_uid, (gid_t)-1) != 0)
        return false;
    if (before->st_gid != getegid() && fchown(fd, (uid_t)-1, before->st_gid) != 0)
        return false;
    return fchmod(fd, before->st_mode & 0777) == 0;
}

/* LMDB copies in one call. It writes into a pipe, on a thread of its own, so that an interrupt can end it. */
struct piping {
    const struct env *env;
    int ends[2];
    int rc;
};

static void *pipe_run(void *ctx)
{
    struct piping *piping = ctx;
    piping->rc = mdb_env_copyfd2(piping->env->lmdb, piping->ends[1], MDB_CP_COMPACT);
    close(piping->ends[1]);
    return NULL;
}

/* All that comes through the pipe, to the file: 0, or what failed. */
static int drain(int from, int to, enum status *status, struct error *err)
{
    char *bytes = mem_alloc(DRAIN_BYTES);
    int rc = 0;
    while (rc == 0 && (*status = interrupt_check(false, err)) == STATUS_OK) {
        ssize_t n = read(from, bytes, DRAIN_BYTES);
        if (n == 0)
            break;
        if (n < 0 && errno != EINTR)
            rc = errno;
        for (ssize_t at = 0, w; rc == 0 && at < n; at += w > 0 ? w : 0)
            if ((w = write(to, bytes + at, (size_t)(n - at))) < 0 && errno != EINTR)
                rc = errno;
    }
    free(bytes);
    return rc;
}

static enum status copy_pages(const struct compacting *c, struct env *env, int fd, int *rc, struct error *err)
{
    struct piping piping = {.env = env};
    pthread_t thread;
    enum status status = STATUS_OK;
    if (pipe2(piping.ends, O_CLOEXEC) != 0)
        return cannot(c, errno, err);
    *rc = pthread_create(&thread, NULL, pipe_run, &piping);
    if (*rc == 0) {
        *rc = drain(piping.ends[0], fd, &status, err);
        close(piping.ends[0]); /* where it ended early, LMDB's next write fails */
        pthread_join(thread, NULL);
    } else {
        close(piping.ends[0]);
        close(piping.ends[1]);
    }
    if (status == STATUS_OK && *rc == 0)
        *rc = piping.rc;
    if (status == STATUS_OK && *rc == 0 && fsync(fd) != 0)
        *rc = errno;
    return status;
}

static enum status copy_to(const struct compacting *c, struct env *env, int fd, struct error *err)
{
    int rc = 0;
    if (!take_after(&c->before, fd)) {
        *c->out = COMPACTION_NOT_OURS;
        return STATUS_OK;
    }
    enum status status = copy_pages(c, env, fd, &rc, err);
    if (status == STATUS_OK && (rc == ENOSPC || rc == EDQUOT)) {
        *c->out = COMPACTION_NO_SPACE;
        return STATUS_OK;
    }
    if (status == STATUS_OK && rc > 0)
        status = cannot(c, rc, err);
    return status != STATUS_OK || rc == 0 ? status : env_error(env, rc, "compact", err);
}

/* The copy, whole and synced, with nobody having LMDB's files open any more. */
static enum status copy(const struct compacting *c, struct error *err)
{
    struct env env;
    enum status status = env_open(&env, c->directory, &store_kind, true, err);
    if (status != STATUS_OK)
        return status;
    if (!fits(c, &env)) {
        *c->out = COMPACTION_NO_SPACE;
        goto out;
    }
    int fd = open(c->copy, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0) {
        status = cannot(c, errno, err);
        goto out;
    }
    status = copy_to(c, &env, fd, err);
    if (close(fd) != 0 && status == STATUS_OK)
        status = cannot(c, errno, err);
out:
    env_close(&env);
    return status;
}

/* LMDB's lock file counts transactions of the old file: another one begins, empty, as LMDB itself begins it. */
static enum status put_in_place(const struct compacting *c, struct error *err)
{
    struct stat before;
    bool locked = lstat(c->lock, &before) == 0;
    if (unlink(c->lock) != 0 && errno != ENOENT)
        return cannot(c, errno, err);
    if (rename(c->copy, c->data) != 0)
        return cannot(c, errno, err);
    int fd = locked ? open(c->lock, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600) : -1;
    bool made = fd >= 0 && take_after(&before, fd);
    if (fd >= 0)
        close(fd);
    if (fd >= 0 && !made) /* LMDB makes it then, for whoever comes first */
        unlink(c->lock);
    return fs_sync_directory(c->directory, err);
}

static enum status compact(struct compacting *c, uint64_t *file_bytes, struct error *err)
{
    int fd;
    struct stat after;
    enum status status = take_alone(c, &fd, err);
    if (status != STATUS_OK || *c->out != COMPACTION_DONE)
        goto out;
    if (lstat(c->data, &c->before) != 0) {
        status = cannot(c, errno, err);
        goto out;
    }
    *file_bytes = (uint64_t)c->before.st_size;
    if (!S_ISREG(c->before.st_mode)) {
        *c->out = COMPACTION_NOT_OURS;
        goto out;
    }
    status = copy(c, err);
    if (status == STATUS_OK && *c->out == COMPACTION_DONE)
        status = put_in_place(c, err);
    if (status != STATUS_OK || *c->out != COMPACTION_DONE)
        unlink(c->copy);
    else if (lstat(c->data, &after) == 0)
        *file_bytes = (uint64_t)after.st_size;
out:
    if (fd >= 0)
        close(fd);
    return status;
}

enum status store_compact(const char *directory, enum compaction *out, uint64_t *file_bytes, struct error *err)
{
    struct compacting c = {.directory = directory, .out = out};
    *out = COMPACTION_DONE;
    *file_bytes = 0;
    c.data = store_file(directory, "data.mdb");
    c.copy = store_file(directory, COMPACTED);
    c.lock = store_file(directory, "lock.mdb");
    enum status status = compact(&c, file_bytes, err);
    free(c.data);
    free(c.copy);
    free(c.lock);
    return status;
}
