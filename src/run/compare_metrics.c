/* What differs between the metrics of two pictures: those that stages make, and those that the top level names. */
#include <math.h>
#include <stdlib.h>

#include "refit/base/fs.h"
#include "refit/base/path.h"
#include "refit/vcs.h"
#include "run/compare.h"

struct leaves {
    struct arena *arena;
    struct str path;
    struct history_metric *items; /* malloc'd; sorted by name in the end */
    uint32_t count, cap;
};

static void add_leaf(void *ctx, struct str name, const struct value *value)
{
    struct leaves *l = ctx;
    struct buf text = {0};
    value_canonical(value, &text);
    MEM_GROW(l->items, l->count, l->cap);
    l->items[l->count++] =
        (struct history_metric){l->path, str_dup(l->arena, name), str_dup(l->arena, buf_view(&text))};
    buf_finish(&text);
}

static int compare_leaves(const void *a, const void *b)
{
    return str_compare(((const struct history_metric *)a)->name, ((const struct history_metric *)b)->name);
}

/* What the history kept of it, where the file itself cannot be had. */
static bool take_kept(const struct picture *picture, struct leaves *out)
{
    for (uint32_t i = 0; i < picture->value_count; i++) {
        if (!str_equal(picture->values[i].path, out->path))
            continue;
        MEM_GROW(out->items, out->count, out->cap);
        out->items[out->count++] = picture->values[i];
    }
    return out->count > 0;
}

static void sort_leaves(struct leaves *leaves)
{
    if (leaves->count > 1)
        qsort(leaves->items, leaves->count, sizeof *leaves->items, compare_leaves);
}

static void parse_leaves(struct comparing *c, const struct picture *picture, struct str text, struct leaves *leaves,
                         struct str *fault)
{
    struct value *value;
    struct error why;
    if (metric_parse(c->arena, leaves->path, text, &c->project->reader, &value, &why) == STATUS_OK)
        metric_flatten(c->arena, value, add_leaf, leaves);
    else
        *fault = str_format(c->arena, "that of " STR_FMT " cannot be read: %s", STR_ARG(picture->name), why.message);
    sort_leaves(leaves);
}

/* *fault is "" if they are known; without an out there are none. */
static void read_leaves(struct comparing *c, const struct picture *picture, const struct record_out *out,
                        struct leaves *leaves, struct str *fault)
{
    struct str text;
    if (out == NULL || fault->len > 0)
        return;
    if (out->kind != ENTRY_FILE) {
        *fault = str_format(c->arena, "that of " STR_FMT " is no file", STR_ARG(picture->name));
    } else if (out->size > METRIC_BYTES_MAX) {
        *fault = str_format(c->arena, "that of " STR_FMT " has %llu bytes, and metrics have at most %u",
                            STR_ARG(picture->name), (unsigned long long)out->size, METRIC_BYTES_MAX);
    } else if (metric_read(c->project, c->arena, out, &text)) {
        parse_leaves(c, picture, text, leaves, fault);
    } else if (!take_kept(picture, leaves)) {
        *fault = str_format(c->arena, "that of " STR_FMT " is not in the store; `refit reproduce` makes past builds "
                            "again", STR_ARG(picture->name));
    }
    sort_leaves(leaves);
}

static bool as_number(struct str canonical, double *out)
{
    char *end;
    *out = canonical.len > 0 ? strtod(canonical.ptr, &end) : NAN;
    return canonical.len > 0 && end == canonical.ptr + canonical.len && isfinite(*out);
}

static void add_values(struct comparing *c, const struct leaves *old, const struct leaves *now)
{
    struct stage_difference *s = c->stage;
    for (uint32_t i = 0, j = 0; i < old->count || j < now->count;) {
        int order = i == old->count ? 1 : j == now->count ? -1 : compare_leaves(&old->items[i], &now->items[j]);
        const struct history_metric *was = order <= 0 ? &old->items[i++] : NULL;
        const struct history_metric *is = order >= 0 ? &now->items[j++] : NULL;
        struct metric_difference d = {.path = old->path, .name = was != NULL ? was->name : is->name};
        double before, after;
        d.old = was != NULL ? was->value : STR("");
        d.now = is != NULL ? is->value : STR("");
        d.is_number = as_number(d.old, &before) && as_number(d.now, &after);
        d.change = d.is_number ? after - before : 0;
        if (!str_equal(d.old, d.now))
            s->metrics[s->metric_count++] = d;
    }
}

/* Room for `more` metrics besides those that there are. */
static void grow_metrics(struct comparing *c, size_t more)
{
    struct stage_difference *s = c->stage;
    struct metric_difference *grown = arena_array(c->arena, struct metric_difference, s->metric_count + more);
    for (uint32_t i = 0; i < s->metric_count; i++)
        grown[i] = s->metrics[i];
    s->metrics = grown;
}

/* The leaves are freed. */
static void add_difference(struct comparing *c, struct leaves *old, struct leaves *now, struct str fault)
{
    grow_metrics(c, (size_t)old->count + now->count + 1);
    if (fault.len == 0)
        add_values(c, old, now);
    else
        c->stage->metrics[c->stage->metric_count++] = (struct metric_difference){.path = old->path, .fault = fault};
    free(old->items);
    free(now->items);
}

void compare_metric(struct comparing *c, const struct out_difference *out)
{
    struct leaves old = {.arena = c->arena, .path = out->path}, now = old;
    struct str fault = STR("");
    read_leaves(c, c->old, out->old, &old, &fault);
    read_leaves(c, c->now, out->now, &now, &fault);
    add_difference(c, &old, &now, fault);
}

