/*
 * `refit migrate`: a refit.yaml from DVC's files, and what dvc.lock records of their stages taken over. Stages are
 * looked at in the order of the graph, so that what a stage made counts as the dep of the next even where the workspace
 * lacks it.
 */
#include <stdlib.h>
#include <string.h>

#include "refit/base/fs.h"
#include "refit/base/path.h"
#include "refit/dvc.h"
#include "run/dvccache.h"

enum { LOCK_BYTES_MAX = 256 << 20 };

struct takeover {
    struct project *project; /* its graph is the new one */
    struct manifest before;  /* DVC's: the same stages by other names */
    struct arena *arena;
    bool dry;
    struct check_context check;
    struct dvc_cache *cache;
    struct dvc_lock *locks;     /* of the project's sources */
    struct lock_stage *news;    /* of the stages; name "" = none */
    struct migrated_stage *told;
};

/* ---- dvc.lock ---- */

static enum status load_lock(struct takeover *t, uint32_t source, struct error *err)
{
    const struct manifest_source *of = &t->project->sources[source];
    if (of->dialect != MANIFEST_DVC)
        return STATUS_OK;
    struct str path = path_join(t->arena, path_parent(of->path), STR("dvc.lock"));
    struct buf text = {0};
    struct error why;
    enum status status = fs_read(path.ptr, LOCK_BYTES_MAX, &text, &why);
    if (status == STATUS_OK)
        status = dvc_parse_lock(t->arena, str_dup(t->arena, buf_view(&text)), path, &t->locks[source], err);
    else if (status == STATUS_NOT_FOUND)
        status = STATUS_OK;
    else
        *err = why;
    buf_finish(&text);
    return status;
}

static const struct dvc_lock_stage *find_locked(const struct takeover *t, uint32_t index)
{
    const struct manifest_stage *stage = &t->before.stages[index];
    size_t prefix = str_is(stage->file, "dvc.yaml") ? 0 : stage->file.len + 1;
    for (uint32_t i = 0; i < t->project->source_count; i++)
        if (str_equal(t->project->sources[i].path, stage->file))
            return dvc_lock_find(&t->locks[i], str_slice(stage->name, prefix, stage->name.len));
    return NULL;
}

/* The entry of a canonical path among those of a stage. */
static const struct dvc_entry *find_entry(const struct takeover *t, const struct manifest_stage *stage,
                                          const struct dvc_entry *entries, uint32_t count, struct str path)
{
    for (uint32_t i = 0; i < count; i++) {
        struct str made;
        struct error ignored;
        if (path_make(t->arena, t->project->root, stage->wdir, entries[i].path, &made, &ignored) == STATUS_OK &&
            str_equal(made, path))
            return &entries[i];
    }
    return NULL;
}

/* ---- is what it was made from the same? ---- */

static bool same_commands(const struct manifest_stage *stage, const struct dvc_lock_stage *locked)
{
    bool same = stage->command_count == locked->command_count;
    for (uint32_t i = 0; i < stage->command_count && same; i++)
        same = str_equal(stage->commands[i], locked->commands[i]);
    return same;
}

/* Is it the field of this parameter of the file? */
static bool names_param(struct str field, struct str file, struct str key)
{
    return field.len > file.len && str_starts(field, file) && field.ptr[file.len] == ':' &&
           str_equal(str_slice(field, file.len + 1, field.len), key);
}

/* The values that dvc.lock has of a file, spread into leaves, are those of the fields. */
static bool same_values(struct takeover *t, const struct fields *fields, struct str file, struct str name,
                        const struct value *value, uint32_t *matched)
{
    if (value->type == VALUE_MAP && value->map.count > 0) {
        bool same = true;
        for (uint32_t i = 0; i < value->map.count && same; i++) {
            struct str key = value->map.pairs[i].key;
            struct str longer = str_format(t->arena, STR_FMT "." STR_FMT, STR_ARG(name), STR_ARG(key));
            same = same_values(t, fields, file, longer, value->map.pairs[i].value, matched);
        }
        return same;
    }
    struct buf text = {0};
    bool same = false;
    value_canonical(value, &text);
    for (uint32_t i = 0; i < fields->count && !same; i++)
        same = fields->items[i].tag == FIELD_PARAM && names_param(fields->items[i].name, file, name) &&
               str_equal(fields->items[i].value, buf_view(&text));
    *matched += same;
    buf_finish(&text);
    return same;
}

