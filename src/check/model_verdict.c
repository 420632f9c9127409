/* Verdicts on models as JSON: keys sorted, no time, the same bytes for the same inputs. */
#include "check/verdict.h"
#include "refit/model_check.h"

static void put_result(struct json *j, const struct model_result *r)
{
    json_open_object(j);
    json_put_str_or_null(j, "against", r->against == MODEL_CANDIDATE ? STR("") : str_from(model_side_name(r->against)));
    verdict_put_real(j, "bound", r->bound);
    verdict_put_real(j, "candidate", r->candidate);
    verdict_put_real(j, "change", r->change);
    json_put_count(j, "discordant", r->discordant);
    verdict_put_real(j, "error", r->error);
    json_put_count(j, "failing", r->failing);
    json_put_count(j, "gained", r->gained);
    verdict_put_lines(j, r->lines, r->line_count);
    json_put_count(j, "lost", r->lost);
    verdict_put_real(j, "lower", r->lower);
    verdict_put_real(j, "margin", r->margin);
    verdict_put_real(j, "mcnemar", r->mcnemar);
    json_put_str_or_null(j, "message", r->message);
    json_put_str_or_null(j, "method", str_from(r->method != NULL ? r->method : ""));
    json_put_str_or_null(j, "metric", r->metric);
    json_put_count(j, "n", r->n);
    verdict_put_real(j, "other", r->other);
    json_put_str_or_null(j, "outcome", str_from(model_outcome_name(r->outcome)));
    verdict_put_real(j, "p", r->p);
    verdict_put_real(j, "p_adjusted", r->p_adjusted);
    json_key(j, "relative");
    json_bool(j, r->relative);
    verdict_put_real(j, "rows_needed", r->rows_needed);
    json_put_str_or_null(j, "rule", str_from(r->rule));
    json_put_str_or_null(j, "severity", str_from(r->warns ? "warn" : "error"));
    json_put_str_or_null(j, "slice", r->slice);
    verdict_put_real(j, "upper", r->upper);
    json_close_object(j);
}

static void put_inputs(struct json *j, const struct model_verdict *verdict)
{
    json_key(j, "inputs");
    json_open_object(j);
    for (uint32_t i = 0; i < verdict->input_count; i++) {
        const struct model_input *input = &verdict->inputs[i];
        json_key_str(j, input->path);
        json_open_object(j);
        json_put_count(j, "bytes", input->bytes);
        json_put_str_or_null(j, "role", str_from(input->role));
        json_put_str_or_null(j, "sha256", str_from(input->sha256));
        json_close_object(j);
    }
    json_close_object(j);
}

void model_verdict_print(const struct model_verdict *verdict, struct buf *out)
{
    struct json j;
    json_init(&j, out);
    json_open_object(&j);
    json_put_str_or_null(&j, "check", STR("model"));
    verdict_put_real(&j, "equal_passes", verdict->equal_passes);
    json_put_str_or_null(&j, "format", STR(VERDICT_FORMAT));
    put_inputs(&j, verdict);
    json_put_str_or_null(&j, "name", verdict->name);
    json_put_str_or_null(&j, "outcome", str_from(model_verdict_outcome(verdict)));
    json_put_str_or_null(&j, "policy_sha256", str_from(verdict->policy_sha256));
    json_key(&j, "results");
    json_open_array(&j);
    for (uint32_t i = 0; i < verdict->result_count; i++)
        put_result(&j, &verdict->results[i]);
    json_close_array(&j);
    verdict_put_real(&j, "rows_needed", verdict->rows_needed);
    json_close_object(&j);
    buf_char(out, '\n');
}
