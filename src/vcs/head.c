/* Where a working tree stands: its commit, and what differs from it. */
#include "refit/vcs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "refit/base/fs.h"
#include "refit/base/path.h"
#include "refit/base/sha256.h"
#include "vcs/repository.h"

enum { DEPTH_MAX = 8, BLOCK_BYTES = 64 << 10, POINTER_BYTES_MAX = 1024 };

struct heading {
    struct repository repository;
    struct arena *arena;
    const char *top; /* of the working tree, with a slash at its end */
    vcs_skip_fn skip;
    void *ctx;
    struct hasher *hasher; /* of what differs */
    uint64_t *left;        /* bytes that may still be read */
    unsigned depth;        /* in submodules */
    struct vcs_head *out;
};

static enum status read_head(struct arena *arena, const char *folder, vcs_skip_fn skip, void *ctx, unsigned depth,
                             uint64_t *left, struct vcs_head *out, struct error *err);

static void hash(struct heading *h, const void *bytes, size_t len)
{
    hasher_update(h->hasher, bytes, len);
}

static void hash_number(struct heading *h, uint64_t number)
{
    hash(h, &number, sizeof number);
}

/* ---- content ---- */

static enum status hash_file(struct heading *h, const char *path, struct error *err)
{
    char block[BLOCK_BYTES];
    ssize_t got = 0;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd < 0)
        return error_errno(err, STATUS_IO, errno, "git: cannot read %s", path);
    while ((got = read(fd, block, sizeof block)) > 0 || (got < 0 && errno == EINTR))
        if (got > 0)
            hash(h, block, (size_t)got);
    if (got < 0)
        error_errno(err, STATUS_IO, errno, "git: cannot read %s", path);
    close(fd);
    return got < 0 ? STATUS_IO : STATUS_OK;
}

/* A submodule differs if it is at another commit, or its own tree does. */
static enum status hash_submodule(struct heading *h, const char *path, struct error *err)
{
    struct vcs_head head;
    if (h->depth == DEPTH_MAX)
        return error_set(err, STATUS_IO, "git: cannot read %s: submodules are nested too deeply", path);
    enum status status = read_head(h->arena, path, NULL, NULL, h->depth + 1, h->left, &head, err);
    if (status != STATUS_OK)
        return status;
    hash(h, head.commit.ptr, head.commit.len);
    hash(h, head.diff.bytes, DIGEST_SIZE);
    return STATUS_OK;
}

/* What is there now, whatever git has seen of it. */
static enum status hash_content(struct heading *h, const char *path, struct error *err)
{
    struct stat st;
    bool found;
    struct str text;
    enum status status = fs_lstat(path, &st, &found, err);
    if (status != STATUS_OK || !found)
        return status;
    hash_number(h, st.st_mode & (S_IFMT | S_IXUSR));
    if (S_ISDIR(st.st_mode))
        return hash_submodule(h, path, err);
    if (S_ISLNK(st.st_mode)) {
        status = fs_read_link(h->arena, path, &text, err);
        if (status == STATUS_OK)
            hash(h, text.ptr, text.len);
        return status;
    }
    if (S_ISREG(st.st_mode) && (uint64_t)st.st_size <= *h->left) {
        *h->left -= (uint64_t)st.st_size;
        return hash_file(h, path, err);
    }
    hash_number(h, (uint64_t)st.st_size);
    hash_number(h, (uint64_t)st.st_mtim.tv_sec);
    hash_number(h, (uint64_t)st.st_mtim.tv_nsec);
    return STATUS_OK;
}

/* ---- Git LFS ---- */

/* What a pointer names. */
static bool parse_pointer(struct str text, struct str *oid, uint64_t *size)
{
    static const struct str head = {"version https://git-lfs.github.com/spec/v1\n", 43}, name = {"oid sha256:", 11};
    struct str rest = str_slice(text, head.len, text.len);
    *size = 0;
    if (text.len > POINTER_BYTES_MAX || !str_starts(text, head) || !str_starts(rest, name) ||
        rest.len <= name.len + SHA256_HEX + 6)
        return false;
    *oid = str_slice(rest, name.len, name.len + SHA256_HEX);
    rest = str_slice(rest, name.len + SHA256_HEX, rest.len);
    if (!str_starts(rest, STR("\nsize ")))
        return false;
    for (size_t i = 6; i < rest.len && rest.ptr[i] >= '0' && rest.ptr[i] <= '9' && *size < UINT64_MAX / 16; i++)
        *size = *size * 10 + (uint64_t)(rest.ptr[i] - '0');
    return true;
}

/* Is the file the content that the commit points to? libgit2 runs no filter, so it takes the two for different. */
static enum status is_pointed_at(struct heading *h, const git_oid *id, const char *path, bool *same, struct error *err)
{
    struct git2 *git = &h->repository.git;
    git_blob *blob;
    struct str oid;
    uint64_t size;
    struct stat st;
    char hex[SHA256_HEX + 1];
    *same = false;
    if (git->git_blob_lookup(&blob, h->repository.handle, id) != 0)
        return STATUS_OK; /* a submodule, or not there: it is no pointer */
    enum status status = STATUS_OK;
    struct str text = {git->git_blob_rawcontent(blob), (size_t)git->git_blob_rawsize(blob)};
    if (parse_pointer(text, &oid, &size) && lstat(path, &st) == 0 && S_ISREG(st.st_mode) &&
        (uint64_t)st.st_size == size) {
        bool read = size <= *h->left;
        *h->left -= read ? size : 0;
        status = read ? sha256_file(path, hex, NULL, err) : STATUS_OK;
        *same = status == STATUS_OK && (!read || str_equal(oid, str_from(hex)));
    }
    git->git_blob_free(blob);
    return status;
}

