/* Shared by the files of this module. */
#ifndef REFIT_GRAPH_PRIVATE_H
#define REFIT_GRAPH_PRIVATE_H

#include "refit/graph.h"

struct edge {
    uint32_t from, to; /* stage indexes */
};

/* What is needed only while building. */
struct builder {
    struct arena *arena;
    const struct manifest *manifest;
    struct graph *graph;
    struct out_ref *outs; /* sorted by path once complete */
    uint32_t out_count;
    struct edge *edges;
    size_t edge_count, edge_cap;
    uint32_t file_cap;
};

void graph_add_edge(struct builder *b, uint32_t from, uint32_t to);

/* Turns the list of edges into each stage's upstream and downstream, without duplicates. May be done again. */
void graph_settle_edges(struct builder *b);

/* Edges from each check to what it holds back (checks.c); the other edges are settled. */
void graph_link_checks(struct builder *b);

/* Fills graph->order, or says which path closes a cycle. */
enum status graph_sort(struct arena *arena, struct graph *graph, struct error *err);

/* The outs at, above or below a path: so many of graph->outs, from *first on. Outs do not overlap: one at or above the
 * path is the only one. */
uint32_t graph_outs_around(const struct graph *graph, struct str path, uint32_t *first);

/* The name of a stage or a group nearest to a word that is none; "" if none is near. */
struct str graph_nearest_stage(const struct graph *graph, struct str word);

#endif
