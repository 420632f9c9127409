/* The report: exact bytes of lines and events, and what a terminal shows in the end. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "report/report.h"

static int64_t now_ms = 1000;

static int64_t read_clock(void)
{
    return now_ms;
}

struct output {
    FILE *file;
    struct report *report;
    char text[16384];
};

static void open_output(struct output *o, struct report_options options)
{
    o->file = tmpfile();
    assert_non_null(o->file);
    options.fd = fileno(o->file);
    o->report = report_create(&options);
    o->report->clock = read_clock;
}

static const char *close_output(struct output *o)
{
    report_destroy(o->report);
    ssize_t n = pread(fileno(o->file), o->text, sizeof o->text - 1, 0);
    assert_true(n >= 0);
    o->text[n] = '\0';
    fclose(o->file);
    return o->text;
}

static void finish(struct report *r, uint32_t id, const char *name, enum stage_state state, uint64_t duration_ms,
                   const char *reason)
{
    struct report_finish f = {
        .id = {id}, .name = str_from(name), .state = state, .duration_ms = duration_ms, .reason = str_from(reason)};
    report_stage_finished(r, &f);
}

static void fail_train(struct report *r)
{
    struct report_finish f = {
        .id = {1},
        .name = STR("train"),
        .state = STATE_FAILED,
        .duration_ms = 400,
        .reason = STR("exit status 1"),
        .log_path = STR(".refit/logs/train.log"),
        .log_tail = STR("epoch 1\repoch 2\r\n\x1b[31mTraceback\x1b[0m C:\\new\n\n\tbad \xff byte\x07"),
        .exit_code = 1,
    };
    report_stage_finished(r, &f);
}

static struct report_summary summary_of(uint32_t fresh, uint32_t restored, uint32_t ran, uint32_t failed,
                                        uint32_t blocked, uint32_t skipped)
{
    struct report_summary s = {.run_id = STR("r1"), .duration_ms = 12400};
    uint32_t counts[] = {fresh, restored, ran, failed, blocked, skipped};
    memcpy(&s.counts[STATE_FRESH], counts, sizeof counts);
    s.exit_status = failed > 0 ? 1 : blocked > 0 ? 3 : 0;
    return s;
}

static void tell_story(struct report *r)
{
    report_run_started(r, STR("r1"), 6, 2, false);
    report_stage_started(r, (struct stage_id){0}, STR("prepare"), STR("python3 prepare.py\nls"),
                         STR("params.yaml:train.lr 0.1 → 0.2"), 40000);
    report_warning(r, STR("odd\x1b[2J"));
    finish(r, 0, "prepare", STATE_RAN, 12345, "params.yaml:train.lr 0.1 → 0.2");
    report_note(r, STR("kept a\\b"));
    finish(r, 2, "split", STATE_RESTORED, 0, "");
    finish(r, 3, "fetch", STATE_FRESH, 0, "");
    report_stage_started(r, (struct stage_id){1}, STR("train"), STR("python3 train.py"), STR("never ran"), 0);
    fail_train(r);
    finish(r, 4, "evaluate\n2", STATE_SKIPPED, 0, "needs train, which failed");
    finish(r, 5, "deploy", STATE_BLOCKED, 0, "needs approval");
    struct report_summary s = summary_of(1, 1, 1, 1, 1, 1);
    report_run_finished(r, &s);
}

static void test_plain(void **state)
{
    (void)state;
    struct output o;
    open_output(&o, (struct report_options){.style = REPORT_PLAIN});
    tell_story(o.report);
    assert_int_equal(report_tick(o.report), 0);
    assert_string_equal(close_output(&o),
                        "warning: odd\\x1b[2J\n"
                        "ran       prepare    12.3 s  params.yaml:train.lr 0.1 → 0.2\n"
                        "note: kept a\\b\n"
                        "restored  split\n"
                        "failed    train      exit status 1\n"
                        "    | epoch 2\n"
                        "    | Traceback C:\\new\n"
                        "    | \n"
                        "    | \tbad \\xff byte\\x07\n"
                        "    log: .refit/logs/train.log\n"
                        "skipped   evaluate\\n2  needs train, which failed\n"
                        "blocked   deploy       needs approval\n"
                        "failed: 1 failed, 1 blocked, 1 skipped, 1 ran, 1 restored, 1 fresh in 12.4 s\n");
}

static void test_plain_verbose(void **state)
{
    (void)state;
    struct output o;
    open_output(&o, (struct report_options){.style = REPORT_PLAIN, .verbose = 1});
    report_run_started(o.report, STR("r1"), 2, 2, false);
    report_stage_started(o.report, (struct stage_id){0}, STR("train"), STR("a\nb"), STR("never ran"), 0);
    struct report_finish f = {.name = STR("train"), .state = STATE_RAN, .duration_ms = 125000,
                              .log_tail = STR("hello\n"), .log_path = STR(".refit/logs/train.log")};
    report_stage_finished(o.report, &f);
    finish(o.report, 1, "fetch", STATE_FRESH, 0, "");
    assert_string_equal(close_output(&o), "running   train      never ran\n"
                                          "    $ a\n"
                                          "    $ b\n"
                                          "ran       train      2m 05s\n"
                                          "    | hello\n"
                                          "    log: .refit/logs/train.log\n"
                                          "fresh     fetch\n");
}

static void test_plain_quiet(void **state)
{
    (void)state;
    struct output o;
    open_output(&o, (struct report_options){.style = REPORT_LIVE, .quiet = true});
    report_run_started(o.report, STR("r1"), 2, 2, false);
    finish(o.report, 0, "a", STATE_RAN, 5, "");
    report_note(o.report, STR("text"));
    finish(o.report, 1, "b", STATE_FAILED, 5, "exit status 1");
    struct report_summary s = summary_of(0, 0, 1, 1, 0, 0);
    report_run_finished(o.report, &s);
    assert_string_equal(close_output(&o), "failed    b          exit status 1\nfailed: 1 failed, 1 ran in 12.4 s\n");
}

static void test_color(void **state)
{
    (void)state;
    struct output o;
    open_output(&o, (struct report_options){.style = REPORT_PLAIN, .color = true});
    finish(o.report, 0, "a", STATE_RAN, 5, "x");
    finish(o.report, 1, "b", STATE_FAILED, 5, "");
    struct report_summary s = summary_of(0, 0, 1, 1, 0, 0);
    report_run_finished(o.report, &s);
    assert_string_equal(close_output(&o), "\x1b[32mran\x1b[0m       a            5 ms  x\n"
                                          "\x1b[31mfailed\x1b[0m    b\n"
                                          "\x1b[31mfailed\x1b[0m: 1 failed, 1 ran in 12.4 s\n");
}

static void test_summaries(void **state)
{
    (void)state;
    struct report_summary cases[] = {
        summary_of(8, 1, 3, 0, 0, 0), summary_of(12, 0, 0, 0, 0, 0), summary_of(0, 0, 0, 0, 0, 0),
        summary_of(0, 0, 0, 0, 1, 2), summary_of(0, 0, 1, 0, 0, 1), summary_of(0, 0, 0, 0, 0, 0),
    };
    cases[4].exit_status = 130;
    cases[5].exit_status = 5;
    cases[5].duration_ms = 3720000;
    struct output o;
    open_output(&o, (struct report_options){.style = REPORT_PLAIN});
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        report_run_finished(o.report, &cases[i]);
    assert_string_equal(close_output(&o), "done: 3 ran, 1 restored, 8 fresh in 12.4 s\n"
                                          "nothing to do: 12 fresh\n"
                                          "nothing to do\n"
                                          "blocked: 1 blocked, 2 skipped in 12.4 s\n"
                                          "interrupted: 1 skipped, 1 ran in 12.4 s\n"
                                          "failed in 1h 02m\n");
}

static void plan(struct report *r, const char *name, const char *verdict, const char *reason)
{
    report_stage_planned(r, str_from(name), str_from(verdict), str_from(reason));
}

static void test_dry_run(void **state)
{
    (void)state;
    struct report_summary s = summary_of(0, 0, 0, 0, 0, 0);
    for (enum report_style style = REPORT_PLAIN; style <= REPORT_LIVE; style++) {
        struct output o;
        open_output(&o, (struct report_options){.style = style});
        report_run_started(o.report, STR("r1"), 4, 2, true);
        plan(o.report, "fetch", "fresh", "");
        plan(o.report, "split", "would restore", "");
        plan(o.report, "train", "would run", "never ran");
        plan(o.report, "evaluate", "may run", "depends on train");
        report_run_finished(o.report, &s);
        assert_string_equal(close_output(&o), "would restore  split\n"
                                              "would run      train      never ran\n"
                                              "may run        evaluate   depends on train\n"
                                              "dry run: 1 would restore, 1 would run, 1 may run, 1 fresh\n");
    }
    struct output o;
    open_output(&o, (struct report_options){.style = REPORT_PLAIN});
    report_run_started(o.report, STR("r1"), 4, 2, true);
    plan(o.report, "fetch", "fresh", "");
    report_run_finished(o.report, &s);
    assert_string_equal(close_output(&o), "nothing to do: 1 fresh\n");
}

static void test_json(void **state)
{
    (void)state;
    struct output o;
    open_output(&o, (struct report_options){.style = REPORT_JSON});
    struct report *r = o.report;
    report_run_started(r, STR("r1"), 3, 2, false);
    report_stage_started(r, (struct stage_id){0}, STR("train"), STR("echo \"x\"\n"), STR("lr 1 → 2"), 40000);
    report_stage_started(r, (struct stage_id){1}, STR("b"), STR("c"), STR(""), 0);
    fail_train(r);
    struct report_finish f = {.id = {0}, .name = STR("b"), .state = STATE_FRESH, .key_hex = STR("00ff"),
                              .log_path = STR("logs/\xff")};
    report_stage_finished(r, &f);
    finish(r, 2, "c", STATE_FAILED, 7, "timed out");
    plan(r, "d", "may run", "");
    report_warning(r, STR("careful"));
    report_note(r, STR("\x01\xfe"));
    struct report_summary s = summary_of(1, 2, 3, 4, 5, 6);
    report_run_finished(r, &s);
    assert_string_equal(
        close_output(&o),
        "{\"event\":\"run_started\",\"run\":\"r1\",\"stages\":3,\"jobs\":2,\"dry\":false}\n"
        "{\"event\":\"stage_started\",\"stage\":\"train\",\"command\":\"echo \\\"x\\\"\\n\",\"reason\":\"lr 1 → 2\","
        "\"expected_ms\":40000}\n"
        "{\"event\":\"stage_started\",\"stage\":\"b\",\"command\":\"c\",\"reason\":\"\",\"expected_ms\":null}\n"
        "{\"event\":\"stage_finished\",\"stage\":\"train\",\"state\":\"failed\",\"duration_ms\":400,\"key\":null,"
        "\"reason\":\"exit status 1\",\"log\":\".refit/logs/train.log\",\"exit_code\":1}\n"
        "{\"event\":\"stage_finished\",\"stage\":\"b\",\"state\":\"fresh\",\"duration_ms\":0,\"key\":\"00ff\","
        "\"reason\":null,\"log_hex\":\"6c6f67732fff\",\"exit_code\":null}\n"
        "{\"event\":\"stage_finished\",\"stage\":\"c\",\"state\":\"failed\",\"duration_ms\":7,\"key\":null,"
        "\"reason\":\"timed out\",\"log\":null,\"exit_code\":null}\n"
        "{\"event\":\"stage_planned\",\"stage\":\"d\",\"verdict\":\"may run\",\"reason\":null}\n"
        "{\"event\":\"warning\",\"text\":\"careful\"}\n"
        "{\"event\":\"note\",\"text\":\"\\u0001\xef\xbf\xbd\"}\n"
        "{\"event\":\"run_finished\",\"run\":\"r1\",\"fresh\":1,\"restored\":2,\"ran\":3,\"failed\":4,\"blocked\":5,"
        "\"skipped\":6,\"duration_ms\":12400,\"exit\":1,\"error\":null}\n");
}

/* A reader that goes away ends the writing, and nothing else. */
static void test_broken_pipe(void **state)
{
    (void)state;
    signal(SIGPIPE, SIG_IGN);
    for (enum report_style style = REPORT_PLAIN; style <= REPORT_JSON; style++) {
        int fds[2];
        assert_int_equal(pipe(fds), 0);
        close(fds[0]);
        struct report *r = report_create(&(struct report_options){.style = style, .fd = fds[1], .verbose = 1});
        r->clock = read_clock;
        tell_story(r);
        assert_int_equal(r->broken, EPIPE);
        report_destroy(r);
        close(fds[1]);
    }
}

