/* Opening the project that a command line means, and finding the stages that its arguments name. */
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "refit/base/path.h"

enum status cli_open(const struct invocation *in, bool writer, struct str settings, struct project **out,
                     struct error *err)
{
    return cli_open_as(in, (struct project_options){.writer = writer}, settings, out, err);
}

/* As a shell takes it. */
static void append_word(struct buf *out, const char *word)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-+=./:,@%^";
    if (out->len > 0)
        buf_char(out, ' ');
    if (word[0] != '\0' && word[strspn(word, plain)] == '\0') {
        buf_str(out, str_from(word));
        return;
    }
    buf_quoted(out, str_from(word));
}

enum status cli_open_as(const struct invocation *in, struct project_options options, struct str settings,
                        struct project **out, struct error *err)
{
    struct config_source source = {STR("command line"), settings};
    struct buf command = {0};
    for (char *const *word = in->words; *word != NULL; word++)
        append_word(&command, *word);
    options.command = buf_view(&command);
    options.directory = in->directory;
    options.manifest = in->manifest;
    options.config_overrides = &source;
    options.override_count = settings.len > 0;
    enum status status = project_open(&options, out, err);
    buf_finish(&command);
    return status;
}

enum status cli_open_bare(const struct invocation *in, struct project **out, struct error *err)
{
    struct project_options options = {.directory = in->directory, .manifest = in->manifest};
    return project_open_bare(&options, out, err);
}

/* Targets while they are gathered; malloc'd. */
struct targets {
    struct str *items;
    uint32_t count, cap;
};

static void add_target(struct targets *targets, struct str target)
{
    MEM_GROW(targets->items, targets->count, targets->cap);
    targets->items[targets->count++] = target;
}

/* The stages that a dvc.yaml declares; false if there are none. */
static bool add_file(const struct project *project, struct str file, struct targets *targets)
{
    uint32_t before = targets->count;
    for (uint32_t i = 0; i < project->graph.stage_count; i++)
        if (str_equal(project->graph.stages[i].declared->file, file))
            add_target(targets, project->graph.stages[i].declared->name);
    return targets->count > before;
}

static enum status add_word(struct invocation *in, const struct project *project, struct str word, bool as_written,
                            struct targets *targets, struct error *err)
{
    const struct graph *graph = &project->graph;
    struct str target;
    bool file;
    enum status status = project_target(project, &in->arena, word, &target, &file, err);
    if (status != STATUS_OK || (file && add_file(project, target, targets)))
        return status;
    /* What is no path of an out was meant as a name: messages show it as it was written, unless that would be taken for
     * a path from the root. From outside the project (-f) it is one. */
    bool known = graph_name_kind(graph, target) != NAME_NONE || graph_is_made(graph, target);
    if (as_written && !known && (!path_is_inside(project->cwd) || !graph_is_made(graph, word)))
        target = word;
    add_target(targets, target);
    return STATUS_OK;
}

static enum status gather(struct invocation *in, const struct project *project, bool as_written, struct str **out,
                          uint32_t *count, struct error *err)
{
    struct targets targets = {0};
    enum status status = STATUS_OK;
    for (uint32_t i = 0; i < in->argument_count && status == STATUS_OK; i++)
        status = add_word(in, project, in->arguments[i], as_written, &targets, err);
    /* As DVC has it, a dvc.yaml below the root is what is meant where it is. */
    if (as_written && in->argument_count == 0 && project->here.len > 0 && !str_is(project->here, "dvc.yaml"))
        add_file(project, project->here, &targets);
    *out = arena_copy(&in->arena, targets.items, targets.count * sizeof *targets.items);
    *count = targets.count;
    free(targets.items);
    return status;
}

enum status cli_targets(struct invocation *in, const struct project *project, struct str **targets, uint32_t *count,
                        struct error *err)
{
    return gather(in, project, false, targets, count, err);
}

enum status cli_select(struct invocation *in, const struct project *project,
                       struct graph_selection_options *selection, bool **selected, struct error *err)
{
    struct str *targets;
    enum status status = gather(in, project, true, &targets, &selection->target_count, err);
    if (status != STATUS_OK)
        return status;
    selection->targets = targets;
    *selected = arena_array(&in->arena, bool, project->graph.stage_count);
    return graph_select(&project->graph, selection, *selected, err);
}

/* A name that means several stages, where one is meant. */
static enum status name_one(struct arena *arena, const struct graph *graph, enum name_kind kind, struct str word,
                            struct error *err)
{
    enum { SHOWN_MAX = 8 };
    struct buf names = {0};
    uint32_t count = 0;
    for (uint32_t i = 0; i < graph->stage_count; i++) {
        struct str name = graph->stages[i].declared->name;
        if (!graph_name_means(kind, word, name))
            continue;
        if (++count <= SHOWN_MAX)
            buf_print(&names, "%s`" STR_FMT "`", count > 1 ? ", " : "", STR_ARG(str_printable(arena, name)));
    }
    if (count > SHOWN_MAX)
        buf_print(&names, " and %u more", count - SHOWN_MAX);
    enum status status = error_set(err, STATUS_USAGE, "`" STR_FMT "` is %s; name one stage: %s", STR_ARG(word),
                                   kind == NAME_GROUP ? "a group" : "a glob", names.ptr);
    buf_finish(&names);
    return status;
}

static enum status unknown_stage(struct arena *arena, const struct graph *graph, struct str word, struct error *err)
{
    struct str *names = arena_array(arena, struct str, graph->stage_count);
    for (uint32_t i = 0; i < graph->stage_count; i++)
        names[i] = graph->stages[i].declared->name;
    const struct str *nearest = str_nearest(word, names, graph->stage_count);
    if (nearest != NULL)
        return error_set(err, STATUS_USAGE, "no stage is called `" STR_FMT "`; did you mean `" STR_FMT "`?",
                         STR_ARG(word), STR_ARG(*nearest));
    return error_set(err, STATUS_USAGE, "no stage is called `" STR_FMT "`; `refit graph` lists them", STR_ARG(word));
}

enum status cli_stage(struct invocation *in, const struct project *project, struct stage_id *out,
                      struct error *err)
{
    const struct graph *graph = &project->graph;
    struct str word = in->arguments[0], target;
    struct arena scratch;
    bool file;
    arena_init(&scratch);
    enum status status = project_target(project, &scratch, word, &target, &file, err);
    enum name_kind kind = status == STATUS_OK ? graph_name_kind(graph, target) : NAME_NONE;
    *out = kind == NAME_STAGE ? graph_find_stage(graph, target) : (struct stage_id){GRAPH_NONE};
    if (kind == NAME_STAGE)
        in->arguments[0] = str_dup(&in->arena, target);
    else if (status == STATUS_OK && kind == NAME_NONE)
        status = unknown_stage(&scratch, graph, word, err);
    else if (status == STATUS_OK)
        status = name_one(&scratch, graph, kind, target, err);
    arena_finish(&scratch);
    return status;
}