static bool has_values(const struct picture *picture, struct str path)
{
    for (uint32_t i = 0; i < picture->value_count; i++)
        if (str_equal(picture->values[i].path, path))
            return true;
    return false;
}

bool compare_is_metric(const struct comparing *c, struct str path)
{
    const struct graph *g = &c->project->graph;
    struct stage_id maker = {GRAPH_NONE};
    if (g->stage_count > 0)
        maker = graph_find_maker(g, path);
    const struct manifest_stage *declared = maker.index != GRAPH_NONE ? g->stages[maker.index].declared : NULL;
    for (uint32_t i = 0; declared != NULL && i < declared->out_count; i++)
        if (str_equal(declared->outs[i].path, path) && manifest_is_metric(&c->project->manifest, &declared->outs[i]))
            return true;
    return has_values(c->old, path) || has_values(c->now, path);
}

/* ---- metrics of the top level ---- */

/* The out that a path is, or that it is in; NULL = none. */
static const struct record_out *find_out(const struct lock *lock, struct str path)
{
    for (uint32_t i = 0; i < lock->stage_count; i++)
        for (uint32_t k = 0; k < lock->stages[i].out_count; k++)
            if (str_equal(lock->stages[i].outs[k].path, path) || path_is_below(path, lock->stages[i].outs[k].path))
                return &lock->stages[i].outs[k];
    return NULL;
}

/* A file in a folder that a stage makes. */
static enum status read_within(struct comparing *c, const struct picture *picture, const struct record_out *folder,
                               struct str path, struct str *text, bool *found, struct str *fault, struct error *err)
{
    struct tree tree = {0};
    enum status status = compare_find_tree(c, picture, folder, DIGEST_OUT, &tree, fault, err);
    if (status != STATUS_OK || fault->len > 0)
        return status;
    for (uint32_t i = 0; i < tree.count; i++) {
        const struct tree_entry *e = &tree.entries[i];
        if (!str_equal(path_join(c->arena, folder->path, e->path), path))
            continue;
        struct record_out out = {.path = path, .kind = e->kind, .stored = true, .digest = e->digest, .size = e->size};
        *found = metric_read(c->project, c->arena, &out, text);
        if (!*found)
            *fault = str_format(c->arena, "that of " STR_FMT " is no file that could be read", STR_ARG(picture->name));
    }
    return STATUS_OK;
}

/* One that no stage makes: as it is in the workspace, or in the commit. */
static enum status read_source(struct comparing *c, const struct picture *picture, struct str path, struct str *text,
                               bool *found, struct str *fault, struct error *err)
{
    struct vcs_commit commit;
    struct buf bytes = {0};
    struct error why;
    enum status status = STATUS_OK;
    if (picture->kind == PICTURE_RUN) {
        *fault = str_format(c->arena, "no stage makes it, so nothing says what it was at the run " STR_FMT,
                            STR_ARG(picture->name));
        return STATUS_OK;
    }
    if (picture->kind == PICTURE_WORKSPACE) {
        status = fs_read(path.ptr, METRIC_BYTES_MAX, &bytes, &why);
        *text = str_dup(c->arena, buf_view(&bytes));
        buf_finish(&bytes);
    } else {
        status = vcs_find_commit(c->arena, c->project->root.ptr, str_terminated(c->arena, picture->commit), &commit,
                                 err);
        if (status != STATUS_OK)
            return status;
        status = vcs_read_file(c->arena, c->project->root.ptr, &commit, path.ptr, text, found, &why);
    }
    *found = status == STATUS_OK && (*found || picture->kind == PICTURE_WORKSPACE);
    if (status != STATUS_OK && status != STATUS_NOT_FOUND)
        *fault = str_format(c->arena, "that of " STR_FMT " cannot be read: %s", STR_ARG(picture->name), why.message);
    return STATUS_OK;
}

static enum status read_common(struct comparing *c, const struct picture *picture, struct leaves *leaves,
                               struct str *fault, struct error *err)
{
    const struct record_out *folder = find_out(&picture->lock, leaves->path);
    struct str text = STR("");
    bool found = false;
    if (fault->len > 0)
        return STATUS_OK;
    enum status status = folder != NULL ? read_within(c, picture, folder, leaves->path, &text, &found, fault, err)
                                        : read_source(c, picture, leaves->path, &text, &found, fault, err);
    if (status == STATUS_OK && found && fault->len == 0)
        parse_leaves(c, picture, text, leaves, fault);
    return status;
}

/* Those that the top level names and that are no out by themselves. They are told as of a stage without a name. */
enum status compare_common_metrics(struct comparing *c, struct stage_difference *s, bool *differs, struct error *err)
{
    const struct manifest *m = &c->project->manifest;
    enum status status = STATUS_OK;
    *s = (struct stage_difference){.name = STR(""), .note = STR(""), .before = STR(""), .was = true, .is = true};
    c->stage = s;
    for (uint32_t i = 0; i < m->metric_count && status == STATUS_OK; i++) {
        struct leaves old = {.arena = c->arena, .path = m->metrics[i].path}, now = old;
        const struct record_out *made[] = {find_out(&c->old->lock, old.path), find_out(&c->now->lock, old.path)};
        struct str fault = STR("");
        if ((made[0] != NULL && str_equal(made[0]->path, old.path)) ||
            (made[1] != NULL && str_equal(made[1]->path, old.path)))
            continue; /* with its stage */
        status = read_common(c, c->old, &old, &fault, err);
        if (status == STATUS_OK)
            status = read_common(c, c->now, &now, &fault, err);
        add_difference(c, &old, &now, fault);
    }
    *differs = s->metric_count > 0;
    return status;
}
