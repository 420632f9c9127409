/* Checking: what has to be done with a stage, from its inputs, the state, refit.lock and the store. The run and the
 * planning commands decide through this one function. */
#include <assert.h>

#include "refit/base/fs.h"
#include "run/run.h"

enum status check_load_lock(struct check_context *c, struct error *err)
{
    if (c->lock != NULL)
        return STATUS_OK;
    enum status status = lock_load(&c->project->arena, &c->loaded, err);
    if (status == STATUS_OK)
        c->lock = &c->loaded;
    return status;
}

/* ---- why a stage has to execute ---- */

struct changes {
    struct arena *arena;
    struct str first;
    uint32_t count;
};

static void note_change(void *ctx, const struct field *old, const struct field *now)
{
    struct changes *changes = ctx;
    if (changes->count++ == 0)
        changes->first = field_change_text(changes->arena, old, now);
}

/* Nothing that it was built from has changed: then it is what it built. */
static struct str out_reason(const struct check_context *c, const struct check *out)
{
    if (out->out_changed.len == 0)
        return STR("the store has no record of it");
    return str_format(c->arena, "out " STR_FMT " %s%s", STR_ARG(str_printable(c->arena, out->out_changed)),
                      out->out_missing ? "is missing" : "is not as it was made",
                      out->outcome == CHECK_RESTORE ? "" : ", and the store does not have it");
}

/* Is one of the inputs that its depfile named, by refit.lock, no longer what it was? Then neither state nor store knew
 * of it. */
static bool found_differs(struct check_context *c, const struct fields *found, struct changes *changes)
{
    struct digest_options options = {.mode = DIGEST_DEP, .budget_bytes = c->budget_bytes};
    for (uint32_t i = 0; i < found->count && changes->count == 0; i++) {
        struct input now;
        bool complete;
        struct error ignored; /* then it says nothing */
        if (digest_path(c->project->fp, c->arena, found->items[i].name, &options, &now, &complete, &ignored) !=
                STATUS_OK || !complete)
            continue;
        now.link = STR(""); /* as a record keeps it */
        struct field is = {FIELD_FOUND, found->items[i].name, input_text(c->arena, &now)};
        if (!str_equal(is.value, found->items[i].value))
            note_change(changes, &found->items[i], now.kind != ENTRY_MISSING ? &is : NULL);
    }
    return changes->count > 0;
}

static enum status explain(struct check_context *c, struct stage_id id, struct check *out, struct error *err)
{
    enum status status = check_load_lock(c, err);
    if (status != STATUS_OK)
        return status;
    const struct lock_stage *before = lock_find(c->lock, c->project->graph.stages[id.index].declared->name);
    if (before == NULL) {
        out->reason = STR("never built");
        return STATUS_OK;
    }
    struct changes changes = {.arena = c->arena};
    fields_compare(&before->fields, &out->fields, note_change, &changes);
    if (changes.count > 1)
        out->reason = str_format(c->arena, STR_FMT " and %u more", STR_ARG(changes.first), changes.count - 1);
    else if (changes.count == 1)
        out->reason = changes.first;
    else if (out->found_changed.len > 0)
        out->reason = str_format(c->arena, "dep " STR_FMT " (found while running) changed",
                                 STR_ARG(str_printable(c->arena, out->found_changed)));
    else if (out->has_memory && out->memory.failed)
        out->reason = STR("its last attempt failed");
    else if (found_differs(c, &before->found, &changes))
        out->reason = changes.first;
    else
        out->reason = out_reason(c, out);
    return STATUS_OK;
}

/* ---- deciding ---- */

static bool all_known_tools(const struct check_context *c, const struct manifest_stage *stage)
{
    for (uint32_t i = 0; i < stage->tool_count; i++)
        if (!fingerprint_has_tool(c->project->fp, stage->tools[i]))
            return false;
    return true;
}

static bool lists_equal(const struct record_out *a, uint32_t a_count, const struct record_out *b, uint32_t b_count)
{
    if (a_count != b_count)
        return false;
    for (uint32_t i = 0; i < a_count; i++)
        if (!str_equal(a[i].path, b[i].path) || a[i].kind != b[i].kind || a[i].executable != b[i].executable ||
            !digest_equal(a[i].digest, b[i].digest))
            return false;
    return true;
}

