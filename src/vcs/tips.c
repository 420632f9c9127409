/* The versions of one file at the tips of branches and tags. */
#include "refit/vcs.h"

#include <stdlib.h>
#include <string.h>

#include "refit/base/table.h"
#include "vcs/repository.h"

struct reading {
    struct repository repository;
    struct arena *arena;
    const char *path; /* of the file in the repository */
    struct vcs_tip *tips; /* malloc'd */
    uint32_t count, cap;
    struct table index; /* id → tip */
};

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
    struct str id = str_from(r->repository.git.git_oid_tostr(hex, sizeof hex, oid));
    uint32_t at = table_get(&r->index, id);
    if (at != TABLE_NONE) {
        r->tips[at].others++;
        return STATUS_OK;
    }
    git_blob *blob;
    if (r->repository.git.git_blob_lookup(&blob, r->repository.handle, oid) != 0)
        return repository_fault(&r->repository, "a file of ", name, err);
    struct str bytes = {r->repository.git.git_blob_rawcontent(blob), (size_t)r->repository.git.git_blob_rawsize(blob)};
    MEM_GROW(r->tips, r->count, r->cap);
    r->tips[r->count] = (struct vcs_tip){
        .id = str_dup(r->arena, id), .name = str_dup(r->arena, str_from(name)), .bytes = str_dup(r->arena, bytes)};
    table_add(&r->index, r->tips[r->count].id, r->count);
    r->count++;
    r->repository.git.git_blob_free(blob);
    return STATUS_OK;
}

static enum status read_reference(struct reading *r, git_reference *reference, struct error *err)
{
    const char *name = r->repository.git.git_reference_shorthand(reference);
    git_object *tree;
    git_tree_entry *entry;
    enum status status = STATUS_OK;
    if (!is_tip(r->repository.git.git_reference_name(reference)))
        return STATUS_OK;
    int rc = r->repository.git.git_reference_peel(&tree, reference, GIT_OBJECT_TREE);
    if (rc == GIT_EPEEL || rc == GIT_EINVALIDSPEC || rc == GIT_EAMBIGUOUS)
        return STATUS_OK; /* a tag of something that is no commit */
    struct str full = str_from(r->repository.git.git_reference_name(reference));
    if (rc == GIT_ENOTFOUND && str_starts(full, STR("refs/remotes/")) && str_ends(full, STR("/HEAD")))
        return STATUS_OK; /* the remote's default branch is not there any more */
    if (rc != 0)
        return repository_fault(&r->repository, "", name, err);
    rc = r->repository.git.git_tree_entry_bypath(&entry, (git_tree *)tree, r->path);
    if (rc == 0) {
        if (r->repository.git.git_tree_entry_type(entry) == GIT_OBJECT_BLOB)
            status = add_blob(r, r->repository.git.git_tree_entry_id(entry), name, err);
        r->repository.git.git_tree_entry_free(entry);
    } else if (rc != GIT_ENOTFOUND) {
        status = repository_fault(&r->repository, "the tree of ", name, err);
    }
    r->repository.git.git_object_free(tree);
    return status;
}

static enum status read_references(struct reading *r, struct error *err)
{
    git_reference_iterator *iterator;
    git_reference *reference;
    enum status status = STATUS_OK;
    int rc = r->repository.git.git_reference_iterator_new(&iterator, r->repository.handle);
    if (rc != 0)
        return repository_fault(&r->repository, "its branches", "", err);
    while (status == STATUS_OK && (rc = r->repository.git.git_reference_next(&reference, iterator)) == 0) {
        status = read_reference(r, reference, err);
        r->repository.git.git_reference_free(reference);
    }
    r->repository.git.git_reference_iterator_free(iterator);
    if (status == STATUS_OK && rc != GIT_ITEROVER)
        status = repository_fault(&r->repository, "its branches", "", err);
    if (status != STATUS_OK)
        return status;
    rc = r->repository.git.git_repository_head(&reference, r->repository.handle);
    if (rc == 0) {
        status = read_reference(r, reference, err);
        r->repository.git.git_reference_free(reference);
    } else if (rc != GIT_EUNBORNBRANCH && rc != GIT_ENOTFOUND) {
        status = repository_fault(&r->repository, "HEAD", "", err);
    }
    return status;
}

enum status vcs_read_tips(struct arena *arena, const char *folder, const char *file, struct vcs_tips *out,
                          struct error *err)
{
    struct reading r = {.arena = arena};
    *out = (struct vcs_tips){0};
    enum status status = repository_open(arena, folder, &r.repository, err);
    out->repository = r.repository.handle != NULL;
    if (status == STATUS_OK && out->repository) {
        r.path = str_format(arena, "%s%s", r.repository.prefix, file).ptr;
        status = read_references(&r, err);
    }
    if (status == STATUS_OK) {
        out->tips = arena_copy(arena, r.tips, r.count * sizeof *r.tips);
        out->count = r.count;
    }
    repository_close(&r.repository);
    free(r.tips);
    table_finish(&r.index);
    return status;
}
