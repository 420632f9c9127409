/* A copy of a project in a folder of its own. Nothing is written outside of that. */
#include "run/copy.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "refit/base/fs.h"
#include "refit/base/path.h"

/* Says of a folder that what is in it may be thrown away. */
#define MARK ".refit/copy"

enum { CONFIG_BYTES_MAX = 1 << 20 };

static struct str absolute(struct arena *arena, const struct project *p, struct str path)
{
    return path.len > 0 && path.ptr[0] == '/' ? path : path_join(arena, p->root, path);
}

/* ---- the folder ---- */

/* A `.refit` alone is what a kill may have left. */
static enum status is_empty(const char *folder, bool *empty, struct error *err)
{
    DIR *stream = opendir(folder);
    if (stream == NULL)
        return error_errno(err, STATUS_IO, errno, "cannot open the folder %s", folder);
    struct dirent *entry;
    *empty = true;
    while ((entry = readdir(stream)) != NULL)
        *empty &= strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0 ||
                  strcmp(entry->d_name, ".refit") == 0;
    closedir(stream);
    return STATUS_OK;
}

enum status copy_is_one(struct arena *arena, struct str folder, bool *is, struct error *err)
{
    struct stat st;
    return fs_lstat(path_join(arena, folder, STR(MARK)).ptr, &st, is, err);
}

/* A new folder, an empty one, or one that was a copy before. */
static enum status claim_folder(struct arena *arena, struct str folder, struct error *err)
{
    bool empty = false, marked = false;
    const char *mark = path_join(arena, folder, STR(MARK)).ptr;
    enum status status = fs_make_directories(folder.ptr, err);
    if (status == STATUS_OK)
        status = copy_is_one(arena, folder, &marked, err);
    if (status == STATUS_OK && !marked)
        status = is_empty(folder.ptr, &empty, err);
    if (status != STATUS_OK || marked)
        return status;
    if (!empty)
        return error_set(err, STATUS_USAGE, "%s is not empty, and no such copy; name a folder that is not there yet",
                         folder.ptr);
    status = fs_make_parents(mark, err);
    return status == STATUS_OK ? fs_write_atomic(mark, str_format(arena, "%s.tmp", mark).ptr,
                                                 STR("a copy of a project; what is in this folder may be removed\n"),
                                                 0666, false, err)
                               : status;
}

/* Remove what is in a folder, but for the `.refit` in `inside` and at the top. */
static enum status empty_folder(struct arena *arena, struct str folder, struct str inside, struct error *err)
{
    DIR *stream = opendir(folder.ptr);
    if (stream == NULL)
        return error_errno(err, STATUS_IO, errno, "cannot open the folder %s", folder.ptr);
    struct dirent *entry;
    enum status status = STATUS_OK;
    ptrdiff_t slash = str_find(inside, '/');
    struct str first = slash < 0 ? inside : str_slice(inside, 0, (size_t)slash);
    struct str rest = slash < 0 ? STR(".") : str_slice(inside, (size_t)slash + 1, inside.len);
    while (status == STATUS_OK && (errno = 0, entry = readdir(stream)) != NULL) {
        struct str name = str_from(entry->d_name), place = path_join(arena, folder, name);
        struct stat st;
        if (str_is(name, ".") || str_is(name, "..") || str_is(name, ".refit"))
            continue;
        if (str_equal(name, first) && lstat(place.ptr, &st) == 0 && S_ISDIR(st.st_mode))
            status = empty_folder(arena, place, rest, err);
        else
            status = fs_remove_tree(place.ptr, err);
    }
    if (status == STATUS_OK && errno != 0)
        status = error_errno(err, STATUS_IO, errno, "cannot list %s", folder.ptr);
    closedir(stream);
    return status;
}

static enum status resolve(struct arena *arena, struct str *path, struct error *err)
{
    char *real = realpath(path->ptr, NULL);
    if (real == NULL)
        return error_errno(err, STATUS_IO, errno, "cannot enter %s", path->ptr);
    *path = str_dup(arena, str_from(real));
    free(real);
    return STATUS_OK;
}

/* What the workspace alone is configured with counts in its copies, too. */
static enum status read_settings(struct arena *arena, struct str *out, struct error *err)
{
    struct buf text = {0};
    struct error why;
    enum status status = fs_read(".refit/config.yaml", CONFIG_BYTES_MAX, &text, &why);
    *out = str_dup(arena, buf_view(&text));
    buf_finish(&text);
    if (status == STATUS_NOT_FOUND)
        return STATUS_OK;
    if (status != STATUS_OK)
        *err = why;
    return status;
}