/* A full pipe that does not block is waited for. */
static void *drain(void *arg)
{
    int fd = *(int *)arg;
    static char bytes[4096];
    size_t total = 0;
    usleep(20000);
    for (ssize_t n; (n = read(fd, bytes, sizeof bytes)) > 0;)
        total += (size_t)n;
    return (void *)total;
}

static void test_nonblocking(void **state)
{
    (void)state;
    int fds[2];
    assert_int_equal(pipe(fds), 0);
    assert_int_equal(fcntl(fds[1], F_SETFL, O_NONBLOCK), 0);
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, drain, &fds[0]), 0);
    struct report *r = report_create(&(struct report_options){.style = REPORT_PLAIN, .fd = fds[1]});
    for (int i = 0; i < 20000; i++)
        report_note(r, STR("123"));
    assert_int_equal(r->broken, 0);
    report_destroy(r);
    close(fds[1]);
    void *total;
    pthread_join(thread, &total);
    assert_int_equal((size_t)total, 20000 * strlen("note: 123\n"));
    close(fds[0]);
}

/* ---- a terminal ---- */

#define ROWS 10
#define COLUMNS 60

struct screen {
    int master;
    struct report *report;
    int slave;
    char cells[ROWS][COLUMNS * 4 + 1]; /* UTF-8; appended to, never overwritten in the middle */
    unsigned columns[ROWS];
    unsigned row, scrolled;
    bool wraps;
    size_t writes;
};

