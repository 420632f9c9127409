/* Shared by what reads commits. */
#ifndef REFIT_VCS_COMMIT_H
#define REFIT_VCS_COMMIT_H

#include "refit/vcs.h"
#include "vcs/repository.h"

/* STATUS_NOT_FOUND if the folder is in no repository. To be closed also after failure. */
enum status commit_open_repository(struct arena *arena, const char *folder, struct repository *r, struct error *err);

enum status commit_open_tree(const struct repository *r, const struct vcs_commit *commit, git_tree **tree,
                             struct error *err);

#endif
