/* What a table is made of, for those who read its two formats. */
#ifndef CHECK_TABLE_READER_H
#define CHECK_TABLE_READER_H

#include "check/read_ahead.h"
#include "check/table.h"
#include "refit/base/table.h"

#define SLOT_NONE UINT32_MAX
#define COLUMN_NONE UINT32_MAX
enum { BLOCK_PAD = 64 }; /* zeros after the last byte, so that a scan may read a whole vector */

/* What is left of the 64 bytes at `base`, one bit for each. */
struct plain_scan {
    size_t base;
    size_t at;   /* the row that it is about; SIZE_MAX = none */
    uint64_t ends, newlines, odd; /* odd: quotes and NULs */
    bool high;   /* bytes beyond ASCII */
};

struct table_block {
    char *bytes;
    size_t cap;
    uint32_t users; /* batches that are kept */
};

/* Where a batch is made. */
struct table_page {
    struct cell *cells; /* [wanted][row], CELL_STRIDE apart */
    const struct cell **columns;
    uint64_t *lines;
    struct table_block *block; /* that its cells are in; NULL = none yet */
};

struct table_file {
    struct table_options options;
    struct read_ahead *input;
    struct arena arena; /* names, and what batches are made in */
    bool json;
    struct table_file *lists; /* rows are read for the columns of this one alone */
    struct table_block **blocks;
    uint32_t block_count, block_cap;
    struct table_block *filled; /* the one that is read */
    char *block;         /* its bytes */
    size_t at, end;      /* [at, end) is not read yet */
    bool eof, skipping;  /* skipping: the rest of a line that is too long */
    uint64_t line;       /* that block[at] is on */
    struct str *columns;
    struct table names; /* of columns: the first one of a name */
    uint32_t column_count, column_cap;
    uint32_t want_count;
    struct str *wanted;
    bool *saw;
    uint32_t *slots; /* CSV: of each column the wanted one, or SLOT_NONE */
    uint32_t *wanted_columns; /* CSV: the other way round, or COLUMN_NONE */
    size_t *marks;   /* CSV: where the cells of a row end */
    struct plain_scan scan;
    bool has_avx2;
    struct table_page *pages; /* in turn */
    uint32_t page_count;
    uint64_t batches;
    struct cell *cells; /* of the page that is written */
    uint32_t rows;
    uint64_t good_rows, bad_rows;
    struct cell *header; /* while the first row is read: all of its cells; malloc'd */
    uint32_t header_count, header_cap;
    char sha256[SHA256_HEX + 1];
};

/* Of the row that is read. */
static inline struct cell *table_cell(const struct table_file *t, uint32_t wanted)
{
    return &t->cells[(size_t)wanted * CELL_STRIDE + t->rows];
}

enum row_end {
    ROW_GOOD,
    ROW_BAD,   /* a fault was told */
    ROW_BLANK, /* no row at all */
    ROW_MORE,  /* the block ends before the row does */
};

/* Read a row that begins at table->at into row `table->rows` of the batch, and go past it (unless ROW_MORE). */
enum row_end csv_read_row(struct table_file *table);
bool csv_read_plain_row(struct table_file *table); /* false, and nothing done, of any but the plainest good row */
bool csv_has_avx2(void);
enum row_end json_read_row(struct table_file *table);

/* Take the columns' names from the first row of the block. */
enum status csv_read_header(struct table_file *table, struct error *err);

extern const struct cell table_nothing; /* null, for what is not there */

void table_give_up_line(struct table_file *table);
void table_fault(struct table_file *table, enum table_fault_kind kind, uint64_t line);
void table_add_column(struct table_file *table, struct str name); /* copied; a second one of a name is a fault */
bool table_is_null(const struct table_file *table, const char *ptr, size_t len);
/* More bytes behind what is there; STATUS_OK with table->eof set if there are none. */
enum status table_fill(struct table_file *table, struct error *err);

/* JSON Lines: json_read_row() of `from`, and the leaves of a good row are columns of `table`. */
enum row_end json_read_columns(struct table_file *table, struct table_file *from);

#endif
