/*
 * Paths.
 *
 * A path is bytes, canonical and relative to the project's root: no `.`, no empty component, no `..` but at the front,
 * no slash at the end; the root itself is ".". What lies outside keeps its leading `..` components, or is absolute if
 * it was written so. Canonical means lexical: symbolic links are not resolved. path_make() is the only function that
 * makes one, so two equal paths are equal bytes.
 */
#ifndef REFIT_BASE_PATH_H
#define REFIT_BASE_PATH_H

#include <stdbool.h>

#include "refit/base/arena.h"
#include "refit/base/error.h"
#include "refit/base/str.h"

#define PATH_BYTES_MAX 4095

/*
 * Make a path from what somebody wrote. `root` is the absolute path of the project; `wdir` is a canonical path (the
 * folder that `raw` is relative to; "." is the root). An absolute `raw` below the root becomes relative.
 * Fails with STATUS_USAGE on an empty path, a NUL byte, or more than PATH_BYTES_MAX bytes. The result is
 * NUL-terminated, in `arena`.
 */
enum status path_make(struct arena *arena, struct str root, struct str wdir, struct str raw, struct str *out,
                      struct error *err);

bool path_is_inside(struct str path); /* below the root, or the root itself */
bool path_is_below(struct str path, struct str directory); /* strictly below; everything inside is below "." */
struct str path_parent(struct str path); /* "." for a top-level name; "/" for the root of the file system */
struct str path_name(struct str path);   /* the last component */

/* directory/name, with "." standing for nothing; NUL-terminated in `arena`. */
struct str path_join(struct arena *arena, struct str directory, struct str name);

/* `path` as seen from the folder `from` (both canonical and inside or both outside the root). */
struct str path_relative(struct arena *arena, struct str from, struct str path);

#endif
