/* Removing a tree without following links: every step is relative to an open folder, so that a folder swapped for a
 * link while it is being removed cannot lead outside. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "refit/base/fs.h"

static enum status remove_at(int parent, const char *name, const char *shown, struct error *err);

static enum status remove_entries(int fd, const char *shown, struct error *err)
{
    DIR *stream = fdopendir(fd);
    if (stream == NULL) {
        int reason = errno;
        close(fd);
        return error_errno(err, STATUS_IO, reason, "cannot list %s", shown);
    }
    enum status status = STATUS_OK;
    struct dirent *entry;
    while (status == STATUS_OK && (errno = 0, entry = readdir(stream)) != NULL)
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            status = remove_at(dirfd(stream), entry->d_name, shown, err);
    if (status == STATUS_OK && errno != 0)
        status = error_errno(err, STATUS_IO, errno, "cannot list %s", shown);
    closedir(stream);
    return status;
}

static enum status remove_at(int parent, const char *name, const char *shown, struct error *err)
{
    if (unlinkat(parent, name, 0) == 0 || errno == ENOENT || errno == ENOTDIR)
        return STATUS_OK;
    if (errno != EISDIR && errno != EPERM)
        return error_errno(err, STATUS_IO, errno, "cannot remove %s (in %s)", name, shown);
    int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return error_errno(err, STATUS_IO, errno, "cannot open %s (in %s)", name, shown);
    enum status status = remove_entries(fd, shown, err);
    if (status == STATUS_OK && unlinkat(parent, name, AT_REMOVEDIR) != 0 && errno != ENOENT)
        status = error_errno(err, STATUS_IO, errno, "cannot remove the folder %s (in %s)", name, shown);
    return status;
}

enum status fs_remove_tree(const char *path, struct error *err)
{
    return remove_at(AT_FDCWD, path, path, err);
}
