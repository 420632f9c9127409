/* A folder of a commit, as the tree that its files would make if they were checked out. */
#include <stdlib.h>
#include <string.h>

#include "refit/base/interrupt.h"
#include "refit/base/path.h"
#include "vcs/commit.h"

enum { DEPTH_MAX = 512 };

struct reading {
    struct repository repository;
    struct arena *arena;
    vcs_skip_fn skip;
    void *ctx;
    struct str folder; /* as the caller named it */
    uint64_t bytes_left;
    struct tree_entry *entries; /* malloc'd */
    uint32_t count, cap;
    bool whole; /* nothing was met that is no file or link, or too large */
};

static enum status read_blob(struct reading *r, const git_tree_entry *entry, struct str path, struct error *err)
{
    const struct git2 *git = &r->repository.git;
    git_filemode_t mode = git->git_tree_entry_filemode(entry);
    git_blob *blob;
    if (git->git_blob_lookup(&blob, r->repository.handle, git->git_tree_entry_id(entry)) != 0)
        return repository_fault(&r->repository, "", path.ptr, err);
    struct str bytes = {git->git_blob_rawcontent(blob), (size_t)git->git_blob_rawsize(blob)};
    r->whole &= bytes.len <= r->bytes_left;
    if (r->whole) {
        r->bytes_left -= bytes.len;
        MEM_GROW(r->entries, r->count, r->cap);
        r->entries[r->count++] =
            (struct tree_entry){.path = path,
                                .kind = mode == GIT_FILEMODE_LINK ? ENTRY_LINK : ENTRY_FILE,
                                .executable = mode == GIT_FILEMODE_BLOB_EXECUTABLE,
                                .digest = digest_of(bytes.ptr, bytes.len),
                                .size = bytes.len,
                                .link = mode == GIT_FILEMODE_LINK ? str_dup(r->arena, bytes) : STR("")};
    }
    git->git_blob_free(blob);
    return STATUS_OK;
}

static enum status read_tree(struct reading *r, const git_tree *tree, struct str inside, unsigned depth,
                             struct error *err)
{
    const struct git2 *git = &r->repository.git;
    enum status status = STATUS_OK;
    r->whole &= depth <= DEPTH_MAX;
    size_t count = git->git_tree_entrycount(tree);
    for (size_t i = 0; i < count && status == STATUS_OK && r->whole; i++) {
        const git_tree_entry *entry = git->git_tree_entry_byindex(tree, i);
        struct str name = str_from(git->git_tree_entry_name(entry));
        struct str path = inside.len == 0 ? str_dup(r->arena, name) : path_join(r->arena, inside, name);
        git_object_t type = git->git_tree_entry_type(entry);
        git_tree *below;
        status = interrupt_check(false, err);
        if (status != STATUS_OK || (r->skip != NULL && r->skip(r->ctx, path_join(r->arena, r->folder, path))))
            continue;
        if (type == GIT_OBJECT_BLOB) {
            status = read_blob(r, entry, path, err);
        } else if (type != GIT_OBJECT_TREE) { /* a submodule */
            r->whole = false;
        } else if (git->git_tree_lookup(&below, r->repository.handle, git->git_tree_entry_id(entry)) != 0) {
            status = repository_fault(&r->repository, "the tree of ", path.ptr, err);
        } else {
            status = read_tree(r, below, path, depth + 1, err);
            git->git_tree_free(below);
        }
    }
    return status;
}

static enum status open_folder(struct reading *r, const struct vcs_commit *commit, git_tree **tree, struct error *err)
{
    const struct git2 *git = &r->repository.git;
    const char *path = str_format(r->arena, STR_FMT STR_FMT, STR_ARG(commit->prefix), STR_ARG(r->folder)).ptr;
    git_tree *top;
    git_tree_entry *entry;
    *tree = NULL;
    enum status status = commit_open_tree(&r->repository, commit, &top, err);
    if (status != STATUS_OK)
        return status;
    int rc = git->git_tree_entry_bypath(&entry, top, path);
    if (rc == 0) {
        if (git->git_tree_entry_type(entry) == GIT_OBJECT_TREE &&
            git->git_tree_lookup(tree, r->repository.handle, git->git_tree_entry_id(entry)) != 0)
            status = repository_fault(&r->repository, "the tree of ", path, err);
        git->git_tree_entry_free(entry);
    } else if (rc != GIT_ENOTFOUND) {
        status = repository_fault(&r->repository, "the tree of ", commit->id.ptr, err);
    }
    git->git_tree_free(top);
    return status;
}

static int compare_entries(const void *a, const void *b)
{
    return str_compare(((const struct tree_entry *)a)->path, ((const struct tree_entry *)b)->path);
}

enum status vcs_read_folder(struct arena *arena, const char *folder, const struct vcs_commit *commit, struct str path,
                            vcs_skip_fn skip, void *ctx, struct tree *out, bool *found, struct error *err)
{
    struct reading r = {
        .arena = arena, .skip = skip, .ctx = ctx, .folder = path, .bytes_left = VCS_FOLDER_BYTES_MAX, .whole = true};
    git_tree *tree = NULL;
    *found = false;
    enum status status = path_is_inside(path) ? commit_open_repository(arena, folder, &r.repository, err) : STATUS_OK;
    if (status == STATUS_OK && path_is_inside(path))
        status = open_folder(&r, commit, &tree, err);
    if (tree != NULL) {
        status = read_tree(&r, tree, STR(""), 0, err);
        r.repository.git.git_tree_free(tree);
    }
    if (r.count > 1)
        qsort(r.entries, r.count, sizeof *r.entries, compare_entries);
    *found = status == STATUS_OK && tree != NULL && r.whole;
    *out = (struct tree){arena_copy(arena, r.entries, r.count * sizeof *r.entries), r.count};
    free(r.entries);
    repository_close(&r.repository);
    return status;
}
