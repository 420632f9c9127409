/* Tables: the block of bytes that rows are read from, and batches. */
#include "check/table.h"

#include <stdlib.h>
#include <string.h>

#include "check/table_reader.h"
#include "refit/base/interrupt.h"

enum { BLOCK_BYTES = 1 << 20, JSON_COLUMNS_MAX = 2000 };

const struct cell table_nothing = {(const char[CELL_READ_BYTES]){0}, 0, CELL_NULL};

const char *table_fault_name(enum table_fault_kind kind)
{
    static const char *const names[FAULT_COUNT] = {
        [FAULT_TOO_FEW_CELLS] = "too few cells",
        [FAULT_TOO_MANY_CELLS] = "too many cells",
        [FAULT_QUOTE] = "a quote out of place",
        [FAULT_NUL] = "a NUL byte",
        [FAULT_ENCODING] = "bytes that are not UTF-8",
        [FAULT_LONG_LINE] = "a line that is too long",
        [FAULT_JSON] = "no JSON object",
        [FAULT_DOUBLE_COLUMN] = "a column that is there twice",
    };
    return names[kind];
}

void table_fault(struct table_file *t, enum table_fault_kind kind, uint64_t line)
{
    if (t->options.fault != NULL)
        t->options.fault(t->options.ctx, kind, line);
}

bool table_is_null(const struct table_file *t, const char *ptr, size_t len)
{
    if (t->options.null_values == NULL)
        return len == 0;
    for (uint32_t i = 0; i < t->options.null_count; i++)
        if (t->options.null_values[i].len == len && memcmp(t->options.null_values[i].ptr, ptr, len) == 0)
            return true;
    return false;
}

void table_add_column(struct table_file *t, struct str name)
{
    bool twice = table_get(&t->names, name) != TABLE_NONE;
    if (twice)
        table_fault(t, FAULT_DOUBLE_COLUMN, t->line);
    MEM_GROW(t->columns, t->column_count, t->column_cap);
    t->columns[t->column_count] = str_dup(&t->arena, name);
    if (!twice)
        table_add(&t->names, t->columns[t->column_count], t->column_count);
    t->column_count++;
}

/* ---- the block ---- */

static void resize_block(struct table_block *block, size_t cap)
{
    block->bytes = mem_resize(block->bytes, cap + BLOCK_PAD);
    block->cap = cap;
}

/* One that no batch is in. */
static struct table_block *free_block(struct table_file *t)
{
    for (uint32_t i = 0; i < t->block_count; i++)
        if (t->blocks[i]->users == 0)
            return t->blocks[i];
    MEM_GROW(t->blocks, t->block_count, t->block_cap);
    return t->blocks[t->block_count++] = mem_alloc(sizeof **t->blocks);
}

/* What is not read yet goes to the start of a block. */
static void make_room(struct table_file *t)
{
    struct table_block *to = t->filled->users == 0 ? t->filled : free_block(t);
    if (to->cap < t->filled->cap)
        resize_block(to, t->filled->cap);
    memmove(to->bytes, t->block + t->at, t->end - t->at);
    t->end -= t->at;
    t->at = 0;
    t->filled = to;
    if (to->cap - t->end < t->options.block_bytes / 2) {
        size_t limit = t->options.line_bytes_max + t->options.block_bytes;
        resize_block(to, 2 * to->cap < limit ? 2 * to->cap : limit);
    }
    t->block = to->bytes;
}

enum status table_fill(struct table_file *t, struct error *err)
{
    size_t got = 0;
    make_room(t);
    enum status status = read_ahead_next(t->input, t->block + t->end, t->filled->cap - t->end, &got, err);
    t->end += got;
    memset(t->block + t->end, 0, BLOCK_PAD);
    t->scan.at = SIZE_MAX;
    t->eof = status == STATUS_OK && got == 0;
    return status;
}

/* A row that does not end within the limit, of which more than that is there: it is told, and the rest of its line is
   passed over. Within a quote that is not closed the lines after the first are rows again, since one stray quote must
   not take the rest of the file. */
void table_give_up_line(struct table_file *t)
{
    bool quoted = !t->json && memchr(t->block + t->at, '\n', t->options.line_bytes_max + 1) != NULL;
    table_fault(t, quoted ? FAULT_QUOTE : FAULT_LONG_LINE, t->line);
    t->skipping = true;
}

static void skip_line(struct table_file *t)
{
    const char *newline = memchr(t->block + t->at, '\n', t->end - t->at);
    t->at = newline != NULL ? (size_t)(newline + 1 - t->block) : t->end;
    t->line += newline != NULL;
    t->skipping = newline == NULL;
}

