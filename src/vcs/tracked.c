/* What the commit that is checked out has, by its names alone. */
#include <string.h>

#include "refit/base/path.h"
#include "refit/vcs.h"
#include "vcs/repository.h"

enum { DEPTH_MAX = 200 };

struct looking {
    struct repository repository;
    struct arena *arena;
    git_object *top; /* the tree of HEAD; NULL = there is none */
};

static enum status open_head(struct arena *arena, const char *folder, struct looking *l, struct error *err)
{
    *l = (struct looking){.arena = arena};
    enum status status = repository_open(arena, folder, &l->repository, err);
    if (status != STATUS_OK || l->repository.handle == NULL)
        return status;
    int rc = l->repository.git.git_revparse_single(&l->top, l->repository.handle, "HEAD^{tree}");
    if (rc == 0)
        return STATUS_OK;
    l->top = NULL;
    return rc == GIT_ENOTFOUND || rc == GIT_EUNBORNBRANCH ? STATUS_OK
                                                          : repository_fault(&l->repository, "HEAD", "", err);
}

static void close_head(struct looking *l)
{
    if (l->top != NULL)
        l->repository.git.git_object_free(l->top);
    repository_close(&l->repository);
}

/* As the repository names it; "" if it is not in its working tree, or all of it. */
static struct str name_in(const struct looking *l, struct str path)
{
    struct str top = str_from(l->repository.git.git_repository_workdir(l->repository.handle));
    if (path.len > 0 && path.ptr[0] != '/')
        return str_format(l->arena, "%s" STR_FMT, l->repository.prefix, STR_ARG(path));
    return str_starts(path, top) ? str_slice(path, top.len, path.len) : STR("");
}

static enum status find(const struct looking *l, struct str path, git_tree_entry **entry, struct error *err)
{
    const struct git2 *git = &l->repository.git;
    struct str name = name_in(l, path);
    *entry = NULL;
    if (name.len == 0)
        return STATUS_OK;
    int rc = git->git_tree_entry_bypath(entry, (git_tree *)l->top, str_terminated(l->arena, name));
    if (rc == 0)
        return STATUS_OK;
    *entry = NULL;
    return rc == GIT_ENOTFOUND ? STATUS_OK : repository_fault(&l->repository, "", path.ptr, err);
}

enum status vcs_find_entry(struct arena *arena, const char *folder, struct str path, enum vcs_entry *out,
                           struct error *err)
{
    struct looking l;
    git_tree_entry *entry = NULL;
    *out = VCS_ENTRY_NONE;
    enum status status = open_head(arena, folder, &l, err);
    if (status == STATUS_OK && l.top != NULL)
        status = find(&l, path, &entry, err);
    if (entry != NULL) {
        bool tree = l.repository.git.git_tree_entry_type(entry) == GIT_OBJECT_TREE;
        *out = tree ? VCS_ENTRY_FOLDER : VCS_ENTRY_OTHER;
        l.repository.git.git_tree_entry_free(entry);
    }
    close_head(&l);
    return status;
}

/* ---- looking through a folder ---- */

static enum status look_into(const struct looking *l, const git_oid *id, struct str inside, unsigned depth,
                             vcs_pick_fn pick, void *ctx, struct str *found, struct error *err)
{
    const struct git2 *git = &l->repository.git;
    git_tree *tree;
    if (depth > DEPTH_MAX || git->git_tree_lookup(&tree, l->repository.handle, id) != 0)
        return repository_fault(&l->repository, "the tree of ", str_terminated(l->arena, inside), err);
    enum status status = STATUS_OK;
    size_t count = git->git_tree_entrycount(tree);
    for (size_t i = 0; i < count && status == STATUS_OK && found->len == 0; i++) {
        const git_tree_entry *entry = git->git_tree_entry_byindex(tree, i);
        struct str path = path_join(l->arena, inside, str_from(git->git_tree_entry_name(entry)));
        bool is_folder = git->git_tree_entry_type(entry) == GIT_OBJECT_TREE;
        if (pick(ctx, path, is_folder))
            *found = path;
        else if (is_folder)
            status = look_into(l, git->git_tree_entry_id(entry), path, depth + 1, pick, ctx, found, err);
    }
    git->git_tree_free(tree);
    return status;
}

enum status vcs_find_below(struct arena *arena, const char *folder, struct str path, vcs_pick_fn pick, void *ctx,
                           struct str *found, struct error *err)
{
    struct looking l;
    git_tree_entry *entry = NULL;
    const git_oid *id = NULL;
    *found = STR("");
    enum status status = open_head(arena, folder, &l, err);
    const struct git2 *git = &l.repository.git;
    bool all = str_is(path, ".") && l.top != NULL && l.repository.prefix[0] == '\0';
    if (all)
        id = git->git_object_id(l.top);
    else if (status == STATUS_OK && l.top != NULL)
        status = find(&l, str_is(path, ".") ? STR("") : path, &entry, err);
    if (entry != NULL && git->git_tree_entry_type(entry) == GIT_OBJECT_TREE)
        id = git->git_tree_entry_id(entry);
    if (status == STATUS_OK && id != NULL)
        status = look_into(&l, id, path, 0, pick, ctx, found, err);
    if (entry != NULL)
        git->git_tree_entry_free(entry);
    close_head(&l);
    return status;
}
