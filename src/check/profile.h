/*
 * What a column is like: counts, and its distribution in bins. A profile of a table is JSON that is the same for the
 * same rows in any order; drift compares a column with that of a profile, or of a file, of which the same is made
 * first.
 *
 * A column whose values are all numbers has bins between the reference's percentiles (edges are those of
 * quantile_get()), the outer ones without end. The first bin is below all values of the reference: where many are the
 * least one (zeros, say), a value below it is not one of them. Another column has its values as categories, if there
 * are at most CATEGORIES_MAX; otherwise it is text, of which nothing is compared but nulls.
 */
#ifndef CHECK_PROFILE_H
#define CHECK_PROFILE_H

#include "check/exact_sum.h"
#include "check/sketch.h"
#include "check/table.h"
#include "refit/base/json.h"

enum { CATEGORIES_MAX = 1000, PROFILE_BINS = 100 };

struct category {
    struct str text;
    uint64_t hash, count;
};

struct column_summary {
    uint64_t n, nulls, nans; /* n without nulls and NaN */
    bool text, many;   /* a value is no number; there are too many categories */
    struct exact_sum *sums; /* of the numbers, and of their squares: two, if the deviation is wanted; malloc'd */
    struct quantile_sketch *quantiles;
    struct category *categories; /* a table by hash while it grows */
    uint32_t category_count;
};
void summary_add(struct arena *arena, struct column_summary *summary, const struct cell *cell);
void summary_finish(struct column_summary *summary);

struct column_profile {
    struct str name;
    uint64_t n, nulls, nans; /* NaN among numbers is neither a value nor null */
    bool number;
    uint32_t bins;  /* numbers: of `counts`, one more than edges; categories: of both */
    double stdev;   /* of the numbers, as a sample's; NaN = not known */
    double *edges;  /* ascending; a bin has the values up to its edge */
    uint64_t *counts;
    struct str *values; /* categories, sorted */
};
void profile_make(struct arena *arena, struct str name, struct column_summary *summary, struct column_profile *out);

/* How many of a summary's values are in each bin of a profile; of categories that it has not, *strange. */
void profile_count(const struct column_profile *profile, const struct column_summary *summary, uint64_t *counts,
                   uint64_t *strange);

void profile_print(const struct column_profile *columns, uint32_t count, uint64_t rows, struct buf *out);

/* STATUS_MANIFEST for JSON that is no profile. */
enum status profile_read(struct arena *arena, const char *path, struct column_profile **columns, uint32_t *count,
                         uint64_t *rows, struct error *err);

/* Of a data file, all of its columns. Rows with a fault are left out, and counted in *bad. */
enum status profile_of_file(struct arena *arena, const char *path, const struct table_options *options,
                            struct column_profile **columns, uint32_t *count, uint64_t *rows, uint64_t *bad,
                            char sha256[SHA256_HEX + 1], uint64_t *bytes, struct error *err);

#endif
