/* Walking a directory in the order of a tree: by the bytes of whole paths, so folders sort as if their names ended in a
 * slash. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fingerprint/fingerprint.h"
#include "refit/base/fs.h"
#include "refit/base/interrupt.h"
#include "refit/base/path.h"

enum { DEPTH_MAX = 512 };

struct walker {
    struct fingerprint *fp;
    struct arena *arena;
    const struct digest_options *options;
    struct walk *walk;
    struct str top;      /* the directory as the caller named it */
    struct str real_top; /* the same, links resolved; "" until a link is met */
};

struct name {
    struct str name;
    struct stat st;
};

void walk_finish(struct walk *walk)
{
    free(walk->entries);
    *walk = (struct walk){0};
}

static int compare_names(const void *a, const void *b)
{
    const struct name *one = a, *two = b;
    size_t shorter = one->name.len < two->name.len ? one->name.len : two->name.len;
    int order = memcmp(one->name.ptr, two->name.ptr, shorter);
    if (order != 0)
        return order;
    /* The names are in NUL-terminated memory; a folder's terminator counts as a slash. */
    unsigned char x = (unsigned char)one->name.ptr[shorter], y = (unsigned char)two->name.ptr[shorter];
    if (one->name.len == shorter && S_ISDIR(one->st.st_mode))
        x = '/';
    if (two->name.len == shorter && S_ISDIR(two->st.st_mode))
        y = '/';
    return (x > y) - (x < y);
}

static enum status list(struct walker *w, struct str path, struct name **out, size_t *count, struct error *err)
{
    struct name *names = NULL;
    size_t cap = 0;
    *count = 0;
    int fd = open(path.ptr, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *stream = fd < 0 ? NULL : fdopendir(fd);
    if (stream == NULL) {
        int reason = errno;
        if (fd >= 0)
            close(fd);
        return error_errno(err, STATUS_IO, reason, "cannot list " STR_FMT, STR_ARG(path));
    }
    enum status status = STATUS_OK;
    struct dirent *entry;
    while (status == STATUS_OK && (errno = 0, entry = readdir(stream)) != NULL) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        struct stat st;
        if (fstatat(dirfd(stream), entry->d_name, &st, AT_SYMLINK_NOFOLLOW) != 0) {
            if (errno == ENOENT)
                continue; /* removed since it was listed */
            status = error_errno(err, STATUS_IO, errno, "cannot stat " STR_FMT "/%s", STR_ARG(path), entry->d_name);
            break;
        }
        MEM_GROW(names, *count, cap);
        names[(*count)++] = (struct name){str_dup(w->arena, str_from(entry->d_name)), st};
        status = interrupt_check(w->options->patient, err);
    }
    if (status == STATUS_OK && errno != 0)
        status = error_errno(err, STATUS_IO, errno, "cannot list " STR_FMT, STR_ARG(path));
    closedir(stream);
    if (*count > 1)
        qsort(names, *count, sizeof *names, compare_names);
    *out = names;
    return status;
}

static struct walk_entry *add(struct walker *w, struct str path, enum entry_kind kind, const struct stat *st)
{
    MEM_GROW(w->walk->entries, w->walk->count, w->walk->cap);
    struct walk_entry *e = &w->walk->entries[w->walk->count++];
    size_t prefix = str_is(w->top, ".") ? 0 : w->top.len + 1;
    *e = (struct walk_entry){.entry = {.path = str_slice(path, prefix, path.len), .kind = kind}, .st = *st};
    return e;
}

static enum status add_file(struct walker *w, struct str path, const struct stat *st, struct error *err)
{
    struct walk_entry *e = add(w, path, ENTRY_FILE, st);
    e->entry.executable = (st->st_mode & S_IXUSR) != 0;
    e->entry.size = (uint64_t)st->st_size;
    bool known;
    enum status status = file_digest(w->fp, path, w->options, false, &e->st, &e->entry.digest, &known, err);
    e->unknown = !known;
    if (!known)
        w->walk->unknown_bytes += (uint64_t)st->st_size;
    return status;
}

/* A link whose way back into the tree leads over what is not in it may arrive at something else the next time, with no
 * change in the tree: where it arrives counts with its text, unless that is what the text says. */
