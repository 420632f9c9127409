/* Judging a model: the definition, what it names, and what comes of all of it. */
#include "check/model.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "check/verdict.h"

const char *model_outcome_name(enum model_outcome outcome)
{
    static const char *const names[] = {[MODEL_PASS] = "pass",
                                        [MODEL_NOT_EVALUATED] = "not_evaluated",
                                        [MODEL_INSUFFICIENT_DATA] = "insufficient_data",
                                        [MODEL_NEEDS_APPROVAL] = "needs_approval",
                                        [MODEL_FAIL] = "fail"};
    return names[outcome];
}

const char *model_side_name(enum model_side side)
{
    static const char *const names[] = {"candidate", "baseline", "anchor"};
    return names[side];
}

const char *model_verdict_outcome(const struct model_verdict *verdict)
{
    return verdict->failed ? "fail" : verdict->needs_approval ? "needs_approval" : verdict->warns ? "warn" : "pass";
}

/* ---- what a verdict is put together from ---- */

struct model_result model_result_new(const char *rule, struct str metric)
{
    return (struct model_result){.rule = rule, .metric = metric, .slice = STR(""), .candidate = NAN, .other = NAN,
                                 .bound = NAN, .margin = NAN, .change = NAN, .lower = NAN, .upper = NAN, .p = NAN,
                                 .p_adjusted = NAN, .error = NAN, .mcnemar = NAN, .rows_needed = NAN};
}

struct model_result *model_add_result(struct model_verdict *verdict)
{
    MEM_GROW(verdict->results, verdict->result_count, verdict->result_cap);
    return &verdict->results[verdict->result_count++];
}

static int compare_inputs(const void *a, const void *b)
{
    return str_compare(((const struct model_input *)a)->path, ((const struct model_input *)b)->path);
}

/* One more of a few. */
void model_add_input(struct arena *arena, struct model_verdict *verdict, struct str path, const char *role,
                     const char *sha256, uint64_t bytes)
{
    for (uint32_t i = 0; i < verdict->input_count; i++)
        if (str_equal(verdict->inputs[i].path, path))
            return; /* it has two roles: the first counts */
    struct model_input *inputs = arena_array(arena, struct model_input, (size_t)verdict->input_count + 1);
    if (verdict->input_count > 0)
        memcpy(inputs, verdict->inputs, verdict->input_count * sizeof *inputs);
    struct model_input *input = &inputs[verdict->input_count++];
    *input = (struct model_input){.path = path, .role = role, .bytes = bytes};
    memcpy(input->sha256, sha256, SHA256_HEX + 1);
    verdict->inputs = inputs;
    qsort(inputs, verdict->input_count, sizeof *inputs, compare_inputs);
}

static void conclude(struct model_verdict *verdict)
{
    for (uint32_t i = 0; i < verdict->result_count; i++) {
        const struct model_result *result = &verdict->results[i];
        bool against = result->outcome != MODEL_PASS && result->outcome != MODEL_NOT_EVALUATED;
        verdict->warns |= against && result->warns;
        verdict->failed |= !result->warns && result->outcome == MODEL_FAIL;
        verdict->needs_approval |= against && !result->warns && result->outcome != MODEL_FAIL;
    }
}

/* ---- the steps ---- */

static enum status add_model(struct arena *arena, const struct model_spec *spec, struct model_verdict *verdict,
                             struct error *err)
{
    struct str sha256;
    uint64_t bytes;
    enum status status = sha256_path(arena, str_terminated(arena, spec->model), &sha256, &bytes, err);
    if (status == STATUS_OK)
        model_add_input(arena, verdict, spec->model, "model", sha256.ptr, bytes);
    return status;
}

static uint8_t digit(char c)
{
    return (uint8_t)(c <= '9' ? c - '0' : c - 'a' + 10);
}

/* Of the definition, the gate's name, and the rows that are compared; of nothing that an author of predictions can
 * choose. */
static enum status make_seed(const struct model_spec *spec, const struct model_rows *rows, const char *policy,
                             uint8_t seed[RANDOM_SEED], struct error *err)
{
    struct buf text = {0};
    char hex[SHA256_HEX + 1];
    buf_lstr(&text, str_from(policy));
    buf_lstr(&text, spec->name);
    for (uint32_t i = 0; i < rows->files[MODEL_CANDIDATE].count; i++)
        buf_lstr(&text, rows->files[MODEL_CANDIDATE].rows[i].key);
    enum status status = sha256_bytes(text.ptr, text.len, hex, err);
    for (int i = 0; status == STATUS_OK && i < RANDOM_SEED; i++)
        seed[i] = (uint8_t)(digit(hex[2 * i]) << 4 | digit(hex[2 * i + 1]));
    buf_finish(&text);
    return status;
}

