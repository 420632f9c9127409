/* The versions of one file at the tips of branches and tags. */
#include "refit/vcs.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "refit/base/path.h"
#include "refit/base/table.h"
#include "vcs/git2.h"

struct reading {
    struct git2 git;
    git_repository *repository;
    struct arena *arena;
    const char *path; /* of the file in the repository */
    struct vcs_tip *tips; /* malloc'd */
    uint32_t count, cap;
    struct table index; /* id → tip */
};

static enum status fault(const struct reading *r, const char *what, const char *name, struct error *err)
{
    const git_error *why = r->git.git_error_last();
    return error_set(err, STATUS_IO, "git: cannot read %s%s: %s", what, name,
                     why != NULL && why->message != NULL ? why->message : "no reason given");
}

/* What git calls "refs/heads/main" is known as "main". */
static bool is_tip(const char *name)
{
    static const char *const kinds[] = {"refs/heads/", "refs/remotes/", "refs/tags/"};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (strncmp(name, kinds[i], strlen(kinds[i])) == 0)
            return true;
    return strcmp(name, "HEAD") == 0;
}

static enum status add_blob(struct reading *r, const git_oid *oid, const char *name, struct error *err)
{
    char hex[GIT_OID_HEXSZ + 1];
    struct str id = str_from(r->git.git_oid_tostr(hex, sizeof hex, oid));
    uint32_t at = table_get(&r->index, id);
    if (at != TABLE_NONE) {
        r->tips[at].others++;
        return STATUS_OK;
    }
    git_blob *blob;
    if (r->git.git_blob_lookup(&blob, r->repository, oid) != 0)
        return fault(r, "a file of ", name, err);
    struct str bytes = {r->git.git_blob_rawcontent(blob), (size_t)r->git.git_blob_rawsize(blob)};
    MEM_GROW(r->tips, r->count, r->cap);
    r->tips[r->count] = (struct vcs_tip){
        .id = str_dup(r->arena, id), .name = str_dup(r->arena, str_from(name)), .bytes = str_dup(r->arena, bytes)};
    table_add(&r->index, r->tips[r->count].id, r->count);
    r->count++;
    r->git.git_blob_free(blob);
    return STATUS_OK;
}

static enum status read_reference(struct reading *r, git_reference *reference, struct error *err)
{
    const char *name = r->git.git_reference_shorthand(reference);
    git_object *tree;
    git_tree_entry *entry;
    enum status status = STATUS_OK;
    if (!is_tip(r->git.git_reference_name(reference)))
        return STATUS_OK;
    int rc = r->git.git_reference_peel(&tree, reference, GIT_OBJECT_TREE);
    if (rc == GIT_EPEEL || rc == GIT_EINVALIDSPEC || rc == GIT_EAMBIGUOUS)
        return STATUS_OK; /* a tag of something that is no commit */
    if (rc == GIT_ENOTFOUND && str_starts(str_from(r->git.git_reference_name(reference)), STR("refs/remotes/")) &&
        str_ends(str_from(name), STR("/HEAD")))
        return STATUS_OK; /* the remote's default branch is not there any more */
    if (rc != 0)
        return fault(r, "", name, err);
    rc = r->git.git_tree_entry_bypath(&entry, (git_tree *)tree, r->path);
    if (rc == 0) {
        if (r->git.git_tree_entry_type(entry) == GIT_OBJECT_BLOB)
            status = add_blob(r, r->git.git_tree_entry_id(entry), name, err);
        r->git.git_tree_entry_free(entry);
    } else if (rc != GIT_ENOTFOUND) {
        status = fault(r, "the tree of ", name, err);
    }
    r->git.git_object_free(tree);
    return status;
}

static enum status read_references(struct reading *r, struct error *err)
{
    git_reference_iterator *iterator;
    git_reference *reference;
    enum status status = STATUS_OK;
    int rc = r->git.git_reference_iterator_new(&iterator, r->repository);
    if (rc != 0)
        return fault(r, "its branches", "", err);
    while (status == STATUS_OK && (rc = r->git.git_reference_next(&reference, iterator)) == 0) {
        status = read_reference(r, reference, err);
        r->git.git_reference_free(reference);
    }
    r->git.git_reference_iterator_free(iterator);
    if (status == STATUS_OK && rc != GIT_ITEROVER)
        status = fault(r, "its branches", "", err);
    if (status != STATUS_OK)
        return status;
    rc = r->git.git_repository_head(&reference, r->repository);
    if (rc == 0) {
        status = read_reference(r, reference, err);
        r->git.git_reference_free(reference);
    } else if (rc != GIT_EUNBORNBRANCH && rc != GIT_ENOTFOUND) {
        status = fault(r, "HEAD", "", err);
    }
    return status;
}

/* The file as the repository names it; NULL if the folder is not in its working tree. */
static const char *path_inside(struct reading *r, const char *folder, const char *file)
{
    const char *top = r->git.git_repository_workdir(r->repository); /* real, with a slash at its end; NULL: bare */
    char *real = realpath(folder, NULL);
    const char *path = NULL;
    if (top != NULL && real != NULL) {
        struct str here = str_format(r->arena, "%s/", real);
        if (str_starts(here, str_from(top)))
            path = str_format(r->arena, STR_FMT "%s", STR_ARG(str_slice(here, strlen(top), here.len)), file).ptr;
    }
    free(real);
    return path;
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

enum status vcs_read_tips(struct arena *arena, const char *folder, const char *file, struct vcs_tips *out,
                          struct error *err)
{
    struct reading r = {.arena = arena};
    *out = (struct vcs_tips){0};
    char *real = realpath(folder, NULL);
    bool may_be = real == NULL || may_be_in_repository(arena, real);
    free(real);
    if (!may_be)
        return STATUS_OK;
    enum status status = git2_load(&r.git, err);
    if (status != STATUS_OK)
        return status;
    int rc = r.git.git_repository_open_ext(&r.repository, folder, 0, NULL);
    if (rc == GIT_ENOTFOUND)
        return STATUS_OK;
    if (rc != 0)
        return fault(&r, "the repository of ", folder, err);
    r.path = path_inside(&r, folder, file);
    out->repository = r.path != NULL;
    if (out->repository)
        status = read_references(&r, err);
    if (status == STATUS_OK) {
        out->tips = arena_copy(arena, r.tips, r.count * sizeof *r.tips);
        out->count = r.count;
    }
    r.git.git_repository_free(r.repository);
    free(r.tips);
    table_finish(&r.index);
    return status;
}
