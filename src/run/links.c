/* Links among the deps. The graph knows paths, not links: content that another stage makes must be a dep by its own
 * path, or it may be read too early. */
#include <stdlib.h>

#include "refit/base/path.h"
#include "run/run.h"

/* *refusal is set if the path leads, through links, to what is made meanwhile. */
static enum status check_path(struct check_context *c, struct stage_id id, struct str path, struct str *refusal,
                              struct error *err)
{
    const struct project *p = c->project;
    struct str target;
    enum status status = digest_link_target(p->fp, c->arena, path, &target, err);
    if (status != STATUS_OK || target.len == 0 || str_equal(target, path))
        return status;
    struct file_id file = graph_find_unordered(&p->graph, id, target);
    if (file.index == GRAPH_NONE)
        return STATUS_OK;
    const struct graph_file *made = &p->graph.files[file.index];
    struct str shown = str_printable(c->arena, made->path);
    struct str what = str_format(c->arena, "the dep " STR_FMT " is a link to " STR_FMT,
                                 STR_ARG(str_printable(c->arena, path)), STR_ARG(str_printable(c->arena, target)));
    if (made->producer.index == id.index)
        *refusal = str_format(c->arena, STR_FMT ", and so to " STR_FMT ", an out of its own; that is a cycle",
                              STR_ARG(what), STR_ARG(shown));
    else
        *refusal = str_format(c->arena,
                              STR_FMT ", and stage `" STR_FMT "` makes " STR_FMT
                                      "; add that to its deps: `deps: [" STR_FMT "]`",
                              STR_ARG(what), STR_ARG(p->graph.stages[made->producer.index].declared->name),
                              STR_ARG(shown), STR_ARG(shown));
    return STATUS_OK;
}

/* Links in a directory that lead out of it, as they are met. */
struct leaving {
    struct str *links; /* malloc'd */
    uint32_t count, cap;
};

static void note_leaving(void *ctx, struct str link)
{
    struct leaving *leaving = ctx;
    MEM_GROW(leaving->links, leaving->count, leaving->cap);
    leaving->links[leaving->count++] = link;
}

enum status links_digest_dep(struct check_context *c, struct stage_id id, struct str path, uint64_t budget_bytes,
                             struct input *input, bool *complete, struct str *refusal, struct error *err)
{
    struct leaving leaving = {0};
    struct digest_options options = {
        .mode = DIGEST_DEP, .budget_bytes = budget_bytes, .leaves = note_leaving, .ctx = &leaving};
    enum status status = digest_path(c->project->fp, c->arena, path, &options, input, complete, err);
    if (status == STATUS_OK && input->link.len > 0)
        status = check_path(c, id, path, refusal, err);
    for (uint32_t i = 0; status == STATUS_OK && refusal->len == 0 && i < leaving.count; i++)
        status = check_path(c, id, leaving.links[i], refusal, err);
    free(leaving.links);
    return status;
}

enum status links_check_ways(struct check_context *c, struct stage_id id, struct str *refusal, struct error *err)
{
    const struct graph *g = &c->project->graph;
    const struct graph_stage *node = &g->stages[id.index];
    enum status status = STATUS_OK;
    for (uint32_t i = 0; status == STATUS_OK && refusal->len == 0 && i < node->dep_count; i++)
        status = check_path(c, id, g->files[node->deps[i].index].path, refusal, err);
    return status;
}
