/* Reproducing a revision: what its refit.lock says was made, had back from the store or made again, and compared. */
#include "run/reproduce.h"

#include <stdlib.h>
#include <string.h>

#include "refit/base/fs.h"
#include "refit/base/interrupt.h"
#include "refit/base/path.h"
#include "refit/vcs.h"
#include "run/copy.h"

enum { SHORT_ID = 12 };

const char *reproduced_name(enum reproduced result)
{
    static const char *const names[] = {[REPRODUCED_IDENTICAL] = "identical",
                                        [REPRODUCED_DIFFERENT] = "different",
                                        [REPRODUCED_NOT] = "not reproducible",
                                        [REPRODUCED_PASSED_OVER] = "passed over"};
    return names[result];
}

/* ---- the commit ---- */

static enum status read_lock(struct project *here, const struct vcs_commit *commit, const char *revision,
                             struct lock *out, struct error *err)
{
    struct str text;
    bool found;
    enum status status = vcs_read_file(&here->arena, here->root.ptr, commit, LOCK_FILE, &text, &found, err);
    if (status == STATUS_OK && !found)
        return error_set(err, STATUS_NOT_FOUND, "%s has no refit.lock, so nothing says what was built then; commit "
                         "refit.lock with what it was built from", revision);
    return status == STATUS_OK ? lock_parse(&here->arena, text, out, err) : status;
}

enum status revision_lock(struct project *here, const char *revision, struct vcs_commit *commit, struct lock *out,
                          struct error *err)
{
    enum status status = vcs_find_commit(&here->arena, here->root.ptr, revision, commit, err);
    if (status != STATUS_OK)
        return status;
    status = read_lock(here, commit, revision, out, err);
    return status == STATUS_MANIFEST ? error_wrap(err, "in %s", revision) : status;
}

/* What the run was made from is not in git if there was none, or none that could be read. */
static enum status find_run(struct project *here, const struct reproduce_options *options, struct vcs_commit *commit,
                            struct reproduction *r, struct error *err)
{
    const struct history_run *run = options->run;
    r->name = str_format(&here->arena, "run " STR_FMT, STR_ARG(run->id));
    r->lock = *options->lock;
    if (run->commit.len == 0)
        return error_set(err, STATUS_NOT_FOUND, STR_FMT " was made from no commit%s" STR_FMT ", so its code is not to "
                         "be had back; `refit show " STR_FMT "` says what it was made from", STR_ARG(r->name),
                         run->fault.len > 0 ? ": " : "", STR_ARG(run->fault), STR_ARG(run->id));
    enum status status = vcs_find_commit(&here->arena, here->root.ptr, str_terminated(&here->arena, run->commit),
                                         commit, err);
    return status == STATUS_NOT_FOUND ? error_wrap(err, STR_FMT " was made from a commit that is not here any more",
                                                   STR_ARG(r->name))
                                      : status;
}

static enum status find_build(struct project *here, const struct reproduce_options *options, struct vcs_commit *commit,
                              struct reproduction *r, struct error *err)
{
    if (options->run != NULL)
        return find_run(here, options, commit, r, err);
    r->name = str_from(options->revision);
    return revision_lock(here, options->revision, commit, &r->lock, err);
}

/* In its folder a run's picture is what the commit's refit.lock may not be: that is written after the run. */
static enum status write_picture(struct reproduction *r, struct error *err)
{
    struct buf text = {0};
    lock_print(&r->lock, &text);
    struct str place = path_join(r->arena, r->copying->root, STR(LOCK_FILE));
    enum status status = fs_write_atomic(place.ptr, str_format(r->arena, STR_FMT ".tmp", STR_ARG(place)).ptr,
                                         buf_view(&text), 0666, false, err);
    buf_finish(&text);
    return status;
}

/* Paths beside the project's folder are beside the copy's only if all of the repository is there. */
static bool leads_out(const struct lock *lock)
{
    for (uint32_t i = 0; i < lock->stage_count; i++)
        for (uint32_t k = 0; k < lock->stages[i].fields.count; k++) {
            const struct field *field = &lock->stages[i].fields.items[k];
            if (field->tag == FIELD_DEP && str_starts(field->name, STR("../")))
                return true;
        }
    return false;
}

static void add_lack(struct reproduction *r, struct str path, struct str reason)
{
    struct arena *arena = r->arena;
    struct lacking *grown = arena_array(arena, struct lacking, r->lack_count + 1u);
    if (r->lack_count > 0)
        memcpy(grown, r->lacks, r->lack_count * sizeof *grown);
    grown[r->lack_count++] = (struct lacking){path, reason};
    r->lacks = grown;
}

