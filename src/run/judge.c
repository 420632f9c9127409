/* Verdicts, judged on the way from a check to what it holds back. They are never in a key: what a stage makes does not
 * depend on whether it was allowed to. */
#include <math.h>
#include <stdlib.h>

#include "refit/base/fs.h"
#include "refit/base/json.h"
#include "refit/check.h"
#include "refit/gate.h"
#include "run/run.h"

enum { VERDICT_BYTES_MAX = 64 << 20 };

/* What judging a gate takes besides its verdict; read once. */
struct judge {
    struct arena arena; /* of its own: the project's is wound back while stages are checked */
    struct gate_trust trust;
    const struct value *gates; /* of the manifest */
};

static bool result_is(const struct value *result, const char *outcome)
{
    const struct value *v = value_get(result, STR("outcome"));
    return v != NULL && v->type == VALUE_STRING && str_is(v->text, outcome);
}

/* Does a result decide against going on? One of `severity: warn` does not. */
static bool is_against(const struct value *result)
{
    const struct value *severity = value_get(result, STR("severity"));
    if (severity != NULL && severity->type == VALUE_STRING && str_is(severity->text, "warn"))
        return false;
    return !result_is(result, "pass") && !result_is(result, "warn");
}

/* ---- freshness: how old the newest row is now, which no verdict can know ---- */

static bool is_stale(struct arena *arena, const struct value *result, int64_t now_ms, struct str *message)
{
    const struct value *newest = value_get(result, STR("observed"));
    const struct value *expected = value_get(result, STR("expected"));
    const struct value *limit = value_get(expected, STR("max_age")), *column = value_get(expected, STR("column"));
    uint64_t limit_ms;
    int64_t newest_s;
    if (!result_is(result, "pass"))
        return false;
    if (limit == NULL || column == NULL || column->type != VALUE_STRING || newest == NULL ||
        newest->type != VALUE_STRING || !parse_duration_ms(limit->text, &limit_ms) ||
        !data_time_parse(newest->text, &newest_s)) {
        *message = STR("freshness has a verdict that makes no sense");
        return true;
    }
    int64_t age_ms = now_ms - 1000 * newest_s;
    if (age_ms <= (int64_t)limit_ms)
        return false;
    *message = str_format(arena, "freshness of `" STR_FMT "`: the newest is " STR_FMT ", older than " STR_FMT,
                          STR_ARG(column->text), STR_ARG(newest->text), STR_ARG(limit->text));
    return true;
}

/* The worst result that is as `picks` wants it, the first of them, and how many more there are. */
static struct str describe(struct arena *arena, const struct value *verdict, bool (*picks)(const struct value *))
{
    const struct value *results = value_get(verdict, STR("results")), *worst = NULL;
    uint32_t count = 0;
    for (uint32_t i = 0; results != NULL && results->type == VALUE_LIST && i < results->list.count; i++) {
        const struct value *result = results->list.items[i];
        if (!picks(result))
            continue;
        if (worst == NULL || (result_is(result, "fail") && !result_is(worst, "fail")))
            worst = result;
        count++;
    }
    struct str finding = worst != NULL ? gate_finding(arena, worst) : STR("");
    if (finding.len == 0)
        return STR("");
    return count == 1 ? str_format(arena, ": " STR_FMT, STR_ARG(finding))
                      : str_format(arena, ": " STR_FMT " (and %u more)", STR_ARG(finding), count - 1);
}

static bool is_warning(const struct value *result)
{
    return !result_is(result, "pass") && !is_against(result);
}

static void say(struct arena *arena, const struct manifest_check *check, struct str name, const char *what,
                struct str why, struct judgement *out)
{
    out->text = str_format(arena, "%s `" STR_FMT "` %s" STR_FMT "; see " STR_FMT,
                           check->kind == CHECK_DATA ? "the check" : "the gate", STR_ARG(name), what, STR_ARG(why),
                           STR_ARG(str_printable(arena, check->verdict)));
}

/* A gate that an equal model hardly passes is badly declared: it has too few rows, or too small a margin. */
static void warn_of_chance(struct arena *arena, const struct manifest_check *check, struct str name,
                           const struct value *verdict, struct judgement *out)
{
    static const double CHANCE_MIN = 0.5;
    double chance = value_number(value_get(verdict, STR("equal_passes")));
    double wanted = value_number(value_get(verdict, STR("rows_needed")));
    if (chance < CHANCE_MIN)
        say(arena, check, name, "has passed",
            str_format(arena, ", which a model as good as the baseline does with probability %.2g only; %s rows would "
                       "make that 0.8", chance,
                       isfinite(wanted) ? str_format(arena, "%.0f", ceil(wanted)).ptr : "no number of"), out);
}

