/* `refit graph`: the stages and what follows from which, as text, dot, Mermaid or JSON. A reader. */
#include <inttypes.h>

#include "cli/cli.h"

static const struct option_spec options[] = {
    {OPTION_DOWNSTREAM, "downstream", NULL, "the targets and what follows from them, instead of what they need"},
    {OPTION_DOT, "dot", NULL, "for Graphviz"},
    {OPTION_MERMAID, "mermaid", NULL, "for Markdown pages"},
    {OPTION_NAMES, "names", NULL, "names of stages and groups alone, one a line"},
    {0, NULL, NULL, NULL},
};

struct graph_view {
    struct arena *arena;
    const struct graph *graph;
    const bool *selected;
};

/* Calls `each` for every edge between selected stages, by the stage that it leads to. */
static void each_edge(const struct graph_view *view, void (*each)(void *ctx, uint32_t from, uint32_t to), void *ctx)
{
    for (uint32_t k = 0; k < view->graph->stage_count; k++) {
        uint32_t to = view->graph->order[k].index;
        const struct graph_stage *node = &view->graph->stages[to];
        for (uint32_t i = 0; view->selected[to] && i < node->upstream_count; i++)
            if (view->selected[node->upstream[i].index])
                each(ctx, node->upstream[i].index, to);
    }
}

static const struct manifest_stage *declared(const struct graph_view *view, uint32_t index)
{
    return view->graph->stages[index].declared;
}

/* ---- text ---- */

/* "train ← split, unittest", each stage after everything that it needs. */
static void print_text(const struct graph_view *view)
{
    for (uint32_t k = 0; k < view->graph->stage_count; k++) {
        uint32_t index = view->graph->order[k].index;
        if (!view->selected[index])
            continue;
        const struct graph_stage *node = &view->graph->stages[index];
        printf(STR_FMT, STR_ARG(str_printable(view->arena, node->declared->name)));
        const char *before = " ← ";
        for (uint32_t i = 0; i < node->upstream_count; i++) {
            if (!view->selected[node->upstream[i].index])
                continue;
            struct str name = declared(view, node->upstream[i].index)->name;
            printf("%s" STR_FMT, before, STR_ARG(str_printable(view->arena, name)));
            before = ", ";
        }
        putchar('\n');
    }
}

/* A group stands before the first of its stages. */
static void print_names(const struct graph_view *view)
{
    struct table groups = {0};
    for (uint32_t i = 0; i < view->graph->stage_count; i++) {
        struct str name = declared(view, i)->name;
        ptrdiff_t mark = str_find(name, '@');
        struct str group = str_slice(name, 0, mark > 0 ? (size_t)mark : 0);
        if (!view->selected[i])
            continue;
        if (group.len > 0 && graph_find_stage(view->graph, group).index == GRAPH_NONE &&
            table_add(&groups, group, i) == i)
            printf(STR_FMT "\n", STR_ARG(group));
        printf(STR_FMT "\n", STR_ARG(name));
    }
    table_finish(&groups);
}

/* ---- dot and Mermaid ---- */

/* A name between double quotes; `quote` is how a quote reads inside. */
static struct str quoted(const struct graph_view *view, struct str name, const char *quote, const char *backslash)
{
    struct buf out = {0};
    for (size_t i = 0; i < name.len; i++) {
        if (name.ptr[i] == '"')
            buf_str(&out, str_from(quote));
        else if (name.ptr[i] == '\\')
            buf_str(&out, str_from(backslash));
        else
            buf_char(&out, name.ptr[i]);
    }
    struct str result = str_dup(view->arena, buf_view(&out));
    buf_finish(&out);
    return result;
}

static void dot_edge(void *ctx, uint32_t from, uint32_t to)
{
    const struct graph_view *view = ctx;
    printf("  \"" STR_FMT "\" -> \"" STR_FMT "\";\n",
           STR_ARG(quoted(view, declared(view, from)->name, "\\\"", "\\\\")),
           STR_ARG(quoted(view, declared(view, to)->name, "\\\"", "\\\\")));
}

