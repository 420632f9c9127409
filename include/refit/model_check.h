/*
 * Gates: is a candidate model good enough, compared with a baseline?
 *
 * Files in, verdict out: neither store nor state nor processes, no clock, no chance (the bootstrap's seed is the
 * SHA-256 of the definition, the gate's name and the sorted keys of the rows; never of the predictions, which an author
 * could choose). The same inputs give the same bytes on every machine, in whatever order the rows stand.
 *
 *   gates:
 *     release:
 *       model: models/model.pkl         # a file or a folder
 *       baseline: production            # see below; `none` = there is none, and none is wanted
 *       anchor: v1.0
 *       rows: {candidate: eval/cand.csv, baseline: eval/base.csv, anchor: eval/v1.csv, key: id, label: y,
 *              prediction: predicted, score: p, positive: 1, average: macro, cluster: user_id}
 *       metric_files: {candidate: metrics.json, baseline: base.json, anchor: v1.json}
 *       metrics:
 *         precision: {better: higher, min: 0.85, max_drop: 0.005}
 *         p99_ms:    {better: lower, max: 40, max_rise: 10%, severity: warn}
 *       slices: {by: [country, [country, device]], where: {new_users: "tenure < 7"}, min_n: 200, max_drop: 0.02}
 *       churn: {review_above: 3%, tolerance: 0}
 *       cases: {file: eval/cases.csv, max_failing: 0}
 *       alpha: 0.05
 *       severity: error
 *
 * `baseline` is what the model is compared with, and `anchor` a fixed one besides, so that many small drops do not add
 * up unseen. Their files are those of `rows` and `metric_files`; where these do not have any, the word names a build:
 * an environment of the approval policy (what is deployed there: its `since`), a run of the history, or a revision of
 * git. Then the candidate's file as that build made it is taken, from the store or git. What cannot be had, or was
 * made on other rows, is a baseline that is missing.
 *
 * Rows are joined by `key`; the labels are those of the candidate's file, and must be the same wherever another has
 * them. accuracy, precision, recall and f1 compare `prediction` with `label` (f1 and the like of the class `positive`,
 * or the mean over classes), auc and log_loss take `score` as that of `positive`, rmse and mae take numbers. Any other
 * name is looked up in the metric files (JSON, nested names by dots).
 *
 * With D the change, + being better, d the drop (or rise) that is tolerated, L and U its one-sided limits of level 1 -
 * alpha: pass L >= -d; fail U < -d, and that claim still significant after Holm's correction over all (metric, slice)
 * of the gate; else needs approval. Accuracy and recall have Tango's limits unless there are clusters; the rest the
 * paired bootstrap. `cases` is a table with a column `passed` (true or false), and `kind` if there are several (MFT,
 * INV, DIR, ...). Insufficient data (a slice under min_n, fewer than 10 discordant rows in a bootstrap, fewer than 40
 * clusters, an undefined metric), churn above its bound, failing cases and a missing baseline need approval as well.
 * Numbers of metric files are compared as they are.
 */
#ifndef REFIT_MODEL_CHECK_H
#define REFIT_MODEL_CHECK_H

#include <stdbool.h>

#include "refit/base/error.h"
#include "refit/base/sha256.h"
#include "refit/base/value.h"

enum model_outcome {
    MODEL_PASS,
    MODEL_NOT_EVALUATED,     /* there is nothing to compare with, which a result of its own says */
    MODEL_INSUFFICIENT_DATA, /* needs approval */
    MODEL_NEEDS_APPROVAL,
    MODEL_FAIL
};
const char *model_outcome_name(enum model_outcome outcome); /* "pass", "needs_approval", ... as in the verdict */

enum model_side { MODEL_CANDIDATE, MODEL_BASELINE, MODEL_ANCHOR, MODEL_SIDES };
const char *model_side_name(enum model_side side); /* "candidate", ... */

#define MODEL_LINES_MAX 20

/* Reals that do not apply are NaN; counts that do not are 0. */
struct model_result {
    const char *rule;   /* "min", "max", "max_drop", "max_rise", "baseline", "anchor", "churn", "cases" */
    struct str metric;  /* or the name of a kind of behaviour case; "" */
    struct str slice;   /* "" = all rows */
    enum model_side against; /* what it is compared with; MODEL_CANDIDATE = with a bound */
    enum model_outcome outcome;
    bool warns;         /* severity: warn */
    const char *method; /* "tango", "bootstrap", "point"; NULL */
    uint64_t n;
    double candidate, other; /* the metric of both */
    double bound;       /* as declared: a share if `relative` */
    bool relative;
    double margin;      /* the drop or rise tolerated, in the metric's unit */
    double change;      /* + is better */
    double lower, upper, p, p_adjusted; /* of the change; of the claim that it is below -margin */
    double error;       /* its standard error */
    double mcnemar;     /* reported, never decides */
    uint64_t gained, lost, discordant;
    double rows_needed; /* so that an equal model passes by itself 80% of the time */
    uint64_t failing, lines[MODEL_LINES_MAX];
    uint32_t line_count;
    struct str message; /* one line */
};

struct model_input {
    struct str path;
    const char *role; /* "model", "candidate", "baseline", "anchor", "cases" */
    char sha256[SHA256_HEX + 1];
    uint64_t bytes;
};

struct model_verdict {
    struct str name;
    bool failed, needs_approval, warns; /* the outcome is the first that is true, or pass */
    char policy_sha256[SHA256_HEX + 1]; /* of the canonical text of the definition */
    struct model_input *inputs;         /* sorted by path */
    uint32_t input_count;
    struct model_result *results;
    uint32_t result_count, result_cap; /* malloc'd */
    double equal_passes; /* probability that a model as good as the baseline passes all comparisons; NaN without any */
    double rows_needed;  /* in all, so that this is .8, slices growing alike; NaN = not known, or no comparison */
};
const char *model_verdict_outcome(const struct model_verdict *verdict); /* "pass", "warn", "fail", "needs_approval" */

/* Where the files of a side are, if the definition has only a name for it. */
struct model_source {
    bool named;
    struct str rows, metric_file; /* paths; "" = none */
    struct str lacking;           /* why there are none, in words; "" = there are */
};

/*
 * Judges. `sources` (NULL = all as the definition has it) are those of sides with a name. `file` is where the
 * definition stands, for messages; paths are relative to the working directory. STATUS_MANIFEST for a definition that
 * is wrong or has no criteria, and for a relative bound of a baseline of 0; STATUS_FAILED, with the line, for files
 * that cannot be judged: a malformed row, a key that is there twice or in one file only, a label that differs,
 * something that should be a number. model_verdict_finish() in any case.
 */
enum status model_check(struct arena *arena, struct str name, const struct value *definition, const char *file,
                        const struct model_source *sources, struct model_verdict *out, struct error *err);
void model_verdict_finish(struct model_verdict *verdict);

/* Is the definition right, as far as it can be told without the files? STATUS_MANIFEST, with the place, if not. */
enum status model_definition_check(struct arena *arena, struct str name, const struct value *definition,
                                   const char *file, struct error *err);

/* The verdict as JSON (refit-verdict/1), with a newline. */
void model_verdict_print(const struct model_verdict *verdict, struct buf *out);

#endif