static void open_screen(struct screen *s)
{
    memset(s, 0, sizeof *s);
    s->wraps = true;
    struct winsize size = {.ws_row = ROWS, .ws_col = COLUMNS};
    struct termios raw = {0};
    cfmakeraw(&raw);
    assert_int_equal(openpty(&s->master, &s->slave, NULL, &raw, &size), 0);
    s->report = report_create(&(struct report_options){.style = REPORT_LIVE, .fd = s->slave});
    s->report->clock = read_clock;
}

static void clear_row(struct screen *s, unsigned row)
{
    s->cells[row][0] = '\0';
    s->columns[row] = 0;
}

static void new_line(struct screen *s)
{
    if (++s->row < ROWS)
        return;
    s->row = ROWS - 1;
    s->scrolled++;
    memmove(s->cells[0], s->cells[1], sizeof s->cells - sizeof s->cells[0]);
    memmove(s->columns, s->columns + 1, sizeof s->columns - sizeof s->columns[0]);
    clear_row(s, ROWS - 1);
}

/* What follows ESC [; returns the rest. */
static const char *control(struct screen *s, const char *at)
{
    bool private = *at == '?';
    unsigned n = (unsigned)strtoul(at + private, (char **)&at, 10);
    if (*at == 'A')
        s->row = s->row > n ? s->row - n : 0;
    else if (*at == 'J')
        for (unsigned row = s->row; row < ROWS; row++)
            clear_row(s, row);
    else if (private && n == 7 && (*at == 'l' || *at == 'h'))
        s->wraps = *at == 'h';
    else
        fail_msg("unexpected control %c", *at);
    return at + 1;
}

