/* What a path is like: one file, one link, or a directory's tree. */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fingerprint/fingerprint.h"
#include "refit/base/fs.h"
#include "refit/base/path.h"

enum { FOLLOW_MAX = 32 };

static void add_stat(struct buf *out, struct str path, const struct stat *st)
{
    struct file_stat stat = file_stat_of(st);
    buf_lstr(out, path);
    buf_u64(out, stat.inode);
    buf_u64(out, stat.size);
    buf_u64(out, (uint64_t)stat.mtime_ns);
    buf_u64(out, (uint64_t)stat.ctime_ns);
}

static enum status digest_at(struct fingerprint *fp, struct arena *arena, struct str path,
                             const struct digest_options *options, unsigned depth, struct input *out, bool *complete,
                             struct error *err);

/* ---- directories ---- */

/* What a link out of the tree leads to counts with its text: the entry's digest covers both. */
static enum status digest_followed(struct fingerprint *fp, struct arena *arena, struct walk_entry *e,
                                   const struct digest_options *options, unsigned depth, struct buf *stats,
                                   bool *racy, bool *complete, uint64_t *bytes, struct error *err)
{
    struct input target;
    if (options->leaves != NULL)
        options->leaves(options->ctx, e->follow);
    enum status status = digest_at(fp, arena, e->follow, options, depth + 1, &target, complete, err);
    if (status == STATUS_OK && !*complete)
        *bytes += target.size;
    if (status != STATUS_OK || !*complete)
        return status;
    struct buf both = {0};
    buf_lstr(&both, e->entry.link);
    buf_lstr(&both, input_text(arena, &target));
    e->entry.digest = digest_of(both.ptr, both.len);
    buf_finish(&both);
    buf_append(stats, target.stats.bytes, DIGEST_SIZE);
    *racy |= target.racy;
    return STATUS_OK;
}

/* The digests of files that the stat cache does not know. */
static enum status read_unknown(struct fingerprint *fp, struct arena *arena, struct str top, struct walk *walk,
                                const struct digest_options *options, struct error *err)
{
    for (size_t i = 0; i < walk->count; i++) {
        struct walk_entry *e = &walk->entries[i];
        if (!e->unknown)
            continue;
        bool known;
        struct arena_mark mark = arena_get_mark(arena);
        enum status status = file_digest(fp, path_join(arena, top, e->entry.path), options, true, &e->st,
                                         &e->entry.digest, &known, err);
        arena_rewind(arena, mark);
        if (status != STATUS_OK)
            return status;
        e->entry.size = (uint64_t)e->st.st_size;
        e->unknown = false;
    }
    return STATUS_OK;
}

/* Walks and fills in all digests; *complete is false if the budget did not allow it (*bytes says what it takes). */
static enum status complete_walk(struct fingerprint *fp, struct arena *arena, struct str path,
                                 const struct digest_options *options, unsigned depth, struct walk *walk,
                                 struct buf *stats, bool *racy, bool *complete, uint64_t *bytes, struct error *err)
{
    enum status status = walk_directory(fp, arena, path, options, walk, err);
    if (status != STATUS_OK)
        return status;
    *bytes = walk->unknown_bytes;
    *complete = walk->unknown_bytes <= options->budget_bytes;
    if (!*complete)
        return STATUS_OK;
    if (options->announce != NULL)
        options->announce(options->ctx, walk->unknown_bytes);
    status = read_unknown(fp, arena, path, walk, options, err);
    for (size_t i = 0; i < walk->count && status == STATUS_OK && *complete; i++) {
        struct walk_entry *e = &walk->entries[i];
        add_stat(stats, e->entry.path, &e->st);
        if (e->entry.kind == ENTRY_LINK) { /* one made anew may have the stat of the one before */
            buf_lstr(stats, e->entry.link);
            buf_lstr(stats, e->arrives);
        }
        if (e->entry.kind == ENTRY_FILE) {
            struct file_stat stat = file_stat_of(&e->st);
            struct arena_mark mark = arena_get_mark(arena);
            *racy |= stat_cache_is_racy(fp->state, path_join(arena, path, e->entry.path), &stat);
            arena_rewind(arena, mark);
        }
        if (e->follow.len > 0)
            status = digest_followed(fp, arena, e, options, depth, stats, racy, complete, bytes, err);
    }
    return status;
}

static struct tree tree_of(struct arena *arena, const struct walk *walk, uint64_t *bytes)
{
    struct tree tree = {arena_array(arena, struct tree_entry, walk->count), (uint32_t)walk->count};
    *bytes = 0;
    for (size_t i = 0; i < walk->count; i++) {
        tree.entries[i] = walk->entries[i].entry;
        *bytes += walk->entries[i].entry.size;
    }
    return tree;
}

