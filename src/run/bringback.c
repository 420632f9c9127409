/* `refit restore`: outs as refit.lock has them, without running anything. */
#include <stdlib.h>
#include <string.h>

#include "refit/base/fs.h"
#include "refit/base/interrupt.h"
#include "refit/base/path.h"
#include "run/dvccache.h"
#include "run/reproduce.h"

/* Does a target (a name or a path) concern this out? A stage of a past refit.lock need not be one now. */
static bool concerns(struct str target, enum name_kind kind, struct str stage, struct str path)
{
    return graph_name_means(kind, target, stage) || str_equal(target, stage) || str_equal(target, path) ||
           path_is_below(path, target) ||
           path_is_below(target, path);
}

struct bringing {
    struct project *project;
    const char *revision; /* whose refit.lock it is; NULL = the one here */
    bool source;          /* it is one that is brought */
    struct clearing clearing;
    const struct str *targets;
    uint32_t count;
    enum name_kind *kinds; /* of the targets */
    bool *used;
    struct restore_counts *counts;
    struct report *report;
    struct recording recording;
};

static void count_bytes(void *ctx, uint64_t bytes)
{
    report_bytes(ctx, REPORT_RESTORING, bytes);
    report_tick(ctx);
}

/* What refit.lock names and the stage no longer declares stays as it is. */
static bool is_declared(const struct bringing *b, struct str stage, struct str path)
{
    const struct graph *g = &b->project->graph;
    struct stage_id maker = graph_find_maker(g, path);
    if (maker.index == GRAPH_NONE || !str_equal(g->stages[maker.index].declared->name, stage))
        return false;
    const struct manifest_stage *declared = g->stages[maker.index].declared;
    for (uint32_t i = 0; i < declared->out_count; i++)
        if (str_equal(declared->outs[i].path, path))
            return true;
    return false;
}

static bool any_target_is(struct bringing *b, struct str stage, struct str path)
{
    bool any = b->count == 0;
    for (uint32_t i = 0; i < b->count; i++)
        if (concerns(b->targets[i], b->kinds[i], stage, path))
            any = b->used[i] = true;
    return any;
}

/* What was an out and is none now is brought back only if somebody asks for it. */
static bool wanted(struct bringing *b, struct str stage, struct str path)
{
    bool asked = b->revision != NULL && b->count > 0;
    return (asked || is_declared(b, stage, path)) && any_target_is(b, stage, path);
}

static enum status bring(struct bringing *b, const struct lock_stage *stage, const struct record_out *out,
                         struct error *err)
{
    struct digest_options options = {.mode = DIGEST_OUT, .budget_bytes = UINT64_MAX};
    struct arena *arena = b->clearing.arena;
    struct input now;
    bool complete, has = out->stored;
    struct error ignored;
    if (digest_path(b->project->fp, arena, out->path, &options, &now, &complete, &ignored) == STATUS_OK &&
        now.kind == out->kind && now.executable == out->executable && digest_equal(now.digest, out->digest)) {
        b->counts->fresh++;
        return STATUS_OK;
    }
    if (interrupt_check(false, err) != STATUS_OK)
        return STATUS_INTERRUPTED;
    enum status status = has ? store_has(b->project->store, out->digest, &has, err) : STATUS_OK;
    if (status == STATUS_OK && !has)
        return error_set(err, STATUS_STORE,
                         "the store does not have " STR_FMT " of stage `" STR_FMT
                         "` as refit.lock%s%s names it; %s",
                         STR_ARG(str_printable(arena, out->path)), STR_ARG(stage->name), b->revision ? " of " : "",
                         b->revision ? b->revision : "",
                         b->source     ? "it keeps sources that are data sets (`data`)"
                         : b->revision ? "`refit reproduce --rerun` makes it again"
                                       : "run the stage");
    struct restore_progress progress = {.progress = count_bytes, .ctx = b->report};
    report_bytes_begin(b->report, REPORT_RESTORING, out->size);
    if (status == STATUS_OK)
        status = restore_out(&b->clearing, out, &progress, err);
    if (status == STATUS_NOT_FOUND || status == STATUS_CORRUPT) {
        error_wrap(err, STR_FMT " of stage `" STR_FMT "` as refit.lock%s%s names it",
                   STR_ARG(str_printable(arena, out->path)), STR_ARG(stage->name), b->revision ? " of " : "",
                   b->revision ? b->revision : "");
        err->status = status = status == STATUS_CORRUPT ? status : STATUS_STORE; /* gc took it meanwhile */
    }
    if (status == STATUS_OK)
        b->counts->restored++;
    return status;
}

