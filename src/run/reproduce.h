/* Parts of reproducing a revision, and of comparing what a stage made with what it had made. */
#ifndef REFIT_RUN_REPRODUCE_H
#define REFIT_RUN_REPRODUCE_H

#include "refit/vcs.h"
#include "run/run.h"

/* The refit.lock of a revision. STATUS_NOT_FOUND if there is none, or no such revision. */
enum status revision_lock(struct project *here, const char *revision, struct vcs_commit *commit, struct lock *out,
                          struct error *err);

/* Hold what a stage made against what it had made in the build of that name. */
enum status compare_stage(struct project *p, struct arena *arena, struct str name, const struct lock_stage *was,
                          const struct lock_stage *is, struct reproduced_stage *s, struct error *err);

/* ---- sources (sources.c): deps that no stage makes ---- */

/* Which of them are in the workspace (the working directory) what a refit.lock says. */
enum status sources_look(struct project *here, const struct lock *lock, struct table *same, struct error *err);

/* Put them into the copy (the working directory) where it has others or none: from the store, or from the workspace
 * that was looked at. What cannot be had back is added to what the reproduction lacks. */
enum status sources_bring(struct reproduction *r, struct clearing *clearing, const struct restore_progress *progress,
                          const bool *selected, struct report *report, struct error *err);

/* What keeps this source from being what it was; NULL = nothing. */
const struct lacking *sources_find_lack(const struct reproduction *r, struct str path);

#endif
