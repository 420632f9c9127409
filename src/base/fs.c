/* Reading and writing whole files, folders and clocks. */
#include "refit/base/fs.h"
#include "refit/base/path.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum status fs_open(const char *path, int *fd, struct error *err)
{
    struct stat st;
    *fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (*fd < 0)
        return error_errno(err, errno == ENOENT ? STATUS_NOT_FOUND : STATUS_IO, errno, "cannot open %s", path);
    if (fstat(*fd, &st) == 0 && (S_ISREG(st.st_mode) || S_ISDIR(st.st_mode)))
        return STATUS_OK;
    close(*fd);
    *fd = -1;
    return error_set(err, STATUS_IO, "%s is a FIFO, socket or device, and no file", path);
}

enum status fs_read(const char *path, uint64_t bytes_max, struct buf *out, struct error *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a FIFO must not block */
    if (fd < 0)
        return error_errno(err, errno == ENOENT ? STATUS_NOT_FOUND : STATUS_IO, errno, "cannot open %s", path);
    enum status status = STATUS_OK;
    struct stat st;
    bool looked = fstat(fd, &st) == 0;
    if (looked && S_ISFIFO(st.st_mode)) {
        close(fd);
        return error_set(err, STATUS_IO, "%s is a FIFO, not a file", path);
    }
    if (looked && st.st_size > 0 && (uint64_t)st.st_size <= bytes_max)
        buf_reserve(out, (size_t)st.st_size + 1);
    for (;;) {
        buf_reserve(out, 4096);
        ssize_t n = read(fd, out->ptr + out->len, out->cap - out->len - 1);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0) {
            status = error_errno(err, STATUS_IO, errno, "cannot read %s", path);
            break;
        }
        if (n == 0)
            break;
        out->len += (size_t)n;
        if (out->len > bytes_max) {
            status = error_set(err, STATUS_IO, "%s is larger than the %llu bytes that are read of such a file", path,
                               (unsigned long long)bytes_max);
            break;
        }
    }
    out->ptr[out->len] = '\0';
    close(fd);
    return status;
}

enum status fs_write_all(int fd, const void *bytes, size_t len, const char *what, struct error *err)
{
    const char *at = bytes;
    while (len > 0) {
        ssize_t n = write(fd, at, len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return error_errno(err, STATUS_IO, errno, "cannot write %s", what);
        at += n;
        len -= (size_t)n;
    }
    return STATUS_OK;
}

enum status fs_sync_directory(const char *path, struct error *err)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return error_errno(err, STATUS_IO, errno, "cannot open %s", path);
    /* Some file systems cannot sync a folder, and say EINVAL. */
    int bad = fsync(fd) != 0 && errno != EINVAL ? errno : 0;
    close(fd);
    return bad ? error_errno(err, STATUS_IO, bad, "cannot sync %s", path) : STATUS_OK;
}

enum status fs_sync_parent(const char *path, struct error *err)
{
    struct arena scratch;
    arena_init(&scratch);
    enum status status = fs_sync_directory(str_terminated(&scratch, path_parent(str_from(path))), err);
    arena_finish(&scratch);
    return status;
}

enum status fs_write_atomic(const char *path, const char *temporary, struct str bytes, mode_t mode, bool sync,
                            struct error *err)
{
    enum status status = fs_make_parents(temporary, err);
    if (status != STATUS_OK)
        return status;
    int fd = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, mode);
    if (fd < 0)
        return error_errno(err, STATUS_IO, errno, "cannot write %s: cannot make %s", path, temporary);
    status = fs_write_all(fd, bytes.ptr, bytes.len, path, err);
    if (status == STATUS_OK && sync && fsync(fd) != 0)
        status = error_errno(err, STATUS_IO, errno, "cannot sync %s", path);
    if (close(fd) != 0 && status == STATUS_OK)
        status = error_errno(err, STATUS_IO, errno, "cannot write %s", path);
    if (status == STATUS_OK && rename(temporary, path) != 0)
        status = error_errno(err, STATUS_IO, errno, "cannot rename %s to %s", temporary, path);
    if (status != STATUS_OK)
        unlink(temporary);
    else if (sync)
        status = fs_sync_parent(path, err);
    return status;
}

enum status fs_make_directories(const char *path, struct error *err)
{
    if (mkdir(path, 0777) == 0)
        return STATUS_OK;
    int reason = errno;
    struct stat st;
    if (reason == EEXIST && stat(path, &st) == 0 && S_ISDIR(st.st_mode))
        return STATUS_OK;
    if (reason != ENOENT)
        return error_errno(err, STATUS_IO, reason == EEXIST ? ENOTDIR : reason, "cannot make the folder %s", path);
    enum status status = fs_make_parents(path, err);
    if (status != STATUS_OK)
        return status;
    if (mkdir(path, 0777) != 0 && errno != EEXIST)
        return error_errno(err, STATUS_IO, errno, "cannot make the folder %s", path);
    return STATUS_OK;
}

enum status fs_make_parents(const char *path, struct error *err)
{
    const char *slash = strrchr(path, '/');
    if (slash == NULL || slash == path)
        return STATUS_OK;
    char *parent = mem_alloc((size_t)(slash - path) + 1);
    memcpy(parent, path, (size_t)(slash - path));
    enum status status = fs_make_directories(parent, err);
    free(parent);
    return status;
}

enum status fs_lstat(const char *path, struct stat *out, bool *found, struct error *err)
{
    *found = lstat(path, out) == 0;
    if (*found || errno == ENOENT || errno == ENOTDIR)
        return STATUS_OK;
    return error_errno(err, STATUS_IO, errno, "cannot stat %s", path);
}

int64_t fs_clock_ns(const char *directory)
{
    struct timespec now;
    int fd = open(directory, O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600);
    struct stat st;
    bool known = fd >= 0 && fstat(fd, &st) == 0;
    if (fd >= 0)
        close(fd);
    if (known)
        now = st.st_mtim;
    else
        clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

enum status fs_read_link(struct arena *arena, const char *path, struct str *out, struct error *err)
{
    char text[4096];
    ssize_t len = readlink(path, text, sizeof text);
    if (len < 0)
        return error_errno(err, STATUS_IO, errno, "cannot read the link %s", path);
    if (len == sizeof text)
        return error_set(err, STATUS_IO, "the link %s is too long", path);
    *out = str_dup(arena, (struct str){text, (size_t)len});
    return STATUS_OK;
}

static int64_t clock_ms(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int64_t clock_wall_ms(void)
{
    return clock_ms(CLOCK_REALTIME);
}

int64_t clock_monotonic_ms(void)
{
    return clock_ms(CLOCK_MONOTONIC);
}
