/* What a plain YAML scalar means under the core schema. */
#ifndef MANIFEST_SCALAR_H
#define MANIFEST_SCALAR_H

#include "refit/base/value.h"

/* Sets type and content of `out` from its `text`: null, boolean, integer, number, otherwise string. */
void scalar_resolve(struct value *out);

#endif
