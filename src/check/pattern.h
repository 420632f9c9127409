/* Regular expressions, by PCRE2, which is loaded when one is needed. */
#ifndef CHECK_PATTERN_H
#define CHECK_PATTERN_H

#include <stdbool.h>

#include "refit/base/error.h"
#include "refit/base/str.h"

struct pattern;

/* STATUS_MANIFEST with what is wrong with it (no place), STATUS_IO if PCRE2 is not there. */
enum status pattern_create(struct str text, struct pattern **out, struct error *err);
void pattern_destroy(struct pattern *pattern); /* NULL is fine */

/* Is all of the text as the pattern says? Undecided is a search that takes too long (PCRE2's limits). */
enum pattern_answer { PATTERN_DIFFERS, PATTERN_MATCHES, PATTERN_UNDECIDED };
enum pattern_answer pattern_matches(const struct pattern *pattern, struct str text);

#endif
