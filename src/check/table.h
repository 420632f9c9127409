/*
 * Tables: the rows of a CSV or JSON Lines file, plain or compressed by gzip or zstd (told by its first bytes), in
 * batches of columns. One pass, bounded memory whatever the file's size: a batch borrows the reader's block, and is
 * valid until the next one is asked for, or as many more as table_keep() says.
 *
 * CSV is RFC 4180 with any one-byte delimiter; CR LF and LF; a byte order mark is passed over. JSON Lines is one
 * object a line; `a.b` names the member b of the object a; a member that is not there is null.
 *
 * What is malformed is a fault with its line, given to the caller and passed over: a row with too few or too many
 * cells, a quote that is not closed or followed by other text, a NUL byte, bytes that are not UTF-8, a line beyond
 * the limit, a line that is no JSON object, a column that is there twice. Rows with a fault are not in a batch.
 */
#ifndef CHECK_TABLE_H
#define CHECK_TABLE_H

#include <stdbool.h>
#include <stdint.h>

#include "refit/base/arena.h"
#include "refit/base/error.h"
#include "refit/base/sha256.h"
#include "refit/base/str.h"

enum table_format { TABLE_AUTO, TABLE_CSV, TABLE_JSONL }; /* AUTO: .jsonl, .ndjson, .json (before .gz, .zst) or CSV */

enum cell_kind {
    CELL_NULL,   /* one of null_values, unquoted; JSON's null; a member that is not there */
    CELL_TEXT,   /* any cell of CSV */
    CELL_STRING, /* of JSON, its escapes resolved */
    CELL_NUMBER, /* of JSON, as written */
    CELL_BOOL,   /* "true" or "false" of JSON */
    CELL_NESTED, /* an object or list of JSON, as written */
};

struct cell {
    const char *ptr; /* of a batch: CELL_READ_BYTES may be read from here on, however long it is */
    uint32_t len;
    uint8_t kind; /* enum cell_kind */
};

struct table_batch {
    uint32_t rows; /* at most TABLE_ROWS_MAX */
    uint64_t first_row; /* of the file's good rows, from 0 */
    const uint64_t *lines; /* of each row: the line that it begins on, from 1 */
    const struct cell *const *columns; /* [wanted column][row] */
    bool large; /* its block takes much memory: it is valid until the next one, however many may be kept */
};
#define TABLE_ROWS_MAX 1024
#define CELL_READ_BYTES 32
#define CELL_STRIDE (TABLE_ROWS_MAX + 4) /* columns a power of two apart would share a few lines of a cache */
#define TABLE_LINE_BYTES_MAX (64u << 20)

enum table_fault_kind {
    FAULT_TOO_FEW_CELLS, FAULT_TOO_MANY_CELLS, FAULT_QUOTE, FAULT_NUL, FAULT_ENCODING, FAULT_LONG_LINE, FAULT_JSON,
    FAULT_DOUBLE_COLUMN, FAULT_COUNT
};
const char *table_fault_name(enum table_fault_kind kind); /* "too few cells", ... for messages */

struct table_options {
    enum table_format format;
    char delimiter;                /* of CSV; 0 = a comma */
    bool no_header;                /* then columns are called "1", "2", ... */
    const struct str *null_values; /* of CSV, unquoted; NULL = the empty cell alone */
    uint32_t null_count;
    uint64_t line_bytes_max;       /* 0 = TABLE_LINE_BYTES_MAX */
    bool whole_columns;            /* JSON Lines: know the columns of all objects, for which the file is read twice;
                                      otherwise none are known */
    uint32_t block_bytes;          /* read at a time, 2 or more; 0 = 1 MiB. What is read does not depend on it */
    void (*fault)(void *ctx, enum table_fault_kind kind, uint64_t line);
    void *ctx;
};

struct table_file;

/* Opens the file and reads the names of its columns. STATUS_NOT_FOUND,
 * STATUS_IO. A broken compression is STATUS_FAILED at whatever call meets it. */
enum status table_open(const char *path, const struct table_options *options, struct table_file **out,
                       struct error *err);
void table_close(struct table_file *table); /* NULL is fine */

/* All columns in the file's order (of JSON Lines, which has none, by name). */
const struct str *table_columns(const struct table_file *table, uint32_t *count);

/* Choose the columns that batches have, in this order, before the first batch; only these are taken apart. Of CSV a
   name that is not there gives false in *there (room for `count`), and cells that are null. */
void table_want(struct table_file *table, const struct str *names, uint32_t count, bool *there);

/* From now on, before the first batch: one is valid until this many more have been asked for. Each takes
   TABLE_CELL_BYTES of memory for a wanted column, and has a part in a block. */
void table_keep(struct table_file *table, uint32_t batches);
#define TABLE_CELL_BYTES (CELL_STRIDE * sizeof(struct cell))

/* Is that wanted column there? Of JSON Lines, has it been in any object up to now? */
bool table_saw(const struct table_file *table, uint32_t wanted);
bool table_is_json(const struct table_file *table);

/* The next batch; rows == 0 at the end. STATUS_INTERRUPTED, STATUS_IO, STATUS_FAILED. */
enum status table_next(struct table_file *table, struct table_batch *out, struct error *err);

/* At the end: of the bytes of the file as it is on disk; rows with a fault. */
const char *table_sha256(const struct table_file *table); /* hexadecimal */
uint64_t table_bytes(const struct table_file *table);
uint64_t table_bad_rows(const struct table_file *table);

/* A cell as a number: optional sign, digits, point, exponent, as JSON writes them and with a leading + or point too;
   "nan", "inf", "infinity" with or without sign, of any case. The nearest double, in any locale. False if it is none.
   */
bool cell_number(const struct cell *cell, double *out);

/* The same of cells of a batch. */
void cells_read_numbers(const struct cell *cells, uint32_t count, double *values, bool *good);

#endif
