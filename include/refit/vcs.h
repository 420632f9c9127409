/*
 * Version control: reading what a git repository has. Nothing is ever written, no hook or filter runs, and it does not
 * matter who owns the repository. libgit2 is loaded at the first call, not at the start of the program.
 */
#ifndef REFIT_VCS_H
#define REFIT_VCS_H

#include "refit/base/arena.h"
#include "refit/base/digest.h"
#include "refit/base/error.h"
#include "refit/base/str.h"
#include "refit/store.h"

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

/* Where a working tree stands. */
struct vcs_head {
    bool repository;    /* false: the folder is in no repository with a working tree */
    struct str commit;  /* in hex; "" = there is none yet */
    struct str branch;  /* "" = HEAD is at no branch */
    bool dirty;         /* tracked files differ from the commit, staged changes included */
    struct digest diff; /* of what differs; zero = nothing */
};

/* A file that does not count, relative to `folder`. */
typedef bool (*vcs_skip_fn)(void *ctx, struct str file);

/*
 * The commit that is checked out, and how the tracked files differ from it; `skip` (may be NULL) names those that do
 * not count. A file with the content that a pointer of Git LFS in the commit names does not differ. VCS_DIFF_BYTES_MAX
 * bytes are read of files that git takes for changed; beyond that size and time stand for content. STATUS_IO if it
 * cannot be read, STATUS_NOT_FOUND if there is a repository and no libgit2.
 */
#define VCS_DIFF_BYTES_MAX (64ull << 20)
enum status vcs_read_head(struct arena *arena, const char *folder, vcs_skip_fn skip, void *ctx, struct vcs_head *out,
                          struct error *err);

/* A commit, and where in its tree the folder is from which it was asked for. */
struct vcs_commit {
    struct str id;     /* in hex */
    struct str prefix; /* of the folder in the repository: "", or a path with a slash at its end */
};

/* The commit that a revision means, by any name that git knows: a branch, a tag, `HEAD~2`, the first digits of an id.
 * STATUS_NOT_FOUND, in words for the user, if there is no repository, no such commit, or more than one. In `arena`. */
enum status vcs_find_commit(struct arena *arena, const char *folder, const char *revision, struct vcs_commit *out,
                            struct error *err);

/* A file of that commit, relative to the folder. *found is false if the commit does not have it. In `arena`. */
enum status vcs_read_file(struct arena *arena, const char *folder, const struct vcs_commit *commit, const char *file,
                          struct str *bytes, bool *found, struct error *err);

/*
 * A folder of that commit, relative to the one that the commit was asked for from, as the tree that its files would
 * make as a dep; `skip` (may be NULL) names files and folders that are left out. *found is false if the commit does not
 * have it, a submodule is in it, or it has more than VCS_FOLDER_BYTES_MAX. In `arena`.
 */
#define VCS_FOLDER_BYTES_MAX (256ull << 20)
enum status vcs_read_folder(struct arena *arena, const char *folder, const struct vcs_commit *commit, struct str path,
                            vcs_skip_fn skip, void *ctx, struct tree *out, bool *found, struct error *err);

/* What of a commit is not in the files that git has. */
struct vcs_lack {
    struct str path; /* relative to `into` */
    bool submodule;  /* otherwise a pointer of Git LFS, whose text is there instead of the content */
};

struct vcs_lacks {
    struct vcs_lack *items;
    uint32_t count;
};

/*
 * Write the tree of a commit (the part of it that is below the folder, or with `whole` all of it) into the folder
 * `into`, which is there: files as git has them, with their modes, and links as links. No filter and no hook runs, and
 * index and working tree stay as they are. What is there already, folders apart, is an error; a `.refit` at the top of
 * the project is left out, and a submodule is an empty folder. STATUS_INTERRUPTED after an interrupt.
 */
enum status vcs_materialise(struct arena *arena, const char *folder, const struct vcs_commit *commit, bool whole,
                            const char *into, struct vcs_lacks *lacks, struct error *err);

/* Whose a commit is, as it says itself. */
struct vcs_authorship {
    struct str id; /* in hex */
    struct str author, committer; /* e-mail addresses */
    struct str signature, content; /* what the commit is signed with, and the bytes that are signed; "" = not signed */
};

struct vcs_authorships {
    bool repository; /* false: the folder is in no repository with a working tree, or has no commit yet */
    bool shallow;    /* the clone lacks commits: then none are read */
    struct vcs_authorship *items;
    uint32_t count;
};

/*
 * The commits that HEAD has and `since` has not (the full id of a commit; "" = all), newest first, but for those whose
 * every change against one of their parents `skip` takes for none: asked first by the name, and then with what the
 * commit makes of the file (which is a plain one) unless it takes it away. STATUS_NOT_FOUND if the repository has no
 * commit `since`. In `arena`.
 */
typedef bool (*vcs_skip_change_fn)(void *ctx, struct str file, const struct str *bytes); /* NULL: by the name */
enum status vcs_read_authorships(struct arena *arena, const char *folder, struct str since, vcs_skip_change_fn skip,
                                 void *ctx, struct vcs_authorships *out, struct error *err);

/* What the commit that is checked out has of that name: a folder, or a file, link or submodule. `path` is relative to
 * `folder`, or absolute; all of the repository is no entry of it. */
enum vcs_entry { VCS_ENTRY_NONE, VCS_ENTRY_FOLDER, VCS_ENTRY_OTHER };
enum status vcs_find_entry(struct arena *arena, const char *folder, struct str path, enum vcs_entry *out,
                           struct error *err);

/* The first entry that `pick` picks of what that commit has below `path`, which is relative to `folder` ("." = all), by
 * names relative to it; "" = none. A folder that is not picked is looked through. */
typedef bool (*vcs_pick_fn)(void *ctx, struct str path, bool is_folder);
enum status vcs_find_below(struct arena *arena, const char *folder, struct str path, vcs_pick_fn pick, void *ctx,
                           struct str *found, struct error *err);

#endif
