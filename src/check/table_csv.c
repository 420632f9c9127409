/* Rows of CSV. Delimiters, quotes and line ends are found 64 bytes at a time; cells point into the block. */
#include <string.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "check/table_reader.h"

enum { LANES = 64, CELL_ESCAPED = 0x80 }; /* the kind of a cell with doubled quotes, until its row is whole */

struct scan {
    const char *block;
    char delimiter;
    size_t base;        /* of the 64 bytes that `marks` is about */
    uint64_t marks;
    uint64_t high, nul; /* were there bytes beyond ASCII, or NULs, in what was looked at? */
};

#ifdef __SSE2__
static inline uint64_t equal_bits(const __m128i v[4], char c)
{
    __m128i wanted = _mm_set1_epi8(c);
    uint64_t bits = 0;
    for (int i = 0; i < 4; i++)
        bits |= (uint64_t)(uint16_t)_mm_movemask_epi8(_mm_cmpeq_epi8(v[i], wanted)) << (16 * i);
    return bits;
}

static inline void look(struct scan *s)
{
    __m128i v[4];
    for (int i = 0; i < 4; i++)
        v[i] = _mm_loadu_si128((const __m128i *)(const void *)(s->block + s->base + 16 * i));
    s->marks = equal_bits(v, s->delimiter) | equal_bits(v, '\n') | equal_bits(v, '"');
    s->nul |= (uint64_t)_mm_movemask_epi8(_mm_cmpeq_epi8(
        _mm_min_epu8(_mm_min_epu8(v[0], v[1]), _mm_min_epu8(v[2], v[3])), _mm_setzero_si128()));
    s->high |= (uint64_t)_mm_movemask_epi8(_mm_or_si128(_mm_or_si128(v[0], v[1]), _mm_or_si128(v[2], v[3])));
}
#else
static inline void look(struct scan *s)
{
    s->marks = 0;
    for (int i = 0; i < LANES; i++) {
        unsigned char c = (unsigned char)s->block[s->base + (size_t)i];
        s->marks |= (uint64_t)(c == (unsigned char)s->delimiter || c == '\n' || c == '"') << i;
        s->nul |= c == 0;
        s->high |= c >> 7;
    }
}
#endif

/* The next mark before `end`, or `end`. */
static inline size_t next_mark(struct scan *s, size_t end)
{
    while (s->marks == 0) {
        s->base += LANES;
        if (s->base >= end)
            return end;
        look(s);
    }
    size_t at = s->base + (size_t)__builtin_ctzll(s->marks);
    s->marks &= s->marks - 1;
    return at < end ? at : end;
}

/* A row while it is read. */
struct row {
    size_t start;     /* of the cell */
    uint32_t column;  /* its number */
    uint64_t newlines;
    bool quoted, escaped, any_escaped;
    size_t closed;    /* the closing quote of a quoted cell; 0 = not quoted */
};

static inline void put_cell(struct table_file *t, struct row *row, size_t end)
{
    const char *block = t->block;
    struct cell cell;
    if (row->closed > 0) {
        cell = (struct cell){block + row->start + 1, (uint32_t)(row->closed - row->start - 1),
                             row->escaped ? CELL_TEXT | CELL_ESCAPED : CELL_TEXT};
        row->any_escaped |= row->escaped;
    } else {
        cell = (struct cell){block + row->start, (uint32_t)(end - row->start), CELL_TEXT};
        if (table_is_null(t, cell.ptr, cell.len))
            cell.kind = CELL_NULL;
    }
    *table_cell(t, t->slots[row->column]) = cell;
}

static void put_header(struct table_file *t, struct row *row, size_t end)
{
    bool quoted = row->closed > 0;
    MEM_GROW(t->header, t->header_count, t->header_cap);
    t->header[t->header_count++] = (struct cell){
        t->block + row->start + quoted, (uint32_t)((quoted ? row->closed - 1 : end) - row->start),
        row->escaped ? CELL_TEXT | CELL_ESCAPED : CELL_TEXT};
}

static inline void end_cell(struct table_file *t, struct row *row, size_t end)
{
    if (t->slots == NULL)
        put_header(t, row, end);
    else if (row->column < t->column_count && t->slots[row->column] != SLOT_NONE)
        put_cell(t, row, end);
    row->column++;
    row->start = end + 1;
    row->closed = 0;
    row->escaped = false;
}

/* Doubled quotes become one, in the block. What is left over behind stays what it was: nobody reads it again. */
static void unescape(struct cell *cell)
{
    char *to = (char *)cell->ptr;
    uint32_t len = 0;
    for (uint32_t i = 0; i < cell->len; i++) {
        to[len++] = cell->ptr[i];
        i += cell->ptr[i] == '"';
    }
    cell->len = len;
    cell->kind = CELL_TEXT;
}

/* What is wrong with a row that goes to `end`. The same is told of one that is too long if it is not all there yet. */
static enum row_end bad(struct table_file *t, enum table_fault_kind kind, size_t end, size_t next, uint64_t newlines)
{
    if (end - t->at > t->options.line_bytes_max) {
        table_give_up_line(t);
        return ROW_BAD;
    }
    table_fault(t, kind, t->line);
    t->line += newlines;
    t->at = next;
    return ROW_BAD;
}

/* A quote out of place at `at`: the rest of that line is passed over. */
static enum row_end bad_quote(struct table_file *t, size_t at, uint64_t newlines)
{
    const char *newline = memchr(t->block + at, '\n', t->end - at);
    if (newline == NULL && !t->eof)
        return ROW_MORE;
    size_t end = newline != NULL ? (size_t)(newline - t->block) : t->end;
    return bad(t, FAULT_QUOTE, end, end + (newline != NULL), newlines + (newline != NULL));
}

