/*
 * Expectations on data: does a table look as it should?
 *
 * Files in, verdict out: neither store nor state nor processes, and no clock. The same inputs give the same bytes on
 * every machine and in every locale, and no outcome depends on the order of the rows (but that of `increasing`). One
 * pass over the data at bounded memory; `unique`, `unique_rows`, `foreign_key` and `no_overlap` are exact, and put
 * aside on disk ($TMPDIR) what does not fit. Of a large table the columns are judged on as many threads as there are
 * processors, which changes nothing of the verdict.
 *
 *   data: people.csv               # CSV or JSON Lines (by its name, or `format: csv | jsonl`), also of gzip or zstd
 *   delimiter: ";"                 # of CSV; also `header: false`: then columns are called "1", "2", ..., as many as
 *                                  # the first row has
 *   null_values: ["", NA]          # cells of CSV that are null; by default the empty one
 *   severity: error | warn         # of all that does not say otherwise
 *   show_rows: true                # failing values are shown in the verdict: they may be personal data
 *   malformed: {max: 0}            # rows that cannot be read; looked for in any case
 *   row_count: {min: 1, max: 1000} # also {max_change: 10%, reference: FILE}: of the rows of a profile or a data file
 *   column_names: {exact: [a, b]}  # or `superset`, `ordered`
 *   freshness: {column: at, max_age: 2d}
 *   unique_rows: [a, b]
 *   a_less_than_b: {a: start, b: end, or_equal: true}
 *   no_overlap: {with: test.csv, key: id}
 *   drift: {reference: old.csv, method: psi, threshold: 0.1, alpha: 0.01, columns: [age]}
 *   command: python3 check.py "$1" # exit status 0 = it holds; $1 and $REFIT_DATA are the data; or {run: ...}
 *   deps: [check.py]               # what a command reads besides the data
 *   columns:
 *     age: {type: integer, not_null: true, between: [0, 120], mean: {min: 20, max: 60}}
 *     "p*": {between: [0, 16]}     # each column that the pattern (fnmatch(3)) matches, unless one is called so
 *
 * Rules for each value: type (integer, number, boolean, date, timestamp, string), not_null, between, in_set,
 * not_in_set, matches (PCRE2; the whole value), length (in characters), unique, increasing, finite, foreign_key
 * {file, column}. Rules for all of them: mean, median, stdev (of a sample: n - 1), sum, min, max, quantile {q},
 * distinct_count, distinct_ratio, null_ratio. A rule's value is its argument, or a map with it and `mostly` (the
 * share that must hold, default 1), `where` (check/expression.h), `severity` and `allow_empty`; a list of such maps
 * is several.
 *
 * Of JSON Lines the columns are what any of the objects has, and have no order (`ordered` is `exact` there): for
 * `column_names` and patterns the file is read twice, and there may be 2000. A string in it is no integer, number or
 * boolean to `type`; other rules read numbers out of strings. Numbers are doubles, but whole ones are told apart beyond
 * 2^53, too, by between, in_set, not_in_set, increasing and a_less_than_b; the last two take dates and times by their
 * moment. A value of which `matches` cannot be decided within PCRE2's limits does not hold, and the message says so.
 *
 * Nulls are in no denominator but those of not_null and null_ratio, and are counted beside each result. A rule that
 * met no value is not evaluated, and fails unless `allow_empty`.
 *
 * Drift compares columns (all with numbers or categories, unless they are named) with those of a data file or of a
 * profile (a name in .json), in bins between the reference's percentiles: psi (tenths of the reference), ks (the
 * distance at the percentiles, which is too small by at most .01), chi2 (its effect is Cramer's V), js (distance),
 * linf, wasserstein (between the first and the last percentile, over the reference's deviation). Nulls, and NaN among
 * numbers, are bins of their own, but for ks and wasserstein: these leave nulls out, and NaN where the reference has
 * none fails. A column drifts if
 * its effect is above `threshold` (default .1; ks .2) and its p-value, after Holm over the columns, is below `alpha`.
 * js, linf and wasserstein are tested by permutation. A category that the reference
 * never had fails by itself.
 *
 * Sums are exact before they are rounded. Quantiles (of the inverse of the empirical distribution) are exact below
 * 2^13 whole numbers, and otherwise the lower edge of one of 2^12 steps between powers of two: too low in magnitude
 * by at most 1/4096 of themselves, and never beyond the least or greatest value. distinct_count is exact up to 4096
 * values, then HyperLogLog with 2^14 registers (standard error .81%), and never beyond the number of values.
 */
