/* Shared by the files of this module. */
#ifndef REFIT_GRAPH_PRIVATE_H
#define REFIT_GRAPH_PRIVATE_H

#include "refit/graph.h"

/* Fills graph->order, or says which path closes a cycle. */
enum status graph_sort(struct arena *arena, struct graph *graph, struct error *err);

/* The name nearest to a word that is no stage; "" if none is near. */
struct str graph_nearest_stage(const struct graph *graph, struct str word);

#endif
