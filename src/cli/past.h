/* Shared by the commands that tell of past runs (past.c). */
#ifndef REFIT_CLI_PAST_H
#define REFIT_CLI_PAST_H

#include "cli/cli.h"

/* The history of the workspace, and all runs in it, oldest first. */
struct past {
    struct project *project; /* bare: the manifest may be broken, or another one */
    struct history *history;
    struct history_run *runs;
    uint32_t count;
};

/* The history and its runs, of a project that is open already. */
enum status past_read(struct invocation *in, struct past *past, struct error *err);

/* For reading; with `writer` what else is opened will be written. To be closed also after failure. */
enum status past_open(struct invocation *in, bool writer, struct past *out, struct error *err);
enum status past_write(struct past *past, struct error *err); /* open the history, which is there, for writing */
void past_close(struct past *past);

/* The run that a word means: an id or so much of it that no other begins like that, `last`, `last-2` or `-2` (the
 * second one before the last). STATUS_NOT_FOUND in words if there is none; STATUS_USAGE, with the runs, if it could be
 * several. */
enum status past_find(const struct past *past, struct str word, const struct history_run **out, struct error *err);

/* The same where a revision of git will do as well: a run before a revision, but a revision before several runs. *out
 * is NULL for a revision, which git knows. */
enum status past_find_or_revision(const struct past *past, struct arena *arena, struct str word,
                                  const struct history_run **out, struct error *err);

/* ---- two pictures, and what differs (sides.c) ---- */

struct sides {
    struct past past;
    struct picture old, now;
    struct stage_difference *stages;
    uint32_t count;
};

/* Compares what two words name: a run, a revision, or (`.`) the workspace. A NULL pointer is HEAD for the first, and
 * the workspace for the second. To be closed also after failure. */
enum status sides_open(struct invocation *in, struct str old, struct str now, struct sides *out, struct error *err);
void sides_close(struct sides *sides);

/* Both, as an object each, into an open one. */
void sides_json(const struct sides *sides, struct json *j);

/* The metrics that differ: lines for `sheet` ("  accuracy  0.5 → 0.75  +0.25"), or an open array. */
void sides_metric(struct invocation *in, const struct metric_difference *metric, struct sheet *sheet);
void sides_metric_json(struct invocation *in, const struct metric_difference *metric, struct json *j);
enum status cli_metrics_diff(struct invocation *in, struct error *err);

/* "3 ran, 1 failed, 996 fresh" */
struct str past_counts(struct arena *arena, const struct history_run *run);
/* "main 1a2b3c4 + changes"; "" where there was no commit. */
struct str past_commit(struct arena *arena, const struct history_run *run);

/* The fields of a run, into an open object. */
void past_json(struct json *j, const struct history_run *run);

/* A moment: its beginning, or its `end` (a day, a minute). */
enum status past_when(const char *option, const char *text, bool end, int64_t *out, struct error *err);

/*
 * The value of a metric after each run, by the run's index; value "" = it had none. `word` is the name, or FILE:NAME.
 * STATUS_USAGE if files differ that have it, or no run had one.
 */
enum status past_metric(const struct past *past, struct arena *arena, struct str word, struct history_metric **out,
                        struct error *err);

/* Eight heights for numbers, from the least to the greatest; a blank where there is none. */
struct str past_sparkline(struct arena *arena, const double *values, uint32_t count);

/* A value as it is kept, for people; and as JSON. */
struct str past_value(struct arena *arena, struct str canonical);
void past_json_value(struct json *j, struct arena *arena, struct str canonical);

#endif