/* Lines are only ever written from their start. */
static void feed(struct screen *s, const char *at)
{
    while (*at != '\0') {
        if (at[0] == '\x1b' && at[1] == '[') {
            at = control(s, at + 2);
            continue;
        }
        char c = *at++;
        if (c == '\n') {
            new_line(s);
        } else if (c != '\r') {
            s->columns[s->row] += ((unsigned char)c & 0xc0) != 0x80;
            assert_true(s->columns[s->row] <= COLUMNS);
            strncat(s->cells[s->row], &c, 1);
        }
    }
}

/* Draw what is due and read it from the other end; what the screen shows, without empty lines at its end. */
static const char *look(struct screen *s)
{
    static char text[sizeof s->cells + ROWS];
    char bytes[65536];
    report_tick(s->report);
    assert_int_equal(write(s->slave, "\x01", 1), 1); /* what was drawn arrives some time, and before this */
    size_t len = 0;
    do {
        assert_true(len < sizeof bytes);
        ssize_t n = read(s->master, bytes + len, sizeof bytes - len);
        assert_true(n > 0);
        len += (size_t)n;
    } while (bytes[len - 1] != '\x01');
    bytes[--len] = '\0';
    s->writes += len > 0;
    feed(s, bytes);
    assert_true(s->wraps);
    assert_string_equal(s->cells[s->row], ""); /* the cursor is on a clean line */
    text[0] = '\0';
    for (unsigned row = 0; row < s->row; row++) {
        strcat(text, s->cells[row]);
        strcat(text, "\n");
    }
    return text;
}

