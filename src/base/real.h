/* Numbers and strings as JSON and canonical values share them. Private to base. */
#ifndef BASE_REAL_H
#define BASE_REAL_H

#include "refit/base/str.h"

/* The shortest decimal of a finite number that reads back the same, with a `.` or an exponent in it. */
void real_append(struct buf *out, double real);

/* Inside of a JSON string: quotes, backslashes and control bytes escaped, all other bytes as they are. */
void quoted_append(struct buf *out, struct str s);

#endif
