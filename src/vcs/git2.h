/* The functions of libgit2 that are used, found when the first is needed. */
#ifndef REFIT_VCS_GIT2_H
#define REFIT_VCS_GIT2_H

#include <git2.h>

#include "refit/base/error.h"

#define GIT2_FUNCTIONS(X)                                                                                  \
    X(git_repository_head_detached) X(git_reference_target) X(git_diff_tree_to_workdir_with_index)         \
    X(git_diff_num_deltas) X(git_diff_get_delta) X(git_diff_free)                                          \
    X(git_libgit2_init) X(git_libgit2_opts) X(git_error_last) X(git_repository_open_ext)                   \
    X(git_repository_workdir) X(git_repository_free) X(git_repository_head) X(git_reference_iterator_new)  \
    X(git_reference_next) X(git_reference_iterator_free) X(git_reference_name) X(git_reference_shorthand)  \
    X(git_reference_peel) X(git_reference_free) X(git_object_free) X(git_tree_entry_bypath)                \
    X(git_tree_entry_id) X(git_tree_entry_type) X(git_tree_entry_free) X(git_blob_lookup)                  \
    X(git_blob_rawcontent) X(git_blob_rawsize) X(git_blob_free) X(git_oid_tostr)                           \
    X(git_revparse_single) X(git_object_peel) X(git_object_id) X(git_object_lookup)                        \
    X(git_repository_is_shallow) X(git_commit_tree) X(git_tree_entrycount) X(git_tree_entry_byindex)       \
    X(git_tree_entry_name) X(git_tree_entry_filemode) X(git_tree_lookup) X(git_tree_free)                 \
    X(git_revwalk_new) X(git_revwalk_push) X(git_revwalk_hide) X(git_revwalk_next) X(git_revwalk_free)     \
    X(git_commit_lookup) X(git_commit_free) X(git_commit_author) X(git_commit_committer)                   \
    X(git_commit_parentcount) X(git_commit_parent) X(git_commit_extract_signature) X(git_buf_dispose)      \
    X(git_diff_tree_to_tree) X(git_oid_fromstr) X(git_commit_id)

struct git2 {
#define X(name) __typeof__(name) *name;
    GIT2_FUNCTIONS(X)
#undef X
};

/* Stays loaded. STATUS_IO if it is not there. */
enum status git2_load(struct git2 *git, struct error *err);

#endif
