/* Moving files and trees, across file systems too, and copying them. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "refit/base/fs.h"

enum { COPY_BYTES = 256 << 10 };

static enum status copy_bytes(int from, int to, const char *name, const char *to_name, struct error *err)
{
    char *bytes = mem_alloc(COPY_BYTES);
    enum status status = STATUS_OK;
    while (status == STATUS_OK) {
        ssize_t n = read(from, bytes, COPY_BYTES);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            status = error_errno(err, STATUS_IO, errno, "cannot read %s", name);
        if (n <= 0)
            break;
        status = fs_write_all(to, bytes, (size_t)n, to_name, err);
    }
    free(bytes);
    return status;
}

static enum status copy_file(int from_folder, int to_folder, const char *name, const char *to_name, mode_t mode,
                             struct error *err)
{
    int from = openat(from_folder, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (from < 0)
        return error_errno(err, STATUS_IO, errno, "cannot open %s", name);
    int to = openat(to_folder, to_name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode & 0777);
    enum status status = STATUS_OK;
    if (to < 0)
        status = error_errno(err, STATUS_IO, errno, "cannot make %s", to_name);
    if (status == STATUS_OK)
        status = copy_bytes(from, to, name, to_name, err);
    /* The original is removed afterwards: the copy must be there for good. */
    if (status == STATUS_OK && fsync(to) != 0)
        status = error_errno(err, STATUS_IO, errno, "cannot sync %s", to_name);
    if (to >= 0 && close(to) != 0 && status == STATUS_OK)
        status = error_errno(err, STATUS_IO, errno, "cannot write %s", to_name);
    close(from);
    return status;
}

static enum status copy_link(int from_folder, int to_folder, const char *name, const char *to_name, struct error *err)
{
    char text[4096];
    ssize_t len = readlinkat(from_folder, name, text, sizeof text - 1);
    if (len < 0)
        return error_errno(err, STATUS_IO, errno, "cannot read the link %s", name);
    text[len] = '\0';
    if (symlinkat(text, to_folder, to_name) != 0)
        return error_errno(err, STATUS_IO, errno, "cannot make the link %s", to_name);
    return STATUS_OK;
}

static enum status copy_at(int from_folder, int to_folder, const char *name, const char *to_name, struct error *err);

static enum status copy_folder(int from_folder, int to_folder, const char *name, const char *to_name, mode_t mode,
                               struct error *err)
{
    if (mkdirat(to_folder, to_name, (mode & 0777) | S_IRWXU) != 0)
        return error_errno(err, STATUS_IO, errno, "cannot make the folder %s", to_name);
    int to = openat(to_folder, to_name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    int from = openat(from_folder, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    DIR *stream = from < 0 ? NULL : fdopendir(from);
    enum status status = STATUS_OK;
    if (to < 0 || stream == NULL)
        status = error_errno(err, STATUS_IO, errno, "cannot open the folder %s", name);
    struct dirent *entry;
    while (status == STATUS_OK && (errno = 0, entry = readdir(stream)) != NULL)
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            status = copy_at(dirfd(stream), to, entry->d_name, entry->d_name, err);
    if (status == STATUS_OK && errno != 0)
        status = error_errno(err, STATUS_IO, errno, "cannot list %s", name);
    if (stream != NULL)
        closedir(stream);
    else if (from >= 0)
        close(from);
    if (status == STATUS_OK && fsync(to) != 0 && errno != EINVAL)
        status = error_errno(err, STATUS_IO, errno, "cannot sync the folder %s", to_name);
    if (to >= 0)
        close(to);
    return status;
}

static enum status copy_at(int from_folder, int to_folder, const char *name, const char *to_name, struct error *err)
{
    struct stat st;
    if (fstatat(from_folder, name, &st, AT_SYMLINK_NOFOLLOW) != 0)
        return error_errno(err, STATUS_IO, errno, "cannot stat %s", name);
    if (S_ISREG(st.st_mode))
        return copy_file(from_folder, to_folder, name, to_name, st.st_mode, err);
    if (S_ISLNK(st.st_mode))
        return copy_link(from_folder, to_folder, name, to_name, err);
    if (S_ISDIR(st.st_mode))
        return copy_folder(from_folder, to_folder, name, to_name, st.st_mode, err);
    return error_set(err, STATUS_IO, "%s is a FIFO, socket or device, which cannot be copied to another place",
                     name);
}

static enum status move_across(const char *from, const char *to, struct error *err)
{
    size_t size = strlen(to) + 32;
    char *temporary = mem_alloc(size);
    snprintf(temporary, size, "%s.tmp-%ld", to, (long)getpid());
    enum status status = fs_remove_tree(temporary, err);
    if (status == STATUS_OK)
        status = copy_at(AT_FDCWD, AT_FDCWD, from, temporary, err);
    if (status == STATUS_OK && rename(temporary, to) != 0)
        status = error_errno(err, STATUS_IO, errno, "cannot rename %s to %s", temporary, to);
    struct error ignored;
    if (status != STATUS_OK)
        fs_remove_tree(temporary, &ignored);
    else
        status = fs_sync_parent(to, err);
    if (status == STATUS_OK)
        status = fs_remove_tree(from, err);
    free(temporary);
    return status;
}

enum status fs_move(const char *from, const char *to, struct error *err)
{
    enum status status = fs_make_parents(to, err);
    if (status != STATUS_OK || rename(from, to) == 0)
        return status;
    if (errno == EXDEV)
        return move_across(from, to, err);
    return error_errno(err, STATUS_IO, errno, "cannot rename %s to %s", from, to);
}

enum status fs_copy(const char *from, const char *to, struct error *err)
{
    enum status status = fs_make_parents(to, err);
    return status == STATUS_OK ? copy_at(AT_FDCWD, AT_FDCWD, from, to, err) : status;
}
