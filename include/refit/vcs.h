/*
 * Version control: reading what a git repository has. Nothing is ever written, no hook or filter runs, and it does not
 * matter who owns the repository. libgit2 is loaded at the first call, not at the start of the program.
 */
#ifndef REFIT_VCS_H
#define REFIT_VCS_H

#include "refit/base/arena.h"
#include "refit/base/error.h"
#include "refit/base/str.h"

/* One version of a file, as the tips of branches and tags have it. */
struct vcs_tip {
    struct str id;    /* of the version: its blob, in hex */
    struct str name;  /* of the first branch or tag that has it: "main", "origin/main", "v1.0" */
    uint32_t others;  /* how many more have it */
    struct str bytes;
};

struct vcs_tips {
    bool repository; /* false: the folder is in no repository with a working tree */
    struct vcs_tip *tips;
    uint32_t count;
};

/* The versions of `file` (relative to `folder`) at the tips of all branches, local and remote-tracking, and of all
 * tags, and where HEAD is; each once. STATUS_IO if one of them cannot be read: then nothing is known of any. In
 * `arena`. */
enum status vcs_read_tips(struct arena *arena, const char *folder, const char *file, struct vcs_tips *out,
                          struct error *err);

#endif
