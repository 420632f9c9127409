/* What commands print with: colour or not, reports, documents, aligned lines. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cli/cli.h"

static bool is_set(const char *variable)
{
    const char *value = getenv(variable);
    return value != NULL && value[0] != '\0';
}

/* A terminal that understands more than lines. */
static bool is_screen(void)
{
    const char *term = getenv("TERM");
    return isatty(STDOUT_FILENO) && term != NULL && term[0] != '\0' && strcmp(term, "dumb") != 0;
}

static bool in_ci(void)
{
    const char *value = getenv("CI");
    return value != NULL && value[0] != '\0' && strcmp(value, "false") != 0 && strcmp(value, "0") != 0;
}

bool output_color(const struct invocation *in)
{
    if (in->color != COLOR_AUTO)
        return in->color == COLOR_ALWAYS;
    return !is_set("NO_COLOR") && is_screen();
}

struct report *output_report(const struct invocation *in)
{
    struct report_options options = {
        .style = in->json ? REPORT_JSON : is_screen() && !in_ci() ? REPORT_LIVE : REPORT_PLAIN,
        .fd = STDOUT_FILENO,
        .color = output_color(in),
        .verbose = in->verbose,
        .quiet = in->quiet,
    };
    return report_create(&options);
}

enum status output_end(struct report *report, enum status status, struct error *err)
{
    int number = report_end(report);
    report_destroy(report);
    if (status == STATUS_OK && number != 0)
        return error_errno(err, STATUS_IO, number, "cannot write to standard output");
    return status;
}

void output_warn(struct invocation *in, struct str text)
{
    fprintf(stderr, "refit: warning: " STR_FMT "\n", STR_ARG(output_text(&in->arena, text)));
}

struct str output_text(struct arena *arena, struct str text)
{
    bool plain = str_is_utf8(text);
    for (size_t i = 0; i < text.len && plain; i++)
        plain = (unsigned char)text.ptr[i] >= 0x20 && text.ptr[i] != 0x7f;
    return plain ? text : str_printable(arena, text);
}

void output_json(struct buf *document)
{
    buf_char(document, '\n');
    fwrite(document->ptr, 1, document->len, stdout);
    buf_finish(document);
}

struct str output_time(struct arena *arena, int64_t at_ms)
{
    time_t seconds = (time_t)(at_ms / 1000);
    struct tm local;
    char text[64];
    if (at_ms <= 0 || localtime_r(&seconds, &local) == NULL)
        return STR("");
    size_t len = strftime(text, sizeof text, "%Y-%m-%d %H:%M", &local);
    return str_dup(arena, (struct str){text, len});
}

struct str output_size(struct arena *arena, uint64_t bytes)
{
    static const char *const units[] = {"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
    if (bytes < 1024)
        return str_format(arena, "%" PRIu64 " byte%s", bytes, bytes == 1 ? "" : "s");
    double amount = (double)bytes / 1024;
    size_t unit = 0;
    for (; amount >= 1024 && unit + 1 < sizeof units / sizeof units[0]; unit++)
        amount /= 1024;
    return str_format(arena, "%.1f %s", amount, units[unit]);
}

/* ---- aligned lines ---- */

void sheet_add(struct sheet *sheet, enum paint paint, struct str a, struct str b, struct str c, struct str d)
{
    MEM_GROW(sheet->rows, sheet->count, sheet->cap);
    struct sheet_cell *row = sheet->rows[sheet->count++];
    struct str texts[SHEET_COLUMNS] = {a, b, c, d};
    for (int column = 0; column < SHEET_COLUMNS; column++)
        row[column] = (struct sheet_cell){output_text(sheet->arena, texts[column]), PAINT_NONE};
    row[1].paint = paint;
}

/* Columns on the screen: one a code point. */
static size_t width_of(struct str text)
{
    size_t width = 0;
    for (size_t i = 0; i < text.len; i++)
        width += ((unsigned char)text.ptr[i] & 0xc0) != 0x80;
    return width;
}

static void print_cell(const struct sheet_cell *cell, size_t width, bool color)
{
    static const char *const codes[] = {
        [PAINT_NONE] = "", [PAINT_GOOD] = "32", [PAINT_CHANGE] = "33", [PAINT_BAD] = "31", [PAINT_DIM] = "2"};
    bool painted = color && cell->paint != PAINT_NONE;
    if (painted)
        printf("\033[%sm", codes[cell->paint]);
    fwrite(cell->text.ptr, 1, cell->text.len, stdout);
    if (painted)
        fputs("\033[0m", stdout);
    for (size_t used = width_of(cell->text); used < width; used++)
        putchar(' ');
}

void sheet_print(struct sheet *sheet, bool color)
{
    size_t widths[SHEET_COLUMNS] = {0};
    for (uint32_t i = 0; i < sheet->count; i++)
        for (int column = 0; column < SHEET_COLUMNS; column++) {
            size_t width = width_of(sheet->rows[i][column].text);
            widths[column] = width > widths[column] ? width : widths[column];
        }
    for (uint32_t i = 0; i < sheet->count; i++) {
        int last = SHEET_COLUMNS - 1;
        while (last > 0 && sheet->rows[i][last].text.len == 0)
            last--;
        for (int column = 0; column <= last; column++) {
            print_cell(&sheet->rows[i][column], column < last ? widths[column] : 0, color);
            if (column < last)
                fputs("  ", stdout);
        }
        putchar('\n');
    }
    free(sheet->rows);
    *sheet = (struct sheet){.arena = sheet->arena};
}