static void close_screen(struct screen *s)
{
    report_destroy(s->report);
    close(s->slave);
    close(s->master);
}

static void test_live(void **state)
{
    (void)state;
    struct screen s;
    open_screen(&s);
    struct report *r = s.report;
    report_run_started(r, STR("r1"), 4, 2, false);
    report_stage_started(r, (struct stage_id){0}, STR("train"), STR("x"), STR("y"), 40000);
    report_stage_started(r, (struct stage_id){1}, STR("fetch"), STR("x"), STR("y"), 0);
    assert_string_equal(look(&s), ""); /* a run that is over at once draws nothing */
    now_ms += 10000;
    assert_string_equal(look(&s), "running   train      00:10 of ~00:40  [####------------]\n"
                                  "running   fetch      00:10\n"
                                  "0/4 done · 2 running · 2 waiting\n");
    assert_int_equal(report_tick(r), 100);
    finish(r, 1, "fetch", STATE_RAN, 10000, "changed");
    size_t writes = s.writes;
    look(&s);
    assert_int_equal(s.writes, writes); /* not before 100 ms have passed */
    report_bytes_begin(r, REPORT_DIGESTING, 10 << 20);
    now_ms += 100;
    report_bytes(r, REPORT_DIGESTING, 1 << 20);
    now_ms += 1900;
    report_bytes(r, REPORT_DIGESTING, 1 << 20);
    assert_string_equal(look(&s), "ran       fetch      10.0 s  changed\n"
                                  "running   train      00:12 of ~00:40  [####------------]\n"
                                  "1/4 done · 1 running · 2 waiting\n"
                                  "digesting 2.0 of 10.0 MiB, 1.0 MiB/s\n");
    report_bytes_begin(r, REPORT_STORING, 4 << 20);
    now_ms += 2000;
    report_bytes(r, REPORT_DIGESTING, 0);
    report_bytes(r, REPORT_STORING, 1 << 20);
    assert_string_equal(look(&s), "ran       fetch      10.0 s  changed\n"
                                  "running   train      00:14 of ~00:40  [#####-----------]\n"
                                  "1/4 done · 1 running · 2 waiting\n"
                                  "digesting 2.0 of 10.0 MiB, 512 KiB/s · storing 1.0 of 4.0 Mi\n");
    report_bytes(r, REPORT_DIGESTING, 8 << 20);
    report_bytes_drop(r, REPORT_STORING, 3 << 20);
    finish(r, 0, "train", STATE_FAILED, 12000, "exit status 1");
    now_ms += 100;
    assert_string_equal(look(&s), "ran       fetch      10.0 s  changed\n"
                                  "failed    train      exit status 1\n"
                                  "2/4 done · 0 running · 2 waiting · 1 failed\n");
    finish(r, 2, "evaluate", STATE_SKIPPED, 0, "needs train, which failed");
    struct report_summary summary = summary_of(0, 0, 1, 1, 0, 1);
    report_run_finished(r, &summary);
    assert_string_equal(look(&s), "ran       fetch      10.0 s  changed\n"
                                  "failed    train      exit status 1\n"
                                  "skipped   evaluate   needs train, which failed\n"
                                  "failed: 1 failed, 1 skipped, 1 ran in 12.4 s\n");
    close_screen(&s);
}

