/* What a stage reads and made, as it is on disk: digests that are known at once, and what a job has to read first. */
#include <string.h>

#include "run/run.h"

void check_want_read(struct check_context *c, struct check *out, struct str path, enum digest_mode mode, bool keep,
                     uint64_t bytes)
{
    struct unread *grown = arena_array(c->arena, struct unread, out->unread_count + 1u);
    if (out->unread_count > 0)
        memcpy(grown, out->unread, out->unread_count * sizeof *grown);
    grown[out->unread_count] = (struct unread){.path = path, .mode = mode, .keep = keep, .fault = STR("")};
    out->unread = grown;
    out->unread_count++;
    out->unread_bytes += bytes;
    out->outcome = CHECK_READ;
}

/* The input that a restored out will be; false where that cannot be told. */
static bool from_overlay(struct check_context *c, struct str path, struct input *input, bool *unknown)
{
    *unknown = false;
    const struct record_out *out = c->overlay ? c->overlay(c->overlay_ctx, path) : NULL;
    if (out == NULL)
        return false;
    *unknown = out->kind != ENTRY_FILE || !str_equal(out->path, path);
    *input = (struct input){
        .kind = out->kind, .executable = out->executable, .digest = out->digest, .size = out->size};
    return true;
}

void check_fail(struct check *out, int exit_status, struct str reason)
{
    out->outcome = CHECK_FAILED;
    out->exit_status = exit_status;
    out->reason = reason;
}

static struct str error_reason(struct arena *arena, const struct error *err)
{
    char text[3072];
    return str_dup(arena, str_from(error_text(err, text, sizeof text)));
}

/* Faults in the user's files fail the stage; faults of the store, and interrupts, end the run. */
static bool ends_run(enum status status)
{
    return status == STATUS_STORE || status == STATUS_CORRUPT || status == STATUS_LOCKED ||
           status == STATUS_INTERRUPTED;
}

enum status check_fail_or_pass(struct check_context *c, struct check *out, const struct error *why, struct error *err)
{
    if (ends_run(why->status)) {
        *err = *why;
        return why->status;
    }
    check_fail(out, why->status == STATUS_MANIFEST ? 2 : 1, error_reason(c->arena, why));
    return STATUS_OK;
}

static void fail_missing(struct check_context *c, struct stage_id id, struct str path, struct check *out)
{
    const struct project *p = c->project;
    const struct manifest_stage *stage = p->graph.stages[id.index].declared;
    struct position at = stage->at;
    for (uint32_t i = 0; i < stage->dep_count; i++)
        if (str_equal(stage->deps[i].path, path))
            at = stage->deps[i].at;
    struct stage_id maker = graph_find_maker(&p->graph, path);
    const struct manifest_data *data = manifest_find_data(&p->manifest, path);
    struct str where = str_format(c->arena, STR_FMT ":%u:%u: the dep " STR_FMT, STR_ARG(stage->file), at.line,
                                  at.column, STR_ARG(str_printable(c->arena, path)));
    if (data != NULL && maker.index == GRAPH_NONE)
        check_fail(out, 1,
             str_format(c->arena, STR_FMT " does not exist; it is of the data set `" STR_FMT "`, which has no `url`: "
                                          "put it there, or take it from the store with `refit restore`",
                        STR_ARG(where), STR_ARG(data->name)));
    else if (maker.index == GRAPH_NONE)
        check_fail(out, 1,
             str_format(c->arena, STR_FMT " does not exist, and no stage makes it; put it there or correct the path",
                        STR_ARG(where)));
    else
        check_fail(out, 1,
             str_format(c->arena, STR_FMT " does not exist; stage `" STR_FMT "` makes it: run that first",
                        STR_ARG(where), STR_ARG(p->graph.stages[maker.index].declared->name)));
}

/* Has the store a data set as it is? It is opened here, on the loop's thread. */
static enum status is_kept(struct check_context *c, struct str path, const struct input *input, bool *kept,
                           struct error *err)
{
    enum status status = project_open_store(c->project, err);
    if (status != STATUS_OK || input == NULL || input->kind == ENTRY_MISSING)
        return status;
    struct record_out out = {.path = path, .kind = input->kind, .stored = true, .digest = input->digest};
    struct record content = {.outs = &out, .out_count = 1};
    return check_all_stored(c, &content, kept, err);
}

/* Parameter files that are data sets. */
static enum status check_params_sets(struct check_context *c, const struct manifest_stage *stage, struct check *out,
                                     struct error *err)
{
    enum status status = STATUS_OK;
    bool settled;
    for (uint32_t i = 0; i < stage->params_count && status == STATUS_OK && out->outcome != CHECK_FAILED; i++)
        status = dataset_check(c, stage->params[i].path, out, &settled, err);
    return status;
}