/* `inside`: where the project is in what was written. */
static void take_lacks(struct reproduction *r, const struct vcs_lacks *lacks, struct str inside)
{
    for (uint32_t i = 0; i < lacks->count; i++)
        add_lack(r, path_relative(r->arena, inside, lacks->items[i].path),
                 lacks->items[i].submodule ? STR("the commit has a submodule here, whose files are elsewhere")
                                           : STR("the commit has a pointer of Git LFS here, not the content"));
}

static enum status find_manifest(const struct project *here, const struct copying *c, struct str revision,
                                 struct str *out, struct error *err)
{
    struct str names[] = {here->manifest_path, STR("refit.yaml"), STR("dvc.yaml")};
    for (size_t i = here->dialect == MANIFEST_DVC; i < sizeof names / sizeof *names; i++) {
        struct stat st;
        bool found;
        struct arena scratch;
        arena_init(&scratch);
        enum status status = fs_lstat(path_join(&scratch, c->root, names[i]).ptr, &st, &found, err);
        arena_finish(&scratch);
        if (status != STATUS_OK)
            return status;
        *out = names[i];
        if (found)
            return STATUS_OK;
    }
    return error_set(err, STATUS_NOT_FOUND, STR_FMT " has no refit.yaml", STR_ARG(revision));
}

enum status reproduce_open(struct project *here, const struct reproduce_options *options, struct reproduction *r,
                           struct error *err)
{
    struct arena *arena = &here->arena;
    struct vcs_commit commit;
    struct vcs_lacks lacks = {0};
    struct str manifest;
    *r = (struct reproduction){.arena = arena};
    enum status status = find_build(here, options, &commit, r, err);
    if (status == STATUS_OK)
        status = sources_look(here, &r->lock, &r->sources, err);
    if (status != STATUS_OK)
        return status;
    r->commit = commit.id;
    bool whole = leads_out(&r->lock) && commit.prefix.len > 0;
    struct str inside = whole ? str_dup(arena, str_slice(commit.prefix, 0, commit.prefix.len - 1)) : STR(".");
    struct str folder = options->run != NULL
                            ? str_format(arena, ".refit/reproduce/" STR_FMT, STR_ARG(options->run->id))
                            : str_format(arena, ".refit/reproduce/%.*s", SHORT_ID, commit.id.ptr);
    if (options->into != NULL)
        folder = options->into[0] == '/' ? str_from(options->into)
                                         : path_join(arena, here->cwd, str_from(options->into));
    r->copying = arena_new(arena, struct copying);
    status = copy_begin(here, folder, inside, r->copying, err);
    r->folder = r->copying->folder;
    if (status == STATUS_OK)
        status = vcs_materialise(arena, here->root.ptr, &commit, whole, r->folder.ptr, &lacks, err);
    take_lacks(r, &lacks, inside);
    if (status == STATUS_OK)
        status = find_manifest(here, r->copying, r->name, &manifest, err);
    if (status == STATUS_OK && options->run != NULL)
        status = write_picture(r, err);
    if (status == STATUS_OK)
        status = copy_open(r->copying, manifest, options->config_overrides, options->override_count, &r->project, err);
    if (status == STATUS_OK) /* words are paths from where the user stands */
        r->project->cwd = path_is_inside(here->cwd) ? here->cwd : STR(".");
    return status;
}

void reproduce_close(struct reproduction *r)
{
    project_close(r->project);
    r->project = NULL;
    table_finish(&r->sources);
    if (r->copying != NULL)
        copy_end(r->copying);
}

/* ---- stages ---- */

struct working {
    struct reproduction *r;
    struct project *project;
    struct arena *arena;
    const struct reproduce_options *options;
    struct clearing clearing;
    struct restore_progress progress;
    struct report *report;
    bool *selected;
    bool all; /* no target was named */
    uint32_t *entries; /* stage → index in r->stages */
};

static void count_bytes(void *ctx, uint64_t bytes)
{
    report_bytes(ctx, REPORT_RESTORING, bytes);
    report_tick(ctx);
}

static void settle_stage(struct reproduced_stage *s, enum reproduced result, struct str reason)
{
    s->result = result;
    s->reason = reason;
}

static struct str error_reason(struct arena *arena, const struct error *why)
{
    char text[3072];
    return str_dup(arena, str_from(error_text(why, text, sizeof text)));
}

