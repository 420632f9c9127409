/* The models that a deploy's gates have judged, as the deploy gets them: copies that nobody else has, made and digested
 * after its turn has come, and again for each attempt. What the workspace holds may be another model a moment later. */
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "refit/base/fs.h"
#include "refit/base/path.h"
#include "refit/base/sha256.h"
#include "run/run.h"

static struct str folder_of(struct arena *arena, const struct manifest_stage *stage)
{
    return str_format(arena, ".refit/tmp/models-" STR_FMT, STR_ARG(run_file_name(arena, stage->name)));
}

struct str private_models_folder(struct arena *arena, const struct stage_run *s)
{
    return s->model_count > 0 ? path_join(arena, s->run->project->root, folder_of(arena, stage_declared(s))) : STR("");
}

struct str private_models_names(struct arena *arena, const struct stage_run *s)
{
    struct buf text = {0};
    for (uint32_t i = 0; i < s->model_count; i++) {
        buf_str(&text, s->models[i].path);
        buf_char(&text, '\n');
    }
    struct str names = str_dup(arena, buf_view(&text));
    buf_finish(&text);
    return names;
}

/* Where in the folder: what is outside the project is below it, too. */
static struct str place_of(struct arena *arena, struct str path)
{
    struct str place = STR("");
    while (str_starts(path, STR("../"))) {
        place = place.len == 0 ? STR(".up") : path_join(arena, place, STR(".up"));
        path = str_slice(path, 3, path.len);
    }
    if (path.len > 0 && path.ptr[0] == '/')
        return str_format(arena, ".root" STR_FMT, STR_ARG(path));
    return place.len == 0 ? path : path_join(arena, place, path);
}

/* ---- everything in a folder, before what is in it ---- */

typedef enum status (*visit_fn)(const char *path, const struct stat *st, const char *top, struct error *err);

static enum status walk(struct arena *arena, const char *path, const char *top, visit_fn visit, struct error *err)
{
    struct stat st;
    if (lstat(path, &st) != 0)
        return error_errno(err, STATUS_IO, errno, "cannot look at %s", path);
    enum status status = visit(path, &st, top, err);
    if (status != STATUS_OK || !S_ISDIR(st.st_mode))
        return status;
    DIR *stream = opendir(path);
    struct dirent *entry;
    if (stream == NULL)
        return error_errno(err, STATUS_IO, errno, "cannot list %s", path);
    while (status == STATUS_OK && (errno = 0, entry = readdir(stream)) != NULL)
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            status = walk(arena, path_join(arena, str_from(path), str_from(entry->d_name)).ptr, top, visit, err);
    if (status == STATUS_OK && errno != 0)
        status = error_errno(err, STATUS_IO, errno, "cannot list %s", path);
    closedir(stream);
    return status;
}

/* Folders stay writable for their owner: they are to be removed. What a link leads to outside the model is in no digest
 * of it. */
static enum status close_off(const char *path, const struct stat *st, const char *top, struct error *err)
{
    if (S_ISLNK(st->st_mode)) {
        char *real = realpath(path, NULL);
        bool inside = real != NULL && path_is_below(str_from(real), str_from(top));
        free(real);
        return inside ? STATUS_OK
                      : error_set(err, STATUS_FAILED, "a link in it leads out of it, so what that leads to was not "
                                  "judged; put the files themselves there");
    }
    mode_t mode = S_ISDIR(st->st_mode) ? 0700 : st->st_mode & S_IXUSR ? 0500 : 0400;
    return chmod(path, mode) == 0 ? STATUS_OK
                                  : error_errno(err, STATUS_IO, errno, "cannot make %s read-only", path);
}

static enum status open_up(const char *path, const struct stat *st, const char *top, struct error *err)
{
    (void)top;
    return !S_ISDIR(st->st_mode) || chmod(path, (st->st_mode & 0777) | S_IRWXU) == 0
               ? STATUS_OK
               : error_errno(err, STATUS_IO, errno, "cannot open %s", path);
}

