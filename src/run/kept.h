/* What a run leaves behind for later ones: refit.lock, the project's state, what gc must leave, the history. */
#ifndef RUN_KEPT_H
#define RUN_KEPT_H

#include "refit/run.h"
#include "refit/vcs.h"

/* ---- refit.lock ---- */

#define LOCK_FILE "refit.lock"

/* What the state notes of an attempt that failed and whose outs are still in their place. */
#define LEFT_IN_PLACE "in place"

/* What the state keeps of the fields of an attempt that awaits accepting. */
void fields_encode(const struct fields *fields, struct buf *out);
bool fields_decode(struct arena *arena, struct str bytes, struct fields *out);

/* What was discovered, as refit.lock keeps it: absolute paths are of one machine and left out. */
struct fields fields_of_found(struct arena *arena, const struct record_input *found, uint32_t count);
/* Take what was found out of the fields, which are sorted. */
void fields_split_found(struct fields *fields, struct fields *found);

void lock_sort(struct lock *lock); /* its stages by name */

/* A new refit.lock: what `news` says of a stage, or else what the old one said. Stages that are no longer declared are
 * dropped. */
struct lock lock_merge(struct arena *arena, const struct graph *graph, const struct lock *old,
                       const struct lock_stage *(*news)(void *ctx, uint32_t stage), void *ctx);
/* Write it if its bytes differ (`changed`), unless `dry`; remember in the state that it is current if it is `whole`: if
 * it says of every stage what the state remembers. */
enum status lock_save(struct project *project, const struct lock *lock, bool whole, bool dry, bool *changed,
                      struct error *err);
/* Is refit.lock what this workspace wrote last, for this manifest? */
enum status lock_is_current(struct project *project, bool *current, struct error *err);
/* Load it again if it is not the file any more that it was loaded from. */
enum status lock_follow(struct arena *arena, struct lock *lock, struct error *err);
/* The state remembers more than refit.lock says. */
void lock_forget(struct project *project);

/* ---- the project's state ---- */

enum status project_open_state(struct project *project, struct error *err);

/* Take the workspace's lock, as a writer does when it is opened. */
enum status project_hold(struct project *project, bool wait, struct error *err);

/* Folders of `refit reproduce` below .refit/reproduce: counted, and removed if that is wanted, and nobody has changed
 * anything in them (copied.c). */
enum status copies_clean(struct project *project, const struct gc_options *options, struct gc_result *out,
                         struct error *err);

/* The files of past builds that gates were compared with: those that the store can give again go, if that is asked
 * for; p->store is open (baseline.c). */
enum status baselines_clean(struct project *project, const struct gc_options *options, struct gc_result *out,
                            struct error *err);

/* The names in a folder, sorted, in `arena`; the array is malloc'd (copied.c). */
enum status folder_names(struct arena *arena, const char *place, struct str **names, uint32_t *count,
                         struct error *err);

/* The bytes of the files below a folder; what cannot be read counts for nothing (gc.c). */
uint64_t folder_bytes(const char *path);

/* Make the stat cache forget files that are gone (prune.c). */
enum status prune_stat_cache(struct project *project, uint64_t *forgotten, struct error *err);

/* ---- what gc must leave (roots.c) ---- */

/* The roots of a refit.lock, published with the next flush. */
enum status roots_publish(struct project *project, const struct lock *lock, struct error *err);

/* The same without a manifest: of data sets, what the store has. */
enum status roots_republish(struct project *project, const struct lock *lock, struct error *err);

/* What refit.lock said after a run, durably, until that is taken back. */
enum status roots_pin(struct project *project, struct str run, const struct lock *lock, struct error *err);
enum status roots_unpin(struct project *project, struct str run, struct error *err);
/* The same as a ref, which the store may know or not. */
enum status roots_of_pin(struct project *project, struct str run, const struct lock *lock, struct store_ref *out,
                         struct error *err);

/* Publish, durably, what of the pinned runs the store in use does not know: it may be another one than when they were
 * pinned, or have been told to forget this workspace (pins.c). */
enum status pins_publish(struct project *project, struct history *history, struct error *err);
/* A ref for each pinned run of this workspace; `history` is opened for reading. The store must be open. */
enum status pins_read(struct project *project, struct store_ref **refs, uint32_t *count, struct error *err);

/* All workspaces that use the store, and what must stay for them. */
struct roots {
    struct store_ref *refs;      /* what counts */
    struct store_ref *published; /* of them, what the store does not know yet */
    struct store_ref *dropped;   /* what is published and does not count any more */
    uint32_t count, published_count, dropped_count;
    struct gc_workspace *workspaces;
    uint32_t workspace_count;
    uint64_t sequence; /* of the store when this was read */
};
enum status roots_read(struct project *project, const struct gc_options *options, struct roots *out, struct error *err);

/* ---- what goes into the history (record.c) ---- */

struct recording {
    struct project *project;
    struct report *report;
    struct str id;
    int64_t started_ms, began_ms; /* since the epoch; of the clock for durations */
    struct history_stage *stages; /* that were not fresh; malloc'd */
    uint32_t count, cap;
    bool worth;             /* something was done, or tried */
    bool has_head;          /* git was asked */
    struct vcs_head head;
    struct str fault;       /* why git could not be read; "" = it could */
};
void recording_begin(struct recording *r, struct project *project, struct report *report, struct str id);
void recording_finish(struct recording *r);
/* Ask git, unless that was done: to be called before the first thing that is made, which is made from what is there. */
void recording_see_head(struct recording *r);
/* A stage came to its end. Strings are copied. */
void recording_note(struct recording *r, const struct history_stage *stage);
/* Durably, if it is worth it. `lock` is all that refit.lock says now. */
enum status recording_save(struct recording *r, const struct lock *lock, int exit_status,
                           const uint32_t counts[HISTORY_COUNTERS], struct error *err);

#endif
