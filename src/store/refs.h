/* What workspaces publish, as gc reads it. */
#ifndef REFIT_STORE_REFS_H
#define REFIT_STORE_REFS_H

#include "store/store.h"

/* Calls `each` with every value that was published after `since` (0: all of them). */
int refs_each(struct store *store, MDB_txn *txn, uint64_t since, void (*each)(void *ctx, struct str value), void *ctx);

/* False if it is malformed. Paths and names in `arena`. */
bool ref_decode(struct str value, struct arena *arena, struct store_ref *out, uint64_t *sequence);

#endif
