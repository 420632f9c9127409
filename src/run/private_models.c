/* The models that a deploy's gates have judged, as the deploy gets them: copies that nobody else has, made and digested
 * after its turn has come. What the workspace holds may be another model a moment later. */
#include <errno.h>
#include <ftw.h>
#include <stdlib.h>

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

/* Folders stay writable for their owner: they are to be removed. */
static int close_off(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
    (void)ftw;
    return kind == FTW_SL ? 0 : chmod(path, S_ISDIR(st->st_mode) ? 0700 : st->st_mode & S_IXUSR ? 0500 : 0400);
}

static enum status copy_model(struct arena *arena, struct str folder, const struct judged_model *model,
                              struct error *err)
{
    enum { OPEN_MAX_FOLDERS = 16 };
    struct str name = path_is_inside(model->path) ? model->path : path_name(model->path), now;
    struct str to = path_join(arena, folder, name);
    char *from = realpath(model->path.ptr, NULL); /* it may be a link */
    enum status status = from == NULL && errno != ENOENT
                             ? error_errno(err, STATUS_IO, errno, "cannot look at %s", model->path.ptr)
                             : STATUS_OK;
    if (status == STATUS_OK && from != NULL)
        status = fs_copy(from, to.ptr, err);
    if (status == STATUS_OK && from != NULL && nftw(to.ptr, close_off, OPEN_MAX_FOLDERS, FTW_PHYS) != 0)
        status = error_errno(err, STATUS_IO, errno, "cannot make %s read-only", to.ptr);
    if (status == STATUS_OK && from != NULL)
        status = sha256_path(arena, to.ptr, &now, NULL, err);
    if (status == STATUS_OK && (from == NULL || !str_equal(now, model->sha256)))
        status = error_set(err, STATUS_FAILED, STR_FMT " is not what its gate judged; it was changed while the deploy "
                           "began", STR_ARG(str_printable(arena, model->path)));
    free(from);
    return status;
}

enum status private_models_make(struct arena *arena, const struct stage_run *s, struct error *err)
{
    struct str folder = folder_of(arena, stage_declared(s));
    enum status status = fs_remove_tree(folder.ptr, err);
    if (status == STATUS_OK)
        status = fs_make_directories(folder.ptr, err);
    if (status == STATUS_OK && chmod(folder.ptr, 0700) != 0)
        status = error_errno(err, STATUS_IO, errno, "cannot make %s private", folder.ptr);
    for (uint32_t i = 0; i < s->model_count && status == STATUS_OK; i++)
        status = copy_model(arena, folder, &s->models[i], err);
    return status;
}

enum status private_models_remove(struct arena *arena, const struct stage_run *s, struct error *err)
{
    return s->model_count > 0 ? fs_remove_tree(folder_of(arena, stage_declared(s)).ptr, err) : STATUS_OK;
}