static enum status digest_directory(struct fingerprint *fp, struct arena *arena, struct str path,
                                    const struct digest_options *options, unsigned depth, struct input *out,
                                    bool *complete, struct error *err)
{
    struct walk walk = {0};
    struct buf stats = {0};
    enum status status =
        complete_walk(fp, arena, path, options, depth, &walk, &stats, &out->racy, complete, &out->size, err);
    if (status == STATUS_OK && *complete) {
        struct tree tree = tree_of(arena, &walk, &out->size);
        struct buf bytes = {0};
        tree_encode(&tree, &bytes);
        out->kind = ENTRY_DIRECTORY;
        out->digest = digest_of(bytes.ptr, bytes.len);
        if (options->store != NULL)
            status = store_put_bytes(options->store, buf_view(&bytes), &out->digest, err);
        buf_finish(&bytes);
        out->stats = digest_of(stats.ptr, stats.len);
    }
    buf_finish(&stats);
    walk_finish(&walk);
    return status;
}

enum status digest_tree(struct fingerprint *fp, struct arena *arena, struct str path,
                        const struct digest_options *options, struct tree *out, struct error *err)
{
    struct walk walk = {0};
    struct buf stats = {0};
    bool complete, racy = false;
    uint64_t bytes;
    enum status status =
        complete_walk(fp, arena, path, options, 0, &walk, &stats, &racy, &complete, &bytes, err);
    if (status == STATUS_OK && !complete)
        status = error_set(err, STATUS_IO, "more than the %llu bytes allowed would have to be read of " STR_FMT,
                           (unsigned long long)options->budget_bytes, STR_ARG(path));
    if (status == STATUS_OK)
        *out = tree_of(arena, &walk, &bytes);
    buf_finish(&stats);
    walk_finish(&walk);
    return status;
}

/* ---- files and links ---- */

static enum status digest_file(struct fingerprint *fp, struct str path, struct stat *st,
                               const struct digest_options *options, struct buf *stats, struct input *out,
                               bool *complete, struct error *err)
{
    out->size = (uint64_t)st->st_size;
    if (options->announce != NULL && out->size <= options->budget_bytes)
        options->announce(options->ctx, out->size);
    enum status status =
        file_digest(fp, path, options, out->size <= options->budget_bytes, st, &out->digest, complete, err);
    if (status != STATUS_OK || !*complete)
        return status;
    struct file_stat stat = file_stat_of(st);
    out->kind = ENTRY_FILE;
    out->executable = (st->st_mode & S_IXUSR) != 0;
    out->size = (uint64_t)st->st_size;
    out->racy = stat_cache_is_racy(fp->state, path, &stat);
    add_stat(stats, path, st);
    out->stats = digest_of(stats->ptr, stats->len);
    return STATUS_OK;
}

static enum status digest_out_link(struct fingerprint *fp, struct arena *arena, struct str path, const struct stat *st,
                                   const struct digest_options *options, struct buf *stats, struct input *out,
                                   struct error *err)
{
    struct str text;
    enum status status = fs_read_link(arena, path.ptr, &text, err);
    if (status == STATUS_OK)
        status = link_stays_inside(fp, arena, path, text, err);
    if (status != STATUS_OK)
        return status;
    out->kind = ENTRY_LINK;
    out->digest = digest_of(text.ptr, text.len);
    out->size = text.len;
    out->link = text;
    add_stat(stats, path, st);
    buf_lstr(stats, text);
    out->stats = digest_of(stats->ptr, stats->len);
    return options->store ? store_put_bytes(options->store, text, &out->digest, err) : STATUS_OK;
}

/* Follow a dep's link: *st becomes that of its target; `found` false = dangling. */
static enum status follow(struct arena *arena, struct str path, struct stat *st, struct buf *stats, struct input *out,
                          bool *found, struct error *err)
{
    enum status status = fs_read_link(arena, path.ptr, &out->link, err);
    if (status != STATUS_OK)
        return status;
    add_stat(stats, path, st);
    buf_lstr(stats, out->link);
    *found = stat(path.ptr, st) == 0;
    if (*found || errno == ENOENT || errno == ENOTDIR)
        return STATUS_OK;
    if (errno == ELOOP)
        return error_set(err, STATUS_FAILED, STR_FMT " is a link that leads back to itself", STR_ARG(path));
    return error_errno(err, STATUS_IO, errno, "cannot follow the link " STR_FMT, STR_ARG(path));
}