/* Every parameter that the stage reads now is one that dvc.lock has with the same value. */
static bool same_params(struct takeover *t, const struct manifest_stage *stage, const struct dvc_lock_stage *locked,
                        const struct fields *fields)
{
    uint32_t matched = 0, wanted = 0;
    for (uint32_t i = 0; i < fields->count; i++)
        wanted += fields->items[i].tag == FIELD_PARAM;
    for (uint32_t i = 0; locked->params != NULL && i < locked->params->map.count; i++) {
        const struct value_pair *pair = &locked->params->map.pairs[i];
        struct str file;
        struct error ignored;
        if (pair->value->type != VALUE_MAP ||
            path_make(t->arena, t->project->root, stage->wdir, pair->key, &file, &ignored) != STATUS_OK)
            return false;
        for (uint32_t k = 0; k < pair->value->map.count; k++)
            if (!same_values(t, fields, file, pair->value->map.pairs[k].key, pair->value->map.pairs[k].value, &matched))
                return false;
    }
    return matched == wanted;
}

/* What a stage that was taken over makes at this path; NULL if none does. */
static const struct record_out *taken_out(const struct takeover *t, struct str path)
{
    struct stage_id maker = graph_find_maker(&t->project->graph, path);
    if (maker.index == GRAPH_NONE || !t->told[maker.index].taken)
        return NULL;
    const struct lock_stage *news = &t->news[maker.index];
    for (uint32_t i = 0; i < news->out_count; i++)
        if (str_equal(news->outs[i].path, path))
            return &news->outs[i];
    return NULL;
}

/* check_context's overlay: what is not in the workspace, but will be restored to it. */
static const struct record_out *overlay(void *ctx, struct str path)
{
    struct stat st;
    struct error ignored;
    bool found = true;
    return fs_lstat(path.ptr, &st, &found, &ignored) == STATUS_OK && !found ? taken_out(ctx, path) : NULL;
}

/* The MD5 that dvc.lock has of an out that another stage makes; "" = none. */
static struct str made_md5(const struct takeover *t, struct str path)
{
    struct stage_id maker = graph_find_maker(&t->project->graph, path);
    if (maker.index == GRAPH_NONE)
        return STR("");
    const struct manifest_stage *stage = &t->before.stages[maker.index];
    const struct dvc_lock_stage *locked = stage->source ? NULL : find_locked(t, maker.index);
    const struct dvc_entry *entry =
        locked != NULL ? find_entry(t, stage, locked->outs, locked->out_count, path) : NULL;
    for (uint32_t i = 0; stage->source && i < stage->out_count; i++)
        if (str_equal(stage->outs[i].path, path))
            return stage->outs[i].md5;
    return entry != NULL ? entry->md5 : STR("");
}

static enum status same_deps(struct takeover *t, uint32_t index, const struct dvc_lock_stage *locked,
                             struct str *reason, struct error *err)
{
    const struct manifest_stage *stage = &t->before.stages[index];
    enum status status = STATUS_OK;
    if (locked->dep_count != stage->dep_count)
        *reason = STR("its deps are not those of dvc.lock");
    for (uint32_t i = 0; i < stage->dep_count && status == STATUS_OK && reason->len == 0; i++) {
        struct str path = stage->deps[i].path;
        const struct dvc_entry *entry = find_entry(t, stage, locked->deps, locked->dep_count, path);
        bool same = false;
        if (entry != NULL && overlay(t, path) != NULL)
            same = str_equal(made_md5(t, path), entry->md5);
        else if (entry != NULL && entry->md5.len > 0)
            status = dvc_digest(t->cache, t->project, t->arena, path, entry->md5, &same, err);
        if (status == STATUS_OK && !same)
            *reason = str_format(t->arena, "the dep " STR_FMT " is not as dvc.lock has it",
                                 STR_ARG(str_printable(t->arena, path)));
    }
    return status;
}

/* ---- what it made ---- */

/* An out in the workspace, or else in DVC's cache. *out is what is recorded; *here says that the workspace has it. */
static enum status take_out(struct takeover *t, const struct manifest_out *declared, struct str md5, bool executable,
                            struct record_out *out, bool *here, struct str *reason, struct error *err)
{
    struct finish_request request = {.project = t->project, .accepting = true, .keep_record = !t->dry};
    struct str ignored;
    struct error why;
    enum status status = dvc_digest(t->cache, t->project, t->arena, declared->path, md5, here, err);
    if (status != STATUS_OK)
        return status;
    if (*here) {
        bool produced;
        status = finish_out(&request, t->arena, declared, out, &produced, &why);
    } else if (t->dry) {
        *out = (struct record_out){.path = declared->path,
                                   .kind = str_ends(md5, STR(".dir")) ? ENTRY_DIRECTORY : ENTRY_FILE};
        if (!dvc_cache_find(t->cache, t->arena, md5, &ignored))
            status = error_set(&why, STATUS_FAILED, STR_FMT ": DVC's cache does not have " STR_FMT,
                               STR_ARG(declared->path), STR_ARG(md5));
    } else {
        status = dvc_cache_take(t->cache, t->arena, declared->path, md5, executable, out, &why);
    }
    if (status == STATUS_FAILED || status == STATUS_NOT_FOUND) {
        *reason = str_dup(t->arena, str_from(why.message));
        return STATUS_OK;
    }
    if (status != STATUS_OK)
        *err = why;
    return status;
}