/* ---- what differs ---- */

/* Is it none of those that count? Of what is outside of the folder, all counts. */
static bool is_skipped(struct heading *h, const char *path)
{
    struct str name = str_from(path), prefix = str_from(h->repository.prefix);
    return h->skip != NULL && str_starts(name, prefix) && h->skip(h->ctx, str_slice(name, prefix.len, name.len));
}

static enum status add_delta(struct heading *h, const git_diff_delta *delta, struct error *err)
{
    const char *path = delta->new_file.path != NULL ? delta->new_file.path : delta->old_file.path;
    const char *here = str_format(h->arena, "%s%s", h->top, path).ptr;
    bool same = delta->status == GIT_DELTA_UNMODIFIED || is_skipped(h, path);
    enum status status = STATUS_OK;
    if (!same && delta->status == GIT_DELTA_MODIFIED && delta->old_file.mode == delta->new_file.mode)
        status = is_pointed_at(h, &delta->old_file.id, here, &same, err);
    if (same || status != STATUS_OK)
        return status;
    h->out->dirty = true;
    hash(h, path, strlen(path) + 1);
    hash_number(h, delta->status);
    hash(h, delta->old_file.id.id, sizeof delta->old_file.id.id);
    return hash_content(h, here, err);
}

static enum status read_diff(struct heading *h, git_tree *tree, struct error *err)
{
    struct git2 *git = &h->repository.git;
    git_diff_options options = {.version = GIT_DIFF_OPTIONS_VERSION,
                                .flags = GIT_DIFF_INCLUDE_TYPECHANGE | GIT_DIFF_SKIP_BINARY_CHECK,
                                .ignore_submodules = GIT_SUBMODULE_IGNORE_UNTRACKED};
    git_diff *diff;
    if (git->git_diff_tree_to_workdir_with_index(&diff, h->repository.handle, tree, &options) != 0)
        return repository_fault(&h->repository, "what differs from HEAD", "", err);
    enum status status = STATUS_OK;
    for (size_t i = 0; i < git->git_diff_num_deltas(diff) && status == STATUS_OK; i++) {
        struct arena_mark mark = arena_get_mark(h->arena);
        status = add_delta(h, git->git_diff_get_delta(diff, i), err);
        arena_rewind(h->arena, mark);
    }
    git->git_diff_free(diff);
    if (h->out->dirty)
        h->out->diff = hasher_digest(h->hasher);
    return status;
}

/* ---- HEAD ---- */

static enum status read_commit(struct heading *h, git_reference *reference, struct error *err)
{
    struct git2 *git = &h->repository.git;
    char hex[GIT_OID_HEXSZ + 1];
    git_object *tree;
    const git_oid *id = git->git_reference_target(reference);
    int detached = git->git_repository_head_detached(h->repository.handle);
    if (id == NULL || detached < 0)
        return repository_fault(&h->repository, "HEAD", "", err);
    h->out->commit = str_dup(h->arena, str_from(git->git_oid_tostr(hex, sizeof hex, id)));
    if (detached == 0)
        h->out->branch = str_dup(h->arena, str_from(git->git_reference_shorthand(reference)));
    if (git->git_reference_peel(&tree, reference, GIT_OBJECT_TREE) != 0)
        return repository_fault(&h->repository, "the tree of HEAD", "", err);
    enum status status = read_diff(h, (git_tree *)tree, err);
    git->git_object_free(tree);
    return status;
}

/* Before the first commit, everything that is staged differs. */
static enum status read_it(struct heading *h, struct error *err)
{
    struct git2 *git = &h->repository.git;
    git_reference *reference;
    h->top = git->git_repository_workdir(h->repository.handle);
    int rc = git->git_repository_head(&reference, h->repository.handle);
    if (rc == GIT_EUNBORNBRANCH || rc == GIT_ENOTFOUND)
        return read_diff(h, NULL, err);
    if (rc != 0)
        return repository_fault(&h->repository, "HEAD", "", err);
    enum status status = read_commit(h, reference, err);
    git->git_reference_free(reference);
    return status;
}

static enum status read_head(struct arena *arena, const char *folder, vcs_skip_fn skip, void *ctx, unsigned depth,
                             uint64_t *left, struct vcs_head *out, struct error *err)
{
    struct heading h = {.arena = arena, .skip = skip, .ctx = ctx, .left = left, .depth = depth, .out = out};
    *out = (struct vcs_head){0};
    enum status status = repository_open(arena, folder, &h.repository, err);
    out->repository = status == STATUS_OK && h.repository.handle != NULL;
    if (out->repository && depth > 0 && h.repository.prefix[0] != '\0')
        out->repository = false; /* a submodule that was never fetched: this is the repository around it */
    if (out->repository) {
        h.hasher = hasher_create();
        status = read_it(&h, err);
        hasher_destroy(h.hasher);
    }
    repository_close(&h.repository);
    return status;
}

enum status vcs_read_head(struct arena *arena, const char *folder, vcs_skip_fn skip, void *ctx, struct vcs_head *out,
                          struct error *err)
{
    uint64_t left = VCS_DIFF_BYTES_MAX;
    return read_head(arena, folder, skip, ctx, 0, &left, out, err);
}
