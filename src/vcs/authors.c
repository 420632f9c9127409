/* Who made the commits of a range. */
#include "refit/vcs.h"

#include <stdlib.h>
#include <string.h>

#include "vcs/commit.h"

struct walking {
    struct repository repository;
    struct arena *arena;
    vcs_skip_change_fn skip;
    void *ctx;
    struct vcs_authorship *items; /* malloc'd */
    uint32_t count, cap;
};

static struct str id_text(struct walking *w, const git_oid *oid)
{
    char hex[GIT_OID_HEXSZ + 1];
    return str_dup(w->arena, str_from(w->repository.git.git_oid_tostr(hex, sizeof hex, oid)));
}

static enum status fault(struct walking *w, const git_oid *oid, struct error *err)
{
    return repository_fault(&w->repository, "the commit ", id_text(w, oid).ptr, err);
}

/* ---- does it change anything that counts? ---- */

static bool is_skipped(const struct walking *w, const git_diff_delta *delta)
{
    const struct git2 *git = &w->repository.git;
    struct str file = str_from(delta->new_file.path), prefix = str_from(w->repository.prefix);
    git_blob *blob;
    if (!str_starts(file, prefix) || !w->skip(w->ctx, file = str_slice(file, prefix.len, file.len), NULL))
        return false;
    if (delta->status == GIT_DELTA_DELETED)
        return true;
    if (delta->new_file.mode != GIT_FILEMODE_BLOB ||
        git->git_blob_lookup(&blob, w->repository.handle, &delta->new_file.id) != 0)
        return false; /* an executable, a link; what cannot be read counts */
    struct str bytes = {git->git_blob_rawcontent(blob), (size_t)git->git_blob_rawsize(blob)};
    bool skipped = w->skip(w->ctx, file, &bytes);
    git->git_blob_free(blob);
    return skipped;
}

/* Ends the comparison at the first file that counts. */
static int on_delta(const git_diff *diff, const git_diff_delta *delta, const char *pathspec, void *ctx)
{
    (void)diff;
    (void)pathspec;
    return is_skipped(ctx, delta) ? 0 : GIT_EUSER;
}

static enum status compare(struct walking *w, git_commit *commit, unsigned parent, bool *changes, struct error *err)
{
    git_commit *other = NULL;
    git_tree *old_tree = NULL, *new_tree = NULL;
    git_diff *diff = NULL;
    git_diff_options options;
    memset(&options, 0, sizeof options);
    options.version = GIT_DIFF_OPTIONS_VERSION;
    options.ignore_submodules = GIT_SUBMODULE_IGNORE_NONE;
    options.context_lines = 3;
    options.notify_cb = on_delta;
    options.payload = w;
    const struct git2 *git = &w->repository.git;
    int rc = git->git_commit_parent(&other, commit, parent);
    if (rc == 0)
        rc = git->git_commit_tree(&old_tree, other);
    if (rc == 0)
        rc = git->git_commit_tree(&new_tree, commit);
    if (rc == 0) {
        rc = git->git_diff_tree_to_tree(&diff, w->repository.handle, old_tree, new_tree, &options);
        *changes = rc == GIT_EUSER;
        rc = *changes ? 0 : rc;
    }
    enum status status = rc == 0 ? STATUS_OK : fault(w, git->git_commit_id(commit), err);
    git->git_diff_free(diff);
    git->git_tree_free(old_tree);
    git->git_tree_free(new_tree);
    git->git_commit_free(other);
    return status;
}

static enum status counts(struct walking *w, git_commit *commit, bool *out, struct error *err)
{
    unsigned parents = w->repository.git.git_commit_parentcount(commit);
    enum status status = STATUS_OK;
    *out = true;
    for (unsigned i = 0; i < parents && *out && status == STATUS_OK; i++)
        status = compare(w, commit, i, out, err);
    return status;
}

/* ---- reading ---- */

static enum status read_signature(struct walking *w, const git_oid *oid, struct vcs_authorship *out, struct error *err)
{
    git_buf signature = {0}, content = {0};
    git_oid copy = *oid;
    const struct git2 *git = &w->repository.git;
    int rc = git->git_commit_extract_signature(&signature, &content, w->repository.handle, &copy, NULL);
    if (rc == 0) {
        out->signature = str_dup(w->arena, (struct str){signature.ptr, signature.size});
        out->content = str_dup(w->arena, (struct str){content.ptr, content.size});
    }
    git->git_buf_dispose(&signature);
    git->git_buf_dispose(&content);
    return rc == 0 || rc == GIT_ENOTFOUND ? STATUS_OK : fault(w, oid, err);
}

