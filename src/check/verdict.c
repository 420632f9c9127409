#include "check/verdict.h"

#include <math.h>

void verdict_put_lines(struct json *j, const uint64_t *lines, uint32_t count)
{
    json_key(j, "lines");
    json_open_array(j);
    for (uint32_t i = 0; i < count; i++)
        json_int(j, (int64_t)lines[i]);
    json_close_array(j);
}

void verdict_put_real(struct json *j, const char *key, double v)
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

enum status verdict_digest_policy(const struct value *definition, char hex[SHA256_HEX + 1], struct error *err)
{
    struct buf text = {0};
    value_canonical(definition, &text);
    enum status status = sha256_bytes(text.ptr, text.len, hex, err);
    buf_finish(&text);
    return status;
}