#ifndef REFIT_CHECK_H
#define REFIT_CHECK_H

#include <stdbool.h>

#include "refit/base/error.h"
#include "refit/base/sha256.h"
#include "refit/base/value.h"

#define DATA_LINES_MAX 20

enum data_outcome { DATA_PASS, DATA_NOT_EVALUATED, DATA_FAIL };
const char *data_outcome_name(enum data_outcome outcome); /* "pass", "not_evaluated", "fail" */

struct data_result {
    const char *rule;
    struct str column, slice; /* "" = none; the slice is the text of `where` */
    enum data_outcome outcome;
    bool warns;             /* severity: warn */
    bool is_text;           /* what was observed is `text`; else `observed`, NaN = nothing */
    double observed;        /* of rules for each value: the share that holds */
    struct str text;
    const struct value *expected;
    uint64_t n, nulls, failing;
    uint64_t lines[DATA_LINES_MAX]; /* the first ones that fail, ascending */
    struct str shown[DATA_LINES_MAX];
    uint32_t line_count;
    struct str message; /* one line */
};

struct data_input {
    struct str path;
    char sha256[SHA256_HEX + 1];
    uint64_t bytes;
};

struct data_verdict {
    struct str name;
    bool failed, warns; /* the outcome is the first that is true, or pass */
    char policy_sha256[SHA256_HEX + 1]; /* of the canonical text of the definition */
    struct data_input *inputs;   /* sorted by path; malloc'd, as the results */
    uint32_t input_count, input_cap;
    struct data_result *results; /* in the order of the definition */
    uint32_t result_count, result_cap;
    bool show_rows;
};
const char *data_verdict_outcome(const struct data_verdict *verdict);

/* Is the definition right, as far as it can be told without the data? STATUS_MANIFEST, with the place, if not. */
enum status data_definition_check(struct arena *arena, const struct value *definition, const char *file,
                                  struct error *err);

/*
 * Judges. `file` is where the definition stands, for messages; paths are relative to the working directory.
 * STATUS_MANIFEST for a definition that is wrong, STATUS_NOT_FOUND and STATUS_IO for files, STATUS_FAILED for broken
 * compression, STATUS_INTERRUPTED. data_verdict_finish() in any case. `runner` executes what `command` says: *code is
 * the exit status (-1 if a signal ended it), *said the last line that was printed; NULL = it is refused.
 */
struct data_runner {
    enum status (*run)(void *ctx, struct arena *arena, struct str command, struct str data, int *code, struct str *said,
                       struct error *err);
    void *ctx;
};
enum status data_check(struct arena *arena, struct str name, const struct value *definition, const char *file,
                       const struct data_runner *runner, struct data_verdict *out, struct error *err);
void data_verdict_finish(struct data_verdict *verdict);

/* A time as `freshness` observes it: a date, or a date and a time of day, of UTC unless it says otherwise. Seconds
 * since 1970. */
bool data_time_parse(struct str text, int64_t *out_s);

/* A reference profile of a data file, as JSON (refit-profile/1), with a newline: of each column type, counts, and
   numbers in bins between percentiles or the counts of each category. Rows that cannot be read are counted in *bad
   and left out. STATUS_NOT_FOUND, STATUS_IO, STATUS_FAILED for broken compression, STATUS_INTERRUPTED. */
enum status data_profile(struct arena *arena, const char *path, struct buf *out, uint64_t *bad, struct error *err);

/* The verdict as JSON (refit-verdict/1), with a newline. */
void data_verdict_print(const struct data_verdict *verdict, struct buf *out);

#endif