static enum status read_commit(struct walking *w, const git_oid *oid, struct error *err)
{
    const struct git2 *git = &w->repository.git;
    git_commit *commit;
    bool relevant;
    if (git->git_commit_lookup(&commit, w->repository.handle, oid) != 0)
        return fault(w, oid, err);
    struct vcs_authorship made = {
        .id = id_text(w, oid),
        .author = str_dup(w->arena, str_from(git->git_commit_author(commit)->email)),
        .committer = str_dup(w->arena, str_from(git->git_commit_committer(commit)->email)),
        .signature = STR(""),
        .content = STR(""),
    };
    enum status status = counts(w, commit, &relevant, err);
    git->git_commit_free(commit);
    if (status != STATUS_OK || !relevant)
        return status;
    MEM_GROW(w->items, w->count, w->cap);
    w->items[w->count++] = made;
    return read_signature(w, oid, &w->items[w->count - 1], err);
}

static enum status hide(struct walking *w, git_revwalk *walk, struct str since, struct error *err)
{
    git_oid oid;
    git_commit *commit;
    const struct git2 *git = &w->repository.git;
    const char *text = str_terminated(w->arena, since);
    if (since.len != GIT_OID_HEXSZ || git->git_oid_fromstr(&oid, text) != 0 ||
        git->git_commit_lookup(&commit, w->repository.handle, &oid) != 0)
        return error_set(err, STATUS_NOT_FOUND, "git has no commit %s; fetch it", text);
    git->git_commit_free(commit);
    return git->git_revwalk_hide(walk, &oid) == 0 ? STATUS_OK : fault(w, &oid, err);
}

static enum status walk_from(struct walking *w, const git_oid *head, struct str since, struct error *err)
{
    git_revwalk *walk;
    git_oid oid;
    const struct git2 *git = &w->repository.git;
    if (git->git_revwalk_new(&walk, w->repository.handle) != 0)
        return fault(w, head, err);
    enum status status = git->git_revwalk_push(walk, head) == 0 ? STATUS_OK : fault(w, head, err);
    if (status == STATUS_OK && since.len > 0)
        status = hide(w, walk, since, err);
    int rc = 0;
    while (status == STATUS_OK && (rc = git->git_revwalk_next(&oid, walk)) == 0)
        status = read_commit(w, &oid, err);
    if (status == STATUS_OK && rc != GIT_ITEROVER)
        status = fault(w, head, err);
    git->git_revwalk_free(walk);
    return status;
}

/* HEAD's commit; *found is false if there is none yet. */
static enum status find_head(struct walking *w, git_oid *out, bool *found, struct error *err)
{
    git_object *head;
    int rc = w->repository.git.git_revparse_single(&head, w->repository.handle, "HEAD^{commit}");
    *found = rc == 0;
    if (rc == GIT_ENOTFOUND || rc == GIT_EUNBORNBRANCH)
        return STATUS_OK;
    if (rc != 0)
        return repository_fault(&w->repository, "HEAD", "", err);
    *out = *w->repository.git.git_object_id(head);
    w->repository.git.git_object_free(head);
    return STATUS_OK;
}

enum status vcs_read_authorships(struct arena *arena, const char *folder, struct str since, vcs_skip_change_fn skip,
                                 void *ctx, struct vcs_authorships *out, struct error *err)
{
    struct walking w = {.arena = arena, .skip = skip, .ctx = ctx};
    git_oid head;
    *out = (struct vcs_authorships){.repository = false};
    enum status status = repository_open(arena, folder, &w.repository, err);
    if (status == STATUS_OK && w.repository.handle != NULL)
        status = find_head(&w, &head, &out->repository, err);
    if (status == STATUS_OK && out->repository) {
        out->shallow = w.repository.git.git_repository_is_shallow(w.repository.handle) == 1;
        if (!out->shallow)
            status = walk_from(&w, &head, since, err);
    }
    repository_close(&w.repository);
    out->items = arena_copy(arena, w.items, mem_product(w.count, sizeof *w.items));
    out->count = w.count;
    free(w.items);
    return status;
}