/* An out as refit.lock has it, from the store unless it is there. *reason is set if that cannot be. */
static enum status take_out(struct working *w, const struct record_out *out, struct str *reason, struct error *err)
{
    struct str shown = str_printable(w->arena, out->path);
    struct digest_options look = {.mode = DIGEST_OUT, .budget_bytes = UINT64_MAX};
    struct input now;
    bool complete, has;
    struct error why;
    if (!copy_has_room(w->r->copying, w->arena, out->path)) {
        *reason = str_format(w->arena, STR_FMT " leads out of the folder through a link; nothing is written there",
                             STR_ARG(shown));
        return STATUS_OK;
    }
    if (digest_path(w->project->fp, w->arena, out->path, &look, &now, &complete, &why) == STATUS_OK &&
        now.kind == out->kind && now.executable == out->executable && digest_equal(now.digest, out->digest))
        return interrupt_check(false, err);
    enum status status = store_has(w->project->store, out->digest, &has, err);
    if (status == STATUS_OK && has) {
        report_bytes_begin(w->report, REPORT_RESTORING, out->size);
        status = restore_out(&w->clearing, out, &w->progress, &why);
        if (status == STATUS_CORRUPT)
            *reason = error_reason(w->arena, &why);
        else if (status != STATUS_OK && status != STATUS_NOT_FOUND)
            *err = why;
    }
    if ((status == STATUS_OK && !has) || status == STATUS_NOT_FOUND)
        *reason = str_format(w->arena, "the store does not have " STR_FMT " of " STR_FMT "%s", STR_ARG(shown),
                             STR_ARG(w->r->name), !out->stored ? ", which is not kept (`cache: false`)" : "");
    return status == STATUS_NOT_FOUND || status == STATUS_CORRUPT ? STATUS_OK : status;
}

static enum status take_outs(struct working *w, const struct lock_stage *stage, struct str *reason, struct error *err)
{
    enum status status = STATUS_OK;
    w->clearing.stage = stage->name;
    for (uint32_t i = 0; i < stage->out_count && status == STATUS_OK && reason->len == 0; i++)
        status = take_out(w, &stage->outs[i], reason, err);
    return status;
}

static enum status from_store(struct working *w, const struct lock_stage *stage, struct reproduced_stage *s,
                              struct error *err)
{
    struct str reason = STR("");
    enum status status = take_outs(w, stage, &reason, err);
    if (status != STATUS_OK)
        return status;
    if (reason.len == 0)
        settle_stage(s, REPRODUCED_IDENTICAL, stage->out_count == 0 ? STR("it has no outs") : STR(""));
    else
        settle_stage(s, REPRODUCED_NOT,
                     w->options->rerun ? reason
                                       : str_format(w->arena, STR_FMT "; `--rerun` makes it again", STR_ARG(reason)));
    return STATUS_OK;
}

/* Why a stage cannot be executed; "" = it can. */
static struct str why_not_run(struct working *w, const struct manifest_stage *declared, const struct lock_stage *stage)
{
    for (uint32_t i = 0; i < stage->fields.count; i++) {
        const struct field *field = &stage->fields.items[i];
        const struct lacking *lack = field->tag == FIELD_DEP ? sources_find_lack(w->r, field->name) : NULL;
        if (lack != NULL)
            return str_format(w->arena, STR_FMT " is not to be had back", STR_ARG(str_printable(w->arena, lack->path)));
    }
    for (uint32_t i = 0; i < declared->out_count; i++)
        if (!copy_has_room(w->r->copying, w->arena, declared->outs[i].path))
            return str_format(w->arena, STR_FMT " leads out of the folder through a link; nothing is written there",
                              STR_ARG(str_printable(w->arena, declared->outs[i].path)));
    if (!copy_has_room(w->r->copying, w->arena, path_join(w->arena, declared->wdir, STR("x"))))
        return str_format(w->arena, "its wdir " STR_FMT " leads out of the folder", STR_ARG(declared->wdir));
    return STR("");
}

/* The stage upstream whose outs are not there; NULL = none. */
static const struct reproduced_stage *missing_upstream(struct working *w, struct stage_id id)
{
    const struct graph_stage *node = &w->project->graph.stages[id.index];
    for (uint32_t i = 0; i < node->upstream_count; i++) {
        uint32_t up = node->upstream[i].index;
        const struct reproduced_stage *s = w->selected[up] ? &w->r->stages[w->entries[up]] : NULL;
        if (s != NULL && s->result == REPRODUCED_NOT && !s->ran && !s->had)
            return s;
    }
    return NULL;
}