static void note(struct bringing *b, struct str stage, struct digest key, uint32_t restored_before)
{
    struct history_stage noted = {.name = stage, .state = STATE_RESTORED, .key = key, .reason = STR("asked for")};
    if (b->counts->restored > restored_before)
        recording_note(&b->recording, &noted);
}

/* What is missing of the outs of .dvc files, from DVC's cache. What is there stays as it is. */
static enum status bring_from_dvc(struct bringing *b, const struct manifest_stage *stage, struct error *err)
{
    struct restore_progress progress = {.progress = count_bytes, .ctx = b->report};
    struct dvc_cache *cache;
    uint32_t before = b->counts->restored;
    enum status status = dvc_cache_open(b->project, &cache, err);
    if (status != STATUS_OK)
        return status;
    b->clearing.stage = stage->name;
    b->clearing.known_count = 0;
    for (uint32_t i = 0; i < stage->out_count && status == STATUS_OK; i++) {
        const struct manifest_out *declared = &stage->outs[i];
        struct record_out out;
        struct stat st;
        bool found;
        if (declared->md5.len == 0 || !any_target_is(b, stage->name, declared->path))
            continue;
        status = fs_lstat(declared->path.ptr, &st, &found, err);
        if (status != STATUS_OK || found)
            continue;
        status = dvc_cache_take(cache, b->clearing.arena, declared->path, declared->md5, declared->executable, &out,
                                err);
        if (status != STATUS_OK)
            break;
        report_bytes_begin(b->report, REPORT_RESTORING, out.size);
        status = restore_out(&b->clearing, &out, &progress, err);
        b->counts->restored += status == STATUS_OK;
    }
    dvc_cache_close(cache);
    note(b, stage->name, (struct digest){{0}}, before);
    return status;
}

static enum status bring_stage(struct bringing *b, const struct lock_stage *stage, struct error *err)
{
    uint32_t before = b->counts->restored;
    enum status status = STATUS_OK;
    b->clearing.stage = stage->name;
    b->clearing.known = stage->outs;
    b->clearing.known_count = stage->out_count;
    for (uint32_t i = 0; i < stage->out_count && status == STATUS_OK; i++)
        if (wanted(b, stage->name, stage->outs[i].path))
            status = bring(b, stage, &stage->outs[i], err);
    note(b, stage->name, stage->key, before);
    return status;
}

/* A source of a past build comes back if it is named itself, and the store has it: it was of a data set. */
static enum status bring_sources(struct bringing *b, const struct lock *lock, struct error *err)
{
    enum status status = STATUS_OK;
    for (uint32_t t = 0; t < b->count && b->revision != NULL; t++)
        for (uint32_t i = 0; i < lock->stage_count && !b->used[t] && status == STATUS_OK; i++)
            for (uint32_t k = 0; k < lock->stages[i].fields.count && !b->used[t] && status == STATUS_OK; k++) {
                const struct field *dep = &lock->stages[i].fields.items[k];
                struct record_out source;
                if (dep->tag != FIELD_DEP || !str_equal(dep->name, b->targets[t]) || !path_is_inside(dep->name) ||
                    !source_parse(dep, &source))
                    continue;
                b->used[t] = b->source = true;
                b->clearing.stage = lock->stages[i].name;
                b->clearing.known_count = 0;
                status = bring(b, &lock->stages[i], &source, err);
            }
    return status;
}