static enum row_end read_row(struct table_file *t)
{
    if (t->json)
        return t->lists != NULL ? json_read_columns(t->lists, t) : json_read_row(t);
    return csv_read_plain_row(t) ? ROW_GOOD : csv_read_row(t);
}

static void read_rows(struct table_file *t, uint64_t *lines)
{
    while (t->rows < TABLE_ROWS_MAX && t->at < t->end) {
        if (t->skipping) {
            skip_line(t);
            continue;
        }
        uint64_t line = t->line;
        enum row_end end = read_row(t);
        if (end == ROW_MORE && t->end - t->at <= t->options.line_bytes_max)
            return;
        if (end == ROW_MORE)
            table_give_up_line(t);
        if (end == ROW_GOOD)
            lines[t->rows++] = line;
        t->bad_rows += end == ROW_BAD || end == ROW_MORE;
    }
}

static bool is_large(const struct table_file *t, const struct table_block *block)
{
    return block->cap > 2 * (size_t)t->options.block_bytes;
}

static void make_page(struct table_file *t, struct table_page *page)
{
    page->cells = mem_alloc(mem_product(t->want_count ? t->want_count : 1, TABLE_CELL_BYTES));
    page->columns = arena_array(&t->arena, const struct cell *, t->want_count);
    page->lines = arena_array(&t->arena, uint64_t, TABLE_ROWS_MAX);
    for (uint32_t i = 0; i < t->want_count; i++) {
        struct cell *cells = page->cells + (size_t)i * CELL_STRIDE;
        page->columns[i] = cells;
        for (uint32_t row = 0; row < TABLE_ROWS_MAX; row++)
            cells[row] = table_nothing;
    }
}

enum status table_next(struct table_file *t, struct table_batch *out, struct error *err)
{
    struct table_page *page = &t->pages[t->batches % t->page_count];
    for (uint32_t i = 0; i < t->page_count; i++) /* nobody is to look at those of large blocks any more */
        if (t->pages[i].block != NULL && (&t->pages[i] == page || is_large(t, t->pages[i].block))) {
            t->pages[i].block->users--;
            t->pages[i].block = NULL;
        }
    if (page->cells == NULL)
        make_page(t, page);
    t->cells = page->cells;
    t->rows = 0;
    for (;;) {
        read_rows(t, page->lines);
        if (t->rows > 0 || (t->eof && t->at == t->end))
            break;
        enum status status = table_fill(t, err);
        if (status != STATUS_OK)
            return status;
    }
    if (t->rows == 0 && t->sha256[0] == '\0') {
        enum status status = read_ahead_finish(t->input, t->sha256, err);
        if (status != STATUS_OK)
            return status;
    }
    page->block = t->filled;
    page->block->users++;
    *out = (struct table_batch){t->rows, t->good_rows, page->lines, page->columns, is_large(t, page->block)};
    t->batches++;
    t->good_rows += t->rows;
    return STATUS_OK;
}

/* ---- opening ---- */

static bool is_json_name(struct str path)
{
    static const char *const packed[] = {".gz", ".zst", NULL}, *const json[] = {".jsonl", ".ndjson", ".json", NULL};
    for (const char *const *ending = packed; *ending != NULL; ending++)
        if (str_ends(path, str_from(*ending))) {
            path.len -= strlen(*ending);
            break;
        }
    for (const char *const *ending = json; *ending != NULL; ending++)
        if (str_ends(path, str_from(*ending)))
            return true;
    return false;
}

static enum status read_first(struct table_file *t, struct error *err)
{
    static const char mark[] = "\xef\xbb\xbf";
    enum { MARK_BYTES = sizeof mark - 1 };
    enum status status = STATUS_OK;
    while (status == STATUS_OK && t->end < MARK_BYTES && !t->eof)
        status = table_fill(t, err);
    if (status == STATUS_OK && t->end >= MARK_BYTES && memcmp(t->block, mark, MARK_BYTES) == 0)
        t->at = MARK_BYTES;
    if (status != STATUS_OK || !t->json)
        return status == STATUS_OK ? csv_read_header(t, err) : status;
    return STATUS_OK;
}

static int compare_names(const void *a, const void *b)
{
    return str_compare(*(const struct str *)a, *(const struct str *)b);
}

