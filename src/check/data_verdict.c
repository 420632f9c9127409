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
    json_put_str_or_null(j, "column", r->column);
    json_key(j, "expected");
    json_value(j, r->expected);
    json_put_count(j, "failing", r->failing);
    verdict_put_lines(j, r->lines, r->line_count);
    json_put_str_or_null(j, "message", r->message);
    json_put_count(j, "n", r->n);
    json_put_count(j, "nulls", r->nulls);
    if (r->is_text)
        json_put_str(j, "observed", r->text);
    else if (r->outcome == DATA_NOT_EVALUATED)
        json_put_str_or_null(j, "observed", STR(""));
    else if (isnan(r->observed))
        json_put_str(j, "observed", STR("NaN")); /* it was observed */
    else
        verdict_put_real(j, "observed", r->observed);
    json_put_str(j, "outcome",
                 r->outcome == DATA_FAIL && r->warns ? STR("warn") : str_from(data_outcome_name(r->outcome)));
    json_put_str(j, "rule", str_from(r->rule));
    json_put_str(j, "severity", r->warns ? STR("warn") : STR("error"));
    if (verdict->show_rows) {
        json_key(j, "shown");
        json_open_array(j);
        for (uint32_t i = 0; i < r->line_count; i++)
            json_str(j, r->shown[i]);
        json_close_array(j);
    }
    json_put_str_or_null(j, "slice", r->slice);
    json_close_object(j);
}

void data_verdict_print(const struct data_verdict *verdict, struct buf *out)
{
    struct json j;
    json_init(&j, out);
    json_open_object(&j);
    json_put_str(&j, "check", STR("data"));
    json_put_str(&j, "format", STR(VERDICT_FORMAT));
    json_key(&j, "inputs");
    json_open_object(&j);
    for (uint32_t i = 0; i < verdict->input_count; i++) {
        json_key_str(&j, verdict->inputs[i].path);
        json_open_object(&j);
        json_put_count(&j, "bytes", verdict->inputs[i].bytes);
        json_put_str(&j, "sha256", str_from(verdict->inputs[i].sha256));
        json_close_object(&j);
    }
    json_close_object(&j);
    json_put_str(&j, "name", verdict->name);
    json_put_str(&j, "outcome", str_from(data_verdict_outcome(verdict)));
    json_put_str(&j, "policy_sha256", str_from(verdict->policy_sha256));
    json_key(&j, "results");
    json_open_array(&j);
    for (uint32_t i = 0; i < verdict->result_count; i++)
        put_result(&j, verdict, &verdict->results[i]);
    json_close_array(&j);
    json_close_object(&j);
    buf_char(out, '\n');
}