static enum status bring_all(struct bringing *b, const struct lock *lock, struct report *report, struct error *err)
{
    enum status status = STATUS_OK;
    for (uint32_t i = 0; i < lock->stage_count && status == STATUS_OK; i++)
        status = bring_stage(b, &lock->stages[i], err);
    if (status == STATUS_OK)
        status = bring_sources(b, lock, err);
    const struct graph *g = &b->project->graph;
    for (uint32_t i = 0; i < g->stage_count && status == STATUS_OK && b->revision == NULL; i++)
        if (g->stages[i].declared->source)
            status = bring_from_dvc(b, g->stages[i].declared, err);
    for (uint32_t i = 0; i < b->clearing.rescued_count; i++)
        report_note(report, str_format(b->clearing.arena, "what was in the way and not in the store is now " STR_FMT,
                                       STR_ARG(str_printable(b->clearing.arena, b->clearing.rescued[i]))));
    for (uint32_t i = 0; i < b->count && status == STATUS_OK; i++)
        if (!b->used[i])
            status = error_set(err, STATUS_USAGE, "refit.lock%s%s has no%s stage or out `" STR_FMT "`",
                               b->revision ? " of " : "", b->revision ? b->revision : "",
                               b->revision ? "" : " declared", STR_ARG(b->targets[i]));
    return status;
}

/* What was restored is in the history, whatever ended it. */
static enum status record(struct bringing *b, const struct lock *lock, enum status status, struct error *err)
{
    struct error late;
    uint32_t counts[HISTORY_COUNTERS] = {[STATE_RESTORED - STATE_FRESH] = b->recording.count};
    enum status recorded = recording_save(&b->recording, lock, status_exit(status), counts, &late);
    if (status == STATUS_OK && recorded != STATUS_OK)
        *err = late;
    return status == STATUS_OK ? recorded : status;
}

/* What was digested before an interrupt need not be digested again. */
static enum status remember(struct project *p, enum status status, struct error *err)
{
    struct error late;
    enum status committed = state_commit(p->state, &late);
    if (status == STATUS_OK && committed != STATUS_OK)
        *err = late;
    return status == STATUS_OK ? committed : status;
}

enum status run_restore(struct project *p, const char *revision, const struct str *targets, uint32_t count,
                        struct report *report, struct restore_counts *counts, struct error *err)
{
    struct lock lock, past;
    struct vcs_commit commit;
    struct bringing b = {.project = p,
                         .revision = revision,
                         .targets = targets,
                         .count = count,
                         .counts = counts,
                         .report = report};
    *counts = (struct restore_counts){0};
    b.used = arena_array(&p->arena, bool, count);
    b.kinds = arena_array(&p->arena, enum name_kind, count);
    for (uint32_t i = 0; i < count; i++)
        b.kinds[i] = graph_name_kind(&p->graph, targets[i]);
    b.clearing = (struct clearing){.project = p, .arena = &p->arena, .run_id = run_make_id(&p->arena)};
    recording_begin(&b.recording, p, report, b.clearing.run_id);
    report_restore_started(report);
    enum status status = revision != NULL ? revision_lock(p, revision, &commit, &past, err) : STATUS_OK;
    if (status == STATUS_OK)
        status = take_over(p, report, err);
    if (status == STATUS_OK)
        status = workspace_begin(p->workspace, err);
    if (status == STATUS_OK)
        status = lock_load(&p->arena, &lock, err);
    if (status == STATUS_OK)
        status = project_open_store(p, err);
    if (status == STATUS_OK)
        status = roots_publish(p, &lock, err); /* a clone may never run: gc must know of it all the same */
    bool began = status == STATUS_OK;
    if (status == STATUS_OK)
        status = bring_all(&b, revision != NULL ? &past : &lock, report, err);
    if (status == STATUS_OK)
        status = store_flush(p->store, err);
    if (began)
        status = record(&b, &lock, status, err);
    if (status == STATUS_OK || status == STATUS_INTERRUPTED)
        status = remember(p, status, err);
    clear_finish(&b.clearing);
    recording_finish(&b.recording);
    workspace_settle(p->workspace);
    return status;
}