static enum row_end judge_row(struct table_file *t, const struct scan *s, struct row *row, size_t end, size_t next)
{
    const char *ptr = t->block + t->at;
    size_t len = end - t->at;
    uint64_t newlines = row->newlines;
    if (len > t->options.line_bytes_max)
        return bad(t, FAULT_LONG_LINE, end, next, newlines);
    if (s->nul != 0 && memchr(ptr, '\0', len) != NULL)
        return bad(t, FAULT_NUL, end, next, newlines);
    if (s->high != 0 && !str_is_utf8((struct str){ptr, len}))
        return bad(t, FAULT_ENCODING, end, next, newlines);
    if (t->slots != NULL && row->column != t->column_count)
        return bad(t, row->column < t->column_count ? FAULT_TOO_FEW_CELLS : FAULT_TOO_MANY_CELLS, end, next, newlines);
    for (uint32_t i = 0; row->any_escaped && i < t->want_count; i++) {
        struct cell *cell = table_cell(t, i);
        if (cell->kind & CELL_ESCAPED)
            unescape(cell);
    }
    t->line += newlines;
    t->at = next;
    return ROW_GOOD;
}

/* `end` is the newline, or the end of the file. */
static enum row_end end_row(struct table_file *t, const struct scan *s, struct row *row, size_t end)
{
    size_t next = end < t->end ? end + 1 : end;
    size_t last = end > row->start && row->closed == 0 && t->block[end - 1] == '\r' ? end - 1 : end;
    row->newlines += next - end;
    if (last == t->at && t->column_count != 1) {
        t->line += row->newlines;
        t->at = next;
        return ROW_BLANK;
    }
    end_cell(t, row, last);
    return judge_row(t, s, row, end, next);
}

/* After the quote at `at` that may close a cell. False if it does not belong there; `*more` if that is not known yet.
   */
static bool close_quote(struct table_file *t, struct row *row, size_t at, bool *more)
{
    const char *block = t->block;
    bool ends = at + 1 == t->end, may_return = !ends && block[at + 1] == '\r' && at + 2 == t->end;
    *more = (ends || may_return) && !t->eof;
    row->quoted = false;
    row->closed = at;
    if (*more || ends)
        return true;
    char after = block[at + 1];
    return after == t->options.delimiter || after == '\n' ||
           (after == '\r' && (at + 2 == t->end || block[at + 2] == '\n'));
}

enum row_end csv_read_row(struct table_file *t)
{
    struct scan s = {.block = t->block, .delimiter = t->options.delimiter, .base = t->at};
    struct row row = {.start = t->at};
    size_t doubled = SIZE_MAX; /* the second one of two quotes */
    bool more;
    look(&s);
    for (;;) {
        size_t at = next_mark(&s, t->end);
        if (at == t->end) {
            if (!t->eof)
                return ROW_MORE;
            if (!row.quoted)
                return end_row(t, &s, &row, at);
            const char *newline = memchr(t->block + t->at, '\n', at - t->at);
            return bad(t, FAULT_QUOTE, at, newline != NULL ? (size_t)(newline + 1 - t->block) : at, newline != NULL);
        }
        char c = t->block[at];
        if (c == '"') {
            if (at == doubled)
                continue;
            if (!row.quoted && at == row.start) {
                row.quoted = true;
            } else if (!row.quoted) {
                return bad_quote(t, at, row.newlines);
            } else if (at + 1 < t->end && t->block[at + 1] == '"') {
                doubled = at + 1;
                row.escaped = true;
            } else if (!close_quote(t, &row, at, &more)) {
                return bad_quote(t, at, row.newlines);
            } else if (more) {
                return ROW_MORE;
            }
        } else if (row.quoted) {
            row.newlines += c == '\n';
        } else if (c == '\n') {
            return end_row(t, &s, &row, at);
        } else {
            end_cell(t, &row, at);
        }
    }
}

enum status csv_read_header(struct table_file *t, struct error *err)
{
    size_t at = t->at;
    uint64_t line = t->line;
    enum row_end end = ROW_BLANK;
    while (end == ROW_BLANK || end == ROW_MORE) {
        if (end == ROW_BLANK)
            at = t->at, line = t->line;
        t->header_count = 0;
        if (t->at == t->end && t->eof)
            return STATUS_OK; /* an empty file: no columns, no rows */
        end = t->at < t->end ? csv_read_row(t) : ROW_MORE;
        if (end == ROW_MORE && t->end - t->at > t->options.line_bytes_max)
            return STATUS_OK; /* as a row it is a fault */
        enum status status = end == ROW_MORE ? table_fill(t, err) : STATUS_OK;
        if (status != STATUS_OK)
            return status;
        if (end == ROW_MORE)
            at = t->at;
    }
    t->bad_rows += end == ROW_BAD;
    uint64_t after = t->line;
    t->line = line;
    for (uint32_t i = 0; i < t->header_count && end == ROW_GOOD; i++) {
        struct cell *cell = &t->header[i];
        if (cell->kind & CELL_ESCAPED && !t->options.no_header)
            unescape(cell);
        table_add_column(t, t->options.no_header ? str_format(&t->arena, "%u", i + 1)
                                                 : (struct str){cell->ptr, cell->len});
    }
    t->line = after;
    if (t->options.no_header && end == ROW_GOOD) { /* it is a row, too */
        t->at = at;
        t->line = line;
    }
    return STATUS_OK;
}
