/* Selecting: names and paths of outs to the set of stages that a run concerns. */
#include <assert.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#include "graph/graph.h"
#include "refit/base/path.h"

struct stage_id graph_find_stage(const struct graph *graph, struct str name)
{
    return (struct stage_id){table_get(graph->by_name, name)};
}

/* False if it does not fit, terminated. */
static bool copy_text(struct str text, char *out, size_t size)
{
    if (text.len >= size || memchr(text.ptr, '\0', text.len) != NULL)
        return false;
    memcpy(out, text.ptr, text.len);
    out[text.len] = '\0';
    return true;
}

bool graph_name_means(enum name_kind kind, struct str name, struct str stage)
{
    switch (kind) {
    case NAME_NONE:
        return false;
    case NAME_STAGE:
        return str_equal(name, stage);
    case NAME_GROUP:
        return stage.len > name.len && stage.ptr[name.len] == '@' && str_starts(stage, name);
    case NAME_GLOB:
        break;
    }
    char glob[1024], text[256];
    return copy_text(name, glob, sizeof glob) && copy_text(stage, text, sizeof text) && fnmatch(glob, text, 0) == 0;
}

enum name_kind graph_name_kind(const struct graph *graph, struct str name)
{
    if (graph_find_stage(graph, name).index != GRAPH_NONE)
        return NAME_STAGE;
    for (enum name_kind kind = NAME_GROUP; kind <= NAME_GLOB; kind++) {
        if (kind == NAME_GLOB && str_find(name, '*') < 0 && str_find(name, '?') < 0 && str_find(name, '[') < 0)
            break;
        for (uint32_t i = 0; i < graph->stage_count; i++)
            if (graph_name_means(kind, name, graph->stages[i].declared->name))
                return kind;
    }
    return NAME_NONE;
}

/* The file that somebody makes at or above the path; GRAPH_NONE if nobody does. */
static uint32_t find_out(const struct graph *graph, struct str path)
{
    for (struct str up = path; path_is_inside(up) && !str_is(up, "."); up = path_parent(up)) {
        uint32_t file = table_get(graph->by_path, up);
        if (file != TABLE_NONE && graph->files[file].producer.index != GRAPH_NONE)
            return file;
    }
    return GRAPH_NONE;
}

struct stage_id graph_find_maker(const struct graph *graph, struct str path)
{
    uint32_t file = find_out(graph, path);
    return file == GRAPH_NONE ? (struct stage_id){GRAPH_NONE} : graph->files[file].producer;
}

bool graph_is_made(const struct graph *graph, struct str path)
{
    return find_out(graph, path) != GRAPH_NONE;
}

