/* The tree of a commit as files. Whoever made the commit may have put any names into it: nothing is written but below
 * the folder that was asked for. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "refit/base/fs.h"
#include "refit/base/interrupt.h"
#include "refit/base/path.h"
#include "vcs/commit.h"

enum { DEPTH_MAX = 512, POINTER_BYTES_MAX = 1024 };

struct writing {
    struct repository repository;
    struct arena *arena;
    const char *into;
    struct str left_out; /* relative to `into` */
    struct vcs_lack *lacks; /* malloc'd */
    uint32_t count, cap;
};

static void add_lack(struct writing *w, struct str path, bool submodule)
{
    MEM_GROW(w->lacks, w->count, w->cap);
    w->lacks[w->count++] = (struct vcs_lack){path, submodule};
}

/* A name that the checkout of a sound repository could have, too. */
static bool is_name(struct str name)
{
    return name.len > 0 && !str_is(name, ".") && !str_is(name, "..") && str_find(name, '/') < 0 &&
           !(name.len == 4 && strncasecmp(name.ptr, ".git", 4) == 0);
}

static bool is_lfs_pointer(struct str bytes)
{
    return bytes.len < POINTER_BYTES_MAX && str_starts(bytes, STR("version https://git-lfs.github.com/spec/"));
}

static enum status write_link(const char *place, struct str text, struct error *err)
{
    struct arena scratch;
    arena_init(&scratch);
    int rc = symlink(str_terminated(&scratch, text), place);
    int errnum = errno;
    arena_finish(&scratch);
    return rc == 0 ? STATUS_OK : error_errno(err, STATUS_IO, errnum, "cannot make the link %s", place);
}

static enum status write_file(const char *place, struct str bytes, bool executable, struct error *err)
{
    int fd = open(place, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, executable ? 0777 : 0666);
    if (fd < 0)
        return error_errno(err, STATUS_IO, errno, "cannot make %s", place);
    enum status status = fs_write_all(fd, bytes.ptr, bytes.len, place, err);
    if (close(fd) != 0 && status == STATUS_OK)
        status = error_errno(err, STATUS_IO, errno, "cannot write %s", place);
    return status;
}

static enum status write_blob(struct writing *w, const git_tree_entry *entry, struct str path, const char *place,
                              struct error *err)
{
    const struct git2 *git = &w->repository.git;
    git_filemode_t mode = git->git_tree_entry_filemode(entry);
    git_blob *blob;
    if (git->git_blob_lookup(&blob, w->repository.handle, git->git_tree_entry_id(entry)) != 0)
        return repository_fault(&w->repository, "", path.ptr, err);
    struct str bytes = {git->git_blob_rawcontent(blob), (size_t)git->git_blob_rawsize(blob)};
    enum status status;
    if (mode == GIT_FILEMODE_LINK)
        status = write_link(place, bytes, err);
    else
        status = write_file(place, bytes, mode == GIT_FILEMODE_BLOB_EXECUTABLE, err);
    if (mode != GIT_FILEMODE_LINK && is_lfs_pointer(bytes))
        add_lack(w, str_dup(w->arena, path), false);
    git->git_blob_free(blob);
    return status;
}

static enum status make_folder(const char *place, struct error *err)
{
    struct stat st;
    if (mkdir(place, 0777) == 0 || (errno == EEXIST && lstat(place, &st) == 0 && S_ISDIR(st.st_mode)))
        return STATUS_OK;
    return error_errno(err, STATUS_IO, errno, "cannot make %s", place);
}

static enum status write_tree(struct writing *w, const git_tree *tree, struct str folder, unsigned depth,
                              struct error *err);

static enum status write_folder(struct writing *w, const git_tree_entry *entry, struct str path, const char *place,
                                unsigned depth, struct error *err)
{
    const struct git2 *git = &w->repository.git;
    git_tree *tree;
    if (git->git_tree_lookup(&tree, w->repository.handle, git->git_tree_entry_id(entry)) != 0)
        return repository_fault(&w->repository, "the tree of ", path.ptr, err);
    enum status status = make_folder(place, err);
    if (status == STATUS_OK)
        status = write_tree(w, tree, path, depth + 1, err);
    git->git_tree_free(tree);
    return status;
}

