/*
 * The graph: stages, the files between them, and what follows from which.
 *
 * Nouns: a `file` is a path that some stage reads or writes (a directory too); a `stage` reads some and writes others.
 * Stage B is downstream of stage A if one of B's deps is, contains, or is contained in, one of A's outs; or if B reads
 * parameters from a file that A makes; or if B `needs` A; or if A is a check that holds B back (below). Immutable once
 * built. No I/O: nothing here knows whether a file exists.
 *
 * A check of data comes before every stage that reads some of that data, and a check of a model before every deploy
 * that follows from that model, except where the check itself follows from the stage. Checks do not hold each other
 * back.
 *
 * Stages have the same index here as in the manifest. Both kinds of index are typed handles, never pointers.
 */
#ifndef REFIT_GRAPH_H
#define REFIT_GRAPH_H

#include "refit/base/table.h"
#include "refit/manifest.h"

struct stage_id {
    uint32_t index;
};

struct file_id {
    uint32_t index;
};

#define GRAPH_NONE UINT32_MAX

struct graph_file {
    struct str path;
    struct stage_id producer; /* the stage that has exactly this path as an out; index GRAPH_NONE = a source, or a part
                                 of or a folder around somebody's outs */
};

struct graph_stage {
    const struct manifest_stage *declared;
    struct file_id *deps; /* as declared (sorted by path); parameter files not among them */
    uint32_t dep_count;
    struct file_id *params; /* one for each declared->params */
    struct file_id *outs;   /* one for each declared->outs */
    struct stage_id *upstream, *downstream; /* each stage once, sorted by index */
    uint32_t upstream_count, downstream_count;
};

struct graph {
    const struct manifest *manifest;
    struct graph_stage *stages;
    uint32_t stage_count;
    struct graph_file *files;
    uint32_t file_count;
    struct file_id *outs; /* those that stages make, sorted by path */
    uint32_t out_count;
    struct table *by_path;  /* path → file, by_name: name → stage */
    struct table *by_name;
    struct stage_id *order; /* all stages, each after everything upstream; ties by position in the manifest */
};

/*
 * Build the graph. Refused, with STATUS_MANIFEST and the place: two stages with the same out, an out inside another's
 * out, a dep that is (or is inside, or contains) an out of its own stage, an unknown name in `needs` (which may name a
 * group too), a cycle (shown as the path that closes), a file that the manifest was loaded from and that a stage makes.
 */
enum status graph_build(struct arena *arena, const struct manifest *manifest, struct graph *out, struct error *err);

/* Frees what is not in the arena. */
void graph_finish(struct graph *graph);

/* A stage by name; index GRAPH_NONE if there is none. */
struct stage_id graph_find_stage(const struct graph *graph, struct str name);

/* How a name means stages: the first of these that there is. */
enum name_kind {
    NAME_NONE,
    NAME_STAGE, /* the stage that is called so */
    NAME_GROUP, /* each stage called NAME@..., which `foreach` and `matrix` make */
    NAME_GLOB,  /* each stage whose name matches; `*`, `?`, `[...]` as in the shell, a slash is like any other byte */
};
enum name_kind graph_name_kind(const struct graph *graph, struct str name);

/* Is `stage` among what `name` means as a `kind`? */
bool graph_name_means(enum name_kind kind, struct str name, struct str stage);

/* Does some stage make this path, or a folder around it? */
bool graph_is_made(const struct graph *graph, struct str path);

/* The stage that makes this path or a folder around it; index GRAPH_NONE if none does. */
struct stage_id graph_find_maker(const struct graph *graph, struct str path);

/* Is there an out at, above or below this path? */
bool graph_touches_outs(const struct graph *graph, struct str path);

/* Does `stage` follow from `other`, at whatever distance? */
bool graph_is_upstream(const struct graph *graph, struct stage_id stage, struct stage_id other);

/* An out at, above or below the path that is made by `stage` itself, or by one that it does not follow from, so that
 * nobody knows what is there when `stage` runs; index GRAPH_NONE if there is none. */
struct file_id graph_find_unordered(const struct graph *graph, struct stage_id stage, struct str path);

struct graph_selection_options {
    const struct str *targets; /* names (see enum name_kind), or paths of outs (canonical); none = every stage */
    uint32_t target_count;
    bool single;     /* the targets alone */
    bool downstream; /* the targets and what follows from them, instead of what they need */
    bool deploy;     /* deploy stages too; otherwise only those that are named, which a glob does not do */
};

/*
 * Which stages a run concerns: selected[i] for each stage. A `frozen` stage cuts the edges above it. A deploy stage is
 * selected only if it is named or `deploy` is set; so is, through it, what is downstream of it. A source without a
 * command is selected with what reads it, or if it is named.
 * STATUS_USAGE with a suggestion for a target that does not exist.
 */
enum status graph_select(const struct graph *graph, const struct graph_selection_options *options, bool *selected,
                         struct error *err);

#endif