/* Columns of JSON Lines are what its objects have, so they are looked for in a pass of their own. */
static enum status list_columns(struct table_file *t, const char *path, struct error *err)
{
    struct table_options options = t->options;
    struct table_file *other;
    struct table_batch batch = {.rows = 1};
    options.format = TABLE_JSONL;
    options.whole_columns = false;
    options.fault = NULL;
    enum status status = table_open(path, &options, &other, err);
    if (status != STATUS_OK)
        return status;
    other->lists = t;
    while (status == STATUS_OK && batch.rows > 0 && t->column_count <= JSON_COLUMNS_MAX)
        status = table_next(other, &batch, err);
    table_close(other);
    if (status == STATUS_OK && t->column_count > JSON_COLUMNS_MAX)
        status = error_set(err, STATUS_FAILED, "%s: its objects have more than %d different members, too many for "
                           "columns; are their names data?", path, JSON_COLUMNS_MAX);
    if (t->column_count > 1)
        qsort(t->columns, t->column_count, sizeof *t->columns, compare_names);
    table_finish(&t->names);
    t->names = (struct table){.count = 0};
    for (uint32_t i = 0; i < t->column_count; i++)
        table_add(&t->names, t->columns[i], i);
    return status;
}

enum status table_open(const char *path, const struct table_options *options, struct table_file **out,
                       struct error *err)
{
    struct table_file *t = mem_alloc(sizeof *t);
    *t = (struct table_file){.options = *options, .line = 1, .scan = {.at = SIZE_MAX}, .has_avx2 = csv_has_avx2()};
    if (t->options.block_bytes == 0)
        t->options.block_bytes = BLOCK_BYTES;
    arena_init(&t->arena);
    t->filled = free_block(t);
    resize_block(t->filled, t->options.block_bytes);
    t->block = t->filled->bytes;
    if (t->options.delimiter == '\0')
        t->options.delimiter = ',';
    if (t->options.line_bytes_max == 0)
        t->options.line_bytes_max = TABLE_LINE_BYTES_MAX;
    t->json = options->format == TABLE_JSONL || (options->format == TABLE_AUTO && is_json_name(str_from(path)));
    struct input *input;
    enum status status = input_open(str_dup(&t->arena, str_from(path)).ptr, &input, err);
    if (status == STATUS_OK) {
        t->input = read_ahead_create(input);
        status = read_first(t, err);
    }
    if (status == STATUS_OK && t->json && t->options.whole_columns)
        status = list_columns(t, path, err);
    if (status == STATUS_OK)
        table_want(t, NULL, 0, NULL);
    if (status != STATUS_OK) {
        table_close(t);
        t = NULL;
    }
    *out = t;
    return status;
}

void table_close(struct table_file *t)
{
    if (t == NULL)
        return;
    read_ahead_destroy(t->input);
    for (uint32_t i = 0; i < t->block_count; i++) {
        free(t->blocks[i]->bytes);
        free(t->blocks[i]);
    }
    free(t->blocks);
    free(t->columns);
    table_finish(&t->names);
    free(t->header);
    for (uint32_t i = 0; i < t->page_count; i++)
        free(t->pages[i].cells);
    arena_finish(&t->arena);
    free(t);
}

const struct str *table_columns(const struct table_file *t, uint32_t *count)
{
    *count = t->column_count;
    return t->columns;
}

void table_keep(struct table_file *t, uint32_t batches)
{
    for (uint32_t i = 0; i < t->page_count; i++)
        free(t->pages[i].cells);
    t->pages = arena_array(&t->arena, struct table_page, batches);
    t->page_count = batches;
    memset(t->pages, 0, batches * sizeof *t->pages);
}

void table_want(struct table_file *t, const struct str *names, uint32_t count, bool *there)
{
    t->want_count = count;
    t->wanted = arena_array(&t->arena, struct str, count);
    t->saw = arena_array(&t->arena, bool, count);
    t->slots = arena_array(&t->arena, uint32_t, t->column_count);
    t->wanted_columns = arena_array(&t->arena, uint32_t, count);
    t->marks = arena_array(&t->arena, size_t, (size_t)t->column_count + 1);
    for (uint32_t i = 0; i < t->column_count; i++)
        t->slots[i] = SLOT_NONE;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t column = table_get(&t->names, names[i]);
        t->wanted[i] = str_dup(&t->arena, names[i]);
        t->saw[i] = !t->json && column != TABLE_NONE;
        if (there != NULL)
            there[i] = t->json || column != TABLE_NONE;
        bool first = !t->json && column != TABLE_NONE && t->slots[column] == SLOT_NONE;
        t->wanted_columns[i] = first ? column : COLUMN_NONE; /* a name that is wanted again is null */
        if (first)
            t->slots[column] = i;
    }
    table_keep(t, 1);
}

bool table_saw(const struct table_file *t, uint32_t wanted)
{
    return t->saw[wanted];
}

bool table_is_json(const struct table_file *t)
{
    return t->json;
}

const char *table_sha256(const struct table_file *t)
{
    return t->sha256;
}

uint64_t table_bytes(const struct table_file *t)
{
    return read_ahead_bytes(t->input);
}

uint64_t table_bad_rows(const struct table_file *t)
{
    return t->bad_rows;
}
