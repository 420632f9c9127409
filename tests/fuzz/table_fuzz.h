/* Shared by the drivers of tables: hostile bytes are read twice, with another limit of lines and in small blocks; each
   row has a line, lines ascend, cells lie in good UTF-8, and both times the same comes of it. */
#ifndef REFIT_TESTS_TABLE_FUZZ_H
#define REFIT_TESTS_TABLE_FUZZ_H

#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "check/table.h"
#include "refit/base/digest.h"
#include "refit/base/fs.h"

struct table_seen {
    uint64_t rows, faults, last_fault, last_line;
    uint64_t told; /* of kinds and lines of faults */
    unsigned beyond; /* of bytes behind cells, which may be read */
    struct buf cells;
    bool failed; /* a broken compression, before or after some rows */
};

static inline void see_fault(void *ctx, enum table_fault_kind kind, uint64_t line)
{
    struct table_seen *seen = ctx;
    if (kind >= FAULT_COUNT || line < 1 || line < seen->last_fault)
        abort();
    seen->last_fault = line;
    seen->told = (seen->told + kind) * 1000003 + line;
    seen->faults++;
}

enum { COLUMNS_SEEN = 8, KEPT_MAX = 4 };

static inline void see_batch(struct table_seen *seen, const struct table_batch *batch, uint32_t columns)
{
    if (batch->rows > TABLE_ROWS_MAX || batch->first_row != seen->rows)
        abort();
    seen->rows += batch->rows;
    for (uint32_t row = 0; row < batch->rows; row++) {
        if (batch->lines[row] <= seen->last_line)
            abort();
        seen->last_line = batch->lines[row];
        for (uint32_t i = 0; i < columns; i++) {
            const struct cell *cell = &batch->columns[i][row];
            struct str text = {cell->ptr, cell->len};
            if (!str_is_utf8(text) || cell->kind > CELL_NESTED)
                abort();
            for (uint32_t k = 0; k < CELL_READ_BYTES; k++)
                seen->beyond += (unsigned char)cell->ptr[k];
            buf_u8(&seen->cells, cell->kind);
            buf_lstr(&seen->cells, text);
        }
    }
}

/* Each batch is looked at as late as may be: right before the one is asked for that ends it. */
static inline void read_table(const char *path, struct table_options options, uint32_t kept, struct table_seen *seen)
{
    struct table_file *table;
    struct table_batch batches[KEPT_MAX];
    struct error err = {0};
    uint32_t count;
    options.fault = see_fault;
    options.ctx = seen;
    options.whole_columns = true;
    if (table_open(path, &options, &table, &err) != STATUS_OK) {
        if (err.message[0] == '\0')
            abort();
        seen->failed = true;
        return;
    }
    const struct str *columns = table_columns(table, &count);
    count = count < COLUMNS_SEEN ? count : COLUMNS_SEEN;
    struct str names[COLUMNS_SEEN];
    bool there[COLUMNS_SEEN];
    for (uint32_t i = 0; i < count; i++)
        names[i] = columns[i];
    table_want(table, names, count, there);
    table_keep(table, kept);
    enum status status = STATUS_OK;
    uint64_t got = 0, looked_at = 0;
    for (bool more = true; more; got += more) {
        while (got - looked_at == kept || (got > looked_at && batches[(got - 1) % kept].large))
            see_batch(seen, &batches[looked_at++ % kept], count);
        status = table_next(table, &batches[got % kept], &err);
        more = status == STATUS_OK && batches[got % kept].rows > 0;
    }
    while (looked_at < got)
        see_batch(seen, &batches[looked_at++ % kept], count);
    if (status != STATUS_OK && err.message[0] == '\0')
        abort();
    seen->failed = status != STATUS_OK;
    table_close(table);
}

/* What comes before a failure depends on how much is read at a time; nobody uses it. */
static inline bool same_seen(const struct table_seen *a, const struct table_seen *b)
{
    if (a->failed || b->failed)
        return a->failed == b->failed;
    return a->rows == b->rows && a->faults == b->faults && a->told == b->told &&
           str_equal(buf_view(&a->cells), buf_view(&b->cells));
}

static inline void fuzz_table(const uint8_t *data, size_t size, struct table_options options)
{
    char path[64];
    int fd = memfd_create("table", MFD_CLOEXEC);
    struct error err;
    if (fd < 0 || fs_write_all(fd, data, size, "the table", &err) != STATUS_OK)
        abort();
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    struct table_seen first = {0}, second = {0};
    read_table(path, options, 1, &first);
    options.line_bytes_max = 1 << 20; /* more than there is: nothing changes */
    options.block_bytes = size > 0 ? 2 + data[size / 2] : 2;
    read_table(path, options, KEPT_MAX, &second);
    if (!same_seen(&first, &second))
        abort();
    struct table_seen third = {0}, fourth = {0};
    options.line_bytes_max = 16; /* this changes much, but again the same each time */
    read_table(path, options, KEPT_MAX - 1, &third);
    options.block_bytes = 0;
    read_table(path, options, 1, &fourth);
    if (!same_seen(&third, &fourth))
        abort();
    buf_finish(&first.cells);
    buf_finish(&second.cells);
    buf_finish(&third.cells);
    buf_finish(&fourth.cells);
    close(fd);
}

#endif
