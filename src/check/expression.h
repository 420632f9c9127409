/*
 * Expressions over the columns of a row, for `where` and for slices:
 *
 *   tenure < 7 and country in ("DE", "FR") and not (plan is null or score >= 0.5)
 *
 *   expression  = term { or term }            term    = factor { and factor }
 *   factor      = not factor | ( expression ) | test
 *   test        = operand ( = | == | != | <> | < | <= | > | >= ) operand
 *               | operand [ not ] in ( operand { , operand } ) | operand is [ not ] null
 *   operand     = a column: a word of letters, digits, _ and . , or anything between backquotes
 *               | a number | a string between single or double quotes, which are doubled inside
 *
 * Words of the language are of any case. Comparing: a null is like nothing, so each test with one is false (but `is
 * null`); `not` turns true into false and back, so `not (x < 3)` holds for a null x. A number (or a column's text
 * that is one, as cell_number() reads it) is compared with a number as such; NaN is like nothing. Anything else is
 * compared as bytes. A column's text that is no number is never like a number, and neither less nor greater; `!=`
 * and `not in` are true of it.
 */
#ifndef CHECK_EXPRESSION_H
#define CHECK_EXPRESSION_H

#include "check/table.h"

#define EXPRESSION_BYTES_MAX 65536
#define EXPRESSION_DEPTH_MAX 100

struct expression;

/* STATUS_MANIFEST, with the place (err->line is 0, err->column 1-based in `text`), what was expected and what was
   found. */
enum status expression_parse(struct arena *arena, struct str text, struct expression **out, struct error *err);

/* The columns that it names, each once, in the order of their first use. */
const struct str *expression_columns(const struct expression *expression, uint32_t *count);

/* The cells of a row's columns, as expression_columns() has them. */
bool expression_test(const struct expression *expression, const struct cell *cells);

/* The same for all rows of a batch; at[i] says which of the batch's columns the i-th of expression_columns() is. */
void expression_test_batch(const struct expression *expression, const struct table_batch *batch, const uint32_t *at,
                           bool *out);

#endif
