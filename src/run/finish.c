/* After a command: were the inputs left alone, are the outs there, and what are they? Runs on the pool. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "refit/base/fs.h"
#include "refit/base/path.h"
#include "run/run.h"

enum { DEPFILE_BYTES_MAX = 64 << 20 };

static bool is_fatal(enum status status)
{
    return status == STATUS_STORE || status == STATUS_CORRUPT || status == STATUS_LOCKED ||
           status == STATUS_INTERRUPTED;
}

static enum status refuse(struct arena *arena, struct finish_result *out, const struct error *why, struct error *err)
{
    if (is_fatal(why->status)) {
        *err = *why;
        return why->status;
    }
    char text[3072];
    out->reason = str_dup(arena, str_from(error_text(why, text, sizeof text)));
    return STATUS_OK;
}

static void say_changed(const struct finish_request *r, struct arena *arena, const char *how, struct str what,
                        struct finish_result *out)
{
    struct str name = r->graph->stages[r->stage.index].declared->name, shown = str_printable(arena, what);
    out->changed = true;
    out->reason = str_format(arena, "%s: " STR_FMT "; %s" STR_FMT, how, STR_ARG(shown),
                             r->keep_record ? "if the result is right all the same: refit accept " : "deploy it again",
                             STR_ARG(r->keep_record ? name : STR("")));
}

static const char changed_meanwhile[] = "input changed while running";

static enum status check_inputs(const struct finish_request *r, struct arena *arena, struct finish_result *out,
                                struct error *err)
{
    const struct graph_stage *node = &r->graph->stages[r->stage.index];
    if (r->changed.len > 0)
        say_changed(r, arena, changed_meanwhile, r->changed, out);
    struct digest_options options = {
        .mode = DIGEST_DEP, .budget_bytes = UINT64_MAX, .patient = true, .verify = true};
    for (uint32_t i = 0; i < node->dep_count; i++) {
        struct str path = r->graph->files[node->deps[i].index].path;
        struct input now;
        bool complete;
        struct error why;
        enum status status = digest_path(r->project->fp, arena, path, &options, &now, &complete, &why);
        if (is_fatal(status)) {
            *err = why;
            return status;
        }
        if (status == STATUS_IO) {
            char text[3072];
            say_changed(r, arena, "input cannot be read any more", str_from(error_text(&why, text, sizeof text)), out);
            return STATUS_OK;
        }
        /* A touched one counts as changed even if its bytes are the same: the command may have read something in
         * between. */
        const struct input *before = &r->inputs[i];
        if (status != STATUS_OK || now.kind != before->kind || !digest_equal(now.digest, before->digest) ||
            !digest_equal(now.stats, before->stats) || now.executable != before->executable) {
            say_changed(r, arena, changed_meanwhile, path, out);
            return STATUS_OK;
        }
    }
    return STATUS_OK;
}

/* ---- depfile ---- */

static bool is_declared(const struct graph *g, struct stage_id stage, struct str path)
{
    const struct manifest_stage *declared = g->stages[stage.index].declared;
    for (uint32_t i = 0; i < declared->dep_count; i++)
        if (str_equal(declared->deps[i].path, path) || path_is_below(path, declared->deps[i].path))
            return true;
    for (uint32_t i = 0; i < declared->out_count; i++)
        if (str_equal(declared->outs[i].path, path) || path_is_below(path, declared->outs[i].path))
            return true;
    return false;
}