/* ---- one model ---- */

static enum status copy_model(struct arena *arena, const struct judged_model *model, const char *to, struct error *err)
{
    char *from = realpath(model->path.ptr, NULL); /* it may be a link itself */
    if (from == NULL)
        return error_errno(err, errno == ENOENT ? STATUS_NOT_FOUND : STATUS_IO, errno, "cannot look at %s",
                           model->path.ptr);
    enum status status = fs_copy(from, to, err);
    free(from);
    char *top = status == STATUS_OK ? realpath(to, NULL) : NULL;
    if (status == STATUS_OK && top == NULL)
        status = error_errno(err, STATUS_IO, errno, "cannot look at %s", to);
    if (status == STATUS_OK)
        status = walk(arena, to, top, close_off, err);
    free(top);
    if (status == STATUS_FAILED)
        error_wrap(err, STR_FMT, STR_ARG(str_printable(arena, model->path)));
    return status;
}

static bool is_in_one_before(const struct stage_run *s, uint32_t model)
{
    for (uint32_t i = 0; i < model; i++)
        if (path_is_below(s->models[model].path, s->models[i].path))
            return true;
    return false;
}

/* Those that others are in come first. */
static enum status take_model(struct arena *arena, const struct stage_run *s, uint32_t model, struct str folder,
                              struct error *err)
{
    const struct judged_model *m = &s->models[model];
    const char *to = path_join(arena, folder, place_of(arena, m->path)).ptr;
    struct str now = STR("");
    if (str_find(m->path, '\n') >= 0) /* a command that cannot tell the names apart would take what was not judged */
        return error_set(err, STATUS_FAILED, STR_FMT " has a newline in its name, and a deploy gets names of models "
                         "a line each; rename it", STR_ARG(str_printable(arena, m->path)));
    enum status status = is_in_one_before(s, model) ? STATUS_OK : copy_model(arena, m, to, err);
    if (status == STATUS_OK)
        status = sha256_path(arena, to, &now, NULL, err);
    if ((status == STATUS_OK && !str_equal(now, m->sha256)) || status == STATUS_NOT_FOUND)
        return error_set(err, STATUS_FAILED, STR_FMT " is not what its gate judged; it was changed while the deploy "
                         "began", STR_ARG(str_printable(arena, m->path)));
    return status;
}

/* ---- all of them ---- */

/* A command may have closed folders. */
static enum status remove_folder(struct arena *arena, struct str folder, struct error *err)
{
    struct stat st;
    bool found;
    enum status status = fs_lstat(folder.ptr, &st, &found, err);
    if (status == STATUS_OK && found)
        status = walk(arena, folder.ptr, folder.ptr, open_up, err);
    return status == STATUS_OK && found ? fs_remove_tree(folder.ptr, err) : status;
}

static int compare_models(const void *a, const void *b)
{
    return str_compare(((const struct judged_model *)a)->path, ((const struct judged_model *)b)->path);
}

enum status private_models_make(struct arena *arena, const struct stage_run *s, struct error *err)
{
    struct str folder = folder_of(arena, stage_declared(s));
    enum status status = remove_folder(arena, folder, err);
    if (status == STATUS_OK)
        status = fs_make_directories(folder.ptr, err);
    if (status == STATUS_OK && chmod(folder.ptr, 0700) != 0)
        status = error_errno(err, STATUS_IO, errno, "cannot make %s private", folder.ptr);
    if (s->model_count > 1)
        qsort(s->models, s->model_count, sizeof *s->models, compare_models);
    for (uint32_t i = 0; i < s->model_count && status == STATUS_OK; i++)
        status = take_model(arena, s, i, folder, err);
    return status;
}

enum status private_models_remove(struct arena *arena, const struct stage_run *s, struct error *err)
{
    return s->model_count > 0 ? remove_folder(arena, folder_of(arena, stage_declared(s)), err) : STATUS_OK;
}
