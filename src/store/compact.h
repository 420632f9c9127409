/* Files in the store's folder beside LMDB's own. */
#ifndef REFIT_STORE_COMPACT_H
#define REFIT_STORE_COMPACT_H

#define USE_LOCK "in-use.lock"
#define GC_LOCK "gc.lock"
#define COMPACTED "data.mdb.compacted" /* the copy, while it is written */

/* DIRECTORY/NAME; free() it. */
char *store_file(const char *directory, const char *name);

#endif
