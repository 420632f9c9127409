/* Churn: how many predictions differ from the baseline's, whether for better or worse. */
#include <math.h>

#include "check/model.h"

static bool flips(const struct model_spec *spec, const struct model_row *one, const struct model_row *two)
{
    if (spec->churn_tolerance.given)
        return fabs(one->value - two->value) > spec->churn_tolerance.value;
    return one->predicted != two->predicted;
}

void model_judge_churn(struct arena *arena, const struct model_spec *spec, const struct model_rows *rows,
                       struct model_verdict *verdict)
{
    const struct model_file *candidate = &rows->files[MODEL_CANDIDATE], *baseline = &rows->files[MODEL_BASELINE];
    struct model_result result = model_result_new("churn", STR(""));
    result.against = MODEL_BASELINE;
    result.warns = spec->warns;
    result.n = candidate->count;
    result.bound = spec->churn.value;
    result.relative = true;
    for (uint32_t i = 0; i < candidate->count; i++)
        result.discordant += flips(spec, &candidate->rows[i], &baseline->rows[i]);
    result.candidate = (double)result.discordant / (double)candidate->count;
    result.outcome = result.candidate > result.bound ? MODEL_NEEDS_APPROVAL : MODEL_PASS;
    struct str share = model_amount(arena, result.candidate, true), bound = model_amount(arena, result.bound, true);
    result.message =
        str_format(arena, "%llu of %llu predictions (" STR_FMT ") differ from the baseline's; review_above " STR_FMT,
                   (unsigned long long)result.discordant, (unsigned long long)result.n, STR_ARG(share), STR_ARG(bound));
    *model_add_result(verdict) = result;
}
