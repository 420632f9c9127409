/* Parts of the check of a model. Private to check. */
#ifndef CHECK_MODEL_H
#define CHECK_MODEL_H

#include "check/expression.h"
#include "check/model_names.h"
#include "refit/model_check.h"
#include "refit/statistics.h"

/* ---- the definition (model_spec.c) ---- */

/* A number as declared: of a share of something if `relative` (10% is .1). */
struct amount {
    bool given, relative;
    double value;
    const struct value *at;
};

struct model_metric {
    struct str name;
    bool of_rows; /* computed, as `metric`; else looked up in the metric files */
    enum metric metric;
    bool falls; /* lower is better */
    bool warns;
    struct amount min, max, drop; /* max_drop, or max_rise if it falls */
    const struct value *at;
};

struct model_by {
    struct str *columns;
    uint32_t count;
};

struct model_where {
    struct str name, text;
    struct expression *expression;
};

#define BOOTSTRAP_DISCORDANT_MIN 10
#define CLUSTERS_MIN 40
#define SLICES_MAX 1000

struct model_spec {
    struct str name, model, baseline_name, anchor_name;
    const char *file;
    bool no_baseline; /* `baseline: none` */
    struct str rows[MODEL_SIDES], metric_files[MODEL_SIDES]; /* paths; "" = none */
    struct str key, label, prediction, score, cluster;
    struct str positive; /* ptr NULL = none */
    bool macro;
    struct model_metric *metrics; /* sorted by name */
    uint32_t metric_count;
    struct model_by *by;
    uint32_t by_count;
    struct model_where *where;
    uint32_t where_count;
    uint64_t slice_min_n;
    struct amount slice_drop, slice_rise;
    struct amount churn, churn_tolerance;
    struct str cases;
    struct amount cases_failing;
    double alpha;
    bool warns;
};
enum status model_spec_read(struct arena *arena, struct str name, const struct value *definition, const char *file,
                            struct model_spec *out, struct error *err);
bool model_spec_has_slices(const struct model_spec *spec);

/* ---- rows (model_rows.c, model_join.c) ---- */

struct model_row {
    struct str key;
    uint64_t line;
    uint32_t label, predicted, cluster; /* numbers of names; MODEL_NAME_NONE = the file does not say */
    double truth, value, score;         /* label, prediction and score as numbers; NaN */
    uint32_t *groups;                   /* of the candidate: the value of each `by`; then 0 or 1 for each `where` */
};

struct model_file {
    struct str path;
    struct model_row *rows; /* malloc'd; sorted by key */
    uint32_t count, cap;
    bool has_label;
};

/* What is asked of rows. */
struct model_needs {
    bool classes, truths, values, scores, probabilities;
};

struct model_rows {
    struct model_needs needs;
    struct model_names *classes, *clusters;
    struct model_names **groups; /* of each `by`: its values */
    uint32_t group_count;
    struct model_file files[MODEL_SIDES];
    uint32_t class_count, positive;
};

enum status model_rows_read(struct arena *arena, const struct model_spec *spec, struct model_verdict *verdict,
                            struct model_rows *out, struct error *err);
void model_rows_finish(struct model_rows *rows);

/* Sorts by key, and finds what is wrong with keys and labels. */
enum status model_rows_join(struct arena *arena, const struct model_spec *spec, struct model_rows *rows,
                            struct error *err);

/* ---- slices (model_slices.c) ---- */

struct model_slice {
    struct str name;
    uint32_t *rows; /* indexes in the order of the keys */
    uint32_t count;
};
struct model_slices {
    struct model_slice *items; /* sorted by name; the first is that of all rows, called "" */
    uint32_t count;
};
enum status model_slices_make(struct arena *arena, const struct model_spec *spec, const struct model_rows *rows,
                              struct model_slices *out, struct error *err);

/* ---- judging ---- */

struct model_result model_result_new(const char *rule, struct str metric);
struct model_result *model_add_result(struct model_verdict *verdict);
void model_add_input(struct arena *arena, struct model_verdict *verdict, struct str path, const char *role,
                     const char *sha256, uint64_t bytes);

/* One side's answers for the rows of a slice, ready for the metric (model_answers.c). */
struct model_pair {
    enum metric metric;
    struct answers candidate, other;
    uint32_t *cluster; /* numbered from 0 in the slice; NULL */
    uint32_t clusters;
    struct pairs pairs; /* of proportions: rows that count, gained, lost */
    uint64_t discordant;
};
void model_pair_make(struct arena *arena, const struct model_spec *spec, const struct model_rows *rows,
                     const struct model_slice *slice, enum metric metric, enum model_side other,
                     struct model_pair *out);

/* Changes against baseline and anchor, with and without slices (model_claims.c). */
enum status model_judge_rows(struct arena *arena, const struct model_spec *spec, const struct model_rows *rows,
                             const struct model_slices *slices, const uint8_t seed[RANDOM_SEED],
                             struct model_verdict *verdict, struct error *err);

/* Metrics from files (model_metrics.c). */
enum status model_judge_files(struct arena *arena, const struct model_spec *spec, struct model_verdict *verdict,
                              struct error *err);

/* `min` and `max` of a metric. */
void model_judge_bounds(struct arena *arena, const struct model_metric *metric, double value, uint64_t n,
                        struct model_verdict *verdict);

/* The tolerated drop in the metric's unit. STATUS_MANIFEST for a share of 0. */
enum status model_margin(const struct model_spec *spec, const struct model_metric *metric, const struct amount *bound,
                         struct str slice, enum model_side side, double other, double *out, struct error *err);

/* Churn and cases (model_churn.c, model_cases.c). */
void model_judge_churn(struct arena *arena, const struct model_spec *spec, const struct model_rows *rows,
                       struct model_verdict *verdict);
enum status model_judge_cases(struct arena *arena, const struct model_spec *spec, struct model_verdict *verdict,
                              struct error *err);

/* Reading a table of the user's, the first malformed row being the end of it: STATUS_FAILED with its line. */
struct model_table {
    struct table_file *table;
    struct str path;
    int fault; /* -1 = none */
    uint64_t fault_line;
};
enum status model_table_open(struct arena *arena, struct str path, struct model_table *out, struct error *err);
enum status model_table_fault(const struct model_table *table, uint64_t line, struct error *err, const char *format,
                              ...) __attribute__((format(printf, 4, 5)));
enum status model_table_next(struct model_table *table, struct table_batch *batch, struct error *err);
enum status model_table_lacks(struct arena *arena, const struct model_table *table, struct str column,
                              const char *what, struct error *err);

/* A label as all files have it: 1, 1.0 and 1e0 are the same; 01 is another, since it is no number, but digits. */
struct str model_label(struct arena *arena, struct str text);

/* Text for messages: 6 significant digits. */
struct str model_number(struct arena *arena, double value);
struct str model_amount(struct arena *arena, double value, bool relative); /* 0.02, 10% */

#endif
