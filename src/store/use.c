/* The locks beside LMDB's files: of all who have the store open, and of the one gc. */
#include "store/store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#include "refit/base/interrupt.h"
#include "store/compact.h"

#define WAIT_STEP_NS 20000000

char *store_file(const char *directory, const char *name)
{
    size_t size = strlen(directory) + strlen(name) + 2;
    char *path = mem_alloc(size);
    snprintf(path, size, "%s/%s", directory, name);
    return path;
}

enum status use_lock(const char *directory, bool create, int *fd, struct error *err)
{
    char *path = store_file(directory, USE_LOCK);
    enum status status = STATUS_OK;
    *fd = open(path, O_RDWR | O_CLOEXEC | (create ? O_CREAT : 0), 0666);
    int reason = errno;
    if (*fd < 0) /* of another user, or on a file system that is mounted read-only */
        *fd = open(path, O_RDONLY | O_CLOEXEC);
    if (*fd < 0 && create) /* what is written without it may be lost to a compaction */
        status = error_errno(err, STATUS_STORE, reason, "cannot open %s", path);
    free(path);
    bool taken = false, busy = true;
    while (*fd >= 0 && status == STATUS_OK && busy && !taken) {
        taken = flock(*fd, LOCK_SH | LOCK_NB) == 0;
        busy = !taken && (errno == EWOULDBLOCK || errno == EINTR);
        if (busy)
            status = interrupt_check(false, err);
        if (busy && status == STATUS_OK)
            nanosleep(&(struct timespec){.tv_nsec = WAIT_STEP_NS}, NULL);
    }
    if (*fd >= 0 && !taken) { /* or a file system without such locks, where compaction cannot have its own either */
        close(*fd);
        *fd = -1;
    }
    return status;
}

enum status store_lock_gc(const char *directory, int *fd, struct error *err)
{
    char *path = store_file(directory, GC_LOCK), *left = store_file(directory, COMPACTED);
    enum status status = STATUS_OK;
    *fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (*fd < 0)
        status = error_errno(err, STATUS_STORE, errno, "cannot open %s", path);
    else if (flock(*fd, LOCK_EX | LOCK_NB) != 0)
        status = errno == EWOULDBLOCK
                     ? error_set(err, STATUS_LOCKED, "another `refit gc` is at work on the store in %s; wait for it",
                                 directory)
                     : error_errno(err, STATUS_LOCKED, errno, "cannot lock %s", path);
    else if (unlink(left) != 0 && errno != ENOENT)
        status = error_errno(err, STATUS_STORE, errno, "cannot remove %s", left);
    if (status != STATUS_OK && *fd >= 0) {
        close(*fd);
        *fd = -1;
    }
    free(path);
    free(left);
    return status;
}