static void judge_verdict(struct arena *arena, const struct manifest_check *check, struct str name,
                          const struct value *verdict, struct judgement *out)
{
    if (result_is(verdict, "pass")) {
        warn_of_chance(arena, check, name, verdict, out);
        return;
    }
    if (result_is(verdict, "warn")) {
        out->warns = true;
        say(arena, check, name, "warns", describe(arena, verdict, is_warning), out);
    } else if (result_is(verdict, "needs_approval")) {
        out->exit_status = 3;
        out->found = describe(arena, verdict, is_against);
        say(arena, check, name, "needs approval", out->found, out);
    } else {
        out->exit_status = 4;
        say(arena, check, name, result_is(verdict, "fail") ? "failed" : "has a verdict that says nothing",
            describe(arena, verdict, is_against), out);
    }
}

static void judge_age(struct arena *arena, const struct manifest_check *check, struct str name,
                      const struct value *verdict, struct judgement *out)
{
    const struct value *results = value_get(verdict, STR("results"));
    struct str message;
    for (uint32_t i = 0; results != NULL && results->type == VALUE_LIST && i < results->list.count; i++) {
        const struct value *result = results->list.items[i], *severity = value_get(result, STR("severity"));
        const struct value *rule = value_get(result, STR("rule"));
        if (rule == NULL || rule->type != VALUE_STRING || !str_is(rule->text, "freshness"))
            continue;
        out->passing = true;
        if (out->exit_status == 4 || !is_stale(arena, result, clock_wall_ms(), &message))
            continue;
        out->warns = severity != NULL && severity->type == VALUE_STRING && str_is(severity->text, "warn");
        out->exit_status = out->warns ? out->exit_status : 4;
        say(arena, check, name, out->warns ? "warns" : "failed", str_format(arena, ": " STR_FMT, STR_ARG(message)),
            out);
    }
}

/* ---- gates: approvals count, too ---- */

void judge_forget(struct project *p)
{
    judge_destroy(p->judge);
    p->judge = NULL;
}

void judge_destroy(struct judge *judge)
{
    if (judge != NULL)
        arena_finish(&judge->arena);
    free(judge);
}

static enum status open_judge(struct project *p, struct error *err)
{
    if (p->judge != NULL)
        return STATUS_OK;
    struct judge *judge = mem_alloc(sizeof *judge);
    arena_init(&judge->arena);
    enum status status = project_read_section(p, &judge->arena, STR("gates"), &judge->gates, err);
    if (status == STATUS_OK)
        status = gate_trust_open(&judge->arena, &p->config, p->root, &judge->trust, err);
    if (status != STATUS_OK) {
        judge_destroy(judge);
        return status;
    }
    p->judge = judge;
    return STATUS_OK;
}

/* The key under which the gate was judged last: an approval is for that. */
static enum status key_of(struct project *p, struct arena *arena, struct str name, struct str *hex, struct error *err)
{
    struct stage_memory memory;
    bool known;
    char text[DIGEST_HEX + 1];
    enum status status = state_get_stage(p->state, name, arena, &memory, &known, err);
    *hex = status == STATUS_OK && known ? str_dup(arena, str_from(digest_hex(memory.key, text))) : STR("");
    return status;
}

enum status judge_trust(struct project *p, const struct gate_trust **trust, struct error *err)
{
    enum status status = open_judge(p, err);
    *trust = status == STATUS_OK ? &p->judge->trust : NULL;
    return status;
}

/* A verdict out of the store may name files of past builds that were not looked at here. */
static enum status bring_baselines(struct project *p, struct arena *arena, const struct value *verdict,
                                   struct error *err)
{
    const struct value *inputs = value_get(verdict, STR("inputs"));
    enum status status = STATUS_OK;
    uint32_t count = inputs != NULL && inputs->type == VALUE_MAP ? inputs->map.count : 0;
    for (uint32_t i = 0; i < count && status == STATUS_OK; i++)
        status = run_baseline_bring(p, arena, inputs->map.pairs[i].key, err);
    return status;
}

