/* Does a stage make the same twice? It is executed in two folders that have what it declares, and nothing else. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "refit/base/fs.h"
#include "refit/base/interrupt.h"
#include "refit/base/path.h"
#include "run/copy.h"
#include "run/reproduce.h"

/* ---- what lies beside the project lies beside the copy ---- */

/* How many folders a path leads up from the root. */
static uint32_t steps_up(struct str path)
{
    uint32_t steps = 0;
    for (; str_is(path, "..") || str_starts(path, STR("../")); steps++)
        path = str_slice(path, path.len > 2 ? 3 : 2, path.len);
    return steps;
}

/* Absolute: the path as seen from a root. */
static struct str place_of(struct arena *arena, struct str root, struct str path)
{
    for (; str_is(path, "..") || str_starts(path, STR("../")); path = str_slice(path, path.len > 2 ? 3 : 2, path.len))
        root = path_parent(root);
    return path.len > 0 ? path_join(arena, root, path) : root;
}

/* The last so many components of a path. */
static struct str last_of(struct str path, uint32_t count)
{
    struct str top = path;
    for (uint32_t i = 0; i < count; i++)
        top = path_parent(top);
    return count == 0 ? STR(".") : str_slice(path, top.len + !str_is(top, "/"), path.len);
}

static uint32_t deepest(uint32_t steps, struct str path)
{
    return steps_up(path) > steps ? steps_up(path) : steps;
}

/* Where the root of the copy is in its folder, so that all that the stage and the manifest read has room there. */
static struct str find_inside(const struct project *here, const struct manifest_stage *stage)
{
    uint32_t steps = steps_up(stage->wdir);
    for (uint32_t i = 0; i < stage->dep_count; i++)
        steps = deepest(steps, stage->deps[i].path);
    for (uint32_t i = 0; i < stage->params_count; i++)
        steps = deepest(steps, stage->params[i].path);
    for (uint32_t i = 0; i < here->manifest.file_count; i++)
        steps = deepest(steps, here->manifest.files[i].path);
    return last_of(here->root, steps);
}

static enum status refuse(struct project *here, const struct manifest_stage *stage, struct error *err)
{
    const char *why = stage->kind == STAGE_DEPLOY ? "is a deploy stage, which is never executed for a check"
                      : stage->source             ? "is a source without a command"
                                                  : NULL;
    if (why != NULL)
        return error_set(err, STATUS_USAGE, "stage `" STR_FMT "` %s", STR_ARG(stage->name), why);
    for (uint32_t i = 0; i < stage->dep_count; i++) {
        struct str dep = place_of(&here->arena, here->root, stage->deps[i].path);
        if (steps_up(stage->deps[i].path) > 0 && (str_equal(dep, here->root) || path_is_below(here->root, dep)))
            return error_set(err, STATUS_USAGE,
                             "stage `" STR_FMT "` depends on " STR_FMT ", which contains the project, and so the "
                             "copies that would be made; name what it reads of that",
                             STR_ARG(stage->name), STR_ARG(stage->deps[i].path));
    }
    return STATUS_OK;
}

/* ---- filling it ---- */

struct filling {
    struct arena *arena;
    const struct copying *copying;
};

/* What is there already was a part of something else. */
static enum status fill(struct filling *f, struct str path, struct error *err)
{
    struct str from = place_of(f->arena, f->copying->home, path), to = place_of(f->arena, f->copying->root, path);
    struct stat st;
    bool found;
    if (path.len > 0 && path.ptr[0] == '/')
        return STATUS_OK;
    enum status status = fs_lstat(to.ptr, &st, &found, err);
    if (status != STATUS_OK || found)
        return status;
    char *real = realpath(from.ptr, NULL); /* the content, not a link that leads nowhere from there */
    if (real != NULL)
        status = fs_copy(real, to.ptr, err);
    free(real);
    return status;
}

static enum status fill_manifest(struct filling *f, const struct project *here, struct error *err)
{
    static const struct str files[] = {{"refit.config.yaml", 17}, {".refitignore", 12}, {".dvcignore", 10}};
    enum status status = here->dialect == MANIFEST_DVC ? STATUS_OK : fill(f, here->manifest_path, err);
    for (uint32_t i = 0; i < here->source_count && status == STATUS_OK; i++)
        status = fill(f, here->sources[i].path, err);
    for (uint32_t i = 0; i < here->manifest.file_count && status == STATUS_OK; i++)
        status = fill(f, here->manifest.files[i].path, err);
    for (size_t i = 0; i < sizeof files / sizeof *files && status == STATUS_OK; i++)
        status = fill(f, files[i], err);
    return status;
}

