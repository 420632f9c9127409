/* Sets of texts, and whether cells of a batch are in one. */
#ifndef CHECK_VALUE_SET_H
#define CHECK_VALUE_SET_H

#include "check/table.h"

struct value_set;

struct value_set *value_set_create(struct arena *arena, uint32_t count); /* room for so many texts */
void value_set_add(struct value_set *set, struct str text); /* which has to stay */

/* in[i]: are the bytes of cells[i] in it, whatever its kind? */
void value_set_test(const struct value_set *set, const struct cell *cells, uint32_t count, bool *in);

#endif
