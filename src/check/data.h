/* Shared by the files that check data: what a definition says, and what is gathered while the rows go by. */
#ifndef CHECK_DATA_H
#define CHECK_DATA_H

#include "check/exact_sum.h"
#include "check/expression.h"
#include "check/pattern.h"
#include "check/sketch.h"
#include "check/spill.h"
#include "check/value_set.h"
#include "refit/check.h"

enum rule {
    /* for each value */
    RULE_TYPE, RULE_NOT_NULL, RULE_BETWEEN, RULE_IN_SET, RULE_NOT_IN_SET, RULE_MATCHES, RULE_LENGTH, RULE_UNIQUE,
    RULE_INCREASING, RULE_FINITE, RULE_FOREIGN_KEY,
    /* for all values of a column */
    RULE_MEAN, RULE_MEDIAN, RULE_STDEV, RULE_SUM, RULE_MIN, RULE_MAX, RULE_QUANTILE, RULE_DISTINCT_COUNT,
    RULE_DISTINCT_RATIO, RULE_NULL_RATIO,
    /* for the table */
    RULE_ROW_COUNT, RULE_COLUMN_NAMES, RULE_FRESHNESS, RULE_UNIQUE_ROWS, RULE_A_LESS_THAN_B, RULE_NO_OVERLAP,
    RULE_DRIFT, RULE_COMMAND, RULE_MALFORMED,
    RULE_COUNT
};
const char *rule_name(enum rule rule);

enum value_kind { KIND_INTEGER, KIND_NUMBER, KIND_BOOLEAN, KIND_DATE, KIND_TIMESTAMP, KIND_STRING };

/* A value of the definition that cells are compared with. */
struct constant {
    struct str text;
    bool is_number;
    double number;
};

enum names_rule { NAMES_EXACT, NAMES_SUPERSET, NAMES_ORDERED };

struct expectation {
    enum rule rule;
    const struct value *at; /* its argument in the definition */
    struct str column;
    double mostly;
    struct expression *where; /* NULL = all rows */
    struct str where_text;
    uint32_t *where_at; /* of the wanted columns, those of `where` */
    bool warns, allow_empty, strictly, or_equal;
    bool shows; /* values that fail, not only their lines */
    bool has_min, has_max;
    struct constant min, max;
    double q;
    double max_change; /* row_count: a share of the reference's rows; NaN = not asked */
    struct str command;
    int64_t max_age_s;
    enum value_kind kind;
    enum names_rule names;
    struct constant *items; /* of sets, names */
    uint32_t item_count;
    struct value_set *set;  /* their texts; in the arena */
    bool set_has_numbers;
    struct str *columns; /* that it reads: wanted[] has where each is */
    uint32_t *wanted;
    bool *there;
    uint32_t column_count;
    struct str other_file, other_column;
    struct pattern *pattern;
    struct drift *drift; /* in the arena; NULL = another rule */
    /* gathered */
    uint64_t n, nulls, failing, odd; /* odd: no numbers where a number is needed; not decided by a pattern */
    uint64_t others; /* values of the other file */
    uint64_t lines[DATA_LINES_MAX];
    struct buf shown[DATA_LINES_MAX];
    uint32_t line_count;
    struct exact_sum *sum, *squares;
    struct quantile_sketch *quantiles;
    struct distinct_sketch *distinct;
    struct spill *spill;
    double least, most, last_number;
    struct buf last; /* the value before, of `increasing`; the newest one, of `freshness` */
    bool has_last, nan;
};

struct data_spec {
    struct arena *arena;
    const char *file; /* of the definition */
    struct str data;
    struct table_options options;
    bool show_rows, warns;
    struct expectation *items; /* malloc'd; the first one is that of malformed rows */
    uint32_t count, cap;
};

/* STATUS_MANIFEST. data_spec_finish() in any case. */
enum status data_spec_read(struct arena *arena, const struct value *definition, const char *file,
                           struct data_spec *out, struct error *err);
void data_spec_finish(struct data_spec *spec);

/* One rule, whose argument is v, more. */
enum status data_spec_add(struct data_spec *spec, const struct value *v, enum rule rule, struct str column,
                          struct error *err);
void data_expectation_finish(struct expectation *e);

bool data_column_is_pattern(struct str column); /* unless it is called so */

/* Once the table's columns are known: rules of a pattern become rules of each column that it matches. */
enum status data_spec_expand(struct data_spec *spec, const struct str *columns, uint32_t count, struct error *err);

/* Then dates and the like are compared as texts are. */
static inline bool data_bounds_are_text(const struct expectation *e)
{
    return (e->has_min && !e->min.is_number) || (e->has_max && !e->max.is_number);
}

/* The whole of a check. */
struct pass {
    struct data_spec *spec;
    const struct data_runner *runner;
    struct data_verdict *verdict;
    struct table_file *table;
    uint32_t wanted_count;
    uint64_t rows;
    const struct str *columns;
    uint32_t column_count;
};

/* A batch as those expectations look at it that one thread at a time looks after. */
struct column_numbers { /* of a wanted column, made when first asked for */
    double *values;
    bool *good;
    uint64_t made_for; /* the batch's first row + 1; 0 = none yet */
};
struct lane {
    const struct data_spec *spec;
    const struct table_batch *batch;
    struct column_numbers *numbers; /* [wanted] */
    bool chosen[TABLE_ROWS_MAX]; /* rows that `where` chooses */
};
void data_note(struct expectation *e, uint64_t line, struct str value); /* one that fails */
enum status data_rows(struct lane *lane, struct expectation *e, struct error *err); /* the batch, for one expectation */
void data_values(struct lane *lane, struct expectation *e); /* the same, of rules that one value decides */
const struct column_numbers *data_numbers(struct lane *lane, uint32_t wanted);
bool value_is_kind(const struct cell *cell, enum value_kind kind);

/* All batches of the table, for all expectations. */
enum status data_read(struct pass *pass, struct error *err);

/* After the last row. */
enum status data_change(struct pass *pass, struct expectation *e, struct error *err);  /* row_count and max_change */
enum status data_command(struct pass *pass, struct expectation *e, struct error *err);
enum status data_other_file(struct pass *pass, struct expectation *e, struct error *err); /* foreign_key, no_overlap */
enum status data_join(struct expectation *e, struct error *err); /* what was spilled */
/* Adds where the definition names a file, if that is not there. */
enum status data_say_where(const struct data_spec *spec, const struct expectation *e, enum status status,
                           struct error *err);
void data_add_input(struct data_verdict *verdict, struct str path, const struct table_file *table);
void data_put_input(struct data_verdict *verdict, const struct data_input *input); /* once a path */
void data_conclude(struct pass *pass, struct expectation *e);
struct data_result *data_new_result(struct pass *pass, const struct expectation *e);
void data_count_result(struct data_verdict *verdict, const struct data_result *result);

#endif
