/* Building the graph: files are interned, outs checked against each other, edges drawn from overlapping paths. */
#include "refit/graph.h"

#include <assert.h>
#include <stdlib.h>

#include "graph/graph.h"
#include "refit/base/path.h"
#include "refit/base/table.h"

struct out_ref {
    struct str path;
    struct file_id file;
    struct stage_id stage;
    struct position at;
};

static enum status complain(const struct builder *b, const struct manifest_stage *stage, struct position at,
                            struct error *err, const char *text, struct str one, struct str two, struct str three)
{
    const char *file = str_terminated(b->arena, stage->file);
    struct str words[] = {one, two, three};
    struct buf message = {0};
    unsigned next = 0;
    for (const char *p = text; *p != '\0'; p++) {
        if (*p == '@') {
            buf_str(&message, str_printable(b->arena, words[next]));
            next++;
        } else {
            buf_char(&message, *p);
        }
    }
    enum status status = error_at(err, STATUS_MANIFEST, file, at.line, at.column, "%s", message.ptr);
    buf_finish(&message);
    return status;
}

static struct file_id intern(struct builder *b, struct str path)
{
    struct graph *g = b->graph;
    uint32_t index = table_add(b->graph->by_path, path, g->file_count);
    if (index == g->file_count) {
        MEM_GROW(g->files, g->file_count, b->file_cap);
        g->files[g->file_count++] = (struct graph_file){path, {GRAPH_NONE}};
    }
    return (struct file_id){index};
}

static int compare_outs(const void *a, const void *b)
{
    const struct out_ref *one = a, *two = b;
    int order = str_compare(one->path, two->path);
    return order ? order : (one->stage.index > two->stage.index) - (one->stage.index < two->stage.index);
}

/* The stage that makes exactly this path, or GRAPH_NONE. */
static uint32_t producer_of(const struct builder *b, struct str path)
{
    uint32_t file = table_get(b->graph->by_path, path);
    return file == TABLE_NONE ? GRAPH_NONE : b->graph->files[file].producer.index;
}

static enum status collect_outs(struct builder *b, struct error *err)
{
    const struct manifest *m = b->manifest;
    uint32_t total = 0;
    for (uint32_t i = 0; i < m->stage_count; i++)
        total += m->stages[i].out_count;
    b->outs = arena_array(b->arena, struct out_ref, total);
    for (uint32_t i = 0; i < m->stage_count; i++) {
        const struct manifest_stage *stage = &m->stages[i];
        struct graph_stage *node = &b->graph->stages[i];
        node->outs = arena_array(b->arena, struct file_id, stage->out_count);
        for (uint32_t j = 0; j < stage->out_count; j++) {
            struct str path = stage->outs[j].path;
            node->outs[j] = intern(b, path);
            struct graph_file *file = &b->graph->files[node->outs[j].index];
            if (file->producer.index != GRAPH_NONE)
                return complain(b, stage, stage->outs[j].at, err,
                                "stages `@` and `@` both have the out `@`; an out belongs to one stage",
                                m->stages[file->producer.index].name, stage->name, path);
            file->producer.index = i;
            b->outs[b->out_count++] = (struct out_ref){path, node->outs[j], {i}, stage->outs[j].at};
        }
    }
    qsort(b->outs, b->out_count, sizeof *b->outs, compare_outs);
    b->graph->outs = arena_array(b->arena, struct file_id, b->out_count);
    for (uint32_t i = 0; i < b->out_count; i++)
        b->graph->outs[i] = b->outs[i].file;
    b->graph->out_count = b->out_count;
    return STATUS_OK;
}

static enum status check_overlaps(const struct builder *b, struct error *err)
{
    for (uint32_t i = 0; i < b->out_count; i++) {
        const struct out_ref *out = &b->outs[i];
        for (struct str up = path_parent(out->path); !str_is(up, "."); up = path_parent(up)) {
            uint32_t owner = producer_of(b, up);
            if (owner != GRAPH_NONE)
                return complain(b, &b->manifest->stages[out->stage.index], out->at, err,
                                "the out `@` lies inside the out `@` of stage `@`; declare one of them", out->path, up,
                                b->manifest->stages[owner].name);
        }
    }
    return STATUS_OK;
}

void graph_add_edge(struct builder *b, uint32_t from, uint32_t to)
{
    MEM_GROW(b->edges, b->edge_count, b->edge_cap);
    b->edges[b->edge_count++] = (struct edge){from, to};
}

static enum status own_out(const struct builder *b, uint32_t stage, struct str path, struct position at,
                           struct error *err)
{
    const struct manifest_stage *declared = &b->manifest->stages[stage];
    return complain(b, declared, at, err,
                    "stage `@` depends on `@`, which is or overlaps an out of its own; that is a cycle", declared->name,
                    path, STR(""));
}

