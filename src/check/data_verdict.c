/* Verdicts on data as JSON: keys sorted, no time, the same bytes for the same inputs. */
#include <math.h>

#include "refit/base/json.h"
#include "refit/check.h"

const char *data_verdict_outcome(const struct data_verdict *verdict)
{
    return verdict->failed ? "fail" : verdict->warns ? "warn" : "pass";
}

/* JSON has no NaN: it is a string here, and so are infinities. */
static void put_real(struct json *j, double v)
{
    if (isnan(v))
        json_str(j, STR("NaN"));
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

static void put_result(struct json *j, const struct data_verdict *verdict, const struct data_result *r)
{
    json_open_object(j);
    put_text(j, "column", r->column);
    json_key(j, "expected");
    json_value(j, r->expected);
    put_count(j, "failing", r->failing);
    json_key(j, "lines");
    json_open_array(j);
    for (uint32_t i = 0; i < r->line_count; i++)
        json_int(j, (int64_t)r->lines[i]);
    json_close_array(j);
    put_text(j, "message", r->message);
    put_count(j, "n", r->n);
    put_count(j, "nulls", r->nulls);
    json_key(j, "observed");
    if (r->is_text)
        json_str(j, r->text);
    else if (r->outcome == DATA_NOT_EVALUATED)
        json_null(j);
    else
        put_real(j, r->observed);
    json_key(j, "outcome");
    json_str(j, r->outcome == DATA_FAIL && r->warns ? STR("warn") : str_from(data_outcome_name(r->outcome)));
    json_key(j, "rule");
    json_str(j, str_from(r->rule));
    json_key(j, "severity");
    json_str(j, r->warns ? STR("warn") : STR("error"));
    if (verdict->show_rows) {
        json_key(j, "shown");
        json_open_array(j);
        for (uint32_t i = 0; i < r->line_count; i++)
            json_str(j, r->shown[i]);
        json_close_array(j);
    }
    put_text(j, "slice", r->slice);
    json_close_object(j);
}

void data_verdict_print(const struct data_verdict *verdict, struct buf *out)
{
    struct json j;
    json_init(&j, out);
    json_open_object(&j);
    json_key(&j, "check");
    json_str(&j, STR("data"));
    json_key(&j, "format");
    json_str(&j, STR("refit-verdict/1"));
    json_key(&j, "inputs");
    json_open_object(&j);
    for (uint32_t i = 0; i < verdict->input_count; i++) {
        json_key_str(&j, verdict->inputs[i].path);
        json_open_object(&j);
        put_count(&j, "bytes", verdict->inputs[i].bytes);
        json_key(&j, "sha256");
        json_str(&j, str_from(verdict->inputs[i].sha256));
        json_close_object(&j);
    }
    json_close_object(&j);
    json_key(&j, "name");
    json_str(&j, verdict->name);
    json_key(&j, "outcome");
    json_str(&j, str_from(data_verdict_outcome(verdict)));
    json_key(&j, "policy_sha256");
    json_str(&j, str_from(verdict->policy_sha256));
    json_key(&j, "results");
    json_open_array(&j);
    for (uint32_t i = 0; i < verdict->result_count; i++)
        put_result(&j, verdict, &verdict->results[i]);
    json_close_array(&j);
    json_close_object(&j);
    buf_char(out, '\n');
}
