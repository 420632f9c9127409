/* The digest of one file: believed from the stat cache, or read between two stats that must agree. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

#include "fingerprint/fingerprint.h"
#include "refit/base/fs.h"
#include "refit/base/interrupt.h"
#include "refit/base/path.h"

/* What fits into the nearest caches is hashed while it is there: 512 KiB took a third longer. */
enum { READ_BYTES = 64 << 10, READ_TRIES = 3 };

/* File systems whose timestamps come from this kernel's coarse clock (magic numbers of statfs(2)). */
static bool magic_is_local(unsigned long magic)
{
    static const unsigned long local[] = {
        0xef53 /* ext */,      0x58465342 /* xfs */,   0x9123683e /* btrfs */, 0x01021994 /* tmpfs */,
        0x794c7630 /* overlay */, 0x2fc12fc1 /* zfs */, 0xf2f52010 /* f2fs */,  0x858458f6 /* ramfs */,
        0xca451a4e /* bcachefs */,
    };
    for (size_t i = 0; i < sizeof local / sizeof *local; i++)
        if (magic == local[i])
            return true;
    return false;
}

bool device_is_local(struct fingerprint *fp, dev_t number, int fd)
{
    pthread_mutex_lock(&fp->lock);
    uint32_t i = 0;
    while (i < fp->device_count && fp->devices[i].number != number)
        i++;
    if (i == fp->device_count) {
        struct statfs fs;
        bool local = fstatfs(fd, &fs) == 0 && magic_is_local((unsigned long)fs.f_type & 0xffffffff);
        MEM_GROW(fp->devices, fp->device_count, fp->device_cap);
        fp->devices[fp->device_count++] = (struct device){number, local};
    }
    bool local = fp->devices[i].local;
    pthread_mutex_unlock(&fp->lock);
    return local;
}

/* The clock that stamps changes of this file, now: the kernel's own, or the server's for a network file system. */
static int64_t stamp_clock_ns(struct fingerprint *fp, struct str path, const struct stat *st, int fd)
{
    if (!device_is_local(fp, st->st_dev, fd)) {
        struct arena scratch;
        arena_init(&scratch);
        int64_t ns = fs_clock_ns(str_terminated(&scratch, path_parent(path)));
        arena_finish(&scratch);
        return ns;
    }
    struct timespec now;
    clock_gettime(CLOCK_REALTIME_COARSE, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

bool file_is_settled(struct fingerprint *fp, struct str path, const struct file_stat *stat)
{
    struct stat st;
    int fd = open(path.ptr, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    bool known = fd >= 0 && fstat(fd, &st) == 0;
    int64_t settled_ns = known ? stamp_clock_ns(fp, path, &st, fd) - STAT_CACHE_RACY_NS : 0;
    if (fd >= 0)
        close(fd);
    return known && stat->mtime_ns <= settled_ns && stat->ctime_ns <= settled_ns;
}

static enum status read_digest(int fd, const char *path, const struct digest_options *options, struct digest *digest,
                               struct error *err)
{
    enum status status = STATUS_OK;
    struct hasher *hasher = hasher_create();
    char *bytes = mem_alloc(READ_BYTES);
    off_t at = 0;
    while (status == STATUS_OK) {
        ssize_t n = pread(fd, bytes, READ_BYTES, at);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            status = error_errno(err, STATUS_IO, errno, "cannot read %s", path);
        if (n <= 0)
            break;
        hasher_update(hasher, bytes, (size_t)n);
        at += n;
        if (options->progress != NULL)
            options->progress(options->ctx, (uint64_t)n);
        status = interrupt_check(options->patient, err);
    }
    *digest = hasher_digest(hasher);
    free(bytes);
    hasher_destroy(hasher);
    return status;
}

/* Small files: one read into the stack, one call of the hash. */
static bool read_small(int fd, const struct stat *st, const struct digest_options *options, struct digest *digest)
{
    char bytes[8192];
    if (st->st_size >= (off_t)sizeof bytes)
        return false;
    ssize_t n = pread(fd, bytes, sizeof bytes, 0);
    if (n != st->st_size)
        return false;
    *digest = digest_of(bytes, (size_t)n);
    if (options->progress != NULL)
        options->progress(options->ctx, (uint64_t)n);
    return true;
}

/* For the store: counts, and says whether to go on. */
static bool go_on(void *ctx, uint64_t bytes)
{
    const struct digest_options *options = ctx;
    if (options->progress != NULL)
        options->progress(options->ctx, bytes);
    return interrupt_count() <= (unsigned)options->patient;
}

static enum status read_stable(struct fingerprint *fp, int fd, struct str path, const struct digest_options *options,
                               struct stat *st, struct digest *digest, struct error *err)
{
    for (int tries = 0; tries < READ_TRIES; tries++) {
        struct stat after;
        if (interrupt_check(options->patient, err) != STATUS_OK)
            return STATUS_INTERRUPTED;
        if (fstat(fd, st) != 0)
            return error_errno(err, STATUS_IO, errno, "cannot stat " STR_FMT, STR_ARG(path));
        if (!S_ISREG(st->st_mode))
            return error_set(err, STATUS_FAILED, STR_FMT " was replaced while it was read", STR_ARG(path));
        int64_t clock_ns = stamp_clock_ns(fp, path, st, fd);
        enum status status = STATUS_OK;
        uint64_t size;
        if (options->store != NULL)
            status = store_put_fd(options->store, fd, path.ptr, digest, &size, go_on, (void *)(uintptr_t)options, err);
        else if (!read_small(fd, st, options, digest))
            status = read_digest(fd, path.ptr, options, digest, err);
        if (status != STATUS_OK)
            return status;
        if (fstat(fd, &after) != 0)
            return error_errno(err, STATUS_IO, errno, "cannot stat " STR_FMT, STR_ARG(path));
        struct file_stat before = file_stat_of(st), now = file_stat_of(&after);
        if (file_stat_equal(&before, &now)) {
            stat_cache_put(fp->state, path, &now, clock_ns, *digest);
            return STATUS_OK;
        }
    }
    return error_set(err, STATUS_FAILED, STR_FMT " keeps changing while it is read; wait until it is complete",
                     STR_ARG(path));
}

enum status file_digest(struct fingerprint *fp, struct str path, const struct digest_options *options, bool read,
                        struct stat *st, struct digest *digest, bool *known, struct error *err)
{
    struct file_stat stat = file_stat_of(st);
    *known = stat_cache_get(fp->state, path, &stat, digest) &&
             !(options->verify && stat_cache_is_racy(fp->state, path, &stat));
    if (*known && options->store != NULL) {
        enum status status = store_has(options->store, *digest, known, err);
        if (status != STATUS_OK)
            return status;
    }
    if (*known || !read)
        return STATUS_OK;
    int fd = open(path.ptr, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return error_errno(err, errno == ENOENT ? STATUS_FAILED : STATUS_IO, errno, "cannot open " STR_FMT,
                           STR_ARG(path));
    enum status status = read_stable(fp, fd, path, options, st, digest, err);
    *known = status == STATUS_OK;
    close(fd);
    return status;
}