static enum status write_entry(struct writing *w, const git_tree_entry *entry, struct str folder, unsigned depth,
                               struct error *err)
{
    const struct git2 *git = &w->repository.git;
    struct str name = str_from(git->git_tree_entry_name(entry));
    if (!is_name(name))
        return error_set(err, STATUS_IO, "git: the commit has a file called `" STR_FMT "` in " STR_FMT
                         ", which is no name of a file", STR_ARG(name), STR_ARG(folder));
    struct str path = path_join(w->arena, folder, name);
    if (str_equal(path, w->left_out))
        return STATUS_OK;
    const char *place = path_join(w->arena, str_from(w->into), path).ptr;
    switch (git->git_tree_entry_type(entry)) {
    case GIT_OBJECT_TREE:
        return write_folder(w, entry, path, place, depth, err);
    case GIT_OBJECT_BLOB:
        return write_blob(w, entry, path, place, err);
    default: /* a commit of another repository */
        add_lack(w, str_dup(w->arena, path), true);
        return make_folder(place, err);
    }
}

static enum status write_tree(struct writing *w, const git_tree *tree, struct str folder, unsigned depth,
                              struct error *err)
{
    if (depth > DEPTH_MAX)
        return error_set(err, STATUS_IO, "git: the commit has folders in folders without end");
    size_t count = w->repository.git.git_tree_entrycount(tree);
    enum status status = STATUS_OK;
    for (size_t i = 0; i < count && status == STATUS_OK; i++) {
        status = interrupt_check(false, err);
        if (status == STATUS_OK)
            status = write_entry(w, w->repository.git.git_tree_entry_byindex(tree, i), folder, depth, err);
    }
    return status;
}

/* The tree of the folder that the commit was asked for from. */
static enum status open_part(struct writing *w, const struct vcs_commit *commit, git_tree **tree, struct error *err)
{
    const struct git2 *git = &w->repository.git;
    git_tree *top, *part = NULL;
    git_tree_entry *entry;
    enum status status = commit_open_tree(&w->repository, commit, &top, err);
    if (status != STATUS_OK || commit->prefix.len == 0) {
        *tree = top;
        return status;
    }
    const char *path = str_dup(w->arena, str_slice(commit->prefix, 0, commit->prefix.len - 1)).ptr;
    int rc = git->git_tree_entry_bypath(&entry, top, path);
    if (rc == GIT_ENOTFOUND) {
        status = error_set(err, STATUS_NOT_FOUND, "the commit %.12s has no folder %s", commit->id.ptr, path);
    } else if (rc != 0) {
        status = repository_fault(&w->repository, "the tree of ", commit->id.ptr, err);
    } else {
        if (git->git_tree_entry_type(entry) != GIT_OBJECT_TREE)
            status = error_set(err, STATUS_NOT_FOUND, "%s is no folder in the commit %.12s", path, commit->id.ptr);
        else if (git->git_tree_lookup(&part, w->repository.handle, git->git_tree_entry_id(entry)) != 0)
            status = repository_fault(&w->repository, "the tree of ", path, err);
        git->git_tree_entry_free(entry);
    }
    git->git_tree_free(top);
    *tree = part;
    return status;
}

enum status vcs_materialise(struct arena *arena, const char *folder, const struct vcs_commit *commit, bool whole,
                            const char *into, struct vcs_lacks *lacks, struct error *err)
{
    struct writing w = {.arena = arena, .into = into};
    git_tree *tree = NULL;
    w.left_out = str_format(arena, STR_FMT ".refit", STR_ARG(whole ? commit->prefix : STR("")));
    enum status status = commit_open_repository(arena, folder, &w.repository, err);
    if (status == STATUS_OK && whole)
        status = commit_open_tree(&w.repository, commit, &tree, err);
    else if (status == STATUS_OK)
        status = open_part(&w, commit, &tree, err);
    if (status == STATUS_OK) {
        status = write_tree(&w, tree, STR("."), 0, err);
        w.repository.git.git_tree_free(tree);
    }
    *lacks = (struct vcs_lacks){arena_copy(arena, w.lacks, w.count * sizeof *w.lacks), w.count};
    free(w.lacks);
    repository_close(&w.repository);
    return status;
}
