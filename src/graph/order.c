/* The order of the stages: depth first, so that a cycle is found as the path that closes it. */
#include <stdlib.h>

#include "graph/graph.h"
#include "refit/base/path.h"

enum colour { WHITE, GREY, BLACK };

struct frame {
    uint32_t stage, next; /* next: which upstream to look at */
};

/* A path through which `to` follows from `from`, for the message: a dep of `to` that overlaps an out of `from`. */
static struct str shared_path(const struct graph *g, uint32_t from, uint32_t to)
{
    const struct manifest_stage *reader = g->stages[to].declared, *writer = g->stages[from].declared;
    for (uint32_t i = 0; i < reader->dep_count + reader->params_count; i++) {
        struct str dep = i < reader->dep_count ? reader->deps[i].path : reader->params[i - reader->dep_count].path;
        for (uint32_t j = 0; j < writer->out_count; j++) {
            struct str out = writer->outs[j].path;
            if (str_equal(dep, out) || path_is_below(dep, out) || path_is_below(out, dep))
                return out;
        }
    }
    return STR("needs");
}

/* The stack from `first` on is the cycle, each stage upstream of the one before it. */
static enum status describe_cycle(struct arena *arena, const struct graph *g, const struct frame *stack, size_t first,
                                  size_t depth, struct error *err)
{
    struct buf text = {0};
    buf_str(&text, str_printable(arena, g->stages[stack[first].stage].declared->name));
    for (size_t i = depth; i-- > first;) {
        uint32_t from = i + 1 == depth ? stack[first].stage : stack[i + 1].stage, to = stack[i].stage;
        buf_print(&text, " → " STR_FMT " (through " STR_FMT ")",
                  STR_ARG(str_printable(arena, g->stages[to].declared->name)),
                  STR_ARG(str_printable(arena, shared_path(g, from, to))));
    }
    const struct manifest_stage *declared = g->stages[stack[first].stage].declared;
    enum status status = error_at(err, STATUS_MANIFEST, str_terminated(arena, declared->file), declared->at.line,
                                  declared->at.column, "the stages form a cycle: %s; remove one of these edges",
                                  text.ptr);
    buf_finish(&text);
    return status;
}

enum status graph_sort(struct arena *arena, struct graph *g, struct error *err)
{
    g->order = arena_array(arena, struct stage_id, g->stage_count);
    unsigned char *colour = mem_alloc(g->stage_count);
    struct frame *stack = mem_alloc(mem_product(g->stage_count + 1, sizeof *stack));
    uint32_t done = 0;
    enum status status = STATUS_OK;
    for (uint32_t root = 0; root < g->stage_count && status == STATUS_OK; root++) {
        if (colour[root] != WHITE)
            continue;
        size_t depth = 0;
        stack[depth++] = (struct frame){root, 0};
        colour[root] = GREY;
        while (depth > 0 && status == STATUS_OK) {
            struct frame *top = &stack[depth - 1];
            const struct graph_stage *node = &g->stages[top->stage];
            if (top->next == node->upstream_count) {
                colour[top->stage] = BLACK;
                g->order[done++].index = top->stage;
                depth--;
                continue;
            }
            uint32_t up = node->upstream[top->next++].index;
            if (colour[up] == WHITE) {
                colour[up] = GREY;
                stack[depth++] = (struct frame){up, 0};
            } else if (colour[up] == GREY) {
                size_t first = depth;
                while (stack[--first].stage != up)
                    ;
                status = describe_cycle(arena, g, stack, first, depth, err);
            }
        }
    }
    free(stack);
    free(colour);
    return status;
}
