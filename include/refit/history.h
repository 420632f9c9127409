/*
 * The history: what the runs of one workspace did, in an LMDB environment of its own (`.refit/history`).
 *
 * Nouns.
 *   run      one that did something: who, when, from what, and how it ended. Its number orders runs; its id is what
 *            people are shown.
 *   build    what a stage's outs are and what they were made from, with the values of its metrics. Kept once, under the
 *            digest of its bytes, compressed.
 *   picture  the build of every stage after a run. Only what differs from the run before is kept.
 *
 * Unlike the state it cannot be found again: nothing of it is ever dropped without being asked. What is damaged is said
 * (STATUS_STORE), never guessed. One process writes at a time, which the workspace's lock sees to; not thread-safe.
 */
#ifndef REFIT_HISTORY_H
#define REFIT_HISTORY_H

#include "refit/schedule.h"
#include "refit/store.h"

#define HISTORY_FORMAT 1

struct history;

/* Open (and, unless read_only, create). A read-only open of one that does not exist gives an empty one. STATUS_STORE
 * for another format, and for one that is damaged. */
enum status history_open(const char *directory, bool read_only, struct history **out, struct error *err);
void history_close(struct history *history); /* NULL is fine */

/* Counters of a run: of stages that were fresh, restored, ... in the order of the final states. */
enum { HISTORY_COUNTERS = STATE_COUNT - STATE_FRESH };

struct history_run {
    uint64_t number; /* ascending; set by the history */
    struct str id;   /* begins with the time */
    int64_t started_ms; /* since the epoch */
    uint64_t duration_ms;
    struct str user, host;
    struct str command; /* the arguments, as a shell would take them */
    struct str folder;  /* where it was given, relative to the root */
    struct str version; /* of refit */
    struct str commit, branch; /* of git, the commit in hex; "" = none */
    struct str fault;          /* why git could not be read; "" = it could, or there is none */
    bool dirty;
    struct digest diff; /* of what differs from the commit; zero = nothing */
    int exit_status;
    uint32_t counts[HISTORY_COUNTERS];
    uint32_t builds; /* stages whose build is another one than before */
    bool pinned;     /* its outs are to be kept */
};

/* What a run did with a stage that was not fresh. */
struct history_stage {
    struct str name;
    enum stage_state state; /* a final one */
    struct digest key;      /* zero = it was not known */
    uint64_t duration_ms;   /* of the command */
    struct str reason;      /* one line */
};

struct history_metric {
    struct str path, name; /* of the file; dotted, in it */
    struct str value;      /* canonical, see value_canonical() */
};

struct history_build {
    struct str stage;
    struct digest key;
    struct str fields; /* opaque to the history */
    struct record_out *outs;
    uint32_t out_count;
    struct history_metric *metrics;
    uint32_t metric_count;
};

/*
 * Add a run, in one synced transaction. `builds` are those of all stages that there are; what does not differ from the
 * newest picture is not written, and stages that are not among them are gone from now on. `complete` is called, before
 * anything is written, for each build that is new, to fill in its metrics. Sets run->number and run->builds.
 */
struct history_addition {
    struct history_run *run;
    const struct history_stage *stages;
    uint32_t stage_count;
    struct history_build *builds;
    uint32_t build_count;
    void (*complete)(void *ctx, uint32_t build);
    void *ctx;
};
enum status history_add(struct history *history, const struct history_addition *addition, struct error *err);

/* All runs, oldest first, in `arena`. */
enum status history_list(struct history *history, struct arena *arena, struct history_run **runs, uint32_t *count,
                         struct error *err);

/* What the run of that number did. STATUS_NOT_FOUND if it was forgotten meanwhile. */
enum status history_get_stages(struct history *history, uint64_t number, struct arena *arena,
                               struct history_stage **stages, uint32_t *count, struct error *err);

/* The build of a stage as of a run. */
struct history_tip {
    struct digest stage; /* of the name */
    uint64_t number;     /* of the run since which it is that */
    struct digest build; /* zero: the stage was gone */
    bool has_metrics;
};

/* The picture after the run of that number, sorted by `stage`; without those that are gone. 0 gives an empty one. */
enum status history_get_picture(struct history *history, uint64_t number, struct arena *arena,
                                struct history_tip **tips, uint32_t *count, struct error *err);

/* Every change of any stage's build, sorted by stage, and the newest first. */
enum status history_get_changes(struct history *history, struct arena *arena, struct history_tip **tips,
                                uint32_t *count, struct error *err);

enum status history_get_build(struct history *history, const struct history_tip *tip, struct arena *arena,
                              struct history_build *out, struct error *err);

/* Of a build that has some; without the rest of it. */
enum status history_get_metrics(struct history *history, struct digest build, struct arena *arena,
                                struct history_metric **metrics, uint32_t *count, struct error *err);

/* Forget a run. What later ones do not say anew is kept for them: the pictures of all others stay as they are. */
enum status history_forget(struct history *history, uint64_t number, struct error *err);
enum status history_pin(struct history *history, uint64_t number, bool pinned, struct error *err);

#endif
