/* What a run, a restore or an acceptance leaves in the history: who, when, from which commit, and what became of each
 * stage. */
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "refit/base/fs.h"
#include "refit/base/path.h"
#include "refit/base/version.h"
#include "run/run.h"

static const struct str fault_name = {"git fault", 9};

void recording_begin(struct recording *r, struct project *project, struct report *report, struct str id)
{
    *r = (struct recording){.project = project,
                            .report = report,
                            .id = id,
                            .started_ms = clock_wall_ms(),
                            .began_ms = clock_monotonic_ms()};
}

void recording_finish(struct recording *r)
{
    free(r->stages);
    r->stages = NULL;
}

void recording_note(struct recording *r, const struct history_stage *stage)
{
    struct arena *arena = &r->project->arena;
    if (stage->state == STATE_FRESH)
        return;
    r->worth |= stage->state != STATE_SKIPPED;
    MEM_GROW(r->stages, r->count, r->cap);
    r->stages[r->count] = *stage;
    r->stages[r->count].name = str_dup(arena, stage->name);
    r->stages[r->count].reason = str_dup(arena, stage->reason);
    r->count++;
}

/* ---- git ---- */

/* What refit makes and writes itself makes a tree no dirtier. */
static bool is_made(void *ctx, struct str file)
{
    const struct project *p = ctx;
    return str_is(file, LOCK_FILE) || graph_find_maker(&p->graph, file).index != GRAPH_NONE;
}

/* It is said once: a run must not fail of it, nor say it every time. */
static void warn_once(struct recording *r)
{
    struct project *p = r->project;
    struct error ignored; /* then it is said again */
    struct str before;
    bool found;
    if (state_get_value(p->state, fault_name, &p->arena, &before, &found, &ignored) == STATUS_OK && found &&
        str_equal(before, r->fault))
        return;
    state_set_value(p->state, fault_name, r->fault);
    if (r->fault.len > 0)
        report_warning(r->report, str_format(&p->arena, "git could not be read, so the history has no commit for this "
                                             "run: " STR_FMT, STR_ARG(r->fault)));
}

void recording_see_head(struct recording *r)
{
    struct project *p = r->project;
    struct error why;
    if (r->has_head)
        return;
    r->has_head = true;
    if (vcs_read_head(&p->arena, p->root.ptr, is_made, p, &r->head, &why) == STATUS_OK)
        return;
    char text[3072];
    r->fault = str_dup(&p->arena, str_from(error_text(&why, text, sizeof text)));
}

/* ---- metrics ---- */

struct filling {
    struct recording *recording;
    const struct lock *lock;
    struct history_build *builds;
    struct history_metric *metrics; /* malloc'd, of the build that is filled */
    uint32_t count, cap;
    struct str path;
};

static void add_value(void *ctx, struct str name, const struct value *value)
{
    struct filling *f = ctx;
    struct arena *arena = &f->recording->project->arena;
    struct buf text = {0};
    value_canonical(value, &text);
    MEM_GROW(f->metrics, f->count, f->cap);
    f->metrics[f->count++] =
        (struct history_metric){f->path, str_dup(arena, name), str_dup(arena, buf_view(&text))};
    buf_finish(&text);
}

bool metric_read(struct project *p, struct arena *arena, const struct record_out *out, struct str *text)
{
    struct buf bytes = {0};
    struct error ignored; /* what cannot be read has no values */
    *text = STR("");
    if (out->kind != ENTRY_FILE || out->size > METRIC_BYTES_MAX)
        return false;
    bool read = fs_read(out->path.ptr, METRIC_BYTES_MAX, &bytes, &ignored) == STATUS_OK &&
                digest_equal(digest_of(bytes.ptr, bytes.len), out->digest);
    if (!read && out->stored && p->store != NULL) {
        buf_clear(&bytes);
        read = store_get_bytes(p->store, out->digest, &bytes, &ignored) == STATUS_OK;
    }
    *text = str_dup(arena, buf_view(&bytes));
    buf_finish(&bytes);
    return read;
}

static bool is_metric(const struct project *p, struct str stage, struct str path)
{
    const struct graph *g = &p->graph;
    struct stage_id id = graph_find_stage(g, stage);
    const struct manifest_stage *declared = id.index != GRAPH_NONE ? g->stages[id.index].declared : NULL;
    for (uint32_t i = 0; declared != NULL && i < declared->out_count; i++)
        if (str_equal(declared->outs[i].path, path))
            return manifest_is_metric(&p->manifest, &declared->outs[i]);
    return false;
}

/* The values of its metrics as they are now: another program may read them otherwise, or not at all. A file that is no
 * metric is told of by `refit metrics`. */
static void fill_metrics(void *ctx, uint32_t at)
{
    struct filling *f = ctx;
    struct project *p = f->recording->project;
    const struct lock_stage *stage = &f->lock->stages[at];
    f->count = 0;
    for (uint32_t i = 0; i < stage->out_count; i++) {
        const struct record_out *out = &stage->outs[i];
        struct str text;
        struct value *value;
        struct error ignored;
        f->path = out->path;
        if (is_metric(p, stage->name, out->path) && metric_read(p, &p->arena, out, &text) &&
            metric_parse(&p->arena, out->path, text, &p->reader, &value, &ignored) == STATUS_OK && value != NULL)
            metric_flatten(&p->arena, value, add_value, f);
    }
    f->builds[at].metrics = arena_copy(&p->arena, f->metrics, f->count * sizeof *f->metrics);
    f->builds[at].metric_count = f->count;
}

/* ---- saving ---- */

static struct str user_name(struct arena *arena)
{
    const struct passwd *user = getpwuid(geteuid());
    return user != NULL ? str_dup(arena, str_from(user->pw_name)) : str_format(arena, "uid %ld", (long)geteuid());
}

