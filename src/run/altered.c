/* Is a gate judged as on the protected branch? Whoever can change how a model is evaluated, or what on, could let any
 * model pass: print the labels as predictions. So a pass counts by itself only if the evaluation is the branch's. */
#include <stdlib.h>
#include <string.h>

#include "refit/base/fs.h"
#include "refit/base/path.h"
#include "refit/gate.h"
#include "run/run.h"

struct comparison {
    const struct graph *graph;
    const struct manifest_check *check;
    const bool *follows; /* of each stage: it follows from the model */
    struct arena *arena;
    struct str stage;
    struct str found; /* the first difference that counts; "" = none */
};

static bool touches(struct str one, struct str two)
{
    return str_equal(one, two) || path_is_below(one, two) || path_is_below(two, one);
}

static bool reads(const struct manifest_stage *stage, struct str path)
{
    for (uint32_t i = 0; i < stage->dep_count; i++)
        if (touches(stage->deps[i].path, path))
            return true;
    return false;
}

/* The stages that read the model, and what follows from them. Those in order come after what they follow from. */
static void mark_following(const struct graph *g, const struct manifest_check *check, bool *follows)
{
    for (uint32_t k = 0; k < g->stage_count; k++) {
        const struct graph_stage *node = &g->stages[g->order[k].index];
        bool *mine = &follows[g->order[k].index];
        *mine = reads(node->declared, check->subject);
        for (uint32_t i = 0; i < node->upstream_count && !*mine; i++)
            *mine = follows[node->upstream[i].index];
    }
}

/* What the model is, and what is made with it, is different for each model. */
static bool is_of_the_model(const struct comparison *c, const struct field *field)
{
    if (field->tag != FIELD_DEP)
        return false;
    struct stage_id maker = graph_find_maker(c->graph, field->name);
    return touches(field->name, c->check->subject) || (maker.index != GRAPH_NONE && c->follows[maker.index]);
}

/* What is deployed moves by the policy's word. Other names of baselines are anybody's who can move a branch. */
static bool is_of_the_policy(const struct field *now)
{
    return now != NULL && now->tag == FIELD_TOOL && str_starts(now->value, STR("environment "));
}

static void note_change(void *ctx, const struct field *old, const struct field *now)
{
    struct comparison *c = ctx;
    if (c->found.len > 0 || is_of_the_model(c, now != NULL ? now : old) || is_of_the_policy(now))
        return;
    struct str what = field_change_text(c->arena, old, now);
    c->found = str_format(c->arena, "the evaluation is not that of the protected branch: stage `" STR_FMT "`, " STR_FMT,
                          STR_ARG(c->stage), STR_ARG(what));
}

/* Of what is always left out of digests, the project's own and caches of it are no part of an evaluation. */
static bool is_hidden(void *ctx, struct str path, bool is_folder)
{
    static const char *const own[] = {"refit.lock", ".refit", ".dvc", ".git"};
    for (size_t i = 0; i < sizeof own / sizeof *own; i++)
        if (str_is(path, own[i]) || (str_starts(path, STR("./")) && str_is(str_slice(path, 2, path.len), own[i])))
            return false;
    return ignore_matches(ctx, path, is_folder);
}

/* Code that was compiled by somebody else runs in place of the code that is digested. */
static enum status find_hidden(struct comparison *c, const struct manifest_stage *stage, struct error *err)
{
    struct ignore *built_in = ignore_create(STR(""));
    enum status status = STATUS_OK;
    for (uint32_t i = 0; i < stage->dep_count && status == STATUS_OK && c->found.len == 0; i++) {
        struct str found;
        status = vcs_find_below(c->arena, ".", stage->deps[i].path, is_hidden, built_in, &found, err);
        if (status == STATUS_OK && found.len > 0)
            c->found = str_format(c->arena, "git has " STR_FMT ", which is in a dep of stage `" STR_FMT "` and in no "
                                  "digest; take it out of git", STR_ARG(str_printable(c->arena, found)),
                                  STR_ARG(stage->name));
    }
    ignore_destroy(built_in);
    return status;
}

static enum status compare_stage(struct comparison *c, struct check_context *context, const struct lock *lock,
                                 struct stage_id id, struct error *err)
{
    const struct manifest_stage *stage = c->graph->stages[id.index].declared;
    const struct lock_stage *there = lock_find(lock, stage->name);
    struct check now;
    c->stage = stage->name;
    if (stage->frozen) {
        c->found = str_format(c->arena, "stage `" STR_FMT "` is frozen, so nothing says what its outs are made from",
                              STR_ARG(stage->name));
        return STATUS_OK;
    }
    if (there == NULL) {
        c->found = str_format(c->arena, "the protected branch's refit.lock has no stage `" STR_FMT "`",
                              STR_ARG(stage->name));
        return STATUS_OK;
    }
    enum status status = find_hidden(c, stage, err);
    if (status != STATUS_OK || c->found.len > 0)
        return status;
    status = check_fields(context, id, &now, err);
    if (status == STATUS_OK && !now.has_key)
        c->found = str_format(c->arena, "what stage `" STR_FMT "` is made from cannot be told", STR_ARG(stage->name));
    else if (status == STATUS_OK)
        fields_compare(&there->fields, &now.fields, note_change, c);
    return status;
}

