/*
 * The standing of a workspace: that everything was fresh, and what was looked at to find that.
 *
 * A run in which every stage is fresh leaves in the state a list of all paths that it looked at, each with the digest
 * of its stats, and a digest of what else such a run depends on. While all of it is the same, the next run would come
 * to the same end, so it says so at once: without a manifest, a graph or a schedule. Anything that differs, and any
 * commit of the state, makes the standing void; then the run is done as every other.
 *
 * What is listed must be beyond doubt. Of paths that were digested the stat cache says whether they are (`racy`); of
 * files that are read otherwise (manifest, parameters, refit.lock) the last change must be clearly older than this
 * process, and they must still be what they were when they were read: a clock that is set back makes an edit look old.
 */
#include <stdlib.h>
#include <string.h>

#include "refit/base/fs.h"
#include "refit/base/version.h"
#include "refit/rule.h"
#include "run/run.h"

static const struct str standing_name = {"standing", 8};

struct look {
    struct str key; /* mode u8, then the path */
    struct digest stats;
};

struct standing {
    struct look *looks;
    uint32_t count, cap;
    struct table index; /* key → number of the look */
    struct arena arena;
    bool spoiled;
};

struct standing *standing_create(void)
{
    struct standing *s = mem_alloc(sizeof *s);
    arena_init(&s->arena);
    return s;
}

void standing_destroy(struct standing *s)
{
    if (s == NULL)
        return;
    table_finish(&s->index);
    free(s->looks);
    arena_finish(&s->arena);
    free(s);
}

void standing_spoil(struct standing *s)
{
    if (s != NULL)
        s->spoiled = true;
}

static void add(struct standing *s, struct str path, enum digest_mode mode, struct digest stats)
{
    struct arena_mark mark = arena_get_mark(&s->arena);
    char *text = arena_alloc(&s->arena, path.len + 1, 1);
    struct str key = {text, path.len + 1};
    text[0] = (char)mode;
    memcpy(text + 1, path.ptr, path.len);
    uint32_t at = table_add(&s->index, key, s->count);
    if (at != s->count) { /* it was looked at before: if it has changed since, the two do not go together */
        arena_rewind(&s->arena, mark);
        s->spoiled |= !digest_equal(s->looks[at].stats, stats);
        return;
    }
    MEM_GROW(s->looks, s->count, s->cap);
    s->looks[s->count++] = (struct look){key, stats};
}

void standing_look(struct standing *s, struct str path, enum digest_mode mode, const struct input *input)
{
    if (s == NULL || s->spoiled)
        return;
    s->spoiled |= input->racy;
    add(s, path, mode, input->stats);
}

static int compare_looks(const void *a, const void *b)
{
    return str_compare(((const struct look *)a)->key, ((const struct look *)b)->key);
}

/* Sorted, so that the same looks are the same bytes, whatever the order of a run was: mode u8, the path with its length
 * and a NUL, the digest of its stats. */
static void append_looks(struct standing *s, struct buf *out)
{
    if (s->count > 1)
        qsort(s->looks, s->count, sizeof *s->looks, compare_looks);
    for (uint32_t i = 0; i < s->count; i++) {
        struct str key = s->looks[i].key;
        buf_char(out, key.ptr[0]);
        buf_u32(out, (uint32_t)key.len); /* of the path, and its NUL */
        buf_append(out, key.ptr + 1, key.len - 1);
        buf_char(out, '\0');
        buf_append(out, s->looks[i].stats.bytes, DIGEST_SIZE);
    }
}

/* ---- what else a run depends on ---- */

static void append_environment(struct buf *out, const char *name)
{
    const char *value = getenv(name);
    buf_lstr(out, str_from(name));
    buf_u8(out, value != NULL);
    buf_lstr(out, str_from(value ? value : ""));
}

/* Of this program, the machine, the place, and the configuration. */
static struct digest circumstances(const struct project *p)
{
    struct buf all = {0};
    buf_lstr(&all, STR(REFIT_VERSION));
    struct digest rules = rules_shipped_digest();
    buf_append(&all, rules.bytes, DIGEST_SIZE);
    buf_lstr(&all, fingerprint_platform(p->fp));
    buf_lstr(&all, p->root);
    buf_lstr(&all, p->manifest_path);
    buf_append(&all, p->config_digest.bytes, DIGEST_SIZE);
    buf_lstr(&all, p->store_directory);
    buf_lstr(&all, str_from(p->store_epoch));
    struct digest digest = digest_of(all.ptr, all.len);
    buf_finish(&all);
    return digest;
}

/* Of the variables that stages take from the environment; `names` are terminated, one after the other. */
static struct digest environment_digest(struct str names)
{
    struct buf all = {0};
    for (size_t at = 0; at < names.len; at += strlen(names.ptr + at) + 1)
        append_environment(&all, names.ptr + at);
    struct digest digest = digest_of(all.ptr, all.len);
    buf_finish(&all);
    return digest;
}

static void collect_names(const struct run *run, struct buf *names)
{
    const struct graph *g = &run->project->graph;
    struct table known = {0};
    for (uint32_t i = 0; i < g->stage_count; i++)
        for (uint32_t k = 0; run->selected[i] && k < g->stages[i].declared->env_count; k++) {
            const struct manifest_env *env = &g->stages[i].declared->env[k];
            if (env->has_value || table_get(&known, env->name) != TABLE_NONE)
                continue;
            table_add(&known, env->name, 0);
            buf_str(names, env->name);
            buf_char(names, '\0');
        }
    table_finish(&known);
}