static struct history_run describe(struct recording *r, int exit_status, const uint32_t counts[HISTORY_COUNTERS])
{
    struct project *p = r->project;
    char host[256] = "";
    if (gethostname(host, sizeof host - 1) != 0)
        host[0] = '\0';
    struct history_run run = {.id = r->id,
                              .started_ms = r->started_ms,
                              .duration_ms = (uint64_t)(clock_monotonic_ms() - r->began_ms),
                              .user = user_name(&p->arena),
                              .host = str_dup(&p->arena, str_from(host)),
                              .command = p->command,
                              .folder = p->cwd,
                              .version = STR(REFIT_VERSION),
                              .commit = r->head.commit,
                              .branch = r->head.branch,
                              .fault = r->fault,
                              .dirty = r->head.dirty,
                              .diff = r->head.diff,
                              .exit_status = exit_status};
    memcpy(run.counts, counts, sizeof run.counts);
    return run;
}

static struct history_build *make_builds(struct arena *arena, const struct lock *lock)
{
    struct history_build *builds = arena_array(arena, struct history_build, lock->stage_count);
    for (uint32_t i = 0; i < lock->stage_count; i++) {
        const struct lock_stage *stage = &lock->stages[i];
        struct buf fields = {0};
        struct fields all = {arena_array(arena, struct field, stage->fields.count + (size_t)stage->found.count),
                             stage->fields.count + stage->found.count};
        for (uint32_t k = 0; k < all.count; k++)
            all.items[k] = k < stage->fields.count ? stage->fields.items[k]
                                                   : stage->found.items[k - stage->fields.count];
        fields_encode(&all, &fields);
        builds[i] = (struct history_build){.stage = stage->name,
                                           .key = stage->key,
                                           .fields = str_dup(arena, buf_view(&fields)),
                                           .outs = stage->outs,
                                           .out_count = stage->out_count};
        buf_finish(&fields);
    }
    return builds;
}

enum status recording_save(struct recording *r, const struct lock *lock, int exit_status,
                           const uint32_t counts[HISTORY_COUNTERS], struct error *err)
{
    struct project *p = r->project;
    struct history *history;
    if (!r->worth)
        return STATUS_OK;
    recording_see_head(r);
    warn_once(r);
    struct history_run run = describe(r, exit_status, counts);
    struct filling filling = {.recording = r, .lock = lock, .builds = make_builds(&p->arena, lock)};
    struct history_addition addition = {.run = &run,
                                        .stages = r->stages,
                                        .stage_count = r->count,
                                        .builds = filling.builds,
                                        .build_count = lock->stage_count,
                                        .complete = fill_metrics,
                                        .ctx = &filling};
    enum status status = project_open_history(p, false, &history, err);
    if (status != STATUS_OK)
        return status;
    status = history_add(history, &addition, err);
    if (status == STATUS_OK)
        status = pins_publish(p, history, err);
    history_close(history);
    free(filling.metrics);
    return status;
}

/* ---- reading it back ---- */

/* As the names of a refit.lock, they are terminated: deps are looked for. */
static void terminate_names(struct arena *arena, struct fields *fields)
{
    for (uint32_t i = 0; i < fields->count; i++)
        if (fields->items[i].tag == FIELD_DEP)
            fields->items[i].name = str_dup(arena, fields->items[i].name);
}

enum status history_get_lock(struct history *history, uint64_t number, struct arena *arena, struct lock *out,
                             struct error *err)
{
    struct history_tip *tips;
    struct history_build build;
    *out = (struct lock){0};
    uint32_t count;
    enum status status = history_get_picture(history, number, arena, &tips, &count, err);
    out->stages = arena_array(arena, struct lock_stage, count);
    for (uint32_t i = 0; i < count && status == STATUS_OK; i++) {
        struct lock_stage *stage = &out->stages[out->stage_count];
        status = history_get_build(history, &tips[i], arena, &build, err);
        *stage = (struct lock_stage){.name = build.stage, .key = build.key, .outs = build.outs,
                                     .out_count = build.out_count};
        if (status == STATUS_OK && !fields_decode(arena, build.fields, &stage->fields))
            status = error_set(err, STATUS_STORE, "the history has fields of stage `" STR_FMT "` that make no sense; "
                               "they were written by another version of refit", STR_ARG(build.stage));
        if (status == STATUS_OK) {
            terminate_names(arena, &stage->fields);
            fields_split_found(&stage->fields, &stage->found);
        }
        out->stage_count++;
    }
    lock_sort(out);
    return status;
}

static int compare_metrics(const void *a, const void *b)
{
    const struct history_metric *x = a, *y = b;
    int order = str_compare(x->path, y->path);
    return order != 0 ? order : str_compare(x->name, y->name);
}

enum status history_get_values(struct history *history, uint64_t number, struct arena *arena,
                               struct history_metric **out, uint32_t *count, struct error *err)
{
    struct history_tip *tips;
    struct history_metric *all = NULL;
    uint32_t tip_count, cap = 0;
    *count = 0;
    enum status status = history_get_picture(history, number, arena, &tips, &tip_count, err);
    for (uint32_t i = 0; i < tip_count && status == STATUS_OK; i++) {
        struct history_metric *metrics;
        uint32_t here = 0;
        if (tips[i].has_metrics)
            status = history_get_metrics(history, tips[i].build, arena, &metrics, &here, err);
        for (uint32_t k = 0; k < here && status == STATUS_OK; k++) {
            MEM_GROW(all, *count, cap);
            all[(*count)++] = metrics[k];
        }
    }
    if (*count > 1)
        qsort(all, *count, sizeof *all, compare_metrics);
    *out = arena_copy(arena, all, *count * sizeof *all);
    free(all);
    return status;
}