static int compare_outs(const void *a, const void *b)
{
    return str_compare(((const struct record_out *)a)->path, ((const struct record_out *)b)->path);
}

/* All outs; `locked` is NULL for a .dvc file, whose outs have their MD5 themselves. */
static enum status take_outs(struct takeover *t, uint32_t index, const struct dvc_lock_stage *locked,
                             struct lock_stage *news, bool *all_here, struct str *reason, struct error *err)
{
    const struct manifest_stage *stage = &t->before.stages[index];
    enum status status = STATUS_OK;
    news->outs = arena_array(t->arena, struct record_out, stage->out_count);
    *all_here = true;
    for (uint32_t i = 0; i < stage->out_count && status == STATUS_OK && reason->len == 0; i++) {
        const struct manifest_out *declared = &stage->outs[i];
        const struct dvc_entry *entry =
            locked != NULL ? find_entry(t, stage, locked->outs, locked->out_count, declared->path) : NULL;
        struct str md5 = entry != NULL ? entry->md5 : locked == NULL ? declared->md5 : STR("");
        bool here = false;
        if (md5.len == 0)
            *reason = str_format(t->arena, "dvc.lock has no MD5 of its out " STR_FMT,
                                 STR_ARG(str_printable(t->arena, declared->path)));
        else
            status = take_out(t, declared, md5, entry != NULL ? entry->executable : declared->executable,
                              &news->outs[news->out_count++], &here, reason, err);
        *all_here &= here;
    }
    if (news->out_count > 1)
        qsort(news->outs, news->out_count, sizeof *news->outs, compare_outs);
    return status;
}

/* ---- a stage ---- */

static enum status put_record(struct takeover *t, struct stage_id id, const struct lock_stage *news, bool all_here,
                              struct error *err)
{
    const struct manifest_stage *stage = t->project->graph.stages[id.index].declared;
    struct record record = {.key = news->key,
                            .created_ms = clock_wall_ms(),
                            .origin = str_from(stage_origin(t->arena, t->project)),
                            .outs = news->outs,
                            .out_count = news->out_count};
    struct stage_memory memory = {.key = news->key, .outs = news->outs, .out_count = news->out_count};
    enum status status = store_put_record(t->project->store, &record, err);
    if (status == STATUS_OK && all_here) /* what persists is believed of this workspace alone */
        state_set_stage(t->project->state, stage->name, &memory);
    return status;
}

/* *reason stays empty where there is nothing to take over, or it was. */
static enum status take_stage(struct takeover *t, struct stage_id id, struct str *reason, bool *taken,
                              struct error *err)
{
    const struct manifest_stage *old = &t->before.stages[id.index];
    const struct manifest_stage *stage = t->project->graph.stages[id.index].declared;
    const struct dvc_lock_stage *locked = old->source ? NULL : find_locked(t, id.index);
    struct lock_stage news = {.name = stage->name};
    struct check check;
    bool all_here;
    *taken = false;
    if (!old->source && old->out_count == 0 && old->dep_count == 0 && old->params_count == 0)
        return STATUS_OK;
    if (!old->source && locked == NULL)
        *reason = STR("dvc.lock does not have it");
    else if (!old->source && !old->frozen && !same_commands(old, locked))
        *reason = STR("its command is not that of dvc.lock");
    enum status status = STATUS_OK;
    if (reason->len == 0 && !old->frozen)
        status = same_deps(t, id.index, locked, reason, err);
    if (status != STATUS_OK || reason->len > 0)
        return status;
    status = check_fields(&t->check, id, &check, err);
    if (status == STATUS_OK && check.has_key) {
        news.key = check.key;
        news.fields = check.fields;
        if (!old->frozen && !same_params(t, old, locked, &check.fields))
            *reason = STR("its parameters are not those of dvc.lock");
    } else if (status == STATUS_OK && old->frozen) { /* of which the outs matter, and not what they are made from */
        news.key = digest_of(stage->name.ptr, stage->name.len);
    } else if (status == STATUS_OK) {
        *reason = check.reason.len > 0 ? check.reason : STR("a folder that it reads is not in the workspace");
    }
    if (status == STATUS_OK && reason->len == 0)
        status = take_outs(t, id.index, locked, &news, &all_here, reason, err);
    if (status != STATUS_OK || reason->len > 0)
        return status;
    *taken = true;
    t->news[id.index] = news;
    return t->dry || old->frozen ? STATUS_OK : put_record(t, id, &news, all_here, err);
}