/* Hold the folder as its next run would: what a killed one left is ended, and no other one begins. */
static enum status hold_folder(struct copying *c, struct arena *arena, struct error *err)
{
    struct project_options options = {.manifest = path_join(arena, c->root, STR("refit.yaml")).ptr,
                                      .writer = true,
                                      .store = c->store.ptr,
                                      .copy = true};
    enum status status = project_open_bare(&options, &c->held, err);
    if (status == STATUS_OK)
        status = project_hold(c->held, false, err);
    return status == STATUS_LOCKED ? error_wrap(err, STR_FMT, STR_ARG(c->folder)) : status;
}

/* Starting over removes what is there, but nothing that somebody else put there. */
static enum status refuse_edits(struct arena *arena, struct str folder, struct error *err)
{
    struct edits edits;
    enum status status = copied_compare(arena, folder, &edits, err);
    if (status == STATUS_OK && edits.count > 0)
        return error_set(err, STATUS_USAGE, STR_FMT "; move that elsewhere, or name another folder (--into)",
                         STR_ARG(copied_edit_text(arena, folder, &edits)));
    return status == STATUS_OK ? copied_forget(arena, folder, err) : status;
}

enum status copy_begin(struct project *here, struct str folder, struct str inside, struct copying *out,
                       struct error *err)
{
    struct arena *arena = &here->arena;
    *out = (struct copying){.home = here->root, .store = absolute(arena, here, here->store_directory)};
    out->folder = str_dup(arena, absolute(arena, here, folder));
    enum status status = read_settings(arena, &out->settings, err);
    if (status == STATUS_OK && str_starts(folder, STR(".refit/")))
        status = workspace_prepare(err); /* git must not see it */
    if (status == STATUS_OK)
        status = claim_folder(arena, out->folder, err);
    if (status == STATUS_OK)
        status = resolve(arena, &out->folder, err);
    if (status != STATUS_OK)
        return status;
    out->root = str_is(inside, ".") ? out->folder : path_join(arena, out->folder, inside);
    status = fs_make_directories(out->root.ptr, err);
    if (status == STATUS_OK)
        status = resolve(arena, &out->root, err);
    if (status == STATUS_OK && !str_equal(out->root, out->folder) && !path_is_below(out->root, out->folder))
        return error_set(err, STATUS_USAGE, STR_FMT " leads out of the folder; remove it", STR_ARG(out->root));
    if (status == STATUS_OK)
        status = hold_folder(out, arena, err);
    if (status == STATUS_OK)
        status = refuse_edits(arena, out->folder, err);
    return status == STATUS_OK ? empty_folder(arena, out->folder, inside, err) : status;
}

enum status copy_open(struct copying *c, struct str manifest, const struct config_source *overrides, uint32_t count,
                      struct project **out, struct error *err)
{
    enum { MORE = 1 };
    struct project *held = c->held;
    struct config_source *sources = arena_array(&held->arena, struct config_source, count + MORE);
    if (count > 0)
        memcpy(sources, overrides, count * sizeof *sources);
    sources[count] = (struct config_source){STR(".refit/config.yaml"), c->settings};
    struct project_options options = {.manifest = path_join(&held->arena, c->root, manifest).ptr,
                                      .writer = true,
                                      .store = c->store.ptr,
                                      .copy = true,
                                      .config_overrides = sources,
                                      .override_count = count + (c->settings.len > 0)};
    workspace_unlock(held->workspace);
    held->workspace = NULL;
    enum status status = STATUS_OK;
    if (str_is(manifest, "dvc.yaml")) /* or the root would be that of the project around it */
        status = fs_make_directories(path_join(&held->arena, c->root, STR(".dvc")).ptr, err);
    if (status == STATUS_OK)
        status = project_open(&options, out, err);
    if (status == STATUS_OK && !str_equal((*out)->root, c->root)) {
        status = error_set(err, STATUS_USAGE, "the root of the project is not " STR_FMT, STR_ARG(c->root));
        project_close(*out);
        *out = NULL;
    }
    return status;
}

void copy_end(struct copying *c)
{
    project_close(c->held);
    c->held = NULL;
}

bool copy_has_room(const struct copying *c, struct arena *arena, struct str path)
{
    if (path.len == 0 || path.ptr[0] == '/')
        return false;
    for (struct str at = path_parent(path);; at = path_parent(at)) {
        char *real = realpath(str_terminated(arena, at), NULL);
        if (real != NULL) {
            struct str there = str_from(real);
            bool inside = str_equal(there, c->folder) || path_is_below(there, c->folder);
            free(real);
            return inside;
        }
        if (errno != ENOENT || str_is(at, "."))
            return false;
    }
}