static enum status digest_at(struct fingerprint *fp, struct arena *arena, struct str path,
                             const struct digest_options *options, unsigned depth, struct input *out, bool *complete,
                             struct error *err)
{
    *out = (struct input){.kind = ENTRY_MISSING};
    *complete = true;
    if (depth > FOLLOW_MAX)
        return error_set(err, STATUS_FAILED, STR_FMT ": links lead from folder to folder without end", STR_ARG(path));
    struct stat st;
    bool found;
    enum status status = fs_lstat(path.ptr, &st, &found, err);
    if (status != STATUS_OK || !found)
        return status;
    struct buf stats = {0};
    if (S_ISLNK(st.st_mode) && options->mode == DIGEST_OUT) {
        status = digest_out_link(fp, arena, path, &st, options, &stats, out, err);
        goto out;
    }
    if (S_ISLNK(st.st_mode))
        status = follow(arena, path, &st, &stats, out, &found, err);
    if (status != STATUS_OK || !found)
        goto out;
    if (S_ISREG(st.st_mode))
        status = digest_file(fp, path, &st, options, &stats, out, complete, err);
    else if (S_ISDIR(st.st_mode))
        status = digest_directory(fp, arena, path, options, depth, out, complete, err);
    else
        status = error_set(err, STATUS_FAILED, STR_FMT " is a FIFO, socket or device, which cannot be digested",
                           STR_ARG(path));
    if (status == STATUS_OK && *complete && S_ISDIR(st.st_mode) && stats.len > 0) {
        /* The link itself was there before its target was digested. */
        buf_append(&stats, out->stats.bytes, DIGEST_SIZE);
        out->stats = digest_of(stats.ptr, stats.len);
    }
out:
    buf_finish(&stats);
    return status;
}

enum status digest_path(struct fingerprint *fp, struct arena *arena, struct str path,
                        const struct digest_options *options, struct input *out, bool *complete, struct error *err)
{
    return digest_at(fp, arena, path, options, 0, out, complete, err);
}

static struct digest stats_of(struct buf *scratch, struct str path, const struct stat *st)
{
    buf_clear(scratch);
    add_stat(scratch, path, st);
    return digest_of(scratch->ptr, scratch->len);
}

enum status digest_is_same(struct fingerprint *fp, struct arena *arena, struct str path, enum digest_mode mode,
                           struct digest stats, bool *same, struct error *err)
{
    struct digest_options options = {.mode = mode, .budget_bytes = 0};
    struct stat st;
    struct input now;
    bool found, complete;
    enum status status = fs_lstat(path.ptr, &st, &found, err);
    if (status != STATUS_OK)
        return status;
    if (!found || S_ISREG(st.st_mode)) {
        struct buf scratch = {0};
        struct digest is = found ? stats_of(&scratch, path, &st) : (struct digest){{0}};
        *same = digest_equal(is, stats);
        buf_finish(&scratch);
        return STATUS_OK;
    }
    struct error why; /* what cannot be digested is not the same, and the run says why */
    status = digest_path(fp, arena, path, &options, &now, &complete, &why);
    *same = status == STATUS_OK && complete && !now.racy && digest_equal(now.stats, stats);
    if (status == STATUS_INTERRUPTED)
        *err = why;
    return status == STATUS_INTERRUPTED ? status : STATUS_OK;
}

bool digest_is_settled(struct fingerprint *fp, struct str path, int64_t since_ns, struct digest *stats)
{
    struct stat st;
    int fd = open(path.ptr, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW);
    bool settled = fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && device_is_local(fp, st.st_dev, fd);
    if (fd >= 0)
        close(fd);
    if (!settled)
        return false;
    struct file_stat stat = file_stat_of(&st);
    struct buf scratch = {0};
    *stats = stats_of(&scratch, path, &st);
    buf_finish(&scratch);
    return stat.mtime_ns < since_ns - STAT_CACHE_RACY_NS && stat.ctime_ns < since_ns - STAT_CACHE_RACY_NS;
}

struct str input_text(struct arena *arena, const struct input *input)
{
    static const struct str kinds[] = {[ENTRY_FILE] = {"file ", 5},
                                       [ENTRY_LINK] = {"link ", 5},
                                       [ENTRY_DIRECTORY] = {"directory ", 10},
                                       [ENTRY_MISSING] = {"missing ", 8}};
    struct str kind = input->kind == ENTRY_FILE && input->executable ? STR("exec ") : kinds[input->kind];
    size_t link_len = input->link.len ? 5 + input->link.len + 2 : 0;
    size_t len = link_len + kind.len + DIGEST_HEX;
    char *text = arena_alloc(arena, len + 1, 1);
    if (link_len > 0) {
        memcpy(text, "link ", 5);
        memcpy(text + 5, input->link.ptr, input->link.len);
        memcpy(text + 5 + input->link.len, ", ", 2);
    }
    memcpy(text + link_len, kind.ptr, kind.len);
    digest_hex(input->digest, text + link_len + kind.len);
    return (struct str){text, len};
}
