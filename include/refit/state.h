/*
 * The state: one workspace's memory, in an LMDB environment of its own (`.refit/state`).
 *
 * It holds nothing that cannot be found again with more work: the stat cache (digests of files whose stat has not
 * changed), what each stage last produced here, how long it took, and what waits to be accepted. Losing it costs time,
 * never results.
 *
 * Reads are served from a snapshot taken at open plus what this process has set since; writes stay in memory until
 * state_commit(). Thread-safe but for open and close.
 */
#ifndef REFIT_STATE_H
#define REFIT_STATE_H

#include <sys/stat.h>

#include "refit/base/arena.h"
#include "refit/base/digest.h"
#include "refit/base/error.h"
#include "refit/store.h"

#define STATE_FORMAT 2

struct state;

/* Open (and, unless read_only, create). A read-only open of a state that does not exist gives an empty one. A state of
 * another format version is treated as empty and replaced at the first commit; a damaged one is put aside at once
 * (`damaged.mdb`). */
enum status state_open(const char *directory, bool read_only, struct state **out, struct error *err);
/* What was there when it was opened was damaged: all is forgotten. */
bool state_was_replaced(const struct state *state);
void state_close(struct state *state); /* does not commit; NULL is fine */

/* Is this folder on a file system that LMDB cannot use (NFS, CIFS, Lustre, ...)? */
bool state_needs_other_place(const char *directory);

/* Write what was set, in one synced transaction. Does nothing if nothing changed. STATUS_STORE if read-only. */
enum status state_commit(struct state *state, struct error *err);
bool state_is_dirty(struct state *state);

/* ---- what a stage last did here ---- */

struct stage_memory {
    struct digest key;      /* of the record that the outs on disk came from */
    uint64_t record_id;
    uint64_t duration_ms;   /* of its last execution */
    bool pending;           /* its last attempt awaits `accept`: key and outs are those that accepting would record */
    bool failed;            /* its last attempt failed: outs on disk mean nothing */
    struct record_out *outs;
    uint32_t out_count;
    struct record_input *inputs; /* discovered (depfile) */
    uint32_t input_count;
    struct str note;        /* opaque to state: what the run keeps beside it */
};

/* *found is false if nothing is known. Strings and arrays in `arena`. */
enum status state_get_stage(struct state *state, struct str name, struct arena *arena, struct stage_memory *out,
                            bool *found, struct error *err);
void state_set_stage(struct state *state, struct str name, const struct stage_memory *memory);

/* Small values by name (digests of what was written last, outputs of tools). */
enum status state_get_value(struct state *state, struct str name, struct arena *arena, struct str *out, bool *found,
                            struct error *err);
void state_set_value(struct state *state, struct str name, struct str value);

/* A value that is gone with the next commit, unless that sets it again: for what is true of the state as a whole. What
 * is got is as the snapshot has it, and stays until the next commit or close. */
enum status state_get_passing(struct state *state, struct str name, struct str *out, bool *found, struct error *err);
void state_set_passing(struct state *state, struct str name, struct str value);

/* ---- the stat cache ---- */

/* What must be the same for a digest to be believed. */
struct file_stat {
    uint64_t inode, size;
    int64_t mtime_ns, ctime_ns;
};
struct file_stat file_stat_of(const struct stat *st);
bool file_stat_equal(const struct file_stat *a, const struct file_stat *b);

/*
 * The digest of a file whose stat is `stat`, if it is known and can be believed. `path` is canonical (its folder's
 * entries are kept together, so looking up many files of one folder costs one read).
 */
bool stat_cache_get(struct state *state, struct str path, const struct file_stat *stat, struct digest *out);

/*
 * Remember a digest. `hashed_ns` is the file system's clock just before the file was read. An entry is believed in
 * later runs only if mtime and ctime were at least 2 s older than that (git's racy rule: a change within the same tick
 * of the clock would not show); in this process it is believed as long as the stat is the same.
 */
void stat_cache_put(struct state *state, struct str path, const struct file_stat *stat, int64_t hashed_ns,
                    struct digest digest);
#define STAT_CACHE_RACY_NS 2000000000ll

/* A folder as it is. */
struct state_folder {
    struct str path; /* canonical */
    struct digest *names; /* of its entries; sorted by state_prune() */
    size_t count;
    bool unreadable; /* what is known of it stays */
};

/* Forget, durably, files that are not in their folders any more, and folders that are not listed; what is outside of
 * the project stays. *forgotten is the number of files. To be called where nothing was put since the state was
 * opened. */
enum status state_prune(struct state *state, struct state_folder *folders, size_t count, uint64_t *forgotten,
                        struct error *err);

/* Is what is known of this file within the racy window (so that the same stat proves nothing)? */
bool stat_cache_is_racy(struct state *state, struct str path, const struct file_stat *stat);

#endif
