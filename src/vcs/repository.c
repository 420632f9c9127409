/* Opening the repository that a folder is in. */
#include "vcs/repository.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "refit/base/path.h"

enum status repository_fault(const struct repository *r, const char *what, const char *name, struct error *err)
{
    const git_error *why = r->git.git_error_last();
    return error_set(err, STATUS_IO, "git: cannot read %s%s: %s", what, name,
                     why != NULL && why->message != NULL ? why->message : "no reason given");
}

/* The folder as the repository names it; NULL if it is not in its working tree. */
static const char *find_prefix(const struct repository *r, struct arena *arena, const char *folder)
{
    const char *top = r->git.git_repository_workdir(r->handle); /* real, with a slash at its end; NULL: bare */
    char *real = realpath(folder, NULL);
    const char *prefix = NULL;
    if (top != NULL && real != NULL) {
        struct str here = str_format(arena, "%s/", real);
        if (str_starts(here, str_from(top)))
            prefix = str_dup(arena, str_slice(here, strlen(top), here.len)).ptr;
    }
    free(real);
    return prefix;
}

/* Is there anything that could be a repository? Where there is not, no library is needed to tell. */
static bool may_be_in_repository(struct arena *arena, const char *folder)
{
    for (struct str at = str_from(folder);; at = path_parent(at)) {
        struct stat st;
        if (lstat(path_join(arena, at, STR(".git")).ptr, &st) == 0 || errno != ENOENT)
            return true;
        if (str_is(at, "/") || at.len == 0 || str_is(at, "."))
            return false;
    }
}

enum status repository_open(struct arena *arena, const char *folder, struct repository *out, struct error *err)
{
    *out = (struct repository){.handle = NULL};
    char *real = realpath(folder, NULL);
    bool may_be = real == NULL || may_be_in_repository(arena, real);
    free(real);
    if (!may_be)
        return STATUS_OK;
    enum status status = git2_load(&out->git, err);
    if (status != STATUS_OK)
        return status;
    int rc = out->git.git_repository_open_ext(&out->handle, folder, 0, NULL);
    if (rc == GIT_ENOTFOUND) {
        out->handle = NULL;
        return STATUS_OK;
    }
    if (rc != 0) {
        out->handle = NULL;
        return repository_fault(out, "the repository of ", folder, err);
    }
    out->prefix = find_prefix(out, arena, folder);
    if (out->prefix == NULL)
        repository_close(out);
    return STATUS_OK;
}

void repository_close(struct repository *r)
{
    if (r->handle != NULL)
        r->git.git_repository_free(r->handle);
    r->handle = NULL;
}
