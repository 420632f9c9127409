/* What workspaces publish, as gc reads it. */
#ifndef REFIT_STORE_REFS_H
#define REFIT_STORE_REFS_H

#include "store/store.h"

/* Calls `each` with everything that was published after `since` (0: at any time), and with what is damaged. */
typedef void (*ref_fn)(void *ctx, struct digest key, struct str value);
int refs_each(struct store *store, MDB_txn *txn, uint64_t since, ref_fn each, void *ctx);

/* False if it is malformed, or kept under a key that is not its own. Paths and names in `arena`. */
bool ref_decode(struct digest key, struct str value, struct arena *arena, struct store_ref *out);

#endif