static enum status compare(struct comparison *c, struct project *p, const struct lock *lock, struct error *err)
{
    struct check_context context = {.project = p, .arena = c->arena, .budget_bytes = UINT64_MAX, .planning = true};
    struct stage_id gate = {c->check->stage};
    bool evaluated = false;
    enum status status = compare_stage(c, &context, lock, gate, err);
    for (uint32_t i = 0; status == STATUS_OK && c->found.len == 0 && i < c->graph->stage_count; i++) {
        struct stage_id id = {i};
        if (i == gate.index || !c->follows[i] || !graph_is_upstream(c->graph, gate, id))
            continue;
        evaluated = true;
        status = compare_stage(c, &context, lock, id, err);
    }
    if (status == STATUS_OK && c->found.len == 0 && !evaluated)
        c->found = STR("no stage makes what is judged from the model");
    return status;
}

/* Git may write lines with a CR at their end. */
static bool same_lines(struct str a, struct str b)
{
    while (a.len > 0 || b.len > 0) {
        bool cr_a = str_starts(a, STR("\r\n")), cr_b = str_starts(b, STR("\r\n"));
        a = str_slice(a, cr_a, a.len);
        b = str_slice(b, cr_b, b.len);
        if (a.len == 0 || b.len == 0 || a.ptr[0] != b.ptr[0])
            return a.len == b.len;
        a = str_slice(a, 1, a.len);
        b = str_slice(b, 1, b.len);
    }
    return true;
}

/* What is ignored is in no digest of a folder that an evaluation reads. */
static enum status compare_ignored(const struct gate_trust *trust, struct str *altered, struct error *err)
{
    struct buf text = {0};
    enum status status = fs_read(".refitignore", GATE_FILE_BYTES_MAX, &text, err);
    if ((status == STATUS_OK || status == STATUS_NOT_FOUND) && !same_lines(buf_view(&text), trust->ignore))
        *altered = STR("the evaluation is not that of the protected branch: .refitignore is another");
    buf_finish(&text);
    return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

/* Is the absolute `path`, or a link or submodule on the way to it, in the commit that is checked out? */
static enum status is_brought(struct arena *arena, struct str root, struct str path, bool *brought, struct error *err)
{
    enum status status = STATUS_OK;
    *brought = false;
    for (bool whole = true; status == STATUS_OK && !*brought && path.len > 1 && !str_equal(path, root) &&
                            !path_is_below(root, path); whole = false, path = path_parent(path)) {
        enum vcs_entry entry;
        status = vcs_find_entry(arena, ".", path, &entry, err);
        *brought = entry == VCS_ENTRY_OTHER || (whole && entry == VCS_ENTRY_FOLDER);
    }
    return status;
}

/* A store or a state that comes with the checkout can hold any result, under the key of an honest evaluation. */
static enum status find_brought_cache(struct project *p, struct arena *arena, struct str *altered, struct error *err)
{
    char *real = realpath(p->store_directory.ptr, NULL), *root = realpath(".", NULL);
    struct str here = root != NULL ? str_dup(arena, str_from(root)) : p->root;
    struct str places[] = {path_join(arena, here, STR(".refit/state")), path_join(arena, here, STR(".refit/store")),
                           p->store_directory.ptr[0] == '/' ? p->store_directory
                                                            : path_join(arena, here, p->store_directory),
                           real != NULL ? str_dup(arena, str_from(real)) : STR("")};
    bool brought = false;
    enum status status = STATUS_OK;
    for (size_t i = 0; i < sizeof places / sizeof *places && status == STATUS_OK && !brought; i++)
        status = is_brought(arena, here, places[i], &brought, err);
    free(real);
    free(root);
    if (brought)
        *altered = STR("a store or state of refit came with the checkout, and could hold anything; take it out of git");
    return status;
}

enum status judge_altered(struct project *p, struct arena *arena, const struct manifest_check *check,
                          const struct gate_trust *trust, struct str *altered, struct error *err)
{
    struct lock lock;
    *altered = STR("");
    if (!trust->protected_known)
        return STATUS_OK;
    if (trust->lock.len == 0) {
        *altered = STR("the protected branch has no refit.lock, which would say how its models are evaluated");
        return STATUS_OK;
    }
    enum status status = find_brought_cache(p, arena, altered, err);
    if (status == STATUS_OK && altered->len == 0)
        status = compare_ignored(trust, altered, err);
    if (status != STATUS_OK || altered->len > 0)
        return status;
    status = lock_parse(arena, trust->lock, &lock, err);
    if (status != STATUS_OK)
        return error_wrap(err, "on the protected branch");
    bool *follows = mem_alloc(p->graph.stage_count + (size_t)1);
    struct comparison c = {.graph = &p->graph, .check = check, .follows = follows, .arena = arena, .found = STR("")};
    mark_following(&p->graph, check, follows);
    status = compare(&c, p, &lock, err);
    *altered = c.found;
    free(follows);
    return status;
}

enum status run_gate_altered(struct project *p, struct arena *arena, struct str gate, const struct gate_trust *trust,
                             struct str *altered, struct error *err)
{
    struct stage_id id = graph_find_stage(&p->graph, gate);
    uint32_t check = id.index == GRAPH_NONE ? 0 : p->graph.stages[id.index].declared->check;
    *altered = STR("");
    if (check == 0 || !trust->protected_known)
        return STATUS_OK;
    bool *all = arena_array(arena, bool, p->graph.stage_count);
    memset(all, true, p->graph.stage_count * sizeof *all);
    enum status status = tools_recall(p, all, err);
    return status == STATUS_OK ? judge_altered(p, arena, &p->manifest.checks[check - 1], trust, altered, err) : status;
}