static enum status fill_stage(struct filling *f, const struct manifest_stage *stage, struct error *err)
{
    enum status status = STATUS_OK;
    for (uint32_t i = 0; i < stage->dep_count && status == STATUS_OK; i++)
        status = fill(f, stage->deps[i].path, err);
    for (uint32_t i = 0; i < stage->params_count && status == STATUS_OK; i++)
        status = fill(f, stage->params[i].path, err);
    for (uint32_t i = 0; i < stage->out_count && status == STATUS_OK; i++)
        if (stage->outs[i].persist) /* it goes on from what is there */
            status = fill(f, stage->outs[i].path, err);
    if (status == STATUS_OK && stage->wdir.ptr[0] != '/')
        status = fs_make_directories(str_terminated(f->arena, place_of(f->arena, f->copying->root, stage->wdir)), err);
    return status;
}

/* ---- executing ---- */

struct attempt {
    struct copying copying;
    struct project *project; /* the copy */
    struct lock lock;        /* what the stage made there */
};

static enum status execute(struct attempt *a, struct str stage, struct report *report, bool *ok, struct error *err)
{
    struct run_options options = {.selection = {.targets = &stage, .target_count = 1, .single = true}, .force = true};
    struct report_summary summary;
    enum status status = run_execute(a->project, &options, report, &summary, err);
    if (status == STATUS_OK)
        status = interrupt_check(false, err);
    if (status == STATUS_OK)
        status = lock_load(&a->project->arena, &a->lock, err);
    *ok = status == STATUS_OK && lock_find(&a->lock, stage) != NULL;
    return status;
}

static enum status attempt(struct project *here, const struct manifest_stage *stage, struct str folder,
                           struct attempt *a, struct report *report, bool *ok, struct error *err)
{
    if (chdir(here->root.ptr) != 0)
        return error_errno(err, STATUS_IO, errno, "cannot enter " STR_FMT, STR_ARG(here->root));
    struct filling filling = {&here->arena, &a->copying};
    enum status status = copy_begin(here, folder, find_inside(here, stage), &a->copying, err);
    if (status == STATUS_OK)
        status = fs_remove_tree(LOCK_FILE, err);
    if (status == STATUS_OK)
        status = fill_manifest(&filling, here, err);
    if (status == STATUS_OK)
        status = fill_stage(&filling, stage, err);
    struct str manifest = here->dialect == MANIFEST_DVC ? STR("dvc.yaml") : here->manifest_path;
    if (status == STATUS_OK)
        status = copy_open(&a->copying, manifest, NULL, 0, &a->project, err);
    for (uint32_t i = 0; status == STATUS_OK && i < a->project->manifest.stage_count; i++)
        a->project->manifest.stages[i].console = false; /* what asks the user gets no answer: two may not be the same */
    return status == STATUS_OK ? execute(a, stage->name, report, ok, err) : status;
}

static void end(struct attempt *a)
{
    project_close(a->project);
    a->project = NULL;
    copy_end(&a->copying);
}

static enum status compare(struct attempt *attempts, struct reproduced_stage *out, struct arena *arena,
                           struct error *err)
{
    const struct lock_stage *was = lock_find(&attempts[0].lock, out->name);
    const struct lock_stage *is = lock_find(&attempts[1].lock, out->name);
    enum status status = project_open_store(attempts[1].project, err);
    if (status != STATUS_OK)
        return status;
    return compare_stage(attempts[1].project, arena, STR("the first time"), was, is, out, err);
}

/* One store is open at a time: what the first attempt left in memory stays, its project does not. */
static enum status keep_lock(struct attempt *a, struct arena *arena, struct error *err)
{
    enum status status = lock_load(arena, &a->lock, err);
    end(a);
    return status;
}

enum status run_check_determinism(struct project *here, struct str name, struct arena *arena, struct report *report,
                                  struct reproduced_stage *out, struct error *err)
{
    static const char *const folders[] = {".refit/determinism/first", ".refit/determinism/second"};
    struct stage_id id = graph_find_stage(&here->graph, name);
    const struct manifest_stage *stage = here->graph.stages[id.index].declared;
    struct attempt attempts[2] = {{.project = NULL}, {.project = NULL}};
    bool ok = true;
    *out = (struct reproduced_stage){.name = str_dup(arena, name), .ran = true};
    enum status status = refuse(here, stage, err);
    for (int i = 0; i < 2 && status == STATUS_OK && ok; i++) {
        status = attempt(here, stage, str_from(folders[i]), &attempts[i], report, &ok, err);
        if (status == STATUS_OK && ok && i == 0)
            status = keep_lock(&attempts[i], arena, err);
    }
    if (status == STATUS_OK && ok)
        status = compare(attempts, out, arena, err);
    else if (status == STATUS_OK) {
        out->result = REPRODUCED_NOT;
        out->reason = stage->console
                          ? STR("it did not end well with what it declares alone, and without the terminal that it "
                                "wants (`console`); are all that it reads its deps, and does it ask nobody?")
                          : STR("it did not end well with what it declares alone; are all that it reads its deps?");
    }
    for (int i = 0; i < 2; i++)
        end(&attempts[i]);
    struct error ignored;
    for (int i = 0; i < 2 && status == STATUS_OK && out->result == REPRODUCED_IDENTICAL; i++)
        fs_remove_tree(attempts[i].copying.folder.ptr, &ignored);
    return status;
}