static enum status take_all(struct takeover *t, struct error *err)
{
    const struct graph *g = &t->project->graph;
    enum status status = t->dry ? STATUS_OK : project_open_store(t->project, err);
    if (status == STATUS_OK)
        status = dvc_cache_open(t->project, &t->cache, err);
    for (uint32_t i = 0; i < t->project->source_count && status == STATUS_OK; i++)
        status = load_lock(t, i, err);
    for (uint32_t k = 0; k < g->stage_count && status == STATUS_OK; k++) {
        struct migrated_stage *told = &t->told[g->order[k].index];
        status = take_stage(t, g->order[k], &told->reason, &told->taken, err);
    }
    dvc_cache_close(t->cache);
    return status;
}

/* ---- all of it ---- */

static const struct lock_stage *news_of(void *ctx, uint32_t stage)
{
    const struct takeover *t = ctx;
    return t->told[stage].taken ? &t->news[stage] : NULL;
}

static enum status save(struct takeover *t, struct error *err)
{
    struct project *p = t->project;
    struct lock old, lock = {0};
    bool changed;
    enum status status = lock_load(t->arena, &old, err);
    if (status == STATUS_OK) {
        lock = lock_merge(t->arena, &p->graph, &old, news_of, t);
        status = roots_publish(p, &lock, err);
    }
    if (status == STATUS_OK)
        status = store_flush(p->store, err);
    if (status == STATUS_OK && lock.stage_count > 0)
        status = lock_save(p, &lock, false, false, &changed, err);
    return status == STATUS_OK ? state_commit(p->state, err) : status;
}

static enum status write_file(const char *path, struct str text, struct error *err)
{
    struct arena scratch;
    arena_init(&scratch);
    enum status status =
        fs_write_atomic(path, temporary_place(&scratch, str_from(path)).ptr, text, 0666, true, err);
    arena_finish(&scratch);
    return status;
}

static bool is_there(const char *path)
{
    struct stat st;
    struct error ignored;
    bool found = true;
    return fs_lstat(path, &st, &found, &ignored) != STATUS_OK || found;
}

/* The project as refit.yaml will declare it; nothing is written yet. */
static enum status become_refit(struct takeover *t, struct migrate_result *out, struct error *err)
{
    struct project *p = t->project;
    struct dvc_migration made;
    enum status status =
        dvc_migrate(&p->arena, p->sources, p->source_count, p->root, &p->reader, &p->manifest, &made, err);
    if (status != STATUS_OK)
        return status;
    t->before = p->manifest;
    p->manifest = made.manifest;
    p->manifest_path = STR("refit.yaml");
    p->dialect = MANIFEST_REFIT;
    graph_finish(&p->graph);
    p->graph = (struct graph){0};
    status = graph_build(&p->arena, &p->manifest, &p->graph, err);
    out->text = made.text;
    out->written_out = made.written_out;
    out->ignored = p->dvc_ignored;
    out->ignore_there = is_there(".refitignore");
    out->stage_count = p->manifest.stage_count;
    out->stages = arena_array(t->arena, struct migrated_stage, out->stage_count);
    for (uint32_t i = 0; i < out->stage_count; i++)
        out->stages[i] = (struct migrated_stage){.name = p->manifest.stages[i].name, .was = t->before.stages[i].name};
    for (uint32_t i = 0; i < p->source_count; i++)
        out->files += p->sources[i].dialect == MANIFEST_DVC;
    return status;
}

static enum status migrate(struct takeover *t, struct migrate_result *out, struct error *err)
{
    struct project *p = t->project;
    enum status status = become_refit(t, out, err);
    if (status != STATUS_OK)
        return status;
    t->told = out->stages;
    t->news = arena_array(t->arena, struct lock_stage, out->stage_count);
    t->locks = arena_array(t->arena, struct dvc_lock, p->source_count);
    t->check = (struct check_context){.project = p,
                                      .arena = t->arena,
                                      .budget_bytes = UINT64_MAX,
                                      .planning = true,
                                      .overlay = overlay,
                                      .overlay_ctx = t};
    status = take_all(t, err);
    if (status != STATUS_OK || t->dry)
        return status;
    status = save(t, err);
    if (status == STATUS_OK && out->ignored.len > 0 && !out->ignore_there)
        status = write_file(".refitignore", out->ignored, err);
    return status == STATUS_OK ? write_file("refit.yaml", out->text, err) : status;
}

enum status run_migrate(struct project *p, const struct migrate_options *options, struct arena *arena,
                        struct migrate_result *out, struct error *err)
{
    struct takeover t = {.project = p, .arena = arena, .dry = options->dry_run};
    *out = (struct migrate_result){0};
    if (p->dialect != MANIFEST_DVC || is_there("refit.yaml"))
        return error_set(err, STATUS_USAGE,
                         "there is a refit.yaml in " STR_FMT " already; it was left as it is, and so was all else",
                         STR_ARG(p->root));
    return migrate(&t, out, err);
}