enum status check_deps(struct check_context *c, struct stage_id id, struct check *out, struct error *err)
{
    const struct graph_stage *node = &c->project->graph.stages[id.index];
    uint64_t budget_bytes = c->budget_bytes;
    out->inputs = arena_array(c->arena, struct input, node->dep_count);
    for (uint32_t i = 0; i < node->dep_count; i++) {
        struct str path = c->project->graph.files[node->deps[i].index].path;
        bool unknown, complete, settled;
        if (from_overlay(c, path, &out->inputs[i], &unknown)) {
            if (unknown)
                out->outcome = CHECK_UNKNOWN;
            continue;
        }
        struct error why;
        struct str refusal = STR("");
        enum status status = dataset_check(c, path, out, &settled, err);
        if (status != STATUS_OK || out->outcome == CHECK_FAILED)
            return status;
        if (settled)
            continue;
        status = links_digest_dep(c, id, path, budget_bytes, &out->inputs[i], &complete, &refusal, &why);
        if (status != STATUS_OK)
            return check_fail_or_pass(c, out, &why, err);
        if (refusal.len > 0) {
            check_fail(out, 2, refusal);
            return STATUS_OK;
        }
        bool keep = !c->planning && manifest_keeps(&c->project->manifest, path), kept = true;
        if (keep)
            status = is_kept(c, path, complete ? &out->inputs[i] : NULL, &kept, err);
        if (status != STATUS_OK)
            return status;
        if (complete)
            standing_look(c->standing, path, DIGEST_DEP, &out->inputs[i]);
        if (!complete || !kept) {
            check_want_read(c, out, path, DIGEST_DEP, keep, out->inputs[i].size);
        } else if (out->inputs[i].kind == ENTRY_MISSING) {
            fail_missing(c, id, path, out);
            return STATUS_OK;
        } else if (budget_bytes != UINT64_MAX) {
            budget_bytes -= out->inputs[i].size < budget_bytes ? out->inputs[i].size : budget_bytes;
        }
    }
    return check_params_sets(c, node->declared, out, err);
}

enum status check_outs(struct check_context *c, const struct record_out *outs, uint32_t count, struct check *out,
                       bool *same, struct error *err)
{
    struct digest_options options = {.mode = DIGEST_OUT, .budget_bytes = c->budget_bytes};
    *same = true;
    for (uint32_t i = 0; i < count; i++) {
        struct input now;
        bool complete;
        struct error why;
        enum status status = digest_path(c->project->fp, c->arena, outs[i].path, &options, &now, &complete, &why);
        if (ends_run(status)) {
            *err = why;
            return status;
        }
        if (status != STATUS_OK)
            standing_spoil(c->standing);
        else if (complete)
            standing_look(c->standing, outs[i].path, DIGEST_OUT, &now);
        if (status == STATUS_OK && !complete && now.size != outs[i].size && outs[i].kind == ENTRY_FILE)
            complete = true; /* another size: not the same, whatever the bytes */
        else if (status == STATUS_OK && !complete)
            check_want_read(c, out, outs[i].path, DIGEST_OUT, false, now.size);
        if (status != STATUS_OK || (complete && (now.kind != outs[i].kind || now.executable != outs[i].executable ||
                                                 !digest_equal(now.digest, outs[i].digest)))) {
            *same = false; /* what cannot be digested as an out is not what was produced */
            if (out->out_changed.len == 0) {
                out->out_changed = outs[i].path;
                out->out_missing = status == STATUS_OK && complete && now.kind == ENTRY_MISSING;
            }
        }
    }
    return STATUS_OK;
}

enum status check_found(struct check_context *c, const struct record_input *found, uint32_t count, struct check *out,
                        bool *same, struct error *err)
{
    struct digest_options options = {.mode = DIGEST_DEP, .budget_bytes = c->budget_bytes};
    *same = true;
    for (uint32_t i = 0; i < count && *same; i++) {
        struct input now;
        bool complete;
        struct error why;
        enum status status = digest_path(c->project->fp, c->arena, found[i].path, &options, &now, &complete, &why);
        if (ends_run(status)) {
            *err = why;
            return status;
        }
        if (status != STATUS_OK)
            standing_spoil(c->standing);
        else if (complete)
            standing_look(c->standing, found[i].path, DIGEST_DEP, &now);
        if (status == STATUS_OK && !complete)
            check_want_read(c, out, found[i].path, DIGEST_DEP, false, now.size);
        else if (status != STATUS_OK || now.kind != found[i].kind || now.executable != found[i].executable ||
                 !digest_equal(now.digest, found[i].digest)) {
            *same = false;
            out->found_changed = found[i].path;
        }
    }
    return STATUS_OK;
}
