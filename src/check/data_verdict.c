/* Verdicts on data as JSON: keys sorted, no time, the same bytes for the same inputs. */
#include <math.h>

#include "check/verdict.h"
#include "refit/check.h"

const char *data_verdict_outcome(const struct data_verdict *verdict)
{
    return verdict->failed ? "fail" : verdict->warns ? "warn" : "pass";
}

static void put_result(struct json *j, const struct data_verdict *verdict, const struct data_result *r)
{
    json_open_object(j);
    verdict_put_text(j, "column", r->column);
    json_key(j, "expected");
    json_value(j, r->expected);
    verdict_put_count(j, "failing", r->failing);
    verdict_put_lines(j, r->lines, r->line_count);
    verdict_put_text(j, "message", r->message);
    verdict_put_count(j, "n", r->n);
    verdict_put_count(j, "nulls", r->nulls);
    if (r->is_text)
        verdict_put_string(j, "observed", r->text);
    else if (r->outcome == DATA_NOT_EVALUATED)
        verdict_put_text(j, "observed", STR(""));
    else if (isnan(r->observed))
        verdict_put_string(j, "observed", STR("NaN")); /* it was observed */
    else
        verdict_put_real(j, "observed", r->observed);
    verdict_put_string(j, "outcome",
                       r->outcome == DATA_FAIL && r->warns ? STR("warn") : str_from(data_outcome_name(r->outcome)));
    verdict_put_string(j, "rule", str_from(r->rule));
    verdict_put_string(j, "severity", r->warns ? STR("warn") : STR("error"));
    if (verdict->show_rows) {
        json_key(j, "shown");
        json_open_array(j);
        for (uint32_t i = 0; i < r->line_count; i++)
            json_str(j, r->shown[i]);
        json_close_array(j);
    }
    verdict_put_text(j, "slice", r->slice);
    json_close_object(j);
}

void data_verdict_print(const struct data_verdict *verdict, struct buf *out)
{
    struct json j;
    json_init(&j, out);
    json_open_object(&j);
    verdict_put_string(&j, "check", STR("data"));
    verdict_put_string(&j, "format", STR(VERDICT_FORMAT));
    json_key(&j, "inputs");
    json_open_object(&j);
    for (uint32_t i = 0; i < verdict->input_count; i++) {
        json_key_str(&j, verdict->inputs[i].path);
        json_open_object(&j);
        verdict_put_count(&j, "bytes", verdict->inputs[i].bytes);
        verdict_put_string(&j, "sha256", str_from(verdict->inputs[i].sha256));
        json_close_object(&j);
    }
    json_close_object(&j);
    verdict_put_string(&j, "name", verdict->name);
    verdict_put_string(&j, "outcome", str_from(data_verdict_outcome(verdict)));
    verdict_put_string(&j, "policy_sha256", str_from(verdict->policy_sha256));
    json_key(&j, "results");
    json_open_array(&j);
    for (uint32_t i = 0; i < verdict->result_count; i++)
        put_result(&j, verdict, &verdict->results[i]);
    json_close_array(&j);
    json_close_object(&j);
    buf_char(out, '\n');
}