/* A command that has the terminal has it alone; what finished meanwhile, and the region, come after it. */
static void test_live_gives_way(void **state)
{
    (void)state;
    struct screen s;
    open_screen(&s);
    struct report *r = s.report;
    report_run_started(r, STR("r1"), 3, 2, false);
    report_stage_started(r, (struct stage_id){0}, STR("train"), STR("x"), STR("y"), 0);
    now_ms += 1000;
    assert_string_equal(look(&s), "running   train      00:01\n0/3 done · 1 running · 2 waiting\n");
    report_stage_started(r, (struct stage_id){1}, STR("ask"), STR("x"), STR("y"), 0);
    report_suspend(r);
    report_suspend(r);
    assert_string_equal(look(&s), "");
    assert_int_equal(write(s.slave, "name?\n", 6), 6);
    finish(r, 0, "train", STATE_RAN, 1000, "changed");
    now_ms += 5000;
    assert_int_equal(report_tick(r), 100);
    assert_string_equal(look(&s), "name?\n");
    report_resume(r);
    assert_string_equal(look(&s), "name?\n");
    report_resume(r);
    assert_string_equal(look(&s), "name?\nran       train       1.0 s  changed\n"
                                  "running   ask        00:05\n1/3 done · 1 running · 1 waiting\n");
    report_suspend(r);
    finish(r, 1, "ask", STATE_FAILED, 0, "interrupted");
    struct report_summary summary = summary_of(0, 0, 1, 1, 0, 0);
    report_run_finished(r, &summary); /* whatever happens, the end is told */
    assert_string_equal(look(&s), "name?\nran       train       1.0 s  changed\n"
                                  "failed    ask        interrupted\nfailed: 1 failed, 1 ran in 12.4 s\n");
    close_screen(&s);
}

/* More than fits: lines are cut at the edge, the region keeps to the screen, and finished lines scroll. */
static void test_live_is_cut(void **state)
{
    (void)state;
    struct screen s;
    open_screen(&s);
    report_run_started(s.report, STR("r1"), 100, 20, false);
    char name[128];
    for (uint32_t i = 0; i < 20; i++) {
        snprintf(name, sizeof name, "stage-with-ä-very-long-name-that-goes-on-and-on-to-the-edge-and-beyond@%u", i);
        report_stage_started(s.report, (struct stage_id){i}, str_from(name), STR("x"), STR(""), 5000);
    }
    now_ms += 1000;
    const char *shown = look(&s);
    assert_int_equal(s.row, ROWS - 2); /* seven stages and the status */
    assert_int_equal(s.scrolled, 0);
    assert_non_null(strstr(shown, "\nrunning   stage-with-ä-very-long-name-that-  00:01 of ~00:05\n"));
    for (uint32_t i = 0; i < 20; i++) {
        finish(s.report, i, "short", STATE_RAN, 1000, "");
        now_ms += 100;
        look(&s);
    }
    struct report_summary summary = summary_of(0, 0, 20, 0, 0, 0);
    report_run_finished(s.report, &summary);
    shown = look(&s);
    assert_int_equal(s.scrolled + s.row, 21); /* every finished line once, and nothing of the region */
    assert_non_null(strstr(shown, "done: 20 ran in 12.4 s\n"));
    close_screen(&s);
}

