/* Values as text inside strings. */
#ifndef MANIFEST_SPELL_H
#define MANIFEST_SPELL_H

#include "refit/base/value.h"

enum { SPELL_NODES_MAX = 1000000 };

/* How a scalar reads within a string: as Python would print it, but true and false. */
void spell_scalar(struct buf *out, const struct value *scalar);

/*
 * A map as options of a command: `--a 1 --b.c 'x y' --flag --many 1 2`. False if a list in it has lists or maps, or if
 * there are too many of them; then `name` has the option's name. `*nodes` counts what was visited.
 */
bool spell_options(struct buf *out, const struct value *map, struct buf *name, uint64_t *nodes);

#endif