/* Edges from every stage with an out at, above or below a path that stage `to` reads. */
static enum status link_path(struct builder *b, uint32_t to, struct str path, struct position at, struct error *err)
{
    const struct manifest_stage *stage = &b->manifest->stages[to];
    if (str_is(path, "..") || str_ends(path, STR("/..")))
        return complain(b, stage, at, err,
                        "stage `@` depends on `@`, a folder that contains the project; name what it reads", stage->name,
                        path, STR(""));
    if (!path_is_inside(path))
        return STATUS_OK; /* outs are inside */
    uint32_t first, count = graph_outs_around(b->graph, path, &first);
    for (uint32_t i = first; i < first + count; i++) {
        uint32_t from = b->outs[i].stage.index;
        if (from == to)
            return own_out(b, to, path, at, err);
        graph_add_edge(b, from, to);
    }
    return STATUS_OK;
}

static int compare_manifest_paths(const void *a, const void *b)
{
    return str_compare(((const struct manifest_path *)a)->path, ((const struct manifest_path *)b)->path);
}

/* The group that a name in `needs` means. */
static enum status link_group(struct builder *b, uint32_t index, const struct manifest_path *need, bool *found,
                              struct error *err)
{
    const struct manifest_stage *stages = b->manifest->stages, *stage = &stages[index];
    *found = false;
    for (uint32_t i = 0; i < b->manifest->stage_count; i++) {
        if (!graph_name_means(NAME_GROUP, need->path, stages[i].name))
            continue;
        *found = true;
        if (i == index)
            return complain(b, stage, need->at, err, "stage `@` needs the group `@`, which it belongs to", stage->name,
                            need->path, STR(""));
        if (!stage->frozen)
            graph_add_edge(b, i, index);
    }
    return STATUS_OK;
}

static enum status link_needs(struct builder *b, uint32_t index, struct error *err)
{
    const struct manifest_stage *stage = &b->manifest->stages[index];
    for (uint32_t j = 0; j < stage->needs_count; j++) {
        struct str name = stage->needs[j].path;
        uint32_t from = table_get(b->graph->by_name, name);
        bool is_group = false;
        enum status status =
            from == TABLE_NONE ? link_group(b, index, &stage->needs[j], &is_group, err) : STATUS_OK;
        if (status != STATUS_OK)
            return status;
        if (is_group)
            continue;
        if (from == TABLE_NONE) {
            struct str nearest = graph_nearest_stage(b->graph, name);
            return complain(b, stage, stage->needs[j].at, err,
                            nearest.len ? "stage `@` needs `@`, which is no stage; did you mean `@`?"
                                        : "stage `@` needs `@`, which is no stage",
                            stage->name, name, nearest);
        }
        if (from == index)
            return complain(b, stage, stage->needs[j].at, err, "stage `@` needs itself", stage->name, STR(""), STR(""));
        if (!stage->frozen)
            graph_add_edge(b, from, index);
    }
    return STATUS_OK;
}

/* Files that a stage reads, and the edges that follow. A frozen stage has none: what is above it does not matter. */
static enum status link_stage(struct builder *b, uint32_t index, struct error *err)
{
    const struct manifest_stage *stage = &b->manifest->stages[index];
    struct graph_stage *node = &b->graph->stages[index];
    size_t edges_before = b->edge_count;
    struct manifest_path *sorted = arena_copy(b->arena, stage->deps, stage->dep_count * sizeof *stage->deps);
    qsort(sorted, stage->dep_count, sizeof *sorted, compare_manifest_paths);
    node->dep_count = stage->dep_count;
    node->deps = arena_array(b->arena, struct file_id, stage->dep_count);
    for (uint32_t j = 0; j < stage->dep_count; j++) {
        node->deps[j] = intern(b, sorted[j].path);
        enum status status = link_path(b, index, sorted[j].path, sorted[j].at, err);
        if (status != STATUS_OK)
            return status;
    }
    node->params = arena_array(b->arena, struct file_id, stage->params_count);
    for (uint32_t j = 0; j < stage->params_count; j++) {
        node->params[j] = intern(b, stage->params[j].path);
        enum status status = link_path(b, index, stage->params[j].path, stage->params[j].at, err);
        if (status != STATUS_OK)
            return status;
    }
    if (stage->frozen)
        b->edge_count = edges_before;
    for (struct str up = stage->depfile; up.len > 0 && !str_is(up, "."); up = path_parent(up)) {
        uint32_t maker = producer_of(b, up);
        if (maker != GRAPH_NONE && maker != index)
            return complain(b, stage, stage->depfile_at, err,
                            "the depfile `@` of stage `@` is made by stage `@`; let the command write one of its own",
                            stage->depfile, stage->name, b->manifest->stages[maker].name);
    }
    return link_needs(b, index, err);
}

static int compare_edges(const void *a, const void *b)
{
    const struct edge *one = a, *two = b;
    if (one->to != two->to)
        return one->to < two->to ? -1 : 1;
    return (one->from > two->from) - (one->from < two->from);
}