static enum status note_arrival(struct walker *w, struct str real, struct walk_entry *e, struct error *err)
{
    struct str said, arrives = str_slice(real, w->real_top.len + !str_is(w->real_top, "/"), real.len);
    enum status status = path_make(w->arena, w->real_top, path_parent(e->entry.path), e->entry.link, &said, err);
    if (status != STATUS_OK || str_equal(said, arrives))
        return status;
    e->arrives = arrives;
    struct buf both = {0};
    buf_lstr(&both, e->entry.link);
    buf_lstr(&both, arrives);
    e->entry.digest = digest_of(both.ptr, both.len);
    buf_finish(&both);
    return STATUS_OK;
}

/* A dep's link within the tree, or into nothing, is its text; one that leaves the tree is followed besides. */
static enum status add_link(struct walker *w, struct str path, const struct stat *st, struct error *err)
{
    struct walk_entry *e = add(w, path, ENTRY_LINK, st);
    enum status status = fs_read_link(w->arena, path.ptr, &e->entry.link, err);
    if (status != STATUS_OK)
        return status;
    e->entry.digest = digest_of(e->entry.link.ptr, e->entry.link.len);
    e->entry.size = e->entry.link.len;
    if (w->options->mode == DIGEST_OUT)
        return link_stays_inside(w->fp, w->arena, path, e->entry.link, err);
    bool found;
    struct str real;
    status = link_resolve(w->arena, path, &real, &found, err);
    if (status != STATUS_OK || !found)
        return status;
    if (w->real_top.len == 0) {
        status = link_resolve(w->arena, w->top, &w->real_top, &found, err);
        if (status != STATUS_OK)
            return status;
    }
    if (str_equal(real, w->real_top) || real_is_below(w->real_top, real))
        return error_set(err, STATUS_FAILED, STR_FMT " is a link to a folder that contains it; remove it or ignore it",
                         STR_ARG(path));
    if (real_is_below(real, w->real_top))
        return note_arrival(w, real, e, err);
    e->follow = path;
    return STATUS_OK;
}

static enum status visit(struct walker *w, struct str path, unsigned depth, struct error *err);

static enum status visit_entry(struct walker *w, struct str path, const struct stat *st, unsigned depth,
                               struct error *err)
{
    bool directory = S_ISDIR(st->st_mode);
    enum status status = interrupt_check(w->options->patient, err);
    if (status != STATUS_OK)
        return status;
    if (w->options->mode == DIGEST_DEP && ignore_matches(w->fp->ignore, path, directory))
        return STATUS_OK;
    if (S_ISREG(st->st_mode))
        return add_file(w, path, st, err);
    if (S_ISLNK(st->st_mode))
        return add_link(w, path, st, err);
    if (!directory)
        return error_set(err, STATUS_FAILED,
                         STR_FMT " is a FIFO, socket or device, and cannot be digested; remove it or ignore it",
                         STR_ARG(path));
    size_t before = w->walk->count;
    status = visit(w, path, depth + 1, err);
    if (status == STATUS_OK && w->walk->count == before && w->options->mode == DIGEST_OUT)
        add(w, path, ENTRY_DIRECTORY, st);
    return status;
}

static enum status visit(struct walker *w, struct str path, unsigned depth, struct error *err)
{
    if (depth > DEPTH_MAX)
        return error_set(err, STATUS_FAILED, STR_FMT " is nested more than %d folders deep", STR_ARG(path), DEPTH_MAX);
    struct name *names = NULL;
    size_t count;
    enum status status = list(w, path, &names, &count, err);
    for (size_t i = 0; i < count && status == STATUS_OK; i++)
        status = visit_entry(w, path_join(w->arena, path, names[i].name), &names[i].st, depth, err);
    free(names);
    return status;
}

static int compare_entries(const void *a, const void *b)
{
    return str_compare(((const struct walk_entry *)a)->entry.path, ((const struct walk_entry *)b)->entry.path);
}

/* An empty folder is an entry without a slash behind its name, and so does not stand where it was visited. */
static void settle(struct walk *walk)
{
    for (size_t i = 1; i < walk->count; i++)
        if (compare_entries(&walk->entries[i - 1], &walk->entries[i]) > 0) {
            qsort(walk->entries, walk->count, sizeof *walk->entries, compare_entries);
            return;
        }
}

enum status walk_directory(struct fingerprint *fp, struct arena *arena, struct str path,
                           const struct digest_options *options, struct walk *walk, struct error *err)
{
    struct walker w = {fp, arena, options, walk, path, STR("")};
    enum status status = visit(&w, path, 0, err);
    if (status == STATUS_OK && options->mode == DIGEST_OUT)
        settle(walk);
    return status;
}