/* Of the records that could be restored: the one in refit.lock, else this workspace's last, else the oldest. */
static enum status prefer(struct check_context *c, struct stage_id id, struct record **candidates, uint32_t count,
                          struct check *out, struct error *err)
{
    enum status status = check_load_lock(c, err);
    if (status != STATUS_OK)
        return status;
    const struct lock_stage *locked = lock_find(c->lock, c->project->graph.stages[id.index].declared->name);
    out->record = candidates[0];
    for (uint32_t i = 0; i < count; i++)
        if (out->has_memory && digest_equal(out->memory.key, out->key) &&
            lists_equal(candidates[i]->outs, candidates[i]->out_count, out->memory.outs, out->memory.out_count))
            out->record = candidates[i];
    for (uint32_t i = 0; i < count && locked != NULL; i++)
        if (lists_equal(candidates[i]->outs, candidates[i]->out_count, locked->outs, locked->out_count))
            out->record = candidates[i];
    return STATUS_OK;
}

/* Are a tree and all of its files in the store? One that is damaged is dropped there, and is not. */
static enum status tree_stored(struct check_context *c, struct digest digest, bool *stored, struct error *err)
{
    struct buf bytes = {0};
    struct tree tree = {0};
    struct error why;
    enum status status = store_get_bytes(c->project->store, digest, &bytes, &why);
    if (status == STATUS_OK)
        status = tree_decode(c->arena, buf_view(&bytes), &tree, &why);
    *stored = status == STATUS_OK;
    if (status == STATUS_NOT_FOUND || status == STATUS_CORRUPT)
        status = STATUS_OK;
    else if (status != STATUS_OK)
        *err = why;
    for (uint32_t i = 0; status == STATUS_OK && *stored && i < tree.count; i++)
        if (tree.entries[i].kind == ENTRY_FILE)
            status = store_has(c->project->store, tree.entries[i].digest, stored, err);
    buf_finish(&bytes);
    return status;
}

enum status check_all_stored(struct check_context *c, const struct record *record, bool *stored, struct error *err)
{
    enum status status = STATUS_OK;
    *stored = true;
    for (uint32_t i = 0; i < record->out_count && *stored && status == STATUS_OK; i++) {
        const struct record_out *out = &record->outs[i];
        *stored = out->stored;
        if (*stored && out->kind == ENTRY_DIRECTORY)
            status = tree_stored(c, out->digest, stored, err);
        else if (*stored)
            status = store_has(c->project->store, out->digest, stored, err);
    }
    return status;
}

static const struct record_out *find_out(const struct record_out *outs, uint32_t count, struct str path)
{
    for (uint32_t i = 0; i < count; i++)
        if (str_equal(outs[i].path, path))
            return &outs[i];
    return NULL;
}

/* The key covers the paths of the outs, so a record with others was not made by refit: it must not write elsewhere. */
static bool has_declared_outs(const struct manifest_stage *stage, const struct record *record)
{
    if (record->out_count != stage->out_count)
        return false;
    for (uint32_t i = 0; i < stage->out_count; i++)
        if (find_out(record->outs, record->out_count, stage->outs[i].path) == NULL)
            return false;
    return true;
}

static enum status look_up(struct check_context *c, struct stage_id id, struct check *out, struct error *err)
{
    enum status status = project_open_store(c->project, err);
    if (status != STATUS_OK || c->project->store == NULL)
        return status;
    struct record *records;
    uint32_t count, candidates = 0;
    status = store_get_records(c->project->store, out->key, c->arena, &records, &count, err);
    struct record **restorable = arena_array(c->arena, struct record *, count);
    for (uint32_t i = 0; i < count && status == STATUS_OK; i++) {
        bool same, stored = false;
        if (!has_declared_outs(c->project->graph.stages[id.index].declared, &records[i]))
            continue;
        status = check_found(c, records[i].inputs, records[i].input_count, out, &same, err);
        if (status != STATUS_OK || !same)
            continue;
        status = check_outs(c, records[i].outs, records[i].out_count, out, &same, err);
        if (status == STATUS_OK && same && out->outcome != CHECK_READ) {
            out->record = &records[i];
            out->outcome = CHECK_FRESH;
            return STATUS_OK;
        }
        if (status == STATUS_OK && out->outcome != CHECK_READ)
            status = check_all_stored(c, &records[i], &stored, err);
        if (stored)
            restorable[candidates++] = &records[i];
    }
    if (status != STATUS_OK || out->outcome == CHECK_READ || candidates == 0)
        return status;
    out->outcome = CHECK_RESTORE;
    return prefer(c, id, restorable, candidates, out, err);
}