void graph_settle_edges(struct builder *b)
{
    struct graph *g = b->graph;
    if (b->edge_count > 1)
        qsort(b->edges, b->edge_count, sizeof *b->edges, compare_edges);
    size_t kept = 0;
    for (size_t i = 0; i < b->edge_count; i++)
        if (kept == 0 || compare_edges(&b->edges[kept - 1], &b->edges[i]) != 0)
            b->edges[kept++] = b->edges[i];
    b->edge_count = kept;
    for (uint32_t i = 0; i < g->stage_count; i++)
        g->stages[i].upstream_count = g->stages[i].downstream_count = 0;
    for (size_t i = 0; i < kept; i++) {
        g->stages[b->edges[i].to].upstream_count++;
        g->stages[b->edges[i].from].downstream_count++;
    }
    for (uint32_t i = 0; i < g->stage_count; i++) {
        struct graph_stage *node = &g->stages[i];
        node->upstream = arena_array(b->arena, struct stage_id, node->upstream_count);
        node->downstream = arena_array(b->arena, struct stage_id, node->downstream_count);
        node->upstream_count = node->downstream_count = 0;
    }
    for (size_t i = 0; i < kept; i++) {
        struct graph_stage *to = &g->stages[b->edges[i].to], *from = &g->stages[b->edges[i].from];
        to->upstream[to->upstream_count++].index = b->edges[i].from;
        from->downstream[from->downstream_count++].index = b->edges[i].to;
    }
}

/* Templates are resolved before anything runs. What a frozen stage makes is a source. */
static enum status check_files(const struct builder *b, struct error *err)
{
    const struct manifest *m = b->manifest;
    for (uint32_t i = 0; i < m->file_count; i++) {
        const struct manifest_file *file = &m->files[i];
        struct stage_id maker = graph_find_maker(b->graph, file->path);
        if (maker.index == GRAPH_NONE || m->stages[maker.index].frozen)
            continue;
        return error_at(err, STATUS_MANIFEST, str_terminated(b->arena, file->by), file->at.line, file->at.column,
                        "`" STR_FMT "` is made by stage `" STR_FMT
                        "`, but this file is made of it before any stage runs; let the stage write another file",
                        STR_ARG(str_printable(b->arena, file->path)), STR_ARG(m->stages[maker.index].name));
    }
    return STATUS_OK;
}

/* What a past build was made of could not be told from what this one makes. */
static enum status check_data(const struct builder *b, struct error *err)
{
    for (uint32_t i = 0; i < b->graph->out_count; i++) {
        const struct out_ref *out = &b->outs[i];
        const struct manifest_data *data = manifest_find_data(b->manifest, out->path);
        if (data != NULL)
            return complain(b, &b->manifest->stages[out->stage.index], out->at, err,
                            "stage `@` makes `@`, which is, is in or contains the data set `@`; a data set is what no "
                            "stage makes",
                            b->manifest->stages[out->stage.index].name, out->path, data->name);
    }
    return STATUS_OK;
}

static enum status build(struct builder *b, struct error *err)
{
    struct graph *g = b->graph;
    for (uint32_t i = 0; i < g->stage_count; i++) {
        g->stages[i].declared = &b->manifest->stages[i];
        uint32_t first = table_add(b->graph->by_name, b->manifest->stages[i].name, i);
        assert(first == i); /* the manifest refuses duplicate names */
        (void)first;
    }
    enum status status = collect_outs(b, err);
    if (status == STATUS_OK)
        status = check_overlaps(b, err);
    if (status == STATUS_OK)
        status = check_data(b, err);
    if (status == STATUS_OK)
        status = check_files(b, err);
    for (uint32_t i = 0; status == STATUS_OK && i < g->stage_count; i++)
        status = link_stage(b, i, err);
    if (status != STATUS_OK)
        return status;
    graph_settle_edges(b);
    graph_link_checks(b);
    return graph_sort(b->arena, g, err);
}

enum status graph_build(struct arena *arena, const struct manifest *manifest, struct graph *out, struct error *err)
{
    *out = (struct graph){.manifest = manifest, .stage_count = manifest->stage_count};
    out->by_path = arena_new(arena, struct table);
    out->by_name = arena_new(arena, struct table);
    out->stages = arena_array(arena, struct graph_stage, manifest->stage_count);
    struct builder b = {.arena = arena, .manifest = manifest, .graph = out};
    enum status status = build(&b, err);
    /* The files were gathered in a growing array; the graph's own are in the arena with all the rest. */
    struct graph_file *files = out->files;
    out->files = arena_copy(arena, files, out->file_count * sizeof *files);
    free(files);
    free(b.edges);
    if (status != STATUS_OK)
        graph_finish(out);
    return status;
}

void graph_finish(struct graph *graph)
{
    if (graph->by_path != NULL)
        table_finish(graph->by_path);
    if (graph->by_name != NULL)
        table_finish(graph->by_name);
    graph->by_path = graph->by_name = NULL;
}
