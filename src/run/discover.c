/*
 * The files that declare a project of DVC: every dvc.yaml and every .dvc file below the root, a folder's own before
 * those of its folders, in the order of names. Left out is what .dvcignore leaves out, what git, refit and DVC keep for
 * themselves, projects of their own (folders with a .dvc), links, and folders that a .dvc file beside them keeps.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "refit/base/fs.h"
#include "refit/base/interrupt.h"
#include "refit/base/path.h"
#include "run/run.h"

enum { SOURCE_BYTES_MAX = 256 << 20, IGNORE_BYTES_MAX = 1 << 20, DEPTH_MAX = 256 };

struct discovery {
    struct project *project;
    struct manifest_source *sources; /* malloc'd */
    uint32_t count, cap;
    unsigned depth;
    struct buf ignored; /* patterns, as those of one file at the root */
};

/* What refit leaves out by itself, DVC counts. */
static const char not_ignored[] = "!__pycache__/\n!*.pyc\n!.ipynb_checkpoints/\n!.refit/\n!refit.lock\n";

struct names {
    struct str *items; /* malloc'd */
    size_t count, cap;
};

static void add_name(struct names *names, struct str name)
{
    MEM_GROW(names->items, names->count, names->cap);
    names->items[names->count++] = name;
}

static int compare_names(const void *a, const void *b)
{
    return str_compare(*(const struct str *)a, *(const struct str *)b);
}

static bool has_name(const struct names *names, struct str name)
{
    return names->count > 0 && bsearch(&name, names->items, names->count, sizeof name, compare_names) != NULL;
}

