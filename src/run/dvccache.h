/* DVC's cache, which is only read: `files/md5/ab/cdef...` in `.dvc/cache`, or where `.dvc/config` or
 * `.dvc/config.local` says. */
#ifndef RUN_DVCCACHE_H
#define RUN_DVCCACHE_H

#include "run/run.h"

struct dvc_cache;
struct md5;

enum status dvc_cache_open(struct project *project, struct dvc_cache **out, struct error *err);
void dvc_cache_close(struct dvc_cache *cache); /* NULL is fine */

/* Where the cache has content, in `arena`; false if it does not. */
bool dvc_cache_find(struct dvc_cache *cache, struct arena *arena, struct str md5, struct str *path);

/* Put content into the project's store, which is open: a file, or with ".dir" behind its MD5 a folder with all files.
 * *out describes it as an out at `path`. STATUS_FAILED if the cache does not have it whole, or it is damaged. */
enum status dvc_cache_take(struct dvc_cache *cache, struct arena *arena, struct str path, struct str md5,
                           bool executable, struct record_out *out, struct error *err);

/* Is what is at this path in the workspace what DVC calls by this MD5? (dvcdigest.c) */
enum status dvc_digest(struct dvc_cache *cache, struct project *project, struct arena *arena, struct str path,
                       struct str wanted, bool *same, struct error *err);

enum status dvc_cache_md5(struct dvc_cache *cache, struct md5 **out, struct error *err);

#endif
