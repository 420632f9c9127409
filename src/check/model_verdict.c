/* Verdicts on models as JSON: keys sorted, no time, the same bytes for the same inputs. */
#include <math.h>

#include "refit/base/json.h"
#include "refit/model_check.h"

/* What does not apply is null; infinities are strings, since JSON has none. */
static void put_real(struct json *j, const char *key, double v)
{
    json_key(j, key);
    if (isnan(v))
        json_null(j);
    else if (isinf(v))
        json_str(j, v < 0 ? STR("-Inf") : STR("Inf"));
    else if (v == rint(v) && fabs(v) < 0x1p53)
        json_int(j, (int64_t)v);
    else
        json_real(j, v);
}

static void put_text(struct json *j, const char *key, struct str text)
{
    json_key(j, key);
    if (text.len > 0)
        json_str(j, text);
    else
        json_null(j);
}

static void put_count(struct json *j, const char *key, uint64_t count)
{
    json_key(j, key);
    json_int(j, (int64_t)count);
}

static void put_result(struct json *j, const struct model_result *r)
{
    json_open_object(j);
    put_text(j, "against", r->against == MODEL_CANDIDATE ? STR("") : str_from(model_side_name(r->against)));
    put_real(j, "bound", r->bound);
    put_real(j, "candidate", r->candidate);
    put_real(j, "change", r->change);
    put_count(j, "discordant", r->discordant);
    put_real(j, "error", r->error);
    put_count(j, "failing", r->failing);
    put_count(j, "gained", r->gained);
    json_key(j, "lines");
    json_open_array(j);
    for (uint32_t i = 0; i < r->line_count; i++)
        json_int(j, (int64_t)r->lines[i]);
    json_close_array(j);
    put_count(j, "lost", r->lost);
    put_real(j, "lower", r->lower);
    put_real(j, "margin", r->margin);
    put_real(j, "mcnemar", r->mcnemar);
    put_text(j, "message", r->message);
    put_text(j, "method", str_from(r->method != NULL ? r->method : ""));
    put_text(j, "metric", r->metric);
    put_count(j, "n", r->n);
    put_real(j, "other", r->other);
    put_text(j, "outcome", str_from(model_outcome_name(r->outcome)));
    put_real(j, "p", r->p);
    put_real(j, "p_adjusted", r->p_adjusted);
    json_key(j, "relative");
    json_bool(j, r->relative);
    put_real(j, "rows_needed", r->rows_needed);
    put_text(j, "rule", str_from(r->rule));
    put_text(j, "severity", str_from(r->warns ? "warn" : "error"));
    put_text(j, "slice", r->slice);
    put_real(j, "upper", r->upper);
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
        put_count(j, "bytes", input->bytes);
        put_text(j, "role", str_from(input->role));
        put_text(j, "sha256", str_from(input->sha256));
        json_close_object(j);
    }
    json_close_object(j);
}

void model_verdict_print(const struct model_verdict *verdict, struct buf *out)
{
    struct json j;
    json_init(&j, out);
    json_open_object(&j);
    put_text(&j, "check", STR("model"));
    put_real(&j, "equal_passes", verdict->equal_passes);
    put_text(&j, "format", STR("refit-verdict/1"));
    put_inputs(&j, verdict);
    put_text(&j, "name", verdict->name);
    put_text(&j, "outcome", str_from(model_verdict_outcome(verdict)));
    put_text(&j, "policy_sha256", str_from(verdict->policy_sha256));
    json_key(&j, "results");
    json_open_array(&j);
    for (uint32_t i = 0; i < verdict->result_count; i++)
        put_result(&j, &verdict->results[i]);
    json_close_array(&j);
    put_real(&j, "rows_needed", verdict->rows_needed);
    json_close_object(&j);
    buf_char(out, '\n');
}
