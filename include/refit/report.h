/*
 * The report: every transition of a run as an event, shown in one of three ways: live in a terminal, as plain lines, or
 * as JSON lines.
 *
 * The run calls report_*; what is drawn is the report's business. Single-threaded but for report_bytes().
 */
#ifndef REFIT_REPORT_H
#define REFIT_REPORT_H

#include "refit/base/str.h"
#include "refit/schedule.h"

enum report_style {
    REPORT_PLAIN, /* one line for each stage that finished */
    REPORT_LIVE,  /* the same, and under them what runs now, redrawn ten times a second */
    REPORT_JSON,  /* JSON lines on stdout */
};

struct report_options {
    enum report_style style;
    int fd;           /* where to write; the caller owns it */
    bool color;
    unsigned verbose; /* 0: fresh stages are only counted; 1: all stages, commands and logs of what ran */
    bool quiet;       /* only failures and the summary */
};

struct report;
struct report *report_create(const struct report_options *options);
void report_destroy(struct report *report);

void report_run_started(struct report *r, struct str run_id, uint32_t stages, uint32_t jobs, bool dry);

/* A command is about to run. reason: why ("params changed: train.lr 0.1 → 0.2"). expected_ms 0 = unknown. */
void report_stage_started(struct report *r, struct stage_id id, struct str name, struct str command, struct str reason,
                          uint64_t expected_ms);

/* A stage has a final state. For a failure `reason` says what happened and `log_path` names the log, whose last lines
 * (`log_tail`) are shown. duration_ms 0 = none. */
struct report_finish {
    struct stage_id id;
    struct str name;
    enum stage_state state;
    uint64_t duration_ms;
    struct str reason;   /* one line; "" = none */
    struct str key_hex;  /* "" = none */
    struct str log_path; /* "" = none */
    struct str log_tail; /* "" = none */
    int exit_code;       /* of the command, if it failed */
};
void report_stage_finished(struct report *r, const struct report_finish *finish);

/* Dry run: what would happen to a stage. verdict: "fresh", "would restore", "would run", "may run", ... */
void report_stage_planned(struct report *r, struct str name, struct str verdict, struct str reason);

/* Digesting, storing or restoring; shown with bytes and rate when it takes longer than a second. Any thread. */
enum report_work { REPORT_DIGESTING, REPORT_STORING, REPORT_RESTORING, REPORT_WORKS };
void report_bytes_begin(struct report *r, enum report_work work, uint64_t total); /* more to do */
void report_bytes(struct report *r, enum report_work work, uint64_t done);        /* progress */
void report_bytes_drop(struct report *r, enum report_work work, uint64_t bytes);  /* announced, but not to be done */

/* Between these a command has the terminal (`console: true`): the live view is off the screen, and what finishes is
 * shown after it. They nest. */
void report_suspend(struct report *r);
void report_resume(struct report *r);

/* Where a command that has the terminal writes: -1 = to the program's own streams. stdout belongs to JSON lines. */
int report_console_fd(const struct report *r);

/* Does it show the log of a stage that went well? */
bool report_wants_logs(const struct report *r);

/* Writes what is left. What kept it from being written, as errno; 0 = nothing, or only that the reader went away. */
int report_end(struct report *r);

/* `refit restore` has no stages to show, only bytes. Over with report_destroy(). */
void report_restore_started(struct report *r);

void report_warning(struct report *r, struct str text);
void report_note(struct report *r, struct str text);

/* Redraw the live view if it is time (the loop calls it from a timer). Milliseconds until the next call, 0 = none. */
uint64_t report_tick(struct report *r);

struct report_summary {
    struct str run_id;
    uint32_t counts[STATE_COUNT];
    uint64_t duration_ms;
    int exit_status;
    struct str error; /* what ended the run early; "" = nothing */
};
void report_run_finished(struct report *r, const struct report_summary *summary);

#endif
