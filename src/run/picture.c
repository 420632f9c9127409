/* Pictures of a project: of a run, of a revision, and of the workspace. */
#include "run/reproduce.h"
#include "run/run.h"

enum status picture_of_run(struct history *history, const struct history_run *run, struct arena *arena,
                           struct picture *out, struct error *err)
{
    *out = (struct picture){.kind = PICTURE_RUN, .name = run->id, .commit = run->commit};
    enum status status = history_get_lock(history, run->number, arena, &out->lock, err);
    if (status == STATUS_OK)
        status = history_get_values(history, run->number, arena, &out->values, &out->value_count, err);
    return status;
}

enum status picture_of_revision(struct project *p, const char *revision, struct picture *out, struct error *err)
{
    struct vcs_commit commit = {0};
    *out = (struct picture){.kind = PICTURE_REVISION, .name = str_from(revision)};
    enum status status = revision_lock(p, revision, &commit, &out->lock, err);
    out->commit = commit.id;
    return status;
}

/* ---- the workspace ---- */

/* What there is of the outs, whoever made it. */
static enum status look_at_outs(struct project *p, struct arena *arena, const struct manifest_stage *declared,
                                struct lock_stage *stage, struct error *err)
{
    struct digest_options options = {.mode = DIGEST_OUT, .budget_bytes = UINT64_MAX};
    enum status status = STATUS_OK;
    stage->outs = arena_array(arena, struct record_out, declared->out_count);
    for (uint32_t i = 0; i < declared->out_count && status == STATUS_OK; i++) {
        struct input now;
        bool complete;
        status = digest_path(p->fp, arena, declared->outs[i].path, &options, &now, &complete, err);
        if (status == STATUS_OK && now.kind != ENTRY_MISSING)
            stage->outs[stage->out_count++] = (struct record_out){.path = declared->outs[i].path,
                                                                  .kind = now.kind,
                                                                  .executable = now.executable,
                                                                  .stored = true,
                                                                  .digest = now.digest,
                                                                  .size = now.size};
    }
    outs_sort(stage->outs, stage->out_count);
    return status;
}

/* What its depfile named last, as it is now; what cannot be read is none of it. */
static struct fields look_at_found(struct project *p, struct arena *arena, const struct fields *before)
{
    struct digest_options options = {.mode = DIGEST_DEP, .budget_bytes = UINT64_MAX};
    struct fields found = {arena_array(arena, struct field, before->count), 0};
    for (uint32_t i = 0; i < before->count; i++) {
        struct input now;
        bool complete;
        struct error ignored;
        if (digest_path(p->fp, arena, before->items[i].name, &options, &now, &complete, &ignored) == STATUS_OK &&
            now.kind != ENTRY_MISSING) {
            now.link = STR(""); /* as a record keeps it */
            found.items[found.count++] =
                (struct field){FIELD_FOUND, before->items[i].name, input_text(arena, &now)};
        }
    }
    return found;
}

/* What no run makes unless it is asked to: that refit.lock does not name it is no difference. */
static bool may_lack(const struct manifest_stage *declared)
{
    return declared->source || declared->frozen || declared->kind == STAGE_DEPLOY;
}

static struct str note_of(struct arena *arena, const struct stage_plan *plan)
{
    if (plan->verdict == VERDICT_FRESH || plan->verdict == VERDICT_UNSELECTED)
        return STR("");
    return str_format(arena, "%s: " STR_FMT, verdict_name(plan->verdict), STR_ARG(plan->reason));
}

enum status picture_of_workspace(struct project *p, struct arena *arena, struct picture *out, struct error *err)
{
    const struct graph *g = &p->graph;
    struct run_options options = {.selection = {.deploy = true}};
    struct stage_plan *plans;
    struct lock locked;
    *out = (struct picture){.kind = PICTURE_WORKSPACE, .name = STR("workspace")};
    enum status status = run_plan(p, &options, arena, &plans, err);
    if (status == STATUS_OK)
        status = lock_load(arena, &locked, err);
    out->lock.stages = arena_array(arena, struct lock_stage, g->stage_count);
    out->notes = arena_array(arena, struct str, g->stage_count);
    for (uint32_t i = 0; i < g->stage_count && status == STATUS_OK; i++) {
        struct lock_stage *stage = &out->lock.stages[out->lock.stage_count];
        const struct lock_stage *before = lock_find(&locked, g->stages[i].declared->name);
        if (before == NULL && may_lack(g->stages[i].declared))
            continue;
        out->lock.stage_count++;
        stage->name = g->stages[i].declared->name;
        stage->fields = plans[i].fields.count > 0 || before == NULL ? plans[i].fields : before->fields;
        stage->key = fields_key(&stage->fields);
        if (before != NULL)
            stage->found = look_at_found(p, arena, &before->found);
        status = look_at_outs(p, arena, g->stages[i].declared, stage, err);
    }
    lock_sort(&out->lock);
    for (uint32_t i = 0; i < out->lock.stage_count; i++)
        out->notes[i] = note_of(arena, &plans[graph_find_stage(g, out->lock.stages[i].name).index]);
    return status;
}