/* ---- keeping ---- */

/* A file that was read other than by digesting it; `before` = when it was read, NULL if that was compared already. */
static void add_read(struct run *run, struct str path, const struct digest *before)
{
    struct digest stats;
    if (digest_is_settled(run->project->fp, path, run->project->opened_ns, &stats) &&
        (before == NULL || digest_equal(stats, *before)))
        add(run->check.standing, path, DIGEST_DEP, stats);
    else
        standing_spoil(run->check.standing);
}

static void add_params(struct run *run, struct str path)
{
    if (fingerprint_params_stand(run->project->fp, path))
        add_read(run, path, NULL);
    else
        standing_spoil(run->check.standing);
}

/* A file that the manifest was loaded from, or that it would have been if it were there. */
static void add_manifest_file(struct run *run, const struct manifest_file *file)
{
    struct digest_options options = {.mode = DIGEST_DEP, .budget_bytes = UINT64_MAX};
    struct input input;
    bool complete;
    struct error ignored; /* what cannot be looked at cannot be listed */
    bool looked = digest_path(run->project->fp, run->check.arena, file->path, &options, &input, &complete, &ignored) ==
                  STATUS_OK;
    if (looked && (file->found ? input.kind == ENTRY_FILE && digest_equal(input.digest, file->digest)
                               : input.kind == ENTRY_MISSING))
        standing_look(run->check.standing, file->path, DIGEST_DEP, &input);
    else
        standing_spoil(run->check.standing);
}

/* Tools have to be asked each time, and a frozen stage's outs are not looked into. */
static bool all_can_stand(const struct run *run)
{
    const struct graph *g = &run->project->graph;
    for (uint32_t i = 0; i < g->stage_count; i++)
        if (run->selected[i] && (g->stages[i].declared->tool_count > 0 || g->stages[i].declared->frozen ||
                                 schedule_state(run->schedule, (struct stage_id){i}) != STATE_FRESH))
            return false;
    return true;
}

void standing_keep(struct run *run)
{
    struct standing *s = run->check.standing;
    const struct project *p = run->project;
    if (s == NULL || s->spoiled || !run->lock_current || run->lock_changed || run->is_fatal || !all_can_stand(run))
        return;
    uint32_t fresh = 0;
    add_read(run, p->manifest_path, &p->manifest_stats);
    add_read(run, STR(LOCK_FILE), &p->lock_stats);
    for (uint32_t i = 0; i < p->manifest.file_count && !s->spoiled; i++)
        add_manifest_file(run, &p->manifest.files[i]);
    for (uint32_t i = 0; i < p->graph.stage_count; i++) {
        const struct manifest_stage *stage = p->graph.stages[i].declared;
        fresh += run->selected[i];
        for (uint32_t k = 0; run->selected[i] && k < stage->params_count && !s->spoiled; k++)
            add_params(run, stage->params[k].path);
    }
    if (s->spoiled)
        return;
    struct buf names = {0}, value = {0};
    collect_names(run, &names);
    struct digest here = circumstances(p), environment = environment_digest(buf_view(&names));
    buf_append(&value, here.bytes, DIGEST_SIZE);
    buf_u32(&value, fresh);
    buf_lstr(&value, buf_view(&names));
    buf_append(&value, environment.bytes, DIGEST_SIZE);
    append_looks(s, &value);
    state_set_passing(p->state, standing_name, buf_view(&value));
    buf_finish(&names);
    buf_finish(&value);
}

/* ---- asking ---- */

static enum status items_hold(struct project *p, struct reader *r, bool *holds, struct error *err)
{
    struct arena scratch;
    enum status status = STATUS_OK;
    arena_init(&scratch);
    while (status == STATUS_OK && *holds && !reader_done(r)) {
        uint8_t mode = reader_u8(r);
        struct str path = reader_lstr(r);
        struct digest stats = reader_digest(r);
        *holds = !r->bad && path.len > 0 && path.ptr[path.len - 1] == '\0';
        if (!*holds)
            break;
        struct arena_mark mark = arena_get_mark(&scratch);
        path.len--;
        status = digest_is_same(p->fp, &scratch, path, mode == DIGEST_OUT ? DIGEST_OUT : DIGEST_DEP, stats, holds, err);
        arena_rewind(&scratch, mark);
    }
    arena_finish(&scratch);
    return status;
}

enum status standing_holds(struct project *p, uint32_t *fresh, bool *holds, struct error *err)
{
    struct str value;
    enum status status = state_get_passing(p->state, standing_name, &value, holds, err);
    if (status != STATUS_OK || !*holds)
        return status;
    struct reader r = reader_from(value.ptr, value.len);
    struct digest here = reader_digest(&r);
    *fresh = reader_u32(&r);
    struct str names = reader_lstr(&r);
    struct digest environment = reader_digest(&r);
    *holds = !r.bad && (names.len == 0 || names.ptr[names.len - 1] == '\0') && digest_equal(here, circumstances(p)) &&
             digest_equal(environment, environment_digest(names));
    return *holds ? items_hold(p, &r, holds, err) : STATUS_OK;
}
