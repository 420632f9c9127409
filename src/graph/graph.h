/* Shared by the files of this module. */
#ifndef REFIT_GRAPH_PRIVATE_H
#define REFIT_GRAPH_PRIVATE_H

#include "refit/graph.h"

/* Fills graph->order, or says which path closes a cycle. */
enum status graph_sort(struct arena *arena, struct graph *graph, struct error *err);

/* The outs at, above or below a path: so many of graph->outs, from *first on. Outs do not overlap: one at or above the
 * path is the only one. */
uint32_t graph_outs_around(const struct graph *graph, struct str path, uint32_t *first);

/* The name of a stage or a group nearest to a word that is none; "" if none is near. */
struct str graph_nearest_stage(const struct graph *graph, struct str word);

#endif
