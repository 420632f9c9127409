/* What verdicts on data and on models have in common: members of their JSON, and the digest of the definition. */
#ifndef CHECK_VERDICT_H
#define CHECK_VERDICT_H

#include "refit/base/json.h"
#include "refit/base/sha256.h"
#include "refit/base/value.h"

#define VERDICT_FORMAT "refit-verdict/1"

void verdict_put_lines(struct json *j, const uint64_t *lines, uint32_t count);

/* NaN, what does not apply, is null; infinities are strings, since JSON has none; integers have no point. */
void verdict_put_real(struct json *j, const char *key, double v);

/* Of its canonical form. */
enum status verdict_digest_policy(const struct value *definition, char hex[SHA256_HEX + 1], struct error *err);

#endif