/* What is to be done with one stage, and whatever can be done without executing it. `ran` says that it will be. */
static enum status place_stage(struct working *w, struct stage_id id, struct reproduced_stage *s, struct error *err)
{
    const struct manifest_stage *declared = w->project->graph.stages[id.index].declared;
    const struct lock_stage *stage = lock_find(&w->r->lock, declared->name);
    if (declared->kind == STAGE_DEPLOY) {
        settle_stage(s, REPRODUCED_PASSED_OVER, STR("a deploy stage is never executed"));
        return STATUS_OK;
    }
    if (stage == NULL) {
        settle_stage(s, REPRODUCED_NOT, w->options->run != NULL ? STR("that run knew no such stage")
                                                                : STR("refit.lock of that commit does not have it"));
        return STATUS_OK;
    }
    if (!w->options->rerun || declared->frozen)
        return from_store(w, stage, s, err);
    struct str reason = why_not_run(w, declared, stage);
    const struct reproduced_stage *missing = reason.len == 0 ? missing_upstream(w, id) : NULL;
    if (missing != NULL)
        reason = str_format(w->arena, "it needs stage `" STR_FMT "`", STR_ARG(missing->name));
    s->ran = reason.len == 0;
    if (s->ran)
        return STATUS_OK;
    struct str lacking = STR(""); /* what follows may still be made */
    enum status status = take_outs(w, stage, &lacking, err);
    s->had = lacking.len == 0;
    settle_stage(s, REPRODUCED_NOT,
                 s->had ? str_format(w->arena, STR_FMT "; its outs are from the store", STR_ARG(reason))
                        : str_format(w->arena, STR_FMT ", and " STR_FMT, STR_ARG(reason), STR_ARG(lacking)));
    return status;
}

/* The manifest of a dirty tree may have had stages that the commit's does not have. */
static enum status place_unknown(struct working *w, struct error *err)
{
    enum status status = STATUS_OK;
    for (uint32_t i = 0; i < w->r->lock.stage_count && status == STATUS_OK; i++) {
        const struct lock_stage *stage = &w->r->lock.stages[i];
        if (graph_find_stage(&w->project->graph, stage->name).index != GRAPH_NONE)
            continue;
        struct reproduced_stage *s = &w->r->stages[w->r->stage_count++];
        *s = (struct reproduced_stage){.name = stage->name};
        if (!w->options->rerun)
            status = from_store(w, stage, s, err);
        else
            settle_stage(s, REPRODUCED_NOT, STR("the manifest of that commit does not have it"));
    }
    return status;
}

static enum status place_stages(struct working *w, struct error *err)
{
    const struct graph *g = &w->project->graph;
    enum status status = STATUS_OK;
    for (uint32_t k = 0; k < g->stage_count && status == STATUS_OK; k++) {
        uint32_t i = g->order[k].index;
        if (!w->selected[i])
            continue;
        w->entries[i] = w->r->stage_count;
        struct reproduced_stage *s = &w->r->stages[w->r->stage_count++];
        *s = (struct reproduced_stage){.name = g->stages[i].declared->name};
        status = place_stage(w, (struct stage_id){i}, s, err);
    }
    return status;
}

/* ---- executing ---- */

static enum status execute(struct working *w, struct error *err)
{
    struct str *names = arena_array(w->arena, struct str, w->r->stage_count);
    uint32_t count = 0;
    for (uint32_t i = 0; i < w->r->stage_count; i++)
        if (w->r->stages[i].ran)
            names[count++] = w->r->stages[i].name;
    /* What this run does not make must not be taken for what it made. */
    enum status status = count > 0 ? fs_remove_tree(LOCK_FILE, err) : STATUS_OK;
    if (status != STATUS_OK || count == 0)
        return status;
    struct run_options options = {.selection = {.targets = names, .target_count = count, .single = true},
                                  .force = true};
    struct report_summary summary;
    status = run_execute(w->project, &options, w->report, &summary, err);
    return status == STATUS_OK ? interrupt_check(false, err) : status;
}

struct changes {
    struct arena *arena;
    struct differing *lines;
};

static void add_change(void *ctx, const struct field *old, const struct field *now)
{
    struct changes *c = ctx;
    MEM_GROW(c->lines->lines, c->lines->count, c->lines->cap);
    c->lines->lines[c->lines->count++] =
        str_format(c->arena, "built from something else: " STR_FMT, STR_ARG(field_change_text(c->arena, old, now)));
}