/* Nothing new, nothing written; a report that is destroyed in the middle leaves no region. */
static void test_live_is_still(void **state)
{
    (void)state;
    struct screen s;
    open_screen(&s);
    report_run_started(s.report, STR("r1"), 1, 1, false);
    report_stage_started(s.report, (struct stage_id){0}, STR("a"), STR("x"), STR(""), 0);
    now_ms += 1000;
    look(&s);
    assert_int_equal(s.writes, 1);
    now_ms += 100;
    look(&s);
    assert_int_equal(s.writes, 1);
    report_stage_started(s.report, (struct stage_id){0}, STR("a"), STR("x"), STR(""), 0); /* tried again */
    report_note(s.report, STR("here"));
    now_ms += 500;
    assert_string_equal(look(&s), "note: here\nrunning   a          00:00\n0/1 done · 1 running · 0 waiting\n");
    int keep = dup(s.slave);
    report_destroy(s.report);
    s.report = report_create(&(struct report_options){.style = REPORT_LIVE, .fd = keep});
    assert_string_equal(look(&s), "note: here\n");
    close_screen(&s);
    close(keep);
}

enum { THREADS = 4, PIECES = 2000 };

static void *report_pieces(void *arg)
{
    struct report *r = arg;
    for (int i = 0; i < PIECES; i++) {
        report_bytes_begin(r, REPORT_DIGESTING, 10);
        report_bytes(r, REPORT_DIGESTING, 10);
    }
    return NULL;
}

static void test_bytes_from_threads(void **state)
{
    (void)state;
    struct screen s;
    open_screen(&s);
    report_run_started(s.report, STR("r1"), 1, 1, false);
    report_bytes_begin(s.report, REPORT_DIGESTING, 1);
    now_ms += 2000;
    pthread_t threads[THREADS];
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, report_pieces, s.report), 0);
    for (int i = 0; i < 20; i++)
        look(&s);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    uint64_t done, total, elapsed_ms;
    assert_true(report_get_traffic(s.report, REPORT_DIGESTING, &done, &total, &elapsed_ms));
    assert_int_equal(total - done, 1);
    report_bytes(s.report, REPORT_DIGESTING, 1);
    assert_false(report_get_traffic(s.report, REPORT_DIGESTING, &done, &total, &elapsed_ms));
    close_screen(&s);
}

static void test_stale_bytes(void **state)
{
    (void)state;
    struct output o;
    open_output(&o, (struct report_options){.style = REPORT_PLAIN});
    uint64_t done, total, elapsed_ms;
    report_bytes_begin(o.report, REPORT_DIGESTING, 100);
    now_ms += 4000;
    assert_false(report_get_traffic(o.report, REPORT_DIGESTING, &done, &total, &elapsed_ms)); /* given up */
    report_bytes_begin(o.report, REPORT_DIGESTING, 7);
    assert_true(report_get_traffic(o.report, REPORT_DIGESTING, &done, &total, &elapsed_ms));
    assert_int_equal(total, 7);
    close_output(&o);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plain),
        cmocka_unit_test(test_plain_verbose),
        cmocka_unit_test(test_plain_quiet),
        cmocka_unit_test(test_color),
        cmocka_unit_test(test_summaries),
        cmocka_unit_test(test_dry_run),
        cmocka_unit_test(test_json),
        cmocka_unit_test(test_broken_pipe),
        cmocka_unit_test(test_nonblocking),
        cmocka_unit_test(test_live),
        cmocka_unit_test(test_live_gives_way),
        cmocka_unit_test(test_live_is_cut),
        cmocka_unit_test(test_live_is_still),
        cmocka_unit_test(test_bytes_from_threads),
        cmocka_unit_test(test_stale_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