static enum status judge_approvals(struct project *p, struct arena *arena, const struct manifest_check *check,
                                   struct str name, struct str environment, const struct value *verdict,
                                   struct judgement *out, struct error *err)
{
    struct gate_judgement judged;
    out->passing = true;
    enum status status = open_judge(p, err);
    if (status != STATUS_OK)
        return status;
    struct gate_question question = {.gate = name,
                                     .verdict_file = check->verdict,
                                     .definition = value_get(p->judge->gates, name),
                                     .environment = environment,
                                     .since = STR(""),
                                     .altered = STR("")};
    status = key_of(p, arena, name, &question.stage_key, err);
    if (status == STATUS_OK)
        status = bring_baselines(p, arena, verdict, err);
    if (status == STATUS_OK)
        status = judge_altered(p, arena, check, &p->judge->trust, &question.altered, err);
    if (status == STATUS_OK)
        status = gate_judge(arena, &question, &p->judge->trust, clock_wall_ms(), &judged, err);
    if (status != STATUS_OK || judged.outcome == GATE_PASS)
        return status;
    struct str why = judged.message.len > 0 ? str_format(arena, ": " STR_FMT, STR_ARG(judged.message)) : STR("");
    if (judged.outcome == GATE_APPROVED) {
        *out = (struct judgement){.text = STR(""), .found = STR(""), .passing = true};
    } else if (judged.outcome == GATE_REJECTED) {
        out->exit_status = 4;
        say(arena, check, name, "was rejected", why, out);
    } else if (judged.outcome == GATE_NEEDS_APPROVAL) {
        out->exit_status = 3;
        say(arena, check, name, "needs approval", str_format(arena, STR_FMT STR_FMT, STR_ARG(out->found), STR_ARG(why)),
            out);
    }
    return STATUS_OK;
}

/* The SHA-256 of the model that a verdict is about. */
static struct str judged_model(const struct value *verdict)
{
    const struct value *inputs = value_get(verdict, STR("inputs"));
    for (uint32_t i = 0; inputs != NULL && inputs->type == VALUE_MAP && i < inputs->map.count; i++) {
        const struct value *role = value_get(inputs->map.pairs[i].value, STR("role"));
        const struct value *sha256 = value_get(inputs->map.pairs[i].value, STR("sha256"));
        if (role != NULL && role->type == VALUE_STRING && str_is(role->text, "model") && sha256 != NULL &&
            sha256->type == VALUE_STRING)
            return sha256->text;
    }
    return STR("");
}

/* What is deployed must be what was judged, whatever happened to the file since. It is the deploy's to make sure of
 * that once more. */
static enum status judge_subject(struct arena *arena, const struct manifest_check *check, struct str name,
                                 const struct value *verdict, struct judgement *out, struct error *err)
{
    struct str now;
    enum status status = sha256_path(arena, str_terminated(arena, check->subject), &now, NULL, err);
    if (status == STATUS_OK && str_equal(judged_model(verdict), now)) {
        out->models = arena_new(arena, struct judged_model);
        out->models[0] = (struct judged_model){check->subject, now};
        out->model_count = 1;
        return STATUS_OK;
    }
    if (status != STATUS_OK && status != STATUS_NOT_FOUND)
        return status;
    out->exit_status = 4;
    say(arena, check, name, "has judged another model", str_format(arena, ": " STR_FMT " is not what it was then",
        STR_ARG(str_printable(arena, check->subject))), out);
    return STATUS_OK;
}

/* Has the store this verdict of the check, as it is declared and of what is there now? */
static enum status find_in_store(struct project *p, struct arena *arena, const struct manifest_check *check,
                                 struct digest digest, bool *found, struct error *err)
{
    struct check_context context = {.project = p, .arena = arena, .budget_bytes = UINT64_MAX, .planning = true};
    struct check now;
    struct record *records;
    uint32_t count = 0;
    *found = false;
    enum status status = check_fields(&context, (struct stage_id){check->stage}, &now, err);
    if (status == STATUS_OK && now.has_key)
        status = project_open_store(p, err);
    if (status == STATUS_OK && now.has_key && p->store != NULL)
        status = store_get_records(p->store, now.key, arena, &records, &count, err);
    for (uint32_t i = 0; status == STATUS_OK && i < count; i++)
        *found |= records[i].out_count == 1 && digest_equal(records[i].outs[0].digest, digest);
    return status;
}

/* A file can be written by anybody: a verdict counts as the one that its stage made here, or that the store has of it.
 * What a plan does not know yet, the run will. */
static enum status judge_maker(struct project *p, struct arena *arena, const struct manifest_check *check,
                               struct str name, struct str text, bool planning, struct judgement *out,
                               struct error *err)
{
    struct stage_memory memory;
    bool known;
    enum status status = state_get_stage(p->state, name, arena, &memory, &known, err);
    if (status != STATUS_OK)
        return status;
    struct digest digest = digest_of(text.ptr, text.len);
    bool made = known && !memory.failed && !memory.pending && memory.out_count == 1 &&
                digest_equal(memory.outs[0].digest, digest);
    if (!made && !planning)
        status = find_in_store(p, arena, check, digest, &made, err);
    if (status == STATUS_OK && !made && (known || !planning)) {
        out->exit_status = 4;
        say(arena, check, name, "has a verdict that its stage did not make", STR(": run it first"), out);
    }
    return status;
}

