/* Removing a tree without following links: every step is relative to an open folder, so that a folder swapped for a
 * link while it is being removed cannot lead outside. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "refit/base/fs.h"

/* `name` is the top itself, or something in it. */
static enum status failed(int reason, const char *verb, const char *name, const char *shown, struct error *err)
{
    if (name == shown)
        return error_errno(err, STATUS_IO, reason, "cannot %s %s", verb, name);
    return error_errno(err, STATUS_IO, reason, "cannot %s %s (in %s)", verb, name, shown);
}

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
        return failed(errno, "remove", name, shown, err);
    int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return failed(errno, "open", name, shown, err);
    enum status status = remove_entries(fd, shown, err);
    if (status == STATUS_OK && unlinkat(parent, name, AT_REMOVEDIR) != 0 && errno != ENOENT)
        status = failed(errno, "remove the folder", name, shown, err);
    return status;
}

enum status fs_remove_tree(const char *path, struct error *err)
{
    return remove_at(AT_FDCWD, path, path, err);
}