/* A frozen stage's outs are sources: there, whatever they are, or taken as refit.lock has them. */
static enum status check_frozen(struct check_context *c, const struct manifest_stage *stage, struct check *out,
                                struct error *err)
{
    struct digest_options options = {.mode = DIGEST_OUT, .budget_bytes = 0};
    enum status status = check_load_lock(c, err);
    if (status != STATUS_OK)
        return status;
    const struct lock_stage *locked = lock_find(c->lock, stage->name);
    struct record *record = arena_new(c->arena, struct record);
    record->outs = arena_array(c->arena, struct record_out, stage->out_count);
    bool stored = true, known = locked != NULL;
    out->outcome = CHECK_FRESH;
    for (uint32_t i = 0; i < stage->out_count; i++) {
        struct input now;
        bool complete;
        struct error why;
        status = digest_path(c->project->fp, c->arena, stage->outs[i].path, &options, &now, &complete, &why);
        if (status != STATUS_OK)
            return check_fail_or_pass(c, out, &why, err);
        if (!complete || now.kind != ENTRY_MISSING)
            continue;
        out->outcome = CHECK_RESTORE;
        const struct record_out *missing =
            known ? find_out(locked->outs, locked->out_count, stage->outs[i].path) : NULL;
        known = missing != NULL;
        if (known)
            record->outs[record->out_count++] = *missing;
    }
    if (out->outcome == CHECK_FRESH)
        return STATUS_OK;
    if (known) {
        out->key = record->key = locked->key;
        out->fields = locked->fields;
        status = project_open_store(c->project, err);
        stored = c->project->store != NULL;
        if (status == STATUS_OK && stored)
            status = check_all_stored(c, record, &stored, err);
    }
    out->record = record;
    out->has_key = known;
    if (status == STATUS_OK && !(known && stored))
        check_fail(out, 1,
             str_format(c->arena, "it is frozen, but an out is missing and %s; bring it back, or take `frozen` away",
                        known ? "the store does not have it" : "refit.lock does not know it"));
    return status;
}

static enum status check_memory(struct check_context *c, const struct manifest_stage *stage, struct check *out,
                                struct error *err)
{
    enum status status =
        state_get_stage(c->project->state, stage->name, c->arena, &out->memory, &out->has_memory, err);
    if (status != STATUS_OK || !out->has_memory || out->memory.failed || out->memory.pending ||
        !digest_equal(out->memory.key, out->key))
        return status;
    bool same;
    status = check_found(c, out->memory.inputs, out->memory.input_count, out, &same, err);
    if (status == STATUS_OK && same)
        status = check_outs(c, out->memory.outs, out->memory.out_count, out, &same, err);
    if (status == STATUS_OK && same && out->outcome != CHECK_READ) {
        out->outcome = CHECK_FRESH;
        out->by_memory = true;
    }
    return status;
}

bool check_has_persist(const struct manifest_stage *stage)
{
    for (uint32_t i = 0; i < stage->out_count; i++)
        if (stage->outs[i].persist)
            return true;
    return false;
}

const char *check_must_execute(const struct check_context *c, const struct manifest_stage *stage)
{
    if (stage->kind == STAGE_DEPLOY)
        return "a deploy is never taken from the store";
    if (c->force)
        return "forced";
    if (stage->always_changed)
        return "it is declared always_changed";
    if (stage->out_count == 0 && stage->dep_count == 0 && stage->params_count == 0)
        return "it has neither deps nor outs";
    return NULL;
}

/* Outs on disk may outlive their record, which gc takes where no refit.lock names it, or lack one in a store that is
 * new. What a run calls fresh can be restored later, so it is put there again from what is on disk. Costs nothing while
 * the store's epoch is the one under which the stage was last seen in it. */
