/* The record that the outs in the workspace came from, for commands that tell about it. */
#include "cli/cli.h"

/* What is known of a stage's outs: from the state, or else from refit.lock. */
struct known {
    bool found;
    struct digest key;
    const struct record_out *outs;
    uint32_t count;
};

static enum status find_known(struct project *project, struct arena *arena, struct str stage, struct known *known,
                              struct error *err)
{
    *known = (struct known){0};
    struct stage_memory memory;
    bool found;
    enum status status = state_get_stage(project->state, stage, arena, &memory, &found, err);
    if (status != STATUS_OK)
        return status;
    if (found && (memory.failed || memory.pending))
        return STATUS_OK;
    if (found) {
        *known = (struct known){true, memory.key, memory.outs, memory.out_count};
        return STATUS_OK;
    }
    struct lock lock;
    status = lock_load(arena, &lock, err);
    const struct lock_stage *locked = status == STATUS_OK ? lock_find(&lock, stage) : NULL;
    if (locked != NULL)
        *known = (struct known){true, locked->key, locked->outs, locked->out_count};
    return status;
}

static const struct record_out *find_out(const struct known *known, struct str path)
{
    for (uint32_t i = 0; i < known->count; i++)
        if (str_equal(known->outs[i].path, path))
            return &known->outs[i];
    return NULL;
}

static bool same_outs(const struct record *record, const struct known *known)
{
    if (record->out_count != known->count)
        return false;
    for (uint32_t i = 0; i < record->out_count; i++) {
        const struct record_out *out = find_out(known, record->outs[i].path);
        if (out == NULL || !digest_equal(out->digest, record->outs[i].digest))
            return false;
    }
    return true;
}

enum status cli_record(struct project *project, struct arena *arena, struct str stage, const struct record **out,
                       struct error *err)
{
    *out = NULL;
    struct known known;
    enum status status = find_known(project, arena, stage, &known, err);
    if (status == STATUS_OK && known.found)
        status = project_open_store(project, err);
    if (status != STATUS_OK || project->store == NULL)
        return status;
    struct record *records;
    uint32_t count;
    status = store_get_records(project->store, known.key, arena, &records, &count, err);
    /* The newest of those with these outs. */
    for (uint32_t i = 0; status == STATUS_OK && i < count; i++)
        if (same_outs(&records[i], &known))
            *out = &records[i];
    return status;
}
