/* What an export carries besides records, and what an import means for gc: what stages read of data sets.
 *
 * No record names it, only refit.lock, the history, and what is published: a dep that the store has, and that no stage
 * makes. */
#include <stdlib.h>

#include "run/reproduce.h"

struct carrying {
    struct project *project;
    struct table made; /* outs of all stages */
    struct table seen; /* digests */
    struct record_out *items; /* malloc'd until the end */
    uint32_t count, cap;
};

static enum status add_content(struct carrying *c, const struct record_out *source, struct error *err)
{
    bool has;
    struct str name = str_dup(&c->project->arena, (struct str){(const char *)source->digest.bytes, DIGEST_SIZE});
    if (table_get(&c->seen, name) != TABLE_NONE)
        return STATUS_OK;
    table_add(&c->seen, name, c->count);
    enum status status = store_has(c->project->store, source->digest, &has, err);
    if (status != STATUS_OK || !has)
        return status;
    MEM_GROW(c->items, c->count, c->cap);
    c->items[c->count++] = *source;
    return STATUS_OK;
}

static enum status add_deps(struct carrying *c, const struct fields *fields, struct error *err)
{
    enum status status = STATUS_OK;
    for (uint32_t i = 0; i < fields->count && status == STATUS_OK; i++) {
        struct record_out source;
        if (fields->items[i].tag == FIELD_DEP && table_get(&c->made, fields->items[i].name) == TABLE_NONE &&
            source_parse(&fields->items[i], &source))
            status = add_content(c, &source, err);
    }
    return status;
}

static enum status add_published(struct carrying *c, struct error *err)
{
    struct store_ref *refs;
    uint32_t count;
    uint64_t sequence;
    enum status status = store_get_refs(c->project->store, &c->project->arena, &refs, &count, &sequence, err);
    for (uint32_t i = 0; status == STATUS_OK && i < count; i++)
        for (uint32_t k = 0; k < refs[i].root_count; k++)
            for (uint32_t o = 0; o < refs[i].roots[k].out_count && status == STATUS_OK; o++)
                if (digest_is_zero(refs[i].roots[k].key))
                    status = add_content(c, &refs[i].roots[k].outs[o], err);
    return status;
}

/* Every build that any run knew. What its stages made is in the store under records, and costs nothing twice. */
static enum status add_past(struct carrying *c, struct error *err)
{
    struct project *p = c->project;
    struct history *history;
    struct history_tip *tips;
    uint32_t count = 0;
    enum status status = project_open_history(p, true, &history, err);
    if (status != STATUS_OK)
        return status;
    status = history_get_changes(history, &p->arena, &tips, &count, err);
    for (uint32_t i = 0; status == STATUS_OK && i < count; i++) {
        struct history_build build;
        struct fields fields;
        if (digest_is_zero(tips[i].build))
            continue;
        status = history_get_build(history, &tips[i], &p->arena, &build, err);
        if (status == STATUS_OK && fields_decode(&p->arena, build.fields, &fields))
            status = add_deps(c, &fields, err);
    }
    history_close(history);
    return status;
}

enum status carried_find(struct project *p, const struct lock *lock, const struct str *stages, uint32_t stage_count,
                         bool past, struct record_out **out, uint32_t *count, struct error *err)
{
    struct carrying c = {.project = p};
    enum status status = STATUS_OK;
    for (uint32_t i = 0; i < lock->stage_count; i++)
        for (uint32_t k = 0; k < lock->stages[i].out_count; k++)
            table_add(&c.made, lock->stages[i].outs[k].path, i);
    for (uint32_t i = 0; i < lock->stage_count && stage_count == 0 && status == STATUS_OK; i++)
        status = add_deps(&c, &lock->stages[i].fields, err);
    for (uint32_t i = 0; i < stage_count && status == STATUS_OK; i++) {
        const struct lock_stage *stage = lock_find(lock, stages[i]);
        status = stage != NULL ? add_deps(&c, &stage->fields, err) : STATUS_OK;
    }
    if (status == STATUS_OK && past)
        status = add_published(&c, err);
    if (status == STATUS_OK && past)
        status = add_past(&c, err);
    *out = arena_copy(&p->arena, c.items, c.count * sizeof *c.items);
    *count = c.count;
    free(c.items);
    table_finish(&c.made);
    table_finish(&c.seen);
    return status;
}

enum status carried_keep(struct project *p, struct error *err)
{
    struct lock lock;
    enum status status = lock_load(&p->arena, &lock, err);
    if (status == STATUS_OK && lock.stage_count > 0)
        status = roots_republish(p, &lock, err);
    return status == STATUS_OK ? store_flush(p->store, err) : status;
}