static enum status compare_outs(struct differing *d, const struct lock_stage *was, const struct lock_stage *is,
                                struct error *err)
{
    enum status status = STATUS_OK;
    for (uint32_t i = 0, k = 0; i < was->out_count && status == STATUS_OK; i++) {
        while (k < is->out_count && str_compare(is->outs[k].path, was->outs[i].path) < 0)
            k++;
        struct record_out none = {.path = was->outs[i].path, .kind = ENTRY_MISSING};
        bool made = k < is->out_count && str_equal(is->outs[k].path, was->outs[i].path);
        status = differ_out(d, &was->outs[i], made ? &is->outs[k] : &none, err);
    }
    return status;
}

enum status compare_stage(struct project *p, struct arena *arena, struct str name, const struct lock_stage *was,
                          const struct lock_stage *is, struct reproduced_stage *s, struct error *err)
{
    struct differing d = {.project = p, .arena = arena, .name = name};
    struct changes changes = {arena, &d};
    enum status status = compare_outs(&d, was, is, err);
    settle_stage(s, d.count > 0 ? REPRODUCED_DIFFERENT : REPRODUCED_IDENTICAL,
                 d.count == 0 && was->out_count == 0 ? STR("it has no outs") : STR(""));
    if (d.count > 0)
        fields_compare(&was->fields, &is->fields, add_change, &changes);
    if (d.count > 0 && was->found.count > 0)
        fields_compare(&was->found, &is->found, add_change, &changes);
    s->lines = arena_copy(arena, d.lines, d.count * sizeof *d.lines);
    s->line_count = d.count;
    free(d.lines);
    return status;
}

static enum status compare_all(struct working *w, struct error *err)
{
    struct lock made;
    enum status status = lock_load(w->arena, &made, err);
    for (uint32_t i = 0; i < w->r->stage_count && status == STATUS_OK; i++) {
        struct reproduced_stage *s = &w->r->stages[i];
        const struct lock_stage *is = s->ran ? lock_find(&made, s->name) : NULL;
        if (is != NULL)
            status = compare_stage(w->project, w->arena, w->r->name, lock_find(&w->r->lock, s->name), is, s, err);
        else if (s->ran)
            settle_stage(s, REPRODUCED_NOT,
                         str_format(w->arena, "it did not end well there; see " STR_FMT "/" STR_FMT,
                                    STR_ARG(w->project->root), STR_ARG(run_log_path(w->arena, s->name))));
    }
    return status;
}

/* ---- all of it ---- */

static enum status work(struct working *w, struct error *err)
{
    struct project *p = w->project;
    enum status status = take_over(p, w->report, err);
    if (status == STATUS_OK)
        status = workspace_begin(p->workspace, err);
    if (status == STATUS_OK)
        status = project_open_store(p, err);
    if (status == STATUS_OK)
        status = sources_bring(w->r, &w->clearing, &w->progress, w->selected, w->report, err);
    if (status == STATUS_OK)
        status = place_stages(w, err);
    if (status == STATUS_OK && w->options->run != NULL && w->all)
        status = place_unknown(w, err);
    if (status == STATUS_OK)
        status = state_commit(p->state, err);
    if (status == STATUS_OK)
        workspace_settle(p->workspace);
    if (status == STATUS_OK && w->options->rerun)
        status = execute(w, err);
    if (status == STATUS_OK && w->options->rerun)
        status = compare_all(w, err);
    return status;
}

enum status reproduce_run(struct reproduction *r, const struct reproduce_options *options, const struct str *targets,
                          uint32_t count, struct report *report, struct error *err)
{
    struct project *p = r->project;
    struct arena *arena = &p->arena;
    struct graph_selection_options selection = {.targets = targets, .target_count = count};
    struct working w = {.r = r,
                        .project = p,
                        .arena = arena,
                        .options = options,
                        .all = count == 0,
                        .clearing = {.project = p, .arena = arena, .run_id = run_make_id(arena)},
                        .progress = {.progress = count_bytes, .ctx = report},
                        .report = report,
                        .selected = arena_array(arena, bool, p->graph.stage_count),
                        .entries = arena_array(arena, uint32_t, p->graph.stage_count)};
    r->stages = arena_array(arena, struct reproduced_stage, (size_t)p->graph.stage_count + r->lock.stage_count);
    r->stage_count = 0;
    enum status status = graph_select(&p->graph, &selection, w.selected, err);
    if (status == STATUS_OK && !options->rerun)
        report_restore_started(report);
    if (status == STATUS_OK)
        status = work(&w, err);
    struct error other; /* however it ended: what is there now is not the user's */
    enum status noted = copied_note(r->copying, r->arena, status == STATUS_OK ? err : &other);
    status = status == STATUS_OK ? noted : status;
    clear_finish(&w.clearing);
    return status;
}