static void print_dot(struct graph_view *view)
{
    static const char *const shapes[] = {[STAGE_PLAIN] = "box",
                                         [STAGE_DATA] = "cylinder",
                                         [STAGE_CODE] = "component",
                                         [STAGE_MODEL] = "ellipse",
                                         [STAGE_DEPLOY] = "house"};
    puts("digraph refit {\n  rankdir = LR;");
    for (uint32_t i = 0; i < view->graph->stage_count; i++)
        if (view->selected[i])
            printf("  \"" STR_FMT "\" [shape = %s];\n", STR_ARG(quoted(view, declared(view, i)->name, "\\\"", "\\\\")),
                   shapes[declared(view, i)->kind]);
    each_edge(view, dot_edge, view);
    puts("}");
}

static void mermaid_edge(void *ctx, uint32_t from, uint32_t to)
{
    (void)ctx;
    printf("  s%" PRIu32 " --> s%" PRIu32 "\n", from, to);
}

static void print_mermaid(struct graph_view *view)
{
    puts("flowchart LR");
    for (uint32_t i = 0; i < view->graph->stage_count; i++)
        if (view->selected[i])
            printf("  s%" PRIu32 "[\"" STR_FMT "\"]\n", i,
                   STR_ARG(quoted(view, declared(view, i)->name, "#quot;", "\\")));
    each_edge(view, mermaid_edge, view);
}

/* ---- JSON ---- */

static void json_paths(struct json *j, const char *key, const struct manifest_path *paths, uint32_t count)
{
    json_key(j, key);
    json_open_array(j);
    for (uint32_t i = 0; i < count; i++)
        json_path_item(j, paths[i].path);
    json_close_array(j);
}

static uint32_t count_outs(const struct manifest_stage *stage, enum out_kind kind)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < stage->out_count; i++)
        count += stage->outs[i].kind == kind;
    return count;
}

/* The outs of one kind, under a key that is left out if there are none; "outs" has those of all kinds. */
static void json_outs(struct json *j, const struct manifest_stage *stage)
{
    static const struct {
        const char *key;
        enum out_kind kind;
    } lists[] = {{"outs", OUT_PLAIN}, {"metrics", OUT_METRIC}, {"plots", OUT_PLOT}};
    for (size_t l = 0; l < sizeof lists / sizeof lists[0]; l++) {
        if (l > 0 && count_outs(stage, lists[l].kind) == 0)
            continue;
        json_key(j, lists[l].key);
        json_open_array(j);
        for (uint32_t i = 0; i < stage->out_count; i++)
            if (l == 0 || stage->outs[i].kind == lists[l].kind)
                json_path_item(j, stage->outs[i].path);
        json_close_array(j);
    }
}

static void json_params(struct json *j, const struct manifest_stage *stage)
{
    json_key(j, "params");
    json_open_object(j);
    for (uint32_t i = 0; i < stage->params_count; i++) {
        const struct manifest_params *params = &stage->params[i];
        json_key_str(j, params->path);
        if (params->whole) {
            json_null(j);
            continue;
        }
        json_open_array(j);
        for (uint32_t k = 0; k < params->key_count; k++)
            json_str(j, params->keys[k].key);
        json_close_array(j);
    }
    json_close_object(j);
}

/* Values that stages are given are not printed unless they may be shown. */
static void json_env(struct json *j, const struct manifest_stage *stage)
{
    json_key(j, "env");
    json_open_object(j);
    for (uint32_t i = 0; i < stage->env_count; i++) {
        const struct manifest_env *env = &stage->env[i];
        json_key_str(j, env->name);
        if (env->has_value && env->show)
            json_str(j, env->value);
        else
            json_null(j);
    }
    json_close_object(j);
}

static void json_resources(struct json *j, const struct manifest_stage *stage)
{
    json_key(j, "resources");
    json_open_object(j);
    for (uint32_t i = 0; i < stage->resource_count; i++) {
        const struct manifest_resource *resource = &stage->resources[i];
        json_key_str(j, resource->name);
        if (str_is(resource->name, "cpus"))
            json_real(j, (double)resource->amount / 1000.0);
        else
            json_int(j, (int64_t)resource->amount);
    }
    json_close_object(j);
}

