/* Where links lead. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fingerprint/fingerprint.h"
#include "refit/base/path.h"

enum status link_resolve(struct arena *arena, struct str path, struct str *real, bool *found, struct error *err)
{
    char *resolved = realpath(path.ptr, NULL);
    *found = resolved != NULL;
    if (resolved == NULL && errno == ELOOP)
        return error_set(err, STATUS_FAILED, STR_FMT " is a link that leads back to itself; remove it or ignore it",
                         STR_ARG(path));
    if (resolved == NULL && errno != ENOENT && errno != ENOTDIR)
        return error_errno(err, STATUS_IO, errno, "cannot follow the link " STR_FMT, STR_ARG(path));
    if (resolved != NULL)
        *real = str_dup(arena, str_from(resolved));
    free(resolved);
    return STATUS_OK;
}

bool real_is_below(struct str real, struct str directory)
{
    if (str_is(directory, "/"))
        return real.len > 1;
    return real.len > directory.len && real.ptr[directory.len] == '/' && str_starts(real, directory);
}

enum status digest_link_target(struct fingerprint *fp, struct arena *arena, struct str path, struct str *target,
                               struct error *err)
{
    struct str real;
    bool found;
    enum status status = link_resolve(arena, path, &real, &found, err);
    *target = STR("");
    if (status != STATUS_OK || !found || !real_is_below(real, fp->real_root))
        return status;
    return path_make(arena, fp->real_root, STR("."), real, target, err);
}

enum status link_stays_inside(struct fingerprint *fp, struct arena *arena, struct str path, struct str text,
                              struct error *err)
{
    struct str lexical, real;
    bool found;
    enum status status = link_resolve(arena, path, &real, &found, err);
    if (status != STATUS_OK)
        return status;
    status = path_make(arena, fp->real_root, path_parent(path), text, &lexical, err);
    if (status != STATUS_OK)
        return status;
    if (found ? real_is_below(real, fp->real_root) : path_is_inside(lexical))
        return STATUS_OK;
    return error_set(err, STATUS_FAILED,
                     "the out " STR_FMT " is a link to " STR_FMT ", outside the project; copy the content instead",
                     STR_ARG(path), STR_ARG(text));
}
