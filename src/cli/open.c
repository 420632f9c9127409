/* Opening the project that a command line means, and finding the stages that its arguments name. */
#include "cli/cli.h"
#include "refit/base/path.h"

enum status cli_open(const struct invocation *in, bool writer, struct str settings, struct project **out,
                     struct error *err)
{
    return cli_open_as(in, (struct project_options){.writer = writer}, settings, out, err);
}

enum status cli_open_as(const struct invocation *in, struct project_options options, struct str settings,
                        struct project **out, struct error *err)
{
    struct config_source source = {STR("command line"), settings};
    options.directory = in->directory;
    options.manifest = in->manifest;
    options.config_overrides = &source;
    options.override_count = settings.len > 0;
    return project_open(&options, out, err);
}

enum status cli_open_bare(const struct invocation *in, struct project **out, struct error *err)
{
    struct project_options options = {.directory = in->directory, .manifest = in->manifest};
    return project_open_bare(&options, out, err);
}

enum status cli_targets(struct invocation *in, const struct project *project, struct str **targets, struct error *err)
{
    *targets = arena_array(&in->arena, struct str, in->argument_count);
    for (uint32_t i = 0; i < in->argument_count; i++) {
        struct str word = in->arguments[i];
        (*targets)[i] = word;
        if (graph_find_stage(&project->graph, word).index != GRAPH_NONE)
            continue;
        enum status status = path_make(&in->arena, project->root, project->cwd, word, &(*targets)[i], err);
        if (status != STATUS_OK)
            return status;
    }
    return STATUS_OK;
}

enum status cli_select(struct invocation *in, const struct project *project,
                       struct graph_selection_options *selection, bool **selected, struct error *err)
{
    struct str *targets;
    enum status status = cli_targets(in, project, &targets, err);
    if (status != STATUS_OK)
        return status;
    /* What is no path of an out was meant as a name: messages show it as it was written, unless that would be taken for
     * a path from the root. From outside the project (-f) it is one. */
    for (uint32_t i = 0; i < in->argument_count; i++)
        if (!graph_is_made(&project->graph, targets[i]) &&
            (!path_is_inside(project->cwd) || !graph_is_made(&project->graph, in->arguments[i])))
            targets[i] = in->arguments[i];
    selection->targets = targets;
    selection->target_count = in->argument_count;
    *selected = arena_array(&in->arena, bool, project->graph.stage_count);
    return graph_select(&project->graph, selection, *selected, err);
}

enum status cli_stage(const struct invocation *in, const struct project *project, struct stage_id *out,
                      struct error *err)
{
    const struct graph *graph = &project->graph;
    struct str word = in->arguments[0];
    struct stage_id found = graph_find_stage(graph, word);
    if (found.index != GRAPH_NONE) {
        *out = found;
        return STATUS_OK;
    }
    struct arena scratch;
    arena_init(&scratch);
    struct str *names = arena_array(&scratch, struct str, graph->stage_count);
    for (uint32_t i = 0; i < graph->stage_count; i++)
        names[i] = graph->stages[i].declared->name;
    const struct str *nearest = str_nearest(word, names, graph->stage_count);
    enum status status;
    if (nearest != NULL)
        status = error_set(err, STATUS_USAGE, "no stage is called `" STR_FMT "`; did you mean `" STR_FMT "`?",
                           STR_ARG(word), STR_ARG(*nearest));
    else
        status = error_set(err, STATUS_USAGE, "no stage is called `" STR_FMT "`; `refit graph` lists them",
                           STR_ARG(word));
    arena_finish(&scratch);
    return status;
}
