/*
 * The report in a terminal: finished lines scroll by, and below them stands what runs now.
 *
 * Each redraw is one write: up to where the region began, clear from there, the new finished lines, the new region.
 * The cursor is always at the start of the line after the region: whatever ends the program leaves a usable terminal.
 */
#include "report/report.h"

#include <inttypes.h>
#include <string.h>
#include <sys/ioctl.h>

#define RUNNING_MAX 12   /* lines for running stages */
#define OTHER_LINES 3    /* status, traffic, and the line where the cursor is */
#define BAR_COLUMNS 16
#define WORD_COLUMNS 10
#define TRAFFIC_AFTER_MS 1000

/* A line that stops at the right edge; colours take no room. */
struct line {
    struct buf *out;
    size_t columns; /* left */
    bool color;
};

static void add(struct line *line, const char *sgr, struct str text)
{
    size_t end = 0;
    for (; end < text.len; end++) {
        bool starts = ((unsigned char)text.ptr[end] & 0xc0) != 0x80;
        if (starts && line->columns == 0)
            break;
        line->columns -= starts;
    }
    if (end > 0)
        text_colored(line->out, line->color, sgr, str_slice(text, 0, end));
}

static void end_line(struct report *r)
{
    buf_char(&r->next, '\n');
    r->region_lines++;
}

static struct line begin_line(struct report *r, const struct winsize *size)
{
    return (struct line){&r->next, size->ws_col, r->options.color};
}

static void append_bar(struct buf *out, uint64_t elapsed_ms, uint64_t expected_ms)
{
    uint64_t full = elapsed_ms >= expected_ms ? BAR_COLUMNS : elapsed_ms * BAR_COLUMNS / expected_ms;
    buf_str(out, STR("  ["));
    for (uint64_t i = 0; i < BAR_COLUMNS; i++)
        buf_char(out, i < full ? '#' : '-');
    buf_char(out, ']');
}

/* A name that is too long gives way to the times; the bar to both. */
static void draw_running(struct report *r, const struct report_running *running, const struct winsize *size)
{
    struct buf times = {0}, name = {0};
    struct line line = begin_line(r, size);
    uint64_t elapsed_ms = (uint64_t)(r->clock() - running->began_ms);
    buf_str(&times, STR("  "));
    text_clock(&times, elapsed_ms);
    if (running->expected_ms > 0) {
        buf_str(&times, STR(" of ~"));
        text_clock(&times, running->expected_ms);
    }
    add(&line, COLOR_CYAN, STR("running"));
    text_pad(&name, strlen("running"), WORD_COLUMNS);
    buf_str(&name, str_from(running->name));
    text_pad(&name, text_columns(str_from(running->name)), r->name_columns);
    size_t kept = line.columns < times.len ? line.columns : times.len;
    line.columns -= kept;
    add(&line, NULL, buf_view(&name));
    line.columns += kept;
    if (running->expected_ms > 0)
        append_bar(&times, elapsed_ms, running->expected_ms);
    add(&line, NULL, buf_view(&times));
    end_line(r);
    buf_finish(&times);
    buf_finish(&name);
}

static void draw_status(struct report *r, const struct winsize *size)
{
    struct buf text = {0};
    struct line line = begin_line(r, size);
    uint64_t busy = r->finished + r->running_count;
    buf_print(&text, "%" PRIu32 "/%" PRIu32 " done · %zu running · %" PRIu64 " waiting", r->finished, r->stages,
              r->running_count, r->stages > busy ? r->stages - busy : 0);
    add(&line, NULL, buf_view(&text));
    buf_clear(&text);
    if (r->failed > 0) {
        buf_print(&text, " · %" PRIu32 " failed", r->failed);
        add(&line, COLOR_RED, buf_view(&text));
    }
    end_line(r);
    buf_finish(&text);
}

