/* Baselines that are called by name: an environment of the policy, a run, or a revision of git. */
#include "cli/check.h"
#include "cli/past.h"
#include "refit/base/path.h"
#include "refit/gate.h"

struct naming {
    struct invocation *in;
    const struct value *definition;
    struct past past;
    struct gate_trust trust;
    bool opened;
    uint32_t named, of_policy; /* sides */
};

static struct str text_at(const struct value *map, const char *key)
{
    const struct value *v = value_get(map, str_from(key));
    return v != NULL && v->type == VALUE_STRING ? v->text : STR("");
}

/* The word that stands for a side, unless the definition has its files. */
static struct str word_of(const struct value *definition, enum model_side side)
{
    const char *name = model_side_name(side);
    struct str word = text_at(definition, name);
    bool own = text_at(value_get(definition, STR("rows")), name).len > 0 ||
               text_at(value_get(definition, STR("metric_files")), name).len > 0;
    return own || str_is(word, "none") ? STR("") : word;
}

/* From the root, where this process is. */
static enum status open_past(struct naming *n, struct error *err)
{
    struct project_options options = {.directory = ".", .manifest = n->in->manifest};
    if (n->opened)
        return STATUS_OK;
    n->opened = true;
    enum status status = project_open_bare(&options, &n->past.project, err);
    if (status == STATUS_OK)
        status = past_read(n->in, &n->past, err);
    if (status == STATUS_OK)
        status = gate_trust_open(&n->in->arena, &n->past.project->config, n->past.project->root, &n->trust, err);
    return status;
}

static enum status find_build(struct naming *n, struct str word, struct picture *out, struct str *lacking,
                              struct error *err)
{
    struct arena *arena = &n->in->arena;
    const struct gate_environment *environment = gate_policy_environment(&n->trust.policy, word);
    const struct history_run *run = NULL;
    struct error why;
    enum status status = STATUS_OK;
    n->of_policy += environment != NULL;
    if (environment != NULL && environment->since.len == 0) {
        *lacking = STR("the policy does not say which commit is deployed there (`since`)");
        return STATUS_OK;
    }
    if (environment != NULL)
        status = picture_of_revision(n->past.project, str_terminated(arena, environment->since), out, &why);
    else
        status = past_find_or_revision(&n->past, arena, word, &run, &why);
    if (status == STATUS_OK && run != NULL)
        status = picture_of_run(n->past.history, run, arena, out, &why);
    else if (status == STATUS_OK && environment == NULL)
        status = picture_of_revision(n->past.project, str_terminated(arena, word), out, &why);
    if (status == STATUS_NOT_FOUND || status == STATUS_USAGE) {
        *lacking = str_dup(arena, str_from(why.message));
        return STATUS_OK;
    }
    if (status != STATUS_OK)
        *err = why;
    return status;
}

/* One file of a side: that of the candidate, as the build had it. */
static enum status take(struct naming *n, const struct picture *build, const char *section, struct str *place,
                        struct str *lacking, struct error *err)
{
    struct str path = text_at(value_get(n->definition, str_from(section)), "candidate");
    if (path.len == 0 || lacking->len > 0)
        return STATUS_OK;
    return run_baseline_file(n->past.project, &n->in->arena, build, path, place, lacking, err);
}

static enum status find_side(struct naming *n, enum model_side side, struct model_source *out, struct error *err)
{
    struct picture build;
    struct str word = word_of(n->definition, side), lacking = STR("");
    if (word.len == 0)
        return STATUS_OK;
    n->named++;
    enum status status = open_past(n, err);
    if (status == STATUS_OK)
        status = find_build(n, word, &build, &lacking, err);
    if (status == STATUS_OK && lacking.len == 0)
        status = take(n, &build, "rows", &out->rows, &lacking, err);
    if (status == STATUS_OK && lacking.len == 0)
        status = take(n, &build, "metric_files", &out->metric_file, &lacking, err);
    out->named = true;
    if (lacking.len > 0)
        *out = (struct model_source){.named = true, .rows = STR(""), .metric_file = STR(""),
                                     .lacking = str_format(&n->in->arena, "`" STR_FMT "`: " STR_FMT, STR_ARG(word),
                                                           STR_ARG(lacking))};
    return status;
}

enum status check_baselines(struct invocation *in, const struct value *definition, struct baselines *out,
                            struct error *err)
{
    struct naming n = {.in = in, .definition = definition};
    enum status status = STATUS_OK;
    for (int side = 0; side < MODEL_SIDES; side++)
        out->sources[side] = (struct model_source){.rows = STR(""), .metric_file = STR(""), .lacking = STR("")};
    for (int side = MODEL_BASELINE; side < MODEL_SIDES && status == STATUS_OK; side++)
        status = find_side(&n, (enum model_side)side, &out->sources[side], err);
    out->of_policy = n.named > 0 && n.of_policy == n.named;
    past_close(&n.past);
    return status;
}

/* By its digest, which its place is called by. */
static void say_file(const char *what, struct str place)
{
    struct str folder = path_parent(place);
    if (place.len > 0)
        printf(" %s " STR_FMT, what, STR_ARG(path_name(folder)));
}

void check_say_baselines(const struct value *definition, const struct baselines *baselines)
{
    if (baselines->of_policy)
        printf("environment ");
    for (int side = MODEL_BASELINE; side < MODEL_SIDES; side++) {
        const struct model_source *s = &baselines->sources[side];
        if (!s->named)
            continue;
        struct str word = word_of(definition, (enum model_side)side);
        printf("%s " STR_FMT ":", model_side_name((enum model_side)side), STR_ARG(word));
        say_file("rows", s->rows);
        say_file("metrics", s->metric_file);
        puts(s->lacking.len > 0 ? " nothing" : "");
    }
}
