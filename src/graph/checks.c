/* What a check holds back: it comes before that, and the run judges its verdict on the way there. */
#include <stdlib.h>
#include <string.h>

#include "graph/graph.h"
#include "refit/base/path.h"

/* Marks a stage and all that is upstream (or downstream) of it. */
static void mark(const struct graph *g, uint32_t stage, bool downstream, bool *marked)
{
    uint32_t *stack = mem_alloc(mem_product((size_t)g->stage_count + 1, sizeof *stack));
    size_t depth = 0;
    if (!marked[stage])
        stack[depth++] = stage;
    marked[stage] = true;
    while (depth > 0) {
        const struct graph_stage *node = &g->stages[stack[--depth]];
        const struct stage_id *next = downstream ? node->downstream : node->upstream;
        uint32_t count = downstream ? node->downstream_count : node->upstream_count;
        for (uint32_t i = 0; i < count; i++) {
            if (!marked[next[i].index])
                stack[depth++] = next[i].index;
            marked[next[i].index] = true;
        }
    }
    free(stack);
}

static bool concerns(struct str one, struct str two)
{
    return str_equal(one, two) || path_is_below(one, two) || path_is_below(two, one);
}

static bool reads(const struct manifest_stage *stage, struct str subject)
{
    for (uint32_t i = 0; i < stage->dep_count; i++)
        if (concerns(stage->deps[i].path, subject))
            return true;
    for (uint32_t i = 0; i < stage->params_count; i++)
        if (concerns(stage->params[i].path, subject))
            return true;
    return false;
}

static bool makes(const struct manifest_stage *stage, struct str subject)
{
    for (uint32_t i = 0; i < stage->out_count; i++)
        if (concerns(stage->outs[i].path, subject))
            return true;
    return false;
}

/* Data: whatever reads it. A model: the deploys that follow from it. */
static void mark_held(const struct graph *g, const struct manifest_check *check, bool *held)
{
    for (uint32_t i = 0; i < g->stage_count; i++) {
        const struct manifest_stage *stage = g->stages[i].declared;
        if (check->kind == CHECK_DATA)
            held[i] = reads(stage, check->subject);
        else if (i != check->stage && (reads(stage, check->subject) || makes(stage, check->subject)))
            mark(g, i, true, held);
    }
    for (uint32_t i = 0; i < g->stage_count; i++) {
        const struct manifest_stage *stage = g->stages[i].declared;
        held[i] = held[i] && stage->check == 0 && !stage->frozen &&
                  (check->kind == CHECK_DATA || stage->kind == STAGE_DEPLOY);
    }
}

static void link_check(struct builder *b, const struct manifest_check *check)
{
    struct graph *g = b->graph;
    bool *held = mem_alloc(g->stage_count), *upstream = mem_alloc(g->stage_count);
    size_t before = b->edge_count;
    mark_held(g, check, held);
    mark(g, check->stage, false, upstream);
    for (uint32_t i = 0; i < g->stage_count; i++)
        if (held[i] && !upstream[i])
            graph_add_edge(b, check->stage, i);
    if (b->edge_count > before)
        graph_settle_edges(b); /* what the next check follows from */
    free(held);
    free(upstream);
}

void graph_link_checks(struct builder *b)
{
    for (uint32_t i = 0; i < b->manifest->check_count; i++)
        link_check(b, &b->manifest->checks[i]);
}
