/* An open repository, seen from a folder in its working tree. */
#ifndef REFIT_VCS_REPOSITORY_H
#define REFIT_VCS_REPOSITORY_H

#include "refit/base/arena.h"
#include "vcs/git2.h"

struct repository {
    struct git2 git;
    git_repository *handle; /* NULL: the folder is in no repository with a working tree */
    const char *prefix;     /* of the folder, as the repository names it: "" or with a slash at its end; in the arena */
};

/* Where there is nothing that could be a repository, the library is not loaded. To be closed also after failure. */
enum status repository_open(struct arena *arena, const char *folder, struct repository *out, struct error *err);
void repository_close(struct repository *r);

/* Sets STATUS_IO, with what libgit2 says last. */
enum status repository_fault(const struct repository *r, const char *what, const char *name, struct error *err);

#endif