enum status judge_check(struct project *project, struct arena *arena, const struct manifest_check *check,
                        const struct manifest_stage *held, bool planning, struct judgement *out, struct error *err)
{
    struct str name = project->manifest.stages[check->stage].name;
    struct value *verdict;
    struct buf text = {0};
    *out = (struct judgement){.text = STR(""), .found = STR("")};
    enum status status = fs_read(check->verdict.ptr, VERDICT_BYTES_MAX, &text, err);
    if (status == STATUS_OK)
        status = json_parse(arena, buf_view(&text), check->verdict.ptr, &verdict, err);
    if (status == STATUS_OK && held != NULL)
        status = judge_maker(project, arena, check, name, buf_view(&text), planning, out, err);
    buf_finish(&text);
    if (status == STATUS_OK && out->exit_status != 0)
        return status;
    if (status == STATUS_NOT_FOUND) {
        out->exit_status = 4;
        say(arena, check, name, "has no verdict", STR(""), out);
        return STATUS_OK;
    }
    if (status == STATUS_MANIFEST) { /* what was checked is not known: nobody goes on */
        struct error why = *err;
        out->exit_status = 4;
        say(arena, check, name, "has a verdict that cannot be read",
            str_format(arena, " (%s)", str_dup(arena, str_from(why.message)).ptr), out);
        return STATUS_OK;
    }
    if (status != STATUS_OK)
        return status;
    judge_verdict(arena, check, name, verdict, out);
    judge_age(arena, check, name, verdict, out);
    if (check->kind == CHECK_MODEL && out->exit_status != 4)
        status = judge_approvals(project, arena, check, name, held != NULL ? held->environment : STR(""), verdict, out,
                                 err);
    if (status == STATUS_OK && check->kind == CHECK_MODEL && out->exit_status == 0 && held != NULL &&
        held->kind == STAGE_DEPLOY)
        status = judge_subject(arena, check, name, verdict, out, err);
    return status;
}

enum status judge_own(struct project *project, struct arena *arena, const struct manifest_check *check,
                      struct judgement *out, struct error *err)
{
    const struct graph_stage *node = &project->graph.stages[check->stage];
    bool for_one = false;
    enum status status = STATUS_OK;
    *out = (struct judgement){.text = STR(""), .found = STR("")};
    for (uint32_t i = 0; i < node->downstream_count && status == STATUS_OK; i++) {
        const struct manifest_stage *held = project->graph.stages[node->downstream[i].index].declared;
        struct judgement one;
        if (held->environment.len == 0)
            continue;
        for_one = true;
        status = judge_check(project, arena, check, held, true, &one, err);
        if (status == STATUS_OK && (one.exit_status > out->exit_status || out->text.len == 0))
            *out = one;
    }
    return for_one || status != STATUS_OK ? status : judge_check(project, arena, check, NULL, true, out, err);
}

/* The worst outcome, and the models of all. */
void judgement_join(struct arena *arena, struct judgement *out, const struct judgement *one)
{
    uint32_t count = out->model_count;
    struct judged_model *models = arena_array(arena, struct judged_model, count + one->model_count);
    for (uint32_t i = 0; i < count; i++)
        models[i] = out->models[i];
    for (uint32_t i = 0; i < one->model_count; i++) {
        bool known = false;
        for (uint32_t k = 0; k < count; k++)
            known |= str_equal(models[k].path, one->models[i].path);
        if (!known)
            models[count++] = one->models[i];
    }
    if (one->exit_status > out->exit_status)
        *out = *one;
    out->models = models;
    out->model_count = count;
}

enum status judge_upstream(struct project *project, struct arena *arena, struct stage_id id, bool planning,
                           struct judgement *out, struct error *err)
{
    const struct graph_stage *node = &project->graph.stages[id.index];
    *out = (struct judgement){.text = STR(""), .found = STR("")};
    for (uint32_t i = 0; node->declared->check == 0 && i < node->upstream_count; i++) {
        uint32_t check = project->manifest.stages[node->upstream[i].index].check;
        struct judgement one;
        if (check == 0)
            continue;
        enum status status = judge_check(project, arena, &project->manifest.checks[check - 1], node->declared,
                                         planning, &one, err);
        if (status != STATUS_OK)
            return status;
        judgement_join(arena, out, &one);
    }
    if (node->declared->kind != STAGE_DEPLOY || out->exit_status == 4)
        return STATUS_OK;
    return judge_deploy(project, arena, id, planning, out, err);
}