static enum status keep_anew(struct check_context *c, struct check *out, struct error *err)
{
    const struct stage_memory *memory = &out->memory;
    struct project *p = c->project;
    if (c->planning || (p->store_epoch[0] != '\0' && str_is(memory->note, p->store_epoch)))
        return STATUS_OK;
    struct record kept = {.key = out->key, .created_ms = clock_wall_ms(), .duration_ms = memory->duration_ms,
                          .outs = arena_array(c->arena, struct record_out, memory->out_count),
                          .inputs = memory->inputs, .input_count = memory->input_count};
    for (uint32_t i = 0; i < memory->out_count; i++)
        if (memory->outs[i].stored)
            kept.outs[kept.out_count++] = memory->outs[i];
    bool stored, known = false;
    struct record *records;
    uint32_t count;
    enum status status = project_open_store(p, err);
    if (status == STATUS_OK)
        status = check_all_stored(c, &kept, &stored, err);
    if (status == STATUS_OK)
        status = store_get_records(p->store, out->key, c->arena, &records, &count, err);
    if (status != STATUS_OK)
        return status;
    for (uint32_t i = 0; i < kept.out_count && !stored; i++)
        check_want_read(c, out, kept.outs[i].path, DIGEST_OUT, true, kept.outs[i].size);
    for (uint32_t i = 0; i < count && !known; i++)
        known = lists_equal(records[i].outs, records[i].out_count, memory->outs, memory->out_count);
    out->kept_anew = true;
    if (!stored || known)
        return STATUS_OK;
    kept.origin = str_from(stage_origin(c->arena, p));
    kept.outs = memory->outs;
    kept.out_count = memory->out_count;
    return store_put_record(p->store, &kept, err);
}

static enum status decide(struct check_context *c, struct stage_id id, struct check *out, struct error *err)
{
    const struct manifest_stage *stage = c->project->graph.stages[id.index].declared;
    enum status status = check_memory(c, stage, out, err);
    if (status != STATUS_OK || out->outcome == CHECK_READ)
        return status;
    const char *must = check_must_execute(c, stage);
    if (must != NULL) {
        out->outcome = CHECK_EXECUTE;
        out->by_memory = false;
        out->reason = str_from(must);
        return STATUS_OK;
    }
    if (out->outcome == CHECK_FRESH)
        return keep_anew(c, out, err);
    if (!check_has_persist(stage)) {
        status = look_up(c, id, out, err);
        if (status != STATUS_OK || out->outcome == CHECK_FRESH || out->outcome == CHECK_READ)
            return status;
    }
    status = explain(c, id, out, err);
    if (out->outcome != CHECK_RESTORE)
        out->outcome = CHECK_EXECUTE;
    return status;
}

enum status check_fields(struct check_context *c, struct stage_id id, struct check *out, struct error *err)
{
    const struct manifest_stage *stage = c->project->graph.stages[id.index].declared;
    *out = (struct check){.outcome = CHECK_EXECUTE};
    enum status status = check_deps(c, id, out, err);
    if (status != STATUS_OK || out->outcome != CHECK_EXECUTE)
        return status;
    if (!all_known_tools(c, stage)) {
        assert(c->planning); /* a run has asked them all */
        out->outcome = CHECK_UNKNOWN;
        out->reason = STR("its tools have not been asked here yet");
        return STATUS_OK;
    }
    struct error why;
    status = fingerprint_fields(c->project->fp, c->arena, &c->project->graph, id, out->inputs, &out->fields, &why);
    if (status != STATUS_OK)
        return check_fail_or_pass(c, out, &why, err);
    out->key = fields_key(&out->fields);
    out->has_key = true;
    return STATUS_OK;
}

enum status check_stage(struct check_context *c, struct stage_id id, struct check *out, struct error *err)
{
    const struct manifest_stage *stage = c->project->graph.stages[id.index].declared;
    *out = (struct check){.outcome = CHECK_EXECUTE};
    if (stage->source)
        return check_dvc_data(c, stage, out, err);
    if (stage->frozen)
        return check_frozen(c, stage, out, err);
    enum status status = check_fields(c, id, out, err);
    if (status != STATUS_OK || !out->has_key)
        return status;
    status = decide(c, id, out, err);
    if (status != STATUS_OK || out->outcome != CHECK_EXECUTE)
        return status;
    struct str refusal = STR("");
    struct error why;
    if (links_check_ways(c, id, &refusal, &why) != STATUS_OK)
        return check_fail_or_pass(c, out, &why, err);
    if (refusal.len > 0)
        check_fail(out, 2, refusal);
    return STATUS_OK;
}
