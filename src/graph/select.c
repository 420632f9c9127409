/* Selecting: names and paths of outs to the set of stages that a run concerns. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "graph/graph.h"
#include "refit/base/path.h"

struct stage_id graph_find_stage(const struct graph *graph, struct str name)
{
    return (struct stage_id){table_get(graph->by_name, name)};
}

struct stage_id graph_find_maker(const struct graph *graph, struct str path)
{
    for (struct str up = path; path_is_inside(up) && !str_is(up, "."); up = path_parent(up)) {
        uint32_t file = table_get(graph->by_path, up);
        if (file != TABLE_NONE && graph->files[file].producer.index != GRAPH_NONE)
            return graph->files[file].producer;
    }
    return (struct stage_id){GRAPH_NONE};
}

bool graph_is_made(const struct graph *graph, struct str path)
{
    return graph_find_maker(graph, path).index != GRAPH_NONE;
}

bool graph_is_upstream(const struct graph *graph, struct stage_id stage, struct stage_id other)
{
    const struct graph_stage *node = &graph->stages[stage.index];
    for (uint32_t i = 0; i < node->upstream_count; i++)
        if (node->upstream[i].index == other.index)
            return true;
    unsigned char *seen = mem_alloc(graph->stage_count);
    seen[stage.index] = 1;
    for (uint32_t k = graph->stage_count; k-- > 0;) {
        uint32_t i = graph->order[k].index;
        for (uint32_t j = 0; seen[i] && j < graph->stages[i].upstream_count; j++)
            seen[graph->stages[i].upstream[j].index] = 1;
    }
    bool result = seen[other.index] && other.index != stage.index;
    free(seen);
    return result;
}

_Static_assert(GRAPH_NONE == TABLE_NONE, "a name that is not in a table is no stage");

struct str graph_nearest_stage(const struct graph *graph, struct str word)
{
    struct str *names = mem_alloc(mem_product(graph->stage_count, sizeof *names));
    for (uint32_t i = 0; i < graph->stage_count; i++)
        names[i] = graph->stages[i].declared->name;
    const struct str *nearest = str_nearest(word, names, graph->stage_count);
    struct str result = nearest ? *nearest : STR("");
    free(names);
    return result;
}

/* The stage that a target names: by its name, or by a path at or inside one of its outs. */
static uint32_t find_target(const struct graph *g, struct str target)
{
    struct stage_id named = graph_find_stage(g, target);
    if (named.index != GRAPH_NONE)
        return named.index;
    return graph_find_maker(g, target).index;
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

static enum status mark_targets(const struct graph *g, const struct graph_selection_options *options,
                                unsigned char *marks, struct error *err)
{
    for (uint32_t t = 0; t < options->target_count; t++) {
        uint32_t index = find_target(g, options->targets[t]);
        if (index != GRAPH_NONE) {
            marks[index] = NAMED | CHOSEN;
            continue;
        }
        struct str nearest = graph_nearest_stage(g, options->targets[t]);
        if (nearest.len > 0)
            return error_set(err, STATUS_USAGE, "no stage or out is called `" STR_FMT "`; did you mean `" STR_FMT "`?",
                             STR_ARG(options->targets[t]), STR_ARG(nearest));
        return error_set(err, STATUS_USAGE, "no stage or out is called `" STR_FMT "`; `refit graph` lists the stages",
                         STR_ARG(options->targets[t]));
    }
    return STATUS_OK;
}

enum status graph_select(const struct graph *graph, const struct graph_selection_options *options, bool *selected,
                         struct error *err)
{
    unsigned char *marks = mem_alloc(graph->stage_count);
    enum status status = mark_targets(graph, options, marks, err);
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
