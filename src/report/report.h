/* Private to the report: what its views share. */
#ifndef REFIT_REPORT_PRIVATE_H
#define REFIT_REPORT_PRIVATE_H

#include <pthread.h>

#include "refit/base/arena.h"
#include "refit/report.h"

struct report_start {
    struct stage_id id;
    struct str name, command, reason;
    uint64_t expected_ms;
};

/* One way to show a run. Events append to report->out; `show` decides when that is written. */
struct report_view {
    void (*run_started)(struct report *r, struct str run_id, bool dry);
    void (*stage_started)(struct report *r, const struct report_start *start);
    void (*stage_finished)(struct report *r, const struct report_finish *finish);
    void (*stage_planned)(struct report *r, struct str name, struct str verdict, struct str reason);
    void (*message)(struct report *r, const char *kind, struct str text); /* kind: "warning", "note" */
    void (*run_finished)(struct report *r, const struct report_summary *summary);
    void (*show)(struct report *r);
    void (*suspend)(struct report *r), (*resume)(struct report *r); /* NULL = nothing to do */
    bool redraws; /* `show` is to be called from report_tick() too */
};

#define REDRAW_MS 100

extern const struct report_view report_plain, report_live, report_json;

struct report_running {
    uint32_t stage;
    char *name; /* printable */
    int64_t began_ms;
    uint64_t expected_ms;
};

struct report_verdict {
    struct str word;
    uint32_t count;
};

/* Bytes that were announced and are not done. */
struct report_traffic {
    uint64_t total, done;
    int64_t began_ms, moved_ms; /* first announced; last heard of */
};

struct report {
    const struct report_view *view;
    struct report_options options;
    int64_t (*clock)(void); /* milliseconds */
    struct arena scratch;
    struct buf out;
    int broken; /* errno of the write that failed; nothing is written after it */

    bool active; /* between run_started and run_finished */
    bool dry;
    uint32_t stages, jobs;
    uint32_t finished, failed; /* stages so far */
    unsigned name_columns; /* of the widest name so far, within limits */
    struct report_running *running; /* in the order of their start */
    size_t running_count, running_cap;
    struct report_verdict *verdicts; /* of a dry run, in the order of their first use */
    size_t verdict_count, verdict_cap;
    struct arena verdict_words;
    pthread_mutex_t traffic_mutex; /* any thread reports bytes */
    struct report_traffic traffic[REPORT_WORKS];

    /* live only */
    struct buf region, next; /* what is on the screen below the finished lines, and what is to be */
    unsigned region_lines;
    int64_t drawn_ms;
    unsigned suspended; /* so many commands have the terminal */
};

/* Write what was collected. A reader that is gone is remembered in `broken`. */
void report_write(struct report *r, const struct buf *bytes);
void report_show_now(struct report *r);

void report_widen_names(struct report *r, struct str printable);

/* What is announced and moving now. False if nothing is. */
bool report_get_traffic(struct report *r, enum report_work work, uint64_t *done, uint64_t *total,
                        uint64_t *elapsed_ms);

/* plain.c, for the live view too */
void plain_stage_started(struct report *r, const struct report_start *start);
void plain_stage_finished(struct report *r, const struct report_finish *finish);
void plain_stage_planned(struct report *r, struct str name, struct str verdict, struct str reason);
void plain_message(struct report *r, const char *kind, struct str text);
void plain_run_finished(struct report *r, const struct report_summary *summary);

/* ---- text.c: bytes for a terminal ---- */

#define COLOR_RED "31"
#define COLOR_GREEN "32"
#define COLOR_YELLOW "33"
#define COLOR_CYAN "36"
#define COLOR_DIM "2"

size_t text_columns(struct str s); /* code points */
void text_pad(struct buf *out, size_t have, size_t want);
void text_colored(struct buf *out, bool color, const char *sgr, struct str word); /* sgr NULL = as it is */

/* A sentence: control bytes and what is not UTF-8 escaped, backslashes as they are. */
void text_sentence(struct buf *out, struct arena *scratch, struct str s);

/* A line of a log: also without colours, and of what a progress bar wrote over itself only the last state. */
void text_log_line(struct buf *out, struct arena *scratch, struct str line);

/* Take the first line (without its newline) off `text`. False if there is none. */
bool text_take_line(struct str *text, struct str *line);

void text_duration(struct buf *out, uint64_t ms); /* 12.3 s, 2m 05s, 1h 02m */
void text_clock(struct buf *out, uint64_t ms);    /* 00:12, 1:02:03 */

/* "3.1 of 10.2 GiB" and "812 MiB". */
void text_bytes_of(struct buf *out, uint64_t done, uint64_t total);
void text_bytes(struct buf *out, uint64_t bytes);

#endif
