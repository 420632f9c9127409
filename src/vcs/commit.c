/* Commits by their names, and the files in them. */
#include <string.h>

#include "refit/vcs.h"
#include "vcs/commit.h"

enum { REVISION_BYTES_MAX = 500 };

static enum status not_found(const struct repository *r, const char *revision, struct error *err)
{
    bool shallow = r->git.git_repository_is_shallow(r->handle) == 1;
    return error_set(err, STATUS_NOT_FOUND, "git knows no revision `%s`%s", revision,
                     shallow ? "; this clone is shallow, and `git fetch --unshallow` gets the commits that it lacks"
                             : "; `git log` lists commits");
}

static enum status no_commit(const char *revision, struct error *err)
{
    return error_set(err, STATUS_NOT_FOUND, "the revision `%s` is no commit; name a commit, a branch or a tag",
                     revision);
}

static enum status peel(const struct repository *r, git_object *named, const char *revision, git_object **commit,
                        struct error *err)
{
    int rc = r->git.git_object_peel(commit, named, GIT_OBJECT_COMMIT);
    if (rc == 0)
        return STATUS_OK;
    if (rc == GIT_ENOTFOUND)
        return repository_fault(r, "the commit of ", revision, err);
    return no_commit(revision, err);
}

static enum status find(const struct repository *r, const char *revision, git_object **commit, struct error *err)
{
    git_object *named;
    if (strlen(revision) > REVISION_BYTES_MAX)
        return error_set(err, STATUS_NOT_FOUND, "git knows no revision with a name of %zu bytes", strlen(revision));
    int rc = r->git.git_revparse_single(&named, r->handle, revision);
    if (rc == GIT_EAMBIGUOUS)
        return error_set(err, STATUS_NOT_FOUND, "the revision `%s` may mean several commits; write more of its id",
                         revision);
    if (rc == GIT_ENOTFOUND || rc == GIT_EINVALIDSPEC)
        return not_found(r, revision, err);
    if (rc != 0 && revision[0] == ':') /* files of the index, which libgit2 does not look up */
        return no_commit(revision, err);
    if (rc != 0)
        return repository_fault(r, "the revision ", revision, err);
    enum status status = peel(r, named, revision, commit, err);
    r->git.git_object_free(named);
    return status;
}

enum status commit_open_repository(struct arena *arena, const char *folder, struct repository *r, struct error *err)
{
    enum status status = repository_open(arena, folder, r, err);
    if (status == STATUS_OK && r->handle == NULL)
        return error_set(err, STATUS_NOT_FOUND, "%s is in no git repository, so there are no revisions of it", folder);
    return status;
}

enum status vcs_find_commit(struct arena *arena, const char *folder, const char *revision, struct vcs_commit *out,
                            struct error *err)
{
    struct repository r;
    git_object *commit;
    char hex[GIT_OID_HEXSZ + 1];
    enum status status = commit_open_repository(arena, folder, &r, err);
    if (status == STATUS_OK)
        status = find(&r, revision, &commit, err);
    if (status == STATUS_OK) {
        const char *id = r.git.git_oid_tostr(hex, sizeof hex, r.git.git_object_id(commit));
        *out = (struct vcs_commit){str_dup(arena, str_from(id)), str_from(r.prefix)};
        r.git.git_object_free(commit);
    }
    repository_close(&r);
    return status;
}

enum status commit_open_tree(const struct repository *r, const struct vcs_commit *commit, git_tree **tree,
                             struct error *err)
{
    git_object *object, *peeled;
    if (r->git.git_revparse_single(&object, r->handle, commit->id.ptr) != 0)
        return repository_fault(r, "the commit ", commit->id.ptr, err);
    int rc = r->git.git_object_peel(&peeled, object, GIT_OBJECT_TREE);
    r->git.git_object_free(object);
    if (rc != 0)
        return repository_fault(r, "the tree of ", commit->id.ptr, err);
    *tree = (git_tree *)peeled;
    return STATUS_OK;
}

static enum status read_entry(struct arena *arena, const struct repository *r, const git_tree_entry *entry,
                              const char *path, struct str *bytes, bool *found, struct error *err)
{
    git_blob *blob;
    *found = r->git.git_tree_entry_type(entry) == GIT_OBJECT_BLOB;
    if (!*found)
        return STATUS_OK;
    if (r->git.git_blob_lookup(&blob, r->handle, r->git.git_tree_entry_id(entry)) != 0)
        return repository_fault(r, "", path, err);
    *bytes = str_dup(arena, (struct str){r->git.git_blob_rawcontent(blob), (size_t)r->git.git_blob_rawsize(blob)});
    r->git.git_blob_free(blob);
    return STATUS_OK;
}

enum status vcs_read_file(struct arena *arena, const char *folder, const struct vcs_commit *commit, const char *file,
                          struct str *bytes, bool *found, struct error *err)
{
    struct repository r;
    git_tree *tree = NULL;
    git_tree_entry *entry;
    *found = false;
    enum status status = commit_open_repository(arena, folder, &r, err);
    if (status == STATUS_OK)
        status = commit_open_tree(&r, commit, &tree, err);
    if (status == STATUS_OK) {
        const char *path = str_format(arena, STR_FMT "%s", STR_ARG(commit->prefix), file).ptr;
        int rc = r.git.git_tree_entry_bypath(&entry, tree, path);
        if (rc == 0) {
            status = read_entry(arena, &r, entry, path, bytes, found, err);
            r.git.git_tree_entry_free(entry);
        } else if (rc != GIT_ENOTFOUND) {
            status = repository_fault(&r, "the tree of ", commit->id.ptr, err);
        }
        r.git.git_tree_free(tree);
    }
    repository_close(&r);
    return status;
}