static void add_missing(struct arena *arena, const struct model_spec *spec, enum model_side side, const char *what,
                        struct str lacking, struct model_verdict *verdict)
{
    const char *name = model_side_name(side);
    struct model_result result = model_result_new(name, STR(""));
    result.against = side;
    result.warns = spec->warns;
    result.outcome = side == MODEL_BASELINE && spec->no_baseline ? MODEL_NOT_EVALUATED : MODEL_NEEDS_APPROVAL;
    result.message = lacking.len > 0
        ? str_format(arena, "there is no %s, so nothing says that this model is as good: " STR_FMT, name,
                     STR_ARG(lacking))
        : str_format(arena, "there is no %s of a %s, so nothing says that this model is as good", what, name);
    *model_add_result(verdict) = result;
}

/* A bound on a change, and nothing that it could have changed from. */
static void judge_baseline(struct arena *arena, const struct model_spec *spec, struct str lacking,
                           struct model_verdict *verdict)
{
    bool rows = false, files = false;
    for (uint32_t i = 0; i < spec->metric_count; i++) {
        const struct model_metric *metric = &spec->metrics[i];
        bool compared = metric->drop.given || (metric->of_rows && model_spec_has_slices(spec));
        rows |= metric->of_rows && compared;
        files |= !metric->of_rows && compared;
    }
    rows |= spec->churn.given;
    bool no_rows = rows && spec->rows[MODEL_BASELINE].len == 0;
    if (no_rows || (files && spec->metric_files[MODEL_BASELINE].len == 0))
        add_missing(arena, spec, MODEL_BASELINE, no_rows ? "file of rows" : "metric file", lacking, verdict);
}

static enum status judge_rows(struct arena *arena, const struct model_spec *spec, struct model_verdict *verdict,
                              struct error *err)
{
    struct model_rows rows;
    struct model_slices slices;
    uint8_t seed[RANDOM_SEED];
    enum status status = model_rows_read(arena, spec, verdict, &rows, err);
    if (status == STATUS_OK)
        status = make_seed(spec, &rows, verdict->policy_sha256, seed, err);
    if (status == STATUS_OK)
        status = model_slices_make(arena, spec, &rows, &slices, err);
    if (status == STATUS_OK)
        status = model_judge_rows(arena, spec, &rows, &slices, seed, verdict, err);
    if (status == STATUS_OK && spec->churn.given && spec->rows[MODEL_BASELINE].len > 0)
        model_judge_churn(arena, spec, &rows, verdict);
    model_rows_finish(&rows);
    return status;
}

/* What a name stands for takes the place of what the definition does not have. */
static struct str take_sources(struct arena *arena, struct model_spec *spec, const struct model_source *sources,
                               struct model_verdict *verdict)
{
    for (int side = MODEL_BASELINE; sources != NULL && side < MODEL_SIDES; side++) {
        if (!sources[side].named)
            continue;
        spec->rows[side] = sources[side].rows;
        spec->metric_files[side] = sources[side].metric_file;
        if (side == MODEL_ANCHOR && sources[side].lacking.len > 0)
            add_missing(arena, spec, MODEL_ANCHOR, "", sources[side].lacking, verdict);
    }
    return sources != NULL ? sources[MODEL_BASELINE].lacking : STR("");
}

enum status model_check(struct arena *arena, struct str name, const struct value *definition, const char *file,
                        const struct model_source *sources, struct model_verdict *out, struct error *err)
{
    struct model_spec spec;
    *out = (struct model_verdict){.name = name, .equal_passes = NAN, .rows_needed = NAN};
    enum status status = model_spec_read(arena, name, definition, file, &spec, err);
    if (status == STATUS_OK)
        status = verdict_digest_policy(definition, out->policy_sha256, err);
    if (status != STATUS_OK)
        return status;
    status = add_model(arena, &spec, out, err);
    judge_baseline(arena, &spec, take_sources(arena, &spec, sources, out), out);
    if (status == STATUS_OK && spec.rows[MODEL_CANDIDATE].len > 0)
        status = judge_rows(arena, &spec, out, err);
    if (status == STATUS_OK)
        status = model_judge_files(arena, &spec, out, err);
    if (status == STATUS_OK && spec.cases.len > 0)
        status = model_judge_cases(arena, &spec, out, err);
    conclude(out);
    if (status != STATUS_NOT_FOUND)
        return status;
    struct error why = *err;
    return error_at(err, status, file, definition->line, definition->column, "gate `" STR_FMT "`: %s", STR_ARG(name),
                    why.message);
}

void model_verdict_finish(struct model_verdict *verdict)
{
    free(verdict->results);
    verdict->results = NULL;
    verdict->result_count = verdict->result_cap = 0;
}

enum status model_definition_check(struct arena *arena, struct str name, const struct value *definition,
                                   const char *file, struct error *err)
{
    struct model_spec spec;
    return model_spec_read(arena, name, definition, file, &spec, err);
}
