/*
 * Expressions over the columns of a row, for `where` and for slices:
 *
 *   tenure < 7 and country in ("DE", "FR") and not (plan is null or score >= 0.5)
 *
 * or, and, not; = == != <> < <= > >=; in (...), not in (...); is null, is not null; like "a%"; columns as words or in
 * backquotes; numbers; strings in single or double quotes (doubled inside). A comparison with null is false, and so is its
 * negation's operand: `not (x < 3)` is true for a null x, as two-valued logic has it. Text and number compare as numbers if the
 * text is one, otherwise the comparison is false. Depth, length and the number of nodes are bounded.
 */
#ifndef CHECK_EXPRESSION_H
#define CHECK_EXPRESSION_H

#include "check/table.h"

struct expression;

/* STATUS_MANIFEST, with the column (1-based, in `text`) in err->column, what was expected and what was found. */
enum status expression_parse(struct arena *arena, struct str text, struct expression **out, struct error *err);

/* The columns that it names, each once, in the order of their first use. */
const struct str *expression_columns(const struct expression *expression, uint32_t *count);

/* For the rows of a batch: bit by bool. columns[i] says which of the batch's columns the i-th of expression_columns() is. */
void expression_test(const struct expression *expression, const struct table_batch *batch, const uint32_t *columns,
                     bool *out);

#endif