static enum status add_found(const struct finish_request *r, struct arena *arena, struct str path,
                             struct finish_result *out, struct error *err)
{
    struct stage_id maker = graph_find_maker(r->graph, path);
    if (maker.index != GRAPH_NONE && !graph_is_upstream(r->graph, r->stage, maker)) {
        out->reason = str_format(
            arena, "it read " STR_FMT ", which stage `" STR_FMT "` makes; add it to its deps: `deps: [" STR_FMT "]`",
            STR_ARG(path), STR_ARG(r->graph->stages[maker.index].declared->name), STR_ARG(path));
        return STATUS_OK;
    }
    struct digest_options options = {.mode = DIGEST_DEP, .budget_bytes = UINT64_MAX, .patient = true};
    struct input now;
    bool complete;
    struct error why;
    enum status status = digest_path(r->project->fp, arena, path, &options, &now, &complete, &why);
    if (status != STATUS_OK)
        return refuse(arena, out, &why, err);
    status = dataset_check_found(r->project, arena, path, &now, &out->reason, &why);
    if (status != STATUS_OK)
        return refuse(arena, out, &why, err);
    if (out->reason.len > 0)
        return STATUS_OK;
    struct stat st;
    if (stat(path.ptr, &st) == 0 && S_ISREG(st.st_mode)) {
        struct file_stat stat = file_stat_of(&st);
        if (stat.ctime_ns >= r->started_ns) { /* the modification time is what somebody says, maybe in the future */
            out->reason =
                str_format(arena, "it read " STR_FMT ", which changed after it began; run it again", STR_ARG(path));
            return STATUS_OK;
        }
    }
    out->found[out->found_count++] =
        (struct record_input){.path = path, .kind = now.kind, .executable = now.executable, .digest = now.digest};
    return STATUS_OK;
}

static int compare_strs(const void *a, const void *b)
{
    return str_compare(*(const struct str *)a, *(const struct str *)b);
}

/* What was changed after the command began is known by its time; not if the clock was set back meanwhile. */
static bool clock_went_back(const struct finish_request *r)
{
    enum { TOLERANCE_MS = 1000 };
    return clock_wall_ms() + TOLERANCE_MS < r->started_ns / 1000000 + (int64_t)r->duration_ms;
}

/* Inputs found while running: everything in the depfile that is not declared. */
static enum status read_depfile(const struct finish_request *r, struct arena *arena, struct finish_result *out,
                                struct error *err)
{
    const struct manifest_stage *stage = r->graph->stages[r->stage.index].declared;
    if (stage->depfile.len == 0)
        return STATUS_OK;
    struct buf text = {0};
    struct error why;
    struct str *paths = NULL;
    uint32_t count = 0;
    enum status status = fs_read(stage->depfile.ptr, DEPFILE_BYTES_MAX, &text, &why);
    if (status == STATUS_NOT_FOUND)
        error_set(&why, STATUS_FAILED, "it did not write its depfile " STR_FMT, STR_ARG(stage->depfile));
    if (status == STATUS_OK)
        status = depfile_parse(arena, str_dup(arena, buf_view(&text)), stage->depfile.ptr, &paths, &count, &why);
    buf_finish(&text);
    if (status != STATUS_OK)
        return refuse(arena, out, &why, err);
    for (uint32_t i = 0; i < count; i++) {
        status = path_make(arena, r->project->root, stage->wdir, paths[i], &paths[i], &why);
        if (status != STATUS_OK)
            return refuse(arena, out, &why, err);
    }
    if (count > 1)
        qsort(paths, count, sizeof *paths, compare_strs);
    if (clock_went_back(r))
        out->reason = STR("the clock was set back while it ran, so that nobody can tell what it read; run it again");
    out->found = arena_array(arena, struct record_input, count);
    for (uint32_t i = 0; i < count && out->reason.len == 0; i++) {
        if ((i > 0 && str_equal(paths[i], paths[i - 1])) || is_declared(r->graph, r->stage, paths[i]))
            continue;
        status = add_found(r, arena, paths[i], out, err);
        if (status != STATUS_OK)
            return status;
    }
    return STATUS_OK;
}

/* ---- outs ---- */

enum status finish_out(const struct finish_request *r, struct arena *arena, const struct manifest_out *declared,
                       struct record_out *out, bool *produced, struct error *err)
{
    struct digest_options options = {.mode = DIGEST_OUT,
                                     .budget_bytes = declared->cache ? UINT64_MAX : UNCACHED_BYTES_MAX,
                                     .patient = !r->accepting,
                                     .verify = true, /* the command may have written what was hashed before it */
                                     .store = r->keep_record ? r->project->store : NULL,
                                     .progress = r->progress.progress,
                                     .announce = r->progress.announce,
                                     .ctx = r->progress.ctx};
    struct input now;
    bool complete;
    *produced = false;
    if (!declared->cache && declared->kind == OUT_PLAIN) {
        /* Its size decides whether it is stored: look first. */
        struct digest_options look = {
            .mode = DIGEST_OUT, .budget_bytes = UINT64_MAX, .patient = !r->accepting, .verify = true};
        options.verify = false;
        enum status status = digest_path(r->project->fp, arena, declared->path, &look, &now, &complete, err);
        if (status != STATUS_OK)
            return status;
        if (now.size > UNCACHED_BYTES_MAX)
            options.store = NULL;
    }
    options.budget_bytes = UINT64_MAX;
    enum status status = digest_path(r->project->fp, arena, declared->path, &options, &now, &complete, err);
    if (status != STATUS_OK)
        return status;
    *produced = now.kind != ENTRY_MISSING;
    *out = (struct record_out){.path = declared->path,
                               .kind = now.kind,
                               .executable = now.executable,
                               .stored = options.store != NULL,
                               .digest = now.digest,
                               .size = now.size};
    return STATUS_OK;
}

