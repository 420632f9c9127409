"""Every key of a gate has its line when its value cannot be meant."""
from harness import Project, contains

ROWS = "rows: {candidate: c.csv, baseline: b.csv, key: id, label: label}"
METRICS = "metrics: {accuracy: {min: 0.5, max_drop: 0.1}}"
p = Project("stages: {}\n")


def metric(name, text):
    return [ROWS, f"metrics: {{{name}: {text}}}"]


def slices(text):
    return [ROWS, METRICS, f"slices: {text}"]


for lines, message in [
    ([ROWS], "there are no criteria, so any model would pass"),
    ([ROWS, METRICS, "metric: 1"], "did you mean `metrics`?"),
    ([ROWS, METRICS, "alpha: 0"], "`alpha` must be from 0.0001 to 0.5"),
    ([ROWS, METRICS, "alpha: 0.6"], "`alpha` must be from 0.0001 to 0.5"),
    ([ROWS, METRICS, "approval: 3"], "`approval` must be a map"),
    ([ROWS, METRICS, "approval: {nee: 3}"], "`approval` has no `nee`; did you mean `need`?"),
    ([ROWS, METRICS, "approval: {need: -2}"], "`need` must be a number of people, from 1 on"),
    ([ROWS, METRICS, "approval: {not_author: 1}"], "`not_author` must be true or false"),
    ([ROWS, METRICS, "approval: {group: [a]}"], "`group` must be a name, not a list"),
    ([ROWS, METRICS, "alpha: low"], "`alpha` must be a number"),
    ([ROWS, METRICS, "severity: loud"], "`severity` is error or warn"),
    ([ROWS, METRICS, "baseline: none"], "exclude each other"),
    (["rows: c.csv", METRICS], "`rows` must be a map, not a string"),
    (["rows: {candidate: c.csv}", METRICS], "`rows` needs `candidate`, `key` and `label`"),
    (["rows: {candidat: c.csv}", METRICS], "did you mean `candidate`?"),
    (["rows: {candidate: c.csv, key: [id], label: label}", METRICS], "`key` must be a name, not a list"),
    (["rows: {candidate: c.csv, key: '', label: label}", METRICS], "`key` must be a name, not empty"),
    (["rows: {candidate: c.csv, key: id, label: label, average: micro}", METRICS], "`average` is macro"),
    (["metric_files: {baseline: b.json}", METRICS], "`metric_files` needs `candidate`"),
    (["metric_files: [c.json]", METRICS], "`metric_files` must be a map, not a list"),
    ([ROWS, "metrics: [accuracy]"], "`metrics` must be a map, not a list"),
    ([METRICS], "is none that rows give (there are no `rows`)"),
    (metric("gini", "{min: 1}"), "metric `gini` is none that rows give"),
    (metric("accuracy", "0.9"), "metric `accuracy` must be a map"),
    (metric("accuracy", "{mim: 0.9}"), "did you mean `min`?"),
    (metric("accuracy", "{}"), "has no bound; give it `min`, `max` or `max_drop`"),
    (metric("accuracy", "{better: more}"), "`better` is higher or lower"),
    (metric("accuracy", "{better: lower, min: 1}"), "of accuracy higher is better"),
    (metric("accuracy", "{max_rise: 0.1}"), "so its bound is `max_drop`"),
    (metric("rmse", "{max_drop: 0.1}"), "so its bound is `max_rise`"),
    (metric("accuracy", "{min: 90%}"), "`min` must be a number, not a string"),
    (metric("accuracy", "{max: .inf}"), "`max` must be finite"),
    (metric("accuracy", "{max_drop: -0.1}"), "`max_drop` must be 0 or more"),
    (metric("accuracy", "{max_drop: '%'}"), "a percentage such as 10%"),
    (metric("accuracy", "{min: 0.5, severity: loud}"), "`severity` is error or warn"),
    (metric("auc", "{min: 0.5}"), "auc needs `positive` in `rows`"),
    (metric("f1", "{min: 0.5}"), "or `average: macro`"),
    (slices("[group]"), "`slices` must be a map, not a list"),
    (slices("{}"), "`slices` needs `by` or `where`"),
    (slices("{by: group}"), "`by` must be a list of columns, not a string"),
    (slices("{by: [[]]}"), "`by` lists columns, and lists of them"),
    (slices("{by: [3]}"), "`by` lists columns, and lists of them"),
    (slices("{where: [x]}"), "`where` must be a map of names and expressions"),
    (slices("{where: {new: 3}}"), "slice `new` must be an expression"),
    (slices("{where: {new: 'x <'}}"), "slice `new`: "),
    (slices("{by: [group], min_n: -1}"), "`min_n` must be 0 or more"),
    (slices("{by: [group], min_n: 1.0e+30}"), "`min_n` must be a number of rows"),
    (slices("{by: [group], min_n: 0.5}"), "`min_n` must be a number of rows"),
    (slices("{by: [group], max_drop: x}"), "`max_drop` must be a number or a percentage"),
    ([ROWS, "metrics: {accuracy: {min: 0.5}}", "slices: {by: [group]}"], "`slices` has no bound for any metric"),
    ([ROWS, METRICS, "churn: 3%"], "`churn` must be a map"),
    ([ROWS, METRICS, "churn: {tolerance: 1}"], "`churn` needs `review_above`"),
    ([ROWS, METRICS, "churn: {review_above: -1%}"], "`review_above` must be 0 or more"),
    ([ROWS, METRICS, "cases: {max_failing: 1}"], "`cases` needs `file`"),
    ([ROWS, METRICS, "cases: [a]"], "`cases` must be a map"),
]:
    p.write("refit.yaml", "stages: {}\ngates:\n  g:\n    model: m\n" + "".join(f"    {line}\n" for line in lines))
    contains(p.refit("check", "model", "g", exit=2).stderr, "refit.yaml:", message)