/* "digesting 2.0 of 10.0 MiB, 1.0 MiB/s · storing ..." */
static void draw_traffic(struct report *r, const struct winsize *size)
{
    static const char *const words[REPORT_WORKS] = {
        [REPORT_DIGESTING] = "digesting", [REPORT_STORING] = "storing", [REPORT_RESTORING] = "restoring"};
    struct buf text = {0};
    for (int work = 0; work < REPORT_WORKS; work++) {
        uint64_t done, total, elapsed_ms;
        if (!report_get_traffic(r, (enum report_work)work, &done, &total, &elapsed_ms) ||
            elapsed_ms <= TRAFFIC_AFTER_MS)
            continue;
        buf_print(&text, "%s%s ", text.len > 0 ? " · " : "", words[work]);
        text_bytes_of(&text, done, total);
        buf_str(&text, STR(", "));
        text_bytes(&text, (uint64_t)((double)done * 1000.0 / (double)elapsed_ms));
        buf_str(&text, STR("/s"));
    }
    if (text.len > 0) {
        struct line line = begin_line(r, size);
        add(&line, NULL, buf_view(&text));
        end_line(r);
    }
    buf_finish(&text);
}

static struct winsize terminal_size(const struct report *r)
{
    struct winsize size = {0};
    if (ioctl(r->options.fd, TIOCGWINSZ, &size) != 0)
        size = (struct winsize){0};
    size.ws_row = size.ws_row ? size.ws_row : 24;
    size.ws_col = size.ws_col ? size.ws_col : 80;
    return size;
}

/* The region as it should be now, in r->next. */
static void draw_region(struct report *r)
{
    buf_clear(&r->next);
    r->region_lines = 0;
    if (!r->active || r->dry || r->suspended > 0)
        return;
    struct winsize size = terminal_size(r);
    size_t room = size.ws_row > OTHER_LINES ? size.ws_row - OTHER_LINES : 0;
    for (size_t i = 0; i < r->running_count && i < room && i < RUNNING_MAX; i++)
        draw_running(r, &r->running[i], &size);
    if (r->stages > 0)
        draw_status(r, &size);
    if (room > 0)
        draw_traffic(r, &size);
}

static void redraw(struct report *r)
{
    r->drawn_ms = r->clock();
    unsigned before = r->region_lines;
    draw_region(r);
    if (r->out.len == 0 && str_equal(buf_view(&r->region), buf_view(&r->next)))
        return;
    struct buf frame = {0};
    if (before > 0)
        buf_print(&frame, "\r\x1b[%uA\x1b[J", before);
    buf_str(&frame, buf_view(&r->out));
    if (r->region_lines > 0) { /* no wrapping there: a wide character may not fit where one column was counted */
        buf_str(&frame, STR("\x1b[?7l"));
        buf_str(&frame, buf_view(&r->next));
        buf_str(&frame, STR("\x1b[?7h"));
    }
    report_write(r, &frame);
    buf_finish(&frame);
    buf_clear(&r->out);
    struct buf swap = r->region;
    r->region = r->next;
    r->next = swap;
}

/* While a command has the terminal, what happens meanwhile is kept for later. */
static void show(struct report *r)
{
    if (!r->active || (r->suspended == 0 && r->clock() - r->drawn_ms >= REDRAW_MS))
        redraw(r);
}

/* Nobody knows where the command left the cursor: a line's worth of spaces goes to the next line unless it was at the
 * start of one, and then fills that without leaving it. */
static void resume(struct report *r)
{
    struct buf line = {0};
    text_pad(&line, 0, terminal_size(r).ws_col);
    buf_str(&line, STR("\r\x1b[J"));
    report_write(r, &line);
    buf_finish(&line);
    redraw(r);
}

const struct report_view report_live = {
    .stage_started = plain_stage_started,
    .stage_finished = plain_stage_finished,
    .stage_planned = plain_stage_planned,
    .message = plain_message,
    .run_finished = plain_run_finished,
    .show = show,
    .suspend = redraw,
    .resume = resume,
    .redraws = true,
};