/* What most stages do not have. */
static void json_extras(struct json *j, const struct manifest_stage *stage)
{
    if (stage->env_count > 0)
        json_env(j, stage);
    if (stage->resource_count > 0)
        json_resources(j, stage);
    if (stage->needs_count > 0)
        json_paths(j, "needs", stage->needs, stage->needs_count);
    if (stage->frozen) {
        json_key(j, "frozen");
        json_bool(j, true);
    }
    if (stage->environment.len > 0) {
        json_key(j, "environment");
        json_str(j, stage->environment);
    }
    if (stage->always_changed) {
        json_key(j, "always_changed");
        json_bool(j, true);
    }
}

static void json_stage(struct json *j, const struct manifest_stage *stage)
{
    json_open_object(j);
    json_key(j, "name");
    json_str(j, stage->name);
    json_key(j, "kind");
    json_str(j, str_from(stage_kind_name(stage->kind)));
    if (stage->rule.len > 0) {
        json_key(j, "rule");
        json_str(j, stage->rule);
    }
    json_path(j, "wdir", stage->wdir);
    json_key(j, "cmd");
    json_open_array(j);
    for (uint32_t i = 0; i < stage->command_count; i++)
        json_str(j, stage->commands[i]);
    json_close_array(j);
    json_paths(j, "deps", stage->deps, stage->dep_count);
    json_outs(j, stage);
    json_params(j, stage);
    json_extras(j, stage);
    json_close_object(j);
}

struct json_edges {
    const struct graph_view *view;
    struct json *json;
};

static void json_edge(void *ctx, uint32_t from, uint32_t to)
{
    struct json_edges *edges = ctx;
    json_open_array(edges->json);
    json_str(edges->json, declared(edges->view, from)->name);
    json_str(edges->json, declared(edges->view, to)->name);
    json_close_array(edges->json);
}

static void print_json(const struct graph_view *view)
{
    struct buf document = {0};
    struct json j;
    json_init(&j, &document);
    json_open_object(&j);
    json_key(&j, "stages");
    json_open_array(&j);
    for (uint32_t i = 0; i < view->graph->stage_count; i++)
        if (view->selected[i])
            json_stage(&j, declared(view, i));
    json_close_array(&j);
    json_key(&j, "edges");
    json_open_array(&j);
    struct json_edges edges = {view, &j};
    each_edge(view, json_edge, &edges);
    json_close_array(&j);
    json_close_object(&j);
    output_json(&document);
}

static enum status run_graph(struct invocation *in, struct error *err)
{
    int ways = in->json + option_given(in, OPTION_DOT) + option_given(in, OPTION_MERMAID) +
               option_given(in, OPTION_NAMES);
    if (ways > 1)
        return error_set(err, STATUS_USAGE, "one of --dot, --mermaid, --names and --json at a time");
    struct project *project;
    enum status status = cli_open(in, false, STR(""), &project, err);
    if (status != STATUS_OK)
        return status;
    struct graph_selection_options selection = {.deploy = true, .downstream = option_given(in, OPTION_DOWNSTREAM)};
    bool *selected;
    status = cli_select(in, project, &selection, &selected, err);
    if (status == STATUS_OK) {
        struct graph_view view = {&in->arena, &project->graph, selected};
        if (in->json)
            print_json(&view);
        else if (option_given(in, OPTION_DOT))
            print_dot(&view);
        else if (option_given(in, OPTION_MERMAID))
            print_mermaid(&view);
        else if (option_given(in, OPTION_NAMES))
            print_names(&view);
        else
            print_text(&view);
    }
    project_close(project);
    return status;
}

const struct command command_graph = {
    .name = "graph",
    .summary = "show the stages and what follows from which",
    .arguments = "[TARGET...]",
    .description =
        "Prints every stage, or the targets and what they need, each after the stages that it follows from\n"
        "(`train ← split`). In JSON, `outs` are all paths that a stage makes; `metrics` and `plots` say which\n"
        "of them are that, and edges lead from a stage to one that follows from it.",
    .examples = "  refit graph\n"
                "  refit graph --dot | dot -Tsvg > graph.svg\n"
                "  refit graph --downstream split",
    .options = options,
    .common = COMMON_PROJECT | COMMON_OUTPUT | COMMON_JSON,
    .arguments_max = UINT32_MAX,
    .completion = COMPLETE_STAGES,
    .run = run_graph,
};
