/* What a deploy has to have passed is the word of the policy, not of the manifest, which whoever asks for the deploy
 * can change: for each environment the policy names gates. */
#include <stdlib.h>

#include "refit/base/path.h"
#include "refit/gate.h"
#include "run/run.h"

static bool reads(const struct manifest_stage *stage, struct str path)
{
    for (uint32_t i = 0; i < stage->dep_count; i++)
        if (str_equal(stage->deps[i].path, path) || path_is_below(stage->deps[i].path, path) ||
            path_is_below(path, stage->deps[i].path))
            return true;
    return false;
}

/* A gate for another model than the one that is deployed says nothing. What the deploy is made from counts, and not
 * what checks that come before it read. */
static bool follows_from(const struct graph *g, struct stage_id id, struct str model)
{
    bool *flows = mem_alloc(g->stage_count), found = false;
    flows[id.index] = true;
    for (uint32_t k = g->stage_count; k-- > 0 && !found;) { /* each after all that follow from it */
        struct stage_id at = g->order[k];
        const struct graph_stage *node = &g->stages[at.index];
        for (uint32_t i = 0; i < node->downstream_count && node->declared->check == 0; i++)
            flows[at.index] |= flows[node->downstream[i].index];
        found = flows[at.index] && reads(node->declared, model);
    }
    free(flows);
    return found;
}

static const struct manifest_check *find_gate(const struct manifest *m, struct str name)
{
    for (uint32_t i = 0; i < m->check_count; i++)
        if (m->checks[i].kind == CHECK_MODEL && str_equal(m->stages[m->checks[i].stage].name, name))
            return &m->checks[i];
    return NULL;
}

static void refuse(struct judgement *out, struct str text)
{
    out->exit_status = 4;
    out->text = text;
}

static enum status ask_for(struct project *p, struct arena *arena, struct stage_id id, struct str environment,
                           struct str gate, bool planning, struct judgement *out, struct error *err)
{
    const struct manifest_check *check = find_gate(&p->manifest, gate);
    struct judgement one;
    if (check == NULL || !graph_is_upstream(&p->graph, id, (struct stage_id){check->stage})) {
        refuse(out, str_format(arena, "the policy asks for the gate `" STR_FMT "` before anything is deployed to `"
                               STR_FMT "`, and %s", STR_ARG(gate), STR_ARG(environment),
                               check == NULL ? "there is no such gate" : "it does not come before this stage"));
        return STATUS_OK;
    }
    if (!follows_from(&p->graph, id, check->subject)) {
        refuse(out, str_format(arena, "the gate `" STR_FMT "` that the policy asks for is about " STR_FMT
                               ", which nothing that is deployed here was made from", STR_ARG(gate),
                               STR_ARG(str_printable(arena, check->subject))));
        return STATUS_OK;
    }
    enum status status = judge_check(p, arena, check, p->graph.stages[id.index].declared, planning, &one, err);
    if (status == STATUS_OK)
        judgement_join(arena, out, &one);
    return status;
}

enum status judge_deploy(struct project *p, struct arena *arena, struct stage_id id, bool planning,
                         struct judgement *out, struct error *err)
{
    struct str name = p->graph.stages[id.index].declared->environment;
    const struct gate_trust *trust;
    enum status status = judge_trust(p, &trust, err);
    if (status != STATUS_OK || !trust->pinned || trust->policy.environment_count == 0)
        return status;
    const struct gate_environment *environment = gate_policy_environment(&trust->policy, name);
    if (name.len == 0)
        refuse(out, str_format(arena, "the policy has environments, and this deploy does not say to which it goes; "
                               "give it one, such as `environment: " STR_FMT "`",
                               STR_ARG(trust->policy.environments[0].name)));
    else if (environment == NULL)
        refuse(out, str_format(arena, "the policy has no environment `" STR_FMT "`", STR_ARG(name)));
    for (uint32_t i = 0; environment != NULL && status == STATUS_OK && out->exit_status != 4 &&
                         i < environment->gates.count; i++)
        status = ask_for(p, arena, id, name, environment->gates.items[i], planning, out, err);
    return status;
}