/* Index of the first out whose path is not less than `path`. */
static uint32_t lower_bound(const struct graph *graph, struct str path)
{
    uint32_t low = 0, high = graph->out_count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (str_compare(graph->files[graph->outs[middle].index].path, path) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

uint32_t graph_outs_around(const struct graph *graph, struct str path, uint32_t *first)
{
    *first = 0;
    if (str_is(path, "."))
        return graph->out_count;
    uint32_t file = find_out(graph, path);
    if (file != GRAPH_NONE) {
        *first = lower_bound(graph, graph->files[file].path);
        return 1;
    }
    struct buf below = {0};
    buf_str(&below, path);
    buf_char(&below, '/');
    *first = lower_bound(graph, buf_view(&below));
    buf_finish(&below);
    uint32_t end = *first;
    while (end < graph->out_count && path_is_below(graph->files[graph->outs[end].index].path, path))
        end++;
    return end - *first;
}

bool graph_touches_outs(const struct graph *graph, struct str path)
{
    uint32_t first;
    return graph_outs_around(graph, path, &first) > 0;
}

/* Marks the stage and all that it follows from; malloc'd. */
static unsigned char *mark_upstream(const struct graph *graph, struct stage_id stage)
{
    unsigned char *seen = mem_alloc(graph->stage_count);
    seen[stage.index] = 1;
    for (uint32_t k = graph->stage_count; k-- > 0;) {
        uint32_t i = graph->order[k].index;
        for (uint32_t j = 0; seen[i] && j < graph->stages[i].upstream_count; j++)
            seen[graph->stages[i].upstream[j].index] = 1;
    }
    return seen;
}

bool graph_is_upstream(const struct graph *graph, struct stage_id stage, struct stage_id other)
{
    const struct graph_stage *node = &graph->stages[stage.index];
    for (uint32_t i = 0; i < node->upstream_count; i++)
        if (node->upstream[i].index == other.index)
            return true;
    unsigned char *seen = mark_upstream(graph, stage);
    bool result = seen[other.index] && other.index != stage.index;
    free(seen);
    return result;
}

struct file_id graph_find_unordered(const struct graph *graph, struct stage_id stage, struct str path)
{
    struct file_id found = {GRAPH_NONE};
    uint32_t first, count = graph_outs_around(graph, path, &first);
    if (count == 0)
        return found;
    unsigned char *seen = mark_upstream(graph, stage);
    for (uint32_t i = first; i < first + count && found.index == GRAPH_NONE; i++) {
        struct stage_id maker = graph->files[graph->outs[i].index].producer;
        if (!seen[maker.index] || maker.index == stage.index)
            found = graph->outs[i];
    }
    free(seen);
    return found;
}

_Static_assert(GRAPH_NONE == TABLE_NONE, "a name that is not in a table is no stage");

struct str graph_nearest_stage(const struct graph *graph, struct str word)
{
    struct str *names = mem_alloc(mem_product(graph->stage_count, 2 * sizeof *names));
    uint32_t count = 0;
    for (uint32_t i = 0; i < graph->stage_count; i++) {
        struct str name = graph->stages[i].declared->name;
        ptrdiff_t mark = str_find(name, '@');
        names[count++] = name;
        if (mark > 0)
            names[count++] = str_slice(name, 0, (size_t)mark);
    }
    const struct str *nearest = str_nearest(word, names, count);
    struct str result = nearest ? *nearest : STR("");
    free(names);
    return result;
}

enum { NAMED = 1, CHOSEN = 2 };

/* Marks everything reachable from the named stages, up or down, as chosen. */
static void spread(const struct graph *g, unsigned char *marks, bool down)
{
    for (uint32_t k = 0; k < g->stage_count; k++) {
        uint32_t i = g->order[down ? k : g->stage_count - 1 - k].index;
        if (marks[i] == 0)
            continue;
        marks[i] |= CHOSEN;
        const struct graph_stage *node = &g->stages[i];
        uint32_t count = down ? node->downstream_count : node->upstream_count;
        for (uint32_t j = 0; j < count; j++)
            marks[(down ? node->downstream : node->upstream)[j].index] |= CHOSEN;
    }
}

/* Takes out deploy stages that nobody asked for, and what would need them. */
static enum status leave_out_deploys(const struct graph *g, unsigned char *marks, struct error *err)
{
    unsigned char *held = mem_alloc(g->stage_count);
    enum status status = STATUS_OK;
    for (uint32_t k = 0; k < g->stage_count && status == STATUS_OK; k++) {
        uint32_t i = g->order[k].index;
        const struct graph_stage *node = &g->stages[i];
        held[i] = node->declared->kind == STAGE_DEPLOY && !(marks[i] & NAMED);
        for (uint32_t j = 0; j < node->upstream_count; j++)
            held[i] |= held[node->upstream[j].index];
        if (held[i] && (marks[i] & NAMED))
            status = error_set(err, STATUS_USAGE,
                               "`" STR_FMT
                               "` follows a deploy stage, which runs only when it is named; name it too, or add "
                               "--deploy",
                               STR_ARG(node->declared->name));
        if (held[i])
            marks[i] = 0;
    }
    free(held);
    return status;
}

static enum status unknown_target(const struct graph *g, struct str target, struct error *err)
{
    struct str nearest = graph_nearest_stage(g, target);
    if (nearest.len > 0)
        return error_set(err, STATUS_USAGE, "no stage or out is called `" STR_FMT "`; did you mean `" STR_FMT "`?",
                         STR_ARG(target), STR_ARG(nearest));
    return error_set(err, STATUS_USAGE, "no stage or out is called `" STR_FMT "`; `refit graph` lists the stages",
                     STR_ARG(target));
}

/* Marks what a group or a glob means. A glob takes deploy stages only where they are asked for besides. */
static enum status mark_many(const struct graph *g, enum name_kind kind, struct str target, bool deploy,
                             unsigned char *marks, struct error *err)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < g->stage_count; i++) {
        const struct manifest_stage *stage = g->stages[i].declared;
        if (!graph_name_means(kind, target, stage->name) ||
            (kind == NAME_GLOB && stage->kind == STAGE_DEPLOY && !deploy))
            continue;
        marks[i] |= kind == NAME_GLOB ? CHOSEN : NAMED | CHOSEN;
        count++;
    }
    if (count > 0)
        return STATUS_OK;
    return error_set(err, STATUS_USAGE,
                     "`" STR_FMT "` matches deploy stages alone, which a glob does not run; name them, or add --deploy",
                     STR_ARG(target));
}

static enum status mark_target(const struct graph *g, struct str target, bool deploy, unsigned char *marks,
                               struct error *err)
{
    enum name_kind kind = graph_name_kind(g, target);
    struct stage_id stage = kind == NAME_STAGE ? graph_find_stage(g, target) : graph_find_maker(g, target);
    if (kind == NAME_GROUP || (kind == NAME_GLOB && stage.index == GRAPH_NONE))
        return mark_many(g, kind, target, deploy, marks, err);
    if (stage.index == GRAPH_NONE)
        return unknown_target(g, target, err);
    marks[stage.index] = NAMED | CHOSEN;
    return STATUS_OK;
}

enum status graph_select(const struct graph *graph, const struct graph_selection_options *options, bool *selected,
                         struct error *err)
{
    unsigned char *marks = mem_alloc(graph->stage_count);
    enum status status = STATUS_OK;
    for (uint32_t t = 0; t < options->target_count && status == STATUS_OK; t++)
        status = mark_target(graph, options->targets[t], options->deploy, marks, err);
    if (status != STATUS_OK)
        goto out;
    /* A source that nothing reads is nobody's concern unless it is named. */
    for (uint32_t i = 0; options->target_count == 0 && i < graph->stage_count; i++)
        marks[i] = !graph->stages[i].declared->source || graph->stages[i].downstream_count > 0 ? CHOSEN : 0;
    if (options->target_count > 0 && !options->single)
        spread(graph, marks, options->downstream);
    if (!options->deploy && !(options->single && options->target_count > 0))
        status = leave_out_deploys(graph, marks, err);
    for (uint32_t i = 0; i < graph->stage_count; i++)
        selected[i] = marks[i] != 0;
out:
    free(marks);
    return status;
}