/* Regular files that matter here, and folders; both sorted. */
static enum status list(struct discovery *d, struct str folder, struct names *files, struct names *folders,
                        struct error *err)
{
    struct arena *arena = &d->project->arena;
    DIR *stream = opendir(folder.ptr);
    if (stream == NULL)
        return errno == EACCES ? STATUS_OK /* nothing that this user can build */
                               : error_errno(err, STATUS_IO, errno, "cannot list " STR_FMT, STR_ARG(folder));
    enum status status = STATUS_OK;
    struct dirent *entry;
    while (status == STATUS_OK && (errno = 0, entry = readdir(stream)) != NULL) {
        struct str name = str_from(entry->d_name);
        struct stat st = {0};
        unsigned char type = entry->d_type;
        if (type == DT_UNKNOWN && fstatat(dirfd(stream), entry->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0)
            type = S_ISDIR(st.st_mode) ? DT_DIR : S_ISREG(st.st_mode) ? DT_REG : DT_LNK;
        if (type == DT_DIR && !str_is(name, ".") && !str_is(name, ".."))
            add_name(folders, str_dup(arena, name));
        else if (type == DT_REG && (str_is(name, "dvc.yaml") || str_is(name, ".dvcignore") ||
                                    (str_ends(name, STR(".dvc")) && !str_is(name, ".dvc"))))
            add_name(files, str_dup(arena, name));
        status = interrupt_check(false, err);
    }
    if (status == STATUS_OK && errno != 0)
        status = error_errno(err, STATUS_IO, errno, "cannot list " STR_FMT, STR_ARG(folder));
    closedir(stream);
    if (files->count > 1)
        qsort(files->items, files->count, sizeof *files->items, compare_names);
    if (folders->count > 1)
        qsort(folders->items, folders->count, sizeof *folders->items, compare_names);
    return status;
}

static enum status read_file(struct discovery *d, struct str path, uint64_t bytes_max, struct str *text,
                             struct error *err)
{
    struct buf bytes = {0};
    enum status status = fs_read(path.ptr, bytes_max, &bytes, err);
    if (status == STATUS_OK)
        *text = str_dup(&d->project->arena, buf_view(&bytes));
    else if (status == STATUS_IO)
        status = err->status = STATUS_MANIFEST;
    buf_finish(&bytes);
    return status;
}

static enum status add_source(struct discovery *d, struct str folder, struct str name, enum manifest_dialect dialect,
                              struct error *err)
{
    struct str path = path_join(&d->project->arena, folder, name), text;
    if (ignore_matches(fingerprint_ignore(d->project->fp), path, false))
        return STATUS_OK;
    enum status status = read_file(d, path, SOURCE_BYTES_MAX, &text, err);
    if (status == STATUS_NOT_FOUND)
        return STATUS_OK; /* removed since it was listed */
    if (status != STATUS_OK)
        return status;
    MEM_GROW(d->sources, d->count, d->cap);
    d->sources[d->count++] = (struct manifest_source){path, text, dialect};
    return STATUS_OK;
}

static void escape(struct buf *out, struct str folder)
{
    for (size_t i = 0; i < folder.len; i++) {
        if (strchr("*?[]\\!# ", folder.ptr[i]) != NULL)
            buf_char(out, '\\');
        buf_char(out, folder.ptr[i]);
    }
}

/* A pattern of a folder's own file as one of a file at the root. */
static void carry_pattern(struct buf *out, struct str folder, struct str line)
{
    struct str pattern = str_trim(line);
    if (pattern.len == 0 || pattern.ptr[0] == '#')
        return;
    if (pattern.ptr[0] == '!') {
        buf_char(out, '!');
        pattern = str_slice(pattern, 1, pattern.len);
    }
    bool below = str_find(str_slice(pattern, 0, pattern.len - (str_ends(pattern, STR("/")) ? 1 : 0)), '/') < 0;
    if (!str_is(folder, ".")) {
        buf_char(out, '/');
        escape(out, folder);
        buf_str(out, below ? STR("/**/") : str_starts(pattern, STR("/")) ? STR("") : STR("/"));
    }
    buf_str(out, pattern);
    buf_char(out, '\n');
}

static void add_ignored(struct discovery *d, struct str folder, struct str text)
{
    ignore_add(fingerprint_ignore(d->project->fp), folder, text);
    ignore_add(d->project->dvc_ignore, folder, text);
    while (text.len > 0) {
        ptrdiff_t end = str_find(text, '\n');
        carry_pattern(&d->ignored, folder, end < 0 ? text : str_slice(text, 0, (size_t)end));
        text = end < 0 ? STR("") : str_slice(text, (size_t)end + 1, text.len);
    }
}

static enum status add_files(struct discovery *d, struct str folder, const struct names *files, struct error *err)
{
    enum status status = STATUS_OK;
    struct str text;
    if (has_name(files, STR(".dvcignore"))) {
        status = read_file(d, path_join(&d->project->arena, folder, STR(".dvcignore")), IGNORE_BYTES_MAX, &text, err);
        if (status == STATUS_OK)
            add_ignored(d, folder, text);
    }
    if (status == STATUS_OK && has_name(files, STR("dvc.yaml")))
        status = add_source(d, folder, STR("dvc.yaml"), MANIFEST_DVC, err);
    for (size_t i = 0; i < files->count && status == STATUS_OK; i++)
        if (str_ends(files->items[i], STR(".dvc")))
            status = add_source(d, folder, files->items[i], MANIFEST_DVC_DATA, err);
    return status;
}

static bool is_kept_away(struct discovery *d, struct str path, struct str name, const struct names *files)
{
    struct arena *arena = &d->project->arena;
    struct str pointer = str_format(arena, STR_FMT ".dvc", STR_ARG(name));
    return str_is(name, ".git") || str_is(name, ".hg") || str_is(name, ".dvc") || str_is(name, ".refit") ||
           has_name(files, pointer) || ignore_matches(fingerprint_ignore(d->project->fp), path, true) ||
           access(path_join(arena, path, STR(".dvc")).ptr, F_OK) == 0;
}

static enum status visit(struct discovery *d, struct str folder, struct error *err)
{
    if (d->depth > DEPTH_MAX)
        return error_set(err, STATUS_MANIFEST, STR_FMT " is nested more than %d folders deep; ignore it in .dvcignore",
                         STR_ARG(folder), DEPTH_MAX);
    struct names files = {0}, folders = {0};
    enum status status = list(d, folder, &files, &folders, err);
    if (status == STATUS_OK)
        status = add_files(d, folder, &files, err);
    d->depth++;
    for (size_t i = 0; i < folders.count && status == STATUS_OK; i++) {
        struct str path = path_join(&d->project->arena, folder, folders.items[i]);
        if (!is_kept_away(d, path, folders.items[i], &files))
            status = visit(d, path, err);
    }
    d->depth--;
    free(files.items);
    free(folders.items);
    return status;
}

enum status discover_sources(struct project *p, struct error *err)
{
    struct discovery d = {.project = p};
    if (p->dvc_ignore == NULL)
        p->dvc_ignore = ignore_create(str_from(not_ignored));
    enum status status = visit(&d, STR("."), err);
    p->sources = arena_copy(&p->arena, d.sources, d.count * sizeof *d.sources);
    p->source_count = d.count;
    p->dvc_ignored = str_dup(&p->arena, buf_view(&d.ignored));
    buf_finish(&d.ignored);
    free(d.sources);
    if (status == STATUS_OK && d.count == 0)
        return error_set(err, STATUS_NOT_FOUND,
                         "no refit.yaml here or above, and no dvc.yaml in " STR_FMT "; `refit init` makes a refit.yaml",
                         STR_ARG(p->root));
    return status;
}