static int compare_outs(const void *a, const void *b)
{
    return str_compare(((const struct record_out *)a)->path, ((const struct record_out *)b)->path);
}

void outs_sort(struct record_out *outs, uint32_t count)
{
    if (count > 1)
        qsort(outs, count, sizeof *outs, compare_outs);
}

/* Sorted by path, whatever the order of the declaration: so are those of refit.lock. */
static enum status gather_outs(const struct finish_request *r, struct arena *arena, struct finish_result *out,
                               struct error *err)
{
    const struct manifest_stage *stage = r->graph->stages[r->stage.index].declared;
    out->outs = arena_array(arena, struct record_out, stage->out_count);
    for (uint32_t i = 0; i < stage->out_count; i++) {
        bool produced;
        struct error why;
        enum status status = finish_out(r, arena, &stage->outs[i], &out->outs[i], &produced, &why);
        if (status != STATUS_OK)
            return refuse(arena, out, &why, err);
        if (!produced) {
            out->reason = str_format(arena, "it did not produce its out " STR_FMT "; correct the command, or `outs`",
                                     STR_ARG(str_printable(arena, stage->outs[i].path)));
            return STATUS_OK;
        }
        out->out_count = i + 1;
    }
    outs_sort(out->outs, out->out_count);
    return STATUS_OK;
}

enum status finish_put_log(struct store *store, struct str path, struct digest *digest, struct error *err)
{
    int fd = path.len > 0 ? open(path.ptr, O_RDONLY | O_CLOEXEC) : -1;
    struct stat st;
    enum status status = STATUS_OK;
    uint64_t size;
    *digest = (struct digest){{0}};
    if (fd >= 0 && fstat(fd, &st) == 0 && st.st_size > 0)
        status = store_put_fd(store, fd, path.ptr, digest, &size, NULL, NULL, err);
    if (fd >= 0)
        close(fd);
    return status;
}

static enum status put_record(const struct finish_request *r, struct arena *arena, const struct finish_result *out,
                              struct error *err)
{
    struct record record = {.key = r->key,
                            .created_ms = clock_wall_ms(),
                            .duration_ms = r->duration_ms,
                            .origin = str_from(stage_origin(arena, r->project)),
                            .outs = out->outs,
                            .out_count = out->out_count,
                            .inputs = out->found,
                            .input_count = out->found_count};
    enum status status = finish_put_log(r->project->store, r->log_path, &record.log, err);
    if (status == STATUS_OK)
        status = store_put_record(r->project->store, &record, err);
    return status;
}

enum status finish_stage(const struct finish_request *r, struct arena *arena, struct finish_result *out,
                         struct error *err)
{
    *out = (struct finish_result){0};
    enum status status = r->keep_record ? project_open_store(r->project, err) : STATUS_OK;
    if (status == STATUS_OK && !r->accepting)
        status = check_inputs(r, arena, out, err);
    struct str changed = out->reason;
    out->reason = STR("");
    if (status == STATUS_OK)
        status = gather_outs(r, arena, out, err);
    if (r->accepting) {
        out->found = r->found;
        out->found_count = r->found_count;
    } else if (status == STATUS_OK && out->reason.len == 0) {
        status = read_depfile(r, arena, out, err);
    }
    if (status != STATUS_OK || out->reason.len > 0) {
        out->changed = false; /* nothing that could be accepted */
        return status;
    }
    out->reason = changed;
    if (out->changed)
        return STATUS_OK;
    out->ok = true;
    return r->keep_record ? put_record(r, arena, out, err) : STATUS_OK;
}
